//===- format.h - Text of values, arrays and errors, as Python and NumPy --===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The leaf library hpcrt_format: pure functions that append text to a string. Compiled programs
// reach it through hpc_print_*, the IR interpreter calls it directly, so that both write the same.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_FORMAT_H
#define HPCC_RUNTIME_FORMAT_H

#include "hpcc_rt.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hpcc::format {

/// An array to be read: `shape` and `stride` have `dims` entries, strides count elements.
struct ArrayView {
  const void *data;
  hpc_dtype dtype;
  int32_t dims;
  const int64_t *shape;
  const int64_t *stride;
};

/// The view of an ABI descriptor (see hpcc_rt.h).
ArrayView viewDescriptor(const void *descriptor, int32_t dims, int32_t dtype);

/// True or False.
void appendBool(std::string &text, bool value);

/// Decimal digits.
void appendInteger(std::string &text, int64_t value);
void appendUnsigned(std::string &text, uint64_t value);

/// str and repr of a Python float, str of np.float64: shortest digits that read back as `value`.
void appendFloat64(std::string &text, double value);

/// str of np.float32: shortest digits among float32 numbers.
void appendFloat32(std::string &text, float value);

/// str of the scalar at `value`, of any supported element type.
void appendScalar(std::string &text, hpc_dtype dtype, const void *value);

/// repr of the NumPy scalar at `value`: np.float64(1.5), np.True_.
void appendScalarRepr(std::string &text, hpc_dtype dtype, const void *value);

/// str of a NumPy array with default print options.
void appendArray(std::string &text, const ArrayView &array);

/// str of a Python list of numbers (nested for dims > 1); `numpyScalars` as in hpc_print_list.
void appendList(std::string &text, const ArrayView &list, bool numpyScalars);

/// NumPy's size of an allocation: three significant digits and a binary unit.
void appendBytes(std::string &text, int64_t bytes);

/// The message of an error, without its class; `arguments` as described in Errors.def.
void appendError(std::string &text, int32_t errorId, std::span<const int64_t> arguments);

/// The full report `FILE:LINE:COL: Class: message`, the source line and carets, newline included.
/// `where` may be null; an empty message leaves the class alone, as in CPython.
void appendReport(std::string &text, const hpc_location *where, std::string_view className,
                  std::string_view message);

} // namespace hpcc::format

#endif // HPCC_RUNTIME_FORMAT_H
