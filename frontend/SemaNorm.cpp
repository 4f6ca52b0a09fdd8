// np.linalg.norm: norms of vectors and matrices from sums, extremes and square roots.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/bit.h"
#include <cmath>

namespace hpcc::frontend::sema {

using ir::ScalarOp;
using typed::ReduceKind;

namespace {

/// Which norm: the p-norm of a number, or Frobenius' where there is none.
struct Order {
  std::optional<double> number;
};

/// The array, the axes of its vectors or matrices, and where the call stands.
struct NormCall {
  Analyzer &sema;
  Loc loc;
  uint32_t axes;
  bool keepDims;

  Value reduce(ReduceKind kind, Value array) const {
    return reduceArray(sema, kind, loc, std::move(array), axes, keepDims);
  }
  Value apply(ScalarOp op, Value operand) const {
    return applyElementwise(sema, loc, op, std::move(operand));
  }
  Value power(Value base, double exponent) const {
    return sema.binary(ast::BinaryOperator::Pow, loc, loc, std::move(base),
                       sema.makeFloat(loc, exponent));
  }
  Value euclidean(Value array) const {
    typed::Block stmts;
    array = sema.stabilize(std::move(array), stmts);
    Value squares = applyElementwise(sema, loc, ScalarOp::Multiply, sema.duplicate(array),
                                     sema.duplicate(array));
    Value norm = apply(ScalarOp::SquareRoot, reduce(ReduceKind::Sum, std::move(squares)));
    return sema.sequence(loc, std::move(stmts), std::move(norm));
  }
};

} // namespace

/// The order of the call, or nothing after a message.
static std::optional<Order> orderArgument(Analyzer &sema, std::optional<Value> &value,
                                          bool isMatrix) {
  if (!isGiven(value))
    return Order{};
  if (const auto *text = value->as<TextValue>();
      text && isMatrix && (text->text == "fro" || text->text == "f"))
    return Order{};
  auto known = value->as<TypedValue>() ? value->facts().constant : std::nullopt;
  double number = 0;
  if (known)
    number = ir::isFloat(known->type) ? ir::asDouble(*known)
                                      : static_cast<double>(ir::asInteger(*known));
  bool isSupported = known && (!isMatrix || std::fabs(number) == 1 || std::isinf(number));
  if (isSupported)
    return Order{number};
  sema.unsupported(value->loc, isMatrix ? "this 'ord' of the norm of a matrix"
                                        : "an 'ord' that is not known at compile time");
  return std::nullopt;
}

static Value normOfVectors(const NormCall &call, Order order, Value array) {
  Analyzer &sema = call.sema;
  if (!order.number || *order.number == 2)
    return call.euclidean(std::move(array));
  double number = *order.number;
  DType dtype = dtypeOfValue(array);
  if (number == 0) {
    Value differs = sema.compare(ast::CompareOperator::NotEq, call.loc, call.loc, std::move(array),
                                 sema.makeInteger(call.loc, 0));
    return call.reduce(ReduceKind::Sum, sema.convert(std::move(differs), dtype, false));
  }
  Value magnitudes = call.apply(ScalarOp::Absolute, std::move(array));
  if (std::isinf(number))
    return call.reduce(number > 0 ? ReduceKind::Maximum : ReduceKind::Minimum,
                       std::move(magnitudes));
  if (number == 1)
    return call.reduce(ReduceKind::Sum, std::move(magnitudes));
  Value sum = call.reduce(ReduceKind::Sum, call.power(std::move(magnitudes), number));
  return call.power(std::move(sum), 1 / number);
}

/// Of the sums of magnitudes along rows or columns the largest or smallest. `rows` and `columns`
/// are dimensions of the array.
static Value normOfMatrices(const NormCall &call, Order order, unsigned rows, unsigned columns,
                            Value array) {
  if (!order.number)
    return call.euclidean(std::move(array));
  unsigned summed = std::isinf(*order.number) ? columns : rows;
  ReduceKind extreme = *order.number > 0 ? ReduceKind::Maximum : ReduceKind::Minimum;
  Value magnitudes = call.apply(ScalarOp::Absolute, std::move(array));
  // The sums keep their dimension, so that both reductions have the same axes.
  Value sums =
      reduceArray(call.sema, ReduceKind::Sum, call.loc, std::move(magnitudes), 1u << summed, true);
  return call.reduce(extreme, std::move(sums));
}

Value callNorm(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), {{"x", "ord", "axis", "keepdims"}}, 1);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  auto [dtype, dims] = *array.typeAs<ArrayType>();
  if (!ir::isFloat(dtype))
    array = sema.convert(std::move(array), DType::F64, false);
  bool allAxes = !isGiven(taken[2]);
  std::vector<unsigned> order;
  if (!allAxes && taken[2]->as<TupleValue>())
    for (const Value &axis : taken[2]->as<TupleValue>()->elements)
      if (std::optional<int64_t> known = axis.constantInteger())
        order.push_back(static_cast<unsigned>(*known < 0 ? *known + dims : *known));
  std::optional<uint32_t> axes = axesArgument(sema, taken[2], dims);
  std::optional<bool> keepDims = constantFlag(sema, taken[3], "keepdims", false);
  if (!axes || !keepDims)
    return {loc, Poison{}};
  NormCall call{sema, loc, *axes, *keepDims};
  if (allAxes && !isGiven(taken[1]))
    return call.euclidean(std::move(array));
  int count = llvm::popcount(*axes);
  if (count > 2)
    return sema.fail(loc, message::normDimensions);
  std::optional<Order> which = orderArgument(sema, taken[1], count == 2);
  if (!which)
    return {loc, Poison{}};
  if (count == 1)
    return normOfVectors(call, *which, std::move(array));
  if (order.size() != 2)
    order = {static_cast<unsigned>(llvm::countr_zero(*axes)),
             static_cast<unsigned>(31 - llvm::countl_zero(*axes))};
  return normOfMatrices(call, *which, order[0], order[1], std::move(array));
}

} // namespace hpcc::frontend::sema
