//===- Specialize.cpp - what became known of layouts is used ---------------------------------===//
//
// Takes a program whose handles are resolved. Allocations `like` arrays of known memory order get
// that order, and calls of the runtime's sum become computes that add in NumPy's order for the
// layout of their operand (docs/exactness.md, Sums):
//
//     call @lib.sum(%s, %e, 2)     ->     compute (i in [0, n) par) { %s[i] = 0.0 }
//                                         compute (i in [0, n) par, j in [0, m) red) {
//                                           %s[i] += %e[i, j] order tree(j)
//                                         }
//
// Where the order also depends on whether a size is one, a test selects the compute or the call.
//
//===-----------------------------------------------------------------------------------------===//

#include "SpecializeCalls.h"
#include "ir/Effects.h"
#include "ir/Layout.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// One call of the runtime's sum.
struct Sum {
  BufferId result, operand;
  uint32_t mask = 0;
  Loc loc;

  bool isReduced(unsigned dim) const { return ((mask >> dim) & 1) != 0; }
};

std::optional<Sum> asSum(const Stmt &stmt) {
  const auto *call = std::get_if<LibraryCall>(&stmt.node);
  if (!call || call->function != LibraryFunction::Sum)
    return std::nullopt;
  const auto *mask = std::get_if<ScalarConstant>(&std::get<Scalar>(call->arguments[2]).node);
  if (!mask)
    return std::nullopt;
  return Sum{std::get<BufferId>(call->arguments[0]), std::get<BufferId>(call->arguments[1]),
             static_cast<uint32_t>(mask->bits), stmt.loc};
}

/// How a sum runs: its dimensions from the outermost loop to the innermost. Of the last `run`
/// dimensions each setting of the others adds one tree to its cell; without a run the points are
/// added one by one.
struct SumOrder {
  std::vector<unsigned> dims;
  size_t run = 0;
  /// It is so unless all these sizes are one; empty if it is so in any case.
  std::vector<Affine> unlessOne;
};

class Specializer {
public:
  Specializer(Program &program, PassContext &context)
      : program(program), context(context), layouts(program) {}

  void specialize(Block &block) {
    Block result;
    for (Stmt &stmt : block) {
      forEachInnerBlock(stmt, [&](Block &inner) { specialize(inner); });
      if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
        layOut(alloc->buffer);
      std::optional<Sum> sum = asSum(stmt);
      std::optional<SumOrder> order = sum ? orderOf(*sum) : std::nullopt;
      if (!order)
        result.push_back(std::move(stmt));
      else
        llvm::move(replace(std::move(stmt), *sum, *order), std::back_inserter(result));
    }
    block = std::move(result);
  }

private:
  void layOut(BufferId buffer) {
    if (program[buffer].like.empty())
      return;
    std::optional<std::vector<unsigned>> layout = layouts.resolveLike(buffer);
    if (!layout)
      return;
    program[buffer].like.clear();
    program[buffer].layout = std::move(*layout);
    context.count("layouts known");
  }

  std::optional<SumOrder> orderOf(const Sum &sum) {
    auto declined = [&](const llvm::Twine &fact) {
      context.missed(sum.loc, "the sum asks for the layout of %" + program[sum.operand].name +
                                  " when it runs: " + fact);
      return std::nullopt;
    };
    if (program[sum.result].type != program[sum.operand].type)
      return declined("its elements are converted, which NumPy does in pieces");
    if (program[sum.result].storage != Storage::Own)
      return declined("its result is part of another array");
    std::optional<MemoryOrder> memory = layouts.orderOf(sum.operand);
    if (!memory)
      return declined("no statement fixes it");
    if (memory->repeats)
      return declined("a dimension may be repeated");
    SumOrder order;
    // Dimensions of size one, which a slice or index added, have any place.
    for (unsigned dim = 0; dim < program[sum.operand].dims; ++dim)
      if (!llvm::is_contained(memory->dims, dim))
        order.dims.push_back(dim);
    llvm::append_range(order.dims, memory->dims);
    return memory->packed || llvm::popcount(sum.mask) == 1
               ? completed(sum, std::move(order))
               : completedInRows(sum, std::move(order), declined);
  }

  /// Sizes of the kept dimensions at the end of the order.
  std::vector<Affine> innerKept(const Sum &sum, llvm::ArrayRef<unsigned> dims) const {
    std::vector<Affine> sizes;
    for (unsigned dim : llvm::reverse(dims)) {
      if (sum.isReduced(dim))
        break;
      sizes.push_back(layouts.shapeOf(sum.operand)[dim]);
    }
    return sizes;
  }

