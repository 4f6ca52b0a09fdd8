// Fresh arrays and lists: np.zeros and the like, ranges of numbers, list operations.

#include "frontend/BuildIR.h"
#include "llvm/ADT/STLExtras.h"
#include <bit>
#include <cmath>

namespace hpcc::frontend {

using ir::ScalarOp;

static Value arrayValue(BufferId array) {
  Value value;
  value.array = array;
  return value;
}

static DType elementTypeOf(const Type &type) {
  if (auto *list = std::get_if<ListType>(&type))
    return list->element;
  return std::get<ArrayType>(type).dtype;
}

void Builder::fill(BufferId target, Scalar value) {
  std::vector<Affine> shape = shapeOf(target);
  std::vector<SymbolId> axes = newAxes(shape.size());
  compute(boxOf(axes, shape), {target, std::nullopt, {axes.begin(), axes.end()}}, std::move(value));
}

/// The elements of `source`, which has the target's shape.
void Builder::copy(BufferId target, BufferId source) {
  std::vector<Affine> shape = shapeOf(target);
  std::vector<SymbolId> axes = newAxes(shape.size());
  compute(boxOf(axes, shape), {target, std::nullopt, {axes.begin(), axes.end()}},
          ir::load(source, {axes.begin(), axes.end()}));
}

//===------------------------------------------------------------------------------------------===//
// Copies and constant arrays
//===------------------------------------------------------------------------------------------===//

Value Builder::lowerNode(const typed::Expr &expr, const typed::Copy &node) {
  Value operand = value(*node.operand);
  bool isList = std::holds_alternative<ListType>(expr.type);
  // Elements that are not computed yet have no order of their own: their array has order 'K'.
  if (operand.elements && (node.keepOrder || operand.elements->shape.size() == 1))
    return operand;
  return arrayValue(
      copyOf(named(std::move(operand), node.operand->type), node.keepOrder && !isList));
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::Create &node) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &size : node.shape)
    exprs.push_back(&size);
  if (node.fill)
    exprs.push_back(node.fill.get());
  std::vector<Value> values = operands(exprs);
  std::vector<Affine> shape;
  for (size_t dim = 0; dim < node.shape.size(); ++dim)
    shape.push_back(freeze(std::move(values[dim].scalars.front()), "n"));
  std::optional<Scalar> element;
  if (node.fill)
    element = simple(std::move(values.back().scalars.front()));
  for (const Affine &size : shape)
    check(compare(ScalarOp::GreaterEqual, size, Affine(0)), "NegativeDimension");
  BufferId result = newArray(elementTypeOf(expr.type), std::move(shape), {});
  if (element)
    fill(result, std::move(*element));
  return arrayValue(result);
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::CreateLike &node) {
  std::vector<const typed::Expr *> exprs{&*node.prototype};
  if (node.fill)
    exprs.push_back(node.fill.get());
  std::vector<Value> values = operands(exprs);
  std::optional<Scalar> element;
  if (node.fill)
    element = simple(std::move(values.back().scalars.front()));
  BufferId prototype = named(std::move(values.front()), node.prototype->type);
  BufferId result = newArray(elementTypeOf(expr.type), shapeOf(prototype), {prototype});
  if (element)
    fill(result, std::move(*element));
  return arrayValue(result);
}

/// Ones where column - row == diagonal.
Value Builder::lowerNode(const typed::Expr &expr, const typed::Eye &node) {
  std::vector<Value> values = operands({&*node.rows, &*node.columns, &*node.diagonal});
  Affine rows = freeze(std::move(values[0].scalars.front()), "n");
  Affine columns = freeze(std::move(values[1].scalars.front()), "m");
  Affine diagonal = freeze(std::move(values[2].scalars.front()), "k");
  for (const Affine &size : {rows, columns})
    check(compare(ScalarOp::GreaterEqual, size, Affine(0)), "NegativeDimension");
  DType type = elementTypeOf(expr.type);
  BufferId result = newArray(type, {rows, columns}, {});
  std::vector<SymbolId> axes = newAxes(2);
  std::vector<Scalar> choice{compare(ScalarOp::Equal,
                                     ir::affineScalar(Affine(axes[1]) - Affine(axes[0])),
                                     ir::affineScalar(diagonal)),
                             ir::constantOf(type, int64_t(1)), ir::constantOf(type, int64_t(0))};
  compute(boxOf(axes, {{rows, columns}}), {result, std::nullopt, {axes[0], axes[1]}},
          ir::apply(program, ScalarOp::Select, std::move(choice)));
  return arrayValue(result);
}

