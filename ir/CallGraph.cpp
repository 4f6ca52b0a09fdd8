//===- CallGraph.cpp - which functions call which --------------------------------------------===//

#include "CallGraph.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"

namespace hpcc::ir {

bool CallGraph::isNearCycle(size_t function) const {
  for (size_t other = 0; other < reaches.size(); ++other)
    if (isRecursive(other) && (reaches[other][function] || reaches[function][other]))
      return true;
  return false;
}

static void visitBottomUp(const CallGraph &graph, size_t function, std::vector<bool> &seen,
                          std::vector<size_t> &order) {
  if (seen[function])
    return;
  seen[function] = true;
  for (size_t callee : graph.callees[function])
    visitBottomUp(graph, callee, seen, order);
  order.push_back(function);
}

std::vector<size_t> CallGraph::bottomUp(const Program &program) const {
  std::vector<size_t> order;
  std::vector<bool> seen(callees.size());
  if (const Function *main = program.find("main"))
    visitBottomUp(*this, static_cast<size_t>(main - program.functions.data()), seen, order);
  return order;
}

CallGraph callGraphOf(const Program &program) {
  size_t count = program.functions.size();
  llvm::StringMap<size_t> places;
  for (size_t function = 0; function < count; ++function)
    places[program.functions[function].name] = function;
  CallGraph graph;
  graph.callees.resize(count);
  graph.reaches.assign(count, std::vector<bool>(count));
  for (size_t caller = 0; caller < count; ++caller)
    forEachStmt(program.functions[caller].body, [&](const Stmt &stmt) {
      const auto *call = std::get_if<Call>(&stmt.node);
      auto callee = call ? places.find(call->callee) : places.end();
      if (callee == places.end() || graph.reaches[caller][callee->second])
        return;
      graph.reaches[caller][callee->second] = true;
      graph.callees[caller].push_back(callee->second);
    });
  for (size_t middle = 0; middle < count; ++middle) // Warshall's closure
    for (size_t from = 0; from < count; ++from)
      if (graph.reaches[from][middle])
        for (size_t to = 0; to < count; ++to)
          graph.reaches[from][to] = graph.reaches[from][to] || graph.reaches[middle][to];
  return graph;
}

size_t removeUncalled(Program &program) {
  std::vector<bool> needed(program.functions.size());
  for (size_t index : callGraphOf(program).bottomUp(program))
    needed[index] = true;
  std::vector<Function> kept;
  for (auto [index, function] : llvm::enumerate(program.functions))
    if (needed[index])
      kept.push_back(std::move(function));
  size_t removed = program.functions.size() - kept.size();
  program.functions = std::move(kept);
  return removed;
}

} // namespace hpcc::ir
