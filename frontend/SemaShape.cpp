// NumPy's functions that see the same elements in another shape or order: reshape, ravel, squeeze,
// swapaxes, flip, meshgrid; shape, ndim and size.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

//===------------------------------------------------------------------------------------------===//
// reshape
//===------------------------------------------------------------------------------------------===//

static std::optional<int64_t> knownProduct(llvm::ArrayRef<SymbolicSize> shape) {
  int64_t product = 1;
  for (const SymbolicSize &size : shape)
    if (!size.value || __builtin_mul_overflow(product, *size.value, &product))
      return std::nullopt;
  return product;
}

/// Gives the unknown size of the new shape the value that the others leave for it. False after
/// NumPy's error, where the sizes are known and do not fit.
static bool completeShape(Analyzer &sema, Loc loc, const Value &array,
                          std::vector<SymbolicSize> &shape) {
  std::optional<size_t> unknown;
  std::vector<SymbolicSize> others;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (size.value != -1) {
      others.push_back(size);
      continue;
    }
    if (unknown) {
      sema.fail(loc, message::reshapeUnknowns);
      return false;
    }
    unknown = dim;
  }
  std::vector<SymbolicSize> from = knownShape(array);
  std::optional<int64_t> total = knownProduct(from), rest = knownProduct(others);
  bool fits = !total || !rest || (unknown ? *rest != 0 && *total % *rest == 0 : *total == *rest);
  if (!fits && sema.branches == 0) {
    std::string text = spellShape(shape);
    if (size_t at = text.find("-1"); unknown && at != std::string::npos)
      text.replace(at, 2, "newaxis");
    sema.fail(loc, message::reshapeSize, *total, text);
    return false;
  }
  if (!unknown)
    return true;
  SymbolicSize &size = shape[*unknown];
  size = {};
  if (others.empty() && from.size() == 1)
    size = from.front();
  else if (total && rest && *rest != 0)
    size.value = *total / *rest;
  return true;
}

static Value reshape(Analyzer &sema, Loc loc, Value array, Value shape) {
  if (array.isPoison() || shape.isPoison())
    return {loc, Poison{}};
  typed::Reshape node;
  Facts facts;
  if (!sema.shapeArgument(std::move(shape), node.shape, facts.shape))
    return {loc, Poison{}};
  for (auto [size, expr] : llvm::zip_equal(facts.shape, node.shape)) {
    if (size.value && *size.value < -1)
      return sema.unsupported(loc, "a negative size other than -1");
    if (size.value == -1)
      expr = std::move(sema.makeInteger(loc, -1).expr());
  }
  if (!completeShape(sema, loc, array, facts.shape))
    return {loc, Poison{}};
  facts.origin.created = loc;
  ArrayType type{array.typeAs<ArrayType>()->dtype, static_cast<unsigned>(facts.shape.size())};
  node.base = std::make_unique<typed::Expr>(std::move(array.expr()));
  return sema.makeTyped(loc, type, std::move(node), std::move(facts));
}

/// The argument `order` is absent or "C".
static bool expectRowMajor(Analyzer &sema, llvm::StringRef name, std::optional<Value> &order) {
  if (!isGiven(order) || (order->as<TextValue>() && order->as<TextValue>()->text == "C"))
    return true;
  sema.unsupported(order->loc, "this 'order' of 'np." + name + "'");
  return false;
}

Value callReshape(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments),
                                    {{"a", "shape", "order", "copy"}}, 2, {3});
  if (!taken || !expectArray(sema, name, *taken[0]) || !expectRowMajor(sema, name, taken[2]))
    return {loc, Poison{}};
  return reshape(sema, loc, std::move(*taken[0]), std::move(*taken[1]));
}

/// a.reshape(2, 3) and a.reshape((2, 3)).
Value callReshapeMethod(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Value array = std::move(arguments.front().value);
  Value shape{loc, TupleValue{}};
  auto &sizes = std::get<TupleValue>(shape.node).elements;
  std::optional<Value> order;
  for (Argument &argument : llvm::drop_begin(arguments)) {
    if (argument.keyword.empty())
      sizes.push_back(std::move(argument.value));
    else if (argument.keyword == "order")
      order = std::move(argument.value);
    else
      return sema.unsupported(argument.loc,
                              "keyword argument '" + argument.keyword + "' of 'np." + name + "'");
  }
  if (!expectRowMajor(sema, name, order))
    return {loc, Poison{}};
  if (sizes.size() == 1) {
    Value only = std::move(sizes.front());
    return reshape(sema, loc, std::move(array), std::move(only));
  }
  return reshape(sema, loc, std::move(array), std::move(shape));
}

Value ravel(Analyzer &sema, Loc loc, Value array) {
  return reshape(sema, loc, std::move(array), sema.makeInteger(loc, -1));
}

