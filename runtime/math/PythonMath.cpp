//===- PythonMath.cpp - Arithmetic as Python and NumPy do it --------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of PythonMath.h. Floor division follows float_floor_div of CPython's
// floatobject.c, which is npy_divmod of NumPy's npymath but for division by zero.
//
//===----------------------------------------------------------------------===//

#include "runtime/math/PythonMath.h"

#include "runtime/hpcc_rt.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace {

constexpr int32_t noError = -1;

bool isWhole(double x) { return std::floor(x) == x; }

int32_t checkPowerOperator(double x, double y, double result) {
  if (!std::isfinite(x) || !std::isfinite(y))
    return noError;
  if (x == 0 && y < 0)
    return HPC_ERROR_ZeroNegativePower;
  if (x < 0 && !isWhole(y))
    return HPC_ERROR_UnsupportedComplexPower;
  return std::isinf(result) ? HPC_ERROR_PowerOverflow : noError;
}

int32_t checkMathPower(double x, double y, double result) {
  if (std::isnan(result))
    return std::isnan(x) || std::isnan(y) ? noError : HPC_ERROR_MathDomain;
  if (std::isfinite(result) || !std::isfinite(x) || !std::isfinite(y))
    return noError;
  return x == 0 ? HPC_ERROR_MathDomain : HPC_ERROR_MathRange;
}

int32_t checkToInteger(double x) {
  if (std::isnan(x))
    return HPC_ERROR_IntegerFromNan;
  if (std::isinf(x))
    return HPC_ERROR_IntegerFromInfinity;
  bool fits = x >= -0x1p63 && x < 0x1p63;
  return fits ? noError : HPC_ERROR_IntegerOverflow;
}

/// The rule for a function of x with poles that are MathDomain errors and results that overflow.
int32_t checkOverflow(double x, double result, bool atPole) {
  if (atPole)
    return HPC_ERROR_MathDomain;
  if (std::isnan(result) && !std::isnan(x))
    return HPC_ERROR_MathDomain;
  return std::isinf(result) && std::isfinite(x) ? HPC_ERROR_MathRange : noError;
}

template <typename T> T floorDivide(T x, T y) {
  if (y == 0)
    return x / y;
  T remainder = std::fmod(x, y);
  // x - remainder is a multiple of y, but the subtraction and the division round.
  T quotient = (x - remainder) / y;
  if (remainder != 0 && (y < 0) != (remainder < 0))
    quotient -= 1;
  if (quotient == 0)
    return std::copysign(T(0), x / y);
  T floored = std::floor(quotient);
  return quotient - floored > T(0.5) ? floored + 1 : floored;
}

template <typename T> T moduloOf(T x, T y) {
  T remainder = std::fmod(x, y);
  if (y == 0)
    return remainder;
  if (remainder == 0)
    return std::copysign(T(0), y);
  return (y < 0) != (remainder < 0) ? remainder + y : remainder;
}

template <typename T> T integerFloorDivide(T x, T y) {
  if (y == 0)
    return 0;
  if (x == std::numeric_limits<T>::min() && y == -1)
    return x;
  T quotient = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}

template <typename T> T integerModulo(T x, T y) {
  if (y == 0 || y == -1)
    return 0;
  T remainder = x % y;
  return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder;
}

template <typename T> T wrappingPower(T base, T exponent) {
  std::make_unsigned_t<T> factor = base, result = 1;
  for (; exponent > 0; exponent >>= 1, factor *= factor)
    if (exponent & 1)
      result *= factor;
  return static_cast<T>(result);
}

/// NumPy's power_of_ten (calculation.c): exact up to 10**22, above by repeated multiplication.
double powerOfTen(int64_t exponent) {
  double power = 1;
  for (int64_t i = 0; i < exponent && std::isfinite(power); ++i)
    power *= 10;
  return power;
}

template <typename T> T numpyRound(T x, int64_t digits) {
  if (digits == 0)
    return std::rint(x);
  T power = static_cast<T>(powerOfTen(digits < 0 ? -digits : digits));
  return digits < 0 ? std::rint(x / power) * power : std::rint(x * power) / power;
}

/// Reads sign, decimal digits and a power of ten; an overflow is infinite.
double readDecimal(bool negative, const char *digits, size_t count, int64_t exponent) {
  std::array<char, 800> text;
  char *end = text.data();
  std::memcpy(end, digits, count);
  end += count;
  *end++ = 'e';
  end = std::to_chars(end, text.data() + text.size(), exponent).ptr;
  double value = 0;
  if (std::from_chars(text.data(), end, value).ec == std::errc::result_out_of_range)
    value = std::numeric_limits<double>::infinity();
  return negative ? -value : value;
}

