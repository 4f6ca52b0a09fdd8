//===- cuda.cpp - A device by NVIDIA's driver -----------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything goes into the default stream of the GPU's primary context: the copies of the driver
// that wait are ordered with it, and memory of a host that changes after a copy is never read late.
//===----------------------------------------------------------------------===//
#include "runtime/gpu/blocks.h"
#include "runtime/gpu/device.h"
#include "runtime/gpu/driver.h"
#include "runtime/process.h"

#include <array>
#include <bit>

namespace hpcc::runtime {

using Where = const hpc_location *;

namespace {
struct Cuda {
  CudaDevice device;
  CuModule module;
  std::string log; ///< what the driver says of the kernels
};
} // namespace

static Cuda &cuda() {
  static auto *state = new Cuda{}; // in use until the process has ended
  return *state;
}

/// `NVIDIA T4 (compute capability 7.5)`.
static std::string describeGpu() {
  const CudaDevice &device = cuda().device;
  return device.name + " (compute capability " + std::to_string(device.major) + "." +
         std::to_string(device.minor) + ")";
}

/// The first line of the driver's log, or else what it says of the result.
static std::string describeRefusal(CuResult result) {
  std::string described = describeResult(cuda().device.driver, result);
  std::string line = cuda().log.substr(0, cuda().log.find('\n'));
  return line.empty() ? described : described + ": " + line;
}

[[noreturn]] static void raiseResult(CuResult result, Where where) {
  const CudaDevice &device = cuda().device;
  std::string described = describeResult(device.driver, result);
  switch (result) {
  case cuUnsupportedPtxVersion:
    raiseWithTexts(HPC_ERROR_GpuPtxTooNew, where, {describeDriverVersion(device), described});
  case cuNoBinaryForGpu:
    raiseWithTexts(HPC_ERROR_GpuOtherModel, where, {describeGpu(), describeRefusal(result)});
  case cuInvalidPtx:
    raiseWithTexts(HPC_ERROR_GpuInvalidPtx, where, {describeGpu(), describeRefusal(result)});
  case cuOutOfMemory:
    raiseWithTexts(HPC_ERROR_GpuFull, where, {described, describeBlocks()});
  default:
    raiseWithTexts(HPC_ERROR_GpuFailed, where, {described});
  }
}

static void expectSuccess(CuResult result, Where where) {
  if (result != cuSuccess) [[unlikely]]
    raiseResult(result, where);
}

static CuAddress addressOf(const void *memory) { return std::bit_cast<uintptr_t>(memory); }

static void *allocate(int64_t bytes, Where where) {
  CuAddress address = 0;
  CuResult result = cuda().device.driver.allocate(&address, static_cast<size_t>(bytes));
  if (result == cuOutOfMemory)
    return nullptr;
  expectSuccess(result, where);
  return std::bit_cast<void *>(static_cast<uintptr_t>(address));
}

/// Waits for work that may use the memory. An error of that work comes back in the next operation.
static void release(void *memory) { cuda().device.driver.release(addressOf(memory)); }

static void copyToDevice(void *device, const void *host, int64_t bytes, Where where) {
  expectSuccess(
      cuda().device.driver.copyToDevice(addressOf(device), host, static_cast<size_t>(bytes)),
      where);
}

static void copyToHost(void *host, const void *device, int64_t bytes, Where where) {
  expectSuccess(
      cuda().device.driver.copyToHost(host, addressOf(device), static_cast<size_t>(bytes)), where);
}

static void *findKernel(const char *name, Where where) {
  CuFunction function = nullptr;
  CuResult result = cuda().device.driver.getFunction(&function, cuda().module, name);
  if (result == cuNotFound)
    raiseWithTexts(HPC_ERROR_GpuNoKernel, where,
                   {name, describeResult(cuda().device.driver, result)});
  expectSuccess(result, where);
  return function;
}

static void launch(void *kernel, const uint32_t *grid, const uint32_t *block,
                   void *const *arguments, Where where) {
  expectSuccess(cuda().device.driver.launch(static_cast<CuFunction>(kernel), grid[0], grid[1],
                                            grid[2], block[0], block[1], block[2], 0, nullptr,
                                            const_cast<void **>(arguments), nullptr),
                where);
}

static void finish(Where where) { expectSuccess(cuda().device.driver.synchronize(), where); }

/// The driver compiles the kernels, or takes them from its cache on disk.
static void loadKernels(std::string_view ptx, Where where) {
  constexpr int errorLog = 5, errorLogBytes = 6; // CU_JIT_ERROR_LOG_BUFFER, .._SIZE_BYTES
  std::string image(ptx);
  std::array<char, 8192> log{};
  std::array<int, 2> options = {errorLog, errorLogBytes};
  std::array<void *, 2> values = {log.data(), std::bit_cast<void *>(log.size() - 1)};
  CuResult result = cuda().device.driver.loadModule(&cuda().module, image.c_str(), options.size(),
                                                    options.data(), values.data());
  cuda().log = log.data();
  expectSuccess(result, where);
}

Device openCuda(std::string_view ptx, Where where) {
  CudaDevice &device = cuda().device;
  if (std::optional<DriverProblem> problem = openCudaDevice(device))
    raiseWithTexts(problem->errorId, where, {problem->text});
  CuContext context = nullptr;
  expectSuccess(device.driver.retainContext(&context, device.number), where);
  expectSuccess(device.driver.setContext(context), where);
  loadKernels(ptx, where);
  return {device.memoryBytes, true,       allocate, release, copyToDevice,
          copyToHost,         findKernel, launch,   finish};
}

} // namespace hpcc::runtime
