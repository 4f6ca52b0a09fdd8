//===- Pass.h - what a pass is, and the runner -----------------------------------------------===//
//
// A pass is a file in passes/, a function, a row of Passes.def (which is its flag) and a folder of
// tests. It takes a verified program and leaves one that verifies after renumbering; everything
// around it (renumber, verify, print, time, dump) is the runner's.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASS_H
#define HPCC_IR_PASS_H

#include "PhaseTimes.h"
#include "Program.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"
#include <map>
#include <string>
#include <vector>

namespace hpcc::ir {

/// What a pass did (passed) or declined to do (missed), at a place of the user's program. A missed
/// remark names the fact that stopped the pass; `other` is the second place of a pair (the write
/// that a fusion would have overtaken).
struct Remark {
  enum class Kind : uint8_t { Passed, Missed };
  Kind kind = Kind::Passed;
  std::string pass;
  Loc loc;
  std::string text;
  Loc other = {};
  std::string otherText = {};
};

/// What a pass reports besides the program that it leaves.
struct PassContext {
  std::string pass; // the flag of the pass that runs
  std::vector<Remark> remarks;
  std::map<std::string, uint64_t> counters; // under names like "canonicalize: binds resolved"

  void passed(Loc loc, const llvm::Twine &text, Loc other = {}, const llvm::Twine &otherText = "") {
    remarks.push_back({Remark::Kind::Passed, pass, loc, text.str(), other, otherText.str()});
  }
  void missed(Loc loc, const llvm::Twine &text, Loc other = {}, const llvm::Twine &otherText = "") {
    remarks.push_back({Remark::Kind::Missed, pass, loc, text.str(), other, otherText.str()});
  }
  void count(llvm::StringRef what, uint64_t by = 1) { counters[pass + ": " + what.str()] += by; }
};

struct Pass {
  llvm::StringRef flag, help;
  Stage atLeast; // of the program that it takes
  Stage leaves;  // the program is at this stage afterwards, or at a later one where it was before
  void (*run)(Program &, PassContext &);
};

/// All passes, in the order of Passes.def.
llvm::ArrayRef<Pass> allPasses();
/// The pass with that flag, or null.
const Pass *findPass(llvm::StringRef flag);

// The functions behind the rows.
#define HPCC_PASS(function, flag, atLeast, leaves, help) void function(Program &, PassContext &);
#include "Passes.def"

/// What the runner shows, and where.
struct RunOptions {
  std::vector<std::string> printBefore, printAfter; // flags of passes
  bool printBeforeAll = false, printAfterAll = false;
  bool printChanged = false;   // at the start, and after each pass that changed the program
  bool locations = true;       // in what is printed
  PhaseTimes *times = nullptr; // takes the time of each pass; null where nobody asks
  llvm::raw_ostream *out = &llvm::errs();
  std::string dumpDirectory; // for the last good program on a failure; empty for the system's
};

/// A fault of hpcc: a pass left a program that does not verify, or was run out of order.
struct PassFailure {
  std::string pass;
  std::string text;     // the invariants that are broken, one per line
  std::string dumpFile; // holds the program that the pass took; empty if it could not be written
};

/// Runs the passes in order, after each of them: renumber, stage, verify, printing. The program is
/// verified before the first. Stops at the first failure, with the program as it was before that
/// pass.
std::optional<PassFailure> runPasses(Program &program, llvm::ArrayRef<const Pass *> passes,
                                     PassContext &context, const RunOptions &options = {});

} // namespace hpcc::ir

#endif // HPCC_IR_PASS_H
