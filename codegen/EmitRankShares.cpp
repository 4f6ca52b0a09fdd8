//===- EmitRankShares.cpp - what one rank does of a divided axis -----------------------------===//
//
// The bounds of a divided axis or loop are cut down to the rank's own iterations, by arithmetic on
// its number. Around the loops of a divided reduction each rank starts from the value that changes
// nothing, and the ranks combine what they got; reductions whose order counts go from rank to rank.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Ranks.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::codegen {

using namespace llvm;
using ir::AssignOp;
using ir::BufferId;

static_assert(int(AssignOp::Add) == HPC_RANKS_ADD && int(AssignOp::Multiply) == HPC_RANKS_MULTIPLY);
static_assert(int(AssignOp::Minimum) == HPC_RANKS_MINIMUM &&
              int(AssignOp::Maximum) == HPC_RANKS_MAXIMUM);
static_assert(int(AssignOp::And) == HPC_RANKS_AND && int(AssignOp::Or) == HPC_RANKS_OR);

void loadRanks(FunctionState &state) {
  constexpr uint64_t most = uint64_t(1) << 31;
  CallInst *rank = callRuntime(state, Entry::hpc_ranks_rank);
  CallInst *size = callRuntime(state, Entry::hpc_ranks_size);
  // That nobody divides by zero lets LLVM move the arithmetic of shares out of loops.
  rank->addRangeRetAttr(ConstantRange(APInt(64, 0), APInt(64, most)));
  size->addRangeRetAttr(ConstantRange(APInt(64, 1), APInt(64, most)));
  state.ranks = Ranks{rank, size};
}

//===-----------------------------------------------------------------------------------------===//
// Own iterations
//===-----------------------------------------------------------------------------------------===//

static Value *largest(FunctionState &state, Value *a, Value *b) {
  return state.builder.CreateBinaryIntrinsic(Intrinsic::smax, a, b);
}
static Value *smallest(FunctionState &state, Value *a, Value *b) {
  return state.builder.CreateBinaryIntrinsic(Intrinsic::smin, a, b);
}

/// The first of lo, lo + step, ... that is not below a bound.
static Value *alignUp(FunctionState &state, Value *bound, Value *lo, int64_t step) {
  IRBuilder<> &builder = state.builder;
  if (step == 1)
    return largest(state, bound, lo);
  Value *above = largest(state, builder.CreateSub(bound, lo), builder.getInt64(0));
  Value *steps = builder.CreateUDiv(builder.CreateAdd(above, builder.getInt64(step - 1)),
                                    builder.getInt64(step));
  return builder.CreateAdd(lo, builder.CreateMul(steps, builder.getInt64(step)));
}

namespace {

/// A rank's share of blocks, in iterations; what the first and the last rank have beyond is not in
/// it.
struct Block {
  Value *begin, *end;
};

} // namespace

static Block emitBlockOf(FunctionState &state, const ir::Distribution &over) {
  IRBuilder<> &builder = state.builder;
  Value *rows = largest(state, emitAffine(state, over.rows), builder.getInt64(0));
  Value *offset = emitAffine(state, over.offset);
  auto bound = [&](Value *rank) {
    Value *product = builder.CreateMul(rows, rank, "", true, true);
    return builder.CreateSub(builder.CreateUDiv(product, state.ranks->size), offset);
  };
  return {bound(state.ranks->rank),
          bound(builder.CreateAdd(state.ranks->rank, builder.getInt64(1)))};
}

/// This is the last rank.
static Value *emitIsLast(FunctionState &state) {
  IRBuilder<> &builder = state.builder;
  return builder.CreateICmpEQ(builder.CreateAdd(state.ranks->rank, builder.getInt64(1)),
                              state.ranks->size);
}

OwnRange emitOwnRange(FunctionState &state, const ir::Axis &axis, Value *lo, Value *hi) {
  IRBuilder<> &builder = state.builder;
  Block block = emitBlockOf(state, axis.ranks->over);
  Value *from = alignUp(state, block.begin, lo, axis.step);
  Value *to = smallest(state, block.end, hi);
  return {builder.CreateSelect(builder.CreateIsNull(state.ranks->rank), lo, from),
          builder.CreateSelect(emitIsLast(state), hi, to)};
}

