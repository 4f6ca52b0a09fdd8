//===- Evaluate.cpp - the meaning of scalar operations --------------------------------------===//

#include "Evaluate.h"
#include "EvaluateFloat.h"
#include "runtime/hpcc_rt.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace hpcc::ir {
namespace {

/// Calls `use` with a value of the C++ type of `type`, which canEvaluate.
template <typename Use> auto withType(DType type, Use use) {
  switch (type) {
  case DType::Bool:
    return use(bool());
  case DType::I8:
    return use(int8_t());
  case DType::I16:
    return use(int16_t());
  case DType::I32:
    return use(int32_t());
  case DType::I64:
    return use(int64_t());
  case DType::U8:
    return use(uint8_t());
  case DType::U16:
    return use(uint16_t());
  case DType::U32:
    return use(uint32_t());
  case DType::U64:
    return use(uint64_t());
  case DType::F32:
    return use(float());
  case DType::F64:
    return use(double());
  case DType::C64:
  case DType::C128:
    break;
  }
  llvm_unreachable("complex values are not evaluated");
}

template <typename T> T valueOf(const ScalarConstant &constant) {
  if constexpr (std::is_same_v<T, bool>) {
    return (constant.bits & 1) != 0;
  } else {
    T value;
    std::memcpy(&value, &constant.bits, sizeof value);
    return value;
  }
}

template <typename T> Evaluated result(DType type, T value) {
  Evaluated evaluated;
  evaluated.value.type = type;
  std::memcpy(&evaluated.value.bits, &value, sizeof value);
  return evaluated;
}

Evaluated raise(int errorId) {
  Evaluated evaluated;
  evaluated.errorId = errorId;
  return evaluated;
}

/// A float as an integer of `Bits` bits the way cvttsd2si does it: what does not fit gives the
/// smallest value.
template <typename Signed> Signed truncateFloat(double value) {
  constexpr double limit = -static_cast<double>(std::numeric_limits<Signed>::min());
  // Only for 64 bits is the largest integer below the limit not exact; the value is truncated first
  // so that the comparison is about the integer part.
  double whole = std::trunc(value);
  return whole >= -limit && whole < limit ? static_cast<Signed>(whole)
                                          : std::numeric_limits<Signed>::min();
}

template <typename To, typename From> To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<To> || !std::is_floating_point_v<From>) {
    return static_cast<To>(value); // integers wrap: defined since C++20
  } else if constexpr (std::is_same_v<To, uint64_t>) {
    constexpr double half = 9223372036854775808.0;
    if (value >= From(half))
      return static_cast<uint64_t>(truncateFloat<int64_t>(value - half)) ^ (uint64_t(1) << 63);
    return static_cast<uint64_t>(truncateFloat<int64_t>(value));
  } else if constexpr (sizeof(To) == 8 || std::is_same_v<To, uint32_t>) {
    return static_cast<To>(truncateFloat<int64_t>(value));
  } else {
    return static_cast<To>(truncateFloat<int32_t>(value));
  }
}

//===---------------------------------------------------------------------------------------===//
// Integers
//===---------------------------------------------------------------------------------------===//

