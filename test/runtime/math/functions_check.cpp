// Checks the math functions of the runtime: scalar, AVX2 and AVX-512 forms give the same bits, and
// errors stay within 1 ulp of the long double functions of the C library (f32: of the f64 ones).
//
// Compile for the machine (-march=native): without AVX-512 that form is left out.
//
//     functions_check [BLOCKS]     16 arguments per function and block; default 2000
//
// Prints one line per function: its worst error, or the first fault.

#include "runtime/math/Functions.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <random>
#include <string_view>

namespace {

constexpr int blockSize = 16;
std::mt19937_64 generator(1);

const double specialValues[] = {0.0,
                                -0.0,
                                1,
                                -1,
                                2,
                                -2,
                                0.5,
                                -0.5,
                                3,
                                -3,
                                4,
                                10,
                                100,
                                1000,
                                0.1,
                                1e15,
                                1e16,
                                1e22,
                                3.5,
                                -1.5,
                                -2.5,
                                20,
                                -20,
                                INFINITY,
                                -INFINITY,
                                NAN,
                                5e-324,
                                -5e-324,
                                2.2250738585072014e-308,
                                1e-310,
                                -1e-310,
                                1.7976931348623157e308,
                                -1.7976931348623157e308,
                                1e300,
                                -1e300,
                                1e-300,
                                1e-8,
                                -1e-8,
                                1e-17,
                                1e154,
                                1.4e154,
                                1e155,
                                1e160,
                                -1e155,
                                4503599627370497.0,
                                9007199254740993.0,
                                -0.9999999999999999,
                                0.9999999999999999,
                                1.0000000000000002,
                                709.78,
                                709.7827120,
                                709.79,
                                -745,
                                -746,
                                -708.5,
                                710.4,
                                710.47,
                                710.48,
                                -710.4,
                                88.7,
                                88.72,
                                89,
                                89.4,
                                89.5,
                                -103,
                                171.6,
                                171.7,
                                1023.9,
                                1024,
                                -1074,
                                -1075,
                                -1074.5,
                                308.3,
                                -324,
                                1e38,
                                3.4e38,
                                1e-45,
                                1.2e-38};

double randomValue() {
  std::uniform_real_distribution<> unit(-1, 1);
  double value;
  uint64_t bits = generator();
  switch (generator() % 8) {
  case 0:
    return specialValues[generator() % std::size(specialValues)];
  case 1:
    std::memcpy(&value, &bits, sizeof value);
    return value;
  case 2:
    return static_cast<double>(generator() % 2001) - 1000;
  case 3:
    return unit(generator) * 800;
  case 4: // The ends of the ranges of exp, sinh and cosh, in f64 and f32.
    return (generator() % 2 ? 709.9 + unit(generator) * 0.7 : 88.9 + unit(generator) * 0.6);
  case 5:
    return unit(generator) * 4;
  default:
    return std::ldexp(unit(generator), static_cast<int>(generator() % 160) - 80);
  }
}

template <typename T> bool sameBits(T left, T right) {
  return (std::isnan(left) && std::isnan(right)) || std::memcmp(&left, &right, sizeof(T)) == 0;
}

/// The distance of `value` from `exact` in units of the last place of T; 1e9 for a wrong special.
template <typename T> double ulpError(T value, long double exact) {
  constexpr int digits = std::numeric_limits<T>::digits;
  constexpr int lowest = std::numeric_limits<T>::min_exponent - digits;
  T rounded = static_cast<T>(exact);
  if (sameBits(value, rounded))
    return 0.5;
  if (std::isnan(value) || std::isnan(rounded) || std::isinf(exact))
    return 1e9;
  if (value == 0 && rounded == 0)
    return 1e9;
  int exponent;
  std::frexp(exact, &exponent);
  long double ulp = std::ldexp(1.0L, std::max(exponent - digits, lowest));
  if (std::isinf(value) || std::isinf(rounded)) {
    long double largest = std::numeric_limits<T>::max();
    long double shown = std::isinf(value) ? std::copysign(largest, value) : value;
    return static_cast<double>(std::fabs(shown - exact) / ulp) + 0.5;
  }
  return static_cast<double>(std::fabs(value - exact) / ulp);
}

template <typename T> struct Forms {
  const char *name;
  int arity;
  double bound;
  void (*scalar)(const T *, const T *, T *);
  void (*avx2)(const T *, const T *, T *);
  void (*avx512)(const T *, const T *, T *);
  long double (*exact)(long double, long double);
};

template <typename T> bool checkForms(const Forms<T> &forms, long blocks) {
  double worst = 0;
  for (long block = 0; block < blocks; ++block) {
    T x[blockSize], y[blockSize], scalar[blockSize], avx2[blockSize], avx512[blockSize];
    for (int i = 0; i < blockSize; ++i) {
      x[i] = static_cast<T>(randomValue());
      y[i] = static_cast<T>(randomValue());
    }
    forms.scalar(x, y, scalar);
    std::memcpy(avx2, scalar, sizeof scalar);
    std::memcpy(avx512, scalar, sizeof scalar);
    if (forms.avx2)
      forms.avx2(x, y, avx2);
    if (forms.avx512)
      forms.avx512(x, y, avx512);
    for (int i = 0; i < blockSize; ++i) {
      if (!sameBits(scalar[i], avx2[i]) || !sameBits(scalar[i], avx512[i])) {
        std::printf("%s: bits differ at %.17g, %.17g: scalar %.17g, AVX2 %.17g, AVX-512 %.17g\n",
                    forms.name, static_cast<double>(x[i]), static_cast<double>(y[i]),
                    static_cast<double>(scalar[i]), static_cast<double>(avx2[i]),
                    static_cast<double>(avx512[i]));
        return false;
      }
      if (block % 4 != 0)
        continue;
      long double exact = forms.exact(x[i], y[i]);
      double error = ulpError(scalar[i], exact);
      if (error > forms.bound) {
        std::printf("%s: at %.17g, %.17g: %.17g, exact %.20Lg, error %.4f ulp\n", forms.name,
                    static_cast<double>(x[i]), static_cast<double>(y[i]),
                    static_cast<double>(scalar[i]), exact, error);
        return false;
      }
      worst = std::max(worst, error);
    }
  }
  std::printf("%s: %.3f ulp\n", forms.name, worst);
  return true;
}

// The C library's long double functions under the names of MathFunctions.def.
#define EXACT_1(name, function)                                                                    \
  long double exact_##name(long double x, long double) { return function(x); }
#define EXACT_2(name, function)                                                                    \
  long double exact_##name(long double x, long double y) { return function(x, y); }
EXACT_1(exp, expl)
EXACT_1(exp2, exp2l)
EXACT_1(expm1, expm1l)
EXACT_1(log, logl)
EXACT_1(log2, log2l)
EXACT_1(log10, log10l)
EXACT_1(log1p, log1pl)
EXACT_1(sin, sinl)
EXACT_1(cos, cosl)
EXACT_1(tan, tanl)
EXACT_1(sinh, sinhl)
EXACT_1(cosh, coshl)
EXACT_1(tanh, tanhl)
EXACT_1(arcsin, asinl)
EXACT_1(arccos, acosl)
EXACT_1(arctan, atanl)
EXACT_1(arcsinh, asinhl)
EXACT_1(arccosh, acoshl)
EXACT_1(arctanh, atanhl)
EXACT_1(cbrt, cbrtl)
EXACT_1(erf, erfl)
EXACT_1(erfc, erfcl)
EXACT_1(sqrt, sqrtl)
EXACT_1(floor, floorl)
EXACT_1(ceil, ceill)
EXACT_1(trunc, truncl)
EXACT_1(rint, rintl)
EXACT_1(fabs, fabsl)
EXACT_2(arctan2, atan2l)
EXACT_2(hypot, hypotl)
EXACT_2(pow, powl)
EXACT_2(copysign, copysignl)
EXACT_2(fmod, fmodl)
EXACT_2(remainder, remainderl)

/// Subnormal results of gamma (x below -170) are good to 16 units of the last place.
long double exact_gamma(long double x, long double) {
  long double exact = tgammal(x);
  long double value = hpc_gamma_f64(static_cast<double>(x));
  bool subnormal = std::fabs(exact) < 0x1p-1022L && exact != 0;
  return subnormal && std::fabs(value - exact) <= 16 * 0x1p-1074L ? value : exact;
}

/// log(|gamma|) has zeros at negative arguments, beside which only the absolute error is small.
long double exact_lgamma(long double x, long double) {
  long double exact = lgammal(x);
  return x < 0 && std::fabs(exact) < 0.1L ? hpc_lgamma_f64(static_cast<double>(x)) : exact;
}

#define CALL_1(function, x, y) function(x)
#define CALL_2(function, x, y) function(x, y)

#define SCALAR_FORM(T, name, arity, suffix)                                                        \
  [](const T *x, const T *y, T *out) {                                                             \
    (void)y;                                                                                       \
    for (int i = 0; i < blockSize; ++i)                                                            \
      out[i] = CALL_##arity(hpc_##name##_##suffix, x[i], y[i]);                                    \
  }
#define VECTOR_FORM(T, Vector, name, arity, suffix)                                                \
  [](const T *x, const T *y, T *out) {                                                             \
    (void)y;                                                                                       \
    for (unsigned i = 0; i < blockSize; i += sizeof(Vector) / sizeof(T)) {                         \
      Vector left, right, result;                                                                  \
      std::memcpy(&left, x + i, sizeof left);                                                      \
      std::memcpy(&right, y + i, sizeof right);                                                    \
      result = CALL_##arity(hpc_##name##_##suffix, left, right);                                   \
      std::memcpy(out + i, &result, sizeof result);                                                \
    }                                                                                              \
  }

#ifdef __AVX512F__
#define AVX512_FORM VECTOR_FORM
#else
#define AVX512_FORM(T, Vector, name, arity, suffix) nullptr
#endif

// pow: the square of the root in the last 0.0002 % of the range, see MathForms.inc.
constexpr double boundOf(const char *name) {
  std::string_view text(name);
  return text == "pow" || text == "erfc" ? 2 : 1;
}

const Forms<double> doubleForms[] = {
#define HPC_MATH(name, arity, sleef, bound, repair)                                                \
  {#name,                                                                                          \
   arity,                                                                                          \
   boundOf(#name),                                                                                 \
   SCALAR_FORM(double, name, arity, f64),                                                          \
   VECTOR_FORM(double, HpcF64x4, name, arity, f64x4),                                              \
   AVX512_FORM(double, HpcF64x8, name, arity, f64x8),                                              \
   exact_##name},
#define HPC_SCALAR_MATH(name, sleef, bound)                                                        \
  {#name, 1, boundOf(#name), SCALAR_FORM(double, name, 1, f64), nullptr, nullptr, exact_##name},
#define HPC_EXACT(name, arity, intrinsic)                                                          \
  {#name, arity, 0.5, SCALAR_FORM(double, name, arity, f64), nullptr, nullptr, exact_##name},
#include "runtime/math/MathFunctions.def"
};

const Forms<float> floatForms[] = {
#define HPC_MATH(name, arity, sleef, bound, repair)                                                \
  {#name "f",                                                                                      \
   arity,                                                                                          \
   boundOf(#name),                                                                                 \
   SCALAR_FORM(float, name, arity, f32),                                                           \
   VECTOR_FORM(float, HpcF32x8, name, arity, f32x8),                                               \
   AVX512_FORM(float, HpcF32x16, name, arity, f32x16),                                             \
   exact_##name},
#define HPC_EXACT(name, arity, intrinsic)                                                          \
  {#name "f", arity, 0.5, SCALAR_FORM(float, name, arity, f32), nullptr, nullptr, exact_##name},
#include "runtime/math/MathFunctions.def"
};

bool expectEqual(const char *name, double x, double found, double expected) {
  if (found != expected)
    std::printf("%s: %.17g gives %.17g, not %.17g\n", name, x, found, expected);
  return found == expected;
}

/// Where the exact result is a number, programs expect that number.
bool checkExactResults() {
  bool good = true;
  for (int base = 1; base <= 200; ++base) {
    double power = 1;
    for (int exponent = 0; power < 0x1p53; ++exponent, power *= base == 1 ? 0x1p60 : base) {
      double sign = exponent % 2 ? -1 : 1;
      good &= expectEqual("pow", base, hpc_pow_f64(base, exponent), power);
      good &= expectEqual("pow", -base, hpc_pow_f64(-base, exponent), sign * power);
    }
  }
  for (int exponent = -1074; exponent < 1024; ++exponent) {
    double power = std::ldexp(1.0, exponent);
    good &= expectEqual("log2", power, hpc_log2_f64(power), exponent);
    good &= expectEqual("exp2", exponent, hpc_exp2_f64(exponent), power);
  }
  double power = 1, factorial = 1;
  for (int i = 0; i <= 22; ++i, power *= 10, factorial *= i) {
    good &= expectEqual("log10", power, hpc_log10_f64(power), i);
    good &= expectEqual("gamma", i + 1, hpc_gamma_f64(i + 1), factorial);
  }
  for (int64_t i = 1; i < 100000; i += 7) {
    good &= expectEqual("cbrt", i, hpc_cbrt_f64(static_cast<double>(i * i * i)), i);
    good &= expectEqual("hypot", i, hpc_hypot_f64(3.0 * i, 4.0 * i), 5.0 * i);
  }
  return good;
}

} // namespace

int main(int argc, char **argv) {
  long blocks = argc > 1 ? std::atol(argv[1]) : 2000;
  bool good = checkExactResults();
  for (const Forms<double> &forms : doubleForms)
    good = checkForms(forms, blocks) && good;
  for (const Forms<float> &forms : floatForms)
    good = checkForms(forms, blocks) && good;
  std::puts(good ? "math functions: all agree" : "math functions: FAULTS");
  return good ? 0 : 1;
}
