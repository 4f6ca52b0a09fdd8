//===- RotateBuffers.cpp - copies and rebindings of a time loop become slots ---------------===//
//
// Arrays that a loop copies into one another or whose names it exchanges become storages of one
// buffer, which the loop rotates:
//
//     loop t in [0, n) : seq {                    loop t in [0, n) : time {
//       %un = %u                                    compute { %u{t + 1}[i] = f(%u{t}) }
//       compute { %u[i] = f(%un) }          ->    }
//     }
//
// A copy goes away where each cell is stored in each step, or in none: cells that no step stores
// are made equal in all storages before the loop. Where they differ between arrays, the first steps
// run as they were. Everything else stays, with a remark that names the store or the read in the
// way.
//
//===-------------------------------------------------------------------------------------===//

#include "RotateBuffersLoop.h"
#include "ir/Effects.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {
namespace {

class Rotator {
public:
  Rotator(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), groups(program, function) {}

  void run() {
    walk(function.body);
    placeDrops(program, function);
  }

private:
  //===-----------------------------------------------------------------------------------===//
  // The walk, inner loops first
  //===-----------------------------------------------------------------------------------===//

  void walk(Block &block) {
    Facts::Mark mark = facts.mark();
    size_t depth = levels.size();
    levels.push_back({&block, 0});
    for (size_t index = 0; index < block.size(); ++index) {
      levels[depth].index = index;
      walkInside(block[index]);
      if (std::holds_alternative<Loop>(block[index].node) ||
          std::holds_alternative<While>(block[index].node)) {
        tried.clear();
        while (rotateOne(block, index)) {
          // Statements have come in before the loop: it stands elsewhere now.
          levels[depth].index = index;
        }
      }
      addFactsOf(program, block[index], facts);
    }
    levels.pop_back();
    facts.rewind(mark);
  }

  void walkInside(Stmt &stmt) {
    Facts::Mark mark = facts.mark();
    if (const auto *loop = std::get_if<Loop>(&stmt.node))
      facts.addAxis(loop->axis);
    forEachInnerBlock(stmt, [&](Block &inner) { walk(inner); });
    facts.rewind(mark);
  }

  //===-----------------------------------------------------------------------------------===//
  // One loop
  //===-----------------------------------------------------------------------------------===//

  /// Rotates one family of the loop and moves `index` to where the loop stands then.
  bool rotateOne(Block &block, size_t &index) {
    RotationLoop loop{program, function, groups, levels, facts};
    for (const RotationFamily &family : findFamilies(loop, block[index], {}))
      if (tried.insert(family.names).second &&
          attempt(loop, block, index, block[index], family.names.front(), false))
        return true;
    std::map<BufferId, std::set<BufferId>> temporaries; // by target
    for (const DelayedStore &store : findDelayedStores(loop, bodyOf(block[index])))
      if (tried.insert({store.target, store.temporary}).second)
        temporaries[store.target].insert(store.temporary);
    return llvm::any_of(temporaries, [&](const auto &each) {
      const auto &[target, names] = each;
      Stmt candidate = block[index];
      for (size_t done = 0; done < names.size(); ++done)
        for (const DelayedStore &store : findDelayedStores(loop, bodyOf(candidate)))
          if (names.count(store.temporary)) {
            storeThroughCopy(program, bodyOf(candidate), store);
            break;
          }
      return attempt(loop, block, index, candidate, target, true);
    });
  }

  /// Plans the family of the name; a copy that is in the way stays a copy.
  bool attempt(const RotationLoop &loop, Block &block, size_t &index, Stmt candidate, BufferId name,
               bool isDelayed) {
    constexpr unsigned mostSplits = 16;
    unsigned splits = 0;
    std::set<size_t> kept;
    while (true) {
      std::optional<RotationFamily> family;
      for (RotationFamily &each : findFamilies(loop, candidate, kept))
        if (llvm::is_contained(each.names, name))
          family = std::move(each);
      if (!family)
        return false;
      Stmt rotated = candidate;
      std::vector<size_t> places = makeAccesses(loop, rotated, *family);
      std::set<size_t> keptThere;
      for (size_t copy : kept)
        keptThere.insert(places[copy]);
      auto planned = plan(loop, rotated, keptThere, *family, isDelayed);
      if (auto *good = std::get_if<RotationPlan>(&planned)) {
        apply(loop, block, index, Stmt(candidate), std::move(rotated), *family, *good);
        return true;
      }
      const auto &obstacle = std::get<RotationObstacle>(planned);
      auto split = obstacle.split ? llvm::find(places, *obstacle.split) : places.end();
      if (split != places.end() && splits < mostSplits &&
          splitAtBoxes(program, bodyOf(candidate), static_cast<size_t>(split - places.begin()),
                       family->names, obstacle.stored, family->facts)) {
        ++splits, kept.clear();
        continue;
      }
      report(obstacle, candidate.loc);
      auto copy = obstacle.copy ? llvm::find(places, *obstacle.copy) : places.end();
      if (copy == places.end() || !kept.insert(static_cast<size_t>(copy - places.begin())).second)
        return false;
    }
  }

