//===- MapCpu.h - the parts of map-cpu -------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_MAPCPU_H
#define HPCC_IR_PASSES_MAPCPU_H

#include "ir/Pass.h"
#include "ir/Touches.h"
#include <set>

namespace hpcc::ir {

/// From how much work on a team pays, in elementary operations (additions of a vectorised loop).
struct TeamThresholds {
  double region; // all that a team does between its start and its end
  double phase;  // one compute or loop between two barriers
  int64_t rows;  // iterations of the axis that is divided
};

//===-----------------------------------------------------------------------------------------===//
// Work (MapCpuWork.cpp)
//===-----------------------------------------------------------------------------------------===//

/// Elementary operations of one run of a statement, between bounds.
struct Work {
  double least = 0, most = 0;
};

/// The work of the statement with all that is nested in it.
Work workOf(const Stmt &stmt, Facts &facts);
/// The iterations of an axis.
Work countOf(const Axis &axis, const Facts &facts);

/// A condition in symbols that are declared around the statement: its work is at least `enough`,
/// roughly. `axes` are loops around it whose iterators the condition may not name, outermost first.
/// Nothing where the work has no such form.
std::optional<Scalar> worksAtLeast(const Program &program, const Stmt &stmt,
                                   llvm::ArrayRef<Axis> axes,
                                   llvm::function_ref<bool(SymbolId)> isKnown, double enough);

//===-----------------------------------------------------------------------------------------===//
// Axes (MapCpuAxes.cpp)
//===-----------------------------------------------------------------------------------------===//

/// The axis of a compute whose iterations the threads of a team divide, or why there is none.
struct AxisChoice {
  std::optional<size_t> axis;
  Mapping mapping = Mapping::Threads;
  std::string why;
};
AxisChoice chooseAxis(const Program &program, const Compute &compute, const Facts &facts,
                      const TeamThresholds &thresholds);

/// Why the iterations of a par loop are not divided; nothing where they are.
std::optional<std::string> whyNotDivided(const Program &program, const Loop &loop);

/// True if the statement, or one nested in it, is divided among a team.
bool holdsDivided(const Stmt &stmt);

//===-----------------------------------------------------------------------------------------===//
// Regions (MapCpuRegions.cpp)
//===-----------------------------------------------------------------------------------------===//

/// How often names and symbols are mentioned, apart from their declarations.
struct MentionCounts {
  std::vector<unsigned> buffers, symbols;
  explicit MentionCounts(const Program &program)
      : buffers(program.buffers.size()), symbols(program.symbols.size()) {}
  void add(const Program &program, const Stmt &stmt);
  void add(const Program &program, const Block &block);
};

/// True if one thread of a team may run the statement as a whole: it calls no function of the
/// program, reads no clock, and changes no names but its own.
bool isForOneThread(const Stmt &stmt);

/// True if nobody minds when the array is made earlier, or is kept longer, than the program says.
bool isSmallArray(const Program &program, BufferId id);

/// Statements that a team runs, without their barriers, and what goes before and behind it.
struct TeamRegion {
  Block front, body, back;
};

/// The run of statements as the body of a `parallel`, or the index of the statement that cannot be
/// in one with the others. `total` counts the mentions in the whole function.
std::variant<TeamRegion, size_t> formRegion(const Program &program, const MentionCounts &total,
                                            llvm::ArrayRef<Stmt> run, const Facts &facts);

//===-----------------------------------------------------------------------------------------===//
// Barriers (MapCpuBarriers.cpp)
//===-----------------------------------------------------------------------------------------===//

/// Inserts the barriers that the body of a `parallel` needs; returns how many.
unsigned insertBarriers(Program &program, const StorageGroups &groups, Facts &facts, Block &body);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_MAPCPU_H
