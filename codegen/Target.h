//===- Target.h - the machine that code is made for ------------------------------------------===//
#ifndef HPCC_CODEGEN_TARGET_H
#define HPCC_CODEGEN_TARGET_H

#include "codegen/Codegen.h"
#include "llvm/Target/TargetMachine.h"

namespace hpcc::codegen {

/// The x86-64 machine of the options; reports a CPU that LLVM does not know and returns null.
std::unique_ptr<llvm::TargetMachine> createTargetMachine(const Options &options,
                                                         Diagnostics &diags);

/// True if the machine has LLVM's feature of that name.
bool hasFeature(const llvm::TargetMachine &machine, llvm::StringRef feature);

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_TARGET_H