/// The integers of an operation and how it treats what does not fit.
template <typename T> struct IntegerOperation {
  ScalarOp op;
  bool checked;
  DType type;

  using Unsigned = std::make_unsigned_t<T>;
  static constexpr int width = 8 * sizeof(T);
  static constexpr T smallest = std::numeric_limits<T>::min();

  Evaluated give(T value) const { return result(type, value); }

  /// `wrapped`, unless it is an overflow that counts.
  Evaluated give(T wrapped, bool overflow) const {
    return checked && overflow ? raise(HPC_ERROR_IntegerOverflow) : give(wrapped);
  }

  Evaluated divide(T a, T b) const {
    bool floor = op == ScalarOp::FloorDivide;
    if (b == 0) {
      if (!checked)
        return give(0);
      return raise(floor ? HPC_ERROR_IntegerFloorDivideZero : HPC_ERROR_IntegerModuloZero);
    }
    if (std::is_signed_v<T> && b == T(-1)) // the quotient of the smallest value overflows
      return floor ? give(static_cast<T>(Unsigned(0) - static_cast<Unsigned>(a)), a == smallest)
                   : give(0);
    T quotient = static_cast<T>(a / b), remainder = static_cast<T>(a % b);
    if (remainder != 0 && (remainder < 0) != (b < 0)) {
      --quotient;
      remainder = static_cast<T>(remainder + b);
    }
    return give(floor ? quotient : remainder);
  }

  Evaluated power(T base, T exponent) const {
    if (exponent < 0) {
      if (checked)
        return raise(base == 0 ? HPC_ERROR_ZeroNegativePower : HPC_ERROR_UnsupportedNegativePower);
      exponent = 0; // excluded by the front end's check
    }
    // A factor that overflows counts only if it is used, so the square is taken last.
    T power = 1;
    bool overflow = false, factorOverflow = false;
    for (auto left = static_cast<Unsigned>(exponent); left != 0;) {
      if (left & 1)
        overflow |= __builtin_mul_overflow(power, base, &power) || factorOverflow;
      left = static_cast<Unsigned>(left >> 1);
      if (left != 0)
        factorOverflow |= __builtin_mul_overflow(base, base, &base);
    }
    return give(power, overflow);
  }

  Evaluated shiftLeft(T a, T amount) const {
    if (amount < 0 && checked)
      return raise(HPC_ERROR_NegativeShift);
    bool beyond = amount < 0 || amount >= static_cast<T>(width);
    T shifted = beyond ? T(0) : static_cast<T>(static_cast<uint64_t>(a) << amount);
    bool lost = beyond ? a != 0 : static_cast<T>(shifted >> amount) != a;
    return give(shifted, lost);
  }

  Evaluated shiftRight(T a, T amount) const {
    if (amount < 0 && checked)
      return raise(HPC_ERROR_NegativeShift);
    if (amount < 0 || amount >= static_cast<T>(width))
      return give(a < 0 ? T(-1) : T(0));
    return give(static_cast<T>(a >> amount));
  }

  Evaluated unary(T a) const {
    T negated;
    bool overflow = __builtin_sub_overflow(T(0), a, &negated);
    switch (op) {
    case ScalarOp::Negate:
      return give(negated, overflow);
    case ScalarOp::Absolute:
      return a < 0 ? give(negated, overflow) : give(a);
    case ScalarOp::Sign:
      return give(static_cast<T>((a > 0) - (a < 0)));
    case ScalarOp::Not:
      return give(static_cast<T>(~a));
    default:
      llvm_unreachable("not an integer operation of one operand");
    }
  }

  Evaluated binary(T a, T b) const {
    T value;
    bool overflow;
    switch (op) {
    case ScalarOp::Add:
      overflow = __builtin_add_overflow(a, b, &value);
      break;
    case ScalarOp::Subtract:
      overflow = __builtin_sub_overflow(a, b, &value);
      break;
    case ScalarOp::Multiply:
      overflow = __builtin_mul_overflow(a, b, &value);
      break;
    case ScalarOp::FloorDivide:
    case ScalarOp::Modulo:
      return divide(a, b);
    case ScalarOp::Power:
      return power(a, b);
    case ScalarOp::And:
      return give(static_cast<T>(a & b));
    case ScalarOp::Or:
      return give(static_cast<T>(a | b));
    case ScalarOp::Xor:
      return give(static_cast<T>(a ^ b));
    case ScalarOp::ShiftLeft:
      return shiftLeft(a, b);
    case ScalarOp::ShiftRight:
      return shiftRight(a, b);
    case ScalarOp::Minimum:
    case ScalarOp::FMinimum:
      return give(b < a ? b : a);
    case ScalarOp::Maximum:
    case ScalarOp::FMaximum:
      return give(a < b ? b : a);
    default:
      llvm_unreachable("not an integer operation of two operands");
    }
    return give(value, overflow);
  }
};

