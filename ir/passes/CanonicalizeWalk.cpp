//===- CanonicalizeWalk.cpp - the forward walk of canonicalize: statements ---------------===//

#include "CanonicalizeWalk.h"
#include "ir/Lifetimes.h"
#include "ir/Simplify.h"
#include "ir/VerifyParts.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

CanonicalizeWalk::CanonicalizeWalk(Program &program, PassContext &context)
    : program(program), context(context), letValues(program.symbols.size()),
      symbolInScope(program.symbols.size()), bufferInScope(program.buffers.size()) {
  Changes changes;
  for (const Function &function : program.functions)
    if (function.name != "main")
      collectChanges(function.body, changes);
  for (BufferId global : program.globals)
    if (changes.handles.count(global) || changes.scalars.count(global))
      changedGlobals.insert(global);
  forEachStmt(program, [&](const Stmt &stmt) {
    if (const auto *view = std::get_if<View>(&stmt.node))
      aliased.insert(view->base);
    else if (const auto *bind = std::get_if<Bind>(&stmt.node))
      aliased.insert(bind->source);
  });
}

void CanonicalizeWalk::run(Function &function) {
  Changes changes;
  collectChanges(function.body, changes);
  boundNames = std::move(changes.handles);
  for (const std::vector<BufferId> *names :
       {&program.globals, &function.parameters, &function.results})
    for (BufferId name : *names)
      bufferInScope[name.index] = true;
  for (BufferId parameter : function.parameters)
    if (program[parameter].storage == Storage::Handle && !boundNames.count(parameter))
      state.handles[parameter] = {ArrayValue::Kind::Named, parameter, 0, true};
  for (BufferId result : function.results)
    if (program[result].storage == Storage::Handle)
      state.handles[result] = {};
  walk(function.body);
}

//===-------------------------------------------------------------------------------------===//
// Scopes and the flow of values
//===-------------------------------------------------------------------------------------===//

ArrayValue CanonicalizeWalk::valueOf(BufferId buffer) {
  if (program[buffer].storage != Storage::Handle)
    return {ArrayValue::Kind::Named, buffer, 0, true};
  auto [entry, isNew] = state.handles.try_emplace(buffer);
  if (isNew)
    entry->second = opaque();
  return entry->second;
}

void CanonicalizeWalk::forget(const Changes &changes) {
  // A name that is bound stays bound, to whatever.
  for (BufferId handle : changes.handles)
    if (program[handle].storage == Storage::Handle)
      state.handles[handle] = opaque(valueOf(handle).bound);
  for (BufferId scalar : changes.scalars)
    state.scalars.erase(scalar);
  if (!changes.calls)
    return;
  for (BufferId global : changedGlobals) {
    state.scalars.erase(global);
    if (program[global].storage == Storage::Handle)
      state.handles[global] = opaque();
  }
}

void CanonicalizeWalk::join(FlowState &into, const FlowState &other) {
  if (!other.reachable)
    return;
  if (!into.reachable) {
    into = other;
    return;
  }
  for (auto &[handle, value] : into.handles)
    if (auto found = other.handles.find(handle);
        found == other.handles.end() || found->second != value)
      value = opaque(value.bound && found != other.handles.end() && found->second.bound);
  for (const auto &[handle, value] : other.handles)
    into.handles.try_emplace(handle, opaque());
  std::erase_if(into.scalars, [&](const auto &entry) {
    auto found = other.scalars.find(entry.first);
    return found == other.scalars.end() || found->second != entry.second;
  });
}

bool CanonicalizeWalk::isInScope(const Affine &form) const {
  return llvm::all_of(form.terms, [&](const AffineTerm &term) {
    return static_cast<bool>(symbolInScope[term.symbol.index]);
  });
}

void CanonicalizeWalk::leaveScope(FlowState &flow) {
  std::map<BufferId, ArrayValue> replaced; // names of one array still name one array
  for (auto &[handle, value] : flow.handles) {
    if (value.kind != ArrayValue::Kind::Named || bufferInScope[value.name.index])
      continue;
    auto [entry, isNew] = replaced.try_emplace(value.name);
    if (isNew)
      entry->second = opaque(true);
    value = entry->second;
  }
  std::erase_if(flow.scalars, [&](const auto &entry) {
    std::optional<Affine> form = asAffine(entry.second);
    return form && !isInScope(*form);
  });
}

