//===- Ranks.cpp - which rank has which number ------------------------------------------------===//

#include "Ranks.h"
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

unsigned treeLevels(int64_t points) {
  constexpr unsigned mostLevels = 10;
  constexpr int64_t fewestPoints = 256;
  unsigned levels = 0;
  while (levels < mostLevels && points >> (levels + 1) >= fewestPoints)
    ++levels;
  return levels;
}

static void visitSubtrees(int64_t first, int64_t points, unsigned levels,
                          llvm::function_ref<void(int64_t, int64_t)> visit) {
  if (levels == 0)
    return visit(first, points);
  int64_t half = points / 2;
  half -= half % 8;
  visitSubtrees(first, half, levels - 1, visit);
  visitSubtrees(first + half, points - half, levels - 1, visit);
}

void forEachSubtree(int64_t points, unsigned levels,
                    llvm::function_ref<void(int64_t, int64_t)> visit) {
  visitSubtrees(0, points, levels, visit);
}

} // namespace hpcc::ir
