//===- RaiseLoopsInPlace.cpp - accumulation in the cell that gets the value ------------------===//
//
// A scalar that is summed up over an inner nest ties the loop around into one piece. Where its
// value ends in a cell that nothing else touches meanwhile, the cell is summed up instead: the same
// operations in the same order, and the loop can be split.
//
//     %s[] = 0.0                                        %c[i] = 0.0
//     compute (k red) { %s[] += %a[i, k] order seq } -> compute (k red) { %c[i] += .. order seq }
//     %c[i] = 0.5 * %s[]                                %c[i] = 0.5 * %c[i]
//
//===---------------------------------------------------------------------------------------===//

#include "RaiseLoops.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// The statement as one assignment `target = value` without axes or guard.
const Assign *asPlainSet(const Stmt &stmt) {
  auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute || !compute->axes.empty() || compute->body.size() != 1)
    return nullptr;
  const Assign &assign = compute->body.front();
  bool plain = assign.op == AssignOp::Set && !assign.guard && !canRaise(assign.value);
  return plain ? &assign : nullptr;
}

bool mentions(const Stmt &stmt, BufferId buffer) {
  bool found = false;
  auto look = [&](const Stmt &each) {
    forEachBuffer(each, [&](BufferId id) { found |= id == buffer; });
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
  return found;
}

/// True if the statements between the first and the last set of the scalar leave the array of the
/// cell alone, and can be run whether or not the position of the cell has been checked.
bool isUntouched(llvm::ArrayRef<Stmt> between, const Access &cell, const StorageGroups &groups) {
  return llvm::all_of(between, [&](const Stmt &stmt) {
    bool good = std::holds_alternative<Compute>(stmt.node);
    forEachBuffer(stmt, [&](BufferId id) { good &= !groups.mayOverlap(id, cell.buffer); });
    forEachScalar(stmt, [&](const Scalar &scalar) { good &= !canRaise(scalar); });
    forEachDeclaredSymbol(stmt, [&](SymbolId symbol) {
      forEachAffine(cell, [&](const Affine &form) { good &= form.coefficientOf(symbol) == 0; });
    });
    return good;
  });
}

void replace(Stmt &stmt, BufferId scalar, const Access &cell) {
  rewriteScalars(stmt, [&](Scalar &tree) {
    auto *load = std::get_if<ScalarLoad>(&tree.node);
    if (load && load->access.buffer == scalar)
      load->access = cell;
  });
  for (Assign &assign : std::get<Compute>(stmt.node).body)
    if (assign.target.buffer == scalar)
      assign.target = cell;
}

/// The statements [first, end) that set the scalar, go on computing it and store it in a cell.
struct Accumulation {
  size_t first, end;
};

std::optional<Accumulation> findAccumulation(const Program &program, const Block &body,
                                             BufferId scalar, const StorageGroups &groups) {
  std::vector<size_t> places;
  for (auto [index, stmt] : llvm::enumerate(body))
    if (mentions(stmt, scalar) && !std::holds_alternative<Alloc>(stmt.node))
      places.push_back(index);
  if (places.size() < 3)
    return std::nullopt;
  size_t first = places.front(), last = places.back();
  const Assign *start = asPlainSet(body[first]), *finish = asPlainSet(body[last]);
  if (!start || !finish || start->target.buffer != scalar ||
      program[finish->target.buffer].dims == 0 ||
      program[finish->target.buffer].type != program[scalar].type)
    return std::nullopt;
  const Access &cell = finish->target;
  if (reads(start->value, cell.buffer, groups) || reads(finish->value, cell.buffer, groups) ||
      !isUntouched(llvm::ArrayRef(body).slice(first + 1, last - first - 1), cell, groups))
    return std::nullopt;
  return Accumulation{first, last + 1};
}

} // namespace

bool accumulateInPlace(const Program &program, Loop &loop, const LiveScalars::Set &own,
                       const StorageGroups &groups) {
  bool found = false;
  for (BufferId scalar : own) {
    std::optional<Accumulation> range = findAccumulation(program, loop.body, scalar, groups);
    if (!range)
      continue;
    found = true;
    Access cell = std::get<Compute>(loop.body[range->end - 1].node).body.front().target;
    for (size_t index = range->first; index < range->end; ++index)
      if (std::holds_alternative<Compute>(loop.body[index].node))
        replace(loop.body[index], scalar, cell);
    // `a[i] = a[i]` is left of a plain copy.
    const Assign &last = std::get<Compute>(loop.body[range->end - 1].node).body.front();
    auto *load = std::get_if<ScalarLoad>(&last.value.node);
    if (load && load->access == cell)
      loop.body.erase(loop.body.begin() + static_cast<ptrdiff_t>(range->end - 1));
  }
  return found;
}

} // namespace hpcc::ir
