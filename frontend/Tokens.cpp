// Names of tokens, and the dump of --emit=tokens. See Lexer.h.
#include "frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace hpcc::frontend {

StringRef tokenName(TokenKind kind) {
  switch (kind) {
  case TokenKind::EndOfFile:
    return "end of file";
  case TokenKind::Newline:
    return "newline";
  case TokenKind::Indent:
    return "indent";
  case TokenKind::Dedent:
    return "dedent";
  case TokenKind::Identifier:
    return "identifier";
  case TokenKind::Integer:
    return "integer";
  case TokenKind::Float:
    return "float";
  case TokenKind::Imaginary:
    return "imaginary";
  case TokenKind::String:
    return "string";
  case TokenKind::Error:
    return "error";
#define KEYWORD(kind, text)                                                                        \
  case TokenKind::Keyword##kind:                                                                   \
    return "'" text "'";
#define PUNCTUATOR(kind, text)                                                                     \
  case TokenKind::kind:                                                                            \
    return "'" text "'";
#include "frontend/Tokens.def"
  }
  llvm_unreachable("unknown token");
}

bool isKeyword(TokenKind kind) {
  return kind >= TokenKind::KeywordFalse && kind <= TokenKind::KeywordYield;
}

void dumpTokens(ArrayRef<Token> tokens, raw_ostream &out) {
  for (const Token &token : tokens) {
    out << formatv("{0}:{1}-{2}:{3} ", token.loc.line, token.loc.column, token.loc.endLine,
                   token.loc.endColumn);
    bool hasOwnText = token.kind >= TokenKind::Identifier && token.kind <= TokenKind::String;
    out << tokenName(token.kind);
    if (hasOwnText) {
      out << ' ';
      printEscapedString(token.text, out);
    }
    out << '\n';
  }
}

} // namespace hpcc::frontend
