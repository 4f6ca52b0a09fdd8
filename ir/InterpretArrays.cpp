//===- InterpretArrays.cpp - the arrays of the interpreter ----------------------------------===//

#include "InterpretArrays.h"
#include "Walk.h"
#include "runtime/hpcc_rt.h"
#include "llvm/Support/FormatVariadic.h"
#include <cassert>
#include <cstring>

namespace hpcc::ir {

constexpr uint8_t arbitraryByte = 0xA7;

Memory::Memory(DType type, int64_t elements, MemoryUse &use)
    : type(type), bytes(static_cast<size_t>(elements) * sizeOf(type),
                        type == DType::Bool ? uint8_t(1) : arbitraryByte),
      use(use), number(++use.made) {
  use.bytes += bytes.size();
}

Memory::~Memory() { use.bytes -= bytes.size(); }

ScalarConstant Memory::load(int64_t element) const {
  ScalarConstant value{type, 0};
  std::memcpy(&value.bits, bytes.data() + element * sizeOf(type), sizeOf(type));
  return value;
}

void Memory::store(int64_t element, const ScalarConstant &value) {
  assert(value.type == type && "the verifier compares the types of stores");
  std::memcpy(bytes.data() + element * sizeOf(type), &value.bits, sizeOf(type));
}

int64_t Array::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

const void *Array::data() const {
  if (storage->bytes.empty())
    return nullptr;
  int64_t current = slots > 1 ? storage->currentSlot * slotSize : 0;
  return storage->bytes.data() + (offset + current) * sizeOf(storage->type);
}

bool checkShape(DType type, const Sizes &shape, uint64_t &bytes, int &errorId) {
  bool empty = false;
  int64_t total = sizeOf(type);
  for (int64_t size : shape) {
    if (size < 0) {
      errorId = HPC_ERROR_NegativeDimension;
      return false;
    }
    empty |= size == 0; // the other sizes must still fit
    if (size != 0 && __builtin_mul_overflow(total, size, &total)) {
      errorId = HPC_ERROR_ArrayTooBig;
      return false;
    }
  }
  bytes = empty ? 0 : static_cast<uint64_t>(total);
  return true;
}

Sizes stridesInOrder(const Sizes &shape, llvm::ArrayRef<unsigned> slowestFirst) {
  Sizes stride(shape.size());
  int64_t next = 1;
  for (size_t position = shape.size(); position-- > 0;) {
    size_t axis = slowestFirst.empty() ? position : slowestFirst[position];
    stride[axis] = next;
    next *= shape[axis] == 0 ? 1 : shape[axis];
  }
  return stride;
}

Sizes stridesLike(const Sizes &shape, llvm::ArrayRef<const Array *> operands) {
  llvm::SmallVector<const int64_t *, 4> shapes, strides;
  llvm::SmallVector<int32_t, 4> dims;
  for (const Array *operand : operands) {
    shapes.push_back(operand->shape.data());
    strides.push_back(operand->stride.data());
    dims.push_back(static_cast<int32_t>(operand->dims()));
  }
  Sizes stride(shape.size());
  hpc_layout_like(static_cast<int32_t>(shape.size()), shape.data(), shapes.data(), strides.data(),
                  dims.data(), static_cast<int32_t>(operands.size()), stride.data());
  return stride;
}

namespace {

using ValueOf = llvm::function_ref<int64_t(const Affine &)>;

bool isIndexOf(int64_t index, int64_t size) { return index >= 0 && index < size; }

bool applySubscript(const Array &base, const Subscript &subscript, ValueOf valueOf, Array &result,
                    std::string &problem) {
  size_t dim = 0;
  for (const ViewDim &viewDim : subscript.dims) {
    if (std::holds_alternative<ViewNewAxis>(viewDim)) {
      result.shape.push_back(1);
      result.stride.push_back(0);
      continue;
    }
    int64_t size = base.shape[dim], stride = base.stride[dim];
    ++dim;
    if (const auto *index = std::get_if<ViewIndex>(&viewDim)) {
      int64_t at = valueOf(index->at);
      if (at == 0 && size == 0) { // its strides still say a memory order (`like`)
        result.outside = true;
        continue;
      }
      if (!isIndexOf(at, size)) {
        problem = llvm::formatv("a view takes index {0} of a dimension of size {1}", at, size);
        return false;
      }
      result.offset += at * stride;
      continue;
    }
    const auto &slice = std::get<ViewSlice>(viewDim);
    int64_t start = valueOf(slice.start), count = valueOf(slice.size), step = valueOf(slice.step);
    int64_t distance = 0, last = 0;
    bool inside =
        count == 0 || (count > 0 && isIndexOf(start, size) &&
                       !__builtin_mul_overflow(count - 1, step, &distance) &&
                       !__builtin_add_overflow(start, distance, &last) && isIndexOf(last, size));
    if (!inside) {
      problem = llvm::formatv("a view takes {0} : {1} : {2} of a dimension of size {3}", start,
                              count, step, size);
      return false;
    }
    if (count > 0)
      result.offset += start * stride;
    result.shape.push_back(count);
    // The step counts only between two elements, and only then it is known to be small.
    result.stride.push_back(count > 1 ? step * stride : stride);
  }
  return true;
}

bool applyBroadcast(const Array &base, const Broadcast &broadcast, ValueOf valueOf, Array &result,
                    std::string &problem) {
  size_t extra = broadcast.shape.size() - base.dims();
  for (size_t dim = 0; dim < broadcast.shape.size(); ++dim) {
    int64_t size = valueOf(broadcast.shape[dim]);
    int64_t had = dim < extra ? 1 : base.shape[dim - extra];
    if (size < 0 || (had != size && had != 1)) {
      problem = llvm::formatv("a view repeats a dimension of size {0} to size {1}", had, size);
      return false;
    }
    result.shape.push_back(size);
    result.stride.push_back(had != size || dim < extra ? 0 : base.stride[dim - extra]);
  }
  return true;
}

/// The distance of neighbours in row-major order: the stride of the last dimension that has any.
int64_t distanceOf(const Array &array) {
  int64_t distance = 1;
  for (size_t dim = 0; dim < array.dims(); ++dim)
    if (array.shape[dim] != 1)
      distance = array.stride[dim];
  return distance;
}

bool applyReshape(const Array &base, const Reshape &reshape, ValueOf valueOf, Array &result,
                  std::string &problem) {
  int64_t stride = distanceOf(base), elements = 1;
  for (const Affine &form : reshape.shape) {
    result.shape.push_back(valueOf(form));
    if (result.shape.back() < 0 ||
        __builtin_mul_overflow(elements, result.shape.back(), &elements)) {
      problem = "a view has a shape that no array has";
      return false;
    }
  }
  if (elements != base.elements() || !isEven(base)) {
    problem = "a view gives an array another number of elements, or elements at unequal distances";
    return false;
  }
  result.stride.resize(result.shape.size());
  for (size_t dim = result.shape.size(); dim-- > 0; stride *= result.shape[dim])
    result.stride[dim] = stride;
  return true;
}

} // namespace

bool isEven(const Array &array) {
  int64_t expected = distanceOf(array);
  bool even = true;
  for (size_t dim = array.dims(); dim-- > 0; expected *= array.shape[dim])
    even &= array.shape[dim] == 1 || array.stride[dim] == expected;
  return even || array.elements() == 0;
}

std::optional<Array> viewOf(const Array &base, const View &view, ValueOf valueOf,
                            std::string &problem) {
  Array result;
  result.storage = base.storage;
  result.offset = base.offset;
  result.outside = base.outside;
  if (base.slots > 1) {
    problem = "a view names an array with slots";
    return std::nullopt;
  }
  bool ok = std::visit(overloaded{[&](const Subscript &form) {
                                    return applySubscript(base, form, valueOf, result, problem);
                                  },
                                  [&](const Broadcast &form) {
                                    return applyBroadcast(base, form, valueOf, result, problem);
                                  },
                                  [&](const Reshape &form) {
                                    return applyReshape(base, form, valueOf, result, problem);
                                  },
                                  [&](const Permute &form) {
                                    for (unsigned dim : form.order) {
                                      result.shape.push_back(base.shape[dim]);
                                      result.stride.push_back(base.stride[dim]);
                                    }
                                    return true;
                                  }},
                       view.form);
  return ok ? std::optional<Array>(std::move(result)) : std::nullopt;
}

llvm::SmallVector<int64_t, 12> descriptorOf(const Array &array) {
  llvm::SmallVector<int64_t, 12> words{
      0, static_cast<int64_t>(reinterpret_cast<intptr_t>(array.data()))};
  words.append(array.shape.begin(), array.shape.end());
  words.append(array.stride.begin(), array.stride.end());
  return words;
}

} // namespace hpcc::ir
