// Integer and string literals, with the expressions inside f-strings.
#include "frontend/Literals.h"
#include "frontend/ParserImpl.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

namespace {

/// The range of token.text[begin, end), which may span lines.
Loc locInside(const Token &token, size_t begin, size_t end) {
  auto place = [&](size_t offset) -> std::pair<uint32_t, uint32_t> {
    StringRef before = token.text.take_front(offset);
    size_t newline = before.rfind('\n');
    if (newline == StringRef::npos)
      return {token.loc.line, token.loc.column + static_cast<uint32_t>(offset)};
    return {token.loc.line + static_cast<uint32_t>(before.count('\n')),
            static_cast<uint32_t>(offset - newline)};
  };
  auto [line, column] = place(begin);
  auto [endLine, endColumn] = place(end);
  return {line, column, endLine, endColumn};
}

/// Adjacent literals as one value: the pieces of an f-string, or just one text.
struct StringBuilder {
  Parser &parser;
  Loc whole;
  std::string text = {}; // what stands behind the last expression
  ExprList values = {};

  void flush() {
    if (!text.empty())
      values.push_back(parser.makeAt(whole, Constant{std::move(text)}));
    text.clear();
  }
};

/// Decodes `piece`, which begins at `offset` of the token's text.
void appendDecoded(Parser &parser, const Token &token, StringRef piece, const StringLiteral &kind,
                   std::string &text) {
  if (kind.isRaw) {
    text += piece;
    return;
  }
  std::optional<EscapeError> fault = decodeEscapes(piece, kind.isBytes, text);
  if (!fault)
    return;
  size_t offset = static_cast<size_t>(piece.data() - token.text.data());
  Loc loc = locInside(token, offset + fault->begin, offset + fault->end);
  switch (fault->fault) {
  case EscapeFault::TruncatedX:
    parser.error(loc, message::truncatedEscape, "\\xXX");
    return;
  case EscapeFault::TruncatedU:
    parser.error(loc, message::truncatedEscape, "\\uXXXX");
    return;
  case EscapeFault::TruncatedLongU:
    parser.error(loc, message::truncatedEscape, "\\UXXXXXXXX");
    return;
  case EscapeFault::MalformedName:
    parser.error(loc, message::malformedCharacterName);
    return;
  case EscapeFault::UnknownName:
    parser.error(loc, message::unknownCharacterName);
    return;
  case EscapeFault::NoCharacter:
    parser.error(loc, message::noSuchCharacter);
    return;
  case EscapeFault::Surrogate:
    parser.error(loc, message::surrogateEscape);
    return;
  case EscapeFault::BytesTruncatedX:
    parser.error(loc, message::truncatedBytesEscape);
    return;
  }
}

/// One f-string token. Offsets count in the token's text; CPython's fstring_find_expr and
/// fstring_find_literal (Parser/string_parser.c) are the source of the rules.
struct FormatStringParser {
  Parser &parser;
  const Token &token;
  StringLiteral literal;
  StringRef text = token.text;
  size_t position = 0;
  size_t end = 0;

  char current(size_t ahead = 0) const {
    return position + ahead < end ? text[position + ahead] : '\0';
  }
  bool atEnd() const { return position >= end || parser.failed; }

  template <typename... Args>
  void error(size_t begin, size_t stop, const MessageInfo &message, const Args &...args) {
    parser.error(locInside(token, begin, std::max(stop, begin + 1)), message, args...);
  }

  void decode(StringRef piece, std::string &decoded) {
    appendDecoded(parser, token, piece, literal, decoded);
  }

  /// Literal text up to the next expression or, in a format spec, to its closing brace.
  void literalText(std::string &decoded, bool isSpec) {
    size_t begin = position;
    while (!atEnd()) {
      char c = current();
      if (c == '\\' && !literal.isRaw) {
        bool isNamed = current(1) == 'N' && current(2) == '{';
        size_t close = isNamed ? text.find('}', position) : StringRef::npos;
        // A brace after a backslash begins an expression all the same.
        bool isBrace = current(1) == '{' || current(1) == '}';
        position = close < end ? close + 1 : std::min(position + (isBrace ? 1 : 2), end);
        continue;
      }
      bool isBrace = c == '{' || c == '}';
      if (isBrace && !isSpec && current(1) == c) {
        decode(text.slice(begin, position + 1), decoded);
        position += 2;
        begin = position;
        continue;
      }
      if (isBrace)
        break;
      ++position;
    }
    decode(text.slice(begin, position), decoded);
    if (!atEnd() && current() == '}' && !isSpec)
      error(position, position + 1, message::fstringSingleBrace);
  }

