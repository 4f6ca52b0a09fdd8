// Files, logical lines and simple statements, with the recovery after errors.
#include "frontend/ParserImpl.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

//===- Lines ---------------------------------------------------------------------------------===//

/// file: statement* ENDMARKER
Module Parser::module() {
  Module result;
  while (!at(TokenKind::EndOfFile)) {
    statements(result.body);
    accept(TokenKind::Dedent);
  }
  return result;
}

/// statements: statement*, up to DEDENT or ENDMARKER
void Parser::statements(Block &block) {
  while (!at(TokenKind::Dedent) && !at(TokenKind::EndOfFile))
    statement(block);
}

/// statement: compound_stmt | simple_stmts
void Parser::statement(Block &block) {
  failed = false;
  if (accept(TokenKind::Newline))
    return;
  if (at(TokenKind::Indent)) {
    diags.report(peek().loc, message::unexpectedIndent);
    ++position;
    statements(block);
    accept(TokenKind::Dedent);
    return;
  }
  size_t before = block.size();
  if (atCompoundStatement())
    block.push_back(compoundStatement());
  else
    simpleStatements(block);
  if (failed) {
    block.erase(block.begin() + before, block.end());
    recover();
  }
}

void Parser::recover() {
  Block dropped;
  // What the dropped line was is not known, so its block may return, break and continue.
  Scope outer = scope;
  scope = {.isFunction = true, .isClass = outer.isClass, .loops = 1};
  auto skipLineAndBlock = [&] {
    while (!atLineEnd())
      ++position;
    failed = false;
    accept(TokenKind::Newline);
    if (accept(TokenKind::Indent)) {
      statements(dropped);
      accept(TokenKind::Dedent);
    }
  };
  skipLineAndBlock();
  // The clauses of a statement whose first line was dropped.
  while (at(TokenKind::KeywordElif) || at(TokenKind::KeywordElse) || at(TokenKind::KeywordExcept) ||
         at(TokenKind::KeywordFinally))
    skipLineAndBlock();
}

/// simple_stmts: simple_stmt (';' simple_stmt)* [';'] NEWLINE
void Parser::simpleStatements(Block &block) {
  do {
    block.push_back(simpleStatement());
  } while (accept(TokenKind::Semicolon) && !at(TokenKind::Newline));
  if (!at(TokenKind::EndOfFile))
    expect(TokenKind::Newline);
}

/// simple_stmt: assignment | star_expressions | return_stmt | import_stmt | raise_stmt | 'pass'
///            | del_stmt | yield_stmt | assert_stmt | 'break' | 'continue' | global_stmt
///            | nonlocal_stmt
Stmt Parser::simpleStatement() {
  Loc start = peek().loc;
  switch (peek().kind) {
  case TokenKind::KeywordPass:
    next();
    return makeStmt(start, Pass());
  case TokenKind::KeywordBreak:
    next();
    if (scope.loops == 0)
      diags.report(start, message::breakOutsideLoop);
    return makeStmt(start, Break());
  case TokenKind::KeywordContinue:
    next();
    if (scope.loops == 0)
      diags.report(start, message::continueOutsideLoop);
    return makeStmt(start, Continue());
  case TokenKind::KeywordReturn:
    return returnStatement();
  case TokenKind::KeywordRaise:
    return raiseStatement();
  case TokenKind::KeywordDel:
    return deleteStatement();
  case TokenKind::KeywordAssert:
    return assertStatement();
  case TokenKind::KeywordImport:
    return importStatement();
  case TokenKind::KeywordFrom:
    return fromStatement();
  case TokenKind::KeywordGlobal: {
    next();
    std::vector<Identifier> names = nameList();
    return makeStmt(start, Global{std::move(names)});
  }
  case TokenKind::KeywordNonlocal: {
    next();
    if (!scope.isFunction && !scope.isClass)
      diags.report(start, message::nonlocalAtModule);
    std::vector<Identifier> names = nameList();
    return makeStmt(start, Nonlocal{std::move(names)});
  }
  default:
    return expressionStatement();
  }
}

//===- Assignments ---------------------------------------------------------------------------===//

