//===- emulation.cpp - A device in this process ---------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels are functions of the host that run when they are launched. Device memory is apart from
// the arrays' own and begins with bytes that are NaN as floats, which a missing transfer shows.
//===----------------------------------------------------------------------===//
#include "runtime/gpu/device.h"
#include "runtime/process.h"

#include <cstdlib>
#include <cstring>

namespace hpcc::runtime {

using Where = const hpc_location *;

namespace {
struct Kernels {
  const hpc_emulated_kernel *first;
  int32_t count;
};
} // namespace

static constinit Kernels kernels{};

static void *allocate(int64_t bytes, Where) {
  constexpr int unset = 0xFF;
  void *memory = std::malloc(static_cast<size_t>(bytes));
  if (memory)
    std::memset(memory, unset, static_cast<size_t>(bytes));
  return memory;
}

static void copy(void *target, const void *source, int64_t bytes, Where) {
  std::memcpy(target, source, static_cast<size_t>(bytes));
}

static void *findKernel(const char *name, Where where) {
  for (int32_t i = 0; i < kernels.count; ++i)
    if (std::strcmp(kernels.first[i].name, name) == 0)
      return const_cast<hpc_emulated_kernel *>(&kernels.first[i]);
  raiseWithTexts(HPC_ERROR_GpuNoKernel, where, {name, "it is not among those compiled"});
}

static void launch(void *kernel, const uint32_t *grid, const uint32_t *block,
                   void *const *arguments, Where) {
  static_cast<const hpc_emulated_kernel *>(kernel)->run(arguments, grid, block);
}

Device openEmulation(const hpc_emulated_kernel *first, int32_t count) {
  kernels = {first, count};
  // Memory handed out again would still hold right values.
  return {-1, false, allocate, std::free, copy, copy, findKernel, launch, [](Where) {}};
}

} // namespace hpcc::runtime
