//===- Touches.h - what statements touch, and which may change places ------------------------===//
//
// All that a statement with what is nested in it does to buffers, names and the order of events.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_TOUCHES_H
#define HPCC_IR_TOUCHES_H

#include "Dependence.h"

namespace hpcc::ir {

/// One touch of a buffer by a statement: a footprint over all axes and loops inside the statement,
/// hulls where it is more than an access (a call's argument, a gather).
struct Touch {
  Footprint footprint;
  Use use = Use::Read;
  Loc loc;
  /// Not guarded, not in a branch, a loop that may be empty or a while: all cells of an exact
  /// footprint are touched whenever the statement runs.
  bool isCertain = true;
};

/// All touches of buffers by the statement and what is nested in it, in program order. Axes and
/// loops of the statement are run over; the symbols that it declares otherwise (a `let` in a
/// branch) make hulls. Scalar variables are buffers without dimensions.
std::vector<Touch> touchesOf(const Stmt &stmt, const Program &program, const Facts &facts);

/// True if the statement prints, raises, calls, leaves a block or binds names: it keeps its place
/// among others of its kind.
bool isOrdered(const Stmt &stmt);

/// Why a pass may not do what it wants: the fact, and the two places it is about.
struct Obstacle {
  std::string text;
  Loc first, second;
};

/// True if two statements, the one right before the other, may change places: no cell that one
/// writes is touched by the other, no name that one declares, binds or drops is used by the other,
/// neither may leave the block, not both are ordered, and the first holds no check (which may be
/// what keeps the second in bounds). Where not, `why` (if given) names the fact.
bool canSwap(const Stmt &first, const Stmt &second, const Program &program,
             const StorageGroups &groups, const Facts &facts, Obstacle *why = nullptr);

} // namespace hpcc::ir

#endif // HPCC_IR_TOUCHES_H
