// Products of vectors and matrices: @, np.dot, np.matmul, np.inner, np.vdot, np.outer.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

using typed::ProductKind;

/// NumPy's error where the inner sizes are known and differ.
static bool checkInnerSizes(Analyzer &sema, ProductKind kind, Loc opLoc, const Value &left,
                            const Value &right) {
  std::vector<SymbolicSize> from = knownShape(left), to = knownShape(right);
  size_t leftDim = from.size() - 1;
  size_t rightDim = kind == ProductKind::Inner || to.size() == 1 ? to.size() - 1 : to.size() - 2;
  const SymbolicSize &leftSize = from[leftDim], &rightSize = to[rightDim];
  if (sema.branches > 0 || !leftSize.value || !rightSize.value ||
      *leftSize.value == *rightSize.value)
    return true;
  if (kind == ProductKind::Matmul)
    sema.fail(opLoc, message::matmulShapes, *rightSize.value, *leftSize.value);
  else
    sema.fail(opLoc, message::dotShapes, spellShape(from), spellShape(to), spell(leftSize), leftDim,
              spell(rightSize), rightDim);
  return false;
}

Value multiplyMatrices(Analyzer &sema, ProductKind kind, Loc loc, Loc opLoc, Value left,
                       Value right) {
  if (left.isPoison() || right.isPoison())
    return {loc, Poison{}};
  for (const Value *operand : {&left, &right}) {
    if (operand->typeAs<ScalarType>() && kind == ProductKind::Matmul)
      return sema.fail(opLoc, message::matmulScalar, operand == &left ? 0 : 1);
    const auto *array = operand->typeAs<ArrayType>();
    if (!array)
      return sema.unsupported(
          operand->loc, "this operand of a matrix product",
          operand->typeAs<ListType>() ? "make an array of the list: np.array(...)" : "");
    if (array->dims > 2)
      return sema.unsupported(operand->loc,
                              "a matrix product of an array of more than 2 dimensions",
                              "a loop over the matrices");
  }
  const Value *both[] = {&left, &right};
  DType dtype = *sema.promote(both);
  if (!checkInnerSizes(sema, kind, opLoc, left, right))
    return {loc, Poison{}};
  std::vector<SymbolicSize> leftShape = knownShape(left), rightShape = knownShape(right);
  Facts facts;
  if (leftShape.size() == 2)
    facts.shape.push_back(leftShape.front());
  if (rightShape.size() == 2)
    facts.shape.push_back(kind == ProductKind::Inner ? rightShape.front() : rightShape.back());
  facts.origin.created = loc;
  left = sema.convert(std::move(left), dtype, false);
  right = sema.convert(std::move(right), dtype, false);
  auto dims = static_cast<unsigned>(facts.shape.size());
  typed::MatrixProduct node{kind, std::make_unique<typed::Expr>(std::move(left.expr())),
                            std::make_unique<typed::Expr>(std::move(right.expr()))};
  if (dims == 0)
    return sema.makeTyped(loc, ScalarType{dtype, false}, std::move(node));
  return sema.makeTyped(loc, ArrayType{dtype, dims}, std::move(node), std::move(facts));
}

/// A weak scalar argument of a NumPy function is a NumPy scalar of the default dtype.
static Value strong(Analyzer &sema, Value value) {
  const auto *scalar = value.typeAs<ScalarType>();
  return scalar && scalar->weak ? sema.convert(std::move(value), scalar->dtype, false)
                                : std::move(value);
}

Value callDot(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  bool isMatmul = name == "matmul";
  llvm::StringRef ofUfunc[] = {"x1", "x2", "out"}, plain[] = {"a", "b", "out"};
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), isMatmul ? ofUfunc : plain, 2, {2});
  if (!taken)
    return {loc, Poison{}};
  bool hasScalar = taken[0]->typeAs<ScalarType>() || taken[1]->typeAs<ScalarType>();
  if (hasScalar && !isMatmul && isNumeric(*taken[0]) && isNumeric(*taken[1])) {
    // NumPy makes arrays of both, so that a Python number is no weak operand.
    Value left = strong(sema, std::move(*taken[0])), right = strong(sema, std::move(*taken[1]));
    return sema.binary(ast::BinaryOperator::Mult, loc, loc, std::move(left), std::move(right));
  }
  ProductKind kind = isMatmul          ? ProductKind::Matmul
                     : name == "inner" ? ProductKind::Inner
                                       : ProductKind::Dot;
  return multiplyMatrices(sema, kind, loc, loc, std::move(*taken[0]), std::move(*taken[1]));
}

Value callVdot(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments), {{"a", "b"}}, 2);
  if (!taken)
    return {loc, Poison{}};
  for (size_t index : {0u, 1u}) {
    const auto *array = taken[index]->typeAs<ArrayType>();
    if (!array || array->dims != 1)
      return sema.unsupported(taken[index]->loc, "'np.vdot' of anything but vectors",
                              "np.sum(a * b)");
  }
  return multiplyMatrices(sema, ProductKind::Dot, loc, loc, std::move(*taken[0]),
                          std::move(*taken[1]));
}

Value callOuter(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), {{"a", "b", "out"}}, 2, {2});
  if (!taken)
    return {loc, Poison{}};
  for (size_t index : {0u, 1u}) {
    if (!expectArray(sema, name, *taken[index]))
      return {loc, Poison{}};
    if (taken[index]->typeAs<ArrayType>()->dims != 1)
      return sema.unsupported(taken[index]->loc, "'np.outer' of an array of several dimensions",
                              "np.outer(a.ravel(), b.ravel())");
  }
  SymbolicSize one{"", 0, 1};
  auto along = [&](Value vector, bool isRow) {
    std::vector<SymbolicSize> shape = knownShape(vector);
    std::vector<typed::SubscriptItem> items;
    items.push_back(typed::SubscriptSlice{});
    items.insert(isRow ? items.begin() : items.end(), typed::SubscriptNewAxis{});
    shape.insert(isRow ? shape.begin() : shape.end(), one);
    return viewOf(sema, loc, std::move(vector), std::move(items), std::move(shape));
  };
  Value column = along(std::move(*taken[0]), false), row = along(std::move(*taken[1]), true);
  return sema.binary(ast::BinaryOperator::Mult, loc, loc, std::move(column), std::move(row));
}

} // namespace hpcc::frontend::sema