//===------------------------------------------------------------------------------------------===//
// Ranges of numbers
//===------------------------------------------------------------------------------------------===//

/// NumPy's number of elements: the quotient in float64, rounded up. A quotient that underflows
/// counts as one element if positive. `weak`: the division is Python's and raises for zero.
Affine Builder::arangeLength(Scalar start, Scalar stop, Scalar step, bool weak) {
  DType type = ir::typeOf(start, program);
  bool isFloat = type == DType::F64;
  auto *first = std::get_if<ir::ScalarConstant>(&start.node);
  auto *by = std::get_if<ir::ScalarConstant>(&step.node);
  bool countsUp = !isFloat && first && ir::asInteger(*first) == 0 && by && ir::asInteger(*by) == 1;
  if (countsUp)
    return maximumOf(freeze(std::move(stop), "n"), 0, "n");

  Scalar distance = simple(applyScalar(ScalarOp::Subtract, weak && !isFloat, {stop, start}));
  Scalar quotient = simple(weak ? ir::apply(program, ScalarOp::Divide, {distance, step}, true, here)
                                : ir::apply(program, ScalarOp::Divide,
                                            {castScalar(DType::F64, false, distance),
                                             castScalar(DType::F64, false, step)}));
  Scalar rounded = simple(ir::apply(program, ScalarOp::Ceil, {quotient}));
  check(ir::apply(program, ScalarOp::Not, {ir::apply(program, ScalarOp::IsNan, {rounded})}),
        "ArangeLength");
  // NumPy compares with the largest intp as a float, 2**63; that very value converts to the
  // smallest one and gives an empty array.
  Scalar limit = ir::constantFloat(0x1p63);
  check(allOf({compare(ScalarOp::LessEqual, ir::constantFloat(-0x1p63), rounded),
               compare(ScalarOp::LessEqual, rounded, limit)}),
        "ArangeTooBig");
  Scalar count = castScalar(DType::I64, false, rounded);
  if (isFloat) {
    Scalar zero = ir::constantFloat(0);
    Scalar underflows = ir::apply(
        program, ScalarOp::And,
        {compare(ScalarOp::Equal, quotient, zero), compare(ScalarOp::NotEqual, distance, zero)});
    Scalar sign = ir::apply(program, ScalarOp::Select,
                            {ir::apply(program, ScalarOp::SignBit, {quotient}),
                             ir::constantInteger(0), ir::constantInteger(1)});
    count = ir::apply(program, ScalarOp::Select,
                      {std::move(underflows), std::move(sign), std::move(count)});
  }
  return maximumOf(freeze(std::move(count), "n"), 0, "n");
}

/// One of the first two elements of an arange of this type. If it is there, an integer type takes
/// it as Python's int(), which has to fit.
Scalar Builder::arangeElement(Scalar value, int64_t position, const Affine &length, DType type) {
  bool isFloat = ir::typeOf(value, program) == DType::F64;
  std::optional<Interval> range = rangeOfNarrow(type);
  if (!ir::isInteger(type) || (!isFloat && !range))
    return simple(castScalar(type, false, std::move(value)));
  value = simple(std::move(value));
  std::optional<BufferId> whole;
  if (isFloat) {
    whole = newScalar(DType::I64, "whole");
    set(*whole, ir::constantInteger(0));
  }
  ir::Block present = inBlock([&] {
    if (whole)
      set(*whole, castScalar(DType::I64, true, value));
    const Scalar &integer = whole ? ir::load(*whole) : value;
    if (range)
      check(fitsIn(integer, *range), "IntegerOutOfBounds",
            {integer, ir::constantInteger(static_cast<int64_t>(type))});
  });
  Scalar there = compare(ScalarOp::Greater, length, Affine(position));
  auto *known = std::get_if<ir::ScalarConstant>(&there.node);
  if (!present.empty() && !(known && known->bits == 0))
    emit(ir::If{std::move(there), std::move(present), {}});
  return simple(castScalar(type, false, whole ? ir::load(*whole) : std::move(value)));
}

