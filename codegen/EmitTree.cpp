//===- EmitTree.cpp - sums in NumPy's pairwise order -----------------------------------------===//
//
// The innermost loops of a compute with tree sums, by the recursion of runtime/math/Sum.h: up to
// 128 points are a leaf, more are two halves of which the first is a multiple of eight. A small
// stack of what is left and of partial sums takes the place of the recursion, so that the points
// stay in their function. A leaf first runs its points as an ordinary loop, which puts the numbers
// to add into a buffer, then adds these up in eight lanes. Numbers that lie in a row in an array
// are added from there.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;

namespace {

constexpr unsigned leafSize = 128, lanes = lanesOfLeaves;
/// Halves of halves: no count of points needs more.
constexpr unsigned mostHalves = 64;

/// One axis of the trees: its iterator's values are lo + step * index for index < count.
struct TreeAxis {
  const ir::Axis &axis;
  Value *lo, *count;
  Value *index; // memory: of the next point
};

class TreeEmitter {
public:
  TreeEmitter(FunctionState &state, const ir::Compute &compute)
      : state(state), compute(compute), builder(state.builder) {
    for (const ir::Assign &assign : compute.body)
      if (isTree(assign))
        trees.push_back(&assign);
  }

  void emit(ArrayRef<const ir::Axis *> axes) {
    Value *total = openAxes(axes);
    BasicBlock *some = block("tree"), *end = block("tree.end");
    builder.CreateCondBr(builder.CreateICmpSGT(total, number(0)), some, end);
    builder.SetInsertPoint(some);
    if (axes.front()->grid && state.kernel) {
      emitSubtreeOfThread(total);
      builder.CreateBr(end);
      builder.SetInsertPoint(end);
      return;
    }
    findRow();
    if (axes.front()->ranks)
      emitSubtreesOfRank(total);
    else if (axes.front()->mapping != ir::Mapping::None)
      emitSubtrees(total);
    else
      update(emitWalk(total));
    builder.CreateBr(end);
    builder.SetInsertPoint(end);
  }

private:
  BasicBlock *block(const Twine &name) {
    return BasicBlock::Create(state.module.context, name, state.function);
  }
  Value *number(int64_t value) { return builder.getInt64(static_cast<uint64_t>(value)); }
  Value *load(Value *memory) { return builder.CreateLoad(builder.getInt64Ty(), memory); }
  Value *add(Value *a, Value *b) { return builder.CreateAdd(a, b, "", true, true); }
  Type *typeOf(const ir::Assign *tree) {
    return valueType(state.module, state.program()[tree->target.buffer].type);
  }
  Value *createCounter(const Twine &name) {
    Value *memory = createEntryAlloca(state, builder.getInt64Ty(), name);
    builder.CreateStore(number(0), memory);
    return memory;
  }

  void update(ArrayRef<Value *> sums) {
    for (auto [tree, sum] : zip_equal(trees, sums))
      emitStoreOrUpdate(state, *tree, sum);
  }

  /// Memory for the sums of subtrees, which the threads of a team share.
  SmallVector<Value *, 4> createPartials(unsigned subtrees) {
    SmallVector<Value *, 4> partials;
    BasicBlock &entry = state.function->getEntryBlock(); // outside of a region
    for (const ir::Assign *tree : trees)
      partials.push_back(
          IRBuilder<>(&entry, entry.begin())
              .CreateAlloca(ArrayType::get(typeOf(tree), subtrees), nullptr, "tree.subtrees"));
    return partials;
  }

