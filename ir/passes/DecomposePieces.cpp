//===- DecomposePieces.cpp - one owner for what a compute stores ------------------------------===//
//
// Fusion puts assignments into one compute that different ranks are to run: both edges of an array,
// a sum in NumPy's order beside the array that it adds up. Here they part again. A piece has the
// assignments to targets of one class and what these need of the compute's locals.
//
//===-----------------------------------------------------------------------------------------===//

#include "Decompose.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

TargetClass classOf(const Program &program, const Compute &compute, const Assign &assign) {
  TargetClass target;
  const std::optional<Distribution> &home = program[assign.target.buffer].home;
  if (!home) {
    if (assign.order == ReductionOrder::Tree)
      target.kind = TargetClass::Kind::Tree;
    return target;
  }
  RowForm row = rowOf(assign.target, iteratorsOf(compute));
  target.kind = TargetClass::Kind::Unowned;
  if (row.kind == RowForm::Kind::Other || assign.target.indices.front().wrap)
    return target;
  bool isFixed = row.kind == RowForm::Kind::Fixed;
  target.kind = isFixed ? TargetClass::Kind::FixedRow : TargetClass::Kind::Row;
  target.axis = row.iterator;
  target.over = *home;
  target.over.offset = home->offset + row.rest;
  return target;
}

/// Assignments by number, in text order.
using Selection = std::set<size_t>;

/// The assignments of a piece: those given and all that set locals for them.
Selection closureOf(const Compute &compute, Selection selection) {
  std::set<BufferId> needed;
  auto need = [&](const Scalar &scalar) {
    forEachAccess(scalar, [&](const Access &access, Use) {
      if (isLocal(compute, access.buffer))
        needed.insert(access.buffer);
    });
  };
  for (size_t before = 0; before != selection.size();) {
    before = selection.size();
    for (size_t index : selection) {
      need(compute.body[index].value);
      if (compute.body[index].guard)
        need(*compute.body[index].guard);
    }
    for (auto [index, assign] : llvm::enumerate(compute.body))
      if (needed.contains(assign.target.buffer))
        selection.insert(index);
  }
  return selection;
}

/// False only if the accesses name different storages of a buffer.
bool mayBeOneStorage(const Program &program, const Access &left, const Access &right) {
  if (left.buffer != right.buffer)
    return false;
  if (!left.slot || !right.slot)
    return true;
  std::optional<int64_t> distance = (*left.slot - *right.slot).asConstant();
  return !distance || *distance % program[left.buffer].slots == 0;
}

/// True if all points of the first piece may run before all of the second: what one loads and the
/// other stores at a point keeps its order. Different points do not meet, as the axes are par, or
/// red for what is reduced.
bool canPrecede(const Program &program, const Compute &compute, const Selection &first,
                const Selection &second) {
  bool isGood = true;
  auto expect = [&](const Selection &loading, const Selection &storing, bool loadsLater) {
    for (size_t load : loading) {
      auto look = [&](const Access &access, Use) {
        if (isLocal(compute, access.buffer))
          return;
        for (size_t store : storing)
          if (mayBeOneStorage(program, access, compute.body[store].target))
            isGood &= loadsLater ? load > store : load <= store;
      };
      forEachAccess(compute.body[load].value, look);
      if (compute.body[load].guard)
        forEachAccess(*compute.body[load].guard, look);
    }
  };
  auto gathers = [&](const Selection &loading, const Selection &storing) {
    for (size_t load : loading)
      forEachSubtree(compute.body[load].value, [&](const Scalar &tree) {
        if (const auto *gather = std::get_if<ScalarGather>(&tree.node))
          for (size_t store : storing)
            isGood &= compute.body[store].target.buffer != gather->buffer;
      });
  };
  expect(second, first, true);
  expect(first, second, false);
  gathers(first, second), gathers(second, first);
  return isGood;
}

Stmt pieceOf(Program &program, const Stmt &stmt, const Selection &selection) {
  Stmt copy = stmt;
  auto &compute = std::get<Compute>(copy.node);
  std::vector<Assign> body;
  std::set<BufferId> stored;
  for (size_t index : selection) {
    stored.insert(compute.body[index].target.buffer);
    body.push_back(std::move(compute.body[index]));
  }
  compute.body = std::move(body);
  llvm::erase_if(compute.locals, [&](BufferId id) { return !stored.contains(id); });
  unsigned labels = 0;
  return std::move(cloneFresh(program, {std::move(copy)}, labels).front());
}

/// Sums and other reductions that go along with rows of their own, where one axis counts both.
void joinCarried(const Compute &compute, std::vector<std::pair<TargetClass, Selection>> &classes) {
  using Kind = TargetClass::Kind;
  auto rows =
      llvm::find_if(classes, [](const auto &entry) { return entry.first.kind == Kind::Row; });
  auto carried =
      llvm::find_if(classes, [](const auto &entry) { return entry.first.kind == Kind::Carried; });
  if (rows == classes.end() || carried == classes.end() ||
      compute.axes[rows->first.axis].kind == AxisKind::Par)
    return;
  rows->second.insert(carried->second.begin(), carried->second.end());
  classes.erase(carried);
}

} // namespace

std::optional<std::vector<Piece>> splitByOwner(Program &program, const Stmt &stmt) {
  const auto &compute = std::get<Compute>(stmt.node);
  std::vector<std::pair<TargetClass, Selection>> classes;
  for (auto [index, assign] : llvm::enumerate(compute.body)) {
    if (isLocal(compute, assign.target.buffer))
      continue;
    TargetClass target = classOf(program, compute, assign);
    auto found = llvm::find_if(classes, [&](const auto &entry) { return entry.first == target; });
    if (found == classes.end())
      found = classes.insert(classes.end(), {target, {}});
    found->second.insert(index);
  }
  joinCarried(compute, classes);
  if (classes.empty())
    return std::nullopt;
  if (classes.size() == 1)
    return std::vector<Piece>{{classes.front().first, stmt}};
  if (llvm::any_of(compute.axes, [](const Axis &axis) { return axis.kind == AxisKind::Seq; }))
    return std::nullopt;
  std::vector<std::pair<TargetClass, Selection>> order;
  for (auto &[target, selection] : classes) {
    Selection closed = closureOf(compute, selection);
    // Before all of which the values that it needs are still there, else behind all.
    bool isLast = llvm::all_of(order, [&](const auto &entry) {
      return canPrecede(program, compute, entry.second, closed);
    });
    bool isFirst = llvm::all_of(order, [&](const auto &entry) {
      return canPrecede(program, compute, closed, entry.second);
    });
    if (!isLast && !isFirst)
      return std::nullopt;
    order.insert(isLast ? order.end() : order.begin(), {target, std::move(closed)});
  }
  std::vector<Piece> pieces;
  for (const auto &[target, selection] : order)
    pieces.push_back({target, pieceOf(program, stmt, selection)});
  return pieces;
}

} // namespace hpcc::ir
