// Statements but loops and print: assignments, stores, branches, returns.

#include "frontend/BuildIR.h"
#include "llvm/ADT/STLExtras.h"
#include <cstdlib>

namespace hpcc::frontend {

using ir::ScalarOp;

void Builder::lower(const typed::Block &block) {
  for (const typed::Stmt &stmt : block) {
    lower(stmt);
    // Nothing runs after these.
    if (!scopes.back().block->empty() &&
        std::holds_alternative<ir::Leave>(scopes.back().block->back().node))
      return;
  }
}

void Builder::lower(const typed::Stmt &stmt) {
  Loc outer = here;
  here = stmt.loc;
  size_t count = temporaries();
  std::visit([&](const auto &node) { lowerNode(node); }, stmt.node);
  dropTemporaries(count);
  here = outer;
}

//===------------------------------------------------------------------------------------------===//
// Assignments
//===------------------------------------------------------------------------------------------===//

void Builder::lowerNode(const typed::Assign &node) { assign(node.variable, value(node.value)); }

/// A value that an earlier assignment of the same statement would change is stored before.
void Builder::lowerNode(const typed::AssignMany &node) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &expr : node.values)
    exprs.push_back(&expr);
  std::vector<Value> values = operands(exprs);
  for (auto [value, expr] : llvm::zip_equal(values, exprs))
    if (value.elements)
      value = {{}, named(std::move(value), expr->type), std::nullopt};
  // What the assignments do, without doing it: the first index changes before the last is read.
  for (size_t later = 1; later < values.size(); ++later) {
    ir::Block assignments = inBlock([&] {
      for (size_t earlier = 0; earlier < later; ++earlier)
        assign(node.variables[earlier], values[earlier]);
    });
    bool raises = llvm::any_of(values[later].scalars, ir::canRaise);
    if (raises || disturbs(assignments, values[later]))
      values[later] = store(std::move(values[later]), exprs[later]->type);
  }
  for (auto [variable, value] : llvm::zip_equal(node.variables, values))
    assign(variable, std::move(value));
}

//===------------------------------------------------------------------------------------------===//
// Stores
//===------------------------------------------------------------------------------------------===//

/// Python evaluates the value, then the base, then the indices.
void Builder::lowerNode(const typed::StoreElement &node) {
  std::vector<const typed::Expr *> exprs{&node.value, &node.base};
  for (const typed::Expr &index : node.indices)
    exprs.push_back(&index);
  std::vector<Value> values = operands(exprs);
  // The checks of the indices come after the evaluation of the value.
  Scalar element = std::move(values[0].scalars.front());
  if (ir::canRaise(element))
    element = store(std::move(element));
  std::vector<Affine> indices;
  for (Value &index : llvm::drop_begin(values, 2))
    indices.push_back(freeze(std::move(index.scalars.front()), "k"));
  BufferId base = named(std::move(values[1]), node.base.type);
  bool isList = std::holds_alternative<ListType>(node.base.type);
  ir::Access target = elementAccess(base, std::move(indices), "ListStoreIndex", isList);
  compute({}, std::move(target), std::move(element));
}

/// Raises NumPy's error unless the value's shape can be stored in the target's.
static void checkStoredShape(Builder &builder, llvm::ArrayRef<Affine> from,
                             llvm::ArrayRef<Affine> to, bool augmented) {
  std::vector<Scalar> conditions, arguments;
  size_t extra = from.size() > to.size() ? from.size() - to.size() : 0;
  for (const Affine &size : from.take_front(extra))
    conditions.push_back(augmented ? ir::constantBool(false)
                                   : builder.compare(ScalarOp::Equal, size, Affine(1)));
  for (size_t dim = extra; dim < from.size(); ++dim) {
    const Affine &size = to[dim + to.size() - from.size()];
    Scalar same = builder.compare(ScalarOp::Equal, from[dim], size);
    conditions.push_back(
        augmented ? std::move(same)
                  : builder.anyOf(
                        {std::move(same), builder.compare(ScalarOp::Equal, from[dim], Affine(1))}));
  }
  Builder::appendShape(arguments, augmented ? to : from);
  Builder::appendShape(arguments, augmented ? from : to);
  builder.check(builder.allOf(std::move(conditions)),
                augmented ? "BroadcastOutput" : "BroadcastInput", std::move(arguments));
}

