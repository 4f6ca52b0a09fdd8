//===- Affine.cpp - algebra of affine forms --------------------------------------------------===//

#include "Affine.h"

namespace hpcc::ir {

std::optional<SymbolId> Affine::asSymbol() const {
  if (constant == 0 && terms.size() == 1 && terms.front().coefficient == 1)
    return terms.front().symbol;
  return std::nullopt;
}

int64_t Affine::coefficientOf(SymbolId symbol) const {
  for (const AffineTerm &term : terms)
    if (term.symbol == symbol)
      return term.coefficient;
  return 0;
}

/// left + factor * right, by merging the sorted terms. Unsigned arithmetic: a hostile .hir text may
/// hold coefficients near the limits, which wraps instead of being undefined.
static Affine addScaled(const Affine &left, const Affine &right, int64_t factor) {
  auto scaled = [factor](int64_t value) {
    return static_cast<int64_t>(static_cast<uint64_t>(value) * static_cast<uint64_t>(factor));
  };
  auto sum = [](int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  };
  Affine result(sum(left.constant, scaled(right.constant)));
  auto l = left.terms.begin(), lEnd = left.terms.end();
  auto r = right.terms.begin(), rEnd = right.terms.end();
  auto append = [&](SymbolId symbol, int64_t coefficient) {
    if (coefficient != 0)
      result.terms.push_back({symbol, coefficient});
  };
  while (l != lEnd || r != rEnd) {
    if (r == rEnd || (l != lEnd && l->symbol < r->symbol)) {
      append(l->symbol, l->coefficient);
      ++l;
    } else if (l == lEnd || r->symbol < l->symbol) {
      append(r->symbol, scaled(r->coefficient));
      ++r;
    } else {
      append(l->symbol, sum(l->coefficient, scaled(r->coefficient)));
      ++l, ++r;
    }
  }
  return result;
}

Affine operator+(const Affine &left, const Affine &right) { return addScaled(left, right, 1); }
Affine operator-(const Affine &left, const Affine &right) { return addScaled(left, right, -1); }
Affine operator*(const Affine &form, int64_t factor) { return addScaled(Affine(), form, factor); }

Affine substitute(const Affine &form, SymbolId symbol, const Affine &value) {
  int64_t coefficient = form.coefficientOf(symbol);
  if (coefficient == 0)
    return form;
  Affine rest = form;
  std::erase_if(rest.terms, [&](const AffineTerm &term) { return term.symbol == symbol; });
  return addScaled(rest, value, coefficient);
}

int64_t evaluate(const Affine &form, llvm::function_ref<int64_t(SymbolId)> valueOf) {
  uint64_t value = static_cast<uint64_t>(form.constant);
  for (const AffineTerm &term : form.terms)
    value += static_cast<uint64_t>(term.coefficient) * static_cast<uint64_t>(valueOf(term.symbol));
  return static_cast<int64_t>(value);
}

} // namespace hpcc::ir