/// Logic, and NumPy's arithmetic on bool where it has one.
bool evaluateBool(ScalarOp op, bool a, bool b) {
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Or:
  case ScalarOp::Maximum:
  case ScalarOp::FMaximum:
    return a || b;
  case ScalarOp::Multiply:
  case ScalarOp::And:
  case ScalarOp::Minimum:
  case ScalarOp::FMinimum:
    return a && b;
  case ScalarOp::Xor:
  case ScalarOp::Subtract:
    return a != b;
  case ScalarOp::Not:
    return !a;
  case ScalarOp::Negate:
  case ScalarOp::Absolute:
  case ScalarOp::Sign:
    return a;
  case ScalarOp::Power:
    return a || !b;
  case ScalarOp::FloorDivide:
    return a && b;
  case ScalarOp::Modulo:
    return false;
  case ScalarOp::ShiftLeft:
    return a;
  case ScalarOp::ShiftRight:
    return a && !b;
  default:
    llvm_unreachable("not an operation on bool");
  }
}

/// Python's int / int: the double nearest to the exact quotient, ties to even.
double trueDivide(int64_t a, int64_t b) {
  auto magnitude = [](int64_t value) {
    return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  };
  if (a == 0)
    return b < 0 ? -0.0 : 0.0;
  uint64_t numerator = magnitude(a), denominator = magnitude(b);
  int numeratorShift = llvm::countl_zero(numerator),
      denominatorShift = llvm::countl_zero(denominator);
  __extension__ using Wide = unsigned __int128;
  // Both operands with the top bit set: the quotient has 63 or 64 bits, of which the lowest also
  // says whether anything is left, which is enough to round to 53.
  Wide dividend = Wide(numerator << numeratorShift) << 63;
  uint64_t divisor = denominator << denominatorShift;
  auto quotient = static_cast<uint64_t>(dividend / divisor);
  if (dividend % divisor != 0)
    quotient |= 1;
  double value = std::ldexp(static_cast<double>(quotient), denominatorShift - numeratorShift - 63);
  return (a < 0) != (b < 0) ? -value : value;
}

//===---------------------------------------------------------------------------------------===//
// Comparison
//===---------------------------------------------------------------------------------------===//

template <typename T> bool compareValues(ScalarOp op, T a, T b) {
  switch (op) {
  case ScalarOp::Less:
    return a < b;
  case ScalarOp::LessEqual:
    return a <= b;
  case ScalarOp::Greater:
    return a > b;
  case ScalarOp::GreaterEqual:
    return a >= b;
  case ScalarOp::Equal:
    return a == b;
  case ScalarOp::NotEqual:
    return a != b;
  default:
    llvm_unreachable("not a comparison");
  }
}

/// An integer and a float, neither rounded to the other's type.
bool compareMixed(ScalarOp op, int64_t a, double b) {
  if (std::isnan(b))
    return op == ScalarOp::NotEqual;
  constexpr double limit = 9223372036854775808.0;
  if (b >= limit)
    return compareValues(op, 0, 1);
  if (b < -limit)
    return compareValues(op, 1, 0);
  double whole = std::trunc(b);
  auto integer = static_cast<int64_t>(whole);
  return a != integer ? compareValues(op, a, integer) : compareValues(op, whole, b);
}

ScalarOp mirrored(ScalarOp op) {
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

/// Integers without and with a sign.
bool compareSigns(ScalarOp op, uint64_t a, int64_t b) {
  return b < 0 ? compareValues(op, 1, 0) : compareValues(op, a, static_cast<uint64_t>(b));
}

Evaluated compare(ScalarOp op, const ScalarConstant &a, const ScalarConstant &b) {
  bool holds;
  if (a.type == DType::U64 && b.type == DType::I64)
    holds = compareSigns(op, valueOf<uint64_t>(a), valueOf<int64_t>(b));
  else if (a.type == DType::I64 && b.type == DType::U64)
    holds = compareSigns(mirrored(op), valueOf<uint64_t>(b), valueOf<int64_t>(a));
  else if (a.type != b.type)
    holds = isFloat(b.type) ? compareMixed(op, valueOf<int64_t>(a), valueOf<double>(b))
                            : compareMixed(mirrored(op), valueOf<int64_t>(b), valueOf<double>(a));
  else
    holds = withType(a.type, [&](auto type) {
      using T = decltype(type);
      return compareValues(op, valueOf<T>(a), valueOf<T>(b));
    });
  return result(DType::Bool, holds);
}

template <typename T>
Evaluated evaluateFloat(ScalarOp op, bool checked, DType type,
                        llvm::ArrayRef<ScalarConstant> operands) {
  T a = valueOf<T>(operands[0]);
  T b = operands.size() > 1 ? valueOf<T>(operands[1]) : T(0);
  int errorId = -1;
  T value = checked ? checkedFloat(op, a, b, errorId) : plainFloat(op, a, b);
  return errorId >= 0 ? raise(errorId) : result(type, value);
}

} // namespace

