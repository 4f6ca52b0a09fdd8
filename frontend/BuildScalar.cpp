// Scalars: variables, conversions, operations, choices, calls.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <bit>

namespace hpcc::frontend {

using ir::ScalarOp;

Scalar Builder::scalar(const typed::Expr &expr) { return value(expr).scalars.front(); }

static Value scalarValue(Scalar tree) {
  Value value;
  value.scalars.push_back(std::move(tree));
  return value;
}

static bool isArray(const Type &type) { return std::holds_alternative<ArrayType>(type); }

//===------------------------------------------------------------------------------------------===//
// Constants and variables
//===------------------------------------------------------------------------------------------===//

Value Builder::lowerNode(const typed::Expr &, const typed::Constant &node) {
  return scalarValue({node.value});
}

/// What Python raises if no assignment of the variable has run.
void Builder::checkBound(typed::VariableId id) {
  const typed::Variable &variable = variableOf(id);
  const Place &place = placeOf(id);
  bool moduleName = state.isMain || variable.global;
  llvm::StringRef error = moduleName ? "NameUndefined" : "LocalUnbound";
  if (place.handle)
    check({ir::ScalarState{*place.handle}}, error, {}, variable.name);
  else if (place.boundFlag)
    check(ir::load(*place.boundFlag), error, {}, variable.name);
}

Value Builder::lowerNode(const typed::Expr &, const typed::Read &node) {
  if (node.checkBound)
    checkBound(node.variable);
  if (constants[node.variable.index])
    return scalarValue({*constants[node.variable.index]});
  if (loopValues[node.variable.index])
    return scalarValue(ir::affineScalar(*loopValues[node.variable.index]));
  const Place &place = placeOf(node.variable);
  Value value;
  for (BufferId part : place.scalars)
    value.scalars.push_back(ir::load(part));
  value.array = place.handle;
  return value;
}

Value Builder::lowerNode(const typed::Expr &, const typed::UnionIs &node) {
  Scalar tag = ir::load(placeOf(node.variable).scalars[0]);
  return scalarValue(
      compare(ScalarOp::Equal, std::move(tag), ir::constantInteger(node.alternative)));
}

Value Builder::lowerNode(const typed::Expr &, const typed::UnionPart &node) {
  const auto &type = std::get<UnionType>(module.variables[node.variable.index].type);
  size_t part = 1 + type.storageOf(node.alternative);
  return scalarValue(ir::load(placeOf(node.variable).scalars[part]));
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::UnionMake &node) {
  Value made;
  made.scalars.push_back(ir::constantInteger(node.alternative));
  const auto &type = std::get<UnionType>(expr.type);
  for (DType part : type.storage())
    made.scalars.push_back(ir::constantOf(part, int64_t(0)));
  made.scalars[1 + type.storageOf(node.alternative)] = scalar(*node.value);
  return made;
}

//===------------------------------------------------------------------------------------------===//
// Operations
//===------------------------------------------------------------------------------------------===//

/// Constants are converted here where C++ converts as NumPy does.
Scalar Builder::castScalar(DType type, bool checked, Scalar operand) {
  DType from = ir::typeOf(operand, program);
  if (from == type)
    return operand;
  if (auto *constant = std::get_if<ir::ScalarConstant>(&operand.node)) {
    bool fromInteger = from == DType::I64 || from == DType::Bool;
    if (fromInteger && (ir::isFloat(type) || type == DType::I64 || type == DType::Bool))
      return ir::constantOf(type, ir::asInteger(*constant));
    if (from == DType::F64 && type == DType::F32)
      return ir::constantOf(type, ir::asDouble(*constant));
  }
  return ir::castTo(type, std::move(operand), checked, here);
}

/// The constant -x of a number that a literal gave; nothing where negation is not exact.
static std::optional<Scalar> negated(const Scalar &operand) {
  auto *constant = std::get_if<ir::ScalarConstant>(&operand.node);
  if (!constant)
    return std::nullopt;
  if (constant->type == DType::F64)
    return ir::constantFloat(-ir::asDouble(*constant));
  if (constant->type == DType::I64 && ir::asInteger(*constant) != INT64_MIN)
    return ir::constantInteger(-ir::asInteger(*constant));
  return std::nullopt;
}

/// An operation of Python's integers whose result is small for all values its operands can have
/// needs no check, and becomes an affine form if it can be one.
Scalar Builder::applyScalar(ScalarOp op, bool checked, std::vector<Scalar> operands) {
  if (op == ScalarOp::Negate)
    if (std::optional<Scalar> constant = negated(operands.front()))
      return *constant;
  bool integers = llvm::all_of(
      operands, [&](const Scalar &operand) { return ir::typeOf(operand, program) == DType::I64; });
  if (!integers || !checked)
    return ir::apply(program, op, std::move(operands), checked, here);
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Subtract:
  case ScalarOp::Multiply:
  case ScalarOp::Negate:
  case ScalarOp::Absolute: {
    Scalar plain = ir::apply(program, op, operands);
    if (!intervalOf(plain).within(smallInterval))
      break;
    std::optional<Affine> form = ir::asAffine(plain);
    return form ? ir::affineScalar(*form) : plain;
  }
  case ScalarOp::FloorDivide:
  case ScalarOp::Modulo:
    if (intervalOf(operands[1]).lo > 0)
      checked = false;
    break;
  default:
    break;
  }
  return ir::apply(program, op, std::move(operands), checked, here);
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::Cast &node) {
  Value operand = value(*node.operand);
  if (auto *arrayType = std::get_if<ArrayType>(&expr.type)) {
    DType type = arrayType->dtype;
    std::vector<Value> operands;
    operands.push_back(std::move(operand));
    return {{},
            std::nullopt,
            elementwise(std::move(operands), false, [&](std::vector<Scalar> elements) {
              return castScalar(type, false, std::move(elements.front()));
            })};
  }
  DType type = std::get<ScalarType>(expr.type).dtype;
  Scalar tree = std::move(operand.scalars.front());
  // NumPy does not wrap Python's integers, it refuses those that do not fit.
  if (std::optional<Interval> range = rangeOfNarrow(type);
      range && node.checked && node.operand->type == Type(weakInt)) {
    tree = simple(std::move(tree));
    check(fitsIn(tree, *range), "IntegerOutOfBounds",
          {tree, ir::constantInteger(static_cast<int64_t>(type))});
    return scalarValue(castScalar(type, false, std::move(tree)));
  }
  if (expr.type == Type(weakInt) && ir::typeOf(tree, program) == DType::U64) {
    tree = simple(castScalar(type, false, simple(std::move(tree))));
    check(compare(ScalarOp::GreaterEqual, tree, ir::constantInteger(0)), "IntegerOverflow");
    return scalarValue(std::move(tree));
  }
  return scalarValue(castScalar(type, node.checked, std::move(tree)));
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::Apply &node) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &operand : node.operands)
    exprs.push_back(&operand);
  std::vector<Value> values = operands(exprs);
  auto elementType = [](const Type &type) {
    auto *array = std::get_if<ArrayType>(&type);
    return array ? array->dtype : std::get<ScalarType>(type).dtype;
  };
  // NumPy's own error; Python's integers raise in the checked operation.
  if (node.op == ScalarOp::Power && !node.checked && ir::isSigned(elementType(expr.type)))
    checkIntegerPower(values[0], values[1]);
  if (isArray(expr.type)) {
    bool three = node.op == ScalarOp::Select;
    namesOutput = &expr == inPlace;
    return {
        {}, std::nullopt, elementwise(std::move(values), three, [&](std::vector<Scalar> elements) {
          return ir::apply(program, node.op, std::move(elements));
        })};
  }
  std::vector<Scalar> trees;
  for (Value &operand : values)
    trees.push_back(std::move(operand.scalars.front()));
  // A select computes both values; one that can raise has been computed before it.
  if (node.op == ScalarOp::Select)
    for (Scalar &tree : trees)
      if (ir::canRaise(tree))
        tree = store(std::move(tree));
  return scalarValue(applyScalar(node.op, node.checked, std::move(trees)));
}

