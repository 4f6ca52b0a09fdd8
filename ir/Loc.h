// A range of source text, as plain numbers.
//
// Every token, syntax node, typed node and IR statement carries one, and the text form of the IR
// prints it, so that each message of any layer can show the user's own line. It holds no pointer:
// it can be copied, compared, printed and parsed without the file that it speaks about.
#pragma once

#include <cstdint>

namespace hpcc {

/// The half open range [begin, end) of a source file. Lines and columns count from 1; columns count
/// bytes of the UTF-8 text, as CPython's col_offset + 1. The default value means "nowhere".
struct Loc {
  uint32_t line = 0, column = 0, endLine = 0, endColumn = 0;

  bool operator==(const Loc &) const = default;
  bool isValid() const { return line != 0; }
};

/// The smallest range from the beginning of `first` to the end of `last`.
inline Loc spanOf(Loc first, Loc last) {
  return {first.line, first.column, last.endLine, last.endColumn};
}

} // namespace hpcc
