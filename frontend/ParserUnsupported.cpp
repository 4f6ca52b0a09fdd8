// Statements of Python that hpcc does not compile: with, try, class, match. They are parsed for
// their syntax errors and kept as one node, so that sema can refuse each by its name and go on.
#include "frontend/ParserImpl.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

//===- with ----------------------------------------------------------------------------------===//

/// Whether the parentheses behind `with` hold items with `as`, not an expression.
bool Parser::atParenthesizedWithItems() const {
  if (!at(TokenKind::LeftParen))
    return false;
  unsigned depth = 0;
  bool hasAs = false;
  for (size_t i = position; i < tokens.size(); ++i) {
    TokenKind kind = tokens[i].kind;
    if (kind == TokenKind::LeftParen || kind == TokenKind::LeftBracket ||
        kind == TokenKind::LeftBrace)
      ++depth;
    else if (kind == TokenKind::RightParen || kind == TokenKind::RightBracket ||
             kind == TokenKind::RightBrace)
      --depth;
    else if (kind == TokenKind::Newline || kind == TokenKind::EndOfFile)
      return false;
    hasAs |= kind == TokenKind::KeywordAs && depth == 1;
    if (depth == 0)
      return hasAs;
  }
  return false;
}

/// with_item: expression ['as' star_target]
void Parser::withItem(UnsupportedStmt &node) {
  expression();
  if (!accept(TokenKind::KeywordAs))
    return;
  Expr target = starExpression();
  checkTarget(target, TargetUse::For);
  collectBoundNames(target, node.bound);
}

/// with_stmt: 'with' (with_item (',' with_item)* | '(' with_item (',' with_item)* [','] ')') block
Stmt Parser::withStatement(std::optional<Loc> async) {
  Loc start = next().loc;
  Loc keyword = async ? spanOf(*async, start) : start;
  UnsupportedStmt node{async ? "'async with' statement" : "'with' statement", keyword, {}, {}};
  bool isParenthesized = atParenthesizedWithItems();
  if (isParenthesized)
    next();
  do {
    if (isParenthesized && at(TokenKind::RightParen))
      break;
    withItem(node);
  } while (accept(TokenKind::Comma));
  if (isParenthesized)
    expect(TokenKind::RightParen);
  node.body = block("'with' statement", start);
  return makeStmt(keyword, std::move(node));
}

//===- try -----------------------------------------------------------------------------------===//

/// try_stmt: 'try' block (except_block+ [else_block] [finally_block] | finally_block)
Stmt Parser::tryStatement() {
  Loc start = next().loc;
  UnsupportedStmt node{"'try' statement", start, {}, {}};
  node.body = block("'try' statement", start);
  bool hasClause = false;
  while (!failed && at(TokenKind::KeywordExcept)) {
    exceptClause(node);
    hasClause = true;
  }
  if (hasClause)
    append(node.body, elseBlock());
  Loc finallyLoc = peek().loc;
  if (!failed && accept(TokenKind::KeywordFinally)) {
    append(node.body, block("'finally' statement", finallyLoc));
    hasClause = true;
  }
  if (!hasClause)
    error(endOfTextOr(peek().loc), message::expectedExcept);
  return makeStmt(start, std::move(node));
}

/// except_block: 'except' ['*'] [expression ['as' NAME]] block
void Parser::exceptClause(UnsupportedStmt &node) {
  Loc start = next().loc;
  bool isStar = accept(TokenKind::Star);
  if (isStar && at(TokenKind::Colon))
    error(peek().loc, message::expectedExceptionType);
  bool isDefault = at(TokenKind::Colon);
  if (!isDefault && !atLineEnd()) {
    expression();
    if (at(TokenKind::Comma))
      error(since(start), message::exceptParentheses);
    if (accept(TokenKind::KeywordAs)) {
      Token name = peek();
      expect(TokenKind::Identifier);
      node.bound.push_back({name.text.str(), name.loc});
    }
  }
  append(node.body, block(isStar ? "'except*' statement" : "'except' statement", start));
  if (isDefault && !failed && at(TokenKind::KeywordExcept))
    diags.report(start, message::defaultExceptLast);
}

//===- class ---------------------------------------------------------------------------------===//

/// class_def: 'class' NAME ['(' [arguments] ')'] block
Stmt Parser::classDefinition() {
  Loc start = next().loc;
  Token name = peek();
  expect(TokenKind::Identifier);
  if (at(TokenKind::LeftParen))
    call(name.loc, makeAt(name.loc, Name{name.text.str()}));
  Scope outer = scope;
  scope = {.isClass = true};
  block("class definition", start);
  scope = outer;
  UnsupportedStmt node{"class", start, {{name.text.str(), name.loc}}, {}};
  return makeStmt(start, std::move(node));
}

//===- match ---------------------------------------------------------------------------------===//

/// `match` is a statement where its line ends in a colon: no expression can.
bool Parser::atMatchStatement() const {
  if (!atWord("match"))
    return false;
  size_t end = position + 1;
  while (tokens[end].kind != TokenKind::Newline && tokens[end].kind != TokenKind::EndOfFile)
    ++end;
  return tokens[end - 1].kind == TokenKind::Colon && end - 1 > position + 1;
}

/// match_stmt: 'match' subject_expr ':' NEWLINE INDENT case_block+ DEDENT
Stmt Parser::matchStatement() {
  Loc start = next().loc;
  UnsupportedStmt node{"'match' statement", start, {}, {}};
  if (at(TokenKind::Star))
    starExpressions();
  else {
    namedExpression();
    while (accept(TokenKind::Comma) && !at(TokenKind::Colon))
      starNamedExpression();
  }
  expect(TokenKind::Colon);
  expect(TokenKind::Newline);
  if (failed)
    return makeStmt(start, Pass());
  if (!accept(TokenKind::Indent))
    diags.report(endOfTextOr(peek().loc), message::expectedBlock, "'match' statement", start.line);
  else {
    while (!failed && !at(TokenKind::Dedent) && !at(TokenKind::EndOfFile))
      caseBlock(node);
    accept(TokenKind::Dedent);
  }
  return makeStmt(start, std::move(node));
}

/// case_block: 'case' patterns ['if' named_expression] block
/// Patterns are taken over unread: a statement that is refused anyway needs only their names.
void Parser::caseBlock(UnsupportedStmt &node) {
  Loc start = peek().loc;
  if (!atWord("case"))
    return unexpected();
  next();
  unsigned depth = 0;
  bool isEmpty = true;
  for (; !atLineEnd(); ++position) {
    TokenKind kind = peek().kind;
    if (depth == 0 && (kind == TokenKind::Colon || kind == TokenKind::KeywordIf))
      break;
    if (kind == TokenKind::Error)
      return fail();
    if (kind == TokenKind::LeftParen || kind == TokenKind::LeftBracket ||
        kind == TokenKind::LeftBrace)
      ++depth;
    if (kind == TokenKind::RightParen || kind == TokenKind::RightBracket ||
        kind == TokenKind::RightBrace)
      --depth;
    if (kind == TokenKind::Identifier && peek().text != "_")
      node.bound.push_back({peek().text.str(), peek().loc});
    isEmpty = false;
  }
  if (isEmpty)
    unexpected();
  if (accept(TokenKind::KeywordIf))
    namedExpression();
  append(node.body, block("'case' statement", start));
}

} // namespace hpcc::frontend
