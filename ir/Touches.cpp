//===- Touches.cpp - what statements touch ---------------------------------------------------===//

#include "Touches.h"
#include "Library.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// Gathers the touches of a statement while the loops around the place are known.
class TouchCollector {
public:
  TouchCollector(const Program &program, const Facts &facts, std::vector<Touch> &touches)
      : program(program), facts(facts), touches(touches) {}

  void collect(const Stmt &stmt) {
    if (auto *let = std::get_if<Let>(&stmt.node))
      innerSymbols.push_back(let->symbol);
    std::visit(overloaded{[&](const Compute &node) { collect(node, stmt.loc); },
                          [&](const Loop &node) { collect(node); },
                          [&](const While &node) {
                            bool before = certain;
                            if (node.iterator)
                              innerSymbols.push_back(*node.iterator);
                            collect(node.header);
                            collect(node.condition, stmt.loc);
                            certain = false;
                            collect(node.body);
                            certain = before;
                          },
                          [&](const If &node) {
                            bool before = certain;
                            collect(node.condition, stmt.loc);
                            certain = false;
                            collect(node.thenBody), collect(node.elseBody);
                            certain = before;
                          },
                          [&](const Labelled &node) {
                            bool before = certain;
                            collect(node.body);
                            certain = before;
                          },
                          [&](const Parallel &node) {
                            if (node.condition)
                              collect(*node.condition, stmt.loc);
                            collect(node.body);
                          },
                          [&](const Single &node) { collect(node.body); },
                          [&](const Exchange &node) { collectOther(stmt), collect(node.body); },
                          // What follows inside the block may be left out.
                          [&](const Leave &) { certain = false; },
                          [&](const auto &) { collectOther(stmt); }},
               stmt.node);
  }

private:
  void collect(const Block &block) {
    for (const Stmt &stmt : block)
      collect(stmt);
  }

  void collect(const Loop &loop) {
    bool before = certain;
    certain = certain && isNeverEmpty(loop.axis, facts);
    axes.push_back(loop.axis);
    collect(loop.body);
    axes.pop_back();
    certain = before;
  }

  void collect(const Compute &compute, Loc loc) {
    axes.insert(axes.end(), compute.axes.begin(), compute.axes.end());
    auto isLocal = [&](BufferId id) { return llvm::is_contained(compute.locals, id); };
    for (const Assign &assign : compute.body) {
      Loc where = assign.loc.isValid() ? assign.loc : loc;
      bool before = certain;
      auto read = [&](const Scalar &scalar) { collect(scalar, where, isLocal); };
      if (assign.guard)
        read(*assign.guard), certain = false;
      read(assign.value);
      if (!isLocal(assign.target.buffer)) {
        bool update = assign.op != AssignOp::Set;
        add(assign.target, update ? Use::ReadWrite : Use::Write, where);
      }
      certain = before;
    }
    axes.resize(axes.size() - compute.axes.size());
  }

  template <typename F> void collect(const Scalar &scalar, Loc loc, F isLocal) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (auto *load = std::get_if<ScalarLoad>(&tree.node)) {
        if (!isLocal(load->access.buffer))
          add(load->access, Use::Read, loc);
      } else if (auto *gather = std::get_if<ScalarGather>(&tree.node)) {
        add(anywhereIn(gather->buffer), Use::Read, loc);
      }
    });
  }
  void collect(const Scalar &scalar, Loc loc) {
    collect(scalar, loc, [](BufferId) { return false; });
  }

  /// Whole arrays by reference: a call may read and write what it gets.
  void collectOther(const Stmt &stmt) {
    forEachScalar(stmt, [&](const Scalar &scalar) { collect(scalar, stmt.loc); });
    auto arguments = [&](const auto &call, Use use) {
      for (const CallArgument &argument : call.arguments)
        if (auto *buffer = std::get_if<BufferId>(&argument))
          add(anywhereIn(*buffer), use, stmt.loc);
    };
    if (auto *call = std::get_if<Call>(&stmt.node)) {
      const Function *callee = program.find(call->callee);
      Use use = callee && !callee->effects.writes ? Use::Read : Use::ReadWrite;
      arguments(*call, use);
      for (BufferId result : call->results)
        add(anywhereIn(result), Use::Write, stmt.loc);
      for (BufferId global : program.globals)
        add(anywhereIn(global), use, stmt.loc);
    } else if (auto *call = std::get_if<LibraryCall>(&stmt.node)) {
      arguments(*call, storesToFirstArgument(*call) ? Use::ReadWrite : Use::Read);
    }
  }

  Footprint anywhereIn(BufferId buffer) const {
    Footprint footprint{buffer, {}, {}, false};
    footprint.dims.resize(program[buffer].dims);
    return footprint;
  }

  void add(const Access &access, Use use, Loc loc) {
    // An axis that the access does not name says by nothing in the footprint that it is empty.
    bool before = certain;
    for (const Axis &axis : axes)
      certain = certain && (llvm::any_of(access.indices,
                                         [&](const Index &index) {
                                           return index.form.coefficientOf(axis.iterator) != 0;
                                         }) ||
                            isNeverEmpty(axis, facts));
    add(footprintOf(access, axes), use, loc);
    certain = before;
  }

  void add(Footprint footprint, Use use, Loc loc) {
    // A value that the statement itself computes may be another one each time.
    auto isInner = [&](const Affine &form) {
      return llvm::any_of(form.terms, [&](const AffineTerm &term) {
        return llvm::is_contained(innerSymbols, term.symbol);
      });
    };
    for (std::optional<Range> &dim : footprint.dims)
      if (dim && (llvm::any_of(dim->start.forms, isInner) || llvm::any_of(dim->end.forms, isInner)))
        dim.reset(), footprint.isExact = false;
    if (footprint.slot && isInner(*footprint.slot))
      footprint.slot.reset(), footprint.isExact = false;
    touches.push_back({std::move(footprint), use, loc, certain});
  }

  const Program &program;
  const Facts &facts;
  std::vector<Touch> &touches;
  std::vector<Axis> axes;
  std::vector<SymbolId> innerSymbols; // named by a `let` inside the statement
  bool certain = true;
};

} // namespace

std::vector<Touch> touchesOf(const Stmt &stmt, const Program &program, const Facts &facts) {
  std::vector<Touch> touches;
  TouchCollector(program, facts, touches).collect(stmt);
  return touches;
}

} // namespace hpcc::ir
