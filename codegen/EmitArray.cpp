//===- EmitArray.cpp - buffers: storage, views, handles, elements ----------------------------===//
//
// A scalar variable is an alloca (or a global). An own array and a view are a Descriptor of values;
// strides of row-major arrays are computed here from the shape, so that LLVM sees the unit stride.
// A handle is one alloca for each part of its descriptor. Owners are counted where names begin,
// change and end, never per element.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::DType;

AllocaInst *createEntryAlloca(FunctionState &state, Type *type, const Twine &name) {
  BasicBlock &entry = state.team ? *state.team->memory : state.function->getEntryBlock();
  IRBuilder<> builder(&entry, entry.begin());
  return builder.CreateAlloca(type, nullptr, name);
}

StructType *descriptorType(ModuleState &module, unsigned dims) {
  auto *pointer = PointerType::get(module.context, 0);
  auto *sizes = ArrayType::get(Type::getInt64Ty(module.context), dims);
  return StructType::get(pointer, pointer, sizes, sizes);
}

HandleSlots slotsAt(FunctionState &state, Value *address, unsigned dims) {
  IRBuilder<> &builder = state.builder;
  StructType *type = descriptorType(state.module, dims);
  auto part = [&](unsigned field, unsigned index) {
    return builder.CreateInBoundsGEP(
        type, address, {builder.getInt32(0), builder.getInt32(field), builder.getInt32(index)});
  };
  HandleSlots slots;
  slots.object = builder.CreateStructGEP(type, address, 0);
  slots.data = builder.CreateStructGEP(type, address, 1);
  for (unsigned dim = 0; dim < dims; ++dim) {
    slots.shape.push_back(part(2, dim));
    slots.stride.push_back(part(3, dim));
  }
  return slots;
}

Descriptor loadSlots(FunctionState &state, const HandleSlots &slots) {
  IRBuilder<> &builder = state.builder;
  Descriptor descriptor;
  descriptor.object = builder.CreateLoad(builder.getPtrTy(), slots.object, "object");
  descriptor.data = builder.CreateLoad(builder.getPtrTy(), slots.data, "data");
  for (Value *size : slots.shape)
    descriptor.shape.push_back(builder.CreateLoad(builder.getInt64Ty(), size, "size"));
  for (Value *stride : slots.stride)
    descriptor.stride.push_back(builder.CreateLoad(builder.getInt64Ty(), stride, "stride"));
  return descriptor;
}

void storeSlots(FunctionState &state, const HandleSlots &slots, const Descriptor &descriptor) {
  IRBuilder<> &builder = state.builder;
  builder.CreateStore(descriptor.object, slots.object);
  builder.CreateStore(descriptor.data, slots.data);
  for (auto [size, slot] : zip_equal(descriptor.shape, slots.shape))
    builder.CreateStore(size, slot);
  for (auto [stride, slot] : zip_equal(descriptor.stride, slots.stride))
    builder.CreateStore(stride, slot);
}

Value *materialize(FunctionState &state, const Descriptor &descriptor) {
  unsigned dims = descriptor.shape.size();
  Value *address = createEntryAlloca(state, descriptorType(state.module, dims), "descriptor");
  storeSlots(state, slotsAt(state, address, dims), descriptor);
  return address;
}

HandleSlots createHandle(FunctionState &state, BufferId buffer) {
  IRBuilder<> &builder = state.builder;
  const ir::Buffer &info = state.program()[buffer];
  HandleSlots slots;
  slots.object = createEntryAlloca(state, builder.getPtrTy(), info.name + ".object");
  slots.data = createEntryAlloca(state, builder.getPtrTy(), info.name + ".data");
  for (unsigned dim = 0; dim < info.dims; ++dim) {
    slots.shape.push_back(createEntryAlloca(state, builder.getInt64Ty(), info.name + ".size"));
    slots.stride.push_back(createEntryAlloca(state, builder.getInt64Ty(), info.name + ".stride"));
  }
  Value *null = ConstantPointerNull::get(builder.getPtrTy());
  Value *zero = builder.getInt64(0);
  storeSlots(state, slots,
             {null, null, SmallVector<Value *, 4>(info.dims, zero),
              SmallVector<Value *, 4>(info.dims, zero)});
  state.handles[buffer.index] = slots;
  return slots;
}

