//===- VerifyParallel.cpp - invariants of teams of threads -----------------------------------===//
//
// Where `parallel`, `single`, `barrier` and mapped axes stand, and what all threads of a team may
// do. Whether barriers stand where they must depends on cells, and is the interpreter's to look at.
//
//===-----------------------------------------------------------------------------------------===//

#include "Iterations.h"
#include "Text.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

/// Who runs a place of the program.
enum class Team : uint8_t { Outside, All, One };

class TeamVerifier {
public:
  explicit TeamVerifier(VerifyReport &report) : report(report), program(report.program) {}

  void verify(const Block &block, Team team) {
    for (const Stmt &stmt : block) {
      report.loc = stmt.loc;
      verify(stmt, team);
    }
  }

private:
  void verify(const Stmt &stmt, Team team) {
    if (team == Team::All)
      verifyOwn(stmt);
    if (program.stage < Stage::Mapped &&
        std::visit([]<typename T>(const T &) { return OneOf<T, Parallel, Single, Barrier>; },
                   stmt.node))
      report("mapped", "a team of threads in a program that is not mapped");
    std::visit(overloaded{[&](const Parallel &node) { verifyParallel(node, team); },
                          [&](const Single &node) {
                            expectAll("single", team);
                            verifyStorages(node);
                            verify(node.body, Team::One);
                          },
                          [&](const Barrier &) { expectAll("barrier", team); },
                          [&](const Compute &node) { verifyCompute(node, team); },
                          [&](const Loop &node) { verifyLoop(node, team); },
                          [&](OneOf<While, Labelled, If, Exchange> auto &) {
                            forEachInnerBlock(stmt, [&](const Block &b) { verify(b, team); });
                          },
                          [](OneOf<Let, Alloc, Declare, View, Bind, Drop, Leave, Transfer, Call,
                                   LibraryCall, Check> auto &) {}},
               stmt.node);
  }

  void expectAll(llvm::StringRef what, Team team) {
    if (team == Team::Outside)
      report("parallel", "a " + what + " stands outside of a parallel");
    else if (team == Team::One)
      report("parallel", "a " + what + " stands where one thread runs");
  }

  /// Each thread counts the storages of time loops for itself.
  void verifyStorages(const Single &node) {
    for (const Stmt &stmt : node.body)
      if (std::optional<BufferId> advanced = advancedFromOutside(stmt))
        report("parallel", "one thread moves %" + program[*advanced].name + " to another storage");
  }

  void verifyParallel(const Parallel &node, Team team) {
    if (team != Team::Outside)
      report("parallel", "a parallel stands inside another one");
    std::set<LabelId> inside;
    forEachStmt(node.body, [&](const Stmt &stmt) {
      if (const auto *labelled = std::get_if<Labelled>(&stmt.node))
        inside.insert(labelled->label);
      else if (const auto *leave = std::get_if<Leave>(&stmt.node);
               leave && !inside.contains(leave->label))
        report("parallel", "leave @b" + llvm::Twine(leave->label.index) + " leaves a parallel");
    });
    std::set<BufferId> around = std::exchange(own, {});
    verify(node.body, Team::All);
    own = std::move(around);
  }

  void expectTeam(const Axis &axis, Team team) {
    if (program.stage < Stage::Mapped)
      report("mapped", "the iterations of " + program[axis.iterator].name +
                           " are mapped in a program that is not");
    if (team == Team::All)
      return;
    report("mapping", "the iterations of " + program[axis.iterator].name +
                          (team == Team::One ? " are mapped where one thread runs"
                                             : " are mapped outside of a parallel"));
  }

  void verifyCompute(const Compute &compute, Team team) {
    auto isMapped = [](const Axis &axis) { return axis.mapping != Mapping::None; };
    if (llvm::count_if(compute.axes, isMapped) > 1)
      report("mapping", "a compute has two mapped axes");
    for (const Axis &axis : llvm::make_filter_range(compute.axes, isMapped)) {
      expectTeam(axis, team);
      if (!isDividedAlike(compute, axis))
        report("mapping", "the iterations of " + program[axis.iterator].name +
                              " change threads from one point of an axis around it to the next");
      if (axis.kind == AxisKind::Seq)
        report("mapping", "the iterations of " + program[axis.iterator].name + " run in order");
      else if (axis.kind == AxisKind::Red)
        verifyShares(compute, axis);
    }
  }

  /// Where an axis around the mapped one is not par, each of its points needs the same threads for
  /// the same iterations: one may go on with what another has stored.
  static bool isDividedAlike(const Compute &compute, const Axis &mapped) {
    bool inOrder = false, dependent = mapped.mapping == Mapping::DynamicThreads;
    for (const Axis &around : compute.axes) {
      if (&around == &mapped)
        break;
      inOrder |= around.kind != AxisKind::Par;
      forEachAffine(mapped, [&](const Affine &form) {
        dependent |= form.coefficientOf(around.iterator) != 0;
      });
    }
    return !inOrder || !dependent;
  }

  /// Each thread reduces its share of the red axis: into a variable of its own, or whole subtrees.
  void verifyShares(const Compute &compute, const Axis &axis) {
    for (const Assign &assign : compute.body) {
      bool wholeTree = assign.order == ReductionOrder::Tree &&
                       assign.treeAxes.front() == axis.iterator &&
                       assign.treeAxes.size() == compute.axes.size();
      if (assign.order == ReductionOrder::Seq ||
          (assign.order == ReductionOrder::Tree && !wholeTree))
        report("mapping", toText(assign.target, program) + " is reduced in the order of " +
                              program[axis.iterator].name);
      bool reduced = assign.op != AssignOp::Set && !isLocal(compute, assign.target.buffer);
      if (reduced && (program[assign.target.buffer].dims != 0 ||
                      llvm::is_contained(program.globals, assign.target.buffer)))
        report("mapping", toText(assign.target, program) +
                              " is reduced by several threads and no " +
                              "scalar variable of the function");
    }
  }

  void verifyLoop(const Loop &loop, Team team) {
    bool mapped = loop.axis.mapping != Mapping::None;
    if (mapped) {
      expectTeam(loop.axis, team);
      if (loop.axis.kind != AxisKind::Par)
        report("mapping", "the loop over " + program[loop.axis.iterator].name + " is not par");
    }
    verify(loop.body, mapped ? Team::One : team);
  }

  /// A statement that all threads of a team run, its inner blocks not.
  void verifyOwn(const Stmt &stmt) {
    forEachDeclaredBuffer(stmt, [&](BufferId id) { own.insert(id); });
    bool raises = false;
    forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
    if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
      bool divided =
          llvm::any_of(compute->axes, [](const Axis &a) { return a.mapping != Mapping::None; });
      for (const Assign &assign : compute->body)
        if (!divided && !own.contains(assign.target.buffer))
          report("own", "all threads store to " + toText(assign.target, program));
    }
    if (raises)
      report("own", "all threads can raise an error");
    bool scalar = true;
    if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
      scalar = program[alloc->buffer].dims == 0;
    if (!scalar || std::visit(
                       []<typename T>(const T &) {
                         return OneOf<T, Declare, View, Bind, Drop, Call, LibraryCall, Check>;
                       },
                       stmt.node))
      report("own", "all threads run a statement that is one thread's");
  }

  VerifyReport &report;
  const Program &program;
  std::set<BufferId> own; // declared inside the parallel around this place
};

} // namespace

void verifyTeams(VerifyReport &report) {
  for (const Function &function : report.program.functions) {
    report.function = function.name;
    TeamVerifier(report).verify(function.body, Team::Outside);
  }
  report.function.clear();
}

} // namespace hpcc::ir
