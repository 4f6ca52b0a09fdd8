//===- InsertTransfersLive.cpp - which arrays are used again
//-----------------------------------===//
//
// Where ways meet, and at the heads of loops, an array matters only if something reads it or stores
// a part of it before something stores all of it. Followed backwards through a function.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertTransfers.h"

namespace hpcc::ir {
namespace {

using Arrays = std::set<BufferId>;

class LiveArrays {
public:
  LiveArrays(const Program &program, DeviceUses &uses) : program(program), uses(uses) {}

  Arrays before(const Block &block, Arrays live) {
    for (const Stmt &stmt : llvm::reverse(block))
      live = before(stmt, std::move(live));
    return live;
  }

private:
  Arrays before(const Stmt &stmt, Arrays live) {
    if (isKernel(stmt))
      return beforeItself(stmt, std::move(live));
    if (std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node))
      return beforeLoop(stmt, live);
    if (const auto *branch = std::get_if<If>(&stmt.node)) {
      uses.live[&stmt] = live;
      Arrays ways = before(branch->thenBody, live);
      ways.merge(before(branch->elseBody, std::move(live)));
      return beforeItself(stmt, std::move(ways));
    }
    if (const auto *labelled = std::get_if<Labelled>(&stmt.node)) {
      uses.live[&stmt] = behind[labelled->label] = live;
      return before(labelled->body, std::move(live));
    }
    if (const auto *leave = std::get_if<Leave>(&stmt.node))
      return behind.at(leave->label);
    if (const auto *drop = std::get_if<Drop>(&stmt.node))
      live.erase(drop->buffer);
    if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
      live.erase(alloc->buffer);
    forEachInnerBlock(stmt, [&](const Block &body) { live = before(body, std::move(live)); });
    return beforeItself(stmt, std::move(live));
  }

  /// What the statement does, but for what is inside its blocks.
  Arrays beforeItself(const Stmt &stmt, Arrays live) const {
    const std::vector<Demand> &demands = uses.demands.at(&stmt);
    for (const Demand &demand : demands)
      if (demand.overwrites && !demand.reads && program[demand.array].slots == 1)
        live.erase(demand.array);
    for (const Demand &demand : demands)
      if (!demand.overwrites || demand.reads || program[demand.array].slots > 1)
        live.insert(demand.array);
    return live;
  }

  /// At the head, in front of each iteration and, but for a `while`, where the loop ends.
  Arrays beforeLoop(const Stmt &stmt, const Arrays &after) {
    constexpr unsigned deepest = 6; // a turn of a loop repeats the loops in it
    Arrays head = after;
    ++depth;
    if (depth > deepest)
      for (const auto &[array, use] : uses.loops.at(&stmt))
        head.insert(array);
    for (Arrays next = head;; head = next) {
      if (const auto *loop = std::get_if<Loop>(&stmt.node)) {
        next.merge(before(loop->body, head));
      } else {
        const auto &repeated = std::get<While>(stmt.node);
        Arrays ends = after;
        ends.merge(before(repeated.body, head));
        next.merge(before(repeated.header, beforeItself(stmt, std::move(ends))));
      }
      if (next == head)
        break;
    }
    --depth;
    return uses.live[&stmt] = head;
  }

  const Program &program;
  DeviceUses &uses;
  std::map<LabelId, Arrays> behind;
  unsigned depth = 0;
};

} // namespace

void findLiveArrays(const Program &program, const Function &function, DeviceUses &uses) {
  LiveArrays(program, uses).before(function.body, {});
}

} // namespace hpcc::ir