/// The array seen with the target's shape; leading dimensions of size one beyond it are left out.
static BufferId stretched(Builder &builder, BufferId source, llvm::ArrayRef<Affine> shape) {
  std::vector<Affine> own = builder.shapeOf(source);
  if (own.size() > shape.size()) {
    std::vector<Item> items(own.size(), ItemSlice{});
    std::fill(items.begin(), items.begin() + static_cast<ptrdiff_t>(own.size() - shape.size()),
              ItemIndex{0});
    source = builder.viewOf(source, items);
    own = builder.shapeOf(source);
  }
  if (llvm::ArrayRef<Affine>(own) == shape)
    return source;
  return builder.newView(source, shape.vec(), ir::Broadcast{shape.vec()});
}

/// The slice of a one-dimensional array that a view of the current block is, and that array.
static std::optional<std::pair<BufferId, ir::ViewSlice>> sliceOfView(const Builder &builder,
                                                                     BufferId view) {
  for (const ir::Stmt &stmt : llvm::reverse(*builder.scopes.back().block)) {
    auto *node = std::get_if<ir::View>(&stmt.node);
    if (!node || node->result != view)
      continue;
    auto *subscript = std::get_if<ir::Subscript>(&node->form);
    if (!subscript || subscript->dims.size() != 1)
      return std::nullopt;
    auto *slice = std::get_if<ir::ViewSlice>(&subscript->dims.front());
    return slice ? std::optional(std::pair(node->base, *slice)) : std::nullopt;
  }
  return std::nullopt;
}

/// Two slices of one array with different steps of one sign, such as a[::2] = a[:5]: NumPy makes no
/// copy then but walks both in the order of memory, backward where the source begins before the
/// target and reaches into it, and so reads elements that it has stored. False if this is not such
/// a store; all others are as if the value was complete before.
static bool storeInMemoryOrder(Builder &builder, BufferId target, BufferId source) {
  auto to = sliceOfView(builder, target), from = sliceOfView(builder, source);
  if (!to || !from || to->first != from->first || to->second.step == from->second.step)
    return false;
  std::optional<int64_t> toStep = to->second.step.asConstant();
  std::optional<int64_t> fromStep = from->second.step.asConstant();
  if (!toStep || !fromStep || (*toStep < 0) != (*fromStep < 0))
    return false;
  // Both from their lowest element on. For a source of one element, which repeats, no order shows.
  const Affine size = to->second.size, sourceSize = from->second.size;
  Affine last = size - 1;
  bool descends = *toStep < 0;
  Affine toLow = to->second.start, fromLow = from->second.start;
  if (descends) {
    toLow = toLow + last * *toStep;
    fromLow = fromLow + (sourceSize - 1) * *fromStep;
  }
  Affine fromEnd = fromLow + sourceSize * std::abs(*fromStep);
  BufferId read =
      sourceSize == size ? source : builder.newView(source, {size}, ir::Broadcast{{size}});
  Scalar isBackward = builder.allOf({builder.compare(ScalarOp::Less, fromLow, toLow),
                                     builder.compare(ScalarOp::Greater, fromEnd, toLow)});
  auto copy = [&](bool fromLast) {
    return builder.inBlock([&] {
      SymbolId axis = builder.newAxes(1).front();
      Affine position = fromLast ? last - Affine(axis) : Affine(axis);
      builder.compute({{axis, 0, size, 1, ir::AxisKind::Seq}}, {target, std::nullopt, {position}},
                      ir::load(read, {position}));
    });
  };
  ir::Block backward = copy(!descends), forward = copy(descends);
  builder.emit(ir::If{std::move(isBackward), std::move(backward), std::move(forward)});
  return true;
}

/// The operation of `a op= b` below the conversion of its result.
static const typed::Expr *operationOf(const typed::Expr &value) {
  const typed::Expr *expr = &value;
  for (;;) {
    if (auto *cast = std::get_if<typed::Cast>(&expr->node))
      expr = cast->operand.get();
    else if (auto *sequence = std::get_if<typed::Sequence>(&expr->node))
      expr = sequence->value.get();
    else
      return expr;
  }
}

