//===- Fuse.cpp - carries the fusion plan out ------------------------------------------------===//
//
// Takes computes marked `recompute` and `group(k)`; leaves the value of the first in the place of
// its loads, and one compute for each group. What is not legal is declined with the reason, and the
// mark goes: the program means the same either way.
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Fusion.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

class FuseBlock {
public:
  FuseBlock(Program &program, const Function &function, const StorageGroups &groups, Block &block,
            const Facts &facts, PassContext &context)
      : program(program), function(function), groups(groups), block(block), facts(facts),
        context(context) {}

  /// Returns whether the block has changed.
  bool run() {
    for (size_t index = 0; index < block.size(); ++index)
      if (auto *compute = std::get_if<Compute>(&block[index].node);
          compute && std::exchange(compute->plan.recompute, false))
        if (recompute(index))
          --index;
    for (size_t index = 0; index < block.size(); ++index)
      while (joinNext(index))
        ;
    for (Stmt &stmt : block)
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        compute->plan = {};
    return changed;
  }

private:
  /// All that holds in the block where the statement at `position` runs.
  Facts factsAt(size_t position) const {
    Facts known = facts;
    for (size_t index = 0; index <= position; ++index)
      addFactsOf(program, block[index], known);
    return known;
  }

  bool loads(const Stmt &stmt, BufferId id) const {
    bool found = false;
    forEachMention(program, stmt, [&](BufferId mentioned) { found |= mentioned == id; });
    return found;
  }

  /// Puts the value of the compute into all computes that load its target, and removes it. All or
  /// nothing, since a store that stays makes computing again a waste.
  bool recompute(size_t producer) {
    auto &compute = std::get<Compute>(block[producer].node);
    BufferId target = compute.body.front().target.buffer;
    Loc loc = block[producer].loc;
    auto declined = [&](const Obstacle &why) {
      context.missed(loc, "%" + program[target].name + " is stored: " + why.text, why.second,
                     "the other place");
      return false;
    };
    if (program[target].storage != Storage::Own || program[target].slots != 1)
      return declined({"another name may hold its array", loc, loc});
    Block result = block;
    bool used = false;
    for (size_t index = producer + 1; index < result.size(); ++index) {
      if (std::holds_alternative<Drop>(result[index].node) || !loads(result[index], target))
        continue;
      auto *consumer = std::get_if<Compute>(&result[index].node);
      Obstacle why{"it is used by more than computes of the block", loc, result[index].loc};
      Facts known = factsAt(index);
      FusionContext fusion{program, groups, known};
      std::optional<Compute> merged;
      if (consumer)
        merged = substituteProducer(compute, *consumer, fusion, &why);
      // Room for the value to be computed later: nothing in between may touch what it is made of.
      if (!merged || !canMoveTo(producer, index, fusion, why))
        return declined(why);
      std::get<Compute>(result[index].node) = std::move(*merged);
      used = true;
    }
    if (!used)
      return declined({"nothing of the block loads it", loc, loc});
    if (isUsedElsewhere(target, producer))
      return declined({"it is used in another block", loc, loc});
    context.passed(loc, "%" + program[target].name + " is computed where it is used, not stored");
    context.count("producers recomputed");
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(producer));
    block = std::move(result);
    return changed = true;
  }

  /// Whether anything but the rest of this block uses the array.
  bool isUsedElsewhere(BufferId target, size_t producer) const {
    auto count = [&](llvm::ArrayRef<Stmt> stmts) {
      unsigned mentions = 0;
      for (const Stmt &stmt : stmts)
        forEachMention(program, stmt, [&](BufferId id) { mentions += id == target; });
      return mentions;
    };
    return count(llvm::ArrayRef(block).drop_front(producer)) != count(function.body);
  }

  /// Whether the value of the producer is the same where the consumer runs.
  bool canMoveTo(size_t producer, size_t consumer, const FusionContext &fusion, Obstacle &why) {
    BufferId target = std::get<Compute>(block[producer].node).body.front().target.buffer;
    for (size_t index = producer + 1; index < consumer; ++index)
      if (!loads(block[index], target) &&
          !canSwap(block[producer], block[index], program, groups, fusion.facts, &why))
        return false;
      else if (loads(block[index], target) && writesSources(block[index], producer, why))
        return false;
    return true;
  }

  /// Whether a statement that also loads the target stores to what the producer's value is made of.
  bool writesSources(const Stmt &stmt, size_t producer, Obstacle &why) {
    bool writes = false;
    forEachBuffer(block[producer], [&](BufferId source) {
      forEachAccess(stmt, [&](const Access &access, Use use) {
        if (isWrite(use) && groups.mayOverlap(access.buffer, source)) {
          writes = true;
          why = {"%" + program[source].name + " is stored to before the last load",
                 block[producer].loc, stmt.loc};
        }
      });
    });
    return writes;
  }

  /// Merges the statement with the next one of its group; returns whether it did.
  bool joinNext(size_t &position) {
    auto *first = std::get_if<Compute>(&block[position].node);
    if (!first || !first->plan.group)
      return false;
    size_t next = position + 1;
    for (; next < block.size(); ++next)
      if (auto *second = std::get_if<Compute>(&block[next].node);
          second && second->plan.group == first->plan.group)
        break;
    if (next == block.size())
      return false;
    auto &second = std::get<Compute>(block[next].node);
    Facts known = factsAt(next);
    FusionContext fusion{program, groups, known};
    Obstacle why;
    std::optional<Compute> merged = mergeComputes(*first, second, fusion, &why);
    std::optional<std::vector<bool>> room;
    if (merged)
      room = makeRoom(block, position, next, fusion, &why);
    if (!room) {
      context.missed(block[next].loc, "not one loop with an earlier statement: " + why.text,
                     why.first, "the earlier statement");
      second.plan.group.reset();
      return true;
    }
    context.passed(block[next].loc, "one loop with an earlier statement", block[position].loc,
                   "the earlier statement");
    context.count("computes fused");
    Loc loc = block[position].loc;
    position = replacePair(block, position, next, *room, {std::move(*merged), loc});
    return changed = true;
  }

  Program &program;
  const Function &function;
  const StorageGroups &groups;
  Block &block;
  const Facts &facts;
  PassContext &context;
  bool changed = false;
};

} // namespace

void fuse(Program &program, PassContext &context) {
  for (Function &function : program.functions) {
    StorageGroups groups(program, function);
    bool changed = false;
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
      changed |= FuseBlock(program, function, groups, block, inner, context).run();
    });
    if (changed)
      placeDrops(program, function);
  }
}

} // namespace hpcc::ir
