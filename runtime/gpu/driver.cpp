//===- driver.cpp - NVIDIA's driver, opened at run time -------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asks in the order in which something can be wrong: the library, its functions, its start, a GPU.
//===----------------------------------------------------------------------===//
#include "runtime/gpu/driver.h"

#include "runtime/hpcc_rt.h"

#include <array>
#include <dlfcn.h>

namespace hpcc::runtime {

std::string describeResult(const Driver &driver, CuResult result) {
  const char *name = nullptr, *text = nullptr;
  driver.getErrorName(result, &name);
  driver.getErrorText(result, &text);
  std::string known = name ? name : "error " + std::to_string(result);
  return text ? known + ": " + text : known;
}

std::string describeDriverVersion(const CudaDevice &device) {
  constexpr int major = 1000, minor = 10;
  return std::to_string(device.driverVersion / major) + "." +
         std::to_string(device.driverVersion % major / minor);
}

/// Fills in the table; the text is what dlopen says, or the symbol that is missing.
static std::optional<DriverProblem> openDriver(Driver &driver) {
  // Loaded for the rest of the process: kernels may be at work when it ends.
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return DriverProblem{HPC_ERROR_GpuNoDriver, dlerror()};
#define HPC_DRIVER_FUNCTION(name, symbol, parameters)                                              \
  driver.name = reinterpret_cast<decltype(driver.name)>(dlsym(library, #symbol));                  \
  if (!driver.name)                                                                                \
    return DriverProblem{HPC_ERROR_GpuOldDriver, #symbol};
#include "DriverFunctions.def"
  return std::nullopt;
}

std::optional<DriverProblem> openCudaDevice(CudaDevice &device) {
  constexpr int capabilityMajor = 75, capabilityMinor = 76; // CU_DEVICE_ATTRIBUTE_..
  Driver &driver = device.driver;
  if (std::optional<DriverProblem> problem = openDriver(driver))
    return problem;
  int count = 0;
  size_t memory = 0;
  std::array<char, 256> name{};
  CuResult result = driver.initialize(0);
  auto doNext = [&](auto function, auto... arguments) {
    if (result == cuSuccess)
      result = function(arguments...);
  };
  doNext(driver.getVersion, &device.driverVersion);
  doNext(driver.countDevices, &count);
  if (result == cuSuccess && count == 0)
    result = cuNoDevice;
  doNext(driver.getDevice, &device.number, 0);
  doNext(driver.getName, name.data(), static_cast<int>(name.size()), device.number);
  doNext(driver.getAttribute, &device.major, capabilityMajor, device.number);
  doNext(driver.getAttribute, &device.minor, capabilityMinor, device.number);
  doNext(driver.getMemory, &memory, device.number);
  if (result != cuSuccess)
    return DriverProblem{result == cuNoDevice ? HPC_ERROR_GpuMissing : HPC_ERROR_GpuCannotStart,
                         describeResult(driver, result)};
  name.back() = 0;
  device.name = name.data();
  device.memoryBytes = static_cast<int64_t>(memory);
  return std::nullopt;
}

} // namespace hpcc::runtime
