// Statements: assignments, control flow, imports.

#include "frontend/Sema.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

using ir::overloaded;

void Analyzer::emit(Loc loc, decltype(typed::Stmt::node) node) {
  out->push_back({loc, std::move(node)});
}

//===------------------------------------------------------------------------------------------===//
// Names that a block assigns
//===------------------------------------------------------------------------------------------===//

void collectTargets(const ast::Expr &target, std::set<std::string> &names) {
  if (const auto *name = std::get_if<ast::Name>(&target.node))
    names.insert(name->id);
  else if (const auto *tuple = std::get_if<ast::Tuple>(&target.node))
    for (const ast::Expr &element : tuple->elts)
      collectTargets(element, names);
  else if (const auto *list = std::get_if<ast::List>(&target.node))
    for (const ast::Expr &element : list->elts)
      collectTargets(element, names);
  else if (const auto *starred = std::get_if<ast::Starred>(&target.node))
    collectTargets(*starred->value, names);
}

void collectAssigned(const ast::Block &block, std::set<std::string> &names) {
  for (const ast::Stmt &stmt : block)
    std::visit(overloaded{[&](const ast::Assign &node) {
                            for (const ast::Expr &target : node.targets)
                              collectTargets(target, names);
                          },
                          [&](const ast::AugAssign &node) { collectTargets(*node.target, names); },
                          [&](const ast::AnnAssign &node) { collectTargets(*node.target, names); },
                          [&](const ast::For &node) {
                            collectTargets(*node.target, names);
                            collectAssigned(node.body, names);
                            collectAssigned(node.orelse, names);
                          },
                          [&](const ast::While &node) {
                            collectAssigned(node.body, names);
                            collectAssigned(node.orelse, names);
                          },
                          [&](const ast::If &node) {
                            collectAssigned(node.body, names);
                            collectAssigned(node.orelse, names);
                          },
                          [&](const ast::FunctionDef &node) { names.insert(node.name); },
                          [&](const ast::Import &node) {
                            for (const ast::Alias &alias : node.names)
                              names.insert(alias.asname.empty() ? alias.name : alias.asname);
                          },
                          [&](const ast::ImportFrom &node) {
                            for (const ast::Alias &alias : node.names)
                              names.insert(alias.asname.empty() ? alias.name : alias.asname);
                          },
                          [&](const ast::UnsupportedStmt &node) {
                            for (const ast::Identifier &bound : node.bound)
                              names.insert(bound.name);
                            collectAssigned(node.body, names);
                          },
                          [](const auto &) {}},
               stmt.node);
}

//===------------------------------------------------------------------------------------------===//
// Assignment
//===------------------------------------------------------------------------------------------===//

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
void Analyzer::forgetTargets(const ast::ExprList &targets, Loc loc) {
  std::set<std::string> names;
  for (const ast::Expr &target : targets)
    collectTargets(target, names);
  for (const std::string &name : names)
    assignName(name, loc, Value{loc, Poison{}});
}

