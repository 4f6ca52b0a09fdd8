//===- format_error.cpp - Text of errors ----------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fills in the placeholders of Errors.def from a list of numbers, and lays out the report with the
// source line and carets. Too short an argument list leaves the rest of the message out.
//===----------------------------------------------------------------------===//
#include "format.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace {
struct ErrorFacts {
  const char *className;
  const char *format;
};
} // namespace

static constexpr ErrorFacts errorFacts[] = {
#define HPC_ERROR(id, className, format) {className, format},
#include "Errors.def"
};

static constexpr ErrorFacts unknownError = {"internal error", "unknown error number"};

static const ErrorFacts &findError(int32_t errorId) {
  bool known = errorId >= 0 && errorId < HPC_ERROR_COUNT;
  return known ? errorFacts[errorId] : unknownError;
}

namespace hpcc::format {

namespace {
/// The numbers not used yet.
struct Arguments {
  std::span<const int64_t> rest;

  bool has(size_t count) const { return rest.size() >= count; }
  int64_t take() {
    int64_t value = rest.front();
    rest = rest.subspan(1);
    return value;
  }
};
} // namespace

void appendBytes(std::string &text, int64_t bytes) {
  static constexpr const char *units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int bits = std::bit_width(static_cast<uint64_t>(bytes));
  int unit = std::max(bits - 1, 1) / 10;
  double count = std::ldexp(static_cast<double>(bytes), -10 * unit);
  if (std::nearbyint(count) == 1024) {
    ++unit;
    count /= 1024;
  }
  const char *style = unit == 0                      ? "%.0f %s"
                      : std::nearbyint(count) < 1000 ? "%#.3g %s"
                                                     : "%#.0f %s";
  char buffer[64];
  int length = std::snprintf(buffer, sizeof(buffer), style, count, units[unit]);
  text.append(buffer, static_cast<size_t>(length));
}

/// `(3,)`, `(3,4)`; `separator` is "," in NumPy's messages and ", " in Python's tuples. As NumPy
/// writes them, unknown sizes (negative) are dropped in front and are `newaxis` elsewhere.
static bool appendShape(std::string &text, Arguments &arguments, const char *separator) {
  if (!arguments.has(1) || arguments.rest[0] < 0 ||
      !arguments.has(1 + static_cast<size_t>(arguments.rest[0])))
    return false;
  int64_t dims = arguments.take();
  text += '(';
  bool first = true;
  for (int64_t axis = 0; axis < dims; ++axis) {
    int64_t size = arguments.take();
    if (first && size < 0)
      continue;
    if (!first)
      text += separator;
    first = false;
    if (size < 0)
      text += "newaxis";
    else
      appendInteger(text, size);
  }
  text += dims == 1 && !first ? ",)" : ")";
  return true;
}

/// Appends the value of one placeholder; false when the arguments do not suffice.
static bool appendPlaceholder(std::string &text, std::string_view name, Arguments &arguments) {
  if (name == "shape")
    return appendShape(text, arguments, ",");
  if (name == "tuple")
    return appendShape(text, arguments, ", ");
  if (name == "shapes") {
    while (arguments.has(1)) {
      if (!appendShape(text, arguments, ","))
        return false;
      text += ' ';
    }
    return true;
  }
  if (!arguments.has(name == "text" ? 2 : 1))
    return false;
  int64_t value = arguments.take();
  if (name == "int")
    appendInteger(text, value);
  else if (name == "float")
    appendFloat64(text, std::bit_cast<double>(value));
  else if (name == "bytes")
    appendBytes(text, value);
  else if (name == "dtype")
    text += hpc_dtype_name(static_cast<int32_t>(value));
  else if (name == "text")
    text.append(std::bit_cast<const char *>(value), static_cast<size_t>(arguments.take()));
  return true;
}

void appendError(std::string &text, int32_t errorId, std::span<const int64_t> values) {
  std::string_view format = findError(errorId).format;
  Arguments arguments{values};
  while (!format.empty()) {
    size_t open = std::min(format.find('{'), format.size());
    text += format.substr(0, open);
    format.remove_prefix(open);
    if (format.empty())
      return;
    size_t close = format.find('}');
    if (!appendPlaceholder(text, format.substr(1, close - 1), arguments))
      return;
    format.remove_prefix(close + 1);
  }
}

/// The line of carets: `^` under the first character of the range, `~` under the others. Tabs are
/// kept, and the bytes that continue a UTF-8 character take no column, so that it lines up.
static void appendCarets(std::string &text, const hpc_location &where) {
  std::string_view line = where.lineText;
  size_t begin = static_cast<size_t>(where.column - 1);
  size_t end =
      std::min(static_cast<size_t>(std::max(where.endColumn - 1, where.column)), line.size());
  for (size_t i = 0; i < std::max(end, begin + 1); ++i) {
    bool continues = i < line.size() && (static_cast<unsigned char>(line[i]) & 0xC0) == 0x80;
    if (continues)
      continue;
    if (i < begin)
      text += i < line.size() && line[i] == '\t' ? '\t' : ' ';
    else
      text += i == begin ? '^' : '~';
  }
}

void appendReport(std::string &text, const hpc_location *where, std::string_view className,
                  std::string_view message) {
  if (where && where->file) {
    text += where->file;
    for (int32_t number : {where->line, where->column}) {
      if (number <= 0)
        break;
      text += ':';
      appendInteger(text, number);
    }
    text += ": ";
  }
  text += className;
  if (!message.empty()) {
    text += ": ";
    text += message;
  }
  text += '\n';
  if (!where || !where->lineText)
    return;
  text += where->lineText;
  text += '\n';
  if (where->column <= 0 || static_cast<size_t>(where->column) > std::strlen(where->lineText) + 1)
    return;
  appendCarets(text, *where);
  text += '\n';
}

} // namespace hpcc::format

int64_t hpc_format_error(int32_t errorId, const int64_t *args, int32_t count, char *buffer,
                         int64_t capacity) {
  std::string text;
  hpcc::format::appendError(text, errorId, {args, static_cast<size_t>(count)});
  auto length = static_cast<int64_t>(text.size());
  if (capacity > 0) {
    auto kept = static_cast<size_t>(std::min(length, capacity - 1));
    std::memcpy(buffer, text.data(), kept);
    buffer[kept] = '\0';
  }
  return length;
}

const char *hpc_error_class(int32_t errorId) { return findError(errorId).className; }

int32_t hpc_error_exit_code(int32_t errorId) {
  if (errorId == HPC_ERROR_Interrupted)
    return 130;
  return std::string_view(hpc_error_class(errorId)) == "unsupported" ? 2 : 1;
}