  /// Sums those subtrees some levels down whose first point is this rank's, and has the runtime
  /// collect the others. Threads divide the subtrees of the rank.
  void emitSubtreesOfRank(Value *total) {
    SmallVector<Value *, 4> partials = createPartials(1 << HPC_RANKS_TREE_LEVELS);
    bool isTeamwork = state.team && axes.front().axis.mapping != ir::Mapping::None;
    auto once = [&](const Twine &name, function_ref<void()> emit) {
      if (!isTeamwork)
        return emit();
      emitBarrier(state);
      emitOnMaster(state, name, emit);
      emitBarrier(state);
    };
    Value *levels = callRuntime(state, Entry::hpc_ranks_tree_levels, total);
    Value *subtrees = builder.CreateShl(number(1), levels);
    once("tree.clear", [&] {
      for (auto [tree, partial] : zip_equal(trees, partials)) {
        int64_t bytes = typeOf(tree)->getScalarSizeInBits() / 8;
        builder.CreateMemSet(partial, builder.getInt8(0),
                             builder.CreateMul(subtrees, number(bytes)), Align(bytes));
      }
    });
    auto [from, to] = ownSubtrees(total, levels, subtrees);
    auto sum = [&](Value *subtree) {
      auto begin = [&](Value *at) {
        return callRuntime(state, Entry::hpc_ranks_tree_begin, {total, levels, at});
      };
      Value *first = begin(subtree), *next = begin(add(subtree, number(1)));
      emitIfOwn(first, [&] {
        goTo(first);
        for (auto [tree, sum] : enumerate(emitWalk(builder.CreateSub(next, first))))
          builder.CreateStore(
              sum, builder.CreateInBoundsGEP(typeOf(trees[tree]), partials[tree], subtree));
      });
    };
    if (isTeamwork)
      emitShare(state, from, to, 1, "subtree", sum);
    else
      emitCountedLoop(state, from, to, 1, "subtree", /*independent=*/false, sum);
    once("tree.collect", [&] {
      SmallVector<Value *, 4> sums;
      for (auto [tree, partial] : zip_equal(trees, partials)) {
        Entry entry =
            typeOf(tree)->isFloatTy() ? Entry::hpc_ranks_tree_f32 : Entry::hpc_ranks_tree_f64;
        sums.push_back(callRuntime(state, entry, {partial, levels, locationOf(state, tree->loc)}));
      }
      update(sums);
    });
  }

  /// The points in one iteration of the outermost axis.
  Value *pointsPerIteration() {
    Value *points = number(1);
    for (const TreeAxis &axis : drop_begin(axes))
      points = builder.CreateMul(points, axis.count, "", true, true);
    return points;
  }

  /// The subtrees that can be this rank's: in blocks those that begin in its iterations.
  std::pair<Value *, Value *> ownSubtrees(Value *total, Value *levels, Value *subtrees) {
    const TreeAxis &outer = axes.front();
    if (outer.axis.ranks->over.division == ir::Division::Cyclic)
      return {number(0), subtrees};
    Value *end = add(outer.lo, builder.CreateMul(outer.count, number(outer.axis.step)));
    OwnRange range = emitOwnRange(state, outer.axis, outer.lo, end);
    auto find = [&](Value *iteration) -> Value * {
      Value *before = emitTripCount(state, outer.lo, iteration, outer.axis.step);
      Value *point = builder.CreateMul(before, pointsPerIteration());
      return callRuntime(state, Entry::hpc_ranks_tree_find, {total, levels, point});
    };
    return {find(range.lo), find(range.hi)};
  }

  /// Runs `emit` if the iteration of a point is this rank's, where only a look can tell.
  void emitIfOwn(Value *point, function_ref<void()> emit) {
    const TreeAxis &outer = axes.front();
    if (outer.axis.ranks->over.division == ir::Division::Blocks)
      return emit();
    Value *iteration = iteratorAt(outer, builder.CreateUDiv(point, pointsPerIteration()));
    BasicBlock *own = block("tree.own"), *end = block("tree.others");
    builder.CreateCondBr(emitIsOwn(state, outer.axis, iteration), own, end);
    builder.SetInsertPoint(own);
    emit();
    builder.CreateBr(end);
    builder.SetInsertPoint(end);
  }

