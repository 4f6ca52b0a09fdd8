//===- Sum.cpp - floating-point sums in NumPy's order ---------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Carries out the rule that Sum.h states. planSum() turns shape and strides into
// merged axes and the length of a run; sumOver() walks them.
//
//===----------------------------------------------------------------------===//

#include "runtime/math/Sum.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace {

constexpr int32_t maxDims = 32;
/// The elements that NumPy's iterator buffers at a time (its default buffer size).
constexpr int64_t bufferSize = 8192;
/// The elements of the largest leaf of a pairwise tree.
constexpr int64_t leafSize = 128;

/// One axis of the walk; strides in elements.
struct SumAxis {
  int64_t extent = 1;
  int64_t inputStride = 0;
  int64_t outputStride = 0;
};

/// The walk: merged axes, innermost first, and how the points fall into runs.
struct SumPlan {
  std::array<SumAxis, maxDims> axes;
  int32_t count = 0;
  /// The kept axes of the input from slowest to fastest in the output's memory.
  std::array<int32_t, maxDims> outputAxes{};
  int32_t outputCount = 0;
  int64_t outputSize = 1;
  int64_t total = 1;
  /// Runs never cross the end of this merged axis.
  int32_t outerAxis = 0;
  /// The points of the axes inside `outerAxis`, or 1 where that is the innermost.
  int64_t coreSize = 1;
  int64_t largestChunk = 1;
  /// Each core is a run of its own, even where a chunk holds several.
  bool runPerCore = false;
};

struct InputView {
  const void *data;
  const int64_t *shape;
  const int64_t *stride;
};

InputView viewDescriptor(const void *descriptor, int32_t dims) {
  const auto *words = static_cast<const int64_t *>(descriptor);
  const void *data = static_cast<void *const *>(descriptor)[1];
  return {data, words + 2, words + 2 + dims};
}

int64_t absolute(int64_t stride) { return stride < 0 ? -stride : stride; }

/// Axes from innermost to outermost: the insertion sort of npyiter_find_best_axis_ordering, which
/// starts from reversed C order and passes over strides of 0.
void sortAxes(const int64_t *stride, int32_t dims, int32_t *order) {
  for (int32_t position = 0; position < dims; ++position)
    order[position] = dims - 1 - position;
  for (int32_t position = 1; position < dims; ++position) {
    int32_t axis = order[position];
    int32_t target = position;
    for (int32_t candidate = position - 1; candidate >= 0; --candidate) {
      int64_t mine = absolute(stride[axis]);
      int64_t other = absolute(stride[order[candidate]]);
      if (mine == 0 || other == 0)
        continue;
      if (other <= mine)
        break;
      target = candidate;
    }
    std::rotate(order + target, order + position, order + position + 1);
  }
}

/// Appends an axis to the walk, merged with the last where one stride walks both.
void appendAxis(SumPlan &plan, SumAxis axis) {
  if (plan.count > 0) {
    SumAxis &last = plan.axes[plan.count - 1];
    bool fits = last.extent == 1 || axis.extent == 1 ||
                (last.extent * last.inputStride == axis.inputStride &&
                 last.extent * last.outputStride == axis.outputStride);
    if (fits) {
      last.extent *= axis.extent;
      if (last.inputStride == 0)
        last.inputStride = axis.inputStride;
      if (last.outputStride == 0)
        last.outputStride = axis.outputStride;
      return;
    }
  }
  plan.axes[plan.count++] = axis;
}

/// Chooses the core of npyiter_find_buffering_setup: the inner axes whose points are buffered
/// together. A larger core must pay for the operands that it makes the iterator buffer.
void chooseCore(SumPlan &plan, bool converts) {
  int64_t cost = converts ? 2 : 1;
  int64_t size = plan.axes[0].extent;
  int64_t bestCost = cost, bestSize = size;
  int32_t reduceAxis = 0;
  int32_t inputAxesOfOneStride = 1, outputAxesOfOneStride = 1;
  for (int32_t index = 1; index < plan.count; ++index) {
    if (reduceAxis != 0 || (size >= bufferSize && cost > 1))
      break;
    const SumAxis &inner = plan.axes[index - 1];
    const SumAxis &outer = plan.axes[index];
    if (outputAxesOfOneStride == index && inner.outputStride * inner.extent == outer.outputStride) {
      ++outputAxesOfOneStride;
    } else {
      if (outputAxesOfOneStride == index)
        ++cost;
      if (inner.outputStride == 0 || outer.outputStride == 0)
        reduceAxis = index;
    }
    if (inputAxesOfOneStride == index) {
      if (inner.inputStride * inner.extent == outer.inputStride)
        ++inputAxesOfOneStride;
      else if (!converts)
        ++cost;
    }
    int64_t core = size;
    size *= outer.extent;
    int64_t limit = cost > 1 ? std::min(size, bufferSize) : size;
    if (static_cast<double>(cost) * static_cast<double>(bestSize) <=
        static_cast<double>(bestCost) * static_cast<double>(limit)) {
      bestCost = cost;
      bestSize = size;
      plan.coreSize = core;
      plan.outerAxis = index;
    }
  }
  plan.runPerCore = reduceAxis != 0 && plan.outerAxis == reduceAxis;
  bool repeatsCore =
      plan.runPerCore &&
      ((inputAxesOfOneStride == plan.outerAxis && !converts) ||
       (plan.axes[reduceAxis].inputStride == 0 && inputAxesOfOneStride <= plan.outerAxis));
  bool buffers = converts || inputAxesOfOneStride + (repeatsCore ? 1 : 0) <= plan.outerAxis;
  if (buffers && bufferSize < bestSize)
    bestSize = plan.coreSize * (bufferSize / plan.coreSize);
  plan.largestChunk = bestSize;
}

