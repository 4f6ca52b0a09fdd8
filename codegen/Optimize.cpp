//===- Optimize.cpp - LLVM's optimiser and code generator ------------------------------------===//
//
// The default pipelines of LLVM's pass builder, then its back end into memory. Nothing here may
// change bits: the module carries no fast-math flags, and the machine forbids contraction. The one
// file that includes PassBuilder.h, which costs seconds.
//
//===-----------------------------------------------------------------------------------------===//
#include "Device.h"
#include "State.h"
#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/Scalar/LoopIdiomRecognize.h"
#ifdef HPCC_SANITIZE_GENERATED
#include "llvm/Transforms/Instrumentation/AddressSanitizer.h"
#endif

namespace hpcc::codegen {

using namespace llvm;

static OptimizationLevel levelOf(unsigned optimize) {
  switch (optimize) {
  case 0:
    return OptimizationLevel::O0;
  case 1:
    return OptimizationLevel::O1;
  case 2:
    return OptimizationLevel::O2;
  default:
    return OptimizationLevel::O3;
  }
}

#ifdef HPCC_SANITIZE_GENERATED
/// Checks the accesses of generated code as those of hpcc itself.
static void addSanitizer(llvm::Module &module, ModulePassManager &passes) {
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr(Attribute::SanitizeAddress);
  AddressSanitizerOptions options;
  passes.addPass(AddressSanitizerPass(options));
}
#endif

/// The default pipeline of a level.
static void runPipeline(llvm::Module &module, TargetMachine &machine, OptimizationLevel level,
                        const PipelineTuningOptions &tuning, bool sanitize) {
  // LLVM 22 looks for checksums in time that is exponential in the values that go round a loop.
  DisableLIRP::HashRecognize = true;
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  ModulePassManager passes = level == OptimizationLevel::O0
                                 ? builder.buildO0DefaultPipeline(level)
                                 : builder.buildPerModuleDefaultPipeline(level);
#ifdef HPCC_SANITIZE_GENERATED
  if (sanitize)
    addSanitizer(module, passes);
#else
  (void)sanitize;
#endif
  passes.run(module, modules);
}

void optimizeKernels(llvm::Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = false; // threads are the lanes
  runPipeline(module, machine, OptimizationLevel::O3, tuning, /*sanitize=*/false);
}

bool optimize(Module &module, Diagnostics &diags) {
  Module::State &state = *module;
  PipelineTuningOptions tuning;
  tuning.SLPVectorization = state.optimize >= 2;
  tuning.LoopVectorization = state.optimize >= 2;
  // Unrolled loops of a long program make every later pass slow; vector loops stay interleaved.
  constexpr unsigned longProgram = 5000; // instructions
  tuning.LoopUnrolling = state.module->getInstructionCount() < longProgram;
  runPipeline(*state.module, *state.machine, levelOf(state.optimize), tuning, /*sanitize=*/true);
  std::string problems;
  raw_string_ostream stream(problems);
  if (verifyModule(*state.module, &stream)) {
    diags.internalError({}, "LLVM's optimiser", problems);
    return false;
  }
  return true;
}

bool generate(llvm::Module &module, TargetMachine &machine, FileKind kind,
              SmallVectorImpl<char> &bytes, Diagnostics &diags) {
  raw_svector_ostream out(bytes);
  legacy::PassManager passes;
  CodeGenFileType type =
      kind == FileKind::Object ? CodeGenFileType::ObjectFile : CodeGenFileType::AssemblyFile;
  if (machine.addPassesToEmitFile(passes, out, nullptr, type)) {
    diags.internalError({}, "code generation", "the target cannot emit this kind of file");
    return false;
  }
  passes.run(module);
  return true;
}

bool generate(Module &module, FileKind kind, SmallVectorImpl<char> &bytes, Diagnostics &diags) {
  Module::State &state = *module;
  return generate(*state.module, *state.machine, kind, bytes, diags);
}

} // namespace hpcc::codegen
