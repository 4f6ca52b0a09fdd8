//===- Lifetimes.cpp - where names end ------------------------------------------------------===//

#include "Lifetimes.h"
#include "Facts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
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

/// Whether a handle is bound at a place; nothing where the place is not reached.
using Binding = std::optional<bool>;

/// Follows one handle through a function.
class BindingFlow {
public:
  BindingFlow(const Program &program, BufferId handle, std::set<const Function *> &open)
      : program(program), handle(handle), open(open) {}

  Binding after(const Block &block, Binding before) {
    for (const Stmt &stmt : block) {
      if (!before)
        break;
      before = std::visit(
          overloaded{[&](const Bind &node) { return node.handle == handle ? true : before; },
                     [&](const Declare &node) { return node.handle == handle ? false : before; },
                     [&](const Call &node) { return afterCall(node, before); },
                     [&](const Loop &node) { return afterRepeats(node.body, before); },
                     [&](const While &node) { return afterWhile(node, before); },
                     [&](const If &node) {
                       return join(after(node.thenBody, before), after(node.elseBody, before));
                     },
                     [&](const Labelled &node) {
                       Binding end = after(node.body, before);
                       return join(end, atLeaves[node.label]);
                     },
                     [&](const Leave &node) {
                       atLeaves[node.label] = join(atLeaves[node.label], before);
                       return Binding();
                     },
                     [&](OneOf<Parallel, Single, Exchange> auto &node) {
                       return after(node.body, before);
                     },
                     [&](OneOf<Let, Alloc, View, Drop, Compute, Barrier, Transfer, LibraryCall,
                               Check> auto &) { return before; }},
          stmt.node);
    }
    return before;
  }

private:
  static Binding join(Binding left, Binding right) {
    if (!left || !right)
      return left ? left : right;
    return *left && *right;
  }

  /// Behind any number of runs of the block. Only a call that returns nothing unbinds.
  Binding afterRepeats(const Block &block, Binding before) {
    bool unbinds = before == true && after(block, before) == false;
    if (unbinds || before == false) {
      before = false;
      after(block, before);
    }
    return before;
  }

  Binding afterWhile(const While &loop, Binding before) {
    before = afterRepeats(loop.header, before);
    before = afterRepeats(loop.body, before);
    bool endless = loop.condition == constantBool(true);
    return endless ? Binding() : after(loop.header, before);
  }

  Binding afterCall(const Call &call, Binding before) {
    const Function *callee = program.find(call.callee);
    for (size_t index = 0; callee && index < call.results.size(); ++index)
      if (call.results[index] == handle)
        before = bindsAlways(*callee, callee->results[index]);
    return before;
  }

public:
  /// A function that is being looked at already returns only through calls that do not call it.
  bool bindsAlways(const Function &function, BufferId result) {
    if (!open.insert(&function).second)
      return true;
    bool isParameter = llvm::is_contained(function.parameters, result);
    Binding end = BindingFlow(program, result, open).after(function.body, isParameter);
    open.erase(&function);
    return end.value_or(true);
  }

private:
  const Program &program;
  BufferId handle;
  std::set<const Function *> &open;
  std::map<LabelId, Binding> atLeaves;
};

} // namespace

bool bindsAlways(const Program &program, const Function &function, BufferId handle) {
  std::set<const Function *> open;
  return BindingFlow(program, handle, open).bindsAlways(function, handle);
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
  /// `bases`: of each view the name that lives as long.
  BlockLifetimes(const Program &program, Block &block, const std::map<BufferId, BufferId> &bases)
      : program(program), block(block), bases(bases) {}

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
        for (auto base = bases.end();; buffer = base->second) {
          if (auto use = lastUse.find(buffer); use != lastUse.end())
            use->second = index;
          if (base = bases.find(buffer); base == bases.end())
            break;
        }
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
  const std::map<BufferId, BufferId> &bases;
  std::map<BufferId, size_t> lastUse;
};

void placeDrops(const Program &program, Function &function,
                const std::map<BufferId, BufferId> &bases) {
  forEachBlock(function.body, [](Block &block) {
    std::erase_if(block, [](const Stmt &stmt) { return std::holds_alternative<Drop>(stmt.node); });
  });
  forEachBlock(function.body, [&](Block &block) { BlockLifetimes(program, block, bases).place(); });
}

} // namespace

void placeDrops(const Program &program, Function &function) { placeDrops(program, function, {}); }

void placeDropsBehindViews(const Program &program, Function &function) {
  std::map<BufferId, BufferId> bases;
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (const auto *view = std::get_if<View>(&stmt.node))
      bases[view->result] = view->base;
  });
  placeDrops(program, function, bases);
}

std::vector<unsigned> countMentions(const Program &program, const Function &function) {
  std::vector<unsigned> mentions(program.buffers.size());
  for (const Stmt &stmt : function.body)
    forEachMention(program, stmt, [&](BufferId id) { ++mentions[id.index]; });
  return mentions;
}

void removeAllocations(const Program &program, Function &function,
                       const std::set<BufferId> &unnamed) {
  std::set<BufferId> removed;
  Facts facts;
  forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
    Facts::Mark mark = inner.mark();
    llvm::erase_if(block, [&](const Stmt &stmt) {
      auto *alloc = std::get_if<Alloc>(&stmt.node);
      bool dead = alloc && unnamed.count(alloc->buffer) &&
                  llvm::all_of(program[alloc->buffer].shape,
                               [&](const Affine &size) { return inner.isNonNegative(size); });
      if (dead)
        removed.insert(alloc->buffer);
      else
        addFactsOf(program, stmt, inner); // an allocation itself says that its size is legal
      return dead;
    });
    inner.rewind(mark);
  });
  forEachBlock(function.body, [&](Block &block) {
    llvm::erase_if(block, [&](const Stmt &stmt) {
      auto *drop = std::get_if<Drop>(&stmt.node);
      return drop && removed.count(drop->buffer);
    });
  });
}

} // namespace hpcc::ir
