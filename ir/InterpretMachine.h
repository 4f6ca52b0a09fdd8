//===- InterpretMachine.h - the state of a run ----------------------------------------------===//
//
// What the parts of the interpreter share: Interpret.cpp runs statements and calls,
// InterpretScalar.cpp evaluates expressions, InterpretCompute.cpp runs computes,
// InterpretDivided.cpp looks after ranks, InterpretLibrary.cpp runs what the runtime does for a
// program. The first error ends the run: it is kept in `result`, and everything looks at `stopped`
// before it goes on.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_INTERPRETMACHINE_H
#define HPCC_IR_INTERPRETMACHINE_H

#include "Evaluate.h"
#include "Interpret.h"
#include "InterpretArrays.h"
#include "Ranks.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {

/// What a buffer of the program stands for at the moment.
struct Name {
  enum class State : uint8_t { Absent, Unbound, Live, Dropped } state = State::Absent;
  Array array; // while Live
};

/// One open call. Indexed by symbol and by buffer.
struct Frame {
  const Function *function = nullptr;
  std::vector<int64_t> symbols;
  std::vector<Name> names;
};

/// An element of a storage.
struct Cell {
  Memory *storage = nullptr;
  int64_t element = 0;
};

/// Looks for two points of one compute that touch a cell, at least one of them by a store, and
/// whose first differing axis is not `seq`. Red axes do not count for what is reduced over them.
/// Points come in lexicographic order, and of each cell the first and the last reader and writer
/// are kept, which finds most conflicts.
class ParallelWatch {
public:
  /// A compute with `seq` axes only is not watched.
  explicit ParallelWatch(const Compute &compute);

  bool isNeeded() const { return needed; }
  /// Only storages that the compute stores to are watched.
  void watch(Memory *storage, bool reduced) { watched[storage] |= reduced; }
  /// The point that is being visited: one value an axis.
  void setPoint(llvm::ArrayRef<int64_t> values) { point.assign(values.begin(), values.end()); }
  /// False if the touch conflicts with that of another point.
  bool touch(Cell cell, bool store);

private:
  using Point = llvm::SmallVector<int64_t, 4>;
  struct Touches {
    std::optional<Point> firstLoad, lastLoad, firstStore, lastStore;
  };
  bool conflicts(const std::optional<Point> &other, bool reduced) const;

  static constexpr size_t maxCells = size_t(1) << 20; // beyond, nothing new is watched
  bool needed = false;
  std::vector<AxisKind> kinds;
  Point point;
  llvm::DenseMap<Memory *, bool> watched; // whether it is reduced
  llvm::DenseMap<std::pair<Memory *, int64_t>, Touches> cells;
};

/// Looks for cells that two threads of a team touch without a barrier between, one of them by a
/// store. Each iteration of a mapped axis counts as a thread of its own, and so does the one that
/// runs all singles: no schedule and no number of threads hides a missing barrier.
class TeamWatch {
public:
  using Worker = uint64_t;
  static constexpr Worker everyone = 0; // what all threads do
  static constexpr Worker first = 1;    // who runs what is single

  /// A team that begins when so many storages have been made: later ones belong to who makes them.
  explicit TeamWatch(uint64_t storages) : storagesBefore(storages) {}

  Worker worker = everyone;
  Worker next() { return ++workers; }
  void passBarrier() { cells.clear(); }
  /// False if another worker touches the cell in this phase.
  bool touch(Cell cell, bool store);

private:
  struct Touches {
    std::optional<Worker> reader, writer;
    bool severalReaders = false;
  };
  uint64_t storagesBefore;
  Worker workers = first;
  llvm::DenseMap<std::pair<Memory *, int64_t>, Touches> cells;
};

/// A value on its way from a rank to another.
struct RankMessage {
  int64_t tag = 0;
  DType type = DType::F64;
  Sizes shape; // empty for a scalar
  std::vector<ScalarConstant> elements;
};

/// What rank 0 of 1 has sent to itself, and what waits for @lib.mpi_take.
struct Ranks {
  std::vector<RankMessage> sent;
  std::optional<RankMessage> waiting;
  bool finished = false;
};

/// How a block ended. Leave: towards the label in Machine::leaving. Stop: the run ended.
enum class Flow : uint8_t { Next, Leave, Stop };

class Machine {
public:
  Machine(const Program &program, llvm::raw_ostream &out, const InterpretLimits &limits,
          ParallelOrder order, unsigned ranks);

  void runMain();
  InterpretResult result;

private:
  // Ending the run.
  void raise(int errorId, llvm::ArrayRef<int64_t> arguments, Loc loc);
  void fault(const llvm::Twine &text) { end(InterpretStatus::Fault, text); }
  void end(InterpretStatus status, const llvm::Twine &text);
  /// Counts a statement or a point; false when there are no more.
  bool step();

  // Names and arrays.
  Name &nameOf(BufferId buffer);
  /// The array of a buffer, or null and a fault.
  const Array *arrayOf(BufferId buffer);
  /// A fresh storage of the buffer's type; false if it cannot be.
  bool allocate(BufferId buffer, Sizes shape);
  int64_t valueOf(const Affine &form);

