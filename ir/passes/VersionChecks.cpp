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
// The test raises nothing, so what a program prints before an error is printed. Nests are tried
// from the outside in: the outermost loop at whose entry the test can be made gets the versions. A
// check that depends on more than iterators and values fixed at the entry stops it; a remark names
// it.
//
//===-------------------------------------------------------------------------------------===//

#include "ir/Effects.h"
#include "ir/Pass.h"
#include "ir/Simplify.h"
#include "ir/Text.h"
#include "ir/Walk.h"
#include <set>

namespace hpcc::ir {
namespace {

/// Copies beyond this size are not worth their code.
constexpr unsigned mostStatements = 400;
/// Integers that the entry test confines to this range cannot overflow in any form of theirs.
constexpr int64_t moderateInteger = int64_t(1) << 58;

bool hasChecks(const Stmt &loop) {
  bool found = false;
  auto look = [&](const Stmt &stmt) {
    found |= std::holds_alternative<Check>(stmt.node);
    forEachScalar(stmt, [&](const Scalar &scalar) { found |= canRaise(scalar); });
  };
  look(loop);
  forEachInnerBlock(loop, [&](const Block &body) { forEachStmt(body, look); });
  return found;
}

/// Turns one loop into its fast version and finds the test that allows it.
class FastVersion {
public:
  FastVersion(Program &program, const Facts &outside) : program(program), facts(outside) {}

  /// Rewrites the loop, a fresh copy. False if a check cannot be decided at the entry.
  bool build(Stmt &stmt) {
    collectInner(stmt);
    Block block;
    block.push_back(std::move(stmt));
    walk(block);
    stmt = std::move(block.front());
    return !stopper;
  }

  /// The condition at the entry; nothing if the facts outside are enough.
  std::optional<Scalar> test() const {
    std::optional<Scalar> all;
    for (const Affine &form : assumptions) {
      Scalar holds =
          apply(program, ScalarOp::GreaterEqual, {affineScalar(form), constantInteger(0)});
      all = all ? apply(program, ScalarOp::And, {std::move(*all), std::move(holds)})
                : std::move(holds);
    }
    return all;
  }

  unsigned removed = 0;        // checks and checked operations
  std::optional<Stmt> stopper; // the check that cannot be decided

private:
  void collectInner(const Stmt &loop) {
    auto add = [&](const Stmt &stmt) {
      forEachDeclaredSymbol(stmt, [&](SymbolId symbol) { inner.insert(symbol); });
    };
    add(loop);
    forEachInnerBlock(loop, [&](const Block &body) { forEachStmt(body, add); });
  }

  //===-----------------------------------------------------------------------------------===//
  // Assumptions
  //===-----------------------------------------------------------------------------------===//

  void assume(Affine form) {
    if (facts.isNonNegative(form))
      return;
    facts.addNonNegative(form);
    assumptions.push_back(std::move(form));
  }

  /// Confines the integers of a form that come from outside, so that the form cannot wrap.
  void confine(const Affine &form) {
    for (const AffineTerm &term : form.terms) {
      Interval interval = facts.intervalOf(term.symbol);
      bool moderate = interval.lo >= -largestSize && interval.hi <= largestSize;
      if (inner.count(term.symbol) || moderate)
        continue;
      // Where these forms wrap, they are negative.
      assumptions.push_back(Affine(term.symbol) + moderateInteger);
      assumptions.push_back(Affine(moderateInteger) - term.symbol);
      confined.push_back(term.symbol);
      confineInterval(term.symbol);
    }
  }

  void confineInterval(SymbolId symbol) {
    Interval had = facts.intervalOf(symbol);
    facts.setInterval(symbol, {std::max<Interval::Wide>(had.lo, -moderateInteger),
                               std::min<Interval::Wide>(had.hi, moderateInteger)});
  }

  /// Assumes at the entry that the form is never negative inside the loop.
  bool assumeNonNegative(const Affine &form) {
    if (facts.isNonNegative(form))
      return true;
    std::optional<Affine> atEntry =
        facts.lowerBoundOf(form, [&](SymbolId symbol) { return !inner.count(symbol); });
    if (!atEntry)
      return false;
    confine(*atEntry);
    if (!facts.isExact(*atEntry) || facts.intervalOf(*atEntry).hi < 0)
      return false;
    assume(std::move(*atEntry));
    return true;
  }

