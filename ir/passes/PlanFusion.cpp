//===- PlanFusion.cpp - which computes become one ------------------------------------------===//
//
// Takes a canonical program; leaves it with `group(k)` and `recompute` on computes. The plan is
// made on a copy of each block, with the legality of Fusion.h, in program order:
//   recompute  a temporary whose value costs less to compute again than to store and load
//   group      computes over one box that touch a common array, so that it is read once
// `fuse` carries the plan out, and asks for legality again: a plan can be written by hand.
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Fusion.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <numeric>
#include <set>

namespace hpcc::ir {
namespace {

/// A pair of computes further apart than this is not looked at: the search stays linear.
constexpr size_t furthestPartner = 48;
/// Arrays that one loop reads and writes: beyond this hardware prefetchers lose track.
constexpr size_t mostStreams = 16;
/// Operations (additions count 1) that are cheaper than a store and a load of an element.
constexpr unsigned cheapOperations = 6;

/// How long an operation takes, in additions.
unsigned costOf(ScalarOp op) {
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Subtract:
  case ScalarOp::Multiply:
  case ScalarOp::Product:
  case ScalarOp::Negate:
  case ScalarOp::Absolute:
  case ScalarOp::Minimum:
  case ScalarOp::Maximum:
    return 1;
  case ScalarOp::Divide:
  case ScalarOp::SquareRoot:
    return 8;
  default:
    return infoOf(op).typing == Typing::Compare || infoOf(op).typing == Typing::Select ? 1 : 20;
  }
}

unsigned costOf(const Scalar &value) {
  unsigned cost = 0;
  forEachSubtree(value, [&](const Scalar &tree) {
    if (auto *apply = std::get_if<ScalarApply>(&tree.node))
      cost += costOf(apply->op);
    else if (std::holds_alternative<ScalarGather>(tree.node))
      cost += 4;
  });
  return cost;
}

std::set<BufferId> arraysOf(const Program &program, const Stmt &stmt) {
  std::set<BufferId> arrays;
  forEachAccess(stmt, [&](const Access &access, Use) {
    if (program[access.buffer].dims > 0)
      arrays.insert(access.buffer);
  });
  return arrays;
}

/// True if a sum of floats in axis order keeps the points of the compute from running at once.
bool isOrderBound(const Compute &compute) {
  return llvm::any_of(compute.axes, [](const Axis &a) { return a.kind == AxisKind::Seq; }) ||
         llvm::any_of(compute.body, [](const Assign &a) { return a.order == ReductionOrder::Seq; });
}

class BlockPlan {
public:
  /// `mentions`: how often each buffer is named in the whole function, apart from its declaration
  /// and drops.
  BlockPlan(const Program &program, const StorageGroups &groups,
            const std::vector<unsigned> &mentions, Block &block, const Facts &facts,
            PassContext &context)
      : program(program), groups(groups), mentions(mentions), block(block), facts(facts),
        context(context), leaders(block.size()) {
    std::iota(leaders.begin(), leaders.end(), 0u);
  }

  /// Writes the plan on the block's computes; `nextGroup` is the first free number.
  void make(uint32_t &nextGroup) {
    unsigned computes = 0;
    for (auto [index, stmt] : llvm::enumerate(block))
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        compute->plan = {}, computes += !compute->axes.empty();
    if (computes < 2)
      return;
    trial = block;
    for (auto [index, stmt] : llvm::enumerate(trial))
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        compute->plan.group = static_cast<uint32_t>(index); // which statement of the block it is
    Facts known = facts;
    for (size_t index = 0; index < trial.size(); ++index) {
      addFactsOf(program, trial[index], known);
      if (!partnerAt(index))
        continue;
      recomputeInto(index, known);
      while (groupWith(index, known))
        ;
    }
    writeGroups(nextGroup);
  }

private:
  const Compute *partnerAt(size_t index) const {
    auto *compute = std::get_if<Compute>(&trial[index].node);
    return compute && !compute->axes.empty() ? compute : nullptr;
  }

  size_t firstCandidate(size_t index) const {
    return index > furthestPartner ? index - furthestPartner : 0;
  }

