// The tokenizer. See Lexer.h; the rules are those of the Python reference, section 2, and where
// that is silent those of CPython 3.11's Parser/tokenizer.c.
#include "frontend/Lexer.h"
#include "frontend/IdentifierCharacters.h"
#include "frontend/Messages.h"
#include "frontend/SourceText.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Unicode.h"
#include <algorithm>

using namespace llvm;

namespace hpcc::frontend {

namespace {

/// CPython's limits.
constexpr size_t maxBrackets = 200;
constexpr size_t maxIndents = 100;

/// The width of a line's indentation with tab stops at 8 and with tabs as one space: two lines
/// whose order differs between the two are inconsistent.
struct Indentation {
  unsigned column = 0, alternate = 0;
};

struct OpenBracket {
  char character;
  size_t token; // its index
};

/// Keywords that begin a statement and stand in no expression: one of these first on a line between
/// brackets means that a bracket was not closed.
bool beginsStatementOnly(TokenKind kind) {
  switch (kind) {
  case TokenKind::KeywordAssert:
  case TokenKind::KeywordBreak:
  case TokenKind::KeywordClass:
  case TokenKind::KeywordContinue:
  case TokenKind::KeywordDef:
  case TokenKind::KeywordDel:
  case TokenKind::KeywordGlobal:
  case TokenKind::KeywordImport:
  case TokenKind::KeywordNonlocal:
  case TokenKind::KeywordPass:
  case TokenKind::KeywordRaise:
  case TokenKind::KeywordReturn:
  case TokenKind::KeywordTry:
  case TokenKind::KeywordWhile:
  case TokenKind::KeywordWith:
    return true;
  default:
    return false;
  }
}

TokenKind wordKind(StringRef word) {
  return StringSwitch<TokenKind>(word)
#define KEYWORD(kind, text) .Case(text, TokenKind::Keyword##kind)
#include "frontend/Tokens.def"
      .Default(TokenKind::Identifier);
}

bool isIdentifierByte(char c) { return isAlnum(c) || c == '_' || static_cast<uint8_t>(c) >= 0x80; }
bool isWordStart(char c) { return isIdentifierByte(c) && !isDigit(c); }

struct DecodedCharacter {
  uint32_t codePoint;
  size_t bytes;
};

/// Decodes one character of text already known to be UTF-8.
DecodedCharacter decodeCharacter(StringRef text) {
  const UTF8 *begin = reinterpret_cast<const UTF8 *>(text.data());
  const UTF8 *position = begin;
  UTF32 codePoint = 0;
  convertUTF8Sequence(&position, begin + text.size(), &codePoint, strictConversion);
  return {codePoint, static_cast<size_t>(position - begin)};
}

std::string hexOf(uint32_t codePoint) {
  std::string digits = utohexstr(codePoint);
  return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

struct Lexer {
  StringRef text;
  Diagnostics &diags;
  std::vector<Token> tokens = {};
  size_t position = 0;
  size_t lineBegin = 0;
  uint32_t line = 1;
  uint32_t firstColumn = 1; // of the text's first line
  SmallVector<Indentation> indents = {Indentation()};
  SmallVector<OpenBracket> brackets = {};
  bool insideBrackets = false; // all of the text is

  //===- Positions ---------------------------------------------------------------------------===//

  char at(size_t index) const { return index < text.size() ? text[index] : '\0'; }
  char current(size_t ahead = 0) const { return at(position + ahead); }
  bool atEnd() const { return position >= text.size(); }

  uint32_t columnOf(size_t index) const {
    return static_cast<uint32_t>(index - lineBegin) + (lineBegin == 0 ? firstColumn : 1);
  }
  /// A range on the current line.
  Loc locOf(size_t begin, size_t end) const { return {line, columnOf(begin), line, columnOf(end)}; }

  void add(TokenKind kind, size_t begin) {
    tokens.push_back({kind, locOf(begin, position), text.slice(begin, position)});
  }

  template <typename... Args> void error(Loc loc, const MessageInfo &message, const Args &...args) {
    diags.report(loc, message, args...);
    tokens.push_back({TokenKind::Error, loc, {}});
  }

  void newLine() {
    ++line;
    lineBegin = position;
  }

  //===- Lines -------------------------------------------------------------------------------===//

  void skipSpace() {
    while (current() == ' ' || current() == '\t' || current() == '\f')
      ++position;
  }

  void skipComment() {
    while (!atEnd() && current() != '\n')
      ++position;
  }

  /// Consumes a backslash and the end of line behind it; false if something else follows.
  bool continueLine() {
    if (current(1) == '\n' && position + 2 < text.size()) {
      position += 2;
      newLine();
      return true;
    }
    size_t begin = position++;
    bool endsText = current() == '\n' || atEnd();
    error(locOf(begin, position),
          endsText ? message::unexpectedEndOfFile : message::characterAfterContinuation);
    while (!atEnd() && current() != '\n')
      ++position;
    return false;
  }

  Indentation measureIndentation() {
    Indentation indent;
    for (;; ++position) {
      if (current() == ' ') {
        ++indent.column, ++indent.alternate;
      } else if (current() == '\t') {
        indent.column = (indent.column / 8 + 1) * 8;
        ++indent.alternate;
      } else if (current() == '\f') {
        indent = Indentation();
      } else {
        return indent;
      }
    }
  }

  /// At the beginning of a logical line: skips blank lines, then emits INDENT or DEDENTs.
  void beginLine() {
    for (;;) {
      size_t begin = position;
      Indentation indent = measureIndentation();
      if (current() == '#')
        skipComment();
      if (current() == '\n') {
        ++position;
        newLine();
        continue;
      }
      if (atEnd())
        return;
      // The indentation of a line that begins with a backslash is that before the backslash.
      while (current() == '\\' && current(1) == '\n' && position + 2 < text.size()) {
        continueLine();
        begin = position;
        skipSpace();
      }
      setIndentation(indent, begin);
      return;
    }
  }

  void setIndentation(Indentation indent, size_t begin) {
    Loc loc = locOf(begin, position);
    if (indent.column > indents.back().column) {
      if (indent.alternate <= indents.back().alternate)
        diags.report(loc, message::inconsistentTabs);
      else if (indents.size() >= maxIndents)
        diags.report(loc, message::tooManyIndents);
      indents.push_back(indent);
      add(TokenKind::Indent, begin);
      return;
    }
    while (indent.column < indents.back().column) {
      indents.pop_back();
      add(TokenKind::Dedent, position);
    }
    // After a wrong unindent the line is taken as one of the enclosing block.
    if (indent.column != indents.back().column)
      diags.report(loc, message::unindentMismatch);
    else if (indent.alternate != indents.back().alternate)
      diags.report(loc, message::inconsistentTabs);
  }

  void endLogicalLine() {
    size_t begin = position;
    ++position;
    add(TokenKind::Newline, begin);
    newLine();
    beginLine();
  }

  void endText() {
    if (!brackets.empty())
      reportUnclosed();
    if (insideBrackets) {
      add(TokenKind::EndOfFile, position);
      return;
    }
    if (!tokens.empty() && tokens.back().kind != TokenKind::Newline &&
        tokens.back().kind != TokenKind::Dedent)
      add(TokenKind::Newline, position);
    for (; indents.size() > 1; indents.pop_back())
      add(TokenKind::Dedent, position);
    add(TokenKind::EndOfFile, position);
  }

  //===- Brackets ----------------------------------------------------------------------------===//

  /// Reports the innermost open bracket, as CPython does, and makes an Error of its token, so that
  /// the parser says nothing about what follows it. No bracket is open afterwards.
  void reportUnclosed() {
    Token &token = tokens[brackets.back().token];
    diags.report(token.loc, message::neverClosed, brackets.back().character);
    for (OpenBracket bracket : brackets)
      tokens[bracket.token].kind = TokenKind::Error;
    brackets.clear();
  }

  void openBracket(char character) {
    brackets.push_back({character, tokens.size() - 1});
    if (brackets.size() == maxBrackets + 1)
      error(tokens.back().loc, message::tooManyBrackets);
  }

  void closeBracket(char character, Loc loc) {
    if (brackets.empty()) {
      tokens.back().kind = TokenKind::Error;
      diags.report(loc, message::unmatchedBracket, character);
      return;
    }
    OpenBracket open = brackets.pop_back_val();
    char expected = open.character == '(' ? ')' : open.character == '[' ? ']' : '}';
    if (character == expected)
      return;
    Loc openLoc = tokens[open.token].loc;
    tokens[open.token].kind = tokens.back().kind = TokenKind::Error;
    if (openLoc.line == loc.line)
      diags.report(loc, message::bracketMismatch, character, open.character).range(openLoc);
    else
      diags.report(loc, message::bracketMismatchLine, character, open.character, openLoc.line)
          .note(openLoc, message::openedHere, open.character);
  }

  //===- Words -------------------------------------------------------------------------------===//

  void word() {
    size_t begin = position;
    bool firstOfLine = text.slice(lineBegin, begin).ltrim(" \t\f").empty();
    while (isIdentifierByte(current()))
      ++position;
    StringRef name = text.slice(begin, position);
    if (current() == '"' || current() == '\'')
      if (isStringPrefix(name))
        return string(begin);
    TokenKind kind = wordKind(name);
    if (!brackets.empty() && firstOfLine && beginsStatementOnly(kind)) {
      reportUnclosed();
      tokens.push_back({TokenKind::Newline, locOf(begin, begin), {}});
      position = lineBegin;
      beginLine();
      return;
    }
    add(kind, begin);
    if (kind == TokenKind::Identifier && !isASCII(name))
      checkIdentifier(begin);
  }

  static bool isStringPrefix(StringRef word) {
    return StringSwitch<bool>(word.lower())
        .Cases({"r", "u", "b", "f", "br", "rb", "fr", "rf"}, true)
        .Default(false);
  }

  /// Checks the characters beyond ASCII of the identifier just added.
  void checkIdentifier(size_t begin) {
    for (size_t i = begin; i < position;) {
      auto [character, bytes] = decodeCharacter(text.slice(i, position));
      Loc loc = locOf(i, i + bytes);
      bool valid = character < 0x80 ||
                   (i == begin ? isIdentifierStart(character) : isIdentifierContinue(character));
      if (!valid || needsNormalization(character)) {
        StringRef shown = text.substr(i, bytes);
        tokens.back().kind = TokenKind::Error;
        if (valid)
          diags.report(loc, message::identifierNormalization, shown, hexOf(character))
              .help("use a letter that has only one encoding");
        else if (!sys::unicode::isPrintable(static_cast<int>(character)) || character == 0xA0)
          diags.report(loc, message::nonPrintableCharacter, hexOf(character));
        else
          diags.report(loc, message::invalidCharacter, shown, hexOf(character));
        return;
      }
      i += bytes;
    }
  }

  //===- Numbers -----------------------------------------------------------------------------===//

  /// Consumes digits of a base, single underscores between them; false and an error otherwise.
  bool digits(size_t begin, unsigned base, StringRef baseName) {
    auto isBaseDigit = [&](char c) { return isHexDigit(c) && hexDigitValue(c) < base; };
    for (;;) {
      if (!isBaseDigit(current())) {
        if (base < 10 && isDigit(current()))
          return numberError(begin, message::invalidDigit, current(), baseName);
        return numberError(begin, message::invalidNumber, baseName);
      }
      while (isBaseDigit(current()))
        ++position;
      if (current() != '_') {
        if (base < 10 && isDigit(current()))
          return numberError(begin, message::invalidDigit, current(), baseName);
        return true;
      }
      ++position;
    }
  }

  /// Reports a malformed number and skips the rest of the word.
  template <typename... Args>
  bool numberError(size_t begin, const MessageInfo &message, const Args &...args) {
    size_t end = position;
    while (isIdentifierByte(at(end)))
      ++end;
    Loc loc = locOf(begin, std::max(end, begin + 1));
    error(loc, message, args...);
    position = std::max(end, position);
    return false;
  }

  /// A number must not run into a word; CPython lets the keywords of operators follow at once.
  bool endNumber(size_t begin, TokenKind kind, StringRef name) {
    if (isWordStart(current())) {
      StringRef rest = text.substr(position);
      bool isOperator = false;
      for (StringRef keyword : {"and", "else", "for", "if", "in", "is", "or", "not"})
        isOperator |= rest.starts_with(keyword);
      if (!isOperator)
        return numberError(begin, message::invalidNumber, name);
    }
    add(kind, begin);
    return true;
  }

  bool prefixedNumber(size_t begin, unsigned base, StringRef name) {
    position += 2;
    if (current() == '_')
      ++position;
    return digits(begin, base, name) && endNumber(begin, TokenKind::Integer, name);
  }

  bool number() {
    size_t begin = position;
    char prefix = current() == '0' ? toLower(current(1)) : '\0';
    if (prefix == 'x')
      return prefixedNumber(begin, 16, "hexadecimal");
    if (prefix == 'o')
      return prefixedNumber(begin, 8, "octal");
    if (prefix == 'b')
      return prefixedNumber(begin, 2, "binary");

    TokenKind kind = TokenKind::Integer;
    if (current() != '.' && !digits(begin, 10, "decimal"))
      return false;
    StringRef integer = text.slice(begin, position);
    if (current() == '.') {
      kind = TokenKind::Float;
      ++position;
      if (isDigit(current()) && !digits(begin, 10, "decimal"))
        return false;
    }
    if (toLower(current()) == 'e') {
      bool hasSign = current(1) == '+' || current(1) == '-';
      if (isDigit(current(hasSign ? 2 : 1))) {
        kind = TokenKind::Float;
        position += hasSign ? 2 : 1;
        if (!digits(begin, 10, "decimal"))
          return false;
      } else if (hasSign) {
        return numberError(begin, message::invalidNumber, "decimal");
      }
    }
    if (toLower(current()) == 'j') {
      ++position;
      return endNumber(begin, TokenKind::Imaginary, "imaginary");
    }
    if (kind == TokenKind::Integer && integer.starts_with("0") &&
        integer.find_first_not_of("0_") != StringRef::npos)
      return numberError(begin, message::leadingZeros);
    return endNumber(begin, kind, "decimal");
  }

  //===- Strings -----------------------------------------------------------------------------===//

  /// A string literal whose prefix began at `begin`; the position is at the quote.
  void string(size_t begin) {
    char quote = current();
    bool isTriple = current(1) == quote && current(2) == quote;
    Loc start = locOf(begin, position + (isTriple ? 3 : 1));
    position += isTriple ? 3 : 1;
    while (!atEnd()) {
      if (current() == '\\' && position + 1 < text.size())
        ++position;
      else if (current() == quote && (!isTriple || (current(1) == quote && current(2) == quote))) {
        position += isTriple ? 3 : 1;
        Loc end = locOf(position, position);
        tokens.push_back({TokenKind::String, spanOf(start, end), text.slice(begin, position)});
        return;
      } else if (current() == '\n' && !isTriple) {
        break;
      }
      ++position;
      if (text[position - 1] == '\n')
        newLine();
    }
    uint32_t lastLine = atEnd() && position > 0 && text[position - 1] == '\n' ? line - 1 : line;
    error(start, isTriple ? message::unterminatedTripleString : message::unterminatedString,
          std::max(lastLine, start.line));
  }

  //===- All of it ---------------------------------------------------------------------------===//

  void punctuator() {
    size_t begin = position;
    StringRef rest = text.substr(position);
#define PUNCTUATOR(kind, text)                                                                     \
  if (rest.starts_with(text))                                                                      \
    return addPunctuator(TokenKind::kind, begin, StringRef(text).size());
#include "frontend/Tokens.def"
    ++position;
    Loc loc = locOf(begin, position);
    if (isPrint(text[begin]))
      error(loc, message::invalidSyntax);
    else
      error(loc, message::nonPrintableCharacter, hexOf(static_cast<uint8_t>(text[begin])));
  }

  void addPunctuator(TokenKind kind, size_t begin, size_t length) {
    position += length;
    add(kind, begin);
    char character = text[begin];
    if (kind == TokenKind::LeftParen || kind == TokenKind::LeftBracket ||
        kind == TokenKind::LeftBrace)
      openBracket(character);
    else if (kind == TokenKind::RightParen || kind == TokenKind::RightBracket ||
             kind == TokenKind::RightBrace)
      closeBracket(character, tokens.back().loc);
  }

  void nextToken() {
    skipSpace();
    char c = current();
    if (atEnd())
      return;
    if (c == '#')
      skipComment();
    else if (c == '\n' && brackets.empty() && !insideBrackets)
      endLogicalLine();
    else if (c == '\n')
      ++position, newLine();
    else if (c == '\\')
      continueLine();
    else if (isDigit(c) || (c == '.' && isDigit(current(1))))
      number();
    else if (c == '"' || c == '\'')
      string(position);
    else if (isWordStart(c))
      word();
    else
      punctuator();
  }
};

} // namespace

std::vector<Token> lex(StringRef text, Diagnostics &diags, LexerStart start) {
  Lexer lexer{text, diags};
  lexer.line = start.line;
  lexer.firstColumn = start.column;
  lexer.insideBrackets = start.insideBrackets;
  if (!start.insideBrackets) {
    if (!checkSourceText(text, diags)) {
      lexer.text = {};
      lexer.endText();
      return std::move(lexer.tokens);
    }
    lexer.beginLine();
  }
  while (!lexer.atEnd())
    lexer.nextToken();
  lexer.endText();
  return std::move(lexer.tokens);
}

} // namespace hpcc::frontend
