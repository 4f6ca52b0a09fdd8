// NumPy: names, elementwise functions, methods.

#include "frontend/SemaArrays.h"
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
    "heaviside", "dtype",       "iinfo",      "finfo"};

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
  return llvm::is_contained(otherFunctions, name) || numpyFunctionNamed(name, false) ||
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
  if (module == "numpy" && name == "linalg")
    return {loc, ModuleValue{"numpy.linalg"}};
  std::string known = module == "numpy" ? name : module.substr(sizeof("numpy")) + "." + name;
  if (knowsNumpyName(known))
    return {loc, BuiltinValue{"np." + known}};
  if (module != "numpy")
    return unsupported(loc, "'" + module + "." + name + "'");
  auto builder = diags.report(loc, message::unsupportedConstruct, "'numpy." + name + "'");
  ClosestName closest{name};
  for (const Ufunc &ufunc : ufuncs)
    closest.consider(ufunc.name);
  for (llvm::StringRef function : otherFunctions)
    closest.consider(function);
  forEachNumpyFunction([&](llvm::StringRef function) { closest.consider(function); });
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
// Calls by name
//===------------------------------------------------------------------------------------------===//

Value Analyzer::callNumpy(llvm::StringRef name, Loc loc, Arguments arguments) {
  if (CallHandler handler = numpyFunctionNamed(name, false))
    return handler(*this, name, loc, std::move(arguments));
  if (const auto *ufunc = llvm::find_if(ufuncs, [&](const Ufunc &row) { return row.name == name; });
      ufunc != std::end(ufuncs)) {
    std::vector<std::optional<Value>> values;
    std::vector<llvm::StringRef> names = {"x1", "x2"};
    names.resize(ufunc->arity);
    std::string full = ("np." + name).str();
    std::optional<Value> out;
    for (Argument &argument : arguments) {
      if (argument.keyword == "out")
        out = std::move(argument.value);
      else if (!argument.keyword.empty())
        return unsupported(argument.loc,
                           "keyword argument '" + argument.keyword + "' of '" + full + "'");
    }
    llvm::erase_if(arguments, [](const Argument &argument) { return !argument.keyword.empty(); });
    if (arguments.size() == ufunc->arity + 1 && !out) {
      out = std::move(arguments.back().value);
      arguments.pop_back();
    }
    if (isGiven(out)) {
      Value result = callNumpy(name, loc, std::move(arguments));
      return storeInto(*this, name, loc, std::move(*out), std::move(result));
    }
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
    return makeArray(name, loc, std::move(arguments));
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
  llvm::StringRef names[] = {"a", "axes"};
  unsigned count = name == "transpose" || name == "heaviside" ? 2 : 1;
  unsigned required = name == "transpose" ? 1 : count;
  if (!takeArguments(("np." + name).str(), loc, std::move(arguments),
                     llvm::ArrayRef<llvm::StringRef>(names, count), required, values))
    return {loc, Poison{}};
  Value &first = *values[0];
  if (name == "copy" || name == "transpose") {
    if (!expectArray(*this, name, first))
      return {loc, Poison{}};
    if (name == "copy")
      return copyArray(loc, std::move(first), true);
    Arguments rest;
    if (values[1])
      rest.push_back({"", loc, std::move(*values[1])});
    return callMethod(std::move(first), "transpose", loc, std::move(rest));
  }
  if (!first.typeAs<ArrayType>() && !first.typeAs<ScalarType>())
    return unsupported(first.loc, "this argument of 'np." + name + "'");
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
  if (CallHandler handler = numpyFunctionNamed(name, true)) {
    arguments.insert(arguments.begin(), {"", self.loc, std::move(self)});
    return handler(*this, name, loc, std::move(arguments));
  }
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
    Parameters taken = takeParameters(*this, name, loc, std::move(arguments), {{"order"}}, 0);
    const auto *order = taken && taken[0] ? taken[0]->as<TextValue>() : nullptr;
    if (!taken)
      return {loc, Poison{}};
    if (taken[0] && !(order && (order->text == "C" || order->text == "K")))
      return unsupported(taken[0]->loc, "this 'order' of 'copy'");
    return copyArray(loc, std::move(self), order && order->text == "K");
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
