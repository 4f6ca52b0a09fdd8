//===- EmitNest.cpp - computes and counted loops ---------------------------------------------===//
//
// A compute becomes a nest of loops in the order of its axes around its assignments in text order.
// Loops have the canonical form that LLVM's loop passes start from: one i64 induction variable,
// tested at the end, entered only where there is an iteration. The accesses of a `par` axis are
// marked as independent, so that the vectoriser needs no proof.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Ranks.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::ScalarOp;

/// True if the code at this place runs once, in a program so long that it pays to compile it fast.
static bool isOnceInLongProgram(const FunctionState &state) {
  return state.module.isLong && state.source.name == "main" && state.timeLoops.empty();
}

/// The loop's metadata: it ends, and with a group, its accesses of that group are independent.
static MDNode *createLoopId(LLVMContext &context, MDNode *group, bool interleaves) {
  SmallVector<Metadata *, 4> operands = {nullptr};
  operands.push_back(MDNode::get(context, MDString::get(context, "llvm.loop.mustprogress")));
  if (!interleaves) {
    auto *one = ConstantAsMetadata::get(ConstantInt::get(Type::getInt32Ty(context), 1));
    operands.push_back(
        MDNode::get(context, {MDString::get(context, "llvm.loop.interleave.count"), one}));
  }
  if (group)
    operands.push_back(
        MDNode::get(context, {MDString::get(context, "llvm.loop.parallel_accesses"), group}));
  MDNode *id = MDNode::getDistinct(context, operands);
  id->replaceOperandWith(0, id);
  return id;
}

void emitCountedLoop(FunctionState &state, Value *lo, Value *hi, int64_t step, StringRef name,
                     bool independent, function_ref<void(Value *)> body) {
  IRBuilder<> &builder = state.builder;
  LLVMContext &context = state.module.context;
  auto *header = BasicBlock::Create(context, name + ".loop", state.function);
  auto *exit = BasicBlock::Create(context, name + ".end", state.function);
  BasicBlock *before = builder.GetInsertBlock();
  builder.CreateCondBr(builder.CreateICmpSLT(lo, hi), header, exit);
  builder.SetInsertPoint(header);
  PHINode *iterator = builder.CreatePHI(builder.getInt64Ty(), 2, name);
  iterator->addIncoming(lo, before);
  MDNode *group = independent ? MDNode::getDistinct(context, {}) : nullptr;
  if (group)
    state.accessGroups.push_back(group);
  body(iterator);
  if (group)
    state.accessGroups.pop_back();
  Value *next = builder.CreateAdd(iterator, builder.getInt64(step), "", false, true);
  iterator->addIncoming(next, builder.GetInsertBlock());
  BranchInst *latch = builder.CreateCondBr(builder.CreateICmpSLT(next, hi), header, exit);
  latch->setMetadata(LLVMContext::MD_loop,
                     createLoopId(context, group, !isOnceInLongProgram(state)));
  builder.SetInsertPoint(exit);
}

Value *emitTripCount(FunctionState &state, Value *lo, Value *hi, int64_t step) {
  IRBuilder<> &builder = state.builder;
  Value *count = builder.CreateSub(hi, lo, "", false, true);
  if (step != 1)
    count = builder.CreateSDiv(
        builder.CreateAdd(count, builder.getInt64(static_cast<uint64_t>(step - 1)), "", true, true),
        builder.getInt64(static_cast<uint64_t>(step)));
  if (auto *known = dyn_cast<ConstantInt>(count))
    return known->isNegative() ? builder.getInt64(0) : known;
  return builder.CreateBinaryIntrinsic(Intrinsic::smax, count, builder.getInt64(0));
}

/// target op= value, in the plain operation of the same name.
static ScalarOp operationOf(ir::AssignOp op) {
  switch (op) {
  case ir::AssignOp::Add:
  case ir::AssignOp::MultiplyAdd:
    return ScalarOp::Add;
  case ir::AssignOp::Multiply:
    return ScalarOp::Multiply;
  case ir::AssignOp::Minimum:
    return ScalarOp::Minimum;
  case ir::AssignOp::Maximum:
    return ScalarOp::Maximum;
  case ir::AssignOp::And:
    return ScalarOp::And;
  case ir::AssignOp::Or:
  case ir::AssignOp::Set:
    break;
  }
  return ScalarOp::Or;
}

Value *emitUpdate(FunctionState &state, ir::AssignOp op, ir::DType type, Value *old, Value *value) {
  return emitPlain(state, operationOf(op), type, {old, value});
}

void emitStoreOrUpdate(FunctionState &state, const ir::Assign &assign, Value *value) {
  if (assign.op != ir::AssignOp::Set) {
    Value *old = emitLoad(state, assign.target);
    value = emitUpdate(state, assign.op, state.program()[assign.target.buffer].type, old, value);
  }
  emitStore(state, assign.target, value);
}

