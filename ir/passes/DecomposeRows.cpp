//===- DecomposeRows.cpp - which rows iterations touch ---------------------------------------===//

#include "Decompose.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

RowForm rowOf(const Access &access, llvm::ArrayRef<SymbolId> iterators) {
  RowForm row;
  if (access.indices.empty())
    return row;
  const Affine &form = access.indices.front().form;
  row.kind = RowForm::Kind::Fixed;
  row.rest = form;
  for (auto [number, iterator] : llvm::enumerate(iterators)) {
    int64_t coefficient = form.coefficientOf(iterator);
    if (coefficient == 0)
      continue;
    if (coefficient != 1 || row.kind != RowForm::Kind::Fixed) {
      row.kind = RowForm::Kind::Other;
      return row;
    }
    row.kind = RowForm::Kind::Iterator;
    row.iterator = number;
    row.rest = form - Affine(iterator);
  }
  return row;
}

std::vector<SymbolId> iteratorsOf(const Compute &compute) {
  std::vector<SymbolId> iterators;
  for (const Axis &axis : compute.axes)
    iterators.push_back(axis.iterator);
  return iterators;
}

namespace {

/// visit(access, isGather) for each load of a candidate; of a gather only the buffer counts.
template <typename F>
void forEachLoad(const Stmt &stmt, const std::set<BufferId> &candidates, F visit) {
  forEachAccess(stmt, [&](const Access &access, Use use) {
    if (isRead(use) && candidates.contains(access.buffer))
      visit(access, false);
  });
  forEachScalar(stmt, [&](const Scalar &scalar) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (const auto *gather = std::get_if<ScalarGather>(&tree.node);
          gather && candidates.contains(gather->buffer))
        visit(Access{gather->buffer, {}, {}}, true);
    });
  });
}

/// The iterator whose iterations are divided: that of the first store that names one, else of the
/// first load.
std::optional<size_t> findDividedAxis(const Compute &compute,
                                      const std::set<BufferId> &candidates) {
  std::vector<SymbolId> iterators = iteratorsOf(compute);
  for (const Assign &assign : compute.body)
    if (candidates.contains(assign.target.buffer))
      if (RowForm row = rowOf(assign.target, iterators); row.kind == RowForm::Kind::Iterator)
        return row.iterator;
  std::optional<size_t> found;
  forEachLoad(Stmt{compute, {}}, candidates, [&](const Access &access, bool) {
    RowForm row = rowOf(access, iterators);
    if (!found && row.kind == RowForm::Kind::Iterator &&
        compute.axes[row.iterator].kind != AxisKind::Par)
      found = row.iterator;
  });
  return found;
}

bool isShort(const Axis &axis) {
  constexpr int64_t few = 4;
  auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
  std::optional<int64_t> length = lo && hi ? (*hi - *lo).asConstant() : std::nullopt;
  return length && *length <= few;
}

} // namespace

std::optional<DivisibleUnit> unitOf(const Compute &compute, const std::set<BufferId> &candidates) {
  std::optional<size_t> axis = findDividedAxis(compute, candidates);
  if (!axis)
    return std::nullopt;
  DivisibleUnit unit;
  unit.isFlat = compute.axes.size() == 1;
  unit.isShort = isShort(compute.axes[*axis]);
  std::vector<SymbolId> iterators = iteratorsOf(compute);
  bool isTree = false;
  for (const Assign &assign : compute.body) {
    isTree |= assign.order == ReductionOrder::Tree;
    RowForm row = rowOf(assign.target, iterators);
    if (candidates.contains(assign.target.buffer) && row.kind == RowForm::Kind::Iterator &&
        row.iterator == *axis)
      unit.stores.push_back({assign.target.buffer, row.rest});
  }
  forEachLoad(Stmt{compute, {}}, candidates, [&](const Access &access, bool isGather) {
    RowForm row = rowOf(access, iterators);
    bool isOwn = !isGather && row.kind == RowForm::Kind::Iterator && row.iterator == *axis;
    if (isOwn)
      unit.loads.push_back({access.buffer, row.rest});
    if (!isOwn || isTree)
      unit.otherLoads.push_back(access.buffer);
  });
  return unit;
}

std::optional<DivisibleUnit> unitOf(const Loop &loop, const std::set<BufferId> &candidates) {
  if (loop.axis.kind != AxisKind::Par)
    return std::nullopt;
  DivisibleUnit unit;
  unit.isLoop = true;
  std::set<BufferId> inside;
  std::vector<SymbolId> iterators = {loop.axis.iterator};
  bool isGood = true;
  forEachStmt(loop.body, [&](const Stmt &stmt) {
    forEachDeclaredBuffer(stmt, [&](BufferId id) { inside.insert(id); });
    forEachDeclaredSymbol(stmt, [&](SymbolId id) { iterators.push_back(id); });
  });
  forEachStmt(loop.body, [&](const Stmt &stmt) {
    if (const auto *compute = std::get_if<Compute>(&stmt.node))
      for (const Assign &assign : compute->body) {
        if (inside.contains(assign.target.buffer))
          continue;
        RowForm row = rowOf(assign.target, iterators);
        isGood &= candidates.contains(assign.target.buffer) &&
                  row.kind == RowForm::Kind::Iterator && row.iterator == 0 &&
                  !assign.target.indices.front().wrap;
        unit.stores.push_back({assign.target.buffer, row.rest});
      }
    // What a call stores is not seen here.
    isGood &= !std::holds_alternative<Call>(stmt.node);
    forEachLoad(stmt, candidates, [&](const Access &access, bool isGather) {
      RowForm row = rowOf(access, iterators);
      if (!isGather && row.kind == RowForm::Kind::Iterator && row.iterator == 0)
        unit.loads.push_back({access.buffer, row.rest});
      else
        unit.otherLoads.push_back(access.buffer);
    });
  });
  if (!isGood || unit.stores.empty())
    return std::nullopt;
  return unit;
}

} // namespace hpcc::ir
