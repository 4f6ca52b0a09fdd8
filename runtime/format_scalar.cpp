//===- format_scalar.cpp - Text of scalars, as Python and NumPy -----------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// str and repr of bools, integers and floats, and the facts about element types.
//===----------------------------------------------------------------------===//
#include "format.h"
#include "format_decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace hpcc::format {

template <typename T> static void appendDigits(std::string &text, T value) {
  std::array<char, 24> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  text.append(buffer.data(), end.ptr);
}

/// Appends nan, inf or -inf; false for a finite value.
static bool appendNonFinite(std::string &text, double value) {
  if (std::isfinite(value))
    return false;
  text += std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
  return true;
}

/// Shortest digits, `1.0` or `1e+16`: what str() writes for a scalar.
static void appendDecimal(std::string &text, const Decimal &decimal, bool scientific) {
  if (scientific) {
    int fraction = static_cast<int>(decimal.digits.size()) - 1;
    appendScientific(text, decimal, fraction, 2, /*keepPoint=*/false);
    return;
  }
  appendPositional(text, decimal);
  if (text.back() == '.')
    text += '0';
}

void appendBool(std::string &text, bool value) { text += value ? "True" : "False"; }
void appendInteger(std::string &text, int64_t value) { appendDigits(text, value); }
void appendUnsigned(std::string &text, uint64_t value) { appendDigits(text, value); }

void appendFloat64(std::string &text, double value) {
  if (appendNonFinite(text, value))
    return;
  Decimal decimal = shortestDecimal(value);
  appendDecimal(text, decimal, decimal.exponent < -4 || decimal.exponent >= 16);
}

void appendFloat32(std::string &text, float value) {
  if (appendNonFinite(text, static_cast<double>(value)))
    return;
  // NumPy switches at the precision of the type (six digits) above, and compares with the double
  // 1e-4 below, so that float32(1e-4), which is a little less, is written 1e-04.
  double size = std::fabs(static_cast<double>(value));
  appendDecimal(text, shortestDecimal(value), size != 0 && (size >= 1e6 || size < 1e-4));
}

template <typename T> static T load(const void *value) {
  T result;
  std::memcpy(&result, value, sizeof(T));
  return result;
}

void appendScalar(std::string &text, hpc_dtype dtype, const void *value) {
  switch (dtype) {
  case HPC_BOOL:
    return appendBool(text, load<uint8_t>(value) != 0);
  case HPC_I8:
    return appendInteger(text, load<int8_t>(value));
  case HPC_I16:
    return appendInteger(text, load<int16_t>(value));
  case HPC_I32:
    return appendInteger(text, load<int32_t>(value));
  case HPC_I64:
    return appendInteger(text, load<int64_t>(value));
  case HPC_U8:
    return appendUnsigned(text, load<uint8_t>(value));
  case HPC_U16:
    return appendUnsigned(text, load<uint16_t>(value));
  case HPC_U32:
    return appendUnsigned(text, load<uint32_t>(value));
  case HPC_U64:
    return appendUnsigned(text, load<uint64_t>(value));
  case HPC_F32:
    return appendFloat32(text, load<float>(value));
  case HPC_F64:
    return appendFloat64(text, load<double>(value));
  case HPC_C64:
  case HPC_C128:
    return; // Complex values do not reach the runtime yet.
  }
}

void appendScalarRepr(std::string &text, hpc_dtype dtype, const void *value) {
  text += "np.";
  if (dtype == HPC_BOOL) {
    text += load<uint8_t>(value) != 0 ? "True_" : "False_";
    return;
  }
  text += hpc_dtype_name(dtype);
  text += '(';
  appendScalar(text, dtype, value);
  text += ')';
}

} // namespace hpcc::format

namespace {
struct DtypeFacts {
  const char *name;
  int64_t size;
};
} // namespace

static constexpr DtypeFacts dtypeFacts[] = {
    {"bool", 1},    {"int8", 1},      {"int16", 2},       {"int32", 4},  {"int64", 8},
    {"uint8", 1},   {"uint16", 2},    {"uint32", 4},      {"uint64", 8}, {"float32", 4},
    {"float64", 8}, {"complex64", 8}, {"complex128", 16},
};

int64_t hpc_dtype_size(int32_t dtype) { return dtypeFacts[dtype].size; }
const char *hpc_dtype_name(int32_t dtype) { return dtypeFacts[dtype].name; }