//===------------------------------------------------------------------------------------------===//
// Choices
//===------------------------------------------------------------------------------------------===//

/// A right side that needs no statements and cannot raise may be evaluated always; any other is
/// reached by an `if` and leaves its value in a variable.
Value Builder::lowerNode(const typed::Expr &, const typed::ShortCircuit &node) {
  Scalar left = scalar(*node.left);
  BufferId result = program.addBuffer(
      {node.isAnd ? "and" : "or", DType::Bool, ir::Storage::Own, 0, {}, 1, {}, {}});
  std::optional<Scalar> right;
  ir::Block reached = inBlock([&] {
    Scalar tree = scalar(*node.right);
    if (scopes.back().block->empty() && !ir::canRaise(tree))
      right = std::move(tree);
    else
      set(result, std::move(tree));
  });
  if (right) {
    std::vector<Scalar> both{std::move(left), std::move(*right)};
    return scalarValue(
        ir::apply(program, node.isAnd ? ScalarOp::And : ScalarOp::Or, std::move(both)));
  }
  emit(ir::Alloc{result});
  set(result, std::move(left));
  if (node.isAnd)
    emit(ir::If{ir::load(result), std::move(reached), {}});
  else
    emit(ir::If{ir::load(result), {}, std::move(reached)});
  return scalarValue(ir::load(result));
}