void Analyzer::unpack(const ast::ExprList &targets, Loc loc, Value value) {
  auto *tuple = value.as<TupleValue>();
  if (value.isPoison() || !tuple) {
    if (value.typeAs<ScalarType>() || value.as<NoneValue>())
      fail(value.loc, message::notIterable, describe(value));
    else if (!value.isPoison())
      unsupported(value.loc, "unpacking of anything but a tuple", "a, b = x[0], x[1]");
    return forgetTargets(targets, value.loc);
  }
  for (const ast::Expr &target : targets)
    if (std::get_if<ast::Starred>(&target.node)) {
      unsupported(target.loc, "a starred assignment target");
      return forgetTargets(targets, value.loc);
    }
  if (tuple->elements.size() != targets.size()) {
    if (tuple->elements.size() > targets.size())
      fail(loc, message::tooManyValues, targets.size());
    else
      fail(loc, message::notEnoughValues, targets.size(), tuple->elements.size());
    return forgetTargets(targets, value.loc);
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
      auto builder = diags.report(value.loc, message::listElementType, nameOf(*base.type()),
                                  describe(value));
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
      if (!value.typeAs<ScalarType>() && !value.typeAs<UnionType>()) {
        unsupported(value.loc, "a masked assignment of an array",
                    "np.where(mask, value, array) selects elementwise");
        return;
      }
      Value element = toElement(std::move(value), type.dtype, target.loc, false);
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
  if (value.as<TupleValue>() || value.typeAs<ListType>()) {
    unsupported(value.loc, "assignment of a tuple or list to a part of an array");
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
    if (value.typeAs<ArrayType>()) {
      fail(value.loc, message::elementFromArray);
      return;
    }
    Value element = toElement(std::move(value), type.dtype, target.loc, true);
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
      if (size.value && into.value && *size.value != 1 && *size.value != *into.value) {
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
  Value element = toElement(std::move(value), type.dtype, target.loc, false);
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
  bool sameKind = promoteStrong(from, target.dtype) == target.dtype ||
                  (ir::isFloat(from) && ir::isFloat(target.dtype)) ||
                  (ir::isInteger(from) && ir::isInteger(target.dtype));
  if (!sameKind)
    return fail(loc, message::cannotCastOutput, ast::spelling(op), ir::numpyNameOf(from),
                ir::numpyNameOf(target.dtype));
  return convert(std::move(result), target.dtype, false);
}

/// a[mask] op= scalar: the operation everywhere, stored where the mask is true.
void Analyzer::augmentMasked(const ast::Stmt &stmt, const ast::AugAssign &node, Value base,
                             Value mask) {
  ArrayType type = *base.typeAs<ArrayType>();
  if (mask.typeAs<ArrayType>()->dtype != DType::Bool ||
      mask.typeAs<ArrayType>()->dims != type.dims) {
    unsupported(node.target->loc, "an augmented assignment through this subscript");
    return;
  }
  mask = stabilize(std::move(mask), *out);
  Value operand = evaluate(*node.value);
  if (!operand.isPoison() && !operand.typeAs<ScalarType>()) {
    unsupported(operand.loc, "a masked augmented assignment of anything but a number");
    return;
  }
  Value result = binary(node.op, stmt.loc, node.opLoc, duplicate(base), std::move(operand));
  result = toOutput(std::move(result), type, stmt.loc, node.op);
  if (result.isPoison())
    return;
  std::vector<Value> operands;
  operands.push_back(std::move(mask));
  operands.push_back(std::move(result));
  operands.push_back(duplicate(base));
  Value merged = applyNode(stmt.loc, stmt.loc, ir::ScalarOp::Select, false, std::move(operands),
                           type.dtype, false);
  if (!merged.isPoison())
    emit(stmt.loc,
         typed::StoreSlice{std::move(base.expr()), {}, std::move(merged.expr()), true});
}

void Analyzer::analyzeAugAssign(const ast::Stmt &stmt, const ast::AugAssign &node) {
  if (const auto *name = std::get_if<ast::Name>(&node.target->node)) {
    Value current = readName(name->id, node.target->loc);
    Value operand = evaluate(*node.value);
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
    Value result = binary(node.op, stmt.loc, node.opLoc, std::move(current), evaluate(*node.value));
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
    Value result = binary(node.op, stmt.loc, node.opLoc, std::move(current), evaluate(*node.value));
    if (result.isPoison())
      return;
    if (result.typeAs<ArrayType>()) {
      fail(stmt.loc, message::elementFromArray);
      return;
    }
    result = toElement(std::move(result), type.dtype, stmt.loc, true);
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
  Value result = binary(node.op, stmt.loc, node.opLoc, std::move(current), evaluate(*node.value));
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

//===------------------------------------------------------------------------------------------===//
// Control flow
//===------------------------------------------------------------------------------------------===//

/// Is this `__name__ == "__main__"`?
static bool isMainGuard(const ast::Expr &test) {
  const auto *compare = std::get_if<ast::Compare>(&test.node);
  if (!compare || compare->ops.size() != 1 || compare->ops[0] != ast::CompareOperator::Eq)
    return false;
  const auto *name = std::get_if<ast::Name>(&compare->left->node);
  const auto *text = std::get_if<ast::Constant>(&compare->comparators[0].node);
  if (!name || name->id != "__name__" || !text)
    return false;
  const auto *value = std::get_if<std::string>(&text->value);
  return value && *value == "__main__";
}

void Analyzer::analyzeIf(const ast::Stmt &stmt, const ast::If &node) {
  if (isMainGuard(*node.test))
    return analyzeBlock(node.body);
  Value test = truth(evaluate(*node.test));
  bool known = !test.isPoison();
  Env before = function->env;
  typed::Block *outer = out;
  typed::Block thenBlock, elseBlock;
  out = &thenBlock;
  analyzeBlock(node.body);
  Env thenEnv = std::move(function->env);
  function->env = std::move(before);
  out = &elseBlock;
  analyzeBlock(node.orelse);
  Env elseEnv = std::move(function->env);
  Env joined = join(thenEnv, elseEnv);
  function->env = std::move(elseEnv);
  convertTo(joined);
  function->env = std::move(thenEnv);
  out = &thenBlock;
  convertTo(joined);
  out = outer;
  function->env = std::move(joined);
  if (known)
    emit(stmt.loc, typed::If{std::move(test.expr()), std::move(thenBlock), std::move(elseBlock)});
}

void Analyzer::analyzeLoop(const ast::Stmt &stmt, const ast::Block &body, const ast::Block &orelse,
                           const std::set<std::string> &assigned, const ast::Expr *test,
                           const std::function<void()> &enter,
                           const std::function<typed::Stmt(typed::Block, typed::Block)> &make) {
  typed::Block *outer = out;
  LoopContext *outerLoop = function->loop;
  const Env entry = function->env;
  Env head = entry;
  forgetFacts(head, assigned);
  std::optional<Env> exit;
  typed::Block before, bodyBlock, otherwise;
  // Types only grow along a lattice of small height, so a handful of rounds is enough.
  for (unsigned round = 0;; ++round) {
    Round attempt = beginRound();
    before.clear(), bodyBlock.clear(), otherwise.clear();
    LoopContext loop;
    loop.head = &head;
    loop.exit = exit ? &*exit : nullptr;
    function->loop = &loop;
    out = &before;
    function->env = entry;
    convertTo(head);

    function->env = head;
    out = &bodyBlock;
    bool endless = false;
    if (test) {
      // The condition is evaluated by `make` from the final head; here only for its effect on the
      // paths and to find `while True`.
      Value condition = truth(evaluate(*test));
      endless = !condition.isPoison() && condition.facts().constant &&
                condition.facts().constant->bits != 0;
    }
    Env afterTest = function->env;
    enter();
    analyzeBlock(body);
    convertTo(head);
    loop.continues.push_back(std::move(function->env));

    function->loop = outerLoop;
    function->env = test ? afterTest : head;
    function->env.reachable = !endless;
    out = &otherwise;
    analyzeBlock(orelse);
    if (exit)
      convertTo(*exit);

    Env newHead = entry;
    for (const Env &env : loop.continues)
      newHead = join(newHead, env);
    forgetFacts(newHead, assigned);
    Env newExit = std::move(function->env);
    for (const Env &env : loop.breaks)
      newExit = join(newExit, env);
    bool stable = newHead == head && exit && newExit == *exit;
    head = std::move(newHead);
    exit = std::move(newExit);
    if (stable)
      break;
    if (round == 12) {
      unsupported(stmt.loc, "a loop whose variables change their types so often");
      break;
    }
    discardRound(attempt);
  }
  out = outer;
  function->loop = outerLoop;
  for (typed::Stmt &conversion : before)
    out->push_back(std::move(conversion));
  if (test)
    function->env = head;
  out->push_back(make(std::move(bodyBlock), std::move(otherwise)));
  function->env = std::move(*exit);
}

void Analyzer::analyzeWhile(const ast::Stmt &stmt, const ast::While &node) {
  std::set<std::string> assigned;
  collectAssigned(node.body, assigned);
  analyzeLoop(
      stmt, node.body, node.orelse, assigned, node.test.get(), [] {},
      [&](typed::Block body, typed::Block otherwise) {
        Value test = truth(evaluate(*node.test));
        if (test.isPoison())
          test = makeBool(node.test->loc, false);
        return typed::Stmt{
            stmt.loc, typed::While{std::move(test.expr()), std::move(body), std::move(otherwise)}};
      });
}

/// Does the block leave or continue the loop it is the body of?
static bool leavesLoop(const ast::Block &block) {
  return llvm::any_of(block, [](const ast::Stmt &stmt) {
    if (std::get_if<ast::Break>(&stmt.node) || std::get_if<ast::Continue>(&stmt.node))
      return true;
    const auto *branch = std::get_if<ast::If>(&stmt.node);
    const auto *loop = std::get_if<ast::For>(&stmt.node);
    const auto *test = std::get_if<ast::While>(&stmt.node);
    return (branch && (leavesLoop(branch->body) || leavesLoop(branch->orelse))) ||
           (loop && leavesLoop(loop->orelse)) || (test && leavesLoop(test->orelse));
  });
}

/// for x in (a, b, c): numbers of one type are a list, which is a real loop; else the body once for
/// each element.
void Analyzer::unrollFor(const ast::Stmt &stmt, const ast::For &node, TupleValue tuple) {
  auto isWeakLike = [&](const Value &value) {
    const auto *scalar = value.typeAs<ScalarType>();
    const auto *first = tuple.elements[0].typeAs<ScalarType>();
    return scalar && first && scalar->weak && *scalar == *first;
  };
  bool uniform = !tuple.elements.empty() && llvm::all_of(tuple.elements, isWeakLike);
  if (uniform && std::get_if<ast::Name>(&node.target->node)) {
    ListType type{tuple.elements[0].typeAs<ScalarType>()->dtype};
    typed::ListLiteral literal;
    for (Value &value : tuple.elements)
      literal.elements.push_back(std::move(value.expr()));
    loopOver(stmt, node, makeTyped(node.iter->loc, type, std::move(literal)));
    return;
  }
  if (leavesLoop(node.body)) {
    unsupported(node.iter->loc, "'break' or 'continue' in a loop over values of different types");
    return;
  }
  for (Value &value : tuple.elements)
    value = stabilize(std::move(value), *out);
  for (Value &value : tuple.elements) {
    if (!function->env.reachable)
      return;
    assignTarget(*node.target, std::move(value));
    analyzeBlock(node.body);
  }
  analyzeBlock(node.orelse);
}

void Analyzer::analyzeFor(const ast::Stmt &stmt, const ast::For &node) {
  Value iterable{node.iter->loc, Poison{}};
  if (const auto *list = std::get_if<ast::List>(&node.iter->node)) {
    // A list that only the loop sees may hold anything, as a tuple.
    TupleValue elements;
    for (const ast::Expr &element : list->elts)
      elements.elements.push_back(evaluate(element));
    iterable.node = std::move(elements);
  } else {
    iterable = evaluate(*node.iter);
  }
  auto *tuple = iterable.as<TupleValue>();
  if (!tuple)
    return loopOver(stmt, node, std::move(iterable));
  if (llvm::none_of(tuple->elements, [](const Value &value) { return value.isPoison(); }))
    unrollFor(stmt, node, std::move(*tuple));
}

/// for x in a range, list or one-dimensional array.
void Analyzer::loopOver(const ast::Stmt &stmt, const ast::For &node, Value iterable) {
  std::set<std::string> assigned;
  collectTargets(*node.target, assigned);
  collectAssigned(node.body, assigned);
  const auto *name = std::get_if<ast::Name>(&node.target->node);
  if (!name) {
    if (!iterable.isPoison())
      unsupported(node.target->loc, "this target of a 'for' loop");
    iterable = Value{iterable.loc, Poison{}};
  }
  ScalarType elementType = weakInt;
  if (auto *range = iterable.as<RangeValue>()) {
    (void)range;
  } else if (const auto *list = iterable.typeAs<ListType>()) {
    elementType = {list->element, true};
  } else if (const auto *array = iterable.typeAs<ArrayType>(); array && array->dims == 1) {
    elementType = {array->dtype, false};
  } else if (iterable.typeAs<ArrayType>()) {
    iterable = unsupported(iterable.loc, "iteration over an array with several dimensions",
                           "for i in range(a.shape[0]): with a[i] in the body");
  } else if (!iterable.isPoison()) {
    iterable = iterable.typeAs<ScalarType>()
                   ? fail(iterable.loc, message::notIterable, nameOf(*iterable.type()))
                   : unsupported(iterable.loc, "iteration over a value of type '" + describe(iterable) + "'",
                                 "range(...), a list or a one-dimensional array");
  }
  typed::VariableId variable{};
  auto enter = [&] {
    if (!name)
      return;
    variable = variableFor(name->id, elementType);
    function->env.names[name->id] = {VariableBinding{variable, {}}, node.target->loc};
  };
  analyzeLoop(stmt, node.body, node.orelse, assigned, nullptr, enter,
              [&](typed::Block body, typed::Block otherwise) -> typed::Stmt {
                if (auto *range = iterable.as<RangeValue>())
                  return {stmt.loc, typed::ForRange{variable, std::move(range->bounds[0].expr()),
                                                    std::move(range->bounds[1].expr()),
                                                    std::move(range->bounds[2].expr()),
                                                    std::move(body), std::move(otherwise)}};
                if (iterable.isPoison())
                  return {stmt.loc, typed::Break{}}; // never built: a message is out
                return {stmt.loc, typed::ForEach{variable, std::move(iterable.expr()),
                                                 std::move(body), std::move(otherwise)}};
              });
}

void Analyzer::analyzeReturn(const ast::Stmt &stmt, const ast::Return &node) {
  Value value = node.value ? evaluate(*node.value) : Value{stmt.loc, NoneValue{}};
  if (const Type *type = value.type(); type && std::holds_alternative<NoneType>(*type)) {
    emit(stmt.loc, typed::Evaluate{std::move(value.expr())});
    value = Value{value.loc, NoneValue{}};
  }
  if (!value.isPoison()) {
    Structure structure = structureOf(value);
    if (!function->returned) {
      function->returned = structure;
    } else if (auto joined = joinStructures(*function->returned, structure)) {
      function->returned = *joined;
    } else {
      unsupported(stmt.loc, "a function that returns values of different types");
      value = Value{value.loc, Poison{}};
    }
  }
  typed::Return result;
  if (!value.isPoison() && function->instance->result)
    flatten(std::move(value), *function->instance->result, result.values);
  emit(stmt.loc, std::move(result));
  function->env.reachable = false;
}

void Analyzer::analyzeAssert(const ast::Stmt &stmt, const ast::Assert &node) {
  Value test = truth(evaluate(*node.test));
  typed::Assert result{{}, false, ""};
  if (node.msg) {
    Value text = evaluate(*node.msg);
    if (const auto *constant = text.as<TextValue>()) {
      result.hasText = true;
      result.text = constant->text;
    } else if (!text.isPoison()) {
      unsupported(text.loc, "an assertion message that is not a string literal");
      return;
    }
  }
  if (test.isPoison())
    return;
  result.test = std::move(test.expr());
  emit(stmt.loc, std::move(result));
}

//===------------------------------------------------------------------------------------------===//
// Imports
//===------------------------------------------------------------------------------------------===//

static constexpr llvm::StringRef knownModules[] = {"numpy", "math", "time", "sys"};

void Analyzer::analyzeImport(const ast::Stmt &stmt, const ast::Import &node) {
  for (const ast::Alias &alias : node.names) {
    Value value{alias.loc, ModuleValue{alias.name}};
    if (!llvm::is_contained(knownModules, alias.name))
      value = unsupported(alias.loc, "import of '" + alias.name + "'",
                          "hpcc knows the modules numpy, math, time and sys");
    assignName(alias.asname.empty() ? alias.name : alias.asname, stmt.loc, std::move(value));
  }
}

void Analyzer::analyzeImportFrom(const ast::Stmt &stmt, const ast::ImportFrom &node) {
  bool known = node.level == 0 && llvm::is_contained(knownModules, node.module);
  if (!known)
    unsupported(node.moduleLoc.isValid() ? node.moduleLoc : stmt.loc,
                "import from '" + std::string(node.level, '.') + node.module + "'",
                "hpcc knows the modules numpy, math, time and sys");
  for (const ast::Alias &alias : node.names) {
    if (alias.name == "*") {
      if (known && node.module == "numpy")
        function->env.names["*"] = {
            StaticBinding{"star:numpy", std::make_shared<Value>(Value{alias.loc, NoneValue{}})},
            alias.loc};
      else if (known)
        unsupported(alias.loc, "'from " + node.module + " import *'");
      continue;
    }
    Value value{alias.loc, Poison{}};
    if (known) {
      value = moduleAttribute(node.module, alias.name, alias.loc);
    }
    assignName(alias.asname.empty() ? alias.name : alias.asname, stmt.loc, std::move(value));
  }
}

//===------------------------------------------------------------------------------------------===//
// All statements
//===------------------------------------------------------------------------------------------===//

void Analyzer::analyzeBlock(const ast::Block &block) {
  for (const ast::Stmt &stmt : block) {
    if (!function->env.reachable)
      return; // never runs
    analyzeStmt(stmt);
  }
}

void Analyzer::analyzeStmt(const ast::Stmt &stmt) {
  std::visit(overloaded{[&](const ast::FunctionDef &node) {
                          Value value{node.nameLoc, FunctionValue{&node, nullptr}};
                          if (!function->isModule())
                            value = unsupported(node.nameLoc, "a function inside a function");
                          else if (!node.decorators.empty())
                            value = unsupported(node.decorators.front().loc, "a decorator");
                          else
                            evaluateDefaults(node.parameters);
                          assignName(node.name, node.nameLoc, std::move(value));
                        },
                        [&](const ast::Return &node) {
                          if (function->isModule())
                            fail(stmt.loc, message::returnOutsideFunction);
                          else
                            analyzeReturn(stmt, node);
                        },
                        [&](const ast::Assign &node) {
                          Value value = evaluate(*node.value);
                          if (node.targets.size() > 1 && value.as<TypedValue>() &&
                              !std::holds_alternative<NoneType>(*value.type()))
                            value = stabilize(std::move(value), *out);
                          for (const auto &[index, target] : llvm::enumerate(node.targets)) {
                            bool last = index + 1 == node.targets.size();
                            assignTarget(target, last ? std::move(value) : duplicate(value));
                          }
                        },
                        [&](const ast::AugAssign &node) { analyzeAugAssign(stmt, node); },
                        [&](const ast::AnnAssign &node) {
                          if (node.value)
                            assignTarget(*node.target, evaluate(*node.value));
                        },
                        [&](const ast::For &node) { analyzeFor(stmt, node); },
                        [&](const ast::While &node) { analyzeWhile(stmt, node); },
                        [&](const ast::If &node) { analyzeIf(stmt, node); },
                        [&](const ast::Assert &node) { analyzeAssert(stmt, node); },
                        [&](const ast::Import &node) { analyzeImport(stmt, node); },
                        [&](const ast::ImportFrom &node) { analyzeImportFrom(stmt, node); },
                        [&](const ast::ExprStmt &node) {
                          if (const auto *constant = std::get_if<ast::Constant>(&node.value->node);
                              constant && std::holds_alternative<std::string>(constant->value))
                            return; // a docstring
                          Value value = evaluate(*node.value);
                          std::function<void(Value &)> run = [&](Value &part) {
                            if (auto *tuple = part.as<TupleValue>())
                              for (Value &element : tuple->elements)
                                run(element);
                            else if (part.as<TypedValue>())
                              emit(stmt.loc, typed::Evaluate{std::move(part.expr())});
                            else if (part.as<MethodValue>())
                              unsupported(part.loc, "a method that is not called");
                          };
                          run(value);
                        },
                        [&](const ast::Pass &) {},
                        [&](const ast::Break &) {
                          if (function->loop->exit)
                            convertTo(*function->loop->exit);
                          function->loop->breaks.push_back(function->env);
                          emit(stmt.loc, typed::Break{});
                          function->env.reachable = false;
                        },
                        [&](const ast::Continue &) {
                          convertTo(*function->loop->head);
                          function->loop->continues.push_back(function->env);
                          emit(stmt.loc, typed::Continue{});
                          function->env.reachable = false;
                        },
                        [&](const ast::Raise &) { unsupported(stmt.loc, "'raise'"); },
                        [&](const ast::Delete &) { unsupported(stmt.loc, "'del'"); },
                        [&](const ast::Global &) { unsupported(stmt.loc, "'global'"); },
                        [&](const ast::Nonlocal &) { unsupported(stmt.loc, "'nonlocal'"); },
                        [&](const ast::UnsupportedStmt &node) {
                          unsupported(node.keywordLoc, node.construct);
                          for (const ast::Identifier &bound : node.bound)
                            assignName(bound.name, bound.loc, Value{bound.loc, Poison{}});
                          // Its blocks are not analysed: what they would bind is poison as well.
                          std::set<std::string> names;
                          collectAssigned(node.body, names);
                          for (const std::string &name : names)
                            assignName(name, node.keywordLoc, Value{node.keywordLoc, Poison{}});
                        }},
             stmt.node);
}

} // namespace hpcc::frontend::sema
