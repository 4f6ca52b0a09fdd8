// The builder's inside: what the files Build*.cpp share.
//
// One Builder lowers one typed module, statement by statement, in Python's order of evaluation. An
// expression becomes a Value: trees that are not evaluated yet, a named array, or the elements of
// an array that is not computed yet. What is pending is stored away before anything is emitted that
// could change it (BuildOperands.cpp); everything else may take a Value as it stands.
#pragma once

#include "frontend/TypedAST.h"
#include "ir/Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>
#include <vector>

namespace hpcc::frontend {

using ir::Affine;
using ir::BufferId;
using ir::Scalar;
using ir::SymbolId;

/// The values an i64 may have. Bounds saturate.
struct Interval {
  int64_t lo = INT64_MIN, hi = INT64_MAX;
  bool contains(int64_t value) const { return lo <= value && value <= hi; }
  bool within(Interval outer) const { return outer.lo <= lo && hi <= outer.hi; }
};

/// What sizes of dimensions and positions in them can be.
inline constexpr Interval sizeInterval{0, int64_t(1) << 48};
/// What affine forms may hold: sums of a few of these do not overflow.
inline constexpr Interval smallInterval{-(int64_t(1) << 61), int64_t(1) << 61};

/// An array that is not computed yet: its element at the point (axes). `shape` has at least one
/// dimension. `operands` are the arrays whose memory order the result follows; `repeats` tells
/// whether one of them is repeated along an axis.
struct Elements {
  std::vector<Affine> shape;
  std::vector<SymbolId> axes;
  Scalar value;
  std::vector<BufferId> operands;
  bool repeats = false;
};

/// The value of an expression. Exactly one part is there, by type: one tree for a scalar; the tag
/// and a tree for each element type for a union; `array` or `elements` for an array; `array` for a
/// list; nothing for None.
struct Value {
  std::vector<Scalar> scalars;
  std::optional<BufferId> array;
  std::optional<Elements> elements;
};

/// Where a variable lives: buffers of scalars as in Value::scalars, or a handle.
struct Place {
  std::vector<BufferId> scalars;
  std::optional<BufferId> handle;
  std::optional<BufferId> boundFlag; // of a scalar that may be unbound
};

/// An item of a subscript whose expressions are evaluated; bounds are null where absent.
struct ItemIndex {
  Affine at;
};
struct ItemSlice {
  std::optional<Affine> lower, upper, step;
};
struct ItemNewAxis {};
using Item = std::variant<ItemIndex, ItemSlice, ItemNewAxis>;

/// The labels of a loop, made when a break or continue asks for them.
struct LoopLabels {
  std::optional<ir::LabelId> breakLabel, continueLabel;
};

/// A block that is being filled.
struct Scope {
  ir::Block *block = nullptr;
  std::vector<BufferId> temporaries; // arrays to drop, in the order of their declaration
  std::vector<std::pair<Scalar, SymbolId>> lets;         // of values that never change
  std::vector<std::pair<ir::ScalarDim, SymbolId>> sizes; // of handles, until a bind
};

/// The function that is being lowered.
struct FunctionState {
  ir::Function *function = nullptr;
  bool isMain = false;
  std::vector<Place> results;
  std::optional<ir::LabelId> returnLabel;
  std::vector<LoopLabels> loops;
  ir::Block declarations;        // at its beginning
  std::vector<BufferId> handles; // dropped at its end
};

struct Builder {
  explicit Builder(const typed::Module &module);

  const typed::Module &module;
  ir::Program program;
  std::vector<std::string> functionNames;
  std::vector<Place> places;                                // by variable
  std::vector<std::optional<ir::ScalarConstant>> constants; // by variable: its only value
  std::vector<std::optional<Affine>> loopValues;            // by variable: in the loop over it
  std::vector<Interval> intervals;                          // by symbol
  std::vector<size_t> depths;                               // by symbol: number of open scopes
  std::vector<std::pair<Affine, Interval>> facts;           // about loop variables, while inside
  std::vector<Scope> scopes;
  FunctionState state;
  Loc here; // of the expression or statement that is being lowered

