//===- ProductAvx512.cpp - products of matrices on AVX-512 -------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef __AVX512F__
#error "compile this file with -mavx512f -mfma"
#endif

typedef double F64 __attribute__((vector_size(64)));
typedef float F32 __attribute__((vector_size(64)));

#define HPC_SET avx512
// 24 of the 32 registers are sums; the rest holds a row of the right operand and a factor.
#define HPC_TILE 8, 3
#include "runtime/math/ProductForms.inc"
