//===- VersionChecks.cpp - fast and plain versions of loops ------------------------------===//
//
// A loop whose index checks and integer overflow checks follow from its bounds gets a test at its
// entry that selects a copy without them, or the loop as it was, with every check in its place:
//
//     loop i in [1, h) {                       if (n - h >= 0) & ... {
//       check (0 <= i) & (i < n) else ..         loop i in [1, h) { %a[i] = ... }
//       %a[i] = ...                      ->    } else {
//     }                                          loop i in [1, h) { check ..; %a[i] = ... }
//                                              }
//
// The test raises nothing, so what a program prints before an error is printed. Checks that the
// entry cannot decide stay where they are, in both versions; remarks name one. No statement is
// copied twice: a loop inside a version gets none of its own.
//
//===-------------------------------------------------------------------------------------===//

#include "FastVersion.h"
#include "ir/Effects.h"
#include "ir/Pass.h"
#include "ir/Simplify.h"
#include "ir/Walk.h"

namespace hpcc::ir {
namespace {

/// Copies beyond this size are not worth their code.
constexpr unsigned mostStatements = 400;
/// Statements that the search for versions looks at in one function; then it takes what it has.
constexpr uint64_t mostVisits = 100'000;
/// Ranges of inputs, as powers of two. Affine forms are exact in the first, products of two in the
/// middle ones; sizes of arrays need not be tested for the first.
constexpr unsigned exponents[] = {58, 44, 40, 36, 32, 30, 28, 24, 20};
/// Products of four are exact in this one, but sizes of arrays can exceed it.
constexpr unsigned smallExponent = 15;

bool isLoop(const Stmt &stmt) {
  return std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
}

/// The search for the best fast version of one loop.
class Search {
public:
  Search(const Program &program, const std::set<BufferId> &variables, const Facts &atEntry,
         const Stmt &loop, uint64_t &visited)
      : program(program), variables(variables), atEntry(atEntry), loop(loop), visited(visited),
        inputs(findInputs(loop, atEntry, variables)) {}

  FastVersion run() {
    confinement = confineAll(exponents[0]);
    FastVersion best = build(confinement);
    if (best.left.checks > 0 && canShrink())
      shrink(best);
    relax(best);
    return best;
  }

private:
  FastVersion build(const Confinement &with) const {
    return buildFastVersion(program, variables, atEntry, loop, with, visited);
  }

  bool needs(Input input, unsigned exponent) const {
    const auto *symbol = std::get_if<SymbolId>(&input);
    Interval known = symbol ? atEntry.intervalOf(Affine(*symbol))
                            : atEntry.variables.at(std::get<BufferId>(input)).interval;
    Interval::Wide limit = exponent == exponents[0] ? largestSize : Interval::Wide(1) << exponent;
    return !Interval{-limit, limit}.contains(known);
  }

  Confinement confineAll(unsigned exponent) const {
    Confinement all;
    for (Input input : inputs)
      if (needs(input, exponent))
        all[input] = exponent;
    return all;
  }

  bool canShrink() const { return visited < mostVisits && !confineAll(smallExponent).empty(); }

  bool take(FastVersion &best, const Confinement &with, FastVersion version) {
    confinement = with;
    best = std::move(version);
    return true;
  }

  /// Finds the largest range in which as many checks go as in the smallest.
  void shrink(FastVersion &best) {
    Confinement small = confineAll(smallExponent);
    FastVersion least = build(small);
    size_t last = std::size(exponents) - 1;
    Confinement common = confineAll(exponents[last]);
    FastVersion usual = build(common);
    if (least.left.hotLoops < usual.left.hotLoops) {
      take(best, small, std::move(least));
      return;
    }
    uint64_t goal = usual.left.weight;
    if (goal >= best.left.weight)
      return;
    take(best, common, std::move(usual));
    size_t lo = 0, hi = last; // the first is too large, the last is not
    while (hi - lo > 1 && visited < mostVisits) {
      size_t middle = (lo + hi) / 2;
      Confinement with = confineAll(exponents[middle]);
      FastVersion version = build(with);
      if (version.left.weight > goal) {
        lo = middle;
        continue;
      }
      hi = middle;
      take(best, with, std::move(version));
    }
  }

  /// Gives up ranges of single inputs, or widens them, where that costs nothing.
  void relax(FastVersion &best) {
    Confinement tight = confinement;
    for (auto [input, exponent] : tight) {
      auto holds = [&, input = input](std::optional<unsigned> range) {
        if (visited >= mostVisits)
          return false;
        Confinement with = confinement;
        with.erase(input);
        if (range && needs(input, *range))
          with[input] = *range;
        FastVersion version = build(with);
        return version.left.weight <= best.left.weight && take(best, with, std::move(version));
      };
      if (holds(std::nullopt))
        continue;
      for (unsigned range : exponents)
        if (range <= exponent || holds(range))
          break;
    }
  }

  const Program &program;
  const std::set<BufferId> &variables;
  const Facts &atEntry;
  const Stmt &loop;
  uint64_t &visited;
  std::vector<Input> inputs;
  Confinement confinement;
};

/// Walks a function, with what is known at each place, and gives loops their versions.
class Versions {
public:
  Versions(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context),
        variables(findIntegerVariables(program, function)), flow(program, variables, {}) {}

