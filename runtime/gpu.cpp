//===- gpu.cpp - A GPU that does part of the work of a program ------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entries of hpcc_rt.h over the device that the program started with: what is launched and
// copied is counted here, and what an array has on the device is found from its object. Nothing
// here is linked into a program that does not use a GPU.
//===----------------------------------------------------------------------===//
#include "gpu/blocks.h"
#include "gpu/device.h"
#include "memory.h"
#include "process.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

using hpcc::runtime::DeviceBlock;

using Where = const hpc_location *;

namespace {

struct Transfers {
  int64_t count, bytes;

  void add(int64_t more) {
    ++count;
    bytes += more;
  }
};

struct Statistics {
  int64_t launches;
  Transfers toDevice, toHost, results;
};

} // namespace

static constinit hpcc::runtime::Device device{};
static constinit Statistics statistics{};
static constinit DeviceBlock *failureRecord = nullptr;

/// By number; null where there is none yet.
static std::vector<DeviceBlock *> scratch;

/// An error is being reported, of the GPU or not.
static constinit bool isReporting = false;

//===----------------------------------------------------------------------===//
// Start and end
//===----------------------------------------------------------------------===//

static void printStatistics() {
  auto countOf = [](const char *what, const Transfers &transfers) {
    return std::string(what) + std::to_string(transfers.count) + " (" +
           std::to_string(transfers.bytes) + " bytes)\n";
  };
  hpcc::runtime::writeError(
      "gpu: launches: " + std::to_string(statistics.launches) + "\n" +
      countOf("gpu: transfers to the device: ", statistics.toDevice) +
      countOf("gpu: transfers to the host: ", statistics.toHost) +
      countOf("gpu: results fetched: ", statistics.results) +
      "gpu: most memory: " + std::to_string(hpcc::runtime::largestBytesHeld()) + " bytes\n");
}

/// The end of the process. What was started may still fail, and nobody has waited for it.
static void leave(int code) {
  const char *wish = getenv("HPCC_GPU_STATISTICS");
  if (wish && strcmp(wish, "1") == 0)
    printStatistics();
  if (!isReporting && code != hpcc::runtime::exitCodeLostOutput)
    device.finish(nullptr);
}

static void start(const hpcc::runtime::Device &opened) {
  device = opened;
  hpcc::runtime::callAtEnd(leave);
  hpcc::runtime::callBeforeReport([](int32_t) { isReporting = true; });
  hpcc::runtime::callForDeviceCopies(
      [](DeviceBlock *copy) { hpcc::runtime::giveBack(device, copy); });
}

void hpc_gpu_start(const char *ptx, int64_t length, Where where) {
  start(hpcc::runtime::openCuda({ptx, static_cast<size_t>(length)}, where));
}

