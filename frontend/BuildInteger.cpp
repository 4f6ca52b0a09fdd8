// Integers in the builder: how large they can be, and affine forms made of them.
//
// Python's integers are checked operations; where the values are provably small the check is left
// out and the operation becomes part of an affine form. This is what makes sizes and subscripts
// readable to the passes.

#include "frontend/BuildIR.h"
#include "ir/Interval.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::overloaded;
using ir::ScalarOp;

using Wide = __int128;

static int64_t saturate(Wide value) {
  return value < INT64_MIN ? INT64_MIN : value > INT64_MAX ? INT64_MAX : int64_t(value);
}

static Interval hull(std::initializer_list<Wide> values) {
  return {saturate(std::min(values)), saturate(std::max(values))};
}

Interval Builder::intervalOf(const Affine &form) const {
  Wide lo = form.constant, hi = form.constant;
  for (const ir::AffineTerm &term : form.terms) {
    Interval symbol = intervals[term.symbol.index];
    Wide first = Wide(symbol.lo) * term.coefficient, second = Wide(symbol.hi) * term.coefficient;
    lo += std::min(first, second);
    hi += std::max(first, second);
  }
  for (const auto &[known, interval] : facts) {
    if (known.terms != form.terms)
      continue;
    Wide offset = Wide(form.constant) - known.constant;
    lo = std::max(lo, interval.lo + offset);
    hi = std::min(hi, interval.hi + offset);
  }
  return {saturate(lo), saturate(hi)};
}

void Builder::narrow(const Affine &form, Interval interval) {
  std::optional<SymbolId> symbol = form.asSymbol();
  if (!symbol || depths[symbol->index] != scopes.size())
    return;
  Interval &known = intervals[symbol->index];
  known = {std::max(known.lo, interval.lo), std::min(known.hi, interval.hi)};
}

static Interval rangeOfType(DType type) {
  ir::Interval range = ir::intervalOfType(type);
  return {static_cast<int64_t>(range.lo), static_cast<int64_t>(range.hi)};
}

std::optional<Interval> Builder::rangeOfNarrow(DType type) {
  if (!ir::isInteger(type) || type == DType::I64)
    return std::nullopt;
  return type == DType::U64 ? Interval{0, INT64_MAX} : rangeOfType(type);
}

Scalar Builder::fitsIn(const Scalar &tree, Interval range) {
  Interval known = intervalOf(tree);
  std::vector<Scalar> conditions;
  if (known.lo < range.lo)
    conditions.push_back(compare(ScalarOp::GreaterEqual, tree, ir::constantInteger(range.lo)));
  if (known.hi > range.hi)
    conditions.push_back(compare(ScalarOp::LessEqual, tree, ir::constantInteger(range.hi)));
  return allOf(std::move(conditions));
}

