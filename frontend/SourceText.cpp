// Checks of a file's bytes. See SourceText.h.
#include "frontend/SourceText.h"
#include "frontend/Messages.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Regex.h"
#include <algorithm>

using namespace llvm;

namespace hpcc::frontend {

namespace {

/// The byte at `index` of `text`.
Loc locOfByte(StringRef text, size_t index) {
  StringRef before = text.take_front(index);
  uint32_t line = static_cast<uint32_t>(before.count('\n')) + 1;
  uint32_t column = static_cast<uint32_t>(index - (before.rfind('\n') + 1)) + 1;
  return {line, column, line, column + 1};
}

bool checkBytes(StringRef text, Diagnostics &diags) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\0') {
      diags.report(locOfByte(text, i), message::nullByte);
      return false;
    }
    size_t bytes = getNumBytesForUTF8(static_cast<UTF8>(text[i]));
    const UTF8 *begin = reinterpret_cast<const UTF8 *>(text.data()) + i;
    if (i + bytes > text.size() || !isLegalUTF8Sequence(begin, begin + bytes)) {
      diags.report(locOfByte(text, i), message::invalidUtf8,
                   utohexstr(static_cast<uint8_t>(text[i])));
      return false;
    }
    i += bytes;
  }
  return true;
}

/// Python's other names of UTF-8, and ASCII, which is a part of it.
bool isUtf8Name(StringRef name) {
  std::string plain = name.lower();
  std::replace(plain.begin(), plain.end(), '_', '-');
  return plain == "utf-8" || plain == "utf8" || plain == "ascii" || plain == "us-ascii" ||
         StringRef(plain).starts_with("utf-8-");
}

/// The comment of PEP 263, `coding: name` in one of the first two lines, must agree with UTF-8.
bool checkEncodingComment(StringRef text, Diagnostics &diags) {
  StringRef rest = text;
  for (uint32_t line = 1; line <= 2; ++line) {
    auto [first, following] = rest.split('\n');
    rest = following;
    StringRef trimmed = first.ltrim(" \t\f");
    if (!trimmed.empty() && !trimmed.starts_with("#"))
      return true;
    SmallVector<StringRef> parts;
    if (!Regex("coding[:=][ \t]*([-_.a-zA-Z0-9]+)").match(trimmed, &parts))
      continue;
    StringRef name = parts[1];
    if (isUtf8Name(name))
      return true;
    uint32_t column = static_cast<uint32_t>(name.data() - first.data()) + 1;
    Loc loc{line, column, line, column + static_cast<uint32_t>(name.size())};
    diags.report(loc, message::sourceEncoding, name).help("save the file as UTF-8");
    return false;
  }
  return true;
}

} // namespace

bool checkSourceText(StringRef text, Diagnostics &diags) {
  return checkEncodingComment(text, diags) && checkBytes(text, diags);
}

} // namespace hpcc::frontend
