//===- LiveScalars.cpp - which scalar variables may still be read ----------------------------===//

#include "LiveScalars.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

LiveScalars::Set LiveScalars::atEndOf(const Function &function) const {
  Set live(program.globals.begin(), program.globals.end());
  live.insert(function.results.begin(), function.results.end());
  return live;
}

void LiveScalars::addReads(const Scalar &scalar, Set &live) const {
  forEachAccess(scalar, [&](const Access &access, Use) {
    if (program[access.buffer].dims == 0)
      live.insert(access.buffer);
  });
}

void LiveScalars::addReads(const Stmt &stmt, Set &live) const {
  forEachScalar(stmt, [&](const Scalar &scalar) { addReads(scalar, live); });
}

LiveScalars::Set LiveScalars::before(const Compute &compute, Set after) const {
  Set live = std::move(after);
  for (const Assign &assign : llvm::reverse(compute.body)) {
    BufferId target = assign.target.buffer;
    // A box may be empty.
    if (assign.op == AssignOp::Set && !assign.guard && compute.axes.empty())
      live.erase(target);
    else if (assign.op != AssignOp::Set && program[target].dims == 0)
      live.insert(target);
    if (assign.guard)
      addReads(*assign.guard, live);
    addReads(assign.value, live);
  }
  for (BufferId local : compute.locals)
    live.erase(local);
  return live;
}

/// Two rounds reach the fixed point: a set only adds and removes.
LiveScalars::Set LiveScalars::before(const While &loop, const Set &after) {
  Set head = after;
  for (unsigned round = 0; round < 2; ++round) {
    Set atTest = before(loop.body, head);
    atTest.insert(after.begin(), after.end());
    addReads(loop.condition, atTest);
    head = before(loop.header, std::move(atTest));
  }
  return head;
}

LiveScalars::Set LiveScalars::before(const Stmt &stmt, Set after) {
  return std::visit(
      overloaded{
          [&](const Compute &node) { return before(node, std::move(after)); },
          [&](const Loop &node) {
            for (unsigned round = 0; round < 2; ++round) {
              Set entry = before(node.body, after);
              after.insert(entry.begin(), entry.end());
            }
            return after;
          },
          [&](const While &node) { return before(node, after); },
          [&](const If &node) {
            Set live = before(node.elseBody, after);
            live.merge(before(node.thenBody, std::move(after)));
            addReads(node.condition, live);
            return live;
          },
          [&](const Labelled &node) {
            behindLabel[node.label] = after;
            return before(node.body, std::move(after));
          },
          [&](const Leave &node) { return behindLabel[node.label]; },
          [&](const Parallel &node) {
            Set live = before(node.body, std::move(after));
            if (node.condition)
              addReads(*node.condition, live);
            return live;
          },
          [&](OneOf<Single, Exchange> auto &node) { return before(node.body, std::move(after)); },
          [&](const Alloc &node) {
            after.erase(node.buffer);
            return after;
          },
          [&](const Call &node) {
            for (BufferId result : node.results)
              after.erase(result);
            after.insert(program.globals.begin(), program.globals.end());
            addReads(stmt, after);
            return after;
          },
          [&](const LibraryCall &node) {
            for (const CallArgument &argument : node.arguments)
              if (auto *buffer = std::get_if<BufferId>(&argument))
                after.insert(*buffer);
            addReads(stmt, after);
            return after;
          },
          [&](OneOf<Let, Declare, View, Bind, Drop, Barrier, Transfer, Check> auto &) {
            addReads(stmt, after);
            return after;
          }},
      stmt.node);
}

LiveScalars::Set LiveScalars::before(const Block &block, Set after) {
  for (const Stmt &stmt : llvm::reverse(block))
    after = before(stmt, std::move(after));
  return after;
}

IterationScalars LiveScalars::scalarsOf(const Loop &loop, const Set &written, const Set &after) {
  Set carried = before(loop.body, {});
  IterationScalars scalars;
  for (BufferId id : written) {
    if (carried.count(id))
      continue;
    if (!after.count(id))
      scalars.own.insert(id);
    else if (!before(loop.body, {id}).count(id)) // each iteration sets it
      scalars.lasting.insert(id);
  }
  return scalars;
}

} // namespace hpcc::ir
