//===- EmitRuntime.cpp - calls of the runtime, texts, errors ---------------------------------===//
//
// Declares the rows of RuntimeEntries.def on demand and calls them. Errors are raised in blocks of
// their own that LLVM knows to be cold; locations and texts are constants that equal uses share.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/MDBuilder.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::DType;

namespace {

struct EntryInfo {
  const char *name, *signature;
  bool pure;
};

constexpr EntryInfo entries[] = {
#define HPCC_ENTRY(name, signature) {#name, signature, false},
#define HPCC_PURE_ENTRY(name, signature) {#name, signature, true},
#include "RuntimeEntries.def"
};

Type *typeOfLetter(LLVMContext &context, char letter) {
  switch (letter) {
  case 'p':
    return PointerType::get(context, 0);
  case 'i':
    return Type::getInt32Ty(context);
  case 'l':
    return Type::getInt64Ty(context);
  case 'd':
    return Type::getDoubleTy(context);
  case 'f':
    return Type::getFloatTy(context);
  case 'b':
    return Type::getInt1Ty(context);
  default:
    return Type::getVoidTy(context);
  }
}

struct ErrorInfo {
  StringLiteral id, format;
};

constexpr ErrorInfo errors[] = {
#define HPC_ERROR(id, className, format) {#id, format},
#include "runtime/Errors.def"
};

int findError(StringRef id) {
  for (const ErrorInfo &error : errors)
    if (error.id == id)
      return static_cast<int>(&error - errors);
  return -1;
}

} // namespace

Function *declareRuntime(ModuleState &module, Entry entry) {
  const EntryInfo &info = entries[static_cast<size_t>(entry)];
  if (Function *existing = module.module.getFunction(info.name))
    return existing;
  StringRef signature(info.signature);
  SmallVector<Type *, 8> parameters;
  for (char letter : signature.drop_front())
    parameters.push_back(typeOfLetter(module.context, letter));
  auto *type =
      FunctionType::get(typeOfLetter(module.context, signature.front()), parameters, false);
  auto *function = Function::Create(type, GlobalValue::ExternalLinkage, info.name, module.module);
  function->setDoesNotThrow();
  if (info.pure) {
    function->setDoesNotAccessMemory();
    function->setWillReturn();
  }
  for (unsigned i = 0; i < parameters.size(); ++i)
    if (parameters[i]->isIntegerTy(1))
      function->addParamAttr(i, Attribute::ZExt);
  if (entry == Entry::hpc_raise) {
    function->setDoesNotReturn();
    function->addFnAttr(Attribute::Cold);
  }
  return function;
}

CallInst *callRuntime(FunctionState &state, Entry entry, ArrayRef<Value *> arguments) {
  Function *callee = declareRuntime(state.module, entry);
  CallInst *call = state.builder.CreateCall(callee, arguments);
  for (unsigned i = 0; i < arguments.size(); ++i)
    if (arguments[i]->getType()->isIntegerTy(1))
      call->addParamAttr(i, Attribute::ZExt);
  return call;
}

Constant *textOf(ModuleState &module, StringRef text) {
  if (module.host) // where errors are reported
    return textOf(*module.host, text);
  Constant *&known = module.texts[text];
  if (!known) {
    Constant *bytes = ConstantDataArray::getString(module.context, text);
    auto *global = new GlobalVariable(module.module, bytes->getType(), true,
                                      GlobalValue::PrivateLinkage, bytes, "text");
    global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    global->setAlignment(Align(1));
    known = global;
  }
  return known;
}

Constant *locationOf(FunctionState &state, Loc loc) {
  ModuleState &module = state.module;
  auto *pointer = PointerType::get(module.context, 0);
  if (!loc.isValid())
    return ConstantPointerNull::get(pointer);
  StringRef function = state.source.name == "main" ? "<module>" : StringRef(state.source.name);
  Constant *&known =
      module.locations[{function.str(), {loc.line, loc.column, loc.endLine, loc.endColumn}}];
  if (known)
    return known;
  StringRef line = module.options.lineText ? module.options.lineText(loc.line) : StringRef();
  // A construct of several lines is underlined to the end of its first.
  uint32_t endColumn =
      loc.endLine == loc.line ? loc.endColumn : static_cast<uint32_t>(line.size() + 1);
  auto *word = Type::getInt32Ty(module.context);
  Constant *fields[] = {
      textOf(module, module.program.file),
      textOf(module, function),
      line.empty() ? ConstantPointerNull::get(pointer) : textOf(module, line),
      ConstantInt::get(word, loc.line),
      ConstantInt::get(word, loc.column),
      ConstantInt::get(word, endColumn),
  };
  auto *type = StructType::get(pointer, pointer, pointer, word, word, word);
  auto *global = new GlobalVariable(module.module, type, true, GlobalValue::PrivateLinkage,
                                    ConstantStruct::get(type, fields), "location");
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return known = global;
}