  // Functions and variables (BuildIR.cpp).
  void lowerModule();
  void lowerFunction(const typed::Function &source);
  const typed::Variable &variableOf(typed::VariableId id) const {
    return module.variables[id.index];
  }
  Place &placeOf(typed::VariableId id) { return places[id.index]; }

  // Emitting (BuildEmit.cpp).
  void emit(decltype(ir::Stmt::node) node) { emit(std::move(node), here); }
  void emit(decltype(ir::Stmt::node) node, Loc loc);
  /// Runs `fill` with a new current block and returns the block, its temporaries dropped.
  ir::Block inBlock(llvm::function_ref<void()> fill);
  /// Drops the temporaries of the current block beyond the first `count`.
  void dropTemporaries(size_t count);
  size_t temporaries() const { return scopes.back().temporaries.size(); }
  void check(Scalar condition, llvm::StringRef error, std::vector<Scalar> arguments = {},
             std::string text = {});
  void fail(llvm::StringRef error, std::string text = {}) {
    check(ir::constantBool(false), error, {}, std::move(text));
  }
  void set(BufferId variable, Scalar value);
  /// The statement `target = value`, or another assignment, at each point of a box from 0 to shape.
  void compute(std::vector<ir::Axis> axes, ir::Access target, Scalar value,
               ir::AssignOp op = ir::AssignOp::Set,
               ir::ReductionOrder order = ir::ReductionOrder::Any);
  BufferId newScalar(DType type, llvm::StringRef name);
  BufferId newArray(DType type, std::vector<Affine> shape, llvm::ArrayRef<BufferId> like,
                    llvm::StringRef name = "t");
  BufferId newHandle(DType type, unsigned dims, llvm::StringRef name);
  /// A handle that lives as long as the function.
  BufferId newFunctionHandle(DType type, unsigned dims, llvm::StringRef name);
  BufferId newView(BufferId base, std::vector<Affine> shape, decltype(ir::View::form) form);
  ir::LabelId newLabel() { return {state.function->labels++}; }
  SymbolId newSymbol(llvm::StringRef name, Interval interval);
  std::vector<SymbolId> newAxes(size_t count);
  std::vector<ir::Axis> boxOf(llvm::ArrayRef<SymbolId> axes, llvm::ArrayRef<Affine> shape,
                              ir::AxisKind kind = ir::AxisKind::Par);

  // Integers (BuildInteger.cpp).
  Interval intervalOf(const Affine &form) const;
  /// From here to the end of the block the form, if a symbol of this block, lies in the interval.
  void narrow(const Affine &form, Interval interval);
  /// The values of an integer type that is not i64.
  static std::optional<Interval> rangeOfNarrow(DType type);
  Scalar fitsIn(const Scalar &tree, Interval range);
  Interval intervalOf(const Scalar &tree) const;
  /// The value as an affine form: itself if it is one, else a new symbol.
  Affine freeze(Scalar tree, llvm::StringRef name);
  Affine minimumOf(const Affine &left, const Affine &right, llvm::StringRef name);
  Affine maximumOf(const Affine &left, const Affine &right, llvm::StringRef name);
  /// left + right, as a form where the values are small, else frozen with wrapping arithmetic.
  Affine sumOf(const Affine &left, const Affine &right, llvm::StringRef name);
  Affine floorDivide(const Affine &form, const Affine &divisor, llvm::StringRef name);
  Affine selectOf(Scalar condition, const Affine &then, const Affine &otherwise,
                  llvm::StringRef name);
  Scalar compare(ir::ScalarOp op, const Affine &left, const Affine &right);
  Scalar compare(ir::ScalarOp op, Scalar left, Scalar right);
  Scalar allOf(std::vector<Scalar> conditions);
  Scalar anyOf(std::vector<Scalar> conditions);

  // Operands and their order (BuildOperands.cpp).
  Value value(const typed::Expr &expr);
  std::vector<Value> operands(llvm::ArrayRef<const typed::Expr *> exprs);
  /// Whether running the statements can change the value, or what is seen if evaluating it raises.
  bool disturbs(llvm::ArrayRef<ir::Stmt> stmts, const Value &value) const;
  /// The same value, evaluated by statements at the end of the current block.
  Value store(Value value, const Type &type);
  Scalar store(Scalar tree);
  /// The tree if it is a constant, a form or a variable, else stored.
  Scalar simple(Scalar tree);
  void assign(const Place &place, Value value);
  void assign(typed::VariableId variable, Value value);
  std::vector<DType> partsOf(const Type &type) const;

