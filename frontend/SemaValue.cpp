// Values: making, copying and storing them, and choosing between those of several types.

#include "frontend/Sema.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"

namespace hpcc::frontend::sema {

using ir::overloaded;

/// What to write instead of a construct of Python that is not compiled.
static llvm::StringRef nearestForm(llvm::StringRef construct) {
  return llvm::StringSwitch<llvm::StringRef>(construct)
      .Case("'try' statement", "test for the case beforehand with 'if'")
      .Case("'raise'", "use 'assert'")
      .Case("class", "use functions and arrays")
      .Case("a dict", "use variables, lists or arrays")
      .Case("a comprehension", "make the list with n*[0.0] and fill it in a 'for' loop")
      .Case("an empty list", "make the list in its full length: n*[0.0]")
      .Case("an f-string", "give print the parts: print(\"n =\", n)")
      .Case("an operation on strings", "give print the parts: print(\"n =\", n)")
      .Case("'nonlocal'", "return the new value and assign it in the outer function")
      .Case("'global'", "return the new value and assign it at module level")
      .Case("a decorator", "leave it out; every function is compiled")
      .Cases({"'is'", "'is not'"}, "compare numbers with '==' or '!='")
      .Cases({"'in'", "'not in'"}, "compare each element in a 'for' loop")
      .Cases({"'enumerate'", "'zip'"}, "for i in range(len(x)): ... x[i] ...")
      .Case("a starred argument", "pass the elements one by one")
      .Case("':='", "assign in a statement of its own")
      .Case("'yield' expression", "fill an array and return it")
      .Case("a complex number", "keep the real and the imaginary part in two variables")
      .Case("'sys.argv'", "-D NAME=VALUE sets a constant of the module")
      .Default("");
}

Value Analyzer::unsupported(Loc loc, const llvm::Twine &construct, const llvm::Twine &help) {
  std::string what = construct.str();
  auto builder = diags.report(loc, message::unsupportedConstruct, what);
  std::string text = help.isTriviallyEmpty() ? nearestForm(what).str() : help.str();
  if (!text.empty())
    builder.help(text);
  return {loc, Poison{}};
}

std::string Analyzer::sourceText(Loc loc) const {
  llvm::StringRef text = diags.sourceText();
  size_t begin = 0;
  for (uint32_t line = 1; line < loc.line && begin != llvm::StringRef::npos; ++line) {
    size_t end = text.find('\n', begin);
    begin = end == llvm::StringRef::npos ? end : end + 1;
  }
  if (begin == llvm::StringRef::npos || loc.line != loc.endLine || loc.endColumn < loc.column)
    return "";
  return text.substr(begin + loc.column - 1, loc.endColumn - loc.column).str();
}

Value Analyzer::makeTyped(Loc loc, Type type, decltype(typed::Expr::node) node, Facts facts) {
  if (facts.origin.created.isValid() && facts.origin.shape.empty())
    facts.origin.shape = facts.shape;
  return {loc, TypedValue{{loc, std::move(type), std::move(node)}, std::move(facts)}};
}

static Value makeConstant(Analyzer &sema, Loc loc, ScalarType type, uint64_t bits) {
  Facts facts;
  facts.constant = ir::ScalarConstant{type.dtype, bits};
  return sema.makeTyped(loc, type, typed::Constant{*facts.constant}, facts);
}

Value Analyzer::makeInteger(Loc loc, int64_t value) {
  return makeConstant(*this, loc, weakInt, static_cast<uint64_t>(value));
}
Value Analyzer::makeFloat(Loc loc, double value) {
  return makeConstant(*this, loc, weakFloat, llvm::bit_cast<uint64_t>(value));
}
Value Analyzer::makeBool(Loc loc, bool value) { return makeConstant(*this, loc, weakBool, value); }
Value Analyzer::makeUnsigned(Loc loc, uint64_t value) {
  return makeConstant(*this, loc, {DType::U64, false}, value);
}

Value Analyzer::constantOfType(Loc loc, ScalarType type, double value) {
  ir::Scalar constant = ir::isFloat(type.dtype)
                            ? ir::constantOf(type.dtype, value)
                            : ir::constantOf(type.dtype, static_cast<int64_t>(value));
  return makeConstant(*this, loc, type, std::get<ir::ScalarConstant>(constant.node).bits);
}

//===------------------------------------------------------------------------------------------===//
// Temporaries
//===------------------------------------------------------------------------------------------===//

static bool isDuplicable(const typed::Expr &expr) {
  if (const auto *read = std::get_if<typed::Read>(&expr.node))
    return !read->checkBound;
  return std::holds_alternative<typed::Constant>(expr.node) ||
         std::holds_alternative<typed::UnionPart>(expr.node);
}

Value Analyzer::duplicate(const Value &value) {
  if (const auto *tuple = value.as<TupleValue>()) {
    TupleValue copy;
    copy.onlyAtRoot = tuple->onlyAtRoot;
    for (const Value &element : tuple->elements)
      copy.elements.push_back(duplicate(element));
    return {value.loc, std::move(copy)};
  }
  if (const auto *typed = value.as<TypedValue>()) {
    const typed::Expr &expr = typed->expr;
    if (const auto *read = std::get_if<typed::Read>(&expr.node))
      return makeTyped(value.loc, expr.type, typed::Read{read->variable, false}, typed->facts);
    if (const auto *constant = std::get_if<typed::Constant>(&expr.node))
      return makeTyped(value.loc, expr.type, *constant, typed->facts);
    if (const auto *part = std::get_if<typed::UnionPart>(&expr.node))
      return makeTyped(value.loc, expr.type, *part, typed->facts);
    diags.internalError(value.loc, "sema", "a value that is used twice has no temporary");
    return {value.loc, Poison{}};
  }
  Value copy{value.loc, Poison{}};
  std::visit(overloaded{[&](const TextValue &node) { copy.node = node; },
                        [&](const DTypeValue &node) { copy.node = node; },
                        [&](const LargeIntegerValue &node) { copy.node = node; },
                        [&](const FunctionValue &node) { copy.node = node; },
                        [&](const BuiltinValue &node) { copy.node = node; },
                        [&](const ModuleValue &node) { copy.node = node; },
                        [&](const NoneValue &node) { copy.node = node; },
                        [&](const EllipsisValue &node) { copy.node = node; }, [](const auto &) {}},
             value.node);
  return copy;
}

Value Analyzer::stabilize(Value value, typed::Block &stmts) {
  if (auto *tuple = value.as<TupleValue>()) {
    for (Value &element : tuple->elements)
      element = stabilize(std::move(element), stmts);
    return value;
  }
  auto *typed = value.as<TypedValue>();
  if (!typed || isDuplicable(typed->expr) || std::holds_alternative<NoneType>(typed->expr.type))
    return value;
  Type type = typed->expr.type;
  typed::VariableId variable = temporary(type);
  Facts facts = std::move(typed->facts);
  stmts.push_back({value.loc, typed::Assign{variable, std::move(typed->expr)}});
  return makeTyped(value.loc, std::move(type), typed::Read{variable, false}, std::move(facts));
}

Value Analyzer::sequence(Loc loc, typed::Block stmts, Value value) {
  if (stmts.empty() || !value.as<TypedValue>())
    return value;
  Type type = *value.type();
  Facts facts = std::move(value.facts());
  return makeTyped(
      loc, std::move(type),
      typed::Sequence{std::move(stmts), std::make_unique<typed::Expr>(std::move(value.expr()))},
      std::move(facts));
}

//===------------------------------------------------------------------------------------------===//
// Unions and conditionals
//===------------------------------------------------------------------------------------------===//

/// Equal code over constants, variables and operations. Parts of unions that share their dtype
/// share their storage, so that for `float | np.float64` both alternatives often run the same code.
static bool sameCode(const Analyzer &sema, const typed::Expr &left, const typed::Expr &right) {
  if (left.type != right.type && !(std::holds_alternative<typed::UnionPart>(left.node)))
    return false;
  auto same = [&](const typed::ExprPtr &l, const typed::ExprPtr &r) {
    return sameCode(sema, *l, *r);
  };
  auto sameList = [&](const typed::ExprList &l, const typed::ExprList &r) {
    return l.size() == r.size() && llvm::all_of(llvm::zip(l, r), [&](const auto &pair) {
             return sameCode(sema, std::get<0>(pair), std::get<1>(pair));
           });
  };
  if (left.node.index() != right.node.index()) {
    // A change of strength alone is no code.
    auto strip = [](const typed::Expr &expr) -> const typed::Expr * {
      const auto *cast = std::get_if<typed::Cast>(&expr.node);
      const auto *to = std::get_if<ScalarType>(&expr.type);
      const auto *from = cast ? std::get_if<ScalarType>(&cast->operand->type) : nullptr;
      return cast && to && from && to->dtype == from->dtype ? cast->operand.get() : nullptr;
    };
    if (const typed::Expr *inner = strip(left))
      return sameCode(sema, *inner, right);
    if (const typed::Expr *inner = strip(right))
      return sameCode(sema, left, *inner);
    return false;
  }
  if (const auto *l = std::get_if<typed::Constant>(&left.node))
    return l->value == std::get<typed::Constant>(right.node).value;
  if (const auto *l = std::get_if<typed::Read>(&left.node))
    return l->variable == std::get<typed::Read>(right.node).variable;
  if (const auto *l = std::get_if<typed::UnionPart>(&left.node)) {
    const auto &r = std::get<typed::UnionPart>(right.node);
    return l->variable == r.variable &&
           std::get<ScalarType>(left.type).dtype == std::get<ScalarType>(right.type).dtype;
  }
  if (const auto *l = std::get_if<typed::Cast>(&left.node)) {
    const auto &r = std::get<typed::Cast>(right.node);
    return l->checked == r.checked && same(l->operand, r.operand);
  }
  if (const auto *l = std::get_if<typed::Apply>(&left.node)) {
    const auto &r = std::get<typed::Apply>(right.node);
    return l->op == r.op && l->checked == r.checked && sameList(l->operands, r.operands);
  }
  if (const auto *l = std::get_if<typed::UnionMake>(&left.node)) {
    const auto &r = std::get<typed::UnionMake>(right.node);
    return l->alternative == r.alternative && same(l->value, r.value);
  }
  return false;
}

Value Analyzer::widen(Value value, const Type &target) {
  if (value.isPoison() || *value.type() == target)
    return value;
  const auto &alternatives = std::get<UnionType>(target).alternatives;
  Loc loc = value.loc;
  std::vector<Value> operands;
  operands.push_back(std::move(value));
  auto make = [&](std::vector<Value> parts) {
    ScalarType scalar = *parts[0].typeAs<ScalarType>();
    unsigned position =
        static_cast<unsigned>(llvm::find(alternatives, scalar) - alternatives.begin());
    return makeTyped(
        loc, target,
        typed::UnionMake{std::make_unique<typed::Expr>(std::move(parts[0].expr())), position});
  };
  return distribute(loc, std::move(operands), make);
}

Value Analyzer::joinValues(Loc loc, typed::Expr test, Value then, typed::Block thenStmts,
                           Value otherwise, typed::Block otherwiseStmts) {
  if (then.isPoison() || otherwise.isPoison())
    return {loc, Poison{}};
  if (!then.as<TypedValue>() || !otherwise.as<TypedValue>())
    return unsupported(loc, "a conditional expression over these values", "use an 'if' statement");
  Type type = *then.type();
  if (type != *otherwise.type()) {
    Structure left{Structure::Kind::Single, type, {}};
    Structure right{Structure::Kind::Single, *otherwise.type(), {}};
    auto joined = joinStructures(left, right);
    if (!joined)
      return fail(loc, message::conditionalTypes, nameOf(type), nameOf(*otherwise.type()));
    type = joined->type;
    then = widen(std::move(then), type);
    otherwise = widen(std::move(otherwise), type);
    if (then.isPoison() || otherwise.isPoison())
      return {loc, Poison{}};
  }
  Facts facts;
  if (then.facts().shape == otherwise.facts().shape)
    facts.shape = then.facts().shape;
  then = sequence(loc, std::move(thenStmts), std::move(then));
  otherwise = sequence(loc, std::move(otherwiseStmts), std::move(otherwise));
  return makeTyped(loc, type,
                   typed::Conditional{std::make_unique<typed::Expr>(std::move(test)),
                                      std::make_unique<typed::Expr>(std::move(then.expr())),
                                      std::make_unique<typed::Expr>(std::move(otherwise.expr()))},
                   std::move(facts));
}

Value Analyzer::distribute(Loc loc, std::vector<Value> operands,
                           const std::function<Value(std::vector<Value>)> &op) {
  auto isUnion = [](const Value &value) { return value.typeAs<UnionType>() != nullptr; };
  auto place = llvm::find_if(operands, isUnion);
  if (place == operands.end())
    return op(std::move(operands));
  typed::Block stmts;
  for (Value &operand : operands)
    operand = stabilize(std::move(operand), stmts);
  size_t position = place - operands.begin();
  typed::VariableId variable = std::get<typed::Read>(operands[position].expr().node).variable;
  std::vector<ScalarType> alternatives = operands[position].typeAs<UnionType>()->alternatives;
  // The values for each alternative, from the last to the first.
  Value result{loc, Poison{}};
  for (unsigned k = static_cast<unsigned>(alternatives.size()); k-- > 0;) {
    std::vector<Value> parts;
    for (size_t index = 0; index < operands.size(); ++index)
      parts.push_back(index == position ? makeTyped(operands[index].loc, alternatives[k],
                                                    typed::UnionPart{variable, k})
                                        : duplicate(operands[index]));
    Value part = distribute(loc, std::move(parts), op);
    if (part.isPoison())
      return part;
    if (k + 1 == alternatives.size() ||
        (part.as<TypedValue>() && result.as<TypedValue>() && *part.type() == *result.type() &&
         sameCode(*this, part.expr(), result.expr()))) {
      result = std::move(part);
      continue;
    }
    typed::Expr test{loc, weakBool, typed::UnionIs{variable, k}};
    result = joinValues(loc, std::move(test), std::move(part), {}, std::move(result), {});
    if (result.isPoison())
      return result;
  }
  return sequence(loc, std::move(stmts), std::move(result));
}

Value Analyzer::truth(Value value) {
  if (value.isPoison())
    return value;
  Loc loc = value.loc;
  if (value.as<NoneValue>())
    return makeBool(loc, false);
  if (const auto *tuple = value.as<TupleValue>())
    return makeBool(loc, !tuple->elements.empty());
  if (const auto *text = value.as<TextValue>())
    return makeBool(loc, !text->text.empty());
  if (value.typeAs<ArrayType>())
    return unsupported(loc, "the truth value of an array", "use .any() or .all()");
  if (value.typeAs<ListType>()) {
    Value size = makeTyped(
        loc, weakInt, typed::SizeOf{std::make_unique<typed::Expr>(std::move(value.expr())), 0});
    return compare(ast::CompareOperator::NotEq, loc, loc, std::move(size), makeInteger(loc, 0));
  }
  if (!value.typeAs<ScalarType>() && !value.typeAs<UnionType>())
    return unsupported(loc, "the truth value of a value of type '" + describe(value) + "'");
  std::vector<Value> operands;
  operands.push_back(std::move(value));
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) {
    return convert(std::move(parts[0]), DType::Bool, true);
  });
}

} // namespace hpcc::frontend::sema
