//===- SolveGuards.cpp - guards that are bounds ----------------------------------------------===//
//
// A guard that compares affine forms, the same for all assignments of a compute, holds on one side
// of a plane: the innermost axis that it names starts or ends there instead.
//
//     compute (a in [1, h) red, b in [a, p) red) {     compute (a .., b in [a, min(p, p - a)) red)
//     {
//       %n[] += 1 if ([p - a - b] > 0) & (..)      ->    %n[] += 1 if ..
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Pass.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// The conditions that the guard joins by `and`.
void splitConjunction(const Scalar &guard, std::vector<Scalar> &parts) {
  auto *node = std::get_if<ScalarApply>(&guard.node);
  if (node && node->op == ScalarOp::And && node->type == DType::Bool) {
    for (const Scalar &operand : node->operands)
      splitConjunction(operand, parts);
    return;
  }
  parts.push_back(guard);
}

/// The form that is at least zero exactly where the comparison holds, if it compares affine forms
/// by order. Integers of affine forms are far from overflow.
std::optional<Affine> asNonNegative(const Scalar &condition) {
  auto *node = std::get_if<ScalarApply>(&condition.node);
  if (!node || node->operands.size() != 2)
    return std::nullopt;
  std::optional<Affine> left = asAffine(node->operands[0]), right = asAffine(node->operands[1]);
  if (!left || !right)
    return std::nullopt;
  switch (node->op) {
  case ScalarOp::Less:
    return *right - *left - 1;
  case ScalarOp::LessEqual:
    return *right - *left;
  case ScalarOp::Greater:
    return *left - *right - 1;
  case ScalarOp::GreaterEqual:
    return *left - *right;
  default:
    return std::nullopt;
  }
}

/// Moves the condition into the bounds of the innermost axis that it names; returns whether it
/// could.
bool shrink(Compute &compute, const Affine &form) {
  for (Axis &axis : llvm::reverse(compute.axes)) {
    int64_t coefficient = form.coefficientOf(axis.iterator);
    if (coefficient == 0)
      continue;
    Affine rest = form - Affine(axis.iterator) * coefficient;
    if (coefficient == -1) {
      axis.hi.forms.push_back(rest + 1);
      return true;
    }
    // Where an axis starts also says which points its steps come to.
    if (coefficient == 1 && axis.step == 1) {
      axis.lo.forms.push_back(rest * -1);
      return true;
    }
    return false;
  }
  return false;
}

/// Why the guards of the compute stay, or nothing.
std::optional<std::string> unfit(const Compute &compute) {
  for (const Assign &assign : compute.body) {
    if (!assign.guard || *assign.guard != *compute.body.front().guard)
      return "assignments have different guards";
    if (canRaise(*assign.guard))
      return "the guard itself can raise an error";
    if (assign.order == ReductionOrder::Tree)
      return "a tree adds up over the whole box";
  }
  return std::nullopt;
}

void solveGuards(const Program &program, Stmt &stmt, PassContext &context) {
  auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute || compute->axes.empty() || compute->body.empty() || !compute->body.front().guard)
    return;
  std::vector<Scalar> parts, rest;
  splitConjunction(*compute->body.front().guard, parts);
  if (llvm::none_of(parts, [](const Scalar &part) { return asNonNegative(part).has_value(); }))
    return;
  if (std::optional<std::string> reason = unfit(*compute))
    return context.missed(stmt.loc, "a guard stays a guard: " + *reason);
  for (Scalar &part : parts) {
    std::optional<Affine> form = asNonNegative(part);
    if (form && shrink(*compute, *form))
      continue;
    if (form)
      context.missed(stmt.loc, "a guard stays a guard: no axis has a coefficient of one in it");
    rest.push_back(std::move(part));
  }
  if (rest.size() == parts.size())
    return;
  context.passed(stmt.loc, "the guard bounds an axis");
  context.count("guards made bounds");
  std::optional<Scalar> guard;
  for (Scalar &part : rest)
    guard = guard ? apply(program, ScalarOp::And, {std::move(*guard), std::move(part)})
                  : std::move(part);
  for (Assign &assign : compute->body)
    assign.guard = guard;
}

} // namespace

void solveGuards(Program &program, PassContext &context) {
  forEachStmt(program, [&](Stmt &stmt) { solveGuards(program, stmt, context); });
}

} // namespace hpcc::ir