void emitRaise(FunctionState &state, int errorId, Loc loc, ArrayRef<Value *> arguments) {
  if (state.kernel)
    return emitFailure(state, errorId, loc, arguments);
  IRBuilder<> &builder = state.builder;
  Value *array = ConstantPointerNull::get(builder.getPtrTy());
  if (!arguments.empty()) {
    auto *type = ArrayType::get(builder.getInt64Ty(), arguments.size());
    array = createEntryAlloca(state, type, "error.arguments");
    for (auto [i, argument] : enumerate(arguments))
      builder.CreateStore(argument, builder.CreateConstInBoundsGEP2_64(type, array, 0, i));
  }
  callRuntime(state, Entry::hpc_raise,
              {builder.getInt32(errorId), locationOf(state, loc), array,
               builder.getInt32(static_cast<uint32_t>(arguments.size()))});
  builder.CreateUnreachable();
}

void emitRaiseIf(FunctionState &state, Value *bad, int errorId, Loc loc,
                 ArrayRef<Value *> arguments) {
  if (auto *known = dyn_cast<ConstantInt>(bad); known && known->isZero())
    return;
  auto *raise = BasicBlock::Create(state.module.context, "raise", state.function);
  auto *next = BasicBlock::Create(state.module.context, "checked", state.function);
  MDNode *unlikely = MDBuilder(state.module.context).createUnlikelyBranchWeights();
  state.builder.CreateCondBr(bad, raise, next, unlikely);
  state.builder.SetInsertPoint(raise);
  emitRaise(state, errorId, loc, arguments);
  state.builder.SetInsertPoint(next);
}

/// The arguments of the error; {text} stands for the address and the length of `check.text`.
static SmallVector<Value *, 4> errorArguments(FunctionState &state, const ir::Check &check,
                                              StringRef format) {
  SmallVector<Value *, 4> arguments;
  size_t textAt = format.find("{text}");
  size_t before = format.substr(0, textAt).count('{');
  auto addText = [&] {
    if (textAt == StringRef::npos)
      return;
    Value *address = textOf(state.module, check.text);
    arguments.push_back(state.builder.CreatePtrToInt(address, state.builder.getInt64Ty()));
    arguments.push_back(state.builder.getInt64(check.text.size()));
  };
  for (auto [i, argument] : enumerate(check.arguments)) {
    if (i == before)
      addText();
    Value *value = emitScalar(state, argument);
    if (value->getType()->isFloatingPointTy())
      value = state.builder.CreateBitCast(
          emitCast(state, DType::F64, typeOf(argument, state.program()), value),
          state.builder.getInt64Ty());
    arguments.push_back(value);
  }
  if (before >= check.arguments.size())
    addText();
  return arguments;
}

void emitCheck(FunctionState &state, const ir::Check &check, Loc loc) {
  int errorId = findError(check.error);
  if (errorId < 0) {
    state.module.diags.internalError(loc, "code generation", "unknown error " + check.error);
    return;
  }
  Value *holds = emitScalar(state, check.condition);
  auto *raise = BasicBlock::Create(state.module.context, "raise", state.function);
  auto *next = BasicBlock::Create(state.module.context, "checked", state.function);
  MDNode *likely = MDBuilder(state.module.context).createLikelyBranchWeights();
  state.builder.CreateCondBr(holds, next, raise, likely);
  state.builder.SetInsertPoint(raise);
  // The arguments are evaluated only where the error is raised.
  emitRaise(state, errorId, loc, errorArguments(state, check, errors[errorId].format));
  state.builder.SetInsertPoint(next);
}

//===-----------------------------------------------------------------------------------------===//
// Library calls
//===-----------------------------------------------------------------------------------------===//

static Value *dtypeNumber(FunctionState &state, DType type) {
  return state.builder.getInt32(static_cast<uint32_t>(type));
}

static void emitPrintScalar(FunctionState &state, const ir::Scalar &scalar) {
  DType type = typeOf(scalar, state.program());
  Value *value = emitScalar(state, scalar);
  IRBuilder<> &builder = state.builder;
  if (type == DType::Bool)
    callRuntime(state, Entry::hpc_print_bool, value);
  else if (type == DType::F64)
    callRuntime(state, Entry::hpc_print_f64, value);
  else if (type == DType::F32)
    callRuntime(state, Entry::hpc_print_f32, value);
  else if (isSigned(type))
    callRuntime(state, Entry::hpc_print_i64, builder.CreateSExt(value, builder.getInt64Ty()));
  else
    callRuntime(state, Entry::hpc_print_u64, builder.CreateZExt(value, builder.getInt64Ty()));
}

