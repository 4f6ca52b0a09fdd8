//===- EmitStmt.cpp - statements and control flow --------------------------------------------===//
//
// Loops, tests, labels and calls become branches. What follows a `leave` in its block is emitted
// into a block that nothing reaches.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Slots.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;

void reportFault(FunctionState &state, const Twine &text) {
  state.module.diags.internalError(state.loc, "code generation", text);
}

static BasicBlock *createBlock(FunctionState &state, const Twine &name) {
  return BasicBlock::Create(state.module.context, name, state.function);
}

//===-----------------------------------------------------------------------------------------===//
// Loops
//===-----------------------------------------------------------------------------------------===//

/// At the end of a time loop: the storage that its iterations have led to is current.
static void advanceSlots(FunctionState &state, const TimeLoop &loop) {
  IRBuilder<> &builder = state.builder;
  if (loop.advanced.empty())
    return;
  Value *iterations = builder.CreateLoad(builder.getInt64Ty(), loop.iterations);
  for (BufferId buffer : loop.advanced) {
    Value *slots = builder.getInt64(state.program()[buffer].slots);
    Value *advanced =
        builder.CreateAdd(currentSlot(state, buffer), builder.CreateURem(iterations, slots));
    builder.CreateStore(builder.CreateURem(advanced, slots),
                        state.currentSlots.lookup(buffer.index));
  }
}

/// Opens a time loop: nothing has advanced yet.
static TimeLoop openTimeLoop(FunctionState &state, const ir::Stmt &loop, ir::SymbolId iterator) {
  TimeLoop time;
  time.advanced = ir::advancedBuffers(loop, iterator);
  if (!time.advanced.empty() || std::holds_alternative<ir::While>(loop.node)) {
    time.iterations = createEntryAlloca(state, state.builder.getInt64Ty(), "iterations");
    state.builder.CreateStore(state.builder.getInt64(0), time.iterations);
  }
  return time;
}

/// At the end of an iteration.
static void countIteration(FunctionState &state, const TimeLoop &time) {
  IRBuilder<> &builder = state.builder;
  if (!time.iterations)
    return;
  Value *done = builder.CreateLoad(builder.getInt64Ty(), time.iterations);
  builder.CreateStore(builder.CreateAdd(done, builder.getInt64(1)), time.iterations);
}

static void emitLoop(FunctionState &state, const ir::Stmt &stmt, const ir::Loop &loop) {
  TimeLoop time;
  if (loop.role == ir::LoopRole::Time)
    time = openTimeLoop(state, stmt, loop.axis.iterator);
  Value *lo = emitBound(state, loop.axis.lo, true), *hi = emitBound(state, loop.axis.hi, false);
  state.timeLoops.push_back(time);
  auto body = [&](Value *iterator) {
    state.symbols[loop.axis.iterator.index] = iterator;
    emitBlock(state, loop.body);
    countIteration(state, time);
  };
  auto loops = [&] {
    emitIterations(state, loop.axis, lo, hi, /*independent=*/false, /*innermost=*/false, body);
  };
  if (loop.axis.ranks)
    emitShareOfRank(state, stmt, loops);
  else
    loops();
  state.timeLoops.pop_back();
  advanceSlots(state, time);
}

static void emitWhile(FunctionState &state, const ir::Stmt &stmt, const ir::While &loop) {
  IRBuilder<> &builder = state.builder;
  BasicBlock *header = createBlock(state, "while"), *body = createBlock(state, "while.body");
  BasicBlock *end = createBlock(state, "while.end");
  TimeLoop time;
  if (loop.iterator)
    time = openTimeLoop(state, stmt, *loop.iterator);
  builder.CreateBr(header);
  builder.SetInsertPoint(header);
  if (time.iterations)
    state.symbols[loop.iterator->index] = builder.CreateLoad(builder.getInt64Ty(), time.iterations);
  state.timeLoops.push_back(time);
  emitBlock(state, loop.header);
  builder.CreateCondBr(emitScalar(state, loop.condition), body, end);
  builder.SetInsertPoint(body);
  emitBlock(state, loop.body);
  countIteration(state, time);
  builder.CreateBr(header);
  state.timeLoops.pop_back();
  builder.SetInsertPoint(end);
  advanceSlots(state, time);
}

//===-----------------------------------------------------------------------------------------===//
// Branches
//===-----------------------------------------------------------------------------------------===//

static void emitIf(FunctionState &state, const ir::If &branch) {
  IRBuilder<> &builder = state.builder;
  BasicBlock *thenBlock = createBlock(state, "then"), *elseBlock = createBlock(state, "else");
  BasicBlock *end = createBlock(state, "if.end");
  builder.CreateCondBr(emitScalar(state, branch.condition), thenBlock, elseBlock);
  builder.SetInsertPoint(thenBlock);
  emitBlock(state, branch.thenBody);
  builder.CreateBr(end);
  builder.SetInsertPoint(elseBlock);
  emitBlock(state, branch.elseBody);
  builder.CreateBr(end);
  builder.SetInsertPoint(end);
}

