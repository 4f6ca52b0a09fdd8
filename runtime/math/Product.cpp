//===- Product.cpp - products of matrices ---------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/math/Product.h"

/// For any processor, and where memory is short; without instructions for fma it is slow.
template <typename Element> static void multiplyPlainly(HPC_PRODUCT_PARAMETERS(Element)) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t step = 0; step < inner; ++step)
      for (int64_t column = 0; column < columns; ++column) {
        Element &sum = result[row * resultRow + column * resultColumn];
        sum = __builtin_elementwise_fma(left[row * leftRow + step * leftInner],
                                        right[step * rightInner + column * rightColumn], sum);
      }
}

#ifdef __x86_64__
#define HPC_CHOOSE(type)                                                                           \
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma") &&                        \
      hpc_multiply_##type##_avx512(HPC_PRODUCT_ARGUMENTS))                                         \
    return;                                                                                        \
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&                           \
      hpc_multiply_##type##_avx2(HPC_PRODUCT_ARGUMENTS))                                           \
    return;
#else
#define HPC_CHOOSE(type)
#endif

void hpc_multiply_f64(HPC_PRODUCT_PARAMETERS(double)) {
  HPC_CHOOSE(f64)
  multiplyPlainly<double>(HPC_PRODUCT_ARGUMENTS);
}

void hpc_multiply_f32(HPC_PRODUCT_PARAMETERS(float)) {
  HPC_CHOOSE(f32)
  multiplyPlainly<float>(HPC_PRODUCT_ARGUMENTS);
}