  /// Marks producers of arrays that this compute is the only one to load as computed again, where
  /// merging cannot do it because the loads are elsewhere than the stores.
  void recomputeInto(size_t &consumer, const Facts &known) {
    FusionContext fusion{program, groups, known};
    for (size_t index = consumer; index-- > firstCandidate(consumer);) {
      auto *producer = partnerAt(index);
      if (!producer || producer->body.size() != 1)
        continue;
      const auto &user = std::get<Compute>(trial[consumer].node);
      BufferId target = producer->body.front().target.buffer;
      unsigned loads = loadsOf(trial[consumer], target);
      bool onlyHere = loads > 0 && mentions[target.index] == loads + 1 && isTemporary(target);
      if (!onlyHere || producer->axes.size() != user.axes.size() ||
          mergeComputes(*producer, user, fusion, nullptr))
        continue;
      unsigned cost = costOf(producer->body.front().value);
      Loc loc = producer->body.front().loc;
      if (cost * (loads - 1) > cheapOperations) {
        context.missed(loc,
                       "%" + program[target].name + " is stored: computing it again for " +
                           std::to_string(loads) + " loads costs more",
                       user.body.front().loc, "the loads");
        continue;
      }
      Obstacle why;
      std::optional<Compute> result = substituteProducer(*producer, user, fusion, &why);
      std::optional<std::vector<bool>> room;
      if (result)
        room = makeRoom(trial, index, consumer, fusion, &why);
      if (!room) {
        context.missed(loc, "%" + program[target].name + " is stored: " + why.text, why.second,
                       "the other place");
        continue;
      }
      std::get<Compute>(block[*producer->plan.group].node).plan.recompute = true;
      result->plan.group = user.plan.group;
      Loc place = trial[consumer].loc;
      consumer = replacePair(trial, index, consumer, *room, {std::move(*result), place});
      index = consumer;
    }
  }

  /// Merges the compute into the nearest earlier one that it can join; returns whether it did.
  bool groupWith(size_t &position, const Facts &known) {
    FusionContext fusion{program, groups, known};
    Obstacle nearest;
    for (size_t index = position; index-- > firstCandidate(position);) {
      auto *first = partnerAt(index);
      const auto &second = std::get<Compute>(trial[position].node);
      if (!first || !pays(index, position))
        continue;
      Obstacle why;
      std::optional<Compute> merged = mergeComputes(*first, second, fusion, &why);
      std::optional<std::vector<bool>> room;
      if (merged)
        room = makeRoom(trial, index, position, fusion, &why);
      if (!room) {
        if (nearest.text.empty() && wouldPay(trial[index], trial[position], known))
          nearest = why;
        continue;
      }
      leaders[*second.plan.group] = leaderOf(*first->plan.group);
      merged->plan.group = first->plan.group;
      Loc loc = trial[index].loc;
      position = replacePair(trial, index, position, *room, {std::move(*merged), loc});
      return true;
    }
    if (!nearest.text.empty())
      context.missed(nearest.second, "not one loop with an earlier statement: " + nearest.text,
                     nearest.first, "the earlier statement");
    return false;
  }

  /// Whether one loop over both boxes would read something once that two read twice: the boxes are
  /// about the same, and common cells are touched. Not so for the edges of an array.
  bool wouldPay(const Stmt &first, const Stmt &second, const Facts &known) const {
    const auto &left = std::get<Compute>(first.node), &right = std::get<Compute>(second.node);
    if (left.axes.size() != right.axes.size())
      return false;
    for (auto [axis, other] : llvm::zip_equal(left.axes, right.axes))
      if (!areAboutEqual(axis, other))
        return false;
    std::vector<Touch> touches = touchesOf(first, program, known);
    return llvm::any_of(touchesOf(second, program, known), [&](const Touch &touch) {
      return llvm::any_of(touches, [&](const Touch &other) {
        return program[touch.footprint.buffer].dims > 0 &&
               touch.footprint.buffer == other.footprint.buffer &&
               !areDisjoint(touch.footprint, other.footprint, program, known);
      });
    });
  }