void Builder::lowerNode(const typed::StoreSlice &node) {
  inPlace = node.augmented ? operationOf(node.value) : nullptr;
  Value stored = value(node.value);
  inPlace = nullptr;
  if (stored.elements)
    stored = {{}, named(std::move(stored), node.value.type), std::nullopt};
  std::vector<const typed::Expr *> exprs{&node.base};
  for (const typed::SubscriptItem &item : node.items)
    appendExprs(item, exprs);
  size_t mark = scopes.back().block->size();
  std::vector<Value> values = operands(exprs);
  std::vector<Item> items = itemsOf(node.items, llvm::ArrayRef(values).drop_front());
  BufferId base = named(std::move(values.front()), node.base.type);
  BufferId target = items.empty() ? base : viewOf(base, items);

  // The value was evaluated before the target; what that changed is put in front of it.
  llvm::ArrayRef<ir::Stmt> since(*scopes.back().block);
  if (disturbs(since.drop_front(mark), stored)) {
    ir::Block &block = *scopes.back().block;
    ir::Block before;
    std::swap(before, block);
    stored = store(std::move(stored), node.value.type);
    std::swap(before, block);
    block.insert(block.begin() + static_cast<ptrdiff_t>(mark),
                 std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
  }
  if (!stored.array) {
    fill(target, simple(std::move(stored.scalars.front())));
    return;
  }
  std::vector<Affine> shape = shapeOf(target);
  checkStoredShape(*this, shapeOf(*stored.array), shape, node.augmented);
  BufferId source = *stored.array;
  if (storeInMemoryOrder(*this, target, source))
    return;
  // Storage that only this statement knows cannot overlap the target.
  if (program[source].storage != ir::Storage::Own)
    source = copyOf(source, true);
  copy(target, stretched(*this, source, shape));
}

/// NumPy compares the sizes of base and mask, but lets an axis of the mask without elements pass.
void Builder::checkMask(llvm::ArrayRef<Affine> shape, llvm::ArrayRef<Affine> maskShape) {
  for (auto [dim, sizes] : llvm::enumerate(llvm::zip_equal(shape, maskShape))) {
    auto [size, maskSize] = sizes;
    check(anyOf({compare(ScalarOp::Equal, size, maskSize),
                 compare(ScalarOp::Equal, maskSize, Affine(0))}),
          "MaskMismatch",
          {ir::constantInteger(static_cast<int64_t>(dim)), ir::affineScalar(size),
           ir::affineScalar(maskSize)});
  }
}

void Builder::lowerNode(const typed::CheckMask &node) {
  std::vector<Value> values = operands({&node.base, &node.mask});
  BufferId base = named(std::move(values[0]), node.base.type);
  BufferId mask = named(std::move(values[1]), node.mask.type);
  checkMask(shapeOf(base), shapeOf(mask));
}

void Builder::lowerNode(const typed::StoreMask &node) {
  std::vector<Value> values = operands({&node.value, &node.base, &node.mask});
  BufferId base = named(std::move(values[1]), node.base.type);
  BufferId mask = named(std::move(values[2]), node.mask.type);
  std::vector<Affine> shape = shapeOf(base), maskShape = shapeOf(mask);
  bool isScalar = !values[0].scalars.empty();
  if (isScalar)
    checkMask(shape, maskShape);
  std::vector<Scalar> fits;
  for (auto [size, maskSize] : llvm::zip_equal(shape, maskShape))
    fits.push_back(compare(ScalarOp::Equal, size, maskSize));

  // NumPy walks base and mask together: a mask that lies in the base is seen as it changes.
  bool mayOverlap = program[base].type == DType::Bool && program[mask].storage != ir::Storage::Own;
  ir::AxisKind kind = mayOverlap ? ir::AxisKind::Seq : ir::AxisKind::Par;
  auto storeSelected = [&] {
    if (isScalar) {
      std::vector<SymbolId> axes = newAxes(shape.size());
      ir::Compute store{boxOf(axes, shape, kind), {}};
      store.body.push_back({{base, std::nullopt, {axes.begin(), axes.end()}},
                            ir::AssignOp::Set,
                            simple(std::move(values[0].scalars.front())),
                            ir::load(mask, {axes.begin(), axes.end()}),
                            ir::ReductionOrder::Any,
                            {},
                            here});
      return emit(std::move(store));
    }
    Elements elements = elementsOf(std::move(values[0]));
    std::vector<ir::Index> point(elements.axes.begin(), elements.axes.end());
    std::vector<Scalar> choice{ir::load(mask, point), std::move(elements.value),
                               ir::load(base, point)};
    compute(boxOf(elements.axes, shape, kind), {base, std::nullopt, point},
            ir::apply(program, ScalarOp::Select, std::move(choice)));
  };
  Scalar allFit = allOf(std::move(fits));
  if (allFit == ir::constantBool(true))
    storeSelected();
  else
    emit(ir::If{std::move(allFit), inBlock(storeSelected), {}});
}

//===------------------------------------------------------------------------------------------===//
// Control flow
//===------------------------------------------------------------------------------------------===//

/// Temporaries of the test end before the branch; a variable holds what the test found in them.
void Builder::lowerNode(const typed::If &node) {
  size_t count = temporaries();
  Scalar test = scalar(node.test);
  if (temporaries() > count) {
    test = store(std::move(test));
    dropTemporaries(count);
  }
  ir::Block then = inBlock([&] { lower(node.then); });
  ir::Block otherwise = inBlock([&] { lower(node.otherwise); });
  emit(ir::If{std::move(test), std::move(then), std::move(otherwise)});
}

/// At the end of the function no label is needed.
void Builder::lowerNode(const typed::Return &node) {
  size_t count = temporaries();
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &expr : node.values)
    exprs.push_back(&expr);
  std::vector<Value> values = operands(exprs);
  for (auto [value, expr] : llvm::zip_equal(values, exprs))
    if (value.elements)
      value = {{}, named(std::move(value), expr->type), std::nullopt};
  // Results are new variables: assigning one changes nothing that another reads. A result None has
  // no value.
  for (auto [place, value] : llvm::zip(state.results, values))
    assign(place, std::move(value));
  dropTemporaries(count);
  if (!state.returnLabel)
    state.returnLabel = newLabel();
  emit(ir::Leave{*state.returnLabel});
}

