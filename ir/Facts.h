//===- Facts.h - what is known about the integers of a program ------------------------------===//
//
// Intervals of symbols, symbolic bounds of symbols (an iterator lies between the bounds of its
// loop) and affine forms known not to be negative (a check that has passed), with a prover for
// affine inequalities. A walk adds facts as it meets them and takes back those of a block when it
// ends.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_FACTS_H
#define HPCC_IR_FACTS_H

#include "Interval.h"
#include "Program.h"
#include <map>

namespace hpcc::ir {

/// The largest size that a dimension is taken to have; no memory holds more.
constexpr int64_t largestSize = int64_t(1) << 60;

/// What is known of an integer variable at a place of the program.
struct VariableFact {
  Interval interval;
  std::optional<Affine> value;        // the form that it holds, if that is known
  std::optional<Affine> lower, upper; // forms that it lies between
  bool operator==(const VariableFact &) const = default;
};
/// Of the scalar variables that certainly have been assigned; others can hold anything.
using VariableFacts = std::map<BufferId, VariableFact>;

class Facts {
public:
  /// Kept by IntegerFlow, which knows where variables change; not part of a mark.
  VariableFacts variables;

  /// What a walk takes back with `rewind`.
  struct Mark {
    size_t lower, upper, nonNegative, changes;
  };
  Mark mark() const { return {lower.size(), upper.size(), nonNegative.size(), changes.size()}; }
  void rewind(Mark mark);

  /// The symbol lies in the interval, until rewound.
  void setInterval(SymbolId symbol, Interval interval);
  /// The same for what a dimension can be.
  void setSize(SymbolId symbol) {
    setInterval(symbol, meet(intervalOf(Affine(symbol)), {0, largestSize}));
  }
  /// The same with bounds that are forms.
  void addLower(SymbolId symbol, Affine bound) { lower.push_back({symbol, std::move(bound)}); }
  void addUpper(SymbolId symbol, Affine bound) { upper.push_back({symbol, std::move(bound)}); }
  void addNonNegative(Affine form) { nonNegative.push_back(std::move(form)); }
  /// A form that is not negative wherever these facts are used; `rewind` keeps it.
  void addLasting(Affine form) { lasting.push_back(std::move(form)); }
  void dropLasting(size_t count) { lasting.resize(lasting.size() - count); }
  /// Narrows the intervals of symbols to those of their bounds, where these were narrowed later.
  void tightenIntervals();
  /// The iterator of an axis lies between its bounds, inside its body.
  void addAxis(const Axis &axis);
  /// All that a condition says where it is true, or where it is false: comparisons of integers
  /// joined by `and` (or by `or`, where false).
  void addCondition(const Scalar &condition, bool holds = true);

  /// Bounds of a `let` from the scalar that it names: its interval, and the forms of clamps and
  /// selects.
  void addLet(SymbolId symbol, const Scalar &value);

  /// The values the form can have, as a number and before any wrapping to 64 bits.
  Interval intervalOf(const Affine &form) const;
  /// True if the tree is known to be an i64; a load is where its variable is.
  bool isInteger(const Scalar &tree) const;
  /// The values that a tree of integers can have where it raises nothing; any, if it is none.
  Interval intervalOf(const Scalar &tree) const;
  /// The numbers that an i64 operation computes, before they wrap or raise; nothing if unknown.
  std::optional<Interval> exactIntervalOf(const ScalarApply &node) const;
  /// True if the form's value is computed without wrapping, so that it can be compared by its
  /// difference to another.
  bool isExact(const Affine &form) const;
  /// True if the form is proved to be at least zero.
  bool isNonNegative(const Affine &form) const {
    unsigned steps = proofSteps;
    return prove(form, proofDepth, steps);
  }
  bool isAtMost(const Affine &left, const Affine &right) const {
    return isNonNegative(right - left);
  }
  /// A form in allowed symbols only that is at most the given one wherever the facts hold.
  std::optional<Affine> lowerBoundOf(const Affine &form,
                                     llvm::function_ref<bool(SymbolId)> isAllowed,
                                     unsigned depth = 8) const;

private:
  struct SymbolBound {
    SymbolId symbol;
    Affine bound;
  };
  static constexpr unsigned proofDepth = 5;  // symbols that one proof replaces by their bounds
  static constexpr unsigned proofSteps = 64; // forms that one proof tries in all
  bool prove(const Affine &form, unsigned depth, unsigned &steps) const;
  enum class Side : uint8_t { Lower, Upper };
  std::vector<Affine> boundsOf(const Scalar &value, Side side) const;
  Interval boundsFromKnown(const Affine &form) const;
  void refine(const Scalar &tree, Interval interval);
  void refineComparison(ScalarOp op, const Scalar &left, const Scalar &right);

  std::vector<std::optional<Interval>> intervals;                    // by symbol
  std::vector<std::pair<SymbolId, std::optional<Interval>>> changes; // what intervals held before
  std::vector<SymbolBound> lower, upper; // symbol >= bound, symbol <= bound
  std::vector<Affine> nonNegative, lasting;
};

/// The tree as an affine form where its checked operations raise nothing.
std::optional<Affine> asAffineUnlessRaised(const Scalar &scalar);

/// What a statement says about the symbols that it declares or compares, for the code after it.
void addFactsOf(const Program &program, const Stmt &stmt, Facts &facts);

/// visit(block, facts) for the block and each one nested in it, inner before outer, with the facts
/// that hold at the block's entry; the lambda leaves the facts as it got them. It may insert and
/// erase statements.
void forEachBlockWithFacts(const Program &program, Block &block, Facts &facts,
                           llvm::function_ref<void(Block &, Facts &)> visit);

/// left < right and so on: the operation with its operands swapped or its result negated.
ScalarOp swappedComparison(ScalarOp op);
std::optional<ScalarOp> negatedComparison(ScalarOp op);

} // namespace hpcc::ir

#endif // HPCC_IR_FACTS_H
