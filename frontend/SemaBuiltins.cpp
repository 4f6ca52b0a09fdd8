// Python's builtins and the modules math, time and sys.

#include "frontend/SemaArrays.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <limits>

namespace hpcc::frontend::sema {

using ir::ScalarOp;

bool Analyzer::takeArguments(llvm::StringRef function, Loc loc, Arguments arguments,
                             llvm::ArrayRef<llvm::StringRef> names, unsigned required,
                             std::vector<std::optional<Value>> &values) {
  values.clear();
  values.resize(names.size());
  size_t position = 0;
  for (Argument &argument : arguments) {
    size_t slot = position;
    if (argument.keyword.empty()) {
      if (++position > names.size()) {
        // NumPy and Python may well take more.
        unsupported(argument.loc, "more than " + llvm::Twine(names.size()) + " argument" +
                                      (names.size() == 1 ? "" : "s") + " of '" + function + "'");
        return false;
      }
    } else {
      auto place = llvm::find(names, argument.keyword);
      if (place == names.end()) {
        unsupported(argument.loc,
                    "keyword argument '" + argument.keyword + "' of '" + function + "'");
        return false;
      }
      slot = place - names.begin();
      if (values[slot]) {
        fail(argument.loc, message::multipleValues, function, argument.keyword);
        return false;
      }
    }
    values[slot] = std::move(argument.value);
  }
  for (unsigned k = 0; k < required; ++k)
    if (!values[k]) {
      fail(loc, message::missingArgument, function, names[k]);
      return false;
    }
  return true;
}

//===------------------------------------------------------------------------------------------===//
// Conversions, min and max, round
//===------------------------------------------------------------------------------------------===//

Value Analyzer::convertScalar(llvm::StringRef to, Loc loc, Value value) {
  if (to == "bool")
    return truth(std::move(value));
  if (const auto *text = value.as<TextValue>()) {
    // Constants only: float("nan"), float("-inf"), float("1.5").
    llvm::StringRef word = llvm::StringRef(text->text).trim();
    double number = 0;
    bool negative = word.starts_with("-");
    std::string lower = word.ltrim("+-").lower();
    if (to == "float" && (lower == "nan" || lower == "inf" || lower == "infinity")) {
      number = lower == "nan" ? NAN : INFINITY;
      return makeFloat(loc, negative ? -number : number);
    }
    bool digits =
        llvm::all_of(word, [](char c) { return llvm::StringRef("0123456789.eE+-").contains(c); });
    if (to == "float" && digits && !word.getAsDouble(number))
      return makeFloat(loc, number);
    return unsupported(loc, "a conversion from this string");
  }
  if (value.typeAs<ArrayType>())
    return unsupported(loc, "'" + to + "' of an array", "use a.astype(" + to + ")");
  if (!value.typeAs<ScalarType>() && !value.typeAs<UnionType>())
    return fail(value.loc, message::notANumber, describe(value));
  std::vector<Value> operands;
  operands.push_back(std::move(value));
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) {
    bool toInt = to == "int";
    bool fromFloat = ir::isFloat(parts[0].typeAs<ScalarType>()->dtype);
    Value part = std::move(parts[0]);
    if (toInt && fromFloat && part.typeAs<ScalarType>()->dtype == DType::F32)
      part = convert(std::move(part), DType::F64, true);
    part = convert(std::move(part), toInt ? DType::I64 : DType::F64, true, toInt && fromFloat);
    part.loc = loc;
    if (part.as<TypedValue>())
      part.expr().loc = loc;
    return part;
  });
}

