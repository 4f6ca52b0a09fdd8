//===- Device.cpp - kernels to PTX, or into the program itself -------------------------------===//
#include "Device.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Linker/Linker.h"

namespace hpcc::codegen {

using namespace llvm;

std::optional<DeviceModule> openDevice(ModuleState &host, Diagnostics &diags) {
  DeviceModule made;
  made.module = std::make_unique<llvm::Module>((host.program.name + ".kernels"), host.context);
  const TargetMachine *machine = &host.machine;
  if (!host.options.emulate) {
    made.machine = createGpuMachine(host.options, diags);
    if (!made.machine)
      return std::nullopt;
    machine = made.machine.get();
  }
  made.module->setTargetTriple(machine->getTargetTriple());
  made.module->setDataLayout(machine->createDataLayout());
  made.state =
      std::make_unique<ModuleState>(host.program, host.options, *made.module, *machine, diags);
  made.state->host = &host;
  made.state->isGpu = !host.options.emulate;
  return made;
}

static bool hasFaults(const llvm::Module &module, Diagnostics &diags) {
  std::string problems;
  raw_string_ostream stream(problems);
  if (!verifyModule(module, &stream))
    return false;
  diags.internalError({}, "LLVM's verifier", "kernels: " + problems);
  return true;
}

static std::string toPtx(DeviceModule &device, Diagnostics &diags) {
  if (!linkLibdevice(*device.module, device.state->options, diags))
    return {};
  optimizeKernels(*device.module, *device.machine);
  SmallVector<char, 0> text;
  if (!generate(*device.module, *device.machine, FileKind::Assembly, text, diags))
    return {};
  return std::string(text.begin(), text.end());
}

std::string closeDevice(ModuleState &host, DeviceModule &device) {
  if (hasFaults(*device.module, host.diags))
    return {};
  if (!host.options.emulate)
    return toPtx(device, host.diags);
  device.module->setPICLevel(host.module.getPICLevel());
  device.module->setPIELevel(host.module.getPIELevel());
  if (Linker::linkModules(host.module, std::move(device.module)))
    host.diags.internalError({}, "code generation", "the kernels cannot join the program");
  return {};
}

} // namespace hpcc::codegen