Value *createVariable(FunctionState &state, BufferId buffer) {
  const ir::Buffer &info = state.program()[buffer];
  Type *type = memoryType(state.module, info.type);
  Value *&address = state.variables[buffer.index];
  address = createEntryAlloca(state, type, info.name);
  // Reading a variable that is not stored yet gives an arbitrary value, but never LLVM's undef.
  state.builder.CreateStore(Constant::getNullValue(type), address);
  return address;
}

/// True for what has an element but no descriptor.
static bool isVariable(const ir::Buffer &buffer) {
  return buffer.storage == ir::Storage::Own && buffer.dims == 0 && buffer.slots == 1;
}

/// The memory of a handle of this function or of the program.
static HandleSlots handleSlots(FunctionState &state, BufferId buffer) {
  if (auto own = state.handles.find(buffer.index); own != state.handles.end())
    return own->second;
  return slotsAt(state, state.module.globals.lookup(buffer.index), state.program()[buffer].dims);
}

/// The descriptor of an array, of all its storages if it has slots.
static Descriptor storageOf(FunctionState &state, BufferId buffer) {
  if (auto known = state.arrays.find(buffer.index); known != state.arrays.end())
    return known->second;
  return loadSlots(state, handleSlots(state, buffer));
}

Descriptor descriptorOf(FunctionState &state, BufferId buffer) {
  Descriptor array = storageOf(state, buffer);
  const ir::Buffer &info = state.program()[buffer];
  if (info.slots == 1)
    return array;
  Value *slot = array.slot ? array.slot : currentSlot(state, buffer);
  Value *offset = state.builder.CreateMul(slot, array.slotSize, "", true, true);
  array.data =
      state.builder.CreateInBoundsGEP(memoryType(state.module, info.type), array.data, offset);
  array.slot = array.slotSize = nullptr;
  return array;
}

//===-----------------------------------------------------------------------------------------===//
// Elements
//===-----------------------------------------------------------------------------------------===//

/// `value` modulo `size`, Python's way.
static Value *emitWrap(FunctionState &state, Value *value, Value *size) {
  return emitFloorDivision(state, value, size, /*isSigned=*/true, /*quotient=*/false);
}

static SmallVector<Value *, 4> emitIndices(FunctionState &state, const ir::Access &access) {
  SmallVector<Value *, 4> indices;
  for (const ir::Index &index : access.indices) {
    Value *value = emitAffine(state, index.form, Overflow::Never);
    if (index.wrap)
      value = emitWrap(state, value, emitAffine(state, *index.wrap));
    indices.push_back(value);
  }
  return indices;
}

Value *currentSlot(FunctionState &state, BufferId buffer) {
  Value *memory = state.currentSlots.lookup(buffer.index);
  return state.builder.CreateLoad(state.builder.getInt64Ty(), memory, "slot");
}

/// The address of an element and the scope of its array.
static Place emitAddress(FunctionState &state, BufferId buffer, ArrayRef<Value *> indices,
                         const std::optional<ir::Affine> &slot) {
  IRBuilder<> &builder = state.builder;
  const ir::Buffer &info = state.program()[buffer];
  if (isVariable(info)) {
    if (auto own = state.variables.find(buffer.index); own != state.variables.end())
      return {own->second};
    return {state.module.globals.lookup(buffer.index)};
  }
  Descriptor array = storageOf(state, buffer);
  bool forward = array.forward;
  Value *offset = nullptr;
  auto add = [&](Value *part) {
    offset = offset ? builder.CreateAdd(offset, part, "", forward, true) : part;
  };
  if (info.slots > 1) {
    Value *current = array.slot ? array.slot : currentSlot(state, buffer);
    if (slot)
      current =
          builder.CreateAdd(current, emitAffine(state, *slot, Overflow::Never), "", false, true);
    current = emitWrap(state, current, builder.getInt64(info.slots));
    add(builder.CreateMul(current, array.slotSize, "", forward, true));
  }
  for (auto [index, stride] : zip_equal(indices, array.stride))
    add(builder.CreateMul(index, stride, "", forward, true));
  GEPNoWrapFlags flags = GEPNoWrapFlags::inBounds();
  if (forward)
    flags |= GEPNoWrapFlags::noUnsignedWrap();
  Value *address = array.data;
  if (offset)
    address = builder.CreateGEP(memoryType(state.module, info.type), address, offset, "", flags);
  return {address, array.scope, scopeOfSlot(state, buffer, slot)};
}

