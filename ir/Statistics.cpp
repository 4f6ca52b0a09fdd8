//===- Statistics.cpp - how many nodes of each kind a program has ----------------------------===//

#include "Statistics.h"
#include "Walk.h"

namespace hpcc::ir {

/// Names of the kinds of statements, in the order of Stmt::node.
static constexpr llvm::StringLiteral kinds[] = {
    "let",     "alloc",    "handle",   "view",  "bind",         "drop",     "compute",
    "loop",    "while",    "block",    "leave", "if",           "parallel", "single",
    "barrier", "exchange", "transfer", "call",  "library-call", "check"};
static_assert(std::size(kinds) == std::variant_size_v<decltype(Stmt::node)>);

std::vector<std::pair<llvm::StringRef, unsigned>> countNodes(const Program &program) {
  std::vector<std::pair<llvm::StringRef, unsigned>> counts;
  for (llvm::StringRef kind : kinds)
    counts.push_back({kind, 0});
  unsigned assigns = 0, inTimeLoop = 0, checked = 0, gathers = 0;
  forEachStmt(program, [&](const Stmt &stmt) {
    ++counts[stmt.node.index()].second;
    if (auto *compute = std::get_if<Compute>(&stmt.node))
      assigns += static_cast<unsigned>(compute->body.size());
    forEachScalar(stmt, [&](const Scalar &scalar) {
      forEachSubtree(scalar, [&](const Scalar &tree) {
        if (auto *apply = std::get_if<ScalarApply>(&tree.node))
          checked += apply->checked;
        else if (auto *cast = std::get_if<ScalarCast>(&tree.node))
          checked += cast->checked;
        gathers += std::holds_alternative<ScalarGather>(tree.node);
      });
    });
  });
  auto countIn = [&](auto &&self, const Block &block, bool inside) -> void {
    for (const Stmt &stmt : block) {
      auto *loop = std::get_if<Loop>(&stmt.node);
      bool innerInside = inside || (loop && loop->role == LoopRole::Time);
      inTimeLoop += inside && std::holds_alternative<Compute>(stmt.node);
      forEachInnerBlock(stmt, [&](const Block &inner) { self(self, inner, innerInside); });
    }
  };
  for (const Function &function : program.functions)
    countIn(countIn, function.body, false);
  counts.push_back({"assign", assigns});
  counts.push_back({"compute-in-time-loop", inTimeLoop});
  counts.push_back({"checked", checked});
  counts.push_back({"gather", gathers});
  return counts;
}

} // namespace hpcc::ir
