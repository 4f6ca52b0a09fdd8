// Inside sema: what the analysis knows at a point of the program, and the analysis itself.
//
// Sema runs over the program as Python would, with types for values: each call of a function
// analyses the function for the types of its arguments, each loop is repeated until the types at
// its head are stable. It leaves the typed tree of TypedAST.h. Private to frontend/Sema*.cpp.
#pragma once

#include "frontend/AST.h"
#include "frontend/Frontend.h"
#include "frontend/Messages.h"
#include "frontend/TypedAST.h"
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

namespace hpcc::frontend::sema {

/// A size as the user would write it (`n-2`), with its number if that is known.
struct SymbolicSize {
  std::string base; // source text; empty if only the number is known
  int64_t offset = 0;
  std::optional<int64_t> value;
  bool operator==(const SymbolicSize &) const = default;
};
std::string spell(const SymbolicSize &size);

/// The array that a value is all or a part of, for messages.
struct Origin {
  Loc created;                     // where it was made; invalid if unknown
  std::string name;                // of the variable through which it was first read
  std::vector<SymbolicSize> shape; // of the whole array
  bool operator==(const Origin &) const = default;
};

/// What is known of a typed value beyond its type. Facts hold on the path at hand only.
struct Facts {
  std::optional<ir::ScalarConstant> constant; // of a scalar
  std::vector<SymbolicSize> shape;            // of an array; empty if unknown
  std::string name;                           // of the variable it was read from
  Origin origin;                              // of an array
  const ast::Expr *subscript = nullptr;       // that selects it here: `u[1:-1]`
  bool operator==(const Facts &) const = default;
};

struct Value;

/// A value that could not be analysed; the message is out, nothing more is said about it.
struct Poison {};
struct TypedValue {
  typed::Expr expr;
  Facts facts;
};
struct TupleValue {
  std::vector<Value> elements;
  /// What comm.reduce() gives: a value, and whether it is there; elsewhere Python has None.
  bool onlyAtRoot = false;
};
struct TextValue {
  std::string text;
};
/// A Python int from 2^63 on: an operand of uint64 and of floats.
struct LargeIntegerValue {
  uint64_t value;
};
/// A dtype or a type used as one: x.dtype, np.float64; the numbers that np.iinfo(dtype) knows.
struct DTypeValue {
  ir::DType dtype;
  enum class Kind { DType, Class, Limits } kind = Kind::DType;
  bool operator==(const DTypeValue &) const = default;
};
struct Captured;
/// A user's function; exactly one of the first two is set.
struct FunctionValue {
  const ast::FunctionDef *def = nullptr;
  const ast::Lambda *lambda = nullptr;
  /// Of a function inside a function: what it takes from there. Its calls pass these values after
  /// the arguments. Null of functions at module level.
  std::shared_ptr<const std::vector<Captured>> captured = nullptr;
  bool operator==(const FunctionValue &) const = default;
};
/// A function or constant known by name: `len`, `np.sum`, `math.exp`.
struct BuiltinValue {
  std::string name;
};
/// `numpy`, `math`, `time`, `sys`, `np.linalg`.
struct ModuleValue {
  std::string name;
};
struct NoneValue {};
struct EllipsisValue {};
/// range(start, stop, step).
struct RangeValue {
  std::vector<Value> bounds; // three typed weak ints
};
/// A method before its call: the receiver and the name.
struct MethodValue {
  std::unique_ptr<Value> self;
  std::string name;
};

/// What an expression evaluates to while the program is analysed. Move-only: it owns typed code.
struct Value {
  Loc loc;
  std::variant<Poison, TypedValue, TupleValue, TextValue, LargeIntegerValue, DTypeValue,
               FunctionValue, BuiltinValue, ModuleValue, NoneValue, EllipsisValue, RangeValue,
               MethodValue>
      node;

