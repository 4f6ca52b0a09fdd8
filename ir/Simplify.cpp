//===- Simplify.cpp - simplification of scalar expressions ----------------------------------===//

#include "Simplify.h"
#include "Evaluate.h"
#include "Walk.h"

namespace hpcc::ir {
namespace {

std::optional<ScalarConstant> asConstant(const Scalar &scalar) {
  if (const auto *constant = std::get_if<ScalarConstant>(&scalar.node))
    return *constant;
  return std::nullopt;
}

/// The value of an operation on constants, unless it raises.
std::optional<Scalar> foldConstants(const ScalarApply &node) {
  llvm::SmallVector<ScalarConstant, 3> operands;
  for (const Scalar &operand : node.operands) {
    std::optional<ScalarConstant> constant = asConstant(operand);
    if (!constant || !canEvaluate(constant->type))
      return std::nullopt;
    operands.push_back(*constant);
  }
  if (node.op == ScalarOp::Product) // which is not rounded
    return std::nullopt;
  Evaluated value = evaluateApply(node.op, node.checked, node.type, operands);
  if (value.raised())
    return std::nullopt;
  return Scalar{value.value};
}

/// The operation without its check, which has no place in the source then.
void makePlain(ScalarApply &node) {
  node.checked = false;
  node.loc = {};
}

/// True if the forms of the operands give a form whose numbers fit, though their intervals alone
/// may not (`i - n`).
bool fitsAsForm(const ScalarApply &node, const Facts &facts) {
  ScalarApply plain = node;
  plain.checked = false;
  std::optional<Affine> form = asAffine(Scalar{std::move(plain)});
  if (!form || !facts.isExact(*form))
    return false;
  // The numbers of the form itself must not have wrapped: both factors below 2^31 can't.
  auto isSmall = [](const Affine &affine) {
    constexpr int64_t limit = int64_t(1) << 31;
    return std::abs(affine.constant) < limit &&
           llvm::all_of(
               affine.terms,
               [](const AffineTerm &term) { return std::abs(term.coefficient) < limit; });
  };
  return llvm::all_of(node.operands, [&](const Scalar &operand) {
    std::optional<Affine> affine = asAffine(operand);
    return affine && facts.isExact(*affine) && (node.op != ScalarOp::Multiply || isSmall(*affine));
  });
}

bool canBeZero(const Scalar &divisor, const Facts &facts) {
  if (std::optional<ScalarConstant> constant = asConstant(divisor))
    return isFloat(constant->type) ? asDouble(*constant) == 0 : asInteger(*constant) == 0;
  const auto *cast = std::get_if<ScalarCast>(&divisor.node);
  const Scalar &integer = cast && cast->type == DType::F64 ? cast->operand.front() : divisor;
  return !facts.isInteger(integer) || facts.intervalOf(integer).contains(0);
}

/// True if the tree is seen to be a float, without a look at the types of buffers.
bool isKnownFloat(const Scalar &scalar) {
  std::optional<ScalarConstant> constant = asConstant(scalar);
  const auto *cast = std::get_if<ScalarCast>(&scalar.node);
  return (constant && isFloat(constant->type)) || (cast && isFloat(cast->type));
}

/// Python's division of integers that both are floats exactly is the division of those floats.
void divideAsFloats(ScalarApply &node, const Facts &facts) {
  constexpr int64_t largest = int64_t(1) << 53;
  for (const Scalar &operand : node.operands)
    if (!facts.isInteger(operand) ||
        !Interval{-largest, largest}.contains(facts.intervalOf(operand)))
      return;
  for (Scalar &operand : node.operands)
    operand = castTo(DType::F64, std::move(operand));
  makePlain(node);
}

/// A checked operation that facts show not to raise, as a plain one: both compute the same then.
void dropCheck(ScalarApply &node, const Facts &facts) {
  bool divides = node.op == ScalarOp::Divide || node.op == ScalarOp::FloorDivide ||
                 node.op == ScalarOp::Modulo;
  if (divides && canBeZero(node.operands[1], facts))
    return;
  if (node.type == DType::I64) {
    std::optional<Interval> exact = facts.exactIntervalOf(node);
    if ((exact && exact->fitsInteger()) || fitsAsForm(node, facts))
      makePlain(node);
  } else if (divides && isKnownFloat(node.operands[1])) {
    makePlain(node);
  } else if (divides) {
    divideAsFloats(node, facts);
  }
}

/// A comparison of trees that are no forms, by their intervals.
std::optional<bool> decideByIntervals(const ScalarApply &node, const Facts &facts) {
  if (!facts.isInteger(node.operands[0]) || !facts.isInteger(node.operands[1]) ||
      canRaise(node.operands[0]) || canRaise(node.operands[1]))
    return std::nullopt;
  Interval left = facts.intervalOf(node.operands[0]), right = facts.intervalOf(node.operands[1]);
  bool below = left.hi<right.lo, above = left.lo> right.hi;
  bool equal = left.lo == right.hi && left.hi == right.lo;
  bool atMost = left.hi <= right.lo, atLeast = left.lo >= right.hi;
  auto between = [](bool yes, bool no) {
    return yes ? std::optional(true) : no ? std::optional(false) : std::nullopt;
  };
  switch (node.op) {
  case ScalarOp::Less:
    return between(below, atLeast);
  case ScalarOp::LessEqual:
    return between(atMost, above);
  case ScalarOp::Greater:
    return between(above, atMost);
  case ScalarOp::GreaterEqual:
    return between(atLeast, below);
  case ScalarOp::Equal:
    return between(equal, below || above);
  case ScalarOp::NotEqual:
    return between(below || above, equal);
  default:
    return std::nullopt;
  }
}

/// A comparison that facts decide.
std::optional<bool> decide(const ScalarApply &node, const Facts &facts) {
  std::optional<Affine> left = asAffine(node.operands[0]), right = asAffine(node.operands[1]);
  if (!left || !right)
    return decideByIntervals(node, facts);
  bool same = *left == *right;
  if (!same && (!facts.isExact(*left) || !facts.isExact(*right)))
    return std::nullopt;
  auto atMost = [&](const Affine &a, const Affine &b) { return same || facts.isAtMost(a, b); };
  auto below = [&](const Affine &a, const Affine &b) { return !same && facts.isAtMost(a + 1, b); };
  auto between = [](bool yes, bool no) {
    return yes ? std::optional(true) : no ? std::optional(false) : std::nullopt;
  };
  switch (node.op) {
  case ScalarOp::Less:
    return between(below(*left, *right), atMost(*right, *left));
  case ScalarOp::LessEqual:
    return between(atMost(*left, *right), below(*right, *left));
  case ScalarOp::Greater:
    return between(below(*right, *left), atMost(*left, *right));
  case ScalarOp::GreaterEqual:
    return between(atMost(*right, *left), below(*left, *right));
  case ScalarOp::Equal:
  case ScalarOp::NotEqual: {
    bool equal = same || (atMost(*left, *right) && atMost(*right, *left));
    bool different = below(*left, *right) || below(*right, *left);
    std::optional<bool> answer = between(equal, different);
    return answer && node.op == ScalarOp::NotEqual ? std::optional(!*answer) : answer;
  }
  default:
    return std::nullopt;
  }
}

/// `and` and `or` of bools with one operand known, `not` of a comparison or of a constant.
std::optional<Scalar> simplifyLogic(const ScalarApply &node) {
  if (node.op == ScalarOp::Not) {
    const auto *inner = std::get_if<ScalarApply>(&node.operands[0].node);
    // Comparisons of floats with NaN are false both ways round.
    if (!inner || infoOf(inner->op).typing != Typing::Compare || !asAffine(inner->operands[0]) ||
        !asAffine(inner->operands[1]))
      return std::nullopt;
    ScalarApply negated = *inner;
    negated.op = *negatedComparison(inner->op);
    return Scalar{std::move(negated)};
  }
  if (node.op != ScalarOp::And && node.op != ScalarOp::Or)
    return std::nullopt;
  bool neutral = node.op == ScalarOp::And;
  for (unsigned index : {0u, 1u}) {
    std::optional<bool> known = asBoolConstant(node.operands[index]);
    const Scalar &other = node.operands[1 - index];
    if (known && *known == neutral)
      return other;
    if (known && !canRaise(other))
      return constantBool(!neutral);
  }
  if (node.operands[0] == node.operands[1] && !canRaise(node.operands[0]))
    return node.operands[0];
  return std::nullopt;
}

/// minimum and maximum of integers whose order is known.
std::optional<Scalar> simplifyClamp(const ScalarApply &node, const Facts &facts) {
  bool minimum = node.op == ScalarOp::Minimum;
  if ((!minimum && node.op != ScalarOp::Maximum) || node.type != DType::I64)
    return std::nullopt;
  std::optional<Affine> left = asAffine(node.operands[0]), right = asAffine(node.operands[1]);
  if (!left || !right)
    return std::nullopt;
  if (*left == *right)
    return node.operands[0];
  if (!facts.isExact(*left) || !facts.isExact(*right))
    return std::nullopt;
  if (facts.isAtMost(*left, *right))
    return node.operands[minimum ? 0 : 1];
  if (facts.isAtMost(*right, *left))
    return node.operands[minimum ? 1 : 0];
  return std::nullopt;
}

std::optional<Scalar> simplifySelect(const ScalarApply &node) {
  const Scalar &yes = node.operands[1], &no = node.operands[2];
  std::optional<bool> condition = asBoolConstant(node.operands[0]);
  if (condition && !canRaise(*condition ? no : yes))
    return *condition ? yes : no;
  if (yes == no && !canRaise(node.operands[0]) && !canRaise(yes))
    return yes;
  // n == 1 ? 1 : n is n.
  const auto *test = std::get_if<ScalarApply>(&node.operands[0].node);
  bool equal = test && test->op == ScalarOp::Equal;
  if (equal || (test && test->op == ScalarOp::NotEqual)) {
    std::optional<Affine> left = asAffine(test->operands[0]), right = asAffine(test->operands[1]);
    std::optional<Affine> first = asAffine(yes), second = asAffine(no);
    bool samePair =
        left && right && first && second &&
        ((*first == *left && *second == *right) || (*first == *right && *second == *left));
    if (samePair)
      return equal ? no : yes;
  }
  return std::nullopt;
}

std::optional<Scalar> simplifyApply(ScalarApply &node, const Facts &facts) {
  if (std::optional<Scalar> constant = foldConstants(node))
    return constant;
  if (node.checked)
    dropCheck(node, facts);
  if (infoOf(node.op).typing == Typing::Compare) {
    std::optional<bool> answer = decide(node, facts);
    return answer ? std::optional(constantBool(*answer)) : std::nullopt;
  }
  if (node.op == ScalarOp::Select)
    return simplifySelect(node);
  if (node.type == DType::Bool)
    return simplifyLogic(node);
  if (std::optional<Scalar> clamped = simplifyClamp(node, facts))
    return clamped;
  std::optional<Affine> form = asAffine(Scalar{node});
  return form ? std::optional(affineScalar(*form)) : std::nullopt;
}

std::optional<Scalar> simplifyCast(ScalarCast &node, const Facts &facts) {
  const Scalar &operand = node.operand.front();
  if (const auto *constant = std::get_if<ScalarConstant>(&operand.node)) {
    if (constant->type == node.type)
      return operand;
    if (!canEvaluate(constant->type) || !canEvaluate(node.type))
      return std::nullopt;
    Evaluated value = evaluateCast(node.type, node.checked, *constant);
    return value.raised() ? std::nullopt : std::optional(Scalar{value.value});
  }
  if (node.checked && facts.isInteger(operand) &&
      intervalOfType(node.type).contains(facts.intervalOf(operand))) {
    node.checked = false;
    node.loc = {};
  }
  bool sameType = node.type == DType::I64 && asAffine(operand).has_value();
  return sameType ? std::optional(operand) : std::nullopt;
}

} // namespace

std::optional<bool> asBoolConstant(const Scalar &scalar) {
  std::optional<ScalarConstant> constant = asConstant(scalar);
  if (!constant || constant->type != DType::Bool)
    return std::nullopt;
  return (constant->bits & 1) != 0;
}

void simplifyNode(Scalar &scalar, const Facts &facts) {
  std::optional<Scalar> simpler;
  if (auto *apply = std::get_if<ScalarApply>(&scalar.node))
    simpler = simplifyApply(*apply, facts);
  else if (auto *cast = std::get_if<ScalarCast>(&scalar.node))
    simpler = simplifyCast(*cast, facts);
  if (simpler) {
    Scalar replacement = std::move(*simpler); // may be a part of what it replaces
    scalar = std::move(replacement);
  }
}

void simplify(Scalar &scalar, const Facts &facts) {
  rewriteScalar(scalar, [&](Scalar &tree) { simplifyNode(tree, facts); });
}

} // namespace hpcc::ir
