//===- EmitKernel.cpp - kernels and their launches -------------------------------------------===//
//
// A statement with axes of the grid becomes a function of the device's module, which a thread runs
// with its place in the grid, and a launch in the host's. The body is emitted as anywhere else;
// what it takes from outside (symbols, scalar variables, addresses and sizes of arrays) are
// parameters, and constants stay constants. Threads know nothing of each other: each leaves its
// share of a reduction in scratch memory, which further launches combine.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::SymbolId;

namespace {

/// Names of a statement that come from outside of it.
struct OuterNames {
  std::set<SymbolId> symbols;
  std::set<BufferId> buffers;
};

OuterNames outerNamesOf(const ir::Stmt &stmt) {
  OuterNames names;
  std::set<SymbolId> ownSymbols;
  std::set<BufferId> ownBuffers;
  auto look = [&](const ir::Stmt &each) {
    ir::forEachDeclaredSymbol(each, [&](SymbolId id) { ownSymbols.insert(id); });
    ir::forEachDeclaredBuffer(each, [&](BufferId id) { ownBuffers.insert(id); });
    ir::forEachBuffer(each, [&](BufferId id) { names.buffers.insert(id); });
    ir::forEachAffine(each, [&](const ir::Affine &form) {
      for (const ir::AffineTerm &term : form.terms)
        names.symbols.insert(term.symbol);
    });
  };
  look(stmt);
  ir::forEachInnerBlock(stmt, [&](const ir::Block &block) { ir::forEachStmt(block, look); });
  std::erase_if(names.symbols, [&](SymbolId id) { return ownSymbols.contains(id); });
  std::erase_if(names.buffers, [&](BufferId id) { return ownBuffers.contains(id); });
  return names;
}

/// An array that a kernel takes, by the numbers of its parts among what is passed.
struct PassedArray {
  BufferId buffer;
  size_t data;
  SmallVector<size_t, 4> shape, stride;
  std::optional<size_t> slotSize, slot;
  bool forward;
  MDNode *scope;
};

/// A mapped axis as the host launches it.
struct LaunchedAxis {
  const ir::Axis *axis;
  Value *trips = nullptr, *blocks = nullptr, *threads = nullptr;
  bool several = false;
};

class KernelEmitter {
public:
  KernelEmitter(FunctionState &host, const ir::Stmt &stmt)
      : host(host), stmt(stmt), builder(host.builder), device(*host.module.device),
        compute(std::get_if<ir::Compute>(&stmt.node)) {}