void Builder::lowerNode(const typed::Evaluate &node) {
  Value result = value(node.value);
  if (result.elements) {
    named(std::move(result), node.value.type);
    return;
  }
  for (Scalar &tree : result.scalars)
    if (ir::canRaise(tree))
      store(std::move(tree));
}

/// Results go to the variables themselves; to a variable that stands twice the last one counts.
void Builder::lowerNode(const typed::CallStmt &node) {
  std::vector<BufferId> results;
  for (size_t index = 0; index < node.results.size(); ++index) {
    typed::VariableId variable = node.results[index];
    bool isAssignedAgain =
        llvm::is_contained(llvm::ArrayRef(node.results).drop_front(index + 1), variable);
    Place place = isAssignedAgain ? newTemporary(variableOf(variable).type) : placeOf(variable);
    llvm::append_range(results, place.scalars);
    if (place.handle)
      results.push_back(*place.handle);
  }
  call(node.callee, node.arguments, std::move(results));
  for (typed::VariableId variable : node.results)
    if (placeOf(variable).boundFlag)
      set(*placeOf(variable).boundFlag, ir::constantBool(true));
}

void Builder::lowerNode(const typed::Assert &node) {
  check(scalar(node.test), node.hasText ? "AssertionText" : "AssertionPlain", {}, node.text);
}

void Builder::lowerNode(const typed::RaiseError &node) {
  std::vector<Scalar> integers;
  for (const typed::Expr &integer : node.integers)
    integers.push_back(scalar(integer));
  check(ir::constantBool(false), node.error, std::move(integers), node.text);
}

void Builder::lowerNode(const typed::Exit &node) {
  emit(ir::LibraryCall{ir::LibraryFunction::Exit, {scalar(node.code)}});
}

} // namespace hpcc::frontend