  template <typename T> const T *as() const { return std::get_if<T>(&node); }
  template <typename T> T *as() { return std::get_if<T>(&node); }
  bool isPoison() const { return std::holds_alternative<Poison>(node); }
  /// The type of a typed value, else null.
  const Type *type() const;
  template <typename T> const T *typeAs() const {
    const Type *t = type();
    return t ? std::get_if<T>(t) : nullptr;
  }
  typed::Expr &expr() { return std::get<TypedValue>(node).expr; }
  const typed::Expr &expr() const { return std::get<TypedValue>(node).expr; }
  Facts &facts() { return std::get<TypedValue>(node).facts; }
  const Facts &facts() const { return std::get<TypedValue>(node).facts; }
  /// The known integer value of a scalar.
  std::optional<int64_t> constantInteger() const;
};

/// A variable of an enclosing function, or a default value under its hidden name: code that is only
/// a read, as it stands where the function is.
struct Captured {
  std::string name;
  Value value;
};

inline bool isArray(const Value &value) { return value.typeAs<ArrayType>() != nullptr; }

/// The dtype of a scalar or array.
inline DType dtypeOfValue(const Value &value) {
  if (const auto *array = value.typeAs<ArrayType>())
    return array->dtype;
  return value.typeAs<ScalarType>()->dtype;
}

inline bool isWeak(const Value &value) {
  const auto *scalar = value.typeAs<ScalarType>();
  return scalar && scalar->weak;
}

inline bool isNumeric(const Value &value) {
  return value.typeAs<ArrayType>() || value.typeAs<ScalarType>();
}

struct Analyzer;
/// A weak operand as an operand of the given dtype: a Python int has to fit.
Value adopt(Analyzer &sema, Value value, DType dtype);
/// Whether an integer is a value of the integer type.
bool fitsType(DType type, int64_t value);

/// The type of a value as messages name it.
std::string describe(const Value &value);

/// Finds the name that a misspelled one is closest to, within two edits.
struct ClosestName {
  llvm::StringRef wanted;
  std::string best = {};
  unsigned distance = 3; // of the best, or more than may be
  void consider(llvm::StringRef candidate);
  /// Adds "did you mean" to a message, if there is a close name.
  void addHelp(DiagnosticBuilder builder) const;
};

/// Bound where a refused `from m import *` has made names known that nobody here knows.
inline constexpr const char *unknownNames = "*unknown";

/// What a name stands for on a path.
struct Binding;
struct VariableBinding {
  typed::VariableId variable;
  Facts facts;
  bool operator==(const VariableBinding &) const = default;
};
struct TupleBinding {
  std::vector<Binding> elements;
  bool onlyAtRoot = false;
  bool operator==(const TupleBinding &) const;
};
/// A compile-time value, identified by its kind and text.
struct StaticBinding {
  std::string key;
  std::shared_ptr<const Value> value;
  bool operator==(const StaticBinding &other) const { return key == other.key; }
};
/// Two paths bind the name to values that one variable can't hold; an error only where it is read.
struct ConflictBinding {
  std::string first, second;
  Loc firstLoc, secondLoc;
  bool operator==(const ConflictBinding &) const = default;
};
struct Binding {
  std::variant<VariableBinding, TupleBinding, StaticBinding, ConflictBinding> node;
  Loc loc; // of the assignment
  bool maybeUnbound = false;
  bool operator==(const Binding &other) const {
    return node == other.node && maybeUnbound == other.maybeUnbound;
  }
};
inline bool TupleBinding::operator==(const TupleBinding &) const = default;

/// The names of one scope at a point; unreachable after break, return and the like.
struct Env {
  std::map<std::string, Binding> names;
  bool reachable = true;
  bool operator==(const Env &) const = default;
};

/// The shape of what a function returns: nothing, one value, or a (nested) tuple.
struct Structure {
  enum class Kind { None, Single, Tuple } kind = Kind::None;
  Type type = NoneType{};
  std::vector<Structure> elements;
  bool onlyAtRoot = false; // of a tuple
  bool operator==(const Structure &) const = default;
};

/// One specialisation of a function, finished or in progress.
struct Instance {
  typed::FunctionId id;
  std::map<std::string, std::string> globals; // module names it read, with their binding's key
  std::optional<Structure> result;            // the estimate while in progress
  bool inProgress = true;
  bool anyResult = false; // nothing is known to come back: the result's type is made up
  unsigned depth = 0;     // of nested instantiations at its start
  unsigned lowest = ~0u;  // depth of the outermost unfinished instance whose estimate it has used
};

/// Where break and continue of the innermost loop go: the estimates that their paths are converted
/// to, and what arrived.
struct LoopContext {
  const Env *head = nullptr;
  const Env *exit = nullptr;
  /// Of a loop over one element of several: the variable that a break sets, which ends them all.
  std::optional<typed::VariableId> broken;
  std::vector<Env> continues, breaks;
};

/// What a loop was found to do from one state at its entry: where it is analysed again from a state
/// that has grown, its types have at most grown from these.
struct LoopResult {
  Env entry, head, exit;
};

/// The function that is being analysed; the module's own code is one too.
struct FunctionContext {
  Instance *instance = nullptr; // null for the module
  std::string name;
  Env env;
  LoopContext *loop = nullptr;
  std::map<const ast::Block *, LoopResult> loops; // by their bodies
  std::map<std::pair<std::string, Type>, typed::VariableId> variables;
  std::set<std::string> locals; // names the body assigns; others are the module's
  std::optional<Structure> returned;
  const ast::Block *body = nullptr; // of a function with statements
  const FunctionContext *caller = nullptr;
  Loc callLoc;           // of the call for which it is analysed
  std::string signature; // `f(int, f64[:])`
  bool isModule() const { return instance == nullptr; }
};

/// An evaluated call argument.
struct Argument {
  std::string keyword; // empty: positional
  Loc loc;
  Value value;
};
using Arguments = std::vector<Argument>;

/// What a comm.send() of the program sends; without a tag where only a run knows it.
struct SentType {
  std::optional<int64_t> tag;
  Type type;
  bool operator==(const SentType &) const = default;
};

/// The analysis of one module. Methods report to `diags` and return Poison where they fail.
struct Analyzer {
  Diagnostics &diags;
  typed::Module module;
  FunctionContext *function = nullptr;
  FunctionContext *moduleContext = nullptr;
  typed::Block *out = nullptr;                                     // where statements go
  std::multimap<std::string, std::unique_ptr<Instance>> instances; // by signature
  std::vector<Instance *> created;                                 // in the order of their creation
  /// Instances that used the estimate of an unfinished caller: analysed again in its next round.
  std::vector<std::unique_ptr<Instance>> provisional;
  unsigned depth = 0;   // of nested instantiations
  bool endless = false; // a chain of calls goes on without end: nothing is analysed again
  Loc lostValue;        // of an expression that gave no value and no message: a fault of sema

