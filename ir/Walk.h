//===- Walk.h - traversal of statements and scalars ------------------------------------------===//
//
// Function templates that take a lambda. Each works on const and on mutable nodes alike: over
// mutable ones the lambda gets references that it may assign through. Every std::visit here names
// all kinds of nodes, so a new kind is a compile error until its place is decided.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_WALK_H
#define HPCC_IR_WALK_H

#include "Program.h"
#include "llvm/ADT/STLExtras.h"
#include <type_traits>

namespace hpcc::ir {

/// A visitor for std::visit made of lambdas.
template <typename... Fs> struct overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs> overloaded(Fs...) -> overloaded<Fs...>;

/// One of the listed types, const or not: `[](OneOf<Let, Drop> auto &node) {...}`.
template <typename T, typename... Ts>
concept OneOf = (std::is_same_v<std::remove_const_t<T>, Ts> || ...);

//===-----------------------------------------------------------------------------------------===//
// Statements and blocks
//===-----------------------------------------------------------------------------------------===//

/// visit(block) for each block directly inside the statement.
template <typename StmtT, typename F> void forEachInnerBlock(StmtT &stmt, F &&visit) {
  std::visit(overloaded{[&](OneOf<Loop, Labelled, Parallel, Single, Exchange> auto &node) {
                          visit(node.body);
                        },
                        [&](OneOf<While> auto &node) { visit(node.header), visit(node.body); },
                        [&](OneOf<If> auto &node) { visit(node.thenBody), visit(node.elseBody); },
                        [](OneOf<Let, Alloc, Declare, View, Bind, Drop, Compute, Leave, Barrier,
                                 Transfer, Call, LibraryCall, Check> auto &) {}},
             stmt.node);
}

/// visit(stmt) for each statement of the block and those nested in it, outer before inner. The
/// lambda may change a statement, not the number of statements in a block that is being walked.
template <typename BlockT, typename F>
  requires OneOf<BlockT, Block>
void forEachStmt(BlockT &block, F &&visit) {
  for (auto &stmt : block) {
    visit(stmt);
    forEachInnerBlock(stmt, [&](auto &inner) { forEachStmt(inner, visit); });
  }
}

/// The same for all functions of a program.
template <typename ProgramT, typename F>
  requires OneOf<ProgramT, Program>
void forEachStmt(ProgramT &program, F &&visit) {
  for (auto &function : program.functions)
    forEachStmt(function.body, visit);
}

/// visit(block) for the block and each one nested in it, inner before outer, so that the lambda may
/// insert and erase statements.
template <typename BlockT, typename F> void forEachBlock(BlockT &block, F &&visit) {
  for (auto &stmt : block)
    forEachInnerBlock(stmt, [&](auto &inner) { forEachBlock(inner, visit); });
  visit(block);
}

/// visit(symbolId) for the symbols that the statement itself declares.
template <typename StmtT, typename F> void forEachDeclaredSymbol(StmtT &stmt, F &&visit) {
  std::visit(overloaded{[&](OneOf<Let> auto &node) { visit(node.symbol); },
                        [&](OneOf<Loop> auto &node) { visit(node.axis.iterator); },
                        [&](OneOf<While> auto &node) {
                          if (node.iterator)
                            visit(*node.iterator);
                        },
                        [&](OneOf<Compute> auto &node) {
                          for (auto &axis : node.axes)
                            visit(axis.iterator);
                        },
                        [&](OneOf<Exchange> auto &node) {
                          for (auto &part : node.parts)
                            if (part.axis)
                              visit(part.axis->iterator);
                        },
                        [](OneOf<Alloc, Declare, View, Bind, Drop, Labelled, Leave, If, Parallel,
                                 Single, Barrier, Transfer, Call, LibraryCall, Check> auto &) {}},
             stmt.node);
}

/// visit(bufferId) for the buffers that the statement itself declares.
template <typename StmtT, typename F> void forEachDeclaredBuffer(StmtT &stmt, F &&visit) {
  std::visit(
      overloaded{[&](OneOf<Alloc> auto &node) { visit(node.buffer); },
                 [&](OneOf<Declare> auto &node) { visit(node.handle); },
                 [&](OneOf<View> auto &node) { visit(node.result); },
                 [&](OneOf<Compute> auto &node) {
                   for (auto &local : node.locals)
                     visit(local);
                 },
                 [](OneOf<Let, Bind, Drop, Loop, While, Labelled, Leave, If, Parallel, Single,
                          Barrier, Exchange, Transfer, Call, LibraryCall, Check> auto &) {}},
      stmt.node);
}

//===-----------------------------------------------------------------------------------------===//
// Scalars
//===-----------------------------------------------------------------------------------------===//

/// visit(operand) for each direct operand.
template <typename ScalarT, typename F> void forEachOperand(ScalarT &scalar, F &&visit) {
  auto all = [&](auto &operands) {
    for (auto &operand : operands)
      visit(operand);
  };
  std::visit(
      overloaded{
          [&](OneOf<ScalarGather> auto &node) { all(node.indices); },
          [&](OneOf<ScalarCast> auto &node) { all(node.operand); },
          [&](OneOf<ScalarApply> auto &node) { all(node.operands); },
          [](OneOf<ScalarConstant, ScalarAffine, ScalarLoad, ScalarDim, ScalarState> auto &) {}},
      scalar.node);
}

/// visit(subtree) for the tree and each tree in it, outer before inner.
template <typename ScalarT, typename F> void forEachSubtree(ScalarT &scalar, F &&visit) {
  visit(scalar);
  forEachOperand(scalar, [&](auto &operand) { forEachSubtree(operand, visit); });
}

/// visit(scalar) for each whole tree of this one statement, in the order of evaluation; blocks
/// inside the statement are not entered.
template <typename StmtT, typename F> void forEachScalar(StmtT &stmt, F &&visit) {
  auto arguments = [&](auto &call) {
    for (auto &argument : call.arguments)
      if (auto *scalar = std::get_if<Scalar>(&argument))
        visit(*scalar);
  };
  std::visit(overloaded{[&](OneOf<Let> auto &node) { visit(node.value); },
                        [&](OneOf<Compute> auto &node) {
                          for (auto &assign : node.body) {
                            if (assign.guard)
                              visit(*assign.guard);
                            visit(assign.value);
                          }
                        },
                        [&](OneOf<While, If> auto &node) { visit(node.condition); },
                        [&](OneOf<Parallel> auto &node) {
                          if (node.condition)
                            visit(*node.condition);
                        },
                        [&](OneOf<Call, LibraryCall> auto &node) { arguments(node); },
                        [&](OneOf<Check> auto &node) {
                          visit(node.condition);
                          for (auto &argument : node.arguments)
                            visit(argument);
                        },
                        [](OneOf<Alloc, Declare, View, Bind, Drop, Loop, Labelled, Leave, Single,
                                 Barrier, Exchange, Transfer> auto &) {}},
             stmt.node);
}

/// rewrite(scalar) for each subtree, operands first: the lambda may replace the tree by assigning.
template <typename F> void rewriteScalar(Scalar &scalar, F &&rewrite) {
  forEachOperand(scalar, [&](Scalar &operand) { rewriteScalar(operand, rewrite); });
  rewrite(scalar);
}

/// The same for all scalars of this one statement.
template <typename F> void rewriteScalars(Stmt &stmt, F &&rewrite) {
  forEachScalar(stmt, [&](Scalar &scalar) { rewriteScalar(scalar, rewrite); });
}

//===-----------------------------------------------------------------------------------------===//
// Accesses, buffers, affine forms
//===-----------------------------------------------------------------------------------------===//

/// True if each point of the compute has a scalar of its own under this name.
inline bool isLocal(const Compute &compute, BufferId buffer) {
  return llvm::is_contained(compute.locals, buffer);
}

/// True if the points of the statement itself run on a device's grid.
inline bool isKernel(const Stmt &stmt) {
  if (const auto *loop = std::get_if<Loop>(&stmt.node))
    return loop->axis.grid.has_value();
  const auto *compute = std::get_if<Compute>(&stmt.node);
  return compute && llvm::any_of(compute->axes, [](const Axis &a) { return a.grid.has_value(); });
}

enum class Use : uint8_t { Read = 1, Write = 2, ReadWrite = 3 };
inline bool isRead(Use use) { return use != Use::Write; }
inline bool isWrite(Use use) { return use != Use::Read; }

/// visit(access, use) for each load of the tree. Gathers have no Access; see forEachSubtree.
template <typename ScalarT, typename F>
  requires OneOf<ScalarT, Scalar>
void forEachAccess(ScalarT &scalar, F &&visit) {
  forEachSubtree(scalar, [&](auto &tree) {
    if (auto *load = std::get_if<ScalarLoad>(&tree.node))
      visit(load->access, Use::Read);
  });
}

/// visit(access, use) for each access of this one statement, in the order in which they happen. An
/// assignment `op=` reads and writes its target.
template <typename StmtT, typename F>
  requires OneOf<StmtT, Stmt>
void forEachAccess(StmtT &stmt, F &&visit) {
  auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute)
    return forEachScalar(stmt, [&](auto &scalar) { forEachAccess(scalar, visit); });
  for (auto &assign : compute->body) {
    if (assign.guard)
      forEachAccess(*assign.guard, visit);
    forEachAccess(assign.value, visit);
    visit(assign.target, assign.op == AssignOp::Set ? Use::Write : Use::ReadWrite);
  }
}