/// The first two elements are start and start + step; the others start + i * (their difference),
/// all in the array's own type, as NumPy fills it.
Value Builder::lowerNode(const typed::Expr &expr, const typed::Arange &node) {
  std::vector<Value> values = operands({&*node.start, &*node.stop, &*node.step});
  bool weak = true;
  for (const typed::ExprPtr *argument : {&node.start, &node.stop, &node.step})
    weak &= std::get<ScalarType>((*argument)->type).weak;
  std::vector<Scalar> arguments;
  for (Value &value : values)
    arguments.push_back(simple(std::move(value.scalars.front())));
  Affine length = arangeLength(arguments[0], arguments[1], arguments[2], weak);

  DType type = elementTypeOf(expr.type);
  // Overflows only where there is no second element.
  Scalar second = ir::apply(program, ScalarOp::Add, {arguments[0], arguments[2]});
  Scalar first = arangeElement(arguments[0], 0, length, type);
  second = arangeElement(std::move(second), 1, length, type);
  Scalar delta = simple(ir::apply(program, ScalarOp::Subtract, {second, first}));

  BufferId result = newArray(type, {length}, {});
  // Floats: the first elements are exact only as they stand, unless they start from +0.0.
  auto *constant = std::get_if<ir::ScalarConstant>(&first.node);
  bool startsAtZero = constant && constant->bits == 0;
  Affine uniformFrom = ir::isFloat(type) && !startsAtZero ? 2 : 0;
  Scalar exact[] = {first, second};
  for (int64_t element = 0; element < uniformFrom.constant; ++element) {
    SymbolId axis = newAxes(1).front();
    ir::Axis one{axis, element, ir::Bound(element + 1), 1, ir::AxisKind::Par};
    one.hi.forms.push_back(length);
    compute({one}, {result, std::nullopt, {axis}}, exact[element]);
  }
  SymbolId axis = newAxes(1).front();
  Scalar position = castScalar(type, false, ir::affineScalar(axis));
  Scalar element =
      ir::apply(program, ScalarOp::Add,
                {first, ir::apply(program, ScalarOp::Multiply, {std::move(position), delta})});
  compute({{axis, uniformFrom, length, 1, ir::AxisKind::Par}}, {result, std::nullopt, {axis}},
          std::move(element));
  return arrayValue(result);
}