/// The assignment where its guard is true.
static void emitUnguarded(FunctionState &state, const ir::Assign &assign) {
  const ir::ScalarApply *product =
      assign.op == ir::AssignOp::MultiplyAdd ? ir::asProduct(assign.value) : nullptr;
  if (!product)
    return emitStoreOrUpdate(state, assign, emitScalar(state, assign.value));
  Value *left = emitScalar(state, product->operands[0]);
  Value *right = emitScalar(state, product->operands[1]);
  Value *sum = emitLoad(state, assign.target);
  emitStore(state, assign.target,
            state.builder.CreateIntrinsic(Intrinsic::fma, {sum->getType()}, {left, right, sum}));
}

static void emitAssign(FunctionState &state, const ir::Assign &assign) {
  if (!assign.guard)
    return emitUnguarded(state, assign);
  LLVMContext &context = state.module.context;
  auto *then = BasicBlock::Create(context, "guarded", state.function);
  auto *next = BasicBlock::Create(context, "guard.end", state.function);
  state.builder.CreateCondBr(emitScalar(state, *assign.guard), then, next);
  state.builder.SetInsertPoint(then);
  emitUnguarded(state, assign);
  state.builder.CreateBr(next);
  state.builder.SetInsertPoint(next);
}

void emitAssignments(FunctionState &state, const ir::Compute &compute,
                     function_ref<void(const ir::Assign &, Value *)> addend) {
  for (BufferId local : compute.locals)
    createVariable(state, local);
  DebugLoc around = state.builder.getCurrentDebugLocation();
  for (const ir::Assign &assign : compute.body) {
    setDebugLocation(state, assign.loc);
    if (isTree(assign))
      addend(assign, emitScalar(state, assign.value));
    else
      emitAssign(state, assign);
  }
  state.builder.SetCurrentDebugLocation(around);
}

static bool mentions(const ir::Access &access, ir::SymbolId symbol) {
  return any_of(access.indices, [&](const ir::Index &index) {
    return index.form.coefficientOf(symbol) != 0 ||
           (index.wrap && index.wrap->coefficientOf(symbol) != 0);
  });
}

bool isIndependent(FunctionState &state, const ir::Compute &compute, const ir::Axis &axis) {
  if (axis.kind != ir::AxisKind::Red)
    return axis.kind == ir::AxisKind::Par;
  return all_of(compute.body, [&](const ir::Assign &assign) {
    return (isTree(assign) && is_contained(assign.treeAxes, axis.iterator)) ||
           mentions(assign.target, axis.iterator) ||
           state.variables.contains(assign.target.buffer.index) ||
           is_contained(compute.locals, assign.target.buffer);
  });
}

namespace {

/// The loops of a compute, outermost first; those over `treeAxes` are the innermost.
struct Nest {
  SmallVector<const ir::Axis *, 4> axes, treeAxes;
};

} // namespace

/// The order of loops. Trees want their points in their own order, innermost; without a tree loops
/// are as written. Null where no order serves all assignments.
static std::optional<Nest> planNest(FunctionState &state, const ir::Compute &compute) {
  auto refuse = [&](const Twine &why) {
    reportFault(state, "a tree sum " + why);
    return std::nullopt;
  };
  Nest nest;
  auto tree = find_if(compute.body, isTree);
  bool inOrder = compute.body.size() == 1; // or the points may come in another order
  for (const ir::Axis &axis : compute.axes)
    if (tree == compute.body.end() || !is_contained(tree->treeAxes, axis.iterator))
      nest.axes.push_back(&axis);
  if (tree == compute.body.end())
    return nest;
  for (const ir::Assign &assign : compute.body) {
    if (isTree(assign) && assign.guard)
      return refuse("with a guard");
  }
  for (ir::SymbolId symbol : tree->treeAxes) {
    auto axis = find_if(compute.axes, [&](auto &a) { return a.iterator == symbol; });
    bool isBox = axis != compute.axes.end();
    for (const ir::Axis &other : compute.axes)
      ir::forEachAffine(other,
                        [&](const ir::Affine &form) { isBox &= form.coefficientOf(symbol) == 0; });
    if (!isBox)
      return refuse("over axes that are not a box");
    nest.treeAxes.push_back(&*axis);
  }
  inOrder |= equal(ArrayRef(compute.axes).take_back(nest.treeAxes.size()), nest.treeAxes,
                   [](const ir::Axis &axis, const ir::Axis *other) { return &axis == other; });
  inOrder |= none_of(compute.axes, [](auto &a) { return a.kind == ir::AxisKind::Seq; }) &&
             none_of(compute.body, [](auto &a) { return a.order == ir::ReductionOrder::Seq; });
  if (!inOrder)
    return refuse("in an order that is not that of the other assignments");
  return nest;
}

