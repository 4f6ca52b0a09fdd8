//===- blocks.cpp - Device memory -----------------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// To get memory from a driver and to give it back takes longer than most kernels, and waits for
// them; so blocks are kept, as memory.cpp keeps those of the host, until memory runs out.
//===----------------------------------------------------------------------===//
#include "runtime/gpu/blocks.h"

#include "runtime/format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>
#include <vector>

namespace hpcc::runtime {

using Where = const hpc_location *;

static constexpr int64_t unit = 256; ///< bytes; what the driver aligns to
static constexpr size_t keptLimit = 64;

namespace {
struct Blocks {
  std::vector<DeviceBlock *> used;
  std::vector<DeviceBlock *> kept; ///< oldest first
  int64_t usedBytes, keptBytes, largestBytes, deviceBytes;
};
} // namespace

static Blocks &blocks() {
  static auto *state = new Blocks{}; // in use until the process has ended
  return *state;
}

int64_t largestBytesHeld() { return blocks().largestBytes; }

//===----------------------------------------------------------------------===//
// What holds the memory
//===----------------------------------------------------------------------===//

/// `1.5 GiB`, as errors show bytes.
static std::string describeBytes(int64_t bytes) {
  std::string text;
  format::appendBytes(text, bytes);
  return text;
}

std::string describeBlocks() {
  constexpr size_t shown = 3;
  std::vector<DeviceBlock *> bySize = blocks().used;
  std::sort(bySize.begin(), bySize.end(), [](const DeviceBlock *one, const DeviceBlock *other) {
    return std::pair(-one->bytes, one->index) < std::pair(-other->bytes, other->index);
  });
  if (bySize.empty())
    return "the program holds nothing of it";
  std::string text = std::to_string(bySize.size());
  text += bySize.size() == 1 ? " array holds " : " arrays hold ";
  text += describeBytes(blocks().usedBytes);
  if (blocks().deviceBytes >= 0)
    text += " of its " + describeBytes(blocks().deviceBytes);
  text += ", the largest";
  for (size_t i = 0; i < std::min(shown, bySize.size()); ++i) {
    text += (i == 0 ? " " : ", ") + describeBytes(bySize[i]->bytes);
    if (Where where = bySize[i]->where)
      text += " since line " + std::to_string(where->line);
  }
  return text;
}

[[noreturn]] static void raiseOutOfMemory(int64_t bytes, Where where) {
  std::string text = describeBlocks();
  std::array<int64_t, 3> arguments = {bytes, std::bit_cast<int64_t>(text.data()),
                                      static_cast<int64_t>(text.size())};
  hpc_raise(HPC_ERROR_GpuOutOfMemory, where, arguments.data(), arguments.size());
}

//===----------------------------------------------------------------------===//
// Taking and giving back
//===----------------------------------------------------------------------===//

/// Takes block `index` off the list of those kept.
static DeviceBlock *removeKept(size_t index) {
  DeviceBlock *block = blocks().kept[index];
  blocks().kept.erase(blocks().kept.begin() + static_cast<ptrdiff_t>(index));
  blocks().keptBytes -= block->bytes;
  return block;
}

static void freeBlock(const Device &device, DeviceBlock *block) {
  device.release(block->memory);
  delete block;
}

/// The smallest kept block that fits and is at most a quarter too large; null if there is none.
static DeviceBlock *takeKept(int64_t bytes) {
  const std::vector<DeviceBlock *> &kept = blocks().kept;
  size_t best = kept.size();
  for (size_t i = 0; i < kept.size(); ++i) {
    bool fits = kept[i]->bytes >= bytes && kept[i]->bytes - bytes <= bytes / 4;
    if (fits && (best == kept.size() || kept[i]->bytes < kept[best]->bytes))
      best = i;
  }
  return best < kept.size() ? removeKept(best) : nullptr;
}

/// From the device itself, which then may lose all that is kept.
static DeviceBlock *allocateBlock(const Device &device, int64_t bytes, Where where) {
  void *memory = device.allocate(bytes, where);
  if (!memory && !blocks().kept.empty()) {
    while (!blocks().kept.empty())
      freeBlock(device, removeKept(0));
    memory = device.allocate(bytes, where);
  }
  if (!memory)
    raiseOutOfMemory(bytes, where);
  return new DeviceBlock{static_cast<char *>(memory), bytes, nullptr, 0};
}

DeviceBlock *takeBlock(const Device &device, int64_t bytes, Where where) {
  blocks().deviceBytes = device.memoryBytes;
  int64_t rounded = (std::max<int64_t>(bytes, 1) + unit - 1) / unit * unit;
  DeviceBlock *block = takeKept(rounded);
  if (!block)
    block = allocateBlock(device, rounded, where);
  block->where = where;
  block->index = blocks().used.size();
  blocks().used.push_back(block);
  blocks().usedBytes += block->bytes;
  blocks().largestBytes = std::max(blocks().largestBytes, blocks().usedBytes + blocks().keptBytes);
  return block;
}

void giveBack(const Device &device, DeviceBlock *block) {
  Blocks &all = blocks();
  all.usedBytes -= block->bytes;
  all.used[block->index] = all.used.back();
  all.used[block->index]->index = block->index;
  all.used.pop_back();
  if (!device.reusesMemory)
    return freeBlock(device, block);
  if (all.kept.size() == keptLimit)
    freeBlock(device, removeKept(0));
  all.kept.push_back(block);
  all.keptBytes += block->bytes;
}

} // namespace hpcc::runtime
