//===- Walk.cpp - substitution and copying ---------------------------------------------------===//

#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

namespace hpcc::ir {

/// Makes a ScalarConstant of each ScalarAffine whose form has become constant.
static void normalize(Scalar &tree) {
  if (auto *affine = std::get_if<ScalarAffine>(&tree.node); affine && affine->form.isConstant())
    tree = affineScalar(Affine(affine->form.constant));
}

void substitute(Scalar &scalar, SymbolId symbol, const Affine &value) {
  forEachAffine(scalar, [&](Affine &form) { form = substitute(form, symbol, value); });
  rewriteScalar(scalar, normalize);
}

void substitute(Program &program, Stmt &stmt, SymbolId symbol, const Affine &value) {
  forEachAffine(program, stmt, [&](Affine &form) { form = substitute(form, symbol, value); });
  rewriteScalars(stmt, normalize);
  auto *compute = std::get_if<Compute>(&stmt.node);
  std::optional<SymbolId> renamed = value.asSymbol();
  if (compute && renamed)
    for (Assign &assign : compute->body)
      llvm::replace(assign.treeAxes, symbol, *renamed);
}

void substitute(Program &program, Block &block, SymbolId symbol, const Affine &value) {
  forEachStmt(block, [&](Stmt &stmt) { substitute(program, stmt, symbol, value); });
}

Block cloneFresh(Program &program, const Block &block, unsigned &labels) {
  Block copy = block;
  std::map<SymbolId, SymbolId> symbols;
  std::map<BufferId, BufferId> buffers;
  std::map<LabelId, LabelId> newLabels;
  forEachStmt(copy, [&](Stmt &stmt) {
    forEachDeclaredSymbol(
        stmt, [&](SymbolId id) { symbols[id] = program.addSymbol(std::string(program[id].name)); });
    forEachDeclaredBuffer(
        stmt, [&](BufferId id) { buffers[id] = program.addBuffer(Buffer(program[id])); });
    if (auto *labelled = std::get_if<Labelled>(&stmt.node))
      newLabels[labelled->label] = {labels++};
  });

  auto apply = [](const auto &table, auto &id) {
    if (auto found = table.find(id); found != table.end())
      id = found->second;
  };
  auto applyToForm = [&](Affine &form) {
    Affine result(form.constant);
    for (const AffineTerm &term : form.terms) {
      SymbolId id = term.symbol;
      apply(symbols, id);
      result = result + Affine(id) * term.coefficient;
    }
    form = std::move(result);
  };
  forEachStmt(copy, [&](Stmt &stmt) {
    forEachDeclaredSymbol(stmt, [&](SymbolId &id) { apply(symbols, id); });
    forEachBuffer(stmt, [&](BufferId &id) { apply(buffers, id); });
    forEachDeclaredBuffer(stmt, [&](BufferId id) {
      for (BufferId &like : program[id].like)
        apply(buffers, like);
    });
    forEachAffine(program, stmt, applyToForm);
    if (auto *compute = std::get_if<Compute>(&stmt.node))
      for (Assign &assign : compute->body)
        for (SymbolId &axis : assign.treeAxes)
          apply(symbols, axis);
    if (auto *labelled = std::get_if<Labelled>(&stmt.node))
      apply(newLabels, labelled->label);
    else if (auto *leave = std::get_if<Leave>(&stmt.node))
      apply(newLabels, leave->label);
  });
  return copy;
}

} // namespace hpcc::ir
