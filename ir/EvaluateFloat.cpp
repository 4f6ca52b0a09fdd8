//===- EvaluateFloat.cpp - the meaning of floating-point operations -------------------------===//

#include "EvaluateFloat.h"
#include "runtime/hpcc_rt.h"
#include "runtime/math/Functions.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace hpcc::ir {
namespace {

#define HPCC_OVERLOAD_1(name)                                                                      \
  double name(double x) { return hpc_##name##_f64(x); }                                            \
  float name(float x) { return hpc_##name##_f32(x); }
#define HPCC_OVERLOAD_2(name)                                                                      \
  double name(double x, double y) { return hpc_##name##_f64(x, y); }                               \
  float name(float x, float y) { return hpc_##name##_f32(x, y); }
/// The runtime's functions, overloaded.
namespace math {
#define HPC_MATH(name, arity, sleef, bound, repair) HPCC_OVERLOAD_##arity(name)
#define HPC_SCALAR_MATH(name, sleef, bound)                                                        \
  double name(double x) { return hpc_##name##_f64(x); }                                            \
  float name(float x) { return static_cast<float>(hpc_##name##_f64(x)); }
#include "runtime/math/MathFunctions.def"
} // namespace math

/// fmod with the sign of the divisor, as Python and NumPy have it.
template <typename T> T modulo(T a, T b) {
  T rest = std::fmod(a, b);
  if (b == 0)
    return rest;
  if (rest == 0)
    return std::copysign(T(0), b);
  return (b < 0) != (rest < 0) ? rest + b : rest;
}

/// The quotient that belongs to `modulo`; not floor(a / b), which rounds differently.
template <typename T> T floorDivide(T a, T b) {
  if (b == 0)
    return a / b;
  T rest = std::fmod(a, b);
  T quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0))
    quotient -= 1;
  if (quotient == 0)
    return std::copysign(T(0), a / b);
  T whole = std::floor(quotient);
  return quotient - whole > T(0.5) ? whole + 1 : whole;
}

/// True if a is below b, with -0.0 below +0.0.
template <typename T> bool isBelow(T a, T b) {
  return a < b || (a == b && std::signbit(a) && !std::signbit(b));
}

template <typename T> T sign(T a) {
  if (std::isnan(a))
    return a;
  return T((a > 0) - (a < 0));
}

/// The rows of the table that are math functions.
template <typename T> T mathFunction(ScalarOp op, T a, T b) {
  switch (op) {
  case ScalarOp::Exp:
    return math::exp(a);
  case ScalarOp::Exp2:
    return math::exp2(a);
  case ScalarOp::Expm1:
    return math::expm1(a);
  case ScalarOp::Log:
    return math::log(a);
  case ScalarOp::Log2:
    return math::log2(a);
  case ScalarOp::Log10:
    return math::log10(a);
  case ScalarOp::Log1p:
    return math::log1p(a);
  case ScalarOp::Sin:
    return math::sin(a);
  case ScalarOp::Cos:
    return math::cos(a);
  case ScalarOp::Tan:
    return math::tan(a);
  case ScalarOp::ArcSin:
    return math::arcsin(a);
  case ScalarOp::ArcCos:
    return math::arccos(a);
  case ScalarOp::ArcTan:
    return math::arctan(a);
  case ScalarOp::ArcTan2:
    return math::arctan2(a, b);
  case ScalarOp::SinH:
    return math::sinh(a);
  case ScalarOp::CosH:
    return math::cosh(a);
  case ScalarOp::TanH:
    return math::tanh(a);
  case ScalarOp::ArcSinH:
    return math::arcsinh(a);
  case ScalarOp::ArcCosH:
    return math::arccosh(a);
  case ScalarOp::ArcTanH:
    return math::arctanh(a);
  case ScalarOp::CubeRoot:
    return math::cbrt(a);
  case ScalarOp::Hypot:
    return math::hypot(a, b);
  case ScalarOp::Erf:
    return math::erf(a);
  case ScalarOp::Erfc:
    return math::erfc(a);
  case ScalarOp::Gamma:
    return math::gamma(a);
  case ScalarOp::LogGamma:
    return math::lgamma(a);
  default:
    llvm_unreachable("not an operation on floats");
  }
}

template <typename T> T plain(ScalarOp op, T a, T b) {
  switch (op) {
  case ScalarOp::Add:
    return a + b;
  case ScalarOp::Subtract:
    return a - b;
  case ScalarOp::Multiply:
    return a * b;
  case ScalarOp::Divide:
    return a / b;
  case ScalarOp::FloorDivide:
    return floorDivide(a, b);
  case ScalarOp::Modulo:
    return modulo(a, b);
  case ScalarOp::Power:
    return math::pow(a, b);
  case ScalarOp::Negate:
    return -a;
  case ScalarOp::Absolute:
    return std::fabs(a);
  case ScalarOp::Sign:
    return sign(a);
  case ScalarOp::Minimum:
    return std::isnan(a) || (!std::isnan(b) && isBelow(a, b)) ? a : b;
  case ScalarOp::Maximum:
    return std::isnan(a) || (!std::isnan(b) && isBelow(b, a)) ? a : b;
  case ScalarOp::FMinimum:
    return std::isnan(b) || isBelow(a, b) ? a : b;
  case ScalarOp::FMaximum:
    return std::isnan(b) || isBelow(b, a) ? a : b;
  case ScalarOp::SquareRoot:
    return std::sqrt(a);
  case ScalarOp::Floor:
    return std::floor(a);
  case ScalarOp::Ceil:
    return std::ceil(a);
  case ScalarOp::Truncate:
    return std::trunc(a);
  case ScalarOp::RoundEven:
    return std::nearbyint(a);
  case ScalarOp::CopySign:
    return std::copysign(a, b);
  case ScalarOp::FMod:
    return std::fmod(a, b);
  case ScalarOp::NextAfter:
    return std::nextafter(a, b);
  default:
    return mathFunction(op, a, b);
  }
}

/// True for the functions of which Python's math module reports an infinite result of a finite
/// argument as a range error; of the others it is a domain error.
bool canOverflow(ScalarOp op) {
  switch (op) {
  case ScalarOp::Exp:
  case ScalarOp::Exp2:
  case ScalarOp::Expm1:
  case ScalarOp::SinH:
  case ScalarOp::CosH:
  case ScalarOp::Gamma:
  case ScalarOp::LogGamma:
    return true;
  default:
    return false;
  }
}

/// True for gamma's and lgamma's poles, where Python speaks of the domain.
template <typename T> bool isPole(ScalarOp op, T a) {
  bool gamma = op == ScalarOp::Gamma, either = gamma || op == ScalarOp::LogGamma;
  if (gamma && std::isinf(a) && a < 0)
    return true;
  return either && std::isfinite(a) && a <= 0 && std::floor(a) == a;
}

template <typename T> T checkedPower(T a, T b, int &errorId) {
  if (a == 0 && b < 0)
    errorId = HPC_ERROR_ZeroNegativePower;
  else if (a < 0 && std::isfinite(a) && std::isfinite(b) && std::floor(b) != b)
    errorId = HPC_ERROR_UnsupportedComplexPower;
  else if (T power = math::pow(a, b); std::isinf(power) && std::isfinite(a) && std::isfinite(b))
    errorId = HPC_ERROR_PowerOverflow;
  else
    return power;
  return T(0);
}

template <typename T> T checkedMath(ScalarOp op, T a, T b, int &errorId) {
  if (isPole(op, a)) {
    errorId = HPC_ERROR_MathDomain;
    return T(0);
  }
  T value = plain(op, a, b);
  bool two = infoOf(op).arity == 2;
  bool nanGiven = std::isnan(a) || (two && std::isnan(b));
  if (std::isnan(value) && !nanGiven)
    errorId = HPC_ERROR_MathDomain;
  else if (std::isinf(value) && std::isfinite(a) && (!two || std::isfinite(b)))
    errorId = canOverflow(op) || two ? HPC_ERROR_MathRange : HPC_ERROR_MathDomain;
  return value;
}

template <typename T> T checked(ScalarOp op, T a, T b, int &errorId) {
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Subtract:
  case ScalarOp::Multiply:
  case ScalarOp::Negate:
  case ScalarOp::Absolute:
    return plain(op, a, b);
  case ScalarOp::Divide:
    if (b == 0)
      errorId = HPC_ERROR_FloatDivideZero;
    return plain(op, a, b);
  case ScalarOp::FloorDivide:
    if (b == 0)
      errorId = HPC_ERROR_FloatFloorDivideZero;
    return plain(op, a, b);
  case ScalarOp::Modulo:
    if (b == 0)
      errorId = HPC_ERROR_FloatModuloZero;
    return plain(op, a, b);
  case ScalarOp::Power:
    return checkedPower(a, b, errorId);
  default:
    return checkedMath(op, a, b, errorId);
  }
}

/// The digits of `value` cut at 10^places (places > 0), ties of the exact value to even.
double roundToPower(double value, int64_t places) {
  char text[400];
  int length = std::snprintf(text, sizeof text, "%.0f", std::trunc(std::fabs(value)));
  if (places > length)
    return std::copysign(0.0, value);
  std::string digits("0"); // room for a carry
  digits.append(text, length);
  size_t kept = digits.size() - places;
  std::string tail = digits.substr(kept);
  std::string half = "5" + std::string(places - 1, '0');
  bool fraction = std::trunc(value) != value;
  bool odd = (digits[kept - 1] - '0') % 2 != 0;
  bool up = tail > half || (tail == half && (fraction || odd));
  digits.resize(kept);
  for (size_t i = kept; up && i-- > 0;) {
    up = digits[i] == '9';
    digits[i] = up ? '0' : static_cast<char>(digits[i] + 1);
  }
  digits += "e" + std::to_string(places);
  return std::copysign(std::strtod(digits.c_str(), nullptr), value);
}

} // namespace

double plainFloat(ScalarOp op, double a, double b) { return plain(op, a, b); }
float plainFloat(ScalarOp op, float a, float b) { return plain(op, a, b); }
double checkedFloat(ScalarOp op, double a, double b, int &errorId) {
  return checked(op, a, b, errorId);
}
float checkedFloat(ScalarOp op, float a, float b, int &errorId) {
  return checked(op, a, b, errorId);
}

bool testFloat(ScalarOp op, double value) {
  switch (op) {
  case ScalarOp::IsNan:
    return std::isnan(value);
  case ScalarOp::IsInfinite:
    return std::isinf(value);
  case ScalarOp::IsFinite:
    return std::isfinite(value);
  case ScalarOp::SignBit:
    return std::signbit(value);
  default:
    llvm_unreachable("not a test");
  }
}

double roundDigits(double value, int64_t digits, bool checked, int &errorId) {
  // Beyond these digits a double is an exact multiple, or rounds to zero (CPython's limits).
  if (!std::isfinite(value) || digits > 323)
    return value;
  if (digits < -308)
    return std::copysign(0.0, value);
  double rounded;
  if (digits < 0) {
    rounded = roundToPower(value, -digits);
  } else {
    char text[800]; // 309 digits before the point, 323 after it
    std::snprintf(text, sizeof text, "%.*f", static_cast<int>(digits), value);
    rounded = std::strtod(text, nullptr);
  }
  if (checked && std::isinf(rounded))
    errorId = HPC_ERROR_RoundOverflow;
  return rounded;
}

} // namespace hpcc::ir
