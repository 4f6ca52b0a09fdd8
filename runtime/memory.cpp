//===- memory.cpp - Reference-counted array storage -----------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An array is one block: a header, then the data at a multiple of 64 bytes. Large blocks that are
// given back wait in a short list, so that a temporary in a loop costs page faults once; and they
// begin at different places of a page, so that a loop over many arrays finds room in the caches.
//===----------------------------------------------------------------------===//
#include "memory.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

using hpcc::runtime::alignment;
using hpcc::runtime::dataOf;
using hpcc::runtime::roundUp;

static constexpr int64_t keptFrom = int64_t{64} << 10;
static constexpr uintptr_t shiftStep = 25 * alignment; ///< far from any of the last few shifts
static constexpr uintptr_t shiftLimit = 4096;
static constexpr int64_t hugePagesFrom = int64_t{4} << 20;

// AddressSanitizer must see every release to find uses after it, and nothing but the data of a
// block may be touched by the program: bytes lie unused before and after them.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HPC_ADDRESS_SANITIZER
#endif
#endif
#ifdef HPC_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
static constexpr bool keepsBlocks = false;
#else
static constexpr bool keepsBlocks = true;
#endif

namespace {
/// Large blocks without an owner, oldest first.
struct KeptBlocks {
  std::mutex mutex;
  std::array<hpc_object *, 16> blocks;
  size_t count;
  int64_t bytes;
};
} // namespace

static constinit KeptBlocks kept{};
static constinit void (*releaseDeviceCopy)(hpcc::runtime::DeviceBlock *copy) = nullptr;

void hpcc::runtime::callForDeviceCopies(void (*function)(DeviceBlock *copy)) {
  releaseDeviceCopy = function;
}

/// At most an eighth of the machine's memory waits for reuse.
static int64_t keptBytesLimit() {
  return int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE) / 8;
}

/// Takes block `index` off the list.
static hpc_object *removeKept(size_t index) {
  hpc_object *block = kept.blocks[index];
  kept.bytes -= block->capacity;
  std::move(kept.blocks.begin() + index + 1, kept.blocks.begin() + kept.count,
            kept.blocks.begin() + index);
  --kept.count;
  return block;
}

/// The smallest kept block that fits and is at most a quarter too large; null if there is none.
static hpc_object *takeKept(int64_t bytes) {
  std::lock_guard lock(kept.mutex);
  size_t best = kept.count;
  for (size_t i = 0; i < kept.count; ++i) {
    int64_t capacity = kept.blocks[i]->capacity;
    bool fits = capacity >= bytes && capacity - bytes <= bytes / 4;
    if (fits && (best == kept.count || capacity < kept.blocks[best]->capacity))
      best = i;
  }
  return best < kept.count ? removeKept(best) : nullptr;
}

/// Keeps a block for reuse; older ones make room for it.
static void keepOrFree(hpc_object *block) {
  if (!keepsBlocks || block->capacity < keptFrom)
    return std::free(block);
  int64_t limit = keptBytesLimit();
  if (block->capacity > limit)
    return std::free(block);
  std::lock_guard lock(kept.mutex);
  while (kept.count == kept.blocks.size() || kept.bytes + block->capacity > limit)
    std::free(removeKept(0));
  kept.blocks[kept.count++] = block;
  kept.bytes += block->capacity;
}

static void freeKept() {
  std::lock_guard lock(kept.mutex);
  while (kept.count > 0)
    std::free(removeKept(kept.count - 1));
}

/// The shift of a new block of `bytes`. The system places large blocks alike within a page, and the
/// lines of one place in all pages share a set of the first cache, so they take turns.
static uintptr_t chooseShift(int64_t bytes) {
  static std::atomic<uintptr_t> next = 0;
  return bytes < keptFrom ? 0 : next.fetch_add(shiftStep, std::memory_order_relaxed) % shiftLimit;
}

/// Has AddressSanitizer report an access to what lies before and after the data of a block of
/// `size` bytes in all.
static void guardData([[maybe_unused]] hpc_object *block, [[maybe_unused]] size_t size) {
#ifdef HPC_ADDRESS_SANITIZER
  char *begin = reinterpret_cast<char *>(block + 1);
  char *end = reinterpret_cast<char *>(block) + size;
  char *data = dataOf(block);
  ASAN_POISON_MEMORY_REGION(begin, static_cast<size_t>(data - begin));
  char *dataEnd = data + block->capacity;
  ASAN_POISON_MEMORY_REGION(dataEnd, static_cast<size_t>(end - dataEnd));
#endif
}

/// Asks for large pages, which save most of the page faults of a first pass over a big array.
static void adviseHugePages(hpc_object *block) {
  if (block->capacity < hugePagesFrom)
    return;
  auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  char *begin = roundUp(dataOf(block), page);
  auto size = static_cast<uintptr_t>(dataOf(block) + block->capacity - begin);
  // A refusal changes nothing but speed.
  madvise(begin, size / page * page, MADV_HUGEPAGE);
}

/// A block of `bytes` with one owner; null when there is no memory.
static hpc_object *allocateBlock(int64_t bytes, bool zeroed) {
  if (bytes >= keptFrom)
    if (hpc_object *block = takeKept(bytes)) {
      block->count.store(1, std::memory_order_relaxed);
      if (zeroed)
        std::memset(dataOf(block), 0, static_cast<size_t>(bytes));
      return block;
    }
  uintptr_t shift = chooseShift(bytes);
  size_t size = static_cast<size_t>(bytes) + sizeof(hpc_object) + alignment + shift;
  void *memory = zeroed ? std::calloc(1, size) : std::malloc(size);
  if (!memory) {
    freeKept();
    memory = zeroed ? std::calloc(1, size) : std::malloc(size);
  }
  if (!memory)
    return nullptr;
  auto *block = new (memory) hpc_object{{1}, bytes, shift, nullptr};
  guardData(block, size);
  adviseHugePages(block);
  return block;
}