static void emitLabelled(FunctionState &state, const ir::Labelled &labelled) {
  BasicBlock *end = createBlock(state, "block.end");
  if (state.labels.size() <= labelled.label.index)
    state.labels.resize(labelled.label.index + 1);
  state.labels[labelled.label.index] = {end, state.timeLoops.size()};
  emitBlock(state, labelled.body);
  state.builder.CreateBr(end);
  state.builder.SetInsertPoint(end);
}

static void emitLeave(FunctionState &state, const ir::Leave &leave) {
  auto [end, openTimeLoops] = state.labels[leave.label.index];
  for (size_t open = state.timeLoops.size(); open-- > openTimeLoops;)
    advanceSlots(state, state.timeLoops[open]);
  // The body of a team becomes a function of its own, which all its blocks must be reached from.
  BasicBlock *unreached = createBlock(state, "unreached");
  if (state.team)
    state.builder.CreateCondBr(state.builder.getTrue(), end, unreached);
  else
    state.builder.CreateBr(end);
  state.builder.SetInsertPoint(unreached);
}

//===-----------------------------------------------------------------------------------------===//
// Calls
//===-----------------------------------------------------------------------------------------===//

static void emitCall(FunctionState &state, const ir::Call &call, Loc loc) {
  IRBuilder<> &builder = state.builder;
  const ir::Program &program = state.program();
  Function *callee = state.module.functions.lookup(call.callee);
  SmallVector<Value *, 8> arguments;
  for (const ir::CallArgument &argument : call.arguments)
    if (const auto *scalar = std::get_if<ir::Scalar>(&argument))
      arguments.push_back(emitScalar(state, *scalar));
    else
      arguments.push_back(materialize(state, descriptorOf(state, std::get<BufferId>(argument))));
  SmallVector<Value *, 4> results;
  for (BufferId result : call.results) {
    const ir::Buffer &info = program[result];
    Type *type = info.storage == ir::Storage::Handle ? descriptorType(state.module, info.dims)
                                                     : memoryType(state.module, info.type);
    results.push_back(createEntryAlloca(state, type, "result"));
    arguments.push_back(results.back());
  }
  bool counted = state.module.counted.lookup(call.callee);
  if (counted)
    callRuntime(state, Entry::hpc_recursion_enter, {locationOf(state, loc)});
  builder.CreateCall(callee, arguments);
  if (counted)
    callRuntime(state, Entry::hpc_recursion_leave);
  for (auto [result, memory] : zip_equal(call.results, results)) {
    const ir::Buffer &info = program[result];
    if (info.storage == ir::Storage::Handle) {
      moveToHandle(state, result, loadSlots(state, slotsAt(state, memory, info.dims)));
      continue;
    }
    Value *value = builder.CreateLoad(memoryType(state.module, info.type), memory);
    if (info.type == ir::DType::Bool)
      value = builder.CreateIsNotNull(value);
    emitStore(state, ir::Access{result, {}, {}}, value);
  }
}

static void emitStmt(FunctionState &state, const ir::Stmt &stmt) {
  if (state.module.device && ir::isKernel(stmt))
    return emitKernel(state, stmt);
  std::visit(ir::overloaded{
                 [&](const ir::Let &node) {
                   state.symbols[node.symbol.index] = emitScalar(state, node.value);
                 },
                 [&](const ir::Alloc &node) { emitAlloc(state, node.buffer, stmt.loc); },
                 [&](const ir::Declare &node) { createHandle(state, node.handle); },
                 [&](const ir::View &node) { emitView(state, node); },
                 [&](const ir::Bind &node) { emitBind(state, node.handle, node.source); },
                 [&](const ir::Drop &node) { emitDrop(state, node.buffer); },
                 [&](const ir::Compute &) { emitCompute(state, stmt); },
                 [&](const ir::Loop &node) { emitLoop(state, stmt, node); },
                 [&](const ir::While &node) { emitWhile(state, stmt, node); },
                 [&](const ir::Labelled &node) { emitLabelled(state, node); },
                 [&](const ir::Leave &node) { emitLeave(state, node); },
                 [&](const ir::If &node) { emitIf(state, node); },
                 [&](const ir::Parallel &node) { emitParallel(state, node); },
                 [&](const ir::Single &node) { emitSingle(state, node); },
                 [&](const ir::Barrier &) { emitBarrier(state); },
                 [&](const ir::Exchange &node) { emitExchange(state, node, stmt.loc); },
                 [&](const ir::Transfer &node) { emitTransfer(state, node, stmt.loc); },
                 [&](const ir::Call &node) { emitCall(state, node, stmt.loc); },
                 [&](const ir::LibraryCall &node) { emitLibraryCall(state, node, stmt.loc); },
                 [&](const ir::Check &node) { emitCheck(state, node, stmt.loc); },
             },
             stmt.node);
}

void emitBlock(FunctionState &state, const ir::Block &block) {
  DebugLoc around = state.builder.getCurrentDebugLocation();
  for (const ir::Stmt &stmt : block) {
    if (stmt.loc.isValid())
      state.loc = stmt.loc;
    setDebugLocation(state, stmt.loc);
    emitStmt(state, stmt);
  }
  state.builder.SetCurrentDebugLocation(around);
}

} // namespace hpcc::codegen