  void emit() {
    findAxes();
    findReductions();
    BasicBlock *launch = BasicBlock::Create(host.module.context, "launch", host.function);
    BasicBlock *end = BasicBlock::Create(host.module.context, "launched", host.function);
    builder.CreateCondBr(planGrid(), launch, end);
    builder.SetInsertPoint(launch);
    shapeGrid();
    passNames();
    passResults();
    Function *body = emitBody();
    start(body);
    raiseFailures();
    collectResults();
    builder.CreateBr(end);
    builder.SetInsertPoint(end);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // The grid
  //===---------------------------------------------------------------------------------------===//

  void findAxes() {
    if (compute) {
      for (const ir::Axis &axis : compute->axes)
        if (axis.grid)
          axes.push_back({&axis});
      return;
    }
    for (const ir::Stmt *each = &stmt; each;) {
      const auto &loop = std::get<ir::Loop>(each->node);
      axes.push_back({&loop.axis});
      bool more = loop.body.size() == 1 && ir::isKernel(loop.body.front());
      each = more ? &loop.body.front() : nullptr;
    }
  }

  void findReductions() {
    if (!compute)
      return;
    for (const ir::Assign &assign : compute->body) {
      BufferId target = assign.target.buffer;
      if (host.program()[target].dims != 0 || ir::isLocal(*compute, target) ||
          any_of(reductions, [&](auto *other) { return other->target.buffer == target; }))
        continue;
      reductions.push_back(&assign);
      isTreeSum |= isTree(assign);
    }
  }

  /// How many iterations the axes have; true at run time where there are any.
  Value *planGrid() {
    Value *some = builder.getTrue();
    for (LaunchedAxis &each : axes) {
      const ir::Axis &axis = *each.axis;
      each.trips = emitTripCount(host, emitBound(host, axis.lo, true),
                                 emitBound(host, axis.hi, false), axis.step);
      some = builder.CreateAnd(some, builder.CreateICmpSGT(each.trips, builder.getInt64(0)));
    }
    if (!isTreeSum)
      return some;
    points = builder.getInt64(1);
    for (const ir::Axis &axis : compute->axes)
      points = builder.CreateMul(points, emitTripCount(host, emitBound(host, axis.lo, true),
                                                       emitBound(host, axis.hi, false), axis.step));
    return builder.CreateICmpSGT(points, builder.getInt64(0));
  }

  /// Blocks and threads along each axis. Threads of a reduction are enough to fill the device, and
  /// take their points in turns; those of a tree are its subtrees.
  void shapeGrid() {
    constexpr uint64_t mostBlocks = 65535;    // along y and z
    constexpr uint64_t reducingBlocks = 1024; // in all
    if (isTreeSum) {
      levels = callRuntime(host, Entry::hpc_gpu_tree_levels, points);
      axes.front().trips = builder.CreateShl(builder.getInt64(1), levels);
    }
    Value *left = builder.getInt64(reducingBlocks);
    for (size_t index = axes.size(); index-- > 0;) {
      LaunchedAxis &each = axes[index];
      const ir::GridMapping &grid = *each.axis->grid;
      bool isX = index + 1 == axes.size();
      each.threads = builder.getInt64(static_cast<uint64_t>(grid.threads));
      auto share = static_cast<uint64_t>(grid.threads * grid.points);
      each.blocks = builder.CreateUDiv(builder.CreateAdd(each.trips, builder.getInt64(share - 1)),
                                       builder.getInt64(share));
      auto *known = dyn_cast<ConstantInt>(each.blocks);
      each.several = grid.points > 1;
      if (!reductions.empty() && !isTreeSum) {
        each.blocks = builder.CreateBinaryIntrinsic(Intrinsic::umin, each.blocks, left);
        left = builder.CreateUDiv(left, each.blocks);
        each.several = true;
      } else if (!isX && !(known && known->getZExtValue() <= mostBlocks)) {
        each.blocks = builder.CreateBinaryIntrinsic(Intrinsic::umin, each.blocks,
                                                    builder.getInt64(mostBlocks));
        each.several = true;
      }
    }
  }

  //===---------------------------------------------------------------------------------------===//
  // What the kernel takes
  //===---------------------------------------------------------------------------------------===//

  size_t pass(Value *value) {
    passed.push_back(value);
    return passed.size() - 1;
  }

  void passNames() {
    OuterNames names = outerNamesOf(stmt);
    for (SymbolId id : names.symbols)
      symbols.push_back({id, pass(host.symbols.lookup(id.index))});
    for (BufferId id : names.buffers) {
      const ir::Buffer &info = host.program()[id];
      if (auto array = host.arrays.find(id.index); array != host.arrays.end())
        passArray(id, array->second);
      else if (info.dims == 0 && !isReduced(id))
        variables.push_back({id, pass(loadVariable(id))});
    }
  }

  bool isReduced(BufferId id) const {
    return any_of(reductions, [&](auto *assign) { return assign->target.buffer == id; });
  }

  Value *loadVariable(BufferId id) {
    Value *memory = host.variables.lookup(id.index);
    if (!memory)
      memory = host.module.globals.lookup(id.index);
    return builder.CreateLoad(memoryType(host.module, host.program()[id].type), memory);
  }

  void passArray(BufferId id, const Descriptor &array) {
    PassedArray made{id, 0, {}, {}, {}, {}, array.forward, array.scope};
    made.data = pass(callRuntime(host, Entry::hpc_gpu_address,
                                 {array.data, array.object, locationOf(host, stmt.loc)}));
    for (Value *size : array.shape)
      made.shape.push_back(pass(size));
    for (Value *stride : array.stride)
      made.stride.push_back(pass(stride));
    if (array.slotSize) {
      made.slotSize = pass(array.slotSize);
      made.slot = pass(currentSlot(host, id));
    }
    arrays.push_back(std::move(made));
  }

  /// Scratch memory for the shares of the threads, and the record of failures.
  void passResults() {
    constexpr uint32_t firstScratch = 2; // those before are hpc_gpu_combine's
    Constant *where = locationOf(host, stmt.loc);
    threads = builder.getInt64(1);
    for (const LaunchedAxis &each : axes)
      threads = builder.CreateMul(threads, builder.CreateMul(each.blocks, each.threads));
    for (auto [index, assign] : enumerate(reductions)) {
      Value *bytes = builder.CreateMul(threads, builder.getInt64(sizeOf(*assign)));
      partials.push_back(pass(callRuntime(
          host, Entry::hpc_gpu_scratch,
          {builder.getInt32(firstScratch + static_cast<uint32_t>(index)), bytes, where})));
    }
    if (levels)
      passedLevels = pass(levels);
    bool fails = false;
    auto look = [&](const ir::Stmt &each) {
      fails |= std::holds_alternative<ir::Check>(each.node);
      ir::forEachScalar(each, [&](const ir::Scalar &scalar) { fails |= ir::canRaise(scalar); });
    };
    look(stmt);
    ir::forEachInnerBlock(stmt, [&](const ir::Block &block) { ir::forEachStmt(block, look); });
    if (fails)
      failure = pass(callRuntime(host, Entry::hpc_gpu_failure_record, where));
  }

  uint64_t sizeOf(const ir::Assign &assign) const {
    return ir::sizeOf(host.program()[assign.target.buffer].type);
  }

  //===---------------------------------------------------------------------------------------===//
  // The kernel
  //===---------------------------------------------------------------------------------------===//

  Function *emitBody() {
    SmallVector<Type *, 16> types(placeParameters, builder.getInt64Ty());
    for (Value *value : passed)
      types.push_back(value->getType());
    name = ("kernel_" + host.source.name + "_" + Twine(device.kernels.size())).str();
    auto *type = FunctionType::get(builder.getVoidTy(), types, false);
    Function *body =
        Function::Create(type, GlobalValue::InternalLinkage, name + ".body", device.module);
    body->setDoesNotThrow();
    body->addFnAttr(Attribute::AlwaysInline);
    FunctionState kernel(device, host.source, body);
    kernel.loc = stmt.loc;
    auto *entry = BasicBlock::Create(device.context, "entry", body);
    auto *first = BasicBlock::Create(device.context, "body", body);
    BranchInst::Create(first, entry);
    kernel.builder.SetInsertPoint(first);
    auto take = [&](size_t index) -> Value * {
      if (isa<ConstantInt, ConstantFP>(passed[index]))
        return passed[index];
      return body->getArg(static_cast<unsigned>(placeParameters + index));
    };
    takeNames(kernel, take);
    describe(kernel, body, take);
    emitBlock(kernel, {stmt});
    leaveShares(kernel, take);
    kernel.builder.CreateRetVoid();
    attachAliasScopes(kernel);
    sites = std::move(kernel.kernel->sites);
    return body;
  }

  void takeNames(FunctionState &kernel, function_ref<Value *(size_t)> take) {
    for (auto [id, index] : symbols)
      kernel.symbols[id.index] = take(index);
    auto setMemory = [&](uint32_t buffer, Type *type, Value *value,
                         DenseMap<uint32_t, Value *> &into) {
      into[buffer] = createEntryAlloca(kernel, type, "given");
      kernel.builder.CreateStore(value, into[buffer]);
    };
    for (auto [id, index] : variables)
      setMemory(id.index, passed[index]->getType(), take(index), kernel.variables);
    DenseMap<MDNode *, MDNode *> scopes;
    for (const PassedArray &array : arrays) {
      Descriptor &made = kernel.arrays[array.buffer.index];
      made.object = ConstantPointerNull::get(builder.getPtrTy());
      made.data = take(array.data);
      made.data->setName(host.program()[array.buffer].name);
      for (size_t index : array.shape)
        made.shape.push_back(take(index));
      for (size_t index : array.stride)
        made.stride.push_back(take(index));
      made.forward = array.forward;
      if (array.scope) {
        MDNode *&scope = scopes[array.scope];
        if (!scope)
          scope = createScope(kernel, host.program()[array.buffer].name);
        made.scope = scope;
      }
      if (array.slotSize) {
        made.slotSize = take(*array.slotSize);
        setMemory(array.buffer.index, builder.getInt64Ty(), take(*array.slot), kernel.currentSlots);
      }
    }
  }

  /// Where the thread is, and where its shares begin.
  void describe(FunctionState &kernel, Function *body, function_ref<Value *(size_t)> take) {
    Kernel &made = kernel.kernel.emplace();
    IRBuilder<> &inside = kernel.builder;
    made.number = inside.getInt64(0);
    for (auto [index, each] : enumerate(axes)) {
      auto dimension = static_cast<unsigned>(axes.size() - 1 - index); // x is the last
      GridAxis axis{each.axis, body->getArg(dimension), body->getArg(dimension + 3), each.several};
      made.axes.push_back(axis);
      made.number = inside.CreateAdd(inside.CreateMul(made.number, axis.threads), axis.thread);
    }
    if (levels)
      made.treeLevels = take(passedLevels);
    if (failure)
      made.failure = take(*failure);
    for (auto [assign, partial] : zip_equal(reductions, partials)) {
      uint32_t target = assign->target.buffer.index;
      made.partials[target] = take(partial);
      if (isTree(*assign))
        continue;
      ir::DType type = host.program()[assign->target.buffer].type;
      kernel.variables[target] = createEntryAlloca(kernel, memoryType(device, type), "share");
      inside.CreateStore(neutralOf(kernel, assign->op, type), kernel.variables[target]);
    }
    if (!levels)
      return;
    // Threads of the last block behind the last subtree have none.
    auto *own = BasicBlock::Create(device.context, "subtree", body);
    auto *none = BasicBlock::Create(device.context, "no.subtree", body);
    Value *subtrees = inside.CreateShl(inside.getInt64(1), made.treeLevels);
    inside.CreateCondBr(inside.CreateICmpSLT(made.number, subtrees), own, none);
    ReturnInst::Create(device.context, none);
    inside.SetInsertPoint(own);
  }

  void leaveShares(FunctionState &kernel, function_ref<Value *(size_t)> take) {
    IRBuilder<> &inside = kernel.builder;
    for (auto [assign, partial] : zip_equal(reductions, partials)) {
      if (isTree(*assign))
        continue;
      Type *type = memoryType(device, host.program()[assign->target.buffer].type);
      Value *share = inside.CreateLoad(type, kernel.variables[assign->target.buffer.index]);
      inside.CreateStore(share,
                         inside.CreateInBoundsGEP(type, take(partial), kernel.kernel->number));
    }
  }

  //===---------------------------------------------------------------------------------------===//
  // The launch
  //===---------------------------------------------------------------------------------------===//

  void start(Function *body) {
    SmallVector<bool, 16> isUsed;
    GlobalVariable *kernel = finishKernel(host, body, name, isUsed);
    SmallVector<Value *, 16> arguments;
    for (auto [value, used] : zip_equal(passed, isUsed))
      if (used)
        arguments.push_back(value);
    SmallVector<Value *, 3> blocks, threadsOfBlock;
    for (const LaunchedAxis &each : reverse(axes)) {
      blocks.push_back(each.blocks);
      threadsOfBlock.push_back(each.threads);
    }
    emitLaunch(host, kernel, blocks, threadsOfBlock, arguments, stmt.loc);
  }

  /// Raises the error that the kernel has left, which waits for it.
  void raiseFailures() {
    if (sites.empty())
      return;
    StructType *type = failureType(host.module.context);
    Type *word = builder.getInt32Ty(), *number = builder.getInt64Ty();
    Value *record = createEntryAlloca(host, type, "failure");
    Value *failed = callRuntime(host, Entry::hpc_gpu_failed, {record, locationOf(host, stmt.loc)});
    auto *some = BasicBlock::Create(host.module.context, "failed", host.function);
    auto *none = BasicBlock::Create(host.module.context, "did.not.fail", host.function);
    auto *impossible = BasicBlock::Create(host.module.context, "no.site", host.function);
    builder.CreateCondBr(failed, some, none);
    builder.SetInsertPoint(impossible);
    builder.CreateUnreachable();
    builder.SetInsertPoint(some);
    SwitchInst *choice = builder.CreateSwitch(
        builder.CreateLoad(word, builder.CreateStructGEP(type, record, 2)), impossible);
    for (auto [index, site] : enumerate(sites)) {
      auto *raise = BasicBlock::Create(host.module.context, "raise", host.function);
      choice->addCase(builder.getInt32(static_cast<uint32_t>(index)), raise);
      builder.SetInsertPoint(raise);
      SmallVector<Value *, 6> arguments;
      for (auto [at, constant] : enumerate(site.constants)) {
        Value *place = builder.CreateInBoundsGEP(type, record,
                                                 {builder.getInt32(0), builder.getInt32(3),
                                                  builder.getInt32(static_cast<uint32_t>(at))});
        arguments.push_back(constant ? static_cast<Value *>(constant)
                                     : builder.CreateLoad(number, place));
      }
      emitRaise(host, site.errorId, site.loc, arguments);
    }
    builder.SetInsertPoint(none);
  }

  /// Combines the shares of the threads and updates the variables of the host.
  void collectResults() {
    for (auto [assign, partial] : zip_equal(reductions, partials)) {
      ir::DType type = host.program()[assign->target.buffer].type;
      Type *element = memoryType(host.module, type);
      Value *fetched = createEntryAlloca(host, ArrayType::get(element, HPC_GPU_RESULTS), "results");
      GlobalVariable *kernel = combiningKernel(host, assign->op, type, isTree(*assign));
      // Threads behind the last subtree of a tree leave nothing.
      Value *all = isTreeSum ? builder.CreateShl(builder.getInt64(1), levels) : threads;
      Value *count = callRuntime(host, Entry::hpc_gpu_combine,
                                 {builder.CreateLoad(builder.getPtrTy(), kernel), passed[partial],
                                  all, builder.getInt64(sizeOf(*assign)), builder.getInt32(0),
                                  fetched, locationOf(host, stmt.loc)});
      auto at = [&](Value *index) { return builder.CreateInBoundsGEP(element, fetched, index); };
      if (isTree(*assign)) {
        combinePairs(element, at, count);
        emitStoreOrUpdate(host, *assign, builder.CreateLoad(element, at(builder.getInt64(0))));
        continue;
      }
      emitCountedLoop(host, builder.getInt64(0), count, 1, "result", /*independent=*/false,
                      [&](Value *index) {
                        Value *value = builder.CreateLoad(element, at(index));
                        if (type == ir::DType::Bool)
                          value = builder.CreateIsNotNull(value);
                        emitStoreOrUpdate(host, *assign, value);
                      });
    }
  }

  /// The sum of `count` subtrees, a power of two, in place of the first.
  void combinePairs(Type *element, function_ref<Value *(Value *)> at, Value *count) {
    BasicBlock *before = builder.GetInsertBlock();
    auto *level = BasicBlock::Create(host.module.context, "pairs", host.function);
    auto *done = BasicBlock::Create(host.module.context, "pairs.end", host.function);
    Value *one = builder.getInt64(1);
    builder.CreateCondBr(builder.CreateICmpSGT(count, one), level, done);
    builder.SetInsertPoint(level);
    PHINode *left = builder.CreatePHI(builder.getInt64Ty(), 2);
    left->addIncoming(count, before);
    Value *half = builder.CreateLShr(left, 1);
    emitCountedLoop(
        host, builder.getInt64(0), half, 1, "pair", /*independent=*/false, [&](Value *index) {
          Value *first = builder.CreateShl(index, 1);
          Value *sum =
              builder.CreateFAdd(builder.CreateLoad(element, at(first)),
                                 builder.CreateLoad(element, at(builder.CreateAdd(first, one))));
          builder.CreateStore(sum, at(index));
        });
    left->addIncoming(half, builder.GetInsertBlock());
    builder.CreateCondBr(builder.CreateICmpSGT(half, one), level, done);
    builder.SetInsertPoint(done);
  }

  FunctionState &host;
  const ir::Stmt &stmt;
  IRBuilder<> &builder;
  ModuleState &device;
  const ir::Compute *compute;
  SmallVector<LaunchedAxis, 3> axes;
  SmallVector<const ir::Assign *, 4> reductions;
  bool isTreeSum = false;
  Value *points = nullptr, *levels = nullptr, *threads = nullptr;

  SmallVector<Value *, 16> passed;
  SmallVector<std::pair<SymbolId, size_t>, 8> symbols;
  SmallVector<std::pair<BufferId, size_t>, 8> variables;
  SmallVector<PassedArray, 4> arrays;
  SmallVector<size_t, 4> partials; // one a reduction
  size_t passedLevels = 0;
  std::optional<size_t> failure;
  std::string name;
  std::vector<FailureSite> sites;
};

} // namespace

void emitKernel(FunctionState &state, const ir::Stmt &stmt) { KernelEmitter(state, stmt).emit(); }

} // namespace hpcc::codegen
