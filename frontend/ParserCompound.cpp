// Compound statements that hpcc compiles: if, while, for, def; and the blocks of all of them.
#include "frontend/ParserImpl.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

bool Parser::atCompoundStatement() const {
  switch (peek().kind) {
  case TokenKind::KeywordIf:
  case TokenKind::KeywordWhile:
  case TokenKind::KeywordFor:
  case TokenKind::KeywordDef:
  case TokenKind::KeywordClass:
  case TokenKind::KeywordWith:
  case TokenKind::KeywordTry:
  case TokenKind::KeywordAsync:
  case TokenKind::At:
    return true;
  default:
    return atMatchStatement();
  }
}

/// compound_stmt: function_def | if_stmt | class_def | with_stmt | for_stmt | try_stmt
///              | while_stmt | match_stmt
Stmt Parser::compoundStatement() {
  switch (peek().kind) {
  case TokenKind::KeywordIf:
    return ifStatement();
  case TokenKind::KeywordWhile:
    return whileStatement();
  case TokenKind::KeywordFor:
    return forStatement(std::nullopt);
  case TokenKind::KeywordDef:
    return functionDefinition({}, std::nullopt);
  case TokenKind::KeywordClass:
    return classDefinition();
  case TokenKind::KeywordWith:
    return withStatement(std::nullopt);
  case TokenKind::KeywordTry:
    return tryStatement();
  case TokenKind::KeywordAsync:
    return asyncStatement({});
  case TokenKind::At:
    return decorated();
  default:
    return matchStatement();
  }
}

//===- Blocks --------------------------------------------------------------------------------===//

/// block: ':' NEWLINE INDENT statements DEDENT | ':' simple_stmts
Block Parser::block(StringRef owner, Loc ownerLoc) {
  Block body;
  if (!accept(TokenKind::Colon)) {
    if (at(TokenKind::Equal))
      error(peek().loc, message::assignmentInExpression);
    else if (atLineEnd())
      error(peek().loc, message::expectedColon);
    else
      unexpected();
    return body;
  }
  ++statementDepth;
  if (statementDepth > maxStatementDepth) {
    error(ownerLoc, message::statementsNestedTooDeeply, maxStatementDepth);
  } else if (!accept(TokenKind::Newline)) {
    if (atCompoundStatement())
      unexpected();
    else
      simpleStatements(body);
  } else if (!accept(TokenKind::Indent)) {
    diags.report(endOfTextOr(peek().loc), message::expectedBlock, owner, ownerLoc.line);
  } else {
    statements(body);
    accept(TokenKind::Dedent);
  }
  --statementDepth;
  return body;
}

/// The block of a loop, where break and continue are allowed.
Block Parser::loopBody(StringRef owner, Loc ownerLoc) {
  ++scope.loops;
  Block body = block(owner, ownerLoc);
  --scope.loops;
  return body;
}

/// else_block: ['else' block]
Block Parser::elseBlock() {
  Loc start = peek().loc;
  if (failed || !accept(TokenKind::KeywordElse))
    return {};
  return block("'else' statement", start);
}

//===- Statements ----------------------------------------------------------------------------===//

/// if_stmt: 'if' named_expression block ('elif' named_expression block)* [else_block]
/// The branches are parsed in a loop and nested afterwards, for chains of any length.
Stmt Parser::ifStatement() {
  unsigned outerDepth = statementDepth;
  std::vector<Stmt> branches;
  do {
    Loc start = next().loc;
    StringRef owner = branches.empty() ? "'if' statement" : "'elif' statement";
    If node;
    node.test = box(namedExpression());
    node.body = block(owner, start);
    branches.push_back(makeStmt(start, std::move(node)));
    ++statementDepth;
  } while (!failed && at(TokenKind::KeywordElif));
  std::get<If>(branches.back().node).orelse = elseBlock();
  statementDepth = outerDepth;

  Loc end = since(branches.back().loc);
  Stmt inner = std::move(branches.back());
  inner.loc = spanOf(inner.loc, end);
  for (size_t i = branches.size() - 1; i-- > 0;) {
    Stmt outer = std::move(branches[i]);
    outer.loc = spanOf(outer.loc, end);
    std::get<If>(outer.node).orelse.push_back(std::move(inner));
    inner = std::move(outer);
  }
  return inner;
}