bool canEvaluate(DType type) { return !isComplex(type); }

Evaluated evaluateCast(DType type, bool checked, const ScalarConstant &operand) {
  if (checked && isFloat(operand.type) && isInteger(type)) {
    double value = operand.type == DType::F32 ? valueOf<float>(operand) : valueOf<double>(operand);
    if (std::isnan(value))
      return raise(HPC_ERROR_IntegerFromNan);
    if (std::isinf(value))
      return raise(HPC_ERROR_IntegerFromInfinity);
    constexpr double limit = 9223372036854775808.0;
    if (value < -limit || value >= limit)
      return raise(HPC_ERROR_IntegerOverflow);
  }
  if (checked && operand.type == DType::I64 && type == DType::I32) {
    int64_t value = asInteger(operand);
    if (value != static_cast<int32_t>(value)) {
      Evaluated outside = raise(HPC_ERROR_IntegerOutOfBounds);
      outside.arguments = {value, static_cast<int64_t>(type)};
      return outside;
    }
  }
  return withType(operand.type, [&](auto from) {
    using From = decltype(from);
    return withType(
        type, [&](auto to) { return result(type, convert<decltype(to)>(valueOf<From>(operand))); });
  });
}

Evaluated evaluateApply(ScalarOp op, bool checked, DType type,
                        llvm::ArrayRef<ScalarConstant> operands) {
  DType first = operands[0].type;
  switch (infoOf(op).typing) {
  case Typing::Compare:
    return compare(op, operands[0], operands[1]);
  case Typing::Select: {
    Evaluated evaluated;
    evaluated.value = operands[valueOf<bool>(operands[0]) ? 1 : 2];
    return evaluated;
  }
  case Typing::Predicate: {
    double value = first == DType::F32 ? valueOf<float>(operands[0]) : valueOf<double>(operands[0]);
    return result(DType::Bool, testFloat(op, value));
  }
  case Typing::Digits: {
    int errorId = -1;
    double value =
        roundDigits(valueOf<double>(operands[0]), valueOf<int64_t>(operands[1]), checked, errorId);
    return errorId >= 0 ? raise(errorId) : result(type, value);
  }
  case Typing::Same:
  case Typing::Float:
  case Typing::Divide:
    break;
  }
  if (op == ScalarOp::Divide && first == DType::I64) {
    auto divisor = valueOf<int64_t>(operands[1]);
    if (divisor == 0)
      return raise(HPC_ERROR_IntegerDivideZero);
    return result(type, trueDivide(valueOf<int64_t>(operands[0]), divisor));
  }
  return withType(first, [&](auto sample) {
    using T = decltype(sample);
    if constexpr (std::is_floating_point_v<T>) {
      return evaluateFloat<T>(op, checked, type, operands);
    } else {
      T a = valueOf<T>(operands[0]);
      T b = operands.size() > 1 ? valueOf<T>(operands[1]) : T(0);
      if constexpr (std::is_same_v<T, bool>) {
        return result(type, evaluateBool(op, a, b));
      } else {
        IntegerOperation<T> operation{op, checked, type};
        return operands.size() == 1 ? operation.unary(a) : operation.binary(a, b);
      }
    }
  });
}

ScalarConstant evaluateMultiplyAdd(DType type, const ScalarConstant &left,
                                   const ScalarConstant &right, const ScalarConstant &sum) {
  return withType(type, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>)
      return result(type, T(std::fma(valueOf<T>(left), valueOf<T>(right), valueOf<T>(sum)))).value;
    llvm_unreachable("a sum of products of floats");
    return ScalarConstant();
  });
}

} // namespace hpcc::ir