  /// Sums the subtree with the number of the device's thread, which is a leaf or a pair of leaves.
  void emitSubtreeOfThread(Value *total) {
    Kernel &kernel = *state.kernel;
    auto [start, count] = pointsOf(kernel.number, total, kernel.treeLevels);
    goTo(start);
    Value *isLeaf = builder.CreateICmpSLE(count, number(leafSize));
    Value *first = builder.CreateSelect(isLeaf, count, firstHalf(count));
    BasicBlock *second = block("tree.second"), *summed = block("tree.summed");
    SmallVector<Value *, 4> sums = emitLeafOfThread(first);
    BasicBlock *one = builder.GetInsertBlock();
    builder.CreateCondBr(isLeaf, summed, second);
    builder.SetInsertPoint(second);
    SmallVector<Value *, 4> both;
    for (auto [left, right] : zip_equal(sums, emitLeafOfThread(builder.CreateSub(count, first))))
      both.push_back(builder.CreateFAdd(left, right));
    BasicBlock *two = builder.GetInsertBlock();
    builder.CreateBr(summed);
    builder.SetInsertPoint(summed);
    SmallVector<PHINode *, 4> results;
    for (auto [left, pair] : zip_equal(sums, both)) {
      results.push_back(builder.CreatePHI(left->getType(), 2));
      results.back()->addIncoming(left, one);
      results.back()->addIncoming(pair, two);
    }
    for (auto [tree, sum] : zip_equal(trees, results)) {
      Value *partials = kernel.partials.lookup(tree->target.buffer.index);
      builder.CreateStore(sum, builder.CreateInBoundsGEP(sum->getType(), partials, kernel.number));
    }
  }

  /// The next `count` points and the sums of their numbers, without memory for the numbers: lanes
  /// are registers. A sum begins with -0.0, to which adding a number gives that number.
  SmallVector<Value *, 4> emitLeafOfThread(Value *count) {
    Value *position = createCounter("leaf.position");
    Value *whole = builder.CreateAnd(count, number(-int64_t(lanes)));
    SmallVector<SmallVector<Value *, lanes>, 4> sums(trees.size()); // memory: by tree and lane
    for (auto [tree, lanesOf] : zip_equal(trees, sums))
      for (unsigned lane = 0; lane < lanes; ++lane) {
        lanesOf.push_back(createEntryAlloca(state, typeOf(tree), "lane"));
        builder.CreateStore(ConstantFP::getNegativeZero(typeOf(tree)), lanesOf.back());
      }
    auto addPoint = [&](unsigned lane) {
      emitNextPoint([&](size_t tree, Value *value) {
        Value *before = builder.CreateLoad(value->getType(), sums[tree][lane]);
        builder.CreateStore(builder.CreateFAdd(before, value), sums[tree][lane]);
      });
    };
    auto run = [&](Value *end, unsigned points) {
      BasicBlock *loop = block("leaf.points"), *done = block("leaf.end");
      builder.CreateCondBr(builder.CreateICmpSLT(load(position), end), loop, done);
      builder.SetInsertPoint(loop);
      for (unsigned lane = 0; lane < points; ++lane)
        addPoint(lane);
      builder.CreateStore(add(load(position), number(points)), position);
      builder.CreateCondBr(builder.CreateICmpSLT(load(position), end), loop, done);
      builder.SetInsertPoint(done);
    };
    run(whole, lanes);
    // The lanes become one, unless none of them has a number.
    for (auto [tree, lanesOf] : zip_equal(trees, sums)) {
      SmallVector<Value *, lanes> values;
      for (Value *lane : lanesOf)
        values.push_back(builder.CreateLoad(typeOf(tree), lane));
      builder.CreateStore(combine([&](unsigned at) { return values[at]; }, 0, lanes),
                          lanesOf.front());
    }
    run(count, 1);
    SmallVector<Value *, 4> results;
    for (auto [tree, lanesOf] : zip_equal(trees, sums))
      results.push_back(builder.CreateLoad(typeOf(tree), lanesOf.front()));
    return results;
  }

