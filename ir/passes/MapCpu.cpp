//===- MapCpu.cpp - puts a program on a team of threads ---------------------------------------===//
//
// Takes a planned program; leaves it mapped. Each compute and each par loop with work for a team
// gets an axis whose iterations the threads divide. Statements that follow each other, with the
// loops around them, become the body of one `parallel`, because entering one costs as much as many
// barriers; what only one thread may do is `single` in it. Small boxes stay on one thread, where
// sizes are known at run time only by the condition of the `parallel`.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapCpu.h"
#include "ir/Ranks.h"
#include "ir/Walk.h"

namespace hpcc::ir {
namespace {

/// Entering and leaving a parallel takes about 1.5 microseconds, a barrier 0.5, in which one core
/// does some 8,000 and 2,500 vectorised operations; two threads save half of the work at most.
constexpr TeamThresholds usualThresholds = {60'000, 20'000, 16};
/// Everything on threads.
constexpr TeamThresholds noThresholds = {0, 0, 1};

class Mapper {
public:
  Mapper(Program &program, Function &function, const TeamThresholds &thresholds,
         PassContext &context)
      : program(program), function(function), thresholds(thresholds), context(context),
        groups(program, function), total(program) {}

  void run() {
    Facts facts;
    choose(function.body, facts);
    total.add(program, function.body);
    for (BufferId id : function.results)
      ++total.buffers[id.index]; // read at the end
    Facts again;
    formRegions(function.body, again);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // What is divided
  //===---------------------------------------------------------------------------------------===//

  void choose(Block &block, Facts &facts) {
    Facts::Mark entry = facts.mark();
    for (Stmt &stmt : block) {
      Facts::Mark mark = facts.mark();
      auto inside = [&](Block &inner) { choose(inner, facts); };
      if (auto *compute = std::get_if<Compute>(&stmt.node)) {
        choose(*compute, stmt, facts);
      } else if (auto *loop = std::get_if<Loop>(&stmt.node)) {
        // Iterations of one rank stay as they are.
        if (!choose(*loop, stmt, facts) && !loop->axis.ranks) {
          // What is divided inside may share memory between iterations from now on.
          loop->axis.kind = AxisKind::Seq;
          facts.addAxis(loop->axis);
          inside(loop->body);
        }
      } else if (auto *branch = std::get_if<If>(&stmt.node)) {
        facts.addCondition(branch->condition, true);
        inside(branch->thenBody);
        facts.rewind(mark);
        facts.addCondition(branch->condition, false);
        inside(branch->elseBody);
      } else {
        forEachInnerBlock(stmt, inside);
      }
      facts.rewind(mark);
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(entry);
  }

  void choose(Compute &compute, const Stmt &stmt, Facts &facts) {
    // The outer points of a share are a few rows, whatever the box.
    const Axis *divided = dividedAxisOf(compute);
    bool outer = divided && divided->ranks->part == RankPart::Outer;
    if (outer || compute.axes.empty() || workOf(stmt, facts).most < thresholds.phase)
      return;
    if (divided && divided->kind != AxisKind::Par)
      return context.missed(placeOf(stmt), "stays on one thread: ranks reduce it together");
    AxisChoice choice = chooseAxis(program, compute, facts, thresholds);
    if (!choice.axis)
      return context.missed(placeOf(stmt), "stays on one thread: " + choice.why);
    compute.axes[*choice.axis].mapping = choice.mapping;
  }

  /// True if the loop's iterations are divided; what is in it belongs to one thread then.
  bool choose(Loop &loop, const Stmt &stmt, Facts &facts) {
    if (loop.axis.kind != AxisKind::Par || workOf(stmt, facts).most < thresholds.phase)
      return false;
    if (countOf(loop.axis, facts).most < 2)
      return false;
    if (std::optional<std::string> why = whyNotDivided(program, loop)) {
      context.missed(stmt.loc, "the iterations of %" + program[loop.axis.iterator].name +
                                   " stay on one thread: " + *why);
      return false;
    }
    loop.axis.mapping = Mapping::DynamicThreads;
    return true;
  }

  static Loc placeOf(const Stmt &stmt) {
    if (const auto *compute = std::get_if<Compute>(&stmt.node); compute && !compute->body.empty())
      if (Loc loc = compute->body.front().loc; loc.isValid())
        return loc;
    return stmt.loc;
  }

  //===---------------------------------------------------------------------------------------===//
  // Regions
  //===---------------------------------------------------------------------------------------===//

  /// Gives each run of statements that can be in one region its `parallel`; where a statement
  /// cannot, what is nested in it has regions of its own.
  void formRegions(Block &block, Facts &facts) {
    if (llvm::none_of(block, holdsDivided))
      return;
    Facts::Mark entry = facts.mark();
    std::vector<bool> ends(block.size());
    for (auto [index, stmt] : llvm::enumerate(block))
      ends[index] = !holdsDivided(stmt) && !canBeInside(stmt);
    Block out;
    auto pass = [&](size_t begin, size_t end) {
      for (size_t index = begin; index < end; ++index) {
        addFactsOf(program, block[index], facts);
        out.push_back(std::move(block[index]));
      }
    };
    for (size_t begin = 0; begin < block.size();) {
      if (ends[begin]) {
        formInside(block[begin], facts);
        pass(begin, begin + 1), ++begin;
        continue;
      }
      size_t end = begin;
      while (end < block.size() && !ends[end])
        ++end;
      size_t first = begin;
      while (first < end && !holdsDivided(block[first]))
        ++first;
      if (first == end) {
        pass(begin, end), begin = end;
        continue;
      }
      pass(begin, first);
      begin = first;
      size_t last = end;
      while (!holdsDivided(block[last - 1]))
        --last;
      if (std::optional<size_t> other = firstToKeepMemory(block, first, last)) {
        ends[*other] = true;
        continue;
      }
      llvm::ArrayRef<Stmt> run(block.data() + first, last - first);
      auto formed = formRegion(program, total, run, facts);
      if (const auto *culprit = std::get_if<size_t>(&formed)) {
        ends[first + *culprit] = true;
        continue;
      }
      emit(std::get<TeamRegion>(std::move(formed)), block, first, last, facts, out);
      for (size_t index = first; index < last; ++index)
        addFactsOf(program, block[index], facts);
      begin = last;
    }
    block = std::move(out);
    facts.rewind(entry);
  }

  /// Whether a statement that nobody divides may come between others of a region.
  static bool canBeInside(const Stmt &stmt) {
    return !std::holds_alternative<Bind>(stmt.node) &&
           !std::holds_alternative<Declare>(stmt.node) && isForOneThread(stmt);
  }

  /// The first allocation behind a drop: a region makes its arrays in front and ends them behind,
  /// and would hold both at once.
  std::optional<size_t> firstToKeepMemory(const Block &block, size_t first, size_t last) const {
    bool dropped = false;
    for (size_t index = first; index < last; ++index) {
      const auto *alloc = std::get_if<Alloc>(&block[index].node);
      if (const auto *drop = std::get_if<Drop>(&block[index].node))
        dropped |=
            program[drop->buffer].storage != Storage::View && !isSmallArray(program, drop->buffer);
      else if (alloc && dropped && !isSmallArray(program, alloc->buffer))
        return index;
    }
    return std::nullopt;
  }

  void formInside(Stmt &stmt, Facts &facts) {
    Facts::Mark mark = facts.mark();
    if (const auto *loop = std::get_if<Loop>(&stmt.node))
      facts.addAxis(loop->axis);
    if (auto *branch = std::get_if<If>(&stmt.node)) {
      facts.addCondition(branch->condition, true);
      formRegions(branch->thenBody, facts);
      facts.rewind(mark);
      facts.addCondition(branch->condition, false);
      formRegions(branch->elseBody, facts);
    } else {
      forEachInnerBlock(stmt, [&](Block &inner) { formRegions(inner, facts); });
    }
    facts.rewind(mark);
  }

  void emit(TeamRegion region, Block &block, size_t first, size_t last, Facts &facts, Block &out) {
    Loc loc = block[first].loc;
    Profit profit;
    {
      Facts::Mark mark = facts.mark();
      for (const Stmt &stmt : region.front)
        addFactsOf(program, stmt, facts);
      profit = profitOf(region.body, facts);
      facts.rewind(mark);
    }
    if (!profit.pays) {
      for (size_t index = first; index < last; ++index) {
        unmap(block[index]);
        out.push_back(block[index]);
      }
      return;
    }
    for (Stmt &stmt : region.front) {
      addFactsOf(program, stmt, facts);
      out.push_back(std::move(stmt));
    }
    context.count("barriers", insertBarriers(program, groups, facts, region.body));
    context.count("parallel regions");
    reportDivided(region.body);
    out.push_back({Parallel{std::move(profit.condition), std::move(region.body)}, loc});
    llvm::append_range(out, region.back);
  }

  static void unmap(Stmt &stmt) {
    auto clear = [](Stmt &each) {
      if (auto *compute = std::get_if<Compute>(&each.node))
        for (Axis &axis : compute->axes)
          axis.mapping = Mapping::None;
      else if (auto *loop = std::get_if<Loop>(&each.node))
        loop->axis.mapping = Mapping::None;
    };
    clear(stmt);
    forEachInnerBlock(stmt, [&](Block &block) { forEachStmt(block, clear); });
  }

  void reportDivided(const Block &body) {
    for (const Stmt &stmt : body) {
      auto report = [&](const Axis &axis, const llvm::Twine &what, Loc loc) {
        context.passed(loc,
                       what + " are divided among threads along %" + program[axis.iterator].name);
        context.count("statements divided");
      };
      if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
        for (const Axis &axis : compute->axes)
          if (axis.mapping != Mapping::None)
            report(axis, "these points", placeOf(stmt));
      } else if (const auto *loop = std::get_if<Loop>(&stmt.node);
                 loop && loop->axis.mapping != Mapping::None) {
        report(loop->axis, "the iterations", stmt.loc);
      }
      forEachInnerBlock(stmt, [&](const Block &inner) { reportDivided(inner); });
    }
  }

  //===---------------------------------------------------------------------------------------===//
  // Whether a region pays
  //===---------------------------------------------------------------------------------------===//

  struct Profit {
    bool pays = true;
    std::optional<Scalar> condition = {}; // decides at run time
  };

  /// What decides about a region: the work of a straight run as a whole, and in loops, which enter
  /// the region once for many rounds, that of each divided statement.
  struct Survey {
    double straight = 0; // at most
    bool certain = false;
    std::vector<Scalar> conditions;
    bool unknown = false; // some size is no form of symbols around the region
  };

  Profit profitOf(const Block &body, Facts &facts) {
    std::set<SymbolId> inside;
    forEachStmt(body, [&](const Stmt &stmt) {
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { inside.insert(id); });
    });
    Survey found;
    std::vector<Axis> loops;
    double straightLeast = 0;
    survey(body, facts, inside, loops, false, found, straightLeast);
    found.certain |= straightLeast >= thresholds.region;
    if (found.certain || found.unknown)
      return {true, std::nullopt};
    if (found.conditions.empty())
      return {found.straight >= thresholds.region, std::nullopt};
    constexpr size_t mostConditions = 4;
    std::optional<Scalar> condition;
    for (Scalar &each : llvm::MutableArrayRef(found.conditions).take_front(mostConditions))
      condition = condition ? apply(program, ScalarOp::Or, {std::move(*condition), std::move(each)})
                            : std::move(each);
    return {true, std::move(condition)};
  }

