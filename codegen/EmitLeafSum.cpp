//===- EmitLeafSum.cpp - the leaves of sums in NumPy's order ---------------------------------===//
//
// Up to 128 numbers in a row are added in eight lanes, then the lanes in pairs, then what is left
// one by one (runtime/math/Sum.h).
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"

namespace hpcc::codegen {

using namespace llvm;

static BasicBlock *createBlock(FunctionState &state, const Twine &name) {
  return BasicBlock::Create(state.module.context, name, state.function);
}

/// sum + at(from) + at(from + step) + .. in order, to `to`.
static Value *emitLanes(FunctionState &state, Value *sum, Value *from, Value *to, int64_t step,
                        function_ref<Value *(Value *)> at) {
  IRBuilder<> &builder = state.builder;
  BasicBlock *before = builder.GetInsertBlock();
  BasicBlock *loop = createBlock(state, "add"), *end = createBlock(state, "added");
  builder.CreateCondBr(builder.CreateICmpSLT(from, to), loop, end);
  builder.SetInsertPoint(loop);
  PHINode *position = builder.CreatePHI(builder.getInt64Ty(), 2);
  PHINode *partial = builder.CreatePHI(sum->getType(), 2);
  position->addIncoming(from, before);
  partial->addIncoming(sum, before);
  Value *added = builder.CreateFAdd(partial, at(position));
  Value *next =
      builder.CreateAdd(position, builder.getInt64(static_cast<uint64_t>(step)), "", true, true);
  position->addIncoming(next, loop);
  partial->addIncoming(added, loop);
  builder.CreateCondBr(builder.CreateICmpSLT(next, to), loop, end);
  builder.SetInsertPoint(end);
  PHINode *result = builder.CreatePHI(sum->getType(), 2);
  result->addIncoming(sum, before);
  result->addIncoming(added, loop);
  return result;
}

Value *emitLeafSum(FunctionState &state, Value *numbers, Value *count, Type *type) {
  IRBuilder<> &builder = state.builder;
  constexpr unsigned lanes = lanesOfLeaves;
  auto *vector = FixedVectorType::get(type, lanes);
  Align align(type->getScalarSizeInBits() / 8);
  auto loadAt = [&](Type *loaded, Value *position) {
    return builder.CreateAlignedLoad(loaded, builder.CreateInBoundsGEP(type, numbers, position),
                                     align);
  };
  BasicBlock *few = createBlock(state, "few"), *many = createBlock(state, "many"),
             *rest = createBlock(state, "rest");
  builder.CreateCondBr(builder.CreateICmpSLT(count, builder.getInt64(lanes)), few, many);
  builder.SetInsertPoint(few);
  Value *first = loadAt(type, builder.getInt64(0));
  builder.CreateBr(rest);

  builder.SetInsertPoint(many);
  Value *whole = builder.CreateAnd(count, builder.getInt64(-uint64_t(lanes)));
  Value *sums = emitLanes(state, loadAt(vector, builder.getInt64(0)), builder.getInt64(lanes),
                          whole, lanes, [&](Value *position) { return loadAt(vector, position); });
  auto half = [&](Value *wide, ArrayRef<int> even, ArrayRef<int> odd) {
    return builder.CreateFAdd(builder.CreateShuffleVector(wide, even),
                              builder.CreateShuffleVector(wide, odd));
  };
  sums = half(half(sums, {0, 2, 4, 6}, {1, 3, 5, 7}), {0, 2}, {1, 3});
  Value *lanesSum = builder.CreateFAdd(builder.CreateExtractElement(sums, uint64_t(0)),
                                       builder.CreateExtractElement(sums, uint64_t(1)));
  BasicBlock *manyEnd = builder.GetInsertBlock();
  builder.CreateBr(rest);

  builder.SetInsertPoint(rest);
  PHINode *sum = builder.CreatePHI(type, 2);
  sum->addIncoming(first, few);
  sum->addIncoming(lanesSum, manyEnd);
  PHINode *from = builder.CreatePHI(builder.getInt64Ty(), 2);
  from->addIncoming(builder.getInt64(1), few);
  from->addIncoming(whole, manyEnd);
  return emitLanes(state, sum, from, count, 1,
                   [&](Value *position) { return loadAt(type, position); });
}

} // namespace hpcc::codegen
