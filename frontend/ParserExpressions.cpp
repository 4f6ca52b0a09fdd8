// Expressions without their bracketed forms: operators by precedence, calls and subscripts, atoms.
#include "frontend/Literals.h"
#include "frontend/ParserImpl.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

/// star_expressions: star_expression (',' star_expression)* [',']
Expr Parser::starExpressions() {
  Loc start = peek().loc;
  Expr first = starExpression();
  if (!at(TokenKind::Comma))
    return first;
  Tuple tuple;
  tuple.elts.push_back(std::move(first));
  while (accept(TokenKind::Comma)) {
    if (!atExpressionStart() && !at(TokenKind::Star))
      break;
    tuple.elts.push_back(starExpression());
  }
  return make(start, std::move(tuple));
}

/// star_expression: '*' bitwise_or | expression
Expr Parser::starExpression() {
  Loc start = peek().loc;
  if (!accept(TokenKind::Star))
    return expression();
  ExprPtr value = box(binary());
  return make(start, Starred{std::move(value)});
}

/// star_named_expression: '*' bitwise_or | named_expression
Expr Parser::starNamedExpression() {
  return at(TokenKind::Star) ? starExpression() : namedExpression();
}

/// named_expression: NAME ':=' expression | expression
Expr Parser::namedExpression() {
  Loc start = peek().loc;
  Expr target = expression();
  if (!at(TokenKind::ColonEqual))
    return target;
  if (!std::holds_alternative<Name>(target.node) || target.loc != start) {
    error(target.loc, message::walrusTarget, expressionName(target));
    return target;
  }
  next();
  ExprPtr value = box(expression());
  return make(start, NamedExpr{box(std::move(target)), std::move(value)});
}

/// yield_expr | star_expressions
Expr Parser::yieldOrStarExpressions() {
  return at(TokenKind::KeywordYield) ? yieldExpression() : starExpressions();
}

/// yield_expr: 'yield' 'from' expression | 'yield' [star_expressions]
Expr Parser::yieldExpression() {
  Loc start = next().loc;
  if (!scope.isFunction)
    diags.report(start, message::yieldOutsideFunction);
  UnsupportedExpr node{"'yield' expression", {}};
  if (accept(TokenKind::KeywordFrom)) {
    node.construct = "'yield from' expression";
    node.parts.push_back(expression());
  } else if (atExpressionStart() || at(TokenKind::Star)) {
    node.parts.push_back(starExpressions());
    refuseStarred(node.parts.back());
  }
  return make(start, std::move(node));
}

/// expression: disjunction ['if' disjunction 'else' expression] | lambda
Expr Parser::expression() {
  return deeper([&] {
    Loc start = peek().loc;
    if (at(TokenKind::KeywordLambda))
      return lambda();
    Expr body = disjunction();
    if (!accept(TokenKind::KeywordIf))
      return body;
    ExprPtr test = box(disjunction());
    if (!at(TokenKind::KeywordElse) && !at(TokenKind::Colon)) {
      error(since(start), message::expectedElseInExpression);
      return body;
    }
    expect(TokenKind::KeywordElse);
    ExprPtr orelse = box(expression());
    return make(start, IfExp{std::move(test), box(std::move(body)), std::move(orelse)});
  });
}

/// lambda: 'lambda' [parameters] ':' expression
Expr Parser::lambda() {
  Loc start = next().loc;
  Scope outer = scope;
  Parameters list = parameters(TokenKind::Colon, /*hasAnnotations=*/false);
  expect(TokenKind::Colon);
  scope = {.isFunction = true};
  ExprPtr body = box(expression());
  scope = outer;
  return make(start, Lambda{std::move(list), std::move(body)});
}

/// disjunction: conjunction ('or' conjunction)*
Expr Parser::disjunction() {
  Loc start = peek().loc;
  Expr first = conjunction();
  if (!at(TokenKind::KeywordOr))
    return first;
  BoolOp node{BoolOperator::Or, {}};
  node.values.push_back(std::move(first));
  while (accept(TokenKind::KeywordOr))
    node.values.push_back(conjunction());
  return make(start, std::move(node));
}

