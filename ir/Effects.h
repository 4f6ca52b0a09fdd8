//===- Effects.h - what running a function can do --------------------------------------------===//
//
// Inferred bottom-up over the call graph, to a fixed point where functions recurse. A buffer can
// name an array of the caller if it is a handle parameter, a view of one, bound to one, or the
// result of a call that got one; the same for arrays that globals name.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_EFFECTS_H
#define HPCC_IR_EFFECTS_H

#include "Program.h"

namespace hpcc::ir {

/// The effects of each function, in their order. `fails`: checks, checked operations, and recursion
/// (it may be too deep). Running out of memory does not count.
std::vector<Effects> inferEffects(const Program &program);

/// True if a point of the compute may raise an error.
bool canRaise(const Compute &compute);

/// Writes the inferred effects into the program: what builders of programs end with.
void setEffects(Program &program);

} // namespace hpcc::ir

#endif // HPCC_IR_EFFECTS_H