static Value *emitElementLoad(FunctionState &state, BufferId buffer, const Place &place) {
  const ir::Buffer &info = state.program()[buffer];
  LoadInst *load =
      state.builder.CreateLoad(memoryType(state.module, info.type), place.address, info.name);
  annotate(state, load, buffer, place);
  if (info.type != DType::Bool)
    return load;
  // An element that nothing has stored can be any byte.
  return state.builder.CreateICmpNE(load, state.builder.getInt8(0));
}

Value *emitLoad(FunctionState &state, const ir::Access &access) {
  SmallVector<Value *, 4> indices = emitIndices(state, access);
  return emitElementLoad(state, access.buffer,
                         emitAddress(state, access.buffer, indices, access.slot));
}

Value *emitGather(FunctionState &state, BufferId buffer, ArrayRef<Value *> indices) {
  return emitElementLoad(state, buffer, emitAddress(state, buffer, indices, std::nullopt));
}

void emitStore(FunctionState &state, const ir::Access &access, Value *value) {
  SmallVector<Value *, 4> indices = emitIndices(state, access);
  Place place = emitAddress(state, access.buffer, indices, access.slot);
  if (state.program()[access.buffer].type == DType::Bool)
    value = state.builder.CreateZExt(value, state.builder.getInt8Ty());
  annotate(state, state.builder.CreateStore(value, place.address), access.buffer, place);
}

Value *emitElementAddress(FunctionState &state, const ir::Access &access) {
  SmallVector<Value *, 4> indices = emitIndices(state, access);
  return emitAddress(state, access.buffer, indices, access.slot).address;
}

//===-----------------------------------------------------------------------------------------===//
// Names of arrays
//===-----------------------------------------------------------------------------------------===//

Value *createTable(FunctionState &state, Type *element, ArrayRef<Value *> values,
                   const Twine &name) {
  IRBuilder<> &builder = state.builder;
  Value *table = createEntryAlloca(state, ArrayType::get(element, values.size()), name);
  for (auto [i, value] : enumerate(values))
    builder.CreateStore(value, builder.CreateConstInBoundsGEP1_64(element, table, i));
  return table;
}

/// The strides of a fresh array whose axes are in this order, slowest first.
static SmallVector<Value *, 4> stridesInOrder(FunctionState &state, ArrayRef<Value *> shape,
                                              ArrayRef<unsigned> slowestFirst) {
  SmallVector<Value *, 4> strides(shape.size());
  Value *next = state.builder.getInt64(1);
  for (size_t position = shape.size(); position-- > 0;) {
    size_t axis = slowestFirst.empty() ? position : slowestFirst[position];
    strides[axis] = next;
    next = state.builder.CreateMul(next, shape[axis], "stride", true, true);
  }
  return strides;
}

/// Elements from one storage of a buffer with slots to the next. The storages are read and written
/// together, and equal low bits of their addresses would look to the CPU as if a load had to wait
/// for a store; so these differ by 1536 bytes from each to the next.
static Value *slotDistance(FunctionState &state, const ir::Buffer &info, ArrayRef<Value *> shape) {
  IRBuilder<> &builder = state.builder;
  constexpr uint64_t page = 4096, shift = 1536;
  uint64_t unit = ir::sizeOf(info.type);
  Value *size = builder.getInt64(1);
  for (Value *extent : shape)
    size = builder.CreateMul(size, extent, "slot.size", true, true);
  Value *pages =
      builder.CreateAnd(builder.CreateAdd(size, builder.getInt64((page - 1 - shift) / unit)),
                        builder.getInt64(-(page / unit)));
  return builder.CreateAdd(pages, builder.getInt64(shift / unit), "slot.distance", true, true);
}

/// Calls the runtime. The descriptor that it has filled in.
static Descriptor allocate(FunctionState &state, const ir::Buffer &info, const Descriptor &array,
                           Loc loc) {
  IRBuilder<> &builder = state.builder;
  unsigned dims = array.shape.size();
  Value *shape = createTable(state, builder.getInt64Ty(), array.shape, "shape");
  Value *address = createEntryAlloca(state, descriptorType(state.module, dims), "allocated");
  SmallVector<Value *, 8> arguments = {address, builder.getInt32(dims),
                                       builder.getInt32(static_cast<uint32_t>(info.type)), shape};
  Constant *where = locationOf(state, loc);
  if (info.slots > 1) {
    arguments.append({builder.getInt64(info.slots), array.slotSize, where});
    callRuntime(state, Entry::hpc_array_allocate_slots, arguments);
  } else if (info.like.empty()) {
    arguments.push_back(where);
    callRuntime(state, Entry::hpc_array_allocate, arguments);
  } else {
    SmallVector<Value *, 4> operands, operandDims;
    for (BufferId operand : info.like) {
      operands.push_back(materialize(state, descriptorOf(state, operand)));
      operandDims.push_back(builder.getInt32(state.program()[operand].dims));
    }
    arguments.append({createTable(state, builder.getPtrTy(), operands, "operands"),
                      createTable(state, builder.getInt32Ty(), operandDims, "operand.dims"),
                      builder.getInt32(operands.size()), where});
    callRuntime(state, Entry::hpc_array_allocate_like, arguments);
  }
  return loadSlots(state, slotsAt(state, address, dims));
}