namespace {

std::optional<BinaryOperator> augmentedOperator(TokenKind kind) {
  switch (kind) {
  case TokenKind::PlusEqual:
    return BinaryOperator::Add;
  case TokenKind::MinusEqual:
    return BinaryOperator::Sub;
  case TokenKind::StarEqual:
    return BinaryOperator::Mult;
  case TokenKind::AtEqual:
    return BinaryOperator::MatMult;
  case TokenKind::SlashEqual:
    return BinaryOperator::Div;
  case TokenKind::PercentEqual:
    return BinaryOperator::Mod;
  case TokenKind::AmpersandEqual:
    return BinaryOperator::BitAnd;
  case TokenKind::PipeEqual:
    return BinaryOperator::BitOr;
  case TokenKind::CaretEqual:
    return BinaryOperator::BitXor;
  case TokenKind::LessLessEqual:
    return BinaryOperator::LShift;
  case TokenKind::GreaterGreaterEqual:
    return BinaryOperator::RShift;
  case TokenKind::StarStarEqual:
    return BinaryOperator::Pow;
  case TokenKind::SlashSlashEqual:
    return BinaryOperator::FloorDiv;
  default:
    return std::nullopt;
  }
}

bool isSingleTarget(const Expr &target) {
  return std::holds_alternative<Name>(target.node) ||
         std::holds_alternative<Attribute>(target.node) ||
         std::holds_alternative<Subscript>(target.node);
}

} // namespace

/// Begins with an expression: a statement of its own, or the target of one of the assignments.
Stmt Parser::expressionStatement() {
  Loc start = peek().loc;
  Expr first = yieldOrStarExpressions();
  if (failed)
    return makeStmt(start, Pass());
  if (at(TokenKind::Colon))
    return annotatedAssignment(start, std::move(first));
  if (std::optional<BinaryOperator> op = augmentedOperator(peek().kind))
    return augmentedAssignment(start, std::move(first), *op);
  if (at(TokenKind::Equal))
    return assignment(start, std::move(first));
  const Name *name = std::get_if<Name>(&first.node);
  bool isLegacy = name && (name->id == "print" || name->id == "exec") && first.loc == start;
  if (isLegacy && atExpressionStart())
    error(spanOf(start, peek().loc), message::missingParentheses, name->id);
  refuseStarred(first);
  return makeStmt(start, ExprStmt{box(std::move(first))});
}

/// assignment: (NAME | '(' single_target ')' | attribute | subscript) ':' expression
///             ['=' (yield_expr | star_expressions)]
Stmt Parser::annotatedAssignment(Loc start, Expr target) {
  bool isGroup = elementsOf(target) != nullptr;
  if (isGroup)
    error(target.loc, message::annotatedGroup, expressionName(target));
  else if (!isSingleTarget(target))
    error(target.loc, message::annotatedTarget);
  expect(TokenKind::Colon);
  ExprPtr annotation = box(expression());
  ExprPtr value;
  if (accept(TokenKind::Equal)) {
    value = box(yieldOrStarExpressions());
    refuseStarred(*value);
  }
  return makeStmt(start,
                  AnnAssign{box(std::move(target)), std::move(annotation), std::move(value)});
}

/// assignment: single_target augassign (yield_expr | star_expressions)
Stmt Parser::augmentedAssignment(Loc start, Expr target, BinaryOperator op) {
  if (!isSingleTarget(target))
    error(target.loc, message::augmentedTarget, expressionName(target));
  if (failed)
    return makeStmt(start, Pass());
  Loc opLoc = next().loc;
  ExprPtr value = box(yieldOrStarExpressions());
  refuseStarred(*value);
  return makeStmt(start, AugAssign{box(std::move(target)), op, opLoc, std::move(value)});
}

/// assignment: (star_targets '=')+ (yield_expr | star_expressions)
Stmt Parser::assignment(Loc start, Expr first) {
  ExprList sides;
  sides.push_back(std::move(first));
  while (at(TokenKind::Equal)) {
    checkTarget(sides.back(), TargetUse::Assign);
    if (failed)
      break;
    next();
    sides.push_back(yieldOrStarExpressions());
  }
  ExprPtr value = box(std::move(sides.back()));
  sides.pop_back();
  refuseStarred(*value);
  return makeStmt(start, Assign{std::move(sides), std::move(value)});
}

//===- Other simple statements ---------------------------------------------------------------===//

