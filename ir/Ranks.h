//===- Ranks.h - which rank has which number --------------------------------------------------===//
//
// The arithmetic of Distribution and RankPart with numbers in place of forms, and the rule of which
// rank adds up which points of a tree sum. The interpreter runs by it, and what passes conclude and
// code generation emits has to agree with it.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_RANKS_H
#define HPCC_IR_RANKS_H

#include "Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace hpcc::ir {

/// The numbers [begin, end).
struct Share {
  int64_t begin = 0, end = 0;
  bool operator==(const Share &) const = default;
};

/// What a rank has of [0, rows) in blocks.
Share shareOf(int64_t rows, int64_t rank, int64_t ranks);

/// The rank that has a number, the offset included. Blocks: what lies before [0, rows) is rank 0's,
/// what lies behind it the last rank's. `rows` does not count for cyclic.
int64_t ownerOf(Division division, int64_t rows, int64_t number, int64_t ranks);

/// Whether a number, the offset included, is at least `left` behind the begin of its owner's share
/// and more than `right` before the end.
bool isInner(int64_t rows, int64_t number, int64_t left, int64_t right, int64_t ranks);

/// The subtrees of a tree sum of so many points that ranks add up (runtime/math/Subtrees.cpp), from
/// left to right: visit(first point, points).
void forEachSubtreeOfSum(int64_t points, llvm::function_ref<void(int64_t, int64_t)> visit);

/// The axis of a compute, or of a compute or loop, whose iterations ranks divide among themselves,
/// or null.
const Axis *dividedAxisOf(const Compute &compute);
const Axis *dividedAxisOf(const Stmt &stmt);

} // namespace hpcc::ir

#endif // HPCC_IR_RANKS_H