  // Scalars (InterpretScalar.cpp). After an error the value is a zero that nobody uses.
  ScalarConstant evaluate(const Scalar &scalar);
  bool isTrue(const Scalar &scalar) { return (evaluate(scalar).bits & 1) != 0; }
  int64_t evaluateInteger(const Scalar &scalar);
  ScalarConstant take(const Evaluated &evaluated, Loc loc);
  /// The element of an access, or a fault where it is out of bounds.
  std::optional<Cell> locate(const Access &access);
  std::optional<Cell> locate(BufferId buffer, llvm::ArrayRef<int64_t> indices,
                             std::optional<int64_t> slot);
  ScalarConstant load(Cell cell);
  void store(Cell cell, const ScalarConstant &value);

  // Statements.
  Flow run(const Block &block);
  Flow run(const Stmt &stmt);
  Flow run(const Let &let);
  Flow run(const Alloc &alloc);
  Flow run(const Declare &declare);
  Flow run(const View &view);
  Flow run(const Bind &bind);
  Flow run(const Drop &drop);
  Flow run(const Compute &compute);
  Flow run(const Loop &loop, const Stmt &stmt);
  Flow run(const While &loop, const Stmt &stmt);
  Flow run(const Labelled &labelled);
  Flow run(const Leave &leave);
  Flow run(const If &branch);
  Flow run(const Parallel &parallel);
  Flow run(const Single &single);
  Flow run(const Barrier &barrier);
  Flow run(const Exchange &exchange);
  Flow run(const Transfer &transfer);
  Flow run(const Call &call);
  Flow run(const LibraryCall &call);
  Flow run(const Check &check);
  Flow next() const { return stopped ? Flow::Stop : Flow::Next; }
  void advanceSlots(SymbolId iterator, const Stmt &loop, int64_t iterations);
  bool passArguments(const Call &call, const Function &callee, Frame &frame);
  void returnResults(const Call &call, const Function &callee, Frame &frame);

  // Ranks (InterpretDivided.cpp).
  struct Message;
  RankSet everyone() const { return (RankSet(1) << rankCount) - 1; }
  /// The sides of a program with `device` are two ranks.
  static constexpr RankSet onHost = 1, onDevice = 2;
  std::string nameOfRank(RankSet ranks) const;
  /// The rank that runs an iteration, or none where it is not in the mapping's part.
  RankSet ranksOf(const RankMapping &mapping, int64_t iteration);
  /// The ranks that run have the element, or a fault.
  void expectUpToDate(Cell cell, llvm::StringRef verb = "reads");
  void markStored(Cell cell);
  std::string textOf(Cell cell);
  /// What each rank asks for: visit(rank, the rows).
  void forEachRequest(const ExchangePart &part, llvm::function_ref<void(int64_t, Share)> visit);
  void addMessages(const ExchangePart &part, std::vector<Message> &messages);
  void addRow(const ExchangePart &part, int64_t row, int64_t rank, std::vector<Message> &messages);

  // Library calls (InterpretLibrary.cpp).
  void runSum(const LibraryCall &call);
  void print(const LibraryCall &call);
  /// The elements of an array in the order of its indices.
  void forEachCell(const Array &array, llvm::function_ref<void(Cell)> visit);
  /// A library function reads all of the array: other threads must not store to it, and the ranks
  /// that run it must have it.
  void watchReads(const Array &array);

  // Library calls of ranks (InterpretRanks.cpp).
  void runRanks(const LibraryCall &call);
  std::optional<RankMessage> pack(const CallArgument &operand);
  void take(const CallArgument &result);
  void send(const CallArgument &operand, int64_t dest, int64_t tag);
  void receive(int64_t source, int64_t tag);
  void collect(const CallArgument &operand, int64_t root);

  // Computes (InterpretCompute.cpp).
  struct TreeSums;
  struct ComputeRun;
  void runAxis(ComputeRun &run, size_t axis);
  bool isCarried(const ComputeRun &run, const Assign &assign) const;
  RankSet ranksOf(const ComputeRun &run, size_t index) const;
  void divide(ComputeRun &run);
  void divideTree(ComputeRun &run, size_t index);
  std::vector<int64_t> treePointOf(const Assign &assign) const;
  void forEachPoint(const Compute &compute, size_t axis, llvm::function_ref<void()> visit);
  void runPoint(ComputeRun &run);
  void runAssign(ComputeRun &run, size_t index);
  void addTrees(ComputeRun &run);
  /// Iterator values of an axis in order, or backwards; `visit` returns false to end early.
  void forEachValue(const Axis &axis, llvm::function_ref<bool(int64_t)> visit,
                    bool backwards = false);

  const Program &program;
  llvm::raw_ostream &out;
  const InterpretLimits &limits;
  ParallelOrder order;
  MemoryUse memory;
  uint64_t steps = 0;
  unsigned openCalls = 0;
  bool stopped = false;
  Loc here; // of the statement that runs
  LabelId leaving;
  Frame *frame = nullptr;
  std::vector<bool> isGlobal; // by buffer
  std::vector<Name> globals;  // by buffer
  ParallelWatch *watch = nullptr;
  TeamWatch *team = nullptr;
  bool hasSlots = false;
  Ranks ranks;
  unsigned rankCount;
  RankSet together; // the ranks that run what is not divided: all, or the host
  RankSet running;  // the ranks that run what runs: those, or one alone
};

} // namespace hpcc::ir

#endif // HPCC_IR_INTERPRETMACHINE_H
