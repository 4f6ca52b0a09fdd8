//===- RaiseLoops.cpp - loops become computes ------------------------------------------------===//
//
// Canonical to canonical: plain Python loops over arrays and lists become boxes of axes, so that
// later passes see one noun.
//
//     loop i in [1, n) : seq {                    compute (i in [1, n) par, j in [0, m) par)
//       loop j in [0, m) : seq {                      locals(%d : f64[]) {
//         %d[] = %b[i, j] - %b[i - 1, j]    ->      %d[] = %b[i, j] - %b[i - 1, j]
//         %a[i, j] = %d[] * %d[]                    %a[i, j] = %d[] * %d[]
//       }                                         }
//     }
//
// Loops are tried from the inside out; one whose body is more than one nest is split where the
// order of its statements allows it. What stays a loop has a remark that names the fact.
//
//===---------------------------------------------------------------------------------------===//

#include "RaiseLoops.h"
#include "ir/Effects.h"
#include "ir/Simplify.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

class RaiseLoops {
public:
  RaiseLoops(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), groups(program, function),
        liveness(program) {}

  void run() { walk(function.body, liveness.atEndOf(function)); }

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
      Block replacement = visit(std::move(block[index]), after[index]);
      for (Stmt &stmt : replacement) {
        addFactsOf(program, stmt, facts);
        result.push_back(std::move(stmt));
      }
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