static void emitPrintNumPyRepr(FunctionState &state, const ir::Scalar &scalar) {
  DType type = typeOf(scalar, state.program());
  Value *value = emitScalar(state, scalar);
  if (type == DType::Bool)
    callRuntime(state, Entry::hpc_print_repr_bool, value);
  else if (type == DType::F64)
    callRuntime(state, Entry::hpc_print_repr_f64, value);
  else if (type == DType::F32)
    callRuntime(state, Entry::hpc_print_repr_f32, value);
  else
    callRuntime(state, Entry::hpc_print_repr_integer,
                {state.builder.CreateIntCast(value, state.builder.getInt64Ty(), isSigned(type)),
                 dtypeNumber(state, type)});
}

static std::optional<Entry> sumEntry(DType result, DType operand) {
  if (result == DType::F32)
    return operand == DType::F32 ? std::optional(Entry::hpc_sum_f32) : std::nullopt;
  switch (operand) {
  case DType::Bool:
    return Entry::hpc_sum_bool_as_f64;
  case DType::I8:
    return Entry::hpc_sum_i8_as_f64;
  case DType::I16:
    return Entry::hpc_sum_i16_as_f64;
  case DType::I32:
    return Entry::hpc_sum_i32_as_f64;
  case DType::I64:
    return Entry::hpc_sum_i64_as_f64;
  case DType::U8:
    return Entry::hpc_sum_u8_as_f64;
  case DType::U16:
    return Entry::hpc_sum_u16_as_f64;
  case DType::U32:
    return Entry::hpc_sum_u32_as_f64;
  case DType::U64:
    return Entry::hpc_sum_u64_as_f64;
  case DType::F32:
    return Entry::hpc_sum_f32_as_f64;
  case DType::F64:
    return Entry::hpc_sum_f64;
  default:
    return std::nullopt;
  }
}

/// The runtime leaves the sums packed in C order; a result that is not is filled from a copy.
static void storePacked(FunctionState &state, BufferId result, Value *packed, DType type) {
  IRBuilder<> &builder = state.builder;
  unsigned dims = state.program()[result].dims;
  Descriptor target = descriptorOf(state, result);
  Type *element = memoryType(state.module, type);
  SmallVector<Value *, 4> indices;
  std::function<void(Value *)> fill = [&](Value *position) {
    unsigned dim = indices.size();
    if (dim == dims) {
      Value *offset = builder.getInt64(0);
      for (unsigned i = 0; i < dims; ++i)
        offset = builder.CreateAdd(offset, builder.CreateMul(indices[i], target.stride[i]));
      Value *value = builder.CreateLoad(element, builder.CreateGEP(element, packed, position));
      builder.CreateStore(value, builder.CreateGEP(element, target.data, offset));
      return;
    }
    emitCountedLoop(
        state, builder.getInt64(0), target.shape[dim], 1, "copy", false, [&](Value *index) {
          indices.push_back(index);
          fill(builder.CreateAdd(builder.CreateMul(position, target.shape[dim]), index));
          indices.pop_back();
        });
  };
  fill(builder.getInt64(0));
}

static void emitSum(FunctionState &state, const ir::LibraryCall &call, Loc loc) {
  IRBuilder<> &builder = state.builder;
  BufferId result = std::get<BufferId>(call.arguments[0]);
  BufferId operand = std::get<BufferId>(call.arguments[1]);
  const ir::Buffer &resultBuffer = state.program()[result];
  const ir::Buffer &operandBuffer = state.program()[operand];
  std::optional<Entry> entry = sumEntry(resultBuffer.type, operandBuffer.type);
  if (!entry) {
    state.module.diags.internalError(loc, "code generation", "sum of these types");
    return;
  }
  Value *mask = emitScalar(state, std::get<ir::Scalar>(call.arguments[2]));
  mask = builder.CreateTrunc(mask, builder.getInt32Ty());
  Value *source = materialize(state, descriptorOf(state, operand));
  Type *element = memoryType(state.module, resultBuffer.type);
  Value *packed;
  Descriptor scratch;
  if (resultBuffer.dims == 0) {
    packed = createEntryAlloca(state, element, "sum");
  } else {
    Descriptor target = descriptorOf(state, result);
    Value *shapes = createEntryAlloca(
        state, ArrayType::get(builder.getInt64Ty(), resultBuffer.dims), "sum.shape");
    for (auto [i, size] : enumerate(target.shape))
      builder.CreateStore(size,
                          builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), shapes, i));
    Value *address =
        createEntryAlloca(state, descriptorType(state.module, resultBuffer.dims), "sum.packed");
    callRuntime(state, Entry::hpc_array_allocate,
                {address, builder.getInt32(resultBuffer.dims),
                 dtypeNumber(state, resultBuffer.type), shapes, locationOf(state, loc)});
    scratch = loadSlots(state, slotsAt(state, address, resultBuffer.dims));
    packed = scratch.data;
  }
  Value *failed =
      callRuntime(state, *entry, {source, builder.getInt32(operandBuffer.dims), mask, packed});
  emitRaiseIf(state, builder.CreateICmpNE(failed, builder.getInt32(0)), HPC_ERROR_ListTooLarge,
              loc);
  if (resultBuffer.dims == 0) {
    emitStore(state, ir::Access{result, {}, {}}, builder.CreateLoad(element, packed));
    return;
  }
  storePacked(state, result, packed, resultBuffer.type);
  callRuntime(state, Entry::hpc_release, scratch.object);
}

