//===- SpecializeCalls.h - copies of functions for what calls know ---------------------------===//
//
// The part of specialize that looks at calls.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_SPECIALIZECALLS_H
#define HPCC_IR_PASSES_SPECIALIZECALLS_H

#include "ir/Pass.h"

namespace hpcc::ir {

/// Gives calls copies of their functions for the constants and sizes that they pass, and removes
/// functions that nothing calls then.
void specializeCalls(Program &program, PassContext &context);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_SPECIALIZECALLS_H
