//===- Effects.cpp - inference of effects ----------------------------------------------------===//

#include "Effects.h"
#include "CallGraph.h"
#include "Library.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

namespace {

/// Effects on arrays of the caller apart from those on globals: a caller that passes arrays of its
/// own inherits only the second.
struct Touched {
  bool arrays = false, globals = false;
  bool any() const { return arrays || globals; }
  bool operator==(const Touched &) const = default;
};

struct Detail {
  Touched reads, writes;
  bool prints = false, fails = false;
  bool operator==(const Detail &) const = default;
};

/// Infers one function from what is known of the others so far.
class FunctionEffects {
public:
  FunctionEffects(const Program &program, const Function &function,
                  const std::vector<Detail> &known)
      : program(program), function(function), known(known), origins(program.buffers.size()),
        isGlobal(program.buffers.size(), false) {}

  Detail infer() {
    for (BufferId id : program.globals)
      isGlobal[id.index] = origins[id.index].globals = true;
    for (BufferId id : function.parameters)
      origins[id.index].arrays = program[id].storage == Storage::Handle;
    while (spreadOrigins())
      ;
    forEachStmt(function.body, [&](const Stmt &stmt) { add(stmt); });
    return result;
  }

private:
  /// What the array of a name may be: the caller's, or one that a global names.
  static bool merge(Touched &into, Touched other) {
    Touched before = into;
    into = {into.arrays || other.arrays, into.globals || other.globals};
    return into != before;
  }

  /// One round over what can make a name denote an outside array; true if something was learnt. An
  /// array that a global comes to name is outside under its other names too.
  bool spreadOrigins() {
    bool changed = false;
    auto share = [&](BufferId name, BufferId source) {
      changed |= merge(origins[name.index], origins[source.index]);
      changed |= merge(origins[source.index], {false, origins[name.index].globals});
    };
    forEachStmt(function.body, [&](const Stmt &stmt) {
      if (auto *view = std::get_if<View>(&stmt.node))
        share(view->result, view->base);
      else if (auto *bind = std::get_if<Bind>(&stmt.node))
        share(bind->handle, bind->source);
      else if (auto *call = std::get_if<Call>(&stmt.node))
        for (BufferId id : call->results)
          if (program[id].storage == Storage::Handle)
            changed |= merge(origins[id.index], originOfResult(*call));
    });
    return changed;
  }

  /// A callee may return any array that it gets or that a global names.
  Touched originOfResult(const Call &call) const {
    Touched origin;
    origin.globals = llvm::any_of(
        program.globals, [&](BufferId id) { return program[id].storage == Storage::Handle; });
    for (const CallArgument &argument : call.arguments)
      if (auto *buffer = std::get_if<BufferId>(&argument))
        merge(origin, origins[buffer->index]);
    return origin;
  }

  void touch(Touched &touched, BufferId id) { merge(touched, origins[id.index]); }

  void add(const Stmt &stmt) {
    forEachScalar(stmt, [&](const Scalar &scalar) {
      result.fails |= canRaise(scalar);
      forEachSubtree(scalar, [&](const Scalar &tree) { addReads(tree); });
    });
    std::visit(
        overloaded{[&](const Compute &node) {
                     for (const Assign &assign : node.body) {
                       touch(result.writes, assign.target.buffer);
                       if (assign.op != AssignOp::Set)
                         touch(result.reads, assign.target.buffer);
                     }
                   },
                   [&](const Bind &node) {
                     result.writes.globals |= isGlobal[node.handle.index];
                     result.reads.globals |= isGlobal[node.source.index];
                   },
                   [&](const View &node) { result.reads.globals |= isGlobal[node.base.index]; },
                   [&](const Call &node) { addCall(node); },
                   [&](const LibraryCall &node) { addLibrary(node); },
                   [&](const Check &) { result.fails = true; },
                   [](OneOf<Let, Alloc, Declare, Drop, Loop, While, Labelled, Leave, If, Parallel,
                            Single, Barrier, Exchange, Transfer> auto &) {}},
        stmt.node);
  }

  void addReads(const Scalar &tree) {
    std::visit(
        overloaded{[&](const ScalarLoad &node) { touch(result.reads, node.access.buffer); },
                   [&](const ScalarGather &node) { touch(result.reads, node.buffer); },
                   [&](OneOf<ScalarDim, ScalarState> auto &node) {
                     result.reads.globals |= isGlobal[node.buffer.index];
                   },
                   [](OneOf<ScalarConstant, ScalarAffine, ScalarCast, ScalarApply> auto &) {}},
        tree.node);
  }

  void addCall(const Call &call) {
    for (BufferId id : call.results)
      result.writes.globals |= isGlobal[id.index];
    const Function *callee = program.find(call.callee);
    if (!callee)
      return;
    const Detail &inner = known[static_cast<size_t>(callee - program.functions.data())];
    result.reads.globals |= inner.reads.globals;
    result.writes.globals |= inner.writes.globals;
    result.prints |= inner.prints;
    result.fails |= inner.fails;
    for (const CallArgument &argument : call.arguments) {
      auto *buffer = std::get_if<BufferId>(&argument);
      if (buffer && inner.reads.arrays)
        touch(result.reads, *buffer);
      if (buffer && inner.writes.arrays)
        touch(result.writes, *buffer);
      if (buffer)
        result.reads.globals |= isGlobal[buffer->index];
    }
  }

  void addLibrary(const LibraryCall &call) {
    const LibraryInfo &row = infoOf(call.function);
    result.prints |= row.prints;
    result.fails |= row.fails;
    // The result comes first in what writes.
    bool first = true;
    for (const CallArgument &argument : call.arguments) {
      if (auto *buffer = std::get_if<BufferId>(&argument)) {
        if (row.writes && first)
          touch(result.writes, *buffer);
        else if (row.reads)
          touch(result.reads, *buffer);
      }
      first = false;
    }
  }

  const Program &program;
  const Function &function;
  const std::vector<Detail> &known;
  std::vector<Touched> origins; // of what each name may denote
  std::vector<bool> isGlobal;
  Detail result;
};

} // namespace

std::vector<Effects> inferEffects(const Program &program) {
  CallGraph graph = callGraphOf(program);
  std::vector<Detail> known(program.functions.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t index = 0; index < known.size(); ++index) {
      Detail detail = FunctionEffects(program, program.functions[index], known).infer();
      detail.fails |= graph.isRecursive(index);
      changed |= detail != known[index];
      known[index] = detail;
    }
  }
  std::vector<Effects> effects;
  for (const Detail &detail : known)
    effects.push_back({detail.reads.any(), detail.writes.any(), detail.prints, detail.fails});
  return effects;
}

bool canRaise(const Compute &compute) {
  return llvm::any_of(compute.body, [](const Assign &assign) {
    return canRaise(assign.value) || (assign.guard && canRaise(*assign.guard));
  });
}

void setEffects(Program &program) {
  std::vector<Effects> effects = inferEffects(program);
  for (auto [function, inferred] : llvm::zip_equal(program.functions, effects))
    function.effects = inferred;
}

} // namespace hpcc::ir
