//===- FunctionsAvx2.cpp - The math functions on AVX2 ----------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector forms of MathFunctions.def for AVX2. No other code belongs here: an inline function
// of a library, compiled for this instruction set, could replace the plain one in the program.
//
//===----------------------------------------------------------------------===//

#include "runtime/math/Functions.h"

#ifndef __AVX2__
#error "compile this file with -mavx2 -mfma"
#endif

using F64 = HpcF64x4;
using F32 = HpcF32x8;

template <typename Mask> static bool any(Mask mask) { return __builtin_reduce_or(mask) != 0; }

#define HPC_SLEEF_F64 d4
#define HPC_SLEEF_F32 f8
#define HPC_SLEEF_SET avx2
#define HPC_FORM_F64 f64x4
#define HPC_FORM_F32 f32x8
#include "runtime/math/MathForms.inc"
