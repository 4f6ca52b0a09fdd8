//===- Program.h - the array IR on one page --------------------------------------------------===//
//
// A Program is a value: plain structs in nested vectors, so a copy is a snapshot and two programs
// compare with ==. What has identity (symbols, buffers) is a row of a table, named by a strong id.
// The text form (Print.cpp, ParseText.cpp) says everything the structs say; docs/ir.md explains it.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PROGRAM_H
#define HPCC_IR_PROGRAM_H

#include "Scalar.h"

namespace hpcc::ir {

/// How far a program has come; each stage keeps the invariants of the ones before (Verify.cpp).
enum class Stage : uint8_t { Source, Canonical, Planned, Distributed, Tiled, Mapped };

/// An immutable i64: a `let`, or the iterator of a loop or axis.
struct Symbol {
  std::string name;
  bool operator==(const Symbol &) const = default;
};

enum class Storage : uint8_t {
  Own,    // made by `alloc`: fresh storage; without dimensions a scalar variable
  View,   // made by `view`: another array's storage, strides known at run time
  Handle, // a mutable name of an array (a Python variable), set by `bind`; unbound at first
};

enum class Division : uint8_t { Blocks, Cyclic };

/// How numbers are divided among P ranks: x belongs to the rank whose share holds x + offset.
/// Blocks, text `blocks(rows, offset)`: rank r has [floor(r*rows/P), floor((r+1)*rows/P)); what
/// lies before is rank 0's, what lies behind rank P-1's. Cyclic, text `cyclic(offset)`: rank r has
/// all that are r modulo P; `rows` is 0.
struct Distribution {
  Division division = Division::Blocks;
  Affine rows, offset;
  bool operator==(const Distribution &) const = default;
};

/// A multi-dimensional array or, without dimensions, a scalar variable.
struct Buffer {
  std::string name;
  DType type = DType::F64;
  Storage storage = Storage::Own;
  unsigned dims = 0;
  /// Size of each dimension, of views too; empty for handles, whose sizes are `dim(%u, k)`.
  std::vector<Affine> shape;
  /// Number of storages that a time loop rotates through.
  unsigned slots = 1;
  /// Own: axes from slowest to fastest in memory; empty for row-major.
  std::vector<unsigned> layout;
  /// Own: memory order follows these operands as NumPy's elementwise operations choose it (order
  /// 'K'); empty for row-major or `layout`.
  std::vector<BufferId> like;
  /// Own: the rank that has row x (of the first dimension) has it up to date. Each rank has storage
  /// for all rows.
  std::optional<Distribution> home = {};
  bool operator==(const Buffer &) const = default;
};

struct Stmt;
using Block = std::vector<Stmt>;

/// let n = scalar
struct Let {
  SymbolId symbol;
  Scalar value;
  bool operator==(const Let &) const = default;
};

/// alloc %t : f64[n, m]. Elements are arbitrary until stored. An array lives until its `drop`, or
/// longer while a view or a bound handle holds it; a scalar variable to the end of the block.
struct Alloc {
  BufferId buffer;
  bool operator==(const Alloc &) const = default;
};

/// handle %u : f64[?, ?]. Declares a name, unbound. Dropped like an array.
struct Declare {
  BufferId handle;
  bool operator==(const Declare &) const = default;
};

struct ViewIndex { // fixes a dimension of the base
  Affine at;
  bool operator==(const ViewIndex &) const = default;
};
struct ViewSlice { // base index = start + step * i, 0 <= i < size
  Affine start, size, step;
  bool operator==(const ViewSlice &) const = default;
};
struct ViewNewAxis { // a dimension of size one that the base does not have
  bool operator==(const ViewNewAxis &) const = default;
};
using ViewDim = std::variant<ViewIndex, ViewSlice, ViewNewAxis>;

struct Subscript { // view %v = %u[2 : n : 1, newaxis, 3]   (start : size : step)
  std::vector<ViewDim> dims;
  bool operator==(const Subscript &) const = default;
};
struct Broadcast { // view %v = %u broadcast [n, m]; the result's shape; size one repeats
  std::vector<Affine> shape;
  bool operator==(const Broadcast &) const = default;
};
struct Permute { // view %v = %u permute (1, 0): dimension d of the result is order[d] of the base
  std::vector<unsigned> order;
  bool operator==(const Permute &) const = default;
};

struct Reshape { // view %v = %u reshape [n, m]: the elements in row-major order, at equal distances
  std::vector<Affine> shape;
  bool operator==(const Reshape &) const = default;
};

/// Names a part of an array; holds the array until its `drop`. In bounds by construction or by an
/// earlier check.
struct View {
  BufferId result, base;
  std::variant<Subscript, Broadcast, Permute, Reshape> form;
  bool operator==(const View &) const = default;
};

/// bind %u = %t: the handle names the array of %t from now on, and lets go the one it named.
struct Bind {
  BufferId handle, source;
  bool operator==(const Bind &) const = default;
};

/// drop %t: the name ends; its array is freed when nothing else holds it.
struct Drop {
  BufferId buffer;
  bool operator==(const Drop &) const = default;
};

/// par: any order gives the same result, no cell is touched by two points. red: the same, but for
/// the targets of reductions, where only the order attribute counts. seq: the written order counts.
enum class AxisKind : uint8_t { Par, Red, Seq };

/// Who runs the iterations of an axis. Threads: those of the enclosing `parallel`, each a row of
/// iterations as long as the others'; DynamicThreads: the same a few at a time, for iterations of
/// different lengths. Of a `red` axis each thread reduces its share.
enum class Mapping : uint8_t { None, Threads, DynamicThreads };

/// Which of its own iterations a rank runs: all; those whose number plus the distribution's offset
/// is at least `left` behind the begin of its share and more than `right` before the end, text
/// `inner(left, right)`; or the others, `outer(left, right)`.
enum class RankPart : uint8_t { All, Inner, Outer };

/// The iterations of an axis or loop are divided among ranks, text `@ranks blocks(n, 1)`.
struct RankMapping {
  Distribution over;
  RankPart part = RankPart::All;
  int64_t left = 0, right = 0;
  bool operator==(const RankMapping &) const = default;
};

/// The iterations of an axis or loop are dealt to threads of the device's grid, text
/// `@grid(threads, points)`: `threads` of this axis to a block, each of them with so many points.
/// The innermost such axis is the grid's x. Of a `red` axis each thread reduces its share.
struct GridMapping {
  int64_t threads = 1, points = 1;
  bool operator==(const GridMapping &) const = default;
};

/// i in [lo, hi) step s. Empty when hi <= lo.
struct Axis {
  SymbolId iterator;
  Bound lo, hi;
  int64_t step = 1;
  AxisKind kind = AxisKind::Par;
  Mapping mapping = Mapping::None;
  std::optional<RankMapping> ranks = {};
  std::optional<GridMapping> grid = {};
  bool operator==(const Axis &) const = default;
};

/// MultiplyAdd: the target plus the value, which where it is a Product is not rounded before (fma
/// of IEEE 754); in axis order.
enum class AssignOp : uint8_t { Set, Add, Multiply, Minimum, Maximum, And, Or, MultiplyAdd };

/// any: integers, bool, minimum, maximum. seq: axis order. tree: NumPy's pairwise sum over the
/// named axes flattened in their order (runtime/sum.h has the recursion), added to the target.
enum class ReductionOrder : uint8_t { Any, Seq, Tree };

/// target = value, or target op= value; with a guard only where it is true. The guard is evaluated
/// first and also guards the loads and checks of the value.
struct Assign {
  Access target;
  AssignOp op = AssignOp::Set;
  Scalar value;
  std::optional<Scalar> guard;
  ReductionOrder order = ReductionOrder::Any; // of op other than Set over red axes
  std::vector<SymbolId> treeAxes;             // with Tree
  Loc loc;
  bool operator==(const Assign &) const = default;
};

/// What plan-fusion decided for a compute; later passes obey or decline. group: computes of one
/// block with the same number become one. recompute: its value takes the place of each read of its
/// target.
struct FusionPlan {
  std::optional<uint32_t> group;
  bool recompute = false;
  bool operator==(const FusionPlan &) const = default;
};

/// The one noun: a box of axes and what happens at each point. Points in lexicographic order of the
/// axes as written, the assignments of a point in text order, stores visible at once. Without axes
/// it is a scalar assignment.
struct Compute {
  std::vector<Axis> axes;
  std::vector<Assign> body;
  /// Scalar variables that each point has of its own; arbitrary until the point sets them.
  std::vector<BufferId> locals = {};
  FusionPlan plan = {};
  bool operator==(const Compute &) const = default;
};

enum class LoopRole : uint8_t { Seq, Time, Tile };

/// loop i in [lo, hi) step s : role { ... }. Bounds are evaluated once, at entry. A `par` loop may
/// run its iterations in any order.
struct Loop {
  Axis axis;
  LoopRole role = LoopRole::Seq;
  Block body;
  bool operator==(const Loop &) const;
};

/// while { header } cond condition { body }: the header runs before each test; what it declares is
/// in scope in the condition and the body. `while t { .. }` is a time loop whose iterator counts
/// its rounds from 0.
struct While {
  Block header;
  Scalar condition;
  Block body;
  std::optional<SymbolId> iterator = {};
  bool operator==(const While &) const;
};

/// Names the target of `leave`, unique in its function.
struct LabelId {
  uint32_t index = ~0u;
  auto operator<=>(const LabelId &) const = default;
};

/// block @b { ... } ... leave @b ends it from inside: break, continue, early return.
struct Labelled {
  LabelId label;
  Block body;
  bool operator==(const Labelled &) const;
};
struct Leave {
  LabelId label;
  bool operator==(const Leave &) const = default;
};

struct If {
  Scalar condition;
  Block thenBody, elseBody;
  bool operator==(const If &) const;
};

/// parallel [if condition] { ... }: a team of threads runs the body; without the condition a team
/// of one. All of them follow its control flow, with symbols and scalar variables of their own for
/// what is declared inside; the iterations of a mapped axis are divided among them, and each
/// `single` runs on the first. What one thread stores another may touch behind a `barrier` only.
/// The meaning is that of the body alone.
struct Parallel {
  std::optional<Scalar> condition;
  Block body;
  bool operator==(const Parallel &) const;
};

/// single { ... }: the first thread of the team runs the body, and the others pass by.
struct Single {
  Block body;
  bool operator==(const Single &) const;
};

/// barrier: no thread goes on before all have come here.
struct Barrier {
  bool operator==(const Barrier &) const = default;
};

/// Who gets the rows of an exchange. Own: each rank what its own iterations of an axis need. Root:
/// rank 0.
enum class ExchangeFor : uint8_t { Own, All, Root };

/// %u{t}[i - 1 : i + 2] for i in [1, n) par @ranks blocks(n, 0): rows [lo, hi) of a buffer, for
/// each of the iterations. Rows that the array does not have are left out; with `wrap n` they are
/// taken modulo n. With further indices one element of each row.
struct ExchangePart {
  BufferId buffer;
  std::optional<Affine> slot;
  Affine lo, hi;
  std::vector<Affine> at; // an index of each further dimension, or empty
  std::optional<Affine> wrap;
  ExchangeFor whom = ExchangeFor::All;
  std::optional<Axis> axis; // with Own
  bool operator==(const ExchangePart &) const = default;
};

/// exchange { part .. } [meanwhile { ... }]: brings rows up to date from the ranks that have them,
/// with one message from one rank to another. The body runs while they are under way.
struct Exchange {
  std::vector<ExchangePart> parts;
  Block body;
  bool operator==(const Exchange &) const;
};

/// Where the arrays of a program with `device` have storage.
enum class Side : uint8_t { Host, Device };

/// transfer %u{t}[i, j] to host: brings a storage up to date there from the other side; without a
/// slot all storages of the buffer, with indices one element.
struct Transfer {
  BufferId buffer;
  std::optional<Affine> slot;
  std::vector<Affine> at;
  Side to = Side::Device;
  bool operator==(const Transfer &) const = default;
};

/// An argument of a call: a value, an array by reference, or text.
using CallArgument = std::variant<Scalar, BufferId, std::string>;

/// call (%r, %h) = @f(%x[] + 1.0, %u): a function of this program. Results are scalar variables or
/// handles, which are bound.
struct Call {
  std::string callee;
  std::vector<CallArgument> arguments;
  std::vector<BufferId> results;
  bool operator==(const Call &) const = default;
};

/// Library functions: rows of Library.def.
enum class LibraryFunction : uint8_t {
#define HPCC_LIBRARY(Enum, ...) Enum,
#include "Library.def"
};

/// call @lib.print_array(%u): an entry of the runtime.
struct LibraryCall {
  LibraryFunction function = LibraryFunction::PrintText;
  std::vector<CallArgument> arguments;
  bool operator==(const LibraryCall &) const = default;
};

/// check condition else index_error(k, n): raises the error (an id of runtime/Errors.def) at this
/// place of the program unless the condition holds. Arguments are i64 in the encoding of
/// hpc_raise; text is what {text} stands for in the error's format.
struct Check {
  Scalar condition;
  std::string error;
  std::vector<Scalar> arguments;
  std::string text;
  bool operator==(const Check &) const = default;
};

struct Stmt {
  std::variant<Let, Alloc, Declare, View, Bind, Drop, Compute, Loop, While, Labelled, Leave, If,
               Parallel, Single, Barrier, Exchange, Transfer, Call, LibraryCall, Check>
      node;
  Loc loc;
  bool operator==(const Stmt &) const = default;
};

inline bool Loop::operator==(const Loop &) const = default;
inline bool While::operator==(const While &) const = default;
inline bool Labelled::operator==(const Labelled &) const = default;
inline bool If::operator==(const If &) const = default;
inline bool Parallel::operator==(const Parallel &) const = default;
inline bool Single::operator==(const Single &) const = default;
inline bool Exchange::operator==(const Exchange &) const = default;

/// What running a function can do to the world outside it. Inferred bottom-up (Effects.h) and
/// verified.
struct Effects {
  bool reads = false;  // arrays of the caller, or globals
  bool writes = false; // the same
  bool prints = false;
  bool fails = false;
  bool operator==(const Effects &) const = default;
};

/// func @f(%x : f64[], %u : f64[?]) -> (%r : f64[]) effects(reads) { ... }. Parameters are scalar
/// variables (copies) or handles (bound to the caller's arrays); results are buffers of the same
/// kinds whose values at the end of the body are returned. The signature declares both: results
/// need no `alloc` or `handle`. The body drops neither.
struct Function {
  std::string name;
  std::vector<BufferId> parameters, results;
  Effects effects;
  unsigned labels = 0; // number of labels used
  Block body;
  Loc loc;
  bool operator==(const Function &) const = default;
};

struct Program {
  std::string name;
  std::string file; // the source as the user named it, for messages
  Stage stage = Stage::Source;
  /// Each rank runs the program, with the same control flow and scalar variables; what is not
  /// divided among them all do, rank 0 prints, and an error that all come to is told once.
  bool ranks = false;
  /// Arrays have storage in the host's memory and on a device. The points of axes and loops mapped
  /// to its grid read and store there; all else happens on the host, where scalars are.
  bool device = false;
  std::vector<Symbol> symbols;
  std::vector<Buffer> buffers;
  std::vector<BufferId> globals;   // scalar variables and handles that functions share
  std::vector<Function> functions; // `main` is the entry: no parameters, no results

  const Buffer &operator[](BufferId id) const { return buffers[id.index]; }
  Buffer &operator[](BufferId id) { return buffers[id.index]; }
  const Symbol &operator[](SymbolId id) const { return symbols[id.index]; }

  SymbolId addSymbol(std::string name);
  BufferId addBuffer(Buffer buffer);
  const Function *find(llvm::StringRef function) const;

  bool operator==(const Program &) const = default;
};

/// Renumbers symbols, buffers and labels in the order in which the text declares them, drops rows
/// that nothing declares, and gives every name that clashes with an earlier one a numeric suffix.
/// The builder and the pass runner end with it, so that parse(print(p)) == p.
void renumber(Program &program);

} // namespace hpcc::ir

#endif // HPCC_IR_PROGRAM_H
