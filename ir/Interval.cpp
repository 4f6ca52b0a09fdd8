//===- Interval.cpp - ranges of integers -----------------------------------------------------===//

#include "Interval.h"
#include <algorithm>

namespace hpcc::ir {

using Wide = Interval::Wide;

Interval intervalOfType(DType type) {
  switch (type) {
  case DType::Bool:
    return {0, 1};
  case DType::I8:
    return {INT8_MIN, INT8_MAX};
  case DType::I16:
    return {INT16_MIN, INT16_MAX};
  case DType::I32:
    return {INT32_MIN, INT32_MAX};
  case DType::U8:
    return {0, UINT8_MAX};
  case DType::U16:
    return {0, UINT16_MAX};
  case DType::U32:
    return {0, UINT32_MAX};
  default:
    return {};
  }
}

static Interval hullOf(std::initializer_list<Wide> values) {
  return {std::min(values), std::max(values)};
}

static Wide largestMagnitude(Interval a) { return std::max(-a.lo, a.hi); }

static Interval multiply(Interval a, Interval b) {
  return hullOf({a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi});
}

static Wide floorDivide(Wide a, Wide b) {
  Wide quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

static Interval floorDivide(Interval a, Interval b) {
  if (b.contains(0)) // a quotient is no larger than its dividend
    return {-largestMagnitude(a), largestMagnitude(a)};
  return hullOf({floorDivide(a.lo, b.lo), floorDivide(a.lo, b.hi), floorDivide(a.hi, b.lo),
                 floorDivide(a.hi, b.hi)});
}

/// The remainder has the sign of the divisor.
static Interval modulo(Interval a, Interval b) {
  if (a.lo >= 0 && a.hi < b.lo)
    return a;
  Interval result{std::min<Wide>(b.lo + 1, 0), std::max<Wide>(b.hi - 1, 0)};
  return a.lo >= 0 && b.lo >= 0 ? meet({0, a.hi}, result) : result;
}

static Interval absolute(Interval a) {
  Wide least = a.contains(0) ? 0 : std::min(a.lo < 0 ? -a.lo : a.lo, a.hi < 0 ? -a.hi : a.hi);
  return {least, largestMagnitude(a)};
}

static std::optional<Interval> power(Interval base, Interval exponent) {
  if (exponent.lo != exponent.hi || !Interval{0, 64}.contains(exponent.lo))
    return std::nullopt;
  Interval result{1, 1};
  for (Wide factor = 0; factor < exponent.lo; ++factor) {
    result = multiply(result, base);
    if (!result.fitsInteger())
      return std::nullopt;
  }
  return exponent.lo % 2 == 0 ? meet(result, Interval{0, result.hi}) : result;
}

/// Of integers that are not negative; their bits stay below the next power of two.
static std::optional<Interval> bitwise(ScalarOp op, Interval a, Interval b) {
  if (op == ScalarOp::And && (a.lo >= 0 || b.lo >= 0))
    return Interval{0, a.lo < 0 ? b.hi : b.lo < 0 ? a.hi : std::min(a.hi, b.hi)};
  if (a.lo < 0 || b.lo < 0)
    return std::nullopt;
  Wide bound = 1;
  while (bound <= std::max(a.hi, b.hi))
    bound *= 2;
  return Interval{0, bound - 1};
}

static std::optional<Interval> shift(ScalarOp op, Interval a, Interval by) {
  if (!Interval{0, 62}.contains(by))
    return std::nullopt;
  Interval factor{Wide(1) << static_cast<int>(by.lo), Wide(1) << static_cast<int>(by.hi)};
  return op == ScalarOp::ShiftLeft ? multiply(a, factor) : floorDivide(a, factor);
}

std::optional<Interval> intervalOfApply(ScalarOp op, llvm::ArrayRef<Interval> operands) {
  Interval a = operands[0], b = operands.size() > 1 ? operands[1] : Interval();
  switch (op) {
  case ScalarOp::Add:
    return Interval{a.lo + b.lo, a.hi + b.hi};
  case ScalarOp::Subtract:
    return Interval{a.lo - b.hi, a.hi - b.lo};
  case ScalarOp::Multiply:
    return multiply(a, b);
  case ScalarOp::FloorDivide:
    return floorDivide(a, b);
  case ScalarOp::Modulo:
    return modulo(a, b);
  case ScalarOp::Power:
    return power(a, b);
  case ScalarOp::Negate:
    return Interval{-a.hi, -a.lo};
  case ScalarOp::Absolute:
    return absolute(a);
  case ScalarOp::Sign:
    return Interval{a.lo > 0 ? 1 : a.lo == 0 ? 0 : -1, a.hi < 0 ? -1 : a.hi == 0 ? 0 : 1};
  case ScalarOp::Minimum:
    return Interval{std::min(a.lo, b.lo), std::min(a.hi, b.hi)};
  case ScalarOp::Maximum:
    return Interval{std::max(a.lo, b.lo), std::max(a.hi, b.hi)};
  case ScalarOp::Select:
    return hull(operands[1], operands[2]);
  case ScalarOp::And:
  case ScalarOp::Or:
  case ScalarOp::Xor:
    return bitwise(op, a, b);
  case ScalarOp::ShiftLeft:
  case ScalarOp::ShiftRight:
    return shift(op, a, b);
  default:
    return std::nullopt;
  }
}

} // namespace hpcc::ir
