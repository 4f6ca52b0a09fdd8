//===- Facts.cpp - what is known about the integers of a program ----------------------------===//

#include "Facts.h"
#include "Walk.h"
#include <algorithm>

namespace hpcc::ir {

/// Numbers of the size that forms are meant to have: sums of a few products stay exact.
static bool isModerate(const Affine &form) {
  constexpr int64_t largestCoefficient = int64_t(1) << 40;
  constexpr int64_t largestConstant = int64_t(1) << 62;
  if (form.constant < -largestConstant || form.constant > largestConstant || form.terms.size() > 16)
    return false;
  return std::all_of(form.terms.begin(), form.terms.end(), [](const AffineTerm &term) {
    return term.coefficient >= -largestCoefficient && term.coefficient <= largestCoefficient;
  });
}

/// form with the symbol replaced, or nothing where the numbers grow too large to stay exact.
static std::optional<Affine> substituteExactly(const Affine &form, SymbolId symbol,
                                               const Affine &value) {
  int64_t coefficient = form.coefficientOf(symbol), product = 0;
  if (__builtin_mul_overflow(value.constant, coefficient, &product))
    return std::nullopt;
  for (const AffineTerm &term : value.terms)
    if (__builtin_mul_overflow(term.coefficient, coefficient, &product))
      return std::nullopt;
  if (!isModerate(value * coefficient))
    return std::nullopt;
  return substitute(form, symbol, value);
}

void Facts::rewind(Mark mark) {
  lower.resize(mark.lower);
  upper.resize(mark.upper);
  nonNegative.resize(mark.nonNegative);
  for (; changes.size() > mark.changes; changes.pop_back())
    intervals[changes.back().first.index] = changes.back().second;
}

void Facts::setInterval(SymbolId symbol, Interval interval) {
  if (symbol.index >= intervals.size())
    intervals.resize(symbol.index + 1);
  changes.push_back({symbol, intervals[symbol.index]});
  intervals[symbol.index] = interval;
}

void Facts::addAxis(const Axis &axis) {
  Interval interval;
  for (const Affine &form : axis.lo.forms) {
    interval.lo = std::max(interval.lo, intervalOf(form).lo);
    addLower(axis.iterator, form);
  }
  for (const Affine &form : axis.hi.forms) {
    interval.hi = std::min(interval.hi, intervalOf(form).hi - 1);
    addUpper(axis.iterator, form - 1);
  }
  // An axis that is never entered says nothing about its iterator that matters.
  if (interval.lo <= interval.hi)
    setInterval(axis.iterator, interval);
}

void Facts::tightenIntervals() {
  constexpr unsigned rounds = 2; // bounds of bounds
  for (unsigned round = 0; round < rounds; ++round)
    for (const std::vector<SymbolBound> *bounds : {&lower, &upper})
      for (const auto &[symbol, bound] : *bounds) {
        Interval known = intervalOf(Affine(symbol)), of = intervalOf(bound);
        if (!isExact(bound))
          continue;
        Interval narrower =
            meet(known, bounds == &lower ? Interval{of.lo, INT64_MAX} : Interval{INT64_MIN, of.hi});
        if (narrower != known)
          setInterval(symbol, narrower);
      }
}

std::vector<Affine> Facts::boundsOf(const Scalar &value, Side side) const {
  std::vector<Affine> bounds;
  if (std::optional<Affine> form = asAffineUnlessRaised(value)) {
    if (!isExact(*form))
      return bounds;
    bounds.push_back(*form);
    // A bound of the one symbol of a form serves where the form itself cannot be compared.
    if (form->terms.size() == 1 && form->terms[0].coefficient == 1)
      for (const SymbolBound &bound : side == Side::Upper ? upper : lower)
        if (bound.symbol == form->terms[0].symbol && isExact(bound.bound + form->constant))
          bounds.push_back(bound.bound + form->constant);
    return bounds;
  }
  const auto *node = std::get_if<ScalarApply>(&value.node);
  bool isClamp = node && (node->op == ScalarOp::Minimum || node->op == ScalarOp::Maximum ||
                          node->op == ScalarOp::Select);
  if (!isClamp || node->type != DType::I64)
    return bounds;
  size_t first = node->op == ScalarOp::Select ? 1 : 0;
  std::vector<Affine> left = boundsOf(node->operands[first], side);
  std::vector<Affine> right = boundsOf(node->operands[first + 1], side);
  bool either = node->op == (side == Side::Upper ? ScalarOp::Minimum : ScalarOp::Maximum);
  // A bound of one operand counts if it also bounds the other, or if either operand is enough.
  auto take = [&](const std::vector<Affine> &from, const std::vector<Affine> &other) {
    for (const Affine &bound : from)
      if (either || std::any_of(other.begin(), other.end(), [&](const Affine &rest) {
            return side == Side::Upper ? isAtMost(rest, bound) : isAtMost(bound, rest);
          }))
        bounds.push_back(bound);
  };
  take(left, right);
  take(right, left);
  return bounds;
}

void Facts::addLet(SymbolId symbol, const Scalar &value) {
  std::vector<Affine> lows = boundsOf(value, Side::Lower), highs = boundsOf(value, Side::Upper);
  Interval interval = meet(intervalOf(Affine(symbol)), intervalOf(value));
  for (const Affine &bound : lows) {
    interval.lo = std::max(interval.lo, intervalOf(bound).lo);
    addLower(symbol, bound);
  }
  for (const Affine &bound : highs) {
    interval.hi = std::min(interval.hi, intervalOf(bound).hi);
    addUpper(symbol, bound);
  }
  if (interval.lo <= interval.hi && interval != intervalOf(Affine(symbol)))
    setInterval(symbol, interval);
}

ScalarOp swappedComparison(ScalarOp op) {
  switch (op) {
  case ScalarOp::Less:
    return ScalarOp::Greater;
  case ScalarOp::LessEqual:
    return ScalarOp::GreaterEqual;
  case ScalarOp::Greater:
    return ScalarOp::Less;
  case ScalarOp::GreaterEqual:
    return ScalarOp::LessEqual;
  default:
    return op;
  }
}

std::optional<ScalarOp> negatedComparison(ScalarOp op) {
  switch (op) {
  case ScalarOp::Less:
    return ScalarOp::GreaterEqual;
  case ScalarOp::LessEqual:
    return ScalarOp::Greater;
  case ScalarOp::Greater:
    return ScalarOp::LessEqual;
  case ScalarOp::GreaterEqual:
    return ScalarOp::Less;
  case ScalarOp::Equal:
    return ScalarOp::NotEqual;
  case ScalarOp::NotEqual:
    return ScalarOp::Equal;
  default:
    return std::nullopt;
  }
}

bool Facts::isExact(const Affine &form) const {
  return isModerate(form) && intervalOf(form).fitsInteger();
}

void Facts::addCondition(const Scalar &condition, bool holds) {
  const auto *node = std::get_if<ScalarApply>(&condition.node);
  if (!node)
    return;
  if (node->op == ScalarOp::Not)
    return addCondition(node->operands[0], !holds);
  if (node->op == (holds ? ScalarOp::And : ScalarOp::Or) && node->type == DType::Bool) {
    addCondition(node->operands[0], holds);
    return addCondition(node->operands[1], holds);
  }
  if (infoOf(node->op).typing != Typing::Compare)
    return;
  std::optional<ScalarOp> op = holds ? std::optional(node->op) : negatedComparison(node->op);
  refineComparison(*op, node->operands[0], node->operands[1]);
  std::optional<Affine> left = asAffine(node->operands[0]), right = asAffine(node->operands[1]);
  // Differences of forms that may wrap say nothing about the forms.
  if (!left || !right || !isExact(*left) || !isExact(*right))
    return;
  auto addAtMost = [&](const Affine &a, const Affine &b) {
    if (Affine difference = b - a; !difference.isConstant())
      addNonNegative(std::move(difference));
  };
  switch (*op) {
  case ScalarOp::Less:
    return addAtMost(*left + 1, *right);
  case ScalarOp::LessEqual:
    return addAtMost(*left, *right);
  case ScalarOp::Greater:
    return addAtMost(*right + 1, *left);
  case ScalarOp::GreaterEqual:
    return addAtMost(*right, *left);
  case ScalarOp::Equal:
    addAtMost(*left, *right);
    return addAtMost(*right, *left);
  default:
    return;
  }
}

Interval Facts::intervalOf(const Affine &form) const {
  Interval sum{form.constant, form.constant};
  for (const AffineTerm &term : form.terms) {
    Interval symbol;
    if (term.symbol.index < intervals.size() && intervals[term.symbol.index])
      symbol = *intervals[term.symbol.index];
    Interval::Wide a = symbol.lo * term.coefficient, b = symbol.hi * term.coefficient;
    sum.lo += std::min(a, b);
    sum.hi += std::max(a, b);
  }
  return sum;
}

bool Facts::prove(const Affine &form, unsigned depth, unsigned &steps) const {
  if (!isModerate(form) || steps == 0)
    return false;
  --steps;
  if (intervalOf(form).lo >= 0)
    return true;
  auto exceeds = [&](const Affine &known) {
    std::optional<int64_t> rest = (form - known).asConstant();
    return rest && *rest >= 0;
  };
  if (std::any_of(nonNegative.begin(), nonNegative.end(), exceeds) ||
      std::any_of(lasting.begin(), lasting.end(), exceeds))
    return true;
  if (depth == 0)
    return false;
  // The innermost symbol that has a bound on the side that counts gives way to that bound.
  for (auto term = form.terms.rbegin(); term != form.terms.rend(); ++term) {
    bool hasBound = false;
    for (const SymbolBound &bound : term->coefficient > 0 ? lower : upper) {
      if (bound.symbol != term->symbol)
        continue;
      hasBound = true;
      std::optional<Affine> replaced = substituteExactly(form, term->symbol, bound.bound);
      if (replaced && prove(*replaced, depth - 1, steps))
        return true;
    }
    if (hasBound)
      return false;
  }
  return false;
}

std::optional<Affine> Facts::lowerBoundOf(const Affine &form,
                                          llvm::function_ref<bool(SymbolId)> isAllowed,
                                          unsigned depth) const {
  if (!isModerate(form))
    return std::nullopt;
  auto term = std::find_if(form.terms.rbegin(), form.terms.rend(),
                           [&](const AffineTerm &t) { return !isAllowed(t.symbol); });
  if (term == form.terms.rend())
    return form;
  if (depth == 0)
    return std::nullopt;
  for (const SymbolBound &bound : term->coefficient > 0 ? lower : upper) {
    if (bound.symbol != term->symbol)
      continue;
    std::optional<Affine> replaced = substituteExactly(form, term->symbol, bound.bound);
    std::optional<Affine> result =
        replaced ? lowerBoundOf(*replaced, isAllowed, depth - 1) : std::nullopt;
    if (result)
      return result;
  }
  return std::nullopt;
}

void addFactsOf(const Program &program, const Stmt &stmt, Facts &facts) {
  if (const auto *let = std::get_if<Let>(&stmt.node)) {
    if (std::holds_alternative<ScalarDim>(let->value.node))
      facts.setSize(let->symbol);
    else
      facts.addLet(let->symbol, let->value);
  } else if (const auto *alloc = std::get_if<Alloc>(&stmt.node)) {
    for (const Affine &size : program[alloc->buffer].shape)
      if (std::optional<SymbolId> symbol = size.asSymbol())
        facts.setSize(*symbol);
      else if (!size.isConstant())
        facts.addNonNegative(size);
  } else if (const auto *check = std::get_if<Check>(&stmt.node)) {
    facts.addCondition(check->condition);
  }
}

void forEachBlockWithFacts(const Program &program, Block &block, Facts &facts,
                           llvm::function_ref<void(Block &, Facts &)> visit) {
  Facts::Mark entry = facts.mark();
  auto inside = [&](Block &inner) { forEachBlockWithFacts(program, inner, facts, visit); };
  for (Stmt &stmt : block) {
    Facts::Mark mark = facts.mark();
    if (auto *loop = std::get_if<Loop>(&stmt.node)) {
      facts.addAxis(loop->axis);
      inside(loop->body);
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
  visit(block, facts);
}

} // namespace hpcc::ir
