//===- VerifyCompute.cpp - invariants of computes --------------------------------------------===//

#include "Dependence.h"
#include "Text.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

static bool mentions(const Affine &form, const std::vector<Axis> &axes) {
  return llvm::any_of(axes,
                      [&](const Axis &axis) { return form.coefficientOf(axis.iterator) != 0; });
}

static bool mentions(const Index &index, SymbolId symbol) {
  return index.form.coefficientOf(symbol) != 0 ||
         (index.wrap && index.wrap->coefficientOf(symbol) != 0);
}

/// The position of the index that belongs to the axis alone: c * axis + terms without axes.
static std::optional<size_t> ownIndexOf(const Axis &axis, const Access &target,
                                        const std::vector<Axis> &axes) {
  for (auto [position, index] : llvm::enumerate(target.indices)) {
    int64_t coefficient = index.form.coefficientOf(axis.iterator);
    if (coefficient == 0 || index.wrap)
      continue;
    if (!mentions(index.form - Affine(axis.iterator) * coefficient, axes))
      return position;
  }
  return std::nullopt;
}

/// Whether the slots of two accesses to a buffer are never the same storage.
static bool inOtherSlot(const Access &left, const Access &right, const Program &program) {
  if (!left.slot || !right.slot)
    return false;
  std::optional<int64_t> distance = (*left.slot - *right.slot).asConstant();
  return distance && *distance % static_cast<int64_t>(program[left.buffer].slots) != 0;
}

/// Whether the bounds themselves say that there are no two iterations.
static bool hasOneIteration(const Axis &axis) {
  return llvm::any_of(axis.lo.forms, [&](const Affine &lo) {
    return llvm::any_of(axis.hi.forms, [&](const Affine &hi) {
      std::optional<int64_t> length = (hi - lo).asConstant();
      return length && *length <= axis.step;
    });
  });
}

/// Whether the two accesses can be one cell at two points of the axis. Facts beyond the axes' own
/// bounds are not used: what a program is must be plain from its text.
static bool meetAcross(const Axis &axis, const Access &access, const Access &target,
                       const std::vector<Axis> &axes, const Program &program) {
  if (hasOneIteration(axis))
    return false;
  std::optional<Dependence> dependence = dependenceBetween(target, access, axes, program, Facts());
  return dependence && dependence->distance[static_cast<size_t>(&axis - axes.data())] != 0;
}

static bool mentions(const Access &access, SymbolId symbol) {
  return llvm::any_of(access.indices, [&](const Index &index) { return mentions(index, symbol); });
}

/// The other accesses of the compute to what `target` writes, for each par axis, and for each red
/// axis that the target has.
static void verifyParAccesses(const Compute &compute, const Access &target, VerifyReport &report) {
  for (const Axis &axis : compute.axes) {
    if (axis.kind == AxisKind::Seq ||
        (axis.kind == AxisKind::Red && !mentions(target, axis.iterator)))
      continue;
    llvm::StringRef name = report.program[axis.iterator].name;
    std::optional<size_t> own = ownIndexOf(axis, target, compute.axes);
    if (!own) {
      report("par", "no index of " + toText(target, report.program) + " belongs to " + name);
      continue;
    }
    auto check = [&](const Access &access) {
      if (access.buffer == target.buffer && access.indices.size() == target.indices.size() &&
          !(access.indices[*own] == target.indices[*own]) &&
          meetAcross(axis, access, target, compute.axes, report.program))
        report("par", toText(access, report.program) + " and " + toText(target, report.program) +
                          " can be one cell at two points of " + name);
    };
    for (const Assign &assign : compute.body) {
      if (assign.guard)
        forEachAccess(*assign.guard, [&](const Access &access, Use) { check(access); });
      forEachAccess(assign.value, [&](const Access &access, Use) { check(access); });
      check(assign.target);
    }
  }
}

/// visit(bufferId, access or null) for each element that the assignment reads besides its target.
template <typename F> static void forEachRead(const Assign &assign, F &&visit) {
  auto inTree = [&](const Scalar &scalar) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (auto *load = std::get_if<ScalarLoad>(&tree.node))
        visit(load->access.buffer, &load->access);
      else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
        visit(gather->buffer, nullptr);
    });
  };
  if (assign.guard)
    inTree(*assign.guard);
  inTree(assign.value);
}

/// Whether the assignment is a reduction: its target lacks a red axis.
static bool reduces(const Compute &compute, const Assign &assign) {
  return !isLocal(compute, assign.target.buffer) &&
         llvm::any_of(compute.axes, [&](const Axis &axis) {
           return axis.kind == AxisKind::Red && !mentions(assign.target, axis.iterator);
         });
}