void CanonicalizeWalk::walkScoped(Block &block) {
  size_t symbols = declaredSymbols.size(), buffers = declaredBuffers.size();
  size_t numbers = numbered.size();
  Facts::Mark mark = facts.mark();
  walk(block);
  facts.rewind(mark);
  numbered.resize(numbers);
  for (; declaredSymbols.size() > symbols; declaredSymbols.pop_back())
    symbolInScope[declaredSymbols.back().index] = false;
  for (; declaredBuffers.size() > buffers; declaredBuffers.pop_back())
    bufferInScope[declaredBuffers.back().index] = false;
  leaveScope(state);
}

void CanonicalizeWalk::walk(Block &block) {
  for (size_t index = 0; index < block.size();) {
    Block before;
    std::optional<Block> spliced;
    bool keep = visit(block[index], before, spliced);
    block.insert(block.begin() + index, std::make_move_iterator(before.begin()),
                 std::make_move_iterator(before.end()));
    index += before.size();
    if (spliced) {
      block.erase(block.begin() + index);
      block.insert(block.begin() + index, std::make_move_iterator(spliced->begin()),
                   std::make_move_iterator(spliced->end()));
      continue; // the spliced statements have not been visited
    }
    if (!keep) {
      block.erase(block.begin() + index);
      continue;
    }
    forEachDeclaredBuffer(block[index], [&](BufferId buffer) {
      bufferInScope[buffer.index] = true;
      declaredBuffers.push_back(buffer);
    });
    ++index;
    if (!state.reachable) // nothing runs after a `leave`
      block.resize(index);
  }
}

/// True if a `leave` in the block ends the label.
static bool isLeft(const Block &block, LabelId label) {
  bool found = false;
  forEachStmt(block, [&](const Stmt &stmt) {
    const auto *leave = std::get_if<Leave>(&stmt.node);
    found |= leave && leave->label == label;
  });
  return found;
}

bool CanonicalizeWalk::visit(Stmt &stmt, Block &before, std::optional<Block> &spliced) {
  if (auto *branch = std::get_if<If>(&stmt.node)) {
    rewriteScalar(branch->condition);
    if (std::optional<bool> condition = asBoolConstant(branch->condition)) {
      spliced = std::move(*condition ? branch->thenBody : branch->elseBody);
      return true;
    }
  } else if (auto *labelled = std::get_if<Labelled>(&stmt.node)) {
    if (!isLeft(labelled->body, labelled->label)) {
      spliced = std::move(labelled->body);
      return true;
    }
  } else if (std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node)) {
    Changes changes;
    forEachInnerBlock(stmt, [&](Block &body) { collectChanges(body, changes); });
    forEachInnerBlock(stmt, [&](Block &body) {
      for (Stmt &let : letsBefore(body, changes, stmt.loc)) {
        rewrite(let, std::get<Let>(let.node));
        before.push_back(std::move(let));
      }
    });
  }
  return std::visit([&](auto &node) { return rewrite(stmt, node); }, stmt.node);
}

//===-------------------------------------------------------------------------------------===//
// Names and integers
//===-------------------------------------------------------------------------------------===//

bool CanonicalizeWalk::rewrite(Stmt &, Let &let) {
  rewriteScalar(let.value);
  SymbolId symbol = let.symbol;
  symbolInScope[symbol.index] = true;
  declaredSymbols.push_back(symbol);
  letValues[symbol.index].reset();
  if (std::optional<Affine> form = asAffine(let.value)) {
    letValues[symbol.index] = *form;
    return true;
  }
  if (isPure(let.value)) {
    auto same = llvm::find_if(numbered, [&](const auto &n) { return n.first == let.value; });
    if (same != numbered.end()) {
      letValues[symbol.index] = Affine(same->second);
      return true;
    }
    numbered.push_back({let.value, symbol});
  }
  if (const auto *dim = std::get_if<ScalarDim>(&let.value.node)) {
    sizes[{valueOf(dim->buffer), dim->dim}] = symbol;
    facts.setInterval(symbol, {0, largestSize});
  } else if (const auto *load = std::get_if<ScalarLoad>(&let.value.node)) {
    BufferId scalar = load->access.buffer;
    if (load->access.indices.empty() && !load->access.slot && !aliased.count(scalar) &&
        program[scalar].storage == Storage::Own)
      state.scalars[scalar] = affineScalar(symbol);
  }
  facts.addLet(symbol, let.value);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Alloc &alloc) {
  bool legal = true;
  for (Affine &size : program[alloc.buffer].shape) {
    rewriteForm(size);
    legal &= facts.isNonNegative(size) && facts.intervalOf(size).hi <= largestSize;
    // The allocation has not raised, so the sizes are legal from here on.
    if (std::optional<SymbolId> symbol = size.asSymbol())
      facts.setInterval(*symbol,
                        {std::max<Interval::Wide>(0, facts.intervalOf(size).lo),
                         std::min<Interval::Wide>(largestSize, facts.intervalOf(size).hi)});
    else if (!size.isConstant())
      facts.addNonNegative(size);
  }
  if (legal)
    safe.insert(alloc.buffer);
  state.scalars.erase(alloc.buffer);
  for (BufferId &like : program[alloc.buffer].like)
    rewriteName(like);
  simplifyLike(alloc);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Declare &declare) {
  state.handles[declare.handle] = {};
  return true;
}

