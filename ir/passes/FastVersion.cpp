//===- FastVersion.cpp - a loop without the checks that its entry decides --------------------===//

#include "FastVersion.h"
#include "ir/Simplify.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// What there is to remove
//===-----------------------------------------------------------------------------------------===//

static uint64_t checkedOperations(const Scalar &scalar) {
  uint64_t count = 0;
  forEachSubtree(scalar, [&](const Scalar &tree) {
    if (const auto *apply = std::get_if<ScalarApply>(&tree.node))
      count += apply->checked;
    else if (const auto *cast = std::get_if<ScalarCast>(&tree.node))
      count += cast->checked;
  });
  return count;
}

static bool isPassed(const Stmt &stmt) {
  const auto *check = std::get_if<Check>(&stmt.node);
  return check && asBoolConstant(check->condition) == true;
}

void removePassedChecks(Block &block) {
  forEachBlock(block, [](Block &inner) { std::erase_if(inner, isPassed); });
}

static uint64_t ownChecks(const Stmt &stmt) {
  uint64_t own = std::holds_alternative<Check>(stmt.node) && !isPassed(stmt) ? 1 : 0;
  forEachScalar(stmt, [&](const Scalar &scalar) { own += checkedOperations(scalar); });
  return own;
}

std::optional<Stmt> findCheck(const Stmt &loop) {
  std::optional<Stmt> check, operation;
  auto look = [&](const Stmt &stmt) {
    bool isSimple = true;
    forEachInnerBlock(stmt, [&](const Block &) { isSimple = false; });
    std::optional<Stmt> &first = std::holds_alternative<Check>(stmt.node) ? check : operation;
    if (!first && isSimple && ownChecks(stmt) > 0)
      first = stmt;
  };
  forEachInnerBlock(loop, [&](const Block &block) { forEachStmt(block, look); });
  return check ? check : operation;
}

namespace {

struct Counting {
  CheckCount total;

  /// Counts a statement inside `depth` loops; returns whether it holds a loop.
  bool add(const Stmt &stmt, unsigned depth, uint64_t &inLoop) {
    constexpr unsigned largestDepth = 8; // further in, checks weigh the same
    uint64_t own = ownChecks(stmt);
    const auto *compute = std::get_if<Compute>(&stmt.node);
    bool hasAxes = compute && !compute->axes.empty();
    bool isLoop =
        std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
    unsigned runsIn = depth + (isLoop || hasAxes);
    uint64_t weight = own << (3 * std::min(runsIn, largestDepth));
    total.checks += own;
    total.weight += weight;
    total.insideWeight += runsIn > 1 ? weight : 0;
    uint64_t within = own;
    bool holdsLoop = false;
    forEachInnerBlock(stmt, [&](const Block &block) {
      for (const Stmt &inner : block)
        holdsLoop |= add(inner, runsIn, within);
    });
    if (isLoop && !holdsLoop && within > 0)
      ++total.hotLoops;
    if (!isLoop)
      inLoop += within;
    total.hotLoops += hasAxes && own > 0;
    return holdsLoop || isLoop || hasAxes;
  }
};

} // namespace

CheckCount countChecks(const Stmt &loop) {
  Counting counting;
  uint64_t ignored = 0;
  counting.add(loop, 0, ignored);
  return counting.total;
}

std::vector<Input> findInputs(const Stmt &loop, const Facts &atEntry,
                              const std::set<BufferId> &variables) {
  std::set<SymbolId> inner;
  std::set<Input> inputs;
  auto addForm = [&](const Affine &form) {
    for (const AffineTerm &term : form.terms)
      if (!inner.count(term.symbol))
        inputs.insert(term.symbol);
  };
  auto addTree = [&](const Scalar &tree) {
    forEachSubtree(tree, [&](const Scalar &part) {
      if (const auto *affine = std::get_if<ScalarAffine>(&part.node))
        addForm(affine->form);
      else if (const auto *load = std::get_if<ScalarLoad>(&part.node))
        if (variables.count(load->access.buffer) && atEntry.variables.count(load->access.buffer))
          inputs.insert(load->access.buffer);
    });
  };
  auto addStmt = [&](const Stmt &stmt) {
    forEachDeclaredSymbol(stmt, [&](SymbolId symbol) { inner.insert(symbol); });
    if (const auto *counted = std::get_if<Loop>(&stmt.node))
      forEachAffine(counted->axis, addForm);
    if (const auto *compute = std::get_if<Compute>(&stmt.node))
      for (const Axis &axis : compute->axes)
        forEachAffine(axis, addForm);
    forEachScalar(stmt, addTree);
  };
  addStmt(loop);
  forEachInnerBlock(loop, [&](const Block &body) { forEachStmt(body, addStmt); });
  return {inputs.begin(), inputs.end()};
}