/// visit(bufferId) for each mention of a buffer in this one statement, its declaration included.
template <typename StmtT, typename F> void forEachBuffer(StmtT &stmt, F &&visit) {
  auto arguments = [&](auto &call) {
    for (auto &argument : call.arguments)
      if (auto *buffer = std::get_if<BufferId>(&argument))
        visit(*buffer);
  };
  std::visit(overloaded{[&](OneOf<Alloc, Drop, Transfer> auto &node) { visit(node.buffer); },
                        [&](OneOf<Declare> auto &node) { visit(node.handle); },
                        [&](OneOf<View> auto &node) { visit(node.result), visit(node.base); },
                        [&](OneOf<Bind> auto &node) { visit(node.handle), visit(node.source); },
                        [&](OneOf<Compute> auto &node) {
                          for (auto &local : node.locals)
                            visit(local);
                          for (auto &assign : node.body)
                            visit(assign.target.buffer);
                        },
                        [&](OneOf<Call> auto &node) {
                          arguments(node);
                          for (auto &result : node.results)
                            visit(result);
                        },
                        [&](OneOf<LibraryCall> auto &node) { arguments(node); },
                        [&](OneOf<Exchange> auto &node) {
                          for (auto &part : node.parts)
                            visit(part.buffer);
                        },
                        [](OneOf<Let, Loop, While, Labelled, Leave, If, Parallel, Single, Barrier,
                                 Check> auto &) {}},
             stmt.node);
  forEachScalar(stmt, [&](auto &scalar) {
    forEachSubtree(scalar, [&](auto &tree) {
      std::visit(
          overloaded{
              [&](OneOf<ScalarLoad> auto &node) { visit(node.access.buffer); },
              [&](OneOf<ScalarGather, ScalarDim, ScalarState> auto &node) { visit(node.buffer); },
              [](OneOf<ScalarConstant, ScalarAffine, ScalarCast, ScalarApply> auto &) {}},
          tree.node);
    });
  });
}

