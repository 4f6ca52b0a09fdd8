//===- Process.h - other programs ------------------------------------------------------------===//
#ifndef HPCC_TOOLS_HPCC_PROCESS_H
#define HPCC_TOOLS_HPCC_PROCESS_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace hpcc {

/// What a process left.
struct Outcome {
  int exitCode = 0;
  std::string output, errors;
};

/// The path of a program, given by path or looked for in PATH; empty if there is none.
std::string findProgram(llvm::StringRef name);

/// A new empty temporary file, or empty and a message on standard error.
std::string createTemporaryFile(llvm::StringRef suffix);

/// Runs a program without input to its end. Nothing, and a message on standard error, if it cannot
/// be started. With a limit it ends after that many seconds, with a negative exit code.
std::optional<Outcome> runProcess(const std::vector<std::string> &command,
                                  unsigned limitInSeconds = 0);

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_PROCESS_H
