//===- IntegerFlow.h - the integers of a function along its control flow ---------------------===//
//
// A walk over statements in the order in which they run, with facts about symbols and about integer
// variables at each place. What a loop makes of a variable is learnt before: a counter lies between
// its value at entry and what all iterations can add to it, another variable within what is stored
// to it.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_INTEGERFLOW_H
#define HPCC_IR_INTEGERFLOW_H

#include "Facts.h"
#include <set>

namespace hpcc::ir {

/// The i64 variables of a function that nothing but its own statements can change.
std::set<BufferId> findIntegerVariables(const Program &program, const Function &function);

/// What the owner of a walk does on its way.
struct FlowActions {
  /// For each whole tree, with the facts at its place; it may replace the tree by an equal one.
  llvm::function_ref<void(Scalar &)> scalar;
  /// For each statement, after its own trees and before what is inside; it may replace the
  /// statement, and returns false if the inside is not to be entered.
  llvm::function_ref<bool(Stmt &)> statement;
};

class IntegerFlow {
public:
  /// `variables` outlives the flow.
  IntegerFlow(const Program &program, const std::set<BufferId> &variables, Facts atEntry)
      : facts(std::move(atEntry)), program(program), variables(variables) {}

  /// Finds out what the loops of the block change. Statements keep their places after this.
  void learn(Block &block);
  /// Walks the block from the facts as they are.
  void walk(Block &block, const FlowActions &actions);
  /// Walks the inside of a loop of that block, from the facts before it, which stay.
  void walkInside(Stmt &loop, const FlowActions &actions);

  Facts facts;          // at the place of the walk
  uint64_t visited = 0; // statements, in all walks

private:
  /// Something that stores to a variable: an assignment or a call. Loops are those around it, from
  /// the outermost.
  struct Store {
    BufferId variable;
    std::vector<const Stmt *> loops;
    /// The number of loops around an earlier store in a block around this one, one that does not
    /// add to the variable: what this one adds counts from there.
    size_t cut = 0;
    bool reached = false;
    Interval value = {};
    std::optional<Interval> added = {}; // to the former value, if that is what the store does
  };
  struct LoopInfo {
    size_t depth = 0;                                // loops around it
    std::map<BufferId, std::vector<size_t>> changed; // variables, with the stores inside
    std::optional<Interval::Wide> iterations = 0;    // at most; nothing if not known
  };
  using Place = std::pair<const void *, BufferId>; // of a store: its assignment or statement

  void collect(Block &block, std::vector<const Stmt *> &around, std::map<BufferId, size_t> cuts);
  void collectStores(const Stmt &stmt, const std::vector<const Stmt *> &around,
                     std::map<BufferId, size_t> &cuts);
  void learnRound(Block &block, const Facts &entry);
  bool grow(bool widen);
  void forgetAll();

  VariableFacts headOf(const Stmt &loop) const;
  Interval boundOf(Interval entry, const std::vector<size_t> &inside, size_t depth) const;
  std::optional<Interval::Wide> executions(const Store &store, size_t depth) const;
  std::optional<Interval> addedBy(const Scalar &value, BufferId variable) const;
  void countIterations(LoopInfo &info, const Axis &axis);
  void recordStore(Place place, Interval value, std::optional<Interval> added);
  void forget(const void *place, BufferId variable);
  void joinAt(LabelId label);

  void walkBlock(Block &block);
  void walkScoped(Block &block);
  void visit(Stmt &stmt);
  void visitLoop(Stmt &stmt, Loop &loop);
  void visitWhile(While &loop);
  void visitIf(If &branch);
  void visitLabelled(Labelled &labelled);
  void visitCompute(Compute &compute);
  void nameVariable(const Let &let);
  void visitAssign(Assign &assign, bool alone);
  void rewrite(Scalar &tree) {
    if (actions && actions->scalar)
      actions->scalar(tree);
  }

  const Program &program;
  const std::set<BufferId> &variables;
  const FlowActions *actions = nullptr;
  bool learning = false, iterationsGrew = false, reachable = true;
  std::vector<Store> stores, found; // what is assumed of them, and what a round of learning finds
  std::map<Place, size_t> storeAt;
  std::map<const Stmt *, LoopInfo> loops;
  std::map<LabelId, std::optional<VariableFacts>> leaves; // what holds where a block is left
};

} // namespace hpcc::ir

#endif // HPCC_IR_INTEGERFLOW_H
