// Subscripts: elements with their checks, slices with Python's clamping, views.
//
// Where the bounds of a slice are known to count from one end, its size is one clamped difference;
// otherwise the bounds are clamped one by one, as Python's PySlice_AdjustIndices does. The start of
// an empty slice is never used and may lie outside.

#include "frontend/BuildIR.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::ScalarOp;

//===------------------------------------------------------------------------------------------===//
// Elements
//===------------------------------------------------------------------------------------------===//

/// The position that an index means, checked against the size. `listError` is the error of lists,
/// whose messages name no numbers.
Affine Builder::checkedIndex(const Affine &index, const Affine &size, unsigned axis,
                             llvm::StringRef listError, bool isList) {
  Interval interval = intervalOf(index);
  Affine position = index;
  std::vector<Scalar> conditions;
  if (interval.lo < 0) {
    if (interval.hi < 0 && interval.within(smallInterval)) {
      position = index + size;
    } else {
      Scalar fromEnd =
          ir::apply(program, ScalarOp::Add, {ir::affineScalar(index), ir::affineScalar(size)});
      position = freeze(ir::apply(program, ScalarOp::Select,
                                  {compare(ScalarOp::Less, index, Affine(0)), std::move(fromEnd),
                                   ir::affineScalar(index)}),
                        "k");
    }
    conditions.push_back(compare(ScalarOp::GreaterEqual, position, Affine(0)));
  }
  if (interval.hi >= 0)
    conditions.push_back(compare(ScalarOp::Less, position, size));
  Scalar inside = allOf(std::move(conditions));
  if (isList)
    check(std::move(inside), listError);
  else
    check(std::move(inside), "IndexOutOfBounds",
          {ir::affineScalar(index), ir::constantInteger(axis), ir::affineScalar(size)});
  // What follows runs only if the position lies in the dimension.
  narrow(position, sizeInterval);
  return position;
}

ir::Access Builder::elementAccess(BufferId base, std::vector<Affine> indices,
                                  llvm::StringRef listError, bool isList) {
  ir::Access access{base, std::nullopt, {}};
  for (unsigned axis = 0; axis < indices.size(); ++axis)
    access.indices.push_back(
        checkedIndex(indices[axis], sizeOf(base, axis), axis, listError, isList));
  return access;
}

Value Builder::lowerNode(const typed::Expr &, const typed::Element &node) {
  std::vector<const typed::Expr *> exprs{&*node.base};
  for (const typed::Expr &index : node.indices)
    exprs.push_back(&index);
  std::vector<Value> values = operands(exprs);
  std::vector<Affine> indices;
  for (Value &index : llvm::drop_begin(values))
    indices.push_back(freeze(std::move(index.scalars.front()), "k"));
  bool isList = std::holds_alternative<ListType>(node.base->type);
  BufferId base = named(std::move(values.front()), node.base->type);
  Value element;
  element.scalars.push_back(
      {ir::ScalarLoad{elementAccess(base, std::move(indices), "ListIndex", isList)}});
  return element;
}

//===------------------------------------------------------------------------------------------===//
// Slices
//===------------------------------------------------------------------------------------------===//

namespace {

/// A bound of a slice with a positive step, by what is known about it.
enum class BoundKind { Absent, FromStart, FromEnd, Unknown };

} // namespace

static BoundKind kindOf(const Builder &builder, const std::optional<Affine> &bound) {
  if (!bound)
    return BoundKind::Absent;
  Interval interval = builder.intervalOf(*bound);
  if (!interval.within(smallInterval))
    return BoundKind::Unknown;
  return interval.lo >= 0  ? BoundKind::FromStart
         : interval.hi < 0 ? BoundKind::FromEnd
                           : BoundKind::Unknown;
}

/// A bound as a position: counted from the end if negative, then clamped to [lo, hi].
static Affine clampedBound(Builder &builder, const Affine &bound, const Affine &size,
                           const Affine &lo, const Affine &hi) {
  switch (kindOf(builder, bound)) {
  case BoundKind::FromStart:
    return builder.minimumOf(bound, hi, "b");
  case BoundKind::FromEnd:
    return builder.maximumOf(size + bound, lo, "b");
  default:
    break;
  }
  // A far bound is brought near first, so that the sum is small.
  Affine near = bound;
  if (!builder.intervalOf(bound).within(smallInterval))
    near =
        builder.maximumOf(builder.minimumOf(bound, smallInterval.hi, "b"), smallInterval.lo, "b");
  Affine fromEnd = builder.maximumOf(near + size, lo, "b");
  Affine fromStart = builder.minimumOf(near, hi, "b");
  return builder.selectOf(builder.compare(ScalarOp::Less, near, Affine(0)), fromEnd, fromStart,
                          "b");
}

namespace {

struct Range {
  Affine start, distance; // distance >= 0, from the start to the stop
};

} // namespace

/// Start and length of the part for a positive step.
static Range forwardRange(Builder &builder, const ItemSlice &item, const Affine &size) {
  BoundKind lower = kindOf(builder, item.lower), upper = kindOf(builder, item.upper);
  bool upperAtEnd = upper == BoundKind::Absent || upper == BoundKind::FromEnd;
  Affine stop = upper == BoundKind::FromEnd ? size + *item.upper : size;
  if (lower == BoundKind::Absent || lower == BoundKind::FromStart) {
    Affine start = item.lower.value_or(0);
    if (!upperAtEnd)
      stop = clampedBound(builder, *item.upper, size, 0, size);
    return {start, builder.maximumOf(stop - start, 0, "m")};
  }
  if (lower == BoundKind::FromEnd && upper == BoundKind::Absent) {
    Affine length = builder.minimumOf(*item.lower * -1, size, "m");
    return {size - length, length};
  }
  Affine start = clampedBound(builder, *item.lower, size, 0, size);
  if (item.upper)
    stop = clampedBound(builder, *item.upper, size, 0, size);
  return {start, builder.maximumOf(stop - start, 0, "m")};
}

