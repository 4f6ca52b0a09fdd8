// Targets of assignments, loops and `del`, and the parameters of functions.
#include "frontend/ParserImpl.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

namespace {

StringRef constantName(const Constant &constant) {
  if (std::holds_alternative<NoneValue>(constant.value))
    return "None";
  if (const bool *value = std::get_if<bool>(&constant.value))
    return *value ? "True" : "False";
  if (std::holds_alternative<EllipsisValue>(constant.value))
    return "ellipsis";
  return "literal";
}

StringRef comprehensionName(const Comprehension &node) {
  switch (node.kind) {
  case ComprehensionKind::List:
    return "list comprehension";
  case ComprehensionKind::Set:
    return "set comprehension";
  case ComprehensionKind::Dict:
    return "dict comprehension";
  case ComprehensionKind::Generator:
    return "generator expression";
  }
  llvm_unreachable("unknown comprehension");
}

struct NameOfExpression {
  StringRef operator()(const Constant &node) const { return constantName(node); }
  StringRef operator()(const Name &) const { return "name"; }
  StringRef operator()(const BoolOp &) const { return "expression"; }
  StringRef operator()(const BinOp &) const { return "expression"; }
  StringRef operator()(const UnaryOp &) const { return "expression"; }
  StringRef operator()(const Compare &) const { return "comparison"; }
  StringRef operator()(const IfExp &) const { return "conditional expression"; }
  StringRef operator()(const Call &) const { return "function call"; }
  StringRef operator()(const Attribute &) const { return "attribute"; }
  StringRef operator()(const Subscript &) const { return "subscript"; }
  StringRef operator()(const Slice &) const { return "slice"; }
  StringRef operator()(const Starred &) const { return "starred"; }
  StringRef operator()(const Tuple &) const { return "tuple"; }
  StringRef operator()(const List &) const { return "list"; }
  StringRef operator()(const Set &) const { return "set display"; }
  StringRef operator()(const Dict &) const { return "dict literal"; }
  StringRef operator()(const Comprehension &node) const { return comprehensionName(node); }
  StringRef operator()(const NamedExpr &) const { return "named expression"; }
  StringRef operator()(const FormattedValue &) const { return "f-string expression"; }
  StringRef operator()(const JoinedStr &) const { return "f-string expression"; }
  StringRef operator()(const Lambda &) const { return "lambda"; }
  StringRef operator()(const UnsupportedExpr &node) const {
    return StringRef(node.construct).contains("await") ? "await expression" : "yield expression";
  }
};

/// The first expression in `target` that cannot be a target, in text order; null if all can.
const Expr *invalidTarget(const Expr &target, TargetUse use) {
  if (const ExprList *elts = elementsOf(target)) {
    for (const Expr &element : *elts)
      if (const Expr *invalid = invalidTarget(element, use))
        return invalid;
    return nullptr;
  }
  if (const Starred *starred = std::get_if<Starred>(&target.node))
    return use == TargetUse::Delete ? &target : invalidTarget(*starred->value, use);
  bool isSimple = std::holds_alternative<Name>(target.node) ||
                  std::holds_alternative<Attribute>(target.node) ||
                  std::holds_alternative<Subscript>(target.node);
  return isSimple ? nullptr : &target;
}

} // namespace

const ExprList *elementsOf(const Expr &expr) {
  if (const Tuple *tuple = std::get_if<Tuple>(&expr.node))
    return &tuple->elts;
  if (const List *list = std::get_if<List>(&expr.node))
    return &list->elts;
  return nullptr;
}

StringRef expressionName(const Expr &expr) { return std::visit(NameOfExpression(), expr.node); }

void collectBoundNames(const Expr &target, std::vector<Identifier> &names) {
  if (const Name *name = std::get_if<Name>(&target.node))
    names.push_back({name->id, target.loc});
  if (const Starred *starred = std::get_if<Starred>(&target.node))
    collectBoundNames(*starred->value, names);
  if (const ExprList *elts = elementsOf(target))
    for (const Expr &element : *elts)
      collectBoundNames(element, names);
}

/// Starred targets: only inside a list or tuple, and one in each.
void Parser::checkStarred(const Expr &target) {
  const ExprList *elts = elementsOf(target);
  if (!elts)
    return;
  auto isStarred = [](const Expr &expr) { return std::holds_alternative<Starred>(expr.node); };
  auto first = find_if(*elts, isStarred);
  if (first != elts->end()) {
    auto second = std::find_if(std::next(first), elts->end(), isStarred);
    if (second != elts->end())
      diags.report(second->loc, message::multipleStarred).range(first->loc);
  }
  for (const Expr &element : *elts) {
    const Starred *starred = std::get_if<Starred>(&element.node);
    checkStarred(starred ? *starred->value : element);
  }
}

void Parser::refuseStarred(const Expr &value) {
  if (std::holds_alternative<Starred>(value.node))
    error(value.loc, message::starredHere);
}

