// Elements that a mask or an array of positions selects.
//
// The elements that a mask selects are counted, then moved one after the other by a loop like the
// user's own `if mask[i]: b[k] = a[i]; k += 1`. Positions are checked first, so that each element
// of the result can be fetched by itself.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::ScalarOp;

/// How many elements of the mask are true.
static Affine countOf(Builder &builder, BufferId mask) {
  std::vector<Affine> shape = builder.shapeOf(mask);
  std::vector<SymbolId> axes = builder.newAxes(shape.size());
  BufferId count = builder.newScalar(DType::I64, "count");
  builder.set(count, ir::constantInteger(0));
  Scalar one = builder.castScalar(DType::I64, false, ir::load(mask, {axes.begin(), axes.end()}));
  builder.compute(builder.boxOf(axes, shape, ir::AxisKind::Red), {count, std::nullopt, {}},
                  std::move(one), ir::AssignOp::Add);
  Affine number = builder.freeze(ir::load(count), "n");
  builder.narrow(number, sizeInterval);
  return number;
}

/// A loop over the mask in row-major order that runs `visit` where it is true, with the point and
/// the number of points before it.
static void forEachSelected(
    Builder &builder, BufferId mask,
    llvm::function_ref<void(const std::vector<ir::Index> &point, Affine number)> visit) {
  std::vector<Affine> shape = builder.shapeOf(mask);
  std::vector<SymbolId> axes = builder.newAxes(shape.size());
  std::vector<ir::Index> point(axes.begin(), axes.end());
  BufferId next = builder.newScalar(DType::I64, "next");
  builder.set(next, ir::constantInteger(0));
  auto nest = [&](auto &&self, size_t dim) -> void {
    if (dim < axes.size()) {
      ir::Block body = builder.inBlock([&] { self(self, dim + 1); });
      ir::Axis axis{axes[dim], 0, shape[dim], 1, ir::AxisKind::Seq};
      return builder.emit(ir::Loop{std::move(axis), ir::LoopRole::Seq, std::move(body)});
    }
    ir::Block selected = builder.inBlock([&] {
      Affine number = builder.freeze(ir::load(next), "number");
      builder.narrow(number, sizeInterval);
      visit(point, number);
      builder.set(next, ir::affineScalar(number + 1));
    });
    builder.emit(ir::If{ir::load(mask, point), std::move(selected), {}});
  };
  nest(nest, 0);
}

Value Builder::lowerNode(const typed::Expr &, const typed::Compress &node) {
  std::vector<Value> values = operands({&*node.base, &*node.mask});
  BufferId base = named(std::move(values[0]), node.base->type);
  BufferId mask = named(std::move(values[1]), node.mask->type);
  checkMask(shapeOf(base), shapeOf(mask));
  BufferId result = newArray(program[base].type, {countOf(*this, mask)}, {}, "selected");
  forEachSelected(*this, mask, [&](const std::vector<ir::Index> &point, const Affine &number) {
    compute({}, {result, std::nullopt, {number}}, ir::load(base, point));
  });
  return {{}, result, std::nullopt};
}

/// Python evaluates the value, then the base and the mask. NumPy compares the number of elements
/// before it stores any.
void Builder::lowerNode(const typed::StoreCompressed &node) {
  std::vector<Value> values = operands({&node.value, &node.base, &node.mask});
  BufferId source = named(std::move(values[0]), node.value.type);
  BufferId base = named(std::move(values[1]), node.base.type);
  BufferId mask = named(std::move(values[2]), node.mask.type);
  // A value or a mask that may lie in the base is read before anything is stored.
  if (program[source].storage != ir::Storage::Own)
    source = copyOf(source, true);
  if (program[base].type == DType::Bool && program[mask].storage != ir::Storage::Own)
    mask = copyOf(mask, true);
  checkMask(shapeOf(base), shapeOf(mask));
  Affine count = countOf(*this, mask), size = sizeOf(source, 0);
  check(anyOf({compare(ScalarOp::Equal, size, count), compare(ScalarOp::Equal, size, Affine(1))}),
        "MaskStoreMismatch", {ir::affineScalar(size), ir::affineScalar(count)});
  if (size != count)
    source = newView(source, {count}, ir::Broadcast{{count}});
  forEachSelected(*this, mask, [&](const std::vector<ir::Index> &point, const Affine &number) {
    compute({}, {base, std::nullopt, point}, ir::load(source, {number}));
  });
}

