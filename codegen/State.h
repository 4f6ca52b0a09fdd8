//===- State.h - what the emitter knows while it works ---------------------------------------===//
//
// Plain records shared by the Emit*.cpp files: the module under construction, the function under
// construction, and arrays as LLVM values. Functions that emit code take a FunctionState and leave
// its builder at the end of what they emitted.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_CODEGEN_STATE_H
#define HPCC_CODEGEN_STATE_H

#include "codegen/Codegen.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include <map>

namespace llvm {
class OpenMPIRBuilder;
}

namespace hpcc::codegen {

struct Module::State {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  unsigned optimize = 3;
  /// The kernels as PTX, of a program with a device.
  std::string ptx;
};

/// An array as values: what the runtime's descriptor holds. Strides count elements.
struct Descriptor {
  llvm::Value *object = nullptr;
  llvm::Value *data = nullptr;
  llvm::SmallVector<llvm::Value *, 4> shape, stride;
  /// With slots: elements from one storage to the next, and the storage current at the entry of the
  /// time loop.
  llvm::Value *slotSize = nullptr, *slot = nullptr;
  /// The scope of its accesses in alias metadata: a storage of its own, shared with its views.
  llvm::MDNode *scope = nullptr;
  /// True if offsets of elements from `data` are never negative.
  bool forward = false;
};

/// The memory of a handle: one variable for each part of its descriptor, so that LLVM can keep them
/// in registers.
struct HandleSlots {
  llvm::Value *object = nullptr;
  llvm::Value *data = nullptr;
  llvm::SmallVector<llvm::Value *, 4> shape, stride;
};

struct TimeLoop {
  std::vector<ir::BufferId> advanced;
  llvm::Value *iterations = nullptr;
};

/// The memory of a tree sum: the numbers of a leaf, and the sums of first halves that wait.
struct TreeMemory {
  llvm::Value *leaf, *partial;
};

/// The team of threads that runs what is being emitted, on one of its threads.
struct Team {
  llvm::Value *thread, *threads;      // this thread's number from 0, and how many there are
  llvm::BasicBlock *memory = nullptr; // where memory of each thread's own is made
};

/// The ranks that run the program, and this one among them.
struct Ranks {
  llvm::Value *rank, *size;
};

/// A mapped axis of a kernel, as one of its threads sees it: the thread's number along the axis and
/// how many threads there are.
struct GridAxis {
  const ir::Axis *axis;
  llvm::Value *thread, *threads;
  /// A thread may have more than one iteration.
  bool several;
  /// Inside the axis: how many iterations there are, and the number of the one that runs.
  llvm::Value *trips = nullptr, *position = nullptr;
};

/// As many as the record has room for.
inline constexpr unsigned mostFailureArguments = 6;

/// An error that a kernel can come to. Arguments that are constants stay with the host.
struct FailureSite {
  int errorId;
  Loc loc;
  llvm::SmallVector<llvm::Constant *, 4> constants; // null for those in the record
};

/// The kernel that is being emitted, on one of its threads.
struct Kernel {
  /// The outermost first: the last one is x.
  llvm::SmallVector<GridAxis, 3> axes;
  /// The number of the thread, of all in the grid; of a tree sum the number of its subtree.
  llvm::Value *number;
  /// Of trees: levels from the root to the subtrees of the threads.
  llvm::Value *treeLevels = nullptr;
  /// By variable: where the threads leave their shares of reductions.
  llvm::DenseMap<uint32_t, llvm::Value *> partials;
  llvm::Value *failure = nullptr; // the record; null where nothing can fail
  std::vector<FailureSite> sites;
};

/// The storages of buffers with slots that one compute touches have scopes of their own, each of
/// them another storage than the others of its buffer.
struct SlotScopes {
  std::vector<ir::Affine> slots;
  std::vector<llvm::MDNode *> scopes;
};

/// A load or store and the scopes of alias metadata that it belongs to; either may be null.
struct ScopedAccess {
  llvm::Instruction *access;
  llvm::MDNode *array, *slot;
};

struct ModuleState {
  const ir::Program &program;
  const Options &options;
  llvm::Module &module;
  const llvm::TargetMachine &machine;
  Diagnostics &diags;