/// NumPy's linspace: i * step + start with step = delta / divisions, the last element exactly stop.
/// A step that is zero though its parts are not (denormal numbers) divides before it multiplies;
/// without divisions delta itself is the step.
Value Builder::lowerNode(const typed::Expr &, const typed::Linspace &node) {
  std::vector<Value> values = operands({&*node.start, &*node.stop, &*node.num});
  Scalar start = simple(std::move(values[0].scalars.front()));
  Scalar stop = simple(std::move(values[1].scalars.front()));
  Affine count = freeze(std::move(values[2].scalars.front()), "n");
  check(compare(ScalarOp::GreaterEqual, count, Affine(0)), "LinspaceNegative",
        {ir::affineScalar(count)});
  auto f64 = [&](ScalarOp op, const Scalar &left, const Scalar &right) {
    return ir::apply(program, op, {left, right});
  };
  Scalar delta = store(f64(ScalarOp::Subtract, stop, start));
  Scalar parts = ir::affineScalar(node.endpoint ? sumOf(count, -1, "n") : count);
  Scalar divisions = simple(castScalar(DType::F64, false, parts));
  Scalar hasParts = compare(ScalarOp::Greater, parts, ir::constantInteger(0));
  Scalar quotient = store(f64(ScalarOp::Divide, delta, divisions));
  Scalar step = store(ir::apply(program, ScalarOp::Select, {hasParts, quotient, delta}));
  Scalar isDenormal =
      store(ir::apply(program, ScalarOp::And,
                      {hasParts, compare(ScalarOp::Equal, quotient, ir::constantFloat(0))}));

  BufferId result = newArray(DType::F64, {count}, {});
  auto fillWith = [&](llvm::function_ref<Scalar(Scalar)> scaled) {
    SymbolId axis = newAxes(1).front();
    Scalar position = castScalar(DType::F64, false, ir::affineScalar(axis));
    compute({{axis, 0, count, 1, ir::AxisKind::Par}}, {result, std::nullopt, {axis}},
            f64(ScalarOp::Add, scaled(std::move(position)), start));
  };
  ir::Block rare = inBlock([&] {
    fillWith([&](const Scalar &position) {
      return f64(ScalarOp::Multiply, f64(ScalarOp::Divide, position, divisions), delta);
    });
  });
  ir::Block usual = inBlock([&] {
    fillWith([&](const Scalar &position) { return f64(ScalarOp::Multiply, position, step); });
  });
  emit(ir::If{isDenormal, std::move(rare), std::move(usual)});
  if (node.endpoint) {
    SymbolId axis = newAxes(1).front();
    ir::Axis last{axis, count - 1, count, 1, ir::AxisKind::Par};
    last.lo.forms.push_back(1);
    compute({last}, {result, std::nullopt, {axis}}, stop);
  }
  return arrayValue(result);
}

//===------------------------------------------------------------------------------------------===//
// Lists
//===------------------------------------------------------------------------------------------===//

Value Builder::lowerNode(const typed::Expr &expr, const typed::ListLiteral &node) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &element : node.elements)
    exprs.push_back(&element);
  std::vector<Value> values = operands(exprs);
  BufferId result =
      newArray(elementTypeOf(expr.type), {Affine(static_cast<int64_t>(values.size()))}, {}, "list");
  ir::Compute stores;
  for (auto [index, value] : llvm::enumerate(values))
    stores.body.push_back({{result, std::nullopt, {Affine(static_cast<int64_t>(index))}},
                           ir::AssignOp::Set,
                           std::move(value.scalars.front()),
                           std::nullopt,
                           ir::ReductionOrder::Any,
                           {},
                           here});
  if (!stores.body.empty())
    emit(std::move(stores));
  return arrayValue(result);
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::ListRepeat &node) {
  std::vector<Value> values = operands({&*node.list, &*node.count});
  BufferId list = named(std::move(values[0]), node.list->type);
  Affine size = sizeOf(list, 0);
  Affine times = maximumOf(freeze(std::move(values[1].scalars.front()), "count"), 0, "count");
  // More elements than memory can hold: Python's MemoryError, before the product overflows.
  Affine most = floorDivide(sizeInterval.hi, maximumOf(size, 1, "n"), "most");
  check(
      anyOf({compare(ScalarOp::LessEqual, times, most), compare(ScalarOp::Equal, size, Affine(0))}),
      "ListTooLarge");
  Affine total;
  if (size == Affine(1))
    total = times;
  else if (std::optional<int64_t> constant = size.asConstant();
           constant && intervalOf(times).within(sizeInterval))
    total = times * *constant;
  else
    total = freeze(
        ir::apply(program, ScalarOp::Multiply, {ir::affineScalar(size), ir::affineScalar(times)}),
        "n");
  BufferId result = newArray(elementTypeOf(expr.type), {total}, {}, "list");
  SymbolId axis = newAxes(1).front();
  ir::Index from(size == Affine(1) ? Affine(0) : Affine(axis));
  if (size != Affine(1))
    from.wrap = size;
  compute({{axis, 0, total, 1, ir::AxisKind::Par}}, {result, std::nullopt, {axis}},
          ir::load(list, {from}));
  return arrayValue(result);
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::ListConcat &node) {
  std::vector<Value> values = operands({&*node.left, &*node.right});
  BufferId left = named(std::move(values[0]), node.left->type);
  BufferId right = named(std::move(values[1]), node.right->type);
  Affine leftSize = sizeOf(left, 0), rightSize = sizeOf(right, 0);
  BufferId result = newArray(elementTypeOf(expr.type), {leftSize + rightSize}, {}, "list");
  for (auto [source, size, offset] :
       {std::tuple(left, leftSize, Affine(0)), std::tuple(right, rightSize, leftSize)}) {
    SymbolId axis = newAxes(1).front();
    compute({{axis, 0, size, 1, ir::AxisKind::Par}},
            {result, std::nullopt, {Affine(axis) + offset}}, ir::load(source, {axis}));
  }
  return arrayValue(result);
}

