//===- VerifyDevice.cpp - invariants of programs for a device --------------------------------===//
//
// Where axes of the grid and transfers stand, and what a kernel may do: a compute or loop with such
// axes, and all inside it. Whether elements are up to date on the side where they are read depends
// on cells, and is the interpreter's to look at.
//
//===-----------------------------------------------------------------------------------------===//

#include "Text.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

class DeviceVerifier {
public:
  explicit DeviceVerifier(VerifyReport &report) : report(report), program(report.program) {}

  void verify(const Block &block) {
    for (const Stmt &stmt : block) {
      report.loc = stmt.loc;
      if (const auto *transfer = std::get_if<Transfer>(&stmt.node))
        verifyTransfer(*transfer);
      else if (isKernel(stmt))
        verifyKernel(stmt);
      else
        forEachInnerBlock(stmt, [&](const Block &inner) { verify(inner); });
    }
  }

private:
  void verifyTransfer(const Transfer &transfer) {
    const Buffer &buffer = program[transfer.buffer];
    std::string name = "%" + buffer.name;
    if (!program.device)
      report("device", name + " is transferred in a program without a device");
    if (buffer.storage != Storage::Own || buffer.dims == 0)
      report("transfer", name + " is no array with storage of its own");
    if (!transfer.at.empty() && transfer.at.size() != buffer.dims)
      report("transfer", name + " is given " + llvm::Twine(transfer.at.size()) + " indices");
    if (!transfer.at.empty() && transfer.to == Side::Device)
      report("transfer", "an element of " + name + " alone goes to the device");
  }

  std::string iterations(const Axis &axis) const {
    return "the iterations of " + program[axis.iterator].name;
  }

  /// The mapped axes of a kernel, outermost first, and the statements that each thread runs.
  void verifyKernel(const Stmt &stmt) {
    if (!program.device)
      report("device", "a grid runs in a program without a device");
    std::vector<const Axis *> axes;
    if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
      for (const Axis &axis : compute->axes)
        if (axis.grid)
          axes.push_back(&axis);
      verifyAxes(axes);
      for (const Axis *axis : axes)
        if (axis->kind == AxisKind::Red)
          verifyShares(*compute, *axis);
      return;
    }
    const Block *body = nullptr;
    for (const Stmt *each = &stmt; each;) {
      const auto &loop = std::get<Loop>(each->node);
      axes.push_back(&loop.axis);
      body = &loop.body;
      bool another = body->size() == 1 && isKernel(body->front()) &&
                     std::holds_alternative<Loop>(body->front().node);
      each = another ? &body->front() : nullptr;
    }
    verifyAxes(axes);
    for (const Axis *axis : axes)
      if (axis->kind != AxisKind::Par)
        report("grid", "the loop over " + program[axis->iterator].name + " is not par");
    verifyBody(*body);
  }

  void verifyAxes(llvm::ArrayRef<const Axis *> axes) {
    if (axes.size() > mostGridAxes)
      report("grid", "a kernel has " + llvm::Twine(axes.size()) + " axes of the grid");
    int64_t threads = 1;
    for (const Axis *axis : axes) {
      if (axis->grid->threads < 1 || axis->grid->points < 1)
        report("grid", iterations(*axis) + " are dealt to no thread");
      threads *= std::clamp<int64_t>(axis->grid->threads, 1, mostThreadsOfBlock + 1);
      if (axis->kind == AxisKind::Seq)
        report("grid", iterations(*axis) + " run in order");
      for (const Axis *other : axes)
        forEachAffine(*axis, [&](const Affine &form) {
          if (form.coefficientOf(other->iterator) != 0)
            report("grid",
                   iterations(*axis) + " depend on those of " + program[other->iterator].name);
        });
    }
    if (threads > mostThreadsOfBlock)
      report("grid", "a block has more than " + llvm::Twine(mostThreadsOfBlock) + " threads");
    if (axes.size() == mostGridAxes && axes.front()->grid->threads > mostThreadsAlongZ)
      report("grid",
             "a block has more than " + llvm::Twine(mostThreadsAlongZ) + " threads along z");
  }

  /// Each thread reduces its share of the red axis, into variables of the function. Elements that
  /// belong to an iteration are its thread's.
  void verifyShares(const Compute &compute, const Axis &axis) {
    for (const Assign &assign : compute.body) {
      if (isLocal(compute, assign.target.buffer) ||
          llvm::any_of(assign.target.indices, [&](const Index &index) {
            return index.form.coefficientOf(axis.iterator) != 0;
          }))
        continue;
      bool wholeTree =
          assign.order == ReductionOrder::Tree && assign.treeAxes.size() == compute.axes.size();
      if (assign.order == ReductionOrder::Seq ||
          (assign.order == ReductionOrder::Tree && !wholeTree))
        report("grid", toText(assign.target, program) + " is reduced in the order of " +
                           program[axis.iterator].name);
      if (assign.op != AssignOp::Set && program[assign.target.buffer].dims != 0)
        report("grid", toText(assign.target, program) +
                           " is reduced by several threads and no scalar variable");
    }
  }

  /// What each thread of a loop runs.
  void verifyBody(const Block &body) {
    std::set<BufferId> own;
    forEachStmt(body, [&](const Stmt &stmt) {
      report.loc = stmt.loc;
      forEachDeclaredBuffer(stmt, [&](BufferId id) { own.insert(id); });
      if (isKernel(stmt))
        report("grid", "a kernel stands inside another one");
      std::visit(
          overloaded{[&](const Alloc &node) {
                       if (program[node.buffer].dims != 0)
                         report("kernel", "a thread makes the array %" + program[node.buffer].name);
                     },
                     [&](const Compute &node) {
                       for (const Assign &assign : node.body)
                         if (program[assign.target.buffer].dims == 0 &&
                             !own.contains(assign.target.buffer))
                           report("kernel",
                                  "all threads store to " + toText(assign.target, program));
                     },
                     [](OneOf<Let, Loop, While, Labelled, Leave, If, Check> auto &) {},
                     [&](OneOf<Declare, View, Bind, Drop, Parallel, Single, Barrier, Exchange,
                               Transfer, Call, LibraryCall> auto &) {
                       report("kernel", "a thread cannot run '" + toText(stmt, program) + "'");
                     }},
          stmt.node);
    });
  }

  VerifyReport &report;
  const Program &program;
};

} // namespace

void verifyDevice(VerifyReport &report) {
  if (report.program.device && report.program.stage < Stage::Mapped)
    report("device", "the program has a device and is not mapped");
  if (report.program.device && report.program.ranks)
    report("device", "the program has a device and is for ranks");
  for (const Function &function : report.program.functions) {
    report.function = function.name;
    DeviceVerifier(report).verify(function.body);
  }
  report.function.clear();
}

} // namespace hpcc::ir
