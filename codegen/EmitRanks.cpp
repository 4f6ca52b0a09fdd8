//===- EmitRanks.cpp - calls of the runtime that communicate ---------------------------------===//
//
// Scalars go through memory of the call's own, so that the variables themselves stay registers;
// arrays by their descriptors.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::LibraryFunction;

static ir::Access scalarAccess(BufferId variable) { return {variable, {}, {}}; }

/// An address, the number of dimensions and the element type: how the runtime takes a value.
static SmallVector<Value *, 6> passed(FunctionState &state, BufferId buffer, Value *address) {
  const ir::Buffer &info = state.program()[buffer];
  return {address, state.builder.getInt32(info.dims),
          state.builder.getInt32(static_cast<uint32_t>(info.type))};
}

static SmallVector<Value *, 6> passedOperand(FunctionState &state, BufferId buffer) {
  const ir::Buffer &info = state.program()[buffer];
  if (info.dims > 0)
    return passed(state, buffer, materialize(state, descriptorOf(state, buffer)));
  Type *type = memoryType(state.module, info.type);
  Value *memory = createEntryAlloca(state, type, "sent");
  Value *value = emitLoad(state, scalarAccess(buffer));
  state.builder.CreateStore(
      info.type == ir::DType::Bool ? state.builder.CreateZExt(value, type) : value, memory);
  return passed(state, buffer, memory);
}

static void emitTake(FunctionState &state, BufferId result, Value *where) {
  const ir::Buffer &info = state.program()[result];
  IRBuilder<> &builder = state.builder;
  bool isArray = info.dims > 0;
  Type *type = memoryType(state.module, info.type);
  Value *target = isArray ? materialize(state, descriptorOf(state, result))
                          : createEntryAlloca(state, type, "received");
  SmallVector<Value *, 6> arguments = passed(state, result, target);
  arguments.push_back(where);
  callRuntime(state, Entry::hpc_mpi_take, arguments);
  if (isArray)
    return;
  Value *value = builder.CreateLoad(type, target);
  if (info.type == ir::DType::Bool)
    value = builder.CreateTrunc(value, builder.getInt1Ty());
  emitStore(state, scalarAccess(result), value);
}

void emitRankCall(FunctionState &state, const ir::LibraryCall &call, Loc loc) {
  IRBuilder<> &builder = state.builder;
  Value *where = locationOf(state, loc);
  auto buffer = [&](unsigned i) { return std::get<BufferId>(call.arguments[i]); };
  auto number = [&](unsigned i) {
    return emitScalar(state, std::get<ir::Scalar>(call.arguments[i]));
  };
  auto answer = [&](Entry entry, ArrayRef<Value *> arguments) {
    emitStore(state, scalarAccess(buffer(0)), callRuntime(state, entry, arguments));
  };
  // The operand, then numbers (the first of a reduction is an int32_t), then the place.
  auto operate = [&](Entry entry) {
    SmallVector<Value *, 6> arguments;
    if (std::holds_alternative<BufferId>(call.arguments.front()))
      arguments = passedOperand(state, buffer(0));
    bool reduces = entry == Entry::hpc_mpi_reduce || entry == Entry::hpc_mpi_reduce_all;
    for (unsigned i = arguments.empty() ? 0 : 1; i < call.arguments.size(); ++i)
      arguments.push_back(reduces && i == 1 ? builder.CreateTrunc(number(i), builder.getInt32Ty())
                                            : number(i));
    arguments.push_back(where);
    callRuntime(state, entry, arguments);
  };
  switch (call.function) {
  case LibraryFunction::MpiRank:
    return answer(Entry::hpc_mpi_rank, where);
  case LibraryFunction::MpiSize:
    return answer(Entry::hpc_mpi_size, where);
  case LibraryFunction::MpiTime:
    return answer(Entry::hpc_mpi_time, where);
  case LibraryFunction::MpiDim:
    return answer(Entry::hpc_mpi_dim, number(1));
  case LibraryFunction::MpiSend:
    return operate(Entry::hpc_mpi_send);
  case LibraryFunction::MpiReceive:
    return operate(Entry::hpc_mpi_receive);
  case LibraryFunction::MpiBroadcast:
    return operate(Entry::hpc_mpi_broadcast);
  case LibraryFunction::MpiReduce:
    return operate(Entry::hpc_mpi_reduce);
  case LibraryFunction::MpiReduceAll:
    return operate(Entry::hpc_mpi_reduce_all);
  case LibraryFunction::MpiTake:
    return emitTake(state, buffer(0), where);
  case LibraryFunction::MpiBarrier:
    callRuntime(state, Entry::hpc_mpi_barrier, where);
    return;
  case LibraryFunction::MpiFinalize:
    callRuntime(state, Entry::hpc_mpi_finalize, where);
    return;
  default:
    return;
  }
}

} // namespace hpcc::codegen
