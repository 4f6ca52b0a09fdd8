//===- EmitDevice.cpp - what the host asks of a device ---------------------------------------===//
//
// Kernels in the form that a GPU or the emulation starts, launches, transfers, and the start of the
// device. A GPU's kernel reads its place in the grid; the emulation's runs all places one by one.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

namespace hpcc::codegen {

using namespace llvm;

/// The parameters of the body that it uses, behind those of its place.
static void findUsed(Function *body, SmallVectorImpl<bool> &isUsed,
                     SmallVectorImpl<Type *> &types) {
  for (Argument &argument : drop_begin(body->args(), placeParameters)) {
    isUsed.push_back(!argument.use_empty());
    if (isUsed.back())
      types.push_back(argument.getType());
  }
}

/// Calls the body at a place, with these values for the parameters that it uses.
static void callBody(IRBuilder<> &builder, Function *body, ArrayRef<Value *> place,
                     ArrayRef<bool> isUsed, ArrayRef<Value *> values) {
  SmallVector<Value *, 16> arguments(place);
  size_t next = 0;
  for (auto [used, argument] : zip_equal(isUsed, drop_begin(body->args(), placeParameters)))
    arguments.push_back(used ? values[next++] : PoisonValue::get(argument.getType()));
  builder.CreateCall(body, arguments);
}

static void makeGpuKernel(ModuleState &device, Function *body, StringRef name,
                          ArrayRef<bool> isUsed, ArrayRef<Type *> types) {
  IRBuilder<> builder(device.context);
  auto *kernel = Function::Create(FunctionType::get(builder.getVoidTy(), types, false),
                                  GlobalValue::ExternalLinkage, name, device.module);
  kernel->setCallingConv(CallingConv::PTX_Kernel);
  kernel->setDoesNotThrow();
  builder.SetInsertPoint(BasicBlock::Create(device.context, "entry", kernel));
  constexpr Intrinsic::ID numbers[][4] = {
      {Intrinsic::nvvm_read_ptx_sreg_tid_x, Intrinsic::nvvm_read_ptx_sreg_ntid_x,
       Intrinsic::nvvm_read_ptx_sreg_ctaid_x, Intrinsic::nvvm_read_ptx_sreg_nctaid_x},
      {Intrinsic::nvvm_read_ptx_sreg_tid_y, Intrinsic::nvvm_read_ptx_sreg_ntid_y,
       Intrinsic::nvvm_read_ptx_sreg_ctaid_y, Intrinsic::nvvm_read_ptx_sreg_nctaid_y},
      {Intrinsic::nvvm_read_ptx_sreg_tid_z, Intrinsic::nvvm_read_ptx_sreg_ntid_z,
       Intrinsic::nvvm_read_ptx_sreg_ctaid_z, Intrinsic::nvvm_read_ptx_sreg_nctaid_z}};
  SmallVector<Value *, 6> threads, counts;
  auto read = [&](Intrinsic::ID number) {
    return builder.CreateZExt(builder.CreateIntrinsic(number, {}), builder.getInt64Ty());
  };
  for (const auto &each : numbers) {
    Value *size = read(each[1]);
    threads.push_back(builder.CreateAdd(builder.CreateMul(read(each[2]), size, "", true, true),
                                        read(each[0]), "", true, true));
    counts.push_back(builder.CreateMul(read(each[3]), size, "", true, true));
  }
  append_range(threads, counts);
  SmallVector<Value *, 16> values(make_pointer_range(kernel->args()));
  callBody(builder, body, threads, isUsed, values);
  builder.CreateRetVoid();
}

/// void name(arguments, grid, block): see hpc_emulated_kernel.
static void makeEmulatedKernel(ModuleState &device, Function *body, StringRef name,
                               ArrayRef<bool> isUsed, ArrayRef<Type *> types) {
  Type *pointer = PointerType::get(device.context, 0);
  auto *type =
      FunctionType::get(Type::getVoidTy(device.context), {pointer, pointer, pointer}, false);
  auto *kernel = Function::Create(type, GlobalValue::ExternalLinkage, name, device.module);
  kernel->setDoesNotThrow();
  FunctionState state(device, device.program.functions.front(), kernel);
  IRBuilder<> &builder = state.builder;
  builder.SetInsertPoint(BasicBlock::Create(device.context, "entry", kernel));
  SmallVector<Value *, 16> values;
  for (auto [index, each] : enumerate(types)) {
    Value *address = builder.CreateLoad(
        pointer, builder.CreateConstInBoundsGEP1_64(pointer, kernel->getArg(0), index));
    values.push_back(builder.CreateLoad(each, address));
  }
  SmallVector<Value *, 3> counts;
  Type *word = builder.getInt32Ty();
  for (unsigned dimension = 0; dimension < 3; ++dimension) {
    auto size = [&](unsigned argument) {
      Value *address =
          builder.CreateConstInBoundsGEP1_64(word, kernel->getArg(argument), dimension);
      return builder.CreateZExt(builder.CreateLoad(word, address), builder.getInt64Ty());
    };
    counts.push_back(builder.CreateMul(size(1), size(2), "", true, true));
  }
  Value *zero = builder.getInt64(0);
  auto along = [&](unsigned dimension, function_ref<void(Value *)> run) {
    emitCountedLoop(state, zero, counts[dimension], 1, "thread", /*independent=*/false, run);
  };
  along(2, [&](Value *z) {
    along(1, [&](Value *y) {
      along(0, [&](Value *x) {
        callBody(builder, body, {x, y, z, counts[0], counts[1], counts[2]}, isUsed, values);
      });
    });
  });
  builder.CreateRetVoid();
}

GlobalVariable *finishKernel(FunctionState &host, Function *body, StringRef name,
                             SmallVectorImpl<bool> &isUsed) {
  ModuleState &device = *host.module.device;
  SmallVector<Type *, 16> types;
  findUsed(body, isUsed, types);
  if (device.isGpu)
    makeGpuKernel(device, body, name, isUsed, types);
  else
    makeEmulatedKernel(device, body, name, isUsed, types);
  Type *pointer = PointerType::get(device.context, 0);
  auto *handle =
      new GlobalVariable(host.module.module, pointer, false, GlobalValue::InternalLinkage,
                         Constant::getNullValue(pointer), name + ".handle");
  device.kernels.push_back({name.str(), handle});
  return handle;
}

void emitLaunch(FunctionState &state, GlobalVariable *kernel, ArrayRef<Value *> blocks,
                ArrayRef<Value *> threads, ArrayRef<Value *> arguments, Loc loc) {
  IRBuilder<> &builder = state.builder;
  auto sizes = [&](ArrayRef<Value *> given, const Twine &name) {
    SmallVector<Value *, 3> all(given);
    all.resize(3, builder.getInt64(1));
    return createTable(state, builder.getInt64Ty(), all, name);
  };
  SmallVector<Value *, 16> addresses;
  for (Value *argument : arguments) {
    addresses.push_back(createEntryAlloca(state, argument->getType(), "argument"));
    builder.CreateStore(argument, addresses.back());
  }
  if (addresses.empty())
    addresses.push_back(ConstantPointerNull::get(builder.getPtrTy()));
  callRuntime(state, Entry::hpc_gpu_launch,
              {builder.CreateLoad(builder.getPtrTy(), kernel), sizes(blocks, "grid"),
               sizes(threads, "block"),
               createTable(state, builder.getPtrTy(), addresses, "arguments"),
               locationOf(state, loc)});
}

void emitDeviceStart(FunctionState &state, StringRef ptx, Loc loc) {
  IRBuilder<> &builder = state.builder;
  ModuleState &module = state.module;
  Constant *where = locationOf(state, loc);
  if (module.device->isGpu) {
    callRuntime(state, Entry::hpc_gpu_start,
                {textOf(module, ptx), builder.getInt64(ptx.size()), where});
  } else {
    SmallVector<Constant *, 8> rows;
    auto *row = StructType::get(builder.getPtrTy(), builder.getPtrTy());
    for (auto &[name, handle] : module.device->kernels)
      rows.push_back(
          ConstantStruct::get(row, textOf(module, name), module.module.getFunction(name)));
    auto *type = ArrayType::get(row, rows.size());
    auto *table = new GlobalVariable(module.module, type, true, GlobalValue::PrivateLinkage,
                                     ConstantArray::get(type, rows), "kernels");
    callRuntime(state, Entry::hpc_gpu_start_emulated,
                {table, builder.getInt32(static_cast<uint32_t>(rows.size()))});
    for (auto &[name, handle] : module.device->kernels)
      module.module.getFunction(name)->setLinkage(GlobalValue::InternalLinkage);
  }
  for (auto &[name, handle] : module.device->kernels)
    builder.CreateStore(callRuntime(state, Entry::hpc_gpu_kernel, {textOf(module, name), where}),
                        handle);
}

void emitTransfer(FunctionState &state, const ir::Transfer &transfer, Loc loc) {
  IRBuilder<> &builder = state.builder;
  const ir::Buffer &info = state.program()[transfer.buffer];
  const Descriptor &array = state.arrays[transfer.buffer.index];
  Type *type = memoryType(state.module, info.type);
  Value *elements = builder.getInt64(1), *data = array.data;
  if (transfer.at.empty()) {
    for (Value *size : array.shape)
      elements = builder.CreateMul(elements, size);
  } else {
    std::vector<ir::Index> indices(transfer.at.begin(), transfer.at.end());
    data = emitElementAddress(state, {transfer.buffer, transfer.slot, indices});
  }
  if (info.slots > 1 && transfer.at.empty()) {
    if (transfer.slot) {
      Value *slot = builder.CreateAdd(currentSlot(state, transfer.buffer),
                                      emitAffine(state, *transfer.slot, Overflow::Never));
      slot = emitFloorDivision(state, slot, builder.getInt64(info.slots), /*isSigned=*/true,
                               /*quotient=*/false);
      data = builder.CreateInBoundsGEP(type, data, builder.CreateMul(slot, array.slotSize));
    } else {
      Value *others = builder.CreateMul(array.slotSize, builder.getInt64(info.slots - 1));
      elements = builder.CreateAdd(elements, others);
    }
  }
  Value *bytes = builder.CreateMul(elements, builder.getInt64(ir::sizeOf(info.type)));
  callRuntime(state,
              transfer.to == ir::Side::Device ? Entry::hpc_gpu_to_device : Entry::hpc_gpu_to_host,
              {array.object, data, bytes, locationOf(state, loc)});
}

} // namespace hpcc::codegen