  /// Branches around the code at hand. What may never run is no reason to refuse a program: shapes
  /// that clash there are left to the run.
  unsigned branches = 0;

  std::vector<SentType> sent; // what receives may get
  bool receives = false;      // some did ask

  explicit Analyzer(Diagnostics &diagnostics) : diags(diagnostics) {}

  // Messages -------------------------------------------------------------------------------------
  template <typename... Args> Value fail(Loc loc, const MessageInfo &message, const Args &...args) {
    noteCalls(diags.report(loc, message, args...));
    return Value{loc, Poison{}};
  }
  /// Adds where the function that is being analysed is called, and its callers.
  void noteCalls(DiagnosticBuilder builder);
  /// What is known of a size: its number, and its text in the source if that is no number.
  SymbolicSize symbolicSize(const Value &size) const;
  void explainShapes(DiagnosticBuilder builder, const Facts &left, const Facts &right);
  Value unsupported(Loc loc, const llvm::Twine &construct, const llvm::Twine &help = "");
  std::string sourceText(Loc loc) const;

  /// Rounds of a loop or a recursive function that are repeated leave no message; what they found
  /// wrong in functions is looked for again.
  struct Round {
    Diagnostics::Mark diagnostics;
    size_t created;
    Loc lostValue;
  };
  Round beginRound() const { return {diags.mark(), created.size(), lostValue}; }
  void discardRound(const Round &round);