/// Rounds |x| >= 1 to a multiple of 10**places, ties to even, on the digits of its exact value.
double roundToPowerOfTen(double x, int64_t places) {
  // A number of at least 1 has at most 52 binary, hence 52 decimal digits after its point.
  std::array<char, 400> text;
  constexpr int fractionDigits = 52;
  char *end = std::to_chars(text.data(), text.data() + text.size(), std::fabs(x),
                            std::chars_format::fixed, fractionDigits)
                  .ptr;
  char *point = end - fractionDigits - 1;
  int64_t wholeDigits = point - text.data();
  if (places > wholeDigits)
    return std::copysign(0.0, x);
  char *cut = point - places;
  // Drops the point, so that the digits after the cut stand together.
  std::memmove(point, point + 1, fractionDigits);
  --end;
  char first = cut == end ? '0' : *cut;
  bool restIsZero = true;
  for (char *digit = cut + 1; digit < end; ++digit)
    restIsZero = restIsZero && *digit == '0';
  bool lastIsOdd = cut != text.data() && (cut[-1] - '0') % 2 != 0;
  bool up = first > '5' || (first == '5' && (!restIsZero || lastIsOdd));
  std::array<char, 400> rounded;
  size_t count = cut - text.data();
  rounded[0] = '0';
  std::memcpy(rounded.data() + 1, text.data(), count);
  for (size_t i = count; up; --i) {
    up = rounded[i] == '9';
    rounded[i] = up ? '0' : static_cast<char>(rounded[i] + 1);
  }
  return readDecimal(std::signbit(x), rounded.data(), count + 1, places);
}

} // namespace

extern "C" {

int32_t hpc_math_check(int32_t rule, double x, double y, double result) {
  switch (rule) {
  case HPC_CHECK_singular:
    if (std::isnan(result))
      return std::isnan(x) || std::isnan(y) ? noError : HPC_ERROR_MathDomain;
    return std::isinf(result) && std::isfinite(x) ? HPC_ERROR_MathDomain : noError;
  case HPC_CHECK_overflow:
    return checkOverflow(x, result, false);
  case HPC_CHECK_gamma:
    return checkOverflow(x, result, (x <= 0 && isWhole(x)));
  case HPC_CHECK_lgamma:
    return checkOverflow(x, result, x <= 0 && std::isfinite(x) && isWhole(x));
  case HPC_CHECK_power:
    return checkMathPower(x, y, result);
  case HPC_CHECK_powerOperator:
    return checkPowerOperator(x, y, result);
  case HPC_CHECK_floorDivide:
    return y == 0 ? HPC_ERROR_FloatFloorDivideZero : noError;
  case HPC_CHECK_modulo:
    return y == 0 ? HPC_ERROR_FloatModuloZero : noError;
  case HPC_CHECK_toInteger:
    return checkToInteger(x);
  case HPC_CHECK_round:
    return std::isinf(result) && std::isfinite(x) ? HPC_ERROR_RoundOverflow : noError;
  default:
    return noError;
  }
}

double hpc_float_floor_divide_f64(double x, double y) { return floorDivide(x, y); }
float hpc_float_floor_divide_f32(float x, float y) { return floorDivide(x, y); }
double hpc_float_modulo_f64(double x, double y) { return moduloOf(x, y); }
float hpc_float_modulo_f32(float x, float y) { return moduloOf(x, y); }

int64_t hpc_floor_divide_i64(int64_t x, int64_t y) { return integerFloorDivide(x, y); }
int32_t hpc_floor_divide_i32(int32_t x, int32_t y) { return integerFloorDivide(x, y); }
int64_t hpc_modulo_i64(int64_t x, int64_t y) { return integerModulo(x, y); }
int32_t hpc_modulo_i32(int32_t x, int32_t y) { return integerModulo(x, y); }

int64_t hpc_power_i64(int64_t base, int64_t exponent) { return wrappingPower(base, exponent); }
int32_t hpc_power_i32(int32_t base, int32_t exponent) { return wrappingPower(base, exponent); }

int32_t hpc_power_checked_i64(int64_t base, int64_t exponent, int64_t *result) {
  int64_t factor = base, value = 1;
  bool factorFits = true;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) {
      if (!factorFits || __builtin_mul_overflow(value, factor, &value))
        return 1;
    }
    factorFits = factorFits && !__builtin_mul_overflow(factor, factor, &factor);
  }
  *result = value;
  return 0;
}

double hpc_round_digits_f64(double x, int64_t digits) {
  // Beyond 323 digits every number is itself, below -308 rounds to zero.
  if (!std::isfinite(x) || digits > 323)
    return x;
  if (digits < -308)
    return std::copysign(0.0, x);
  if (digits < 0)
    return std::fabs(x) < 1 ? std::copysign(0.0, x) : roundToPowerOfTen(x, -digits);
  std::array<char, 700> text;
  char *end = std::to_chars(text.data(), text.data() + text.size(), x, std::chars_format::fixed,
                            static_cast<int>(digits))
                  .ptr;
  double rounded = x;
  std::from_chars(text.data(), end, rounded);
  return rounded;
}

double hpc_numpy_round_f64(double x, int64_t digits) { return numpyRound(x, digits); }
float hpc_numpy_round_f32(float x, int64_t digits) { return numpyRound(x, digits); }
}
