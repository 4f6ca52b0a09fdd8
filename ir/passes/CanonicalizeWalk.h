//===- CanonicalizeWalk.h - the forward walk of canonicalize -----------------------------===//
//
// Visits the statements of a function in the order in which they run, carries what is known about
// names and integers, and rewrites each statement by it. Names that are no longer mentioned stay
// for the removal of dead code; drops stay where they are and are placed anew afterwards.
//
//===-------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_CANONICALIZEWALK_H
#define HPCC_IR_PASSES_CANONICALIZEWALK_H

#include "CanonicalizeState.h"
#include "ir/Pass.h"
#include "ir/Walk.h"

namespace hpcc::ir {

class CanonicalizeWalk {
public:
  CanonicalizeWalk(Program &program, PassContext &context);

  /// Rewrites the function. Its drops are wrong afterwards.
  void run(Function &function);
  /// The arrays whose sizes are proved to be legal: making them raises nothing.
  const std::set<BufferId> &safeAllocs() const { return safe; }
  /// For each array that was bound to handles, the one declared first.
  const std::map<BufferId, BufferId> &firstHandles() const { return handleOf; }

private:
  // Blocks and their scopes.
  void walk(Block &block);
  void walkScoped(Block &block);
  /// Rewrites one statement; false to erase it. What is to stand before it goes to `before`, a
  /// block that takes its place to `spliced`.
  bool visit(Stmt &stmt, Block &before, std::optional<Block> &spliced);
  bool rewrite(Stmt &stmt, Let &let);
  bool rewrite(Stmt &stmt, Alloc &alloc);
  bool rewrite(Stmt &stmt, Declare &declare);
  bool rewrite(Stmt &stmt, View &view);
  bool rewrite(Stmt &stmt, Bind &bind);
  bool rewrite(Stmt &stmt, Drop &drop);
  bool rewrite(Stmt &stmt, Compute &compute);
  bool rewrite(Stmt &stmt, Loop &loop);
  bool rewrite(Stmt &stmt, While &loop);
  bool rewrite(Stmt &stmt, Labelled &labelled);
  bool rewrite(Stmt &stmt, Leave &leave);
  bool rewrite(Stmt &stmt, If &branch);
  bool rewrite(Stmt &, OneOf<Parallel, Single, Barrier, Exchange, Transfer> auto &) {
    llvm_unreachable("mapped programs are canonical");
  }
  bool rewrite(Stmt &stmt, Call &call);
  bool rewrite(Stmt &stmt, LibraryCall &call);
  bool rewrite(Stmt &stmt, Check &check);

  // Flow of values.
  ArrayValue opaque(bool bound = false) {
    return {ArrayValue::Kind::Opaque, {}, ++versions, bound};
  }
  ArrayValue valueOf(BufferId buffer);
  void forget(const Changes &changes);
  /// Names for the integers that a loop uses and does not change: variables, sizes of handles, and
  /// lets of what is fixed at its entry.
  Block letsBefore(const Block &body, const Changes &changes, Loc loc);
  bool isChanged(BufferId buffer, const Changes &changes) const;
  void join(FlowState &into, const FlowState &other);
  /// Forgets what speaks of names that are no longer in scope.
  void leaveScope(FlowState &state);

  // Rewriting of parts.
  void rewriteForm(Affine &form) const;
  void rewriteBound(Bound &bound) const;
  void rewriteScalar(Scalar &scalar);
  void rewriteLeaf(Scalar &scalar);
  void rewriteGather(Scalar &scalar);
  void rewriteAccess(Access &access);
  void rewriteName(BufferId &buffer);
  void rewriteArguments(std::vector<CallArgument> &arguments);
  void rewriteAssign(Assign &assign);
  void relaxParallel(const Compute &before, Compute &compute, Loc loc);
  void simplifyLike(Alloc &alloc);
  bool isRowMajor(BufferId operand);
  /// The view's map if it can be used here: its root still names the same array.
  const ViewMap *mapHere(BufferId view);
  std::optional<Affine> sizeOf(BufferId buffer, unsigned dim);
  bool isInScope(const Affine &form) const;

  Program &program;
  PassContext &context;
  Facts facts;
  FlowState state;
  unsigned versions = 0;
  std::vector<std::optional<Affine>> letValues; // by symbol: what replaces a `let`
  std::vector<bool> symbolInScope, bufferInScope;
  std::vector<SymbolId> declaredSymbols; // in scope, in order
  std::vector<BufferId> declaredBuffers;
  std::vector<std::pair<Scalar, SymbolId>> numbered;       // lets in scope that may be reused
  std::map<std::pair<ArrayValue, unsigned>, Affine> sizes; // of arrays known by their value
  std::map<BufferId, ViewMap> views;
  std::map<LabelId, std::vector<FlowState>> leaves;
  std::set<BufferId> changedGlobals; // by any function that is called
  std::set<BufferId> aliased;        // scalar variables that a view or handle names
  std::set<BufferId> boundNames;     // handles that this function binds
  std::set<BufferId> safe;
  std::map<BufferId, BufferId> handleOf;
};

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_CANONICALIZEWALK_H
