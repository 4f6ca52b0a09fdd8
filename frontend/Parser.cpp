// The parser's tokens, errors and nodes, and its entry. See Parser.h and ParserImpl.h.
#include "frontend/Parser.h"
#include "frontend/DeclarationChecks.h"
#include "frontend/ParserImpl.h"
#include <algorithm>

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

//===- Tokens --------------------------------------------------------------------------------===//

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

//===- Errors --------------------------------------------------------------------------------===//

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

/// A hint for mistakes that other languages teach; empty if it is none of them. The wrong token is
/// `line.back()`; `line` begins with its statement.
std::string commonMistake(ArrayRef<Token> line, TokenKind following) {
  const Token &token = line.back();
  auto kindBefore = [&](size_t count) {
    return line.size() > count ? line[line.size() - 1 - count].kind : TokenKind::EndOfFile;
  };
  auto isTwice = [&](TokenKind kind) { return token.kind == kind && kindBefore(1) == kind; };
  if (isTwice(TokenKind::Ampersand))
    return "did you mean 'and'?";
  if (isTwice(TokenKind::Pipe))
    return "did you mean 'or'?";
  if (token.kind == TokenKind::KeywordIf && kindBefore(1) == TokenKind::KeywordElse)
    return "did you mean 'elif'?";
  if (kindBefore(1) == TokenKind::Plus && kindBefore(2) == TokenKind::Plus)
    return "did you mean '+= 1'?";
  if (kindBefore(1) == TokenKind::Minus && kindBefore(2) == TokenKind::Minus)
    return "did you mean '-= 1'?";
  const Token *keyword = nullptr;
  if (isKeyword(token.kind) && following == TokenKind::Equal)
    keyword = &token;
  else if (isKeyword(kindBefore(1)) && token.kind == TokenKind::Equal)
    keyword = &line[line.size() - 2];
  if (keyword)
    return ("'" + keyword->text + "' is a keyword of Python; choose another name").str();
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
  auto isLayout = [](TokenKind kind) {
    return kind == TokenKind::Newline || kind == TokenKind::Indent || kind == TokenKind::Dedent;
  };
  size_t first = position;
  while (first > 0 && !isLayout(tokens[first - 1].kind))
    --first;
  ArrayRef<Token> line = tokens.slice(first, position + 1 - first);
  std::string hint = commonMistake(line, peek(1).kind);
  if (hint.empty() && line.size() == 2 && line.front().kind == TokenKind::Identifier)
    if (StringRef keyword = similarKeyword(line.front().text); !keyword.empty())
      hint = ("did you mean '" + keyword + "'?").str();
  DiagnosticBuilder report = error(endOfTextOr(peek().loc), message::invalidSyntax);
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

//===- Nodes ---------------------------------------------------------------------------------===//

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
  Module module = parser.module();
  checkDeclarations(module, diags);
  return module;
}

} // namespace hpcc::frontend
