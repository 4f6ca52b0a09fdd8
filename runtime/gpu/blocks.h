//===- blocks.h - Device memory -------------------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Internal to the runtime: who has how much of the device's memory.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_GPU_BLOCKS_H
#define HPCC_RUNTIME_GPU_BLOCKS_H

#include "runtime/gpu/device.h"

#include <string>

namespace hpcc::runtime {

struct DeviceBlock {
  char *memory;
  int64_t bytes;
  const hpc_location *where; ///< the statement that first needed it; null: unknown
  size_t index;              ///< among all that are in use
};

/// Memory of a device with at least so many bytes, contents arbitrary. It may have been given back
/// while work was waiting that uses it: that comes first. Raises GpuOutOfMemory.
DeviceBlock *takeBlock(const Device &device, int64_t bytes, const hpc_location *where);

/// Gives it back; kept for another `takeBlock` where the device allows.
void giveBack(const Device &device, DeviceBlock *block);

/// What holds the memory of the device: `2 arrays hold 1.5 GiB of its 2 GiB, ..`.
std::string describeBlocks();

/// The most that was ever held, kept memory included.
int64_t largestBytesHeld();

} // namespace hpcc::runtime

#endif // HPCC_RUNTIME_GPU_BLOCKS_H