void hpc_gpu_start_emulated(const hpc_emulated_kernel *kernels, int32_t count) {
  start(hpcc::runtime::openEmulation(kernels, count));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

void *hpc_gpu_kernel(const char *name, Where where) { return device.findKernel(name, where); }

/// The sizes of a launch for the device; false where one is too large for any.
static bool narrow(const int64_t *sizes, const std::array<int64_t, 3> &largest,
                   uint32_t *narrowed) {
  bool fits = true;
  for (size_t i = 0; i < largest.size(); ++i) {
    fits &= sizes[i] <= largest[i];
    narrowed[i] = static_cast<uint32_t>(sizes[i]);
  }
  return fits;
}

void hpc_gpu_launch(void *kernel, const int64_t *grid, const int64_t *block, void *const *arguments,
                    Where where) {
  static constexpr std::array<int64_t, 3> mostBlocks = {INT32_MAX, UINT16_MAX, UINT16_MAX};
  static constexpr std::array<int64_t, 3> mostThreads = {1024, 1024, 64};
  if (std::min({grid[0], grid[1], grid[2]}) <= 0)
    return;
  std::array<uint32_t, 3> blocks, threads;
  bool fits = narrow(grid, mostBlocks, blocks.data()) && narrow(block, mostThreads, threads.data());
  if (!fits || block[0] * block[1] * block[2] > mostThreads[0]) {
    std::array<int64_t, 6> sizes = {grid[0], grid[1], grid[2], block[0], block[1], block[2]};
    hpc_raise(HPC_ERROR_GpuGrid, where, sizes.data(), sizes.size());
  }
  ++statistics.launches;
  device.launch(kernel, blocks.data(), threads.data(), arguments, where);
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

void *hpc_gpu_address(const void *data, hpc_object *object, Where where) {
  if (!object)
    return nullptr;
  if (!object->deviceCopy) [[unlikely]]
    object->deviceCopy = hpcc::runtime::takeBlock(device, object->capacity, where);
  return object->deviceCopy->memory +
         (static_cast<const char *>(data) - hpcc::runtime::dataOf(object));
}

void hpc_gpu_to_device(hpc_object *object, const void *data, int64_t bytes, Where where) {
  if (!object || bytes <= 0)
    return;
  statistics.toDevice.add(bytes);
  device.copyToDevice(hpc_gpu_address(data, object, where), data, bytes, where);
}

void hpc_gpu_to_host(hpc_object *object, void *data, int64_t bytes, Where where) {
  if (!object || !object->deviceCopy || bytes <= 0)
    return;
  statistics.toHost.add(bytes);
  device.copyToHost(data, hpc_gpu_address(data, object, where), bytes, where);
}

//===----------------------------------------------------------------------===//
// Results of kernels
//===----------------------------------------------------------------------===//

void *hpc_gpu_scratch(int32_t index, int64_t bytes, Where where) {
  auto number = static_cast<size_t>(index);
  if (number >= scratch.size())
    scratch.resize(number + 1);
  DeviceBlock *&block = scratch[number];
  if (block && block->bytes < bytes)
    hpcc::runtime::giveBack(device, std::exchange(block, nullptr));
  if (!block)
    block = hpcc::runtime::takeBlock(device, bytes, where);
  return block->memory;
}

void hpc_gpu_fetch(void *host, const void *source, int64_t bytes, Where where) {
  statistics.results.add(bytes);
  device.copyToHost(host, source, bytes, where);
}

int64_t hpc_gpu_combine(void *kernel, const void *partials, int64_t count, int64_t bytes,
                        int32_t index, void *host, Where where) {
  static constexpr int64_t threads = 128;
  const void *input = partials;
  for (int32_t step = 0; count > HPC_GPU_RESULTS; ++step) {
    int64_t left = (count + HPC_GPU_GROUP - 1) / HPC_GPU_GROUP;
    void *output = hpc_gpu_scratch(index + step % 2, left * bytes, where);
    std::array<int64_t, 3> grid = {(left + threads - 1) / threads, 1, 1}, block = {threads, 1, 1};
    std::array<void *, 3> arguments = {static_cast<void *>(&input), static_cast<void *>(&output),
                                       &count};
    hpc_gpu_launch(kernel, grid.data(), block.data(), arguments.data(), where);
    input = output;
    count = left;
  }
  hpc_gpu_fetch(host, input, count * bytes, where);
  return count;
}

void hpc_gpu_wait(Where where) { device.finish(where); }

int64_t hpc_gpu_tree_levels(int64_t points) {
  // The second half is the larger one, by up to eight points a level; the smallest is above half of
  // the largest at each, so that the leaves lie on two levels.
  auto secondHalf = [](int64_t count) { return count - (count / 2 & -8); };
  static constexpr int64_t leafSize = 128;
  int64_t levels = 0;
  for (int64_t largest = points; secondHalf(largest) > leafSize; largest = secondHalf(largest))
    ++levels;
  return levels;
}

static void resetFailureRecord(Where where) {
  hpc_gpu_failure none{};
  none.point = INT64_MAX;
  device.copyToDevice(failureRecord->memory, &none, sizeof none, where);
}

void *hpc_gpu_failure_record(Where where) {
  if (!failureRecord) {
    failureRecord = hpcc::runtime::takeBlock(device, sizeof(hpc_gpu_failure), where);
    resetFailureRecord(where);
  }
  return failureRecord->memory;
}

bool hpc_gpu_failed(hpc_gpu_failure *failure, Where where) {
  hpc_gpu_fetch(failure, hpc_gpu_failure_record(where), sizeof *failure, where);
  if (failure->point == INT64_MAX)
    return false;
  resetFailureRecord(where);
  return true;
}
