//===- VerifyLoop.cpp - invariants of loops with independent iterations -----------------------===//

#include "Iterations.h"
#include "VerifyParts.h"

namespace hpcc::ir {

void verifyLoop(const Loop &loop, VerifyReport &report) {
  const Program &program = report.program;
  const std::string &name = program[loop.axis.iterator].name;
  if (loop.axis.kind != AxisKind::Seq && program.stage < Stage::Canonical)
    report("source", "the loop over " + name + " is not seq");
  if (loop.axis.kind == AxisKind::Red)
    report("par-loops", "the loop over " + name + " is red");
  if (loop.axis.kind != AxisKind::Par)
    return;
  if (loop.role == LoopRole::Time)
    report("par-loops", "the loop over " + name + " is one over time");
  IterationNames names = namesDeclaredIn(loop.body);
  for (const Stmt &stmt : loop.body)
    if (std::optional<Obstacle> ordered = orderedEffectOf(program, stmt, names))
      report("par-loops",
             "a statement of the loop over " + name + " has an order: " + ordered->text);
  const Function *function = program.find(report.function);
  if (!function)
    return;
  StorageGroups groups(program, *function);
  IterationTouches touches(program, loop, names, groups);
  for (size_t first = 0; first < loop.body.size(); ++first)
    for (size_t second = 0; second < loop.body.size(); ++second)
      if (std::optional<Obstacle> shared = touches.meetLater(first, second))
        report("par-loops", "the loop over " + name + ": " + shared->text);
}

} // namespace hpcc::ir
