// NumPy's var, std and count_nonzero, and its functions that bring numbers into a range or to a
// number of decimals.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

namespace hpcc::frontend::sema {

using ir::ScalarOp;
using typed::ReduceKind;

/// The number of elements that are reduced to one, less `ddof`, at least 0, as a float64.
static Value divisorOf(Analyzer &sema, Loc loc, const Value &array, uint32_t axes, Value ddof) {
  Value count = sema.makeInteger(loc, 1);
  for (unsigned dim = 0; dim < array.typeAs<ArrayType>()->dims; ++dim)
    if ((axes >> dim) & 1)
      count = sema.binary(ast::BinaryOperator::Mult, loc, loc, std::move(count),
                          sizeOf(sema, loc, array, dim));
  count = sema.binary(ast::BinaryOperator::Sub, loc, loc, std::move(count), std::move(ddof));
  count = sema.convert(std::move(count), DType::F64, false);
  return applyElementwise(sema, loc, ScalarOp::Maximum, std::move(count),
                          sema.constantOfType(loc, {DType::F64, false}, 0));
}

/// NumPy's two passes: the mean, then the mean of the squares of what differs from it.
static Value variance(Analyzer &sema, Loc loc, Value array, uint32_t axes, bool keepDims,
                      Value ddof) {
  typed::Block stmts;
  array = sema.stabilize(std::move(array), stmts);
  auto [dtype, dims] = *array.typeAs<ArrayType>();
  bool isWhole = axes == (1u << dims) - 1;
  Value mean = reduceArray(sema, ReduceKind::Mean, loc, sema.duplicate(array), axes, !isWhole);
  Value differences = sema.stabilize(
      sema.binary(ast::BinaryOperator::Sub, loc, loc, sema.duplicate(array), std::move(mean)),
      stmts);
  if (differences.isPoison())
    return differences;
  Value squares = applyElementwise(sema, loc, ScalarOp::Multiply, sema.duplicate(differences),
                                   sema.duplicate(differences));
  Value sum = reduceArray(sema, ReduceKind::Sum, loc, std::move(squares), axes, keepDims);
  if (sum.isPoison())
    return sum;
  // NumPy divides by an int64: in float64, rounded to the result's type.
  DType type = dtypeOfValue(sum);
  std::vector<Value> quotient;
  quotient.push_back(sema.convert(std::move(sum), DType::F64, false));
  quotient.push_back(divisorOf(sema, loc, array, axes, std::move(ddof)));
  Value result =
      sema.elementwise(loc, loc, ScalarOp::Divide, Analyzer::Promotion::Float, std::move(quotient));
  return sema.sequence(loc, std::move(stmts), sema.convert(std::move(result), type, false));
}

Value callVariance(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(
      sema, name, loc, std::move(arguments),
      {{"a", "axis", "dtype", "out", "ddof", "keepdims", "where", "mean", "correction"}}, 1,
      {2, 3, 6, 7, 8});
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  std::optional<uint32_t> axes = axesArgument(sema, taken[1], array.typeAs<ArrayType>()->dims);
  std::optional<bool> keepDims = constantFlag(sema, taken[5], "keepdims", false);
  if (!axes || !keepDims)
    return {loc, Poison{}};
  Value ddof = taken[4] ? std::move(*taken[4]) : sema.makeInteger(loc, 0);
  if (!ddof.typeAs<ScalarType>())
    return sema.unsupported(ddof.loc, "this 'ddof'");
  Value result = variance(sema, loc, std::move(array), *axes, *keepDims, std::move(ddof));
  if (name == "var" || result.isPoison())
    return result;
  return applyElementwise(sema, loc, ScalarOp::SquareRoot, std::move(result));
}

/// A Python int if everything is counted, else integers.
Value callCountNonzero(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), {{"a", "axis", "keepdims"}}, 1);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  bool isWhole = !isGiven(taken[1]);
  std::optional<uint32_t> axes = axesArgument(sema, taken[1], array.typeAs<ArrayType>()->dims);
  std::optional<bool> keepDims = constantFlag(sema, taken[2], "keepdims", false);
  if (!axes || !keepDims)
    return {loc, Poison{}};
  Value count = reduceArray(sema, ReduceKind::Sum, loc,
                            sema.convert(std::move(array), DType::Bool, false), *axes, *keepDims);
  return isWhole && !*keepDims ? sema.convert(std::move(count), DType::I64, true)
                               : std::move(count);
}