/// The same for a negative step: from the start down to the stop.
static Range backwardRange(Builder &builder, const ItemSlice &item, const Affine &size) {
  Affine last = size - 1;
  Affine start = item.lower ? clampedBound(builder, *item.lower, size, -1, last) : last;
  Affine stop = item.upper ? clampedBound(builder, *item.upper, size, -1, last) : Affine(-1);
  return {start, builder.maximumOf(start - stop, 0, "m")};
}

ir::ViewSlice Builder::sliceOf(const ItemSlice &item, const Affine &size) {
  // A step beyond any size takes one element, however long it is.
  constexpr int64_t farStep = int64_t(1) << 49;
  Affine step = item.step.value_or(1);
  if (std::optional<int64_t> constant = step.asConstant(); constant && *constant != 0) {
    int64_t near = std::clamp(*constant, -farStep, farStep);
    Range range = near > 0 ? forwardRange(*this, item, size) : backwardRange(*this, item, size);
    int64_t stride = near > 0 ? near : -near;
    return {range.start, floorDivide(range.distance + (stride - 1), stride, "m"), near};
  }
  check(compare(ScalarOp::NotEqual, step, Affine(0)), "SliceStepZero");
  if (step.isConstant())
    step = 1; // a literal zero: the check always raises, and nothing below it runs
  step = maximumOf(minimumOf(step, farStep, "step"), -farStep, "step");
  Scalar isForward = compare(ScalarOp::Greater, step, Affine(0));
  Range forward = forwardRange(*this, item, size), backward = backwardRange(*this, item, size);
  Affine start = selectOf(isForward, forward.start, backward.start, "start");
  Affine distance = selectOf(isForward, forward.distance, backward.distance, "m");
  // A step of zero has raised above; the interval of `stride` says so.
  Affine stride = maximumOf(maximumOf(step, step * -1, "stride"), 1, "stride");
  return {start, floorDivide(distance + stride - 1, stride, "m"), step};
}

//===------------------------------------------------------------------------------------------===//
// Views
//===------------------------------------------------------------------------------------------===//

void Builder::appendExprs(const typed::SubscriptItem &item,
                          std::vector<const typed::Expr *> &exprs) {
  if (auto *index = std::get_if<typed::SubscriptIndex>(&item)) {
    exprs.push_back(index->at.get());
  } else if (auto *slice = std::get_if<typed::SubscriptSlice>(&item)) {
    for (const typed::ExprPtr *bound : {&slice->lower, &slice->upper, &slice->step})
      if (*bound)
        exprs.push_back(bound->get());
  }
}

/// `values` are those of appendExprs for all items, in order.
std::vector<Item> Builder::itemsOf(llvm::ArrayRef<typed::SubscriptItem> items,
                                   llvm::ArrayRef<Value> values) {
  auto next = [&] {
    Affine form = freeze(values.front().scalars.front(), "k");
    values = values.drop_front();
    return form;
  };
  std::vector<Item> result;
  for (const typed::SubscriptItem &item : items) {
    if (std::holds_alternative<typed::SubscriptIndex>(item)) {
      result.push_back(ItemIndex{next()});
    } else if (auto *slice = std::get_if<typed::SubscriptSlice>(&item)) {
      ItemSlice bounds;
      if (slice->lower)
        bounds.lower = next();
      if (slice->upper)
        bounds.upper = next();
      if (slice->step)
        bounds.step = next();
      result.push_back(std::move(bounds));
    } else {
      result.push_back(ItemNewAxis{});
    }
  }
  return result;
}

BufferId Builder::viewOf(BufferId base, llvm::ArrayRef<Item> items) {
  ir::Subscript form;
  std::vector<Affine> shape;
  unsigned dim = 0;
  for (const Item &item : items) {
    if (auto *index = std::get_if<ItemIndex>(&item)) {
      form.dims.push_back(
          ir::ViewIndex{checkedIndex(index->at, sizeOf(base, dim), dim, "", false)});
      ++dim;
    } else if (auto *slice = std::get_if<ItemSlice>(&item)) {
      ir::ViewSlice part = sliceOf(*slice, sizeOf(base, dim));
      shape.push_back(part.size);
      form.dims.push_back(std::move(part));
      ++dim;
    } else {
      shape.push_back(1);
      form.dims.push_back(ir::ViewNewAxis{});
    }
  }
  return newView(base, std::move(shape), std::move(form));
}

Value Builder::lowerNode(const typed::Expr &, const typed::View &node) {
  std::vector<const typed::Expr *> exprs{&*node.base};
  for (const typed::SubscriptItem &item : node.items)
    appendExprs(item, exprs);
  std::vector<Value> values = operands(exprs);
  std::vector<Item> items = itemsOf(node.items, llvm::ArrayRef(values).drop_front());
  BufferId base = named(std::move(values.front()), node.base->type);
  return {{}, viewOf(base, items), std::nullopt};
}

Value Builder::lowerNode(const typed::Expr &, const typed::Transpose &node) {
  BufferId base = array(*node.base);
  std::vector<Affine> shape;
  for (unsigned dim : node.order)
    shape.push_back(sizeOf(base, dim));
  return {{}, newView(base, std::move(shape), ir::Permute{node.order}), std::nullopt};
}

} // namespace hpcc::frontend