Value Builder::lowerNode(const typed::Expr &, const typed::ListSlice &node) {
  std::vector<const typed::Expr *> exprs{&*node.list};
  for (const typed::ExprPtr *bound : {&node.slice.lower, &node.slice.upper, &node.slice.step})
    if (*bound)
      exprs.push_back(bound->get());
  std::vector<Value> values = operands(exprs);
  ItemSlice slice;
  size_t next = 1;
  auto take = [&](const typed::ExprPtr &bound, std::optional<Affine> &form) {
    if (bound)
      form = freeze(std::move(values[next++].scalars.front()), "k");
  };
  take(node.slice.lower, slice.lower);
  take(node.slice.upper, slice.upper);
  take(node.slice.step, slice.step);
  BufferId part = viewOf(named(std::move(values.front()), node.list->type), {slice});
  return arrayValue(copyOf(part, false));
}

/// Python integers that the array's type cannot hold are an error, not wrapped: the first is named.
static void checkFits(Builder &builder, BufferId list, DType type) {
  std::optional<Interval> range = builder.rangeOfNarrow(type);
  if (!range || builder.program[list].type != DType::I64)
    return;
  BufferId found = builder.newScalar(DType::Bool, "found");
  BufferId outside = builder.newScalar(DType::I64, "outside");
  builder.set(found, ir::constantBool(false));
  builder.set(outside, ir::constantInteger(0));
  SymbolId axis = builder.newAxes(1).front();
  Scalar element = ir::load(list, {axis});
  Scalar fits = builder.fitsIn(element, *range);
  Scalar isFirst =
      ir::apply(builder.program, ScalarOp::Not,
                {ir::apply(builder.program, ScalarOp::Or, {ir::load(found), std::move(fits)})});
  ir::Compute search{{{axis, 0, builder.sizeOf(list, 0), 1, ir::AxisKind::Seq}}, {}};
  search.body.push_back({{outside, std::nullopt, {}},
                         ir::AssignOp::Set,
                         element,
                         isFirst,
                         ir::ReductionOrder::Any,
                         {},
                         builder.here});
  search.body.push_back({{found, std::nullopt, {}},
                         ir::AssignOp::Set,
                         ir::constantBool(true),
                         isFirst,
                         ir::ReductionOrder::Any,
                         {},
                         builder.here});
  builder.emit(std::move(search));
  builder.check(ir::apply(builder.program, ScalarOp::Not, {ir::load(found)}), "IntegerOutOfBounds",
                {ir::load(outside), ir::constantInteger(static_cast<int64_t>(type))});
}

/// The array's elements are converted from the list's.
Value Builder::lowerNode(const typed::Expr &expr, const typed::ListToArray &node) {
  BufferId list = array(*node.list);
  DType type = elementTypeOf(expr.type);
  checkFits(*this, list, type);
  Elements elements = elementsOf(arrayValue(list));
  elements.value = castScalar(type, false, std::move(elements.value));
  return arrayValue(materialize(std::move(elements)));
}

} // namespace hpcc::frontend
