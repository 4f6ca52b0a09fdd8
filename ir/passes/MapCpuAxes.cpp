//===- MapCpuAxes.cpp - which iterations a team divides ---------------------------------------===//
//
// Any par axis may be divided, wherever it stands in the nest: points with different values of it
// never meet. Of a red axis each thread reduces a share, where the result does not depend on how
// shares are cut: reductions in any order, and trees, whose subtrees are shares.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapCpu.h"
#include "ir/Effects.h"
#include "ir/Walk.h"

namespace hpcc::ir {
namespace {

/// Why no thread can reduce a share of a red axis; nothing where each can.
std::optional<std::string> whyNoShares(const Program &program, const Compute &compute,
                                       const Axis &axis) {
  bool trees = false, others = false;
  for (const Assign &assign : compute.body) {
    if (assign.op == AssignOp::Set || isLocal(compute, assign.target.buffer))
      continue; // a cell of each point
    std::string target = "%" + program[assign.target.buffer].name;
    if (assign.order == ReductionOrder::Seq)
      return target + " is added up in the order of its points";
    if (program[assign.target.buffer].dims != 0 ||
        llvm::is_contained(program.globals, assign.target.buffer))
      return target + " is no scalar variable of the function";
    bool tree = assign.order == ReductionOrder::Tree;
    if (tree &&
        (assign.treeAxes.size() != compute.axes.size() || assign.treeAxes.front() != axis.iterator))
      return target + " is a tree that starts along another axis";
    (tree ? trees : others) = true;
  }
  if (trees && others)
    return "a tree and a reduction in any order share a loop";
  return std::nullopt;
}

/// True if inner iterations are as many as the value of the axis says.
bool boundsOthers(const Compute &compute, const Axis &axis) {
  return llvm::any_of(compute.axes, [&](const Axis &inner) {
    bool found = false;
    forEachAffine(inner,
                  [&](const Affine &form) { found |= form.coefficientOf(axis.iterator) != 0; });
    return found;
  });
}

/// True if an axis around this one runs in order or is reduced.
bool isInOrderedAxis(const Compute &compute, size_t index) {
  return llvm::any_of(llvm::ArrayRef(compute.axes).take_front(index),
                      [](const Axis &around) { return around.kind != AxisKind::Par; });
}

/// True if the bounds of the axis name an axis around it.
bool hasBoundsOf(const Compute &compute, size_t index) {
  return llvm::any_of(llvm::ArrayRef(compute.axes).take_front(index), [&](const Axis &around) {
    bool found = false;
    forEachAffine(compute.axes[index],
                  [&](const Affine &form) { found |= form.coefficientOf(around.iterator) != 0; });
    return found;
  });
}

bool isTree(const Compute &compute) {
  return llvm::any_of(compute.body,
                      [](const Assign &a) { return a.order == ReductionOrder::Tree; });
}

} // namespace

AxisChoice chooseAxis(const Program &program, const Compute &compute, const Facts &facts,
                      const TeamThresholds &thresholds) {
  AxisChoice choice;
  if (canRaise(compute)) {
    choice.why = "an error must be that of the first point";
    return choice;
  }
  // The outermost axis of enough iterations, par before red; else the longest.
  double bestScore = -1;
  for (auto [index, axis] : llvm::enumerate(compute.axes)) {
    if (axis.kind == AxisKind::Seq) {
      if (choice.why.empty())
        choice.why = "its points run in order";
      continue;
    }
    bool divided = boundsOthers(compute, axis);
    if (isInOrderedAxis(compute, index) && (divided || hasBoundsOf(compute, index))) {
      if (choice.why.empty())
        choice.why = "its iterations are others at each point of an axis around it";
      continue;
    }
    if (axis.kind == AxisKind::Red) {
      std::optional<std::string> why = whyNoShares(program, compute, axis);
      if (!why && divided && isTree(compute))
        why = "a tree has rows of different lengths";
      if (why) {
        choice.why = *why;
        continue;
      }
    }
    double most = countOf(axis, facts).most;
    double score = most < static_cast<double>(thresholds.rows) && !isTree(compute)
                       ? most / static_cast<double>(thresholds.rows)
                   : axis.kind == AxisKind::Par ? 2
                                                : 1;
    if (score <= bestScore)
      continue;
    bestScore = score;
    choice.axis = index;
    choice.mapping = divided ? Mapping::DynamicThreads : Mapping::Threads;
  }
  return choice;
}

std::optional<std::string> whyNotDivided(const Program &program, const Loop &loop) {
  std::set<BufferId> own;
  std::set<LabelId> labels;
  std::optional<std::string> why;
  auto refuse = [&](const llvm::Twine &text) {
    if (!why)
      why = text.str();
  };
  forEachStmt(loop.body, [&](const Stmt &stmt) {
    forEachDeclaredBuffer(stmt, [&](BufferId id) { own.insert(id); });
    bool raises = false;
    forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
    if (raises || std::holds_alternative<Check>(stmt.node))
      refuse("an iteration can raise an error");
    std::visit(
        overloaded{[&](const Call &node) { refuse("an iteration calls @" + node.callee); },
                   [&](const LibraryCall &) { refuse("an iteration prints or calls the runtime"); },
                   [&](const Labelled &node) { labels.insert(node.label); },
                   [&](const Leave &node) {
                     if (!labels.contains(node.label))
                       refuse("an iteration can end the loop");
                   },
                   [&](const Bind &node) {
                     if (!own.contains(node.handle))
                       refuse("%" + program[node.handle].name + " is bound in the loop");
                   },
                   [&](const Drop &node) {
                     if (!own.contains(node.buffer))
                       refuse("%" + program[node.buffer].name + " ends in the loop");
                   },
                   [&](const Compute &node) {
                     for (const Assign &assign : node.body)
                       if (program[assign.target.buffer].dims == 0 &&
                           !own.contains(assign.target.buffer))
                         refuse("all iterations store to %" + program[assign.target.buffer].name);
                   },
                   [&](const Exchange &) { refuse("an iteration communicates with other ranks"); },
                   [](OneOf<Let, Alloc, Declare, View, Loop, While, If, Parallel, Single, Barrier,
                            Transfer, Check> auto &) {}},
        stmt.node);
  });
  return why;
}

bool holdsDivided(const Stmt &stmt) {
  auto isDivided = [](const Stmt &each) {
    if (const auto *compute = std::get_if<Compute>(&each.node))
      return llvm::any_of(compute->axes,
                          [](const Axis &axis) { return axis.mapping != Mapping::None; });
    const auto *loop = std::get_if<Loop>(&each.node);
    return loop && loop->axis.mapping != Mapping::None;
  };
  bool found = isDivided(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) {
    forEachStmt(block, [&](const Stmt &inner) { found |= isDivided(inner); });
  });
  return found;
}

} // namespace hpcc::ir
