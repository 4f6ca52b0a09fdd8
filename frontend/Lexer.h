// Text to tokens, as CPython 3.11's tokenizer makes them.
//
// Takes the text of a file as Diagnostics::sourceText gives it (line ends are '\n', no byte order
// mark); leaves one array of tokens with INDENT, DEDENT and NEWLINE among them. A fault becomes a
// message and a token Error, at which the parser stays silent; lexing goes on behind it.
#pragma once

#include "ir/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

namespace hpcc::frontend {

enum class TokenKind : uint8_t {
  EndOfFile,
  Newline, // end of a logical line
  Indent,
  Dedent,
  Identifier,
  Integer,
  Float,
  Imaginary,
  String, // any prefix, f-strings too: the whole literal with its quotes
  Error,  // something already reported
#define KEYWORD(kind, text) Keyword##kind,
#define PUNCTUATOR(kind, text) kind,
#include "frontend/Tokens.def"
};

/// A token; `text` points into the source.
struct Token {
  TokenKind kind;
  Loc loc;
  llvm::StringRef text;
};

/// "'for'", "'+='", "identifier", ...: what a message calls a kind of token.
llvm::StringRef tokenName(TokenKind kind);
bool isKeyword(TokenKind kind);

/// Where in a file a piece of text begins: the lexer of an f-string's expressions starts there.
struct LexerStart {
  uint32_t line = 1, column = 1;
  /// Newlines count as space, as between brackets.
  bool insideBrackets = false;
};

/// Splits `text` into tokens; the last is EndOfFile. Faults go to `diags`. Any bytes are accepted.
std::vector<Token> lex(llvm::StringRef text, Diagnostics &diags, LexerStart start = {});

/// One line per token: range, kind, text.
void dumpTokens(llvm::ArrayRef<Token> tokens, llvm::raw_ostream &out);

} // namespace hpcc::frontend