/// return_stmt: 'return' [star_expressions]
Stmt Parser::returnStatement() {
  Loc start = next().loc;
  if (!scope.isFunction)
    diags.report(start, message::returnOutsideFunction);
  ExprPtr value;
  if (!atLineEnd() && !at(TokenKind::Semicolon)) {
    value = box(starExpressions());
    refuseStarred(*value);
  }
  return makeStmt(start, Return{std::move(value)});
}

/// raise_stmt: 'raise' [expression ['from' expression]]
Stmt Parser::raiseStatement() {
  Loc start = next().loc;
  Raise node;
  if (!atLineEnd() && !at(TokenKind::Semicolon)) {
    node.exc = box(expression());
    if (accept(TokenKind::KeywordFrom))
      node.cause = box(expression());
  }
  return makeStmt(start, std::move(node));
}

/// del_stmt: 'del' del_target (',' del_target)* [',']
Stmt Parser::deleteStatement() {
  Loc start = next().loc;
  Delete node;
  do {
    if (!node.targets.empty() && !atExpressionStart())
      break;
    if (at(TokenKind::Star))
      unexpected();
    node.targets.push_back(binary());
    checkTarget(node.targets.back(), TargetUse::Delete);
  } while (accept(TokenKind::Comma));
  return makeStmt(start, std::move(node));
}

/// assert_stmt: 'assert' expression [',' expression]
Stmt Parser::assertStatement() {
  Loc start = next().loc;
  Assert node;
  node.test = box(expression());
  if (accept(TokenKind::Comma))
    node.msg = box(expression());
  return makeStmt(start, std::move(node));
}

/// ','.NAME+
std::vector<Identifier> Parser::nameList() {
  std::vector<Identifier> names;
  do {
    Token name = peek();
    expect(TokenKind::Identifier);
    names.push_back({name.text.str(), name.loc});
  } while (accept(TokenKind::Comma));
  return names;
}

//===- Imports -------------------------------------------------------------------------------===//

/// dotted_as_name: NAME ('.' NAME)* ['as' NAME]; import_from_as_name: NAME ['as' NAME]
Alias Parser::importAlias(bool isDotted) {
  Alias alias;
  Token name = peek();
  expect(TokenKind::Identifier);
  alias.name = name.text.str();
  while (isDotted && accept(TokenKind::Dot)) {
    alias.name += "." + peek().text.str();
    expect(TokenKind::Identifier);
  }
  if (accept(TokenKind::KeywordAs)) {
    alias.asname = peek().text.str();
    expect(TokenKind::Identifier);
  }
  alias.loc = since(name.loc);
  return alias;
}

/// import_name: 'import' dotted_as_name (',' dotted_as_name)*
Stmt Parser::importStatement() {
  Loc start = next().loc;
  Import node;
  do {
    node.names.push_back(importAlias(/*isDotted=*/true));
  } while (accept(TokenKind::Comma));
  return makeStmt(start, std::move(node));
}

/// import_from: 'from' ('.' | '...')* dotted_name 'import' import_from_targets
/// import_from_targets: '*' | '(' import_from_as_names [','] ')' | import_from_as_names
Stmt Parser::fromStatement() {
  Loc start = next().loc;
  ImportFrom node;
  for (; at(TokenKind::Dot) || at(TokenKind::Ellipsis); next())
    node.level += at(TokenKind::Dot) ? 1 : 3;
  if (node.level == 0 || at(TokenKind::Identifier)) {
    Alias module = importAlias(/*isDotted=*/true);
    if (!module.asname.empty())
      error(module.loc, message::invalidSyntax);
    node.module = module.name;
    node.moduleLoc = module.loc;
  }
  expect(TokenKind::KeywordImport);
  Loc star = peek().loc;
  if (accept(TokenKind::Star)) {
    if (scope.isFunction || scope.isClass)
      diags.report(star, message::importStarInFunction);
    node.names.push_back({star, "*", ""});
    return makeStmt(start, std::move(node));
  }
  bool isParenthesized = accept(TokenKind::LeftParen);
  do {
    if (!node.names.empty() && isParenthesized && at(TokenKind::RightParen))
      break;
    if (!node.names.empty() && !isParenthesized && atLineEnd())
      error(tokens[position - 1].loc, message::importTrailingComma);
    node.names.push_back(importAlias(/*isDotted=*/false));
  } while (accept(TokenKind::Comma));
  if (isParenthesized)
    expect(TokenKind::RightParen);
  return makeStmt(start, std::move(node));
}

} // namespace hpcc::frontend
