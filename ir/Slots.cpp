//===- Slots.cpp - which storages time loops move on ------------------------------------------===//

#include "Slots.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

/// visit(stmt) for the statement and all that is nested in it.
template <typename F> static void forEachIn(const Stmt &stmt, F visit) {
  visit(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, visit); });
}

std::vector<BufferId> advancedBuffers(const Stmt &loop, SymbolId iterator) {
  std::vector<BufferId> buffers;
  forEachIn(loop, [&](const Stmt &stmt) {
    forEachAccess(stmt, [&](const Access &access, Use) {
      if (access.slot && access.slot->coefficientOf(iterator) != 0 &&
          !llvm::is_contained(buffers, access.buffer))
        buffers.push_back(access.buffer);
    });
  });
  return buffers;
}

std::vector<BufferId> advancedBuffers(const Stmt &stmt) {
  std::vector<BufferId> buffers;
  forEachIn(stmt, [&](const Stmt &inner) {
    if (!std::holds_alternative<Loop>(inner.node) && !std::holds_alternative<While>(inner.node))
      return;
    forEachDeclaredSymbol(inner, [&](SymbolId iterator) {
      for (BufferId id : advancedBuffers(inner, iterator))
        if (!llvm::is_contained(buffers, id))
          buffers.push_back(id);
    });
  });
  return buffers;
}

} // namespace hpcc::ir
