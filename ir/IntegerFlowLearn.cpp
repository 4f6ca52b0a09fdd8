//===- IntegerFlowLearn.cpp - what loops make of integer variables ---------------------------===//
//
// For each store the interval of its values, and of what it adds, is assumed and then found by a
// walk under these assumptions, until the walk finds no more than was assumed. The assumptions hold
// then by induction over the steps of a run: the first store to leave its interval would have left
// it from values that are within theirs.
//
//===---------------------------------------------------------------------------------------===//

#include "IntegerFlow.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

using Wide = Interval::Wide;

/// Counts beyond this size are as good as unknown; a product with an integer stays exact.
static constexpr Wide largestCount = Wide(1) << 62;

std::set<BufferId> findIntegerVariables(const Program &program, const Function &function) {
  std::set<BufferId> named; // by something that may change them elsewhere
  forEachStmt(program, [&](const Stmt &stmt) {
    if (const auto *view = std::get_if<View>(&stmt.node))
      named.insert(view->base);
    else if (const auto *bind = std::get_if<Bind>(&stmt.node))
      named.insert(bind->source);
    else if (const auto *call = std::get_if<Call>(&stmt.node))
      for (const CallArgument &argument : call->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          named.insert(*buffer);
  });
  std::set<BufferId> variables;
  auto add = [&](BufferId id) {
    const Buffer &buffer = program[id];
    if (buffer.type == DType::I64 && buffer.dims == 0 && buffer.storage == Storage::Own &&
        buffer.slots == 1 && !named.count(id))
      variables.insert(id);
  };
  forEachStmt(function.body, [&](const Stmt &stmt) { forEachDeclaredBuffer(stmt, add); });
  for (const std::vector<BufferId> *ids :
       {&program.globals, &function.parameters, &function.results})
    llvm::for_each(*ids, add);
  return variables;
}

//===-----------------------------------------------------------------------------------------===//
// Stores and loops
//===-----------------------------------------------------------------------------------------===//

static bool reads(const Scalar &tree, BufferId variable) {
  bool found = false;
  forEachAccess(tree, [&](const Access &access, Use) { found |= access.buffer == variable; });
  return found;
}

void IntegerFlow::collectStores(const Stmt &stmt, const std::vector<const Stmt *> &around,
                                std::map<BufferId, size_t> &cuts) {
  auto add = [&](const void *place, BufferId variable) {
    if (!variables.count(variable) || !storeAt.try_emplace({place, variable}, stores.size()).second)
      return;
    auto cut = cuts.find(variable);
    stores.push_back({variable, around, cut == cuts.end() ? 0 : cut->second});
  };
  if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
    for (const Assign &assign : compute->body) {
      BufferId target = assign.target.buffer;
      add(&assign, target);
      if (compute->axes.empty() && !assign.guard && assign.op == AssignOp::Set &&
          !reads(assign.value, target))
        cuts[target] = around.size();
    }
  } else if (const auto *call = std::get_if<Call>(&stmt.node)) {
    for (const std::vector<BufferId> *ids : {&call->results, &program.globals})
      for (BufferId id : *ids)
        add(&stmt, id);
  } else if (const auto *library = std::get_if<LibraryCall>(&stmt.node)) {
    for (const CallArgument &argument : library->arguments)
      if (const auto *buffer = std::get_if<BufferId>(&argument))
        add(&stmt, *buffer);
  }
}

void IntegerFlow::collect(Block &block, std::vector<const Stmt *> &around,
                          std::map<BufferId, size_t> cuts) {
  for (Stmt &stmt : block) {
    collectStores(stmt, around, cuts);
    bool isLoop =
        std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
    if (isLoop) {
      LoopInfo &info = loops[&stmt];
      info.depth = around.size();
      if (std::holds_alternative<While>(stmt.node))
        info.iterations.reset();
      around.push_back(&stmt);
    }
    forEachInnerBlock(stmt, [&](Block &inner) { collect(inner, around, cuts); });
    if (isLoop)
      around.pop_back();
  }
}

//===-----------------------------------------------------------------------------------------===//
// Rounds
//===-----------------------------------------------------------------------------------------===//

void IntegerFlow::recordStore(Place place, Interval value, std::optional<Interval> added) {
  if (!learning)
    return;
  Store &store = found[storeAt.at(place)];
  store.added = !store.reached         ? added
                : store.added && added ? std::optional(hull(*store.added, *added))
                                       : std::nullopt;
  store.value = store.reached ? hull(store.value, value) : value;
  store.reached = true;
}

/// Takes what the last round found into the assumptions; true if they did not hold it. `widen`
/// gives a bound that still moves up.
bool IntegerFlow::grow(bool widen) {
  bool grew = std::exchange(iterationsGrew, false);
  auto take = [&](Interval &assumed, Interval now) {
    if (assumed.contains(now))
      return;
    grew = true;
    Interval wider = hull(assumed, now);
    if (widen && wider.lo < assumed.lo)
      wider.lo = INT64_MIN;
    if (widen && wider.hi > assumed.hi)
      wider.hi = INT64_MAX;
    assumed = wider;
  };
  for (auto [store, now] : llvm::zip_equal(stores, found)) {
    if (!now.reached)
      continue;
    if (!store.reached) {
      store = now;
      grew = true;
      continue;
    }
    take(store.value, now.value);
    if (store.added && now.added) {
      take(*store.added, *now.added);
    } else if (store.added) {
      store.added.reset();
      grew = true;
    }
  }
  return grew;
}

/// One walk under the assumptions.
void IntegerFlow::learnRound(Block &block, const Facts &entry) {
  found = stores;
  for (Store &store : found)
    store.reached = false;
  facts = entry;
  reachable = true;
  learning = true;
  walkBlock(block);
  learning = false;
}

