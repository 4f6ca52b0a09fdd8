// Subscripts: elements, views, slices of lists, elements of tuples.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

/// The size of `lower:upper:step` of a dimension, as far as it is known.
static SymbolicSize slicedSize(const SymbolicSize &size, std::optional<int64_t> lower,
                               bool hasLower, std::optional<int64_t> upper, bool hasUpper,
                               std::optional<int64_t> step, bool hasStep) {
  SymbolicSize result;
  if ((hasLower && !lower) || (hasUpper && !upper) || (hasStep && (!step || *step == 0)))
    return result;
  int64_t s = hasStep ? *step : 1;
  if (size.value) {
    int64_t n = *size.value;
    auto clamp = [n](int64_t bound, int64_t low, int64_t high) {
      if (bound < 0)
        bound += n;
      return std::min(std::max(bound, low), high);
    };
    int64_t start, stop;
    if (s > 0) {
      start = hasLower ? clamp(*lower, 0, n) : 0;
      stop = hasUpper ? clamp(*upper, 0, n) : n;
      result.value = stop > start ? (stop - start - 1) / s + 1 : 0;
    } else {
      start = hasLower ? clamp(*lower, -1, n - 1) : n - 1;
      stop = hasUpper ? clamp(*upper, -1, n - 1) : -1;
      result.value = start > stop ? (start - stop - 1) / -s + 1 : 0;
    }
  }
  // The user's spelling: n minus what the bounds cut off.
  bool cuts = s == 1 && (!hasLower || *lower >= 0) && (!hasUpper || *upper < 0);
  if (cuts && !size.base.empty()) {
    result.base = size.base;
    result.offset = size.offset - (hasLower ? *lower : 0) + (hasUpper ? *upper : 0);
  }
  return result;
}

typed::SubscriptSlice Analyzer::evaluateSlice(const ast::Slice &slice, SymbolicSize *size) {
  typed::SubscriptSlice result;
  std::optional<int64_t> known[3];
  bool given[3] = {};
  const ast::ExprPtr *sources[] = {&slice.lower, &slice.upper, &slice.step};
  typed::ExprPtr *targets[] = {&result.lower, &result.upper, &result.step};
  for (int k = 0; k < 3; ++k) {
    if (!*sources[k])
      continue;
    Value bound = evaluate(**sources[k]);
    if (bound.as<NoneValue>())
      continue;
    bound = toIndex(std::move(bound), "slice indices");
    given[k] = true;
    if (bound.isPoison())
      continue;
    known[k] = bound.constantInteger();
    *targets[k] = std::make_unique<typed::Expr>(std::move(bound.expr()));
  }
  if (size)
    *size = slicedSize(*size, known[0], given[0], known[1], given[1], known[2], given[2]);
  return result;
}

/// An array or list as a subscript.
static bool isSelector(const Value &value) {
  return value.typeAs<ArrayType>() || value.typeAs<ListType>();
}

bool Analyzer::evaluateItems(const ast::Expr &slice, const Value &base, Items &items) {
  const auto *array = base.typeAs<ArrayType>();
  std::vector<const ast::Expr *> parts;
  if (const auto *tuple = std::get_if<ast::Tuple>(&slice.node))
    for (const ast::Expr &element : tuple->elts)
      parts.push_back(&element);
  else
    parts.push_back(&slice);

  // Evaluated left to right; a name may stand for a tuple, an ellipsis or None.
  struct Part {
    const ast::Expr *expr;
    const ast::Slice *slice = nullptr;
    Value value;
  };
  std::vector<Part> evaluated;
  bool failed = false;
  for (const ast::Expr *part : parts) {
    if (const auto *node = std::get_if<ast::Slice>(&part->node)) {
      evaluated.push_back({part, node, Value{part->loc, NoneValue{}}});
      continue;
    }
    Value value = evaluate(*part);
    failed |= value.isPoison();
    if (auto *tuple = value.as<TupleValue>(); tuple && parts.size() == 1) {
      for (Value &element : tuple->elements)
        evaluated.push_back({part, nullptr, std::move(element)});
      continue;
    }
    evaluated.push_back({part, nullptr, std::move(value)});
  }
  if (failed)
    return false;

  unsigned consumed = 0, ellipses = 0;
  for (const Part &part : evaluated) {
    if (part.value.as<EllipsisValue>())
      ++ellipses;
    else if (part.slice || !part.value.as<NoneValue>())
      ++consumed;
  }
  if (ellipses > 1) {
    fail(slice.loc, message::severalEllipses);
    return false;
  }
  if (consumed > array->dims) {
    fail(slice.loc, message::tooManyIndices, array->dims, consumed);
    return false;
  }
  const std::vector<SymbolicSize> &shape = base.facts().shape;
  bool known = shape.size() == array->dims;
  unsigned dim = 0;
  bool hasSlice = false;
  auto sizeOf = [&](unsigned d) { return known ? shape[d] : SymbolicSize{}; };
  auto full = [&] {
    items.items.push_back(typed::SubscriptSlice{});
    items.shape.push_back(sizeOf(dim++));
    hasSlice = true;
  };
  for (Part &part : evaluated) {
    if (part.slice) {
      SymbolicSize size = sizeOf(dim++);
      typed::SubscriptSlice node = evaluateSlice(*part.slice, &size);
      items.items.push_back(std::move(node));
      items.shape.push_back(size);
      hasSlice = true;
    } else if (part.value.as<EllipsisValue>()) {
      for (unsigned rest = array->dims - consumed; rest > 0; --rest)
        full();
      hasSlice = true;
    } else if (part.value.as<NoneValue>()) {
      items.items.push_back(typed::SubscriptNewAxis{});
      items.shape.push_back({"", 0, 1});
      hasSlice = true;
    } else if (isSelector(part.value) && evaluated.size() == 1) {
      items.selector = std::move(part.value);
      return true;
    } else if (isSelector(part.value)) {
      bool mask =
          part.value.typeAs<ArrayType>() && part.value.typeAs<ArrayType>()->dtype == DType::Bool;
      unsupported(part.expr->loc, mask ? "indexing by a boolean array among other subscripts"
                                       : "indexing by an array of integers among other subscripts");
      return false;
    } else {
      const auto *scalar = part.value.typeAs<ScalarType>();
      if (scalar && scalar->dtype == DType::Bool) {
        unsupported(part.expr->loc, "indexing by a boolean");
        return false;
      }
      Value index = toIndex(std::move(part.value), "array indices");
      if (index.isPoison())
        return false;
      items.items.push_back(
          typed::SubscriptIndex{std::make_unique<typed::Expr>(std::move(index.expr()))});
      ++dim;
    }
  }
  while (dim < array->dims)
    full();
  items.dims = static_cast<unsigned>(items.shape.size());
  items.isElement = !hasSlice;
  if (diags.hasProblems() && items.items.empty())
    return false;
  return true;
}

