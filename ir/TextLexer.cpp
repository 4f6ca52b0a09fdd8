//===- TextLexer.cpp - the tokens of the text form -------------------------------------------===//

#include "TextLexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::ir {

static bool isWordStart(char c) {
  return llvm::isAlpha(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
static bool isWordChar(char c) { return isWordStart(c) || llvm::isDigit(c) || c == '.'; }

/// Length of the number that `rest` begins with.
static size_t numberLength(llvm::StringRef rest) {
  auto digitsFrom = [&](size_t at) {
    while (at < rest.size() && llvm::isDigit(rest[at]))
      ++at;
    return at;
  };
  if (rest.starts_with("0x"))
    return 2 + rest.drop_front(2).take_while(llvm::isHexDigit).size();
  size_t end = digitsFrom(0);
  if (end + 1 < rest.size() && rest[end] == '.' && llvm::isDigit(rest[end + 1]))
    end = digitsFrom(end + 1);
  if (end < rest.size() && rest[end] == 'e') {
    size_t exponent = end + 1;
    if (exponent < rest.size() && (rest[exponent] == '+' || rest[exponent] == '-'))
      ++exponent;
    if (exponent < rest.size() && llvm::isDigit(rest[exponent]))
      end = digitsFrom(exponent);
  }
  return end;
}

/// Length of the string literal that `rest` begins with, or 0 if it does not end on its line.
static size_t stringLength(llvm::StringRef rest) {
  for (size_t at = 1; at < rest.size() && rest[at] != '\n'; ++at) {
    if (rest[at] == '"')
      return at + 1;
    if (rest[at] == '\\')
      ++at;
  }
  return 0;
}

static size_t punctuationLength(llvm::StringRef rest) {
  static constexpr llvm::StringLiteral two[] = {
      "->", "//", "<<", ">>", "<=", ">=", "==", "!=", "+=", "*=", "&=", "|="};
  if (llvm::any_of(two, [&](llvm::StringRef each) { return rest.starts_with(each); }))
    return 2;
  return llvm::StringRef("()[]{},:@=+-*/%&|^<>?").contains(rest[0]) ? 1 : 0;
}

/// The token at the beginning of `rest`, which is not empty.
static Token lexOne(llvm::StringRef rest) {
  auto token = [&](Token::Kind kind, size_t length) {
    return Token{length == 0 ? Token::Bad : kind, false,
                 rest.take_front(std::max<size_t>(length, 1))};
  };
  if (isWordStart(rest[0]))
    return token(Token::Word, rest.take_while(isWordChar).size());
  if (llvm::isDigit(rest[0]))
    return token(Token::Number, numberLength(rest));
  if (rest[0] == '"')
    return token(Token::String, stringLength(rest));
  if (rest[0] == '%' && rest.size() > 1 && isWordStart(rest[1]))
    return token(Token::Buffer, 1 + rest.drop_front().take_while(isWordChar).size());
  return token(Token::Punctuation, punctuationLength(rest));
}

std::vector<Token> lexText(llvm::StringRef source) {
  std::vector<Token> tokens;
  bool startsLine = true;
  for (llvm::StringRef rest = source;;) {
    llvm::StringRef blank = rest.take_while([](char c) { return llvm::isSpace(c); });
    startsLine |= blank.contains('\n');
    rest = rest.drop_front(blank.size());
    if (rest.starts_with("#")) {
      rest = rest.drop_until([](char c) { return c == '\n'; });
      continue;
    }
    Token token = rest.empty() ? Token{Token::End, false, rest} : lexOne(rest);
    token.startsLine = startsLine;
    tokens.push_back(token);
    if (token.kind == Token::End || token.kind == Token::Bad)
      return tokens;
    startsLine = false;
    rest = rest.drop_front(token.text.size());
  }
}

bool unescape(llvm::StringRef token, std::string &bytes) {
  llvm::StringRef rest = token.drop_front().drop_back();
  while (!rest.empty()) {
    if (rest[0] != '\\') {
      bytes += rest[0];
      rest = rest.drop_front();
    } else if (rest.size() >= 4 && rest[1] == 'x' && llvm::isHexDigit(rest[2]) &&
               llvm::isHexDigit(rest[3])) {
      bytes += static_cast<char>(llvm::hexFromNibbles(rest[2], rest[3]));
      rest = rest.drop_front(4);
    } else if (rest.size() >= 2 && llvm::StringRef("nt\"\\").contains(rest[1])) {
      bytes += rest[1] == 'n' ? '\n' : rest[1] == 't' ? '\t' : rest[1];
      rest = rest.drop_front(2);
    } else {
      return false;
    }
  }
  return true;
}

} // namespace hpcc::ir
