//===- EmitTeam.cpp - teams of threads -------------------------------------------------------===//
//
// A `parallel` becomes a parallel region of OpenMP, which LLVM's OpenMPIRBuilder moves to a
// function of its own. What its threads read and none of them stores comes in by value, so that it
// stays in registers. A mapped axis is divided by arithmetic on the thread's number where each
// thread gets one row of iterations, and by the OpenMP runtime where they are handed out a few at a
// time.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Frontend/OpenMP/OMPIRBuilder.h"
#include <set>

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;

using InsertPoint = OpenMPIRBuilder::InsertPointTy;

OpenMPIRBuilder &openMp(ModuleState &module) {
  if (!module.openMp) {
    module.openMp = std::make_shared<OpenMPIRBuilder>(module.module);
    module.openMp->setConfig(
        OpenMPIRBuilderConfig(false, false, false, false, false, false, false));
    module.openMp->initialize();
  }
  return *module.openMp;
}

void finishTeams(ModuleState &module) {
  if (module.openMp)
    module.openMp->finalize();
}

/// The builder's place, for the calls that continue there.
static OpenMPIRBuilder::LocationDescription here(FunctionState &state) { return {state.builder}; }

/// Goes on where an operation of the OpenMPIRBuilder has ended. It fails only where a callback
/// does, and ours do not.
static void goOn(FunctionState &state, OpenMPIRBuilder::InsertPointOrErrorTy next) {
  state.builder.restoreIP(cantFail(std::move(next)));
}

/// Emits in the middle of a block that has its end already. The rest comes behind what is emitted.
static void emitBetween(FunctionState &state, InsertPoint place, function_ref<void()> emit) {
  BasicBlock *block = place.getBlock();
  BasicBlock *rest = block->splitBasicBlock(place.getPoint(), block->getName() + ".rest");
  block->getTerminator()->eraseFromParent();
  state.builder.SetInsertPoint(block);
  emit();
  state.builder.CreateBr(rest);
}

//===-----------------------------------------------------------------------------------------===//
// Regions
//===-----------------------------------------------------------------------------------------===//

namespace {

/// The buffers that the statements of a region mention, and those that they store to.
struct Mentions {
  std::set<BufferId> all, stored;
};

} // namespace

static Mentions mentionsOf(const ir::Block &block) {
  Mentions mentions;
  ir::forEachStmt(block, [&](const ir::Stmt &stmt) {
    ir::forEachBuffer(stmt, [&](BufferId id) { mentions.all.insert(id); });
    if (const auto *compute = std::get_if<ir::Compute>(&stmt.node))
      for (const ir::Assign &assign : compute->body)
        mentions.stored.insert(assign.target.buffer);
    auto passed = [&](const std::vector<ir::CallArgument> &arguments) {
      for (const ir::CallArgument &argument : arguments)
        if (const auto *id = std::get_if<BufferId>(&argument))
          mentions.stored.insert(*id);
    };
    if (const auto *call = std::get_if<ir::Call>(&stmt.node)) {
      passed(call->arguments);
      mentions.stored.insert(call->results.begin(), call->results.end());
    } else if (const auto *call = std::get_if<ir::LibraryCall>(&stmt.node)) {
      passed(call->arguments);
    }
  });
  return mentions;
}

namespace {

/// A value that the threads of a team take over: each has memory of its own for it.
struct Copied {
  uint32_t buffer;
  Type *type;
  Value *value;  // loaded before the region
  Value *shared; // the memory around the region
};

} // namespace

/// Loads what the region only reads, and where its time loops begin.
static void loadBefore(FunctionState &state, const ir::Parallel &region,
                       std::vector<Copied> &variables, std::vector<Copied> &slots) {
  IRBuilder<> &builder = state.builder;
  Mentions mentions = mentionsOf(region.body);
  for (BufferId id : mentions.all) {
    auto load = [&](Type *type, Value *memory) {
      return Copied{id.index, type, builder.CreateLoad(type, memory), memory};
    };
    if (auto variable = state.variables.find(id.index);
        variable != state.variables.end() && !mentions.stored.contains(id))
      variables.push_back(
          load(memoryType(state.module, state.program()[id].type), variable->second));
    if (auto slot = state.currentSlots.find(id.index); slot != state.currentSlots.end())
      slots.push_back(load(builder.getInt64Ty(), slot->second));
  }
}

void emitOnMaster(FunctionState &state, const Twine &name, function_ref<void()> emit) {
  IRBuilder<> &builder = state.builder;
  auto *only = BasicBlock::Create(state.module.context, name, state.function);
  auto *next = BasicBlock::Create(state.module.context, name + ".end", state.function);
  builder.CreateCondBr(builder.CreateIsNull(state.team->thread), only, next);
  builder.SetInsertPoint(only);
  emit();
  builder.CreateBr(next);
  builder.SetInsertPoint(next);
}

static Value *threadNumber(FunctionState &state, omp::RuntimeFunction function) {
  FunctionCallee callee =
      openMp(state.module).getOrCreateRuntimeFunction(state.module.module, function);
  return state.builder.CreateSExt(state.builder.CreateCall(callee), state.builder.getInt64Ty());
}

