//===- IntegerFlow.cpp - the walk over statements with facts about integers ------------------===//

#include "IntegerFlow.h"
#include "Simplify.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

/// The forms that a fact speaks of.
static constexpr std::optional<Affine> VariableFact::*forms[] = {
    &VariableFact::value, &VariableFact::lower, &VariableFact::upper};

/// Leaves what holds on both paths.
static void join(VariableFacts &into, const VariableFacts &other) {
  std::erase_if(into, [&](const auto &entry) { return !other.count(entry.first); });
  for (auto &[variable, fact] : into) {
    const VariableFact &rest = other.at(variable);
    fact.interval = hull(fact.interval, rest.interval);
    for (auto form : forms)
      if (fact.*form != rest.*form)
        (fact.*form).reset();
  }
}

static void forgetForms(VariableFacts &variables, const std::set<SymbolId> &symbols) {
  for (auto &[variable, fact] : variables)
    for (auto form : forms)
      if (fact.*form && llvm::any_of((fact.*form)->terms, [&](const AffineTerm &term) {
            return symbols.count(term.symbol) != 0;
          }))
        (fact.*form).reset();
}

/// The symbols that the block itself brings into scope.
static std::set<SymbolId> symbolsOf(const Block &block) {
  std::set<SymbolId> symbols;
  for (const Stmt &stmt : block)
    if (const auto *let = std::get_if<Let>(&stmt.node))
      symbols.insert(let->symbol);
  return symbols;
}

static bool readsMemory(const Scalar &tree) {
  bool found = false;
  forEachSubtree(tree, [&](const Scalar &part) {
    found |= std::holds_alternative<ScalarLoad>(part.node) ||
             std::holds_alternative<ScalarGather>(part.node);
  });
  return found;
}

void IntegerFlow::walk(Block &block, const FlowActions &with) {
  const FlowActions *outer = std::exchange(actions, &with);
  walkBlock(block);
  actions = outer;
}

void IntegerFlow::walkInside(Stmt &loop, const FlowActions &with) {
  const FlowActions *outer = std::exchange(actions, &with);
  VariableFacts before = facts.variables;
  facts.variables = headOf(loop);
  if (auto *counted = std::get_if<Loop>(&loop.node))
    visitLoop(loop, *counted);
  else
    visitWhile(std::get<While>(loop.node));
  facts.variables = std::move(before);
  reachable = true;
  actions = outer;
}

void IntegerFlow::walkBlock(Block &block) {
  for (Stmt &stmt : block) {
    if (!reachable)
      return;
    visit(stmt);
  }
}

void IntegerFlow::walkScoped(Block &block) {
  Facts::Mark mark = facts.mark();
  walkBlock(block);
  facts.rewind(mark);
  forgetForms(facts.variables, symbolsOf(block));
}

void IntegerFlow::visit(Stmt &stmt) {
  ++visited;
  auto enters = [&] { return !actions || !actions->statement || actions->statement(stmt); };
  if (std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node)) {
    VariableFacts head = headOf(stmt);
    if (!enters()) {
      facts.variables = std::move(head);
      return;
    }
    facts.variables = std::move(head);
    if (auto *loop = std::get_if<Loop>(&stmt.node))
      return visitLoop(stmt, *loop);
    return visitWhile(std::get<While>(stmt.node));
  }
  if (auto *compute = std::get_if<Compute>(&stmt.node)) {
    if (enters())
      visitCompute(*compute);
    return;
  }
  forEachScalar(stmt, [&](Scalar &tree) { rewrite(tree); });
  if (!enters())
    return;
  if (auto *branch = std::get_if<If>(&stmt.node))
    return visitIf(*branch);
  if (auto *labelled = std::get_if<Labelled>(&stmt.node))
    return visitLabelled(*labelled);
  if (auto *leave = std::get_if<Leave>(&stmt.node))
    return joinAt(leave->label);
  for (auto place = storeAt.lower_bound({&stmt, BufferId{0}});
       place != storeAt.end() && place->first.first == &stmt; ++place)
    forget(&stmt, place->first.second);
  if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
    facts.variables.erase(alloc->buffer);
  addFactsOf(program, stmt, facts);
  if (const auto *let = std::get_if<Let>(&stmt.node))
    nameVariable(*let);
}

/// `let k = %k[]`: the symbol has the bounds of the variable.
void IntegerFlow::nameVariable(const Let &let) {
  const auto *load = std::get_if<ScalarLoad>(&let.value.node);
  auto known = load ? facts.variables.find(load->access.buffer) : facts.variables.end();
  if (known == facts.variables.end())
    return;
  VariableFact &fact = known->second;
  if (fact.lower)
    facts.addLower(let.symbol, *fact.lower);
  if (fact.upper)
    facts.addUpper(let.symbol, *fact.upper);
  if (!fact.value)
    fact.value = Affine(let.symbol);
}