static void verifyReduction(const Compute &compute, const Assign &assign, VerifyReport &report) {
  const Program &program = report.program;
  if (assign.op == AssignOp::Set)
    report("red", toText(assign.target, program) + " is set, not reduced, over a red axis");
  for (const Assign &reader : compute.body)
    forEachRead(reader, [&](BufferId buffer, const Access *read) {
      bool other = read && inOtherSlot(*read, assign.target, program);
      if (buffer == assign.target.buffer && !other)
        report("red", "%" + program[buffer].name + " is read while it is reduced");
    });
}

static void verifyOrder(const Compute &compute, const Assign &assign, VerifyReport &report) {
  const Program &program = report.program;
  auto isRed = [&](SymbolId symbol) {
    return llvm::any_of(compute.axes, [&](const Axis &axis) {
      return axis.iterator == symbol && axis.kind == AxisKind::Red;
    });
  };
  bool isReduction = reduces(compute, assign);
  bool sum = assign.op == AssignOp::Add || assign.op == AssignOp::Multiply ||
             assign.op == AssignOp::MultiplyAdd;
  bool isFloatTarget = isFloat(program[assign.target.buffer].type);
  switch (assign.order) {
  case ReductionOrder::Any:
    if (isReduction && sum && isFloatTarget)
      report("order",
             "a reduction of floats into " + toText(assign.target, program) + " states no order");
    break;
  case ReductionOrder::Seq:
    if (!isReduction)
      report("order", "an order without red axes");
    break;
  case ReductionOrder::Tree:
    if (assign.op != AssignOp::Add || !isFloatTarget)
      report("order", "a tree is for sums of floats");
    if (llvm::any_of(compute.body, [&](const Assign &other) {
          return other.order == ReductionOrder::Tree && other.treeAxes != assign.treeAxes;
        }))
      report("order", "the trees of a compute are over the same axes");
    if (assign.treeAxes.empty() || !llvm::all_of(assign.treeAxes, isRed))
      report("order", "a tree names red axes of its compute");
    if (llvm::any_of(assign.treeAxes, [&](SymbolId axis) { return mentions(assign.target, axis); }))
      report("order", toText(assign.target, program) + " has an axis of its tree");
    break;
  }
  for (size_t index = 0; index < assign.treeAxes.size(); ++index)
    if (llvm::is_contained(llvm::ArrayRef(assign.treeAxes).drop_front(index + 1),
                           assign.treeAxes[index]))
      report("order", "a tree names an axis twice");
  if (assign.order != ReductionOrder::Tree && !assign.treeAxes.empty())
    report("order", "axes of a tree without a tree");
}

/// Whether `op=` is defined on the type.
static bool isDefined(AssignOp op, DType type) {
  switch (op) {
  case AssignOp::Set:
    return true;
  case AssignOp::Add:
  case AssignOp::Multiply:
    return isInteger(type) || isFloat(type);
  case AssignOp::MultiplyAdd:
    return isFloat(type);
  case AssignOp::Minimum:
  case AssignOp::Maximum:
    return !isComplex(type);
  case AssignOp::And:
  case AssignOp::Or:
    return isInteger(type) || type == DType::Bool;
  }
  llvm_unreachable("not an AssignOp");
}

void verifyCompute(const Compute &compute, VerifyReport &report) {
  Loc outer = report.loc;
  const Program &program = report.program;
  for (const Assign &assign : compute.body) {
    report.loc = assign.loc.isValid() ? assign.loc : outer;
    size_t before = report.errors.size();
    verifyAccess(assign.target, report);
    if (report.errors.size() != before)
      break;
    DType type = program[assign.target.buffer].type, given = typeOf(assign.value, program);
    if (type != given)
      report("assign", toText(assign.target, program) + " is " + nameOf(type) + ", its value " +
                           nameOf(given));
    if (!isDefined(assign.op, type))
      report("assign", "no such operation on " + nameOf(type));
    if (assign.guard && typeOf(*assign.guard, program) != DType::Bool)
      report("conditions", "the guard is not bool");
    if (!isLocal(compute, assign.target.buffer))
      verifyParAccesses(compute, assign.target, report);
    forEachRead(assign, [&](BufferId buffer, const Access *read) {
      bool isPar = llvm::any_of(compute.axes, [](const Axis &axis) {
        return axis.kind == AxisKind::Par && !hasOneIteration(axis);
      });
      bool isWritten = llvm::any_of(
          compute.body, [&](const Assign &writer) { return writer.target.buffer == buffer; });
      if (!read && isPar && isWritten)
        report("par", "%" + program[buffer].name + " is gathered from while points write it");
    });
    if (reduces(compute, assign))
      verifyReduction(compute, assign, report);
    verifyOrder(compute, assign, report);
  }
  report.loc = outer;
}

} // namespace hpcc::ir