/// while_stmt: 'while' named_expression block [else_block]
Stmt Parser::whileStatement() {
  Loc start = next().loc;
  While node;
  node.test = box(namedExpression());
  node.body = loopBody("'while' statement", start);
  node.orelse = elseBlock();
  return makeStmt(start, std::move(node));
}

/// for_stmt: 'for' star_targets 'in' star_expressions block [else_block]
Stmt Parser::forStatement(std::optional<Loc> async) {
  Loc start = next().loc;
  For node;
  node.target = box(targetList(TargetUse::For));
  expect(TokenKind::KeywordIn);
  node.iter = box(starExpressions());
  refuseStarred(*node.iter);
  node.body = loopBody("'for' statement", start);
  node.orelse = elseBlock();
  if (!async)
    return makeStmt(start, std::move(node));
  UnsupportedStmt refused{"'async for' statement", spanOf(*async, start), {}, std::move(node.body)};
  collectBoundNames(*node.target, refused.bound);
  append(refused.body, std::move(node.orelse));
  return makeStmt(*async, std::move(refused));
}

/// function_def: 'def' NAME '(' [parameters] ')' ['->' expression] block
Stmt Parser::functionDefinition(ExprList decorators, std::optional<Loc> async) {
  Loc start = next().loc;
  FunctionDef node;
  Token name = peek();
  expect(TokenKind::Identifier);
  node.name = name.text.str();
  node.nameLoc = name.loc;
  expect(TokenKind::LeftParen);
  node.parameters = parameters(TokenKind::RightParen, /*hasAnnotations=*/true);
  expect(TokenKind::RightParen);
  if (accept(TokenKind::Arrow))
    node.returns = box(expression());
  Scope outer = scope;
  scope = {.isFunction = true};
  node.body = block("function definition", start);
  scope = outer;
  node.decorators = std::move(decorators);
  if (!async)
    return makeStmt(start, std::move(node));
  UnsupportedStmt refused{"'async def'", spanOf(*async, start), {{node.name, node.nameLoc}}, {}};
  return makeStmt(*async, std::move(refused));
}

/// decorators: ('@' named_expression NEWLINE)+ (class_def | function_def)
Stmt Parser::decorated() {
  Loc start = peek().loc;
  ExprList decorators;
  while (accept(TokenKind::At)) {
    decorators.push_back(namedExpression());
    expect(TokenKind::Newline);
    if (failed)
      return makeStmt(start, Pass());
  }
  if (at(TokenKind::KeywordDef))
    return functionDefinition(std::move(decorators), std::nullopt);
  if (at(TokenKind::KeywordClass))
    return classDefinition();
  if (at(TokenKind::KeywordAsync) && peek(1).kind == TokenKind::KeywordDef)
    return asyncStatement(std::move(decorators));
  unexpected();
  return makeStmt(start, Pass());
}

/// 'async' (function_def | for_stmt | with_stmt)
Stmt Parser::asyncStatement(ExprList decorators) {
  Loc start = next().loc;
  bool isDefinition = at(TokenKind::KeywordDef);
  if (!isDefinition && !scope.isFunction && !failed &&
      (at(TokenKind::KeywordFor) || at(TokenKind::KeywordWith)))
    diags.report(start, message::asyncOutsideFunction, peek().text);
  if (isDefinition)
    return functionDefinition(std::move(decorators), start);
  if (at(TokenKind::KeywordFor))
    return forStatement(start);
  if (at(TokenKind::KeywordWith))
    return withStatement(start);
  unexpected();
  return makeStmt(start, Pass());
}

} // namespace hpcc::frontend
