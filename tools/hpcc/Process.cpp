//===- Process.cpp - other programs ----------------------------------------------------------===//

#include "Process.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

namespace hpcc {

using llvm::StringRef;

static std::string readText(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

std::string findProgram(StringRef name) {
  llvm::ErrorOr<std::string> found = llvm::sys::findProgramByName(name);
  return found && llvm::sys::fs::can_execute(*found) ? *found : std::string();
}

std::string createTemporaryFile(StringRef suffix) {
  llvm::SmallString<128> path;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile("hpcc", suffix, path)) {
    llvm::errs() << "hpcc: error: cannot make a temporary file: " << error.message() << '\n';
    return {};
  }
  return path.str().str();
}

std::optional<Outcome> runProcess(const std::vector<std::string> &command,
                                  unsigned limitInSeconds) {
  std::string output = createTemporaryFile("out"), errors = createTemporaryFile("err");
  llvm::scope_exit cleanUp([&] {
    (void)llvm::sys::fs::remove(output);
    (void)llvm::sys::fs::remove(errors);
  });
  if (output.empty() || errors.empty())
    return std::nullopt;
  std::vector<StringRef> words(command.begin(), command.end());
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(output), StringRef(errors)};
  std::string problem;
  bool notStarted = false;
  int code = llvm::sys::ExecuteAndWait(command[0], words, std::nullopt, redirects, limitInSeconds,
                                       0, &problem, &notStarted);
  if (notStarted) {
    llvm::errs() << "hpcc: error: cannot run '" << command[0] << "': " << problem << '\n';
    return std::nullopt;
  }
  return Outcome{code, readText(output), readText(errors)};
}

} // namespace hpcc