  std::variant<RotationPlan, RotationObstacle> plan(const RotationLoop &loop, const Stmt &rotated,
                                                    const std::set<size_t> &kept,
                                                    RotationFamily &family, bool isDelayed) {
    std::optional<RotationObstacle> obstacle = findFault(rotated);
    if (!obstacle)
      obstacle = describe(loop, rotated, kept, family);
    if (obstacle)
      return *obstacle;
    auto planned = planRotation(program, family);
    const auto *plan = std::get_if<RotationPlan>(&planned);
    if (!plan)
      return planned;
    if (std::holds_alternative<While>(rotated.node) && dependsOnFirstStep(*plan))
      return RotationObstacle{"whether the while has a first step is known only when it ends",
                              rotated.loc};
    obstacle = findSharedEntry(loop, family, *plan);
    for (const RotationBuffer &buffer : plan->buffers)
      if (!obstacle && isDelayed && buffer.hasFixedCells && !isMostlyStored(buffer, family.shape))
        obstacle = RotationObstacle{
            "a temporary stays: it is smaller than what a second storage would need", rotated.loc};
    if (obstacle)
      return *obstacle;
    return planned;
  }

  /// True if a step stores all but a margin of each dimension: filling the margin of a second
  /// storage before the loop costs less than the temporary that goes.
  static bool isMostlyStored(const RotationBuffer &buffer, const std::vector<Affine> &shape) {
    constexpr int64_t widestMargin = 64;
    for (size_t dim = 0; dim < shape.size(); ++dim) {
      if (!buffer.storedBox || !buffer.storedBox->dims[dim])
        return false;
      std::optional<Affine> start = buffer.storedBox->dims[dim]->start.asSingle();
      std::optional<Affine> end = buffer.storedBox->dims[dim]->end.asSingle();
      if (!start || !end)
        return false;
      std::optional<int64_t> margin = (*start + (shape[dim] - *end)).asConstant();
      std::optional<int64_t> size = shape[dim].asConstant();
      if (!margin || (size ? *margin > *size / 2 + 1 : *margin > widestMargin))
        return false;
    }
    return true;
  }

  static std::optional<RotationObstacle> findFault(const Stmt &stmt) {
    const auto *loop = std::get_if<Loop>(&stmt.node);
    if (loop && (!loop->axis.lo.asSingle() || loop->axis.step != 1))
      return RotationObstacle{"the steps of the loop are not counted by ones", stmt.loc};
    bool endsItself = llvm::any_of(
        bodyOf(stmt), [](const Stmt &each) { return std::holds_alternative<Leave>(each.node); });
    if (endsItself)
      return RotationObstacle{.text = "the loop has one step", .loc = stmt.loc, .isKnown = true};
    // A first step that runs apart.
    if (loop && llvm::is_contained(loop->axis.hi.forms, *loop->axis.lo.asSingle() + 1))
      return RotationObstacle{.text = "the loop has one step", .loc = stmt.loc, .isKnown = true};
    return std::nullopt;
  }

  void apply(const RotationLoop &loop, Block &block, size_t &index, const Stmt &before,
             Stmt rotated, const RotationFamily &family, const RotationPlan &plan) {
    std::set<std::string> names;
    for (BufferId name : family.names)
      names.insert("%" + program[name].name);
    context.passed(before.loc, llvm::join(names, " and ") +
                                   (names.size() == 1 ? " becomes" : " become") +
                                   " storages of one array that the loop rotates");
    context.count("copies and rebindings rotated", llvm::count_if(family.steps, [](auto &step) {
                    return step.kind == RotationStep::Kind::Copy ||
                           step.kind == RotationStep::Kind::Bind;
                  }));
    Block replaced = applyRotation(loop, function.labels, before, std::move(rotated), family, plan);
    auto isTime = [](const Stmt &stmt) {
      const auto *loop = std::get_if<Loop>(&stmt.node);
      const auto *loopWhile = std::get_if<While>(&stmt.node);
      return (loop && loop->role == LoopRole::Time) || (loopWhile && loopWhile->iterator);
    };
    // First steps come before the loop, and may be loops; behind it there are none.
    auto last = std::find_if(replaced.rbegin(), replaced.rend(), isTime);
    auto place = replaced.rend() - last - 1;
    auto begin = block.erase(block.begin() + static_cast<std::ptrdiff_t>(index));
    block.insert(begin, std::make_move_iterator(replaced.begin()),
                 std::make_move_iterator(replaced.end()));
    index += static_cast<size_t>(place);
    groups = StorageGroups(program, function);
  }

  void report(const RotationObstacle &obstacle, Loc loopLoc) {
    Loc loc = obstacle.loc.isValid() ? obstacle.loc : loopLoc;
    if (!obstacle.isKnown && reported.insert({obstacle.text, obstacle.otherText}).second)
      context.missed(loc, obstacle.text, obstacle.other, obstacle.otherText);
  }

  Program &program;
  Function &function;
  PassContext &context;
  StorageGroups groups;
  Facts facts;
  std::vector<RotationLevel> levels;
  std::set<std::vector<BufferId>> tried; // families of the loop, targets with temporaries
  std::set<std::pair<std::string, std::string>> reported;
};

} // namespace

void rotateBuffers(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    Rotator(program, function, context).run();
  setEffects(program);
}

} // namespace hpcc::ir
