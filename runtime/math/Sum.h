//===- Sum.h - floating-point sums in NumPy's order -----------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes an array descriptor and the set of axes to sum over, and leaves the sums,
// bit for bit those of add.reduce in the pinned NumPy. A compiler that knows the
// layout of an array emits the same additions as its own loops; these functions
// serve the layouts that only a run shows, and the interpreter.
//
//===----------------------------------------------------------------------===//
//
// The order, for an input with D axes (NumPy 2.3 and later: nditer_constr.c of its
// multiarray module, loops_utils.h.src of its umath module):
//
//  1. Axes of extent 1 have no effect. The others are sorted by |stride|, smallest
//     innermost; equal strides keep C order; a stride of 0 compares with nothing.
//     No axis is reversed, whatever the sign of its stride.
//  2. The output is laid out in memory in that order of its axes. Neighbouring axes
//     merge where one stride walks both, in the input and in the output.
//  3. Every output cell starts at +0.0.
//  4. If the innermost merged axis is kept, points are visited one by one and each is
//     added to its cell: whole rows in order.
//  5. If it is summed over, the points of the inner axes fall into runs, and each run
//     adds one pairwise tree to its cell:  cell = cell + tree(run).
//     A run is the whole merged axis when it has one stride and needs no conversion,
//     however long it is. Where several axes that do not merge are summed over, or the
//     elements are converted, up to 8192 elements go through a buffer, and a buffer is
//     a run: whole inner blocks, as many as fit, and never beyond the outer axis of the
//     block. runtime/math/Sum.cpp says how the block is chosen.
//
//     tree(x, n):  n < 8:    ((x0 + x1) + x2) + ...
//                  n <= 128: r0..r7 = x0..x7; r[i % 8] += x[i] for 8 <= i < n - n % 8;
//                            s = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7));
//                            then s += x[i] for the last n % 8
//                  else      h = n / 2; h -= h % 8; tree(x, h) + tree(x + h, n - h)
//
//===----------------------------------------------------------------------===//

#ifndef HPCC_RUNTIME_MATH_SUM_H
#define HPCC_RUNTIME_MATH_SUM_H

#include <cstdint>

extern "C" {

/// The pairwise tree of rule 5 over `count` elements, `stride` elements apart. 0 for count <= 0.
/// The additions to a cell that starts at +0.0 are the caller's.
double hpc_tree_f64(const double *data, int64_t count, int64_t stride);
float hpc_tree_f32(const float *data, int64_t count, int64_t stride);

/// Sums over the axes whose bit is set in `axisMask` (bit 0 is axis 0).
///
/// `descriptor` is {object, data, shape[dims], stride[dims]}, strides in elements of any sign, 0
/// allowed; dims is at most 32. `out` receives the sums of the kept axes, packed in C order.
/// Returns 0, or 1 if there is no memory for a reordered result (`out` is then unspecified).
int32_t hpc_sum_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_f32(const void *descriptor, int32_t dims, uint32_t axisMask, float *out);

/// The same for elements that are converted to f64 before they are added: the sum inside NumPy's
/// mean of integers and bools, which is `sum(dtype=float64)`. The order differs from hpc_sum_f64's,
/// because converted elements go through a buffer.
int32_t hpc_sum_bool_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_i8_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_i16_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_i32_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_i64_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_u8_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_u16_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_u32_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_u64_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
int32_t hpc_sum_f32_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out);
}

#endif // HPCC_RUNTIME_MATH_SUM_H
