//===- RaiseLoops.h - the parts of raise-loops -----------------------------------------------===//
#ifndef HPCC_IR_PASSES_RAISELOOPS_H
#define HPCC_IR_PASSES_RAISELOOPS_H

#include "ir/LiveScalars.h"
#include "ir/Pass.h"
#include "ir/Touches.h"

namespace hpcc::ir {

/// Why a loop stays: the fact, its place, and the second place of a pair.
struct LoopObstacle {
  std::string text;
  Loc loc;
  Loc other = {};
  std::string otherText = {};
};

/// The body of a loop as what happens at each point.
struct FlatLoop {
  Compute compute;                     // its new axes are seq
  std::map<BufferId, BufferId> locals; // of the compute, by the variable they stand for
};

/// Small boxes with constant bounds are written out where `unroll`.
struct FlattenOptions {
  bool unroll = false;
};

/// Turns the body into assignments under guards, iterations' own scalars into locals, `let`s into
/// locals too; inner loops and computes become axes where the nest is perfect but for scalars that
/// are cheap to compute again. Nothing (and the reason) where a statement has no such form.
std::optional<FlatLoop> flattenLoop(Program &program, const Loop &loop, Loc loc,
                                    const IterationScalars &scalars, const StorageGroups &groups,
                                    FlattenOptions options, LoopObstacle &why);

/// True if the tree reads something that may be stored in `buffer`.
bool reads(const Scalar &scalar, BufferId buffer, const StorageGroups &groups);

/// Replaces a local that is set once and read once by its value, and removes those that are not
/// read.
void forwardLocals(Compute &compute, const StorageGroups &groups);

/// Makes seq axes par or red where points are independent; assignments become reductions for it.
/// False (and the reason) if none can be, or if that gains nothing.
bool findAxisKinds(const Program &program, Compute &compute, const StorageGroups &groups,
                   const Facts &facts, LoopObstacle &why);

/// `s = 0; s += ..` over a nest, `a[i] = f(s)`, where `s` is an iteration's own: the cell takes the
/// place of the scalar, if nothing else touches its array meanwhile. True if there was one.
bool accumulateInPlace(const Program &program, Loop &loop, const LiveScalars::Set &own,
                       const StorageGroups &groups);

/// The loops into which a loop can be split with its statements in the order of the text, as ranges
/// of statements: the first, and the one behind the last.
struct LoopParts {
  std::vector<std::pair<size_t, size_t>> ranges;
  /// By statement: each part that needs it may repeat it; it belongs to no range alone.
  std::vector<bool> copied;
  LoopObstacle why; // of the first pair that must stay together
};
LoopParts partsOfLoop(Program &program, const Loop &loop, const IterationScalars &scalars,
                      LiveScalars &liveness, const StorageGroups &groups, const Facts &facts);

/// The loop with the statements of the range, and the copied ones that these need.
Loop loopOfPart(const Program &program, const Loop &loop, const LoopParts &parts, size_t first,
                size_t end);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_RAISELOOPS_H
