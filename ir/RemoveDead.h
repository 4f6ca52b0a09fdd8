//===- RemoveDead.h - removal of what nothing observes -------------------------------------===//
//
// Lets, names and stores that are never read, and the statements that are empty then. What can
// raise an error or print stays.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_REMOVEDEAD_H
#define HPCC_IR_REMOVEDEAD_H

#include "Program.h"
#include <set>

namespace hpcc::ir {

/// Removes dead statements from a function until there are none; returns how many. The sizes of the
/// arrays in `safeAllocs` are known to be legal; other allocations stay, because they may raise.
/// Drops of names that stay are left alone.
size_t removeDead(const Program &program, Function &function, const std::set<BufferId> &safeAllocs);

} // namespace hpcc::ir

#endif // HPCC_IR_REMOVEDEAD_H