/// The interval of an operation whose exact result is meant; saturated where it leaves 64 bits.
static Interval intervalOfApply(ScalarOp op, llvm::ArrayRef<Interval> of) {
  Interval a = of[0], b = of.size() > 1 ? of[1] : Interval{};
  switch (op) {
  case ScalarOp::Add:
    return hull({Wide(a.lo) + b.lo, Wide(a.hi) + b.hi});
  case ScalarOp::Subtract:
    return hull({Wide(a.lo) - b.hi, Wide(a.hi) - b.lo});
  case ScalarOp::Multiply:
    return hull({Wide(a.lo) * b.lo, Wide(a.lo) * b.hi, Wide(a.hi) * b.lo, Wide(a.hi) * b.hi});
  case ScalarOp::Negate:
    return hull({-Wide(a.lo), -Wide(a.hi)});
  case ScalarOp::Minimum:
    return {std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
  case ScalarOp::Maximum:
    return {std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
  case ScalarOp::Absolute:
    return {a.contains(0)
                ? 0
                : saturate(std::min(a.lo < 0 ? -Wide(a.lo) : a.lo, a.hi < 0 ? -Wide(a.hi) : a.hi)),
            saturate(std::max(-Wide(a.lo), Wide(a.hi)))};
  case ScalarOp::Select:
    return {std::min(of[1].lo, of[2].lo), std::max(of[1].hi, of[2].hi)};
  case ScalarOp::Modulo:
    return b.lo > 0 ? Interval{0, b.hi - 1} : Interval{};
  case ScalarOp::FloorDivide:
    return b.lo > 0 ? Interval{std::min<int64_t>(a.lo, 0), std::max<int64_t>(a.hi, 0)} : Interval{};
  default:
    return {};
  }
}

Interval Builder::intervalOf(const Scalar &tree) const {
  return std::visit(
      overloaded{
          [](const ir::ScalarConstant &node) {
            if (ir::isFloat(node.type))
              return Interval{};
            int64_t number = ir::asInteger(node);
            return Interval{number, number};
          },
          [&](const ir::ScalarAffine &node) { return intervalOf(node.form); },
          [&](const ir::ScalarLoad &node) { return rangeOfType(program[node.access.buffer].type); },
          [&](const ir::ScalarGather &node) { return rangeOfType(program[node.buffer].type); },
          [](const ir::ScalarDim &) { return sizeInterval; },
          [](const ir::ScalarState &) { return Interval{0, 1}; },
          [&](const ir::ScalarCast &node) {
            DType from = ir::typeOf(node.operand.front(), program);
            Interval of = ir::isInteger(from) || from == DType::Bool
                              ? intervalOf(node.operand.front())
                              : Interval{};
            Interval to = rangeOfType(node.type);
            return of.within(to) ? of : to;
          },
          [&](const ir::ScalarApply &node) {
            llvm::SmallVector<Interval, 3> of;
            for (const Scalar &operand : node.operands)
              of.push_back(intervalOf(operand));
            Interval result = intervalOfApply(node.op, of);
            // Narrow types and plain operations wrap where the exact result
            // does not fit.
            bool fits = result.within({INT64_MIN + 1, INT64_MAX - 1});
            return node.type == DType::I64 && (fits || node.checked) ? result
                                                                     : rangeOfType(node.type);
          }},
      tree.node);
}

/// A value that is the same whenever it is computed: no element, no variable, no handle.
static bool isPure(const Scalar &tree) {
  bool pure = !ir::canRaise(tree);
  ir::forEachSubtree(tree, [&](const Scalar &part) {
    pure &= !std::holds_alternative<ir::ScalarLoad>(part.node) &&
            !std::holds_alternative<ir::ScalarGather>(part.node) &&
            !std::holds_alternative<ir::ScalarDim>(part.node) &&
            !std::holds_alternative<ir::ScalarState>(part.node);
  });
  return pure;
}

Affine Builder::freeze(Scalar tree, llvm::StringRef name) {
  if (std::optional<Affine> form = ir::asAffine(tree))
    if (form->isConstant() || form->asSymbol() || intervalOf(*form).within(smallInterval))
      return *form;
  bool pure = isPure(tree);
  if (pure)
    for (const Scope &scope : llvm::reverse(scopes))
      for (const auto &[value, symbol] : scope.lets)
        if (value == tree)
          return symbol;
  SymbolId symbol = newSymbol(name, intervalOf(tree));
  if (pure)
    scopes.back().lets.push_back({tree, symbol});
  emit(ir::Let{symbol, std::move(tree)});
  return symbol;
}

Affine Builder::minimumOf(const Affine &left, const Affine &right, llvm::StringRef name) {
  Scalar isLeft = compare(ScalarOp::LessEqual, left, right);
  if (auto *known = std::get_if<ir::ScalarConstant>(&isLeft.node))
    return known->bits ? left : right;
  return freeze(
      ir::apply(program, ScalarOp::Minimum, {ir::affineScalar(left), ir::affineScalar(right)}),
      name);
}

Affine Builder::maximumOf(const Affine &left, const Affine &right, llvm::StringRef name) {
  Scalar isLeft = compare(ScalarOp::GreaterEqual, left, right);
  if (auto *known = std::get_if<ir::ScalarConstant>(&isLeft.node))
    return known->bits ? left : right;
  return freeze(
      ir::apply(program, ScalarOp::Maximum, {ir::affineScalar(left), ir::affineScalar(right)}),
      name);
}

Affine Builder::sumOf(const Affine &left, const Affine &right, llvm::StringRef name) {
  if (intervalOf(left).within(smallInterval) && intervalOf(right).within(smallInterval))
    return left + right;
  return freeze(
      ir::apply(program, ScalarOp::Add, {ir::affineScalar(left), ir::affineScalar(right)}), name);
}

Affine Builder::floorDivide(const Affine &form, const Affine &divisor, llvm::StringRef name) {
  if (divisor == Affine(1))
    return form;
  if (form.isConstant() && divisor.isConstant() && form.constant >= 0 && divisor.constant > 0)
    return form.constant / divisor.constant;
  return freeze(ir::apply(program, ScalarOp::FloorDivide,
                          {ir::affineScalar(form), ir::affineScalar(divisor)}),
                name);
}

Affine Builder::selectOf(Scalar condition, const Affine &then, const Affine &otherwise,
                         llvm::StringRef name) {
  if (then == otherwise)
    return then;
  if (auto *constant = std::get_if<ir::ScalarConstant>(&condition.node))
    return constant->bits ? then : otherwise;
  std::vector<Scalar> operands{std::move(condition), ir::affineScalar(then),
                               ir::affineScalar(otherwise)};
  return freeze(ir::apply(program, ScalarOp::Select, std::move(operands)), name);
}

Scalar Builder::compare(ScalarOp op, Scalar left, Scalar right) {
  std::vector<Scalar> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return ir::apply(program, op, std::move(operands));
}

/// Comparisons that the intervals decide are constants.
Scalar Builder::compare(ScalarOp op, const Affine &left, const Affine &right) {
  Interval a = intervalOf(left), b = intervalOf(right);
  bool same = left == right;
  bool less = a.hi < b.lo, lessEqual = a.hi <= b.lo || same;
  bool greater = a.lo > b.hi, greaterEqual = a.lo >= b.hi || same;
  if (a.within(smallInterval) && b.within(smallInterval)) {
    Interval difference = intervalOf(left - right);
    less |= difference.hi < 0, lessEqual |= difference.hi <= 0;
    greater |= difference.lo > 0, greaterEqual |= difference.lo >= 0;
  }
  auto decide = [](bool yes, bool no) -> std::optional<bool> {
    return yes ? std::optional(true) : no ? std::optional(false) : std::nullopt;
  };
  std::optional<bool> known;
  switch (op) {
  case ScalarOp::Less:
    known = decide(less, greaterEqual);
    break;
  case ScalarOp::LessEqual:
    known = decide(lessEqual, greater);
    break;
  case ScalarOp::Greater:
    known = decide(greater, lessEqual);
    break;
  case ScalarOp::GreaterEqual:
    known = decide(greaterEqual, less);
    break;
  case ScalarOp::Equal:
    known = decide(lessEqual && greaterEqual, less || greater);
    break;
  case ScalarOp::NotEqual:
    known = decide(less || greater, lessEqual && greaterEqual);
    break;
  default:
    break;
  }
  if (known)
    return ir::constantBool(*known);
  return compare(op, ir::affineScalar(left), ir::affineScalar(right));
}

/// Folds the conditions with `op`; `neutral` ones vanish and one other than it decides.
static Scalar fold(const ir::Program &program, ScalarOp op, bool neutral,
                   std::vector<Scalar> conditions) {
  std::optional<Scalar> result;
  for (Scalar &condition : conditions) {
    if (auto *constant = std::get_if<ir::ScalarConstant>(&condition.node)) {
      if ((constant->bits != 0) != neutral)
        return ir::constantBool(!neutral);
      continue;
    }
    if (!result) {
      result = std::move(condition);
      continue;
    }
    std::vector<Scalar> pair;
    pair.push_back(std::move(*result));
    pair.push_back(std::move(condition));
    result = ir::apply(program, op, std::move(pair));
  }
  return result ? std::move(*result) : ir::constantBool(neutral);
}

Scalar Builder::allOf(std::vector<Scalar> conditions) {
  return fold(program, ScalarOp::And, true, std::move(conditions));
}

Scalar Builder::anyOf(std::vector<Scalar> conditions) {
  return fold(program, ScalarOp::Or, false, std::move(conditions));
}

} // namespace hpcc::frontend
