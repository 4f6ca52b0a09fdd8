//===- Oracle.h - the comparison with CPython ------------------------------------------------===//
#ifndef HPCC_TOOLS_HPCC_ORACLE_H
#define HPCC_TOOLS_HPCC_ORACLE_H

#include "CommandLine.h"

namespace hpcc {

/// Runs the program under CPython and under hpcc and compares standard output, exit code and the
/// uncaught error. Returns 0 if they agree, 1 with the first difference on standard output if they
/// do not, and hpcc's own code where it refuses the program.
int runOracle(const CommandLine &line, llvm::StringRef hpccPath);

/// The Python to compare with: the one asked for, the one of the project's oracle environment above
/// the build directory, or python3. It need not exist.
std::string nameOfPython(const CommandLine &line, llvm::StringRef hpccPath);

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_ORACLE_H
