// Sequences taken apart: unpacking, loops over the rows of an array, tuples stored to a part of
// one.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

static typed::ExprPtr box(Value value) {
  return std::make_unique<typed::Expr>(std::move(value.expr()));
}

/// sequence[index] for an index in range: an element, or a view of an array with one dimension
/// less.
Value Analyzer::elementOf(Loc loc, const Value &sequence, Value index) {
  const auto *array = sequence.typeAs<ArrayType>();
  if (array && array->dims > 1) {
    Facts facts;
    facts.origin = sequence.facts().origin;
    if (sequence.facts().shape.size() == array->dims)
      facts.shape.assign(sequence.facts().shape.begin() + 1, sequence.facts().shape.end());
    typed::View row{box(duplicate(sequence)), {}};
    row.items.push_back(typed::SubscriptIndex{box(std::move(index))});
    for (unsigned dim = 1; dim < array->dims; ++dim)
      row.items.push_back(typed::SubscriptSlice{});
    return makeTyped(loc, ArrayType{array->dtype, array->dims - 1}, std::move(row), facts);
  }
  ScalarType type = array ? ScalarType{array->dtype, false}
                          : ScalarType{sequence.typeAs<ListType>()->element, true};
  typed::Element element{box(duplicate(sequence)), {}};
  element.indices.push_back(std::move(index.expr()));
  return makeTyped(loc, type, std::move(element));
}

/// Raises Python's error, now or at run time, unless the sequence has as many elements as are
/// wanted. False if nothing can come of it.
bool Analyzer::checkUnpackedLength(size_t wanted, Loc loc, const Value &sequence) {
  const std::vector<SymbolicSize> &shape = sequence.facts().shape;
  if (!shape.empty() && shape.front().value && branches == 0 &&
      sequence.typeAs<ArrayType>()) { // a list may have grown
    auto size = static_cast<size_t>(*shape.front().value);
    if (size > wanted)
      fail(loc, message::tooManyValues, wanted);
    else if (size < wanted)
      fail(loc, message::notEnoughValues, wanted, size);
    return size == wanted;
  }
  auto size = [&] { return makeTyped(loc, weakInt, typed::SizeOf{box(duplicate(sequence)), 0}); };
  auto raiseIf = [&](ast::CompareOperator op, typed::RaiseError error) {
    Value test = compare(op, loc, loc, size(), makeInteger(loc, static_cast<int64_t>(wanted)));
    typed::Block raise;
    raise.push_back({loc, std::move(error)});
    emit(loc, typed::If{std::move(test.expr()), std::move(raise), {}});
  };
  auto expected = [&] {
    typed::ExprList integers;
    integers.push_back(std::move(makeInteger(loc, static_cast<int64_t>(wanted)).expr()));
    return integers;
  };
  raiseIf(ast::CompareOperator::Gt, {"UnpackTooMany", "", expected()});
  typed::ExprList both = expected();
  both.push_back(std::move(size().expr()));
  raiseIf(ast::CompareOperator::Lt, {"UnpackTooFew", "", std::move(both)});
  return true;
}

void Analyzer::unpack(const ast::ExprList &targets, Loc loc, Value value) {
  auto forget = [&] {
    for (const ast::Expr &target : targets)
      forgetTarget(target);
  };
  for (const ast::Expr &target : targets)
    if (std::get_if<ast::Starred>(&target.node)) {
      if (!value.isPoison())
        unsupported(target.loc, "a starred assignment target");
      return forget();
    }
  if (value.typeAs<ArrayType>() || value.typeAs<ListType>()) {
    Value sequence = stabilize(std::move(value), *out);
    if (!checkUnpackedLength(targets.size(), loc, sequence))
      return forget();
    TupleValue elements;
    for (size_t index = 0; index < targets.size(); ++index)
      elements.elements.push_back(
          elementOf(loc, sequence, makeInteger(loc, static_cast<int64_t>(index))));
    value = Value{sequence.loc, std::move(elements)};
  }
  auto *tuple = value.as<TupleValue>();
  if (value.isPoison() || !tuple) {
    if (value.typeAs<ScalarType>() || value.as<NoneValue>())
      fail(value.loc, message::notIterable, describe(value));
    else if (!value.isPoison())
      unsupported(value.loc, "unpacking of this value", "a, b = x[0], x[1]");
    return forget();
  }
  if (tuple->elements.size() != targets.size()) {
    if (tuple->elements.size() > targets.size())
      fail(loc, message::tooManyValues, targets.size());
    else
      fail(loc, message::notEnoughValues, targets.size(), tuple->elements.size());
    return forget();
  }
  // All values are complete before the first target is assigned; what reads a variable that an
  // earlier target may change goes through a temporary.
  for (Value &element : tuple->elements)
    if (element.as<TypedValue>() && targets.size() > 1 &&
        !std::holds_alternative<typed::Constant>(element.expr().node)) {
      Facts facts = element.facts();
      Type type = element.expr().type;
      if (std::holds_alternative<NoneType>(type))
        continue;
      typed::VariableId variable = temporary(type);
      emit(element.loc, typed::Assign{variable, std::move(element.expr())});
      element = makeTyped(element.loc, type, typed::Read{variable, false}, std::move(facts));
    }
  for (auto &&[target, element] : llvm::zip(targets, tuple->elements))
    assignTarget(target, std::move(element));
}

