//===- Plan.cpp - in which order the axes of a compute run -----------------------------------===//
//
// Takes a canonical program; leaves it planned. The axes of each compute whose meaning does not
// depend on their order are put so that the innermost one walks through memory: matrix products by
// three loops, columns of row-major arrays, transposed operands. Legal for any order of par axes
// and of a red axis among them: each cell sees its red points in the same order. The axes of a
// tree, of several ordered red axes and seq axes keep theirs.
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Pass.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

/// The price of one access when the axis runs innermost, in elements of a cache line that are
/// fetched and not used, roughly: 0 where it stays, 1 where it walks, more where it strides.
unsigned costOf(const Program &program, const Access &access, SymbolId axis) {
  constexpr unsigned walks = 1, skips = 4, strides = 16;
  const Buffer &buffer = program[access.buffer];
  unsigned fastest = buffer.dims == 0        ? 0
                     : buffer.layout.empty() ? buffer.dims - 1
                                             : buffer.layout.back();
  unsigned cost = 0;
  for (auto [dim, index] : llvm::enumerate(access.indices)) {
    int64_t coefficient = index.form.coefficientOf(axis);
    if (coefficient == 0)
      continue;
    bool unit = coefficient == 1 || coefficient == -1;
    cost = std::max(cost, dim != fastest ? strides : unit ? walks : skips);
  }
  return cost;
}

/// The price of the axis as innermost one, over all accesses.
unsigned costOf(const Program &program, const Stmt &stmt, SymbolId axis) {
  unsigned total = 0;
  forEachAccess(stmt, [&](const Access &access, Use use) {
    total += costOf(program, access, axis) * (isWrite(use) ? 2 : 1);
  });
  return total;
}

/// Why the axes keep their order, or nothing where any order that the bounds allow is legal.
std::optional<std::string> fixedBecause(const Compute &compute) {
  unsigned reds = 0;
  bool ordered = false;
  for (const Axis &axis : compute.axes) {
    if (axis.kind == AxisKind::Seq)
      return "its points run in order";
    reds += axis.kind == AxisKind::Red;
  }
  for (const Assign &assign : compute.body) {
    if (assign.order == ReductionOrder::Tree)
      return "a tree adds up along an axis";
    ordered |= assign.order == ReductionOrder::Seq;
    if (canRaise(assign.value) || (assign.guard && canRaise(*assign.guard)))
      return "the first error is that of the first point";
  }
  if (ordered && reds > 1)
    return "several axes are added up in order";
  return std::nullopt;
}

/// True if the bounds of `inner` name the iterator of `outer`.
bool dependsOn(const Axis &inner, const Axis &outer) {
  bool found = false;
  forEachAffine(inner,
                [&](const Affine &form) { found |= form.coefficientOf(outer.iterator) != 0; });
  return found;
}

/// The axes from the innermost outwards, each time the cheapest that no remaining one depends on;
/// among equals the one that was further in.
std::vector<Axis> bestOrder(const Program &program, const Stmt &stmt, std::vector<Axis> axes) {
  std::vector<Axis> order;
  while (!axes.empty()) {
    size_t best = axes.size();
    unsigned bestCost = 0;
    for (size_t index = axes.size(); index-- > 0;) {
      bool needed =
          llvm::any_of(axes, [&](const Axis &other) { return dependsOn(other, axes[index]); });
      unsigned cost = costOf(program, stmt, axes[index].iterator);
      if (!needed && (best == axes.size() || cost < bestCost))
        best = index, bestCost = cost;
    }
    order.insert(order.begin(), axes[best]);
    axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return order;
}

void planAxes(const Program &program, Stmt &stmt, PassContext &context) {
  auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute || compute->axes.size() < 2)
    return;
  std::vector<Axis> order = bestOrder(program, stmt, compute->axes);
  if (order == compute->axes)
    return;
  if (std::optional<std::string> reason = fixedBecause(*compute))
    return context.missed(stmt.loc, "the axes keep their order: " + *reason);
  context.passed(stmt.loc, "%" + program[order.back().iterator].name +
                               " runs innermost: it walks through memory");
  context.count("computes whose axes changed places");
  compute->axes = std::move(order);
}

} // namespace

void plan(Program &program, PassContext &context) {
  forEachStmt(program, [&](Stmt &stmt) { planAxes(program, stmt, context); });
}

} // namespace hpcc::ir
