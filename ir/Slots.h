//===- Slots.h - which storages time loops move on --------------------------------------------===//
#ifndef HPCC_IR_SLOTS_H
#define HPCC_IR_SLOTS_H

#include "Program.h"

namespace hpcc::ir {

/// The buffers with slots whose accesses in the loop follow its iterator: behind the loop another
/// of their storages is current. Each once, in the order in which the loop accesses them.
std::vector<BufferId> advancedBuffers(const Stmt &loop, SymbolId iterator);

/// The same for all loops in the statement, itself included.
std::vector<BufferId> advancedBuffers(const Stmt &stmt);

} // namespace hpcc::ir

#endif // HPCC_IR_SLOTS_H
