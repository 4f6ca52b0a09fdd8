//===- PythonMath.h - Arithmetic as Python and NumPy do it ----------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which arguments of math functions and of ** raise, and the operations that C lacks: floor
// division and modulo, integer powers, decimal rounding. Pure; nothing here raises: a check gives
// the id of the error (Errors.def) and the caller raises it where it stands in the program.
//
//===----------------------------------------------------------------------===//

#ifndef HPCC_RUNTIME_MATH_PYTHONMATH_H
#define HPCC_RUNTIME_MATH_PYTHONMATH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// When an operation of Python floats raises; x, y are its arguments (y is 0 where there is one)
/// and r its result by C99's rules. Mathmodule.c and floatobject.c of CPython 3.11.
enum hpc_math_rule {
  HPC_CHECK_none,
  /// MathDomain if r is NaN and no argument is, or r is infinite and x finite.
  HPC_CHECK_singular,
  /// MathDomain if r is NaN and x is not; MathRange if r is infinite and x finite.
  HPC_CHECK_overflow,
  /// MathDomain at 0, negative integers and -inf; MathRange if r is infinite and x finite.
  HPC_CHECK_gamma,
  /// MathDomain at integers <= 0; MathRange if r is infinite and x finite.
  HPC_CHECK_lgamma,
  /// math.pow: MathDomain if r is NaN and no argument is, or for 0 to a negative power; MathRange
  /// if r is infinite and both arguments finite.
  HPC_CHECK_power,
  /// x ** y: ZeroNegativePower, UnsupportedComplexPower, PowerOverflow.
  HPC_CHECK_powerOperator,
  /// x // y and x % y: FloatFloorDivideZero, FloatModuloZero if y is 0.
  HPC_CHECK_floorDivide,
  HPC_CHECK_modulo,
  /// int(x), math.floor(x), ..: IntegerFromNan, IntegerFromInfinity; IntegerOverflow if x, already
  /// rounded, does not fit 64 bits.
  HPC_CHECK_toInteger,
  /// round(x, k): RoundOverflow if r is infinite and x finite.
  HPC_CHECK_round
};

/// The hpc_error_id that the operation raises, or -1.
int32_t hpc_math_check(int32_t rule, double x, double y, double result);

/// x // y and x % y of floats: fmod and adjustment, not floor(x / y). With y == 0 they give NumPy's
/// x / y and NaN; Python raises instead (HPC_CHECK_floorDivide, HPC_CHECK_modulo).
double hpc_float_floor_divide_f64(double x, double y);
float hpc_float_floor_divide_f32(float x, float y);
double hpc_float_modulo_f64(double x, double y);
float hpc_float_modulo_f32(float x, float y);

/// x // y and x % y of integers, rounding towards minus infinity. As NumPy's: division by 0 gives
/// 0, minimum // -1 the minimum. Python raises instead (IntegerFloorDivideZero, IntegerOverflow).
int64_t hpc_floor_divide_i64(int64_t x, int64_t y);
int32_t hpc_floor_divide_i32(int32_t x, int32_t y);
int64_t hpc_modulo_i64(int64_t x, int64_t y);
int32_t hpc_modulo_i32(int32_t x, int32_t y);

/// base ** exponent for exponent >= 0, modulo 2^64 or 2^32 as NumPy's; 1 for a negative exponent,
/// for which NumPy raises IntegerNegativePower.
int64_t hpc_power_i64(int64_t base, int64_t exponent);
int32_t hpc_power_i32(int32_t base, int32_t exponent);

/// The same for Python integers: writes *result and returns 0, or returns 1 if it does not fit.
int32_t hpc_power_checked_i64(int64_t base, int64_t exponent, int64_t *result);

/// Python's round(x, digits): the decimal with that many digits after the point nearest to x's
/// exact value, ties to even. Infinite for a finite x whose result does not fit (HPC_CHECK_round).
double hpc_round_digits_f64(double x, int64_t digits);

/// np.round(x, digits) and round() of NumPy floats: rint(x * 10**digits) / 10**digits.
double hpc_numpy_round_f64(double x, int64_t digits);
float hpc_numpy_round_f32(float x, int64_t digits);

#ifdef __cplusplus
}
#endif

#endif // HPCC_RUNTIME_MATH_PYTHONMATH_H
