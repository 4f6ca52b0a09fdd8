//===- Interpret.h - runs a program directly -----------------------------------------------===//
//
// Takes a verified program of any stage, leaves its output and the error it ended with. Slow and
// obvious on purpose: it is the oracle of every pass and of code generation. Where a program's
// meaning depends on something that the verifier cannot see (an index in bounds, the independence
// of the points of a `par` axis, who has which rows up to date), it looks while it runs and reports
// a fault of hpcc.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_INTERPRET_H
#define HPCC_IR_INTERPRET_H

#include "Program.h"
#include "llvm/Support/raw_ostream.h"

namespace hpcc::ir {

/// What a run may use up, so that it ends on any input.
struct InterpretLimits {
  uint64_t steps = 200'000'000;             // statements and points of computes
  uint64_t memoryBytes = uint64_t(1) << 30; // arrays alive at one time
  unsigned calls = 999;                     // open at one time, as CPython's recursion limit
};

/// The order in which the iterations of a loop over a par axis run: any gives the same result.
enum class ParallelOrder : uint8_t { AsWritten, Backwards };

enum class InterpretStatus : uint8_t {
  Finished,
  Raised, // an error of the program: a row of runtime/Errors.def
  Fault,  // the program breaks a rule of the IR
  Limit,  // a limit was reached; nothing is said about the program
};

struct InterpretResult {
  InterpretStatus status = InterpretStatus::Finished;
  int exitStatus = 0;    // with Finished: what sys.exit gave
  int errorId = -1;      // with Raised: hpc_error_id
  std::string className; // with Raised: Python's class
  std::string message;
  Loc loc;              // where it ended; nowhere after Finished
  std::string function; // of the program, where it ended

  /// What a compiled program exits with: 0, the error's own code, or 70 for a fault or a limit.
  int exitCode() const;
};

/// The ranks that the interpreter can tell apart.
constexpr unsigned mostInterpretedRanks = 63;

/// Runs `main`. What the program prints goes to `out` at once. A program for ranks runs on so many,
/// up to mostInterpretedRanks; others know of one.
InterpretResult interpret(const Program &program, llvm::raw_ostream &out,
                          const InterpretLimits &limits = {},
                          ParallelOrder order = ParallelOrder::AsWritten, unsigned ranks = 1);

/// The report of a run that did not finish, as the runtime writes it: `FILE:LINE:COL: Class:
/// message`, and with the text of the source the line and carets. Ends with a newline; empty for a
/// finished run.
std::string reportOf(const InterpretResult &result, const Program &program,
                     llvm::StringRef sourceText = {});

} // namespace hpcc::ir

#endif // HPCC_IR_INTERPRET_H
