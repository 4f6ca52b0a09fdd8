// The types of Python values as hpcc knows them at compile time.
//
// A scalar is weak (Python's own int, float, bool) or strong (a NumPy scalar): NEP 50 gives the two
// different rules. An array has a dtype and a number of dimensions, a list is a Python list of weak
// numbers. A union is a scalar that is one of several scalar types on different paths; it carries a
// run-time tag, so nothing is ever silently widened.
#pragma once

#include "ir/DType.h"
#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace hpcc::frontend {

using ir::DType;

/// int, float, bool: {I64, weak}, {F64, weak}, {Bool, weak}. NumPy scalars: weak is false.
struct ScalarType {
  DType dtype = DType::F64;
  bool weak = true;
  auto operator<=>(const ScalarType &) const = default;
};

/// numpy.ndarray; one or more dimensions.
struct ArrayType {
  DType dtype = DType::F64;
  unsigned dims = 1;
  auto operator<=>(const ArrayType &) const = default;
};

/// A Python list whose elements are all int, all float or all bool.
struct ListType {
  DType element = DType::F64;
  auto operator<=>(const ListType &) const = default;
};

/// One of several scalar types (at least two, sorted), told apart by a run-time tag: the position
/// in `alternatives`. Alternatives of one dtype (float and np.float64) share their storage.
struct UnionType {
  std::vector<ScalarType> alternatives;
  auto operator<=>(const UnionType &) const = default;

  /// The dtypes of the alternatives, each once, in their order.
  std::vector<DType> storage() const {
    std::vector<DType> dtypes;
    for (const ScalarType &alternative : alternatives)
      if (std::find(dtypes.begin(), dtypes.end(), alternative.dtype) == dtypes.end())
        dtypes.push_back(alternative.dtype);
    return dtypes;
  }
  /// Where in `storage` an alternative lives.
  size_t storageOf(size_t alternative) const {
    std::vector<DType> dtypes = storage();
    return static_cast<size_t>(
        std::find(dtypes.begin(), dtypes.end(), alternatives[alternative].dtype) - dtypes.begin());
  }
};

/// What a procedure returns; as a value it can only be ignored or printed.
struct NoneType {
  auto operator<=>(const NoneType &) const = default;
};

using Type = std::variant<ScalarType, ArrayType, ListType, UnionType, NoneType>;

inline constexpr ScalarType weakInt{DType::I64, true};
inline constexpr ScalarType weakFloat{DType::F64, true};
inline constexpr ScalarType weakBool{DType::Bool, true};

/// For messages and --emit=types: `int`, `float`, `np.float64`, `f64[:, :]`, `list[float]`,
/// `int | float`, `None`.
std::string nameOf(const Type &type);

} // namespace hpcc::frontend
