//===- Interval.h - ranges of integers -------------------------------------------------------===//
//
// The values that an integer can have, as its smallest and its largest. Arithmetic is that of the
// mathematical integers; what the 64 bits of the program make of a value that does not fit is the
// caller's question.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_INTERVAL_H
#define HPCC_IR_INTERVAL_H

#include "Scalar.h"

namespace hpcc::ir {

/// lo <= x <= hi, in numbers wide enough for any affine form of 64-bit integers with a few terms.
struct Interval {
  __extension__ using Wide = __int128;
  Wide lo = INT64_MIN, hi = INT64_MAX;

  bool fitsInteger() const { return lo >= INT64_MIN && hi <= INT64_MAX; }
  bool contains(Wide value) const { return lo <= value && value <= hi; }
  bool contains(Interval inner) const { return lo <= inner.lo && inner.hi <= hi; }
  bool operator==(const Interval &) const = default;
};

/// The least interval that holds both.
inline Interval hull(Interval a, Interval b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}
/// What lies in both; the first where nothing does, which happens in code that is never reached.
inline Interval meet(Interval a, Interval b) {
  Interval both{std::max(a.lo, b.lo), std::min(a.hi, b.hi)};
  return both.lo <= both.hi ? both : a;
}

/// The values of a type of at most 64 bits, in the 64 bits of an i64; all of them for other types.
Interval intervalOfType(DType type);

/// The exact results of an integer operation where it raises nothing; the operands fit into 64
/// bits. Nothing if they are not known, or if the operation is none of integers.
std::optional<Interval> intervalOfApply(ScalarOp op, llvm::ArrayRef<Interval> operands);

} // namespace hpcc::ir

#endif // HPCC_IR_INTERVAL_H