/// Of the own iterations those that lie inside of the share.
static OwnRange emitInside(FunctionState &state, const ir::Axis &axis, Value *lo, Value *hi) {
  IRBuilder<> &builder = state.builder;
  const ir::RankMapping &mapping = *axis.ranks;
  Block block = emitBlockOf(state, mapping.over);
  Value *begin = builder.CreateAdd(block.begin, builder.getInt64(mapping.left));
  Value *end = builder.CreateSub(block.end, builder.getInt64(mapping.right));
  return {alignUp(state, begin, lo, axis.step), smallest(state, end, hi)};
}

Value *emitIsOwn(FunctionState &state, const ir::Axis &axis, Value *iteration) {
  IRBuilder<> &builder = state.builder;
  Value *place = builder.CreateAdd(iteration, emitAffine(state, axis.ranks->over.offset));
  Value *owner = emitFloorDivision(state, place, state.ranks->size, /*isSigned=*/true,
                                   /*quotient=*/false);
  return builder.CreateICmpEQ(owner, state.ranks->rank);
}

/// Runs `emit` where the condition holds.
static void emitWhere(FunctionState &state, Value *condition, const Twine &name,
                      function_ref<void()> emit) {
  auto *then = BasicBlock::Create(state.module.context, name, state.function);
  auto *next = BasicBlock::Create(state.module.context, name + ".end", state.function);
  state.builder.CreateCondBr(condition, then, next);
  state.builder.SetInsertPoint(then);
  emit();
  state.builder.CreateBr(next);
  state.builder.SetInsertPoint(next);
}

/// Every iteration whose number is this rank's modulo the number of ranks.
static void emitCyclic(FunctionState &state, const ir::Axis &axis, const ir::Axis &own, Value *lo,
                       Value *hi, bool innermost, function_ref<void(Value *)> body) {
  IRBuilder<> &builder = state.builder;
  if (axis.step != 1)
    return emitIterations(state, own, lo, hi, /*independent=*/false, innermost, [&](Value *i) {
      emitWhere(state, emitIsOwn(state, axis, i), "own", [&] { body(i); });
    });
  Value *size = state.ranks->size;
  Value *place = builder.CreateAdd(lo, emitAffine(state, axis.ranks->over.offset));
  Value *behind = emitFloorDivision(state, builder.CreateSub(state.ranks->rank, place), size,
                                    /*isSigned=*/true, /*quotient=*/false);
  Value *first = builder.CreateAdd(lo, behind);
  Value *rest = largest(state, builder.CreateSub(hi, first), builder.getInt64(0));
  Value *count = builder.CreateUDiv(
      builder.CreateAdd(rest, builder.CreateSub(size, builder.getInt64(1))), size);
  emitIterations(
      state, own, builder.getInt64(0), count, /*independent=*/false, innermost,
      [&](Value *position) { body(builder.CreateAdd(first, builder.CreateMul(position, size))); });
}

void emitOwnIterations(FunctionState &state, const ir::Axis &axis, Value *lo, Value *hi,
                       bool independent, bool innermost, function_ref<void(Value *)> body) {
  IRBuilder<> &builder = state.builder;
  ir::Axis own = axis;
  own.ranks.reset();
  if (axis.ranks->over.division == ir::Division::Cyclic)
    return emitCyclic(state, axis, own, lo, hi, innermost, body);
  if (axis.ranks->part == ir::RankPart::Inner) {
    OwnRange inside = emitInside(state, axis, lo, hi);
    return emitIterations(state, own, inside.lo, inside.hi, independent, innermost, body);
  }
  OwnRange range = emitOwnRange(state, axis, lo, hi);
  if (axis.ranks->part == ir::RankPart::All)
    return emitIterations(state, own, range.lo, range.hi, independent, innermost, body);
  // Outside are what lies before the inside and what lies behind it; its end may lie before its
  // begin.
  OwnRange inside = emitInside(state, axis, lo, hi);
  Value *firstEnd = smallest(state, inside.lo, range.hi);
  Value *behind = alignUp(state, inside.hi, lo, axis.step);
  Value *secondBegin = largest(state, largest(state, firstEnd, behind), range.lo);
  secondBegin = alignUp(state, secondBegin, lo, axis.step);
  emitCountedLoop(state, builder.getInt64(0), builder.getInt64(2), 1, "side",
                  /*independent=*/false, [&](Value *side) {
                    Value *isSecond = builder.CreateIsNotNull(side);
                    emitIterations(state, own,
                                   builder.CreateSelect(isSecond, secondBegin, range.lo),
                                   builder.CreateSelect(isSecond, range.hi, firstEnd), independent,
                                   innermost, body);
                  });
}