  /// Runs the point that the counters of the axes stand at, and moves them on.
  void emitNextPoint(function_ref<void(size_t, Value *)> addend) {
    for (const TreeAxis &axis : axes)
      state.symbols[axis.axis.iterator.index] = iteratorAt(axis, load(axis.index));
    emitAssignments(state, compute, [&](const ir::Assign &assign, Value *value) {
      addend(static_cast<size_t>(find(trees, &assign) - trees.begin()), value);
    });
    Value *over = builder.getTrue();
    for (const TreeAxis &axis : reverse(axes)) {
      Value *now = load(axis.index);
      Value *next = builder.CreateSelect(over, add(now, number(1)), now);
      if (&axis != &axes.front()) {
        over = builder.CreateICmpEQ(next, axis.count);
        next = builder.CreateSelect(over, number(0), next);
      }
      builder.CreateStore(next, axis.index);
    }
  }

  /// The same a number of levels down that the kernel's launch decides.
  std::pair<Value *, Value *> pointsOf(Value *subtree, Value *total, Value *levels) {
    Value *start = createCounter("tree.start"), *count = createCounter("tree.count");
    builder.CreateStore(total, count);
    emitCountedLoop(
        state, number(0), levels, 1, "tree.level", /*independent=*/false, [&](Value *level) {
          Value *all = load(count), *first = firstHalf(all);
          Value *bit = builder.CreateSub(builder.CreateSub(levels, level), number(1));
          Value *second =
              builder.CreateTrunc(builder.CreateLShr(subtree, bit), builder.getInt1Ty());
          builder.CreateStore(builder.CreateSelect(second, builder.CreateSub(all, first), first),
                              count);
          builder.CreateStore(builder.CreateSelect(second, add(load(start), first), load(start)),
                              start);
        });
    return {load(start), load(count)};
  }

  /// Divides the subtrees a few levels down among the threads of the team. A tree that is too small
  /// for that is one thread's.
  void emitSubtrees(Value *total) {
    constexpr unsigned levels = 6, subtrees = 1 << levels;
    SmallVector<Value *, 4> partials = createPartials(subtrees);
    auto partial = [&](size_t tree, Value *at) {
      return builder.CreateInBoundsGEP(typeOf(trees[tree]), partials[tree], at);
    };
    BasicBlock *divided = block("tree.divided"), *whole = block("tree.whole");
    BasicBlock *end = block("tree.summed");
    builder.CreateCondBr(builder.CreateICmpSGE(total, number(int64_t(subtrees) * 2 * leafSize)),
                         divided, whole);
    builder.SetInsertPoint(divided);
    emitShare(state, number(0), number(subtrees), 1, "subtree", [&](Value *subtree) {
      auto [start, count] = pointsOf(subtree, total, levels);
      goTo(start);
      for (auto [tree, sum] : enumerate(emitWalk(count)))
        builder.CreateStore(sum, partial(tree, subtree));
    });
    emitBarrier(state);
    emitOnMaster(state, "tree.combine", [&] {
      SmallVector<Value *, 4> sums;
      for (size_t tree = 0; tree < trees.size(); ++tree)
        sums.push_back(combine(
            [&](unsigned at) {
              return builder.CreateLoad(typeOf(trees[tree]), partial(tree, number(at)));
            },
            0, subtrees));
      update(sums);
    });
    builder.CreateBr(end);
    builder.SetInsertPoint(whole);
    emitOnMaster(state, "tree.one", [&] { update(emitWalk(total)); });
    builder.CreateBr(end);
    builder.SetInsertPoint(end);
  }

  /// The first point and the number of points of a subtree, `levels` below the root.
  std::pair<Value *, Value *> pointsOf(Value *subtree, Value *total, unsigned levels) {
    Value *start = number(0), *count = total;
    for (unsigned level = levels; level-- > 0;) {
      Value *first = firstHalf(count);
      Value *second =
          builder.CreateTrunc(builder.CreateLShr(subtree, number(level)), builder.getInt1Ty());
      start = builder.CreateSelect(second, add(start, first), start);
      count = builder.CreateSelect(second, builder.CreateSub(count, first), first);
    }
    return {start, count};
  }