//===-----------------------------------------------------------------------------------------===//
// The fast version
//===-----------------------------------------------------------------------------------------===//

namespace {

class Builder {
public:
  Builder(const Program &program, const std::set<BufferId> &variables, const Facts &atEntry)
      : program(program), entry(atEntry), flow(program, variables, atEntry) {}

  FastVersion build(const Stmt &loop, const Confinement &confinement) {
    for (auto [input, exponent] : confinement)
      confine(input, exponent);
    flow.facts.tightenIntervals();
    Block block{loop};
    collectInner(block);
    flow.learn(block);
    auto scalar = [&](Scalar &tree) { rewriteTree(tree); };
    auto statement = [&](Stmt &stmt) {
      visit(stmt);
      return true;
    };
    flow.walk(block, {scalar, statement});
    removePassedChecks(block);
    CheckCount left = countChecks(block.front());
    return {std::move(block.front()), test(), left};
  }

  uint64_t visited() const { return flow.visited; }

private:
  //===---------------------------------------------------------------------------------------===//
  // The test
  //===---------------------------------------------------------------------------------------===//

  void confine(Input input, unsigned exponent) {
    Interval::Wide limit = Interval::Wide(1) << exponent;
    Scalar value = std::holds_alternative<SymbolId>(input) ? affineScalar(std::get<SymbolId>(input))
                                                           : load(std::get<BufferId>(input));
    Interval had = intervalAtEntry(input);
    auto limited = [&](ScalarOp op, Interval::Wide bound) {
      ranges.push_back(apply(program, op, {value, constantInteger(static_cast<int64_t>(bound))}));
    };
    if (had.lo < -limit)
      limited(ScalarOp::GreaterEqual, -limit);
    if (had.hi > limit)
      limited(ScalarOp::LessEqual, limit);
    Interval confined = meet(had, {-limit, limit});
    if (const auto *symbol = std::get_if<SymbolId>(&input))
      flow.facts.setInterval(*symbol, confined);
    else
      flow.facts.variables[std::get<BufferId>(input)].interval = confined;
  }

  Interval intervalAtEntry(Input input) const {
    if (const auto *symbol = std::get_if<SymbolId>(&input))
      return entry.intervalOf(Affine(*symbol));
    return entry.variables.at(std::get<BufferId>(input)).interval;
  }

  /// The condition at the entry; nothing if the facts there are enough.
  std::optional<Scalar> test() const {
    std::vector<Scalar> parts = ranges;
    for (const Affine &form : assumptions)
      parts.push_back(
          apply(program, ScalarOp::GreaterEqual, {affineScalar(form), constantInteger(0)}));
    std::optional<Scalar> all;
    for (Scalar &part : parts)
      all =
          all ? apply(program, ScalarOp::And, {std::move(*all), std::move(part)}) : std::move(part);
    return all;
  }

  //===---------------------------------------------------------------------------------------===//
  // Assumptions
  //===---------------------------------------------------------------------------------------===//

  /// Assumes at the entry that the form is never negative inside the loop.
  bool assumeNonNegative(const Affine &form) {
    const Facts &facts = flow.facts;
    if (!facts.isExact(form))
      return false;
    if (facts.isNonNegative(form))
      return true;
    std::optional<Affine> atEntry =
        facts.lowerBoundOf(form, [&](SymbolId symbol) { return !inner.count(symbol); });
    if (!atEntry || !facts.isExact(*atEntry) || facts.intervalOf(*atEntry).hi < 0)
      return false;
    if (!facts.isNonNegative(*atEntry)) {
      flow.facts.addLasting(*atEntry);
      assumptions.push_back(std::move(*atEntry));
    }
    return true;
  }

  bool assumeComparison(ScalarOp op, const Affine &left, const Affine &right) {
    if (!flow.facts.isExact(left) || !flow.facts.isExact(right))
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
    if (!left || !right)
      return false;
    return assumeWrapped(node->op, *left, *right) ||
           assumeWrapped(swappedComparison(node->op), *right, *left) ||
           assumeComparison(node->op, *left, *right);
  }

  /// The same, without a trace in the test where the condition cannot be assumed.
  bool assumeWhole(const Scalar &condition) {
    size_t before = assumptions.size();
    if (assumeCondition(condition))
      return true;
    flow.facts.dropLasting(assumptions.size() - before);
    assumptions.resize(before);
    return false;
  }

  //===---------------------------------------------------------------------------------------===//
  // Indices from the end
  //===---------------------------------------------------------------------------------------===//

  /// `select(k < 0, k + n, k)`
  struct Wrapped {
    Affine index, fromEnd;
  };