//===-----------------------------------------------------------------------------------------===//
// What all ranks get of it
//===-----------------------------------------------------------------------------------------===//

/// A tree sum that the ranks divide into subtrees.
static bool isDividedTree(const ir::Assign &assign, const ir::Axis &axis) {
  return isTree(assign) && is_contained(assign.treeAxes, axis.iterator);
}

namespace {

/// A target of a divided reduction, or of a part of a chain.
struct Target {
  const ir::Assign *assign;
  bool isScalar;
  Value *shared = nullptr, *partial = nullptr; // the memory of a scalar
};

class ShareOfRank {
public:
  ShareOfRank(FunctionState &state, const ir::Stmt &stmt) : state(state), builder(state.builder) {
    where = locationOf(state, stmt.loc);
    if (const auto *compute = std::get_if<ir::Compute>(&stmt.node))
      findTargets(*compute);
    addRisks(stmt);
    ir::forEachInnerBlock(stmt, [&](const ir::Block &block) {
      ir::forEachStmt(block, [&](const ir::Stmt &inner) { addRisks(inner); });
    });
    raises &= chained.empty(); // a chain says so by itself
  }

  void emit(function_ref<void()> loops) {
    receiveChain();
    openPartials();
    if (raises)
      callRuntime(state, Entry::hpc_ranks_shares_begin);
    loops();
    if (raises)
      callRuntime(state, Entry::hpc_ranks_shares_end, where);
    sendChain(); // first: the ranks behind wait for it before they come to combine
    combinePartials();
  }

private:
  void findTargets(const ir::Compute &compute) {
    const ir::Axis &axis = *ir::dividedAxisOf(compute);
    isTeamwork = state.team && any_of(compute.axes, [](const ir::Axis &each) {
                   return each.mapping != ir::Mapping::None;
                 });
    std::set<BufferId> seen;
    for (const ir::Assign &assign : compute.body) {
      const ir::Buffer &buffer = state.program()[assign.target.buffer];
      bool indexed = any_of(assign.target.indices, [&](const ir::Index &index) {
        return index.form.coefficientOf(axis.iterator) != 0;
      });
      if (axis.kind == ir::AxisKind::Par || buffer.home || indexed || isDividedTree(assign, axis) ||
          is_contained(compute.locals, assign.target.buffer) ||
          !seen.insert(assign.target.buffer).second)
        continue;
      bool isScalar = buffer.dims == 0;
      if (!isScalar && buffer.storage != ir::Storage::Own)
        reportFault(state, "ranks reduce an array that is not their own");
      bool ordered = axis.kind == ir::AxisKind::Seq || assign.op == AssignOp::Set ||
                     assign.order != ir::ReductionOrder::Any;
      (ordered ? chained : reduced).push_back({&assign, isScalar});
    }
  }

  /// Whether a rank can come to an error in its share.
  void addRisks(const ir::Stmt &stmt) {
    ir::forEachScalar(stmt, [&](const ir::Scalar &scalar) { raises |= ir::canRaise(scalar); });
    raises |= std::holds_alternative<ir::Check>(stmt.node);
    if (const auto *call = std::get_if<ir::Call>(&stmt.node)) {
      const ir::Function *callee = state.program().find(call->callee);
      raises |= !callee || callee->effects.fails;
    }
  }

