//===- Device.h - the module of a program's kernels ------------------------------------------===//
//
// Kernels are emitted into a module of their own. For a GPU it is compiled to PTX, which becomes a
// constant of the program; for the emulation it becomes a part of the program itself.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_CODEGEN_DEVICE_H
#define HPCC_CODEGEN_DEVICE_H

#include "State.h"

namespace hpcc::codegen {

struct DeviceModule {
  std::unique_ptr<llvm::TargetMachine> machine; // of a GPU; null for the emulation
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<ModuleState> state;
};

/// An empty module in the context of the program's. Nothing, with a message, for an unknown GPU.
std::optional<DeviceModule> openDevice(ModuleState &host, Diagnostics &diags);

/// The PTX of the kernels; for the emulation empty, and they are in the host's module.
std::string closeDevice(ModuleState &host, DeviceModule &device);

/// LLVM's optimiser for code that a GPU runs (Optimize.cpp).
void optimizeKernels(llvm::Module &module, llvm::TargetMachine &machine);

/// What codegen::generate does, for any module and machine (Optimize.cpp).
bool generate(llvm::Module &module, llvm::TargetMachine &machine, FileKind kind,
              llvm::SmallVectorImpl<char> &bytes, Diagnostics &diags);

/// The machine of a GPU (Target.cpp); null, with a message, for an unknown one.
std::unique_ptr<llvm::TargetMachine> createGpuMachine(const Options &options, Diagnostics &diags);

/// Replaces the calls of hpcc's math functions, and remainders, by calls of CUDA's libdevice, and
/// links the functions that are called (Libdevice.cpp). False, with a message, where it is missing.
bool linkLibdevice(llvm::Module &module, const Options &options, Diagnostics &diags);

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_DEVICE_H
