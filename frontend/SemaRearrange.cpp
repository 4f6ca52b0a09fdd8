// NumPy's functions that put parts of arrays together: diff, roll, cumsum, take, concatenate and
// its relatives. Parts are slices that are stored into a fresh array.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

using ast::BinaryOperator;
using ir::ScalarOp;

/// Sizes of an array as weak ints that may be used again.
static std::vector<Value> sizesOf(Analyzer &sema, Loc loc, const Value &array,
                                  typed::Block &stmts) {
  std::vector<Value> sizes;
  for (unsigned dim = 0; dim < array.typeAs<ArrayType>()->dims; ++dim)
    sizes.push_back(sema.stabilize(sizeOf(sema, loc, array, dim), stmts));
  return sizes;
}

static std::vector<Value> duplicateAll(Analyzer &sema, const std::vector<Value> &values) {
  std::vector<Value> copies;
  for (const Value &value : values)
    copies.push_back(sema.duplicate(value));
  return copies;
}

Value callDiff(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments),
                                    {{"a", "n", "axis", "prepend", "append"}}, 1, {3, 4});
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  unsigned dims = array.typeAs<ArrayType>()->dims;
  std::optional<int64_t> times = taken[1] ? taken[1]->constantInteger() : 1;
  std::optional<unsigned> axis = taken[2] ? axisArgument(sema, *taken[2], dims) : dims - 1;
  if (!axis)
    return {loc, Poison{}};
  if (!times || *times < 1 || *times > 8)
    return sema.unsupported(taken[1]->loc, "this 'n' of 'np.diff'");
  if (dtypeOfValue(array) == DType::Bool)
    return sema.unsupported(array.loc, "'np.diff' of booleans");
  typed::Block stmts;
  for (int64_t round = 0; round < *times; ++round) {
    array = sema.stabilize(std::move(array), stmts);
    Value later = sliceAlong(sema, loc, sema.duplicate(array), *axis,
                             sliceItem(sema.makeInteger(loc, 1), std::nullopt));
    Value earlier = sliceAlong(sema, loc, sema.duplicate(array), *axis,
                               sliceItem(std::nullopt, sema.makeInteger(loc, -1)));
    array = sema.binary(BinaryOperator::Sub, loc, loc, std::move(later), std::move(earlier));
  }
  return sema.sequence(loc, std::move(stmts), std::move(array));
}

/// result[(i + shift) mod n] = a[i] along the axis, as two slices.
static Value rollAlong(Analyzer &sema, Loc loc, Value array, unsigned axis, Value shift) {
  typed::Block stmts;
  array = sema.stabilize(std::move(array), stmts);
  std::vector<Value> sizes = sizesOf(sema, loc, array, stmts);
  auto arithmetic = [&](BinaryOperator op, Value left, Value right) {
    return sema.stabilize(sema.binary(op, loc, loc, std::move(left), std::move(right)), stmts);
  };
  // Nothing moves in an array without elements, whatever the remainder.
  Value size = sema.duplicate(sizes[axis]);
  std::vector<Value> atLeastOne;
  atLeastOne.push_back(sema.duplicate(size));
  atLeastOne.push_back(sema.makeInteger(loc, 1));
  Value divisor = sema.stabilize(
      sema.applyNode(loc, loc, ScalarOp::Maximum, false, std::move(atLeastOne), DType::I64, true),
      stmts);
  shift = arithmetic(BinaryOperator::Mod, std::move(shift), std::move(divisor));
  Value rest = arithmetic(BinaryOperator::Sub, sema.duplicate(size), sema.duplicate(shift));
  DType dtype = array.typeAs<ArrayType>()->dtype;
  typed::CreateLike node{std::make_unique<typed::Expr>(std::move(sema.duplicate(array).expr())),
                         nullptr};
  ArrayType type{dtype, static_cast<unsigned>(sizes.size())};
  Facts facts;
  facts.shape = knownShape(array);
  Value result =
      sema.stabilize(sema.makeTyped(loc, type, std::move(node), std::move(facts)), stmts);
  storeAlong(sema, loc, stmts, result, axis, sliceItem(sema.duplicate(shift), std::nullopt),
             sliceAlong(sema, loc, sema.duplicate(array), axis,
                        sliceItem(std::nullopt, sema.duplicate(rest))));
  storeAlong(sema, loc, stmts, result, axis, sliceItem(std::nullopt, sema.duplicate(shift)),
             sliceAlong(sema, loc, sema.duplicate(array), axis,
                        sliceItem(sema.duplicate(rest), std::nullopt)));
  return sema.sequence(loc, std::move(stmts), std::move(result));
}