  // Variables and paths (SemaEnv.cpp)
  // --------------------------------------------------------------
  typed::VariableId variableFor(const std::string &name, const Type &type);
  typed::VariableId temporary(const Type &type);
  void assignName(const std::string &name, Loc loc, Value value);
  Value readName(const std::string &name, Loc loc);
  Value readBinding(Binding &binding, const std::string &name, Loc loc, bool global);
  Binding bindValue(const std::string &name, Loc loc, Value value);
  Env join(const Env &left, const Env &right);
  std::optional<Binding> joinBindings(const std::string &name, const Binding &left,
                                      const Binding &right);
  void convertTo(const Env &target);
  void convertBinding(const Binding &from, const Binding &to, Loc loc);
  void forgetFacts(Env &env, const std::set<std::string> &names);
  static std::string keyOf(const Binding &binding);

  // Statements (SemaStmt.cpp)
  // ----------------------------------------------------------------------
  void analyzeBlock(const ast::Block &block);
  void analyzeStmt(const ast::Stmt &stmt);
  void emit(Loc loc, decltype(typed::Stmt::node) node);
  void assignTarget(const ast::Expr &target, Value value);
  void unpack(const ast::ExprList &targets, Loc loc, Value value);
  bool checkUnpackedLength(size_t wanted, Loc loc, const Value &sequence);
  Value elementOf(Loc loc, const Value &sequence, Value index);
  Value sequenceAsArray(Value value, DType dtype);
  void forgetTarget(const ast::Expr &target);
  void storeSubscript(const ast::Expr &target, Value value);
  void analyzeAugAssign(const ast::Stmt &stmt, const ast::AugAssign &node);
  void augmentMasked(const ast::Stmt &stmt, const ast::AugAssign &node, Value base, Value mask);
  Value toOutput(Value result, ArrayType target, Loc loc, ast::BinaryOperator op);
  void analyzeIf(const ast::Stmt &stmt, const ast::If &node);
  void forgetConflicts(Loc loc);
  void analyzeLoop(const ast::Stmt &stmt, const ast::Block &body, const ast::Block &orelse,
                   const std::set<std::string> &assigned, const ast::Expr *test,
                   const std::function<void()> &enter,
                   const std::function<typed::Stmt(typed::Block, typed::Block)> &make,
                   std::optional<typed::VariableId> broken = {});
  void unless(Loc loc, typed::VariableId condition, const std::function<void()> &analyze);
  void analyzeFor(const ast::Stmt &stmt, const ast::For &node);
  void loopOver(const ast::Stmt &stmt, const ast::For &node, Value iterable);
  void loopOverRows(const ast::Stmt &stmt, const ast::For &node, Value array);
  void unrollFor(const ast::Stmt &stmt, const ast::For &node, TupleValue tuple);
  void unrollWithBreaks(const ast::Stmt &stmt, const ast::For &node, TupleValue tuple);
  void analyzeWhile(const ast::Stmt &stmt, const ast::While &node);
  void analyzeImport(const ast::Stmt &stmt, const ast::Import &node);
  void analyzeImportFrom(const ast::Stmt &stmt, const ast::ImportFrom &node);
  void analyzeReturn(const ast::Stmt &stmt, const ast::Return &node);
  void analyzeAssert(const ast::Stmt &stmt, const ast::Assert &node);

  // Functions (SemaFunction.cpp)
  // -------------------------------------------------------------------
  Value callFunction(const FunctionValue &callee, Loc loc, Arguments arguments);
  Instance *instantiate(const FunctionValue &callee, Loc loc, std::vector<Value> &arguments,
                        const std::string &signature);
  bool bindArguments(const FunctionValue &callee, Loc loc, Arguments arguments,
                     std::vector<Value> &bound);
  void evaluateDefaults(const ast::Parameters &parameters);
  // Functions inside functions (SemaClosure.cpp)
  Value makeClosure(Loc loc, FunctionValue callee);
  void checkCaptured(Loc loc, const FunctionValue &callee);
  FunctionValue rebind(const FunctionValue &callee,
                       const std::function<Binding(const Captured &)> &bind);
  Structure structureOf(const Value &value);
  std::optional<Structure> joinStructures(const Structure &left, const Structure &right);
  void flatten(Value value, const Structure &structure, std::vector<typed::Expr> &values);

