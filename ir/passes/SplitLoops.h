//===- SplitLoops.h - the parts of split-loops -----------------------------------------------===//
#ifndef HPCC_IR_PASSES_SPLITLOOPS_H
#define HPCC_IR_PASSES_SPLITLOOPS_H

#include "ir/Iterations.h"
#include "ir/LiveScalars.h"

namespace hpcc::ir {

/// What becomes of a statement directly in the body of a loop.
enum class LoopPart : uint8_t {
  Independent, // iterations run in any order, before the ordered part of their chunk
  Ordered,     // iterations run as written
  Repeated,    // declares a scalar variable or names a cheap number: in both where needed
};

struct LoopSplit {
  std::vector<LoopPart> parts; // by statement of the body
  IterationScalars scalars;
  LiveScalars::Set around; // variables that may be read behind an iteration
};

/// What running a statement earlier than the program does would risk.
struct EarlyRisk {
  std::optional<Obstacle> allocation; // a size that may be negative
  std::optional<Obstacle> access;     // an element that may lie outside of its array
  bool mayNotEnd = false;
};
/// By statement of the body; passed checks inside the loop say nothing here.
std::vector<EarlyRisk> earlyRisksOf(const Program &program, const Loop &loop, Facts facts);

/// How many points and iterations the statement runs through, an estimate.
uint64_t workOf(const Program &program, const Stmt &stmt);

/// The split of the loop that leaves as much as possible to run in any order, if that is worth it;
/// else nothing, and the fact that is in the way.
std::optional<LoopSplit> findSplit(const Program &program, const Loop &loop,
                                   const LiveScalars::Set &after, LiveScalars &liveness,
                                   const StorageGroups &groups, const Facts &facts, Obstacle &why);

/// Iterations of a chunk: few, so that what they keep stays in the caches; or enough to fill a
/// device's grid.
constexpr int64_t shortChunk = 1024, longChunk = 65536;

/// The loop with `kind` par, or chunks of a par loop and an ordered one.
Block applySplit(Program &program, Function &function, const Stmt &stmt, const LoopSplit &split,
                 int64_t chunkLength, LiveScalars &liveness);

/// Gives each iteration a partial result of its own of the variables that the loop only reduces
/// inside of inner loops (sums of integers, counters, the first maximum and where it is), and
/// combines them at the iteration's end. False if there is none.
bool reduceByIteration(Program &program, Loop &loop);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_SPLITLOOPS_H
