//===- format_array.cpp - Text of arrays and lists, as NumPy and Python ---===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// str(array) of the pinned NumPy with default options: precision 8, summary above 1000 elements,
// three items at each edge, lines of 75. A first pass over the elements that will be shown fixes
// one layout for all of them; the second pass writes them in nested brackets and breaks lines.
//===----------------------------------------------------------------------===//
#include "format.h"
#include "format_decimal.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hpcc::format {

static constexpr int precision = 8;
static constexpr int64_t threshold = 1000;
static constexpr int64_t edgeItems = 3;
static constexpr int lineWidth = 75;

ArrayView viewDescriptor(const void *descriptor, int32_t dims, int32_t dtype) {
  auto *head = static_cast<const hpc_array_head *>(descriptor);
  auto *sizes = reinterpret_cast<const int64_t *>(head + 1);
  return {head->data, static_cast<hpc_dtype>(dtype), dims, sizes, sizes + dims};
}

namespace {

/// How all elements of one array are written.
struct Layout {
  bool scientific = false;
  int fraction = 0;       ///< scientific: digits after the point
  int exponentDigits = 2; ///< scientific
  int left = 0;           ///< characters before the point, or the width of an integer
  int right = 0;          ///< characters after the point, exponent included
};

/// An array while it is being written.
struct Writer {
  const ArrayView &array;
  Layout layout;
  bool summarized;
};

} // namespace

static int64_t countElements(const ArrayView &array) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < array.dims; ++axis)
    count *= array.shape[axis];
  return count;
}

static const void *elementAt(const ArrayView &array, int64_t offset) {
  return static_cast<const char *>(array.data) + offset * hpc_dtype_size(array.dtype);
}

/// Calls `visit(index)` for the indices of an axis that are shown, and `skip()` for the gap.
template <typename Visit, typename Skip>
static void visitShown(int64_t size, bool summarized, Visit visit, Skip skip) {
  bool gap = summarized && size > 2 * edgeItems;
  for (int64_t index = 0; index < size; ++index) {
    if (gap && index == edgeItems) {
      skip();
      index = size - edgeItems;
    }
    visit(index);
  }
}

/// Calls `visit(pointer)` for every element that is shown.
template <typename Visit>
static void visitElements(const ArrayView &array, bool summarized, int32_t axis, int64_t offset,
                          Visit &visit) {
  if (axis == array.dims)
    return visit(elementAt(array, offset));
  auto descend = [&](int64_t index) {
    visitElements(array, summarized, axis + 1, offset + index * array.stride[axis], visit);
  };
  visitShown(array.shape[axis], summarized, descend, [] {});
}

template <typename T> static T load(const void *value) {
  T result;
  std::memcpy(&result, value, sizeof(T));
  return result;
}

/// The digits of one element in positional notation: the shortest, at most eight after the point.
template <typename T> static Decimal positionalDecimal(T value) {
  Decimal decimal = shortestDecimal(value);
  if (countPlaces(decimal) <= precision)
    return decimal;
  return roundedToPlaces(static_cast<double>(value), precision);
}

/// The digits of one element in scientific notation before the common number of digits is known:
/// the shortest, at most eight after the point, without trailing zeros.
template <typename T> static Decimal scientificDecimal(T value) {
  Decimal decimal = shortestDecimal(value);
  if (decimal.digits.size() <= 1 + precision)
    return decimal;
  decimal = roundedDecimal(static_cast<double>(value), precision);
  while (decimal.digits.size() > 1 && decimal.digits.back() == '0')
    decimal.digits.pop_back();
  return decimal;
}

