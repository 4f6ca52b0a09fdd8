// Reductions in NumPy's order, with its errors for nothing to reduce.
//
// A reduction leaves a scalar or a row-major array. Float sums over one dimension are one tree;
// with more dimensions their order depends on strides, which the runtime's sum looks at.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <limits>

namespace hpcc::frontend {

using ir::AssignOp;
using ir::AxisKind;
using ir::ReductionOrder;
using ir::ScalarOp;
using typed::ReduceKind;

namespace {

/// One reduction while it is lowered.
struct Reduction {
  Elements operand;
  std::optional<BufferId> array; // the operand, if it has storage already
  uint32_t mask = 0;
  std::vector<Affine> kept, reduced; // sizes
  std::vector<ir::Axis> axes;        // the kept ones, then the reduced ones
  std::vector<ir::Index> target;     // indices of the result
};

} // namespace

static Reduction analyse(Elements operand, std::optional<BufferId> array, uint32_t mask) {
  Reduction reduction{std::move(operand), array, mask, {}, {}, {}, {}};
  for (bool reduced : {false, true})
    for (size_t dim = 0; dim < reduction.operand.shape.size(); ++dim) {
      if (((mask >> dim) & 1) != reduced)
        continue;
      SymbolId axis = reduction.operand.axes[dim];
      const Affine &size = reduction.operand.shape[dim];
      reduction.axes.push_back({axis, 0, size, 1, reduced ? AxisKind::Red : AxisKind::Par});
      (reduced ? reduction.reduced : reduction.kept).push_back(size);
      if (!reduced)
        reduction.target.push_back(axis);
    }
  return reduction;
}

/// The value that changes nothing: for minimum and maximum the last in order.
static Scalar neutralOf(ReduceKind kind, DType type) {
  bool isMinimum = kind == ReduceKind::Minimum || kind == ReduceKind::ArgMin;
  switch (kind) {
  case ReduceKind::Sum:
  case ReduceKind::Mean:
  case ReduceKind::Any:
    return ir::constantOf(type, int64_t(0));
  case ReduceKind::Product:
  case ReduceKind::All:
    return ir::constantOf(type, int64_t(1));
  default:
    break;
  }
  double infinity = std::numeric_limits<double>::infinity();
  if (ir::isFloat(type))
    return ir::constantOf(type, isMinimum ? infinity : -infinity);
  if (type == DType::Bool)
    return ir::constantBool(isMinimum);
  unsigned bits = 8 * ir::sizeOf(type);
  if (ir::isSigned(type)) {
    int64_t lowest = INT64_MIN >> (64 - bits);
    return ir::constantOf(type, isMinimum ? ~lowest : lowest);
  }
  return ir::constantOf(type, isMinimum ? int64_t(-1) : int64_t(0));
}

/// Raises `error` where elements of the result would be made of none, even if it has no elements
/// either, as NumPy does.
static void checkNotEmpty(Builder &builder, const Reduction &reduction, llvm::StringRef error) {
  std::vector<Scalar> nonEmpty;
  for (const Affine &size : reduction.reduced)
    nonEmpty.push_back(builder.compare(ScalarOp::NotEqual, size, Affine(0)));
  builder.check(builder.allOf(std::move(nonEmpty)), error);
}

/// A scalar variable or a fresh array of the kept dimensions, set to `initial`. NumPy keeps the
/// memory order that these dimensions have in the operand.
static BufferId newResult(Builder &builder, const Reduction &reduction, DType type,
                          std::optional<Scalar> initial, llvm::StringRef name) {
  if (reduction.kept.empty()) {
    BufferId result = builder.newScalar(type, name);
    if (initial)
      builder.set(result, std::move(*initial));
    return result;
  }
  std::vector<BufferId> like;
  if (reduction.array && reduction.kept.size() >= 2) {
    ir::Subscript part;
    size_t kept = 0;
    for (unsigned dim = 0; dim < builder.program[*reduction.array].dims; ++dim)
      if ((reduction.mask >> dim) & 1)
        part.dims.push_back(ir::ViewIndex{0}); // never read: only the strides count
      else
        part.dims.push_back(ir::ViewSlice{0, reduction.kept[kept++], 1});
    like.push_back(builder.newView(*reduction.array, reduction.kept, std::move(part)));
  }
  BufferId result = builder.newArray(type, reduction.kept, like, name);
  if (initial)
    builder.fill(result, std::move(*initial));
  return result;
}

/// result op= element over all points.
static BufferId accumulate(Builder &builder, Reduction &reduction, ReduceKind kind, AssignOp op,
                           ReductionOrder order, llvm::StringRef name) {
  DType type = ir::typeOf(reduction.operand.value, builder.program);
  BufferId result = newResult(builder, reduction, type, neutralOf(kind, type), name);
  builder.compute(reduction.axes, {result, std::nullopt, reduction.target}, reduction.operand.value,
                  op, order);
  return result;
}

/// The sum in the type of the mean or of the elements.
static BufferId sum(Builder &builder, Reduction &reduction, DType type) {
  DType from = ir::typeOf(reduction.operand.value, builder.program);
  if (!ir::isFloat(type))
    return accumulate(builder, reduction, ReduceKind::Sum, AssignOp::Add, ReductionOrder::Any,
                      "sum");
  if (from == type && reduction.operand.shape.size() == 1)
    return accumulate(builder, reduction, ReduceKind::Sum, AssignOp::Add, ReductionOrder::Tree,
                      "sum");
  // The order follows the strides of the operand itself: no copy may stand for it.
  BufferId array =
      reduction.array ? *reduction.array : builder.materialize(std::move(reduction.operand));
  BufferId result = newResult(builder, reduction, type, std::nullopt, "sum");
  builder.emit(ir::LibraryCall{ir::LibraryFunction::Sum,
                               {result, array, ir::constantInteger(reduction.mask)}});
  return result;
}

/// sum / count; NumPy divides in float64 and rounds to the result's type.
static BufferId mean(Builder &builder, Reduction &reduction, DType type) {
  Scalar count = ir::constantInteger(1);
  for (const Affine &size : reduction.reduced)
    count =
        ir::apply(builder.program, ScalarOp::Multiply, {std::move(count), ir::affineScalar(size)});
  if (reduction.reduced.size() == 1)
    count = ir::affineScalar(reduction.reduced.front());
  BufferId total = sum(builder, reduction, type);
  std::vector<ir::Axis> axes;
  std::vector<SymbolId> symbols = builder.newAxes(reduction.kept.size());
  std::vector<ir::Index> indices(symbols.begin(), symbols.end());
  Scalar element = builder.castScalar(DType::F64, false, ir::load(total, indices));
  Scalar divisor = builder.simple(builder.castScalar(DType::F64, false, std::move(count)));
  Scalar quotient =
      ir::apply(builder.program, ScalarOp::Divide, {std::move(element), std::move(divisor)});
  builder.compute(builder.boxOf(symbols, reduction.kept), {total, std::nullopt, indices},
                  builder.castScalar(type, false, std::move(quotient)));
  return total;
}

/// Products of floats have an order: along one axis it is that of the axis; over several it is
/// that of memory, which only a contiguous row-major array shows here.
static BufferId product(Builder &builder, Reduction &reduction) {
  DType type = ir::typeOf(reduction.operand.value, builder.program);
  if (!ir::isFloat(type))
    return accumulate(builder, reduction, ReduceKind::Product, AssignOp::Multiply,
                      ReductionOrder::Any, "product");
  if (reduction.reduced.size() > 1)
    builder.fail("Unsupported", "the product of floats over several axes");
  return accumulate(builder, reduction, ReduceKind::Product, AssignOp::Multiply,
                    ReductionOrder::Seq, "product");
}

/// The number of a point among those that are reduced, in row-major order.
static Scalar positionOf(Builder &builder, const Reduction &reduction) {
  std::optional<Scalar> flat;
  for (const ir::Axis &axis : reduction.axes) {
    if (axis.kind != AxisKind::Red)
      continue;
    Scalar iterator = ir::affineScalar(axis.iterator);
    if (!flat) {
      flat = std::move(iterator);
      continue;
    }
    Scalar row = ir::apply(builder.program, ScalarOp::Multiply,
                           {std::move(*flat), ir::affineScalar(*axis.hi.asSingle())});
    flat = ir::apply(builder.program, ScalarOp::Add, {std::move(row), std::move(iterator)});
  }
  return flat ? std::move(*flat) : ir::constantInteger(0);
}

/// The position of the first NaN, else of the first extreme element, in row-major order of the
/// reduced axes. The extreme comes first, then the least position of an element that equals it, so
/// that no point waits for the one before.
static BufferId argument(Builder &builder, Reduction &reduction, ReduceKind kind) {
  bool isMinimum = kind == ReduceKind::ArgMin;
  checkNotEmpty(builder, reduction, isMinimum ? "ArgminOfEmpty" : "ArgmaxOfEmpty");
  ir::Program &program = builder.program;
  DType type = ir::typeOf(reduction.operand.value, program);
  AssignOp op = isMinimum ? AssignOp::Minimum : AssignOp::Maximum;
  if (type == DType::Bool)
    op = isMinimum ? AssignOp::And : AssignOp::Or;
  BufferId best = accumulate(builder, reduction, kind, op, ReductionOrder::Any, "best");
  BufferId position =
      newResult(builder, reduction, DType::I64, ir::constantInteger(INT64_MAX), "position");
  const Scalar &element = reduction.operand.value;
  Scalar known = ir::load(best, reduction.target);
  Scalar isBest = builder.compare(ScalarOp::Equal, element, known);
  if (ir::isFloat(type)) {
    Scalar bothNan = ir::apply(program, ScalarOp::And,
                               {ir::apply(program, ScalarOp::IsNan, {element}),
                                ir::apply(program, ScalarOp::IsNan, {std::move(known)})});
    isBest = ir::apply(program, ScalarOp::Or, {std::move(isBest), std::move(bothNan)});
  }
  ir::Compute search{reduction.axes, {}};
  search.body.push_back({{position, std::nullopt, reduction.target},
                         AssignOp::Minimum,
                         positionOf(builder, reduction),
                         std::move(isBest),
                         ReductionOrder::Any,
                         {},
                         builder.here});
  ir::Stmt stmt{std::move(search), builder.here};
  std::vector<SymbolId> symbols = builder.newAxes(reduction.axes.size());
  for (auto [axis, symbol] : llvm::zip(reduction.axes, symbols))
    ir::substitute(program, stmt, axis.iterator, symbol);
  for (auto [axis, symbol] : llvm::zip(std::get<ir::Compute>(stmt.node).axes, symbols))
    axis.iterator = symbol;
  builder.emit(std::move(stmt.node));
  return position;
}

static BufferId reduce(Builder &builder, Reduction &reduction, ReduceKind kind, DType type) {
  bool isBool = ir::typeOf(reduction.operand.value, builder.program) == DType::Bool;
  auto any = [&](AssignOp op, llvm::StringRef name) {
    return accumulate(builder, reduction, kind, op, ReductionOrder::Any, name);
  };
  switch (kind) {
  case ReduceKind::Sum:
    return sum(builder, reduction, type);
  case ReduceKind::Mean:
    return mean(builder, reduction, type);
  case ReduceKind::Product:
    return product(builder, reduction);
  case ReduceKind::Minimum:
    checkNotEmpty(builder, reduction, "MinimumOfEmpty");
    return any(isBool ? AssignOp::And : AssignOp::Minimum, "min");
  case ReduceKind::Maximum:
    checkNotEmpty(builder, reduction, "MaximumOfEmpty");
    return any(isBool ? AssignOp::Or : AssignOp::Maximum, "max");
  case ReduceKind::Any:
    return any(AssignOp::Or, "any");
  case ReduceKind::All:
    return any(AssignOp::And, "all");
  case ReduceKind::ArgMin:
  case ReduceKind::ArgMax:
    return argument(builder, reduction, kind);
  }
  llvm_unreachable("not a ReduceKind");
}

/// The result with dimensions of size one where the operand was reduced.
static BufferId withKeptDims(Builder &builder, BufferId result, uint32_t mask, unsigned dims) {
  if (builder.program[result].dims == 0) {
    BufferId array =
        builder.newArray(builder.program[result].type, std::vector<Affine>(dims, 1), {});
    builder.fill(array, ir::load(result));
    return array;
  }
  std::vector<Item> items;
  for (unsigned dim = 0; dim < dims; ++dim) {
    if ((mask >> dim) & 1)
      items.push_back(ItemNewAxis{});
    else
      items.push_back(ItemSlice{});
  }
  return builder.viewOf(result, items);
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::Reduce &node) {
  Value operand = value(*node.operand);
  // The search for a position looks at each element more than once.
  bool looksTwice = node.kind == ReduceKind::ArgMin || node.kind == ReduceKind::ArgMax;
  // The result takes its memory order from an array.
  const auto *resultType = std::get_if<ArrayType>(&expr.type);
  unsigned keptDims = resultType ? resultType->dims : 0;
  if (node.keepDims)
    keptDims -= static_cast<unsigned>(llvm::popcount(node.axes));
  if ((looksTwice || (resultType && keptDims >= 2)) && operand.elements)
    operand = {{}, named(std::move(operand), node.operand->type), std::nullopt};
  std::optional<BufferId> array = operand.array;
  Reduction reduction = analyse(elementsOf(std::move(operand)), array, node.axes);
  auto dims = static_cast<unsigned>(reduction.operand.shape.size());
  auto *arrayType = std::get_if<ArrayType>(&expr.type);
  DType type = arrayType ? arrayType->dtype : std::get<ScalarType>(expr.type).dtype;
  BufferId result = reduce(*this, reduction, node.kind, type);
  Value value;
  if (!arrayType)
    value.scalars.push_back(ir::load(result));
  else
    value.array = node.keepDims ? withKeptDims(*this, result, node.axes, dims) : result;
  return value;
}

} // namespace hpcc::frontend
