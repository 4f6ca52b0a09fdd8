//===- device.h - What a program asks of a device -------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Internal to the runtime: a table of functions, filled in by NVIDIA's driver (cuda.cpp) or the
// emulation (emulation.cpp). gpu.cpp and blocks.cpp know no other way to a device.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_GPU_DEVICE_H
#define HPCC_RUNTIME_GPU_DEVICE_H

#include "runtime/hpcc_rt.h"

#include <string_view>

namespace hpcc::runtime {

/// Operations are done in the order of their calls. What fails raises an error at `where`, or a
/// later operation does.
struct Device {
  /// Bytes of memory in all; -1: unknown.
  int64_t memoryBytes;

  /// Whether memory that is given back may be handed out again while work that uses it is waiting.
  bool reusesMemory;

  /// Null when there is not so much memory.
  void *(*allocate)(int64_t bytes, const hpc_location *where);
  void (*release)(void *memory);

  void (*copyToDevice)(void *device, const void *host, int64_t bytes, const hpc_location *where);
  /// Waits for what was started before.
  void (*copyToHost)(void *host, const void *device, int64_t bytes, const hpc_location *where);

  void *(*findKernel)(const char *name, const hpc_location *where);
  void (*launch)(void *kernel, const uint32_t *grid, const uint32_t *block, void *const *arguments,
                 const hpc_location *where);

  /// Waits for everything.
  void (*finish)(const hpc_location *where);
};

/// NVIDIA's driver, with these kernels on its first GPU.
Device openCuda(std::string_view ptx, const hpc_location *where);

/// This process.
Device openEmulation(const hpc_emulated_kernel *kernels, int32_t count);

} // namespace hpcc::runtime

#endif // HPCC_RUNTIME_GPU_DEVICE_H
