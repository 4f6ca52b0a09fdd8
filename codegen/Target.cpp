//===- Target.cpp - the machine that code is made for ----------------------------------------===//
//
// One target, x86-64 Linux, so that only its back end is initialised and linked. Floating point is
// strict: no contraction, no reassociation.
//
//===-----------------------------------------------------------------------------------------===//
#include "Target.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
}

namespace hpcc::codegen {

using namespace llvm;

static std::string hostFeatures() {
  SubtargetFeatures features;
  for (const auto &feature : sys::getHostCPUFeatures())
    features.AddFeature(feature.getKey(), feature.getValue());
  return features.getString();
}

static CodeGenOptLevel levelOf(unsigned optimize) {
  switch (optimize) {
  case 0:
    return CodeGenOptLevel::None;
  case 1:
    return CodeGenOptLevel::Less;
  case 2:
    return CodeGenOptLevel::Default;
  default:
    return CodeGenOptLevel::Aggressive;
  }
}

std::unique_ptr<TargetMachine> createTargetMachine(const Options &options, Diagnostics &diags) {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  static constexpr MessageInfo unknownCpu{"unknownCpu", Severity::Error,
                                          "unknown CPU '{0}' (-march= takes LLVM's names, such as "
                                          "native, x86-64-v3, znver4)"};
  Triple triple("x86_64-unknown-linux-gnu");
  std::string problem;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, problem);
  if (!target) {
    diags.internalError({}, "code generation", problem);
    return nullptr;
  }
  bool native = options.cpu == "native";
  std::string cpu = native ? sys::getHostCPUName().str() : options.cpu;
  std::unique_ptr<MCSubtargetInfo> known(target->createMCSubtargetInfo(triple, "", ""));
  if (!known->isCPUStringValid(cpu)) {
    diags.report({}, unknownCpu, cpu);
    return nullptr;
  }
  TargetOptions machineOptions;
  machineOptions.AllowFPOpFusion = FPOpFusion::Strict;
  machineOptions.FunctionSections = true;
  machineOptions.DataSections = true;
  if (options.optimize == 0)
    machineOptions.EnableFastISel = true;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple, cpu, native ? hostFeatures() : "", machineOptions,
                                  Reloc::PIC_, std::nullopt, levelOf(options.optimize)));
}

bool hasFeature(const TargetMachine &machine, StringRef feature) {
  return machine.getMCSubtargetInfo()->checkFeatures(("+" + feature).str());
}

std::string describeHost() {
  return "LLVM " LLVM_VERSION_STRING ", host CPU " + sys::getHostCPUName().str();
}

} // namespace hpcc::codegen
