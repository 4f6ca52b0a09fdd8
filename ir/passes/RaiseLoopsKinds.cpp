//===- RaiseLoopsKinds.cpp - which axes of a nest are par or red -----------------------------===//
//
// Each axis is tried as par, then as red, for which assignments that go on computing their target
// become `op=`; the verifier's own rules judge. Names that may share an array, and operations that
// may raise, stop both.
//
//===---------------------------------------------------------------------------------------===//

#include "RaiseLoops.h"
#include "ir/Text.h"
#include "ir/VerifyParts.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

bool mentions(const Access &access, SymbolId symbol) {
  bool found = false;
  forEachAffine(access, [&](const Affine &form) { found |= form.coefficientOf(symbol) != 0; });
  return found;
}

//===-----------------------------------------------------------------------------------------===//
// Reductions
//===-----------------------------------------------------------------------------------------===//

bool isLoadOf(const Scalar &scalar, const Access &access) {
  auto *load = std::get_if<ScalarLoad>(&scalar.node);
  return load && load->access == access;
}

std::optional<AssignOp> assignOpOf(ScalarOp op) {
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Subtract:
    return AssignOp::Add;
  case ScalarOp::Multiply:
    return AssignOp::Multiply;
  case ScalarOp::Minimum:
    return AssignOp::Minimum;
  case ScalarOp::Maximum:
    return AssignOp::Maximum;
  case ScalarOp::And:
    return AssignOp::And;
  case ScalarOp::Or:
    return AssignOp::Or;
  default:
    return std::nullopt;
  }
}

/// target = target op value, either way round; x - y is x + (-y) to the bit.
bool foldOperation(const Program &program, Assign &assign) {
  auto *node = std::get_if<ScalarApply>(&assign.value.node);
  if (!node || node->checked || node->operands.size() != 2)
    return false;
  std::optional<AssignOp> op = assignOpOf(node->op);
  bool first = isLoadOf(node->operands[0], assign.target);
  bool second = isLoadOf(node->operands[1], assign.target) && node->op != ScalarOp::Subtract;
  bool isBoolSum = program[assign.target.buffer].type == DType::Bool &&
                   (op == AssignOp::Add || op == AssignOp::Multiply);
  if (!op || isBoolSum || (!first && !second))
    return false;
  Scalar value = std::move(node->operands[first ? 1 : 0]);
  if (node->op == ScalarOp::Subtract)
    value = apply(program, ScalarOp::Negate, {std::move(value)});
  assign.op = *op;
  assign.value = std::move(value);
  return true;
}

void splitConjunction(const Scalar &scalar, std::vector<Scalar> &terms) {
  auto *node = std::get_if<ScalarApply>(&scalar.node);
  if (!node || node->op != ScalarOp::And || node->type != DType::Bool)
    return terms.push_back(scalar);
  splitConjunction(node->operands[0], terms);
  splitConjunction(node->operands[1], terms);
}

/// The extreme that `target = value if compare(value, target)` keeps. Not of floats: a NaN would
/// win in `min=` and loses here.
std::optional<AssignOp> extremeOf(const Scalar &term, const Assign &assign) {
  auto *node = std::get_if<ScalarApply>(&term.node);
  if (!node || infoOf(node->op).typing != Typing::Compare)
    return std::nullopt;
  ScalarOp op = node->op;
  if (isLoadOf(node->operands[0], assign.target) && node->operands[1] == assign.value)
    op = swappedComparison(op);
  else if (!isLoadOf(node->operands[1], assign.target) || node->operands[0] != assign.value)
    return std::nullopt;
  if (op == ScalarOp::Greater || op == ScalarOp::GreaterEqual)
    return AssignOp::Maximum;
  if (op == ScalarOp::Less || op == ScalarOp::LessEqual)
    return AssignOp::Minimum;
  return std::nullopt;
}