  // Expressions (SemaExpr.cpp)
  // ---------------------------------------------------------------------
  Value evaluate(const ast::Expr &expr) { return atRoot(evaluateKept(expr)); }
  /// The same where an int from 2^63 on may be one; adoptLarge makes it a number.
  Value evaluateOperand(const ast::Expr &expr);
  /// The same where a value that is there on one rank only may stay so.
  Value evaluateKept(const ast::Expr &expr);
  Value evaluateNode(const ast::Expr &expr);
  Value evaluateConstant(const ast::Expr &expr, const ast::Constant &node);
  Value evaluateAttribute(const ast::Expr &expr, const ast::Attribute &node);
  Value moduleAttribute(const std::string &module, const std::string &name, Loc loc);
  Value evaluateCompare(const ast::Expr &expr, const ast::Compare &node);
  Value evaluateBoolOp(const ast::Expr &expr, const ast::BoolOp &node);
  Value evaluateIfExp(const ast::Expr &expr, const ast::IfExp &node);
  Value evaluateList(const ast::Expr &expr, const ast::List &node);
  Value evaluateCall(const ast::Expr &expr, const ast::Call &node);
  Value evaluateLambda(const ast::Expr &expr, const ast::Lambda &node);
  Value conditional(Loc loc, typed::Expr test, const std::function<Value()> &then,
                    const std::function<Value()> &otherwise);
  Value joinValues(Loc loc, typed::Expr test, Value then, typed::Block thenStmts, Value otherwise,
                   typed::Block otherwiseStmts);
  /// The scalar or union value as the given (equal or larger) scalar type.
  Value widen(Value value, const Type &target);
  /// Python's truth of a value as a scalar bool.
  Value truth(Value value);

  // Operators and conversions (SemaOperators.cpp)
  // --------------------------------------------------
  Value binary(ast::BinaryOperator op, Loc loc, Loc opLoc, Value left, Value right);
  Value unary(ast::UnaryOperator op, Loc loc, Value operand);
  Value compare(ast::CompareOperator op, Loc loc, Loc opLoc, Value left, Value right);
  Value power(Loc loc, Loc opLoc, Value left, Value right);
  /// a.dtype == np.uint8.
  Value compareTypes(ast::CompareOperator op, Loc loc, Value left, Value right);
  /// Elementwise op after NEP 50 promotion of all operands to one dtype (Float: a float type that
  /// holds each operand; Quotient: f64 for integers).
  enum class Promotion { Same, Float, Quotient, Bits, Bool };
  Value elementwise(Loc loc, Loc opLoc, ir::ScalarOp op, Promotion promotion,
                    std::vector<Value> operands);
  /// An Apply node over operands as they are, with broadcast facts and shape errors.
  Value applyNode(Loc loc, Loc opLoc, ir::ScalarOp op, bool checked, std::vector<Value> operands,
                  ir::DType dtype, bool weak);
  /// Value of another dtype or strength; `unsafe` allows what only astype and stores allow.
  Value convert(Value value, ir::DType dtype, bool weak, bool checked = false);
  /// For use where an i64 is needed (index, size, range): a weak int, or the error.
  Value toIndex(Value value, llvm::StringRef what);
  /// What NumPy makes of a value that becomes one of this dtype: `a[i] = x`, np.full(n, x) and
  /// np.int8(x) each have a rule of their own for what does not fit.
  enum class ElementRule { Store, Masked, Fill, Constructor };
  Value toElement(Value value, ir::DType dtype, Loc loc, ElementRule rule);
  /// Calls `op` with union operands replaced by each of their alternatives in turn.
  Value distribute(Loc loc, std::vector<Value> operands,
                   const std::function<Value(std::vector<Value>)> &op);
  std::optional<ir::DType> promote(llvm::ArrayRef<const Value *> values);
  /// The float type in which a math function of these computes; nothing for float16.
  std::optional<ir::DType> promoteToFloat(llvm::ArrayRef<const Value *> values);
  /// An int from 2^63 on as what the other operand makes of it; false after a message.
  bool adoptLarge(Value &left, Value &right);
  /// np.iinfo(dtype).max and the like.
  Value limitOf(DTypeValue limits, const std::string &name, Loc loc);
  /// Both as operands of an exact comparison, at least one of which is strong.
  void adoptForComparison(Value &left, Value &right);
  /// A bound of np.clip over elements of this dtype: a Python int beyond it on the side where it
  /// bounds nothing counts as the limit.
  Value clampBound(Value bound, ir::DType dtype, bool lower);
  Value makeTyped(Loc loc, Type type, decltype(typed::Expr::node) node, Facts facts = {});
  Value makeInteger(Loc loc, int64_t value);
  Value makeFloat(Loc loc, double value);
  Value makeBool(Loc loc, bool value);
  Value makeUnsigned(Loc loc, uint64_t value);
  Value constantOfType(Loc loc, ScalarType type, double value);
  /// A copy of code that is only a constant or a read of a variable.
  Value duplicate(const Value &value);
  /// Makes the value duplicable by storing it in a temporary if needed; statements go to `stmts`.
  Value stabilize(Value value, typed::Block &stmts);
  Value sequence(Loc loc, typed::Block stmts, Value value);

