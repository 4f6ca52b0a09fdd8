//===- format_layout.cpp - Memory order of results, as NumPy chooses it ---===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which axis varies fastest in the result of an elementwise operation or a copy with order 'K'.
// It matters for values: sums run in memory order. The algorithms are those of NumPy's iterator
// (nditer_constr.c, find_best_axis_ordering) and of PyArray_NewLikeArray.
//===----------------------------------------------------------------------===//
#include "hpcc_rt.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace {

using Axes = std::array<int32_t, HPC_MAX_DIMS>;

/// The operands of one operation.
struct Operands {
  int32_t dims;
  const int64_t *const *shapes;
  const int64_t *const *strides;
  const int32_t *operandDims;
  int32_t count;
};

enum class Order { Ambiguous, Keep, Swap };

} // namespace

/// Absolute stride of an operand along an axis of the result; 0 where it is broadcast.
static int64_t strideAlong(const Operands &operands, int32_t operand, int32_t axis) {
  int32_t own = axis - (operands.dims - operands.operandDims[operand]);
  if (own < 0 || operands.shapes[operand][own] == 1)
    return 0;
  return std::abs(operands.strides[operand][own]);
}

/// Whether `axis` must vary faster than `faster`, which is in front of it so far. When operands
/// disagree, the order of the axes as written wins.
static Order compareAxes(const Operands &operands, int32_t axis, int32_t faster) {
  Order order = Order::Ambiguous;
  for (int32_t operand = 0; operand < operands.count; ++operand) {
    int64_t stride = strideAlong(operands, operand, axis);
    int64_t other = strideAlong(operands, operand, faster);
    if (stride == 0 || other == 0)
      continue;
    if (other <= stride)
      order = Order::Keep;
    else if (order == Order::Ambiguous)
      order = Order::Swap;
  }
  return order;
}

/// Lays out `shape` densely; axes[0] varies fastest.
static void fillStrides(int32_t dims, const int64_t *shape, const Axes &axes, int64_t *stride) {
  int64_t step = 1;
  for (int32_t i = 0; i < dims; ++i) {
    stride[axes[static_cast<size_t>(i)]] = step;
    step *= std::max<int64_t>(shape[axes[static_cast<size_t>(i)]], 1);
  }
}

void hpc_layout_like(int32_t dims, const int64_t *shape, const int64_t *const *operandShapes,
                     const int64_t *const *operandStrides, const int32_t *operandDims,
                     int32_t count, int64_t *stride) {
  Operands operands{dims, operandShapes, operandStrides, operandDims, count};
  Axes axes{};
  for (int32_t i = 0; i < dims; ++i)
    axes[static_cast<size_t>(i)] = dims - 1 - i;
  // Insertion sort. An ambiguous pair is passed over, so a later pair can still move the axis.
  for (int32_t i = 1; i < dims; ++i) {
    int32_t position = i;
    int32_t axis = axes[static_cast<size_t>(i)];
    for (int32_t j = i - 1; j >= 0; --j) {
      Order order = compareAxes(operands, axis, axes[static_cast<size_t>(j)]);
      if (order == Order::Keep)
        break;
      if (order == Order::Swap)
        position = j;
    }
    std::rotate(axes.begin() + position, axes.begin() + i, axes.begin() + i + 1);
  }
  fillStrides(dims, shape, axes, stride);
}

void hpc_layout_copy(int32_t dims, const int64_t *shape, const int64_t *sourceStride,
                     int64_t *stride) {
  Axes axes{};
  for (int32_t i = 0; i < dims; ++i)
    axes[static_cast<size_t>(i)] = dims - 1 - i;
  auto variesFaster = [&](int32_t a, int32_t b) {
    int64_t strideA = std::abs(sourceStride[a]);
    int64_t strideB = std::abs(sourceStride[b]);
    return strideA != strideB ? strideA < strideB : a > b;
  };
  std::sort(axes.begin(), axes.begin() + dims, variesFaster);
  fillStrides(dims, shape, axes, stride);
}
