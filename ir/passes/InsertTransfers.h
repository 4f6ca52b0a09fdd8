//===- InsertTransfers.h - the parts of insert-transfers
//---------------------------------------===//
#ifndef HPCC_IR_PASSES_INSERTTRANSFERS_H
#define HPCC_IR_PASSES_INSERTTRANSFERS_H

#include "ir/Dependence.h"
#include "ir/Pass.h"
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
  std::set<BufferId> arrays;          // those that kernels use
  std::map<BufferId, BufferId> roots; // the array of each view
  std::set<BufferId> joined;          // their storages are one as to who has them
  std::map<const Stmt *, std::vector<Demand>> demands;
  std::map<const Stmt *, std::map<BufferId, LoopUse>> loops;
};

/// Looks at all statements of a function; it must stay as it is while the answer is used.
DeviceUses findDeviceUses(const Program &program, const Function &function);

/// The time loop's iterator, if storages can be counted by it.
std::optional<SymbolId> timeIteratorOf(const Stmt &stmt);

//===-----------------------------------------------------------------------------------------===//
// Where transfers stand (InsertTransfers.cpp), and their insertion (InsertTransfersApply.cpp)
//===-----------------------------------------------------------------------------------------===//

struct PlannedTransfer {
  BufferId array;
  std::optional<Affine> slot;
  std::vector<Scalar> at; // of one element
  Side to = Side::Host;
  Loc loc;
};

/// Transfers in front of statements and at the ends of blocks.
struct TransferPlan {
  std::map<const Stmt *, std::vector<PlannedTransfer>> before;
  std::map<const Block *, std::vector<PlannedTransfer>> atEnd;
};

/// Inserts the transfers into the function that they were planned for, which has not changed since.
void applyTransfers(Program &program, Function &function, const TransferPlan &plan);

/// How many bytes so many storages of an array have, or one element, as in `8*n`.
std::string bytesText(const Program &program, BufferId array, size_t storages, bool element);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_INSERTTRANSFERS_H
