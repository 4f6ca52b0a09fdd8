//===- Pass.cpp - the runner -----------------------------------------------------------------===//

#include "Pass.h"
#include "Text.h"
#include "TextNames.h"
#include "Verify.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <algorithm>

namespace hpcc::ir {

llvm::ArrayRef<Pass> allPasses() {
  static const Pass passes[] = {
#define HPCC_PASS(function, flag, atLeast, leaves, help)                                           \
  {flag, help, Stage::atLeast, Stage::leaves, function},
#include "Passes.def"
  };
  return passes;
}

const Pass *findPass(llvm::StringRef flag) {
  for (const Pass &pass : allPasses())
    if (pass.flag == flag)
      return &pass;
  return nullptr;
}

/// Writes the program to a new file and returns its name, empty if that is not possible.
static std::string dumpToFile(const Program &program, llvm::StringRef pass,
                              llvm::StringRef directory) {
  llvm::SmallString<128> path(directory);
  if (directory.empty())
    llvm::sys::path::system_temp_directory(/*ErasedOnReboot=*/true, path);
  llvm::sys::path::append(path, "hpcc-before-" + pass + "-%%%%%%.hir");
  llvm::SmallString<128> name;
  int descriptor = -1;
  if (llvm::sys::fs::createUniqueFile(path, descriptor, name))
    return "";
  llvm::raw_fd_ostream file(descriptor, /*shouldClose=*/true);
  print(program, file);
  file.close();
  if (file.has_error()) {
    file.clear_error();
    return "";
  }
  return name.str().str();
}

/// The broken invariants, one per line; empty for a good program.
static std::string problemsOf(const Program &program) {
  std::string text;
  for (const VerifyError &error : verify(program))
    text += (text.empty() ? "" : "\n") + toText(error);
  return text;
}

static void printWithBanner(const Program &program, const llvm::Twine &when,
                            const RunOptions &options) {
  *options.out << "*** IR Dump " << when << " ***\n";
  print(program, *options.out, {options.locations});
}

static bool isWanted(bool all, const std::vector<std::string> &flags, const Pass &pass) {
  return all || llvm::is_contained(flags, pass.flag);
}

static void printAfter(const Program &program, const Program &before, const Pass &pass,
                       const RunOptions &options) {
  bool changed = options.printChanged && !(program == before);
  if (changed || isWanted(options.printAfterAll, options.printAfter, pass))
    printWithBanner(program, "After " + pass.flag, options);
  else if (options.printChanged)
    *options.out << "*** IR Dump After " << pass.flag << " omitted because no change ***\n";
}

static std::optional<PassFailure> runPass(Program &program, const Pass &pass, PassContext &context,
                                          const RunOptions &options, PhaseTimes &times) {
  static constexpr Phase checking{PhaseGroup::Passes, "renumber, verify"};
  if (program.stage < pass.atLeast)
    return PassFailure{pass.flag.str(),
                       llvm::formatv("stage: needs a program of stage {0}, got {1}",
                                     wordOf(pass.atLeast), wordOf(program.stage)),
                       ""};
  if (isWanted(options.printBeforeAll, options.printBefore, pass))
    printWithBanner(program, "Before " + pass.flag, options);

  Program before = times.measure(checking, [&] { return program; });
  context.pass = pass.flag.str();
  times.measure({PhaseGroup::Passes, pass.flag}, [&] { pass.run(program, context); });
  std::string problems = times.measure(checking, [&] {
    renumber(program);
    program.stage = std::max(before.stage, pass.leaves);
    return problemsOf(program);
  });
  if (!problems.empty()) {
    program = std::move(before);
    return PassFailure{pass.flag.str(), problems,
                       dumpToFile(program, pass.flag, options.dumpDirectory)};
  }
  printAfter(program, before, pass, options);
  return std::nullopt;
}

std::optional<PassFailure> runPasses(Program &program, llvm::ArrayRef<const Pass *> passes,
                                     PassContext &context, const RunOptions &options) {
  renumber(program);
  if (std::string problems = problemsOf(program); !problems.empty())
    return PassFailure{"", problems, ""};
  if (options.printChanged)
    printWithBanner(program, "At Start", options);
  PhaseTimes unwanted;
  for (const Pass *pass : passes)
    if (auto failure =
            runPass(program, *pass, context, options, options.times ? *options.times : unwanted))
      return failure;
  return std::nullopt;
}

} // namespace hpcc::ir
