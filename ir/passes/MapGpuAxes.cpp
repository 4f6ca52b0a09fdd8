//===- MapGpuAxes.cpp - which axes the grid runs, and what a thread can run -------------------===//
//
// Axes whose bounds name no other axis of their compute, at most three of them: a grid is a box.
// The innermost, along which neighbouring elements lie, becomes x. Reductions into scalar variables
// are shares of threads where their order allows it.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapCpu.h"
#include "MapGpu.h"
#include "ir/Dependence.h"
#include "ir/Effects.h"
#include "ir/Verify.h"
#include "llvm/ADT/STLExtras.h"
#include <bit>

namespace hpcc::ir {
namespace {

/// Threads of a block. More of them would share nothing, fewer leave a processor idle.
constexpr int64_t blockSize = 256;
/// Neighbours along x that a block takes where there are other axes: a warp, one line of memory
/// after another.
constexpr int64_t rowSize = 32;

/// True if the bounds name no axis of the compute.
bool isBox(const Compute &compute, const Axis &axis) {
  bool box = true;
  forEachAffine(axis, [&](const Affine &form) {
    for (const Axis &other : compute.axes)
      box &= form.coefficientOf(other.iterator) == 0;
  });
  return box;
}

/// Threads of a block along an axis: as many as there are iterations, up to a limit.
int64_t threadsFor(const Axis &axis, int64_t limit, const Facts &facts) {
  double most = countOf(axis, facts).most;
  if (most >= static_cast<double>(limit))
    return limit;
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(std::max(1.0, most))));
}

/// The shape of blocks for the axes of a grid, the last one x.
std::vector<GridMapping> shapeBlocks(llvm::ArrayRef<const Axis *> axes, const Facts &facts) {
  std::vector<GridMapping> shape(axes.size());
  int64_t left = blockSize;
  for (size_t index = axes.size(); index-- > 0;) {
    bool isX = index + 1 == axes.size() && axes.size() > 1;
    bool isZ = index + mostGridAxes == axes.size();
    int64_t limit = isX ? rowSize : isZ ? mostThreadsAlongZ : blockSize;
    shape[index].threads = threadsFor(*axes[index], std::min(limit, left), facts);
    left /= shape[index].threads;
  }
  // A short x leaves room in y, and short outer axes room in x.
  if (left > 1 && axes.size() > 1)
    shape.back().threads = threadsFor(*axes.back(), shape.back().threads * left, facts);
  return shape;
}

bool isTree(const Assign &assign) { return assign.order == ReductionOrder::Tree; }

/// The reductions of the compute into scalar variables.
std::vector<const Assign *> scalarReductions(const Program &program, const Compute &compute) {
  std::vector<const Assign *> found;
  for (const Assign &assign : compute.body)
    if (program[assign.target.buffer].dims == 0 && !isLocal(compute, assign.target.buffer))
      found.push_back(&assign);
  return found;
}

/// Why threads cannot reduce shares of the points; nothing where they can.
std::optional<std::string> whyNoShares(const Program &program, const Compute &compute) {
  for (const Assign *assign : scalarReductions(program, compute)) {
    std::string target = "%" + program[assign->target.buffer].name;
    if (assign->op == AssignOp::Set || assign->order == ReductionOrder::Seq)
      return target + " is computed in the order of its points";
    if (llvm::is_contained(program.globals, assign->target.buffer))
      return target + " is a variable that functions share";
    if (isTree(*assign) && assign->treeAxes.size() != compute.axes.size())
      return target + " is a tree over some of the axes";
  }
  return std::nullopt;
}

/// Axes that can be dealt to threads. Of a reduction into arrays only those that index its target.
std::vector<size_t> axesForThreads(const Program &program, const Compute &compute) {
  std::vector<size_t> found;
  bool trees = llvm::any_of(compute.body, isTree);
  for (auto [index, axis] : llvm::enumerate(compute.axes)) {
    if (axis.kind == AxisKind::Seq || !isBox(compute, axis))
      continue;
    bool shared = axis.kind == AxisKind::Par;
    if (!shared) {
      shared = llvm::all_of(compute.body, [&](const Assign &assign) {
        return assign.op == AssignOp::Set || program[assign.target.buffer].dims == 0 ||
               llvm::any_of(assign.target.indices, [&](const Index &each) {
                 return each.form.coefficientOf(axis.iterator) != 0;
               });
      });
      bool inTree = llvm::any_of(compute.body, [&](const Assign &assign) {
        return isTree(assign) && llvm::is_contained(assign.treeAxes, axis.iterator);
      });
      // The threads of a tree are dealt its subtrees, which the first of its axes stands for.
      if (inTree)
        shared &= llvm::any_of(compute.body, [&](const Assign &assign) {
          return isTree(assign) && assign.treeAxes.size() == compute.axes.size() &&
                 assign.treeAxes.front() == axis.iterator;
        });
      else
        shared &= !trees;
    }
    if (shared)
      found.push_back(index);
  }
  return found;
}

