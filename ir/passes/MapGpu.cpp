//===- MapGpu.cpp - puts a program on a device ------------------------------------------------===//
//
// Takes a program of independent iterations; leaves it mapped, with `device`. Each compute and each
// par loop that threads of a grid can run becomes a kernel, and with it what else stores elements
// of its arrays where that costs a launch and no transfer. The rest stays on the host, with a
// remark that names the fact. Which arrays then have to move is for insert-transfers to see.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapGpu.h"
#include "MapCpu.h"
#include "SplitLoops.h"
#include "ir/Pass.h"
#include "ir/Verify.h"
#include <set>

namespace hpcc::ir {
namespace {

/// From how many points on a launch pays where no array is on the device otherwise: one takes as
/// long as a core needs for some thousand elements, and so does the way there and back.
constexpr double usualPoints = 256;

class GpuMapper {
public:
  GpuMapper(Program &program, Function &function, double leastPoints, PassContext &context)
      : program(program), function(function), leastPoints(leastPoints), context(context),
        arrays(program, function) {}

  /// True if something runs on the device.
  bool run() {
    // What is large comes first: small computes follow the arrays.
    map(function.body, /*small=*/false);
    if (found)
      while (std::exchange(grew, false))
        map(function.body, /*small=*/true);
    reportRest(function.body);
    return found;
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // The walk
  //===---------------------------------------------------------------------------------------===//

  void map(Block &block, bool small) {
    Facts::Mark entry = facts.mark();
    for (Stmt &stmt : block) {
      Facts::Mark mark = facts.mark();
      auto inside = [&](Block &inner) { map(inner, small); };
      if (auto *compute = std::get_if<Compute>(&stmt.node)) {
        mapCompute(*compute, stmt, small);
      } else if (auto *loop = std::get_if<Loop>(&stmt.node)) {
        if (!isKernel(stmt) && !mapLoop(*loop, stmt, small)) {
          facts.addAxis(loop->axis);
          bool isSeq = loop->role == LoopRole::Seq;
          if (isSeq)
            ordered.push_back(loop->axis.iterator);
          inside(loop->body);
          if (isSeq)
            ordered.pop_back();
        }
      } else if (auto *branch = std::get_if<If>(&stmt.node)) {
        facts.addCondition(branch->condition, true);
        inside(branch->thenBody);
        facts.rewind(mark);
        facts.addCondition(branch->condition, false);
        inside(branch->elseBody);
      } else {
        forEachInnerBlock(stmt, inside);
      }
      facts.rewind(mark);
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(entry);
  }

  double pointsOf(const Compute &compute) {
    Facts::Mark mark = facts.mark();
    double points = 1;
    for (const Axis &axis : compute.axes) {
      points *= countOf(axis, facts).most;
      facts.addAxis(axis);
    }
    facts.rewind(mark);
    return points;
  }

  void mapCompute(Compute &compute, const Stmt &stmt, bool small) {
    if (isKernel(stmt) || compute.body.empty())
      return;
    if (!small && (compute.axes.empty() || pointsOf(compute) < leastPoints))
      return;
    // A small one goes where its target is; reading a few elements is less than moving an array.
    if (small && !storesOnDevice(stmt))
      return;
    if (whyNotInKernel(program, stmt, arrays))
      return;
    if (compute.axes.empty()) {
      if (!isInStep(compute))
        return;
      Axis only{program.addSymbol("only"), {{Affine(0)}}, {{Affine(1)}}};
      for (Assign &assign : compute.body)
        assign.target.indices.front().form = assign.target.indices.front().form + only.iterator;
      compute.axes.push_back(std::move(only));
    }
    GridChoice choice = chooseGrid(program, compute, facts);
    for (auto [index, mapping] : choice.axes)
      compute.axes[index].grid = mapping;
    if (!choice.axes.empty())
      enter(stmt, placeOf(stmt), "these points run on the device");
  }

  static Loc placeOf(const Stmt &stmt) {
    const auto &compute = std::get<Compute>(stmt.node);
    return compute.body.front().loc.isValid() ? compute.body.front().loc : stmt.loc;
  }

  /// Whether an element is the same one in all iterations of the ordered loops around it: on the
  /// host such a loop goes through its elements faster than launch by launch.
  bool isInStep(const Compute &compute) const {
    bool fixed = true;
    for (const Assign &assign : compute.body) {
      fixed &= program[assign.target.buffer].dims != 0;
      forEachAffine(assign.target, [&](const Affine &form) {
        for (SymbolId iterator : ordered)
          fixed &= form.coefficientOf(iterator) == 0;
      });
    }
    return fixed;
  }

  /// True if the loop is a kernel now. A loop of few iterations around large computes is not.
  bool mapLoop(Loop &loop, Stmt &stmt, bool small) {
    if (loop.axis.kind != AxisKind::Par || loop.role != LoopRole::Seq)
      return false;
    if (!small && workOf(stmt, facts).most < leastPoints)
      return false;
    if (small && !storesOnDevice(stmt))
      return false;
    if (whyNotInKernel(program, stmt, arrays) || whyNotDivided(program, loop))
      return false;
    if (hasMoreInside(loop))
      return false;
    splitInner(loop);
    std::vector<const Axis *> axes;
    std::vector<Loop *> loops;
    for (Loop *each = &loop; each; each = innerLoop(*each, axes)) {
      axes.push_back(&each->axis);
      loops.push_back(each);
    }
    for (auto [each, mapping] : llvm::zip(loops, gridOfLoops(axes, facts)))
      each->axis.grid = mapping;
    enter(stmt, stmt.loc, "these iterations run on the device");
    return true;
  }

  /// A loop that is all of the body, apart from the scalar variables that it uses, has threads of
  /// its own if its iterations run in any order.
  void splitInner(Loop &loop) {
    const Stmt *only = nullptr;
    for (const Stmt &stmt : loop.body) {
      const auto *alloc = std::get_if<Alloc>(&stmt.node);
      if (alloc && program[alloc->buffer].dims == 0)
        continue;
      if (only || !std::holds_alternative<Loop>(stmt.node))
        return;
      only = &stmt;
    }
    if (!only || std::get<Loop>(only->node).axis.kind != AxisKind::Seq)
      return;
    Facts::Mark mark = facts.mark();
    facts.addAxis(loop.axis);
    Obstacle why;
    LiveScalars liveness(program);
    StorageGroups groups(program, function);
    // The variables are those of an outer iteration: nobody reads them behind the loop.
    std::optional<LoopSplit> split =
        findSplit(program, std::get<Loop>(only->node), {}, liveness, groups, facts, why);
    facts.rewind(mark);
    if (!split || llvm::is_contained(split->parts, LoopPart::Ordered))
      return;
    Block loops = applySplit(program, function, *only, *split, longChunk, liveness);
    loop.body = std::move(loops);
  }

  /// The par loop that is the whole body, if the grid can take it too.
  static Loop *innerLoop(Loop &loop, llvm::ArrayRef<const Axis *> axes) {
    if (loop.body.size() != 1 || axes.size() == mostGridAxes)
      return nullptr;
    auto *inner = std::get_if<Loop>(&loop.body.front().node);
    if (!inner || inner->axis.kind != AxisKind::Par)
      return nullptr;
    bool box = true;
    forEachAffine(inner->axis, [&](const Affine &form) {
      for (const Axis *axis : axes)
        box &= form.coefficientOf(axis->iterator) == 0;
    });
    return box ? inner : nullptr;
  }

  /// Whether a compute in the loop has more points for threads than the loop has iterations, and
  /// these are too few.
  bool hasMoreInside(const Loop &loop) {
    constexpr double enough = 4096;
    double own = countOf(loop.axis, facts).most;
    if (own >= enough)
      return false;
    bool more = false;
    Facts::Mark mark = facts.mark();
    facts.addAxis(loop.axis);
    forEachStmt(loop.body, [&](const Stmt &stmt) {
      const auto *compute = std::get_if<Compute>(&stmt.node);
      if (compute && !compute->axes.empty() &&
          llvm::none_of(compute->axes, [](const Axis &a) { return a.kind == AxisKind::Seq; }) &&
          llvm::none_of(compute->body,
                        [](const Assign &assign) { return assign.order == ReductionOrder::Seq; }))
        more |= pointsOf(*compute) > own;
    });
    facts.rewind(mark);
    return more;
  }

  //===---------------------------------------------------------------------------------------===//
  // Arrays on the device
  //===---------------------------------------------------------------------------------------===//

  bool storesOnDevice(const Stmt &stmt) {
    bool stores = false;
    auto look = [&](const Stmt &each) {
      if (const auto *compute = std::get_if<Compute>(&each.node))
        for (const Assign &assign : compute->body)
          if (std::optional<BufferId> root = arrays.rootOf(assign.target.buffer))
            stores |= onDevice.contains(*root);
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, look); });
    return stores;
  }

