//===- CommandLine.h - command lines of hpcc's tools -----------------------------------------===//
//
// LLVM's libraries register options of their own with llvm::cl (--stats, --print-after, ...), which
// would appear in our help and clash with ours. A tool calls forgetLibraryOptions first and then
// makes its options as local objects.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_TOOLS_COMMANDLINE_H
#define HPCC_TOOLS_COMMANDLINE_H

#include "llvm/Support/CommandLine.h"

namespace hpcc {

/// Empties LLVM's table of options.
inline void forgetLibraryOptions(const char *program) {
  // LLVM registers some options only when it parses a command line.
  llvm::cl::ParseCommandLineOptions(1, &program);
  llvm::cl::ResetCommandLineParser();
}

} // namespace hpcc

#endif // HPCC_TOOLS_COMMANDLINE_H