/// conjunction: inversion ('and' inversion)*
Expr Parser::conjunction() {
  Loc start = peek().loc;
  Expr first = inversion();
  if (!at(TokenKind::KeywordAnd))
    return first;
  BoolOp node{BoolOperator::And, {}};
  node.values.push_back(std::move(first));
  while (accept(TokenKind::KeywordAnd))
    node.values.push_back(inversion());
  return make(start, std::move(node));
}

/// inversion: 'not' inversion | comparison
Expr Parser::inversion() {
  Loc start = peek().loc;
  if (!accept(TokenKind::KeywordNot))
    return comparison();
  ExprPtr operand = box(deeper([&] { return inversion(); }));
  return make(start, UnaryOp{UnaryOperator::Not, std::move(operand)});
}

/// compare_op: '==' | '!=' | '<=' | '<' | '>=' | '>' | 'in' | 'not' 'in' | 'is' ['not']
std::optional<CompareOperator> Parser::compareOperator() {
  switch (peek().kind) {
  case TokenKind::EqualEqual:
    ++position;
    return CompareOperator::Eq;
  case TokenKind::NotEqual:
    ++position;
    return CompareOperator::NotEq;
  case TokenKind::LessEqual:
    ++position;
    return CompareOperator::LtE;
  case TokenKind::Less:
    ++position;
    return CompareOperator::Lt;
  case TokenKind::GreaterEqual:
    ++position;
    return CompareOperator::GtE;
  case TokenKind::Greater:
    ++position;
    return CompareOperator::Gt;
  case TokenKind::KeywordIn:
    ++position;
    return CompareOperator::In;
  case TokenKind::KeywordIs:
    ++position;
    return accept(TokenKind::KeywordNot) ? CompareOperator::IsNot : CompareOperator::Is;
  case TokenKind::KeywordNot:
    if (peek(1).kind != TokenKind::KeywordIn)
      return std::nullopt;
    position += 2;
    return CompareOperator::NotIn;
  default:
    return std::nullopt;
  }
}

/// comparison: bitwise_or (compare_op bitwise_or)*
Expr Parser::comparison() {
  Loc start = peek().loc;
  Expr left = binary();
  Loc opLoc = peek().loc;
  std::optional<CompareOperator> op = compareOperator();
  if (!op)
    return left;
  Compare node{box(std::move(left)), {}, {}, {}};
  for (; op; opLoc = peek().loc, op = compareOperator()) {
    node.ops.push_back(*op);
    node.opLocs.push_back(since(opLoc));
    node.comparators.push_back(binary());
  }
  return make(start, std::move(node));
}

namespace {

struct BinaryInfo {
  BinaryOperator op;
  unsigned precedence; // higher binds tighter; all of these group to the left
};

std::optional<BinaryInfo> binaryInfo(TokenKind kind) {
  switch (kind) {
  case TokenKind::Pipe:
    return BinaryInfo{BinaryOperator::BitOr, 1};
  case TokenKind::Caret:
    return BinaryInfo{BinaryOperator::BitXor, 2};
  case TokenKind::Ampersand:
    return BinaryInfo{BinaryOperator::BitAnd, 3};
  case TokenKind::LessLess:
    return BinaryInfo{BinaryOperator::LShift, 4};
  case TokenKind::GreaterGreater:
    return BinaryInfo{BinaryOperator::RShift, 4};
  case TokenKind::Plus:
    return BinaryInfo{BinaryOperator::Add, 5};
  case TokenKind::Minus:
    return BinaryInfo{BinaryOperator::Sub, 5};
  case TokenKind::Star:
    return BinaryInfo{BinaryOperator::Mult, 6};
  case TokenKind::Slash:
    return BinaryInfo{BinaryOperator::Div, 6};
  case TokenKind::SlashSlash:
    return BinaryInfo{BinaryOperator::FloorDiv, 6};
  case TokenKind::Percent:
    return BinaryInfo{BinaryOperator::Mod, 6};
  case TokenKind::At:
    return BinaryInfo{BinaryOperator::MatMult, 6};
  default:
    return std::nullopt;
  }
}

} // namespace