SumPlan planSum(const InputView &input, int32_t dims, uint32_t axisMask, bool converts) {
  SumPlan plan;
  std::array<int64_t, maxDims> stride{};
  std::array<int32_t, maxDims> order{}, kept{};
  for (int32_t axis = 0; axis < dims; ++axis)
    stride[axis] = input.shape[axis] == 1 ? 0 : input.stride[axis];
  sortAxes(stride.data(), dims, order.data());
  for (int32_t position = 0; position < dims; ++position) {
    int32_t axis = order[position];
    int64_t extent = input.shape[axis];
    plan.total *= extent;
    if ((axisMask >> axis) & 1) {
      appendAxis(plan, {extent, stride[axis], 0});
      continue;
    }
    appendAxis(plan, {extent, stride[axis], extent == 1 ? 0 : plan.outputSize});
    plan.outputSize *= extent;
    kept[plan.outputCount++] = axis;
  }
  std::reverse_copy(kept.begin(), kept.begin() + plan.outputCount, plan.outputAxes.begin());
  if (plan.count == 0)
    plan.count = 1;
  if (plan.total != 0)
    chooseCore(plan, converts);
  return plan;
}

template <typename T> T sumLeaf(const T *values, int64_t count) {
  if (count < 8) {
    T sum = values[0];
    for (int64_t i = 1; i < count; ++i)
      sum += values[i];
    return sum;
  }
  T r[8];
  std::copy(values, values + 8, r);
  int64_t rounded = count - count % 8;
  for (int64_t i = 8; i < rounded; i += 8)
    for (int64_t lane = 0; lane < 8; ++lane)
      r[lane] += values[i + lane];
  T sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  for (int64_t i = rounded; i < count; ++i)
    sum += values[i];
  return sum;
}

/// The pairwise tree over the next `count` elements that `take(n)` hands out, at most leafSize at
/// a time and in order, as a pointer to n contiguous elements.
template <typename T, typename Take> T sumTree(int64_t count, Take &take) {
  if (count <= leafSize)
    return sumLeaf<T>(take(count), count);
  int64_t half = count / 2;
  half -= half % 8;
  T left = sumTree<T>(half, take);
  return left + sumTree<T>(count - half, take);
}

/// A position in the walk of a plan.
template <typename Element> struct Cursor {
  const SumPlan &plan;
  const Element *input;
  int64_t output = 0;
  std::array<int64_t, maxDims> index{};

  /// Steps over `count` points, which end within the innermost axis.
  void advance(int64_t count) {
    for (int32_t axis = 0;; ++axis) {
      const SumAxis &current = plan.axes[axis];
      index[axis] += count;
      input += count * current.inputStride;
      output += count * current.outputStride;
      if (index[axis] < current.extent || axis + 1 == plan.count)
        return;
      input -= current.extent * current.inputStride;
      output -= current.extent * current.outputStride;
      index[axis] = 0;
      count = 1;
    }
  }
};

/// Rule 4: the innermost axis is kept, so each point is added to its cell.
template <typename Element, typename T>
void addPointByPoint(const SumPlan &plan, const Element *input, T *cells) {
  Cursor<Element> cursor{plan, input};
  const SumAxis &inner = plan.axes[0];
  for (int64_t done = 0; done < plan.total; done += inner.extent) {
    T *row = cells + cursor.output;
    if (inner.inputStride == 1 && inner.outputStride == 1)
      for (int64_t i = 0; i < inner.extent; ++i)
        row[i] += static_cast<T>(cursor.input[i]);
    else
      for (int64_t i = 0; i < inner.extent; ++i)
        row[i * inner.outputStride] += static_cast<T>(cursor.input[i * inner.inputStride]);
    cursor.advance(inner.extent);
  }
}

