//===- Emit.h - the emitter's functions ------------------------------------------------------===//
//
// What the Emit*.cpp files offer one another. All take the function under construction and emit at
// its builder.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_CODEGEN_EMIT_H
#define HPCC_CODEGEN_EMIT_H

#include "State.h"
#include "runtime/hpcc_rt.h"

namespace hpcc::codegen {

//===-----------------------------------------------------------------------------------------===//
// EmitRuntime.cpp: calls of the runtime, texts, errors
//===-----------------------------------------------------------------------------------------===//

enum class Entry : uint8_t {
#define HPCC_ENTRY(name, signature) name,
#include "RuntimeEntries.def"
};

/// Calls an entry of the runtime.
llvm::CallInst *callRuntime(FunctionState &state, Entry entry,
                            llvm::ArrayRef<llvm::Value *> arguments = {});

/// The declaration of an entry.
llvm::Function *declareRuntime(ModuleState &module, Entry entry);

/// A constant C string.
llvm::Constant *textOf(ModuleState &module, llvm::StringRef text);

/// The constant hpc_location of a place in the function; null for an invalid Loc.
llvm::Constant *locationOf(FunctionState &state, Loc loc);

/// Raises where `bad` is true; goes on where it is not. `arguments` are i64 values.
void emitRaiseIf(FunctionState &state, llvm::Value *bad, int errorId, Loc loc,
                 llvm::ArrayRef<llvm::Value *> arguments = {});

/// Raises, and ends the block.
void emitRaise(FunctionState &state, int errorId, Loc loc,
               llvm::ArrayRef<llvm::Value *> arguments = {});

void emitLibraryCall(FunctionState &state, const ir::LibraryCall &call, Loc loc);
/// Those of ranks (EmitRanks.cpp).
void emitRankCall(FunctionState &state, const ir::LibraryCall &call, Loc loc);
void emitCheck(FunctionState &state, const ir::Check &check, Loc loc);

//===-----------------------------------------------------------------------------------------===//
// EmitScalar.cpp, EmitChecked.cpp, EmitMath.cpp: values
//===-----------------------------------------------------------------------------------------===//

/// The type of a value (i1 for bool), and of the same in memory (i8 for bool).
llvm::Type *valueType(ModuleState &module, ir::DType type);
llvm::Type *memoryType(ModuleState &module, ir::DType type);

/// Where the values of an affine form come from. An index into an array never overflows; a scalar
/// of the program may.
enum class Overflow { Never, Wraps };
llvm::Value *emitAffine(FunctionState &state, const ir::Affine &form,
                        Overflow overflow = Overflow::Wraps);

/// The largest (`lower`) or smallest of the forms.
llvm::Value *emitBound(FunctionState &state, const ir::Bound &bound, bool lower);

llvm::Value *emitScalar(FunctionState &state, const ir::Scalar &scalar);

/// The plain operation and cast, on values.
llvm::Value *emitPlain(FunctionState &state, ir::ScalarOp op, ir::DType operandType,
                       llvm::ArrayRef<llvm::Value *> operands);
llvm::Value *emitCast(FunctionState &state, ir::DType to, ir::DType from, llvm::Value *value);

/// The checked ones.
llvm::Value *emitChecked(FunctionState &state, const ir::ScalarApply &apply, ir::DType operandType,
                         llvm::ArrayRef<llvm::Value *> operands);
llvm::Value *emitCheckedCast(FunctionState &state, const ir::ScalarCast &cast, ir::DType from,
                             llvm::Value *value);

/// A comparison of an i64 and an f64, in either order, neither rounded to the other's type.
llvm::Value *emitMixedCompare(FunctionState &state, ir::ScalarOp op, llvm::Value *a,
                              llvm::Value *b);

/// Repeated multiplication that wraps.
llvm::Value *emitIntegerPower(FunctionState &state, llvm::Value *base, llvm::Value *exponent,
                              bool isSigned);

/// A call of hpc_<name>_f64 or _f32, with its vector forms attached.
llvm::Value *emitMathCall(FunctionState &state, llvm::StringRef name, ir::DType type,
                          llvm::ArrayRef<llvm::Value *> operands);

/// Integer division (quotient or remainder) rounded to minus infinity; `divisor` is not zero, and
/// the smallest value is not divided by -1.
llvm::Value *emitFloorDivision(FunctionState &state, llvm::Value *dividend, llvm::Value *divisor,
                               bool isSigned, bool quotient);

//===-----------------------------------------------------------------------------------------===//
// EmitArray.cpp: buffers
//===-----------------------------------------------------------------------------------------===//

/// Memory in the entry block; inside a `parallel` in that of the thread.
llvm::AllocaInst *createEntryAlloca(FunctionState &state, llvm::Type *type,
                                    const llvm::Twine &name);

/// An array of values in memory.
llvm::Value *createTable(FunctionState &state, llvm::Type *element,
                         llvm::ArrayRef<llvm::Value *> values, const llvm::Twine &name);

/// The descriptor of an array, loaded if it is a handle; of the current storage if it has slots.
Descriptor descriptorOf(FunctionState &state, ir::BufferId buffer);

/// Writes a descriptor into memory of the form that the runtime takes.
llvm::Value *materialize(FunctionState &state, const Descriptor &descriptor);

/// The struct type of a descriptor.
llvm::StructType *descriptorType(ModuleState &module, unsigned dims);

/// The parts of a descriptor in memory.
HandleSlots slotsAt(FunctionState &state, llvm::Value *address, unsigned dims);
Descriptor loadSlots(FunctionState &state, const HandleSlots &slots);
void storeSlots(FunctionState &state, const HandleSlots &slots, const Descriptor &descriptor);

/// Memory for a handle, unbound.
HandleSlots createHandle(FunctionState &state, ir::BufferId buffer);
/// Memory for a scalar variable.
llvm::Value *createVariable(FunctionState &state, ir::BufferId buffer);

/// An element: its indices as values, then a load or a store.
llvm::Value *emitLoad(FunctionState &state, const ir::Access &access);
llvm::Value *emitGather(FunctionState &state, ir::BufferId buffer,
                        llvm::ArrayRef<llvm::Value *> indices);
void emitStore(FunctionState &state, const ir::Access &access, llvm::Value *value);
llvm::Value *emitElementAddress(FunctionState &state, const ir::Access &access);

/// The storage of a buffer with slots that is current now.
llvm::Value *currentSlot(FunctionState &state, ir::BufferId buffer);

/// The statements about names of arrays.
void emitAlloc(FunctionState &state, ir::BufferId buffer, Loc loc);
void emitView(FunctionState &state, const ir::View &view);
/// The answer to ir::StateQuestion::Even.
llvm::Value *emitIsEven(FunctionState &state, ir::BufferId buffer);
void emitBind(FunctionState &state, ir::BufferId handle, ir::BufferId source);
/// The handle names an array that is owned already; what it named before is let go.
void moveToHandle(FunctionState &state, ir::BufferId handle, const Descriptor &array);
void emitDrop(FunctionState &state, ir::BufferId buffer);

//===-----------------------------------------------------------------------------------------===//
// EmitAlias.cpp: metadata of loads and stores
//===-----------------------------------------------------------------------------------------===//

/// An element: its address and the scopes of its array and of its storage in alias metadata.
struct Place {
  llvm::Value *address;
  llvm::MDNode *array = nullptr, *slot = nullptr;
};

/// Marks a load or store of an element with what alias analysis may know.
void annotate(FunctionState &state, llvm::Instruction *access, ir::BufferId buffer,
              const Place &place);

/// A new scope: the accesses of one own array and of its views.
llvm::MDNode *createScope(FunctionState &state, llvm::StringRef name);

/// Scopes for the storages of buffers with slots that a compute of one axis touches. LLVM then
/// carries an element of a stencil from one iteration to the next in place of loading it again.
/// That leaves the end of a row to a scalar loop, so for the shorter rows of several axes it does
/// not pay.
void openSlotScopes(FunctionState &state, const ir::Stmt &stmt);

/// The scope of the storage that the open compute names by this slot.
llvm::MDNode *scopeOfSlot(FunctionState &state, ir::BufferId buffer,
                          const std::optional<ir::Affine> &slot);

/// Gives the accesses of a finished function their alias metadata.
void attachAliasScopes(FunctionState &state);

//===-----------------------------------------------------------------------------------------===//
// EmitNest.cpp, EmitTree.cpp: computes and loops
//===-----------------------------------------------------------------------------------------===//

/// iterator = lo, lo + step, ... < hi around what `body` emits. With `independent` no iteration
/// touches an element that another writes.
void emitCountedLoop(FunctionState &state, llvm::Value *lo, llvm::Value *hi, int64_t step,
                     llvm::StringRef name, bool independent,
                     llvm::function_ref<void(llvm::Value *)> body);

/// The same for the iterations of an axis that this rank and this thread run, which are all where
/// nobody divides them. `innermost`: neighbouring iterations touch neighbouring elements.
void emitIterations(FunctionState &state, const ir::Axis &axis, llvm::Value *lo, llvm::Value *hi,
                    bool independent, bool innermost, llvm::function_ref<void(llvm::Value *)> body);

/// `stmt` is a compute.
void emitCompute(FunctionState &state, const ir::Stmt &stmt);

/// Whether no point of the compute touches an element that another point of the axis writes. A
/// scalar variable that is reduced does not count: it is not in memory when loops are vectorised.
bool isIndependent(FunctionState &state, const ir::Compute &compute, const ir::Axis &axis);

/// The assignments of a point in their order. What a tree sum adds goes to `addend`.
void emitAssignments(FunctionState &state, const ir::Compute &compute,
                     llvm::function_ref<void(const ir::Assign &, llvm::Value *)> addend);

/// old op value.
llvm::Value *emitUpdate(FunctionState &state, ir::AssignOp op, ir::DType type, llvm::Value *old,
                        llvm::Value *value);

/// target = value, or target op= value.
void emitStoreOrUpdate(FunctionState &state, const ir::Assign &assign, llvm::Value *value);

bool isTree(const ir::Assign &assign);

/// The sum of 1 to 128 numbers in a row, as a leaf of a tree (EmitLeafSum.cpp).
inline constexpr unsigned lanesOfLeaves = 8;
llvm::Value *emitLeafSum(FunctionState &state, llvm::Value *numbers, llvm::Value *count,
                         llvm::Type *type);

/// The innermost loops of a compute with tree sums: over the axes of all its trees, in their order.
void emitTrees(FunctionState &state, const ir::Compute &compute,
               llvm::ArrayRef<const ir::Axis *> treeAxes);

/// A compute that is a product of matrices: by the runtime where it is large, else by its loops,
/// which `emitLoops` emits. False, and nothing, for other computes.
bool emitProduct(FunctionState &state, const ir::Compute &compute,
                 llvm::function_ref<void()> emitLoops);

/// The number of iterations: 0 where hi <= lo.
llvm::Value *emitTripCount(FunctionState &state, llvm::Value *lo, llvm::Value *hi, int64_t step);

//===-----------------------------------------------------------------------------------------===//
// EmitTeam.cpp: teams of threads
//===-----------------------------------------------------------------------------------------===//

void emitParallel(FunctionState &state, const ir::Parallel &region);
void emitSingle(FunctionState &state, const ir::Single &single);
void emitBarrier(FunctionState &state);

/// A part of the iterations lo, lo + step, ... < hi.
struct OwnRange {
  llvm::Value *lo, *hi;
};

/// The row of iterations of this thread. `granularity`: rows begin at multiples of it, so that
/// threads share few cache lines.
OwnRange emitRowOfThread(FunctionState &state, llvm::Value *lo, llvm::Value *hi, int64_t step,
                         uint64_t granularity);

/// The loop of a mapped axis: this thread's iterations. `independent` as for emitCountedLoop;
/// `innermost`: neighbouring iterations touch neighbouring elements.
void emitMappedLoop(FunctionState &state, const ir::Axis &axis, llvm::Value *lo, llvm::Value *hi,
                    bool independent, bool innermost, llvm::function_ref<void(llvm::Value *)> body);

/// The loop of this thread's part of lo, lo + step, ... < hi.
void emitShare(FunctionState &state, llvm::Value *lo, llvm::Value *hi, int64_t step,
               llvm::StringRef name, llvm::function_ref<void(llvm::Value *)> body);

/// Runs `emit` on the thread that entered the region.
void emitOnMaster(FunctionState &state, const llvm::Twine &name, llvm::function_ref<void()> emit);

/// Around the loops of a compute with a mapped red axis: each thread reduces into variables of its
/// own, which then update the shared ones.
void emitShares(FunctionState &state, const ir::Compute &compute, llvm::function_ref<void()> emit);

/// The value that changes nothing.
llvm::Value *neutralOf(FunctionState &state, ir::AssignOp op, ir::DType type);

/// Moves the regions of the module to functions of their own, when all is emitted.
void finishTeams(ModuleState &module);

//===-----------------------------------------------------------------------------------------===//
// EmitRankShares.cpp, EmitExchange.cpp: programs for ranks
//===-----------------------------------------------------------------------------------------===//

/// At the begin of each function.
void loadRanks(FunctionState &state);

/// Of lo, lo + step, ... < hi those that this rank has of a distribution in blocks.
OwnRange emitOwnRange(FunctionState &state, const ir::Axis &axis, llvm::Value *lo, llvm::Value *hi);

/// Whether this rank has an iteration of a cyclic axis.
llvm::Value *emitIsOwn(FunctionState &state, const ir::Axis &axis, llvm::Value *iteration);

/// The loop of a divided axis: this rank's iterations, of which each thread may have its own.
void emitOwnIterations(FunctionState &state, const ir::Axis &axis, llvm::Value *lo, llvm::Value *hi,
                       bool independent, bool innermost,
                       llvm::function_ref<void(llvm::Value *)> body);

/// Around the loops of a compute or loop with a divided axis: reductions over it and errors in it
/// are those of all ranks.
void emitShareOfRank(FunctionState &state, const ir::Stmt &stmt, llvm::function_ref<void()> loops);

/// A divided compute in which a tree sum stands beside other assignments, as one that stores and
/// one that adds up: a subtree's rank is not that of each of its points. Otherwise empty.
std::vector<ir::Stmt> splitAtTrees(FunctionState &state, const ir::Stmt &stmt);

void emitExchange(FunctionState &state, const ir::Exchange &exchange, Loc loc);
void emitRanksBroadcast(FunctionState &state, ir::BufferId variable, Loc loc);

//===-----------------------------------------------------------------------------------------===//
// EmitKernel.cpp, EmitGrid.cpp, EmitDevice.cpp: programs with a device
//===-----------------------------------------------------------------------------------------===//

/// The first parameters of a kernel's body: the thread's numbers along x, y and z, and how many
/// threads there are along each.
inline constexpr unsigned placeParameters = 6;

/// hpc_gpu_failure.
llvm::StructType *failureType(llvm::LLVMContext &context);

/// A statement with axes of the grid: its kernel in the device's module, and the launch here.
void emitKernel(FunctionState &state, const ir::Stmt &stmt);

/// In a kernel: the thread's iterations of a mapped axis.
void emitGridIterations(FunctionState &state, const ir::Axis &axis, llvm::Value *lo,
                        llvm::Value *hi, llvm::function_ref<void(llvm::Value *)> body);

/// In a kernel: leaves the error in the record unless an earlier point has one, and ends the
/// thread.
void emitFailure(FunctionState &state, int errorId, Loc loc,
                 llvm::ArrayRef<llvm::Value *> arguments);

/// A kernel under this name that combines 64 partial results into one: pairs of neighbours of a
/// tree, or one after the other. Made once; what holds it at run time.
llvm::GlobalVariable *combiningKernel(FunctionState &state, ir::AssignOp op, ir::DType type,
                                      bool tree);

/// Makes a function with this body, which begins with the `placeParameters`, a kernel: for a GPU or
/// for the emulation. Parameters that the body does not use are not the kernel's; `isUsed` says
/// which of the others are.
llvm::GlobalVariable *finishKernel(FunctionState &host, llvm::Function *body, llvm::StringRef name,
                                   llvm::SmallVectorImpl<bool> &isUsed);

/// Starts a kernel: as many threads along x, y and z, in blocks.
void emitLaunch(FunctionState &state, llvm::GlobalVariable *kernel,
                llvm::ArrayRef<llvm::Value *> blocks, llvm::ArrayRef<llvm::Value *> threads,
                llvm::ArrayRef<llvm::Value *> arguments, Loc loc);

/// At the begin of `main`: opens the device. The kernels of the module are complete.
void emitDeviceStart(FunctionState &state, llvm::StringRef ptx, Loc loc);

void emitTransfer(FunctionState &state, const ir::Transfer &transfer, Loc loc);

//===-----------------------------------------------------------------------------------------===//
// EmitStmt.cpp: statements
//===-----------------------------------------------------------------------------------------===//

void emitBlock(FunctionState &state, const ir::Block &block);

/// Reports a program that the verifier should have refused.
void reportFault(FunctionState &state, const llvm::Twine &text);

//===-----------------------------------------------------------------------------------------===//
// EmitDebug.cpp: line tables. Nothing happens without `beginDebugInfo`.
//===-----------------------------------------------------------------------------------------===//

void beginDebugInfo(ModuleState &module);

/// Makes the function known to debuggers, at the line of its source.
void attachDebugInfo(FunctionState &state);

/// What is emitted from now on belongs to a place of the source; an invalid Loc changes nothing.
void setDebugLocation(FunctionState &state, Loc loc);

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_EMIT_H
