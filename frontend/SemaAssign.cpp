// Assignments: names, parts of arrays and lists, augmented ones.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

void Analyzer::assignTarget(const ast::Expr &target, Value value) {
  if (const auto *name = std::get_if<ast::Name>(&target.node))
    return assignName(name->id, target.loc, std::move(value));
  if (const auto *tuple = std::get_if<ast::Tuple>(&target.node))
    return unpack(tuple->elts, target.loc, std::move(value));
  if (const auto *list = std::get_if<ast::List>(&target.node))
    return unpack(list->elts, target.loc, std::move(value));
  if (std::get_if<ast::Subscript>(&target.node))
    return storeSubscript(target, std::move(value));
  if (std::get_if<ast::Attribute>(&target.node))
    unsupported(target.loc, "assignment to an attribute");
  else
    unsupported(target.loc, "this assignment target");
}

/// After a message about their assignment: nothing more is said about these names.
void Analyzer::forgetTarget(const ast::Expr &target) {
  std::set<std::string> names;
  collectTargets(target, names);
  for (const std::string &name : names)
    assignName(name, target.loc, Value{target.loc, Poison{}});
}

void Analyzer::storeSubscript(const ast::Expr &target, Value value) {
  const auto &node = std::get<ast::Subscript>(target.node);
  Value base = evaluate(*node.value);
  if (base.isPoison() || value.isPoison())
    return;
  if (const auto *list = base.typeAs<ListType>()) {
    if (std::get_if<ast::Slice>(&node.slice->node)) {
      unsupported(node.slice->loc, "assignment to a slice of a list");
      return;
    }
    Value index = toIndex(evaluate(*node.slice), "list indices");
    const auto *scalar = value.typeAs<ScalarType>();
    if (index.isPoison())
      return;
    if (!scalar || !scalar->weak || scalar->dtype != list->element) {
      auto builder =
          diags.report(value.loc, message::listElementType, nameOf(*base.type()), describe(value));
      if (scalar && scalar->weak && list->element == DType::F64)
        builder.help("write a float, such as 1.0 or float(x)");
      return;
    }
    typed::StoreElement store{std::move(base.expr()), {}, std::move(value.expr())};
    store.indices.push_back(std::move(index.expr()));
    emit(target.loc, std::move(store));
    return;
  }
  const auto *array = base.typeAs<ArrayType>();
  if (!array) {
    fail(target.loc, message::noItemAssignment, describe(base));
    return;
  }
  ArrayType type = *array;
  // a[mask] = value
  if (!std::get_if<ast::Tuple>(&node.slice->node) && !std::get_if<ast::Slice>(&node.slice->node)) {
    // An array subscript is found by its type; integers are evaluated again below.
    Value subscript = evaluate(*node.slice);
    if (subscript.isPoison())
      return;
    if (const auto *mask = subscript.typeAs<ArrayType>()) {
      if (mask->dtype != DType::Bool) {
        unsupported(node.slice->loc, "assignment through an array of indices");
        return;
      }
      if (mask->dims != type.dims) {
        unsupported(node.slice->loc, "a mask with fewer dimensions than the array");
        return;
      }
      if (const auto *elements = value.typeAs<ArrayType>(); elements && elements->dims == 1) {
        Value converted = convert(std::move(value), type.dtype, false);
        emit(target.loc, typed::StoreCompressed{std::move(base.expr()), std::move(subscript.expr()),
                                                std::move(converted.expr())});
        return;
      }
      if (!value.typeAs<ScalarType>() && !value.typeAs<UnionType>()) {
        unsupported(value.loc, "a masked assignment of anything but a number or a vector",
                    "np.where(mask, value, array) selects elementwise");
        return;
      }
      Value element = toElement(std::move(value), type.dtype, target.loc, ElementRule::Masked);
      if (element.isPoison())
        return;
      emit(target.loc, typed::StoreMask{std::move(base.expr()), std::move(subscript.expr()),
                                        std::move(element.expr())});
      return;
    }
  }
  Items items;
  if (!evaluateItems(*node.slice, base, items))
    return;
  if (items.selector) {
    unsupported(node.slice->loc, "assignment through an array of indices");
    return;
  }
  if (!items.isElement && (value.as<TupleValue>() || value.typeAs<ListType>())) {
    value = sequenceAsArray(std::move(value), type.dtype);
    if (value.isPoison())
      return;
  }
  if (value.as<TextValue>() || value.as<NoneValue>()) { // NumPy may take them: "3", None
    unsupported(value.loc, "storing a value of type '" + describe(value) + "' in an array");
    return;
  }
  if (!value.as<TypedValue>()) {
    fail(value.loc, message::notANumber, describe(value));
    return;
  }
  if (items.isElement) {
    if (value.typeAs<ArrayType>() || value.typeAs<ListType>()) {
      fail(value.loc, message::elementFromArray);
      return;
    }
    Value element = toElement(std::move(value), type.dtype, target.loc, ElementRule::Store);
    if (element.isPoison())
      return;
    typed::StoreElement store{std::move(base.expr()), {}, std::move(element.expr())};
    for (typed::SubscriptItem &item : items.items)
      store.indices.push_back(std::move(*std::get<typed::SubscriptIndex>(item).at));
    emit(target.loc, std::move(store));
    return;
  }
  if (const auto *source = value.typeAs<ArrayType>()) {
    const std::vector<SymbolicSize> &from = value.facts().shape;
    // Leading dimensions of size one of the value are ignored, so only trailing sizes can clash.
    for (size_t k = 1; k <= std::min<size_t>(source->dims, items.dims); ++k) {
      if (from.size() != source->dims || items.shape.size() != items.dims)
        break;
      const SymbolicSize &size = from[source->dims - k], &into = items.shape[items.dims - k];
      if (branches == 0 && size.value && into.value && *size.value != 1 &&
          *size.value != *into.value) {
        Facts part;
        part.shape = items.shape;
        part.origin = base.facts().origin;
        part.subscript = &target;
        auto builder = diags.report(target.loc, message::storeShapeMismatch, spellShape(from),
                                    spellShape(items.shape));
        explainShapes(builder.range(value.loc), value.facts(), part);
        return;
      }
    }
  }
  Value element = toElement(std::move(value), type.dtype, target.loc, ElementRule::Store);
  if (element.isPoison())
    return;
  emit(target.loc, typed::StoreSlice{std::move(base.expr()), std::move(items.items),
                                     std::move(element.expr()), false});
}