/// for row in a: of an array with several dimensions, whose rows are views, or with targets that
/// take them apart. The array is held during the loop.
void Analyzer::loopOverRows(const ast::Stmt &stmt, const ast::For &node, Value array) {
  std::set<std::string> assigned;
  collectTargets(*node.target, assigned);
  collectAssigned(node.body, assigned);
  array = stabilize(std::move(array), *out);
  if (assigned.contains(array.facts().name)) {
    Type type = *array.type();
    typed::VariableId held = temporary(type);
    Facts facts = array.facts();
    emit(array.loc, typed::Assign{held, std::move(array.expr())});
    array = makeTyped(array.loc, type, typed::Read{held, false}, std::move(facts));
  }
  typed::VariableId index = temporary(weakInt);
  auto enter = [&] {
    Value at = makeTyped(array.loc, weakInt, typed::Read{index, false});
    assignTarget(*node.target, elementOf(node.target->loc, array, std::move(at)));
  };
  analyzeLoop(stmt, node.body, node.orelse, assigned, nullptr, enter,
              [&](typed::Block body, typed::Block otherwise) -> typed::Stmt {
                Loc loc = array.loc;
                typed::Expr size{loc, weakInt, typed::SizeOf{box(duplicate(array)), 0}};
                return {stmt.loc,
                        typed::ForRange{index, std::move(makeInteger(loc, 0).expr()),
                                        std::move(size), std::move(makeInteger(loc, 1).expr()),
                                        std::move(body), std::move(otherwise)}};
              });
}

/// A tuple or list of numbers as an array of the given dtype, to be stored.
Value Analyzer::sequenceAsArray(Value value, DType dtype) {
  Loc loc = value.loc;
  auto refuse = [&] {
    return unsupported(loc, "assignment of this tuple or list to a part of an array",
                       "np.array([...]) makes an array of numbers");
  };
  if (auto *tuple = value.as<TupleValue>()) {
    typed::ListLiteral literal;
    DType element = ir::isFloat(dtype) ? DType::F64 : dtype == DType::Bool ? dtype : DType::I64;
    for (Value &part : tuple->elements) {
      const auto *scalar = part.typeAs<ScalarType>();
      bool narrows = scalar && !scalar->weak && ir::isInteger(dtype) && scalar->dtype != dtype;
      if (!scalar || narrows || ir::isFloat(scalar->dtype) > ir::isFloat(element) ||
          (element == DType::Bool && scalar->dtype != DType::Bool))
        return refuse();
      literal.elements.push_back(std::move(convert(std::move(part), element, true).expr()));
    }
    if (literal.elements.empty())
      return refuse();
    Facts facts;
    facts.shape = {SymbolicSize{"", 0, static_cast<int64_t>(literal.elements.size())}};
    value = makeTyped(loc, ListType{element}, std::move(literal), facts);
  }
  DType element = value.typeAs<ListType>()->element;
  if (ir::isFloat(element) && !ir::isFloat(dtype))
    return refuse();
  typed::Block stmts;
  if (element != dtype && ir::isInteger(dtype))
    checkElements(value, dtype, stmts);
  Facts facts;
  facts.shape = value.facts().shape;
  Value array =
      makeTyped(loc, ArrayType{element, 1}, typed::ListToArray{box(std::move(value))}, facts);
  return sequence(loc, std::move(stmts), convert(std::move(array), dtype, false));
}

} // namespace hpcc::frontend::sema