//===------------------------------------------------------------------------------------------===//
// round and clip
//===------------------------------------------------------------------------------------------===//

/// rint(x * 10**k) / 10**k, or rint(x / 10**-k) * 10**-k for a negative k. Integers stay as they
/// are.
Value roundDecimals(Analyzer &sema, Loc loc, Value value, int64_t decimals) {
  constexpr int64_t mostExact = 22; // powers of ten that a float64 holds
  DType dtype = dtypeOfValue(value);
  if (dtype == DType::Bool)
    return sema.unsupported(loc, "a float16 result ('np.round' of booleans)");
  if (isWeak(value))
    value = sema.convert(std::move(value), dtype, false);
  if (!ir::isFloat(dtype))
    return decimals < 0 ? sema.unsupported(loc, "rounding integers to tens") : std::move(value);
  if (decimals < -mostExact || decimals > mostExact)
    return sema.unsupported(loc, "rounding to this number of decimals");
  if (decimals == 0)
    return applyElementwise(sema, loc, ScalarOp::RoundEven, std::move(value));
  auto scale = [&](ScalarOp op, Value operand) {
    double power = std::pow(10.0, static_cast<double>(std::abs(decimals)));
    return applyElementwise(sema, loc, op, std::move(operand), sema.makeFloat(loc, power));
  };
  ScalarOp first = decimals > 0 ? ScalarOp::Multiply : ScalarOp::Divide;
  ScalarOp last = decimals > 0 ? ScalarOp::Divide : ScalarOp::Multiply;
  Value scaled = scale(first, std::move(value));
  return scale(last, applyElementwise(sema, loc, ScalarOp::RoundEven, std::move(scaled)));
}

Value callRound(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), {{"a", "decimals", "out"}}, 1, {2});
  if (!taken)
    return {loc, Poison{}};
  if (!isNumeric(*taken[0]))
    return sema.unsupported(taken[0]->loc, "this argument of 'np." + name + "'");
  std::optional<int64_t> decimals = 0;
  if (taken[1])
    decimals = taken[1]->constantInteger();
  if (!decimals)
    return sema.unsupported(taken[1]->loc, "decimals that are not known at compile time");
  return roundDecimals(sema, loc, std::move(*taken[0]), *decimals);
}

Value callClip(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments),
                                    {{"a", "a_min", "a_max", "out", "min", "max"}}, 1, {3});
  if (!taken)
    return {loc, Poison{}};
  for (size_t index : {1u, 2u})
    if (taken[index + 3]) {
      if (taken[index])
        return sema.fail(taken[index + 3]->loc, message::clipBoundTwice);
      taken[index] = std::move(taken[index + 3]);
    }
  for (size_t index : {0u, 1u, 2u})
    if (isGiven(taken[index]) && !isNumeric(*taken[index]))
      return sema.unsupported(taken[index]->loc, "this argument of 'np." + name + "'");
  if (!isGiven(taken[1]) && !isGiven(taken[2]))
    return sema.unsupported(loc, "'np.clip' without bounds");
  Value value = std::move(*taken[0]);
  DType dtype = dtypeOfValue(value);
  if (isWeak(value))
    value = sema.convert(std::move(value), dtype, false);
  for (auto [index, op] : {std::pair(1u, ScalarOp::Maximum), std::pair(2u, ScalarOp::Minimum)})
    if (isGiven(taken[index])) {
      Value bound = sema.clampBound(std::move(*taken[index]), dtype, op == ScalarOp::Maximum);
      value = applyElementwise(sema, loc, op, std::move(value), std::move(bound));
    }
  return value;
}

} // namespace hpcc::frontend::sema