  void run() {
    for (BufferId parameter : function.parameters)
      if (variables.count(parameter))
        flow.facts.variables[parameter] = {};
    flow.learn(function.body);
    auto scalar = [&](Scalar &tree) { simplify(tree, flow.facts); };
    auto statement = [&](Stmt &stmt) { return visit(stmt); };
    flow.walk(function.body, {scalar, statement});
    removePassedChecks(function.body);
  }

private:
  struct Attempt {
    CheckCount plain;
    std::optional<FastVersion> fast;
    bool isWorthIt = false;
    uint64_t weight() const { return isWorthIt ? fast->left.weight : plain.weight; }
  };

  bool visit(Stmt &stmt) {
    if (const auto *branch = std::get_if<If>(&stmt.node))
      markPlainVersion(*branch);
    if (!isLoop(stmt))
      return true;
    if (plainVersions.count(&stmt))
      return false;
    Attempt &attempt = attemptAt(stmt);
    if (!attempt.fast)
      return true;
    const CheckCount &left = attempt.fast->left;
    // Inner loops can know more at their own entries.
    if (left.insideWeight > 0 && weighInside(stmt) < left.insideWeight)
      return true;
    if (!attempt.isWorthIt) {
      reportChecks(stmt.loc, "no fast version of the loop: its entry cannot decide a check",
                   attempt.fast->loop);
      return true;
    }
    // What facts alone decide is removed in place, and inner loops may still get versions.
    if (!attempt.fast->test && left.insideWeight > 0)
      return true;
    version(stmt, attempt);
    return false;
  }

  /// Versions of one loop in the source are the only loops of one place in two branches.
  void markPlainVersion(const If &branch) {
    for (const Stmt &fast : branch.thenBody)
      for (const Stmt &plain : branch.elseBody)
        if (isLoop(fast) && isLoop(plain) && plain.loc.isValid() && fast.loc == plain.loc)
          plainVersions.insert(&plain);
  }

  Attempt &attemptAt(const Stmt &loop) {
    auto [found, isNew] = attempts.try_emplace(&loop);
    Attempt &attempt = found->second;
    if (!isNew)
      return attempt;
    attempt.plain = countChecks(loop);
    if (attempt.plain.checks == 0 || isTooLarge(loop))
      return attempt;
    attempt.fast = Search(program, variables, flow.facts, loop, visited).run();
    const CheckCount &plain = attempt.plain, &left = attempt.fast->left;
    attempt.isWorthIt = left.checks < plain.checks &&
                        (!attempt.fast->test || left.checks == 0 ||
                         left.hotLoops < plain.hotLoops || left.weight * 2 <= plain.weight);
    return attempt;
  }

  bool isTooLarge(const Stmt &loop) {
    unsigned statements = 0;
    forEachInnerBlock(
        loop, [&](const Block &body) { forEachStmt(body, [&](const Stmt &) { ++statements; }); });
    if (statements <= mostStatements && visited < mostVisits)
      return false;
    context.missed(loop.loc, "the loop is too large for two versions");
    return true;
  }

  /// The weight of the checks in loops inside the loop that are left if these get the versions.
  uint64_t weighInside(Stmt &loop) {
    constexpr uint64_t deeper = 8; // than where a count of the inner loop begins
    uint64_t weight = 0;
    auto statement = [&](Stmt &stmt) {
      if (const auto *compute = std::get_if<Compute>(&stmt.node); compute && !compute->axes.empty())
        weight += deeper * countChecks(stmt).weight;
      if (!isLoop(stmt))
        return true;
      Attempt &attempt = attemptAt(stmt);
      uint64_t best = attempt.weight();
      if (attempt.fast && attempt.fast->left.insideWeight > 0)
        best =
            std::min(best, attempt.plain.weight - attempt.plain.insideWeight + weighInside(stmt));
      weight += deeper * best;
      return false;
    };
    flow.walkInside(loop, {nullptr, statement});
    return weight;
  }

  void reportChecks(Loc loc, const llvm::Twine &text, const Stmt &loop) {
    if (std::optional<Stmt> check = findCheck(loop))
      context.missed(loc, text, check->loc, "this can raise an error");
    else
      context.missed(loc, text);
  }

  /// Replaces a loop by its two versions, or by the fast one where no test is needed.
  void version(Stmt &stmt, Attempt &attempt) {
    FastVersion &fast = *attempt.fast;
    Loc loc = stmt.loc;
    context.count("checks decided at loop entry", attempt.plain.checks - fast.left.checks);
    if (fast.left.checks == 0)
      context.passed(loc, "the loop has a fast version without checks");
    else
      reportChecks(loc, "a check stays in the fast version of the loop", fast.loop);
    if (!fast.test) {
      stmt = std::move(fast.loop);
      return;
    }
    Block copy = cloneFresh(program, {std::move(fast.loop)}, function.labels);
    If versions{std::move(*fast.test), std::move(copy), {}};
    versions.elseBody.push_back(std::move(stmt));
    stmt = {std::move(versions), loc};
  }

  Program &program;
  Function &function;
  PassContext &context;
  std::set<BufferId> variables;
  IntegerFlow flow;
  uint64_t visited = 0;
  std::map<const Stmt *, Attempt> attempts;
  std::set<const Stmt *> plainVersions;
};

} // namespace

void versionChecks(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    Versions(program, function, context).run();
  setEffects(program);
}

} // namespace hpcc::ir
