//===- InterpretRanks.cpp - the library calls of ranks, for rank 0 of 1 ----------------------===//
//
// What a program does that is started without mpirun: it may send to itself, and every collective
// operation gives back its own value.
//
//===---------------------------------------------------------------------------------------===//

#include "InterpretMachine.h"
#include "runtime/hpcc_rt.h"
#include "llvm/ADT/STLExtras.h"
#include <chrono>

namespace hpcc::ir {

/// The index behind `index` in row-major order.
static void advance(Sizes &index, const Sizes &shape) {
  for (size_t dim = shape.size(); dim-- > 0 && ++index[dim] == shape[dim];)
    index[dim] = 0;
}

static int64_t cellOf(const Array &array, const Sizes &index) {
  int64_t cell = array.offset;
  for (size_t dim = 0; dim < index.size(); ++dim)
    cell += index[dim] * array.stride[dim];
  return cell;
}

/// Whether the elements lie one after the other, the first dimension slowest (or fastest).
static bool isContiguous(const Array &array, bool firstIsSlowest) {
  int64_t expected = 1;
  bool contiguous = true;
  for (size_t i = 0; i < array.dims(); ++i) {
    size_t dim = firstIsSlowest ? array.dims() - 1 - i : i;
    contiguous &= array.shape[dim] == 1 || array.stride[dim] == expected;
    expected *= array.shape[dim];
  }
  return contiguous || expected == 0;
}

std::optional<RankMessage> Machine::pack(const CallArgument &operand) {
  const Array *array = arrayOf(std::get<BufferId>(operand));
  if (!array)
    return std::nullopt;
  if (!isContiguous(*array, true) && isContiguous(*array, false)) {
    raise(HPC_ERROR_MpiColumnMajor, {}, here);
    return std::nullopt;
  }
  RankMessage message{0, array->storage->type, array->shape, {}};
  Sizes index(array->dims());
  for (int64_t element = 0; element < array->elements(); ++element) {
    message.elements.push_back(array->storage->load(cellOf(*array, index)));
    advance(index, array->shape);
  }
  return message;
}

void Machine::take(const CallArgument &result) {
  const Array *to = arrayOf(std::get<BufferId>(result));
  if (!to)
    return;
  if (!ranks.waiting)
    return fault("nothing waits for @lib.mpi_take");
  if (ranks.waiting->type != to->storage->type || ranks.waiting->shape != to->shape)
    return fault("@lib.mpi_take into another type or shape");
  Sizes index(to->dims());
  for (const ScalarConstant &element : ranks.waiting->elements) {
    to->storage->store(cellOf(*to, index), element);
    advance(index, to->shape);
  }
  ranks.waiting.reset();
}

void Machine::receive(int64_t source, int64_t tag) {
  if (source != -1 && source != 0)
    return raise(HPC_ERROR_MpiRank, {}, here);
  if (tag < -1)
    return raise(HPC_ERROR_MpiTag, {}, here);
  auto message = llvm::find_if(
      ranks.sent, [&](const RankMessage &sent) { return tag == -1 || sent.tag == tag; });
  if (message == ranks.sent.end())
    return fault("rank 0 of 1 receives what it has not sent, and waits for ever");
  ranks.waiting = std::move(*message);
  ranks.sent.erase(message);
}

void Machine::send(const CallArgument &operand, int64_t dest, int64_t tag) {
  if (dest != 0)
    return raise(HPC_ERROR_MpiRank, {}, here);
  if (tag < 0)
    return raise(HPC_ERROR_MpiTag, {}, here);
  if (std::optional<RankMessage> message = pack(operand)) {
    message->tag = tag;
    ranks.sent.push_back(std::move(*message));
  }
}

/// bcast, reduce, allreduce: the value comes back.
void Machine::collect(const CallArgument &operand, int64_t root) {
  if (root != 0)
    return raise(HPC_ERROR_MpiRoot, {}, here);
  ranks.waiting = pack(operand);
}

void Machine::runRanks(const LibraryCall &call) {
  if (ranks.finished)
    return raise(HPC_ERROR_MpiFinalized, {}, here);
  auto integer = [&](unsigned i) { return evaluateInteger(std::get<Scalar>(call.arguments[i])); };
  auto setFirst = [&](ScalarConstant value) {
    if (const Array *to = arrayOf(std::get<BufferId>(call.arguments.front())))
      to->storage->store(to->offset, value);
  };
  auto setInteger = [&](int64_t value) { setFirst({DType::I64, static_cast<uint64_t>(value)}); };
  switch (call.function) {
  case LibraryFunction::MpiRank:
    return setInteger(0);
  case LibraryFunction::MpiSize:
    return setInteger(1);
  case LibraryFunction::MpiTime: {
    std::chrono::duration<double> time = std::chrono::steady_clock::now().time_since_epoch();
    return setFirst({DType::F64, std::bit_cast<uint64_t>(time.count())});
  }
  case LibraryFunction::MpiSend: {
    int64_t dest = integer(1), tag = integer(2);
    return stopped ? void() : send(call.arguments[0], dest, tag);
  }
  case LibraryFunction::MpiReceive: {
    int64_t source = integer(0), tag = integer(1);
    return stopped ? void() : receive(source, tag);
  }
  case LibraryFunction::MpiBroadcast:
  case LibraryFunction::MpiReduce: {
    int64_t root = integer(call.arguments.size() - 1);
    return stopped ? void() : collect(call.arguments[0], root);
  }
  case LibraryFunction::MpiReduceAll:
    return collect(call.arguments[0], 0);
  case LibraryFunction::MpiDim: {
    auto dim = static_cast<size_t>(integer(1));
    bool known = ranks.waiting && dim < ranks.waiting->shape.size();
    return setInteger(known ? ranks.waiting->shape[dim] : 0);
  }
  case LibraryFunction::MpiTake:
    return take(call.arguments[0]);
  case LibraryFunction::MpiFinalize:
    ranks.finished = true;
    return;
  default: // a barrier
    return;
  }
}

} // namespace hpcc::ir
