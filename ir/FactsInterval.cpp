//===- FactsInterval.cpp - intervals of whole scalar trees -----------------------------------===//
//
// What facts about symbols and variables say about the numbers that a tree computes, and what a
// comparison of trees says about symbols and variables.
//
//===---------------------------------------------------------------------------------------===//

#include "Facts.h"
#include "Walk.h"

namespace hpcc::ir {

std::optional<Affine> asAffineUnlessRaised(const Scalar &scalar) {
  const auto *node = std::get_if<ScalarApply>(&scalar.node);
  if (!node || !node->checked || node->type != DType::I64)
    return asAffine(scalar);
  ScalarApply plain{node->op, false, node->type, {}, {}};
  for (const Scalar &operand : node->operands) {
    std::optional<Affine> form = asAffineUnlessRaised(operand);
    if (!form)
      return std::nullopt;
    plain.operands.push_back(affineScalar(*form));
  }
  return asAffine(Scalar{std::move(plain)});
}

/// The variable that the tree reads, if it is one whose values are known.
static const VariableFact *variableOf(const Scalar &tree, const VariableFacts &variables) {
  const auto *load = std::get_if<ScalarLoad>(&tree.node);
  if (!load || !load->access.indices.empty() || load->access.slot)
    return nullptr;
  auto found = variables.find(load->access.buffer);
  return found == variables.end() ? nullptr : &found->second;
}

bool Facts::isInteger(const Scalar &tree) const {
  return std::visit(
      overloaded{[](const ScalarConstant &node) { return node.type == DType::I64; },
                 [&](const ScalarLoad &) { return variableOf(tree, variables) != nullptr; },
                 [](OneOf<ScalarAffine, ScalarDim> auto &) { return true; },
                 [](OneOf<ScalarCast, ScalarApply> auto &node) { return node.type == DType::I64; },
                 [](OneOf<ScalarGather, ScalarState> auto &) { return false; }},
      tree.node);
}

Interval Facts::boundsFromKnown(const Affine &form) const {
  Interval interval;
  auto use = [&](const std::vector<Affine> &known) {
    for (const Affine &fact : known) {
      if (fact.terms.size() != form.terms.size())
        continue;
      if (fact.terms == form.terms)
        interval.lo = std::max(interval.lo, Interval::Wide(form.constant) - fact.constant);
      else if (std::optional<int64_t> sum = (form + fact).asConstant())
        interval.hi = std::min(interval.hi, Interval::Wide(*sum));
    }
  };
  use(nonNegative);
  use(lasting);
  return interval;
}

std::optional<Interval> Facts::exactIntervalOf(const ScalarApply &node) const {
  if (node.type != DType::I64)
    return std::nullopt;
  if (node.op == ScalarOp::Multiply && node.operands[0] == node.operands[1])
    return intervalOfApply(ScalarOp::Power, {intervalOf(node.operands[0]), Interval{2, 2}});
  llvm::SmallVector<Interval, 3> operands;
  for (const Scalar &operand : node.operands)
    operands.push_back(intervalOf(operand));
  return intervalOfApply(node.op, operands);
}

/// Of what an operation leaves: numbers that do not fit wrap, or raise.
static Interval intervalOfResult(const ScalarApply &node, std::optional<Interval> exact) {
  if (exact && node.checked)
    return meet(*exact, Interval());
  return exact && exact->fitsInteger() ? *exact : Interval();
}

Interval Facts::intervalOf(const Scalar &tree) const {
  Interval interval = std::visit(
      overloaded{[](const ScalarConstant &node) {
                   if (isFloat(node.type) || isComplex(node.type))
                     return Interval();
                   Interval::Wide number = ir::asInteger(node);
                   return Interval{number, number};
                 },
                 [&](const ScalarLoad &) {
                   const VariableFact *variable = variableOf(tree, variables);
                   return variable ? variable->interval : Interval();
                 },
                 [](const ScalarDim &) { return Interval{0, largestSize}; },
                 [](const ScalarState &) { return Interval{0, 1}; },
                 [&](const ScalarCast &node) {
                   if (isFloat(node.type))
                     return Interval();
                   Interval range = intervalOfType(node.type);
                   const auto *operand = std::get_if<ScalarApply>(&node.operand.front().node);
                   if (operand && !isFloat(operand->type) && operand->type != DType::I64) {
                     Interval of = intervalOfType(operand->type);
                     return range.contains(of) ? of : range; // else it may wrap
                   }
                   bool same = isInteger(node.operand.front());
                   Interval of = same ? intervalOf(node.operand.front()) : Interval();
                   return same && (node.checked || range.contains(of)) ? meet(range, of) : range;
                 },
                 [&](const ScalarApply &node) {
                   return node.type == DType::I64 ? intervalOfResult(node, exactIntervalOf(node))
                                                  : intervalOfType(node.type);
                 },
                 [](OneOf<ScalarAffine, ScalarGather> auto &) { return Interval(); }},
      tree.node);
  // The form says more where a symbol or a variable occurs twice. It is equal to the value modulo
  // 2^64, and thus equal where it fits.
  std::optional<Affine> form = asAffineUnlessRaised(tree);
  if (const VariableFact *variable = variableOf(tree, variables))
    form = variable->value;
  if (!form || form->isConstant() || !isExact(*form))
    return interval;
  return meet(interval, meet(intervalOf(*form), boundsFromKnown(*form)));
}

/// Smallest and largest quotient of a number in the interval by the divisor, rounded inwards.
static Interval divideInwards(Interval a, Interval::Wide divisor) {
  if (divisor < 0)
    return divideInwards({-a.hi, -a.lo}, -divisor);
  auto floor = [&](Interval::Wide x) { return x / divisor - (x % divisor < 0 ? 1 : 0); };
  return {-floor(-a.lo), floor(a.hi)};
}

/// The tree is known to lie in the interval: so do the symbols of a form, and a variable.
void Facts::refine(const Scalar &tree, Interval interval) {
  if (const auto *load = std::get_if<ScalarLoad>(&tree.node)) {
    if (variableOf(tree, variables)) {
      Interval &known = variables[load->access.buffer].interval;
      known = meet(known, interval);
    }
    return;
  }
  std::optional<Affine> form = asAffine(tree);
  if (!form || !isExact(*form))
    return;
  for (const AffineTerm &term : form->terms) {
    Interval rest = intervalOf(*form - Affine(term.symbol) * term.coefficient);
    Interval known = intervalOf(Affine(term.symbol));
    Interval refined = meet(
        known, divideInwards({interval.lo - rest.hi, interval.hi - rest.lo}, term.coefficient));
    if (refined != known)
      setInterval(term.symbol, refined);
  }
}

void Facts::refineComparison(ScalarOp op, const Scalar &left, const Scalar &right) {
  if (!isInteger(left) || !isInteger(right))
    return;
  Interval a = intervalOf(left), b = intervalOf(right);
  auto setBound = [&](const Scalar &variable, const Scalar &other, int64_t offset, auto bound) {
    std::optional<Affine> form = asAffine(other);
    if (form && isExact(*form + offset) && variableOf(variable, variables))
      variables[std::get<ScalarLoad>(variable.node).access.buffer].*bound = *form + offset;
  };
  auto atMost = [&](const Scalar &small, Interval s, const Scalar &large, Interval l, int gap) {
    refine(small, {INT64_MIN, l.hi - gap});
    refine(large, {s.lo + gap, INT64_MAX});
    setBound(small, large, -gap, &VariableFact::upper);
    setBound(large, small, gap, &VariableFact::lower);
  };
  switch (op) {
  case ScalarOp::Less:
  case ScalarOp::LessEqual:
    return atMost(left, a, right, b, op == ScalarOp::Less);
  case ScalarOp::Greater:
  case ScalarOp::GreaterEqual:
    return atMost(right, b, left, a, op == ScalarOp::Greater);
  case ScalarOp::Equal:
    refine(left, b);
    return refine(right, a);
  default:
    return;
  }
}

} // namespace hpcc::ir