/// min(list), max(list): best = list[0], then each element in turn replaces it if it compares less
/// (greater).
Value Analyzer::minMaxOfList(bool isMin, Loc loc, Value list, ListType type) {
  typed::Block stmts;
  ScalarType element{type.element, true};
  list = stabilize(std::move(list), stmts);
  auto box = [](Value value) { return std::make_unique<typed::Expr>(std::move(value.expr())); };
  Value size = makeTyped(loc, weakInt, typed::SizeOf{box(duplicate(list)), 0});
  Value empty = compare(ast::CompareOperator::Eq, loc, loc, std::move(size), makeInteger(loc, 0));
  typed::Block raise;
  raise.push_back({loc, typed::RaiseError{isMin ? "MinOfEmpty" : "MaxOfEmpty", ""}});
  stmts.push_back({loc, typed::If{std::move(empty.expr()), std::move(raise), {}}});
  typed::Element first{box(duplicate(list)), {}};
  first.indices.push_back(std::move(makeInteger(loc, 0).expr()));
  typed::VariableId best = temporary(element), each = temporary(element);
  stmts.push_back({loc, typed::Assign{best, {loc, element, std::move(first)}}});
  Value test = compare(isMin ? ast::CompareOperator::Lt : ast::CompareOperator::Gt, loc, loc,
                       makeTyped(loc, element, typed::Read{each, false}),
                       makeTyped(loc, element, typed::Read{best, false}));
  typed::Block replace;
  replace.push_back({loc, typed::Assign{best, {loc, element, typed::Read{each, false}}}});
  typed::Block body;
  body.push_back({loc, typed::If{std::move(test.expr()), std::move(replace), {}}});
  stmts.push_back({loc, typed::ForEach{each, std::move(list.expr()), std::move(body), {}}});
  return sequence(loc, std::move(stmts), makeTyped(loc, element, typed::Read{best, false}));
}

/// sum(list): from the int 0, left to right; an empty list gives that 0.
Value Analyzer::sumOfList(Loc loc, Value list, ListType type) {
  typed::Block stmts;
  ScalarType element{type.element, true};
  list = stabilize(std::move(list), stmts);
  auto box = [](Value value) { return std::make_unique<typed::Expr>(std::move(value.expr())); };
  ScalarType sumType = type.element == DType::F64 ? weakFloat : weakInt;
  typed::VariableId sum = temporary(sumType), each = temporary(element);
  // 0 + x is x, but for -0.0, which becomes 0.0: start from +0.0.
  Value start = sumType == weakFloat ? makeFloat(loc, 0.0) : makeInteger(loc, 0);
  stmts.push_back({loc, typed::Assign{sum, std::move(start.expr())}});
  Value next =
      binary(ast::BinaryOperator::Add, loc, loc, makeTyped(loc, sumType, typed::Read{sum, false}),
             makeTyped(loc, element, typed::Read{each, false}));
  typed::Block body;
  body.push_back({loc, typed::Assign{sum, std::move(next.expr())}});
  stmts.push_back(
      {loc, typed::ForEach{each, std::move(duplicate(list).expr()), std::move(body), {}}});
  Value result = makeTyped(loc, sumType, typed::Read{sum, false});
  if (sumType == weakFloat) {
    Value size = makeTyped(loc, weakInt, typed::SizeOf{box(std::move(list)), 0});
    Value test =
        compare(ast::CompareOperator::NotEq, loc, loc, std::move(size), makeInteger(loc, 0));
    result =
        joinValues(loc, std::move(test.expr()), std::move(result), {}, makeInteger(loc, 0), {});
  }
  return sequence(loc, std::move(stmts), std::move(result));
}

Value Analyzer::minMax(bool isMin, Loc loc, Arguments arguments) {
  llvm::StringRef name = isMin ? "min" : "max";
  for (const Argument &argument : arguments)
    if (!argument.keyword.empty())
      return unsupported(argument.loc,
                         "keyword argument '" + argument.keyword + "' of '" + name + "'");
  if (arguments.empty())
    return fail(loc, message::missingArgument, name, "value");
  if (arguments.size() == 1) {
    Value &only = arguments[0].value;
    if (const auto *list = only.typeAs<ListType>()) {
      // First wins by comparison, so NaN only counts in front: a loop, not NumPy's reduction.
      return minMaxOfList(isMin, loc, std::move(only), *list);
    }
    if (only.typeAs<ScalarType>())
      return fail(only.loc, message::notIterable, describe(only));
    return unsupported(loc, "'" + name + "' of a value of type '" + describe(only) + "'",
                       only.typeAs<ArrayType>() ? "use a." + name + "()" : "");
  }
  // max(a, b, c): the first of the largest, by comparison, in its own type.
  typed::Block stmts;
  for (Argument &argument : arguments) {
    if (!argument.value.typeAs<ScalarType>() && !argument.value.typeAs<UnionType>())
      return unsupported(argument.loc, "'" + name + "' of anything but numbers");
    argument.value = stabilize(std::move(argument.value), stmts);
  }
  Value best = std::move(arguments[0].value);
  for (size_t k = 1; k < arguments.size(); ++k) {
    Value &next = arguments[k].value;
    best = stabilize(std::move(best), stmts);
    Value test = compare(isMin ? ast::CompareOperator::Lt : ast::CompareOperator::Gt, loc, loc,
                         duplicate(next), duplicate(best));
    test = truth(std::move(test));
    if (test.isPoison())
      return test;
    best = joinValues(loc, std::move(test.expr()), std::move(next), {}, std::move(best), {});
    if (best.isPoison())
      return best;
  }
  return sequence(loc, std::move(stmts), std::move(best));
}