/// NumPy's choice of notation. Its comparisons are made in the type of the array.
template <typename T>
static bool choosesScientific(const ArrayView &array, bool summarized, T largeFrom) {
  T largest = 0;
  T smallest = INFINITY;
  auto measure = [&](const void *element) {
    T size = std::fabs(load<T>(element));
    if (!std::isfinite(size) || size == 0)
      return;
    largest = std::max(largest, size);
    smallest = std::min(smallest, size);
  };
  visitElements(array, summarized, 0, 0, measure);
  if (largest == 0)
    return false;
  return largest >= largeFrom || smallest < static_cast<T>(0.0001) ||
         largest / smallest > static_cast<T>(1000);
}

template <typename T>
static Layout layoutFloats(const ArrayView &array, bool summarized, T largeFrom) {
  Layout layout;
  layout.scientific = choosesScientific<T>(array, summarized, largeFrom);
  int special = 0; // width of the widest nan or inf
  auto measure = [&](const void *element) {
    T value = load<T>(element);
    if (!std::isfinite(value)) {
      special = std::max(special, std::isinf(value) && value < 0 ? 4 : 3);
      return;
    }
    if (layout.scientific) {
      Decimal decimal = scientificDecimal(value);
      layout.left = std::max(layout.left, decimal.negative ? 2 : 1);
      layout.fraction = std::max(layout.fraction, static_cast<int>(decimal.digits.size()) - 1);
      layout.exponentDigits =
          std::max(layout.exponentDigits, std::abs(decimal.exponent) >= 100 ? 3 : 2);
    } else {
      Decimal decimal = positionalDecimal(value);
      int whole = decimal.exponent < 0 ? 1 : decimal.exponent + 1;
      layout.left = std::max(layout.left, whole + (decimal.negative ? 1 : 0));
      layout.right = std::max(layout.right, countPlaces(decimal));
    }
  };
  visitElements(array, summarized, 0, 0, measure);
  if (layout.scientific)
    layout.right = layout.exponentDigits + 2 + layout.fraction;
  if (special > 0)
    layout.left = std::max(layout.left, special - (layout.right + 1));
  return layout;
}

static Layout layoutIntegers(const ArrayView &array, bool summarized) {
  Layout layout;
  auto measure = [&](const void *element) {
    std::string digits;
    appendScalar(digits, array.dtype, element);
    layout.left = std::max(layout.left, static_cast<int>(digits.size()));
  };
  visitElements(array, summarized, 0, 0, measure);
  return layout;
}

static Layout chooseLayout(const ArrayView &array, bool summarized) {
  switch (array.dtype) {
  case HPC_BOOL: {
    Layout layout;
    layout.left = 5;
    return layout;
  }
  case HPC_F32:
    return layoutFloats<float>(array, summarized, 1e6F);
  case HPC_F64:
    return layoutFloats<double>(array, summarized, 1e8);
  default:
    return layoutIntegers(array, summarized);
  }
}

/// Appends `word` so that it ends at column `width` of the text appended here.
static void appendRight(std::string &text, const std::string &word, int width) {
  int missing = width - static_cast<int>(word.size());
  if (missing > 0)
    text.append(static_cast<size_t>(missing), ' ');
  text += word;
}

template <typename T> static void appendFloat(std::string &text, const Layout &layout, T value) {
  std::string word;
  if (!std::isfinite(value)) {
    appendFloat64(word, static_cast<double>(value));
    return appendRight(text, word, layout.left + layout.right + 1);
  }
  if (layout.scientific) {
    // Below the common number of digits NumPy goes on with the digits of the exact value.
    Decimal decimal = shortestDecimal(value);
    if (static_cast<int>(decimal.digits.size()) != 1 + layout.fraction)
      decimal = roundedDecimal(static_cast<double>(value), layout.fraction);
    appendScientific(word, decimal, layout.fraction, layout.exponentDigits, /*keepPoint=*/true);
    return appendRight(text, word, layout.left + 1 + layout.right);
  }
  Decimal decimal = positionalDecimal(value);
  appendPositional(word, decimal);
  word.append(static_cast<size_t>(layout.right - countPlaces(decimal)), ' ');
  appendRight(text, word, layout.left + 1 + layout.right);
}

