// The parser's tokens, errors and nodes, and its entry. See Parser.h and ParserImpl.h.
#include "frontend/Parser.h"
#include "frontend/ParserImpl.h"
#include <algorithm>

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

//===- Tokens
//-------------------------------------------------------------------------------------===//

bool Parser::atExpressionStart() const {
  switch (peek().kind) {
  case TokenKind::Identifier:
  case TokenKind::Integer:
  case TokenKind::Float:
  case TokenKind::Imaginary:
  case TokenKind::String:
  case TokenKind::KeywordFalse:
  case TokenKind::KeywordNone:
  case TokenKind::KeywordTrue:
  case TokenKind::KeywordNot:
  case TokenKind::KeywordLambda:
  case TokenKind::KeywordAwait:
  case TokenKind::LeftParen:
  case TokenKind::LeftBracket:
  case TokenKind::LeftBrace:
  case TokenKind::Plus:
  case TokenKind::Minus:
  case TokenKind::Tilde:
  case TokenKind::Ellipsis:
    return true;
  default:
    return false;
  }
}

Loc Parser::since(Loc start) const {
  for (size_t i = position; i-- > 0;) {
    const Token &token = tokens[i];
    bool isLayout = token.kind == TokenKind::Newline || token.kind == TokenKind::Indent ||
                    token.kind == TokenKind::Dedent;
    if (!isLayout)
      return spanOf(start, token.loc);
  }
  return start;
}

//===- Errors
//-------------------------------------------------------------------------------------===//

void Parser::fail() {
  failed = true;
  while (!atLineEnd())
    ++position;
}

Loc Parser::endOfTextOr(Loc loc) const {
  for (size_t i = position; tokens[i].kind != TokenKind::EndOfFile; ++i)
    if (tokens[i].kind != TokenKind::Dedent)
      return loc;
  for (size_t i = position; i-- > 0;)
    if (tokens[i].kind == TokenKind::Newline)
      return tokens[i].loc;
  return loc;
}

namespace {

/// A hint for mistakes that other languages teach; empty if it is none of them.
std::string commonMistake(const Token &previous, const Token &token, const Token &following) {
  auto pairs = [&](TokenKind kind, const Token &other) {
    return token.kind == kind && other.kind == kind;
  };
  if (pairs(TokenKind::Ampersand, previous))
    return "did you mean 'and'?";
  if (pairs(TokenKind::Pipe, previous))
    return "did you mean 'or'?";
  if (token.kind == TokenKind::KeywordIf && previous.kind == TokenKind::KeywordElse)
    return "did you mean 'elif'?";
  if (previous.kind == TokenKind::Plus && token.kind == TokenKind::Newline)
    return "did you mean '+= 1'?";
  if (previous.kind == TokenKind::Minus && token.kind == TokenKind::Newline)
    return "did you mean '-= 1'?";
  if (isKeyword(token.kind) && following.kind == TokenKind::Equal)
    return ("'" + token.text + "' is a keyword of Python; choose another name").str();
  if (isKeyword(previous.kind) && token.kind == TokenKind::Equal)
    return ("'" + previous.text + "' is a keyword of Python; choose another name").str();
  return {};
}

/// The keyword that begins statements and that `word` resembles; empty if there is none.
StringRef similarKeyword(StringRef word) {
  if (word.size() < 2)
    return {};
  for (StringRef keyword : {"for", "while", "if", "elif", "else", "def", "return", "import", "from",
                            "assert", "global", "break", "continue", "pass"}) {
    bool isSwapped = word.size() == keyword.size() && word != keyword &&
                     std::is_permutation(word.begin(), word.end(), keyword.begin());
    bool isShorterByOne = word.size() > 2 && word.edit_distance(keyword) == 1;
    if (isSwapped || isShorterByOne)
      return keyword;
  }
  return {};
}

} // namespace

void Parser::unexpected() {
  const Token &token = peek();
  size_t first = position;
  while (first > 0 && tokens[first - 1].kind != TokenKind::Newline &&
         tokens[first - 1].kind != TokenKind::Indent && tokens[first - 1].kind != TokenKind::Dedent)
    --first;
  const Token &previous = position > 0 ? tokens[position - 1] : token;
  std::string hint = commonMistake(previous, token, peek(1));
  if (hint.empty() && first + 1 == position && previous.kind == TokenKind::Identifier)
    if (StringRef keyword = similarKeyword(previous.text); !keyword.empty())
      hint = ("did you mean '" + keyword + "'?").str();
  DiagnosticBuilder report = error(endOfTextOr(token.loc), message::invalidSyntax);
  if (!hint.empty())
    report.help(hint);
}

void Parser::unclosedItem(Loc itemStart, TokenKind close) {
  if (accept(close))
    return;
  bool isAssignment = at(TokenKind::Equal);
  if (isAssignment)
    error(since(itemStart), message::assignmentInExpression);
  else if (atExpressionStart())
    error(spanOf(itemStart, peek().loc), message::forgottenComma);
  else
    unexpected();
}

//===- Nodes
//--------------------------------------------------------------------------------------===//

Expr Parser::makeAt(Loc loc, Expr::Node node) {
  uint32_t height = 0;
  forEachChild(node, [&](const Expr &child) { height = std::max(height, child.height); });
  if (height >= maxExpressionHeight) {
    error(loc, message::nestedTooDeeply, maxExpressionHeight);
    // The tree so far is dropped here, while its height is still safe to destroy.
    return {loc, Name(), 1};
  }
  return {loc, std::move(node), height + 1};
}

Expr Parser::deeper(function_ref<Expr()> parse) {
  if (nesting == maxNesting) {
    error(peek().loc, message::nestedTooDeeply, maxNesting);
    return {peek().loc, Name(), 1};
  }
  ++nesting;
  Expr result = parse();
  --nesting;
  return result;
}

Module parse(StringRef text, Diagnostics &diags) {
  std::vector<Token> tokens = lex(text, diags);
  Parser parser{tokens, diags};
  return parser.module();
}

} // namespace hpcc::frontend