bool foldExtreme(const Program &program, Assign &assign) {
  DType type = program[assign.target.buffer].type;
  if (!assign.guard || canRaise(assign.value) || isFloat(type) || isComplex(type) ||
      typeOf(assign.value, program) != type)
    return false;
  std::vector<Scalar> terms;
  splitConjunction(*assign.guard, terms);
  for (size_t index = 0; index < terms.size(); ++index) {
    std::optional<AssignOp> op = extremeOf(terms[index], assign);
    if (!op)
      continue;
    assign.op = *op;
    assign.guard.reset();
    terms.erase(terms.begin() + static_cast<ptrdiff_t>(index));
    for (Scalar &term : terms)
      assign.guard = assign.guard ? apply(program, ScalarOp::And, {*assign.guard, std::move(term)})
                                  : std::move(term);
    return true;
  }
  return false;
}

/// Flags: storing zero is `&= 0`, storing all ones `|=`, in any order and any number of times.
bool foldFlag(const Program &program, Assign &assign) {
  auto *constant = std::get_if<ScalarConstant>(&assign.value.node);
  DType type = program[assign.target.buffer].type;
  if (!constant || !(isInteger(type) || type == DType::Bool))
    return false;
  bool zero = constant->bits == 0;
  bool ones = type == DType::Bool ? constant->bits == 1 : asInteger(*constant) == -1;
  if (!zero && !ones)
    return false;
  assign.op = zero ? AssignOp::And : AssignOp::Or;
  return true;
}

/// The assignment as `op=`, if it is one.
bool makeReduction(const Program &program, Assign &assign) {
  return assign.op != AssignOp::Set || foldOperation(program, assign) ||
         foldExtreme(program, assign) || foldFlag(program, assign);
}

//===-----------------------------------------------------------------------------------------===//
// Kinds
//===-----------------------------------------------------------------------------------------===//

class KindFinder {
public:
  KindFinder(const Program &program, Compute &compute, const StorageGroups &groups,
             const Facts &facts, LoopObstacle &why)
      : program(program), compute(compute), groups(groups), facts(facts), why(why) {}

  bool find() {
    if (!isPure() || !isUnaliased())
      return false;
    bool independent = false;
    for (size_t axis = 0; axis < compute.axes.size(); ++axis) {
      if (compute.axes[axis].kind == AxisKind::Seq && !tryKind(axis, AxisKind::Par))
        tryKind(axis, AxisKind::Red);
      independent |= compute.axes[axis].kind != AxisKind::Seq;
    }
    if (!independent || !isUseful()) {
      explain();
      return false;
    }
    // The kinds of inner computes were found without the axes around them.
    if (!verifies(compute)) {
      why = {"the nest has no single box of axes", compute.body.front().loc};
      return false;
    }
    return true;
  }

private:
  bool isPure() {
    for (const Assign &assign : compute.body)
      if (canRaise(assign.value) || (assign.guard && canRaise(*assign.guard))) {
        why = {"an operation may raise, so the iterations keep their order", assign.loc};
        return false;
      }
    return true;
  }

  /// visit(buffer, use, loc) for each buffer that an assignment touches.
  template <typename F> void forEachTouch(F &&visit) const {
    for (const Assign &assign : compute.body) {
      auto inTree = [&](const Scalar &scalar) {
        forEachSubtree(scalar, [&](const Scalar &tree) {
          if (auto *load = std::get_if<ScalarLoad>(&tree.node))
            visit(load->access.buffer, assign.loc);
          else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
            visit(gather->buffer, assign.loc);
        });
      };
      if (assign.guard)
        inTree(*assign.guard);
      inTree(assign.value);
      visit(assign.target.buffer, assign.loc);
    }
  }

