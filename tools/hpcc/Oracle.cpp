//===- Oracle.cpp - the comparison with CPython ----------------------------------------------===//
//
// Both runs are processes of their own in the current directory, with their output in temporary
// files. With -D, CPython gets the same text with the literal replaced.
//
//===-----------------------------------------------------------------------------------------===//
#include "Oracle.h"
#include "Compile.h"
#include "Process.h"
#include "frontend/Parser.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

namespace hpcc {

using llvm::StringRef;

namespace {

/// The text with the values of -D in place of the literals, or nothing and a message.
std::optional<std::string> applyToText(StringRef text, Diagnostics &diags,
                                       const std::vector<frontend::Define> &defines) {
  frontend::ast::Module tree = frontend::parse(text, diags);
  if (!diags.hasProblems())
    frontend::applyDefines(tree, defines, diags);
  if (diags.hasProblems())
    return std::nullopt;
  llvm::SmallVector<StringRef, 0> lines;
  text.split(lines, '\n');
  std::vector<std::string> changed(lines.begin(), lines.end());
  for (const frontend::ast::Stmt &stmt : tree.body) {
    const auto *assign = std::get_if<frontend::ast::Assign>(&stmt.node);
    if (!assign || assign->targets.size() != 1)
      continue;
    const auto *name = std::get_if<frontend::ast::Name>(&assign->targets[0].node);
    for (const frontend::Define &define : defines)
      if (name && name->id == define.name) {
        Loc loc = assign->value->loc;
        std::string &line = changed[loc.line - 1];
        line.replace(loc.column - 1, loc.endColumn - loc.column, define.value);
      }
  }
  return llvm::join(changed, "\n");
}

/// The last line of Python's traceback and of hpcc's report: `Class: message`.
std::string uncaughtError(const Outcome &outcome, bool ofPython) {
  if (outcome.exitCode == 0)
    return {};
  StringRef text = StringRef(outcome.errors).rtrim();
  if (ofPython)
    return text.contains("Traceback") ? text.rsplit('\n').second.str() : std::string();
  // FILE:LINE:COL: Class: message
  StringRef first = text.split('\n').first;
  for (int part = 0; part < 3; ++part)
    first = first.split(':').second;
  return first.ltrim().rtrim(": ").str();
}

void printOutput(StringRef who, StringRef text) {
  llvm::outs() << "  " << who << ": " << text << '\n';
}

/// Writes the first line in which two texts differ.
void reportFirstDifference(StringRef python, StringRef ours) {
  for (unsigned number = 1;; ++number) {
    auto [pythonLine, pythonRest] = python.split('\n');
    auto [ourLine, ourRest] = ours.split('\n');
    bool pythonEnds = python.empty(), oursEnds = ours.empty();
    if (pythonLine != ourLine || pythonEnds != oursEnds ||
        (pythonRest.empty() && ourRest.empty())) {
      llvm::outs() << "output differs in line " << number << ":\n";
      printOutput("python", pythonEnds ? "(no more output)" : pythonLine);
      printOutput("hpcc  ", oursEnds ? "(no more output)" : ourLine);
      return;
    }
    python = pythonRest;
    ours = ourRest;
  }
}

int compare(const Outcome &python, const Outcome &ours) {
  if (StringRef(python.errors).contains("No module named 'numpy'")) {
    llvm::errs() << "hpcc: error: this Python has no NumPy to compare with; name another with "
                    "--python=\n";
    return 1;
  }
  std::string pythonError = uncaughtError(python, true), ourError = uncaughtError(ours, false);
  if (python.output != ours.output) {
    reportFirstDifference(python.output, ours.output);
  } else if (python.exitCode != ours.exitCode) {
    llvm::outs() << "exit codes differ: python " << python.exitCode << ", hpcc " << ours.exitCode
                 << '\n';
  } else if (StringRef(pythonError).rtrim(": ") != ourError) {
    llvm::outs() << "errors differ:\n";
    printOutput("python", pythonError);
    printOutput("hpcc  ", ourError);
  } else {
    llvm::outs() << "same: " << StringRef(ours.output).count('\n') << " lines of output, exit code "
                 << ours.exitCode << '\n';
    return 0;
  }
  llvm::errs() << ours.errors;
  return 1;
}

} // namespace

std::string nameOfPython(const CommandLine &line, StringRef hpccPath) {
  if (!line.python.empty())
    return line.python;
  for (StringRef directory = llvm::sys::path::parent_path(hpccPath);
       !directory.empty() && directory != "/";
       directory = llvm::sys::path::parent_path(directory)) {
    llvm::SmallString<128> candidate(directory);
    llvm::sys::path::append(candidate, ".oracle", "bin", "python");
    if (llvm::sys::fs::can_execute(candidate))
      return candidate.str().str();
  }
  return "python3";
}

int runOracle(const CommandLine &line, StringRef hpccPath) {
  if (line.input == "-" || StringRef(line.input).ends_with(".hir")) {
    llvm::errs() << "hpcc: error: 'hpcc oracle' needs a file of Python\n";
    return 1;
  }
  std::string wanted = nameOfPython(line, hpccPath), python = findProgram(wanted);
  if (python.empty()) {
    llvm::errs() << "hpcc: error: there is no Python '" << wanted << "'; name one with --python=\n";
    return 1;
  }
  std::unique_ptr<llvm::MemoryBuffer> source = readInput(line.input);
  if (!source)
    return 1;
  Diagnostics diags(std::move(source));
  std::string script = line.input;
  llvm::scope_exit removeScript([&] {
    if (script != line.input)
      (void)llvm::sys::fs::remove(script);
  });
  if (!line.defines.empty()) {
    std::optional<std::string> text = applyToText(diags.sourceText(), diags, line.defines);
    if (!text) {
      diags.render(llvm::errs(), llvm::errs().has_colors());
      return diags.exitCode();
    }
    script = createTemporaryFile("py");
    if (script.empty())
      return 1;
    std::error_code error;
    llvm::raw_fd_ostream out(script, error);
    if (error)
      return 1;
    out << *text;
  }
  std::vector<std::string> ours = {hpccPath.str(), "run", line.input,
                                   "-O" + std::to_string(line.optimize), "-march=" + line.cpu};
  for (const frontend::Define &define : line.defines)
    ours.insert(ours.end(), {"-D", define.name + "=" + define.value});
  if (!line.disabledPasses.empty())
    ours.push_back("--disable-pass=" + llvm::join(line.disabledPasses, ","));
  std::vector<std::string> theirs = {python, script};
  ours.push_back("--");
  ours.insert(ours.end(), line.programArguments.begin(), line.programArguments.end());
  theirs.insert(theirs.end(), line.programArguments.begin(), line.programArguments.end());
  std::optional<Outcome> ourOutcome = runProcess(ours);
  if (!ourOutcome)
    return 1;
  bool refused = ourOutcome->exitCode == 2 || ourOutcome->exitCode == 70;
  if (refused) {
    llvm::errs() << ourOutcome->errors;
    return ourOutcome->exitCode;
  }
  std::optional<Outcome> pythonOutcome = runProcess(theirs);
  return pythonOutcome ? compare(*pythonOutcome, *ourOutcome) : 1;
}

} // namespace hpcc