/// A step that is known to be 0 keeps its name: the check before the view raises, and a view with
/// that step is none.
static void keepZeroSteps(const View &before, View &view) {
  auto *subscript = std::get_if<Subscript>(&view.form);
  if (!subscript)
    return;
  for (auto [index, dim] : llvm::enumerate(subscript->dims))
    if (auto *slice = std::get_if<ViewSlice>(&dim); slice && slice->step == Affine(0))
      slice->step = std::get<ViewSlice>(std::get<Subscript>(before.form).dims[index]).step;
}

bool CanonicalizeWalk::rewrite(Stmt &stmt, View &view) {
  rewriteName(view.base);
  View before = view;
  forEachAffine(program, stmt, [&](Affine &form) { rewriteForm(form); });
  keepZeroSteps(before, view);
  const ViewMap *known = mapHere(view.base);
  ViewMap base =
      known ? *known : identityMap(view.base, valueOf(view.base), program[view.base].dims);
  std::vector<std::optional<Affine>> baseShape;
  for (unsigned dim = 0; dim < program[view.base].dims; ++dim)
    baseShape.push_back(sizeOf(view.base, dim));
  views.erase(view.result);
  std::optional<ViewMap> map = mapOf(base, view, facts, baseShape);
  if (!map) {
    context.missed(stmt.loc, "the view %" + program[view.result].name +
                                 " stays: a step or a repeated size is known only at run time");
    return true;
  }
  if (std::optional<Subscript> subscript = asSubscript(*map, program[view.result].shape)) {
    view.base = map->root;
    view.form = std::move(*subscript);
  }
  views[view.result] = std::move(*map);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Bind &bind) {
  rewriteName(bind.source);
  ArrayValue value = valueOf(bind.source);
  if (value.bound && valueOf(bind.handle) == value) {
    context.count("binds to the same array removed");
    return false;
  }
  // What inlining brought is declared behind the variables of the function itself.
  auto [name, isNew] = handleOf.try_emplace(bind.source, bind.handle);
  if (!isNew)
    name->second = std::min(name->second, bind.handle);
  state.handles[bind.handle] = value;
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Drop &) { return true; }

//===-------------------------------------------------------------------------------------===//
// Computes
//===-------------------------------------------------------------------------------------===//

void CanonicalizeWalk::rewriteAssign(Assign &assign) {
  Facts::Mark mark = facts.mark();
  if (assign.guard) {
    rewriteScalar(*assign.guard);
    facts.addCondition(*assign.guard);
    if (asBoolConstant(*assign.guard) == true)
      assign.guard.reset();
  }
  rewriteScalar(assign.value);
  rewriteAccess(assign.target);
  facts.rewind(mark);
}

/// Names of one array become equal here, and a compute may then turn out not to be what its axes
/// say: its points run in order.
void CanonicalizeWalk::relaxParallel(const Compute &before, Compute &compute, Loc loc) {
  VerifyReport report{program};
  verifyCompute(compute, report);
  if (report.errors.empty())
    return;
  if (llvm::any_of(report.errors, [](const VerifyError &e) { return e.invariant != "par"; })) {
    compute = before;
    return;
  }
  for (Axis &axis : compute.axes)
    if (axis.kind == AxisKind::Par)
      axis.kind = AxisKind::Seq;
  context.missed(loc, "points run in order: they read what other points store");
}

bool CanonicalizeWalk::rewrite(Stmt &stmt, Compute &compute) {
  Compute before = compute;
  Facts::Mark mark = facts.mark();
  size_t symbols = declaredSymbols.size();
  for (Axis &axis : compute.axes) {
    rewriteBound(axis.lo);
    rewriteBound(axis.hi);
    facts.addAxis(axis);
    symbolInScope[axis.iterator.index] = true;
    declaredSymbols.push_back(axis.iterator);
  }
  // With axes, a scalar variable that the compute stores holds another value at each point.
  if (!compute.axes.empty())
    for (const Assign &assign : compute.body)
      state.scalars.erase(assign.target.buffer);
  for (Assign &assign : compute.body) {
    rewriteAssign(assign);
    BufferId target = assign.target.buffer;
    state.scalars.erase(target);
    bool isConstant = std::holds_alternative<ScalarConstant>(assign.value.node);
    bool isKnown = isConstant || std::holds_alternative<ScalarAffine>(assign.value.node);
    if (compute.axes.empty() && isKnown && !assign.guard && assign.op == AssignOp::Set &&
        program[target].storage == Storage::Own && program[target].dims == 0 &&
        !aliased.count(target) && !assign.target.slot)
      state.scalars[target] = assign.value;
  }
  std::erase_if(compute.body, [](const Assign &assign) {
    return assign.guard && asBoolConstant(*assign.guard) == false;
  });
  facts.rewind(mark);
  for (; declaredSymbols.size() > symbols; declaredSymbols.pop_back())
    symbolInScope[declaredSymbols.back().index] = false;
  relaxParallel(before, compute, stmt.loc);
  return !compute.body.empty();
}