/// The body of a region, as each of its threads runs it.
static void emitInside(FunctionState &state, const ir::Parallel &region, BasicBlock *memory,
                       ArrayRef<Copied> variables, ArrayRef<Copied> slots) {
  IRBuilder<> &builder = state.builder;
  state.team = Team{threadNumber(state, omp::OMPRTL_omp_get_thread_num),
                    threadNumber(state, omp::OMPRTL_omp_get_num_threads), memory};
  std::vector<TreeMemory> treeMemory = std::exchange(state.treeMemory, {});
  Value *treeHalves = std::exchange(state.treeHalves, nullptr);
  auto take = [&](ArrayRef<Copied> copied, DenseMap<uint32_t, Value *> &into) {
    for (const Copied &each : copied) {
      Value *own = createEntryAlloca(state, each.type, "own");
      builder.CreateStore(each.value, own);
      into[each.buffer] = own;
    }
  };
  take(variables, state.variables);
  take(slots, state.currentSlots);
  emitBlock(state, region.body);
  // All threads have followed the time loops to the same storage.
  if (!slots.empty())
    emitOnMaster(state, "team.slots", [&] {
      for (const Copied &each : slots)
        builder.CreateStore(builder.CreateLoad(each.type, state.currentSlots[each.buffer]),
                            each.shared);
    });
  for (const Copied &each : variables)
    state.variables[each.buffer] = each.shared;
  for (const Copied &each : slots)
    state.currentSlots[each.buffer] = each.shared;
  state.treeMemory = std::move(treeMemory);
  state.treeHalves = treeHalves;
  state.team.reset();
}

void emitParallel(FunctionState &state, const ir::Parallel &region) {
  IRBuilder<> &builder = state.builder;
  Value *condition = region.condition ? emitScalar(state, *region.condition) : nullptr;
  std::vector<Copied> variables, slots;
  loadBefore(state, region, variables, slots);
  // The region begins in a block of its own: what stands before it stays outside.
  auto *begin = BasicBlock::Create(state.module.context, "team.begin", state.function);
  builder.CreateBr(begin);
  builder.SetInsertPoint(begin);
  BasicBlock &entry = state.function->getEntryBlock();
  auto body = [&](InsertPoint memory, InsertPoint place) {
    // Memory of the threads stands before the code that enters the body.
    emitBetween(state, place,
                [&] { emitInside(state, region, memory.getBlock(), variables, slots); });
    return Error::success();
  };
  auto keep = [](InsertPoint, InsertPoint place, Value &, Value &inner,
                 Value *&replacement) -> OpenMPIRBuilder::InsertPointOrErrorTy {
    replacement = &inner;
    return place;
  };
  auto nothing = [](InsertPoint) { return Error::success(); };
  goOn(state, openMp(state.module)
                  .createParallel(here(state), {&entry, entry.getTerminator()->getIterator()}, body,
                                  keep, nothing, condition, nullptr, omp::OMP_PROC_BIND_default,
                                  /*IsCancellable=*/false));
}

void emitSingle(FunctionState &state, const ir::Single &single) {
  emitOnMaster(state, "single", [&] { emitBlock(state, single.body); });
}

void emitBarrier(FunctionState &state) {
  goOn(state, openMp(state.module)
                  .createBarrier(here(state), omp::OMPD_barrier, /*ForceSimpleCall=*/true,
                                 /*CheckCancelFlag=*/false));
}

//===-----------------------------------------------------------------------------------------===//
// Mapped axes
//===-----------------------------------------------------------------------------------------===//

OwnRange emitRowOfThread(FunctionState &state, Value *lo, Value *hi, int64_t step,
                         uint64_t granularity) {
  IRBuilder<> &builder = state.builder;
  Value *count = emitTripCount(state, lo, hi, step);
  Value *threads = state.team->threads;
  Value *row = builder.CreateUDiv(
      builder.CreateAdd(count, builder.CreateSub(threads, builder.getInt64(1))), threads);
  if (granularity > 1)
    row = builder.CreateAnd(builder.CreateAdd(row, builder.getInt64(granularity - 1)),
                            builder.getInt64(-granularity));
  Value *first = builder.CreateBinaryIntrinsic(Intrinsic::umin,
                                               builder.CreateMul(row, state.team->thread), count);
  Value *end = builder.CreateBinaryIntrinsic(Intrinsic::umin, builder.CreateAdd(first, row), count);
  auto at = [&](Value *position) {
    return builder.CreateAdd(lo, builder.CreateMul(position, builder.getInt64(step)));
  };
  Value *from = at(first);
  return {from, builder.CreateBinaryIntrinsic(Intrinsic::smin, at(end), hi)};
}

static void emitRow(FunctionState &state, Value *lo, Value *hi, int64_t step, StringRef name,
                    bool independent, uint64_t granularity, function_ref<void(Value *)> body) {
  OwnRange row = emitRowOfThread(state, lo, hi, step, granularity);
  emitCountedLoop(state, row.lo, row.hi, step, name, independent, body);
}

