//===- InterpretLibrary.cpp - the library calls of a run ------------------------------------===//
//
// Every row of Library.def, by the runtime's leaf libraries where compiled programs use them too.
//
//===---------------------------------------------------------------------------------------===//

#include "InterpretMachine.h"
#include "runtime/format.h"
#include "runtime/math/Sum.h"
#include "llvm/Support/SaveAndRestore.h"
#include <bit>
#include <chrono>
#include <ctime>

namespace hpcc::ir {

static format::ArrayView formatViewOf(const Array &array) {
  return {array.data(), static_cast<hpc_dtype>(array.storage->type),
          static_cast<int32_t>(array.dims()), array.shape.data(), array.stride.data()};
}

void Machine::forEachCell(const Array &array, llvm::function_ref<void(Cell)> visit) {
  Sizes index(array.dims());
  int64_t first = array.offset + array.storage->currentSlot * array.slotSize;
  for (int64_t left = array.elements(); left > 0; --left) {
    int64_t element = first;
    for (size_t dim = 0; dim < index.size(); ++dim)
      element += index[dim] * array.stride[dim];
    visit({array.storage.get(), element});
    for (size_t dim = index.size(); dim-- > 0 && ++index[dim] == array.shape[dim];)
      index[dim] = 0;
  }
}

void Machine::watchReads(const Array &array) {
  if (team || !array.storage->upToDate.empty())
    forEachCell(array, [&](Cell cell) { load(cell); });
}

void Machine::print(const LibraryCall &call) {
  if (running != together)
    return fault("a rank prints what the others do not come to");
  llvm::SaveAndRestore<RankSet> printing(running, RankSet(1));
  std::string text;
  const CallArgument &argument = call.arguments.front();
  if (const auto *words = std::get_if<std::string>(&argument)) {
    text = *words;
  } else if (const auto *buffer = std::get_if<BufferId>(&argument)) {
    const Array *array = arrayOf(*buffer);
    if (!array)
      return;
    watchReads(*array);
    if (stopped)
      return;
    if (call.function == LibraryFunction::PrintList)
      format::appendList(text, formatViewOf(*array), false);
    else
      format::appendArray(text, formatViewOf(*array));
  } else {
    ScalarConstant value = evaluate(std::get<Scalar>(argument));
    if (stopped)
      return;
    if (call.function == LibraryFunction::PrintNumPyRepr)
      format::appendScalarRepr(text, static_cast<hpc_dtype>(value.type), &value.bits);
    else
      format::appendScalar(text, static_cast<hpc_dtype>(value.type), &value.bits);
  }
  out << text;
}

/// The sums of `operand` with the runtime's function for its type, packed in C order into `out`.
static int32_t sumInto(void *out, DType resultType, const Array &operand, uint32_t axisMask) {
  llvm::SmallVector<int64_t, 12> descriptor = descriptorOf(operand);
  auto dims = static_cast<int32_t>(operand.dims());
  auto *f64 = static_cast<double *>(out);
  DType type = operand.storage->type;
  if (type == resultType && type == DType::F32)
    return hpc_sum_f32(descriptor.data(), dims, axisMask, static_cast<float *>(out));
  switch (type) {
  case DType::F64:
    return hpc_sum_f64(descriptor.data(), dims, axisMask, f64);
  case DType::F32:
    return hpc_sum_f32_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::Bool:
    return hpc_sum_bool_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::I8:
    return hpc_sum_i8_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::I16:
    return hpc_sum_i16_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::I32:
    return hpc_sum_i32_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::I64:
    return hpc_sum_i64_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::U8:
    return hpc_sum_u8_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::U16:
    return hpc_sum_u16_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::U32:
    return hpc_sum_u32_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::U64:
    return hpc_sum_u64_as_f64(descriptor.data(), dims, axisMask, f64);
  case DType::C64:
  case DType::C128:
    break;
  }
  return 1;
}

void Machine::runSum(const LibraryCall &call) {
  const Array *to = arrayOf(std::get<BufferId>(call.arguments[0]));
  const Array *operand = arrayOf(std::get<BufferId>(call.arguments[1]));
  auto axisMask = static_cast<uint32_t>(evaluateInteger(std::get<Scalar>(call.arguments[2])));
  if (stopped)
    return;
  Sizes kept;
  for (size_t dim = 0; dim < operand->dims(); ++dim)
    if (((axisMask >> dim) & 1) == 0)
      kept.push_back(operand->shape[dim]);
  DType type = to->storage->type;
  if (!isFloat(type) || kept != to->shape ||
      (type == DType::F32 && operand->storage->type != DType::F32))
    return fault("the result of a sum has the wrong type or shape");
  int64_t count = to->elements();
  Memory packed(type, count, memory);
  if (sumInto(packed.bytes.data(), type, *operand, axisMask) != 0)
    return fault("no memory for a sum");
  watchReads(*operand);
  int64_t element = 0;
  forEachCell(*to, [&](Cell cell) { store(cell, packed.load(element++)); });
}

/// What one of the clocks of Library.def shows.
static ScalarConstant readClock(LibraryFunction clock) {
  std::chrono::duration<double> time = clock == LibraryFunction::Time
                                           ? std::chrono::system_clock::now().time_since_epoch()
                                           : std::chrono::steady_clock::now().time_since_epoch();
  double seconds = clock == LibraryFunction::ProcessTime
                       ? static_cast<double>(std::clock()) / CLOCKS_PER_SEC
                       : time.count();
  return {DType::F64, std::bit_cast<uint64_t>(seconds)};
}

Flow Machine::run(const LibraryCall &call) {
  switch (call.function) {
  case LibraryFunction::PrintText:
  case LibraryFunction::PrintScalar:
  case LibraryFunction::PrintRepr:
  case LibraryFunction::PrintNumPyRepr:
  case LibraryFunction::PrintArray:
  case LibraryFunction::PrintList:
    print(call);
    break;
  case LibraryFunction::Flush:
    out.flush();
    break;
  case LibraryFunction::Exit: {
    int64_t code = evaluateInteger(std::get<Scalar>(call.arguments.front()));
    out.flush();
    end(InterpretStatus::Finished, "");
    result.exitStatus = static_cast<int>(code & 0xFF);
    break;
  }
  case LibraryFunction::Sum:
    runSum(call);
    break;
  case LibraryFunction::Time:
  case LibraryFunction::PerfCounter:
  case LibraryFunction::ProcessTime: {
    // Each rank has its own clock, and rank 0's is the program's.
    llvm::SaveAndRestore<RankSet> reading(running, RankSet(1));
    if (const Array *to = arrayOf(std::get<BufferId>(call.arguments.front())))
      store({to->storage.get(), to->offset}, readClock(call.function));
    break;
  }
  case LibraryFunction::RanksBroadcast:
    if (const Array *variable = arrayOf(std::get<BufferId>(call.arguments.front()))) {
      Cell cell{variable->storage.get(), variable->offset};
      ScalarConstant value;
      {
        llvm::SaveAndRestore<RankSet> sending(running, RankSet(1));
        value = load(cell);
      }
      store(cell, value);
    }
    break;
  case LibraryFunction::MpiRank:
  case LibraryFunction::MpiSize:
  case LibraryFunction::MpiTime:
  case LibraryFunction::MpiSend:
  case LibraryFunction::MpiReceive:
  case LibraryFunction::MpiBroadcast:
  case LibraryFunction::MpiReduce:
  case LibraryFunction::MpiReduceAll:
  case LibraryFunction::MpiDim:
  case LibraryFunction::MpiTake:
  case LibraryFunction::MpiBarrier:
  case LibraryFunction::MpiFinalize:
    runRanks(call);
    break;
  }
  return next();
}

} // namespace hpcc::ir