/// The result of `target op= ...` as the target's dtype, by NumPy's casting rule 'same_kind'.
Value Analyzer::toOutput(Value result, ArrayType target, Loc loc, ast::BinaryOperator op) {
  if (result.isPoison())
    return result;
  const auto *array = result.typeAs<ArrayType>();
  if (!array || array->dims > target.dims)
    return unsupported(loc, "an augmented assignment that changes the number of dimensions");
  DType from = array->dtype;
  if (!castsInPlace(from, target.dtype))
    return fail(loc, message::cannotCastOutput, ast::spelling(op), ir::numpyNameOf(from),
                ir::numpyNameOf(target.dtype));
  return convert(std::move(result), target.dtype, false);
}

/// a[mask] op= scalar: a[mask] is read first; the operation everywhere, stored where the mask is
/// true.
void Analyzer::augmentMasked(const ast::Stmt &stmt, const ast::AugAssign &node, Value base,
                             Value mask) {
  ArrayType type = *base.typeAs<ArrayType>();
  if (mask.typeAs<ArrayType>()->dtype != DType::Bool ||
      mask.typeAs<ArrayType>()->dims != type.dims) {
    unsupported(node.target->loc, "an augmented assignment through this subscript");
    return;
  }
  mask = stabilize(std::move(mask), *out);
  emit(node.target->loc,
       typed::CheckMask{std::move(duplicate(base).expr()), std::move(duplicate(mask).expr())});
  Value operand = evaluate(*node.value);
  if (const auto *elements = operand.typeAs<ArrayType>(); elements && elements->dims == 1) {
    Value current = selectElements(*this, node.target->loc, duplicate(base), duplicate(mask));
    Value result = binary(node.op, stmt.loc, node.opLoc, std::move(current), std::move(operand));
    result = toOutput(std::move(result), ArrayType{type.dtype, 1}, stmt.loc, node.op);
    if (!result.isPoison())
      emit(stmt.loc, typed::StoreCompressed{std::move(base.expr()), std::move(mask.expr()),
                                            std::move(result.expr())});
    return;
  }
  if (!operand.isPoison() && !operand.typeAs<ScalarType>()) {
    unsupported(operand.loc, "a masked augmented assignment of anything but a number or a vector");
    return;
  }
  Value result = binary(node.op, stmt.loc, node.opLoc, duplicate(base), std::move(operand));
  result = toOutput(std::move(result), type, stmt.loc, node.op);
  if (result.isPoison())
    return;
  emit(stmt.loc,
       typed::StoreMask{std::move(base.expr()), std::move(mask.expr()), std::move(result.expr())});
}