/// NumPy's error for the first position that the dimension does not have.
static void checkPositions(Builder &builder, const Elements &positions, const Affine &size) {
  ir::Program &program = builder.program;
  const Scalar &position = positions.value;
  Scalar lowest = ir::affineScalar(size * -1);
  Scalar isOutside =
      builder.anyOf({builder.compare(ScalarOp::Less, position, std::move(lowest)),
                     builder.compare(ScalarOp::GreaterEqual, position, ir::affineScalar(size))});
  BufferId outside = builder.newScalar(DType::Bool, "outside");
  builder.set(outside, ir::constantBool(false));
  builder.compute(builder.boxOf(positions.axes, positions.shape, ir::AxisKind::Red),
                  {outside, std::nullopt, {}}, isOutside, ir::AssignOp::Or);
  ir::Block raise = builder.inBlock([&] {
    BufferId found = builder.newScalar(DType::Bool, "found");
    BufferId first = builder.newScalar(DType::I64, "first");
    builder.set(found, ir::constantBool(false));
    builder.set(first, ir::constantInteger(0));
    std::vector<SymbolId> axes = builder.newAxes(positions.axes.size());
    Scalar element = position, test = isOutside;
    for (auto [from, to] : llvm::zip_equal(positions.axes, axes)) {
      ir::substitute(element, from, to);
      ir::substitute(test, from, to);
    }
    Scalar isFirst =
        ir::apply(program, ScalarOp::And,
                  {ir::apply(program, ScalarOp::Not, {ir::load(found)}), std::move(test)});
    ir::Compute search{builder.boxOf(axes, positions.shape, ir::AxisKind::Seq), {}};
    auto add = [&](BufferId target, Scalar value) {
      search.body.push_back({{target, std::nullopt, {}},
                             ir::AssignOp::Set,
                             std::move(value),
                             isFirst,
                             ir::ReductionOrder::Any,
                             {},
                             builder.here});
    };
    add(first, std::move(element));
    add(found, ir::constantBool(true));
    builder.emit(std::move(search));
    builder.check(ir::constantBool(false), "IndexOutOfBounds",
                  {ir::load(first), ir::constantInteger(0), ir::affineScalar(size)});
  });
  builder.emit(ir::If{ir::load(outside), std::move(raise), {}});
}

Value Builder::lowerNode(const typed::Expr &, const typed::Gather &node) {
  std::vector<Value> values = operands({&*node.base, &*node.indices});
  BufferId base = named(std::move(values[0]), node.base->type);
  BufferId indices = named(std::move(values[1]), node.indices->type);
  Elements positions = elementsOf({{}, indices, std::nullopt});
  std::vector<Affine> from = shapeOf(base);
  checkPositions(*this, positions, from.front());

  std::vector<Affine> shape = positions.shape;
  std::vector<SymbolId> axes = newAxes(shape.size());
  Scalar position = positions.value;
  for (auto [axis, own] : llvm::zip_equal(positions.axes, axes))
    ir::substitute(position, axis, own);
  Scalar isNegative = compare(ScalarOp::Less, position, ir::constantInteger(0));
  Scalar fromEnd = ir::apply(program, ScalarOp::Add, {position, ir::affineScalar(from.front())});
  std::vector<Scalar> at;
  at.push_back(ir::apply(program, ScalarOp::Select,
                         {std::move(isNegative), std::move(fromEnd), std::move(position)}));
  for (const Affine &size : llvm::drop_begin(from)) {
    axes.push_back(newAxes(1).front());
    shape.push_back(size);
    at.push_back(ir::affineScalar(axes.back()));
  }
  BufferId result = newArray(program[base].type, shape, {}, "gathered");
  compute(boxOf(axes, shape), {result, std::nullopt, {axes.begin(), axes.end()}},
          Scalar{ir::ScalarGather{base, std::move(at)}});
  return {{}, result, std::nullopt};
}

} // namespace hpcc::frontend
