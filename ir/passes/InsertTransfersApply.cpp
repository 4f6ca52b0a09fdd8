//===- InsertTransfersApply.cpp - inserts planned transfers
//-------------------------------------===//

#include "InsertTransfers.h"

namespace hpcc::ir {

namespace {

class TransferInserter {
public:
  TransferInserter(Program &program, const TransferPlan &plan) : program(program), plan(plan) {}

  /// True if there were any. Transfers have an order, and with them the loops around.
  bool insert(Block &block) {
    Block out;
    size_t before = block.size();
    bool inside = false;
    for (Stmt &stmt : block) {
      bool inStmt = false;
      forEachInnerBlock(stmt, [&](Block &inner) { inStmt |= insert(inner); });
      if (auto *loop = std::get_if<Loop>(&stmt.node); loop && inStmt)
        loop->axis.kind = AxisKind::Seq;
      inside |= inStmt;
      if (auto planned = plan.before.find(&stmt); planned != plan.before.end())
        for (const PlannedTransfer &transfer : planned->second)
          put(transfer, out);
      out.push_back(std::move(stmt));
    }
    if (auto planned = plan.atEnd.find(&block); planned != plan.atEnd.end())
      for (const PlannedTransfer &transfer : planned->second)
        put(transfer, out);
    block = std::move(out);
    return inside || block.size() != before;
  }

private:
  /// The transfer, with a `let` in front of it for each index that is no affine form.
  void put(const PlannedTransfer &planned, Block &out) {
    Transfer transfer{planned.array, planned.slot, {}, planned.to};
    for (const Scalar &index : planned.at) {
      std::optional<Affine> form = asAffine(index);
      if (!form) {
        SymbolId symbol = program.addSymbol("k");
        out.push_back({Let{symbol, index}, planned.loc});
        form = Affine(symbol);
      }
      transfer.at.push_back(*form);
    }
    out.push_back({std::move(transfer), planned.loc});
  }

  Program &program;
  const TransferPlan &plan;
};

} // namespace

void applyTransfers(Program &program, Function &function, const TransferPlan &plan) {
  TransferInserter(program, plan).insert(function.body);
}

} // namespace hpcc::ir
