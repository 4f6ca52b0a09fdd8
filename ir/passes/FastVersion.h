//===- FastVersion.h - a loop without the checks that its entry decides ----------------------===//
//
// Builds the fast version of one loop for `version-checks`, and the test at its entry that allows
// it: integers from outside lie in ranges from which no integer of the loop overflows, and the
// forms that its index checks compare have the right sign.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_FASTVERSION_H
#define HPCC_IR_PASSES_FASTVERSION_H

#include "ir/IntegerFlow.h"

namespace hpcc::ir {

/// The checks of a loop nest: check statements and checked operations. Those in inner loops weigh
/// more, as they run more often.
struct CheckCount {
  uint64_t checks = 0, weight = 0;
  uint64_t insideWeight = 0; // of those in loops inside the loop
  unsigned hotLoops = 0;     // innermost loops with checks
};
CheckCount countChecks(const Stmt &loop);
/// The first check statement in the loop; where there is none, the first checked operation's.
std::optional<Stmt> findCheck(const Stmt &loop);
/// Removes the check statements whose condition is the constant true.
void removePassedChecks(Block &block);

/// An integer from outside the loop that the entry test can confine: a symbol or a variable.
using Input = std::variant<SymbolId, BufferId>;
/// Each confined input lies within plus and minus two to this power.
using Confinement = std::map<Input, unsigned>;

/// The inputs whose size matters to the checks of the loop.
std::vector<Input> findInputs(const Stmt &loop, const Facts &atEntry,
                              const std::set<BufferId> &variables);

struct FastVersion {
  Stmt loop;                  // declares the same names as the plain one
  std::optional<Scalar> test; // nothing if the facts at the entry are enough
  CheckCount left;
};

/// The fast version under a confinement; `visited` grows by the statements that it took to look at.
FastVersion buildFastVersion(const Program &program, const std::set<BufferId> &variables,
                             const Facts &atEntry, const Stmt &loop, const Confinement &confinement,
                             uint64_t &visited);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_FASTVERSION_H
