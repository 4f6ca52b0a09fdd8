// Control flow: branches, loops, returns.
//
// A loop is analysed in rounds until the types at its head are stable, the first of them from what
// an earlier analysis has found; a branch joins its two paths.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

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

/// After a message about a test: that the paths bind a name differently may only follow from it.
void Analyzer::forgetConflicts(Loc loc) {
  for (auto &[name, binding] : function->env.names)
    if (std::get_if<ConflictBinding>(&binding.node))
      binding = bindValue(name, loc, Value{loc, Poison{}});
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
  ++branches;
  analyzeBlock(node.body);
  Env thenEnv = std::move(function->env);
  function->env = std::move(before);
  out = &elseBlock;
  analyzeBlock(node.orelse);
  --branches;
  Env elseEnv = std::move(function->env);
  Env joined = join(thenEnv, elseEnv);
  function->env = std::move(elseEnv);
  convertTo(joined);
  function->env = std::move(thenEnv);
  out = &thenBlock;
  convertTo(joined);
  out = outer;
  function->env = std::move(joined);
  if (!known)
    forgetConflicts(stmt.loc);
  if (known)
    emit(stmt.loc, typed::If{std::move(test.expr()), std::move(thenBlock), std::move(elseBlock)});
}

void Analyzer::analyzeLoop(const ast::Stmt &stmt, const ast::Block &body, const ast::Block &orelse,
                           const std::set<std::string> &assigned, const ast::Expr *test,
                           const std::function<void()> &enter,
                           const std::function<typed::Stmt(typed::Block, typed::Block)> &make,
                           std::optional<typed::VariableId> broken) {
  typed::Block *outer = out;
  LoopContext *outerLoop = function->loop;
  const Env entry = function->env;
  Env head = entry;
  forgetFacts(head, assigned);
  std::optional<Env> exit;
  // The rounds of a loop around this one come here again; without what the last of them has found,
  // each level of a nest would double the work.
  if (auto known = function->loops.find(&body);
      known != function->loops.end() && join(known->second.entry, entry) == entry) {
    head = join(entry, known->second.head);
    forgetFacts(head, assigned);
    exit = known->second.exit;
  }
  typed::Block before, bodyBlock, otherwise;
  // Types only grow along a lattice of small height, so a handful of rounds is enough.
  for (unsigned round = 0;; ++round) {
    Round attempt = beginRound();
    before.clear(), bodyBlock.clear(), otherwise.clear();
    LoopContext loop;
    loop.head = &head;
    loop.exit = exit ? &*exit : nullptr;
    loop.broken = broken;
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
  function->loops.insert_or_assign(&body, LoopResult{entry, head, *exit});
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

/// Code that runs where `condition`, a bool variable, is false.
void Analyzer::unless(Loc loc, typed::VariableId condition, const std::function<void()> &analyze) {
  Env before = function->env;
  typed::Block *outer = out;
  typed::Block run, skip;
  out = &run;
  ++branches;
  analyze();
  --branches;
  Env joined = join(before, function->env);
  convertTo(joined);
  out = &skip;
  function->env = std::move(before);
  convertTo(joined);
  out = outer;
  function->env = std::move(joined);
  Value test =
      unary(ast::UnaryOperator::Not, loc, makeTyped(loc, weakBool, typed::Read{condition, false}));
  emit(loc, typed::If{std::move(test.expr()), std::move(run), std::move(skip)});
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
  for (Value &value : tuple.elements)
    value = stabilize(std::move(value), *out);
  if (leavesLoop(node.body))
    return unrollWithBreaks(stmt, node, std::move(tuple));
  for (Value &value : tuple.elements) {
    if (!function->env.reachable)
      return;
    assignTarget(*node.target, std::move(value));
    analyzeBlock(node.body);
  }
  analyzeBlock(node.orelse);
}

/// A body that leaves or continues the loop is a loop of one round for each element: `continue`
/// ends the round, `break` those that follow too.
void Analyzer::unrollWithBreaks(const ast::Stmt &stmt, const ast::For &node, TupleValue tuple) {
  std::set<std::string> assigned;
  collectAssigned(node.body, assigned);
  const ast::Block nothing;
  typed::VariableId broken = temporary(weakBool);
  emit(stmt.loc, typed::Assign{broken, std::move(makeBool(stmt.loc, false).expr())});
  auto round = [&](typed::Block body, const typed::Block &) -> typed::Stmt {
    auto bound = [&](int64_t value) { return std::move(makeInteger(stmt.loc, value).expr()); };
    return {stmt.loc,
            typed::ForRange{temporary(weakInt), bound(0), bound(1), bound(1), std::move(body), {}}};
  };
  for (auto &&[index, value] : llvm::enumerate(tuple.elements)) {
    auto analyze = [&, &element = value] {
      assignTarget(*node.target, std::move(element));
      analyzeLoop(stmt, node.body, nothing, assigned, nullptr, [] {}, round, broken);
    };
    if (!function->env.reachable)
      return;
    if (index == 0)
      analyze();
    else
      unless(stmt.loc, broken, analyze);
  }
  unless(stmt.loc, broken, [&] { analyzeBlock(node.orelse); });
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
  const auto *name = std::get_if<ast::Name>(&node.target->node);
  if (const auto *array = iterable.typeAs<ArrayType>(); array && (array->dims > 1 || !name))
    return loopOverRows(stmt, node, std::move(iterable));
  std::set<std::string> assigned;
  collectTargets(*node.target, assigned);
  collectAssigned(node.body, assigned);
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
  } else if (const auto *array = iterable.typeAs<ArrayType>()) {
    elementType = {array->dtype, false};
  } else if (!iterable.isPoison()) {
    iterable = iterable.typeAs<ScalarType>()
                   ? fail(iterable.loc, message::notIterable, nameOf(*iterable.type()))
                   : unsupported(iterable.loc,
                                 "iteration over a value of type '" + describe(iterable) + "'",
                                 "range(...), a list or an array");
  }
  typed::VariableId variable{};
  bool known = !iterable.isPoison();
  auto enter = [&] {
    if (!name)
      return forgetTarget(*node.target);
    if (!known)
      return assignName(name->id, node.target->loc, Value{node.target->loc, Poison{}});
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
  Value value = node.value ? evaluateKept(*node.value) : Value{stmt.loc, NoneValue{}};
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

} // namespace hpcc::frontend::sema
