//===- EmitTreeShares.cpp - the subtrees of a sum among those who share the work --------------===//
//
// Threads of a team and ranks sum subtrees some levels below the root, and these sums are combined
// in the order of the tree. A thread of a device's grid has a subtree of one or two leaves, and
// adds it up in registers.
//
//===-----------------------------------------------------------------------------------------===//
#include "TreeEmitter.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;

static constexpr unsigned lanes = lanesOfLeaves;

SmallVector<Value *, 4> TreeEmitter::createPartials(unsigned subtrees) {
  SmallVector<Value *, 4> partials;
  BasicBlock &entry = state.function->getEntryBlock(); // outside of a region
  for (const ir::Assign *tree : trees)
    partials.push_back(
        IRBuilder<>(&entry, entry.begin())
            .CreateAlloca(ArrayType::get(typeOf(tree), subtrees), nullptr, "tree.subtrees"));
  return partials;
}

void TreeEmitter::emitSubtreesOfRank(Value *total) {
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
      builder.CreateMemSet(partial, builder.getInt8(0), builder.CreateMul(subtrees, number(bytes)),
                           Align(bytes));
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

std::pair<Value *, Value *> TreeEmitter::ownSubtrees(Value *total, Value *levels, Value *subtrees) {
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

void TreeEmitter::emitIfOwn(Value *point, function_ref<void()> emit) {
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

void TreeEmitter::emitSubtreeOfThread(Value *total) {
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

SmallVector<Value *, 4> TreeEmitter::emitLeafOfThread(Value *count) {
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

void TreeEmitter::emitNextPoint(function_ref<void(size_t, Value *)> addend) {
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

std::pair<Value *, Value *> TreeEmitter::pointsOf(Value *subtree, Value *total, Value *levels) {
  Value *start = createCounter("tree.start"), *count = createCounter("tree.count");
  builder.CreateStore(total, count);
  emitCountedLoop(
      state, number(0), levels, 1, "tree.level", /*independent=*/false, [&](Value *level) {
        Value *all = load(count), *first = firstHalf(all);
        Value *bit = builder.CreateSub(builder.CreateSub(levels, level), number(1));
        Value *second = builder.CreateTrunc(builder.CreateLShr(subtree, bit), builder.getInt1Ty());
        builder.CreateStore(builder.CreateSelect(second, builder.CreateSub(all, first), first),
                            count);
        builder.CreateStore(builder.CreateSelect(second, add(load(start), first), load(start)),
                            start);
      });
  return {load(start), load(count)};
}

void TreeEmitter::emitSubtrees(Value *total) {
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

std::pair<Value *, Value *> TreeEmitter::pointsOf(Value *subtree, Value *total, unsigned levels) {
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

} // namespace hpcc::codegen
