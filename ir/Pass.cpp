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
#include <chrono>

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

static void printWithBanner(const Program &program, llvm::StringRef when, llvm::StringRef pass,
                            const RunOptions &options) {
  *options.out << "*** IR Dump " << when << " " << pass << " ***\n";
  print(program, *options.out, {options.locations});
}

std::optional<PassFailure> runPasses(Program &program, llvm::ArrayRef<const Pass *> passes,
                                     PassContext &context, const RunOptions &options) {
  using Clock = std::chrono::steady_clock;
  renumber(program);
  if (std::string problems = problemsOf(program); !problems.empty())
    return PassFailure{"", problems, ""};

  for (const Pass *pass : passes) {
    if (program.stage < pass->atLeast)
      return PassFailure{pass->flag.str(),
                         llvm::formatv("stage: needs a program of stage {0}, got {1}",
                                       wordOf(pass->atLeast), wordOf(program.stage)),
                         ""};
    if (llvm::is_contained(options.printBefore, pass->flag))
      printWithBanner(program, "Before", pass->flag, options);

    Program before = program;
    context.pass = pass->flag.str();
    Clock::time_point start = Clock::now();
    pass->run(program, context);
    renumber(program);
    program.stage = std::max(before.stage, pass->leaves);
    if (options.timing)
      *options.out << llvm::formatv(
          "{0}: {1:f3} ms\n", pass->flag,
          std::chrono::duration<double, std::milli>(Clock::now() - start).count());

    if (std::string problems = problemsOf(program); !problems.empty()) {
      program = std::move(before);
      return PassFailure{pass->flag.str(), problems,
                         dumpToFile(program, pass->flag, options.dumpDirectory)};
    }
    bool wanted = options.printAfterAll || llvm::is_contained(options.printAfter, pass->flag);
    if (wanted || (options.printChanged && !(program == before)))
      printWithBanner(program, "After", pass->flag, options);
  }
  return std::nullopt;
}

} // namespace hpcc::ir
