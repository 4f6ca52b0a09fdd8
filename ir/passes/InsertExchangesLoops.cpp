//===- InsertExchangesLoops.cpp - what loops read and make stale ------------------------------===//
//
// What all iterations of a loop read of arrays that it does not make stale, in symbols that are
// known in front of it, so that it can be sent there once.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertExchanges.h"
#include "ir/Ranks.h"
#include "ir/Slots.h"

namespace hpcc::ir {
namespace {

/// Gathers what all statements of a loop read.
class LoopRows {
public:
  LoopRows(Program &program, const FunctionArrays &arrays, RowSymbols &symbols, Facts &facts)
      : program(program), arrays(arrays), symbols(symbols), facts(facts) {}

  std::vector<Rows> of(const Loop &loop) {
    Facts::Mark mark = facts.mark();
    facts.addAxis(loop.axis);
    std::vector<Rows> rows = of(loop.body);
    facts.rewind(mark);
    return without(std::move(rows), loop.axis.iterator, &loop.axis);
  }

  std::vector<Rows> of(const While &loop, Loc loc) {
    Block turn = loop.header; // one scope
    turn.insert(turn.end(), loop.body.begin(), loop.body.end());
    std::vector<Rows> rows =
        of(turn, rowsReadBy(loop.condition, loc, program, arrays, symbols, facts));
    return loop.iterator ? without(std::move(rows), *loop.iterator, nullptr) : rows;
  }

private:
  std::vector<Rows> of(const Block &block, std::vector<Rows> rows = {}) {
    Facts::Mark mark = facts.mark();
    for (const Stmt &stmt : block) {
      for (Rows &each : of(stmt))
        addRows(rows, std::move(each), program, symbols, facts);
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(mark);
    for (const Stmt &stmt : block) {
      if (const auto *let = std::get_if<Let>(&stmt.node))
        rows = without(std::move(rows), let->symbol, nullptr);
      forEachDeclaredBuffer(stmt, [&](BufferId id) {
        llvm::erase_if(rows, [&](const Rows &each) { return each.part.buffer == id; });
      });
    }
    return rows;
  }

  std::vector<Rows> of(const Stmt &stmt) {
    if (const auto *loop = std::get_if<Loop>(&stmt.node); loop && !loop->axis.ranks)
      return of(*loop);
    if (const auto *loop = std::get_if<While>(&stmt.node))
      return of(*loop, stmt.loc);
    std::vector<Rows> rows = rowsReadBy(stmt, program, arrays, symbols, facts);
    if (dividedAxisOf(stmt))
      return rows;
    Facts::Mark mark = facts.mark();
    forEachInnerBlock(stmt, [&](const Block &block) {
      for (Rows &each : of(block))
        addRows(rows, std::move(each), program, symbols, facts);
    });
    facts.rewind(mark);
    return rows;
  }

  std::vector<Rows> without(std::vector<Rows> rows, SymbolId symbol, const Axis *axis) {
    std::vector<Rows> kept;
    for (Rows &each : rows)
      if (std::optional<Rows> wider =
              withoutSymbol(std::move(each), symbol, axis, program, symbols))
        addRows(kept, std::move(*wider), program, symbols, facts);
    return kept;
  }

  Program &program;
  const FunctionArrays &arrays;
  RowSymbols &symbols;
  Facts &facts;
};

} // namespace

std::vector<Rows> rowsOfLoop(const Stmt &stmt, Program &program, const FunctionArrays &arrays,
                             RowSymbols &symbols, Facts &facts) {
  LoopRows collector(program, arrays, symbols, facts);
  std::vector<Rows> rows;
  if (const auto *loop = std::get_if<Loop>(&stmt.node))
    rows = collector.of(*loop);
  else if (const auto *loop = std::get_if<While>(&stmt.node))
    rows = collector.of(*loop, stmt.loc);
  std::vector<StorageOf> stale = madeStaleBy(stmt, program);
  for (BufferId id : advancedBuffers(stmt))
    llvm::erase_if(rows, [&](const Rows &each) { return each.part.buffer == id; });
  llvm::erase_if(rows, [&](const Rows &each) {
    return llvm::any_of(stale, [&](const StorageOf &storage) {
      return maybeSame(storage, storageOf(each), program);
    });
  });
  return rows;
}

static void addStaleOf(const Stmt &stmt, bool isDivided, const Program &program,
                       std::vector<StorageOf> &stale) {
  isDivided = isDivided || dividedAxisOf(stmt);
  if (const auto *compute = std::get_if<Compute>(&stmt.node); compute && isDivided)
    for (const Assign &assign : compute->body)
      if (program[assign.target.buffer].home)
        stale.push_back({assign.target.buffer, assign.target.slot});
  forEachInnerBlock(stmt, [&](const Block &block) {
    for (const Stmt &inner : block)
      addStaleOf(inner, isDivided, program, stale);
  });
}

std::vector<StorageOf> madeStaleBy(const Stmt &stmt, const Program &program) {
  std::vector<StorageOf> stale;
  addStaleOf(stmt, false, program, stale);
  return stale;
}

} // namespace hpcc::ir
