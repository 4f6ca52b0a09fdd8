//===- Affine.h - affine forms over symbols --------------------------------------------------===//
//
// Affine forms are how sizes, bounds and subscripts are written: a constant plus integer multiples
// of symbols. Symbols are immutable 64-bit integers (`let`, loop and axis iterators), so an affine
// form means the same wherever its symbols are in scope.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_AFFINE_H
#define HPCC_IR_AFFINE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

namespace hpcc::ir {

/// Names a row of Program::symbols.
struct SymbolId {
  uint32_t index = ~0u;
  auto operator<=>(const SymbolId &) const = default;
};

struct AffineTerm {
  SymbolId symbol;
  int64_t coefficient = 0;
  bool operator==(const AffineTerm &) const = default;
};

/// constant + sum of coefficient * symbol. Terms are sorted by symbol and have no zero coefficient,
/// so that equal forms compare equal. Values are far below 2^63 (sizes below 2^48, iterators below
/// 2^62), so arithmetic on forms does not overflow; the front end keeps other integers in scalars.
struct Affine {
  std::vector<AffineTerm> terms;
  int64_t constant = 0;

  Affine() = default;
  Affine(int64_t value) : constant(value) {}
  Affine(SymbolId symbol) : terms{{symbol, 1}} {}

  bool isConstant() const { return terms.empty(); }
  std::optional<int64_t> asConstant() const {
    return terms.empty() ? std::optional<int64_t>(constant) : std::nullopt;
  }
  /// The symbol, if the form is exactly one symbol.
  std::optional<SymbolId> asSymbol() const;
  int64_t coefficientOf(SymbolId symbol) const;

  bool operator==(const Affine &) const = default;
};

Affine operator+(const Affine &left, const Affine &right);
Affine operator-(const Affine &left, const Affine &right);
Affine operator*(const Affine &form, int64_t factor);

/// `form` with `symbol` replaced by `value`.
Affine substitute(const Affine &form, SymbolId symbol, const Affine &value);

/// Value of the form under an assignment of its symbols.
int64_t evaluate(const Affine &form, llvm::function_ref<int64_t(SymbolId)> valueOf);

/// A lower bound is the maximum of its forms, an upper bound the minimum; one form is the common
/// case. Enough for clipped boxes and skewed, trapezoidal and diamond tiles.
struct Bound {
  std::vector<Affine> forms;

  Bound() = default;
  Bound(Affine form) : forms{std::move(form)} {}
  Bound(int64_t value) : forms{Affine(value)} {}
  Bound(SymbolId symbol) : forms{Affine(symbol)} {}
  std::optional<Affine> asSingle() const {
    return forms.size() == 1 ? std::optional<Affine>(forms.front()) : std::nullopt;
  }
  bool operator==(const Bound &) const = default;
};

} // namespace hpcc::ir

#endif // HPCC_IR_AFFINE_H