  /// The points of the first of two halves.
  Value *firstHalf(Value *count) {
    return builder.CreateAnd(builder.CreateLShr(count, 1), number(-int64_t(lanes)));
  }

  /// Sets the counters of the axes to a point, counted from the first.
  void goTo(Value *point) {
    if (rowPosition)
      builder.CreateStore(point, rowPosition);
    for (const TreeAxis &axis : reverse(axes)) {
      bool outermost = &axis == &axes.front();
      builder.CreateStore(outermost ? point : builder.CreateURem(point, axis.count), axis.index);
      if (!outermost)
        point = builder.CreateUDiv(point, axis.count);
    }
  }

  /// The sum of a row of subtrees, in the order of the tree.
  Value *combine(function_ref<Value *(unsigned)> at, unsigned first, unsigned count) {
    if (count == 1)
      return at(first);
    Value *left = combine(at, first, count / 2);
    return builder.CreateFAdd(left, combine(at, first + count / 2, count / 2));
  }

  /// The axes' bounds and counters. The number of points.
  Value *openAxes(ArrayRef<const ir::Axis *> given) {
    Value *total = number(1);
    for (const ir::Axis *axis : given) {
      Value *lo = emitBound(state, axis->lo, true), *hi = emitBound(state, axis->hi, false);
      Value *count = emitTripCount(state, lo, hi, axis->step);
      axes.push_back({*axis, lo, count, createCounter("tree.index")});
      total = builder.CreateMul(total, count, "", true, true);
    }
    return total;
  }

  /// The memory of the compute's n-th tree, which all trees of the function share.
  TreeMemory &memoryOf(size_t tree) {
    while (state.treeMemory.size() <= tree) {
      auto make = [&](unsigned count, const Twine &name) {
        AllocaInst *memory =
            createEntryAlloca(state, ArrayType::get(builder.getInt64Ty(), count), name);
        memory->setAlignment(Align(64));
        return memory;
      };
      state.treeMemory.push_back({make(leafSize, "tree.leaf"), make(mostHalves, "tree.partial")});
    }
    if (!state.treeHalves)
      state.treeHalves =
          createEntryAlloca(state, ArrayType::get(builder.getInt64Ty(), mostHalves), "tree.halves");
    return state.treeMemory[tree];
  }

  /// Where the one assignment adds up elements of an array: the address of the first, and whether
  /// the others follow in a row.
  void findRow() {
    const auto *value = std::get_if<ir::ScalarLoad>(&trees.front()->value.node);
    if (compute.body.size() != 1 || !value || state.variables.contains(value->access.buffer.index))
      return;
    const ir::Access &access = value->access;
    if (access.indices.empty() ||
        any_of(access.indices, [](const ir::Index &index) { return index.wrap.has_value(); }))
      return;
    Descriptor array = descriptorOf(state, access.buffer);
    Value *expected = number(1);
    rowIsWhole = builder.getTrue();
    for (const TreeAxis &axis : reverse(axes)) {
      Value *stride = number(0);
      for (auto [index, elements] : zip_equal(access.indices, array.stride))
        if (int64_t coefficient = index.form.coefficientOf(axis.axis.iterator))
          stride = builder.CreateAdd(
              stride, builder.CreateMul(elements, number(coefficient * axis.axis.step)));
      Value *follows = builder.CreateOr(builder.CreateICmpEQ(stride, expected),
                                        builder.CreateICmpEQ(axis.count, number(1)));
      rowIsWhole = builder.CreateAnd(rowIsWhole, follows);
      expected = builder.CreateMul(expected, axis.count);
      state.symbols[axis.axis.iterator.index] = axis.lo;
    }
    row = emitElementAddress(state, access);
    rowPosition = createCounter("tree.position");
  }

