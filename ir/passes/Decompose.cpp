//===- Decompose.cpp - who of several ranks runs what ----------------------------------------===//
//
// Takes a planned program; leaves one for ranks, in which the iterations of computes and loops are
// divided among them. An array whose rows iterations store gets a home, a distribution of its rows,
// and the owner of a row computes it. Reductions are divided like what they read. All ranks do the
// rest alike: scalar variables, control flow, small arrays, names of arrays; they always have the
// right values of those. Which rows they need of each other is for insert-exchanges to see.
//
//===-----------------------------------------------------------------------------------------===//

#include "Decompose.h"
#include "MapCpu.h"
#include "ir/Effects.h"
#include "ir/Library.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// A message takes about a microsecond, in which one core does some 5,000 vectorised operations;
/// where ten of them go out less work than this is not divided.
constexpr double usualWork = 50'000;

/// The first call by which a program sends messages itself.
const Stmt *findOwnMessages(const Program &program) {
  const Stmt *found = nullptr;
  forEachStmt(program, [&](const Stmt &stmt) {
    const auto *call = std::get_if<LibraryCall>(&stmt.node);
    if (call && !found && infoOf(call->function).kind == LibraryKind::Message)
      found = &stmt;
  });
  return found;
}

class Decomposer {
public:
  Decomposer(Program &program, Function &function, double leastWork, PassContext &context)
      : program(program), function(function), leastWork(leastWork), context(context) {}