  /// Adds `points >= enough`; of two about the same points the one that is true more often stays.
  static void addCondition(Scalar condition, std::vector<Scalar> &conditions) {
    auto pointsOf = [](Scalar &each) -> Scalar & {
      return std::get<ScalarApply>(each.node).operands[0];
    };
    auto enoughOf = [](Scalar &each) {
      return asDouble(std::get<ScalarConstant>(std::get<ScalarApply>(each.node).operands[1].node));
    };
    for (Scalar &each : conditions)
      if (pointsOf(each) == pointsOf(condition)) {
        if (enoughOf(condition) < enoughOf(each))
          each = std::move(condition);
        return;
      }
    conditions.push_back(std::move(condition));
  }

  void survey(const Block &block, Facts &facts, const std::set<SymbolId> &inside,
              std::vector<Axis> &loops, bool inLoop, Survey &found, double &straightLeast) {
    Facts::Mark entry = facts.mark();
    for (const Stmt &stmt : block) {
      const auto *loop = std::get_if<Loop>(&stmt.node);
      bool divided = std::holds_alternative<Compute>(stmt.node)
                         ? holdsDivided(stmt)
                         : loop && loop->axis.mapping != Mapping::None;
      if (divided) {
        Work work = workOf(stmt, facts);
        double enough = inLoop ? thresholds.phase : thresholds.region;
        auto isKnown = [&](SymbolId id) { return !inside.contains(id); };
        if (!inLoop)
          found.straight += work.most, straightLeast += work.least;
        if (work.least >= enough)
          found.certain = true;
        else if (work.most < enough)
          ; // too small alone
        else if (std::optional<Scalar> condition =
                     worksAtLeast(program, stmt, loops, isKnown, enough);
                 !condition)
          found.unknown = true;
        else
          addCondition(std::move(*condition), found.conditions);
      } else {
        Facts::Mark mark = facts.mark();
        bool isLoop = loop || std::holds_alternative<While>(stmt.node);
        if (loop)
          loops.push_back(loop->axis), facts.addAxis(loop->axis);
        forEachInnerBlock(stmt, [&](const Block &inner) {
          survey(inner, facts, inside, loops, inLoop || isLoop, found, straightLeast);
        });
        if (loop)
          loops.pop_back();
        facts.rewind(mark);
      }
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(entry);
  }

  Program &program;
  Function &function;
  const TeamThresholds &thresholds;
  PassContext &context;
  StorageGroups groups;
  MentionCounts total;
};

void map(Program &program, const TeamThresholds &thresholds, PassContext &context) {
  for (Function &function : program.functions)
    Mapper(program, function, thresholds, context).run();
}

} // namespace

void mapCpu(Program &program, PassContext &context) { map(program, usualThresholds, context); }

void mapCpuAlways(Program &program, PassContext &context) { map(program, noThresholds, context); }

} // namespace hpcc::ir
