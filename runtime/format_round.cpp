//===- format_round.cpp - Python's round(float, places) -------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounds the exact decimal value, ties to even, and reads the result back: as CPython does, and
// unlike rint(x * 10^places) / 10^places, never off by a unit.
//===----------------------------------------------------------------------===//
#include "hpcc_rt.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

/// Beyond these, every double is unchanged, or vanishes.
static constexpr int64_t mostPlaces = 323;
static constexpr int64_t fewestPlaces = -308;

/// `value` with exactly `places` digits after the point.
static std::string writeFixed(double value, int places) {
  std::array<char, 700> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                           std::chars_format::fixed, places);
  return {buffer.data(), end.ptr};
}

/// Reads a non-negative number; infinity when it is too large.
static double readNumber(const std::string &text) {
  double value = INFINITY;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// Adds one to a string of digits.
static void increment(std::string &digits) {
  size_t at = digits.size();
  while (at > 0 && digits[at - 1] == '9')
    digits[--at] = '0';
  if (at > 0)
    ++digits[at - 1];
  else
    digits.insert(digits.begin(), '1');
}

/// Rounds `value` >= 1 to a multiple of 10^drop.
static double roundWhole(double value, size_t drop) {
  // Such a number has at most 52 digits after the point: the text is exact.
  std::string digits = writeFixed(value, 52);
  size_t whole = digits.find('.');
  digits.erase(whole, 1);
  if (drop > whole)
    return 0;
  std::string kept = digits.substr(0, whole - drop);
  char next = digits[whole - drop];
  bool beyond = digits.find_first_not_of('0', whole - drop + 1) != std::string::npos;
  bool odd = !kept.empty() && (kept.back() - '0') % 2 == 1;
  if (next > '5' || (next == '5' && (beyond || odd)))
    increment(kept);
  return kept.empty() ? 0 : readNumber(kept + "e" + std::to_string(drop));
}

double hpc_round_f64(double value, int64_t places) {
  if (!std::isfinite(value) || places > mostPlaces)
    return value;
  double size = std::fabs(value);
  double result = 0;
  if (places >= 0)
    result = readNumber(writeFixed(size, static_cast<int>(places)));
  else if (places >= fewestPlaces && size >= 1)
    result = roundWhole(size, static_cast<size_t>(-places));
  return std::copysign(result, value);
}
