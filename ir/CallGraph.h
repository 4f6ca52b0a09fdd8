//===- CallGraph.h - which functions call which ----------------------------------------------===//
//
// Functions by their place in Program::functions. Python counts the frames of calls and raises
// RecursionError at a limit; only functions near a cycle of calls can reach it.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_CALLGRAPH_H
#define HPCC_IR_CALLGRAPH_H

#include "Program.h"

namespace hpcc::ir {

struct CallGraph {
  std::vector<std::vector<size_t>> callees; // each once, in the order of the first call
  std::vector<std::vector<bool>> reaches;   // through one call or more

  /// True if the function can call itself, through others or not.
  bool isRecursive(size_t function) const { return reaches[function][function]; }
  /// True if a path of calls through the function leads into a cycle or comes out of one: the depth
  /// of its frame may decide where RecursionError is raised.
  bool isNearCycle(size_t function) const;
  /// The functions that `main` needs, callees before callers (within a cycle in any order).
  std::vector<size_t> bottomUp(const Program &program) const;
};

CallGraph callGraphOf(const Program &program);

/// Removes the functions that `main` does not need; returns how many.
size_t removeUncalled(Program &program);

} // namespace hpcc::ir

#endif // HPCC_IR_CALLGRAPH_H
