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
#include "TreeEmitter.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;

void TreeEmitter::emit(ArrayRef<const ir::Axis *> axes) {
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

void TreeEmitter::goTo(Value *point) {
  if (rowPosition)
    builder.CreateStore(point, rowPosition);
  for (const TreeAxis &axis : reverse(axes)) {
    bool outermost = &axis == &axes.front();
    builder.CreateStore(outermost ? point : builder.CreateURem(point, axis.count), axis.index);
    if (!outermost)
      point = builder.CreateUDiv(point, axis.count);
  }
}

Value *TreeEmitter::openAxes(ArrayRef<const ir::Axis *> given) {
  Value *total = number(1);
  for (const ir::Axis *axis : given) {
    Value *lo = emitBound(state, axis->lo, true), *hi = emitBound(state, axis->hi, false);
    Value *count = emitTripCount(state, lo, hi, axis->step);
    axes.push_back({*axis, lo, count, createCounter("tree.index")});
    total = builder.CreateMul(total, count, "", true, true);
  }
  return total;
}

TreeMemory &TreeEmitter::memoryOf(size_t tree) {
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

void TreeEmitter::findRow() {
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

SmallVector<Value *, 4> TreeEmitter::emitWalk(Value *total) {
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

SmallVector<Value *, 4> TreeEmitter::emitLeaf(Value *count) {
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

void TreeEmitter::emitPoints(Value *count) {
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

void TreeEmitter::emitPoint(Value *position) {
  emitAssignments(state, compute, [&](const ir::Assign &assign, Value *value) {
    size_t tree = static_cast<size_t>(find(trees, &assign) - trees.begin());
    Value *place = builder.CreateInBoundsGEP(value->getType(), memoryOf(tree).leaf, position);
    StoreInst *store = builder.CreateStore(value, place);
    // Iterations of the loop around use other numbers of the buffer; those further out do not.
    if (isIndependent(state, compute, axes.back().axis))
      store->setMetadata(LLVMContext::MD_access_group, state.accessGroups.back());
  });
}

void TreeEmitter::emitCarry() {
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

bool isTree(const ir::Assign &assign) {
  return assign.order == ir::ReductionOrder::Tree && assign.op != ir::AssignOp::Set;
}

void emitTrees(FunctionState &state, const ir::Compute &compute,
               ArrayRef<const ir::Axis *> treeAxes) {
  TreeEmitter(state, compute).emit(treeAxes);
}

} // namespace hpcc::codegen
