//===- EmitProduct.cpp - products of matrices ------------------------------------------------===//
//
// A compute that is a product of two matrices, %c[i, j] fma= product(%a[i, k], %b[k, j]) in any
// order of its axes, calls the runtime where it is large (runtime/math/Product.h) and stays a nest
// of loops where it is small. Both give the same bits: each sum is over k in order.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;

namespace {

/// The axes of the result's rows and columns and the one that is summed over, and the accesses.
struct Product {
  const ir::Axis *row, *column, *inner;
  const ir::Access *left, *right, *result;
};

/// Which of three axes an access depends on; nothing where a subscript wraps.
std::optional<std::array<bool, 3>> dependsOn(const ir::Access &access,
                                             ArrayRef<const ir::Axis *> axes) {
  std::array<bool, 3> depends = {};
  for (const ir::Index &index : access.indices) {
    if (index.wrap)
      return std::nullopt;
    for (auto [number, axis] : enumerate(axes))
      depends[number] |= index.form.coefficientOf(axis->iterator) != 0;
  }
  return depends;
}

/// True if a thread, or a rank, runs a part of the axis that is one range.
bool isRange(const ir::Axis &axis) {
  return axis.step == 1 && !axis.grid &&
         (axis.mapping == ir::Mapping::None || axis.mapping == ir::Mapping::Threads) &&
         (!axis.ranks || (axis.ranks->over.division == ir::Division::Blocks &&
                          axis.ranks->part == ir::RankPart::All));
}

std::optional<Product> findProduct(const FunctionState &state, const ir::Compute &compute) {
  if (compute.body.size() != 1 || compute.axes.size() != 3 || state.kernel)
    return std::nullopt;
  const ir::Assign &assign = compute.body.front();
  const ir::ScalarApply *apply = ir::asProduct(assign.value);
  if (assign.op != ir::AssignOp::MultiplyAdd || assign.guard || !apply)
    return std::nullopt;
  const auto *left = std::get_if<ir::ScalarLoad>(&apply->operands[0].node);
  const auto *right = std::get_if<ir::ScalarLoad>(&apply->operands[1].node);
  if (!left || !right)
    return std::nullopt;
  SmallVector<const ir::Axis *, 3> par, red;
  for (const ir::Axis &axis : compute.axes) {
    (axis.kind == ir::AxisKind::Par ? par : red).push_back(&axis);
    bool isBox = axis.kind != ir::AxisKind::Seq && isRange(axis);
    for (const ir::Axis &other : compute.axes)
      ir::forEachAffine(
          axis, [&](const ir::Affine &form) { isBox &= form.coefficientOf(other.iterator) == 0; });
    if (!isBox)
      return std::nullopt;
  }
  if (par.size() != 2 || red.front()->ranks || red.front()->mapping != ir::Mapping::None)
    return std::nullopt;
  const std::array<bool, 3> ofLeft = {true, false, true}, ofRight = {false, true, true},
                            ofResult = {true, true, false};
  for (auto [row, column] : {std::pair(par[0], par[1]), std::pair(par[1], par[0])}) {
    const ir::Axis *axes[] = {row, column, red.front()};
    if (dependsOn(left->access, axes) == ofLeft && dependsOn(right->access, axes) == ofRight &&
        dependsOn(assign.target, axes) == ofResult)
      return Product{row, column, red.front(), &left->access, &right->access, &assign.target};
  }
  return std::nullopt;
}

/// Elements from one iteration of the axis to the next.
Value *strideOf(FunctionState &state, const ir::Access &access, const ir::Axis &axis) {
  IRBuilder<> &builder = state.builder;
  Descriptor array = descriptorOf(state, access.buffer);
  Value *stride = builder.getInt64(0);
  for (auto [index, step] : zip_equal(access.indices, array.stride)) {
    auto coefficient = static_cast<uint64_t>(index.form.coefficientOf(axis.iterator));
    if (coefficient != 0)
      stride = builder.CreateAdd(stride, builder.CreateMul(step, builder.getInt64(coefficient)));
  }
  return stride;
}

} // namespace

bool emitProduct(FunctionState &state, const ir::Compute &compute, function_ref<void()> emitLoops) {
  std::optional<Product> product = findProduct(state, compute);
  if (!product)
    return false;
  IRBuilder<> &builder = state.builder;
  struct Range {
    Value *lo, *count;
  };
  auto rangeOf = [&](const ir::Axis &axis) {
    OwnRange range{emitBound(state, axis.lo, true), emitBound(state, axis.hi, false)};
    if (axis.ranks)
      range = emitOwnRange(state, axis, range.lo, range.hi);
    if (axis.mapping == ir::Mapping::Threads)
      range = emitRowOfThread(state, range.lo, range.hi, axis.step, /*granularity=*/1);
    return Range{range.lo, emitTripCount(state, range.lo, range.hi, 1)};
  };
  Range rows = rangeOf(*product->row), columns = rangeOf(*product->column),
        inner = rangeOf(*product->inner);
  // Below, copying the operands costs more than it saves.
  constexpr uint64_t fewestColumns = 8, fewestProducts = uint64_t(1) << 15;
  Value *products = builder.CreateMul(builder.CreateMul(rows.count, columns.count), inner.count);
  Value *isLarge =
      builder.CreateAnd(builder.CreateICmpUGE(columns.count, builder.getInt64(fewestColumns)),
                        builder.CreateICmpUGE(products, builder.getInt64(fewestProducts)));
  LLVMContext &context = state.module.context;
  auto *large = BasicBlock::Create(context, "product", state.function);
  auto *small = BasicBlock::Create(context, "product.small", state.function);
  auto *end = BasicBlock::Create(context, "product.end", state.function);
  builder.CreateCondBr(isLarge, large, small);
  builder.SetInsertPoint(small);
  emitLoops();
  builder.CreateBr(end);

  builder.SetInsertPoint(large);
  for (auto [axis, range] : {std::pair(product->row, rows), std::pair(product->column, columns),
                             std::pair(product->inner, inner)})
    state.symbols[axis->iterator.index] = range.lo;
  auto [row, column, along, left, right, result] = *product;
  bool isDouble = state.program()[result->buffer].type == ir::DType::F64;
  callRuntime(state, isDouble ? Entry::hpc_multiply_f64 : Entry::hpc_multiply_f32,
              {rows.count, columns.count, inner.count, emitElementAddress(state, *left),
               strideOf(state, *left, *row), strideOf(state, *left, *along),
               emitElementAddress(state, *right), strideOf(state, *right, *along),
               strideOf(state, *right, *column), emitElementAddress(state, *result),
               strideOf(state, *result, *row), strideOf(state, *result, *column)});
  builder.CreateBr(end);
  builder.SetInsertPoint(end);
  return true;
}

} // namespace hpcc::codegen
