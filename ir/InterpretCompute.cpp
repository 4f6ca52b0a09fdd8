//===- InterpretCompute.cpp - runs computes -------------------------------------------------===//

#include "InterpretMachine.h"
#include "Walk.h"
#include "runtime/math/Sum.h"
#include "llvm/Support/SaveAndRestore.h"
#include <algorithm>
#include <cstring>
#include <map>

namespace hpcc::ir {

//===---------------------------------------------------------------------------------------===//
// Independence of points
//===---------------------------------------------------------------------------------------===//

ParallelWatch::ParallelWatch(const Compute &compute) {
  for (const Axis &axis : compute.axes) {
    kinds.push_back(axis.kind);
    needed |= axis.kind != AxisKind::Seq;
  }
}

bool ParallelWatch::conflicts(const std::optional<Point> &other, bool reduced) const {
  if (!other)
    return false;
  for (size_t axis = 0; axis < kinds.size(); ++axis)
    if (point[axis] != (*other)[axis] && !(reduced && kinds[axis] == AxisKind::Red))
      return kinds[axis] != AxisKind::Seq;
  return false;
}

bool ParallelWatch::touch(Cell cell, bool store) {
  auto found = watched.find(cell.storage);
  if (found == watched.end())
    return true;
  bool reduced = found->second;
  std::pair<Memory *, int64_t> key(cell.storage, cell.element);
  if (cells.size() >= maxCells && !cells.count(key))
    return true;
  Touches &touches = cells[key];
  bool clash = conflicts(touches.firstStore, reduced) || conflicts(touches.lastStore, reduced);
  if (store)
    clash |= conflicts(touches.firstLoad, reduced) || conflicts(touches.lastLoad, reduced);
  auto &first = store ? touches.firstStore : touches.firstLoad;
  auto &last = store ? touches.lastStore : touches.lastLoad;
  if (!first)
    first = point;
  last = point;
  return !clash;
}

//===---------------------------------------------------------------------------------------===//
// Points
//===---------------------------------------------------------------------------------------===//

/// The numbers that the tree sums of one assignment add up, by the values of the other axes, and
/// then by those of the tree's axes in the tree's order.
struct Machine::TreeSums {
  struct Sum {
    Cell target;
    RankSet ranks = 0; // who have the sum
    std::map<std::vector<int64_t>, ScalarConstant> values;
  };
  std::map<std::vector<int64_t>, Sum> sums;
  /// Where the tree is divided: who runs each point, by the values of the tree's axes.
  std::map<std::vector<int64_t>, RankSet> ranks;
};

struct Machine::ComputeRun {
  const Compute &compute;
  std::vector<int64_t> point;
  std::vector<TreeSums> trees; // one an assignment
  /// Where a mapped axis is reduced: who stores the results.
  std::optional<TeamWatch::Worker> reducedBy = {};
  /// Who runs each value of the mapped axis, which may come again for each point of axes around it.
  std::map<int64_t, TeamWatch::Worker> workers = {};
  /// The axis that is divided among ranks, and who runs its iteration.
  const Axis *divided = nullptr;
  RankSet owner = 0;
};

void Machine::forEachValue(const Axis &axis, llvm::function_ref<bool(int64_t)> visit,
                           bool backwards) {
  if (axis.step <= 0)
    return fault("the step of an axis is not positive");
  int64_t lo = valueOf(axis.lo.forms.front()), hi = valueOf(axis.hi.forms.front());
  for (const Affine &form : axis.lo.forms)
    lo = std::max(lo, valueOf(form));
  for (const Affine &form : axis.hi.forms)
    hi = std::min(hi, valueOf(form));
  if (hi <= lo)
    return;
  uint64_t step = static_cast<uint64_t>(axis.step);
  uint64_t steps = (static_cast<uint64_t>(hi) - static_cast<uint64_t>(lo) - 1) / step;
  for (uint64_t count = 0;; ++count) {
    uint64_t offset = (backwards ? steps - count : count) * step;
    int64_t value = static_cast<int64_t>(static_cast<uint64_t>(lo) + offset);
    frame->symbols[axis.iterator.index] = value;
    if (!visit(value) || stopped || count == steps)
      return;
  }
}

static ScalarOp operationOf(AssignOp op) {
  switch (op) {
  case AssignOp::Add:
  case AssignOp::MultiplyAdd:
    return ScalarOp::Add;
  case AssignOp::Multiply:
    return ScalarOp::Multiply;
  case AssignOp::Minimum:
    return ScalarOp::Minimum;
  case AssignOp::Maximum:
    return ScalarOp::Maximum;
  case AssignOp::And:
    return ScalarOp::And;
  case AssignOp::Or:
  case AssignOp::Set:
    break;
  }
  return ScalarOp::Or;
}

/// Whether the assignment's target lacks a red axis.
static bool reduces(const Compute &compute, const Assign &assign) {
  return llvm::any_of(compute.axes, [&](const Axis &axis) {
    return axis.kind == AxisKind::Red &&
           llvm::none_of(assign.target.indices, [&](const Index &index) {
             return index.form.coefficientOf(axis.iterator) != 0;
           });
  });
}

std::vector<int64_t> Machine::treePointOf(const Assign &assign) const {
  std::vector<int64_t> point;
  for (SymbolId symbol : assign.treeAxes)
    point.push_back(frame->symbols[symbol.index]);
  return point;
}

/// Whether a divided axis adds to the target, or hands it from rank to rank, and then all have it.
bool Machine::isCarried(const ComputeRun &run, const Assign &assign) const {
  if (!run.divided || run.divided->kind == AxisKind::Par ||
      isLocal(run.compute, assign.target.buffer) || program[assign.target.buffer].home)
    return false;
  return llvm::none_of(assign.target.indices, [&](const Index &index) {
    return index.form.coefficientOf(run.divided->iterator) != 0;
  });
}

/// Who runs an assignment at the point that is being visited. What a point has of its own is
/// computed wherever an assignment of the point may use it.
RankSet Machine::ranksOf(const ComputeRun &run, size_t index) const {
  const std::vector<Assign> &body = run.compute.body;
  if (!run.divided)
    return running;
  if (const auto &tree = run.trees[index].ranks; !tree.empty())
    return tree.at(treePointOf(body[index]));
  RankSet ranks = 0;
  if (isLocal(run.compute, body[index].target.buffer))
    for (size_t user = 0; user < body.size(); ++user)
      if (!isLocal(run.compute, body[user].target.buffer))
        ranks |= ranksOf(run, user);
  return ranks == 0 ? run.owner : ranks;
}

void Machine::forEachPoint(const Compute &compute, size_t axis, llvm::function_ref<void()> visit) {
  if (axis == compute.axes.size())
    return visit();
  forEachValue(compute.axes[axis], [&](int64_t) {
    forEachPoint(compute, axis + 1, visit);
    return step();
  });
}

/// Each subtree is run by the rank that has its first point.
void Machine::divideTree(ComputeRun &run, size_t index) {
  const RankMapping &mapping = *run.divided->ranks;
  if (mapping.part != RankPart::All)
    return fault("the points of a tree sum are divided, and they are a part of a share");
  std::map<std::vector<int64_t>, RankSet> &ranks = run.trees[index].ranks;
  forEachPoint(run.compute, 0, [&] {
    ranks[treePointOf(run.compute.body[index])] =
        ranksOf(mapping, frame->symbols[run.divided->iterator.index]);
  });
  auto points = static_cast<int64_t>(ranks.size());
  auto point = ranks.begin();
  forEachSubtreeOfSum(points, [&](int64_t, int64_t count) {
    for (RankSet rank = count > 0 ? point->second : 0; count > 0; --count, ++point)
      point->second = rank;
  });
}

void Machine::divide(ComputeRun &run) {
  run.divided = dividedAxisOf(run.compute);
  for (size_t index = 0; run.divided && index < run.compute.body.size(); ++index) {
    const Assign &assign = run.compute.body[index];
    if (rankCount > 1 && isCarried(run, assign) &&
        llvm::is_contained(assign.treeAxes, run.divided->iterator))
      divideTree(run, index);
  }
}

void Machine::runAssign(ComputeRun &run, size_t index) {
  const Assign &assign = run.compute.body[index];
  if (assign.loc.isValid())
    here = assign.loc;
  llvm::SaveAndRestore<RankSet> readers(running, ranksOf(run, index));
  if (assign.guard && !isTrue(*assign.guard))
    return;
  const ScalarApply *product =
      assign.op == AssignOp::MultiplyAdd ? asProduct(assign.value) : nullptr;
  ScalarConstant value = evaluate(product ? product->operands[0] : assign.value);
  ScalarConstant factor = product ? evaluate(product->operands[1]) : ScalarConstant();
  if (stopped)
    return;
  std::optional<Cell> target = locate(assign.target);
  if (!target)
    return;
  if (isCarried(run, assign))
    running = everyone();
  if (assign.op == AssignOp::Set)
    return store(*target, value);
  if (assign.order == ReductionOrder::Tree) {
    std::vector<int64_t> others;
    for (size_t axis = 0; axis < run.point.size(); ++axis)
      if (!llvm::is_contained(assign.treeAxes, run.compute.axes[axis].iterator))
        others.push_back(run.point[axis]);
    TreeSums::Sum &sum = run.trees[index].sums[others];
    sum.target = *target;
    sum.ranks = running;
    sum.values[treePointOf(assign)] = value;
    return;
  }
  // The threads of a team reduce their shares for themselves: the target is the whole compute's.
  TeamWatch::Worker thread = team ? team->worker : TeamWatch::everyone;
  if (run.reducedBy && reduces(run.compute, assign))
    team->worker = *run.reducedBy;
  ScalarConstant old = load(*target);
  store(*target,
        product ? evaluateMultiplyAdd(value.type, value, factor, old)
                : evaluateApply(operationOf(assign.op), false, value.type, {old, value}).value);
  if (team)
    team->worker = thread;
}

/// NumPy's pairwise sum of the values in their order.
template <typename T>
static ScalarConstant treeOf(const std::map<std::vector<int64_t>, ScalarConstant> &values,
                             T (*sum)(const T *, int64_t, int64_t), DType type) {
  std::vector<T> numbers;
  for (const auto &[position, value] : values) {
    T number;
    std::memcpy(&number, &value.bits, sizeof number);
    numbers.push_back(number);
  }
  T total = sum(numbers.data(), static_cast<int64_t>(numbers.size()), 1);
  ScalarConstant result{type, 0};
  std::memcpy(&result.bits, &total, sizeof total);
  return result;
}

void Machine::addTrees(ComputeRun &run) {
  for (size_t index = 0; index < run.trees.size(); ++index) {
    for (auto &[others, sum] : run.trees[index].sums) {
      DType type = sum.target.storage->type;
      if (!isFloat(type))
        return fault("a tree sum of a type that is not a float");
      ScalarConstant tree = type == DType::F64 ? treeOf<double>(sum.values, hpc_tree_f64, type)
                                               : treeOf<float>(sum.values, hpc_tree_f32, type);
      llvm::SaveAndRestore<RankSet> all(running, sum.ranks);
      ScalarConstant old = load(sum.target);
      store(sum.target, evaluateApply(ScalarOp::Add, false, type, {old, tree}).value);
    }
  }
}

void Machine::runPoint(ComputeRun &run) {
  if (!step())
    return;
  if (watch)
    watch->setPoint(run.point);
  for (BufferId local : run.compute.locals)
    allocate(local, {});
  for (size_t index = 0; index < run.compute.body.size() && !stopped; ++index)
    runAssign(run, index);
}

void Machine::runAxis(ComputeRun &run, size_t axis) {
  if (axis == run.compute.axes.size())
    return runPoint(run);
  const Axis &current = run.compute.axes[axis];
  forEachValue(current, [&](int64_t value) {
    run.point[axis] = value;
    if (current.ranks)
      run.owner = ranksOf(*current.ranks, value);
    if (current.ranks && !run.owner)
      return step();
    bool isDivided = team && current.mapping != Mapping::None;
    if (isDivided) {
      auto [worker, isNew] = run.workers.try_emplace(value, TeamWatch::everyone);
      if (isNew)
        worker->second = team->next();
      team->worker = worker->second;
    }
    runAxis(run, axis + 1);
    if (isDivided)
      team->worker = TeamWatch::everyone;
    return step();
  });
}

Flow Machine::run(const Compute &compute) {
  ComputeRun state{compute, std::vector<int64_t>(compute.axes.size()),
                   std::vector<TreeSums>(compute.body.size())};
  auto mapped =
      llvm::find_if(compute.axes, [](const Axis &axis) { return axis.mapping != Mapping::None; });
  bool isDivided = team && mapped != compute.axes.end();
  if (isDivided && mapped->kind == AxisKind::Red)
    state.reducedBy = team->next();
  ParallelWatch watching(compute);
  if (watching.isNeeded()) {
    for (const Assign &assign : compute.body) {
      if (isLocal(compute, assign.target.buffer))
        continue; // each point has its own
      if (const Array *array = arrayOf(assign.target.buffer))
        watching.watch(array->storage.get(), reduces(compute, assign));
    }
    watch = &watching;
  }
  divide(state);
  llvm::SaveAndRestore<RankSet> place(running);
  if (llvm::any_of(compute.axes, [](const Axis &axis) { return axis.grid.has_value(); }))
    running = onDevice;
  if (!stopped)
    runAxis(state, 0);
  watch = nullptr;
  if (isDivided)
    team->worker = state.reducedBy.value_or(team->next());
  if (!stopped)
    addTrees(state);
  if (isDivided)
    team->worker = TeamWatch::everyone;
  return next();
}

} // namespace hpcc::ir