/// bitwise_or, bitwise_xor, bitwise_and, shift_expr, sum, term by precedence climbing:
/// binary(p): unary (op unary)*, where each op has at least precedence p
Expr Parser::binary(unsigned minPrecedence) {
  Loc start = peek().loc;
  Expr left = unary();
  for (;;) {
    std::optional<BinaryInfo> info = binaryInfo(peek().kind);
    if (!info || info->precedence < minPrecedence)
      return left;
    Loc opLoc = next().loc;
    ExprPtr right = box(binary(info->precedence + 1));
    left = make(start, BinOp{box(std::move(left)), info->op, opLoc, std::move(right)});
  }
}

/// factor: ('+' | '-' | '~') factor | power
Expr Parser::unary() {
  Loc start = peek().loc;
  UnaryOperator op;
  if (accept(TokenKind::Minus))
    op = UnaryOperator::USub;
  else if (accept(TokenKind::Plus))
    op = UnaryOperator::UAdd;
  else if (accept(TokenKind::Tilde))
    op = UnaryOperator::Invert;
  else
    return power();
  ExprPtr operand = box(deeper([&] { return unary(); }));
  return make(start, UnaryOp{op, std::move(operand)});
}

/// power: await_primary ['**' factor]
Expr Parser::power() {
  Loc start = peek().loc;
  Expr base = awaitPrimary();
  if (!at(TokenKind::StarStar))
    return base;
  Loc opLoc = next().loc;
  ExprPtr exponent = box(deeper([&] { return unary(); }));
  return make(start, BinOp{box(std::move(base)), BinaryOperator::Pow, opLoc, std::move(exponent)});
}

/// await_primary: ['await'] primary
Expr Parser::awaitPrimary() {
  Loc start = peek().loc;
  if (!accept(TokenKind::KeywordAwait))
    return primary();
  if (!scope.isFunction)
    diags.report(start, message::awaitOutsideFunction);
  UnsupportedExpr node{"'await' expression", {}};
  node.parts.push_back(primary());
  return make(start, std::move(node));
}

/// primary: atom ('.' NAME | '(' arguments ')' | '[' slices ']')*
Expr Parser::primary() {
  Loc start = peek().loc;
  Expr value = atom();
  for (;;) {
    if (accept(TokenKind::Dot)) {
      Token name = peek();
      expect(TokenKind::Identifier);
      value = make(start, Attribute{box(std::move(value)), name.text.str(), name.loc});
    } else if (at(TokenKind::LeftParen)) {
      value = call(start, std::move(value));
    } else if (at(TokenKind::LeftBracket)) {
      Loc bracket = next().loc;
      ExprPtr index = box(slices());
      unclosedItem(bracket, TokenKind::RightBracket);
      value = make(start, Subscript{box(std::move(value)), std::move(index)});
    } else {
      return value;
    }
  }
}

/// atom: NAME | 'True' | 'False' | 'None' | strings | NUMBER | '...'
///     | tuple | group | genexp | list | listcomp | dict | set | dictcomp | setcomp
Expr Parser::atom() {
  Token token = peek();
  auto constant = [&](Constant value) {
    ++position;
    return make(token.loc, std::move(value));
  };
  switch (token.kind) {
  case TokenKind::Identifier:
    ++position;
    return make(token.loc, Name{token.text.str()});
  case TokenKind::KeywordTrue:
    return constant({true});
  case TokenKind::KeywordFalse:
    return constant({false});
  case TokenKind::KeywordNone:
    return constant({NoneValue()});
  case TokenKind::Ellipsis:
    return constant({EllipsisValue()});
  case TokenKind::Float:
    return constant({floatValue(token.text)});
  case TokenKind::Imaginary:
    return constant({std::complex<double>(0, floatValue(token.text.drop_back()))});
  case TokenKind::Integer:
    return integer();
  case TokenKind::String:
    return strings();
  case TokenKind::LeftParen:
    return parenthesized();
  case TokenKind::LeftBracket:
    return listDisplay();
  case TokenKind::LeftBrace:
    return braceDisplay();
  default:
    unexpected();
    return {token.loc, Name(), 1};
  }
}

} // namespace hpcc::frontend
