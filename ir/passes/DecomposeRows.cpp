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

namespace {

/// The coefficient by which the axis counts rows that the compute stores, if it is one number.
std::optional<std::pair<int64_t, Affine>> countedRows(const Program &program,
                                                      const Compute &compute, const Axis &axis) {
  std::optional<std::pair<int64_t, Affine>> counted;
  for (const Assign &assign : compute.body) {
    if (!program[assign.target.buffer].home || assign.target.indices.front().wrap)
      continue;
    const Affine &form = assign.target.indices.front().form;
    int64_t coefficient = form.coefficientOf(axis.iterator);
    Affine rest = form - Affine(axis.iterator) * coefficient;
    bool hasOthers = llvm::any_of(
        compute.axes, [&](const Axis &other) { return rest.coefficientOf(other.iterator) != 0; });
    if (coefficient == 0 || hasOthers || (counted && counted->first != coefficient))
      return std::nullopt;
    if (!counted)
      counted = {coefficient, std::move(rest)};
  }
  return counted;
}

bool isMultiple(Stmt &stmt, SymbolId symbol, int64_t factor) {
  bool isGood = true;
  forEachAffine(stmt,
                [&](const Affine &form) { isGood &= form.coefficientOf(symbol) % factor == 0; });
  return isGood;
}

} // namespace

void straightenRows(const Program &program, Compute &compute) {
  for (Axis &axis : compute.axes) {
    auto counted = countedRows(program, compute, axis);
    if (!counted || counted->first == 1 || axis.kind != AxisKind::Par || axis.step != 1)
      continue;
    auto [factor, rest] = *counted;
    Stmt whole{compute, {}};
    if (!isMultiple(whole, axis.iterator, factor))
      continue;
    // The row of an iteration; the last one's is the end of the rows, or the begin.
    auto rowOfFirst = [&](const Affine &lo) { return lo * factor + rest; };
    auto rowOfLast = [&](const Affine &hi) { return (hi - 1) * factor + rest; };
    Bound lo, hi;
    for (const Affine &form : axis.lo.forms)
      (factor > 0 ? lo : hi).forms.push_back(rowOfFirst(form));
    for (const Affine &form : axis.hi.forms)
      (factor > 0 ? hi : lo).forms.push_back(rowOfLast(form));
    for (Affine &form : hi.forms)
      form = form + 1;
    // The iterator counts rows from now on, so that an iteration is (row - rest) / factor.
    auto recount = [&](Affine &form) {
      int64_t coefficient = form.coefficientOf(axis.iterator);
      if (coefficient != 0)
        form = form - Affine(axis.iterator) * coefficient +
               (Affine(axis.iterator) - rest) * (coefficient / factor);
    };
    SymbolId iterator = axis.iterator;
    axis.lo = Bound(), axis.hi = Bound();
    Stmt stmt{std::move(compute), {}};
    forEachAffine(stmt, recount);
    compute = std::move(std::get<Compute>(stmt.node));
    Axis &rows =
        *llvm::find_if(compute.axes, [&](const Axis &each) { return each.iterator == iterator; });
    rows.lo = std::move(lo), rows.hi = std::move(hi);
    rows.step = std::abs(factor);
    return;
  }
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