static void appendElement(std::string &text, const Writer &writer, int64_t offset) {
  const void *element = elementAt(writer.array, offset);
  if (writer.array.dtype == HPC_F64)
    return appendFloat(text, writer.layout, load<double>(element));
  if (writer.array.dtype == HPC_F32)
    return appendFloat(text, writer.layout, load<float>(element));
  std::string word;
  appendScalar(word, writer.array.dtype, element);
  appendRight(text, word, writer.layout.left);
}

/// Ends the line that starts at `lineStart` without the spaces at its end and starts the next one.
static void breakLine(std::string &text, size_t &lineStart, int indent) {
  while (text.size() > lineStart && text.back() == ' ')
    text.pop_back();
  text += '\n';
  lineStart = text.size();
  text.append(static_cast<size_t>(indent), ' ');
}

/// The last axis: words separated by spaces, with a new line where the next word does not fit.
static void appendRow(std::string &text, const Writer &writer, int64_t offset) {
  int32_t axis = writer.array.dims - 1;
  int indent = axis + 1;
  // Each open bracket will need a closing one.
  int limit = lineWidth - (axis + 1);
  size_t lineStart = text.size();
  int column = indent;
  bool first = true;
  std::string word;
  auto add = [&] {
    if (!first) {
      text += ' ';
      ++column;
    }
    first = false;
    if (column + static_cast<int>(word.size()) > limit && column > indent) {
      breakLine(text, lineStart, indent);
      column = indent;
    }
    text += word;
    column += static_cast<int>(word.size());
  };
  auto addElement = [&](int64_t index) {
    word.clear();
    appendElement(word, writer, offset + index * writer.array.stride[axis]);
    add();
  };
  auto addGap = [&] {
    word = "...";
    add();
  };
  visitShown(writer.array.shape[axis], writer.summarized, addElement, addGap);
}

static void appendAxis(std::string &text, const Writer &writer, int32_t axis, int64_t offset) {
  text += '[';
  if (axis == writer.array.dims - 1) {
    appendRow(text, writer, offset);
    text += ']';
    return;
  }
  bool first = true;
  auto separate = [&] {
    if (!first) {
      text.append(static_cast<size_t>(writer.array.dims - axis - 1), '\n');
      text.append(static_cast<size_t>(axis) + 1, ' ');
    }
    first = false;
  };
  auto addPart = [&](int64_t index) {
    separate();
    appendAxis(text, writer, axis + 1, offset + index * writer.array.stride[axis]);
  };
  auto addGap = [&] {
    separate();
    text += "...";
  };
  visitShown(writer.array.shape[axis], writer.summarized, addPart, addGap);
  text += ']';
}

void appendArray(std::string &text, const ArrayView &array) {
  if (array.dims == 0)
    return appendScalar(text, array.dtype, array.data);
  int64_t count = countElements(array);
  if (count == 0) {
    text += "[]";
    return;
  }
  bool summarized = count > threshold;
  appendAxis(text, {array, chooseLayout(array, summarized), summarized}, 0, 0);
}

static void appendListAxis(std::string &text, const ArrayView &list, bool numpyScalars,
                           int32_t axis, int64_t offset) {
  if (axis == list.dims) {
    const void *element = elementAt(list, offset);
    if (numpyScalars)
      appendScalarRepr(text, list.dtype, element);
    else
      appendScalar(text, list.dtype, element);
    return;
  }
  text += '[';
  for (int64_t index = 0; index < list.shape[axis]; ++index) {
    if (index > 0)
      text += ", ";
    appendListAxis(text, list, numpyScalars, axis + 1, offset + index * list.stride[axis]);
  }
  text += ']';
}

void appendList(std::string &text, const ArrayView &list, bool numpyScalars) {
  appendListAxis(text, list, numpyScalars, 0, 0);
}

} // namespace hpcc::format
