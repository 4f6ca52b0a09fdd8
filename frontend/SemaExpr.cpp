// Expressions: names, literals, attributes, comparisons, conditionals, calls.
//
// Evaluating an expression emits no statement: what has to run first is part of the value, as a
// typed Sequence.

#include "frontend/SemaArrays.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"

namespace hpcc::frontend::sema {

using ir::overloaded;

Value Analyzer::evaluateBoolOp(const ast::Expr &expr, const ast::BoolOp &node) {
  bool isAnd = node.op == ast::BoolOperator::And;
  // `a and b` is b if a is true, else a; from the right, so that b is only evaluated if needed.
  std::function<Value(size_t)> from = [&](size_t index) -> Value {
    Value left = evaluate(node.values[index]);
    if (left.isPoison() || index + 1 == node.values.size())
      return left;
    const auto *scalar = left.typeAs<ScalarType>();
    Env before = function->env;
    Value right = from(index + 1);
    function->env = join(before, function->env);
    if (right.isPoison())
      return right;
    const auto *rightScalar = right.typeAs<ScalarType>();
    if (scalar && rightScalar && *scalar == *rightScalar && scalar->dtype == DType::Bool)
      return makeTyped(expr.loc, *scalar,
                       typed::ShortCircuit{isAnd,
                                           std::make_unique<typed::Expr>(std::move(left.expr())),
                                           std::make_unique<typed::Expr>(std::move(right.expr()))});
    typed::Block stmts;
    left = stabilize(std::move(left), stmts);
    Value test = truth(duplicate(left));
    if (test.isPoison())
      return test;
    Value result = isAnd ? joinValues(expr.loc, std::move(test.expr()), std::move(right), {},
                                      std::move(left), {})
                         : joinValues(expr.loc, std::move(test.expr()), std::move(left), {},
                                      std::move(right), {});
    return sequence(expr.loc, std::move(stmts), std::move(result));
  };
  return from(0);
}

Value Analyzer::evaluateIfExp(const ast::Expr &expr, const ast::IfExp &node) {
  Value test = truth(evaluate(*node.test));
  Env before = function->env;
  Value then = evaluate(*node.body);
  Env thenEnv = std::move(function->env);
  function->env = std::move(before);
  Value otherwise = evaluate(*node.orelse);
  function->env = join(thenEnv, function->env);
  if (test.isPoison())
    return test;
  return joinValues(expr.loc, std::move(test.expr()), std::move(then), {}, std::move(otherwise),
                    {});
}

Value Analyzer::evaluateCompare(const ast::Expr &expr, const ast::Compare &node) {
  for (auto [op, loc] : llvm::zip(node.ops, node.opLocs))
    if (op == ast::CompareOperator::Is || op == ast::CompareOperator::IsNot ||
        op == ast::CompareOperator::In || op == ast::CompareOperator::NotIn)
      return unsupported(loc, "'" + ast::spelling(op) + "'");
  if (node.ops.size() == 1) {
    Value left = evaluateOperand(*node.left);
    return compare(node.ops[0], expr.loc, node.opLocs[0], std::move(left),
                   evaluateOperand(node.comparators[0]));
  }
  Value left = evaluate(*node.left);
  // a < b < c: b is evaluated once, c only if a < b.
  std::function<Value(size_t, Value)> chain = [&](size_t index, Value first) -> Value {
    typed::Block stmts;
    Value second = evaluate(node.comparators[index]);
    bool last = index + 1 == node.ops.size();
    if (!last) {
      first = stabilize(std::move(first), stmts); // before the second operand, as in Python
      second = stabilize(std::move(second), stmts);
    }
    if (first.isPoison() || second.isPoison())
      return {expr.loc, Poison{}};
    Value copy = last ? Value{expr.loc, NoneValue{}} : duplicate(second);
    Value test =
        compare(node.ops[index], expr.loc, node.opLocs[index], std::move(first), std::move(second));
    if (last || test.isPoison())
      return sequence(expr.loc, std::move(stmts), std::move(test));
    if (test.typeAs<ArrayType>())
      return unsupported(expr.loc, "a chained comparison of arrays", "(a < b) & (b < c)");
    Value rest = chain(index + 1, std::move(copy));
    if (rest.isPoison())
      return rest;
    if (rest.typeAs<ArrayType>())
      return unsupported(expr.loc, "a chained comparison of arrays", "(a < b) & (b < c)");
    test = truth(std::move(test)); // either may be one of several types
    rest = truth(std::move(rest));
    Value both =
        makeTyped(expr.loc, weakBool,
                  typed::ShortCircuit{true, std::make_unique<typed::Expr>(std::move(test.expr())),
                                      std::make_unique<typed::Expr>(std::move(rest.expr()))});
    return sequence(expr.loc, std::move(stmts), std::move(both));
  };
  return chain(0, std::move(left));
}

//===------------------------------------------------------------------------------------------===//
// Leaves
//===------------------------------------------------------------------------------------------===//

Value Analyzer::evaluateConstant(const ast::Expr &expr, const ast::Constant &node) {
  return std::visit(
      overloaded{
          [&](ast::NoneValue) -> Value { return {expr.loc, NoneValue{}}; },
          [&](ast::EllipsisValue) -> Value { return {expr.loc, EllipsisValue{}}; },
          [&](bool value) -> Value { return makeBool(expr.loc, value); },
          [&](int64_t value) -> Value { return makeInteger(expr.loc, value); },
          [&](ast::UnsignedValue value) -> Value {
            return {expr.loc, LargeIntegerValue{value.value}};
          },
          [&](double value) -> Value { return makeFloat(expr.loc, value); },
          [&](std::complex<double>) -> Value { return unsupported(expr.loc, "a complex number"); },
          [&](const std::string &text) -> Value { return {expr.loc, TextValue{text}}; },
          [&](const ast::BytesValue &) -> Value {
            return unsupported(expr.loc, "a bytes literal");
          }},
      node.value);
}

static constexpr llvm::StringRef builtinNames[] = {
    "range", "len", "print", "abs", "min", "max", "int", "float", "bool", "round", "sum", "pow"};
static constexpr llvm::StringRef unsupportedBuiltins[] = {
    "enumerate",    "zip",     "map",   "filter",     "sorted",    "reversed",   "str",
    "list",         "tuple",   "dict",  "set",        "open",      "input",      "repr",
    "divmod",       "any",     "all",   "isinstance", "type",      "id",         "iter",
    "next",         "complex", "eval",  "exec",       "hash",      "chr",        "ord",
    "format",       "object",  "super", "property",   "Exception", "ValueError", "TypeError",
    "RuntimeError", "exit",    "quit",  "__name__",   "__file__",  "slice",      "bytes"};

/// Python's other built-in names: nothing that is computed with.
static constexpr llvm::StringRef otherBuiltins[] = {"ArithmeticError",
                                                    "AssertionError",
                                                    "AttributeError",
                                                    "BaseException",
                                                    "BaseExceptionGroup",
                                                    "BlockingIOError",
                                                    "BrokenPipeError",
                                                    "BufferError",
                                                    "BytesWarning",
                                                    "ChildProcessError",
                                                    "ConnectionAbortedError",
                                                    "ConnectionError",
                                                    "ConnectionRefusedError",
                                                    "ConnectionResetError",
                                                    "DeprecationWarning",
                                                    "EOFError",
                                                    "Ellipsis",
                                                    "EncodingWarning",
                                                    "EnvironmentError",
                                                    "ExceptionGroup",
                                                    "FileExistsError",
                                                    "FileNotFoundError",
                                                    "FloatingPointError",
                                                    "FutureWarning",
                                                    "GeneratorExit",
                                                    "IOError",
                                                    "ImportError",
                                                    "ImportWarning",
                                                    "IndentationError",
                                                    "IndexError",
                                                    "InterruptedError",
                                                    "IsADirectoryError",
                                                    "KeyError",
                                                    "KeyboardInterrupt",
                                                    "LookupError",
                                                    "MemoryError",
                                                    "ModuleNotFoundError",
                                                    "NameError",
                                                    "NotADirectoryError",
                                                    "NotImplemented",
                                                    "NotImplementedError",
                                                    "OSError",
                                                    "OverflowError",
                                                    "PendingDeprecationWarning",
                                                    "PermissionError",
                                                    "ProcessLookupError",
                                                    "RecursionError",
                                                    "ReferenceError",
                                                    "ResourceWarning",
                                                    "RuntimeWarning",
                                                    "StopAsyncIteration",
                                                    "StopIteration",
                                                    "SyntaxError",
                                                    "SyntaxWarning",
                                                    "SystemError",
                                                    "SystemExit",
                                                    "TabError",
                                                    "TimeoutError",
                                                    "UnboundLocalError",
                                                    "UnicodeDecodeError",
                                                    "UnicodeEncodeError",
                                                    "UnicodeError",
                                                    "UnicodeTranslateError",
                                                    "UnicodeWarning",
                                                    "UserWarning",
                                                    "Warning",
                                                    "ZeroDivisionError",
                                                    "__annotations__",
                                                    "__build_class__",
                                                    "__builtins__",
                                                    "__debug__",
                                                    "__doc__",
                                                    "__import__",
                                                    "__loader__",
                                                    "__package__",
                                                    "__spec__",
                                                    "aiter",
                                                    "anext",
                                                    "ascii",
                                                    "bin",
                                                    "breakpoint",
                                                    "bytearray",
                                                    "callable",
                                                    "classmethod",
                                                    "compile",
                                                    "copyright",
                                                    "credits",
                                                    "delattr",
                                                    "dir",
                                                    "frozenset",
                                                    "getattr",
                                                    "globals",
                                                    "hasattr",
                                                    "help",
                                                    "hex",
                                                    "issubclass",
                                                    "license",
                                                    "locals",
                                                    "memoryview",
                                                    "oct",
                                                    "setattr",
                                                    "staticmethod",
                                                    "vars"};

/// The statement that makes a well-known name known; empty for other names.
static llvm::StringRef importOf(llvm::StringRef name) {
  return llvm::StringSwitch<llvm::StringRef>(name)
      .Case("np", "import numpy as np")
      .Case("numpy", "import numpy")
      .Case("math", "import math")
      .Case("sys", "import sys")
      .Case("time", "import time")
      .Default("");
}

Value Analyzer::readName(const std::string &name, Loc loc) {
  bool local = function->isModule() || function->locals.count(name);
  Env &env = local ? function->env : moduleContext->env;
  auto place = env.names.find(name);
  if (place != env.names.end()) {
    if (!local)
      function->instance->globals[name] = keyOf(place->second);
    return readBinding(place->second, name, loc, !local);
  }
  if (!function->isModule() && local)
    return fail(loc, message::unboundLocal, name);
  // `from numpy import *` binds NumPy's names over Python's (abs, min, max, round, sum, ...).
  if (moduleContext->env.names.count("*") && knowsNumpyName(name))
    return moduleAttribute("numpy", name, loc);
  if (llvm::is_contained(builtinNames, name))
    return {loc, BuiltinValue{name}};
  if (llvm::is_contained(unsupportedBuiltins, name) || llvm::is_contained(otherBuiltins, name))
    return unsupported(loc, "'" + name + "'");
  if (moduleContext->env.names.count(unknownNames))
    return {loc, Poison{}}; // what a refused `from m import *` would bind
  auto builder = diags.report(loc, message::undefinedName, name);
  if (llvm::StringRef import = importOf(name); !import.empty()) {
    builder.help("write '" + import + "' first");
    return {loc, Poison{}};
  }
  ClosestName closest{name};
  for (const auto &entry : function->env.names)
    closest.consider(entry.first);
  for (const auto &entry : moduleContext->env.names)
    closest.consider(entry.first);
  for (llvm::StringRef builtin : builtinNames)
    closest.consider(builtin);
  closest.addHelp(builder);
  return {loc, Poison{}};
}

Value Analyzer::evaluateList(const ast::Expr &expr, const ast::List &node) {
  std::vector<Value> elements;
  for (const ast::Expr &element : node.elts) {
    elements.push_back(evaluate(element));
    if (elements.back().isPoison())
      return {expr.loc, Poison{}};
  }
  if (elements.empty())
    return unsupported(expr.loc, "an empty list");
  typed::ListLiteral literal;
  std::optional<ScalarType> type;
  for (Value &element : elements) {
    const auto *scalar = element.typeAs<ScalarType>();
    if (!scalar || !scalar->weak)
      return unsupported(element.loc, "a list element that is not a Python int, float or bool");
    if (type && *type != *scalar)
      return unsupported(element.loc, "a list of elements of different types",
                         "write all of them as floats: 1.0");
    type = *scalar;
    literal.elements.push_back(std::move(element.expr()));
  }
  Facts facts;
  facts.shape = {SymbolicSize{"", 0, static_cast<int64_t>(elements.size())}};
  facts.origin.created = expr.loc;
  return makeTyped(expr.loc, ListType{type->dtype}, std::move(literal), facts);
}

Value Analyzer::evaluateLambda(const ast::Expr &expr, const ast::Lambda &node) {
  return makeClosure(expr.loc, {nullptr, &node});
}

/// Does Python's int, float or bool have this attribute?
static bool isAttributeOfNumber(llvm::StringRef name) {
  constexpr llvm::StringLiteral names[] = {
      "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator",
      "from_bytes",       "fromhex",   "hex",        "imag",      "is_integer",
      "numerator",        "real",      "to_bytes"};
  return name.starts_with("__") || llvm::is_contained(names, name);
}

Value Analyzer::evaluateAttribute(const ast::Expr &expr, const ast::Attribute &node) {
  Value value = evaluate(*node.value);
  if (value.isPoison())
    return value;
  if (const auto *moduleValue = value.as<ModuleValue>())
    return moduleAttribute(moduleValue->name, node.attr, expr.loc);
  if (const auto *builtin = value.as<BuiltinValue>(); builtin && builtin->name == "comm")
    return communicatorAttribute(node.attr, expr.loc);
  const auto *array = value.typeAs<ArrayType>();
  if (array)
    if (std::optional<Value> known = attributeOfArray(*this, expr.loc, value, node.attr))
      return std::move(*known);
  if (const auto *dtype = value.as<DTypeValue>(); dtype && dtype->kind == DTypeValue::Kind::Limits)
    return limitOf(*dtype, node.attr, expr.loc);
  if (const auto *dtype = value.as<DTypeValue>(); dtype && dtype->kind == DTypeValue::Kind::DType) {
    if (node.attr == "itemsize")
      return makeInteger(expr.loc, ir::sizeOf(dtype->dtype));
    if (node.attr == "name")
      return {expr.loc, TextValue{ir::numpyNameOf(dtype->dtype).str()}};
  }
  if (array && node.attr == "dtype")
    return {expr.loc, DTypeValue{array->dtype}};
  if (const auto *scalar = value.typeAs<ScalarType>(); scalar && node.attr == "dtype") {
    if (scalar->weak)
      return fail(node.attrLoc, message::noAttribute, nameOf(*value.type()), node.attr);
    return {expr.loc, DTypeValue{scalar->dtype}};
  }
  if (const auto *scalar = value.typeAs<ScalarType>();
      scalar && scalar->weak && !isAttributeOfNumber(node.attr))
    return fail(node.attrLoc, message::noAttribute, nameOf(*value.type()), node.attr);
  if (value.as<TypedValue>())
    return {expr.loc, MethodValue{std::make_unique<Value>(std::move(value)), node.attr}};
  return unsupported(expr.loc, "attribute '" + node.attr + "'");
}

Value Analyzer::evaluateCall(const ast::Expr &expr, const ast::Call &node) {
  Value callee = evaluate(*node.func);
  const auto *dtype = callee.as<DTypeValue>();
  bool isClass = dtype && dtype->kind == DTypeValue::Kind::Class;
  bool takesLarge = isClass && dtype->dtype == DType::U64;
  const auto *known = callee.as<BuiltinValue>();
  bool ofDisplay = known && (known->name == "np.array" || known->name == "np.asarray") &&
                   !node.args.empty() && isDisplay(node.args.front());
  Arguments arguments;
  for (const ast::Expr &argument : node.args) {
    if (std::get_if<ast::Starred>(&argument.node)) {
      callee = unsupported(argument.loc, "a starred argument");
      continue;
    }
    bool here = ofDisplay && arguments.empty();
    arguments.push_back({"", argument.loc,
                         here         ? evaluateDisplay(argument)
                         : takesLarge ? evaluateOperand(argument)
                                      : evaluate(argument)});
  }
  for (const ast::Keyword &keyword : node.keywords) {
    if (keyword.name.empty()) {
      callee = unsupported(keyword.loc, "'**' in a call");
      continue;
    }
    arguments.push_back({keyword.name, keyword.loc, evaluate(*keyword.value)});
  }
  if (callee.isPoison() ||
      llvm::any_of(arguments, [](const Argument &argument) { return argument.value.isPoison(); }))
    return {expr.loc, Poison{}};
  if (ofDisplay && !acceptsDisplay(arguments))
    return {expr.loc, Poison{}};
  if (const auto *userFunction = callee.as<FunctionValue>())
    return callFunction(*userFunction, expr.loc, std::move(arguments));
  if (const auto *builtin = callee.as<BuiltinValue>())
    return callBuiltin(builtin->name, expr.loc, std::move(arguments));
  if (isClass)
    return callBuiltin(("np." + ir::numpyNameOf(dtype->dtype)).str(), expr.loc,
                       std::move(arguments));
  if (auto *method = callee.as<MethodValue>())
    return callMethod(std::move(*method->self), method->name, expr.loc, std::move(arguments));
  return fail(expr.loc, message::notCallable, describe(callee));
}

Value Analyzer::evaluateOperand(const ast::Expr &expr) {
  Value value = evaluateKept(expr);
  return value.as<LargeIntegerValue>() ? std::move(value) : atRoot(std::move(value));
}

Value Analyzer::evaluateKept(const ast::Expr &expr) {
  if (!function->env.reachable)
    return {expr.loc, Poison{}};
  Value value = evaluateNode(expr);
  if (value.isPoison() && function->env.reachable && !diags.hasProblems())
    lostValue = expr.loc;
  return value;
}

Value Analyzer::evaluateNode(const ast::Expr &expr) {
  return std::visit(
      overloaded{
          [&](const ast::Constant &node) { return evaluateConstant(expr, node); },
          [&](const ast::Name &node) { return readName(node.id, expr.loc); },
          [&](const ast::BoolOp &node) { return evaluateBoolOp(expr, node); },
          [&](const ast::BinOp &node) {
            Value left = evaluateOperand(*node.left);
            Value right = evaluateOperand(*node.right);
            return binary(node.op, expr.loc, node.opLoc, std::move(left), std::move(right));
          },
          [&](const ast::UnaryOp &node) {
            // -2**63 is written with a literal that is too large by itself.
            if (const auto *constant = std::get_if<ast::Constant>(&node.operand->node))
              if (const auto *large = std::get_if<ast::UnsignedValue>(&constant->value);
                  large && node.op == ast::UnaryOperator::USub && large->value == 1ull << 63)
                return makeInteger(expr.loc, INT64_MIN);
            return unary(node.op, expr.loc, evaluate(*node.operand));
          },
          [&](const ast::Compare &node) { return evaluateCompare(expr, node); },
          [&](const ast::IfExp &node) { return evaluateIfExp(expr, node); },
          [&](const ast::Call &node) { return evaluateCall(expr, node); },
          [&](const ast::Attribute &node) { return evaluateAttribute(expr, node); },
          [&](const ast::Subscript &node) { return evaluateSubscript(expr, node); },
          [&](const ast::Tuple &node) -> Value {
            TupleValue tuple;
            for (const ast::Expr &element : node.elts)
              tuple.elements.push_back(evaluate(element));
            for (const Value &element : tuple.elements)
              if (element.isPoison())
                return {expr.loc, Poison{}};
            return {expr.loc, std::move(tuple)};
          },
          [&](const ast::List &node) { return evaluateList(expr, node); },
          [&](const ast::Lambda &node) { return evaluateLambda(expr, node); },
          [&](const ast::Slice &) { return unsupported(expr.loc, "a slice here"); },
          [&](const ast::Starred &) { return unsupported(expr.loc, "a starred expression"); },
          [&](const ast::Set &) { return unsupported(expr.loc, "a set"); },
          [&](const ast::Dict &) { return unsupported(expr.loc, "a dict"); },
          [&](const ast::Comprehension &) { return unsupported(expr.loc, "a comprehension"); },
          [&](const ast::NamedExpr &node) {
            // The name is known from here on, with nothing known about it.
            assignTarget(*node.target, Value{expr.loc, Poison{}});
            return unsupported(expr.loc, "':='");
          },
          [&](const ast::FormattedValue &) { return unsupported(expr.loc, "an f-string"); },
          [&](const ast::JoinedStr &) { return unsupported(expr.loc, "an f-string"); },
          [&](const ast::UnsupportedExpr &node) { return unsupported(expr.loc, node.construct); }},
      expr.node);
}

} // namespace hpcc::frontend::sema