  void enter(const Stmt &stmt, Loc loc, const llvm::Twine &text) {
    auto add = [&](const Stmt &each) {
      forEachBuffer(each, [&](BufferId id) {
        if (std::optional<BufferId> root = arrays.rootOf(id))
          grew |= onDevice.insert(*root).second;
      });
    };
    add(stmt);
    forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, add); });
    context.passed(loc, text);
    context.count("kernels");
    found = true;
  }

  //===---------------------------------------------------------------------------------------===//
  // What stays
  //===---------------------------------------------------------------------------------------===//

  /// The facts that kept statements over arrays on the host.
  void reportRest(const Block &block) {
    for (const Stmt &stmt : block) {
      if (isKernel(stmt))
        continue;
      const auto *compute = std::get_if<Compute>(&stmt.node);
      if (compute && compute->axes.empty() && storesElement(*compute) && !around.empty()) {
        // Counted once for its loop.
        if (!counted.insert(around.back()).second)
          continue;
        context.count("loops on the host");
      } else if (compute && !compute->axes.empty()) {
        // What is small stays by plan, and needs no word.
        if (std::optional<std::string> why = whyOnHost(stmt, *compute)) {
          context.missed(placeOf(stmt), "stays on the host: " + *why);
          context.count("computes on the host");
        }
      }
      if (const auto *loop = std::get_if<Loop>(&stmt.node);
          loop && loop->axis.kind == AxisKind::Par)
        if (std::optional<std::string> why = whyLoopOnHost(stmt, *loop))
          context.missed(stmt.loc, "the iterations stay on the host: " + *why);
      bool isLoop =
          std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
      if (isLoop)
        around.push_back(&stmt);
      forEachInnerBlock(stmt, [&](const Block &inner) { reportRest(inner); });
      if (isLoop)
        around.pop_back();
    }
  }

  bool storesElement(const Compute &compute) const {
    return llvm::any_of(compute.body, [&](const Assign &assign) {
      return program[assign.target.buffer].dims != 0;
    });
  }

  std::optional<std::string> whyOnHost(const Stmt &stmt, const Compute &compute) {
    if (std::optional<std::string> why = whyNotInKernel(program, stmt, arrays))
      return why;
    GridChoice choice = chooseGrid(program, compute, facts);
    return choice.axes.empty() ? std::optional(choice.why) : std::nullopt;
  }

  std::optional<std::string> whyLoopOnHost(const Stmt &stmt, const Loop &loop) {
    if (std::optional<std::string> why = whyNotInKernel(program, stmt, arrays))
      return why;
    return whyNotDivided(program, loop);
  }

  Program &program;
  Function &function;
  double leastPoints;
  PassContext &context;
  DeviceArrays arrays;
  Facts facts;
  std::set<BufferId> onDevice;   // roots
  std::vector<SymbolId> ordered; // iterators of ordered loops around a place
  bool found = false, grew = false;
  std::vector<const Stmt *> around; // loops of the host around a place
  std::set<const Stmt *> counted;
};

void map(Program &program, PassContext &context, double leastPoints) {
  for (Function &function : program.functions)
    program.device |= GpuMapper(program, function, leastPoints, context).run();
}

} // namespace

void mapGpu(Program &program, PassContext &context) { map(program, context, usualPoints); }
void mapGpuAlways(Program &program, PassContext &context) { map(program, context, 0); }

} // namespace hpcc::ir
