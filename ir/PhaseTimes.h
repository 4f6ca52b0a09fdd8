//===- PhaseTimes.h - how long the parts of a compilation take -------------------------------===//
//
// Wall and processor time by phase, summed over repeats, and the table of -ftime-report. What
// measures hands its record on; there is no global clock.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PHASETIMES_H
#define HPCC_IR_PHASETIMES_H

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace hpcc::ir {

enum class PhaseGroup : uint8_t { FrontEnd, Passes, Llvm, Link };

/// The name of a row of the table.
struct Phase {
  PhaseGroup group;
  llvm::StringRef name;
};

/// Seconds; of the processor with those of child processes that have ended, such as the linker.
struct TimeSpent {
  double wall = 0, processor = 0;
  TimeSpent &operator+=(TimeSpent other);
};

/// The time since some fixed moment.
TimeSpent timeNow();

class PhaseTimes {
public:
  /// Runs `work`, adds the time it took to the phase, and returns what it returns.
  template <typename Work> decltype(auto) measure(Phase phase, Work work) {
    TimeSpent start = timeNow();
    llvm::scope_exit stop([&] { add(phase, start); });
    return work();
  }

  /// Adds the time since `start` to the phase.
  void add(Phase phase, TimeSpent start);

  /// The phases in the order of their first run with their share of the whole, then the sums of the
  /// groups.
  void print(llvm::raw_ostream &out) const;

private:
  struct Row {
    PhaseGroup group;
    std::string name;
    TimeSpent spent = {};
    unsigned runs = 0;
  };
  std::vector<Row> rows;
};

} // namespace hpcc::ir

#endif // HPCC_IR_PHASETIMES_H
