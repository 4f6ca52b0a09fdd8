//===- CommandLine.h - what the user asked for -----------------------------------------------===//
//
// Takes the words after `hpcc`; leaves a plain record. Parsed by hand: LLVM's own options would
// show through, and subcommands with `--` and options of single letters with values are few.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_TOOLS_HPCC_COMMANDLINE_H
#define HPCC_TOOLS_HPCC_COMMANDLINE_H

#include "frontend/Frontend.h"
#include "ir/Pipeline.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hpcc {

enum class Action { Compile, Run, Check, Oracle, Doctor, Help, Version, PrintPasses };

/// What a compilation leaves, in the order in which it comes about.
enum class Emit {
  Tokens,
  Ast,
  Types,
  Ir,
  IrFinal,
  Llvm,
  LlvmOptimized,
  Ptx,
  Assembly,
  Object,
  Executable
};

struct CommandLine {
  Action action = Action::Compile;
  Emit emit = Emit::Executable;
  std::string input;  // `-`: standard input
  std::string output; // empty: the default of what is emitted
  unsigned optimize = 3;
  std::string cpu = "native";
  std::string gpu; // empty: the one that is there, or sm_80
  bool emulate = false;
  std::optional<ir::Target> target; // none: threads, and no warning where there are none
  std::string python;               // of `oracle`; empty: the one beside the build, or python3
  std::vector<frontend::Define> defines;
  ir::RunOptions passes;
  /// What runs instead of the default pipeline, and what is left out of either.
  std::optional<std::vector<const ir::Pass *>> pipeline;
  std::vector<std::string> disabledPasses;
  /// Regular expressions over the flags of passes whose remarks are shown.
  std::optional<std::string> passedRemarks, missedRemarks;
  /// The file that takes all remarks; empty for the default name.
  std::optional<std::string> recordFile;
  bool statistics = false;
  bool timeReport = false;
  bool debugInfo = false;
  bool json = false;
  /// What follows `--`: sys.argv[1:] of the program.
  std::vector<std::string> programArguments;
};

/// A command that cannot be carried out: the message for the user and the exit code.
struct CommandError {
  std::string text;
  int exitCode = 1;
};

std::variant<CommandLine, CommandError> parseCommandLine(llvm::ArrayRef<const char *> words);

/// The text of `hpcc --help`, and that of `hpcc --print-passes`, which the former ends with: a line
/// for each pass, in the order of the pipeline.
std::string helpText();
std::string passList();

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_COMMANDLINE_H
