//===- EmitGrid.cpp - what a thread of a grid does -------------------------------------------===//
//
// Its iterations of mapped axes, the record that an error leaves, and the kernels that combine what
// threads have left. All of it is the same code for a GPU and for the emulation.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/TextNames.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::codegen {

using namespace llvm;

void emitGridIterations(FunctionState &state, const ir::Axis &axis, Value *lo, Value *hi,
                        function_ref<void(Value *)> body) {
  IRBuilder<> &builder = state.builder;
  GridAxis &own = *find_if(state.kernel->axes, [&](const GridAxis &each) {
    return each.axis->iterator == axis.iterator;
  });
  StringRef name = state.program()[axis.iterator].name;
  own.trips = emitTripCount(state, lo, hi, axis.step);
  auto run = [&](Value *position) {
    own.position = position;
    Value *steps = builder.CreateMul(position, builder.getInt64(static_cast<uint64_t>(axis.step)),
                                     "", false, true);
    body(builder.CreateAdd(lo, steps, name, false, true));
  };
  LLVMContext &context = state.module.context;
  auto *inside = BasicBlock::Create(context, name + ".own", state.function);
  auto *end = BasicBlock::Create(context, name + ".end", state.function);
  BasicBlock *before = builder.GetInsertBlock();
  builder.CreateCondBr(builder.CreateICmpSLT(own.thread, own.trips), inside, end);
  builder.SetInsertPoint(inside);
  if (!own.several) {
    run(own.thread);
    builder.CreateBr(end);
    builder.SetInsertPoint(end);
    return;
  }
  // One iteration for each thread in turn, so that neighbours touch neighbouring elements.
  PHINode *position = builder.CreatePHI(builder.getInt64Ty(), 2);
  position->addIncoming(own.thread, before);
  run(position);
  Value *next = builder.CreateAdd(position, own.threads, "", true, true);
  position->addIncoming(next, builder.GetInsertBlock());
  builder.CreateCondBr(builder.CreateICmpSLT(next, own.trips), inside, end);
  builder.SetInsertPoint(end);
}

//===-----------------------------------------------------------------------------------------===//
// Errors
//===-----------------------------------------------------------------------------------------===//

StructType *failureType(LLVMContext &context) {
  Type *number = Type::getInt64Ty(context), *word = Type::getInt32Ty(context);
  return StructType::get(number, word, word, ArrayType::get(number, mostFailureArguments));
}

/// void fail(record, point, site, arguments ..): the record becomes this unless it holds an earlier
/// point. Points that fail are rare, or all but the first few see at once that they come too late.
static Function *failFunction(ModuleState &device) {
  constexpr StringLiteral name = "hpcc.fail";
  if (Function *known = device.module.getFunction(name))
    return known;
  IRBuilder<> builder(device.context);
  Type *number = builder.getInt64Ty(), *word = builder.getInt32Ty();
  SmallVector<Type *, 9> types = {builder.getPtrTy(), number, word};
  types.append(mostFailureArguments, number);
  auto *made = Function::Create(FunctionType::get(builder.getVoidTy(), types, false),
                                GlobalValue::InternalLinkage, name, device.module);
  made->addFnAttr(Attribute::NoInline);
  made->addFnAttr(Attribute::Cold);
  made->setDoesNotThrow();
  StructType *record = failureType(device.context);
  auto block = [&](const Twine &text) { return BasicBlock::Create(device.context, text, made); };
  BasicBlock *entry = block("entry"), *lock = block("lock"), *locked = block("locked");
  BasicBlock *store = block("store"), *unlock = block("unlock"), *end = block("end");
  Value *point = made->getArg(1);
  auto field = [&](unsigned index) {
    return builder.CreateStructGEP(record, made->getArg(0), index);
  };
  auto isFirst = [&] {
    LoadInst *known = builder.CreateLoad(number, field(0), /*isVolatile=*/true);
    return builder.CreateICmpSLT(point, known);
  };
  builder.SetInsertPoint(entry);
  builder.CreateCondBr(isFirst(), lock, end);
  builder.SetInsertPoint(lock);
  Value *before = builder.CreateAtomicRMW(AtomicRMWInst::Xchg, field(1), builder.getInt32(1),
                                          MaybeAlign(4), AtomicOrdering::Acquire);
  builder.CreateCondBr(builder.CreateIsNull(before), locked, lock);
  builder.SetInsertPoint(locked);
  builder.CreateCondBr(isFirst(), store, unlock);
  builder.SetInsertPoint(store);
  builder.CreateStore(point, field(0), /*isVolatile=*/true);
  builder.CreateStore(made->getArg(2), field(2), /*isVolatile=*/true);
  for (unsigned index = 0; index < mostFailureArguments; ++index)
    builder.CreateStore(made->getArg(3 + index),
                        builder.CreateInBoundsGEP(
                            record, made->getArg(0),
                            {builder.getInt32(0), builder.getInt32(3), builder.getInt32(index)}),
                        /*isVolatile=*/true);
  builder.CreateBr(unlock);
  builder.SetInsertPoint(unlock);
  StoreInst *open = builder.CreateAlignedStore(builder.getInt32(0), field(1), Align(4));
  open->setAtomic(AtomicOrdering::Release);
  builder.CreateBr(end);
  builder.SetInsertPoint(end);
  builder.CreateRetVoid();
  return made;
}