/// visit(form) for each affine form of an access.
template <typename AccessT, typename F>
  requires OneOf<AccessT, Access>
void forEachAffine(AccessT &access, F &&visit) {
  if (access.slot)
    visit(*access.slot);
  for (auto &index : access.indices) {
    visit(index.form);
    if (index.wrap)
      visit(*index.wrap);
  }
}

/// visit(form) for each affine form of a tree. A lambda that makes the form of a ScalarAffine
/// constant breaks that node's invariant: use `substitute`.
template <typename ScalarT, typename F>
  requires OneOf<ScalarT, Scalar>
void forEachAffine(ScalarT &scalar, F &&visit) {
  forEachSubtree(scalar, [&](auto &tree) {
    if (auto *affine = std::get_if<ScalarAffine>(&tree.node))
      visit(affine->form);
    else if (auto *load = std::get_if<ScalarLoad>(&tree.node))
      forEachAffine(load->access, visit);
  });
}

/// visit(form) for each affine form of an axis.
template <typename AxisT, typename F>
  requires OneOf<AxisT, Axis>
void forEachAffine(AxisT &axis, F &&visit) {
  for (auto &form : axis.lo.forms)
    visit(form);
  for (auto &form : axis.hi.forms)
    visit(form);
  if (axis.ranks)
    visit(axis.ranks->over.rows), visit(axis.ranks->over.offset);
}

