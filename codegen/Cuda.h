//===- Cuda.h - what this machine has of CUDA ------------------------------------------------===//
//
// The GPU that programs would run on, by the driver that runs them, and the two files of NVIDIA's
// toolkit that are of use. None of it is needed to build hpcc or to write PTX.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_CODEGEN_CUDA_H
#define HPCC_CODEGEN_CUDA_H

#include "llvm/ADT/StringRef.h"
#include <string>
#include <variant>

namespace hpcc::codegen {

/// The library of math functions for the device, libdevice.10.bc; empty if it is not found.
/// `cudaPath` is where the user says that the toolkit is; the usual places are for an empty one.
std::string findLibdevice(llvm::StringRef cudaPath);

/// NVIDIA's assembler, which checks PTX; empty if it is not found there or in PATH.
std::string findPtxas(llvm::StringRef cudaPath);

struct Gpu {
  std::string name;
  unsigned major, minor;     // of the compute capability: 8 and 6 for sm_86
  std::string driverVersion; // of CUDA: 13.0
};

/// The first GPU of the driver, or why there is none. Takes a tenth of a second or more.
std::variant<Gpu, std::string> findGpu();

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_CUDA_H
