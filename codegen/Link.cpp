//===- Link.cpp - files: executables, atomic output ------------------------------------------===//
//
// An executable is linked by the system's compiler driver from the object, libhpcrt.a, SLEEF and
// libm. Files are written beside their final name and renamed, so that an error or a signal leaves
// no partial output.
//
//===-----------------------------------------------------------------------------------------===//
#include "codegen/Codegen.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include <unistd.h>

namespace hpcc::codegen {

using namespace llvm;

static constexpr MessageInfo cannotWrite{"cannotWrite", Severity::Error, "cannot write '{0}': {1}"};
static constexpr MessageInfo noLinker{
    "noLinker", Severity::Error, "no C compiler found to link with (tried cc, clang-22 and gcc)"};
static constexpr MessageInfo noRuntime{
    "noRuntime", Severity::Error, "the runtime library libhpcrt.a is not beside hpcc: tried {0}"};
static constexpr MessageInfo linkFailed{"linkFailed", Severity::Error, "linking '{0}' failed: {1}"};

/// Removes a file at the end, whether it is there or not.
static auto removeLater(StringRef path) {
  return scope_exit([path = path.str()] { (void)sys::fs::remove(path); });
}

/// An empty file of a new name in the directory of `path`, so that it can be renamed to it.
static std::string createBeside(StringRef path, Diagnostics &diags) {
  SmallString<128> model(path), name;
  model += ".%%%%%%%%.tmp";
  int descriptor = -1;
  if (std::error_code error = sys::fs::createUniqueFile(model, descriptor, name)) {
    diags.report({}, cannotWrite, path, error.message());
    return {};
  }
  ::close(descriptor);
  return name.str().str();
}

static bool renameTo(StringRef temporary, StringRef path, Diagnostics &diags) {
  std::error_code error = sys::fs::rename(temporary, path);
  if (error)
    diags.report({}, cannotWrite, path, error.message());
  return !error;
}

/// Writes all bytes to a file that exists.
static bool fill(StringRef file, StringRef contents, StringRef shownAs, Diagnostics &diags) {
  std::error_code error;
  raw_fd_ostream out(file, error);
  if (!error) {
    out << contents;
    out.close();
    error = out.error();
    out.clear_error();
  }
  if (error)
    diags.report({}, cannotWrite, shownAs, error.message());
  return !error;
}

bool writeFile(StringRef path, StringRef contents, Diagnostics &diags) {
  if (path == "-") {
    outs() << contents;
    outs().flush();
    std::error_code error = outs().error();
    outs().clear_error();
    if (error)
      diags.report({}, cannotWrite, "-", error.message());
    return !error;
  }
  // What is no regular file (a pipe, /dev/null) cannot be replaced.
  sys::fs::file_status status;
  if (!sys::fs::status(path, status) && !sys::fs::is_regular_file(status))
    return fill(path, contents, path, diags);
  std::string temporary = createBeside(path, diags);
  if (temporary.empty())
    return false;
  auto cleanUp = removeLater(temporary);
  if (!fill(temporary, contents, path, diags))
    return false;
  // A temporary file is private; a finished one follows the umask like any other.
  (void)sys::fs::setPermissions(temporary,
                                static_cast<sys::fs::perms>(0666 & ~sys::fs::getUmask()));
  return renameTo(temporary, path, diags);
}

/// The places of libhpcrt.a in a build tree and in an installation.
static SmallVector<std::string, 3> placesOfRuntime(StringRef hpccPath) {
  SmallVector<std::string, 3> places;
  for (StringRef relative : {"../lib/libhpcrt.a", "../lib/hpcc/libhpcrt.a", "libhpcrt.a"}) {
    SmallString<128> candidate(sys::path::parent_path(hpccPath));
    sys::path::append(candidate, relative);
    sys::path::remove_dots(candidate, /*remove_dot_dot=*/true);
    places.push_back(candidate.str().str());
  }
  return places;
}

LinkParts findLinkParts(StringRef hpccPath) {
#ifdef HPCC_SANITIZE_GENERATED
  // The sanitizer's runtime is the one of the compiler that hpcc is built with.
  static constexpr StringLiteral names[] = {HPCC_CXX_COMPILER};
#else
  static constexpr StringLiteral names[] = {"cc", "clang-22", "gcc"};
#endif
  LinkParts parts;
  for (StringRef name : names)
    if (ErrorOr<std::string> found = sys::findProgramByName(name); found && parts.compiler.empty())
      parts.compiler = *found;
  for (const std::string &place : placesOfRuntime(hpccPath))
    if (parts.runtime.empty() && sys::fs::exists(place))
      parts.runtime = place;
  if (sys::fs::exists(HPCC_SLEEF_LIBRARY))
    parts.vectorMath = HPCC_SLEEF_LIBRARY;
  if (sys::fs::exists(HPCC_OPENMP_LIBRARY))
    parts.openMp = HPCC_OPENMP_LIBRARY;
  return parts;
}

/// What the linker said, for the message.
static std::string readText(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  return buffer ? (*buffer)->getBuffer().trim().str() : std::string();
}

/// Whether the program talks to other ranks: it then looks for libhpc_mpi.so beside libhpcrt.a.
static bool usesRanks(ArrayRef<char> object) {
  auto file = object::ObjectFile::createObjectFile(
      MemoryBufferRef(StringRef(object.data(), object.size()), "program"));
  if (!file) {
    consumeError(file.takeError());
    return false;
  }
  return any_of((*file)->symbols(), [](const object::SymbolRef &symbol) {
    Expected<StringRef> name = symbol.getName();
    if (name)
      return name->starts_with("hpc_mpi_") || name->starts_with("hpc_ranks_");
    consumeError(name.takeError());
    return false;
  });
}

bool linkExecutable(ArrayRef<char> object, StringRef output, StringRef hpccPath,
                    Diagnostics &diags) {
  LinkParts parts = findLinkParts(hpccPath);
  if (parts.compiler.empty())
    diags.report({}, noLinker);
  if (parts.runtime.empty())
    diags.report({}, noRuntime, join(placesOfRuntime(hpccPath), ", "));
  if (parts.compiler.empty() || parts.runtime.empty())
    return false;
  if (output == "-") {
    diags.report({}, cannotWrite, output, "an executable needs a file; name one with -o");
    return false;
  }
  // The new file takes the place of the old one, which must not be a device or the like.
  SmallString<128> target(output);
  if (sys::fs::exists(output)) {
    (void)sys::fs::real_path(output, target); // a link stays one
    if (!sys::fs::is_regular_file(target)) {
      diags.report({}, cannotWrite, output,
                   sys::fs::is_directory(target) ? "is a directory" : "is not a regular file");
      return false;
    }
  }
  std::string executable = createBeside(target, diags);
  if (executable.empty())
    return false;
  auto removeExecutable = removeLater(executable);
  std::string objectFile = executable + ".o", log = executable + ".log";
  auto removeObject = removeLater(objectFile), removeLog = removeLater(log);
  if (!fill(objectFile, StringRef(object.data(), object.size()), objectFile, diags))
    return false;
  // Only what the program uses: one without teams of threads does not load OpenMP.
  SmallVector<StringRef, 16> command = {parts.compiler,    "-o",          executable,
                                        objectFile,        parts.runtime, "-Wl,--as-needed",
                                        HPCC_SLEEF_LIBRARY};
  if (!parts.openMp.empty())
    command.push_back(parts.openMp);
  command.push_back("-lm");
  std::string runPath = "-Wl,-rpath," + sys::path::parent_path(parts.runtime).str();
  if (usesRanks(object))
    command.push_back(runPath);
#ifdef HPCC_SANITIZE_GENERATED
  command.push_back("-fsanitize=address,undefined");
#else
  command.append({"-lstdc++", "-Wl,--gc-sections"});
#endif
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
  std::string problem;
  int code = sys::ExecuteAndWait(parts.compiler, command, std::nullopt, redirects, 0, 0, &problem);
  if (code != 0) {
    diags.report({}, linkFailed, output, problem.empty() ? readText(log) : problem);
    return false;
  }
  return renameTo(executable, target, diags);
}

} // namespace hpcc::codegen
