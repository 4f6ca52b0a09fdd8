// NumPy's functions that make arrays.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

/// A size of a new array. NumPy takes no bool for one, though Python's range does.
static Value toSize(Analyzer &sema, Value value) {
  const auto *scalar = value.typeAs<ScalarType>();
  if (scalar && scalar->dtype == DType::Bool)
    return sema.fail(value.loc, message::notAnIndex, "array sizes", describe(value));
  return sema.toIndex(std::move(value), "array sizes");
}

bool Analyzer::shapeArgument(Value value, typed::ExprList &sizes,
                             std::vector<SymbolicSize> &shape) {
  Loc loc = value.loc;
  std::vector<Value> given;
  if (auto *tuple = value.as<TupleValue>()) {
    given = std::move(tuple->elements);
  } else if (value.typeAs<ListType>() &&
             std::holds_alternative<typed::ListLiteral>(value.expr().node)) {
    for (typed::Expr &size : std::get<typed::ListLiteral>(value.expr().node).elements) {
      Loc sizeLoc = size.loc;
      given.push_back({sizeLoc, TypedValue{std::move(size), {}}});
    }
  } else {
    given.push_back(std::move(value));
  }
  if (given.empty()) {
    unsupported(loc, "an array without dimensions");
    return false;
  }
  if (given.size() > 8) {
    unsupported(loc, "an array with more than 8 dimensions");
    return false;
  }
  for (Value &size : given) {
    if (size.typeAs<ListType>() || size.typeAs<ArrayType>()) {
      unsupported(size.loc, "a shape of type '" + describe(size) + "'", "a tuple, such as (2, 3)");
      return false;
    }
    size = toSize(*this, std::move(size));
    if (size.isPoison())
      return false;
    shape.push_back(symbolicSize(size));
    sizes.push_back(std::move(size.expr()));
  }
  return true;
}

/// The memory order in which hpcc makes the array anyway.
static bool isOwnOrder(llvm::StringRef keyword, const Value &value) {
  const auto *text = value.as<TextValue>();
  return keyword == "order" && text && text->text == "C";
}

/// Refuses keywords of NumPy's signature that are given and not supported.
static bool refuse(Analyzer &sema, llvm::StringRef function, llvm::ArrayRef<llvm::StringRef> names,
                   std::vector<std::optional<Value>> &values, llvm::ArrayRef<unsigned> refused) {
  for (unsigned k : refused)
    if (isGiven(values[k]) && !isOwnOrder(names[k], *values[k])) {
      sema.unsupported(values[k]->loc, "keyword argument '" + names[k] + "' of '" + function + "'");
      return true;
    }
  return false;
}

/// The dtype argument, or the default; nothing after an error.
static std::optional<DType> chosenDType(Analyzer &sema, std::optional<Value> &value, DType other) {
  if (!value || value->as<NoneValue>())
    return other;
  return sema.dtypeOf(*value);
}

Value Analyzer::create(llvm::StringRef name, Loc loc, Arguments arguments) {
  bool full = name == "full";
  std::vector<llvm::StringRef> names = {"shape"};
  if (full)
    names.push_back("fill_value");
  names.push_back("dtype");
  names.push_back("order");
  std::vector<std::optional<Value>> values;
  std::string function = ("np." + name).str();
  if (!takeArguments(function, loc, std::move(arguments), names, full ? 2 : 1, values) ||
      refuse(*this, function, names, values, {full ? 3u : 2u}))
    return {loc, Poison{}};
  typed::Create node;
  Facts facts;
  facts.origin.created = loc;
  if (!shapeArgument(std::move(*values[0]), node.shape, facts.shape))
    return {loc, Poison{}};
  DType other = DType::F64;
  if (full) {
    const auto *scalar = values[1]->typeAs<ScalarType>();
    if (!scalar)
      return unsupported(values[1]->loc, "a fill value that is not a number");
    other = scalar->dtype;
  }
  std::optional<DType> dtype = chosenDType(*this, values[full ? 2 : 1], other);
  if (!dtype)
    return {loc, Poison{}};
  if (name != "empty") {
    Value fill = full ? toElement(std::move(*values[1]), *dtype, loc, ElementRule::Fill)
                      : constantOfType(loc, {*dtype, false}, name == "ones" ? 1 : 0);
    if (fill.isPoison())
      return fill;
    node.fill = std::make_unique<typed::Expr>(std::move(fill.expr()));
  }
  ArrayType type{*dtype, static_cast<unsigned>(node.shape.size())};
  return makeTyped(loc, type, std::move(node), std::move(facts));
}