Value callRoll(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), {{"a", "shift", "axis"}}, 2);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  unsigned dims = array.typeAs<ArrayType>()->dims;
  auto asTuple = [](std::optional<Value> &value) {
    std::vector<Value> parts;
    if (auto *tuple = value->as<TupleValue>())
      parts = std::move(tuple->elements);
    else
      parts.push_back(std::move(*value));
    return parts;
  };
  std::vector<Value> shifts = asTuple(taken[1]);
  if (!isGiven(taken[2])) {
    if (dims > 1 || shifts.size() != 1)
      return sema.unsupported(loc, "'np.roll' of several dimensions without 'axis'",
                              "np.roll(a.ravel(), shift).reshape(a.shape)");
    Value shift = sema.toIndex(std::move(shifts.front()), "shifts");
    return shift.isPoison() ? std::move(shift)
                            : rollAlong(sema, loc, std::move(array), 0, std::move(shift));
  }
  std::vector<Value> axes = asTuple(taken[2]);
  if (shifts.size() != axes.size())
    return sema.unsupported(loc, "'np.roll' with as many shifts as no axes");
  for (auto [shift, given] : llvm::zip_equal(shifts, axes)) {
    std::optional<unsigned> axis = axisArgument(sema, given, dims);
    shift = sema.toIndex(std::move(shift), "shifts");
    if (!axis || shift.isPoison())
      return {loc, Poison{}};
    array = rollAlong(sema, loc, std::move(array), *axis, std::move(shift));
  }
  return array;
}

/// np.cumsum and np.cumprod: one after the other along the axis, in C order without one.
Value callCumulate(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments),
                                    {{"a", "axis", "dtype", "out"}}, 1, {2, 3});
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  if (!isGiven(taken[1]))
    array = ravel(sema, loc, std::move(array));
  auto [from, dims] = *array.typeAs<ArrayType>();
  std::optional<unsigned> axis = isGiven(taken[1]) ? axisArgument(sema, *taken[1], dims) : 0u;
  if (!axis)
    return {loc, Poison{}};
  DType dtype = sumTypeOf(from);
  typed::Block stmts;
  // A fresh copy: each part takes in the one before.
  Value result = sema.stabilize(dtype == from ? sema.copyArray(loc, std::move(array), false)
                                              : sema.convert(std::move(array), dtype, false),
                                stmts);
  Value size = sema.stabilize(sizeOf(sema, loc, result, *axis), stmts);
  typed::VariableId position = sema.temporary(weakInt);
  auto at = [&](int64_t offset) {
    Value index = sema.makeTyped(loc, weakInt, typed::Read{position, false});
    return sema.binary(BinaryOperator::Add, loc, loc, std::move(index),
                       sema.makeInteger(loc, offset));
  };
  auto part = [&](int64_t offset) {
    return sliceAlong(sema, loc, sema.duplicate(result), *axis,
                      sliceItem(at(offset), at(offset + 1)));
  };
  typed::Block body;
  bool isSum = name == "cumsum";
  Value next =
      sema.binary(isSum ? BinaryOperator::Add : BinaryOperator::Mult, loc, loc, part(-1), part(0));
  storeAlong(sema, loc, body, result, *axis, sliceItem(at(0), at(1)), std::move(next));
  typed::ForRange loop{position,
                       std::move(sema.makeInteger(loc, 1).expr()),
                       std::move(size.expr()),
                       std::move(sema.makeInteger(loc, 1).expr()),
                       std::move(body),
                       {}};
  stmts.push_back({loc, std::move(loop)});
  return sema.sequence(loc, std::move(stmts), std::move(result));
}

