//===- VerifyRanks.cpp - invariants of programs for ranks ------------------------------------===//
//
// Where homes, divided axes and exchanges stand, and that owners compute. Whether rows are up to
// date where they are read depends on cells, and is the interpreter's to look at.
//
//===-----------------------------------------------------------------------------------------===//

#include "Text.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

/// Who runs a place of the program: all ranks alike, all while messages are under way, one of them,
/// or a thread of one of them.
enum class Place : uint8_t { All, Meanwhile, One, Team };

class RankVerifier {
public:
  explicit RankVerifier(VerifyReport &report) : report(report), program(report.program) {}

  void verify(const Block &block, Place place) {
    for (const Stmt &stmt : block) {
      report.loc = stmt.loc;
      verify(stmt, place);
    }
  }

private:
  void verify(const Stmt &stmt, Place place) {
    std::visit(overloaded{[&](const Compute &node) { verifyCompute(node, place); },
                          [&](const Loop &node) {
                            if (node.axis.ranks)
                              verifyDivided(node, place);
                            verify(node.body, node.axis.ranks ? Place::One : place);
                          },
                          [&](const Exchange &node) {
                            expectAll("an exchange", place);
                            if (place == Place::Meanwhile || place == Place::Team)
                              report("exchange", place == Place::Team
                                                     ? "an exchange stands in a team of threads"
                                                     : "an exchange stands in another one");
                            for (const ExchangePart &part : node.parts)
                              verifyPart(part);
                            verify(node.body, Place::Meanwhile);
                          },
                          [&](const Parallel &node) {
                            verify(node.body, place == Place::All ? Place::Team : place);
                          },
                          [&](OneOf<While, Labelled, If, Single> auto &) {
                            forEachInnerBlock(stmt, [&](const Block &b) { verify(b, place); });
                          },
                          [&](const Alloc &node) {
                            if (program[node.buffer].home)
                              expectRanks("%" + program[node.buffer].name + " has a home");
                          },
                          [](OneOf<Let, Declare, View, Bind, Drop, Leave, Barrier, Transfer, Call,
                                   LibraryCall, Check> auto &) {}},
               stmt.node);
  }

  void expectRanks(const llvm::Twine &what) {
    if (!program.ranks)
      report("ranks", what + " in a program that is not for ranks");
  }

  void expectAll(const llvm::Twine &what, Place place) {
    expectRanks(what + " stands");
    if (place == Place::One)
      report("division", what + " stands where one rank runs");
  }

  std::string iterations(const Axis &axis) const {
    return "the iterations of " + program[axis.iterator].name;
  }

  void verifyMapping(const Axis &axis, Place place) {
    expectAll("a division of " + iterations(axis), place);
    const RankMapping &mapping = *axis.ranks;
    if (mapping.part != RankPart::All && mapping.over.division != Division::Blocks)
      report("division", iterations(axis) + " are a part of a share that has no inside");
  }

  /// True if the rank that runs an iteration of the axis owns the row of the access.
  bool ownsRow(const Access &access, const Axis &axis) const {
    const std::optional<Distribution> &home = program[access.buffer].home;
    if (!home || access.indices.empty() || access.indices[0].wrap)
      return false;
    const Distribution &over = axis.ranks->over;
    return home->division == over.division && home->rows == over.rows &&
           access.indices[0].form + home->offset == Affine(axis.iterator) + over.offset;
  }

  void verifyCompute(const Compute &compute, Place place) {
    auto isDivided = [](const Axis &axis) { return axis.ranks.has_value(); };
    if (llvm::count_if(compute.axes, isDivided) > 1)
      report("division", "a compute has two divided axes");
    for (const Axis &axis : llvm::make_filter_range(compute.axes, isDivided)) {
      verifyMapping(axis, place);
      for (const Assign &assign : compute.body)
        if (!isLocal(compute, assign.target.buffer))
          verifyOwner(assign, axis, compute);
    }
  }

  void verifyOwner(const Assign &assign, const Axis &axis, const Compute &compute) {
    if (ownsRow(assign.target, axis))
      return;
    bool indexed = llvm::any_of(assign.target.indices, [&](const Index &index) {
      return index.form.coefficientOf(axis.iterator) != 0;
    });
    bool carried = axis.kind != AxisKind::Par && !indexed && !program[assign.target.buffer].home;
    if (!carried)
      report("owner", toText(assign.target, program) + " is not stored by the rank that has it");
    if (assign.order == ReductionOrder::Tree &&
        llvm::is_contained(assign.treeAxes, axis.iterator) &&
        (assign.treeAxes.front() != axis.iterator || assign.treeAxes.size() != compute.axes.size()))
      report("division",
             toText(assign.target, program) + " is a sum whose tree is not divided at its root");
  }

  void verifyDivided(const Loop &loop, Place place) {
    verifyMapping(loop.axis, place);
    if (loop.axis.kind != AxisKind::Par)
      report("division", "the loop over " + program[loop.axis.iterator].name + " is not par");
    std::set<BufferId> inside;
    forEachStmt(loop.body, [&](const Stmt &stmt) {
      forEachDeclaredBuffer(stmt, [&](BufferId id) { inside.insert(id); });
      const auto *compute = std::get_if<Compute>(&stmt.node);
      if (!compute)
        return;
      for (const Assign &assign : compute->body)
        if (!inside.contains(assign.target.buffer) && !ownsRow(assign.target, loop.axis))
          report("owner",
                 toText(assign.target, program) + " is not stored by the rank that has it");
    });
  }

  void verifyPart(const ExchangePart &part) {
    const Buffer &buffer = program[part.buffer];
    std::string name = "%" + buffer.name;
    if (!buffer.home)
      report("exchange", name + " has no home");
    if (!part.at.empty() && part.at.size() + 1 != buffer.dims)
      report("exchange", name + " is given " + llvm::Twine(part.at.size()) + " further indices");
    bool divided = part.axis && part.axis->ranks && part.axis->ranks->part == RankPart::All;
    if (part.whom == ExchangeFor::Own ? !divided : part.axis.has_value())
      report("exchange", "the rows of " + name + " are for nobody");
  }

  VerifyReport &report;
  const Program &program;
};

} // namespace

void verifyRanks(VerifyReport &report) {
  if (report.program.ranks && report.program.stage < Stage::Distributed)
    report("ranks", "the program is for ranks and not distributed");
  for (const Function &function : report.program.functions) {
    report.function = function.name;
    RankVerifier(report).verify(function.body, Place::All);
  }
  report.function.clear();
}

} // namespace hpcc::ir