  // Subscripts (SemaSubscript.cpp)
  // -----------------------------------------------------------------
  Value evaluateSubscript(const ast::Expr &expr, const ast::Subscript &node);
  struct Items {
    std::vector<typed::SubscriptItem> items; // completed to all dimensions
    std::vector<SymbolicSize> shape;         // of the result, if known
    unsigned dims = 0;                       // of the result
    bool isElement = false;                  // integers only
    std::optional<Value> selector;           // the only subscript, a mask or positions; no items
  };
  bool evaluateItems(const ast::Expr &slice, const Value &base, Items &items);
  typed::SubscriptSlice evaluateSlice(const ast::Slice &slice, SymbolicSize *size);
  Value subscriptTuple(const ast::Expr &expr, const ast::Subscript &node, TupleValue tuple);
  Value subscriptList(const ast::Expr &expr, const ast::Subscript &node, Value list);

  // Builtins, math, NumPy (SemaBuiltins.cpp, SemaNumpy*.cpp)
  // -----------------------------------------
  Value callBuiltin(const std::string &name, Loc loc, Arguments arguments);
  Value callPrint(Loc loc, Arguments arguments);
  Value callMath(llvm::StringRef name, Loc loc, Arguments arguments);
  Value mathPower(Loc loc, Value x, Value y);
  Value integerFmod(Loc loc, Value left, Value right);
  Value callNumpy(llvm::StringRef name, Loc loc, Arguments arguments);
  Value callMethod(Value self, const std::string &name, Loc loc, Arguments arguments);
  Value convertScalar(llvm::StringRef to, Loc loc, Value value);
  Value minMax(bool isMin, Loc loc, Arguments arguments);
  Value minMaxOfList(bool isMin, Loc loc, Value list, ListType type);
  Value sumOfList(Loc loc, Value list, ListType type);
  Value roundValue(Loc loc, Arguments arguments);
  Value reduce(typed::ReduceKind kind, llvm::StringRef name, Loc loc, Arguments arguments);
  Value create(llvm::StringRef name, Loc loc, Arguments arguments);
  Value createLike(llvm::StringRef name, Loc loc, Arguments arguments);
  Value arange(Loc loc, Arguments arguments);
  Value linspace(Loc loc, Arguments arguments);
  Value eye(llvm::StringRef name, Loc loc, Arguments arguments);
  Value makeArray(llvm::StringRef name, Loc loc, Arguments arguments);
  void checkElements(Value &list, ir::DType dtype, typed::Block &stmts);
  // Displays (SemaDisplay.cpp)
  Value evaluateDisplay(const ast::Expr &expr);
  bool acceptsDisplay(const Arguments &arguments);
  Value arrayOfArray(bool copies, Loc loc, Value array, std::optional<Value> dtype);
  Value transposeArray(Loc loc, Value array, std::vector<unsigned> order);
  Value where(Loc loc, Arguments arguments);
  Value dtypeFunction(llvm::StringRef name, Loc loc, Arguments arguments);
  Value copyArray(Loc loc, Value array, bool keepOrder);
  Value astype(Loc loc, Value array, Arguments arguments);
  // Ranks (SemaRanks.cpp).
  Value mpiAttribute(const std::string &name, Loc loc);
  Value communicatorAttribute(const std::string &name, Loc loc);
  Value communicate(Loc loc, Type type, typed::RankOperation operation,
                    std::vector<Value> operands = {},
                    typed::Reduction reduction = typed::Reduction::Sum);
  Value callMpi(const std::string &name, Loc loc, Arguments arguments);
  Value callReduce(Loc loc, Arguments arguments, bool everywhere);
  Value callReceive(Loc loc, Arguments arguments);
  /// A use of a value: where it is there on one rank only, the others raise an error. An int that
  /// needs more than 64 bits has no use.
  Value atRoot(Value value);
  std::optional<ir::DType> dtypeOf(const Value &value);
  bool shapeArgument(Value value, typed::ExprList &sizes, std::vector<SymbolicSize> &shape);
  /// Takes parameters by position or keyword; missing ones are empty. Reports wrong calls.
  bool takeArguments(llvm::StringRef function, Loc loc, Arguments arguments,
                     llvm::ArrayRef<llvm::StringRef> names, unsigned required,
                     std::vector<std::optional<Value>> &values);
};

/// The hidden variable that holds a parameter's default value.
std::string defaultName(const ast::Parameter &parameter);

const ast::Parameters &parametersOf(const FunctionValue &callee);

/// The value's part of a signature.
std::string signatureOf(const Value &value);

/// Names that a statement or block assigns, in nested blocks too (not in nested functions).
void collectAssigned(const ast::Stmt &stmt, std::set<std::string> &names);
void collectAssigned(const ast::Block &block, std::set<std::string> &names);
void collectTargets(const ast::Expr &target, std::set<std::string> &names);

/// The scalar alternatives of a type; empty if it is no scalar.
std::vector<ScalarType> alternativesOf(const Type &type);

/// Does `numpy` have a public name that hpcc knows?
bool knowsNumpyName(llvm::StringRef name);

/// Is it a list or tuple that is written there?
bool isDisplay(const ast::Expr &expr);

/// What the sends of the program send, each once.
std::vector<SentType> typesSent(const typed::Module &module);

/// The clock that a function such as "time.time" reads, or none.
std::optional<typed::ClockKind> clockNamed(llvm::StringRef name);

/// The dtype of a class of scalars, an attribute of numpy.
std::optional<ir::DType> scalarClassNamed(llvm::StringRef name);
/// The dtype that a string names: "uint8", "<i4".
std::optional<ir::DType> dtypeNamed(llvm::StringRef text);

/// Result of NEP 50 promotion of two strong dtypes.
ir::DType promoteStrong(ir::DType left, ir::DType right);
/// NumPy's casting rule 'same_kind', for results that are stored in place.
bool castsInPlace(ir::DType from, ir::DType to);

/// `(n-2, m)`.
std::string spellShape(const std::vector<SymbolicSize> &shape);

/// Broadcast of what is known about two shapes; nothing if they can't go together.
std::optional<std::vector<SymbolicSize>> broadcastShapes(const std::vector<SymbolicSize> &left,
                                                         const std::vector<SymbolicSize> &right);

} // namespace hpcc::frontend::sema
