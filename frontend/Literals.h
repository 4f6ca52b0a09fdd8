// Values of number and string literals.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>
#include <string>

namespace hpcc::frontend {

/// The value of an integer token (any base, underscores); nothing if it needs more than 64 bits.
std::optional<uint64_t> integerValue(llvm::StringRef text);

/// The value of a float token, correctly rounded; too large ones are infinite, as in Python.
double floatValue(llvm::StringRef text);

/// A string token taken apart. `body` is what stands between the quotes.
struct StringLiteral {
  bool isBytes = false, isRaw = false, isFormat = false;
  llvm::StringRef body;
};
StringLiteral splitStringLiteral(llvm::StringRef text);

/// What is wrong with the escape sequence at [begin, end) of a literal's body.
enum class EscapeFault {
  TruncatedX,      // \x without two digits
  TruncatedU,      // \u without four digits
  TruncatedLongU,  // \U without eight digits
  MalformedName,   // \N without {name}
  UnknownName,     // \N{no such character}
  NoCharacter,     // \U above 10FFFF
  Surrogate,       // a code point that UTF-8 cannot hold
  BytesTruncatedX, // \x without two digits in bytes
};
struct EscapeError {
  EscapeFault fault;
  size_t begin, end;
};

/// Decodes the escape sequences of `body` and appends the result, UTF-8 or bytes, to `decoded`.
/// Unknown sequences stay as they are written.
std::optional<EscapeError> decodeEscapes(llvm::StringRef body, bool isBytes, std::string &decoded);

} // namespace hpcc::frontend