  /// True if the lengths of two axes differ by a constant that is small beside them.
  static bool areAboutEqual(const Axis &left, const Axis &right) {
    if (left.lo == right.lo && left.hi == right.hi)
      return true;
    auto leftLo = left.lo.asSingle(), leftHi = left.hi.asSingle();
    auto rightLo = right.lo.asSingle(), rightHi = right.hi.asSingle();
    if (!leftLo || !leftHi || !rightLo || !rightHi)
      return false;
    Affine length = *leftHi - *leftLo, other = *rightHi - *rightLo;
    std::optional<int64_t> one = length.asConstant(), two = other.asConstant();
    if (one && two)
      return std::min(*one, *two) > std::max(*one, *two) / 2;
    return (length - other).asConstant().has_value();
  }

  /// Whether one loop has less to do than two: they touch a common array, and not too many.
  bool pays(size_t first, size_t second) const {
    std::set<BufferId> left = arraysOf(program, trial[first]),
                       right = arraysOf(program, trial[second]);
    bool share = llvm::any_of(right, [&](BufferId id) { return left.count(id) > 0; });
    left.insert(right.begin(), right.end());
    return share && countStreams(left, trial[first], trial[second]) <= mostStreams &&
           isOrderBound(std::get<Compute>(trial[first].node)) ==
               isOrderBound(std::get<Compute>(trial[second].node));
  }

  /// How many of the arrays that two statements name one loop would walk through: a temporary that
  /// nothing else names is a variable there.
  size_t countStreams(const std::set<BufferId> &arrays, const Stmt &first,
                      const Stmt &second) const {
    if (arrays.size() <= mostStreams)
      return arrays.size();
    std::map<BufferId, unsigned> here;
    for (const Stmt *stmt : {&first, &second})
      forEachMention(program, *stmt, [&](BufferId id) { ++here[id]; });
    return llvm::count_if(
        arrays, [&](BufferId id) { return here[id] < mentions[id.index] || !isTemporary(id); });
  }

  bool isTemporary(BufferId id) const {
    return program[id].storage == Storage::Own && program[id].slots == 1 &&
           llvm::any_of(block, [&](const Stmt &stmt) {
             auto *alloc = std::get_if<Alloc>(&stmt.node);
             return alloc && alloc->buffer == id;
           });
  }

  static unsigned loadsOf(const Stmt &stmt, BufferId id) {
    unsigned loads = 0;
    forEachScalar(stmt, [&](const Scalar &scalar) {
      forEachAccess(scalar, [&](const Access &a, Use) { loads += a.buffer == id; });
    });
    return loads;
  }

  uint32_t leaderOf(uint32_t index) const {
    while (leaders[index] != index)
      index = leaders[index];
    return index;
  }

  void writeGroups(uint32_t &nextGroup) {
    std::vector<unsigned> members(block.size());
    for (uint32_t index = 0; index < block.size(); ++index)
      ++members[leaderOf(index)];
    std::vector<std::optional<uint32_t>> numbers(block.size());
    for (uint32_t index = 0; index < block.size(); ++index) {
      uint32_t leader = leaderOf(index);
      if (members[leader] < 2)
        continue;
      if (!numbers[leader])
        numbers[leader] = nextGroup++;
      std::get<Compute>(block[index].node).plan.group = numbers[leader];
    }
  }

  const Program &program;
  const StorageGroups &groups;
  const std::vector<unsigned> &mentions;
  Block &block;
  const Facts &facts;
  PassContext &context;
  Block trial;                   // the block as fusion would leave it
  std::vector<uint32_t> leaders; // by statement of the block: the first of its group
};

} // namespace

void planFusion(Program &program, PassContext &context) {
  for (Function &function : program.functions) {
    StorageGroups groups(program, function);
    std::vector<unsigned> mentions = countMentions(program, function);
    uint32_t nextGroup = 0;
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
      BlockPlan(program, groups, mentions, block, inner, context).make(nextGroup);
    });
  }
}

} // namespace hpcc::ir