Value Analyzer::roundValue(Loc loc, Arguments arguments) {
  std::vector<std::optional<Value>> values;
  if (!takeArguments("round", loc, std::move(arguments), {"number", "ndigits"}, 1, values))
    return {loc, Poison{}};
  if (!values[0]->typeAs<ScalarType>())
    return unsupported(loc, "'round' of anything but a number",
                       values[0]->typeAs<ArrayType>() ? "use np.round(a)" : "");
  ScalarType type = *values[0]->typeAs<ScalarType>();
  bool digits = values[1] && !values[1]->as<NoneValue>();
  if (!ir::isFloat(type.dtype)) {
    if (digits)
      return unsupported(loc, "'round' of an integer to digits");
    return convert(std::move(*values[0]), DType::I64, true);
  }
  if (!digits) {
    std::vector<Value> operands;
    operands.push_back(convert(std::move(*values[0]), DType::F64, true));
    Value rounded =
        applyNode(loc, loc, ScalarOp::RoundEven, false, std::move(operands), DType::F64, true);
    return convert(std::move(rounded), DType::I64, true, true);
  }
  if (!type.weak) { // np.round
    std::optional<int64_t> decimals = values[1]->constantInteger();
    return decimals ? roundDecimals(*this, loc, std::move(*values[0]), *decimals)
                    : unsupported(loc, "decimals that are not known at compile time");
  }
  Value count = toIndex(std::move(*values[1]), "numbers of digits");
  std::vector<Value> operands;
  operands.push_back(std::move(*values[0]));
  operands.push_back(std::move(count));
  return applyNode(loc, loc, ScalarOp::RoundDigits, true, std::move(operands), DType::F64, true);
}

//===------------------------------------------------------------------------------------------===//
// print
//===------------------------------------------------------------------------------------------===//

static std::string quoted(llvm::StringRef text) {
  char quote = text.contains('\'') && !text.contains('"') ? '"' : '\'';
  std::string result(1, quote);
  for (char c : text) {
    if (c == quote || c == '\\')
      result += '\\';
    if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else
      result += c;
  }
  return result + quote;
}

