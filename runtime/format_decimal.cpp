//===- format_decimal.cpp - Decimal digits of floating-point numbers ------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The standard library does the arithmetic: its shortest form and its exact rounding are specified
// to the digit. Here its text is taken apart and put together again in Python's ways.
//===----------------------------------------------------------------------===//
#include "format_decimal.h"

#include <array>
#include <charconv>
#include <string_view>

namespace hpcc::format {

/// Long enough for any double with 40 digits after the point.
using Buffer = std::array<char, 400>;

/// Reads `-d.ddde+xx`.
static Decimal readScientific(std::string_view text) {
  Decimal decimal;
  if (text.front() == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  size_t mark = text.find('e');
  for (char c : text.substr(0, mark))
    if (c != '.')
      decimal.digits += c;
  std::string_view exponent = text.substr(mark + 1);
  if (exponent.front() == '+')
    exponent.remove_prefix(1);
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.exponent);
  return decimal;
}

template <typename T> static Decimal shortest(T value) {
  Buffer buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                           std::chars_format::scientific);
  return readScientific({buffer.data(), static_cast<size_t>(end.ptr - buffer.data())});
}

Decimal shortestDecimal(double value) { return shortest(value); }
Decimal shortestDecimal(float value) { return shortest(value); }

Decimal roundedDecimal(double value, int fraction) {
  Buffer buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                           std::chars_format::scientific, fraction);
  return readScientific({buffer.data(), static_cast<size_t>(end.ptr - buffer.data())});
}

Decimal roundedToPlaces(double value, int places) {
  Buffer buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                           std::chars_format::fixed, places);
  std::string_view text(buffer.data(), static_cast<size_t>(end.ptr - buffer.data()));
  Decimal decimal;
  if (text.front() == '-') {
    decimal.negative = true;
    text.remove_prefix(1);
  }
  int exponent = static_cast<int>(text.find('.')) - 1;
  for (char c : text) {
    if (c == '.')
      continue;
    if (decimal.digits.empty() && c == '0')
      --exponent;
    else
      decimal.digits += c;
  }
  while (!decimal.digits.empty() && decimal.digits.back() == '0')
    decimal.digits.pop_back();
  decimal.exponent = exponent;
  if (decimal.digits.empty()) {
    decimal.digits = "0";
    decimal.exponent = 0;
  }
  return decimal;
}

int countPlaces(const Decimal &decimal) {
  int places = static_cast<int>(decimal.digits.size()) - 1 - decimal.exponent;
  return places > 0 && decimal.digits != "0" ? places : 0;
}

void appendPositional(std::string &text, const Decimal &decimal) {
  const std::string &digits = decimal.digits;
  int count = static_cast<int>(digits.size());
  if (decimal.negative)
    text += '-';
  if (decimal.exponent < 0) {
    text += "0.";
    text.append(static_cast<size_t>(-decimal.exponent - 1), '0');
    text += digits;
    return;
  }
  int whole = decimal.exponent + 1;
  text.append(digits, 0, static_cast<size_t>(whole < count ? whole : count));
  if (whole > count)
    text.append(static_cast<size_t>(whole - count), '0');
  text += '.';
  if (whole < count)
    text.append(digits, static_cast<size_t>(whole), std::string::npos);
}

void appendScientific(std::string &text, const Decimal &decimal, int fraction, int exponentDigits,
                      bool keepPoint) {
  int given = static_cast<int>(decimal.digits.size()) - 1;
  if (decimal.negative)
    text += '-';
  text += decimal.digits.front();
  if (fraction > 0 || keepPoint)
    text += '.';
  text.append(decimal.digits, 1, static_cast<size_t>(given < fraction ? given : fraction));
  if (given < fraction)
    text.append(static_cast<size_t>(fraction - given), '0');
  text += 'e';
  text += decimal.exponent < 0 ? '-' : '+';
  std::string exponent =
      std::to_string(decimal.exponent < 0 ? -decimal.exponent : decimal.exponent);
  int missing = exponentDigits - static_cast<int>(exponent.size());
  if (missing > 0)
    text.append(static_cast<size_t>(missing), '0');
  text += exponent;
}

} // namespace hpcc::format
