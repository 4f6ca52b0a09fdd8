// NumPy: names, elementwise functions, reductions, methods.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>

namespace hpcc::frontend::sema {

using ir::ScalarOp;

namespace {
struct Ufunc {
  llvm::StringRef name;
  unsigned arity;
  ScalarOp op;
  Analyzer::Promotion promotion;
};
constexpr Ufunc ufuncs[] = {
#define NUMPY_UFUNC(name, arity, operation, promotion)                                             \
  {#name, arity, ScalarOp::operation, Analyzer::Promotion::promotion},
#include "frontend/Numpy.def"
};

/// Names of numpy that are neither in the table above nor constants or dtypes.
constexpr llvm::StringRef otherFunctions[] = {
    "arange",    "linspace",    "empty",      "zeros",     "ones",       "full",     "eye",
    "identity",  "empty_like",  "zeros_like", "ones_like", "full_like",  "array",    "asarray",
    "copy",      "where",       "sum",        "mean",      "min",        "max",      "amin",
    "amax",      "prod",        "any",        "all",       "argmin",     "argmax",   "transpose",
    "power",     "float_power", "pow",        "square",    "reciprocal", "negative", "positive",
    "floor",     "ceil",        "trunc",      "deg2rad",   "rad2deg",    "degrees",  "radians",
    "heaviside", "size",        "shape",      "ndim",      "clip",       "dtype",    "iinfo",
    "finfo"};

/// The functions of Python 3.11's math, supported or not.
constexpr llvm::StringRef mathNames[] = {
    "acos",  "acosh", "asin",      "asinh", "atan",   "atan2",     "atanh",    "cbrt",
    "ceil",  "comb",  "copysign",  "cos",   "cosh",   "degrees",   "dist",     "erf",
    "erfc",  "exp",   "exp2",      "expm1", "fabs",   "factorial", "floor",    "fmod",
    "frexp", "fsum",  "gamma",     "gcd",   "hypot",  "isclose",   "isfinite", "isinf",
    "isnan", "isqrt", "lcm",       "ldexp", "lgamma", "log",       "log10",    "log1p",
    "log2",  "modf",  "nextafter", "perm",  "pow",    "prod",      "radians",  "remainder",
    "sin",   "sinh",  "sqrt",      "tan",   "tanh",   "trunc",     "ulp"};
} // namespace

bool knowsNumpyName(llvm::StringRef name) {
  return llvm::is_contained(otherFunctions, name) ||
         llvm::any_of(ufuncs, [&](const Ufunc &ufunc) { return ufunc.name == name; }) ||
         name == "pi" || name == "e" || name == "inf" || name == "nan" || name == "newaxis" ||
         scalarClassNamed(name);
}

Value Analyzer::moduleAttribute(const std::string &module, const std::string &name, Loc loc) {
  if (module == "math" || module == "numpy") {
    auto constant = llvm::StringSwitch<std::optional<double>>(name)
                        .Case("pi", M_PI)
                        .Case("e", M_E)
                        .Case("inf", INFINITY)
                        .Case("nan", NAN)
                        .Default(std::nullopt);
    if (!constant && module == "math" && name == "tau")
      constant = 2 * M_PI;
    if (!constant && module == "numpy" && name == "euler_gamma")
      constant = 0.577215664901532860606512090082402431;
    if (constant)
      return makeFloat(loc, *constant);
  }
  if (module == "math") {
    if (llvm::is_contained(mathNames, name))
      return {loc, BuiltinValue{"math." + name}};
    auto builder = diags.report(loc, message::noModuleAttribute, module, name);
    ClosestName closest{name};
    for (llvm::StringRef known : mathNames)
      closest.consider(known);
    closest.addHelp(builder);
    return {loc, Poison{}};
  }
  if (module == "mpi4py.MPI")
    return mpiAttribute(name, loc);
  if (module == "mpi4py")
    return name == "MPI" ? Value{loc, ModuleValue{"mpi4py.MPI"}}
                         : unsupported(loc, "'mpi4py." + name + "'");
  if (module == "time" || module == "sys") {
    std::string full = module + "." + name;
    if (clockNamed(full))
      return {loc, BuiltinValue{full}};
    return unsupported(loc, "'" + full + "'");
  }
  if (name == "newaxis")
    return {loc, NoneValue{}};
  if (std::optional<DType> dtype = scalarClassNamed(name))
    return {loc, DTypeValue{*dtype, DTypeValue::Kind::Class}};
  if (knowsNumpyName(name))
    return {loc, BuiltinValue{"np." + name}};
  auto builder = diags.report(loc, message::unsupportedConstruct, "'numpy." + name + "'");
  ClosestName closest{name};
  for (const Ufunc &ufunc : ufuncs)
    closest.consider(ufunc.name);
  for (llvm::StringRef function : otherFunctions)
    closest.consider(function);
  closest.addHelp(builder);
  return {loc, Poison{}};
}

//===------------------------------------------------------------------------------------------===//
// Elementwise functions of more than one operation
//===------------------------------------------------------------------------------------------===//

/// A weak scalar argument of a NumPy function is a NumPy scalar of the default dtype.
static Value strengthen(Analyzer &sema, Value value) {
  if (const auto *scalar = value.typeAs<ScalarType>(); scalar && scalar->weak)
    return sema.convert(std::move(value), scalar->dtype, false);
  return value;
}

/// np.square, np.negative and others of one operand. Nothing if the name is another's.
static std::optional<Value> composedUnary(Analyzer &sema, llvm::StringRef name, Loc loc,
                                          Value &operand) {
  using Promotion = Analyzer::Promotion;
  bool rounding = name == "floor" || name == "ceil" || name == "trunc";
  bool angle = name == "deg2rad" || name == "radians" || name == "rad2deg" || name == "degrees";
  if (!rounding && !angle && name != "square" && name != "negative" && name != "positive" &&
      name != "reciprocal")
    return std::nullopt;
  operand = strengthen(sema, std::move(operand));
  DType dtype = dtypeOfValue(operand);
  std::vector<Value> operands;
  if (name == "negative")
    return sema.unary(ast::UnaryOperator::USub, loc, std::move(operand));
  if (name == "positive")
    return dtype == DType::Bool ? sema.fail(loc, message::booleanNegative)
                                : sema.unary(ast::UnaryOperator::UAdd, loc, std::move(operand));
  if (rounding) {
    if (!ir::isFloat(dtype)) // integers stay integers, as a copy
      return sema.unary(ast::UnaryOperator::UAdd, loc, std::move(operand));
    ScalarOp op = name == "floor"  ? ScalarOp::Floor
                  : name == "ceil" ? ScalarOp::Ceil
                                   : ScalarOp::Truncate;
    operands.push_back(std::move(operand));
    return sema.elementwise(loc, loc, op, Promotion::Float, std::move(operands));
  }
  if (dtype == DType::Bool && name == "square")
    operand = sema.convert(std::move(operand), DType::I8, false);
  else if (dtype == DType::Bool)
    return sema.unsupported(loc, "'np." + name + "' of booleans");
  if (name == "reciprocal") {
    if (!ir::isFloat(dtype))
      return sema.unsupported(loc, "'np.reciprocal' of integers");
    operands.push_back(sema.constantOfType(loc, {dtype, false}, 1.0));
    operands.push_back(std::move(operand));
    return sema.elementwise(loc, loc, ScalarOp::Divide, Promotion::Float, std::move(operands));
  }
  if (angle) {
    if (ir::isInteger(dtype) && ir::sizeOf(dtype) == 1)
      return sema.unsupported(loc, "a float16 result (a math function of integers of 8 bits)",
                              "convert with .astype(float)");
    if (ir::isInteger(dtype)) // 16 bits become float32, as in the functions above
      operand =
          sema.convert(std::move(operand), ir::sizeOf(dtype) == 2 ? DType::F32 : DType::F64, false);
    double factor = name == "deg2rad" || name == "radians" ? M_PI / 180.0 : 180.0 / M_PI;
    operands.push_back(std::move(operand));
    operands.push_back(sema.makeFloat(loc, factor));
    return sema.elementwise(loc, loc, ScalarOp::Multiply, Promotion::Float, std::move(operands));
  }
  typed::Block stmts; // square
  operand = sema.stabilize(std::move(operand), stmts);
  operands.push_back(sema.duplicate(operand));
  operands.push_back(std::move(operand));
  return sema.sequence(
      loc, std::move(stmts),
      sema.elementwise(loc, loc, ScalarOp::Multiply, Promotion::Same, std::move(operands)));
}

/// np.fmod of integers, with the sign of the left operand: the modulo m, which has the sign of the
/// right one, minus the right operand where the signs differ and m is not zero.
Value Analyzer::integerFmod(Loc loc, Value left, Value right) {
  const Value *both[] = {&left, &right};
  DType dtype = *promote(both);
  if (dtype == DType::Bool)
    return unsupported(loc, "'np.fmod' of booleans");
  typed::Block stmts;
  left = stabilize(adopt(*this, std::move(left), dtype), stmts);
  right = stabilize(adopt(*this, std::move(right), dtype), stmts);
  auto apply = [&](ScalarOp op, Value a, Value b) {
    std::vector<Value> operands;
    operands.push_back(std::move(a));
    operands.push_back(std::move(b));
    return elementwise(loc, loc, op, Promotion::Same, std::move(operands));
  };
  Value modulo = stabilize(apply(ScalarOp::Modulo, duplicate(left), duplicate(right)), stmts);
  auto zero = [&] { return constantOfType(loc, {dtype, false}, 0); };
  auto less = ast::CompareOperator::Lt;
  Value differ = apply(ScalarOp::Xor, compare(less, loc, loc, duplicate(left), zero()),
                       compare(less, loc, loc, duplicate(right), zero()));
  Value nonZero = compare(ast::CompareOperator::NotEq, loc, loc, duplicate(modulo), zero());
  std::vector<Value> select;
  select.push_back(apply(ScalarOp::And, std::move(differ), std::move(nonZero)));
  select.push_back(apply(ScalarOp::Subtract, duplicate(modulo), duplicate(right)));
  select.push_back(std::move(modulo));
  return sequence(loc, std::move(stmts),
                  applyNode(loc, loc, ScalarOp::Select, false, std::move(select), dtype, false));
}

/// x where mask else y after promotion of x and y.
Value Analyzer::where(Loc loc, Arguments arguments) {
  std::vector<std::optional<Value>> values;
  if (!takeArguments("np.where", loc, std::move(arguments), {"condition", "x", "y"}, 1, values))
    return {loc, Poison{}};
  if (!values[1] || !values[2])
    return unsupported(loc, "'np.where' with one argument");
  for (std::optional<Value> &value : values)
    if (!value->typeAs<ArrayType>() && !value->typeAs<ScalarType>())
      return unsupported(value->loc, "this argument of 'np.where'");
  const Value *branches[] = {&*values[1], &*values[2]};
  DType dtype = *promote(branches);
  std::vector<Value> operands; // a Python int that does not fit wraps here
  operands.push_back(convert(std::move(*values[0]), DType::Bool, false));
  operands.push_back(convert(std::move(*values[1]), dtype, false));
  operands.push_back(convert(std::move(*values[2]), dtype, false));
  return applyNode(loc, loc, ScalarOp::Select, false, std::move(operands), dtype, false);
}

//===------------------------------------------------------------------------------------------===//
// Reductions
//===------------------------------------------------------------------------------------------===//

Value Analyzer::reduce(typed::ReduceKind kind, llvm::StringRef name, Loc loc, Arguments arguments) {
  using typed::ReduceKind;
  std::vector<std::optional<Value>> values;
  std::string full = ("np." + name).str();
  if (!takeArguments(full, loc, std::move(arguments), {"a", "axis", "dtype", "out", "keepdims"}, 1,
                     values))
    return {loc, Poison{}};
  for (unsigned k : {2u, 3u})
    if (values[k] && !values[k]->as<NoneValue>())
      return unsupported(values[k]->loc, llvm::Twine("keyword argument '") +
                                             (k == 2 ? "dtype" : "out") + "' of '" + full + "'");
  Value array = std::move(*values[0]);
  const auto *type = array.typeAs<ArrayType>();
  if (!type)
    return unsupported(array.loc, "'" + full + "' of anything but an array",
                       array.typeAs<ListType>() ? "make an array of the list: np.array(...)" : "");
  unsigned dims = type->dims;
  DType dtype = type->dtype;
  uint32_t axes = (1u << dims) - 1;
  if (values[1] && !values[1]->as<NoneValue>()) {
    std::vector<Value> given;
    if (auto *tuple = values[1]->as<TupleValue>())
      given = std::move(tuple->elements);
    else
      given.push_back(std::move(*values[1]));
    axes = 0;
    for (Value &axis : given) {
      std::optional<int64_t> known = axis.constantInteger();
      if (!known)
        return unsupported(axis.loc, "an axis that is not known at compile time");
      int64_t number = *known < 0 ? *known + dims : *known;
      if (number < 0 || number >= dims)
        return fail(axis.loc, message::axisOutOfBounds, *known, dims);
      if (axes & (1u << number))
        return fail(axis.loc, message::duplicateAxis);
      axes |= 1u << number;
    }
  }
  bool keepDims = false;
  if (values[4]) {
    auto flag = values[4]->as<TypedValue>() ? values[4]->facts().constant : std::nullopt;
    if (!flag)
      return unsupported(values[4]->loc, "'keepdims' that is not known at compile time");
    keepDims = flag->bits != 0;
  }
  bool arg = kind == ReduceKind::ArgMin || kind == ReduceKind::ArgMax;
  if (arg && keepDims)
    return unsupported(loc, "keyword argument 'keepdims' of '" + full + "'");
  if (arg && axes != (1u << dims) - 1 && llvm::popcount(axes) != 1)
    return unsupported(loc, "'" + full + "' over several axes");

  // NumPy multiplies in the operand's memory order, which only run time knows.
  if (kind == ReduceKind::Product && llvm::popcount(axes) > 1 && ir::isFloat(dtype))
    return unsupported(loc, "the product of floats over several axes",
                       "a product over one axis after the other");
  // The dtype in which NumPy reduces.
  DType result = dtype;
  if (kind == ReduceKind::Sum || kind == ReduceKind::Product) {
    if (!ir::isFloat(dtype))
      result = ir::isUnsigned(dtype) ? DType::U64 : DType::I64;
    array = convert(std::move(array), result, false);
  } else if (kind == ReduceKind::Mean) {
    if (!ir::isFloat(dtype))
      result = DType::F64;
  } else if (kind == ReduceKind::Any || kind == ReduceKind::All) {
    result = DType::Bool;
    array = convert(std::move(array), DType::Bool, false);
  } else if (arg) {
    result = DType::I64;
  }
  Facts facts;
  const std::vector<SymbolicSize> &shape = array.facts().shape;
  unsigned resultDims = 0;
  for (unsigned dim = 0; dim < dims; ++dim) {
    bool reduced = axes & (1u << dim);
    if (!reduced || keepDims)
      ++resultDims;
    if (shape.size() == dims && (!reduced || keepDims))
      facts.shape.push_back(reduced ? SymbolicSize{"", 0, 1} : shape[dim]);
  }
  typed::Reduce node{kind, std::make_unique<typed::Expr>(std::move(array.expr())), axes, keepDims};
  if (resultDims == 0)
    return makeTyped(loc, ScalarType{result, false}, std::move(node));
  return makeTyped(loc, ArrayType{result, resultDims}, std::move(node), std::move(facts));
}

static std::optional<typed::ReduceKind> reduceNamed(llvm::StringRef name) {
  using typed::ReduceKind;
  return llvm::StringSwitch<std::optional<ReduceKind>>(name)
      .Case("sum", ReduceKind::Sum)
      .Case("mean", ReduceKind::Mean)
      .Case("prod", ReduceKind::Product)
      .Cases({"min", "amin"}, ReduceKind::Minimum)
      .Cases({"max", "amax"}, ReduceKind::Maximum)
      .Case("any", ReduceKind::Any)
      .Case("all", ReduceKind::All)
      .Case("argmin", ReduceKind::ArgMin)
      .Case("argmax", ReduceKind::ArgMax)
      .Default(std::nullopt);
}

//===------------------------------------------------------------------------------------------===//
// Calls by name
//===------------------------------------------------------------------------------------------===//

Value Analyzer::callNumpy(llvm::StringRef name, Loc loc, Arguments arguments) {
  if (const auto *ufunc = llvm::find_if(ufuncs, [&](const Ufunc &row) { return row.name == name; });
      ufunc != std::end(ufuncs)) {
    std::vector<std::optional<Value>> values;
    std::vector<llvm::StringRef> names = {"x1", "x2"};
    names.resize(ufunc->arity);
    std::string full = ("np." + name).str();
    for (const Argument &argument : arguments)
      if (!argument.keyword.empty())
        return unsupported(argument.loc,
                           "keyword argument '" + argument.keyword + "' of '" + full + "'");
    if (!takeArguments(full, loc, std::move(arguments), names, ufunc->arity, values))
      return {loc, Poison{}};
    std::vector<Value> operands;
    for (std::optional<Value> &value : values) {
      if (value->typeAs<ListType>())
        return unsupported(value->loc, "a list as an argument of '" + full + "'",
                           "make an array of it: np.array(...)");
      operands.push_back(std::move(*value));
    }
    bool allWeak = llvm::all_of(operands, [](const Value &value) {
      const auto *scalar = value.typeAs<ScalarType>();
      return scalar && scalar->weak;
    });
    if (allWeak)
      operands[0] = strengthen(*this, std::move(operands[0]));
    // Operators on booleans and comparisons follow the operators' own rules.
    auto same = [&](ast::BinaryOperator op) {
      return binary(op, loc, loc, std::move(operands[0]), std::move(operands[1]));
    };
    switch (ufunc->op) {
    case ScalarOp::Add:
      return same(ast::BinaryOperator::Add);
    case ScalarOp::Subtract:
      return same(ast::BinaryOperator::Sub);
    case ScalarOp::Multiply:
      return same(ast::BinaryOperator::Mult);
    case ScalarOp::Divide:
      return same(ast::BinaryOperator::Div);
    case ScalarOp::FloorDivide:
      return same(ast::BinaryOperator::FloorDiv);
    case ScalarOp::Modulo:
      return same(ast::BinaryOperator::Mod);
    default:
      break;
    }
    auto compareOp = llvm::StringSwitch<std::optional<ast::CompareOperator>>(name)
                         .Case("equal", ast::CompareOperator::Eq)
                         .Case("not_equal", ast::CompareOperator::NotEq)
                         .Case("less", ast::CompareOperator::Lt)
                         .Case("less_equal", ast::CompareOperator::LtE)
                         .Case("greater", ast::CompareOperator::Gt)
                         .Case("greater_equal", ast::CompareOperator::GtE)
                         .Default(std::nullopt);
    if (compareOp)
      return compare(*compareOp, loc, loc, std::move(operands[0]), std::move(operands[1]));
    bool fmodOfIntegers =
        ufunc->op == ScalarOp::FMod && llvm::none_of(operands, [](const Value &value) {
          return (value.typeAs<ArrayType>() || value.typeAs<ScalarType>()) &&
                 ir::isFloat(dtypeOfValue(value));
        });
    if (fmodOfIntegers)
      return integerFmod(loc, std::move(operands[0]), std::move(operands[1]));
    // Of booleans: minimum is and, maximum is or; integers are never NaN.
    if (ufunc->op == ScalarOp::Sign && operands[0].typeAs<ArrayType>() &&
        dtypeOfValue(operands[0]) == DType::Bool)
      return fail(loc, message::booleanNegative);
    return elementwise(loc, loc, ufunc->op, ufunc->promotion, std::move(operands));
  }
  if (std::optional<typed::ReduceKind> kind = reduceNamed(name))
    return reduce(*kind, name, loc, std::move(arguments));
  if (std::optional<DType> dtype = scalarClassNamed(name)) { // np.float64(x)
    std::vector<std::optional<Value>> values;
    if (!takeArguments(("np." + name).str(), loc, std::move(arguments), {"x"}, 1, values))
      return {loc, Poison{}};
    if (values[0]->typeAs<ArrayType>())
      return unsupported(loc, "'np." + name + "' of an array", "a.astype(np." + name + ")");
    if (const auto *large = values[0]->as<LargeIntegerValue>())
      return makeUnsigned(loc, large->value);
    if (!values[0]->typeAs<ScalarType>())
      return unsupported(loc, "'np." + name + "' of this");
    return toElement(std::move(*values[0]), *dtype, loc, ElementRule::Constructor);
  }
  if (name == "dtype" || name == "iinfo" || name == "finfo")
    return dtypeFunction(name, loc, std::move(arguments));
  if (name == "where")
    return where(loc, std::move(arguments));
  if (name == "arange")
    return arange(loc, std::move(arguments));
  if (name == "linspace")
    return linspace(loc, std::move(arguments));
  if (name == "eye" || name == "identity")
    return eye(name, loc, std::move(arguments));
  if (name == "empty" || name == "zeros" || name == "ones" || name == "full")
    return create(name, loc, std::move(arguments));
  if (name.ends_with("_like"))
    return createLike(name, loc, std::move(arguments));
  if (name == "array" || name == "asarray")
    return makeArray(loc, std::move(arguments));
  if (name == "power" || name == "pow" || name == "float_power") {
    std::vector<std::optional<Value>> values;
    if (!takeArguments(("np." + name).str(), loc, std::move(arguments), {"x1", "x2"}, 2, values))
      return {loc, Poison{}};
    for (std::optional<Value> &value : values)
      if (!value->typeAs<ArrayType>() && !value->typeAs<ScalarType>())
        return unsupported(value->loc, "this argument of 'np." + name + "'");
    if (name == "float_power") {
      std::vector<Value> operands;
      for (std::optional<Value> &value : values)
        operands.push_back(convert(std::move(*value), DType::F64, false));
      return applyNode(loc, loc, ScalarOp::Power, false, std::move(operands), DType::F64, false);
    }
    // The function np.power has none of the operator's short cuts: a strong exponent avoids them.
    const Value *both[] = {&*values[0], &*values[1]};
    DType dtype = *promote(both);
    for (std::optional<Value> &value : values)
      *value = adopt(*this, std::move(*value), dtype);
    return power(loc, loc, std::move(*values[0]), std::move(*values[1]));
  }
  std::vector<std::optional<Value>> values;
  llvm::StringRef names[] = {"a", "a_min", "a_max"};
  if (name == "transpose")
    names[1] = "axes";
  unsigned count = name == "clip" ? 3 : name == "transpose" || name == "heaviside" ? 2 : 1;
  unsigned required = name == "transpose" ? 1 : count;
  if (!takeArguments(("np." + name).str(), loc, std::move(arguments),
                     llvm::ArrayRef<llvm::StringRef>(names, count), required, values))
    return {loc, Poison{}};
  Value &first = *values[0];
  if (name == "copy" || name == "transpose" || name == "size" || name == "shape" ||
      name == "ndim") {
    if (!first.typeAs<ArrayType>())
      return unsupported(first.loc, "'np." + name + "' of anything but an array");
    if (name == "copy")
      return copyArray(loc, std::move(first), true);
    if (name == "transpose") {
      Arguments rest;
      if (values[1])
        rest.push_back({"", loc, std::move(*values[1])});
      return callMethod(std::move(first), "transpose", loc, std::move(rest));
    }
    return unsupported(loc, "'np." + name + "'", "a." + name);
  }
  if (!first.typeAs<ArrayType>() && !first.typeAs<ScalarType>())
    return unsupported(first.loc, "this argument of 'np." + name + "'");
  if (name == "clip") {
    std::vector<Value> low, high;
    DType dtype = dtypeOfValue(first);
    low.push_back(std::move(first));
    low.push_back(clampBound(std::move(*values[1]), dtype, true));
    if (low[0].typeAs<ScalarType>())
      low[0] = strengthen(*this, std::move(low[0]));
    high.push_back(elementwise(loc, loc, ScalarOp::Maximum, Promotion::Same, std::move(low)));
    high.push_back(clampBound(std::move(*values[2]), dtype, false));
    return elementwise(loc, loc, ScalarOp::Minimum, Promotion::Same, std::move(high));
  }
  if (std::optional<Value> value = composedUnary(*this, name, loc, first))
    return std::move(*value);
  return unsupported(loc, "'np." + name + "'");
}

Value Analyzer::callMethod(Value self, const std::string &name, Loc loc, Arguments arguments) {
  if (self.typeAs<ListType>())
    return unsupported(loc, "the list method '" + name + "'");
  const auto *array = self.typeAs<ArrayType>();
  if (!array)
    return unsupported(loc, "the method '" + name + "' of a number");
  unsigned dims = array->dims;
  if (std::optional<typed::ReduceKind> kind = reduceNamed(name)) {
    Arguments all;
    all.push_back({"", self.loc, std::move(self)});
    for (Argument &argument : arguments)
      all.push_back(std::move(argument));
    return reduce(*kind, name, loc, std::move(all));
  }
  if (name == "astype")
    return astype(loc, std::move(self), std::move(arguments));
  if (name == "copy") {
    if (!arguments.empty())
      return unsupported(arguments[0].loc, "an argument of 'copy'");
    return copyArray(loc, std::move(self), false);
  }
  if (name == "transpose") {
    std::vector<Value> axes;
    for (Argument &argument : arguments) {
      if (!argument.keyword.empty())
        return unsupported(argument.loc, "keyword argument '" + argument.keyword + "'");
      if (auto *tuple = argument.value.as<TupleValue>(); tuple && arguments.size() == 1)
        axes = std::move(tuple->elements);
      else if (!argument.value.as<NoneValue>())
        axes.push_back(std::move(argument.value));
    }
    std::vector<unsigned> order(dims);
    std::vector<bool> used(dims);
    if (!axes.empty() && axes.size() != dims)
      return fail(loc, message::transposeAxes);
    for (unsigned dim = 0; dim < dims; ++dim) {
      int64_t axis = dims - 1 - dim;
      if (!axes.empty()) {
        std::optional<int64_t> known = axes[dim].constantInteger();
        if (!known)
          return unsupported(axes[dim].loc, "an axis that is not known at compile time");
        axis = *known < 0 ? *known + dims : *known;
      }
      if (axis < 0 || axis >= dims || used[axis])
        return fail(loc, message::transposeAxes);
      used[axis] = true;
      order[dim] = static_cast<unsigned>(axis);
    }
    return transposeArray(loc, std::move(self), std::move(order));
  }
  if (name == "fill") {
    std::vector<std::optional<Value>> values;
    DType dtype = array->dtype;
    if (!takeArguments("fill", loc, std::move(arguments), {"value"}, 1, values))
      return {loc, Poison{}};
    if (!values[0]->typeAs<ScalarType>())
      return unsupported(loc, "'fill' with anything but a number");
    Value fill = toElement(std::move(*values[0]), dtype, loc, ElementRule::Store);
    if (fill.isPoison())
      return fill;
    typed::Block stmts;
    stmts.push_back(
        {loc, typed::StoreSlice{std::move(self.expr()), {}, std::move(fill.expr()), false}});
    return makeTyped(loc, NoneType{},
                     typed::Sequence{std::move(stmts), std::make_unique<typed::Expr>(
                                                           std::move(makeInteger(loc, 0).expr()))});
  }
  return unsupported(loc, "the array method '" + name + "'");
}

} // namespace hpcc::frontend::sema
