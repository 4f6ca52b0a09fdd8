//===- SplitLoops.cpp - loops whose iterations run in any order -------------------------------===//
//
// Canonical to canonical, on a final program: outermost ordered loops that do enough in an
// iteration become loops over par axes. Where something keeps its order (output, sums, a running
// maximum) the loop runs in chunks, the rest of a chunk behind its independent iterations:
//
//     loop i in [1, n) : seq {         loop chunk in [1, n) step 1024 : seq {
//       print(i)                         loop i in [chunk, min(chunk + 1024, n)) par : seq {
//       %s[] = f(i)              ->        %s[] = f(i), %s.kept[i - chunk] = %s[]
//       if %s[] > %max[] ..              }
//     }                                  loop i in .. : seq { print(i), %s[] = %s.kept[i - chunk],
//     if .. }
//                                      }
//
// A loop that never ends inside of an iteration may keep back what its chunk prints; nothing else
// is seen of the new order. What stays has a remark that names the fact.
//
//===-----------------------------------------------------------------------------------------===//

#include "SplitLoops.h"
#include "ir/Effects.h"
#include "ir/Pass.h"
#include "ir/RemoveDead.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

class SplitLoops {
public:
  SplitLoops(Program &program, Function &function, int64_t chunkLength, PassContext &context)
      : program(program), function(function), chunkLength(chunkLength), context(context),
        groups(program, function), liveness(program) {}

  void run() {
    walk(function.body, liveness.atEndOf(function));
    if (changed)
      removeDead(program, function, {});
  }

private:
  void walk(Block &block, LiveScalars::Set live) {
    std::vector<LiveScalars::Set> after(block.size());
    for (size_t index = block.size(); index-- > 0;) {
      after[index] = live;
      live = liveness.before(block[index], std::move(live));
    }
    Facts::Mark mark = facts.mark();
    Block result;
    for (size_t index = 0; index < after.size(); ++index) {
      addFactsOf(program, block[index], facts);
      if (std::optional<Block> loops = visit(block[index], after[index]))
        llvm::append_range(result, *loops);
      else
        result.push_back(std::move(block[index]));
    }
    block = std::move(result);
    facts.rewind(mark);
  }

  void walkIn(Block &block, const Scalar &condition, bool holds, const LiveScalars::Set &live) {
    Facts::Mark mark = facts.mark();
    facts.addCondition(condition, holds);
    walk(block, live);
    facts.rewind(mark);
  }

  /// What takes the place of the statement, if anything does; else blocks in it are visited.
  std::optional<Block> visit(Stmt &stmt, const LiveScalars::Set &after) {
    if (auto *branch = std::get_if<If>(&stmt.node)) {
      walkIn(branch->thenBody, branch->condition, true, after);
      walkIn(branch->elseBody, branch->condition, false, after);
    } else if (auto *labelled = std::get_if<Labelled>(&stmt.node)) {
      walk(labelled->body, after);
    } else if (auto *loop = std::get_if<While>(&stmt.node)) {
      LiveScalars::Set around = liveness.before(stmt, after);
      LiveScalars::Set atTest = liveness.before(loop->body, around);
      atTest.insert(after.begin(), after.end());
      forEachAccess(loop->condition,
                    [&](const Access &access, Use) { atTest.insert(access.buffer); });
      walk(loop->header, atTest);
      walk(loop->body, around);
    } else if (auto *loop = std::get_if<Loop>(&stmt.node)) {
      if (loop->axis.kind == AxisKind::Par)
        return std::nullopt;
      if (std::optional<Block> loops = split(stmt, after))
        return loops;
      LiveScalars::Set around = liveness.before(stmt, after);
      Facts::Mark mark = facts.mark();
      facts.addAxis(loop->axis);
      walk(loop->body, around);
      facts.rewind(mark);
    }
    return std::nullopt;
  }

  std::optional<Block> split(const Stmt &stmt, const LiveScalars::Set &after) {
    if (std::get<Loop>(stmt.node).role != LoopRole::Seq)
      return std::nullopt;
    if (std::optional<Loc> leave = leaveOf(std::get<Loop>(stmt.node))) {
      context.missed(stmt.loc, "the iterations stay in order: it leaves the loop", *leave, "here");
      return std::nullopt;
    }
    Obstacle why;
    Stmt reduced = stmt;
    if (reduceByIteration(program, std::get<Loop>(reduced.node)))
      if (std::optional<Block> loops = splitAsIs(reduced, after, why))
        return loops;
    if (std::optional<Block> loops = splitAsIs(stmt, after, why))
      return loops;
    context.missed(stmt.loc, "the iterations stay in order: " + why.text, why.first,
                   why.second.isValid()  ? "here, and in another iteration"
                   : why.first.isValid() ? "here"
                                         : "");
    return std::nullopt;
  }

  /// Where the body leaves a block around the loop, if it does.
  static std::optional<Loc> leaveOf(const Loop &loop) {
    IterationNames names = namesDeclaredIn(loop.body);
    std::optional<Loc> place;
    forEachStmt(loop.body, [&](const Stmt &stmt) {
      const auto *leave = std::get_if<Leave>(&stmt.node);
      if (leave && !names.labels.count(leave->label) && !place)
        place = stmt.loc;
    });
    return place;
  }

  std::optional<Block> splitAsIs(const Stmt &stmt, const LiveScalars::Set &after, Obstacle &why) {
    const auto &loop = std::get<Loop>(stmt.node);
    std::optional<LoopSplit> found = findSplit(program, loop, after, liveness, groups, facts, why);
    if (!found)
      return std::nullopt;
    Block loops = applySplit(program, function, stmt, *found, chunkLength, liveness);
    report(stmt, loops);
    changed = true;
    return loops;
  }

  void report(const Stmt &stmt, const Block &loops) {
    bool isWhole = loops.size() == 1 && std::get<Loop>(loops[0].node).axis.kind == AxisKind::Par;
    context.count(isWhole ? "loops in any order" : "loops split");
    if (isWhole)
      context.passed(stmt.loc, "the iterations run in any order");
    else
      context.passed(stmt.loc,
                     "the iterations run in any order, with an ordered rest behind each chunk");
  }

  Program &program;
  Function &function;
  int64_t chunkLength;
  PassContext &context;
  StorageGroups groups;
  LiveScalars liveness;
  Facts facts;
  bool changed = false;
};

void split(Program &program, int64_t chunkLength, PassContext &context) {
  for (Function &function : program.functions)
    SplitLoops(program, function, chunkLength, context).run();
  setEffects(program);
}

} // namespace

void splitLoops(Program &program, PassContext &context) { split(program, shortChunk, context); }
void splitLoopsLong(Program &program, PassContext &context) { split(program, longChunk, context); }

} // namespace hpcc::ir