Value callTake(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments),
                                    {{"a", "indices", "axis", "out", "mode"}}, 2, {3, 4});
  if (!taken || !expectArray(sema, name, *taken[0]) || !expectArray(sema, name, *taken[1]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  bool isFirst = isGiven(taken[2]) && taken[2]->constantInteger() == 0;
  if (!isFirst && (isGiven(taken[2]) || array.typeAs<ArrayType>()->dims > 1))
    return sema.unsupported(loc, "'np.take' along another axis than the first");
  return gatherElements(sema, loc, std::move(array), std::move(*taken[1]));
}

//===------------------------------------------------------------------------------------------===//
// concatenate, hstack, vstack, stack
//===------------------------------------------------------------------------------------------===//

/// The array with a new first dimension of size one, or another one.
static Value withNewAxis(Analyzer &sema, Loc loc, Value array, unsigned axis) {
  std::vector<SymbolicSize> shape = knownShape(array);
  std::vector<typed::SubscriptItem> items(shape.size());
  for (typed::SubscriptItem &item : items)
    item = typed::SubscriptSlice{};
  items.insert(items.begin() + axis, typed::SubscriptNewAxis{});
  shape.insert(shape.begin() + axis, SymbolicSize{"", 0, 1});
  return viewOf(sema, loc, std::move(array), std::move(items), std::move(shape));
}

/// Raises an error unless the arrays have the sizes of the first one but along the axis.
static void checkSizes(Analyzer &sema, Loc loc, typed::Block &stmts,
                       const std::vector<std::vector<Value>> &sizes, unsigned axis) {
  for (const std::vector<Value> &each : llvm::drop_begin(sizes))
    for (unsigned dim = 0; dim < each.size(); ++dim) {
      if (dim == axis || (each[dim].constantInteger() &&
                          each[dim].constantInteger() == sizes.front()[dim].constantInteger()))
        continue;
      Value differ = sema.compare(ast::CompareOperator::NotEq, loc, loc, sema.duplicate(each[dim]),
                                  sema.duplicate(sizes.front()[dim]));
      typed::Block raise;
      raise.push_back(
          {loc, typed::RaiseError{"Unsupported", "joining arrays whose other sizes differ"}});
      stmts.push_back({loc, typed::If{std::move(differ.expr()), std::move(raise), {}}});
    }
}

static Value concatenate(Analyzer &sema, Loc loc, std::vector<Value> arrays, unsigned axis) {
  std::vector<const Value *> pointers;
  for (const Value &array : arrays)
    pointers.push_back(&array);
  DType dtype = *sema.promote(pointers);
  typed::Block stmts;
  std::vector<std::vector<Value>> sizes;
  for (Value &array : arrays) {
    array = sema.stabilize(std::move(array), stmts);
    sizes.push_back(sizesOf(sema, loc, array, stmts));
  }
  checkSizes(sema, loc, stmts, sizes, axis);
  std::vector<Value> ends;
  for (const std::vector<Value> &each : sizes) {
    Value begin = ends.empty() ? sema.makeInteger(loc, 0) : sema.duplicate(ends.back());
    ends.push_back(sema.stabilize(
        sema.binary(BinaryOperator::Add, loc, loc, std::move(begin), sema.duplicate(each[axis])),
        stmts));
  }
  std::vector<Value> shape = duplicateAll(sema, sizes.front());
  shape[axis] = sema.duplicate(ends.back());
  Value result = sema.stabilize(emptyArray(sema, loc, dtype, std::move(shape)), stmts);
  for (size_t index = 0; index < arrays.size(); ++index) {
    Value begin = index == 0 ? sema.makeInteger(loc, 0) : sema.duplicate(ends[index - 1]);
    storeAlong(sema, loc, stmts, result, axis,
               sliceItem(std::move(begin), sema.duplicate(ends[index])), std::move(arrays[index]));
  }
  return sema.sequence(loc, std::move(stmts), std::move(result));
}

Value callConcatenate(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  bool takesAxis = name == "concatenate" || name == "stack";
  llvm::StringRef withAxis[] = {"arrays", "axis", "out", "dtype", "casting"};
  llvm::StringRef plain[] = {"tup", "dtype", "casting"};
  Parameters taken =
      takesAxis ? takeParameters(sema, name, loc, std::move(arguments), withAxis, 1, {2, 3, 4})
                : takeParameters(sema, name, loc, std::move(arguments), plain, 1, {1, 2});
  if (!taken)
    return {loc, Poison{}};
  auto *tuple = taken[0]->as<TupleValue>();
  if (!tuple || tuple->elements.empty())
    return sema.unsupported(taken[0]->loc, "'np." + name + "' of anything but a tuple of arrays");
  std::vector<Value> arrays = std::move(tuple->elements);
  for (const Value &array : arrays)
    if (!expectArray(sema, name, array))
      return {loc, Poison{}};
  unsigned dims = arrays.front().typeAs<ArrayType>()->dims;
  for (const Value &array : arrays)
    if (array.typeAs<ArrayType>()->dims != dims)
      return sema.unsupported(array.loc, "joining arrays of different numbers of dimensions");
  bool addsAxis = name == "stack" || (name == "vstack" && dims == 1);
  std::optional<unsigned> axis = name == "hstack" && dims > 1 ? 1u : 0u;
  if (takesAxis && taken[1]) {
    if (!isGiven(taken[1]))
      return sema.unsupported(taken[1]->loc, "'axis' None of 'np." + name + "'");
    axis = axisArgument(sema, *taken[1], dims + (addsAxis ? 1 : 0));
  }
  if (!axis)
    return {loc, Poison{}};
  if (addsAxis)
    for (Value &array : arrays)
      array = withNewAxis(sema, loc, std::move(array), *axis);
  return concatenate(sema, loc, std::move(arrays), *axis);
}

} // namespace hpcc::frontend::sema
