// Python's module math: on weak floats, with CPython's errors.

#include "frontend/Sema.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <limits>

namespace hpcc::frontend::sema {

using ir::ScalarOp;

static std::optional<ScalarOp> mathUnary(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<ScalarOp>>(name)
      .Case("sqrt", ScalarOp::SquareRoot)
      .Case("exp", ScalarOp::Exp)
      .Case("exp2", ScalarOp::Exp2)
      .Case("expm1", ScalarOp::Expm1)
      .Case("log", ScalarOp::Log)
      .Case("log2", ScalarOp::Log2)
      .Case("log10", ScalarOp::Log10)
      .Case("log1p", ScalarOp::Log1p)
      .Case("sin", ScalarOp::Sin)
      .Case("cos", ScalarOp::Cos)
      .Case("tan", ScalarOp::Tan)
      .Case("asin", ScalarOp::ArcSin)
      .Case("acos", ScalarOp::ArcCos)
      .Case("atan", ScalarOp::ArcTan)
      .Case("sinh", ScalarOp::SinH)
      .Case("cosh", ScalarOp::CosH)
      .Case("tanh", ScalarOp::TanH)
      .Case("asinh", ScalarOp::ArcSinH)
      .Case("acosh", ScalarOp::ArcCosH)
      .Case("atanh", ScalarOp::ArcTanH)
      .Case("cbrt", ScalarOp::CubeRoot)
      .Case("erf", ScalarOp::Erf)
      .Case("erfc", ScalarOp::Erfc)
      .Case("gamma", ScalarOp::Gamma)
      .Case("lgamma", ScalarOp::LogGamma)
      .Default(std::nullopt);
}

/// math.pow: C's pow; a finite x and y that give NaN, or infinity from zero, are a domain error,
/// infinity otherwise a range error (CPython's math_pow).
Value Analyzer::mathPower(Loc loc, Value x, Value y) {
  if (x.isPoison() || y.isPoison())
    return {loc, Poison{}};
  typed::Block stmts;
  x = stabilize(std::move(x), stmts);
  y = stabilize(std::move(y), stmts);
  auto apply = [&](ScalarOp op, DType type, const Value &a, const Value *b = nullptr) {
    std::vector<Value> operands;
    operands.push_back(duplicate(a));
    if (b)
      operands.push_back(duplicate(*b));
    return applyNode(loc, loc, op, false, std::move(operands), type, true);
  };
  auto both = [&](Value a, Value b) {
    std::vector<Value> operands;
    operands.push_back(std::move(a));
    operands.push_back(std::move(b));
    return applyNode(loc, loc, ScalarOp::And, false, std::move(operands), DType::Bool, true);
  };
  Value result = stabilize(apply(ScalarOp::Power, DType::F64, x, &y), stmts);
  Value finite = stabilize(
      both(apply(ScalarOp::IsFinite, DType::Bool, x), apply(ScalarOp::IsFinite, DType::Bool, y)),
      stmts);
  auto raiseIf = [&](Value test, const char *error) {
    typed::Block raise;
    raise.push_back({loc, typed::RaiseError{error, ""}});
    Value all = both(duplicate(finite), std::move(test));
    stmts.push_back({loc, typed::If{std::move(all.expr()), std::move(raise), {}}});
  };
  raiseIf(apply(ScalarOp::IsNan, DType::Bool, result), "MathDomain");
  Value zero = makeFloat(loc, 0.0);
  raiseIf(both(apply(ScalarOp::IsInfinite, DType::Bool, result),
               apply(ScalarOp::Equal, DType::Bool, x, &zero)),
          "MathDomain");
  raiseIf(apply(ScalarOp::IsInfinite, DType::Bool, result), "MathRange");
  return sequence(loc, std::move(stmts), std::move(result));
}

Value Analyzer::callMath(llvm::StringRef name, Loc loc, Arguments arguments) {
  std::string full = ("math." + name).str();
  for (Argument &argument : arguments) {
    if (!argument.keyword.empty())
      return fail(argument.loc, message::unexpectedKeyword, full, argument.keyword);
    if (argument.value.typeAs<ArrayType>())
      return fail(argument.loc, message::mathOfArray, full, "np." + name.str());
    if (!argument.value.typeAs<ScalarType>() && !argument.value.typeAs<UnionType>())
      return fail(argument.loc, message::notANumber, describe(argument.value));
  }
  auto count = [&](size_t least, size_t most) {
    if (arguments.size() >= least && arguments.size() <= most)
      return true;
    if (arguments.size() > most && name == "hypot")
      unsupported(arguments[most].loc, "'math.hypot' of more than two numbers");
    else if (arguments.size() > most)
      fail(arguments[most].loc, message::tooManyArguments, full, most);
    else
      fail(loc, message::missingArgument, full, "x");
    return false;
  };
  // Everything computes in f64 on weak floats.
  auto asFloat = [&](size_t index) {
    return convertScalar("float", loc, std::move(arguments[index].value));
  };
  auto apply = [&](ScalarOp op, bool checked, std::vector<Value> operands, DType result) {
    return applyNode(loc, loc, op, checked, std::move(operands), result, true);
  };
  auto one = [&](Value value) {
    std::vector<Value> operands;
    operands.push_back(std::move(value));
    return operands;
  };
  if (std::optional<ScalarOp> op = mathUnary(name)) {
    bool isLog = *op == ScalarOp::Log;
    if (!count(1, isLog ? 2 : 1))
      return {loc, Poison{}};
    Value result = apply(*op, true, one(asFloat(0)), DType::F64);
    if (isLog && arguments.size() == 2)
      return binary(ast::BinaryOperator::Div, loc, loc, std::move(result),
                    apply(*op, true, one(asFloat(1)), DType::F64));
    return result;
  }
  auto binaryOp = llvm::StringSwitch<std::optional<ScalarOp>>(name)
                      .Case("atan2", ScalarOp::ArcTan2)
                      .Case("pow", ScalarOp::Power)
                      .Case("hypot", ScalarOp::Hypot)
                      .Case("fmod", ScalarOp::FMod)
                      .Case("copysign", ScalarOp::CopySign)
                      .Default(std::nullopt);
  if (binaryOp) {
    if (name == "hypot" && arguments.size() != 2)
      return unsupported(loc, "'math.hypot' of more or fewer than two numbers");
    if (!count(2, 2))
      return {loc, Poison{}};
    if (name == "pow") {
      Value x = asFloat(0), y = asFloat(1);
      return mathPower(loc, std::move(x), std::move(y));
    }
    std::vector<Value> operands = one(asFloat(0));
    operands.push_back(asFloat(1));
    return apply(*binaryOp, ir::infoOf(*binaryOp).checkable, std::move(operands), DType::F64);
  }
  auto predicate = llvm::StringSwitch<std::optional<ScalarOp>>(name)
                       .Case("isnan", ScalarOp::IsNan)
                       .Case("isinf", ScalarOp::IsInfinite)
                       .Case("isfinite", ScalarOp::IsFinite)
                       .Default(std::nullopt);
  constexpr llvm::StringRef others[] = {"floor", "ceil", "trunc", "fabs", "degrees", "radians"};
  if (!predicate && !llvm::is_contained(others, name))
    return unsupported(loc, "'" + full + "'");
  if (!count(1, 1))
    return {loc, Poison{}};
  if (predicate)
    return apply(*predicate, false, one(asFloat(0)), DType::Bool);
  auto rounding = llvm::StringSwitch<std::optional<ScalarOp>>(name)
                      .Case("floor", ScalarOp::Floor)
                      .Case("ceil", ScalarOp::Ceil)
                      .Case("trunc", ScalarOp::Truncate)
                      .Default(std::nullopt);
  if (rounding) { // to Python's int
    const auto *scalar = arguments[0].value.typeAs<ScalarType>();
    if (scalar && !ir::isFloat(scalar->dtype))
      return convert(std::move(arguments[0].value), DType::I64, true);
    Value rounded = apply(*rounding, false, one(asFloat(0)), DType::F64);
    return convertScalar("int", loc, std::move(rounded));
  }
  if (name == "fabs")
    return apply(ScalarOp::Absolute, false, one(asFloat(0)), DType::F64);
  if (name == "degrees" || name == "radians") {
    double factor = name == "degrees" ? 180.0 / M_PI : M_PI / 180.0;
    return binary(ast::BinaryOperator::Mult, loc, loc, asFloat(0), makeFloat(loc, factor));
  }
  return unsupported(loc, "'" + full + "'");
}

} // namespace hpcc::frontend::sema