  // Scalars (BuildScalar.cpp).
  Scalar scalar(const typed::Expr &expr);
  Value lowerNode(const typed::Expr &expr, const typed::Constant &node);
  Value lowerNode(const typed::Expr &expr, const typed::Read &node);
  Value lowerNode(const typed::Expr &expr, const typed::UnionIs &node);
  Value lowerNode(const typed::Expr &expr, const typed::UnionPart &node);
  Value lowerNode(const typed::Expr &expr, const typed::UnionMake &node);
  Value lowerNode(const typed::Expr &expr, const typed::Cast &node);
  Value lowerNode(const typed::Expr &expr, const typed::Apply &node);
  Value lowerNode(const typed::Expr &expr, const typed::ShortCircuit &node);
  Value lowerNode(const typed::Expr &expr, const typed::Conditional &node);
  Value lowerNode(const typed::Expr &expr, const typed::Sequence &node);
  Value lowerNode(const typed::Expr &expr, const typed::SizeOf &node);
  Value lowerNode(const typed::Expr &expr, const typed::CallExpr &node);
  Value lowerNode(const typed::Expr &expr, const typed::Clock &node);
  Value lowerNode(const typed::Expr &expr, const typed::Communicate &node); // BuildRanks.cpp
  void checkBound(typed::VariableId variable);
  Scalar applyScalar(ir::ScalarOp op, bool checked, std::vector<Scalar> operands);
  Scalar castScalar(DType type, bool checked, Scalar operand);
  Place newTemporary(const Type &type);
  void call(typed::FunctionId callee, const typed::ExprList &arguments,
            std::vector<BufferId> results);

  // Arrays (BuildArray.cpp).
  BufferId array(const typed::Expr &expr) { return named(value(expr), expr.type); }
  /// The array of a value, computed now if it is not yet.
  BufferId named(Value value, const Type &type);
  BufferId materialize(Elements elements, llvm::StringRef name = "t");
  Elements elementsOf(Value value);
  /// Leaves an array as it is; fresh storage with the same elements otherwise.
  BufferId copyOf(BufferId source, bool keepOrder);
  std::vector<Affine> shapeOf(BufferId array);
  Affine sizeOf(BufferId array, unsigned dim);
  Elements elementwise(std::vector<Value> operands, bool listScalars,
                       llvm::function_ref<Scalar(std::vector<Scalar>)> combine);
  std::vector<Affine> broadcastShape(llvm::ArrayRef<std::vector<Affine>> shapes);
  /// The operation whose result goes into its own first operand (`a += b`): NumPy's message names
  /// that shape once more, as the output's. Null outside of such a statement.
  const typed::Expr *inPlace = nullptr;
  bool namesOutput = false; // in the message of the next broadcastShape
  Scalar elementOf(Value &operand, llvm::ArrayRef<Affine> shape, llvm::ArrayRef<SymbolId> axes,
                   unsigned arrays, Elements &result);
  void checkIntegerPower(const Value &base, Value &exponent);
  /// D and the sizes: an argument of shape errors.
  static void appendShape(std::vector<Scalar> &arguments, llvm::ArrayRef<Affine> shape);

  // Fresh arrays and lists (BuildCreate.cpp).
  Value lowerNode(const typed::Expr &expr, const typed::Copy &node);
  Value lowerNode(const typed::Expr &expr, const typed::Create &node);
  Value lowerNode(const typed::Expr &expr, const typed::CreateLike &node);
  Value lowerNode(const typed::Expr &expr, const typed::Arange &node);
  Value lowerNode(const typed::Expr &expr, const typed::Linspace &node);
  Value lowerNode(const typed::Expr &expr, const typed::Eye &node);
  Value lowerNode(const typed::Expr &expr, const typed::ListLiteral &node);
  Value lowerNode(const typed::Expr &expr, const typed::ListRepeat &node);
  Value lowerNode(const typed::Expr &expr, const typed::ListConcat &node);
  Value lowerNode(const typed::Expr &expr, const typed::ListSlice &node);
  Value lowerNode(const typed::Expr &expr, const typed::ListToArray &node);
  void fill(BufferId target, Scalar value);
  void copy(BufferId target, BufferId source);
  Scalar arangeElement(Scalar value, int64_t position, const Affine &length, DType type);
  Affine arangeLength(Scalar start, Scalar stop, Scalar step, bool weak);

