// Products of vectors and matrices.
//
// Two matrices: each cell is a chain of fma in order, which code generation computes in blocks. Two
// vectors, and rows with a vector, are multiplied and added up by the tree, like a sum. Where a
// vector meets columns each cell adds up in order, so that the innermost loop can run along rows. A
// transpose that the expression itself writes counts as what it transposes: `A.T @ x` runs along
// the rows of A.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::AxisKind;
using ir::ScalarOp;
using typed::ProductKind;

namespace {

/// An operand: a vector along the inner dimension, or a matrix with it and an outer one.
struct Factor {
  BufferId array;
  std::optional<unsigned> outer; // dimension of the array
  unsigned inner = 0;
  bool hasRows = false; // the inner dimension is the last
};

} // namespace

/// The matrix that the expression transposes, or itself.
static const typed::Expr *withoutTranspose(const typed::Expr &expr) {
  auto *transpose = std::get_if<typed::Transpose>(&expr.node);
  return transpose && transpose->order.size() == 2 && transpose->order.front() == 1
             ? transpose->base.get()
             : &expr;
}

static Factor factorOf(BufferId array, unsigned dims, bool innerIsLast) {
  if (dims == 1)
    return {array, std::nullopt, 0, true};
  return {array, innerIsLast ? 0u : 1u, innerIsLast ? 1u : 0u, innerIsLast};
}

static Scalar elementAt(const Factor &factor, std::optional<SymbolId> outer, SymbolId inner) {
  std::vector<ir::Index> indices(factor.outer ? 2 : 1, ir::Index(inner));
  if (factor.outer)
    indices[*factor.outer] = *outer;
  return ir::load(factor.array, std::move(indices));
}

/// NumPy's error unless the inner sizes agree. The shapes are those of the operands as written.
static void checkInner(Builder &builder, ProductKind kind,
                       llvm::ArrayRef<std::vector<Affine>> shapes) {
  auto dims = [&](unsigned side) { return static_cast<int64_t>(shapes[side].size()); };
  int64_t leftDim = dims(0) - 1;
  int64_t rightDim = kind == ProductKind::Inner || dims(1) == 1 ? dims(1) - 1 : 0;
  const Affine &leftSize = shapes[0][static_cast<size_t>(leftDim)];
  const Affine &rightSize = shapes[1][static_cast<size_t>(rightDim)];
  Scalar same = builder.compare(ScalarOp::Equal, leftSize, rightSize);
  if (kind == ProductKind::Matmul)
    return builder.check(std::move(same), "MatmulShapes",
                         {ir::affineScalar(rightSize), ir::affineScalar(leftSize)});
  std::vector<Scalar> arguments;
  for (const std::vector<Affine> &shape : shapes)
    Builder::appendShape(arguments, shape);
  for (const auto &[size, dim] : {std::pair(leftSize, leftDim), std::pair(rightSize, rightDim)}) {
    arguments.push_back(ir::affineScalar(size));
    arguments.push_back(ir::constantInteger(dim));
  }
  builder.check(std::move(same), "DotShapes", std::move(arguments));
}

/// target (+)= value over the outer axes and the inner one.
static Value accumulate(Builder &builder, const typed::Expr &expr, std::vector<SymbolId> outer,
                        const std::vector<Affine> &shape, SymbolId inner, const Affine &innerSize,
                        Scalar value, bool inOrder) {
  DType type = ir::typeOf(value, builder.program);
  ir::AssignOp op = type == DType::Bool    ? ir::AssignOp::Or
                    : ir::asProduct(value) ? ir::AssignOp::MultiplyAdd
                                           : ir::AssignOp::Add;
  ir::ReductionOrder order = !ir::isFloat(type) ? ir::ReductionOrder::Any
                             : inOrder          ? ir::ReductionOrder::Seq
                                                : ir::ReductionOrder::Tree;
  Value result;
  BufferId target;
  if (std::holds_alternative<ScalarType>(expr.type)) {
    target = builder.newScalar(type, "product");
    builder.set(target, ir::constantOf(type, int64_t(0)));
    result.scalars.push_back(ir::load(target));
  } else {
    target = builder.newArray(type, shape, {}, "product");
    builder.fill(target, ir::constantOf(type, int64_t(0)));
    result.array = target;
  }
  std::vector<ir::Axis> axes = builder.boxOf(outer, shape);
  axes.push_back({inner, 0, innerSize, 1, AxisKind::Red});
  builder.compute(std::move(axes), {target, std::nullopt, {outer.begin(), outer.end()}},
                  std::move(value), op, order);
  return result;
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::MatrixProduct &node) {
  const typed::Expr *left = withoutTranspose(*node.left), *right = withoutTranspose(*node.right);
  std::vector<Value> values = operands({left, right});
  auto multiply = [&](Scalar x, Scalar y, bool ofMatrices) {
    DType type = ir::typeOf(x, program);
    ScalarOp op = type == DType::Bool               ? ScalarOp::And
                  : ofMatrices && ir::isFloat(type) ? ScalarOp::Product
                                                    : ScalarOp::Multiply;
    return ir::apply(program, op, {std::move(x), std::move(y)});
  };
  // Two vectors are one sum, whatever they are computed from.
  unsigned leftDims = std::get<ArrayType>(left->type).dims;
  unsigned rightDims = std::get<ArrayType>(right->type).dims;
  if (leftDims == 1 && rightDims == 1) {
    Elements x = elementsOf(std::move(values[0])), y = elementsOf(std::move(values[1]));
    checkInner(*this, node.kind, {{x.shape, y.shape}});
    ir::substitute(y.value, y.axes.front(), x.axes.front());
    return accumulate(*this, expr, {}, {}, x.axes.front(), x.shape.front(),
                      multiply(std::move(x.value), std::move(y.value), false), false);
  }
  BufferId leftArray = named(std::move(values[0]), left->type);
  BufferId rightArray = named(std::move(values[1]), right->type);
  bool leftSwapped = left != node.left.get(), rightSwapped = right != node.right.get();
  auto shapeAsWritten = [&](BufferId array, bool swapped) {
    std::vector<Affine> shape = shapeOf(array);
    if (swapped)
      std::swap(shape.front(), shape.back());
    return shape;
  };
  checkInner(*this, node.kind,
             {{shapeAsWritten(leftArray, leftSwapped), shapeAsWritten(rightArray, rightSwapped)}});
  Factor x = factorOf(leftArray, leftDims, !leftSwapped);
  Factor y = factorOf(rightArray, rightDims, (node.kind == ProductKind::Inner) != rightSwapped);
  std::vector<Affine> shape;
  std::optional<SymbolId> row, column;
  std::vector<SymbolId> outer;
  for (auto [factor, axis] : {std::pair(&x, &row), std::pair(&y, &column)})
    if (factor->outer) {
      shape.push_back(sizeOf(factor->array, *factor->outer));
      *axis = newAxes(1).front();
      outer.push_back(**axis);
    }
  SymbolId inner = newSymbol("k", sizeInterval);
  Affine innerSize = sizeOf(x.array, x.inner);
  return accumulate(*this, expr, std::move(outer), shape, inner, innerSize,
                    multiply(elementAt(x, row, inner), elementAt(y, column, inner), row && column),
                    (row && column) || !x.hasRows || !y.hasRows);
}

} // namespace hpcc::frontend
