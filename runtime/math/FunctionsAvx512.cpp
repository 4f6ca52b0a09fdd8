//===- FunctionsAvx512.cpp - The math functions on AVX-512 -----------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The vector forms of MathFunctions.def for AVX-512F. No other code belongs here: an inline
// function of a library, compiled for this instruction set, could replace the plain one in the
// program.
//
//===----------------------------------------------------------------------===//

#include "runtime/math/Functions.h"

#ifndef __AVX512F__
#error "compile this file with -mavx512f -mfma"
#endif

using F64 = HpcF64x8;
using F32 = HpcF32x16;

template <typename Mask> static bool any(Mask mask) { return __builtin_reduce_or(mask) != 0; }

#define HPC_SLEEF_F64 d8
#define HPC_SLEEF_F32 f16
#define HPC_SLEEF_SET avx512f
#define HPC_FORM_F64 f64x8
#define HPC_FORM_F32 f32x16
#include "runtime/math/MathForms.inc"
