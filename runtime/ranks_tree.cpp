//===- ranks_tree.cpp - Tree sums that ranks divide -----------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A sum in NumPy's pairwise order (math/Sum.h) over many points is cut into its subtrees some
// levels down, whose sums are added in the order of the tree. Which subtrees there are depends on
// the number of points alone, so the result is the same for any number of ranks.
//===----------------------------------------------------------------------===//
#include "hpcc_rt.h"

#include <algorithm>
#include <bit>

/// The points of the first of two halves.
static int64_t firstHalf(int64_t points) { return points / 2 / 8 * 8; }

int64_t hpc_ranks_tree_levels(int64_t points) {
  constexpr int bitsOfFewestPoints = 9; // 256
  int bits = std::bit_width(static_cast<uint64_t>(points));
  return std::clamp<int64_t>(bits - bitsOfFewestPoints, 0, HPC_RANKS_TREE_LEVELS);
}

int64_t hpc_ranks_tree_begin(int64_t points, int64_t levels, int64_t subtree) {
  if (subtree >> levels != 0)
    return points;
  int64_t begin = 0;
  for (int64_t level = levels; level-- > 0;) {
    int64_t first = firstHalf(points);
    bool inSecond = (subtree >> level & 1) != 0;
    begin += inSecond ? first : 0;
    points = inSecond ? points - first : first;
  }
  return begin;
}

int64_t hpc_ranks_tree_find(int64_t points, int64_t levels, int64_t point) {
  // All that lie left of the path to the last subtree that begins before the point, and that one.
  if (point <= 0)
    return 0;
  int64_t subtree = 0;
  for (int64_t level = levels; level-- > 0;) {
    int64_t first = firstHalf(points);
    bool inSecond = first < point;
    subtree += int64_t{inSecond} << level;
    point -= inSecond ? first : 0;
    points = inSecond ? points - first : first;
  }
  return subtree + 1;
}

/// Adds neighbours until one number is left.
template <typename T> static T addUp(T *sums, int64_t levels) {
  for (int64_t count = int64_t{1} << levels; count > 1; count /= 2)
    for (int64_t i = 0; i < count / 2; ++i)
      sums[i] = sums[2 * i] + sums[2 * i + 1];
  return sums[0];
}

double hpc_ranks_tree_f64(double *sums, int64_t levels, const hpc_location *where) {
  hpc_ranks_combine_bits(sums, static_cast<int64_t>(sizeof(double)) << levels, where);
  return addUp(sums, levels);
}

float hpc_ranks_tree_f32(float *sums, int64_t levels, const hpc_location *where) {
  hpc_ranks_combine_bits(sums, static_cast<int64_t>(sizeof(float)) << levels, where);
  return addUp(sums, levels);
}