  // Subscripts (BuildSubscript.cpp).
  Value lowerNode(const typed::Expr &expr, const typed::Element &node);
  Value lowerNode(const typed::Expr &expr, const typed::View &node);
  Value lowerNode(const typed::Expr &expr, const typed::Transpose &node);
  static void appendExprs(const typed::SubscriptItem &item,
                          std::vector<const typed::Expr *> &exprs);
  std::vector<Item> itemsOf(llvm::ArrayRef<typed::SubscriptItem> items,
                            llvm::ArrayRef<Value> values);
  BufferId viewOf(BufferId base, llvm::ArrayRef<Item> items);
  ir::ViewSlice sliceOf(const ItemSlice &item, const Affine &size);
  ir::Access elementAccess(BufferId base, std::vector<Affine> indices, llvm::StringRef listError,
                           bool isList);
  Affine checkedIndex(const Affine &index, const Affine &size, unsigned axis,
                      llvm::StringRef listError, bool isList);

  // Reductions (BuildReduce.cpp).
  Value lowerNode(const typed::Expr &expr, const typed::Reduce &node);

  // Products (BuildProduct.cpp), other shapes (BuildReshape.cpp), masks and positions
  // (BuildSelect.cpp).
  Value lowerNode(const typed::Expr &expr, const typed::MatrixProduct &node);
  Value lowerNode(const typed::Expr &expr, const typed::Reshape &node);
  Value lowerNode(const typed::Expr &expr, const typed::Compress &node);
  Value lowerNode(const typed::Expr &expr, const typed::Gather &node);
  void lowerNode(const typed::StoreCompressed &node);
  /// Raises NumPy's error where the mask does not fit the base.
  void checkMask(llvm::ArrayRef<Affine> shape, llvm::ArrayRef<Affine> maskShape);

  // Statements (BuildStmt.cpp, BuildLoop.cpp, BuildPrint.cpp).
  void lower(const typed::Block &block);
  void lower(const typed::Stmt &stmt);
  void lowerNode(const typed::Assign &node);
  void lowerNode(const typed::AssignMany &node);
  void lowerNode(const typed::StoreElement &node);
  void lowerNode(const typed::StoreSlice &node);
  void lowerNode(const typed::CheckMask &node);
  void lowerNode(const typed::StoreMask &node);
  void lowerNode(const typed::If &node);
  void lowerNode(const typed::While &node);
  void lowerNode(const typed::ForRange &node);
  void lowerNode(const typed::ForEach &node);
  void lowerNode(const typed::Break &node);
  void lowerNode(const typed::Continue &node);
  void lowerNode(const typed::Return &node);
  void lowerNode(const typed::Evaluate &node);
  void lowerNode(const typed::CallStmt &node);
  void lowerNode(const typed::Print &node);
  void lowerNode(const typed::Assert &node);
  void lowerNode(const typed::RaiseError &node);
  void lowerNode(const typed::Exit &node);
  void lowerBody(const typed::Block &body);
  void finishLoop(decltype(ir::Stmt::node) loop, const typed::Block &otherwise);
};

/// Calls visit for each expression of a statement (with those of nested statements), outer first.
void forEachExpr(const typed::Stmt &stmt, llvm::function_ref<void(const typed::Expr &)> visit);
void forEachExpr(const typed::Expr &expr, llvm::function_ref<void(const typed::Expr &)> visit);
/// Calls visit for each statement in the block, nested ones and those inside expressions too.
void forEachStmt(const typed::Block &block, llvm::function_ref<void(const typed::Stmt &)> visit);
/// Calls visit for each variable that running the statement itself assigns.
void forEachAssigned(const typed::Stmt &stmt, llvm::function_ref<void(typed::VariableId)> visit);

} // namespace hpcc::frontend
