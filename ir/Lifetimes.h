//===- Lifetimes.h - where names end --------------------------------------------------------===//
//
// A name (an allocated array, a view, a declared handle) ends where nothing mentions it any more.
// What changes the mentions of names calls this afterwards.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_LIFETIMES_H
#define HPCC_IR_LIFETIMES_H

#include "Program.h"
#include <set>

namespace hpcc::ir {

/// visit(bufferId) for each mention of a buffer in the statement and in all that is nested in it,
/// the arrays that an `alloc` is laid out like included, drops and the statement's own declaration
/// not.
void forEachMention(const Program &program, const Stmt &stmt,
                    llvm::function_ref<void(BufferId)> visit);

/// How often the function mentions each buffer, by buffer.
std::vector<unsigned> countMentions(const Program &program, const Function &function);

/// True if the end of the block can be reached.
bool fallsThrough(const Block &block);

/// True if the handle certainly names an array whenever the end of the function is reached. What
/// its calls bind is looked up in the program.
bool bindsAlways(const Program &program, const Function &function, BufferId handle);

/// Removes all drops of a function and sets new ones: in the block of the declaration after the
/// last statement that mentions the name, and before each `leave` that ends the block earlier.
void placeDrops(const Program &program, Function &function);

/// The same, but an array's own name ends behind those of its views.
void placeDropsBehindViews(const Program &program, Function &function);

/// Takes away the allocations and drops of arrays that nothing names any more, apart from those
/// whose size may be negative, which raises.
void removeAllocations(const Program &program, Function &function,
                       const std::set<BufferId> &unnamed);

} // namespace hpcc::ir

#endif // HPCC_IR_LIFETIMES_H