  bool isUnaliased() {
    for (const Assign &assign : compute.body) {
      BufferId target = assign.target.buffer;
      bool clash = false;
      forEachTouch([&](BufferId other, Loc loc) {
        if (clash || other == target || !groups.mayOverlap(target, other))
          return;
        clash = true;
        why = {"%" + program[target].name + ", which is stored to, and %" + program[other].name +
                   " may name one array",
               assign.loc, loc, "%" + program[other].name + " is used here"};
      });
      if (clash)
        return false;
    }
    return true;
  }

  bool verifies(const Compute &trial) const {
    VerifyReport report{program};
    verifyCompute(trial, report);
    return report.errors.empty();
  }

  bool tryKind(size_t axis, AxisKind kind) {
    Compute trial = compute;
    trial.axes[axis].kind = kind;
    for (Assign &assign : trial.body) {
      if (kind != AxisKind::Red || isLocal(trial, assign.target.buffer) ||
          mentions(assign.target, trial.axes[axis].iterator))
        continue;
      if (assign.order == ReductionOrder::Tree || !makeReduction(program, assign))
        return false;
      bool isSum = assign.op == AssignOp::Add || assign.op == AssignOp::Multiply;
      if (isSum && isFloat(program[assign.target.buffer].type))
        assign.order = ReductionOrder::Seq;
    }
    if (!verifies(trial))
      return false;
    compute = std::move(trial);
    return true;
  }

  /// An outermost axis in order is worth it over independent points of the arrays that it walks
  /// along; one that no target has counts time steps, and stays a loop.
  bool isUseful() const {
    const Axis &outer = compute.axes.front();
    if (outer.kind != AxisKind::Seq)
      return true;
    return llvm::any_of(compute.axes,
                        [](const Axis &axis) { return axis.kind == AxisKind::Par; }) &&
           llvm::all_of(compute.body, [&](const Assign &assign) {
             return isLocal(compute, assign.target.buffer) ||
                    mentions(assign.target, outer.iterator);
           });
  }

  /// Names two accesses of different iterations of the outermost axis that are not independent.
  void explain() {
    SymbolId iterator = compute.axes.front().iterator;
    why = {"the iterations depend on one another", compute.body.front().loc};
    for (const Assign &assign : compute.body) {
      if (isLocal(compute, assign.target.buffer))
        continue;
      std::string target = toText(assign.target, program);
      if (!mentions(assign.target, iterator)) {
        why = {"each iteration of " + program[iterator].name + " stores " + target, assign.loc};
        return;
      }
      bool found = false;
      auto look = [&](const Access &access, Use, Loc loc) {
        if (found || access.buffer != assign.target.buffer)
          return;
        auto dependence = dependenceBetween(assign.target, access, compute.axes, program, facts);
        if (!dependence || dependence->distance.front() == 0)
          return;
        found = true;
        std::optional<int64_t> distance = dependence->distance.front();
        why = {target + " is stored and " + toText(access, program) + " used, " +
                   (distance ? std::to_string(std::abs(*distance)) + " apart along "
                             : std::string("at a distance that is not known along ")) +
                   program[iterator].name,
               assign.loc, loc, toText(access, program) + " is used here"};
      };
      for (const Assign &reader : compute.body) {
        auto inTree = [&](const Scalar &scalar) {
          forEachAccess(scalar,
                        [&](const Access &access, Use use) { look(access, use, reader.loc); });
        };
        if (reader.guard)
          inTree(*reader.guard);
        inTree(reader.value);
        look(reader.target, Use::Write, reader.loc);
      }
      if (found)
        return;
    }
  }

  const Program &program;
  Compute &compute;
  const StorageGroups &groups;
  const Facts &facts;
  LoopObstacle &why;
};

} // namespace

bool findAxisKinds(const Program &program, Compute &compute, const StorageGroups &groups,
                   const Facts &facts, LoopObstacle &why) {
  if (compute.body.empty()) {
    why = {"nothing is left of the body", {}};
    return false;
  }
  return KindFinder(program, compute, groups, facts, why).find();
}

} // namespace hpcc::ir