  Type *typeOf(const Target &target) {
    return memoryType(state.module, state.program()[target.assign->target.buffer].type);
  }

  /// Memory that the threads of a team share.
  Value *createShared(Type *type, const Twine &name) {
    BasicBlock &entry = state.function->getEntryBlock();
    return IRBuilder<>(&entry, entry.begin()).CreateAlloca(type, nullptr, name);
  }

  /// What one thread does for the others, between barriers if the loops are theirs together.
  void once(const Twine &name, function_ref<void()> emit) {
    if (!isTeamwork)
      return emit();
    emitBarrier(state);
    emitOnMaster(state, name, emit);
    emitBarrier(state);
  }

  /// The first element and the number of elements of an array.
  std::pair<Value *, Value *> elementsOf(const Target &target) {
    ir::Access first = target.assign->target;
    for (ir::Index &index : first.indices)
      index = ir::Index(ir::Affine(0));
    Value *count = builder.getInt64(1);
    for (Value *size : descriptorOf(state, first.buffer).shape)
      count = builder.CreateMul(count, size, "", true, true);
    return {emitElementAddress(state, first), count};
  }

  /// Each rank reduces into memory of its own: of an array the first rank goes on from what is
  /// there.
  void openPartials() {
    if (reduced.empty())
      return;
    for (Target &target : reduced)
      if (target.isScalar) {
        target.partial = createShared(typeOf(target), "partial");
        target.shared = exchangeVariable(target, target.partial);
      }
    once("partials", [&] {
      for (const Target &target : reduced) {
        ir::DType type = state.program()[target.assign->target.buffer].type;
        Value *neutral = neutralOf(state, target.assign->op, type);
        if (target.isScalar)
          builder.CreateStore(neutral, target.partial);
        else
          emitWhere(state, builder.CreateIsNotNull(state.ranks->rank), "neutral",
                    [&] { fill(target, neutral); });
      }
    });
  }

  void fill(const Target &target, Value *value) {
    auto [elements, count] = elementsOf(target);
    emitCountedLoop(state, builder.getInt64(0), count, 1, "fill", /*independent=*/false,
                    [&, elements = elements](Value *at) {
                      builder.CreateStore(
                          value, builder.CreateInBoundsGEP(value->getType(), elements, at));
                    });
  }

  void combinePartials() {
    if (reduced.empty())
      return;
    once("combine", [&] {
      for (const Target &target : reduced)
        if (target.isScalar)
          combineScalar(target);
        else
          combineArray(target);
    });
    for (const Target &target : reduced)
      if (target.isScalar)
        exchangeVariable(target, target.shared);
  }

  /// Gives a scalar variable other memory, or that of a global; returns what it had.
  Value *exchangeVariable(const Target &target, Value *memory) {
    uint32_t variable = target.assign->target.buffer.index;
    Value *before = state.variables.lookup(variable);
    if (memory)
      state.variables[variable] = memory;
    else
      state.variables.erase(variable);
    return before;
  }

  void callCombine(const Target &target, Value *values, Value *count) {
    ir::DType type = state.program()[target.assign->target.buffer].type;
    callRuntime(state, Entry::hpc_ranks_combine,
                {values, count, builder.getInt32(static_cast<uint32_t>(type)),
                 builder.getInt32(static_cast<uint32_t>(target.assign->op)), where});
  }

  /// Through memory of the call's own, so that the partial value stays a register.
  void combineScalar(const Target &target) {
    Value *memory = createEntryAlloca(state, typeOf(target), "combined");
    builder.CreateStore(builder.CreateLoad(typeOf(target), target.partial), memory);
    callCombine(target, memory, builder.getInt64(1));
    exchangeVariable(target, memory);
    Value *all = emitLoad(state, target.assign->target);
    exchangeVariable(target, target.shared);
    emitStoreOrUpdate(state, *target.assign, all);
  }

  void combineArray(const Target &target) {
    auto [elements, count] = elementsOf(target);
    callCombine(target, elements, count);
  }

  //===---------------------------------------------------------------------------------------===//
  // Chains
  //===---------------------------------------------------------------------------------------===//