  /// One dimension, or any of an array without gaps.
  std::optional<SumOrder> completed(const Sum &sum, SumOrder order) const {
    order.unlessOne = innerKept(sum, order.dims);
    if (!order.unlessOne.empty() || order.dims.empty())
      return decided(std::move(order));
    while (order.run < order.dims.size() &&
           sum.isReduced(order.dims[order.dims.size() - 1 - order.run]))
      ++order.run;
    llvm::ArrayRef<unsigned> outer = llvm::ArrayRef(order.dims).drop_back(order.run);
    if (llvm::none_of(outer, [&](unsigned dim) { return sum.isReduced(dim); }))
      return order;
    // Summed dimensions further out join the run if all between are of size one.
    order.unlessOne = innerKept(sum, outer);
    return decided(std::move(order));
  }

  /// Several dimensions of a part of an array: known where the innermost one is kept.
  template <typename F>
  std::optional<SumOrder> completedInRows(const Sum &sum, SumOrder order, F declined) const {
    order.unlessOne = innerKept(sum, order.dims);
    if (order.unlessOne.empty())
      return declined("NumPy adds several dimensions of a part of an array in pieces");
    return decided(std::move(order));
  }

  static std::optional<SumOrder> decided(SumOrder order) {
    // A size that is not one settles it.
    for (const Affine &size : order.unlessOne)
      if (std::optional<int64_t> constant = size.asConstant(); constant && *constant != 1) {
        order.unlessOne.clear();
        break;
      }
    return order;
  }

  Block replace(Stmt call, const Sum &sum, const SumOrder &order) {
    context.passed(sum.loc,
                   order.run == 0
                       ? llvm::Twine("the sum adds whole rows in order")
                       : llvm::Twine("the sum is one tree for each element of the result"));
    context.count("sums made computes");
    Block computes = computesFor(sum, order);
    if (order.unlessOne.empty())
      return computes;
    std::optional<Scalar> condition;
    for (const Affine &size : order.unlessOne) {
      Scalar test =
          apply(program, ScalarOp::NotEqual, {affineScalar(size), affineScalar(Affine(1))});
      condition = condition ? apply(program, ScalarOp::Or, {std::move(*condition), std::move(test)})
                            : std::move(test);
    }
    If branch{std::move(*condition), std::move(computes), {}};
    branch.elseBody.push_back(std::move(call));
    return {Stmt{std::move(branch), sum.loc}};
  }

  /// result = 0; result += operand, in the order.
  Block computesFor(const Sum &sum, const SumOrder &order) {
    const Buffer &operand = program[sum.operand];
    std::vector<SymbolId> symbols, zeroSymbols;
    std::vector<Index> indices, target, zeroTarget;
    std::vector<Axis> zeroAxes;
    std::vector<Affine> shape = layouts.shapeOf(sum.operand);
    DType type = operand.type;
    for (unsigned dim = 0; dim < shape.size(); ++dim) {
      symbols.push_back(program.addSymbol("i"));
      indices.push_back(symbols.back());
      if (sum.isReduced(dim))
        continue;
      target.push_back(symbols.back());
      SymbolId zero = program.addSymbol("i");
      zeroTarget.push_back(zero);
      zeroAxes.push_back({zero, Bound(0), Bound(shape[dim]), 1, AxisKind::Par});
    }
    Assign add;
    add.target = {sum.result, std::nullopt, std::move(target)};
    add.op = AssignOp::Add;
    add.value = load(sum.operand, std::move(indices));
    add.order = order.run == 0 ? ReductionOrder::Seq : ReductionOrder::Tree;
    add.loc = sum.loc;
    std::vector<Axis> axes;
    for (size_t place = 0; place < order.dims.size(); ++place) {
      unsigned dim = order.dims[place];
      bool inRun = place + order.run >= order.dims.size();
      // Outside of a run, summed dimensions are settings that follow each other.
      AxisKind kind = !sum.isReduced(dim)       ? AxisKind::Par
                      : inRun || order.run == 0 ? AxisKind::Red
                                                : AxisKind::Seq;
      axes.push_back({symbols[dim], Bound(0), Bound(shape[dim]), 1, kind});
      if (inRun)
        add.treeAxes.push_back(symbols[dim]);
    }
    Assign zero;
    zero.target = {sum.result, std::nullopt, std::move(zeroTarget)};
    zero.value = constantOf(type, 0.0);
    zero.loc = sum.loc;
    Block block;
    block.push_back({Compute{std::move(zeroAxes), {std::move(zero)}}, sum.loc});
    block.push_back({Compute{std::move(axes), {std::move(add)}}, sum.loc});
    return block;
  }

  Program &program;
  PassContext &context;
  const Layouts layouts;
};

} // namespace

void specialize(Program &program, PassContext &context) {
  specializeCalls(program, context);
  Specializer specializer(program, context);
  for (Function &function : program.functions) {
    specializer.specialize(function.body);
    placeDrops(program, function);
  }
  setEffects(program);
}

} // namespace hpcc::ir
