//===- EvaluateFloat.cpp - the meaning of floating-point operations -------------------------===//

#include "EvaluateFloat.h"
#include "runtime/hpcc_rt.h"
#include "runtime/math/Functions.h"
#include "runtime/math/PythonMath.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>

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

/// The rule of each function of Python's math module, under the module's name for it.
namespace rules {
#define HPC_PYTHON_MATH(name, arity, function, rule) constexpr int32_t name = HPC_CHECK_##rule;
#include "runtime/math/PythonMath.def"
} // namespace rules

double modulo(double x, double y) { return hpc_float_modulo_f64(x, y); }
float modulo(float x, float y) { return hpc_float_modulo_f32(x, y); }
double floorDivide(double x, double y) { return hpc_float_floor_divide_f64(x, y); }
float floorDivide(float x, float y) { return hpc_float_floor_divide_f32(x, y); }

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
  case ScalarOp::Product:
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

/// When the checked form of an operation raises.
int32_t ruleOf(ScalarOp op) {
  switch (op) {
  case ScalarOp::FloorDivide:
    return HPC_CHECK_floorDivide;
  case ScalarOp::Modulo:
    return HPC_CHECK_modulo;
  case ScalarOp::Power:
    return HPC_CHECK_powerOperator;
  case ScalarOp::SquareRoot:
    return rules::sqrt;
  case ScalarOp::FMod:
    return rules::fmod;
  case ScalarOp::Exp:
    return rules::exp;
  case ScalarOp::Exp2:
    return rules::exp2;
  case ScalarOp::Expm1:
    return rules::expm1;
  case ScalarOp::Log:
    return rules::log;
  case ScalarOp::Log2:
    return rules::log2;
  case ScalarOp::Log10:
    return rules::log10;
  case ScalarOp::Log1p:
    return rules::log1p;
  case ScalarOp::Sin:
    return rules::sin;
  case ScalarOp::Cos:
    return rules::cos;
  case ScalarOp::Tan:
    return rules::tan;
  case ScalarOp::ArcSin:
    return rules::asin;
  case ScalarOp::ArcCos:
    return rules::acos;
  case ScalarOp::ArcTan:
    return rules::atan;
  case ScalarOp::ArcTan2:
    return rules::atan2;
  case ScalarOp::SinH:
    return rules::sinh;
  case ScalarOp::CosH:
    return rules::cosh;
  case ScalarOp::TanH:
    return rules::tanh;
  case ScalarOp::ArcSinH:
    return rules::asinh;
  case ScalarOp::ArcCosH:
    return rules::acosh;
  case ScalarOp::ArcTanH:
    return rules::atanh;
  case ScalarOp::CubeRoot:
    return rules::cbrt;
  case ScalarOp::Hypot:
    return rules::hypot;
  case ScalarOp::Erf:
    return rules::erf;
  case ScalarOp::Erfc:
    return rules::erfc;
  case ScalarOp::Gamma:
    return rules::gamma;
  case ScalarOp::LogGamma:
    return rules::lgamma;
  default:
    return HPC_CHECK_none;
  }
}

template <typename T> T checked(ScalarOp op, T a, T b, int &errorId) {
  T value = plain(op, a, b);
  if (op == ScalarOp::Divide)
    errorId = b == 0 ? HPC_ERROR_FloatDivideZero : -1;
  else
    errorId = hpc_math_check(ruleOf(op), a, b, value);
  return value;
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
  double rounded = hpc_round_digits_f64(value, digits);
  if (checked)
    errorId = hpc_math_check(HPC_CHECK_round, value, 0, rounded);
  return rounded;
}

} // namespace hpcc::ir