  /// Finds the end of the expression at `position`, which stays: its `!`, `:`, `=` or `}`.
  size_t expressionEnd() {
    SmallVector<char> brackets;
    char quote = '\0';
    size_t quoteLength = 0;
    for (size_t i = position; i < end; ++i) {
      char c = text[i];
      if (c == '\\') {
        error(i, i + 1, message::fstringBackslash);
        return i;
      }
      bool isTriple = i + 2 < end && text[i + 1] == c && text[i + 2] == c;
      if (quote != '\0') {
        if (c == quote && (quoteLength == 1 || isTriple)) {
          i += quoteLength - 1;
          quote = '\0';
        }
        continue;
      }
      if (c == '\'' || c == '"') {
        quote = c;
        quoteLength = isTriple ? 3 : 1;
        i += quoteLength - 1;
      } else if (c == '(' || c == '[' || c == '{') {
        brackets.push_back(c);
      } else if (c == '#') {
        error(i, i + 1, message::fstringComment);
        return i;
      } else if (brackets.empty() && StringRef("!:}=<>").contains(c)) {
        char following = i + 1 < end ? text[i + 1] : '\0';
        if (following == '=' && StringRef("!=<>").contains(c))
          ++i;
        else if (c != '<' && c != '>')
          return i;
      } else if (c == ')' || c == ']' || c == '}') {
        if (brackets.empty()) {
          error(i, i + 1, message::fstringUnmatched, c);
          return i;
        }
        char open = brackets.pop_back_val();
        if (c != (open == '(' ? ')' : open == '[' ? ']' : '}')) {
          error(i, i + 1, message::fstringMismatch, c, open);
          return i;
        }
      }
    }
    if (quote != '\0')
      error(position, end, message::fstringUnterminatedString);
    else if (!brackets.empty())
      error(position, end, message::fstringUnmatched, brackets.back());
    else
      error(end, end, message::fstringExpectedBrace);
    return end;
  }

  /// The expression in text[begin, stop), parsed with the ranges that it has in the file.
  Expr innerExpression(size_t begin, size_t stop) {
    StringRef inner = text.slice(begin, stop);
    Loc loc = locInside(token, begin, stop);
    if (inner.trim(" \t\n\f").empty()) {
      error(begin, stop, message::fstringEmptyExpression);
      return {loc, Name(), 1};
    }
    std::vector<Token> innerTokens =
        lex(inner, parser.diags, {loc.line, loc.column, /*insideBrackets=*/true});
    Parser innerParser{innerTokens, parser.diags};
    innerParser.nesting = parser.nesting;
    innerParser.scope = parser.scope;
    Expr value = innerParser.formatExpression();
    if (innerParser.failed)
      parser.fail();
    return value;
  }

  /// replacement_field: '{' expression ['='] ['!' conversion] [':' spec] '}'; `before` takes the
  /// text that `=` asks for.
  FormattedValue field(std::string &before, unsigned level) {
    FormattedValue node;
    if (level >= 2) {
      error(position, position + 1, message::fstringNesting);
      return node;
    }
    size_t begin = ++position;
    size_t stop = expressionEnd();
    if (parser.failed)
      return node;
    node.value = Parser::box(innerExpression(begin, stop));
    position = stop;
    bool isSelfDocumenting = current() == '=';
    if (isSelfDocumenting) {
      ++position;
      while (StringRef(" \t\n\f").contains(current()) && !atEnd())
        ++position;
      before += text.slice(begin, position);
    }
    if (current() == '!') {
      ++position;
      node.conversion = current();
      if (!StringRef("sra").contains(node.conversion) || atEnd())
        error(position, position + 1, message::fstringConversion);
      ++position;
    }
    if (current() == ':' && !atEnd()) {
      ++position;
      node.formatSpec = Parser::box(formatSpec(level + 1));
    }
    if (current() != '}')
      error(position, position + 1, message::fstringExpectedBrace);
    ++position;
    if (isSelfDocumenting && !node.formatSpec && node.conversion == 0)
      node.conversion = 'r';
    return node;
  }

