//===- EmitNest.cpp - computes and counted loops ---------------------------------------------===//
//
// A compute becomes a nest of loops in the order of its axes around its assignments in text order.
// Loops have the canonical form that LLVM's loop passes start from: one i64 induction variable,
// tested at the end, entered only where there is an iteration. The accesses of a `par` axis are
// marked as independent, so that the vectoriser needs no proof.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::ScalarOp;

/// The loop's metadata: it ends, and with a group, its accesses of that group are independent.
static MDNode *createLoopId(LLVMContext &context, MDNode *group) {
  SmallVector<Metadata *, 3> operands = {nullptr};
  operands.push_back(MDNode::get(context, MDString::get(context, "llvm.loop.mustprogress")));
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
  latch->setMetadata(LLVMContext::MD_loop, createLoopId(context, group));
  builder.SetInsertPoint(exit);
}

/// target op= value, in the plain operation of the same name.
static ScalarOp operationOf(ir::AssignOp op) {
  switch (op) {
  case ir::AssignOp::Add:
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

static void emitStoreOrUpdate(FunctionState &state, const ir::Assign &assign, Value *value) {
  if (assign.op != ir::AssignOp::Set) {
    Value *old = emitLoad(state, assign.target);
    value = emitPlain(state, operationOf(assign.op), state.program()[assign.target.buffer].type,
                      {old, value});
  }
  emitStore(state, assign.target, value);
}

static void emitAssign(FunctionState &state, const ir::Assign &assign, ArrayRef<ir::Axis> axes) {
  auto emitUnguarded = [&] {
    bool tree = assign.order == ir::ReductionOrder::Tree && assign.op != ir::AssignOp::Set;
    emitStoreOrUpdate(state, assign,
                      tree ? emitTree(state, assign, axes) : emitScalar(state, assign.value));
  };
  if (!assign.guard) {
    emitUnguarded();
    return;
  }
  LLVMContext &context = state.module.context;
  auto *then = BasicBlock::Create(context, "guarded", state.function);
  auto *next = BasicBlock::Create(context, "guard.end", state.function);
  state.builder.CreateCondBr(emitScalar(state, *assign.guard), then, next);
  state.builder.SetInsertPoint(then);
  emitUnguarded();
  state.builder.CreateBr(next);
  state.builder.SetInsertPoint(next);
}

static void emitAxes(FunctionState &state, const ir::Compute &compute, ArrayRef<ir::Axis> axes) {
  if (axes.empty()) {
    for (BufferId local : compute.locals)
      createVariable(state, local);
    for (const ir::Assign &assign : compute.body)
      emitAssign(state, assign, compute.axes);
    return;
  }
  const ir::Axis &axis = axes.front();
  const ir::Assign &first = compute.body.front();
  // The function that adds a tree up has loops of its own.
  if (first.order == ir::ReductionOrder::Tree && is_contained(first.treeAxes, axis.iterator)) {
    emitAxes(state, compute, axes.drop_front());
    return;
  }
  Value *lo = emitBound(state, axis.lo, true), *hi = emitBound(state, axis.hi, false);
  emitCountedLoop(state, lo, hi, axis.step, state.program()[axis.iterator].name,
                  axis.kind == ir::AxisKind::Par, [&](Value *iterator) {
                    state.symbols[axis.iterator.index] = iterator;
                    emitAxes(state, compute, axes.drop_front());
                  });
}

/// A tree needs a compute of its own without a guard: its values come in the tree's order.
static bool hasLegalTrees(FunctionState &state, const ir::Compute &compute) {
  bool trees = any_of(compute.body, [](const ir::Assign &assign) {
    return assign.order == ir::ReductionOrder::Tree && assign.op != ir::AssignOp::Set;
  });
  if (!trees)
    return true;
  if (compute.body.size() == 1 && !compute.body[0].guard)
    return true;
  reportFault(state, "a tree sum with a guard or beside other assignments");
  return false;
}

void emitCompute(FunctionState &state, const ir::Stmt &stmt) {
  const auto &compute = std::get<ir::Compute>(stmt.node);
  if (compute.body.empty() || !hasLegalTrees(state, compute))
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
  emitAxes(state, compute, compute.axes);
  for (BufferId buffer : read)
    state.arrays.erase(buffer.index);
  ir::forEachBuffer(stmt, [&](BufferId buffer) {
    if (auto known = state.arrays.find(buffer.index); known != state.arrays.end())
      known->second.slot = nullptr;
  });
}

} // namespace hpcc::codegen