  /// Runs all points. The sums, one a tree.
  SmallVector<Value *, 4> emitWalk(Value *total) {
    memoryOf(trees.size() - 1);
    Value *left = createCounter("tree.left"), *depth = createCounter("tree.depth");
    builder.CreateStore(total, left);
    BasicBlock *descend = block("tree.descend"), *split = block("tree.split");
    BasicBlock *leaf = block("tree.leaf"), *ascend = block("tree.ascend");
    BasicBlock *up = block("tree.up"), *right = block("tree.right");
    BasicBlock *combine = block("tree.combine"), *done = block("tree.done");
    auto half = [&](Value *at) {
      return builder.CreateInBoundsGEP(builder.getInt64Ty(), state.treeHalves, at);
    };
    auto partial = [&](size_t tree, Value *at) {
      return builder.CreateInBoundsGEP(typeOf(trees[tree]), memoryOf(tree).partial, at);
    };
    builder.CreateBr(descend);

    builder.SetInsertPoint(descend);
    Value *count = load(left);
    builder.CreateCondBr(builder.CreateICmpSGT(count, number(leafSize)), split, leaf);

    builder.SetInsertPoint(split);
    Value *first = firstHalf(count);
    Value *level = load(depth);
    builder.CreateStore(builder.CreateSub(count, first), half(level));
    builder.CreateStore(add(level, number(1)), depth);
    builder.CreateStore(first, left);
    builder.CreateBr(descend);

    builder.SetInsertPoint(leaf);
    SmallVector<Value *, 4> leafSums = emitLeaf(count);
    BasicBlock *leafEnd = builder.GetInsertBlock();
    builder.CreateBr(ascend);

    builder.SetInsertPoint(ascend);
    SmallVector<Value *, 4> sums;
    for (Value *sum : leafSums) {
      PHINode *phi = builder.CreatePHI(sum->getType(), 2, "tree.sum");
      phi->addIncoming(sum, leafEnd);
      sums.push_back(phi);
    }
    Value *above = builder.CreateSub(load(depth), number(1));
    builder.CreateCondBr(builder.CreateICmpSLT(above, number(0)), done, up);

    builder.SetInsertPoint(up);
    Value *second = load(half(above));
    builder.CreateCondBr(builder.CreateIsNull(second), combine, right);

    builder.SetInsertPoint(right);
    for (auto [tree, sum] : enumerate(sums))
      builder.CreateStore(sum, partial(tree, above));
    builder.CreateStore(number(0), half(above));
    builder.CreateStore(second, left);
    builder.CreateBr(descend);

    builder.SetInsertPoint(combine);
    for (auto [tree, sum] : enumerate(sums)) {
      Value *before = builder.CreateLoad(sum->getType(), partial(tree, above));
      cast<PHINode>(sum)->addIncoming(builder.CreateFAdd(before, sum), combine);
    }
    builder.CreateStore(above, depth);
    builder.CreateBr(ascend);

    builder.SetInsertPoint(done);
    return sums;
  }

  /// The next `count` points and the sums of their numbers.
  SmallVector<Value *, 4> emitLeaf(Value *count) {
    SmallVector<Value *, 4> sums;
    BasicBlock *add = nullptr, *before = builder.GetInsertBlock();
    if (row) {
      BasicBlock *fill = block("leaf.fill");
      add = block("leaf.add");
      builder.CreateCondBr(rowIsWhole, add, fill);
      builder.SetInsertPoint(fill);
    }
    emitPoints(count);
    if (!row) {
      for (auto [index, tree] : enumerate(trees))
        sums.push_back(emitLeafSum(state, memoryOf(index).leaf, count, typeOf(tree)));
      return sums;
    }
    BasicBlock *filled = builder.GetInsertBlock();
    builder.CreateBr(add);
    builder.SetInsertPoint(before);
    Instruction *branch = before->getTerminator();
    builder.SetInsertPoint(branch);
    Type *type = typeOf(trees.front());
    Value *position = load(rowPosition);
    Value *inRow = builder.CreateGEP(type, row, position);
    builder.CreateStore(this->add(position, count), rowPosition);
    builder.SetInsertPoint(add);
    PHINode *numbers = builder.CreatePHI(builder.getPtrTy(), 2);
    numbers->addIncoming(inRow, before);
    numbers->addIncoming(memoryOf(0).leaf, filled);
    sums.push_back(emitLeafSum(state, numbers, count, type));
    return sums;
  }

