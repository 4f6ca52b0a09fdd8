//===- InsertTransfers.h - the parts of insert-transfers
//---------------------------------------===//
#ifndef HPCC_IR_PASSES_INSERTTRANSFERS_H
#define HPCC_IR_PASSES_INSERTTRANSFERS_H

#include "ir/Pass.h"
#include "ir/Touches.h"
#include <set>

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// What statements need (InsertTransfersDemands.cpp)
//===-----------------------------------------------------------------------------------------===//

/// What a statement itself does with one storage of an array, or one element that it reads.
struct Demand {
  BufferId array;
  Affine slot;
  Side side = Side::Host;
  bool reads = false, stores = false;
  bool overwrites = false; // certainly stores all elements of the storage
  std::vector<Scalar> at;  // the indices of the element that it reads; empty: of any
  Loc loc;
};

/// So many elements go one by one rather than with all others.
constexpr uint64_t fewElements = 16;

/// What a loop with all inside it does with an array from outside of it.
struct LoopUse {
  bool isOn[2] = {false, false}; // by side; on the host: not only single elements
  bool storesOn[2] = {false, false};
  std::vector<Demand> fixed;      // single elements, the same ones in all iterations
  uint64_t varying = 0;           // how many others, at most
  std::optional<Demand> first[2]; // by side
};

/// What is the same for all places of a function.
struct DeviceUses {
  std::set<BufferId> arrays; // those that kernels use
  std::map<BufferId, const View *> views;
  std::map<BufferId, BufferId> roots; // the array of each view
  std::set<BufferId> joined;          // their storages are one as to who has them
  std::map<const Stmt *, std::vector<Demand>> demands;
  std::map<const Stmt *, std::map<BufferId, LoopUse>> loops;
  /// What is used before something stores all of it: behind branches and blocks, at loops' heads.
  std::map<const Stmt *, std::set<BufferId>> live;
};

/// Fills in `live`; findDeviceUses does (InsertTransfersLive.cpp).
void findLiveArrays(const Program &program, const Function &function, DeviceUses &uses);

/// Looks at all statements of a function; it must stay as it is while the answer is used.
DeviceUses findDeviceUses(const Program &program, const Function &function);

/// The time loop's iterator, if storages can be counted by it.
std::optional<SymbolId> timeIteratorOf(const Stmt &stmt);

//===-----------------------------------------------------------------------------------------===//
// Who has what at a place of the program (InsertTransfersState.cpp)
//===-----------------------------------------------------------------------------------------===//

/// The sides that have all elements of a storage up to date, as bits.
using Sides = uint8_t;
constexpr Sides bothSides = 3;
constexpr Sides only(Side side) { return static_cast<Sides>(1u << static_cast<unsigned>(side)); }
constexpr Side otherThan(Side side) { return side == Side::Host ? Side::Device : Side::Host; }

/// An element that the host has up to date although it does not have all.
struct KnownElement {
  BufferId array;
  Affine slot;
  std::vector<Affine> at;
  bool operator==(const KnownElement &) const = default;
};

struct Whereabouts {
  /// By storage, from the current one on; one entry for all where they are joined.
  std::map<BufferId, std::vector<Sides>> sides;
  std::vector<KnownElement> elements;
  bool reached = true;
  std::map<BufferId, Loc> storedAt[2] = {}; // by side, for remarks

  bool isSame(const Whereabouts &other) const {
    return sides == other.sides && elements == other.elements && reached == other.reached;
  }
  /// Forgets elements that are named by the symbol, or are those of the array.
  void forget(SymbolId symbol);
  void forget(BufferId array);
  /// Counts the storages of an array from another current one on, `by` places further.
  void rotate(BufferId array, int64_t by);
};

/// What holds on both of two ways, which are reached.
Whereabouts common(const Whereabouts &left, const Whereabouts &right);

/// Numbers the storages of arrays from the current one on.
class StorageNumbers {
public:
  StorageNumbers(const Program &program, const DeviceUses &uses) : program(program), uses(uses) {}

  /// How many are told apart.
  size_t countOf(BufferId array) const;
  /// The number of the storage that a slot names; nothing: any.
  std::optional<size_t> find(BufferId array, const Affine &slot) const;
  /// Those that a slot may name; without one, all.
  std::vector<size_t> all(BufferId array, const std::optional<Affine> &slot = {}) const;

  /// The slot that names the current storage inside of a time loop that counts them.
  std::map<BufferId, Affine> current;

private:
  const Program &program;
  const DeviceUses &uses;
};

//===-----------------------------------------------------------------------------------------===//
// Transfers (InsertTransfersPlan.cpp)
//===-----------------------------------------------------------------------------------------===//

struct PlannedTransfer {
  BufferId array;
  std::optional<Affine> slot;
  std::vector<Scalar> at; // of one element
  Side to = Side::Host;
  Loc loc;
};

/// In front of the statement, or at the end of the block.
using Place = std::variant<const Stmt *, const Block *>;

/// What forces a transfer.
struct Cause {
  Loc loc;
  std::string text;
};
Cause causeOf(const Demand &demand);

struct TransferPlan {
  std::map<const Stmt *, std::vector<PlannedTransfer>> before;
  std::map<const Block *, std::vector<PlannedTransfer>> atEnd;
};

/// Plans transfers and tells of them.
class TransferPlanner {
public:
  TransferPlanner(const Program &program, const StorageNumbers &numbers, PassContext &context)
      : program(program), numbers(numbers), context(context) {}

  /// Makes the side have those of the storages that it lacks.
  void bring(Whereabouts &now, BufferId array, llvm::ArrayRef<size_t> storages, Side to,
             Place place, const Cause &cause);
  /// Makes the host have the element that is read.
  void bringElement(Whereabouts &now, const Demand &demand, Place place);

  TransferPlan plan;
  bool isLooking = false; // only at what will be known: nothing is planned
  unsigned depth = 0;     // loops around the place

private:
  void put(PlannedTransfer transfer, Place place);
  void report(const Whereabouts &now, BufferId array, size_t storages, Side to, const Cause &cause,
              const Demand *element);

  const Program &program;
  const StorageNumbers &numbers;
  PassContext &context;
};

/// Inserts the transfers into the function (InsertTransfersApply.cpp), which has not changed since
/// they were planned.
void applyTransfers(Program &program, Function &function, const TransferPlan &plan);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_INSERTTRANSFERS_H