/// Scalars whose sides need no statements and cannot raise are a select; anything else is an `if`
/// that leaves its value in variables or a handle.
Value Builder::lowerNode(const typed::Expr &expr, const typed::Conditional &node) {
  Scalar test = scalar(*node.test);
  Place result;
  for (DType part : partsOf(expr.type))
    result.scalars.push_back(
        program.addBuffer({"choice", part, ir::Storage::Own, 0, {}, 1, {}, {}}));
  if (auto *arrayType = std::get_if<ArrayType>(&expr.type))
    result.handle = newHandle(arrayType->dtype, arrayType->dims, "choice");
  else if (auto *listType = std::get_if<ListType>(&expr.type))
    result.handle = newHandle(listType->element, 1, "choice");

  const typed::Expr *sides[] = {&*node.then, &*node.otherwise};
  std::optional<Scalar> plain[2];
  ir::Block blocks[2];
  for (size_t side : {0, 1})
    blocks[side] = inBlock([&] {
      Value chosen = value(*sides[side]);
      if (std::holds_alternative<ScalarType>(expr.type) && scopes.back().block->empty() &&
          !ir::canRaise(chosen.scalars.front())) {
        plain[side] = std::move(chosen.scalars.front());
        return;
      }
      if (chosen.elements)
        chosen = {{}, named(std::move(chosen), expr.type), std::nullopt};
      assign(result, std::move(chosen));
    });
  if (plain[0] && plain[1]) {
    std::vector<Scalar> choice{std::move(test), std::move(*plain[0]), std::move(*plain[1])};
    return scalarValue(ir::apply(program, ScalarOp::Select, std::move(choice)));
  }
  for (size_t side : {0, 1})
    if (plain[side])
      blocks[side] = inBlock([&] { set(result.scalars.front(), std::move(*plain[side])); });
  Value value;
  for (BufferId part : result.scalars) {
    emit(ir::Alloc{part});
    value.scalars.push_back(ir::load(part));
  }
  emit(ir::If{std::move(test), std::move(blocks[0]), std::move(blocks[1])});
  value.array = result.handle;
  return value;
}

Value Builder::lowerNode(const typed::Expr &, const typed::Sequence &node) {
  lower(node.stmts);
  return value(*node.value);
}

//===------------------------------------------------------------------------------------------===//
// Sizes, calls, clocks
//===------------------------------------------------------------------------------------------===//

Value Builder::lowerNode(const typed::Expr &, const typed::SizeOf &node) {
  return scalarValue(ir::affineScalar(sizeOf(array(*node.operand), node.dim)));
}

/// Calls a function whose results go to `results`, variables and handles that exist.
void Builder::call(typed::FunctionId callee, const typed::ExprList &arguments,
                   std::vector<BufferId> results) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &argument : arguments)
    exprs.push_back(&argument);
  std::vector<Value> values = operands(exprs);
  ir::Call node{functionNames[callee.index], {}, std::move(results)};
  // A computed array is storage of its own, made before the call; what else can raise was earlier.
  for (size_t index = values.size(); index-- > 0;)
    if (values[index].elements)
      for (size_t earlier = 0; earlier < index; ++earlier)
        for (Scalar &tree : values[earlier].scalars)
          if (ir::canRaise(tree))
            tree = store(std::move(tree));
  for (auto [value, expr] : llvm::zip_equal(values, exprs)) {
    for (Scalar &tree : value.scalars)
      node.arguments.push_back(std::move(tree));
    if (value.array || value.elements)
      node.arguments.push_back(named(std::move(value), expr->type));
  }
  emit(std::move(node));
}

/// Where a call leaves a result until it is used.
Place Builder::newTemporary(const Type &type) {
  Place place;
  for (DType part : partsOf(type))
    place.scalars.push_back(newScalar(part, "r"));
  if (auto *arrayType = std::get_if<ArrayType>(&type))
    place.handle = newHandle(arrayType->dtype, arrayType->dims, "r");
  else if (auto *listType = std::get_if<ListType>(&type))
    place.handle = newHandle(listType->element, 1, "r");
  return place;
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::CallExpr &node) {
  Place place = newTemporary(expr.type);
  Value result;
  for (BufferId part : place.scalars)
    result.scalars.push_back(ir::load(part));
  result.array = place.handle;
  std::vector<BufferId> results = std::move(place.scalars);
  if (place.handle)
    results.push_back(*place.handle);
  call(node.callee, node.arguments, std::move(results));
  return result;
}

Value Builder::lowerNode(const typed::Expr &, const typed::Clock &node) {
  BufferId result = newScalar(DType::F64, "clock");
  constexpr ir::LibraryFunction functions[] = {ir::LibraryFunction::Time,
                                               ir::LibraryFunction::PerfCounter,
                                               ir::LibraryFunction::ProcessTime};
  emit(ir::LibraryCall{functions[static_cast<size_t>(node.kind)], {result}});
  return scalarValue(ir::load(result));
}

} // namespace hpcc::frontend
