// Bracketed expressions: tuples and groups, displays, comprehensions, calls, subscripts.
#include "frontend/ParserImpl.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

namespace {

/// Whether an item that began at `start` is `*a` or `a := b` without parentheses, which neither a
/// key nor a bound of a slice may be.
bool isBareItem(const Expr &item, Loc start) {
  bool isItem =
      std::holds_alternative<Starred>(item.node) || std::holds_alternative<NamedExpr>(item.node);
  return isItem && item.loc.line == start.line && item.loc.column == start.column;
}

} // namespace

bool Parser::atComprehension() const {
  return at(TokenKind::KeywordFor) ||
         (at(TokenKind::KeywordAsync) && peek(1).kind == TokenKind::KeywordFor);
}

/// elements: (',' star_named_expression)* [',']
bool Parser::elements(ExprList &elts, TokenKind close) {
  bool hasComma = false;
  while (at(TokenKind::Comma)) {
    next();
    hasComma = true;
    if (at(close))
      break;
    elts.push_back(starNamedExpression());
  }
  if (hasComma && atComprehension())
    error(spanOf(elts.front().loc, elts.back().loc), message::comprehensionTarget);
  return hasComma;
}

/// tuple: '(' [star_named_expression ',' [star_named_expressions]] ')'
/// group: '(' (yield_expr | named_expression) ')'
/// genexp: '(' named_expression for_if_clauses ')'
Expr Parser::parenthesized() {
  Loc start = next().loc;
  if (accept(TokenKind::RightParen))
    return make(start, Tuple());
  Loc itemStart = peek().loc;
  if (at(TokenKind::KeywordYield)) {
    Expr value = yieldExpression();
    unclosedItem(itemStart, TokenKind::RightParen);
    return value;
  }
  Expr first = starNamedExpression();
  if (atComprehension()) {
    Expr generator = comprehension(start, ComprehensionKind::Generator, nullptr, std::move(first));
    expect(TokenKind::RightParen);
    generator.loc = since(start);
    return generator;
  }
  ExprList elts;
  elts.push_back(std::move(first));
  bool isTuple = elements(elts, TokenKind::RightParen);
  Loc lastItem = isTuple ? elts.back().loc : itemStart;
  unclosedItem(lastItem, TokenKind::RightParen);
  if (isTuple)
    return make(start, Tuple{std::move(elts)});
  refuseStarred(elts.front());
  return std::move(elts.front());
}

/// list: '[' [star_named_expressions] ']'; listcomp: '[' named_expression for_if_clauses ']'
Expr Parser::listDisplay() {
  Loc start = next().loc;
  if (accept(TokenKind::RightBracket))
    return make(start, List());
  ExprList elts;
  elts.push_back(starNamedExpression());
  if (atComprehension()) {
    Expr list = comprehension(start, ComprehensionKind::List, nullptr, std::move(elts.front()));
    expect(TokenKind::RightBracket);
    list.loc = since(start);
    return list;
  }
  elements(elts, TokenKind::RightBracket);
  unclosedItem(elts.back().loc, TokenKind::RightBracket);
  return make(start, List{std::move(elts)});
}

/// dict: '{' [double_starred_kvpairs] '}'; set: '{' star_named_expressions '}';
/// dictcomp: '{' kvpair for_if_clauses '}'; setcomp: '{' named_expression for_if_clauses '}'
Expr Parser::braceDisplay() {
  Loc start = next().loc;
  if (accept(TokenKind::RightBrace))
    return make(start, Dict());
  if (at(TokenKind::StarStar))
    return dictDisplay(start, dictItem());
  ExprList elts;
  Loc itemStart = peek().loc;
  elts.push_back(starNamedExpression());
  if (at(TokenKind::Colon) && !isBareItem(elts.front(), itemStart)) {
    DictItem item = dictValue(std::move(elts.front()));
    return dictDisplay(start, std::move(item));
  }
  if (atComprehension()) {
    Expr set = comprehension(start, ComprehensionKind::Set, nullptr, std::move(elts.front()));
    expect(TokenKind::RightBrace);
    set.loc = since(start);
    return set;
  }
  elements(elts, TokenKind::RightBrace);
  unclosedItem(elts.back().loc, TokenKind::RightBrace);
  return make(start, Set{std::move(elts)});
}

