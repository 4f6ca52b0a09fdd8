//===- Doctor.cpp - what this installation has and lacks -------------------------------------===//
//
// One line for each thing that hpcc uses or will use: `ok`, `missing` (nothing can be compiled
// without it) or `absent` (with what that costs). Nothing is changed or started for good: programs
// are asked for their version, and one program of one line is compiled and run in the temporary
// directory.
//
//===-----------------------------------------------------------------------------------------===//
#include "Doctor.h"
#include "Oracle.h"
#include "Process.h"
#include "codegen/Codegen.h"
#include "codegen/Cuda.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"

namespace hpcc {

using llvm::StringRef;

namespace {

constexpr unsigned versionTimeLimit = 20; // seconds, for a program that is asked for its version

enum class Finding { Ok, Missing, Absent };

struct Row {
  Finding finding;
  StringRef what;
  std::string text; // what was found, or what its absence costs
};

/// What a program prints on its standard output, trimmed; empty if it fails.
std::string outputOf(const std::vector<std::string> &command) {
  std::optional<Outcome> outcome = runProcess(command, versionTimeLimit);
  return outcome && outcome->exitCode == 0 ? StringRef(outcome->output).trim().str()
                                           : std::string();
}

Row row(StringRef what, StringRef found, StringRef cost, Finding otherwise = Finding::Absent) {
  if (found.empty())
    return {otherwise, what, cost.str()};
  return {Finding::Ok, what, found.str()};
}

//===-----------------------------------------------------------------------------------------===//
// What compiling needs
//===-----------------------------------------------------------------------------------------===//

Row processorRow() {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  std::string found;
  for (StringRef feature : {"sse4.2", "avx", "avx2", "fma", "avx512f"})
    if (features.lookup(feature))
      found += (found.empty() ? "" : ", ") + feature.str();
  bool isWide = features.lookup("avx2") && features.lookup("fma");
  return {isWide ? Finding::Ok : Finding::Absent, "vectors",
          (found.empty() ? "SSE2 only" : found) +
              (isWide ? "" : "; without avx2 and fma loops and math functions run slower")};
}

/// Compiles a program of one line to an executable and runs it.
Row trialRow(StringRef hpccPath) {
  static constexpr StringRef what = "trial";
  std::string source = createTemporaryFile("hpc"), executable = createTemporaryFile("exe");
  llvm::scope_exit cleanUp([&] {
    (void)llvm::sys::fs::remove(source);
    (void)llvm::sys::fs::remove(executable);
  });
  std::error_code error;
  llvm::raw_fd_ostream out(source, error);
  if (source.empty() || executable.empty() || error)
    return {Finding::Missing, what, "the temporary directory cannot be written"};
  out << "import numpy as np\nprint(np.exp(np.zeros(3)).sum())\n";
  out.close();
  std::optional<Outcome> made = runProcess({hpccPath.str(), source, "-o", executable});
  if (!made || made->exitCode != 0)
    return {Finding::Missing, what,
            "a program of one line does not compile: " + (made ? made->errors : std::string())};
  std::string printed = outputOf({executable});
  if (printed != "3.0")
    return {Finding::Missing, what, "a compiled program of one line prints '" + printed + "'"};
  return {Finding::Ok, what, "a program was compiled, linked and run"};
}

std::vector<Row> neededRows(StringRef hpccPath) {
  codegen::LinkParts parts = codegen::findLinkParts(hpccPath);
  std::vector<Row> rows = {{Finding::Ok, "hpcc", HPCC_VERSION " (" + codegen::describeHost() + ")"},
                           processorRow()};
  rows.push_back(row("C compiler", parts.compiler,
                     "no cc, clang-22 or gcc in PATH to link with; only 'hpcc run' works",
                     Finding::Missing));
  rows.push_back(row("runtime", parts.runtime, "no libhpcrt.a beside hpcc; only 'hpcc run' works",
                     Finding::Missing));
  rows.push_back(row("vector math", parts.vectorMath,
                     "SLEEF is not where it was when hpcc was built; executables cannot be linked",
                     Finding::Missing));
  if (llvm::all_of(rows, [](const Row &row) { return row.finding != Finding::Missing; }))
    rows.push_back(trialRow(hpccPath));
  return rows;
}

//===-----------------------------------------------------------------------------------------===//
// What else there may be
//===-----------------------------------------------------------------------------------------===//

Row oracleRow(const CommandLine &line, StringRef hpccPath) {
  static constexpr StringRef what = "Python";
  std::string wanted = nameOfPython(line, hpccPath), python = findProgram(wanted);
  if (python.empty())
    return {Finding::Absent, what, "no '" + wanted + "'; 'hpcc oracle' cannot compare"};
  std::string versions = outputOf({python, "-c",
                                   "import sys, numpy; print('%d.%d.%d, NumPy %s' % "
                                   "(*sys.version_info[:3], numpy.__version__))"});
  if (versions.empty())
    return {Finding::Absent, what, python + " has no NumPy; 'hpcc oracle' cannot compare"};
  return {Finding::Ok, what, python + ": " + versions};
}

/// What programs with ranks need: the library that hpcc was built with beside its runtime, and
/// mpirun.
Row ranksRow(StringRef runtime) {
  static constexpr StringRef what = "MPI";
  llvm::SmallString<128> library(llvm::sys::path::parent_path(runtime));
  llvm::sys::path::append(library, "libhpc_mpi.so");
  if (runtime.empty() || !llvm::sys::fs::exists(library))
    return {Finding::Absent, what,
            "no libhpc_mpi.so beside libhpcrt.a; programs that use mpi4py do not run"};
  std::string mpirun = findProgram("mpirun");
  if (mpirun.empty())
    return {Finding::Absent, what, "no mpirun; programs that use mpi4py run on one rank only"};
  std::string version = outputOf({mpirun, "--version"});
  return {Finding::Ok, what, mpirun + ": " + StringRef(version).split('\n').first.str()};
}

Row gpuRow() {
  static constexpr StringRef what = "NVIDIA GPU";
  std::variant<codegen::Gpu, std::string> found = codegen::findGpu();
  if (auto *problem = std::get_if<std::string>(&found))
    return {Finding::Absent, what,
            *problem + "; programs for a GPU run with --emulate only, --emit=ptx works"};
  const auto &gpu = std::get<codegen::Gpu>(found);
  return {Finding::Ok, what,
          llvm::formatv("{0}, sm_{1}{2}; its driver is for CUDA {3}", gpu.name, gpu.major,
                        gpu.minor, gpu.driverVersion)
              .str()};
}

std::vector<Row> gpuRows() {
  std::string cudaPath = llvm::sys::Process::GetEnv("CUDA_PATH").value_or("");
  return {gpuRow(),
          row("ptxas", codegen::findPtxas(cudaPath),
              "not found (CUDA_PATH says where CUDA is); the tests do not assemble PTX"),
          row("libdevice", codegen::findLibdevice(cudaPath),
              "not found (CUDA_PATH says where CUDA is); math functions such as np.exp cannot be "
              "compiled for a GPU")};
}

StringRef wordOf(Finding finding) {
  switch (finding) {
  case Finding::Ok:
    return "ok";
  case Finding::Missing:
    return "missing";
  case Finding::Absent:
    return "absent";
  }
  llvm_unreachable("unknown finding");
}

} // namespace

int runDoctor(const CommandLine &line, StringRef hpccPath) {
  std::vector<Row> rows = neededRows(hpccPath);
  codegen::LinkParts parts = codegen::findLinkParts(hpccPath);
  rows.push_back(oracleRow(line, hpccPath));
  rows.push_back(ranksRow(parts.runtime));
  rows.push_back(row("OpenMP", parts.openMp, "no libomp; programs run on one thread only"));
  llvm::append_range(rows, gpuRows());
  bool lacks = false;
  for (const Row &row : rows) {
    llvm::outs() << llvm::formatv("{0,-8} {1,-12} {2}\n", wordOf(row.finding), row.what, row.text);
    lacks |= row.finding == Finding::Missing;
  }
  llvm::outs() << (lacks ? "something that compiling needs is missing\n"
                         : "everything that compiling needs is here\n");
  return lacks;
}

} // namespace hpcc