//===-----------------------------------------------------------------------------------------===//
// Control flow
//===-----------------------------------------------------------------------------------------===//

/// From the facts at the head of the loop; they hold behind it too.
void IntegerFlow::visitLoop(Stmt &stmt, Loop &loop) {
  VariableFacts head = facts.variables;
  countIterations(loops.at(&stmt), loop.axis);
  Facts::Mark mark = facts.mark();
  facts.addAxis(loop.axis);
  walkScoped(loop.body);
  facts.rewind(mark);
  facts.variables = std::move(head);
  reachable = true;
}

void IntegerFlow::visitWhile(While &loop) {
  Facts::Mark outside = facts.mark();
  walkBlock(loop.header);
  rewrite(loop.condition);
  VariableFacts atTest = facts.variables;
  Facts::Mark inside = facts.mark();
  facts.addCondition(loop.condition, false);
  facts.rewind(inside);
  VariableFacts exit = std::exchange(facts.variables, std::move(atTest));
  facts.addCondition(loop.condition, true);
  walkScoped(loop.body);
  facts.rewind(outside);
  facts.variables = std::move(exit);
  forgetForms(facts.variables, symbolsOf(loop.header));
  reachable = asBoolConstant(loop.condition) != true;
}

void IntegerFlow::visitIf(If &branch) {
  VariableFacts before = facts.variables;
  Facts::Mark mark = facts.mark();
  facts.addCondition(branch.condition, true);
  walkScoped(branch.thenBody);
  facts.rewind(mark);
  VariableFacts afterThen = std::exchange(facts.variables, std::move(before));
  bool thenEnds = std::exchange(reachable, true);
  facts.addCondition(branch.condition, false);
  walkScoped(branch.elseBody);
  facts.rewind(mark);
  if (thenEnds && reachable) {
    join(facts.variables, afterThen);
    return;
  }
  // Only one of the paths goes on. Variables of the condition may have changed on it.
  if ((thenEnds || reachable) && !readsMemory(branch.condition))
    facts.addCondition(branch.condition, thenEnds);
  if (thenEnds)
    facts.variables = std::move(afterThen);
  reachable |= thenEnds;
}

void IntegerFlow::visitLabelled(Labelled &labelled) {
  leaves[labelled.label].reset();
  walkScoped(labelled.body);
  std::optional<VariableFacts> &left = leaves[labelled.label];
  if (!left)
    return;
  if (reachable)
    join(facts.variables, *left);
  else
    facts.variables = std::move(*left);
  reachable = true;
}

/// A `leave`: its block ends with what holds here, on this path.
void IntegerFlow::joinAt(LabelId label) {
  std::optional<VariableFacts> &left = leaves[label];
  if (left) {
    join(*left, facts.variables);
  } else {
    left = facts.variables;
    for (auto &[variable, fact] : *left) // their symbols may not be in scope behind the block
      fact = {fact.interval, {}, {}, {}};
  }
  reachable = false;
}

//===-----------------------------------------------------------------------------------------===//
// Stores
//===-----------------------------------------------------------------------------------------===//

void IntegerFlow::forget(const void *place, BufferId variable) {
  recordStore({place, variable}, Interval(), std::nullopt);
  facts.variables[variable] = {};
}

void IntegerFlow::visitCompute(Compute &compute) {
  Facts::Mark mark = facts.mark();
  bool alone = compute.axes.empty();
  for (const Axis &axis : compute.axes)
    facts.addAxis(axis);
  if (!alone) // other points have stored before
    for (const Assign &assign : compute.body)
      facts.variables.erase(assign.target.buffer);
  for (Assign &assign : compute.body) {
    Facts::Mark point = facts.mark();
    VariableFacts before = facts.variables;
    if (assign.guard) {
      rewrite(*assign.guard);
      facts.addCondition(*assign.guard);
    }
    rewrite(assign.value);
    if (variables.count(assign.target.buffer))
      visitAssign(assign, alone);
    if (assign.guard)
      join(facts.variables, before);
    facts.rewind(point);
  }
  facts.rewind(mark);
  if (!alone)
    for (const Assign &assign : compute.body)
      if (variables.count(assign.target.buffer))
        forget(&assign, assign.target.buffer);
}

void IntegerFlow::visitAssign(Assign &assign, bool alone) {
  BufferId target = assign.target.buffer;
  Scalar value = assign.value;
  if (assign.op == AssignOp::Add)
    value = apply(program, ScalarOp::Add, {load(target), std::move(value)});
  bool isLocal = !alone && assign.op == AssignOp::Set;
  if (!isLocal && (!alone || (assign.op != AssignOp::Set && assign.op != AssignOp::Add)))
    return forget(&assign, target);
  Interval interval = facts.intervalOf(value);
  std::optional<Affine> form = asAffine(value);
  if (alone)
    recordStore({&assign, target}, interval, addedBy(value, target));
  facts.variables[target] = {interval, std::move(form), {}, {}};
}

} // namespace hpcc::ir
