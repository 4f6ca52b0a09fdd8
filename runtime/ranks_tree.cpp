//===- ranks_tree.cpp - Tree sums that ranks divide -----------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sums of the subtrees (math/Subtrees.cpp) that ranks know are brought together and added in
// the order of the tree.
//===----------------------------------------------------------------------===//
#include "hpcc_rt.h"

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