/// The place of the point that the thread is at, in the order in which the program runs them.
static Value *numberOfPoint(FunctionState &state) {
  Kernel &kernel = *state.kernel;
  if (kernel.treeLevels)
    return kernel.number;
  Value *number = state.builder.getInt64(0);
  for (const GridAxis &axis : kernel.axes)
    number = state.builder.CreateAdd(state.builder.CreateMul(number, axis.trips), axis.position);
  return number;
}

void emitFailure(FunctionState &state, int errorId, Loc loc, ArrayRef<Value *> arguments) {
  IRBuilder<> &builder = state.builder;
  Kernel &kernel = *state.kernel;
  FailureSite site{errorId, loc, {}};
  SmallVector<Value *, 9> passed = {kernel.failure, numberOfPoint(state),
                                    builder.getInt32(static_cast<uint32_t>(kernel.sites.size()))};
  for (Value *argument : arguments) {
    auto *constant = dyn_cast<Constant>(argument);
    site.constants.push_back(constant);
    passed.push_back(constant ? builder.getInt64(0) : argument);
  }
  if (arguments.size() > mostFailureArguments || !kernel.failure)
    return reportFault(state, "an error of a kernel that does not fit into its record");
  while (passed.size() < 3 + mostFailureArguments)
    passed.push_back(builder.getInt64(0));
  builder.CreateCall(failFunction(state.module), passed);
  builder.CreateRetVoid();
  kernel.sites.push_back(std::move(site));
}

//===-----------------------------------------------------------------------------------------===//
// Combining
//===-----------------------------------------------------------------------------------------===//

GlobalVariable *combiningKernel(FunctionState &host, ir::AssignOp op, ir::DType type, bool tree) {
  ModuleState &device = *host.module.device;
  std::string name = ("combine_" + (tree ? Twine("tree") : Twine(static_cast<unsigned>(op))) + "_" +
                      ir::nameOf(type))
                         .str();
  for (auto &[known, handle] : device.kernels)
    if (known == name)
      return handle;
  IRBuilder<> builder(device.context);
  SmallVector<Type *, 9> types(placeParameters, builder.getInt64Ty());
  types.append({builder.getPtrTy(), builder.getPtrTy(), builder.getInt64Ty()});
  auto *body = Function::Create(FunctionType::get(builder.getVoidTy(), types, false),
                                GlobalValue::InternalLinkage, name + ".body", device.module);
  body->addFnAttr(Attribute::AlwaysInline);
  body->setDoesNotThrow();
  FunctionState state(device, host.source, body);
  IRBuilder<> &inside = state.builder;
  auto block = [&](const Twine &text) { return BasicBlock::Create(device.context, text, body); };
  BasicBlock *entry = block("entry"), *group = block("group"), *end = block("end");
  inside.SetInsertPoint(entry);
  Value *thread = body->getArg(0), *input = body->getArg(placeParameters),
        *output = body->getArg(placeParameters + 1), *count = body->getArg(placeParameters + 2);
  Value *first = inside.CreateMul(thread, inside.getInt64(HPC_GPU_GROUP));
  inside.CreateCondBr(inside.CreateICmpSLT(first, count), group, end);
  inside.SetInsertPoint(group);
  Type *memory = memoryType(device, type);
  auto load = [&](Value *index) -> Value * {
    Value *value = inside.CreateLoad(memory, inside.CreateInBoundsGEP(memory, input, index));
    return type == ir::DType::Bool ? inside.CreateIsNotNull(value) : value;
  };
  Value *result = nullptr;
  if (tree) {
    SmallVector<Value *, HPC_GPU_GROUP> sums;
    for (uint64_t index = 0; index < HPC_GPU_GROUP; ++index)
      sums.push_back(load(inside.CreateAdd(first, inside.getInt64(index))));
    for (; sums.size() > 1; sums.truncate(sums.size() / 2))
      for (size_t pair = 0; pair < sums.size() / 2; ++pair)
        sums[pair] = inside.CreateFAdd(sums[2 * pair], sums[2 * pair + 1]);
    result = sums.front();
  } else {
    Value *limit = inside.CreateAdd(first, inside.getInt64(HPC_GPU_GROUP));
    limit = inside.CreateBinaryIntrinsic(Intrinsic::smin, limit, count);
    Value *start = load(first);
    Value *share = createEntryAlloca(state, start->getType(), "share");
    inside.CreateStore(start, share);
    emitCountedLoop(state, inside.CreateAdd(first, inside.getInt64(1)), limit, 1, "partial",
                    /*independent=*/false, [&](Value *index) {
                      Value *before = inside.CreateLoad(start->getType(), share);
                      inside.CreateStore(emitUpdate(state, op, type, before, load(index)), share);
                    });
    result = inside.CreateLoad(start->getType(), share);
  }
  if (type == ir::DType::Bool)
    result = inside.CreateZExt(result, memory);
  inside.CreateStore(result, inside.CreateInBoundsGEP(memory, output, thread));
  inside.CreateBr(end);
  inside.SetInsertPoint(end);
  inside.CreateRetVoid();
  SmallVector<bool, 4> isUsed;
  return finishKernel(host, body, name, isUsed);
}

} // namespace hpcc::codegen