Value Analyzer::createLike(llvm::StringRef name, Loc loc, Arguments arguments) {
  bool full = name == "full_like";
  std::vector<llvm::StringRef> names = {"a"};
  if (full)
    names.push_back("fill_value");
  for (llvm::StringRef more : {"dtype", "order", "subok", "shape"})
    names.push_back(more);
  std::vector<std::optional<Value>> values;
  std::string function = ("np." + name).str();
  unsigned shift = full ? 1 : 0;
  if (!takeArguments(function, loc, std::move(arguments), names, full ? 2 : 1, values) ||
      refuse(*this, function, names, values, {3 + shift, 4 + shift}))
    return {loc, Poison{}};
  if (isGiven(values[2 + shift]))
    return unsupported(values[2 + shift]->loc, "keyword argument 'order' of '" + function + "'");
  const auto *array = values[0]->typeAs<ArrayType>();
  if (!array)
    return unsupported(values[0]->loc, "'" + function + "' of anything but an array");
  ArrayType type = *array;
  std::optional<DType> dtype = chosenDType(*this, values[1 + shift], type.dtype);
  if (!dtype)
    return {loc, Poison{}};
  type.dtype = *dtype;
  Facts facts;
  facts.shape = values[0]->facts().shape;
  facts.origin.created = loc;
  typed::CreateLike node;
  node.prototype = std::make_unique<typed::Expr>(std::move(values[0]->expr()));
  if (name != "empty_like") {
    if (full && !values[1]->typeAs<ScalarType>())
      return unsupported(values[1]->loc, "a fill value that is not a number");
    Value fill = full ? toElement(std::move(*values[1]), *dtype, loc, ElementRule::Fill)
                      : constantOfType(loc, {*dtype, false}, name == "ones_like" ? 1 : 0);
    if (fill.isPoison())
      return fill;
    node.fill = std::make_unique<typed::Expr>(std::move(fill.expr()));
  }
  return makeTyped(loc, type, std::move(node), std::move(facts));
}

Value Analyzer::arange(Loc loc, Arguments arguments) {
  llvm::StringRef names[] = {"start", "stop", "step", "dtype"};
  std::vector<std::optional<Value>> values;
  if (!takeArguments("np.arange", loc, std::move(arguments), names, 1, values))
    return {loc, Poison{}};
  if (!values[1])
    std::swap(values[0], values[1]);
  SymbolicSize size = values[1]->as<TypedValue>() ? symbolicSize(*values[1]) : SymbolicSize{};
  bool isFloat = false, plain = true; // plain: from zero in steps of one
  for (unsigned k = 0; k < 3; ++k) {
    if (!values[k])
      continue;
    const auto *scalar = values[k]->typeAs<ScalarType>();
    if (!scalar)
      return unsupported(values[k]->loc, "this argument of 'np.arange'");
    // NumPy computes with the numbers as they are; the one number n is converted at once.
    bool only = !values[0] && !values[2] && ir::isInteger(scalar->dtype);
    if (!scalar->weak && scalar->dtype != DType::F64 && scalar->dtype != DType::I64 &&
        (!only || scalar->dtype == DType::U64))
      return unsupported(values[k]->loc, "an argument of 'np.arange' of this type");
    isFloat |= ir::isFloat(scalar->dtype);
    if (k != 1)
      plain = false;
  }
  std::optional<DType> dtype = chosenDType(*this, values[3], isFloat ? DType::F64 : DType::I64);
  if (!dtype)
    return {loc, Poison{}};
  if (*dtype == DType::Bool)
    return unsupported(loc, "'np.arange' with this dtype", "np.arange(...).astype(dtype)");
  DType compute = isFloat || *dtype == DType::F64 ? DType::F64 : DType::I64;
  auto take = [&](unsigned k, int64_t other) {
    Value value = values[k] ? std::move(*values[k]) : makeInteger(loc, other);
    return std::make_unique<typed::Expr>(
        std::move(convert(std::move(value), compute, true).expr()));
  };
  typed::Arange node;
  node.start = take(0, 0);
  node.stop = take(1, 0);
  node.step = take(2, 1);
  Facts facts;
  facts.origin.created = loc;
  if (size.value && *size.value < 0)
    size = {"", 0, 0};
  facts.shape = {plain && !isFloat ? size : SymbolicSize{}};
  return makeTyped(loc, ArrayType{*dtype, 1}, std::move(node), std::move(facts));
}