  Block visit(Stmt stmt, const LiveScalars::Set &after) {
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
    } else if (std::holds_alternative<Loop>(stmt.node)) {
      return visitLoop(std::move(stmt), after);
    }
    Block result;
    result.push_back(std::move(stmt));
    return result;
  }

  Block visitLoop(Stmt stmt, const LiveScalars::Set &after) {
    LoopObstacle why;
    // As a nest of plain loops; where that fails inner loops become computes, or are split, first.
    std::optional<Block> raised = raise(stmt, after, {}, why);
    size_t remarks = context.remarks.size();
    if (!raised) {
      auto &loop = std::get<Loop>(stmt.node);
      LiveScalars::Set around = liveness.before(stmt, after); // at the end of the body too
      Facts::Mark mark = facts.mark();
      facts.addAxis(loop.axis);
      walk(loop.body, around);
      facts.rewind(mark);
      raised = raise(stmt, after, {}, why);
    }
    LoopObstacle other;
    if (!raised)
      raised = raise(stmt, after, {.unroll = true}, other);
    if (raised) {
      context.remarks.resize(remarks); // of inner loops that are axes now
      reportRaised(*raised, stmt.loc);
      return std::move(*raised);
    }
    if (std::optional<Block> parts = split(stmt, after, why))
      return std::move(*parts);
    Stmt inPlace = stmt;
    auto &loop = std::get<Loop>(inPlace.node);
    if (accumulateInPlace(program, loop, scalarsOf(loop, after).own, groups))
      if (std::optional<Block> parts = split(inPlace, after, other, /*entirely=*/true))
        return std::move(*parts);
    reportStays(why, stmt.loc, remarks);
    Block result;
    result.push_back(std::move(stmt));
    return result;
  }

  /// Once for all loops around one obstacle.
  void reportStays(const LoopObstacle &why, Loc loop, size_t remarks) {
    Loc loc = why.loc.isValid() ? why.loc : loop;
    std::string text = "the loop stays: " + why.text;
    auto isSame = [&](const Remark &remark) { return remark.loc == loc && remark.text == text; };
    if (llvm::none_of(llvm::ArrayRef(context.remarks).drop_front(remarks), isSame))
      context.missed(loc, text, why.other, why.otherText);
  }

  void reportRaised(const Block &block, Loc loc) {
    std::string axes;
    for (const Stmt &stmt : block) {
      auto *compute = std::get_if<Compute>(&stmt.node);
      if (!compute || compute->axes.empty())
        continue;
      for (const Axis &axis : compute->axes)
        axes += (axes.empty() ? "" : ", ") + program[axis.iterator].name +
                (axis.kind == AxisKind::Par   ? " par"
                 : axis.kind == AxisKind::Red ? " red"
                                              : " seq");
    }
    context.count("loops raised");
    context.passed(loc, axes.empty() ? "the loop has no effect"
                                     : "the loop is a compute over (" + axes + ")");
  }

  //===---------------------------------------------------------------------------------------===//
  // One nest
  //===---------------------------------------------------------------------------------------===//

  IterationScalars scalarsOf(const Loop &loop, const LiveScalars::Set &after) {
    LiveScalars::Set written;
    forEachStmt(loop.body, [&](const Stmt &stmt) {
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        for (const Assign &assign : compute->body)
          if (const Buffer &row = program[assign.target.buffer];
              row.dims == 0 && row.storage == Storage::Own && row.slots == 1)
            written.insert(assign.target.buffer);
    });
    for (BufferId id : program.globals)
      written.erase(id);
    return liveness.scalarsOf(loop, written, after);
  }

  std::optional<Block> raise(const Stmt &stmt, const LiveScalars::Set &after,
                             FlattenOptions options, LoopObstacle &why) {
    const auto &loop = std::get<Loop>(stmt.node);
    IterationScalars scalars = scalarsOf(loop, after);
    std::optional<FlatLoop> flat =
        flattenLoop(program, loop, stmt.loc, scalars, groups, options, why);
    if (!flat)
      return std::nullopt;
    Compute &compute = flat->compute;
    Block last;
    for (BufferId variable : scalars.lasting) {
      auto local = flat->locals.find(variable);
      if (local == flat->locals.end())
        continue;
      std::optional<Stmt> value = lastValue(compute, variable, local->second, stmt.loc, why);
      if (!value)
        return std::nullopt;
      last.push_back(std::move(*value));
    }
    simplifyBody(compute);
    forwardLocals(compute, groups);
    Block result;
    if (!compute.body.empty()) {
      if (!findAxisKinds(program, compute, groups, facts, why))
        return std::nullopt;
      result.push_back({std::move(compute), stmt.loc});
    }
    llvm::append_range(result, last);
    return result;
  }

  void simplifyBody(Compute &compute) {
    Facts::Mark mark = facts.mark();
    for (const Axis &axis : compute.axes)
      facts.addAxis(axis);
    for (Assign &assign : compute.body) {
      simplify(assign.value, facts);
      if (assign.guard)
        simplify(*assign.guard, facts);
      if (assign.guard && asBoolConstant(*assign.guard) == true)
        assign.guard.reset();
    }
    std::erase_if(compute.body, [](const Assign &assign) {
      return assign.guard && asBoolConstant(*assign.guard) == false;
    });
    facts.rewind(mark);
  }

  /// The variable set to its value in the last iteration, if there is one.
  std::optional<Stmt> lastValue(const Compute &compute, BufferId variable, BufferId local, Loc loc,
                                LoopObstacle &why) {
    why = {"the value that the last iteration gives %" + program[variable].name + " is used later",
           loc};
    const Axis &axis = compute.axes.front();
    auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
    if (compute.axes.size() != 1 || axis.step != 1 || !lo || !hi)
      return std::nullopt;
    auto isSet = [](const Assign &assign, BufferId id) { return assign.target.buffer == id; };
    if (llvm::count_if(compute.body, [&](const Assign &a) { return isSet(a, local); }) != 1)
      return std::nullopt;
    const Assign &set =
        *llvm::find_if(compute.body, [&](const Assign &a) { return isSet(a, local); });
    bool good = set.op == AssignOp::Set && !set.guard && !canRaise(set.value);
    forEachSubtree(set.value, [&](const Scalar &tree) {
      auto *load = std::get_if<ScalarLoad>(&tree.node);
      good &= !std::holds_alternative<ScalarGather>(tree.node);
      if (load)
        good &= llvm::none_of(compute.body, [&](const Assign &assign) {
          return groups.mayOverlap(assign.target.buffer, load->access.buffer);
        });
    });
    if (!good)
      return std::nullopt;
    Assign assign{{variable, {}, {}}, AssignOp::Set, set.value, {}, ReductionOrder::Any, {}, loc};
    substitute(assign.value, axis.iterator, *hi - 1);
    Compute last;
    last.body.push_back(std::move(assign));
    if (isNeverEmpty(axis, facts))
      return Stmt{std::move(last), loc};
    If guarded{apply(program, ScalarOp::Less, {affineScalar(*lo), affineScalar(*hi)}), {}, {}};
    guarded.thenBody.push_back({std::move(last), loc});
    return Stmt{std::move(guarded), loc};
  }

  //===---------------------------------------------------------------------------------------===//
  // Several loops
  //===---------------------------------------------------------------------------------------===//

  /// The loop as several, of which some are computes, or all; nothing if none would be.
  std::optional<Block> split(const Stmt &stmt, const LiveScalars::Set &after, LoopObstacle &why,
                             bool entirely = false) {
    constexpr size_t mostStatements = 64;
    const auto &loop = std::get<Loop>(stmt.node);
    if (loop.role != LoopRole::Seq || loop.body.size() > mostStatements || mayEndEarly(loop.body))
      return std::nullopt;
    LoopParts parts = partsOfLoop(program, loop, scalarsOf(loop, after), liveness, groups, facts);
    if (parts.ranges.size() < 2) {
      if (!parts.why.text.empty())
        why = parts.why;
      return std::nullopt;
    }
    std::vector<Piece> pieces = piecesOf(stmt, parts, after);
    auto isRaised = [](const Piece &piece) { return piece.raised.has_value(); };
    if (entirely ? !llvm::all_of(pieces, isRaised) : llvm::none_of(pieces, isRaised))
      return std::nullopt;
    Block result;
    for (Piece &piece : pieces) {
      Block block;
      if (piece.raised) {
        reportRaised(*piece.raised, stmt.loc);
        block = std::move(*piece.raised);
      } else {
        context.missed(piece.why.loc.isValid() ? piece.why.loc : stmt.loc,
                       "a part of the loop stays: " + piece.why.text, piece.why.other,
                       piece.why.otherText);
        block.push_back(std::move(piece.loop));
      }
      // Each part has an iterator of its own, and what it repeats.
      llvm::append_range(result, cloneFresh(program, block, function.labels));
    }
    return result;
  }

  /// A range of statements as a loop and, where it can be, as a compute.
  struct Piece {
    size_t first, end;
    Stmt loop;
    std::optional<Block> raised;
    LoopObstacle why;
  };

  /// Neighbours that are raised, or that stay, together are one piece.
  std::vector<Piece> piecesOf(const Stmt &stmt, const LoopParts &parts,
                              const LiveScalars::Set &after) {
    const auto &loop = std::get<Loop>(stmt.node);
    std::vector<Piece> pieces;
    auto pieceOf = [&](size_t first, size_t end) {
      Piece piece{first, end, {loopOfPart(program, loop, parts, first, end), stmt.loc}, {}, {}};
      // What later parts read of a scalar that this one sets is no part's own.
      LiveScalars::Set live = after;
      if (end < loop.body.size()) {
        Loop rest = loopOfPart(program, loop, parts, end, loop.body.size());
        live = liveness.before(Stmt{std::move(rest), stmt.loc}, after);
      }
      piece.raised = raise(piece.loop, live, {}, piece.why);
      LoopObstacle other;
      if (!piece.raised)
        piece.raised = raise(piece.loop, live, {.unroll = true}, other);
      return piece;
    };
    for (auto [first, end] : parts.ranges) {
      Piece piece = pieceOf(first, end);
      if (!pieces.empty() && pieces.back().raised.has_value() == piece.raised.has_value()) {
        Piece joined = pieceOf(pieces.back().first, end);
        if (joined.raised.has_value() == piece.raised.has_value()) {
          pieces.back() = std::move(joined);
          continue;
        }
      }
      pieces.push_back(std::move(piece));
    }
    return pieces;
  }

  static bool mayEndEarly(const Block &body) {
    std::set<LabelId> inside;
    bool found = false;
    forEachStmt(body, [&](const Stmt &stmt) {
      if (auto *labelled = std::get_if<Labelled>(&stmt.node))
        inside.insert(labelled->label);
      else if (auto *leave = std::get_if<Leave>(&stmt.node))
        found |= !inside.count(leave->label);
    });
    return found;
  }

  Program &program;
  Function &function;
  PassContext &context;
  StorageGroups groups;
  LiveScalars liveness;
  Facts facts;
};

} // namespace

void raiseLoops(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    RaiseLoops(program, function, context).run();
  setEffects(program);
}

} // namespace hpcc::ir
