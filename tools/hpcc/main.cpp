//===- main.cpp - the driver -----------------------------------------------------------------===//
//
// Picks the command and carries it out. The exit code is 0, 1 for an error of the program, 2 for
// what hpcc does not support, 70 for a fault of hpcc; of `run`, the program's own.
//
//===-----------------------------------------------------------------------------------------===//
#include "CommandLine.h"
#include "Compile.h"
#include "Doctor.h"
#include "Oracle.h"
#include "Ranks.h"
#include "codegen/Codegen.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace hpcc;

static int carryOut(const CommandLine &line, llvm::StringRef hpccPath) {
  switch (line.action) {
  case Action::Help:
    llvm::outs() << helpText();
    return 0;
  case Action::PrintPasses:
    llvm::outs() << passList();
    return 0;
  case Action::Version:
    llvm::outs() << "hpcc " HPCC_VERSION " (" << codegen::describeHost() << ")\n";
    return 0;
  case Action::Oracle:
    return runOracle(line, hpccPath);
  case Action::Doctor:
    return runDoctor(line, hpccPath);
  case Action::Compile:
  case Action::Run:
  case Action::Check:
    break;
  }
  return compile(line, hpccPath);
}

int main(int argc, const char **argv) {
  // The path of this executable, through which the runtime's archive is found.
  std::string path = llvm::sys::fs::getMainExecutable(argv[0], reinterpret_cast<void *>(&carryOut));
  auto parsed = parseCommandLine(llvm::ArrayRef(argv + 1, argv + argc));
  if (const auto *error = std::get_if<CommandError>(&parsed)) {
    awaitFirstRank();
    llvm::errs() << "hpcc: " << error->text << '\n';
    return error->exitCode;
  }
  return carryOut(std::get<CommandLine>(parsed), path);
}