  void run() {
    findCandidates();
    std::vector<DivisibleUnit> units;
    Facts facts;
    collectUnits(function.body, 0, facts, units);
    for (auto &[id, home] : chooseHomes(program, units))
      program[id].home = home;
    Facts again;
    divide(function.body, again);
    dropIdleHomes();
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Candidates
  //===---------------------------------------------------------------------------------------===//

  /// Row-major arrays that are stored to by subscripts alone, under no name but their own. Of those
  /// the ones that a statement with enough work stores.
  void findCandidates() {
    std::map<BufferId, BufferId> bases;
    auto refuse = [&](BufferId id, llvm::StringRef why) { refused.try_emplace(id, why.str()); };
    forEachStmt(function.body, [&](const Stmt &stmt) {
      std::visit(overloaded{[&](const Alloc &node) { considerAlloc(node.buffer); },
                            [&](const View &node) { bases.emplace(node.result, node.base); },
                            [&](const Bind &node) { refuse(node.source, "has another name"); },
                            [&](const Call &node) {
                              for (const CallArgument &argument : node.arguments)
                                if (const auto *id = std::get_if<BufferId>(&argument))
                                  refuse(*id, "is passed to a function");
                            },
                            [](const auto &) {}},
                 stmt.node);
    });
    forEachStmt(function.body, [&](const Stmt &stmt) {
      forEachBuffer(stmt, [&](BufferId id) {
        if (auto base = bases.find(id); base != bases.end() && !onlyReads(stmt, id, base->second))
          refuse(rootOf(id, bases), "has another name");
      });
    });
    for (const auto &[id, why] : refused)
      candidates.erase(id);
    std::set<BufferId> worthwhile;
    Facts facts;
    collectWorthwhile(function.body, facts, worthwhile);
    std::erase_if(candidates, [&](BufferId id) { return !worthwhile.contains(id); });
  }

  static BufferId rootOf(BufferId id, const std::map<BufferId, BufferId> &bases) {
    for (auto base = bases.find(id); base != bases.end(); base = bases.find(id))
      id = base->second;
    return id;
  }

  /// True if the statement reads a view of an array, where it mentions it, and stores to neither.
  static bool onlyReads(const Stmt &stmt, BufferId view, BufferId base) {
    auto isOne = [&](BufferId id) { return id == view || id == base; };
    return std::visit(
        overloaded{[&](const View &node) { return node.result == view; },
                   [&](const Compute &node) {
                     return llvm::none_of(node.body, [&](const Assign &assign) {
                       return isOne(assign.target.buffer);
                     });
                   },
                   [&](const LibraryCall &node) {
                     const auto *first = node.arguments.empty()
                                             ? nullptr
                                             : std::get_if<BufferId>(&node.arguments.front());
                     return !infoOf(node.function).writes || !first || !isOne(*first);
                   },
                   [](OneOf<Drop, Let, If, While, Check> auto &) { return true; },
                   [](OneOf<Alloc, Declare, Bind, Loop, Labelled, Leave, Parallel, Single, Barrier,
                            Exchange, Transfer, Call> auto &) { return false; }},
        stmt.node);
  }

  void considerAlloc(BufferId id) {
    const Buffer &buffer = program[id];
    if (buffer.dims == 0)
      return;
    candidates.insert(id);
    if (!buffer.layout.empty() || !buffer.like.empty())
      refused.try_emplace(id, "has its rows not one behind the other");
  }

  void collectWorthwhile(const Block &block, Facts &facts, std::set<BufferId> &worthwhile) {
    Facts::Mark entry = facts.mark();
    for (const Stmt &stmt : block) {
      const auto *loop = std::get_if<Loop>(&stmt.node);
      bool isUnit =
          std::holds_alternative<Compute>(stmt.node) || (loop && loop->axis.kind == AxisKind::Par);
      if (isUnit && workOf(stmt, facts).most >= leastWork) {
        auto add = [&](const Access &access, Use use) {
          if (isWrite(use))
            worthwhile.insert(access.buffer);
        };
        forEachAccess(stmt, add);
        forEachInnerBlock(stmt, [&](const Block &inner) {
          forEachStmt(inner, [&](const Stmt &each) { forEachAccess(each, add); });
        });
      }
      enter(stmt, facts, [&](const Block &inner) { collectWorthwhile(inner, facts, worthwhile); });
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(entry);
  }

  /// visit(block) for the blocks of a statement, with what is known in them.
  template <typename StmtT, typename F> void enter(StmtT &stmt, Facts &facts, F visit) {
    Facts::Mark mark = facts.mark();
    if (auto *loop = std::get_if<Loop>(&stmt.node)) {
      facts.addAxis(loop->axis);
      visit(loop->body);
    } else if (auto *branch = std::get_if<If>(&stmt.node)) {
      facts.addCondition(branch->condition, true);
      visit(branch->thenBody);
      facts.rewind(mark);
      facts.addCondition(branch->condition, false);
      visit(branch->elseBody);
    } else {
      forEachInnerBlock(stmt, visit);
    }
    facts.rewind(mark);
  }

  //===---------------------------------------------------------------------------------------===//
  // Units
  //===---------------------------------------------------------------------------------------===//

  void collectUnits(const Block &block, unsigned depth, Facts &facts,
                    std::vector<DivisibleUnit> &units) {
    for (const Stmt &stmt : block) {
      std::optional<DivisibleUnit> unit;
      const auto *loop = std::get_if<Loop>(&stmt.node);
      if (const auto *compute = std::get_if<Compute>(&stmt.node))
        unit = unitOf(*compute, candidates);
      else if (loop)
        unit = unitOf(*loop, candidates);
      if (unit) {
        unit->depth = depth;
        units.push_back(std::move(*unit));
        if (loop)
          continue;
      }
      bool repeats = loop || std::holds_alternative<While>(stmt.node);
      forEachInnerBlock(
          stmt, [&](const Block &inner) { collectUnits(inner, depth + repeats, facts, units); });
    }
  }

  //===---------------------------------------------------------------------------------------===//
  // Division
  //===---------------------------------------------------------------------------------------===//

  void divide(Block &block, Facts &facts) {
    Facts::Mark entry = facts.mark();
    Block out;
    for (Stmt &stmt : block) {
      if (std::holds_alternative<Compute>(stmt.node)) {
        for (Stmt &piece : divideCompute(stmt, facts))
          out.push_back(std::move(piece));
        continue;
      }
      auto *loop = std::get_if<Loop>(&stmt.node);
      if (!loop || !divideLoop(*loop, stmt))
        enter(stmt, facts, [&](Block &inner) { divide(inner, facts); });
      addFactsOf(program, stmt, facts);
      const auto *call = std::get_if<LibraryCall>(&stmt.node);
      std::optional<BufferId> clock;
      if (call && isClock(*call))
        clock = std::get<BufferId>(call->arguments.front());
      Loc loc = stmt.loc;
      out.push_back(std::move(stmt));
      if (clock)
        out.push_back({LibraryCall{LibraryFunction::RanksBroadcast, {*clock}}, loc});
    }
    block = std::move(out);
    facts.rewind(entry);
  }

  bool divideLoop(Loop &loop, const Stmt &stmt) {
    if (loop.axis.kind != AxisKind::Par)
      return false;
    loop.axis.kind = AxisKind::Seq; // as what is inside may be divided
    Loop asPar = loop;
    asPar.axis.kind = AxisKind::Par;
    std::set<BufferId> homes;
    for (BufferId id : candidates)
      if (program[id].home)
        homes.insert(id);
    std::optional<DivisibleUnit> unit = unitOf(asPar, homes);
    if (!unit)
      return missedLoop(stmt, "they store more than rows of their own");
    Distribution over = distributionOf(unit->stores.front());
    for (const RowUse &store : unit->stores)
      if (!(distributionOf(store) == over))
        return missedLoop(stmt, "they store rows of different ranks");
    loop.axis.kind = AxisKind::Par;
    loop.axis.ranks = RankMapping{over};
    markUsed(*unit);
    context.passed(stmt.loc,
                   "divided among ranks by rows of %" + program[unit->stores.front().buffer].name);
    context.count("loops divided");
    return true;
  }

  Distribution distributionOf(const RowUse &use) const {
    Distribution over = *program[use.buffer].home;
    over.offset = over.offset + use.rest;
    return over;
  }

  void markUsed(const DivisibleUnit &unit) {
    for (const RowUse &store : unit.stores)
      used.insert(store.buffer);
  }

  Block divideCompute(Stmt &stmt, Facts &facts) {
    auto &compute = std::get<Compute>(stmt.node);
    bool touchesHomes = false;
    forEachBuffer(stmt, [&](BufferId id) { touchesHomes |= program[id].home.has_value(); });
    if (!touchesHomes && (compute.axes.empty() || workOf(stmt, facts).most < leastWork))
      return {std::move(stmt)};
    straightenRows(program, compute);
    std::optional<std::vector<Piece>> pieces = splitByOwner(program, stmt);
    if (pieces && pieces->size() > 1 && canRaise(compute)) {
      missedError(stmt);
      return {std::move(stmt)};
    }
    if (!pieces) {
      missedCompute(stmt, "what it stores belongs to different ranks and depends on one another");
      return {std::move(stmt)};
    }
    Block out;
    for (Piece &piece : *pieces) {
      dividePiece(piece, facts);
      out.push_back(std::move(piece.stmt));
    }
    return out;
  }

  void dividePiece(Piece &piece, Facts &facts) {
    using Kind = TargetClass::Kind;
    auto &compute = std::get<Compute>(piece.stmt.node);
    switch (piece.target.kind) {
    case Kind::Row:
      divideRows(compute, piece);
      break;
    case Kind::FixedRow:
      divideFixedRow(compute, piece);
      break;
    case Kind::Tree:
    case Kind::Carried:
      divideReduction(compute, piece, facts);
      break;
    case Kind::Unowned:
      missedCompute(piece.stmt, "the rows that it stores are not counted by one axis");
      break;
    }
  }

  void divideRows(Compute &compute, const Piece &piece) {
    Axis &axis = compute.axes[piece.target.axis];
    bool inOrder = axis.kind == AxisKind::Seq && needsOtherRows(compute, piece);
    if (inOrder) {
      missedCompute(piece.stmt, "rows follow from rows before");
      return;
    }
    if (!raisesInOrder(compute, piece.target.axis, piece.target.over)) {
      missedError(piece.stmt);
      return;
    }
    if (indexesCarried(compute, axis)) {
      missedCompute(piece.stmt, "it stores an array that all ranks have beside rows of one");
      return;
    }
    axis.ranks = RankMapping{piece.target.over};
    for (const Assign &assign : compute.body)
      used.insert(assign.target.buffer);
    context.passed(placeOf(piece.stmt), "divided among ranks by rows of %" + nameOfTarget(compute));
    context.count("computes divided");
  }

  /// True if the first error is that of the first rank that comes to one: ranks have iterations
  /// that follow each other, of the outermost axis.
  static bool raisesInOrder(const Compute &compute, size_t axis, const Distribution &over) {
    return !canRaise(compute) || (axis == 0 && over.division == Division::Blocks);
  }

  void missedError(const Stmt &stmt) {
    if (!std::get<Compute>(stmt.node).axes.empty())
      missedCompute(stmt, "an error must be that of the first point");
  }

  /// True if a point loads rows that another point of the axis stores.
  bool needsOtherRows(const Compute &compute, const Piece &piece) const {
    bool found = false;
    std::set<BufferId> stored;
    for (const Assign &assign : compute.body)
      stored.insert(assign.target.buffer);
    std::vector<SymbolId> iterators = iteratorsOf(compute);
    forEachAccess(piece.stmt, [&](const Access &access, Use use) {
      const std::optional<Distribution> &home = program[access.buffer].home;
      if (!isRead(use) || !home || !stored.contains(access.buffer))
        return;
      RowForm row = rowOf(access, iterators);
      found |= row.kind != RowForm::Kind::Iterator || row.iterator != piece.target.axis ||
               !(home->offset + row.rest == piece.target.over.offset);
    });
    forEachScalar(piece.stmt, [&](const Scalar &scalar) {
      forEachSubtree(scalar, [&](const Scalar &tree) {
        if (const auto *gather = std::get_if<ScalarGather>(&tree.node))
          found |= stored.contains(gather->buffer);
      });
    });
    return found;
  }

  /// True if a target without a home is indexed by the axis.
  bool indexesCarried(const Compute &compute, const Axis &axis) const {
    return llvm::any_of(compute.body, [&](const Assign &assign) {
      const Access &target = assign.target;
      return !isLocal(compute, target.buffer) && !program[target.buffer].home &&
             (axis.kind == AxisKind::Par ||
              // Cell by cell, which only an own array can be.
              (!target.indices.empty() && program[target.buffer].storage != Storage::Own) ||
              llvm::any_of(target.indices, [&](const Index &index) {
                return index.form.coefficientOf(axis.iterator) != 0;
              }));
    });
  }

  /// One row: an axis of one iteration, which the owner runs. Where nothing is needed of others all
  /// ranks store it, and have it.
  void divideFixedRow(Compute &compute, Piece &piece) {
    bool loads = false;
    forEachAccess(piece.stmt, [&](const Access &access, Use use) {
      loads |= isRead(use) && program[access.buffer].home.has_value();
    });
    if (!loads)
      return;
    Axis row{program.addSymbol("row"), Affine(0), Affine(1)};
    row.ranks = RankMapping{piece.target.over};
    std::vector<SymbolId> iterators = iteratorsOf(compute);
    auto shift = [&](Access &access) {
      const std::optional<Distribution> &home = program[access.buffer].home;
      if (home && home->division == row.ranks->over.division &&
          home->rows == row.ranks->over.rows &&
          rowOf(access, iterators).kind == RowForm::Kind::Fixed && !access.indices.front().wrap)
        access.indices.front().form = access.indices.front().form + Affine(row.iterator);
    };
    forEachAccess(piece.stmt, [&](Access &access, Use) { shift(access); });
    compute.axes.insert(compute.axes.begin(), row);
    for (const Assign &assign : compute.body)
      used.insert(assign.target.buffer);
    context.passed(placeOf(piece.stmt),
                   "run by the rank that has the row of %" + nameOfTarget(compute));
    context.count("rows by their owner");
  }

  void divideReduction(Compute &compute, const Piece &piece, Facts &facts) {
    std::optional<RankMapping> mapping;
    std::vector<SymbolId> iterators = iteratorsOf(compute);
    size_t chosen = 0;
    auto choose = [&](size_t axis, const Distribution &over) {
      bool inOrder = raisesInOrder(compute, axis, over) &&
                     !(canRaise(compute) && piece.target.kind == TargetClass::Kind::Tree);
      if (!mapping && inOrder && canReduceAlong(compute, axis, piece)) {
        mapping = RankMapping{over};
        chosen = axis;
      }
    };
    forEachAccess(piece.stmt, [&](const Access &access, Use use) {
      const std::optional<Distribution> &home = program[access.buffer].home;
      if (!isRead(use) || !home || access.indices.front().wrap)
        return;
      RowForm row = rowOf(access, iterators);
      if (row.kind != RowForm::Kind::Iterator)
        return;
      Distribution over = *home;
      over.offset = over.offset + row.rest;
      if (piece.target.kind != TargetClass::Kind::Tree || over.division == Division::Blocks)
        choose(row.iterator, over);
    });
    for (size_t axis = 0; axis < compute.axes.size() && !mapping; ++axis)
      if (std::optional<Distribution> over = iterationsOf(compute, axis);
          over && isCombined(compute) && workOf(piece.stmt, facts).most >= leastWork)
        choose(axis, *over);
    if (!mapping) {
      if (!compute.axes.empty())
        missedCompute(piece.stmt, whyUndivided(compute));
      return;
    }
    compute.axes[chosen].ranks = mapping;
    context.passed(placeOf(piece.stmt),
                   "divided among ranks, and %" + nameOfTarget(compute) +
                       (isCombined(compute) ? " combined" : " passed from one to the next"));
    context.count("reductions divided");
  }

  /// Why a compute without rows of their owners is not divided.
  std::string whyUndivided(const Compute &compute) const {
    for (const Assign &assign : compute.body) {
      BufferId id = assign.target.buffer;
      if (isLocal(compute, id) || program[id].dims == 0)
        continue;
      auto why = refused.find(id);
      if (program[id].storage != Storage::Own)
        return "%" + program[id].name + " names an array that only a run knows";
      return "%" + program[id].name + " " +
             (why != refused.end() ? why->second : "is small, or the same on all ranks");
    }
    return "no axis of it follows rows";
  }

  /// True if ranks can reduce alone, and their results make the whole.
  bool isCombined(const Compute &compute) const {
    return llvm::all_of(compute.body, [&](const Assign &assign) {
      return isLocal(compute, assign.target.buffer) ||
             (assign.op != AssignOp::Set && assign.order != ReductionOrder::Seq &&
              program[assign.target.buffer].dims == 0);
    });
  }

  bool canReduceAlong(const Compute &compute, size_t index, const Piece &piece) const {
    const Axis &axis = compute.axes[index];
    if (axis.kind == AxisKind::Par || indexesCarried(compute, axis))
      return false;
    if (piece.target.kind == TargetClass::Kind::Tree)
      return index == 0 && llvm::all_of(compute.body, [&](const Assign &assign) {
               return assign.order != ReductionOrder::Tree ||
                      (assign.treeAxes.size() == compute.axes.size() &&
                       assign.treeAxes.front() == axis.iterator);
             });
    // Ranks one after the other carry whole variables: no axis around may come back to the first.
    return isCombined(compute) || index == 0;
  }

  /// The iterations themselves as rows, where their number is known before the compute.
  std::optional<Distribution> iterationsOf(const Compute &compute, size_t index) const {
    const Axis &axis = compute.axes[index];
    auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
    if (!lo || !hi || axis.step != 1)
      return std::nullopt;
    bool isInner = false, isUneven = false;
    for (const Axis &other : compute.axes) {
      isInner |= lo->coefficientOf(other.iterator) != 0 || hi->coefficientOf(other.iterator) != 0;
      forEachAffine(
          other, [&](const Affine &form) { isUneven |= form.coefficientOf(axis.iterator) != 0; });
    }
    if (isInner)
      return std::nullopt;
    if (isUneven)
      return Distribution{Division::Cyclic, Affine(0), Affine(0)};
    return Distribution{Division::Blocks, *hi - *lo, Affine(0) - *lo};
  }

  //===---------------------------------------------------------------------------------------===//
  // Around it
  //===---------------------------------------------------------------------------------------===//

  /// An array that no divided iteration stores is the same on all ranks.
  void dropIdleHomes() {
    for (BufferId id : candidates)
      if (!used.contains(id))
        program[id].home.reset();
  }

  bool missedLoop(const Stmt &stmt, llvm::StringRef why) {
    SymbolId iterator = std::get<Loop>(stmt.node).axis.iterator;
    context.missed(stmt.loc,
                   "each rank runs all iterations of %" + program[iterator].name + ": " + why);
    context.count("loops not divided");
    return false;
  }

  void missedCompute(const Stmt &stmt, const llvm::Twine &why) {
    context.missed(placeOf(stmt), "each rank computes all of it: " + why);
    context.count("computes not divided");
  }

  std::string nameOfTarget(const Compute &compute) const {
    for (const Assign &assign : compute.body)
      if (!isLocal(compute, assign.target.buffer))
        return program[assign.target.buffer].name;
    return "";
  }

  static Loc placeOf(const Stmt &stmt) {
    const auto &compute = std::get<Compute>(stmt.node);
    Loc loc = compute.body.empty() ? stmt.loc : compute.body.front().loc;
    return loc.isValid() ? loc : stmt.loc;
  }

  Program &program;
  Function &function;
  double leastWork;
  PassContext &context;
  std::set<BufferId> candidates, used;
  std::map<BufferId, std::string> refused; // arrays that have no homes, and why
};

void decomposeFrom(Program &program, PassContext &context, double leastWork) {
  if (const Stmt *stmt = findOwnMessages(program)) {
    context.missed(stmt->loc, "the program sends messages itself: each rank runs it as it stands");
    return;
  }
  program.ranks = true;
  for (Function &function : program.functions)
    if (function.name == "main")
      Decomposer(program, function, leastWork, context).run();
}

} // namespace

void decompose(Program &program, PassContext &context) {
  decomposeFrom(program, context, usualWork);
}

void decomposeAlways(Program &program, PassContext &context) { decomposeFrom(program, context, 0); }

} // namespace hpcc::ir
