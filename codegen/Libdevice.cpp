//===- Libdevice.cpp - CUDA's math functions for kernels -------------------------------------===//
//
// NVIDIA's libdevice has the functions that a GPU has no instructions for, as LLVM bitcode. It is
// read lazily: only what a program calls costs time. Its accuracy is that which the CUDA C++
// Programming Guide states, and its bits are not those of the host's functions.
//
//===-----------------------------------------------------------------------------------------===//
#include "Cuda.h"
#include "Device.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Transforms/IPO/Internalize.h"

namespace hpcc::codegen {

using namespace llvm;

namespace {

struct DeviceMath {
  StringLiteral ours, theirs; // without hpc_ and __nv_
};

/// Functions that have another name there.
constexpr DeviceMath renamed[] = {
    {"arcsin", "asin"},   {"arccos", "acos"},   {"arctan", "atan"},   {"arctan2", "atan2"},
    {"arcsinh", "asinh"}, {"arccosh", "acosh"}, {"arctanh", "atanh"}, {"gamma", "tgamma"},
};

/// __nv_exp for hpc_exp_f64, __nv_expf for hpc_exp_f32; nothing for other names.
std::string deviceNameOf(StringRef name) {
  if (name == "nextafter" || name == "nextafterf" || name == "fmod" || name == "fmodf")
    return ("__nv_" + name).str();
  if (!name.consume_front("hpc_"))
    return {};
  bool isSingle = name.consume_back("_f32");
  if (!isSingle && !name.consume_back("_f64"))
    return {};
  for (const DeviceMath &each : renamed)
    if (name == each.ours) {
      name = each.theirs;
      break;
    }
  return ("__nv_" + name + (isSingle ? "f" : "")).str();
}

/// The device's remainders are x - trunc(x / y) * y, which rounds: fmod does not.
void callRemainders(llvm::Module &module) {
  SmallVector<Instruction *, 8> remainders;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (instruction.getOpcode() == Instruction::FRem)
        remainders.push_back(&instruction);
  for (Instruction *remainder : remainders) {
    Type *type = remainder->getType();
    FunctionCallee callee = module.getOrInsertFunction(
        type->isFloatTy() ? "fmodf" : "fmod", FunctionType::get(type, {type, type}, false));
    auto *call = CallInst::Create(callee, {remainder->getOperand(0), remainder->getOperand(1)}, "",
                                  remainder->getIterator());
    remainder->replaceAllUsesWith(call);
    remainder->eraseFromParent();
  }
}

} // namespace

bool linkLibdevice(llvm::Module &module, const Options &options, Diagnostics &diags) {
  static constexpr MessageInfo missing{
      "libdeviceMissing", Severity::Error,
      "the program needs '{0}' on the GPU, and CUDA's libdevice.10.bc is not to be found; set "
      "CUDA_PATH to the folder of the CUDA Toolkit"};
  static constexpr MessageInfo broken{"libdeviceBroken", Severity::Error,
                                      "cannot read CUDA's libdevice '{0}': {1}"};
  callRemainders(module);
  StringRef needed;
  for (Function &function : module)
    if (std::string name = function.isDeclaration() ? deviceNameOf(function.getName()) : "";
        !name.empty()) {
      function.setName(name);
      needed = function.getName();
    }
  if (needed.empty())
    return true;
  std::string path = findLibdevice(options.cudaPath);
  if (path.empty()) {
    diags.report({}, missing, needed);
    return false;
  }
  SMDiagnostic problem;
  std::unique_ptr<llvm::Module> library = getLazyIRFileModule(path, problem, module.getContext());
  if (!library) {
    diags.report({}, broken, path, problem.getMessage());
    return false;
  }
  library->setTargetTriple(module.getTargetTriple());
  library->setDataLayout(module.getDataLayout());
  auto internalize = [](llvm::Module &linked, const StringSet<> &names) {
    internalizeModule(linked, [&](const GlobalValue &value) {
      return !value.hasName() || !names.contains(value.getName());
    });
  };
  if (Linker::linkModules(module, std::move(library), Linker::LinkOnlyNeeded, internalize)) {
    diags.report({}, broken, path, "it does not link");
    return false;
  }
  // Numbers close to zero stay what they are.
  module.addModuleFlag(llvm::Module::Override, "nvvm-reflect-ftz", uint32_t(0));
  return true;
}

} // namespace hpcc::codegen