/// What linspace returns beside the array: the distance of two samples. Of less than two NumPy
/// gives a NaN that is no NumPy number.
static Value linspaceStep(Analyzer &sema, Loc loc, const Value &start, const Value &stop,
                          const Value &count, bool endpoint) {
  using Op = ast::BinaryOperator;
  typed::Block stmts;
  Value parts = sema.stabilize(sema.binary(Op::Sub, loc, loc, sema.duplicate(count),
                                           sema.makeInteger(loc, endpoint ? 1 : 0)),
                               stmts);
  Value none = sema.compare(ast::CompareOperator::LtE, loc, loc, sema.duplicate(parts),
                            sema.makeInteger(loc, 0));
  typed::Block raise;
  raise.push_back({loc, typed::RaiseError{"Unsupported", "the step of less than two samples"}});
  stmts.push_back({loc, typed::If{std::move(none.expr()), std::move(raise), {}}});
  auto strong = [&](Value value) { return sema.convert(std::move(value), DType::F64, false); };
  Value distance =
      sema.binary(Op::Sub, loc, loc, strong(sema.duplicate(stop)), strong(sema.duplicate(start)));
  return sema.sequence(
      loc, std::move(stmts),
      sema.binary(Op::Div, loc, loc, std::move(distance), strong(std::move(parts))));
}

Value Analyzer::linspace(Loc loc, Arguments arguments) {
  llvm::StringRef names[] = {"start", "stop", "num", "endpoint", "retstep", "dtype", "axis"};
  std::vector<std::optional<Value>> values;
  if (!takeArguments("np.linspace", loc, std::move(arguments), names, 2, values) ||
      refuse(*this, "np.linspace", names, values, {6}))
    return {loc, Poison{}};
  std::optional<DType> dtype = chosenDType(*this, values[5], DType::F64);
  if (!dtype)
    return {loc, Poison{}};
  if (!ir::isFloat(*dtype))
    return unsupported(values[5]->loc, "this dtype of 'np.linspace'");
  std::optional<bool> endpoint = constantFlag(*this, values[3], "endpoint", true);
  std::optional<bool> returnsStep = constantFlag(*this, values[4], "retstep", false);
  if (!endpoint || !returnsStep)
    return {loc, Poison{}};
  for (unsigned k : {0u, 1u}) {
    if (!values[k]->typeAs<ScalarType>())
      return unsupported(values[k]->loc, "this argument of 'np.linspace'");
    values[k] = convert(std::move(*values[k]), DType::F64, true);
  }
  Value count =
      values[2] ? toIndex(std::move(*values[2]), "numbers of samples") : makeInteger(loc, 50);
  if (count.isPoison())
    return count;
  typed::Block stmts;
  if (*returnsStep) {
    for (unsigned k : {0u, 1u})
      values[k] = stabilize(std::move(*values[k]), stmts);
    count = stabilize(std::move(count), stmts);
  }
  Value step = *returnsStep ? linspaceStep(*this, loc, *values[0], *values[1], count, *endpoint)
                            : Value{loc, NoneValue{}};
  typed::Linspace node;
  node.endpoint = *endpoint;
  node.start = std::make_unique<typed::Expr>(std::move(values[0]->expr()));
  node.stop = std::make_unique<typed::Expr>(std::move(values[1]->expr()));
  Facts facts;
  facts.origin.created = loc;
  facts.shape = {symbolicSize(count)};
  node.num = std::make_unique<typed::Expr>(std::move(count.expr()));
  Value array = makeTyped(loc, ArrayType{DType::F64, 1}, std::move(node), std::move(facts));
  array = convert(std::move(array), *dtype, false);
  if (!*returnsStep)
    return array;
  TupleValue pair;
  pair.elements.push_back(sequence(loc, std::move(stmts), std::move(array)));
  pair.elements.push_back(std::move(step));
  return {loc, std::move(pair)};
}

Value Analyzer::eye(llvm::StringRef name, Loc loc, Arguments arguments) {
  bool identity = name == "identity";
  std::vector<llvm::StringRef> names = {"N", "M", "k", "dtype", "order"};
  if (identity)
    names = {"n", "dtype"};
  std::vector<std::optional<Value>> values;
  std::string function = ("np." + name).str();
  if (!takeArguments(function, loc, std::move(arguments), names, 1, values))
    return {loc, Poison{}};
  if (!identity && refuse(*this, function, names, values, {4}))
    return {loc, Poison{}};
  std::optional<DType> dtype = chosenDType(*this, values[identity ? 1 : 3], DType::F64);
  if (!dtype)
    return {loc, Poison{}};
  typed::Block stmts;
  Value rows = stabilize(toSize(*this, std::move(*values[0])), stmts);
  if (rows.isPoison())
    return rows;
  Value columns = !identity && values[1] && !values[1]->as<NoneValue>()
                      ? toSize(*this, std::move(*values[1]))
                      : duplicate(rows);
  Value diagonal =
      !identity && values[2] ? toIndex(std::move(*values[2]), "the diagonal") : makeInteger(loc, 0);
  if (columns.isPoison() || diagonal.isPoison())
    return {loc, Poison{}};
  Facts facts;
  facts.origin.created = loc;
  facts.shape = {symbolicSize(rows), symbolicSize(columns)};
  typed::Eye node;
  node.rows = std::make_unique<typed::Expr>(std::move(rows.expr()));
  node.columns = std::make_unique<typed::Expr>(std::move(columns.expr()));
  node.diagonal = std::make_unique<typed::Expr>(std::move(diagonal.expr()));
  return sequence(loc, std::move(stmts),
                  makeTyped(loc, ArrayType{*dtype, 2}, std::move(node), std::move(facts)));
}