void emitAlloc(FunctionState &state, BufferId buffer, Loc loc) {
  IRBuilder<> &builder = state.builder;
  const ir::Buffer &info = state.program()[buffer];
  if (isVariable(info)) {
    createVariable(state, buffer);
    return;
  }
  Descriptor array;
  for (const ir::Affine &size : info.shape)
    array.shape.push_back(emitAffine(state, size));
  if (info.slots > 1) {
    array.slotSize = slotDistance(state, info, array.shape);
    Value *&current = state.currentSlots[buffer.index];
    current = createEntryAlloca(state, builder.getInt64Ty(), info.name + ".slot");
    builder.CreateStore(builder.getInt64(0), current);
  }
  Descriptor made = allocate(state, info, array, loc);
  array.object = made.object;
  array.data = made.data;
  array.data->setName(info.name);
  array.stride = info.like.empty() ? stridesInOrder(state, array.shape, info.layout) : made.stride;
  array.forward = true;
  array.scope = createScope(state, info.name);
  state.arrays[buffer.index] = array;
}

static void applySubscript(FunctionState &state, const Descriptor &base,
                           const ir::Subscript &subscript, Descriptor &result, Value *&offset) {
  IRBuilder<> &builder = state.builder;
  size_t dim = 0;
  auto advance = [&](const ir::Affine &start, Value *stride) {
    if (start.asConstant() == 0)
      return;
    Value *part = builder.CreateMul(emitAffine(state, start), stride);
    offset = offset ? builder.CreateAdd(offset, part) : part;
  };
  for (const ir::ViewDim &viewDim : subscript.dims)
    std::visit(ir::overloaded{
                   [&](const ir::ViewIndex &index) { advance(index.at, base.stride[dim++]); },
                   [&](const ir::ViewNewAxis &) {
                     result.shape.push_back(builder.getInt64(1));
                     result.stride.push_back(builder.getInt64(0));
                   },
                   [&](const ir::ViewSlice &slice) {
                     Value *stride = base.stride[dim++];
                     Value *size = emitAffine(state, slice.size);
                     advance(slice.start, stride);
                     result.shape.push_back(size);
                     if (slice.step.asConstant() != 1) {
                       // The step counts only between two elements.
                       Value *several = builder.CreateICmpSGT(size, builder.getInt64(1));
                       Value *product = builder.CreateMul(emitAffine(state, slice.step), stride);
                       stride = slice.step.isConstant()
                                    ? product
                                    : builder.CreateSelect(several, product, stride);
                     }
                     auto step = slice.step.asConstant();
                     result.forward &= step && *step > 0;
                     result.stride.push_back(stride);
                   }},
               viewDim);
}

static void applyBroadcast(FunctionState &state, const ir::View &view, const Descriptor &base,
                           Descriptor &result) {
  IRBuilder<> &builder = state.builder;
  const ir::Broadcast &broadcast = std::get<ir::Broadcast>(view.form);
  const ir::Buffer &baseInfo = state.program()[view.base];
  size_t extra = broadcast.shape.size() - base.shape.size();
  for (auto [i, form] : enumerate(broadcast.shape)) {
    Value *size = emitAffine(state, form);
    result.shape.push_back(size);
    if (i < extra) {
      result.stride.push_back(builder.getInt64(0));
      continue;
    }
    size_t dim = i - extra;
    bool sameForm = !baseInfo.shape.empty() && baseInfo.shape[dim] == form;
    Value *repeats = builder.CreateICmpNE(base.shape[dim], size);
    result.stride.push_back(
        sameForm ? base.stride[dim]
                 : builder.CreateSelect(repeats, builder.getInt64(0), base.stride[dim]));
  }
}

