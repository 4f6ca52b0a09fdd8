// Arrays: elementwise operations with NumPy's broadcasting, and their computation.
//
// A tree of elementwise operations over one shape becomes one compute. An operand of another shape,
// or of one that may turn out to be another, is computed first, so that no element is computed
// twice, and is read through a view that repeats it. The memory order of results is NumPy's 'K'.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::ScalarOp;

//===------------------------------------------------------------------------------------------===//
// Sizes
//===------------------------------------------------------------------------------------------===//

Affine Builder::sizeOf(BufferId array, unsigned dim) {
  if (program[array].storage != ir::Storage::Handle)
    return program[array].shape[dim];
  ir::ScalarDim size{array, dim};
  for (const auto &[known, symbol] : scopes.back().sizes)
    if (known == size)
      return symbol;
  SymbolId symbol = newSymbol("n", sizeInterval);
  emit(ir::Let{symbol, {size}});
  scopes.back().sizes.push_back({size, symbol});
  return symbol;
}

std::vector<Affine> Builder::shapeOf(BufferId array) {
  std::vector<Affine> shape;
  for (unsigned dim = 0; dim < program[array].dims; ++dim)
    shape.push_back(sizeOf(array, dim));
  return shape;
}

void Builder::appendShape(std::vector<Scalar> &arguments, llvm::ArrayRef<Affine> shape) {
  arguments.push_back(ir::constantInteger(static_cast<int64_t>(shape.size())));
  for (const Affine &size : shape)
    arguments.push_back(ir::affineScalar(size));
}

//===------------------------------------------------------------------------------------------===//
// Values as arrays
//===------------------------------------------------------------------------------------------===//

BufferId Builder::materialize(Elements elements, llvm::StringRef name) {
  BufferId result =
      newArray(ir::typeOf(elements.value, program), elements.shape, elements.operands, name);
  std::vector<ir::Index> indices(elements.axes.begin(), elements.axes.end());
  compute(boxOf(elements.axes, elements.shape), {result, std::nullopt, std::move(indices)},
          std::move(elements.value));
  return result;
}

BufferId Builder::named(Value value, const Type &) {
  if (value.elements)
    return materialize(std::move(*value.elements));
  return *value.array;
}

Elements Builder::elementsOf(Value value) {
  if (value.elements)
    return std::move(*value.elements);
  Elements elements;
  elements.shape = shapeOf(*value.array);
  elements.axes = newAxes(elements.shape.size());
  elements.value = ir::load(*value.array, {elements.axes.begin(), elements.axes.end()});
  elements.operands = {*value.array};
  return elements;
}

BufferId Builder::copyOf(BufferId source, bool keepOrder) {
  Value value;
  value.array = source;
  Elements elements = elementsOf(std::move(value));
  if (!keepOrder)
    elements.operands.clear();
  return materialize(std::move(elements));
}

//===------------------------------------------------------------------------------------------===//
// Broadcasting
//===------------------------------------------------------------------------------------------===//

/// The common shape, with NumPy's error if there is none. Shapes of scalars are empty; they only
/// appear in the message.
std::vector<Affine> Builder::broadcastShape(llvm::ArrayRef<std::vector<Affine>> shapes) {
  size_t dims = 0;
  for (const std::vector<Affine> &shape : shapes)
    dims = std::max(dims, shape.size());
  std::vector<Scalar> conditions;
  struct Choice {
    Affine size, other;
  };
  std::vector<std::vector<Affine>> sizes(dims);
  for (size_t dim = 0; dim < dims; ++dim)
    for (const std::vector<Affine> &shape : shapes)
      if (size_t missing = dims - shape.size(); dim >= missing)
        if (const Affine &size = shape[dim - missing];
            size != Affine(1) && !llvm::is_contained(sizes[dim], size))
          sizes[dim].push_back(size);

  for (const std::vector<Affine> &candidates : sizes)
    for (size_t right = 1; right < candidates.size(); ++right)
      for (size_t left = 0; left < right; ++left)
        conditions.push_back(anyOf({compare(ScalarOp::Equal, candidates[left], candidates[right]),
                                    compare(ScalarOp::Equal, candidates[left], Affine(1)),
                                    compare(ScalarOp::Equal, candidates[right], Affine(1))}));
  std::vector<Scalar> arguments;
  for (const std::vector<Affine> &shape : shapes)
    appendShape(arguments, shape);
  if (std::exchange(namesOutput, false))
    appendShape(arguments, shapes.front());
  check(allOf(std::move(conditions)), "BroadcastOperands", std::move(arguments));

  std::vector<Affine> result;
  for (const std::vector<Affine> &candidates : sizes) {
    Affine size = candidates.empty() ? Affine(1) : candidates.front();
    for (const Affine &next : llvm::drop_begin(candidates, candidates.empty() ? 0 : 1))
      size = selectOf(compare(ScalarOp::Equal, size, Affine(1)), next, size, "n");
    result.push_back(size);
  }
  return result;
}

