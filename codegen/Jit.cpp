//===- Jit.cpp - runs an object in this process ----------------------------------------------===//
//
// LLJIT links the object with JITLink against the table of JitSymbols.h. The one file that includes
// LLJIT.h, which costs seconds.
//
//===-----------------------------------------------------------------------------------------===//
#include "JitSymbols.h"
#include "codegen/Codegen.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/Debugging/ELFDebugObjectPlugin.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"

namespace hpcc::codegen {

using namespace llvm;
using namespace llvm::orc;

static SymbolMap symbolMap(LLJIT &jit) {
  SymbolMap map;
  JitSymbols symbols = jitSymbols();
  for (const JitSymbol &symbol : ArrayRef(symbols.begin, symbols.count))
    map[jit.mangleAndIntern(symbol.name)] = {ExecutorAddr::fromPtr(symbol.address),
                                             JITSymbolFlags::Exported | JITSymbolFlags::Callable};
  return map;
}

namespace {

/// Loads the OpenMP library when a program asks for a symbol of it: most programs never do.
class OpenMpSymbols : public DefinitionGenerator {
public:
  explicit OpenMpSymbols(char globalPrefix) : globalPrefix(globalPrefix) {}

  Error tryToGenerate(LookupState &state, LookupKind kind, JITDylib &dylib,
                      JITDylibLookupFlags flags, const SymbolLookupSet &symbols) override {
    bool asked = any_of(symbols, [](const auto &symbol) {
      return (*symbol.first).starts_with("__kmpc_") || (*symbol.first).starts_with("omp_");
    });
    if (!asked)
      return Error::success();
    if (!library) {
      auto loaded = DynamicLibrarySearchGenerator::Load(HPCC_OPENMP_LIBRARY, globalPrefix);
      if (!loaded)
        return loaded.takeError();
      library = std::move(*loaded);
    }
    return library->tryToGenerate(state, kind, dylib, flags, symbols);
  }

private:
  char globalPrefix;
  std::unique_ptr<DynamicLibrarySearchGenerator> library;
};

} // namespace

/// Objects with line tables are made known to gdb.
static Error addDebuggerSupport(LLJIT &jit) {
  Error error = Error::success();
  auto plugin = std::make_shared<ELFDebugObjectPlugin>(jit.getExecutionSession(),
                                                       /*RequireDebugSections=*/true,
                                                       /*AutoRegisterCode=*/true, error);
  if (error)
    return error;
  if (auto *layer = dyn_cast<ObjectLinkingLayer>(&jit.getObjLinkingLayer()))
    layer->addPlugin(std::move(plugin));
  return Error::success();
}

/// An LLJIT that knows the runtime, with nothing of what programs do not have (initialisers, thread
/// local storage, exceptions).
static Expected<std::unique_ptr<LLJIT>> createJit() {
  JITTargetMachineBuilder machine(Triple("x86_64-unknown-linux-gnu"));
  auto jit = LLJITBuilder()
                 .setJITTargetMachineBuilder(std::move(machine))
                 .setPlatformSetUp(setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit)
    return jit.takeError();
  JITDylib &library = (*jit)->getMainJITDylib();
  if (Error error = library.define(absoluteSymbols(symbolMap(**jit))))
    return error;
  library.addGenerator(std::make_unique<OpenMpSymbols>((*jit)->getDataLayout().getGlobalPrefix()));
  if (Error error = addDebuggerSupport(**jit))
    return error;
#ifdef HPCC_SANITIZE_GENERATED
  // The sanitizer's own entries, which hpcc exports when it is built with it.
  auto process = DynamicLibrarySearchGenerator::GetForCurrentProcess('\0');
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));
#endif
  return jit;
}

static Expected<int> runObject(ArrayRef<char> object, ArrayRef<const char *> argv,
                               function_ref<void()> whenLinked) {
  auto jit = createJit();
  if (!jit)
    return jit.takeError();
  StringRef bytes(object.data(), object.size());
  if (Error error = (*jit)->addObjectFile(MemoryBuffer::getMemBufferCopy(bytes, "program")))
    return error;
  auto entry = (*jit)->lookup("main");
  if (!entry)
    return entry.takeError();
  whenLinked();
  return entry->toPtr<int(int, const char *const *)>()(static_cast<int>(argv.size()) - 1,
                                                       argv.data());
}

std::optional<int> run(ArrayRef<char> object, const std::vector<std::string> &arguments,
                       Diagnostics &diags, function_ref<void()> whenLinked) {
  std::vector<const char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  Expected<int> code = runObject(object, argv, whenLinked);
  if (!code) {
    diags.internalError({}, "running in memory", toString(code.takeError()));
    return std::nullopt;
  }
  return *code;
}

} // namespace hpcc::codegen