/// The distance of neighbours in row-major order: the stride of the last dimension that has any.
static Value *emitDistance(FunctionState &state, BufferId buffer, const Descriptor &array) {
  IRBuilder<> &builder = state.builder;
  const ir::Buffer &row = state.program()[buffer];
  Value *distance = builder.getInt64(1);
  if (row.storage == ir::Storage::Own && row.layout.empty() && row.like.empty())
    return distance;
  for (auto [size, stride] : zip_equal(array.shape, array.stride))
    distance =
        builder.CreateSelect(builder.CreateICmpNE(size, builder.getInt64(1)), stride, distance);
  return distance;
}

static void applyReshape(FunctionState &state, const ir::View &view, const Descriptor &base,
                         Descriptor &result) {
  IRBuilder<> &builder = state.builder;
  for (const ir::Affine &form : std::get<ir::Reshape>(view.form).shape)
    result.shape.push_back(emitAffine(state, form));
  result.stride.resize(result.shape.size());
  Value *stride = emitDistance(state, view.base, base);
  for (size_t dim = result.shape.size(); dim-- > 0;) {
    result.stride[dim] = stride;
    stride = builder.CreateMul(stride, result.shape[dim]);
  }
}

Value *emitIsEven(FunctionState &state, BufferId buffer) {
  IRBuilder<> &builder = state.builder;
  Descriptor array = descriptorOf(state, buffer);
  Value *expected = emitDistance(state, buffer, array);
  Value *even = builder.getTrue(), *empty = builder.getFalse();
  for (size_t dim = array.shape.size(); dim-- > 0;) {
    Value *size = array.shape[dim];
    Value *fits = builder.CreateOr(builder.CreateICmpEQ(size, builder.getInt64(1)),
                                   builder.CreateICmpEQ(array.stride[dim], expected));
    even = builder.CreateAnd(even, fits);
    empty = builder.CreateOr(empty, builder.CreateICmpEQ(size, builder.getInt64(0)));
    expected = builder.CreateMul(expected, size);
  }
  return builder.CreateOr(even, empty);
}

void emitView(FunctionState &state, const ir::View &view) {
  IRBuilder<> &builder = state.builder;
  Descriptor base = descriptorOf(state, view.base);
  Descriptor result;
  result.object = base.object;
  result.data = base.data;
  result.scope = base.scope;
  result.forward = base.forward;
  Value *offset = nullptr;
  std::visit(
      ir::overloaded{
          [&](const ir::Subscript &form) { applySubscript(state, base, form, result, offset); },
          [&](const ir::Broadcast &) { applyBroadcast(state, view, base, result); },
          [&](const ir::Reshape &) { applyReshape(state, view, base, result); },
          [&](const ir::Permute &form) {
            for (unsigned dim : form.order) {
              result.shape.push_back(base.shape[dim]);
              result.stride.push_back(base.stride[dim]);
            }
          }},
      view.form);
  // An empty slice may begin outside the array, so the address is not `inbounds`.
  if (offset)
    result.data = builder.CreateGEP(memoryType(state.module, state.program()[view.base].type),
                                    result.data, offset, state.program()[view.result].name);
  callRuntime(state, Entry::hpc_retain, result.object);
  state.arrays[view.result.index] = result;
}

void moveToHandle(FunctionState &state, BufferId handle, const Descriptor &array) {
  HandleSlots slots = handleSlots(state, handle);
  Value *old = state.builder.CreateLoad(state.builder.getPtrTy(), slots.object, "old");
  storeSlots(state, slots, array);
  callRuntime(state, Entry::hpc_release, old);
}

void emitBind(FunctionState &state, BufferId handle, BufferId source) {
  Descriptor array = descriptorOf(state, source);
  // Retained first: the source may be what the handle names already.
  callRuntime(state, Entry::hpc_retain, array.object);
  moveToHandle(state, handle, array);
}

void emitDrop(FunctionState &state, BufferId buffer) {
  const ir::Buffer &info = state.program()[buffer];
  if (isVariable(info))
    return;
  if (info.storage != ir::Storage::Handle) {
    callRuntime(state, Entry::hpc_release, descriptorOf(state, buffer).object);
    return;
  }
  HandleSlots slots = handleSlots(state, buffer);
  Value *object = state.builder.CreateLoad(state.builder.getPtrTy(), slots.object, "object");
  callRuntime(state, Entry::hpc_release, object);
  state.builder.CreateStore(ConstantPointerNull::get(state.builder.getPtrTy()), slots.object);
}

} // namespace hpcc::codegen