/// Bytes of an array, with NumPy's errors in NumPy's order: a zero size does not excuse the others.
static int64_t countBytes(int32_t dims, int32_t dtype, const int64_t *shape,
                          const hpc_location *where) {
  int64_t bytes = hpc_dtype_size(dtype);
  bool empty = false;
  for (int32_t axis = 0; axis < dims; ++axis) {
    if (shape[axis] < 0)
      hpc_raise(HPC_ERROR_NegativeDimension, where, nullptr, 0);
    if (shape[axis] == 0)
      empty = true;
    else if (__builtin_mul_overflow(bytes, shape[axis], &bytes))
      hpc_raise(HPC_ERROR_ArrayTooBig, where, nullptr, 0);
  }
  return empty ? 0 : bytes;
}

[[noreturn]] static void raiseOutOfMemory(int64_t bytes, int32_t dims, int32_t dtype,
                                          const int64_t *shape, const hpc_location *where) {
  std::array<int64_t, HPC_MAX_DIMS + 3> args{bytes, dims};
  std::copy_n(shape, dims, args.begin() + 2);
  args[static_cast<size_t>(dims) + 2] = dtype;
  hpc_raise(HPC_ERROR_OutOfMemory, where, args.data(), dims + 3);
}

static int64_t *shapeOf(void *descriptor) {
  return reinterpret_cast<int64_t *>(static_cast<hpc_array_head *>(descriptor) + 1);
}

/// Fills in everything but the strides, with `room` bytes before the last storage. The shape may
/// lie in the descriptor itself.
static void allocate(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                     bool zeroed, const hpc_location *where, int64_t room = 0) {
  int64_t bytes = countBytes(dims, dtype, shape, where);
  int64_t all = 0;
  bool tooMuch = __builtin_add_overflow(bytes, room, &all);
  hpc_object *object = tooMuch ? nullptr : allocateBlock(all, zeroed);
  if (!object)
    raiseOutOfMemory(bytes, dims, dtype, shape, where);
  auto *head = static_cast<hpc_array_head *>(descriptor);
  head->object = object;
  head->data = dataOf(object);
  std::memmove(shapeOf(descriptor), shape, static_cast<size_t>(dims) * sizeof(int64_t));
}

static void fillRowMajor(void *descriptor, int32_t dims) {
  int64_t *shape = shapeOf(descriptor);
  int64_t step = 1;
  for (int32_t axis = dims - 1; axis >= 0; --axis) {
    shape[dims + axis] = step;
    // An empty array's sizes may overflow when multiplied; its strides are never followed.
    if (__builtin_mul_overflow(step, std::max<int64_t>(shape[axis], 1), &step))
      step = 1;
  }
}

void hpc_array_allocate(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                        const hpc_location *where) {
  allocate(descriptor, dims, dtype, shape, /*zeroed=*/false, where);
  fillRowMajor(descriptor, dims);
}

void hpc_array_allocate_slots(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                              int64_t slots, int64_t distance, const hpc_location *where) {
  int64_t room = 0;
  if (__builtin_mul_overflow(distance, (slots - 1) * hpc_dtype_size(dtype), &room) || room < 0)
    room = INT64_MAX;
  allocate(descriptor, dims, dtype, shape, /*zeroed=*/false, where, room);
  fillRowMajor(descriptor, dims);
}

void hpc_array_allocate_zeroed(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                               const hpc_location *where) {
  allocate(descriptor, dims, dtype, shape, /*zeroed=*/true, where);
  fillRowMajor(descriptor, dims);
}

void hpc_array_allocate_like(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                             const void *const *operands, const int32_t *operandDims, int32_t count,
                             const hpc_location *where) {
  // The strides come first: the descriptor may be one of the operands.
  std::vector<const int64_t *> shapes;
  std::vector<const int64_t *> strides;
  for (int32_t i = 0; i < count; ++i) {
    auto *sizes =
        reinterpret_cast<const int64_t *>(static_cast<const hpc_array_head *>(operands[i]) + 1);
    shapes.push_back(sizes);
    strides.push_back(sizes + operandDims[i]);
  }
  std::array<int64_t, HPC_MAX_DIMS> stride;
  hpc_layout_like(dims, shape, shapes.data(), strides.data(), operandDims, count, stride.data());
  allocate(descriptor, dims, dtype, shape, /*zeroed=*/false, where);
  std::copy_n(stride.begin(), dims, shapeOf(descriptor) + dims);
}

void hpc_array_allocate_copy(void *descriptor, int32_t dims, int32_t dtype, const void *source,
                             const hpc_location *where) {
  auto *shape = reinterpret_cast<const int64_t *>(static_cast<const hpc_array_head *>(source) + 1);
  std::array<int64_t, HPC_MAX_DIMS> stride;
  hpc_layout_copy(dims, shape, shape + dims, stride.data());
  allocate(descriptor, dims, dtype, shape, /*zeroed=*/false, where);
  std::copy_n(stride.begin(), dims, shapeOf(descriptor) + dims);
}

void hpc_retain(hpc_object *object) {
  if (object)
    object->count.fetch_add(1, std::memory_order_relaxed);
}

void hpc_release(hpc_object *object) {
  if (!object || object->count.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  // A kept block has none: what the device holds is what the program has.
  if (object->deviceCopy)
    releaseDeviceCopy(std::exchange(object->deviceCopy, nullptr));
  keepOrFree(object);
}

int64_t hpc_object_count(const hpc_object *object) {
  return object->count.load(std::memory_order_relaxed);
}