void emitShare(FunctionState &state, Value *lo, Value *hi, int64_t step, StringRef name,
               function_ref<void(Value *)> body) {
  emitRow(state, lo, hi, step, name, /*independent=*/false, /*granularity=*/1, body);
}

/// Iterations handed out a few at a time, to the thread that asks next.
static void emitHandedOut(FunctionState &state, Value *lo, Value *hi, int64_t step, StringRef name,
                          function_ref<void(Value *)> body) {
  IRBuilder<> &builder = state.builder;
  Value *count = emitTripCount(state, lo, hi, step);
  // Few enough that the last ones end together, many enough that asking costs nothing.
  constexpr uint64_t portionsPerThread = 32;
  Value *portions = builder.CreateMul(state.team->threads, builder.getInt64(portionsPerThread));
  Value *portion = builder.CreateBinaryIntrinsic(
      Intrinsic::umax, builder.CreateUDiv(count, portions), builder.getInt64(1));
  auto inner = [&](InsertPoint place, Value *position) {
    emitBetween(state, place, [&] {
      body(builder.CreateAdd(lo,
                             builder.CreateMul(position, builder.getInt64(step), "", false, true),
                             "", false, true));
    });
    return Error::success();
  };
  OpenMPIRBuilder &omp = openMp(state.module);
  CanonicalLoopInfo *loop = cantFail(omp.createCanonicalLoop(here(state), inner, count, name));
  BasicBlock *memory = state.team->memory;
  goOn(state, omp.applyWorkshareLoop(builder.getCurrentDebugLocation(), loop,
                                     {memory, memory->getTerminator()->getIterator()},
                                     /*NeedsBarrier=*/false, omp::OMP_SCHEDULE_Dynamic, portion));
}

void emitMappedLoop(FunctionState &state, const ir::Axis &axis, Value *lo, Value *hi,
                    bool independent, bool innermost, function_ref<void(Value *)> body) {
  constexpr uint64_t elementsOfTwoLines = 16;
  StringRef name = state.program()[axis.iterator].name;
  if (axis.mapping == ir::Mapping::DynamicThreads)
    return emitHandedOut(state, lo, hi, axis.step, name, body);
  emitRow(state, lo, hi, axis.step, name, independent, innermost ? elementsOfTwoLines : 1, body);
}

//===-----------------------------------------------------------------------------------------===//
// Reductions over mapped axes
//===-----------------------------------------------------------------------------------------===//

Value *neutralOf(FunctionState &state, ir::AssignOp op, ir::DType type) {
  Type *memory = memoryType(state.module, type);
  unsigned bits = memory->getScalarSizeInBits();
  bool isSigned = ir::isSigned(type);
  switch (op) {
  case ir::AssignOp::Add:
  case ir::AssignOp::MultiplyAdd:
  case ir::AssignOp::Or:
  case ir::AssignOp::Set:
    break;
  case ir::AssignOp::Multiply:
    return ConstantInt::get(memory, 1);
  case ir::AssignOp::And:
    return type == ir::DType::Bool ? ConstantInt::get(memory, 1)
                                   : ConstantInt::getAllOnesValue(memory);
  case ir::AssignOp::Minimum:
  case ir::AssignOp::Maximum: {
    bool least = op == ir::AssignOp::Maximum;
    if (isFloat(type))
      return ConstantFP::getInfinity(memory, least);
    if (type == ir::DType::Bool)
      return ConstantInt::get(memory, least ? 0 : 1);
    APInt limit = isSigned
                      ? (least ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits))
                      : (least ? APInt::getMinValue(bits) : APInt::getMaxValue(bits));
    return ConstantInt::get(memory, limit);
  }
  }
  return Constant::getNullValue(memory);
}

void emitShares(FunctionState &state, const ir::Compute &compute, function_ref<void()> emit) {
  IRBuilder<> &builder = state.builder;
  struct Share {
    const ir::Assign *assign;
    Value *shared, *own;
  };
  std::vector<Share> shares;
  std::set<BufferId> seen;
  for (const ir::Assign &assign : compute.body) {
    BufferId target = assign.target.buffer;
    if (assign.op == ir::AssignOp::Set || isTree(assign) || is_contained(compute.locals, target) ||
        !state.variables.contains(target.index) || !seen.insert(target).second)
      continue;
    ir::DType type = state.program()[target].type;
    Value *own = createEntryAlloca(state, memoryType(state.module, type), "share");
    builder.CreateStore(neutralOf(state, assign.op, type), own);
    shares.push_back({&assign, state.variables[target.index], own});
    state.variables[target.index] = own;
  }
  emit();
  if (shares.empty())
    return;
  auto combine = [&](InsertPoint, InsertPoint place) {
    emitBetween(state, place, [&] {
      for (const Share &share : shares) {
        BufferId target = share.assign->target.buffer;
        Value *own = emitLoad(state, share.assign->target);
        state.variables[target.index] = share.shared;
        emitStoreOrUpdate(state, *share.assign, own);
      }
    });
    return Error::success();
  };
  auto nothing = [](InsertPoint) { return Error::success(); };
  goOn(state,
       openMp(state.module).createCritical(here(state), combine, nothing, "hpcc.shares", nullptr));
}

} // namespace hpcc::codegen
