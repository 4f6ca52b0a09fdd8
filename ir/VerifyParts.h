//===- VerifyParts.h - what the files of the verifier share ----------------------------------===//
#ifndef HPCC_IR_VERIFYPARTS_H
#define HPCC_IR_VERIFYPARTS_H

#include "Verify.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {

/// Collects errors; knows where the verifier is.
struct VerifyReport {
  const Program &program;
  std::vector<VerifyError> errors = {};
  std::string function = {};
  Loc loc = {};

  void operator()(llvm::StringRef invariant, const llvm::Twine &text) {
    errors.push_back({invariant.str(), function, loc, text.str()});
  }
};

/// The scalar invariants of one tree; ids are in range.
void verifyScalar(const Scalar &scalar, VerifyReport &report);
/// The number of indices.
void verifyAccess(const Access &access, VerifyReport &report);
/// The statement invariants of one statement, its scalars included, blocks inside it not.
void verifyStmt(const Stmt &stmt, VerifyReport &report);
/// The par, red and order invariants.
void verifyCompute(const Compute &compute, VerifyReport &report);
/// The invariants of teams of threads.
void verifyTeams(VerifyReport &report);
/// The invariants of ranks.
void verifyRanks(VerifyReport &report);
/// The invariants of a device.
void verifyDevice(VerifyReport &report);
/// The source and par-loops invariants of one loop.
void verifyLoop(const Loop &loop, VerifyReport &report);
/// Scopes and lifetimes of the program.
void verifyScopes(VerifyReport &report);

} // namespace hpcc::ir

#endif // HPCC_IR_VERIFYPARTS_H