void Analyzer::analyzeAugAssign(const ast::Stmt &stmt, const ast::AugAssign &node) {
  if (const auto *name = std::get_if<ast::Name>(&node.target->node)) {
    Value current = readName(name->id, node.target->loc);
    if (auto *pair = current.as<TupleValue>(); pair && pair->onlyAtRoot)
      current = stabilize(atRoot(std::move(current)), *out);
    Value operand = evaluateOperand(*node.value);
    if (current.isPoison() || operand.isPoison())
      return;
    if (const auto *array = current.typeAs<ArrayType>()) {
      ArrayType type = *array;
      Value base = duplicate(current);
      Value result = binary(node.op, stmt.loc, node.opLoc, std::move(current), std::move(operand));
      if (result.isPoison())
        return;
      result = toOutput(std::move(result), type, stmt.loc, node.op);
      if (result.isPoison())
        return;
      emit(stmt.loc, typed::StoreSlice{std::move(base.expr()), {}, std::move(result.expr()), true});
      return;
    }
    if (current.typeAs<ListType>()) {
      unsupported(stmt.loc, "an augmented assignment to a list");
      return;
    }
    Value result = binary(node.op, stmt.loc, node.opLoc, std::move(current), std::move(operand));
    assignName(name->id, node.target->loc, std::move(result));
    return;
  }
  const auto *subscript = std::get_if<ast::Subscript>(&node.target->node);
  if (!subscript) {
    unsupported(node.target->loc, "this target of an augmented assignment");
    return;
  }
  // x[i] op= e: x and i are evaluated once, then x[i] is read, e computed, x[i] stored.
  Value base = evaluate(*subscript->value);
  if (base.isPoison())
    return;
  if (!base.as<TypedValue>()) {
    fail(node.target->loc, message::noItemAssignment, describe(base));
    return;
  }
  base = stabilize(std::move(base), *out);
  if (const auto *list = base.typeAs<ListType>()) {
    ListType type = *list;
    if (std::get_if<ast::Slice>(&subscript->slice->node)) {
      unsupported(subscript->slice->loc, "assignment to a slice of a list");
      return;
    }
    Value index = toIndex(evaluate(*subscript->slice), "list indices");
    if (index.isPoison())
      return;
    index = stabilize(std::move(index), *out);
    typed::Element element{std::make_unique<typed::Expr>(std::move(duplicate(base).expr())), {}};
    element.indices.push_back(std::move(duplicate(index).expr()));
    Value current = makeTyped(node.target->loc, ScalarType{type.element, true}, std::move(element));
    Value result =
        binary(node.op, stmt.loc, node.opLoc, std::move(current), evaluateOperand(*node.value));
    if (result.isPoison())
      return;
    const auto *scalar = result.typeAs<ScalarType>();
    if (!scalar || !scalar->weak || scalar->dtype != type.element) {
      diags.report(stmt.loc, message::listElementType, nameOf(*base.type()),
                   nameOf(*result.type()));
      return;
    }
    typed::StoreElement store{std::move(base.expr()), {}, std::move(result.expr())};
    store.indices.push_back(std::move(index.expr()));
    emit(stmt.loc, std::move(store));
    return;
  }
  const auto *array = base.typeAs<ArrayType>();
  if (!array) {
    fail(node.target->loc, message::noItemAssignment, describe(base));
    return;
  }
  ArrayType type = *array;
  if (!std::get_if<ast::Tuple>(&subscript->slice->node) &&
      !std::get_if<ast::Slice>(&subscript->slice->node)) {
    Value mask = evaluate(*subscript->slice);
    if (mask.isPoison())
      return;
    if (mask.typeAs<ArrayType>())
      return augmentMasked(stmt, node, std::move(base), std::move(mask));
  }
  Items items;
  if (!evaluateItems(*subscript->slice, base, items))
    return;
  if (items.selector) {
    unsupported(subscript->slice->loc, "an augmented assignment through this subscript");
    return;
  }
  if (items.isElement) {
    std::vector<Value> indices;

    for (typed::SubscriptItem &item : items.items) {
      typed::Expr at = std::move(*std::get<typed::SubscriptIndex>(item).at);
      Loc loc = at.loc;
      Value index{loc, TypedValue{std::move(at), {}}};
      indices.push_back(stabilize(std::move(index), *out));
    }
    typed::Element element{std::make_unique<typed::Expr>(std::move(duplicate(base).expr())), {}};
    for (const Value &index : indices)
      element.indices.push_back(std::move(duplicate(index).expr()));
    Value current = makeTyped(node.target->loc, ScalarType{type.dtype, false}, std::move(element));
    Value result =
        binary(node.op, stmt.loc, node.opLoc, std::move(current), evaluateOperand(*node.value));
    if (result.isPoison())
      return;
    if (result.typeAs<ArrayType>()) {
      fail(stmt.loc, message::elementFromArray);
      return;
    }
    result = toElement(std::move(result), type.dtype, stmt.loc, ElementRule::Store);
    if (result.isPoison())
      return;
    typed::StoreElement store{std::move(base.expr()), {}, std::move(result.expr())};
    for (Value &index : indices)
      store.indices.push_back(std::move(index.expr()));
    emit(stmt.loc, std::move(store));
    return;
  }
  // A slice is a view of the array: augmented assignment to a hidden name of it.
  ArrayType viewType{type.dtype, items.dims};
  Origin origin = base.facts().origin;
  typed::VariableId view = temporary(viewType);
  typed::View part{std::make_unique<typed::Expr>(std::move(base.expr())), std::move(items.items)};
  emit(node.target->loc,
       typed::Assign{view, typed::Expr{node.target->loc, viewType, std::move(part)}});
  Facts facts;
  facts.shape = items.shape;
  facts.origin = std::move(origin);
  facts.subscript = node.target.get();
  Value current = makeTyped(node.target->loc, viewType, typed::Read{view, false}, facts);
  Value result =
      binary(node.op, stmt.loc, node.opLoc, std::move(current), evaluateOperand(*node.value));
  if (result.isPoison())
    return;
  result = toOutput(std::move(result), viewType, stmt.loc, node.op);
  if (result.isPoison())
    return;
  emit(stmt.loc,
       typed::StoreSlice{typed::Expr{node.target->loc, viewType, typed::Read{view, false}},
                         {},
                         std::move(result.expr()),
                         true});
}

} // namespace hpcc::frontend::sema
