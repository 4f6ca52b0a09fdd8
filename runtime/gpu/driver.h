//===- driver.h - NVIDIA's driver, opened at run time ---------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Its functions as a table and the GPU that programs use, without NVIDIA's headers or libraries.
// Nothing here ends the process, so that a compiler can look for a GPU as well.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_GPU_DRIVER_H
#define HPCC_RUNTIME_GPU_DRIVER_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace hpcc::runtime {

/// cuda.h's types as far as they are passed.
using CuResult = int;
using CuAddress = unsigned long long;
using CuContext = struct CuContextOpaque *;
using CuModule = struct CuModuleOpaque *;
using CuFunction = struct CuFunctionOpaque *;
using CuStream = struct CuStreamOpaque *;

/// The results that are told apart.
enum : CuResult {
  cuSuccess = 0,
  cuOutOfMemory = 2,
  cuNoDevice = 100,
  cuNoBinaryForGpu = 209,
  cuInvalidPtx = 218,
  cuUnsupportedPtxVersion = 222,
  cuNotFound = 500,
};

struct Driver {
#define HPC_DRIVER_FUNCTION(name, symbol, parameters) CuResult(*name) parameters;
#include "DriverFunctions.def"
};

/// The driver and its first GPU.
struct CudaDevice {
  Driver driver;
  int number;
  std::string name;
  int major, minor;  ///< of the compute capability
  int driverVersion; ///< of CUDA: 13010 is 13.1
  int64_t memoryBytes;
};

/// Why there is none: an error of Errors.def, whose one argument is a text.
struct DriverProblem {
  int32_t errorId;
  std::string text;
};

/// Opens libcuda.so.1 and finds the first GPU, which the environment variable CUDA_VISIBLE_DEVICES
/// chooses; nothing is made on the GPU itself.
std::optional<DriverProblem> openCudaDevice(CudaDevice &device);

/// The driver's name of a result and what it says of it: `CUDA_ERROR_NO_DEVICE: no CUDA-capable
/// device is detected`.
std::string describeResult(const Driver &driver, CuResult result);

/// `13.1`.
std::string describeDriverVersion(const CudaDevice &device);

} // namespace hpcc::runtime

#endif // HPCC_RUNTIME_GPU_DRIVER_H