Value Analyzer::subscriptTuple(const ast::Expr &expr, const ast::Subscript &node,
                               TupleValue tuple) {
  int64_t size = static_cast<int64_t>(tuple.elements.size());
  Value index = evaluate(*node.slice);
  if (index.isPoison())
    return index;
  index = toIndex(std::move(index), "tuple indices");
  if (index.isPoison())
    return index;
  std::optional<int64_t> known = index.constantInteger();
  if (!known)
    return unsupported(node.slice->loc, "a tuple index that is not known at compile time");
  int64_t position = *known < 0 ? *known + size : *known;
  if (position < 0 || position >= size)
    return fail(node.slice->loc, message::tupleIndex);
  // All elements are evaluated, as Python does.
  typed::Block stmts;
  for (int64_t k = 0; k < size; ++k)
    tuple.elements[k] = stabilize(std::move(tuple.elements[k]), stmts);
  Value element = std::move(tuple.elements[position]);
  element.loc = expr.loc;
  return sequence(expr.loc, std::move(stmts), std::move(element));
}

Value Analyzer::subscriptList(const ast::Expr &expr, const ast::Subscript &node, Value list) {
  ListType type = *list.typeAs<ListType>();
  if (const auto *slice = std::get_if<ast::Slice>(&node.slice->node)) {
    typed::SubscriptSlice bounds = evaluateSlice(*slice, nullptr);
    return makeTyped(
        expr.loc, type,
        typed::ListSlice{std::make_unique<typed::Expr>(std::move(list.expr())), std::move(bounds)});
  }
  Value index = toIndex(evaluate(*node.slice), "list indices");
  if (index.isPoison())
    return index;
  typed::Element element{std::make_unique<typed::Expr>(std::move(list.expr())), {}};
  element.indices.push_back(std::move(index.expr()));
  return makeTyped(expr.loc, ScalarType{type.element, true}, std::move(element));
}

Value Analyzer::evaluateSubscript(const ast::Expr &expr, const ast::Subscript &node) {
  Value base = evaluate(*node.value);
  if (base.isPoison())
    return base;
  if (auto *tuple = base.as<TupleValue>())
    return subscriptTuple(expr, node, std::move(*tuple));
  if (base.typeAs<ListType>())
    return subscriptList(expr, node, std::move(base));
  if (base.as<TextValue>())
    return unsupported(expr.loc, "a part of a string");
  const auto *array = base.typeAs<ArrayType>();
  if (!array)
    return fail(expr.loc, message::notSubscriptable, describe(base));
  DType dtype = array->dtype;
  Items items;
  if (!evaluateItems(*node.slice, base, items))
    return {expr.loc, Poison{}};
  if (items.selector)
    return selectElements(*this, expr.loc, std::move(base), std::move(*items.selector));
  if (items.isElement) {
    typed::Element element{std::make_unique<typed::Expr>(std::move(base.expr())), {}};
    for (typed::SubscriptItem &item : items.items)
      element.indices.push_back(std::move(*std::get<typed::SubscriptIndex>(item).at));
    return makeTyped(expr.loc, ScalarType{dtype, false}, std::move(element));
  }
  Facts facts;
  facts.shape = std::move(items.shape);
  facts.name = base.facts().name;
  facts.origin = base.facts().origin;
  facts.subscript = &expr;
  return makeTyped(
      expr.loc, ArrayType{dtype, items.dims},
      typed::View{std::make_unique<typed::Expr>(std::move(base.expr())), std::move(items.items)},
      std::move(facts));
}

} // namespace hpcc::frontend::sema
