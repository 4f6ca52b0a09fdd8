//===- Statistics.h - how many nodes of each kind a program has ------------------------------===//
//
// What tests assert instead of whole texts: `compute 1`, `alloc 0`.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_STATISTICS_H
#define HPCC_IR_STATISTICS_H

#include "Program.h"
#include <utility>

namespace hpcc::ir {

/// A name and a count for each kind of statement, zeros included, and for `assign` (assignments in
/// computes), `box` (computes with axes that touch arrays), of those `stencil` (a point loads an
/// array at places a number apart) and `reduction`, `element-loop` (loops that store arrays element
/// by element and are not divided among ranks), `compute-in-time-loop`, `exchange-in-loop`,
/// `checked` (checked scalar operations) and `gather`.
std::vector<std::pair<llvm::StringRef, unsigned>> countNodes(const Program &program);

} // namespace hpcc::ir

#endif // HPCC_IR_STATISTICS_H
