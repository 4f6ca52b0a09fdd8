//===- EmitProgram.cpp - a program as an LLVM module -----------------------------------------===//
//
// Functions get internal linkage and the prefix `py.`, so that a function called `exp` or `main` is
// nobody else's. Scalar parameters come by value, arrays by the address of a descriptor, which is
// copied and retained; results go through pointers after the parameters. The C function `main`
// checks the CPU, starts the runtime and runs `py.main`.
//
//===-----------------------------------------------------------------------------------------===//
#include "Device.h"
#include "Emit.h"
#include "Target.h"
#include "ir/CallGraph.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Verifier.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;

static bool isHandle(const ir::Program &program, BufferId buffer) {
  return program[buffer].storage == ir::Storage::Handle;
}

/// The functions a call of which counts for Python's recursion limit. In a program without
/// recursion there are none, and calls cost nothing.
static StringMap<bool> countedFunctions(const ir::Program &program) {
  ir::CallGraph graph = ir::callGraphOf(program);
  StringMap<bool> counted;
  for (auto [index, function] : enumerate(program.functions))
    if (graph.isNearCycle(index))
      counted[function.name] = true;
  return counted;
}

static void declareFunctions(ModuleState &state) {
  auto *pointer = PointerType::get(state.context, 0);
  for (const ir::Function &function : state.program.functions) {
    SmallVector<Type *, 8> parameters;
    for (BufferId parameter : function.parameters)
      parameters.push_back(isHandle(state.program, parameter)
                               ? pointer
                               : valueType(state, state.program[parameter].type));
    size_t firstResult = parameters.size();
    parameters.append(function.results.size(), pointer);
    auto *type = FunctionType::get(Type::getVoidTy(state.context), parameters, false);
    auto *made = llvm::Function::Create(type, GlobalValue::InternalLinkage, "py." + function.name,
                                        state.module);
    made->setDoesNotThrow();
    for (size_t i = firstResult; i < parameters.size(); ++i)
      made->addParamAttr(static_cast<unsigned>(i), Attribute::NoAlias);
    state.functions[function.name] = made;
  }
}

static void declareGlobals(ModuleState &state) {
  for (BufferId buffer : state.program.globals) {
    const ir::Buffer &info = state.program[buffer];
    Type *type = isHandle(state.program, buffer) ? descriptorType(state, info.dims)
                                                 : memoryType(state, info.type);
    state.globals[buffer.index] =
        new GlobalVariable(state.module, type, false, GlobalValue::InternalLinkage,
                           Constant::getNullValue(type), info.name);
  }
}

static void emitParameters(FunctionState &state) {
  for (auto [i, parameter] : enumerate(state.source.parameters)) {
    llvm::Argument *argument = state.function->getArg(static_cast<unsigned>(i));
    const ir::Buffer &info = state.program()[parameter];
    argument->setName(info.name);
    if (!isHandle(state.program(), parameter)) {
      createVariable(state, parameter);
      emitStore(state, ir::Access{parameter, {}, {}}, argument);
      continue;
    }
    Descriptor given = loadSlots(state, slotsAt(state, argument, info.dims));
    callRuntime(state, Entry::hpc_retain, given.object);
    storeSlots(state, createHandle(state, parameter), given);
  }
  for (BufferId result : state.source.results) {
    if (is_contained(state.source.parameters, result))
      continue;
    if (isHandle(state.program(), result))
      createHandle(state, result);
    else
      createVariable(state, result);
  }
}

static void emitResults(FunctionState &state) {
  const ir::Function &source = state.source;
  IRBuilder<> &builder = state.builder;
  for (auto [i, result] : enumerate(source.results)) {
    const ir::Buffer &info = state.program()[result];
    Value *out = state.function->getArg(static_cast<unsigned>(source.parameters.size() + i));
    if (isHandle(state.program(), result))
      storeSlots(state, slotsAt(state, out, info.dims), descriptorOf(state, result));
    else
      builder.CreateStore(builder.CreateLoad(memoryType(state.module, info.type),
                                             state.variables.lookup(result.index)),
                          out);
  }
  // A parameter that the body has dropped is unbound now; the others are dropped here.
  for (BufferId parameter : source.parameters)
    if (isHandle(state.program(), parameter) && !is_contained(source.results, parameter))
      emitDrop(state, parameter);
  builder.CreateRetVoid();
}

static void emitFunction(ModuleState &module, const ir::Function &source) {
  FunctionState state(module, source, module.functions.lookup(source.name));
  state.loc = source.loc;
  attachDebugInfo(state);
  state.builder.SetInsertPoint(BasicBlock::Create(module.context, "entry", state.function));
  // The entry block holds nothing but memory.
  auto *body = BasicBlock::Create(module.context, "body", state.function);
  state.builder.CreateBr(body);
  state.builder.SetInsertPoint(body);
  if (module.program.ranks)
    loadRanks(state);
  emitParameters(state);
  emitBlock(state, source.body);
  emitResults(state);
  attachAliasScopes(state);
}

