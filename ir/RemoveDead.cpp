//===- RemoveDead.cpp - removal of what nothing observes -----------------------------------===//

#include "RemoveDead.h"
#include "Walk.h"

namespace hpcc::ir {
namespace {

/// How the names and symbols of a function are used.
struct Uses {
  explicit Uses(const Program &program, const Function &function)
      : reads(program.buffers.size()), stores(reads.size()), fixedStores(reads.size()),
        symbols(program.symbols.size()) {
    for (const std::vector<BufferId> *names :
         {&program.globals, &function.parameters, &function.results})
      for (BufferId name : *names)
        ++reads[name.index];
    forEachStmt(function.body, [&](const Stmt &stmt) { count(program, stmt); });
  }

  std::vector<unsigned> reads;       // any use but those below
  std::vector<unsigned> stores;      // by assignments that may vanish
  std::vector<unsigned> fixedStores; // by assignments that may raise, and by calls
  std::vector<unsigned> symbols;

private:
  void count(const Program &program, const Stmt &stmt) {
    forEachAffine(program, stmt, [&](const Affine &form) {
      for (const AffineTerm &term : form.terms)
        ++symbols[term.symbol.index];
    });
    forEachScalar(stmt, [&](const Scalar &scalar) { countReads(scalar); });
    std::visit(overloaded{[&](const Alloc &alloc) {
                            for (BufferId like : program[alloc.buffer].like)
                              ++reads[like.index];
                          },
                          [&](const View &view) { ++reads[view.base.index]; },
                          [&](const Bind &bind) { ++reads[bind.source.index]; },
                          [&](const Compute &compute) { countAssigns(compute); },
                          [&](const Call &call) {
                            countArguments(call.arguments);
                            for (BufferId result : call.results)
                              ++fixedStores[result.index];
                          },
                          [&](const LibraryCall &call) { countArguments(call.arguments); },
                          [](const auto &) {}},
               stmt.node);
  }

  void countReads(const Scalar &scalar) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (const auto *load = std::get_if<ScalarLoad>(&tree.node))
        ++reads[load->access.buffer.index];
      else if (const auto *gather = std::get_if<ScalarGather>(&tree.node))
        ++reads[gather->buffer.index];
      else if (const auto *dim = std::get_if<ScalarDim>(&tree.node))
        ++reads[dim->buffer.index];
      else if (const auto *bound = std::get_if<ScalarState>(&tree.node))
        ++reads[bound->buffer.index];
    });
  }

  void countAssigns(const Compute &compute) {
    for (const Assign &assign : compute.body) {
      bool raises = canRaise(assign.value) || (assign.guard && canRaise(*assign.guard));
      ++(raises ? fixedStores : stores)[assign.target.buffer.index];
      for (SymbolId symbol : assign.treeAxes)
        ++symbols[symbol.index];
    }
  }

  void countArguments(const std::vector<CallArgument> &arguments) {
    for (const CallArgument &argument : arguments)
      if (const auto *buffer = std::get_if<BufferId>(&argument))
        ++reads[buffer->index];
  }
};

class DeadCode {
public:
  DeadCode(const Program &program, const Function &function, const std::set<BufferId> &safeAllocs)
      : program(program), uses(program, function), safeAllocs(safeAllocs) {}

  size_t removeFrom(Block &block) {
    for (Stmt &stmt : block) {
      forEachInnerBlock(stmt, [&](Block &inner) { removeFrom(inner); });
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        removed += std::erase_if(
            compute->body, [&](const Assign &assign) { return isUnread(assign.target.buffer); });
    }
    removed += std::erase_if(block, [&](const Stmt &stmt) { return isDead(stmt); });
    return removed;
  }

private:
  /// An array or variable of this function of which only assignments are left that may vanish.
  bool isUnread(BufferId buffer) const {
    return program[buffer].storage == Storage::Own && uses.reads[buffer.index] == 0 &&
           uses.fixedStores[buffer.index] == 0;
  }
  bool isUnused(BufferId buffer) const {
    return uses.reads[buffer.index] == 0 && uses.stores[buffer.index] == 0 &&
           uses.fixedStores[buffer.index] == 0;
  }
  bool isDeadName(BufferId buffer) const {
    if (!isUnused(buffer))
      return false;
    const Buffer &row = program[buffer];
    return row.storage != Storage::Own || row.dims == 0 || isSmallOrSafe(row, buffer);
  }
  /// Making the array raises neither for its sizes nor, where they are plain to see, for memory.
  bool isSmallOrSafe(const Buffer &buffer, BufferId id) const {
    if (!safeAllocs.count(id))
      return false;
    constexpr int64_t largestBytes = int64_t(1) << 30;
    int64_t bytes = sizeOf(buffer.type);
    for (const Affine &size : buffer.shape)
      if (std::optional<int64_t> constant = size.asConstant())
        if (*constant != 0 &&
            (__builtin_mul_overflow(bytes, *constant, &bytes) || bytes > largestBytes))
          return false;
    return true;
  }

  bool isDead(const Stmt &stmt) const {
    return std::visit(overloaded{[&](const Let &let) {
                                   return uses.symbols[let.symbol.index] == 0 &&
                                          !canRaise(let.value);
                                 },
                                 [&](const Alloc &alloc) { return isDeadName(alloc.buffer); },
                                 [&](const Declare &declare) { return isDeadName(declare.handle); },
                                 [&](const View &view) { return isDeadName(view.result); },
                                 [&](const Bind &bind) { return isDeadName(bind.handle); },
                                 [&](const Drop &drop) { return isDeadName(drop.buffer); },
                                 [](const Compute &compute) { return compute.body.empty(); },
                                 [](const Loop &loop) { return loop.body.empty(); },
                                 [](const Labelled &labelled) { return labelled.body.empty(); },
                                 [](const If &branch) {
                                   return branch.thenBody.empty() && branch.elseBody.empty() &&
                                          !canRaise(branch.condition);
                                 },
                                 [](const auto &) { return false; }},
                      stmt.node);
  }

  const Program &program;
  const Uses uses;
  const std::set<BufferId> &safeAllocs;
  size_t removed = 0;
};

} // namespace

size_t removeDead(const Program &program, Function &function,
                  const std::set<BufferId> &safeAllocs) {
  size_t total = 0;
  while (size_t removed = DeadCode(program, function, safeAllocs).removeFrom(function.body))
    total += removed;
  return total;
}

} // namespace hpcc::ir
