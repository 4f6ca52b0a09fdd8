//===- Lifetimes.cpp - where names end ------------------------------------------------------===//

#include "Lifetimes.h"
#include "Walk.h"
#include <algorithm>
#include <map>
#include <set>

namespace hpcc::ir {

static void forEachOwnMention(const Program &program, const Stmt &stmt,
                              llvm::function_ref<void(BufferId)> visit) {
  if (const auto *alloc = std::get_if<Alloc>(&stmt.node)) {
    for (BufferId like : program[alloc->buffer].like)
      visit(like);
    return;
  }
  if (std::holds_alternative<Drop>(stmt.node) || std::holds_alternative<Declare>(stmt.node))
    return;
  if (const auto *view = std::get_if<View>(&stmt.node))
    return visit(view->base);
  forEachBuffer(stmt, visit);
}

void forEachMention(const Program &program, const Stmt &stmt,
                    llvm::function_ref<void(BufferId)> visit) {
  forEachOwnMention(program, stmt, visit);
  forEachInnerBlock(stmt, [&](const Block &block) {
    for (const Stmt &inner : block)
      forEachMention(program, inner, visit);
  });
}

static bool fallsThrough(const Stmt &stmt) {
  if (std::holds_alternative<Leave>(stmt.node))
    return false;
  if (const auto *branch = std::get_if<If>(&stmt.node))
    return fallsThrough(branch->thenBody) || fallsThrough(branch->elseBody);
  if (const auto *labelled = std::get_if<Labelled>(&stmt.node)) {
    bool left = false;
    forEachStmt(labelled->body, [&](const Stmt &inner) {
      const auto *leave = std::get_if<Leave>(&inner.node);
      left |= leave && leave->label == labelled->label;
    });
    return left || fallsThrough(labelled->body);
  }
  return true;
}

bool fallsThrough(const Block &block) {
  return std::all_of(block.begin(), block.end(),
                     [](const Stmt &stmt) { return fallsThrough(stmt); });
}

namespace {

using Names = std::vector<BufferId>;

/// Inserts drops of the names before each `leave` of the block, and of blocks in it, that leaves
/// the labels in `inner` behind.
void dropBeforeLeaves(Block &block, const Names &names, std::set<LabelId> &inner) {
  for (size_t index = 0; index < block.size(); ++index) {
    if (const auto *labelled = std::get_if<Labelled>(&block[index].node))
      inner.insert(labelled->label);
    forEachInnerBlock(block[index], [&](Block &body) { dropBeforeLeaves(body, names, inner); });
    const auto *leave = std::get_if<Leave>(&block[index].node);
    if (!leave || inner.count(leave->label))
      continue;
    Loc loc = block[index].loc;
    for (BufferId name : names)
      block.insert(block.begin() + index++, Stmt{Drop{name}, loc});
  }
}

/// The names that the block itself declares and that end with a drop.
class BlockLifetimes {
public:
  BlockLifetimes(const Program &program, Block &block) : program(program), block(block) {}

  void place() {
    findUses();
    Block result;
    Names live;
    for (size_t index = 0; index < block.size(); ++index) {
      Stmt stmt = std::move(block[index]);
      Loc loc = stmt.loc;
      bool reachesEnd = fallsThrough(stmt);
      dropAtExits(stmt, live, result);
      forEachDeclaredBuffer(stmt, [&](BufferId buffer) {
        if (lastUse.count(buffer))
          live.push_back(buffer);
      });
      result.push_back(std::move(stmt));
      // Names that end here; if the end is not reached, they have ended before each leave.
      std::erase_if(live, [&](BufferId name) {
        if (reachesEnd && lastUse[name] != index)
          return false;
        if (reachesEnd)
          result.push_back({Drop{name}, loc});
        return true;
      });
    }
    block = std::move(result);
  }

private:
  void findUses() {
    for (size_t index = 0; index < block.size(); ++index) {
      forEachDeclaredBuffer(block[index], [&](BufferId buffer) {
        bool scalar = program[buffer].storage == Storage::Own && program[buffer].dims == 0;
        if (!scalar)
          lastUse[buffer] = index;
      });
      forEachMention(program, block[index], [&](BufferId buffer) {
        if (auto use = lastUse.find(buffer); use != lastUse.end())
          use->second = index;
      });
    }
  }

  void dropAtExits(Stmt &stmt, const Names &live, Block &before) {
    if (live.empty())
      return;
    if (std::holds_alternative<Leave>(stmt.node)) {
      for (BufferId name : live)
        before.push_back({Drop{name}, stmt.loc});
      return;
    }
    std::set<LabelId> inner;
    if (const auto *labelled = std::get_if<Labelled>(&stmt.node))
      inner.insert(labelled->label);
    forEachInnerBlock(stmt, [&](Block &body) { dropBeforeLeaves(body, live, inner); });
  }

  const Program &program;
  Block &block;
  std::map<BufferId, size_t> lastUse;
};

} // namespace

void placeDrops(const Program &program, Function &function) {
  forEachBlock(function.body, [](Block &block) {
    std::erase_if(block, [](const Stmt &stmt) { return std::holds_alternative<Drop>(stmt.node); });
  });
  forEachBlock(function.body, [&](Block &block) { BlockLifetimes(program, block).place(); });
}

} // namespace hpcc::ir
