//===- TreeEmitter.h - emits sums in NumPy's pairwise order ----------------------------------===//
//
// What EmitTree.cpp (the walk over a tree) and EmitTreeShares.cpp (its subtrees among threads,
// ranks and the threads of a grid) share.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_CODEGEN_TREEEMITTER_H
#define HPCC_CODEGEN_TREEEMITTER_H

#include "Emit.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

inline constexpr unsigned leafSize = 128;
/// Halves of halves: no count of points needs more.
inline constexpr unsigned mostHalves = 64;

/// One axis of the trees: its iterator's values are lo + step * index for index < count.
struct TreeAxis {
  const ir::Axis &axis;
  llvm::Value *lo, *count;
  llvm::Value *index; // memory: of the next point
};

class TreeEmitter {
public:
  TreeEmitter(FunctionState &state, const ir::Compute &compute)
      : state(state), compute(compute), builder(state.builder) {
    for (const ir::Assign &assign : compute.body)
      if (isTree(assign))
        trees.push_back(&assign);
  }

  void emit(llvm::ArrayRef<const ir::Axis *> axes);

private:
  llvm::Value *number(int64_t value) { return builder.getInt64(static_cast<uint64_t>(value)); }
  llvm::Value *load(llvm::Value *memory) {
    return builder.CreateLoad(builder.getInt64Ty(), memory);
  }
  llvm::Value *add(llvm::Value *a, llvm::Value *b) {
    return builder.CreateAdd(a, b, "", true, true);
  }

  llvm::BasicBlock *block(const llvm::Twine &name) {
    return llvm::BasicBlock::Create(state.module.context, name, state.function);
  }

  llvm::Type *typeOf(const ir::Assign *tree) {
    return valueType(state.module, state.program()[tree->target.buffer].type);
  }

  llvm::Value *createCounter(const llvm::Twine &name) {
    llvm::Value *memory = createEntryAlloca(state, builder.getInt64Ty(), name);
    builder.CreateStore(number(0), memory);
    return memory;
  }

  void update(llvm::ArrayRef<llvm::Value *> sums) {
    for (auto [tree, sum] : llvm::zip_equal(trees, sums))
      emitStoreOrUpdate(state, *tree, sum);
  }

  /// Memory for the sums of subtrees, which the threads of a team share.
  llvm::SmallVector<llvm::Value *, 4> createPartials(unsigned subtrees);

  /// Sums those subtrees some levels down whose first point is this rank's, and has the runtime
  /// collect the others. Threads divide the subtrees of the rank.
  void emitSubtreesOfRank(llvm::Value *total);

  /// The points in one iteration of the outermost axis.
  llvm::Value *pointsPerIteration() {
    llvm::Value *points = number(1);
    for (const TreeAxis &axis : llvm::drop_begin(axes))
      points = builder.CreateMul(points, axis.count, "", true, true);
    return points;
  }

  /// The subtrees that can be this rank's: in blocks those that begin in its iterations.
  std::pair<llvm::Value *, llvm::Value *> ownSubtrees(llvm::Value *total, llvm::Value *levels,
                                                      llvm::Value *subtrees);

  /// Runs `emit` if the iteration of a point is this rank's, where only a look can tell.
  void emitIfOwn(llvm::Value *point, llvm::function_ref<void()> emit);

  /// Sums the subtree with the number of the device's thread, which is a leaf or a pair of leaves.
  void emitSubtreeOfThread(llvm::Value *total);

  /// The next `count` points and the sums of their numbers, without memory for the numbers: lanes
  /// are registers. A sum begins with -0.0, to which adding a number gives that number.
  llvm::SmallVector<llvm::Value *, 4> emitLeafOfThread(llvm::Value *count);

  /// Runs the point that the counters of the axes stand at, and moves them on.
  void emitNextPoint(llvm::function_ref<void(size_t, llvm::Value *)> addend);

  /// The same a number of levels down that the kernel's launch decides.
  std::pair<llvm::Value *, llvm::Value *> pointsOf(llvm::Value *subtree, llvm::Value *total,
                                                   llvm::Value *levels);

  /// Divides the subtrees a few levels down among the threads of the team. A tree that is too small
  /// for that is one thread's.
  void emitSubtrees(llvm::Value *total);

  /// The first point and the number of points of a subtree, `levels` below the root.
  std::pair<llvm::Value *, llvm::Value *> pointsOf(llvm::Value *subtree, llvm::Value *total,
                                                   unsigned levels);

  /// The points of the first of two halves.
  llvm::Value *firstHalf(llvm::Value *count) {
    return builder.CreateAnd(builder.CreateLShr(count, 1), number(-int64_t(lanesOfLeaves)));
  }

  /// Sets the counters of the axes to a point, counted from the first.
  void goTo(llvm::Value *point);

  /// The sum of a row of subtrees, in the order of the tree.
  llvm::Value *combine(llvm::function_ref<llvm::Value *(unsigned)> at, unsigned first,
                       unsigned count) {
    if (count == 1)
      return at(first);
    llvm::Value *left = combine(at, first, count / 2);
    return builder.CreateFAdd(left, combine(at, first + count / 2, count / 2));
  }

  /// The axes' bounds and counters. The number of points.
  llvm::Value *openAxes(llvm::ArrayRef<const ir::Axis *> given);

  /// The memory of the compute's n-th tree, which all trees of the function share.
  TreeMemory &memoryOf(size_t tree);

  /// Where the one assignment adds up elements of an array: the address of the first, and whether
  /// the others follow in a row.
  void findRow();

  /// Runs all points. The sums, one a tree.
  llvm::SmallVector<llvm::Value *, 4> emitWalk(llvm::Value *total);

  /// The next `count` points and the sums of their numbers.
  llvm::SmallVector<llvm::Value *, 4> emitLeaf(llvm::Value *count);

  /// Runs the next `count` points; the trees' numbers go into their buffers.
  void emitPoints(llvm::Value *count);

  llvm::Value *iteratorAt(const TreeAxis &axis, llvm::Value *index) {
    return builder.CreateAdd(axis.lo,
                             builder.CreateMul(index, number(axis.axis.step), "", false, true), "",
                             false, true);
  }

  void emitPoint(llvm::Value *position);

  /// Counters that have reached their count begin anew and advance the next further out.
  void emitCarry();

  FunctionState &state;
  const ir::Compute &compute;
  llvm::IRBuilder<> &builder;
  llvm::SmallVector<const ir::Assign *, 4> trees;
  llvm::SmallVector<TreeAxis, 4> axes;
  llvm::Value *row = nullptr, *rowIsWhole = nullptr, *rowPosition = nullptr;
};

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_TREEEMITTER_H
