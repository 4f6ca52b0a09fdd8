//===- Iterations.h - what the iterations of a loop have to do with one another ---------------===//
//
// Which statements of a loop's body touch a common cell in two different iterations, and which have
// effects that keep their order. The verifier (a loop over a `par` axis) and the passes that make
// such loops ask here, without facts from outside of the loop, so that what a program is stays
// plain from its text.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_ITERATIONS_H
#define HPCC_IR_ITERATIONS_H

#include "Touches.h"
#include <set>

namespace hpcc::ir {

/// The names that a body declares at any depth: an iteration has them of its own.
struct IterationNames {
  std::set<BufferId> buffers;
  std::set<SymbolId> symbols;
  std::set<LabelId> labels;
};
IterationNames namesDeclaredIn(const Block &body);

/// Why the statement, with all inside it, must keep its order among iterations whatever arrays it
/// touches: it prints, may raise, asks the time, leaves the loop, or changes a name or the storages
/// of a buffer from outside. Nothing if it need not. Running out of memory does not count.
std::optional<Obstacle> orderedEffectOf(const Program &program, const Stmt &stmt,
                                        const IterationNames &names);

/// A buffer from outside of the statement whose storages a time loop in it moves on, if there is
/// one. Each thread of a team counts them for itself, so all of them must follow such a loop.
std::optional<BufferId> advancedFromOutside(const Stmt &stmt);

/// What the statements directly in a loop's body touch, by statement, and whether two of them meet.
/// `own` are further buffers of which each iteration has its own. Takes no row of the program's
/// tables, so none may be added while it lives.
class IterationTouches {
public:
  IterationTouches(const Program &program, const Loop &loop, const IterationNames &names,
                   const StorageGroups &groups, std::set<BufferId> own = {});

  const std::vector<Touch> &of(size_t stmt) const { return touches[stmt]; }
  /// The cell that `now` may touch in one iteration and `later` in a later one, one of them
  /// writing.
  std::optional<Obstacle> meetLater(size_t now, size_t later) const;
  /// The same within one iteration; the iteration's own buffers count.
  std::optional<Obstacle> meetInIteration(size_t first, size_t second) const;

private:
  Footprint atLaterIteration(Footprint footprint) const;
  bool mayMeet(const Touch &left, const Touch &right, const Footprint &rightFootprint) const;

  const Program &program;
  const IterationNames &names;
  const StorageGroups &groups;
  std::set<BufferId> own;
  SymbolId iterator, laterIterator;
  Facts facts;
  std::vector<std::vector<Touch>> touches;
};

} // namespace hpcc::ir

#endif // HPCC_IR_ITERATIONS_H
