//===- Product.h - products of matrices -----------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// result += left right, for matrices with any strides, counted in elements: each element of the
// result is what it was and the products along the inner dimension, in order, each added by one
// fma of IEEE 754. So the bits depend neither on the processor nor on how the work is divided. The
// result shares no memory with the operands.
//
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_MATH_PRODUCT_H
#define HPCC_RUNTIME_MATH_PRODUCT_H

#include <stdint.h>

#define HPC_PRODUCT_PARAMETERS(Element)                                                            \
  int64_t rows, int64_t columns, int64_t inner, const Element *left, int64_t leftRow,              \
      int64_t leftInner, const Element *right, int64_t rightInner, int64_t rightColumn,            \
      Element *result, int64_t resultRow, int64_t resultColumn
#define HPC_PRODUCT_ARGUMENTS                                                                      \
  rows, columns, inner, left, leftRow, leftInner, right, rightInner, rightColumn, result,          \
      resultRow, resultColumn

extern "C" {
/// By the form that this processor has.
void hpc_multiply_f64(HPC_PRODUCT_PARAMETERS(double));
void hpc_multiply_f32(HPC_PRODUCT_PARAMETERS(float));

/// The forms, for the processors that have these instructions. False, and nothing done, where there
/// is no memory for copies of the operands.
bool hpc_multiply_f64_avx2(HPC_PRODUCT_PARAMETERS(double));
bool hpc_multiply_f32_avx2(HPC_PRODUCT_PARAMETERS(float));
bool hpc_multiply_f64_avx512(HPC_PRODUCT_PARAMETERS(double));
bool hpc_multiply_f32_avx512(HPC_PRODUCT_PARAMETERS(float));
}

#endif // HPCC_RUNTIME_MATH_PRODUCT_H