void Parser::checkTarget(const Expr &target, TargetUse use) {
  if (failed)
    return;
  if (const Expr *invalid = invalidTarget(target, use)) {
    // A comparison or the like before `=` is more likely a wrong `=` than a wrong target.
    bool isKeyword = std::holds_alternative<Constant>(invalid->node) &&
                     constantName(std::get<Constant>(invalid->node)) != "literal" &&
                     constantName(std::get<Constant>(invalid->node)) != "ellipsis";
    bool isLowPrecedence = std::holds_alternative<Compare>(invalid->node) ||
                           std::holds_alternative<BoolOp>(invalid->node) ||
                           std::holds_alternative<IfExp>(invalid->node) ||
                           std::holds_alternative<Lambda>(invalid->node) ||
                           std::holds_alternative<UnsupportedExpr>(invalid->node) ||
                           std::holds_alternative<Comprehension>(invalid->node);
    bool isDirect = use == TargetUse::Assign && invalid == &target;
    if (use == TargetUse::Delete)
      error(invalid->loc, message::cannotDelete, expressionName(*invalid));
    else if (isDirect && !isKeyword && !isLowPrecedence)
      error(invalid->loc, message::cannotAssignHere, expressionName(*invalid));
    else
      error(invalid->loc, message::cannotAssign, expressionName(*invalid));
    return;
  }
  if (std::holds_alternative<Starred>(target.node))
    error(target.loc, message::starredTarget);
  else
    checkStarred(target);
}

/// star_targets: star_target (',' star_target)* [','], where star_target: ['*'] bitwise_or
/// is then checked to be one
Expr Parser::targetList(TargetUse use) {
  Loc start = peek().loc;
  auto target = [&] { return at(TokenKind::Star) ? starExpression() : binary(); };
  Expr list = target();
  if (at(TokenKind::Comma)) {
    Tuple tuple;
    tuple.elts.push_back(std::move(list));
    while (accept(TokenKind::Comma)) {
      if (!atExpressionStart() && !at(TokenKind::Star))
        break;
      tuple.elts.push_back(target());
    }
    list = make(start, std::move(tuple));
  }
  checkTarget(list, use);
  return list;
}

//===- Parameters ----------------------------------------------------------------------------===//

/// parameters: [parameter (',' parameter)* [',']], up to `close`, which is not consumed
Parameters Parser::parameters(TokenKind close, bool hasAnnotations) {
  Parameters list;
  std::optional<Loc> bareStar;
  bool hasStar = false;
  while (!at(close)) {
    parameter(list, close, hasAnnotations, bareStar, hasStar);
    if (!accept(TokenKind::Comma))
      break;
  }
  if (!at(close))
    unexpected();
  if (bareStar)
    error(*bareStar, message::namedArgumentsAfterStar);
  checkParameters(list);
  return list;
}

/// parameter: '/' | '*' | '*' NAME [annotation] | '**' NAME [annotation]
///          | NAME [annotation] ['=' expression]
/// `bareStar` is the place of a `*` that still needs a name behind it.
void Parser::parameter(Parameters &list, TokenKind close, bool hasAnnotations,
                       std::optional<Loc> &bareStar, bool &hasStar) {
  Loc start = peek().loc;
  bool isAfterKeywords = !list.empty() && list.back().kind == ParameterKind::VarKeyword;
  if (isAfterKeywords)
    error(start, message::parameterAfterKeywords);
  if (accept(TokenKind::Slash)) {
    bool isRepeated = any_of(
        list, [](const Parameter &known) { return known.kind == ParameterKind::PositionalOnly; });
    if (list.empty() && !hasStar)
      error(start, message::slashFirst);
    else if (hasStar)
      error(start, message::slashAfterStar);
    else if (isRepeated)
      error(start, message::slashTwice);
    for (Parameter &known : list)
      known.kind = ParameterKind::PositionalOnly;
    return;
  }
  ParameterKind kind = hasStar ? ParameterKind::KeywordOnly : ParameterKind::PositionalOrKeyword;
  if (accept(TokenKind::Star)) {
    if (hasStar)
      error(start, message::starTwice);
    hasStar = true;
    if (at(TokenKind::Comma) || at(close)) {
      bareStar = start;
      return;
    }
    kind = ParameterKind::VarPositional;
  } else if (accept(TokenKind::StarStar)) {
    kind = ParameterKind::VarKeyword;
  }
  if (at(TokenKind::LeftParen))
    error(peek().loc, message::parenthesizedParameter);
  Token name = peek();
  expect(TokenKind::Identifier);
  Parameter added{name.loc, name.text.str(), kind, nullptr, nullptr};
  if (kind == ParameterKind::KeywordOnly)
    bareStar.reset();
  if (hasAnnotations && accept(TokenKind::Colon)) {
    bool mayUnpack = kind == ParameterKind::VarPositional;
    added.annotation = box(mayUnpack ? starExpression() : expression());
    added.loc = since(name.loc);
  }
  if (at(TokenKind::Equal)) {
    if (kind == ParameterKind::VarPositional || kind == ParameterKind::VarKeyword)
      error(peek().loc, message::variableParameterDefault,
            kind == ParameterKind::VarKeyword ? "keyword" : "positional");
    expect(TokenKind::Equal);
    if (at(TokenKind::Comma) || at(close))
      error(tokens[position - 1].loc, message::expectedDefault);
    added.defaultValue = box(expression());
  }
  list.push_back(std::move(added));
}

/// Names are distinct; a positional parameter after one with a default has a default.
void Parser::checkParameters(const Parameters &list) {
  if (failed)
    return;
  StringSet<> names;
  bool hasDefault = false;
  for (const Parameter &parameter : list) {
    if (!names.insert(parameter.name).second)
      diags.report(parameter.loc, message::duplicateParameter, parameter.name);
    bool isPositional = parameter.kind == ParameterKind::PositionalOnly ||
                        parameter.kind == ParameterKind::PositionalOrKeyword;
    if (isPositional && hasDefault && !parameter.defaultValue)
      diags.report(parameter.loc, message::defaultOrder);
    hasDefault |= isPositional && parameter.defaultValue != nullptr;
  }
}

} // namespace hpcc::frontend
