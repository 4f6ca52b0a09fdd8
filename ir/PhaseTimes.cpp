//===- PhaseTimes.cpp - how long the parts of a compilation take -----------------------------===//

#include "PhaseTimes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include <chrono>
#include <ctime>
#include <sys/resource.h>

namespace hpcc::ir {

TimeSpent &TimeSpent::operator+=(TimeSpent other) {
  wall += other.wall;
  processor += other.processor;
  return *this;
}

TimeSpent timeNow() {
  auto wall = std::chrono::steady_clock::now().time_since_epoch();
  timespec own = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  rusage children = {};
  getrusage(RUSAGE_CHILDREN, &children);
  auto seconds = [](auto whole, auto part, double unit) {
    return static_cast<double>(whole) + static_cast<double>(part) * unit;
  };
  return {std::chrono::duration<double>(wall).count(),
          seconds(own.tv_sec, own.tv_nsec, 1e-9) +
              seconds(children.ru_utime.tv_sec, children.ru_utime.tv_usec, 1e-6) +
              seconds(children.ru_stime.tv_sec, children.ru_stime.tv_usec, 1e-6)};
}

void PhaseTimes::add(Phase phase, TimeSpent start) {
  TimeSpent now = timeNow();
  auto row = llvm::find_if(rows, [&](const Row &known) {
    return known.group == phase.group && known.name == phase.name;
  });
  if (row == rows.end())
    row = rows.insert(row, Row{phase.group, phase.name.str()});
  row->spent += {now.wall - start.wall, now.processor - start.processor};
  ++row->runs;
}

static llvm::StringRef nameOf(PhaseGroup group) {
  switch (group) {
  case PhaseGroup::FrontEnd:
    return "front end";
  case PhaseGroup::Passes:
    return "hpcc passes";
  case PhaseGroup::Llvm:
    return "LLVM";
  case PhaseGroup::Link:
    return "link";
  }
  llvm_unreachable("unknown group of phases");
}

void PhaseTimes::print(llvm::raw_ostream &out) const {
  TimeSpent total;
  for (const Row &row : rows)
    total += row.spent;
  auto percent = [](double part, double whole) { return whole > 0 ? 100 * part / whole : 0; };
  auto printTimes = [&](TimeSpent spent) {
    out << llvm::format("%10.3f %6.1f%% %10.3f %6.1f%%  ", 1000 * spent.wall,
                        percent(spent.wall, total.wall), 1000 * spent.processor,
                        percent(spent.processor, total.processor));
  };
  out << "*** hpcc: time of each phase ***\n"
         "   wall ms            CPU ms           runs  phase\n";
  for (const Row &row : rows) {
    printTimes(row.spent);
    out << llvm::format("%4u  ", row.runs) << nameOf(row.group) << ": " << row.name << '\n';
  }
  for (PhaseGroup group :
       {PhaseGroup::FrontEnd, PhaseGroup::Passes, PhaseGroup::Llvm, PhaseGroup::Link}) {
    TimeSpent sum;
    for (const Row &row : rows)
      if (row.group == group)
        sum += row.spent;
    printTimes(sum);
    out << "      " << nameOf(group) << '\n';
  }
  printTimes(total);
  out << "      total\n";
}

} // namespace hpcc::ir
