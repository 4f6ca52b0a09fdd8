//===- Functions.cpp - The math functions of programs ---------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defines the scalar symbols of MathFunctions.def: SLEEF's deterministic functions, repaired where
// they miss what Functions.h promises, and the exact functions of the C library.
//
//===----------------------------------------------------------------------===//

#include "runtime/math/Functions.h"

#include <cmath>

using F64 = double;
using F32 = float;

static bool any(bool condition) { return condition; }

#define HPC_SLEEF_F64 d1
#define HPC_SLEEF_F32 f1
#define HPC_SLEEF_SET purecfma
#define HPC_FORM_F64 f64
#define HPC_FORM_F32 f32
#include "runtime/math/MathForms.inc"

namespace {
#define HPC_SCALAR_MATH(name, sleef, bound)                                                        \
  HPC_WRAP_SLEEF(name, 1, F64, HPC_SLEEF_NAME(sleef, HPC_SLEEF_F64, bound, HPC_SLEEF_SET))
#include "runtime/math/MathFunctions.def"
} // namespace

extern "C" {

double hpc_erf_f64(double x) { return sleef_erf(x); }
double hpc_erfc_f64(double x) { return sleef_erfc(x); }
double hpc_lgamma_f64(double x) { return sleef_lgamma(x); }

double hpc_gamma_f64(double x) {
  double result = sleef_gamma(x);
  // Between the poles an underflowing result keeps the sign of the function.
  if (result == 0 && x < 0 && std::isfinite(x))
    return std::copysign(0.0, std::fmod(std::floor(x), 2.0) == 0 ? 1.0 : -1.0);
  return result;
}

#define HPC_EXACT_1(name, library)                                                                 \
  double hpc_##name##_f64(double x) { return library(x); }                                         \
  float hpc_##name##_f32(float x) { return library(x); }
#define HPC_EXACT_2(name, library)                                                                 \
  double hpc_##name##_f64(double x, double y) { return library(x, y); }                            \
  float hpc_##name##_f32(float x, float y) { return library(x, y); }
#define HPC_EXACT(name, arity, intrinsic) HPC_EXACT_##arity(name, std::name)
#include "runtime/math/MathFunctions.def"
}