Value callRavel(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments), {{"a", "order"}}, 1);
  if (!taken || !expectArray(sema, name, *taken[0]) || !expectRowMajor(sema, name, taken[1]))
    return {loc, Poison{}};
  return ravel(sema, loc, std::move(*taken[0]));
}

Value callFlatten(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments), {{"a", "order"}}, 1);
  if (!taken || !expectRowMajor(sema, name, taken[1]))
    return {loc, Poison{}};
  return ravel(sema, loc, sema.copyArray(loc, std::move(*taken[0]), false));
}

//===------------------------------------------------------------------------------------------===//
// Dimensions
//===------------------------------------------------------------------------------------------===//

Value callSqueeze(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments), {{"a", "axis"}}, 1);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  std::vector<SymbolicSize> from = knownShape(array), shape;
  bool chosen = isGiven(taken[1]);
  std::optional<uint32_t> axes = axesArgument(sema, taken[1], static_cast<unsigned>(from.size()));
  if (!axes)
    return {loc, Poison{}};
  std::vector<typed::SubscriptItem> items;
  for (auto [dim, size] : llvm::enumerate(from)) {
    bool isMeant = (*axes >> dim) & 1;
    if (isMeant && !size.value)
      return sema.unsupported(loc, "'np.squeeze' of a size that is not known at compile time",
                              "an index: a[:, 0]");
    if (isMeant && chosen && *size.value != 1)
      return sema.fail(loc, message::squeezeSize);
    if (isMeant && *size.value == 1) {
      auto zero = std::make_unique<typed::Expr>(std::move(sema.makeInteger(loc, 0).expr()));
      items.push_back(typed::SubscriptIndex{std::move(zero)});
      continue;
    }
    items.push_back(typed::SubscriptSlice{});
    shape.push_back(size);
  }
  if (shape.empty())
    return sema.unsupported(loc, "an array without dimensions");
  return viewOf(sema, loc, std::move(array), std::move(items), std::move(shape));
}

Value callExpandDims(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments), {{"a", "axis"}}, 2);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  std::vector<SymbolicSize> shape = knownShape(array);
  std::optional<unsigned> axis =
      axisArgument(sema, *taken[1], static_cast<unsigned>(shape.size()) + 1);
  if (!axis)
    return {loc, Poison{}};
  std::vector<typed::SubscriptItem> items;
  for (unsigned dim = 0; dim <= shape.size(); ++dim) {
    if (dim == *axis)
      items.push_back(typed::SubscriptNewAxis{});
    else
      items.push_back(typed::SubscriptSlice{});
  }
  shape.insert(shape.begin() + *axis, SymbolicSize{"", 0, 1});
  return viewOf(sema, loc, std::move(array), std::move(items), std::move(shape));
}

Value callSwapAxes(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  Parameters taken =
      takeParameters(sema, name, loc, std::move(arguments), {{"a", "axis1", "axis2"}}, 3);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  unsigned dims = taken[0]->typeAs<ArrayType>()->dims;
  std::optional<unsigned> first = axisArgument(sema, *taken[1], dims);
  std::optional<unsigned> second = axisArgument(sema, *taken[2], dims);
  if (!first || !second)
    return {loc, Poison{}};
  std::vector<unsigned> order(dims);
  for (unsigned dim = 0; dim < dims; ++dim)
    order[dim] = dim;
  std::swap(order[*first], order[*second]);
  return sema.transposeArray(loc, std::move(*taken[0]), std::move(order));
}

Value callFlip(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  llvm::StringRef withAxis[] = {"m", "axis"}, plain[] = {"m"};
  bool takesAxis = name == "flip";
  Parameters taken = takeParameters(
      sema, name, loc, std::move(arguments),
      takesAxis ? llvm::ArrayRef<llvm::StringRef>(withAxis) : llvm::ArrayRef(plain), 1);
  if (!taken || !expectArray(sema, name, *taken[0]))
    return {loc, Poison{}};
  Value array = std::move(*taken[0]);
  unsigned dims = array.typeAs<ArrayType>()->dims;
  if (name == "fliplr" && dims < 2)
    return sema.fail(loc, message::flipDimensions);
  std::optional<uint32_t> axes = takesAxis          ? axesArgument(sema, taken[1], dims)
                                 : name == "fliplr" ? 2u
                                                    : 1u;
  if (!axes)
    return {loc, Poison{}};
  for (unsigned dim = 0; dim < dims; ++dim)
    if ((*axes >> dim) & 1)
      array = sliceAlong(sema, loc, std::move(array), dim,
                         sliceItem(std::nullopt, std::nullopt, sema.makeInteger(loc, -1)));
  return array;
}