/// The features of the target that a CPU may lack, as hpc_cpu_check takes them.
static std::string neededFeatures(const TargetMachine &machine) {
  static constexpr StringLiteral optional[] = {"sse3",         "ssse3",
                                               "sse4.1",       "sse4.2",
                                               "popcnt",       "cx16",
                                               "avx",          "f16c",
                                               "fma",          "avx2",
                                               "bmi",          "bmi2",
                                               "lzcnt",        "movbe",
                                               "adx",          "avx512f",
                                               "avx512bw",     "avx512cd",
                                               "avx512dq",     "avx512vl",
                                               "avx512ifma",   "avx512vbmi",
                                               "avx512vbmi2",  "avx512vnni",
                                               "avx512bitalg", "avx512vpopcntdq",
                                               "avx512bf16",   "gfni",
                                               "vaes",         "vpclmulqdq"};
  std::string needed;
  for (StringRef feature : optional)
    if (hasFeature(machine, feature))
      needed += (needed.empty() ? "" : ",") + feature.str();
  return needed;
}

/// int main(int argc, char **argv)
static void emitMain(ModuleState &module, const ir::Function &entry, StringRef ptx) {
  LLVMContext &context = module.context;
  Type *word = Type::getInt32Ty(context);
  auto *main =
      llvm::Function::Create(FunctionType::get(word, {word, PointerType::get(context, 0)}, false),
                             GlobalValue::ExternalLinkage, "main", module.module);
  main->setDoesNotThrow();
  FunctionState state(module, entry, main);
  attachDebugInfo(state); // what is inlined into a function without lines loses its own
  state.builder.SetInsertPoint(BasicBlock::Create(context, "entry", main));
  callRuntime(state, Entry::hpc_cpu_check, {textOf(module, neededFeatures(module.machine))});
  callRuntime(state, Entry::hpc_start, {main->getArg(0), main->getArg(1)});
  if (module.program.ranks)
    callRuntime(state, Entry::hpc_ranks_start, locationOf(state, entry.loc));
  if (module.program.device)
    emitDeviceStart(state, ptx, entry.loc);
  state.builder.CreateCall(module.functions.lookup("main"));
  for (BufferId global : module.program.globals)
    if (isHandle(module.program, global))
      emitDrop(state, global);
  state.builder.CreateRet(callRuntime(state, Entry::hpc_finish));
}

static bool isLongProgram(const ir::Program &program) {
  constexpr unsigned mostComputes = 200;
  unsigned computes = 0;
  for (const ir::Function &function : program.functions)
    ir::forEachStmt(function.body, [&](const ir::Stmt &stmt) {
      computes += std::holds_alternative<ir::Compute>(stmt.node);
    });
  return computes > mostComputes;
}

static bool hasOnlyRealTypes(const ir::Program &program, Diagnostics &diags) {
  static constexpr MessageInfo message{"codegenComplex", Severity::Unsupported,
                                       "complex numbers ('{0}')"};
  for (const ir::Buffer &buffer : program.buffers)
    if (isComplex(buffer.type)) {
      diags.report({}, message, buffer.name);
      return false;
    }
  return true;
}

std::optional<Module> translate(const ir::Program &program, const Options &options,
                                Diagnostics &diags) {
  const ir::Function *entry = program.find("main");
  if (!entry) {
    diags.internalError({}, "code generation", "the program has no function main");
    return std::nullopt;
  }
  if (!hasOnlyRealTypes(program, diags))
    return std::nullopt;
  auto made = std::make_unique<Module::State>();
  made->optimize = options.optimize;
  made->machine = createTargetMachine(options, diags);
  if (!made->machine)
    return std::nullopt;
  made->module = std::make_unique<llvm::Module>(program.name, made->context);
  made->module->setSourceFileName(program.file);
  made->module->setTargetTriple(made->machine->getTargetTriple());
  made->module->setDataLayout(made->machine->createDataLayout());
  made->module->setPICLevel(PICLevel::BigPIC);
  made->module->setPIELevel(PIELevel::Large);

  ModuleState state(program, options, *made->module, *made->machine, diags);
  state.counted = countedFunctions(program);
  state.isLong = isLongProgram(program);
  if (options.debugInfo)
    beginDebugInfo(state);
  declareGlobals(state);
  declareFunctions(state);
  std::optional<DeviceModule> device;
  if (program.device) {
    device = openDevice(state, diags);
    if (!device)
      return std::nullopt;
    state.device = &*device->state;
  }
  for (const ir::Function &function : program.functions)
    emitFunction(state, function);
  if (device && !diags.hasProblems())
    made->ptx = closeDevice(state, *device);
  if (diags.hasProblems())
    return std::nullopt;
  emitMain(state, *entry, made->ptx);
  finishTeams(state);
  if (diags.hasProblems())
    return std::nullopt;
  std::string problems;
  raw_string_ostream stream(problems);
  if (verifyModule(*made->module, &stream)) {
    diags.internalError({}, "LLVM's verifier", problems);
    return std::nullopt;
  }
  return Module(std::move(made));
}

Module::Module(std::unique_ptr<State> state) : state(std::move(state)) {}
Module::Module(Module &&other) noexcept = default;
Module &Module::operator=(Module &&other) noexcept = default;
Module::~Module() = default;

StringRef ptxOf(const Module &module) { return (*module).ptx; }

void print(const Module &module, raw_ostream &out) { (*module).module->print(out, nullptr); }

} // namespace hpcc::codegen