  /// Runs the next `count` points; the trees' numbers go into their buffers.
  void emitPoints(Value *count) {
    TreeAxis &inner = axes.back();
    Value *filled = nullptr;
    BasicBlock *segment = nullptr, *next = nullptr;
    if (axes.size() > 1) {
      // The innermost axis can end inside a leaf.
      filled = createCounter("tree.filled");
      segment = block("tree.segment");
      next = block("tree.segments");
      builder.CreateBr(segment);
      builder.SetInsertPoint(segment);
    }
    Value *begin = load(inner.index);
    Value *offset = filled ? load(filled) : number(0);
    Value *length = filled ? builder.CreateBinaryIntrinsic(
                                 Intrinsic::smin, builder.CreateSub(count, offset, "", true, true),
                                 builder.CreateSub(inner.count, begin, "", true, true))
                           : count;
    for (const TreeAxis &axis : axes)
      if (&axis != &inner)
        state.symbols[axis.axis.iterator.index] = iteratorAt(axis, load(axis.index));
    emitCountedLoop(state, number(0), length, 1, state.program()[inner.axis.iterator].name,
                    isIndependent(state, compute, inner.axis), [&](Value *position) {
                      state.symbols[inner.axis.iterator.index] =
                          iteratorAt(inner, add(begin, position));
                      emitPoint(add(offset, position));
                    });
    builder.CreateStore(add(begin, length), inner.index);
    if (!filled)
      return;
    emitCarry();
    Value *done = add(offset, length);
    builder.CreateStore(done, filled);
    builder.CreateCondBr(builder.CreateICmpSLT(done, count), segment, next);
    builder.SetInsertPoint(next);
  }

  Value *iteratorAt(const TreeAxis &axis, Value *index) {
    return builder.CreateAdd(axis.lo,
                             builder.CreateMul(index, number(axis.axis.step), "", false, true), "",
                             false, true);
  }

  void emitPoint(Value *position) {
    emitAssignments(state, compute, [&](const ir::Assign &assign, Value *value) {
      size_t tree = static_cast<size_t>(find(trees, &assign) - trees.begin());
      Value *place = builder.CreateInBoundsGEP(value->getType(), memoryOf(tree).leaf, position);
      StoreInst *store = builder.CreateStore(value, place);
      // Iterations of the loop around use other numbers of the buffer; those further out do not.
      if (isIndependent(state, compute, axes.back().axis))
        store->setMetadata(LLVMContext::MD_access_group, state.accessGroups.back());
    });
  }

  /// Counters that have reached their count begin anew and advance the next further out.
  void emitCarry() {
    BasicBlock *end = block("tree.carried");
    for (size_t axis = axes.size() - 1; axis > 0; --axis) {
      BasicBlock *carry = block("tree.carry");
      Value *over = builder.CreateICmpEQ(load(axes[axis].index), axes[axis].count);
      builder.CreateCondBr(over, carry, end);
      builder.SetInsertPoint(carry);
      builder.CreateStore(number(0), axes[axis].index);
      builder.CreateStore(add(load(axes[axis - 1].index), number(1)), axes[axis - 1].index);
    }
    builder.CreateBr(end);
    builder.SetInsertPoint(end);
  }

  FunctionState &state;
  const ir::Compute &compute;
  IRBuilder<> &builder;
  SmallVector<const ir::Assign *, 4> trees;
  SmallVector<TreeAxis, 4> axes;
  Value *row = nullptr, *rowIsWhole = nullptr, *rowPosition = nullptr;
};

} // namespace

bool isTree(const ir::Assign &assign) {
  return assign.order == ir::ReductionOrder::Tree && assign.op != ir::AssignOp::Set;
}

void emitTrees(FunctionState &state, const ir::Compute &compute,
               ArrayRef<const ir::Axis *> treeAxes) {
  TreeEmitter(state, compute).emit(treeAxes);
}

} // namespace hpcc::codegen
