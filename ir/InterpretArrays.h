//===- InterpretArrays.h - the arrays of the interpreter ------------------------------------===//
//
// Storage with an owner count, and arrays: a part of a storage with a shape and strides, which is
// all that allocs, views and handles are while a program runs.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_INTERPRETARRAYS_H
#define HPCC_IR_INTERPRETARRAYS_H

#include "Program.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>

namespace hpcc::ir {

/// A set of ranks of the run: bit r for rank r.
using RankSet = uint64_t;

/// Bytes alive at one time; every Memory counts itself in and out.
struct MemoryUse {
  uint64_t bytes = 0;
  uint64_t made = 0; // storages so far
};

/// The elements of one `alloc`, slot after slot. They start as a fixed pattern (bool: true), which
/// is as arbitrary as anything and the same in every run.
struct Memory {
  Memory(DType type, int64_t elements, MemoryUse &use);
  ~Memory();
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;

  ScalarConstant load(int64_t element) const;
  void store(int64_t element, const ScalarConstant &value);

  DType type;
  std::vector<uint8_t> bytes;
  /// The slot that a time loop starts from.
  int64_t currentSlot = 0;
  /// With several ranks: who has each element up to date, and whether messages with it are under
  /// way. All that have it have the same, so that one value of each element is enough.
  std::vector<RankSet> upToDate;
  MemoryUse &use;
  const uint64_t number; // of the storages made, from 1
};

using Sizes = llvm::SmallVector<int64_t, 4>;

/// Element (i, j, ..) lies at offset + i * stride[0] + j * stride[1] + ...
struct Array {
  std::shared_ptr<Memory> storage;
  int64_t offset = 0;
  bool outside = false; // a view that lies in no element: only its strides may be asked for
  Sizes shape, stride;
  int64_t slots = 1, slotSize = 0; // slots > 1: elements from one slot to the next

  size_t dims() const { return shape.size(); }
  int64_t elements() const;
  const void *data() const;
};

/// The bytes of an array, or false and the error (hpc_error_id) that NumPy raises for the shape.
bool checkShape(DType type, const Sizes &shape, uint64_t &bytes, int &errorId);

/// Strides of a fresh array with these axes from slowest to fastest.
Sizes stridesInOrder(const Sizes &shape, llvm::ArrayRef<unsigned> slowestFirst);

/// Strides of the result of an elementwise operation on these operands, NumPy's order 'K'.
Sizes stridesLike(const Sizes &shape, llvm::ArrayRef<const Array *> operands);

/// What a view names, or nothing: `problem` then says which rule of the IR is broken.
std::optional<Array> viewOf(const Array &base, const View &view,
                            llvm::function_ref<int64_t(const Affine &)> valueOf,
                            std::string &problem);

/// The answer to StateQuestion::Even.
bool isEven(const Array &array);

/// The C ABI's descriptor { object, data, shape, stride }, as words.
llvm::SmallVector<int64_t, 12> descriptorOf(const Array &array);

} // namespace hpcc::ir

#endif // HPCC_IR_INTERPRETARRAYS_H
