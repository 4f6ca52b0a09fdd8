//===- Compile.h - the stages of a compilation, one after the other --------------------------===//
#ifndef HPCC_TOOLS_HPCC_COMPILE_H
#define HPCC_TOOLS_HPCC_COMPILE_H

#include "CommandLine.h"
#include "ir/Diagnostics.h"

namespace hpcc {

/// Reads the input: a file or standard input. On failure null, with the message on standard error.
std::unique_ptr<llvm::MemoryBuffer> readInput(llvm::StringRef path);

/// Carries out `compile`, `run` or `check`, and returns the exit code. Messages go to standard
/// error.
int compile(const CommandLine &line, llvm::StringRef hpccPath);

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_COMPILE_H