  bool assumeComparison(ScalarOp op, const Affine &left, const Affine &right) {
    confine(left);
    confine(right);
    if (!facts.isExact(left) || !facts.isExact(right))
      return false;
    switch (op) {
    case ScalarOp::Less:
      return assumeNonNegative(right - left - 1);
    case ScalarOp::LessEqual:
      return assumeNonNegative(right - left);
    case ScalarOp::Greater:
      return assumeNonNegative(left - right - 1);
    case ScalarOp::GreaterEqual:
      return assumeNonNegative(left - right);
    case ScalarOp::Equal:
      return assumeNonNegative(left - right) && assumeNonNegative(right - left);
    default:
      return false;
    }
  }

  /// Assumes at the entry that the condition holds at each place where it is looked at.
  bool assumeCondition(const Scalar &condition) {
    if (std::optional<bool> known = asBoolConstant(condition))
      return *known;
    const auto *node = std::get_if<ScalarApply>(&condition.node);
    if (!node)
      return false;
    if (node->op == ScalarOp::And)
      return assumeCondition(node->operands[0]) && assumeCondition(node->operands[1]);
    if (node->op == ScalarOp::Or) // the first alternative is the common one
      return assumeCondition(node->operands[0]);
    if (infoOf(node->op).typing != Typing::Compare)
      return false;
    std::optional<Affine> left = asAffine(node->operands[0]), right = asAffine(node->operands[1]);
    return left && right && assumeComparison(node->op, *left, *right);
  }

  //===-----------------------------------------------------------------------------------===//
  // Rewriting
  //===-----------------------------------------------------------------------------------===//

  void rewriteForm(Affine &form) const {
    for (const AffineTerm &term : Affine(form).terms)
      if (auto value = letValues.find(term.symbol); value != letValues.end())
        form = substitute(form, term.symbol, value->second);
  }

  /// `select(k < 0, k + n, k)`, Python's index from the end: the fast version counts from the
  /// start.
  void assumeNoWrap(Scalar &scalar) {
    auto *select = std::get_if<ScalarApply>(&scalar.node);
    if (!select || select->op != ScalarOp::Select)
      return;
    const auto *test = std::get_if<ScalarApply>(&select->operands[0].node);
    if (!test || test->op != ScalarOp::Less || test->operands[0] != select->operands[2] ||
        test->operands[1] != constantInteger(0))
      return;
    std::optional<Affine> index = asAffine(select->operands[2]);
    if (index && assumeComparison(ScalarOp::GreaterEqual, *index, Affine(0)))
      simplifyNode(select->operands[0], facts);
  }

  void rewriteTree(Scalar &tree) {
    rewriteScalar(tree, [&](Scalar &scalar) {
      if (const auto *affine = std::get_if<ScalarAffine>(&scalar.node))
        scalar = affineScalar(Affine(affine->form)); // may be constant by now
      assumeNoWrap(scalar);
      bool raised = canRaise(scalar);
      if (auto *node = std::get_if<ScalarApply>(&scalar.node); node && node->checked)
        for (const Scalar &operand : node->operands)
          if (std::optional<Affine> form = asAffine(operand))
            confine(*form);
      simplifyNode(scalar, facts);
      removed += raised && !canRaise(scalar);
    });
  }

  /// Takes back what holds in an inner scope only; what is assumed at the entry holds in all of
  /// them.
  void leave(Facts::Mark mark) {
    facts.rewind(mark);
    for (SymbolId symbol : confined)
      confineInterval(symbol);
    for (const Affine &form : assumptions)
      if (!facts.isNonNegative(form))
        facts.addNonNegative(form);
  }

  void walkScoped(Block &block) {
    Facts::Mark mark = facts.mark();
    walk(block);
    leave(mark);
  }

  void walk(Block &block) {
    for (size_t index = 0; index < block.size() && !stopper;) {
      if (visit(block[index]))
        ++index;
      else
        block.erase(block.begin() + index);
    }
  }

  /// False to erase the statement.
  bool visit(Stmt &stmt) {
    forEachAffine(program, stmt, [&](Affine &form) { rewriteForm(form); });
    if (auto *loop = std::get_if<Loop>(&stmt.node))
      return visitLoop(*loop), true;
    if (auto *compute = std::get_if<Compute>(&stmt.node))
      return visitCompute(stmt, *compute), true;
    forEachScalar(stmt, [&](Scalar &scalar) { rewriteTree(scalar); });
    if (auto *check = std::get_if<Check>(&stmt.node))
      return visitCheck(stmt, *check);
    if (auto *branch = std::get_if<If>(&stmt.node)) {
      Facts::Mark mark = facts.mark();
      facts.addCondition(branch->condition, true);
      walkScoped(branch->thenBody);
      leave(mark);
      facts.addCondition(branch->condition, false);
      walkScoped(branch->elseBody);
      leave(mark);
      return true;
    }
    forEachInnerBlock(stmt, [&](Block &body) { walkScoped(body); });
    if (const auto *let = std::get_if<Let>(&stmt.node))
      if (std::optional<Affine> form = asAffine(let->value))
        letValues[let->symbol] = *form;
    addFactsOf(program, stmt, facts);
    return true;
  }