//===-------------------------------------------------------------------------------------===//
// Control flow
//===-------------------------------------------------------------------------------------===//

bool CanonicalizeWalk::rewrite(Stmt &, Loop &loop) {
  rewriteBound(loop.axis.lo);
  rewriteBound(loop.axis.hi);
  Changes changes;
  collectChanges(loop.body, changes);
  forget(changes);
  FlowState head = state;
  Facts::Mark mark = facts.mark();
  facts.addAxis(loop.axis);
  symbolInScope[loop.axis.iterator.index] = true;
  walkScoped(loop.body);
  symbolInScope[loop.axis.iterator.index] = false;
  facts.rewind(mark);
  state = std::move(head);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, While &loop) {
  Changes changes;
  collectChanges(loop.header, changes);
  collectChanges(loop.body, changes);
  forget(changes);
  // What the header declares is in scope in the condition, and in the body.
  size_t symbols = declaredSymbols.size(), buffers = declaredBuffers.size();
  size_t numbers = numbered.size();
  Facts::Mark mark = facts.mark();
  if (loop.iterator) {
    symbolInScope[loop.iterator->index] = true;
    declaredSymbols.push_back(*loop.iterator);
  }
  walk(loop.header);
  rewriteScalar(loop.condition);
  FlowState exit = state;
  facts.addCondition(loop.condition);
  walkScoped(loop.body);
  facts.rewind(mark);
  numbered.resize(numbers);
  for (; declaredSymbols.size() > symbols; declaredSymbols.pop_back())
    symbolInScope[declaredSymbols.back().index] = false;
  for (; declaredBuffers.size() > buffers; declaredBuffers.pop_back())
    bufferInScope[declaredBuffers.back().index] = false;
  state = std::move(exit);
  leaveScope(state);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Labelled &labelled) {
  walkScoped(labelled.body);
  for (FlowState &left : leaves[labelled.label]) {
    leaveScope(left);
    join(state, left);
  }
  leaves.erase(labelled.label);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Leave &leave) {
  if (state.reachable)
    leaves[leave.label].push_back(state);
  state.reachable = false;
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, If &branch) {
  FlowState before = state;
  Facts::Mark mark = facts.mark();
  facts.addCondition(branch.condition, true);
  walkScoped(branch.thenBody);
  facts.rewind(mark);
  FlowState afterThen = std::exchange(state, std::move(before));
  facts.addCondition(branch.condition, false);
  walkScoped(branch.elseBody);
  facts.rewind(mark);
  join(state, afterThen);
  return true;
}

//===-------------------------------------------------------------------------------------===//
// Calls and checks
//===-------------------------------------------------------------------------------------===//

bool CanonicalizeWalk::rewrite(Stmt &, Call &call) {
  rewriteArguments(call.arguments);
  Changes changes;
  changes.calls = true;
  changes.handles.insert(call.results.begin(), call.results.end());
  changes.scalars = changes.handles;
  forget(changes);
  const Function *callee = program.find(call.callee);
  for (size_t index = 0; index < call.results.size(); ++index)
    if (BufferId result = call.results[index]; program[result].storage == Storage::Handle)
      state.handles[result] = opaque(bindsAlways(program, *callee, callee->results[index]));
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, LibraryCall &call) {
  rewriteArguments(call.arguments);
  for (const CallArgument &argument : call.arguments)
    if (const auto *buffer = std::get_if<BufferId>(&argument))
      state.scalars.erase(*buffer);
  return true;
}

bool CanonicalizeWalk::rewrite(Stmt &, Check &check) {
  rewriteScalar(check.condition);
  if (asBoolConstant(check.condition) == true) {
    context.count("checks removed");
    return false;
  }
  for (Scalar &argument : check.arguments)
    rewriteScalar(argument);
  facts.addCondition(check.condition);
  return true;
}

} // namespace hpcc::ir