/// Raises what NumPy does for elements that an array of this integer type can't hold.
void Analyzer::checkElements(Value &list, DType dtype, typed::Block &stmts) {
  ScalarType element{list.typeAs<ListType>()->element, true};
  if (const auto *literal = std::get_if<typed::ListLiteral>(&list.expr().node)) {
    bool fit = llvm::all_of(literal->elements, [&](const typed::Expr &expr) {
      const auto *constant = std::get_if<typed::Constant>(&expr.node);
      return constant && constant->value.type == DType::I64 &&
             fitsType(dtype, ir::asInteger(constant->value));
    });
    if (fit)
      return;
  }
  list = stabilize(std::move(list), stmts);
  typed::VariableId each = temporary(element);
  Value taken = toElement(makeTyped(list.loc, element, typed::Read{each, false}), dtype, list.loc,
                          ElementRule::Store);
  typed::Block body;
  body.push_back({list.loc, typed::Evaluate{std::move(taken.expr())}});
  stmts.push_back(
      {list.loc, typed::ForEach{each, std::move(duplicate(list).expr()), std::move(body), {}}});
}

Value Analyzer::makeArray(llvm::StringRef name, Loc loc, Arguments arguments) {
  llvm::StringRef names[] = {"object", "dtype"};
  std::vector<std::optional<Value>> values;
  if (!takeArguments("np.array", loc, std::move(arguments), names, 1, values))
    return {loc, Poison{}};
  if (isArray(*values[0]))
    return arrayOfArray(name == "array", loc, std::move(*values[0]), std::move(values[1]));
  const auto *list = values[0]->typeAs<ListType>();
  if (!list)
    return unsupported(values[0]->loc, "'np." + name + "' of this value");
  DType element = list->element;
  std::optional<DType> dtype = chosenDType(*this, values[1], element);
  if (!dtype)
    return {loc, Poison{}};
  typed::Block stmts;
  if (*dtype != element && ir::isInteger(*dtype))
    checkElements(*values[0], *dtype, stmts);
  Facts facts;
  facts.shape = values[0]->facts().shape;
  facts.origin.created = loc;
  Value array = makeTyped(
      loc, ArrayType{element, 1},
      typed::ListToArray{std::make_unique<typed::Expr>(std::move(values[0]->expr()))}, facts);
  return sequence(loc, std::move(stmts), convert(std::move(array), *dtype, false));
}

Value Analyzer::transposeArray(Loc loc, Value array, std::vector<unsigned> order) {
  Type type = *array.type();
  Facts facts;
  if (array.facts().shape.size() == order.size())
    for (unsigned dim : order)
      facts.shape.push_back(array.facts().shape[dim]);
  return makeTyped(
      loc, type,
      typed::Transpose{std::make_unique<typed::Expr>(std::move(array.expr())), std::move(order)},
      std::move(facts));
}

Value Analyzer::copyArray(Loc loc, Value array, bool keepOrder) {
  Type type = *array.type();
  Facts facts;
  facts.shape = array.facts().shape;
  facts.origin.created = loc;
  return makeTyped(loc, type,
                   typed::Copy{std::make_unique<typed::Expr>(std::move(array.expr())), keepOrder},
                   std::move(facts));
}

Value Analyzer::astype(Loc loc, Value array, Arguments arguments) {
  std::vector<std::optional<Value>> values;
  llvm::StringRef names[] = {"dtype", "order", "casting", "subok", "copy"};
  if (!takeArguments("astype", loc, std::move(arguments), names, 1, values) ||
      refuse(*this, "astype", names, values, {3}))
    return {loc, Poison{}};
  for (auto [index, otherwise] : {std::pair(1u, "K"), std::pair(2u, "unsafe")})
    if (values[index] &&
        !(values[index]->as<TextValue>() && values[index]->as<TextValue>()->text == otherwise))
      return unsupported(values[index]->loc, "this '" + names[index] + "' of 'astype'");
  std::optional<DType> dtype = dtypeOf(*values[0]);
  std::optional<bool> copies = constantFlag(*this, values[4], "copy", true);
  if (!dtype || !copies)
    return {loc, Poison{}};
  if (array.typeAs<ArrayType>()->dtype != *dtype)
    return convert(std::move(array), *dtype, false);
  return *copies ? copyArray(loc, std::move(array), true) : std::move(array);
}

} // namespace hpcc::frontend::sema
