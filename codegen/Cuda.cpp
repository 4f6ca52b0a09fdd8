//===- Cuda.cpp - what this machine has of CUDA ----------------------------------------------===//
#include "Cuda.h"
#include "runtime/gpu/driver.h"
#include "runtime/hpcc_rt.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/VersionTuple.h"

namespace hpcc::codegen {

using namespace llvm;

/// `/usr/local/cuda-13.0` and its like, the newest first.
static SmallVector<std::string, 4> versionedToolkits() {
  static constexpr StringLiteral directory = "/usr/local", prefix = "cuda-";
  SmallVector<std::pair<VersionTuple, std::string>, 4> found;
  std::error_code error;
  for (sys::fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    StringRef name = sys::path::filename(entry->path());
    VersionTuple version;
    if (name.consume_front(prefix) && !version.tryParse(name))
      found.emplace_back(version, entry->path());
  }
  llvm::sort(found, std::greater<>());
  return llvm::map_to_vector<4>(found, [](const auto &entry) { return entry.second; });
}

/// A file below one of the directories in which a toolkit is installed.
static std::string findInToolkit(StringRef cudaPath, ArrayRef<StringRef> relativePaths) {
  SmallVector<std::string, 8> roots;
  if (!cudaPath.empty()) {
    roots.push_back(cudaPath.str());
  } else {
    roots.push_back("/usr/local/cuda");
    llvm::append_range(roots, versionedToolkits());
    for (StringRef root : {"/opt/cuda", "/usr/lib/cuda", "/usr/lib/nvidia-cuda-toolkit"})
      roots.push_back(root.str());
  }
  for (const std::string &root : roots)
    for (StringRef relative : relativePaths) {
      SmallString<128> path(root);
      sys::path::append(path, relative);
      if (sys::fs::is_regular_file(path))
        return path.str().str();
    }
  return {};
}

std::string findLibdevice(StringRef cudaPath) {
  return findInToolkit(cudaPath, {"nvvm/libdevice/libdevice.10.bc", "libdevice/libdevice.10.bc"});
}

std::string findPtxas(StringRef cudaPath) {
  std::string found = findInToolkit(cudaPath, {"bin/ptxas"});
  if (!found.empty())
    return found;
  ErrorOr<std::string> inPath = sys::findProgramByName("ptxas");
  return inPath ? *inPath : std::string();
}

std::variant<Gpu, std::string> findGpu() {
  runtime::CudaDevice device{};
  std::optional<runtime::DriverProblem> problem = runtime::openCudaDevice(device);
  if (!problem)
    return Gpu{device.name, static_cast<unsigned>(device.major),
               static_cast<unsigned>(device.minor), runtime::describeDriverVersion(device)};
  if (problem->errorId == HPC_ERROR_GpuOldDriver)
    return "its driver has no " + problem->text;
  return problem->text;
}

} // namespace hpcc::codegen