  llvm::LLVMContext &context = module.getContext();
  /// The functions of the program, and whether calls of them count for the recursion limit.
  llvm::StringMap<llvm::Function *> functions;
  llvm::StringMap<bool> counted;
  /// Globals of the program, by buffer.
  llvm::DenseMap<uint32_t, llvm::GlobalVariable *> globals;
  /// Texts and locations that exist already.
  llvm::StringMap<llvm::Constant *> texts;
  std::map<std::pair<std::string, std::array<uint32_t, 4>>, llvm::Constant *> locations;
  /// Marks accesses of one element type in alias metadata.
  llvm::MDNode *elementTags[13] = {};
  /// Makes parallel regions; null before the first.
  std::shared_ptr<llvm::OpenMPIRBuilder> openMp;
  /// Of a program with a device: what its kernels are emitted into. In that: it is for a GPU, not
  /// for the emulation.
  ModuleState *device = nullptr;
  ModuleState *host = nullptr; // of the kernels' module
  bool isGpu = false;
  /// The kernels by name, in the order of their numbers, and what holds them at run time.
  std::vector<std::pair<std::string, llvm::GlobalVariable *>> kernels;
  /// The program has so many computes that not each loop can have the optimiser's full attention.
  bool isLong = false;
  /// Of the line tables; null without them.
  llvm::DICompileUnit *debugUnit = nullptr;

  ModuleState(const ir::Program &program, const Options &options, llvm::Module &module,
              const llvm::TargetMachine &machine, Diagnostics &diags)
      : program(program), options(options), module(module), machine(machine), diags(diags) {}
};

struct FunctionState {
  ModuleState &module;
  const ir::Function &source;
  llvm::Function *function;
  llvm::IRBuilder<> builder;

  llvm::DenseMap<uint32_t, llvm::Value *> symbols;
  /// Scalar variables: their memory.
  llvm::DenseMap<uint32_t, llvm::Value *> variables;
  /// Arrays that do not change: own arrays and views; inside a compute all arrays it names.
  llvm::DenseMap<uint32_t, Descriptor> arrays;
  llvm::DenseMap<uint32_t, HandleSlots> handles;
  /// The current storage of buffers with slots: their memory.
  llvm::DenseMap<uint32_t, llvm::Value *> currentSlots;
  /// Where `leave` goes, by label, and how many time loops are open around that place.
  std::vector<std::pair<llvm::BasicBlock *, size_t>> labels;
  /// The open time loops: the buffers whose current storage they advance, and the memory that
  /// counts their completed iterations.
  std::vector<TimeLoop> timeLoops;

  /// What tree sums share: memory for the first, second .. of a compute, and the sizes of second
  /// halves that wait.
  std::vector<TreeMemory> treeMemory;
  llvm::Value *treeHalves = nullptr;

  /// In a program for ranks.
  std::optional<Ranks> ranks;

  /// The open `parallel`, if there is one.
  std::optional<Team> team;

  /// In a function that a thread of a device runs.
  std::optional<Kernel> kernel;

  /// Alias metadata: one domain a function, one scope for each own array.
  llvm::MDNode *aliasDomain = nullptr;
  std::vector<llvm::MDNode *> aliasScopes;
  /// The scopes of slots: those of the open compute by buffer, and the others of each scope's
  /// buffer.
  llvm::DenseMap<uint32_t, SlotScopes> slotScopes;
  llvm::DenseMap<llvm::MDNode *, std::vector<llvm::MDNode *>> otherSlots;
  /// Accesses that carry a scope; they are marked at the end, when all scopes are known.
  std::vector<ScopedAccess> scopedAccesses;
  /// The access groups of the enclosing axes with independent points.
  std::vector<llvm::MDNode *> accessGroups;

  /// The scalar variables that the open compute changes: no group holds their accesses.
  llvm::DenseSet<uint32_t> reduced;

  /// For raising: where checks without a place of their own report, and the constants' owner.
  Loc loc;

  FunctionState(ModuleState &module, const ir::Function &source, llvm::Function *function)
      : module(module), source(source), function(function), builder(module.context) {}
  const ir::Program &program() const { return module.program; }
};

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_STATE_H