  void visitLoop(Loop &loop) {
    for (const Bound *bound : {&loop.axis.lo, &loop.axis.hi})
      for (const Affine &form : bound->forms)
        confine(form);
    Facts::Mark mark = facts.mark();
    facts.addAxis(loop.axis);
    walkScoped(loop.body);
    leave(mark);
  }

  void visitCompute(Stmt &stmt, Compute &compute) {
    Facts::Mark mark = facts.mark();
    for (const Axis &axis : compute.axes) {
      for (const Bound *bound : {&axis.lo, &axis.hi})
        for (const Affine &form : bound->forms)
          confine(form);
      facts.addAxis(axis);
    }
    forEachScalar(stmt, [&](Scalar &scalar) { rewriteTree(scalar); });
    leave(mark);
  }

  bool visitCheck(const Stmt &stmt, const Check &check) {
    if (!assumeCondition(check.condition)) {
      stopper = stmt;
      return true;
    }
    facts.addCondition(check.condition);
    ++removed;
    return false;
  }

  Program &program;
  Facts facts;
  std::set<SymbolId> inner; // declared in the loop
  std::map<SymbolId, Affine> letValues;
  std::vector<Affine> assumptions; // not negative at the entry
  std::vector<SymbolId> confined;  // to moderate integers, by two of the assumptions
};

/// Walks a function, with what is known at each place, and gives loops their versions.
class Versions {
public:
  Versions(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context) {}

  void walk(Block &block) {
    Facts::Mark mark = facts.mark();
    for (Stmt &stmt : block) {
      visit(stmt);
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(mark);
  }

private:
  void visit(Stmt &stmt) {
    if (auto *branch = std::get_if<If>(&stmt.node)) {
      Facts::Mark mark = facts.mark();
      facts.addCondition(branch->condition, true);
      walk(branch->thenBody);
      facts.rewind(mark);
      facts.addCondition(branch->condition, false);
      walk(branch->elseBody);
      facts.rewind(mark);
    } else if (auto *loop = std::get_if<Loop>(&stmt.node)) {
      if (version(stmt))
        return;
      Facts::Mark mark = facts.mark();
      facts.addAxis(loop->axis);
      walk(loop->body);
      facts.rewind(mark);
    } else {
      forEachInnerBlock(stmt, [&](Block &body) { walk(body); });
    }
  }

  /// Replaces a loop by its two versions, or by the fast one where no test is needed.
  bool version(Stmt &stmt) {
    if (!hasChecks(stmt))
      return false;
    unsigned statements = 0;
    forEachInnerBlock(
        stmt, [&](const Block &body) { forEachStmt(body, [&](const Stmt &) { ++statements; }); });
    if (statements > mostStatements) {
      context.missed(stmt.loc, "the loop is too large for two versions");
      return false;
    }
    unsigned labels = function.labels;
    Stmt fast = std::move(cloneFresh(program, {stmt}, labels).front());
    FastVersion attempt(program, facts);
    if (!attempt.build(fast)) {
      context.missed(stmt.loc, "no fast version of the loop: its entry cannot decide a check",
                     attempt.stopper->loc, toText(*attempt.stopper, program));
      return false;
    }
    if (attempt.removed == 0)
      return false;
    function.labels = labels;
    context.count("checks decided at loop entry", attempt.removed);
    Loc loc = stmt.loc;
    if (std::optional<Scalar> test = attempt.test()) {
      If versions{std::move(*test), {}, {}};
      versions.thenBody.push_back(std::move(fast));
      versions.elseBody.push_back(std::move(stmt));
      stmt = {std::move(versions), loc};
    } else {
      stmt = std::move(fast);
    }
    context.passed(loc, "the loop has a fast version without checks");
    return true;
  }

  Program &program;
  Function &function;
  PassContext &context;
  Facts facts;
};

} // namespace

void versionChecks(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    Versions(program, function, context).walk(function.body);
  setEffects(program);
}

} // namespace hpcc::ir