/// visit(form) for each affine form of a part of an exchange.
template <typename PartT, typename F>
  requires OneOf<PartT, ExchangePart>
void forEachAffine(PartT &part, F &&visit) {
  if (part.slot)
    visit(*part.slot);
  visit(part.lo), visit(part.hi);
  for (auto &index : part.at)
    visit(index);
  if (part.wrap)
    visit(*part.wrap);
  if (part.axis)
    forEachAffine(*part.axis, visit);
}

/// visit(form) for each affine form of a transfer.
template <typename TransferT, typename F>
  requires OneOf<TransferT, Transfer>
void forEachAffine(TransferT &transfer, F &&visit) {
  if (transfer.slot)
    visit(*transfer.slot);
  for (auto &index : transfer.at)
    visit(index);
}

/// visit(form) for each affine form in this one statement. The shape of a buffer that it declares
/// is in the program's table; see below.
template <typename StmtT, typename F>
  requires OneOf<StmtT, Stmt>
void forEachAffine(StmtT &stmt, F &&visit) {
  if (auto *view = std::get_if<View>(&stmt.node)) {
    if (auto *subscript = std::get_if<Subscript>(&view->form)) {
      for (auto &dim : subscript->dims)
        std::visit(overloaded{[&](OneOf<ViewIndex> auto &index) { visit(index.at); },
                              [&](OneOf<ViewSlice> auto &slice) {
                                visit(slice.start), visit(slice.size), visit(slice.step);
                              },
                              [](OneOf<ViewNewAxis> auto &) {}},
                   dim);
    } else if (auto *broadcast = std::get_if<Broadcast>(&view->form)) {
      for (auto &size : broadcast->shape)
        visit(size);
    } else if (auto *reshape = std::get_if<Reshape>(&view->form)) {
      for (auto &size : reshape->shape)
        visit(size);
    }
  } else if (auto *compute = std::get_if<Compute>(&stmt.node)) {
    for (auto &axis : compute->axes)
      forEachAffine(axis, visit);
    for (auto &assign : compute->body)
      forEachAffine(assign.target, visit);
  } else if (auto *loop = std::get_if<Loop>(&stmt.node)) {
    forEachAffine(loop->axis, visit);
  } else if (auto *exchange = std::get_if<Exchange>(&stmt.node)) {
    for (auto &part : exchange->parts)
      forEachAffine(part, visit);
  } else if (auto *transfer = std::get_if<Transfer>(&stmt.node)) {
    forEachAffine(*transfer, visit);
  }
  forEachScalar(stmt, [&](auto &scalar) { forEachAffine(scalar, visit); });
}

/// The same with the shape and the home of the buffer that the statement declares.
template <typename ProgramT, typename StmtT, typename F>
  requires OneOf<ProgramT, Program> && OneOf<StmtT, Stmt>
void forEachAffine(ProgramT &program, StmtT &stmt, F &&visit) {
  forEachDeclaredBuffer(stmt, [&](BufferId id) {
    if (id.index >= program.buffers.size())
      return;
    for (auto &size : program[id].shape)
      visit(size);
    if (auto &home = program[id].home)
      visit(home->rows), visit(home->offset);
  });
  forEachAffine(stmt, visit);
}

/// Replaces a symbol by an affine form in this one statement, the shape of the buffer that it
/// declares and the axes of a tree sum included (those only by another symbol). The symbol's own
/// declaration stays.
void substitute(Program &program, Stmt &stmt, SymbolId symbol, const Affine &value);

/// The same in a block and all that is nested in it.
void substitute(Program &program, Block &block, SymbolId symbol, const Affine &value);

/// The same in a tree.
void substitute(Scalar &scalar, SymbolId symbol, const Affine &value);

/// A copy of the block in which everything that it declares has new rows in the program's tables:
/// what inlining and unrolling insert. Labels are renumbered from `labels` on, which advances.
Block cloneFresh(Program &program, const Block &block, unsigned &labels);

} // namespace hpcc::ir

#endif // HPCC_IR_WALK_H