  static std::optional<Wrapped> asWrapped(const Scalar &scalar) {
    const auto *select = std::get_if<ScalarApply>(&scalar.node);
    if (!select || select->op != ScalarOp::Select)
      return std::nullopt;
    const auto *test = std::get_if<ScalarApply>(&select->operands[0].node);
    if (!test || test->op != ScalarOp::Less || test->operands[0] != select->operands[2] ||
        test->operands[1] != constantInteger(0))
      return std::nullopt;
    std::optional<Affine> fromEnd = asAffine(select->operands[1]);
    std::optional<Affine> index = asAffine(select->operands[2]);
    return fromEnd && index ? std::optional(Wrapped{*index, *fromEnd}) : std::nullopt;
  }

  /// Python's index from the end: the fast version counts from the start.
  void assumeNoWrap(Scalar &scalar) {
    std::optional<Wrapped> wrapped = asWrapped(scalar);
    if (wrapped && assumeComparison(ScalarOp::GreaterEqual, wrapped->index, Affine(0)))
      simplifyNode(std::get<ScalarApply>(scalar.node).operands[0], flow.facts);
  }

  /// Where an index does count from the end in some iteration, both of its values are in bounds.
  bool assumeWrapped(ScalarOp op, const Affine &left, const Affine &right) {
    std::optional<SymbolId> symbol = left.asSymbol();
    auto found = symbol ? wrapped.find(*symbol) : wrapped.end();
    if (found == wrapped.end())
      return false;
    auto [index, fromEnd] = found->second;
    if (op == ScalarOp::GreaterEqual && right == Affine(0))
      return assumeComparison(op, fromEnd, right);
    if (op == ScalarOp::Less && fromEnd - index == right)
      return assumeComparison(op, index, right);
    return false;
  }

  //===---------------------------------------------------------------------------------------===//
  // Rewriting
  //===---------------------------------------------------------------------------------------===//

  void collectInner(const Block &block) {
    forEachStmt(block, [&](const Stmt &stmt) {
      forEachDeclaredSymbol(stmt, [&](SymbolId symbol) { inner.insert(symbol); });
    });
  }

  void rewriteForm(Affine &form) const {
    for (const AffineTerm &term : Affine(form).terms)
      if (auto value = letValues.find(term.symbol); value != letValues.end())
        form = substitute(form, term.symbol, value->second);
  }

  void rewriteTree(Scalar &tree) {
    rewriteScalar(tree, [&](Scalar &scalar) {
      if (auto *affine = std::get_if<ScalarAffine>(&scalar.node)) {
        Affine form = affine->form;
        rewriteForm(form);
        scalar = affineScalar(form);
      } else if (auto *load = std::get_if<ScalarLoad>(&scalar.node)) {
        forEachAffine(load->access, [&](Affine &form) { rewriteForm(form); });
        auto known = flow.facts.variables.find(load->access.buffer);
        if (known != flow.facts.variables.end() && known->second.value)
          scalar = affineScalar(Affine(*known->second.value));
      }
      assumeNoWrap(scalar);
      simplifyNode(scalar, flow.facts);
    });
  }

  void visit(Stmt &stmt) {
    if (auto *loop = std::get_if<Loop>(&stmt.node))
      forEachAffine(loop->axis, [&](Affine &form) { rewriteForm(form); });
    else if (auto *compute = std::get_if<Compute>(&stmt.node))
      visitCompute(*compute);
    else if (const auto *let = std::get_if<Let>(&stmt.node))
      visitLet(*let);
    else if (auto *check = std::get_if<Check>(&stmt.node))
      visitCheck(*check);
  }

  void visitCompute(Compute &compute) {
    auto rewrite = [&](Affine &form) { rewriteForm(form); };
    for (Axis &axis : compute.axes)
      forEachAffine(axis, rewrite);
    for (Assign &assign : compute.body)
      forEachAffine(assign.target, rewrite);
  }

  void visitLet(const Let &let) {
    if (std::optional<Affine> form = asAffine(let.value))
      letValues[let.symbol] = *form;
    else if (std::optional<Wrapped> index = asWrapped(let.value))
      wrapped[let.symbol] = *index;
  }

  void visitCheck(Check &check) {
    if (!assumeWhole(check.condition))
      return;
    flow.facts.addCondition(check.condition);
    check.condition = constantBool(true);
  }

  const Program &program;
  const Facts &entry;
  IntegerFlow flow;
  std::set<SymbolId> inner; // declared in the loop
  std::map<SymbolId, Affine> letValues;
  std::map<SymbolId, Wrapped> wrapped;
  std::vector<Scalar> ranges;      // of the test: where inputs lie
  std::vector<Affine> assumptions; // of the test: not negative at the entry
};

} // namespace

FastVersion buildFastVersion(const Program &program, const std::set<BufferId> &variables,
                             const Facts &atEntry, const Stmt &loop, const Confinement &confinement,
                             uint64_t &visited) {
  Builder builder(program, variables, atEntry);
  FastVersion version = builder.build(loop, confinement);
  visited += builder.visited();
  return version;
}

} // namespace hpcc::ir