/// Rule 5: the innermost axis is summed over, so each run adds a tree to its cell.
template <typename Element, typename T>
void addTrees(const SumPlan &plan, const Element *input, T *cells) {
  Cursor<Element> cursor{plan, input};
  const SumAxis &inner = plan.axes[0];
  T block[leafSize];
  auto take = [&](int64_t count) -> const T * {
    if constexpr (std::is_same_v<Element, T>) {
      if (inner.inputStride == 1 && inner.extent - cursor.index[0] >= count) {
        const T *values = cursor.input;
        cursor.advance(count);
        return values;
      }
    }
    for (int64_t filled = 0; filled < count;) {
      int64_t length = std::min(count - filled, inner.extent - cursor.index[0]);
      for (int64_t i = 0; i < length; ++i)
        block[filled + i] = static_cast<T>(cursor.input[i * inner.inputStride]);
      filled += length;
      cursor.advance(length);
    }
    return block;
  };
  int64_t outerExtent = plan.axes[plan.outerAxis].extent;
  for (int64_t start = 0; start < plan.total;) {
    int64_t left = outerExtent - cursor.index[plan.outerAxis];
    int64_t chunk = std::min(plan.largestChunk, plan.coreSize * left);
    int64_t run = plan.runPerCore ? plan.coreSize : chunk;
    for (int64_t done = 0; done < chunk; done += run) {
      int64_t cell = cursor.output;
      cells[cell] += sumTree<T>(run, take);
    }
    start += chunk;
  }
}

/// Copies the cells, laid out in the plan's order of axes, to C order.
template <typename T>
void packCells(const SumPlan &plan, const int64_t *shape, const T *cells, T *out) {
  std::array<int64_t, maxDims> cellStride{}, index{};
  std::array<int32_t, maxDims> axes = plan.outputAxes;
  int64_t stride = 1;
  for (int32_t position = plan.outputCount - 1; position >= 0; --position) {
    cellStride[plan.outputAxes[position]] = stride;
    stride *= shape[plan.outputAxes[position]];
  }
  std::sort(axes.begin(), axes.begin() + plan.outputCount);
  int64_t cell = 0;
  for (int64_t i = 0; i < plan.outputSize; ++i) {
    out[i] = cells[cell];
    for (int32_t position = plan.outputCount - 1; position >= 0; --position) {
      int32_t axis = axes[position];
      cell += cellStride[axis];
      if (++index[axis] < shape[axis])
        break;
      cell -= shape[axis] * cellStride[axis];
      index[axis] = 0;
    }
  }
}

struct FreeMemory {
  void operator()(void *memory) const { std::free(memory); }
};

template <typename Element, typename T>
int32_t sumOver(const void *descriptor, int32_t dims, uint32_t axisMask, T *out) {
  InputView input = viewDescriptor(descriptor, dims);
  SumPlan plan = planSum(input, dims, axisMask, !std::is_same_v<Element, T>);
  auto first = plan.outputAxes.begin();
  bool inOrder = std::is_sorted(first, first + plan.outputCount);
  std::unique_ptr<T[], FreeMemory> memory;
  T *cells = out;
  if (!inOrder && plan.outputSize > 0) {
    memory.reset(static_cast<T *>(std::malloc(plan.outputSize * sizeof(T))));
    if (!memory)
      return 1;
    cells = memory.get();
  }
  std::fill(cells, cells + plan.outputSize, T(0));
  const auto *data = static_cast<const Element *>(input.data);
  if (plan.total != 0) {
    if (plan.axes[0].outputStride != 0)
      addPointByPoint(plan, data, cells);
    else
      addTrees(plan, data, cells);
  }
  if (cells != out)
    packCells(plan, input.shape, cells, out);
  return 0;
}

template <typename T> T strideTree(const T *data, int64_t count, int64_t stride) {
  if (count <= 0)
    return T(0);
  T block[leafSize];
  auto take = [&](int64_t length) -> const T * {
    const T *values = data;
    data += length * stride;
    if (stride == 1)
      return values;
    for (int64_t i = 0; i < length; ++i)
      block[i] = values[i * stride];
    return block;
  };
  return sumTree<T>(count, take);
}

} // namespace

extern "C" {

double hpc_tree_f64(const double *data, int64_t count, int64_t stride) {
  return strideTree(data, count, stride);
}

float hpc_tree_f32(const float *data, int64_t count, int64_t stride) {
  return strideTree(data, count, stride);
}

int32_t hpc_sum_f64(const void *descriptor, int32_t dims, uint32_t axisMask, double *out) {
  return sumOver<double>(descriptor, dims, axisMask, out);
}

int32_t hpc_sum_f32(const void *descriptor, int32_t dims, uint32_t axisMask, float *out) {
  return sumOver<float>(descriptor, dims, axisMask, out);
}

#define HPC_CONVERTED_SUM(NAME, ELEMENT)                                                           \
  int32_t hpc_sum_##NAME##_as_f64(const void *descriptor, int32_t dims, uint32_t axisMask,         \
                                  double *out) {                                                   \
    return sumOver<ELEMENT>(descriptor, dims, axisMask, out);                                      \
  }
HPC_CONVERTED_SUM(bool, bool)
HPC_CONVERTED_SUM(i8, int8_t)
HPC_CONVERTED_SUM(i16, int16_t)
HPC_CONVERTED_SUM(i32, int32_t)
HPC_CONVERTED_SUM(i64, int64_t)
HPC_CONVERTED_SUM(u8, uint8_t)
HPC_CONVERTED_SUM(u16, uint16_t)
HPC_CONVERTED_SUM(u32, uint32_t)
HPC_CONVERTED_SUM(u64, uint64_t)
HPC_CONVERTED_SUM(f32, float)
#undef HPC_CONVERTED_SUM
}