Value callShape(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  llvm::StringRef names[] = {"a", "axis"};
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments),
                                    llvm::ArrayRef(names, name == "size" ? 2 : 1), 1);
  if (!taken)
    return {loc, Poison{}};
  Value &value = *taken[0];
  if (value.typeAs<ScalarType>()) {
    if (name == "shape")
      return {loc, TupleValue{}};
    return sema.makeInteger(loc, name == "size" ? 1 : 0);
  }
  if (!expectArray(sema, name, value))
    return {loc, Poison{}};
  if (name == "size" && isGiven(taken[1])) {
    std::optional<unsigned> axis = axisArgument(sema, *taken[1], value.typeAs<ArrayType>()->dims);
    if (!axis)
      return {loc, Poison{}};
    typed::Block stmts;
    value = sema.stabilize(std::move(value), stmts);
    return sema.sequence(loc, std::move(stmts), sizeOf(sema, loc, value, *axis));
  }
  return std::move(*attributeOfArray(sema, loc, value, name));
}

//===------------------------------------------------------------------------------------------===//
// meshgrid
//===------------------------------------------------------------------------------------------===//

/// The coordinates of one vector, repeated along the other dimensions of the grid.
static Value coordinate(Analyzer &sema, Loc loc, const Value &vector, unsigned dim, bool isSparse,
                        const std::vector<Value> &sizes) {
  auto dims = static_cast<unsigned>(sizes.size());
  std::vector<typed::SubscriptItem> items;
  std::vector<SymbolicSize> shape(dims, SymbolicSize{"", 0, 1});
  for (unsigned each = 0; each < dims; ++each) {
    if (each == dim)
      items.push_back(typed::SubscriptSlice{});
    else
      items.push_back(typed::SubscriptNewAxis{});
  }
  shape[dim] = knownShape(vector).front();
  Value line = viewOf(sema, loc, sema.duplicate(vector), std::move(items), std::move(shape));
  if (isSparse)
    return sema.copyArray(loc, std::move(line), false);
  std::vector<Value> own;
  for (const Value &size : sizes)
    own.push_back(sema.duplicate(size));
  typed::Block stmts;
  Value grid = sema.stabilize(
      emptyArray(sema, loc, vector.typeAs<ArrayType>()->dtype, std::move(own)), stmts);
  stmts.push_back(
      {loc, typed::StoreSlice{
                std::move(sema.duplicate(grid).expr()), {}, std::move(line.expr()), false}});
  return sema.sequence(loc, std::move(stmts), std::move(grid));
}

Value callMeshgrid(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments) {
  typed::Block stmts;
  std::vector<Value> vectors;
  bool isSparse = false, isMatrix = false;
  for (Argument &argument : arguments) {
    std::optional<Value> value = std::move(argument.value);
    if (argument.keyword.empty()) {
      if (!expectArray(sema, name, *value))
        return {loc, Poison{}};
      if (value->typeAs<ArrayType>()->dims != 1)
        return sema.unsupported(value->loc, "'np.meshgrid' of anything but vectors");
      vectors.push_back(sema.stabilize(std::move(*value), stmts));
    } else if (argument.keyword == "indexing" && value->as<TextValue>()) {
      const std::string &indexing = value->as<TextValue>()->text;
      if (indexing != "ij" && indexing != "xy")
        return sema.fail(argument.loc, message::meshgridIndexing);
      isMatrix = indexing == "ij";
    } else if (argument.keyword == "sparse") {
      std::optional<bool> flag = constantFlag(sema, value, "sparse", false);
      if (!flag)
        return {loc, Poison{}};
      isSparse = *flag;
    } else {
      return sema.unsupported(argument.loc,
                              "keyword argument '" + argument.keyword + "' of 'np." + name + "'");
    }
  }
  if (vectors.empty() || vectors.size() > 8)
    return sema.unsupported(loc, "'np.meshgrid' of none or more than 8 vectors");
  // Cartesian indexing exchanges the first two dimensions.
  auto dims = static_cast<unsigned>(vectors.size());
  auto dimOf = [&](unsigned index) {
    return !isMatrix && dims > 1 && index < 2 ? 1 - index : index;
  };
  std::vector<Value> sizes;
  for (unsigned dim = 0; dim < dims; ++dim)
    sizes.push_back(sema.stabilize(sizeOf(sema, loc, vectors[dimOf(dim)], 0), stmts));
  TupleValue grids;
  for (unsigned index = 0; index < dims; ++index)
    grids.elements.push_back(coordinate(sema, loc, vectors[index], dimOf(index), isSparse, sizes));
  grids.elements.front() = sema.sequence(loc, std::move(stmts), std::move(grids.elements.front()));
  return {loc, std::move(grids)};
}

} // namespace hpcc::frontend::sema
