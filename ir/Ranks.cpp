//===- Ranks.cpp - which rank has which number ------------------------------------------------===//

#include "Ranks.h"
#include "runtime/hpcc_rt.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>

namespace hpcc::ir {

/// floor(rank * rows / ranks) without a large product.
static int64_t beginOf(int64_t rows, int64_t rank, int64_t ranks) {
  return rows / ranks * rank + rows % ranks * rank / ranks;
}

Share shareOf(int64_t rows, int64_t rank, int64_t ranks) {
  rows = std::max<int64_t>(rows, 0);
  return {beginOf(rows, rank, ranks), beginOf(rows, rank + 1, ranks)};
}

int64_t ownerOf(Division division, int64_t rows, int64_t number, int64_t ranks) {
  if (division == Division::Cyclic) {
    int64_t rank = number % ranks;
    return rank < 0 ? rank + ranks : rank;
  }
  if (number < 0)
    return 0;
  if (number >= rows)
    return ranks - 1;
  // floor(r * rows / ranks) <= number is r <= ((number + 1) * ranks - 1) / rows.
  __extension__ using Wide = __int128;
  return static_cast<int64_t>(((Wide(number) + 1) * ranks - 1) / rows);
}

bool isInner(int64_t rows, int64_t number, int64_t left, int64_t right, int64_t ranks) {
  Share share = shareOf(rows, ownerOf(Division::Blocks, rows, number, ranks), ranks);
  return number >= share.begin + left && number < share.end - right;
}

void forEachSubtreeOfSum(int64_t points, llvm::function_ref<void(int64_t, int64_t)> visit) {
  int64_t levels = hpc_ranks_tree_levels(points);
  auto beginOf = [&](int64_t subtree) { return hpc_ranks_tree_begin(points, levels, subtree); };
  for (int64_t subtree = 0; subtree < int64_t{1} << levels; ++subtree)
    visit(beginOf(subtree), beginOf(subtree + 1) - beginOf(subtree));
}

const Axis *dividedAxisOf(const Compute &compute) {
  auto found = llvm::find_if(compute.axes, [](const Axis &axis) { return axis.ranks.has_value(); });
  return found == compute.axes.end() ? nullptr : &*found;
}

const Axis *dividedAxisOf(const Stmt &stmt) {
  if (const auto *compute = std::get_if<Compute>(&stmt.node))
    return dividedAxisOf(*compute);
  const auto *loop = std::get_if<Loop>(&stmt.node);
  return loop && loop->axis.ranks ? &loop->axis : nullptr;
}

} // namespace hpcc::ir
