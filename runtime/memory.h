//===- memory.h - What an array's storage is made of ----------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Internal to the runtime: the header of a block, for those who keep something with an array.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_MEMORY_H
#define HPCC_RUNTIME_MEMORY_H

#include "hpcc_rt.h"

#include <atomic>
#include <bit>

namespace hpcc::runtime {

/// Memory of a device that belongs to an array.
struct DeviceBlock;

} // namespace hpcc::runtime

struct hpc_object {
  std::atomic<int64_t> count;
  int64_t capacity; ///< bytes of data
  uintptr_t shift;  ///< how far the data are behind the first place they could be at
  hpcc::runtime::DeviceBlock *deviceCopy; ///< null before a device first needs one
};

namespace hpcc::runtime {

inline constexpr uintptr_t alignment = 64;

/// The first address at or after `bytes` that is a multiple of `unit`, a power of two.
inline char *roundUp(char *bytes, uintptr_t unit) {
  return bytes + (-std::bit_cast<uintptr_t>(bytes) & (unit - 1));
}

inline char *dataOf(hpc_object *block) {
  return roundUp(reinterpret_cast<char *>(block + 1), alignment) + block->shift;
}

/// Has `function` called with the device copy of each array that loses its last owner.
void callForDeviceCopies(void (*function)(DeviceBlock *copy));

} // namespace hpcc::runtime

#endif // HPCC_RUNTIME_MEMORY_H