void IntegerFlow::forgetAll() {
  for (Store &store : stores) {
    store.reached = true;
    store.value = Interval();
    store.added.reset();
  }
  for (auto &[stmt, info] : loops)
    info.iterations.reset();
}

void IntegerFlow::learn(Block &block) {
  constexpr unsigned widenAfter = 6, mostRounds = 20;
  std::vector<const Stmt *> around;
  collect(block, around, {});
  for (size_t index = 0; index < stores.size(); ++index)
    for (const Stmt *loop : stores[index].loops)
      loops[loop].changed[stores[index].variable].push_back(index);
  Facts entry = facts;
  unsigned round = 0;
  do {
    learnRound(block, entry);
    ++round;
  } while (grow(round > widenAfter) && round < mostRounds);
  if (round == mostRounds) {
    forgetAll();
  } else if (round > widenAfter) {
    // What was widened may be more than what the walk finds under it; that holds if it holds again.
    std::vector<Store> wide = std::exchange(stores, found);
    learnRound(block, entry);
    if (grow(false))
      stores = std::move(wide);
  }
  facts = std::move(entry);
  reachable = true;
}

//===-----------------------------------------------------------------------------------------===//
// Variables in loops
//===-----------------------------------------------------------------------------------------===//

void IntegerFlow::countIterations(LoopInfo &info, const Axis &axis) {
  if (!learning || !info.iterations)
    return;
  Wide most = largestCount + 1;
  for (const Affine &hi : axis.hi.forms)
    for (const Affine &lo : axis.lo.forms) {
      if (!facts.isExact(hi) || !facts.isExact(lo))
        continue;
      Wide width =
          std::min(facts.intervalOf(hi - lo).hi, facts.intervalOf(hi).hi - facts.intervalOf(lo).lo);
      most = std::min(most, std::max<Wide>(width + axis.step - 1, 0) / axis.step);
    }
  if (most <= *info.iterations)
    return;
  iterationsGrew = true;
  info.iterations = most > largestCount ? std::nullopt : std::optional(most);
}

/// How often a store inside a loop of this depth runs in one run of that loop, or after the store
/// from which its additions count.
std::optional<Wide> IntegerFlow::executions(const Store &store, size_t depth) const {
  Wide product = 1;
  for (size_t index = std::max(depth, store.cut); index < store.loops.size(); ++index) {
    std::optional<Wide> count = loops.at(store.loops[index]).iterations;
    if (!count)
      return std::nullopt;
    product *= *count;
    if (product > largestCount)
      return std::nullopt;
  }
  return product;
}

/// The values that a variable has in a loop: no more than what is stored to it, and no further from
/// what it has at entry and what is stored anew than all additions together.
Interval IntegerFlow::boundOf(Interval entry, const std::vector<size_t> &inside,
                              size_t depth) const {
  constexpr Wide limit = Wide(1) << 100; // of one term of a sum
  Interval values = entry, base = entry;
  std::optional<Wide> up = 0, down = 0;
  auto extend = [&](std::optional<Wide> &sum, std::optional<Wide> count, Wide by) {
    if (by == 0 || !sum)
      return;
    sum = count ? std::optional(*sum + std::clamp(*count * by, -limit, limit)) : std::nullopt;
  };
  for (size_t index : inside) {
    const Store &store = stores[index];
    if (!store.reached)
      continue;
    values = hull(values, store.value);
    if (!store.added) {
      base = hull(base, store.value);
      continue;
    }
    std::optional<Wide> count = executions(store, depth);
    extend(up, count, std::max<Wide>(store.added->hi, 0));
    extend(down, count, std::min<Wide>(store.added->lo, 0));
  }
  if (up)
    values.hi = std::min(values.hi, base.hi + *up);
  if (down)
    values.lo = std::max(values.lo, base.lo + *down);
  return values;
}

VariableFacts IntegerFlow::headOf(const Stmt &loop) const {
  VariableFacts head = facts.variables;
  const LoopInfo &info = loops.at(&loop);
  for (const auto &[variable, inside] : info.changed)
    if (auto entry = head.find(variable); entry != head.end())
      entry->second = {boundOf(entry->second.interval, inside, info.depth), {}, {}, {}};
  return head;
}

/// What a value adds to the variable that it is stored to, if it does only that.
std::optional<Interval> IntegerFlow::addedBy(const Scalar &value, BufferId variable) const {
  if (const auto *load = std::get_if<ScalarLoad>(&value.node))
    return load->access.buffer == variable ? std::optional(Interval{0, 0}) : std::nullopt;
  const auto *node = std::get_if<ScalarApply>(&value.node);
  if (!node || node->type != DType::I64)
    return std::nullopt;
  if (node->op == ScalarOp::Select) {
    std::optional<Interval> yes = addedBy(node->operands[1], variable);
    std::optional<Interval> no = yes ? addedBy(node->operands[2], variable) : std::nullopt;
    return no ? std::optional(hull(*yes, *no)) : std::nullopt;
  }
  if (node->op != ScalarOp::Add && node->op != ScalarOp::Subtract)
    return std::nullopt;
  if (!node->checked && !facts.exactIntervalOf(*node)->fitsInteger())
    return std::nullopt; // it may wrap
  unsigned first = 0;
  std::optional<Interval> added = addedBy(node->operands[0], variable);
  if (!added && node->op == ScalarOp::Add)
    added = addedBy(node->operands[first = 1], variable);
  if (!added)
    return std::nullopt;
  Interval sum = *intervalOfApply(node->op, {*added, facts.intervalOf(node->operands[1 - first])});
  return sum.fitsInteger() ? std::optional(sum) : std::nullopt;
}

} // namespace hpcc::ir