/// The rest of a dict or dictcomp behind its first item.
Expr Parser::dictDisplay(Loc start, DictItem first) {
  if (atComprehension()) {
    if (!first.key)
      error(first.value->loc, message::dictUnpackingInComprehension);
    Expr dict = comprehension(start, ComprehensionKind::Dict, std::move(first.key),
                              std::move(*first.value));
    expect(TokenKind::RightBrace);
    dict.loc = since(start);
    return dict;
  }
  Dict node;
  node.items.push_back(std::move(first));
  while (accept(TokenKind::Comma) && !at(TokenKind::RightBrace))
    node.items.push_back(dictItem());
  unclosedItem(node.items.back().value->loc, TokenKind::RightBrace);
  return make(start, std::move(node));
}

/// double_starred_kvpair: '**' bitwise_or | expression ':' expression
DictItem Parser::dictItem() {
  if (accept(TokenKind::StarStar))
    return {nullptr, box(binary())};
  return dictValue(expression());
}

/// kvpair behind its key: ':' expression
DictItem Parser::dictValue(Expr key) {
  if (!accept(TokenKind::Colon))
    error(since(key.loc), message::expectedDictColon);
  if (at(TokenKind::Star))
    error(peek().loc, message::starredDictValue);
  else if (at(TokenKind::RightBrace) || at(TokenKind::Comma))
    error(tokens[position - 1].loc, message::expectedDictValue);
  return {box(std::move(key)), box(expression())};
}

/// The clauses behind an element, as a node that the caller extends to its closing bracket.
Expr Parser::comprehension(Loc start, ComprehensionKind kind, ExprPtr key, Expr element) {
  if (std::holds_alternative<Starred>(element.node))
    error(element.loc, message::unpackingInComprehension);
  Comprehension node{kind, std::move(key), box(std::move(element)), comprehensionClauses()};
  return make(start, std::move(node));
}

/// for_if_clauses: for_if_clause+
std::vector<ComprehensionFor> Parser::comprehensionClauses() {
  std::vector<ComprehensionFor> clauses;
  while (atComprehension())
    clauses.push_back(comprehensionClause());
  return clauses;
}

/// for_if_clause: ['async'] 'for' star_targets 'in' disjunction ('if' disjunction)*
ComprehensionFor Parser::comprehensionClause() {
  ComprehensionFor clause;
  clause.isAsync = accept(TokenKind::KeywordAsync);
  expect(TokenKind::KeywordFor);
  clause.target = box(targetList(TargetUse::For));
  expect(TokenKind::KeywordIn);
  clause.iter = box(disjunction());
  while (accept(TokenKind::KeywordIf))
    clause.ifs.push_back(disjunction());
  return clause;
}

//===- Calls ---------------------------------------------------------------------------------===//

/// '(' [argument (',' argument)* [',']] ')'
Expr Parser::call(Loc start, Expr func) {
  Loc parenthesis = next().loc;
  Call node{box(std::move(func)), {}, {}};
  Loc lastItem = parenthesis;
  while (!at(TokenKind::RightParen)) {
    lastItem = peek().loc;
    argument(node, parenthesis);
    if (!accept(TokenKind::Comma))
      break;
  }
  unclosedItem(lastItem, TokenKind::RightParen);
  StringSet<> names;
  for (const Keyword &keyword : node.keywords)
    if (!keyword.name.empty() && !names.insert(keyword.name).second)
      diags.report(keyword.loc, message::keywordRepeated, keyword.name);
  return make(start, std::move(node));
}

