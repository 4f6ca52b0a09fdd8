//===- HandleShapes.h - shapes that handles keep while they are rebound ----------------------===//
//
// A Python variable that is given a new array in each step of a loop (`x = f(x)`) is a handle; its
// array changes, its shape mostly does not. Found by induction: the shape of the first array that
// is bound to the handle is assumed, and each bind must keep it under the assumption.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_HANDLESHAPES_H
#define HPCC_IR_HANDLESHAPES_H

#include "Program.h"
#include <map>
#include <vector>

namespace hpcc::ir {

/// The arrays that `bind` gives to each handle which the function declares and which nothing else
/// binds (no call's result).
std::map<BufferId, std::vector<BufferId>> bindingsOf(const Program &program,
                                                     const Function &function);

/// For each such handle whose arrays all have one shape: the shape, in constants and symbols that
/// are in scope wherever the handle is.
std::map<BufferId, std::vector<Affine>> inferHandleShapes(const Program &program,
                                                          const Function &function);

} // namespace hpcc::ir

#endif // HPCC_IR_HANDLESHAPES_H