/// The operation of a scalar tree that the device has no code for, if there is one.
std::optional<std::string> missingOperation(const Scalar &scalar) {
  std::optional<std::string> missing;
  forEachSubtree(scalar, [&](const Scalar &tree) {
    const auto *apply = std::get_if<ScalarApply>(&tree.node);
    if (!apply)
      return;
    bool isFunction = apply->op >= ScalarOp::Exp;
    bool runtime = apply->op == ScalarOp::RoundDigits ||
                   (apply->checked && (apply->op == ScalarOp::Power || isFunction ||
                                       apply->op == ScalarOp::SquareRoot));
    if (runtime)
      missing = infoOf(apply->op).text.str();
  });
  return missing;
}

} // namespace

GridChoice chooseGrid(const Program &program, const Compute &compute, const Facts &facts) {
  std::vector<size_t> axes = axesForThreads(program, compute);
  bool reduces = !scalarReductions(program, compute).empty();
  if (reduces)
    if (std::optional<std::string> why = whyNoShares(program, compute))
      return {{}, *why};
  if (axes.empty())
    return {{}, "its points run in order"};
  // Where a point can raise, a thread meets its points in the order of the program and stops at the
  // first that does; so no axis of its own may lie around one of the grid.
  bool raises = canRaise(compute);
  if (raises)
    for (size_t index = 0; index < axes.size(); ++index)
      if (axes[index] != index)
        axes.resize(index);
  if (axes.empty())
    return {{}, "an error must be that of the first point"};
  // Of many axes the outermost are in the threads: x, y and z are the innermost.
  while (axes.size() > mostGridAxes)
    axes.erase(raises ? axes.end() - 1 : axes.begin());
  std::vector<const Axis *> chosen;
  for (size_t index : axes)
    chosen.push_back(&compute.axes[index]);
  GridChoice choice;
  for (auto [index, mapping] : llvm::zip(axes, shapeBlocks(chosen, facts)))
    choice.axes.push_back({index, mapping});
  return choice;
}

std::vector<GridMapping> gridOfLoops(llvm::ArrayRef<const Axis *> axes, const Facts &facts) {
  return shapeBlocks(axes, facts);
}

//===-----------------------------------------------------------------------------------------===//
// What a thread can run
//===-----------------------------------------------------------------------------------------===//

DeviceArrays::DeviceArrays(const Program &program, const Function &function)
    : roots(program.buffers.size()) {
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
      if (program[alloc->buffer].dims != 0)
        roots[alloc->buffer.index] = alloc->buffer;
    if (const auto *view = std::get_if<View>(&stmt.node))
      roots[view->result.index] = roots[view->base.index];
  });
  auto exclude = [&](BufferId id) {
    if (std::optional<BufferId> root = roots[id.index])
      for (std::optional<BufferId> &each : roots)
        if (each == root)
          each.reset();
  };
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (const auto *bind = std::get_if<Bind>(&stmt.node))
      exclude(bind->source);
    if (const auto *call = std::get_if<Call>(&stmt.node))
      for (const CallArgument &argument : call->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          exclude(*buffer);
  });
  for (BufferId result : function.results)
    exclude(result);
}

std::optional<BufferId> DeviceArrays::rootOf(BufferId buffer) const {
  return buffer.index < roots.size() ? roots[buffer.index] : std::nullopt;
}

std::optional<std::string> whyNotInKernel(const Program &program, const Stmt &stmt,
                                          const DeviceArrays &arrays) {
  std::optional<std::string> why;
  auto refuse = [&](const llvm::Twine &text) {
    if (!why)
      why = text.str();
  };
  auto look = [&](const Stmt &each) {
    std::visit(
        overloaded{
            [&](OneOf<Compute, Loop, Let, While, Labelled, Leave, If, Check> auto &) {},
            [&](const Alloc &node) {
              if (program[node.buffer].dims != 0)
                refuse("an iteration makes the array %" + program[node.buffer].name);
            },
            [&](const Call &node) { refuse("an iteration calls @" + node.callee); },
            [&](const LibraryCall &) { refuse("an iteration prints or calls the runtime"); },
            [&](OneOf<Declare, View, Bind, Drop> auto &) { refuse("an iteration names arrays"); },
            [&](OneOf<Parallel, Single, Barrier, Exchange, Transfer> auto &) {
              refuse("it is mapped already");
            }},
        each.node);
    forEachBuffer(each, [&](BufferId id) {
      if (program[id].dims != 0 && !arrays.rootOf(id))
        refuse("only a run knows which array %" + program[id].name + " is");
    });
    forEachScalar(each, [&](const Scalar &scalar) {
      if (std::optional<std::string> operation = missingOperation(scalar))
        refuse("there is no device code for " + *operation);
    });
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, look); });
  return why;
}

} // namespace hpcc::ir