/// The element of one operand at the axes of the result, which has `shape`. `arrays` is the number
/// of operands that are arrays. An operand's own tree is kept only if that shows in nothing: not in
/// the number of operations, not in the memory order, which NumPy chooses operation by operation.
Scalar Builder::elementOf(Value &operand, llvm::ArrayRef<Affine> shape,
                          llvm::ArrayRef<SymbolId> axes, unsigned arrays, Elements &result) {
  if (!operand.scalars.empty())
    return operand.scalars.front();
  if (operand.elements) {
    Elements &elements = *operand.elements;
    bool sameOrder = shape.size() == 1 || !elements.repeats || arrays == 1;
    if (llvm::ArrayRef<Affine>(elements.shape) == shape && sameOrder) {
      for (auto [from, to] : llvm::zip_equal(elements.axes, axes))
        ir::substitute(elements.value, from, to);
      llvm::append_range(result.operands, elements.operands);
      result.repeats |= elements.repeats;
      return std::move(elements.value);
    }
    operand = {{}, materialize(std::move(elements)), std::nullopt};
  }
  BufferId array = *operand.array;
  result.operands.push_back(array);
  std::vector<Affine> own = shapeOf(array);
  if (llvm::ArrayRef<Affine>(own) != shape) {
    result.repeats = true;
    array = newView(array, shape.vec(), ir::Broadcast{shape.vec()});
  }
  return ir::load(array, {axes.begin(), axes.end()});
}

/// `combine` over the elements of the operands, at least one of which is an array. `listScalars`:
/// NumPy names the scalars too in the shapes of its message.
Elements Builder::elementwise(std::vector<Value> operands, bool listScalars,
                              llvm::function_ref<Scalar(std::vector<Scalar>)> combine) {
  unsigned arrays = 0;
  for (Value &operand : operands) {
    if (operand.scalars.empty())
      ++arrays;
    else
      operand.scalars.front() = simple(std::move(operand.scalars.front()));
  }
  std::vector<std::vector<Affine>> shapes;
  for (Value &operand : operands) {
    if (operand.elements)
      shapes.push_back(operand.elements->shape);
    else if (operand.array)
      shapes.push_back(shapeOf(*operand.array));
    else if (listScalars)
      shapes.emplace_back();
  }
  Elements result;
  result.shape = broadcastShape(shapes);
  result.axes = newAxes(result.shape.size());
  std::vector<Scalar> trees;
  for (Value &operand : operands)
    trees.push_back(elementOf(operand, result.shape, result.axes, arrays, result));
  result.value = combine(std::move(trees));
  return result;
}

/// NumPy's error for integers to negative powers, raised if any exponent of an element is negative.
void Builder::checkIntegerPower(const Value &base, Value &exponent) {
  static constexpr llvm::StringLiteral error = "IntegerNegativePower";
  if (!exponent.scalars.empty()) {
    Scalar &tree = exponent.scalars.front();
    tree = simple(std::move(tree));
    DType type = ir::typeOf(tree, program);
    std::vector<Scalar> allowed{
        compare(ScalarOp::GreaterEqual, tree, ir::constantOf(type, int64_t(0)))};
    if (auto *constant = std::get_if<ir::ScalarConstant>(&tree.node);
        constant && ir::asInteger(*constant) >= 0)
      return;
    if (base.scalars.empty()) {
      std::vector<Affine> shape = base.array ? shapeOf(*base.array) : base.elements->shape;
      for (const Affine &size : shape)
        allowed.push_back(compare(ScalarOp::Equal, size, Affine(0)));
    }
    check(anyOf(std::move(allowed)), error);
    return;
  }
  Value named;
  named.array = this->named(std::move(exponent), Type());
  exponent = named;
  Elements elements = elementsOf(std::move(named));
  BufferId negative = newScalar(DType::Bool, "negative");
  set(negative, ir::constantBool(false));
  DType type = ir::typeOf(elements.value, program);
  compute(boxOf(elements.axes, elements.shape, ir::AxisKind::Red), {negative, std::nullopt, {}},
          compare(ScalarOp::Less, elements.value, ir::constantOf(type, int64_t(0))),
          ir::AssignOp::Or);
  check(ir::apply(program, ScalarOp::Not, {ir::load(negative)}), error);
}

} // namespace hpcc::frontend
