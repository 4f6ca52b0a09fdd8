// Traversal of the typed tree for the builder's questions: which variables a body assigns.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"

namespace hpcc::frontend {

using namespace typed;
using ir::overloaded;

namespace {

struct Visitor {
  llvm::function_ref<void(const Expr &)> onExpr;
  llvm::function_ref<void(const Stmt &)> onStmt;

  void visit(const ExprPtr &expr) {
    if (expr)
      visit(*expr);
  }
  void visit(const ExprList &exprs) {
    for (const Expr &expr : exprs)
      visit(expr);
  }
  void visit(const SubscriptSlice &slice) {
    visit(slice.lower), visit(slice.upper), visit(slice.step);
  }
  void visit(const std::vector<SubscriptItem> &items) {
    for (const SubscriptItem &item : items) {
      if (auto *index = std::get_if<SubscriptIndex>(&item))
        visit(index->at);
      else if (auto *slice = std::get_if<SubscriptSlice>(&item))
        visit(*slice);
    }
  }
  void visit(const Block &block) {
    for (const Stmt &stmt : block)
      visit(stmt);
  }

  void visit(const Expr &expr) {
    onExpr(expr);
    std::visit(
        overloaded{
            [&](const UnionMake &node) { visit(node.value); },
            [&](const Cast &node) { visit(node.operand); },
            [&](const Apply &node) { visit(node.operands); },
            [&](const ShortCircuit &node) { visit(node.left), visit(node.right); },
            [&](const Conditional &node) {
              visit(node.test), visit(node.then), visit(node.otherwise);
            },
            [&](const Sequence &node) { visit(node.stmts), visit(node.value); },
            [&](const Element &node) { visit(node.base), visit(node.indices); },
            [&](const View &node) { visit(node.base), visit(node.items); },
            [&](const Transpose &node) { visit(node.base); },
            [&](const Copy &node) { visit(node.operand); },
            [&](const Reduce &node) { visit(node.operand); },
            [&](const MatrixProduct &node) { visit(node.left), visit(node.right); },
            [&](const Reshape &node) { visit(node.base), visit(node.shape); },
            [&](const Compress &node) { visit(node.base), visit(node.mask); },
            [&](const Gather &node) { visit(node.base), visit(node.indices); },
            [&](const Create &node) { visit(node.shape), visit(node.fill); },
            [&](const CreateLike &node) { visit(node.prototype), visit(node.fill); },
            [&](const Arange &node) { visit(node.start), visit(node.stop), visit(node.step); },
            [&](const Linspace &node) { visit(node.start), visit(node.stop), visit(node.num); },
            [&](const Eye &node) { visit(node.rows), visit(node.columns), visit(node.diagonal); },
            [&](const ListLiteral &node) { visit(node.elements); },
            [&](const ListRepeat &node) { visit(node.list), visit(node.count); },
            [&](const ListConcat &node) { visit(node.left), visit(node.right); },
            [&](const ListSlice &node) { visit(node.list), visit(node.slice); },
            [&](const ListToArray &node) { visit(node.list); },
            [&](const SizeOf &node) { visit(node.operand); },
            [&](const CallExpr &node) { visit(node.arguments); },
            [&](const Communicate &node) { visit(node.operands); },
            [](const Constant &) {},
            [](const Read &) {},
            [](const UnionIs &) {},
            [](const UnionPart &) {},
            [](const Clock &) {}},
        expr.node);
  }

  void visit(const Stmt &stmt) {
    onStmt(stmt);
    std::visit(
        overloaded{
            [&](const Assign &node) { visit(node.value); },
            [&](const AssignMany &node) { visit(node.values); },
            [&](const StoreElement &node) {
              visit(node.value), visit(node.base), visit(node.indices);
            },
            [&](const StoreSlice &node) { visit(node.value), visit(node.base), visit(node.items); },
            [&](const CheckMask &node) { visit(node.base), visit(node.mask); },
            [&](const StoreMask &node) { visit(node.value), visit(node.base), visit(node.mask); },
            [&](const StoreCompressed &node) {
              visit(node.value), visit(node.base), visit(node.mask);
            },
            [&](const If &node) { visit(node.test), visit(node.then), visit(node.otherwise); },
            [&](const While &node) { visit(node.test), visit(node.body), visit(node.otherwise); },
            [&](const ForRange &node) {
              visit(node.start), visit(node.stop), visit(node.step);
              visit(node.body), visit(node.otherwise);
            },
            [&](const ForEach &node) {
              visit(node.sequence), visit(node.body), visit(node.otherwise);
            },
            [&](const Return &node) { visit(node.values); },
            [&](const Evaluate &node) { visit(node.value); },
            [&](const CallStmt &node) { visit(node.arguments); },
            [&](const Print &node) {
              for (const PrintItem &item : node.items)
                if (auto *value = std::get_if<PrintValue>(&item))
                  visit(value->value);
            },
            [&](const Assert &node) { visit(node.test); },
            [&](const Exit &node) { visit(node.code); },
            [](const Break &) {},
            [](const Continue &) {},
            [&](const RaiseError &node) { visit(node.integers); }},
        stmt.node);
  }
};

} // namespace

void forEachExpr(const Stmt &stmt, llvm::function_ref<void(const Expr &)> visit) {
  Visitor{visit, [](const Stmt &) {}}.visit(stmt);
}

void forEachExpr(const Expr &expr, llvm::function_ref<void(const Expr &)> visit) {
  Visitor{visit, [](const Stmt &) {}}.visit(expr);
}

void forEachStmt(const Block &block, llvm::function_ref<void(const Stmt &)> visit) {
  Visitor{[](const Expr &) {}, visit}.visit(block);
}

void forEachAssigned(const Stmt &stmt, llvm::function_ref<void(VariableId)> visit) {
  auto all = [&](const std::vector<VariableId> &variables) {
    for (VariableId variable : variables)
      visit(variable);
  };
  if (auto *assign = std::get_if<Assign>(&stmt.node))
    visit(assign->variable);
  else if (auto *many = std::get_if<AssignMany>(&stmt.node))
    all(many->variables);
  else if (auto *range = std::get_if<ForRange>(&stmt.node))
    visit(range->variable);
  else if (auto *each = std::get_if<ForEach>(&stmt.node))
    visit(each->variable);
  else if (auto *call = std::get_if<CallStmt>(&stmt.node))
    all(call->results);
}

} // namespace hpcc::frontend
