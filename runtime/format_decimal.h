//===- format_decimal.h - Decimal digits of floating-point numbers --------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A finite number as sign, digits and exponent: either the shortest digits that read back as the
// number or its exact value rounded to a given number of digits. Both come from std::to_chars.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_FORMAT_DECIMAL_H
#define HPCC_RUNTIME_FORMAT_DECIMAL_H

#include <cstdint>
#include <string>

namespace hpcc::format {

/// (-1)^negative * d.ddd * 10^exponent; no trailing zeros except in rounded digits; zero is "0".
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

/// The shortest digits that read back as `value` among numbers of its type. `value` is finite.
Decimal shortestDecimal(double value);
Decimal shortestDecimal(float value);

/// The exact value of `value` rounded (ties to even) to 1 + `fraction` significant digits.
Decimal roundedDecimal(double value, int fraction);

/// The exact value rounded to `places` digits after the point, trailing zeros removed.
Decimal roundedToPlaces(double value, int places);

/// Number of digits after the point when written without an exponent.
int countPlaces(const Decimal &decimal);

/// `123.` or `0.00123`: the sign, the integer part, the point, the digits after it if any.
void appendPositional(std::string &text, const Decimal &decimal);

/// `1.5e+07`, `1.e+07`: `fraction` digits after the point, filled with zeros, and an exponent of at
/// least `exponentDigits` digits. No point when `fraction` is 0 and `keepPoint` is false.
void appendScientific(std::string &text, const Decimal &decimal, int fraction, int exponentDigits,
                      bool keepPoint);

} // namespace hpcc::format

#endif // HPCC_RUNTIME_FORMAT_DECIMAL_H
