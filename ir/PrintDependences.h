//===- PrintDependences.h - what the dependence analysis says about a program ----------------===//
#ifndef HPCC_IR_PRINTDEPENDENCES_H
#define HPCC_IR_PRINTDEPENDENCES_H

#include "Program.h"
#include "llvm/Support/raw_ostream.h"

namespace hpcc::ir {

/// Writes, for each block (inner ones first) and each statement of it: the cells it touches, the
/// distances between the accesses of a compute, and how it relates to the statement before it:
/// which touches are disjoint, whether the two may change places, and, for computes, whether they
/// may be merged or the first put into the second. Where not, why not. For tests and for reading.
void printDependences(const Program &program, llvm::raw_ostream &out);

} // namespace hpcc::ir

#endif // HPCC_IR_PRINTDEPENDENCES_H
