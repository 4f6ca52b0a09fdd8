//===- TextLexer.h - the tokens of the text form ---------------------------------------------===//
#ifndef HPCC_IR_TEXTLEXER_H
#define HPCC_IR_TEXTLEXER_H

#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace hpcc::ir {

struct Token {
  enum Kind : uint8_t {
    End,
    Word,   // loop, f64, add.py, i.1, ünï
    Buffer, // %name, in one piece: `a %b` is no modulo
    Number, // 12, 0.5, 1e-3, 0x7f
    String, // with its quotes
    Punctuation,
    Bad // a character that starts no token, or a string without its end
  };
  Kind kind = End;
  bool startsLine = false;
  llvm::StringRef text; // points into the source

  bool is(llvm::StringRef spelling) const {
    return (kind == Word || kind == Punctuation) && text == spelling;
  }
};

/// All tokens up to the end of the text or the first bad one; the last is End or Bad. A comment
/// goes from `#` to the end of its line.
std::vector<Token> lexText(llvm::StringRef source);

/// The bytes that a String token stands for, or nothing if it has an unknown escape.
bool unescape(llvm::StringRef token, std::string &bytes);

} // namespace hpcc::ir

#endif // HPCC_IR_TEXTLEXER_H