void emitIterations(FunctionState &state, const ir::Axis &axis, Value *lo, Value *hi,
                    bool independent, bool innermost, function_ref<void(Value *)> body) {
  if (axis.grid && state.kernel)
    emitGridIterations(state, axis, lo, hi, body);
  else if (axis.ranks)
    emitOwnIterations(state, axis, lo, hi, independent, innermost, body);
  else if (axis.mapping != ir::Mapping::None)
    emitMappedLoop(state, axis, lo, hi, independent, innermost, body);
  else
    emitCountedLoop(state, lo, hi, axis.step, state.program()[axis.iterator].name, independent,
                    body);
}

static void emitAxes(FunctionState &state, const ir::Compute &compute,
                     ArrayRef<const ir::Axis *> axes, const Nest &nest) {
  if (axes.empty()) {
    if (nest.treeAxes.empty())
      emitAssignments(state, compute, [](const ir::Assign &, Value *) {});
    else
      emitTrees(state, compute, nest.treeAxes);
    return;
  }
  const ir::Axis &axis = *axes.front();
  Value *lo = emitBound(state, axis.lo, true), *hi = emitBound(state, axis.hi, false);
  bool independent = isIndependent(state, compute, axis);
  auto body = [&](Value *iterator) {
    state.symbols[axis.iterator.index] = iterator;
    emitAxes(state, compute, axes.drop_front(), nest);
  };
  emitIterations(state, axis, lo, hi, independent, axes.size() == 1, body);
}

/// All loops of a compute.
static void emitLoops(FunctionState &state, const ir::Compute &compute, const Nest &nest) {
  auto loops = [&] { emitAxes(state, compute, nest.axes, nest); };
  if (!emitProduct(state, compute, loops))
    loops();
}

/// The axis that the threads of a team divide, or null.
static const ir::Axis *mappedAxis(const ir::Compute &compute) {
  for (const ir::Axis &axis : compute.axes)
    if (axis.mapping != ir::Mapping::None)
      return &axis;
  return nullptr;
}

/// The loops of a compute whose iterations a team divides.
static void emitDivided(FunctionState &state, const ir::Stmt &stmt, const Nest &nest,
                        const ir::Axis &mapped) {
  const auto &compute = std::get<ir::Compute>(stmt.node);
  // Variables that the points read and do not store are each thread's own while it runs.
  std::vector<std::pair<uint32_t, Value *>> shared;
  ir::forEachBuffer(stmt, [&](BufferId buffer) {
    auto variable = state.variables.find(buffer.index);
    if (variable == state.variables.end() || state.reduced.contains(buffer.index) ||
        is_contained(compute.locals, buffer))
      return;
    Type *type = memoryType(state.module, state.program()[buffer].type);
    Value *own = createEntryAlloca(state, type, "own");
    state.builder.CreateStore(state.builder.CreateLoad(type, variable->second), own);
    shared.push_back({buffer.index, std::exchange(variable->second, own)});
  });
  auto loops = [&] { emitLoops(state, compute, nest); };
  if (mapped.kind == ir::AxisKind::Red)
    emitShares(state, compute, loops);
  else
    loops();
  for (auto [buffer, memory] : reverse(shared))
    state.variables[buffer] = memory;
}

void emitCompute(FunctionState &state, const ir::Stmt &stmt) {
  const auto &compute = std::get<ir::Compute>(stmt.node);
  if (std::vector<ir::Stmt> parts = splitAtTrees(state, stmt); !parts.empty()) {
    for (const ir::Stmt &part : parts)
      emitCompute(state, part);
    return;
  }
  std::optional<Nest> nest = planNest(state, compute);
  if (compute.body.empty() || !nest)
    return;
  // No name changes inside: handles are read once, and so is which storage is current.
  std::vector<BufferId> read;
  ir::forEachBuffer(stmt, [&](BufferId buffer) {
    const ir::Buffer &info = state.program()[buffer];
    bool cached = state.arrays.contains(buffer.index);
    if (info.storage == ir::Storage::Handle && !cached) {
      state.arrays[buffer.index] = descriptorOf(state, buffer);
      read.push_back(buffer);
    } else if (info.slots > 1 && cached) {
      state.arrays[buffer.index].slot = currentSlot(state, buffer);
    }
  });
  for (const ir::Assign &assign : compute.body)
    if (state.variables.contains(assign.target.buffer.index))
      state.reduced.insert(assign.target.buffer.index);
  openSlotScopes(state, stmt);
  auto loops = [&] {
    if (const ir::Axis *mapped = mappedAxis(compute))
      emitDivided(state, stmt, *nest, *mapped);
    else
      emitLoops(state, compute, *nest);
  };
  if (ir::dividedAxisOf(compute))
    emitShareOfRank(state, stmt, loops);
  else
    loops();
  state.slotScopes.clear();
  state.reduced.clear();
  for (BufferId buffer : read)
    state.arrays.erase(buffer.index);
  ir::forEachBuffer(stmt, [&](BufferId buffer) {
    if (auto known = state.arrays.find(buffer.index); known != state.arrays.end())
      known->second.slot = nullptr;
  });
}

} // namespace hpcc::codegen
