//===- EmitExchange.cpp - messages between ranks ---------------------------------------------===//
//
// An exchange states its parts to the runtime as a table of numbers, which are the same on all
// ranks; the runtime finds out who sends what to whom.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;

static constexpr size_t partWords = sizeof(hpc_rank_part) / sizeof(int64_t);

static_assert(int(ir::Division::Blocks) == HPC_BLOCKS && int(ir::Division::Cyclic) == HPC_CYCLIC);
static_assert(int(ir::ExchangeFor::Own) == HPC_FOR_OWN &&
              int(ir::ExchangeFor::All) == HPC_FOR_ALL &&
              int(ir::ExchangeFor::Root) == HPC_FOR_ROOT);

namespace {

/// One hpc_rank_part: its members, which are all of eight bytes, in their order.
class PartWriter {
public:
  PartWriter(FunctionState &state, Value *memory)
      : state(state), builder(state.builder), memory(memory) {}

  void write(const ir::ExchangePart &part) {
    const ir::Buffer &buffer = state.program()[part.buffer];
    Descriptor array = descriptorOf(state, part.buffer);
    Value *unit = builder.getInt64(ir::sizeOf(buffer.type));
    ir::Access first = {part.buffer, part.slot, {}};
    first.indices.resize(buffer.dims, ir::Index(ir::Affine(0)));
    add(emitElementAddress(state, first));
    add(builder.CreateMul(array.stride[0], unit));
    writeRow(part, array, unit);
    add(array.shape[0]);
    add(*buffer.home);
    add(uint64_t(part.whom));
    writeIterations(part);
    add(part.wrap ? builder.CreateBinaryIntrinsic(Intrinsic::smax, emitAffine(state, *part.wrap),
                                                  builder.getInt64(1))
                  : builder.getInt64(0));
  }

private:
  void add(Value *value) {
    builder.CreateStore(value,
                        builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), memory, next++));
  }
  void add(uint64_t number) { add(builder.getInt64(number)); }
  void add(const ir::Affine &form) { add(emitAffine(state, form)); }
  void add(const ir::Distribution &distribution) {
    add(uint64_t(distribution.division));
    add(distribution.rows);
    add(distribution.offset);
  }

  /// What of each row is sent: all, or one element.
  void writeRow(const ir::ExchangePart &part, const Descriptor &array, Value *unit) {
    Value *offset = builder.getInt64(0), *bytes = unit;
    for (size_t dim = 1; dim < array.shape.size(); ++dim)
      if (part.at.empty())
        bytes = builder.CreateMul(bytes, array.shape[dim]);
      else
        offset = builder.CreateAdd(
            offset, builder.CreateMul(emitAffine(state, part.at[dim - 1]), array.stride[dim]));
    add(builder.CreateMul(offset, unit));
    add(bytes);
  }

  void writeIterations(const ir::ExchangePart &part) {
    if (!part.axis) {
      for (int i = 0; i < 6; ++i) // lo, hi, step and whose they are
        add(uint64_t(0));
      writeForms(part, nullptr);
      return;
    }
    const ir::Axis &axis = *part.axis;
    add(emitBound(state, axis.lo, true));
    add(emitBound(state, axis.hi, false));
    add(static_cast<uint64_t>(axis.step));
    add(axis.ranks->over);
    writeForms(part, &axis);
  }

  void writeForms(const ir::ExchangePart &part, const ir::Axis *axis) {
    for (const ir::Affine &form : {part.lo, part.hi}) {
      add(axis ? static_cast<uint64_t>(form.coefficientOf(axis->iterator)) : 0);
      add(axis ? ir::substitute(form, axis->iterator, ir::Affine(0)) : form);
    }
  }

  FunctionState &state;
  IRBuilder<> &builder;
  Value *memory;
  unsigned next = 0;
};

} // namespace

void emitExchange(FunctionState &state, const ir::Exchange &exchange, Loc loc) {
  IRBuilder<> &builder = state.builder;
  Value *where = locationOf(state, loc);
  size_t words = exchange.parts.size() * partWords;
  Value *table = createEntryAlloca(state, ArrayType::get(builder.getInt64Ty(), words), "parts");
  for (auto [i, part] : enumerate(exchange.parts)) {
    Value *memory = builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), table, i * partWords);
    PartWriter(state, memory).write(part);
  }
  callRuntime(state, Entry::hpc_ranks_exchange_start,
              {table, builder.getInt32(exchange.parts.size()), where});
  emitBlock(state, exchange.body);
  callRuntime(state, Entry::hpc_ranks_exchange_finish, where);
}

void emitRanksBroadcast(FunctionState &state, ir::BufferId variable, Loc loc) {
  IRBuilder<> &builder = state.builder;
  const ir::Buffer &buffer = state.program()[variable];
  Type *type = memoryType(state.module, buffer.type);
  Value *memory = createEntryAlloca(state, type, "broadcast");
  Value *address = emitElementAddress(state, {variable, {}, {}});
  builder.CreateStore(builder.CreateLoad(type, address), memory);
  callRuntime(state, Entry::hpc_ranks_broadcast,
              {memory, builder.getInt64(ir::sizeOf(buffer.type)), locationOf(state, loc)});
  builder.CreateStore(builder.CreateLoad(type, memory), address);
}

} // namespace hpcc::codegen