/// A clock is read when all that stands before it is done, on a device too.
static void emitClock(FunctionState &state, BufferId variable, Entry clock, Loc loc) {
  if (state.module.program.device)
    callRuntime(state, Entry::hpc_gpu_wait, {locationOf(state, loc)});
  emitStore(state, ir::Access{variable, {}, {}}, callRuntime(state, clock));
}

void emitLibraryCall(FunctionState &state, const ir::LibraryCall &call, Loc loc) {
  IRBuilder<> &builder = state.builder;
  auto scalar = [&](unsigned i) -> const ir::Scalar & {
    return std::get<ir::Scalar>(call.arguments[i]);
  };
  auto buffer = [&](unsigned i) { return std::get<BufferId>(call.arguments[i]); };
  auto printArray = [&](BufferId array, Entry entry) {
    const ir::Buffer &info = state.program()[array];
    SmallVector<Value *, 4> arguments = {materialize(state, descriptorOf(state, array)),
                                         builder.getInt32(info.dims),
                                         dtypeNumber(state, info.type)};
    if (entry == Entry::hpc_print_list)
      arguments.push_back(builder.getFalse());
    callRuntime(state, entry, arguments);
  };
  switch (call.function) {
  case ir::LibraryFunction::PrintText: {
    const std::string &text = std::get<std::string>(call.arguments[0]);
    callRuntime(state, Entry::hpc_print_text,
                {textOf(state.module, text), builder.getInt64(text.size())});
    return;
  }
  // Of Python's own scalars and of NumPy's, str() is also Python's repr().
  case ir::LibraryFunction::PrintScalar:
  case ir::LibraryFunction::PrintRepr:
    emitPrintScalar(state, scalar(0));
    return;
  case ir::LibraryFunction::PrintNumPyRepr:
    emitPrintNumPyRepr(state, scalar(0));
    return;
  case ir::LibraryFunction::PrintArray:
    printArray(buffer(0), Entry::hpc_print_array);
    return;
  case ir::LibraryFunction::PrintList:
    printArray(buffer(0), Entry::hpc_print_list);
    return;
  case ir::LibraryFunction::Flush:
    callRuntime(state, Entry::hpc_flush);
    return;
  case ir::LibraryFunction::Exit:
    callRuntime(state, Entry::hpc_exit, {emitScalar(state, scalar(0))});
    return;
  case ir::LibraryFunction::Sum:
    emitSum(state, call, loc);
    return;
  case ir::LibraryFunction::Time:
    return emitClock(state, buffer(0), Entry::hpc_time_now, loc);
  case ir::LibraryFunction::PerfCounter:
    return emitClock(state, buffer(0), Entry::hpc_time_counter, loc);
  case ir::LibraryFunction::ProcessTime:
    return emitClock(state, buffer(0), Entry::hpc_time_process, loc);
  case ir::LibraryFunction::RanksBroadcast:
    emitRanksBroadcast(state, buffer(0), loc);
    return;
  case ir::LibraryFunction::MpiRank:
  case ir::LibraryFunction::MpiSize:
  case ir::LibraryFunction::MpiTime:
  case ir::LibraryFunction::MpiSend:
  case ir::LibraryFunction::MpiReceive:
  case ir::LibraryFunction::MpiBroadcast:
  case ir::LibraryFunction::MpiReduce:
  case ir::LibraryFunction::MpiReduceAll:
  case ir::LibraryFunction::MpiDim:
  case ir::LibraryFunction::MpiTake:
  case ir::LibraryFunction::MpiBarrier:
  case ir::LibraryFunction::MpiFinalize:
    emitRankCall(state, call, loc);
    return;
  }
}

} // namespace hpcc::codegen
