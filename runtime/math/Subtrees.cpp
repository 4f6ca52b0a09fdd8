//===- Subtrees.cpp - The parts of a tree sum that ranks divide -----------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A sum in NumPy's pairwise order (Sum.h) over many points is cut into its subtrees some levels
// down. Which subtrees there are depends on the number of points alone, so the result is the same
// for any number of ranks.
//===----------------------------------------------------------------------===//
#include "runtime/hpcc_rt.h"

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