  Expr formatSpec(unsigned level) {
    StringBuilder spec{parser, locInside(token, 0, text.size())};
    while (!atEnd() && current() != '}') {
      literalText(spec.text, /*isSpec=*/true);
      if (current() == '{')
        addField(spec, level);
    }
    spec.flush();
    return parser.makeAt(spec.whole, JoinedStr{std::move(spec.values)});
  }

  void addField(StringBuilder &builder, unsigned level) {
    FormattedValue node = field(builder.text, level);
    if (parser.failed)
      return;
    builder.flush();
    builder.values.push_back(parser.makeAt(builder.whole, std::move(node)));
  }

  void run(StringBuilder &builder) {
    position = static_cast<size_t>(literal.body.data() - text.data());
    end = position + literal.body.size();
    while (!atEnd()) {
      literalText(builder.text, /*isSpec=*/false);
      if (!atEnd() && current() == '{')
        addField(builder, 0);
    }
  }
};

} // namespace

/// fstring: yield_expr | named_expression | star_expressions, the whole of the tokens
Expr Parser::formatExpression() {
  return deeper([&] {
    Loc start = peek().loc;
    if (at(TokenKind::KeywordYield)) {
      Expr value = yieldExpression();
      expect(TokenKind::EndOfFile);
      return value;
    }
    Expr first = starNamedExpression();
    if (atComprehension())
      first = comprehension(start, ComprehensionKind::Generator, nullptr, std::move(first));
    ExprList elts;
    elts.push_back(std::move(first));
    bool isTuple = elements(elts, TokenKind::EndOfFile);
    if (!at(TokenKind::EndOfFile))
      unexpected();
    if (isTuple)
      return make(start, Tuple{std::move(elts)});
    refuseStarred(elts.front());
    return std::move(elts.front());
  });
}

/// An integer literal; those that need more than 64 bits are refused here.
Expr Parser::integer() {
  Token token = next();
  std::optional<uint64_t> value = integerValue(token.text);
  if (!value) {
    diags.report(token.loc, message::integerTooLarge);
    return make(token.loc, Constant{int64_t{0}});
  }
  if (*value > static_cast<uint64_t>(INT64_MAX))
    return make(token.loc, Constant{UnsignedValue{*value}});
  return make(token.loc, Constant{static_cast<int64_t>(*value)});
}

/// strings: STRING+, joined; an f-string among them makes an f-string of all
Expr Parser::strings() {
  size_t first = position;
  while (at(TokenKind::String))
    ++position;
  ArrayRef<Token> literals = tokens.slice(first, position - first);
  StringBuilder builder{*this, since(literals.front().loc)};
  bool isBytes = splitStringLiteral(literals.front().text).isBytes;
  bool isFormat = false;
  for (const Token &token : literals) {
    StringLiteral literal = splitStringLiteral(token.text);
    isFormat |= literal.isFormat;
    if (literal.isBytes != isBytes) {
      error(builder.whole, message::mixedBytes);
    } else if (literal.isBytes && !isASCII(literal.body)) {
      error(token.loc, message::bytesNotAscii);
    } else if (literal.isFormat) {
      FormatStringParser{*this, token, literal}.run(builder);
    } else {
      appendDecoded(*this, token, literal.body, literal, builder.text);
    }
    if (failed)
      return {builder.whole, Constant{std::string()}, 1};
  }
  if (isFormat) {
    builder.flush();
    return makeAt(builder.whole, JoinedStr{std::move(builder.values)});
  }
  if (isBytes)
    return makeAt(builder.whole, Constant{BytesValue{std::move(builder.text)}});
  return makeAt(builder.whole, Constant{std::move(builder.text)});
}

} // namespace hpcc::frontend
