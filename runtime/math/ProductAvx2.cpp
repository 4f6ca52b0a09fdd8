//===- ProductAvx2.cpp - products of matrices on AVX2 -----------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef __AVX2__
#error "compile this file with -mavx2 -mfma"
#endif

typedef double F64 __attribute__((vector_size(32)));
typedef float F32 __attribute__((vector_size(32)));

#define HPC_SET avx2
// 12 of the 16 registers are sums; the rest holds a row of the right operand and a factor.
#define HPC_TILE 6, 2
#include "runtime/math/ProductForms.inc"
