//===- Target.cpp - the machine that code is made for ----------------------------------------===//
//
// The host is x86-64 Linux, a device one of NVIDIA's: only their back ends are initialised and
// linked. Floating point is strict: no contraction, no reassociation.
//
//===-----------------------------------------------------------------------------------------===//
#include "Target.h"
#include "Device.h"
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
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
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

/// The back end for a machine, initialised before; null, with a message, where there is none.
static const llvm::Target *findTarget(const Triple &triple, Diagnostics &diags) {
  std::string problem;
  const llvm::Target *target = TargetRegistry::lookupTarget(triple, problem);
  if (!target)
    diags.internalError({}, "code generation", problem);
  return target;
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
  const llvm::Target *target = findTarget(triple, diags);
  if (!target)
    return nullptr;
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

std::unique_ptr<TargetMachine> createGpuMachine(const Options &options, Diagnostics &diags) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTarget();
  LLVMInitializeNVPTXTargetMC();
  LLVMInitializeNVPTXAsmPrinter();
  static constexpr MessageInfo unknownGpu{
      "unknownGpu", Severity::Error,
      "unknown GPU '{0}' (--gpu= takes compute capabilities: sm_75, sm_80, sm_90, ..)"};
  Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *target = findTarget(triple, diags);
  if (!target)
    return nullptr;
  std::unique_ptr<MCSubtargetInfo> known(target->createMCSubtargetInfo(triple, "", ""));
  if (!known->isCPUStringValid(options.gpu)) {
    diags.report({}, unknownGpu, options.gpu);
    return nullptr;
  }
  TargetOptions machineOptions;
  machineOptions.AllowFPOpFusion = FPOpFusion::Strict;
  return std::unique_ptr<TargetMachine>(
      target->createTargetMachine(triple, options.gpu, "", machineOptions, std::nullopt,
                                  std::nullopt, CodeGenOptLevel::Aggressive));
}

bool hasFeature(const TargetMachine &machine, StringRef feature) {
  return machine.getMCSubtargetInfo()->checkFeatures(("+" + feature).str());
}

std::string describeHost() {
  return "LLVM " LLVM_VERSION_STRING ", host CPU " + sys::getHostCPUName().str();
}

} // namespace hpcc::codegen