/// Python's order of arguments: positional ones first, `*args` not behind `**kwargs`.
void Parser::checkArgumentOrder(const Call &node, const Expr &arg) {
  bool hasUnpacking =
      any_of(node.keywords, [](const Keyword &keyword) { return keyword.name.empty(); });
  if (std::holds_alternative<Starred>(arg.node)) {
    if (hasUnpacking)
      error(arg.loc, message::starArgumentAfterUnpacking);
  } else if (hasUnpacking) {
    error(arg.loc, message::positionalAfterUnpacking);
  } else if (!node.keywords.empty()) {
    error(arg.loc, message::positionalAfterKeyword);
  }
}

/// argument: '*' expression | '**' expression | NAME '=' expression | named_expression
///         | named_expression for_if_clauses, if it is the only argument
void Parser::argument(Call &node, Loc parenthesis) {
  Loc start = peek().loc;
  if (accept(TokenKind::StarStar)) {
    ExprPtr value = box(expression());
    node.keywords.push_back({since(start), "", {}, std::move(value)});
    return;
  }
  if (at(TokenKind::Identifier) && peek(1).kind == TokenKind::Equal) {
    Token name = next();
    next();
    if (at(TokenKind::Comma) || at(TokenKind::RightParen))
      error(since(start), message::expectedArgumentValue);
    ExprPtr value = box(expression());
    if (atComprehension())
      error(since(start), message::assignmentInExpression);
    node.keywords.push_back({since(start), name.text.str(), name.loc, std::move(value)});
    return;
  }
  if (accept(TokenKind::Star)) {
    ExprPtr value = box(expression());
    node.args.push_back(make(start, Starred{std::move(value)}));
    checkArgumentOrder(node, node.args.back());
    return;
  }
  TokenKind firstKind = peek().kind;
  Expr value = namedExpression();
  if (at(TokenKind::Equal)) {
    bool isKeywordConstant = firstKind == TokenKind::KeywordTrue ||
                             firstKind == TokenKind::KeywordFalse ||
                             firstKind == TokenKind::KeywordNone;
    if (isKeywordConstant && value.loc == start)
      error(start, message::cannotAssign, expressionName(value));
    else
      error(since(start), message::assignmentInCall);
  }
  if (atComprehension()) {
    bool isFirst = node.args.empty() && node.keywords.empty();
    value = comprehension(isFirst ? parenthesis : start, ComprehensionKind::Generator, nullptr,
                          std::move(value));
    // Alone, a generator's parentheses are those of the call.
    bool isAlone = isFirst && at(TokenKind::RightParen);
    if (!isAlone)
      error(value.loc, message::generatorParentheses);
    value.loc = spanOf(value.loc, peek().loc);
  }
  checkArgumentOrder(node, value);
  node.args.push_back(std::move(value));
}

//===- Subscripts ----------------------------------------------------------------------------===//

/// slices: slice | (slice | '*' bitwise_or) (',' (slice | '*' bitwise_or))* [',']
Expr Parser::slices() {
  Loc start = peek().loc;
  Expr first = slice();
  if (!at(TokenKind::Comma) && !std::holds_alternative<Starred>(first.node))
    return first;
  Tuple tuple;
  tuple.elts.push_back(std::move(first));
  while (accept(TokenKind::Comma) && !at(TokenKind::RightBracket))
    tuple.elts.push_back(slice());
  return make(start, std::move(tuple));
}

/// slice: [expression] ':' [expression] [':' [expression]] | named_expression
Expr Parser::slice() {
  Loc start = peek().loc;
  auto optional = [&]() -> ExprPtr {
    bool isAbsent = at(TokenKind::Colon) || at(TokenKind::Comma) || at(TokenKind::RightBracket);
    return isAbsent ? nullptr : box(expression());
  };
  ExprPtr lower;
  if (!at(TokenKind::Colon)) {
    Expr value = starNamedExpression();
    if (!at(TokenKind::Colon) || isBareItem(value, start))
      return value;
    lower = box(std::move(value));
  }
  Slice node{std::move(lower), nullptr, nullptr};
  expect(TokenKind::Colon);
  node.upper = optional();
  if (accept(TokenKind::Colon))
    node.step = optional();
  return make(start, std::move(node));
}

} // namespace hpcc::frontend