/// The items that write a value; `repr` inside tuples. False if it can't be printed.
static bool printItems(Analyzer &sema, Value &value, bool repr,
                       std::vector<typed::PrintItem> &items) {
  if (const auto *text = value.as<TextValue>()) {
    items.push_back(typed::PrintText{repr ? quoted(text->text) : text->text});
    return true;
  }
  if (value.as<NoneValue>()) {
    items.push_back(typed::PrintText{"None"});
    return true;
  }
  if (const auto *dtype = value.as<DTypeValue>()) {
    std::string name = ir::numpyNameOf(dtype->dtype).str();
    if (dtype->kind == DTypeValue::Kind::Limits) {
      sema.unsupported(value.loc, "printing the limits of a type");
      return false;
    }
    bool isClass = dtype->kind == DTypeValue::Kind::Class;
    items.push_back(typed::PrintText{isClass ? "<class 'numpy." + name + "'>"
                                     : repr  ? "dtype('" + name + "')"
                                             : name});
    return true;
  }
  if (auto *tuple = value.as<TupleValue>()) {
    items.push_back(typed::PrintText{"("});
    for (auto &&[index, element] : llvm::enumerate(tuple->elements)) {
      if (index)
        items.push_back(typed::PrintText{", "});
      if (!printItems(sema, element, true, items))
        return false;
    }
    items.push_back(typed::PrintText{tuple->elements.size() == 1 ? ",)" : ")"});
    return true;
  }
  if (value.typeAs<ArrayType>() && repr) {
    sema.unsupported(value.loc, "printing an array inside a tuple");
    return false;
  }
  if (!value.as<TypedValue>()) {
    sema.unsupported(value.loc, "printing a value of type '" + describe(value) + "'");
    return false;
  }
  if (std::holds_alternative<NoneType>(*value.type())) {
    sema.unsupported(value.loc, "printing the None of a call");
    return false;
  }
  items.push_back(typed::PrintValue{std::move(value.expr()), repr});
  return true;
}

Value Analyzer::callPrint(Loc loc, Arguments arguments) {
  typed::Print print;
  std::string separator = " ", end = "\n";
  for (Argument &argument : arguments) {
    if (argument.keyword.empty())
      continue;
    if (argument.keyword == "flush") {
      auto flag = argument.value.as<TypedValue>() ? argument.value.facts().constant : std::nullopt;
      if (!flag)
        return unsupported(argument.loc, "a flush flag that is not known at compile time");
      print.flush = flag->bits != 0;
      continue;
    }
    if (argument.keyword != "sep" && argument.keyword != "end")
      return unsupported(argument.loc, "keyword argument '" + argument.keyword + "' of 'print'");
    std::string &target = argument.keyword == "sep" ? separator : end;
    if (const auto *text = argument.value.as<TextValue>())
      target = text->text;
    else if (!argument.value.as<NoneValue>())
      return unsupported(argument.loc, "a separator that is not a string literal");
  }
  bool first = true;
  for (Argument &argument : arguments) {
    if (!argument.keyword.empty())
      continue;
    if (!first)
      print.items.push_back(typed::PrintText{separator});
    first = false;
    if (!printItems(*this, argument.value, false, print.items))
      return {loc, Poison{}};
  }
  print.items.push_back(typed::PrintText{end});
  // A call of print is None; it runs where that None is evaluated.
  typed::Block stmts;
  stmts.push_back({loc, std::move(print)});
  Value none = makeInteger(loc, 0);
  return makeTyped(
      loc, NoneType{},
      typed::Sequence{std::move(stmts), std::make_unique<typed::Expr>(std::move(none.expr()))});
}

//===------------------------------------------------------------------------------------------===//
// Calls by name
//===------------------------------------------------------------------------------------------===//

std::optional<typed::ClockKind> clockNamed(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<typed::ClockKind>>(name)
      .Case("time.time", typed::ClockKind::Time)
      .Case("time.perf_counter", typed::ClockKind::PerfCounter)
      .Case("time.process_time", typed::ClockKind::ProcessTime)
      .Default(std::nullopt);
}