  /// The scalars of a chain travel together, each in eight bytes.
  void receiveChain() {
    if (chained.empty())
      return;
    scalars =
        createEntryAlloca(state, ArrayType::get(builder.getInt64Ty(), chained.size()), "chain");
    once("receive", [&] { passChain(Entry::hpc_ranks_chain_receive); });
  }

  void sendChain() {
    if (chained.empty())
      return;
    once("send", [&] {
      passChain(Entry::hpc_ranks_chain_send);
      passChain(Entry::hpc_ranks_chain_end);
    });
  }

  void passChain(Entry entry) {
    auto place = [&](size_t i) {
      return builder.CreateConstInBoundsGEP1_64(builder.getInt64Ty(), scalars, i);
    };
    auto forEachScalar = [&](function_ref<void(size_t, const Target &, Value *)> visit) {
      for (auto [i, target] : enumerate(chained))
        if (target.isScalar)
          visit(i, target, emitElementAddress(state, target.assign->target));
    };
    forEachScalar([&](size_t i, const Target &target, Value *variable) {
      builder.CreateStore(builder.CreateLoad(typeOf(target), variable), place(i));
    });
    constexpr uint64_t unit = 8;
    callRuntime(state, entry, {scalars, builder.getInt64(chained.size() * unit), where});
    forEachScalar([&](size_t i, const Target &target, Value *variable) {
      builder.CreateStore(builder.CreateLoad(typeOf(target), place(i)), variable);
    });
    for (const Target &target : chained) {
      if (target.isScalar)
        continue;
      auto [elements, count] = elementsOf(target);
      uint64_t bytes = ir::sizeOf(state.program()[target.assign->target.buffer].type);
      callRuntime(state, entry,
                  {elements, builder.CreateMul(count, builder.getInt64(bytes)), where});
    }
  }

  FunctionState &state;
  IRBuilder<> &builder;
  Value *where;
  std::vector<Target> reduced, chained;
  bool isTeamwork = false; // the threads of a team run the loops together
  bool raises = false;
  Value *scalars = nullptr;
};

} // namespace

//===-----------------------------------------------------------------------------------------===//
// Trees beside other assignments
//===-----------------------------------------------------------------------------------------===//

/// Whether two accesses may be of one storage.
static bool mayMeet(const ir::Program &program, const ir::Access &a, const ir::Access &b) {
  if (a.buffer != b.buffer)
    return false;
  ir::Affine none(0);
  std::optional<int64_t> distance =
      (a.slot ? *a.slot - (b.slot ? *b.slot : none) : none - (b.slot ? *b.slot : none))
          .asConstant();
  return !distance || *distance % program[a.buffer].slots == 0;
}

std::vector<ir::Stmt> splitAtTrees(FunctionState &state, const ir::Stmt &stmt) {
  const auto &compute = std::get<ir::Compute>(stmt.node);
  const ir::Axis *divided = ir::dividedAxisOf(compute);
  auto isLocal = [&](const ir::Assign &assign) {
    return is_contained(compute.locals, assign.target.buffer);
  };
  auto isSum = [&](const ir::Assign &assign) { return isDividedTree(assign, *divided); };
  auto isStore = [&](const ir::Assign &assign) { return !isSum(assign) && !isLocal(assign); };
  if (!divided || none_of(compute.body, isSum) || none_of(compute.body, isStore))
    return {};
  ir::Stmt stores = stmt, sums = stmt;
  erase_if(std::get<ir::Compute>(stores.node).body, isSum);
  erase_if(std::get<ir::Compute>(sums.node).body, isStore);
  for (const ir::Assign &store : make_filter_range(compute.body, isStore))
    ir::forEachAccess(sums, [&](const ir::Access &access, ir::Use) {
      if (mayMeet(state.program(), access, store.target))
        reportFault(state, "ranks add up what they store at the same points");
    });
  return {stores, sums};
}

void emitShareOfRank(FunctionState &state, const ir::Stmt &stmt, function_ref<void()> loops) {
  ShareOfRank(state, stmt).emit(loops);
}

} // namespace hpcc::codegen
