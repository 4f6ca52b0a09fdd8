// Decoding of literals. See Literals.h; the rules are those of the Python reference, section 2.4.
#include "frontend/Literals.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"

using namespace llvm;

namespace hpcc::frontend {

namespace {

/// Digits, base prefix and exponent in the form that LLVM reads: 0O1_7 is 0o17.
std::string plainNumber(StringRef text) {
  std::string plain = text.lower();
  erase(plain, '_');
  return plain;
}

void appendUtf8(uint32_t codePoint, std::string &decoded) {
  char bytes[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
  char *end = bytes;
  if (ConvertCodePointToUTF8(codePoint, end))
    decoded.append(bytes, end);
}

struct EscapeDecoder {
  StringRef body;
  bool isBytes;
  std::string &decoded;
  size_t position = 0; // behind the backslash while an escape is decoded

  std::optional<EscapeError> fail(EscapeFault fault, size_t begin) const {
    return EscapeError{fault, begin, position};
  }

  /// Appends a character of a str, or the low byte for bytes.
  std::optional<EscapeError> append(uint32_t codePoint, size_t begin) {
    if (isBytes)
      decoded += static_cast<char>(codePoint);
    else if (codePoint > 0x10FFFF)
      return fail(EscapeFault::NoCharacter, begin);
    else if (codePoint >= 0xD800 && codePoint <= 0xDFFF)
      return fail(EscapeFault::Surrogate, begin);
    else
      appendUtf8(codePoint, decoded);
    return std::nullopt;
  }

  /// \x, \u, \U: exactly `count` hexadecimal digits.
  std::optional<EscapeError> hexadecimal(size_t count, EscapeFault truncated, size_t begin) {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i, ++position) {
      if (position >= body.size() || !isHexDigit(body[position]))
        return fail(truncated, begin);
      value = value * 16 + hexDigitValue(body[position]);
    }
    return append(value, begin);
  }

  /// \N{name}.
  std::optional<EscapeError> named(size_t begin) {
    size_t close = body.find('}', position);
    if (position >= body.size() || body[position] != '{' || close == StringRef::npos ||
        close == position + 1)
      return fail(EscapeFault::MalformedName, begin);
    std::string name = body.slice(position + 1, close).upper();
    position = close + 1;
    if (std::optional<char32_t> character = sys::unicode::nameToCodepointStrict(name))
      return append(*character, begin);
    return fail(EscapeFault::UnknownName, begin);
  }

  std::optional<EscapeError> octal(size_t begin) {
    position = begin + 1;
    uint32_t value = 0;
    for (int i = 0; i < 3 && position < body.size(); ++i, ++position) {
      if (body[position] < '0' || body[position] > '7')
        break;
      value = value * 8 + static_cast<uint32_t>(body[position] - '0');
    }
    return append(value, begin);
  }

  /// The sequence whose backslash is at `begin`.
  std::optional<EscapeError> escape(size_t begin) {
    static constexpr StringRef letters = "\\'\"abfnrtv", values = "\\'\"\a\b\f\n\r\t\v";
    char c = body[begin + 1];
    position = begin + 2;
    if (size_t index = letters.find(c); index != StringRef::npos) {
      decoded += values[index];
      return std::nullopt;
    }
    if (c == '\n')
      return std::nullopt;
    if (c >= '0' && c <= '7')
      return octal(begin);
    if (c == 'x')
      return hexadecimal(2, isBytes ? EscapeFault::BytesTruncatedX : EscapeFault::TruncatedX,
                         begin);
    if (c == 'u' && !isBytes)
      return hexadecimal(4, EscapeFault::TruncatedU, begin);
    if (c == 'U' && !isBytes)
      return hexadecimal(8, EscapeFault::TruncatedLongU, begin);
    if (c == 'N' && !isBytes)
      return named(begin);
    decoded += '\\';
    position = begin + 1;
    return std::nullopt;
  }
};

} // namespace

std::optional<uint64_t> integerValue(StringRef text) {
  std::string digits = plainNumber(text);
  // Radix 0 reads the prefixes 0x, 0o and 0b, but takes a plain leading zero for octal.
  bool hasPrefix = digits.size() > 1 && isAlpha(digits[1]);
  uint64_t value = 0;
  if (StringRef(digits).getAsInteger(hasPrefix ? 0 : 10, value))
    return std::nullopt;
  return value;
}

double floatValue(StringRef text) {
  double value = 0;
  StringRef(plainNumber(text)).getAsDouble(value, /*AllowInexact=*/true);
  return value;
}

StringLiteral splitStringLiteral(StringRef text) {
  size_t quote = text.find_first_of("'\"");
  std::string prefix = text.take_front(quote).lower();
  StringLiteral literal;
  literal.isBytes = StringRef(prefix).contains('b');
  literal.isRaw = StringRef(prefix).contains('r');
  literal.isFormat = StringRef(prefix).contains('f');
  StringRef quoted = text.drop_front(quote);
  bool isTriple = quoted.size() >= 6 && quoted[1] == quoted[0] && quoted[2] == quoted[0];
  size_t length = isTriple ? 3 : 1;
  literal.body = quoted.drop_front(length).drop_back(length);
  return literal;
}

std::optional<EscapeError> decodeEscapes(StringRef body, bool isBytes, std::string &decoded) {
  EscapeDecoder decoder{body, isBytes, decoded};
  while (decoder.position < body.size()) {
    size_t backslash = body.find('\\', decoder.position);
    decoded += body.slice(decoder.position, backslash);
    if (backslash == StringRef::npos)
      break;
    if (backslash + 1 == body.size()) {
      decoded += '\\';
      break;
    }
    if (std::optional<EscapeError> error = decoder.escape(backslash))
      return error;
  }
  return std::nullopt;
}

} // namespace hpcc::frontend