Value Analyzer::callBuiltin(const std::string &name, Loc loc, Arguments arguments) {
  llvm::StringRef text = name;
  if (text.consume_front("math."))
    return callMath(text, loc, std::move(arguments));
  if (text.consume_front("np."))
    return callNumpy(text, loc, std::move(arguments));
  if (text.starts_with("comm.") || text.starts_with("MPI."))
    return callMpi(name, loc, std::move(arguments));
  if (name == "print")
    return callPrint(loc, std::move(arguments));
  if (name == "min" || name == "max")
    return minMax(name == "min", loc, std::move(arguments));
  if (name == "round")
    return roundValue(loc, std::move(arguments));
  if (std::optional<typed::ClockKind> clock = clockNamed(name)) {
    std::vector<std::optional<Value>> values;
    if (!takeArguments(name, loc, std::move(arguments), {}, 0, values))
      return {loc, Poison{}};
    return makeTyped(loc, weakFloat, typed::Clock{*clock});
  }
  if (name == "range") {
    std::vector<std::optional<Value>> values;
    if (!takeArguments(name, loc, std::move(arguments), {"start", "stop", "step"}, 1, values))
      return {loc, Poison{}};
    RangeValue range;
    for (std::optional<Value> &value : values) {
      if (!value)
        continue;
      *value = toIndex(std::move(*value), "range() arguments");
      if (value->isPoison())
        return {loc, Poison{}};
    }
    if (!values[1])
      std::swap(values[0], values[1]);
    range.bounds.push_back(values[0] ? std::move(*values[0]) : makeInteger(loc, 0));
    range.bounds.push_back(std::move(*values[1]));
    range.bounds.push_back(values[2] ? std::move(*values[2]) : makeInteger(loc, 1));
    return {loc, std::move(range)};
  }
  if (name == "sys.exit" || name == "pow") {
    if (name == "pow") {
      std::vector<std::optional<Value>> values;
      if (!takeArguments(name, loc, std::move(arguments), {"base", "exp"}, 2, values))
        return {loc, Poison{}};
      return binary(ast::BinaryOperator::Pow, loc, loc, std::move(*values[0]),
                    std::move(*values[1]));
    }
    return unsupported(loc, "'sys.exit'");
  }
  std::vector<std::optional<Value>> values;
  if (!takeArguments(name, loc, std::move(arguments), {"x"},
                     name == "bool" || name == "int" || name == "float" ? 0 : 1, values))
    return {loc, Poison{}};
  if (name == "int" || name == "float" || name == "bool") {
    if (!values[0])
      return name == "int"     ? makeInteger(loc, 0)
             : name == "float" ? makeFloat(loc, 0.0)
                               : makeBool(loc, false);
    return convertScalar(name, loc, std::move(*values[0]));
  }
  Value &value = *values[0];
  if (name == "len") {
    if (const auto *tuple = value.as<TupleValue>())
      return makeInteger(loc, static_cast<int64_t>(tuple->elements.size()));
    if (const auto *string = value.as<TextValue>())
      return makeInteger(loc, llvm::count_if(string->text, [](char c) {
                           return (c & 0xC0) != 0x80; // the first byte of a character in UTF-8
                         }));
    if (value.as<RangeValue>())
      return unsupported(value.loc, "the length of a range");
    if (!value.typeAs<ArrayType>() && !value.typeAs<ListType>())
      return fail(value.loc, message::noLength, describe(value));
    Facts facts;
    if (!value.facts().shape.empty() && value.facts().shape[0].value)
      facts.constant =
          ir::ScalarConstant{DType::I64, static_cast<uint64_t>(*value.facts().shape[0].value)};
    return makeTyped(loc, weakInt,
                     typed::SizeOf{std::make_unique<typed::Expr>(std::move(value.expr())), 0},
                     facts);
  }
  if (name == "sum") {
    if (const auto *list = value.typeAs<ListType>()) {
      ListType type = *list;
      return sumOfList(loc, std::move(value), type);
    }
    return unsupported(loc, "'sum' of anything but a list",
                       value.typeAs<ArrayType>() ? "use a.sum(), which adds in NumPy's order" : "");
  }
  if (name == "abs") {
    if (!value.as<TypedValue>() || value.typeAs<ListType>())
      return fail(value.loc, message::notANumber, describe(value));
    std::vector<Value> operands;
    operands.push_back(std::move(value));
    return distribute(loc, std::move(operands), [&](std::vector<Value> parts) -> Value {
      const auto *scalar = parts[0].typeAs<ScalarType>();
      if (scalar && scalar->weak) {
        if (scalar->dtype == DType::Bool)
          parts[0] = convert(std::move(parts[0]), DType::I64, true);
        DType dtype = parts[0].typeAs<ScalarType>()->dtype;
        return applyNode(loc, loc, ScalarOp::Absolute, dtype == DType::I64, std::move(parts), dtype,
                         true);
      }
      return elementwise(loc, loc, ScalarOp::Absolute, Promotion::Same, std::move(parts));
    });
  }
  return unsupported(loc, "'" + name + "'");
}

} // namespace hpcc::frontend::sema
