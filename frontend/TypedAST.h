// The typed program: what sema leaves and the builder (BuildIR) lowers.
//
// Every name is resolved to a variable with one type, every operation to one of the IR's, every
// conversion is explicit, every function is specialised per call signature. What is left of Python
// is its order of evaluation: operands left to right, each once, and errors where they happen.
// Tuples, modules, dtypes and strings are compile-time values and do not occur here; a tuple in the
// source has become one variable or expression for each element.
#pragma once

#include "frontend/Types.h"
#include "ir/Scalar.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <optional>

namespace hpcc::frontend::typed {

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using ExprList = std::vector<Expr>;
using Block = std::vector<Stmt>;

/// Row of Module::variables. A Python name that changes its type has several variables.
struct VariableId {
  uint32_t index = ~0u;
  auto operator<=>(const VariableId &) const = default;
};

/// Row of Module::functions.
struct FunctionId {
  uint32_t index = ~0u;
  auto operator<=>(const FunctionId &) const = default;
};

struct Variable {
  std::string name; // as in the source; temporaries of sema have names like `.t`
  Type type;
  bool global = false;    // of the module, and read by functions: lives in the program
  bool boundFlag = false; // may be read before any assignment: keeps track of that at run time
};

//===------------------------------------------------------------------------------------------===//
// Expressions. Expr::type is the type of the value. "Elementwise" nodes give a scalar if all
// operands are scalars, else an array over the broadcast shape of the operands.
//===------------------------------------------------------------------------------------------===//

/// A number; the bits as in ir::ScalarConstant.
struct Constant {
  ir::ScalarConstant value;
};

/// The value of a variable: a number, or the array or list itself (no copy). With `checkBound` it
/// raises NameError (UnboundLocalError inside functions) if no assignment has run.
struct Read {
  VariableId variable;
  bool checkBound = false;
};

/// Which alternative a union variable holds now: true if it is number `alternative`. bool.
struct UnionIs {
  VariableId variable;
  unsigned alternative = 0;
};
/// The value of a union variable that is known to hold this alternative.
struct UnionPart {
  VariableId variable;
  unsigned alternative = 0;
};
/// A scalar as member number `alternative` of the union Expr::type.
struct UnionMake {
  ExprPtr value;
  unsigned alternative = 0;
};

/// Elementwise conversion to the dtype of Expr::type. `checked` as in ir::ScalarCast (scalars
/// only). A scalar may change from weak to strong or back without a Cast of dtype: then too this
/// node stands, with equal dtypes.
struct Cast {
  ExprPtr operand;
  bool checked = false;
};

/// Elementwise operation; operand dtypes are legal for the op as they stand. `checked` as in
/// ir::ScalarApply (scalars only). Select evaluates all its operands.
struct Apply {
  ir::ScalarOp op;
  bool checked = false;
  ExprList operands;
};

/// Scalar bools, the right side evaluated only if it decides.
struct ShortCircuit {
  bool isAnd = true;
  ExprPtr left, right;
};

/// Only the chosen side is evaluated. Both sides have Expr::type (scalar, array, list or union).
struct Conditional {
  ExprPtr test, then, otherwise;
};

/// Runs the statements, then gives the value: temporaries, calls with several results.
struct Sequence {
  Block stmts;
  ExprPtr value;
};

/// Scalar element of an array or list at as many weak int indices as it has dimensions. Negative
/// indices count from the end; out of range raises IndexError (NumPy's words for arrays, Python's
/// for lists).
struct Element {
  ExprPtr base;
  ExprList indices;
};

/// One item of a subscript. Bounds are weak ints or null; Python's clamping applies; a step of
/// zero raises ValueError.
struct SubscriptIndex {
  ExprPtr at;
};
struct SubscriptSlice {
  ExprPtr lower, upper, step;
};
struct SubscriptNewAxis {};
using SubscriptItem = std::variant<SubscriptIndex, SubscriptSlice, SubscriptNewAxis>;

/// The part of an array that the items select, a view. Items cover all dimensions of the base
/// (sema has completed `a[1]` and `...` by full slices); at least one dimension is left.
struct View {
  ExprPtr base;
  std::vector<SubscriptItem> items;
};

/// A view with dimension d taken from dimension order[d] of the base.
struct Transpose {
  ExprPtr base;
  std::vector<unsigned> order;
};

/// A fresh copy of an array (row-major for np.copy(order='C')... see keepOrder) or of a list.
struct Copy {
  ExprPtr operand;
  bool keepOrder = false; // memory order 'K' (np.copy, *_like) instead of row-major (a.copy())
};

enum class ReduceKind : uint8_t { Sum, Mean, Product, Minimum, Maximum, Any, All, ArgMin, ArgMax };

/// Reduction over the axes in the mask (bit d = dimension d); all axes give a scalar. The operand's
/// elements already have the dtype in which the reduction computes (Expr::type's), except that
/// Mean of integers and bool sums them in f64 as NumPy does and ArgMin/ArgMax give i64.
struct Reduce {
  ReduceKind kind;
  ExprPtr operand;
  uint32_t axes = 0;
  bool keepDims = false;
};

/// Which function multiplies: it gives a shape error its words. Inner sums over the last dimension
/// of both operands.
enum class ProductKind : uint8_t { Matmul, Dot, Inner };

/// left @ right: arrays of Expr::type's dtype with one or two dimensions each.
struct MatrixProduct {
  ProductKind kind;
  ExprPtr left, right;
};

/// The elements of an array, in row-major order, in another shape: a view where they lie so in
/// memory, else a copy. Sizes are weak ints; a constant -1 stands for what the others leave.
struct Reshape {
  ExprPtr base;
  ExprList shape;
};

/// base[mask] for a bool array of the base's dimensions: a fresh one-dimensional array.
struct Compress {
  ExprPtr base, mask;
};

/// base[indices] for an array of i64: the parts of the base at these positions of its first
/// dimension, in a fresh array.
struct Gather {
  ExprPtr base, indices;
};

/// A fresh array. `fill` is a scalar of the array's dtype, or null for np.empty. Sizes are weak
/// ints; a negative one raises ValueError.
struct Create {
  ExprList shape;
  ExprPtr fill;
};

/// A fresh array with the shape and (order 'K') memory order of another.
struct CreateLike {
  ExprPtr prototype;
  ExprPtr fill;
};

/// np.arange(start, stop, step): scalars, all i64 or all f64 (then cast to the array's dtype).
struct Arange {
  ExprPtr start, stop, step;
};

/// np.linspace(start, stop, num, endpoint): f64, num a weak int.
struct Linspace {
  ExprPtr start, stop, num;
  bool endpoint = true;
};

/// np.eye(n, m, k): ones on diagonal k.
struct Eye {
  ExprPtr rows, columns, diagonal;
};

/// [a, b, c]; elements have the list's type.
struct ListLiteral {
  ExprList elements;
};
/// list * count (a negative count gives an empty list).
struct ListRepeat {
  ExprPtr list, count;
};
/// left + right.
struct ListConcat {
  ExprPtr left, right;
};
/// list[lower:upper:step], a copy.
struct ListSlice {
  ExprPtr list;
  SubscriptSlice slice;
};
/// np.array(list) and the like: a fresh one-dimensional array of Expr::type's dtype.
struct ListToArray {
  ExprPtr list;
};

/// Size of one dimension of an array, or the length of a list; a weak int.
struct SizeOf {
  ExprPtr operand;
  unsigned dim = 0;
};

/// A call of a function with one result.
struct CallExpr {
  FunctionId callee;
  ExprList arguments;
};

/// time.time(), time.perf_counter(), time.process_time().
enum class ClockKind : uint8_t { Time, PerfCounter, ProcessTime };
struct Clock {
  ClockKind kind;
};

/// mpi4py's MPI.COMM_WORLD, MPI.Wtime() and MPI.Finalize(). Operands are the value (a number or an
/// array), then weak ints: Send: value, dest, tag. Receive: source, tag (-1: any). Broadcast and
/// Reduce: value, root. ReduceAll: value. Reduce gives ranks other than the root their own value.
enum class RankOperation : uint8_t {
  Rank,
  Size,
  Time,
  Send,
  Receive,
  Broadcast,
  Reduce,
  ReduceAll,
  Barrier,
  Finalize
};
/// In the order of hpc_mpi_operation; the checked ones are those of weak ints.
enum class Reduction : uint8_t { Sum, Product, Maximum, Minimum, CheckedSum, CheckedProduct };
struct Communicate {
  RankOperation operation;
  ExprList operands;
  Reduction reduction = Reduction::Sum;
  std::optional<int64_t> tag; // of Send, if it is known
};

struct Expr {
  Loc loc;
  Type type;
  std::variant<Constant, Read, UnionIs, UnionPart, UnionMake, Cast, Apply, ShortCircuit,
               Conditional, Sequence, Element, View, Transpose, Copy, Reduce, MatrixProduct,
               Reshape, Compress, Gather, Create, CreateLike, Arange, Linspace, Eye, ListLiteral,
               ListRepeat, ListConcat, ListSlice, ListToArray, SizeOf, CallExpr, Clock, Communicate>
      node;
};

//===------------------------------------------------------------------------------------------===//
// Statements
//===------------------------------------------------------------------------------------------===//

/// variable = value: stores a number, or makes the variable name the array (no copy unless the
/// value is a fresh array or says Copy). Types are equal.
struct Assign {
  VariableId variable;
  Expr value;
};

/// Evaluates all values, then assigns them from left to right: `a, b = b, a`.
struct AssignMany {
  std::vector<VariableId> variables;
  ExprList values;
};

/// base[indices] = value; the value has the element's dtype. Python evaluates the value first.
struct StoreElement {
  Expr base;
  ExprList indices;
  Expr value;
};

/// base[items] = value: the value (array or scalar, already of the base's dtype) is complete before
/// the first store, and broadcasts to the selected part, else ValueError `could not broadcast input
/// array from shape ... into shape ...`. `base` may be a View; items empty: the whole base.
/// `augmented`: the value was computed from the target itself (a += b): then a shape error is
/// NumPy's `non-broadcastable output operand with shape ... doesn't match the broadcast shape ...`.
struct StoreSlice {
  Expr base;
  std::vector<SubscriptItem> items;
  Expr value;
  bool augmented = false;
};

/// IndexError unless each axis of the mask, a bool array, has the size of the base's or none.
struct CheckMask {
  Expr base;
  Expr mask;
};

/// base[mask] = value for a bool array: a scalar, then with CheckMask, or (a[mask] += b) an array
/// of the base's shape.
struct StoreMask {
  Expr base;
  Expr mask;
  Expr value;
};

/// base[mask] = value for a bool array of the base's dimensions and a one-dimensional array: its
/// elements go, in order, where the mask is true. One element goes everywhere; with another number
/// than the mask selects, ValueError.
struct StoreCompressed {
  Expr base;
  Expr mask;
  Expr value;
};

struct If {
  Expr test; // scalar bool
  Block then, otherwise;
};

struct While {
  Expr test; // scalar bool
  Block body;
  Block otherwise; // runs when the test fails, not after break
};

/// for variable in range(start, stop, step). Bounds are weak ints, evaluated once; step zero raises
/// ValueError. The variable keeps its last value; without iterations it is untouched.
struct ForRange {
  VariableId variable;
  Expr start, stop, step;
  Block body, otherwise;
};

/// for variable in sequence: a one-dimensional array or a list; the object is held during the loop
/// and elements are read as the loop reaches them.
struct ForEach {
  VariableId variable;
  Expr sequence;
  Block body, otherwise;
};

struct Break {};
struct Continue {};

/// Values for each of the function's results.
struct Return {
  ExprList values;
};

/// Evaluates for the effect.
struct Evaluate {
  Expr value;
};

/// A call of a function with any number of results; each result is assigned to its variable.
struct CallStmt {
  FunctionId callee;
  ExprList arguments;
  std::vector<VariableId> results;
};

/// What print writes: text, or a value in the form of str() or, inside tuples, of repr().
struct PrintText {
  std::string text;
};
struct PrintValue {
  Expr value;
  bool repr = false;
};
using PrintItem = std::variant<PrintText, PrintValue>;

/// All values are evaluated, then all items written; separators and the end are items.
struct Print {
  std::vector<PrintItem> items;
  bool flush = false;
};

/// assert test, message: AssertionError. Without a message `text` is empty.
struct Assert {
  Expr test;
  bool hasText = false;
  std::string text;
};

/// Raises an error of runtime/Errors.def if control arrives here (what sema knows to fail, such as
/// reading a name that no path has bound). `text` is the error's {text}, `integers` (weak ints) are
/// its {int}s.
struct RaiseError {
  std::string error;
  std::string text;
  ExprList integers = {};
};

/// sys.exit(code).
struct Exit {
  Expr code; // weak int
};

struct Stmt {
  Loc loc;
  std::variant<Assign, AssignMany, StoreElement, StoreSlice, CheckMask, StoreMask, StoreCompressed,
               If, While, ForRange, ForEach, Break, Continue, Return, Evaluate, CallStmt, Print,
               Assert, RaiseError, Exit>
      node;
};

/// One specialisation of a function.
struct Function {
  std::string name; // unique: `f`, `f.1`, ...
  std::vector<VariableId> parameters;
  std::vector<Type> results; // none for a procedure; one for each element of a returned tuple
  Block body;
  Loc loc;
};

/// functions[0] is the module's own code, `main`.
struct Module {
  std::vector<Variable> variables;
  std::vector<Function> functions;
};

/// --emit=types: one node per line with its type; stable.
void dumpTypes(const Module &module, llvm::raw_ostream &out);

} // namespace hpcc::frontend::typed
