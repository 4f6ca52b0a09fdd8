//===- Doctor.h - what this installation has and lacks ---------------------------------------===//
#ifndef HPCC_TOOLS_HPCC_DOCTOR_H
#define HPCC_TOOLS_HPCC_DOCTOR_H

#include "CommandLine.h"

namespace hpcc {

/// Writes to standard output what hpcc found on this machine, and what each thing it did not find
/// costs. Returns 1 if something is missing without which no program can be compiled and run.
int runDoctor(const CommandLine &line, llvm::StringRef hpccPath);

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_DOCTOR_H
