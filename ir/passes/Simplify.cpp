//===- Simplify.cpp - algebra, repeated and invariant computes, dead code --------------------===//
//
// Takes a canonical program; leaves one that computes less and stores the same bits:
//   algebra    x*1, x/1, x-0.0, x+(-0.0), -(-x), division by a power of two. Nothing that a NaN, an
//              infinity or a zero's sign could tell apart (x+0.0, x*0, x-x stay)
//   repeated   a compute that stores what an earlier one has stored loads it instead
//   invariant  a temporary of a loop whose value does not change in it is computed before it
//   dead       what nothing reads
// Repeated subexpressions of one point and invariant scalars are left to LLVM, which sees them.
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Simplify.h"
#include "ir/Effects.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "ir/RemoveDead.h"
#include "ir/Touches.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <set>

namespace hpcc::ir {
namespace {

//===-----------------------------------------------------------------------------------------===//
// Algebra
//===-----------------------------------------------------------------------------------------===//

/// The value of a float constant, also of one that is converted, if the tree is one.
std::optional<double> asFloatConstant(const Scalar &scalar) {
  auto *constant = std::get_if<ScalarConstant>(&scalar.node);
  if (!constant || !isFloat(constant->type))
    return std::nullopt;
  return asDouble(*constant);
}

bool isNegativeZero(double value) { return value == 0.0 && std::signbit(value); }
bool isPositiveZero(double value) { return value == 0.0 && !std::signbit(value); }

/// The reciprocal, where multiplying by it gives the bits of the division: of a power of two whose
/// reciprocal is a normal number of the type.
std::optional<double> exactReciprocal(double divisor, DType type) {
  int exponent = 0;
  if (!std::isfinite(divisor) || std::fabs(std::frexp(divisor, &exponent)) != 0.5)
    return std::nullopt;
  int limit = type == DType::F32 ? 120 : 1000;
  if (exponent < -limit || exponent > limit)
    return std::nullopt;
  return 1.0 / divisor;
}

/// Rewrites the root of a tree; returns whether it did.
bool simplifyAlgebra(Scalar &scalar) {
  auto *node = std::get_if<ScalarApply>(&scalar.node);
  if (!node || node->checked || !isFloat(node->type))
    return false;
  auto become = [&](size_t operand) {
    Scalar kept = std::move(node->operands[operand]);
    scalar = std::move(kept);
    return true;
  };
  auto constant = [&](size_t operand) { return asFloatConstant(node->operands[operand]); };
  switch (node->op) {
  case ScalarOp::Multiply:
    if (constant(1) == 1.0)
      return become(0);
    return constant(0) == 1.0 && become(1);
  case ScalarOp::Add:
    if (constant(1) && isNegativeZero(*constant(1)))
      return become(0);
    return constant(0) && isNegativeZero(*constant(0)) && become(1);
  case ScalarOp::Subtract:
    return constant(1) && isPositiveZero(*constant(1)) && become(0);
  case ScalarOp::Negate: {
    auto *inner = std::get_if<ScalarApply>(&node->operands[0].node);
    if (!inner || inner->op != ScalarOp::Negate || inner->checked)
      return false;
    Scalar kept = std::move(inner->operands[0]);
    scalar = std::move(kept);
    return true;
  }
  case ScalarOp::Divide: {
    if (constant(1) == 1.0)
      return become(0);
    std::optional<double> reciprocal =
        constant(1) ? exactReciprocal(*constant(1), node->type) : std::nullopt;
    if (!reciprocal)
      return false;
    node->op = ScalarOp::Multiply;
    node->operands[1] = constantOf(node->type, *reciprocal);
    return true;
  }
  default:
    return false;
  }
}

//===-----------------------------------------------------------------------------------------===//
// Repeated and invariant computes
//===-----------------------------------------------------------------------------------------===//

class SimplifyComputes {
public:
  SimplifyComputes(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), groups(program, function) {}

  void run() {
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
      shareRepeated(block, inner);
      hoistInvariant(block, inner);
      for (const Stmt &stmt : block)
        noteSafeAlloc(stmt, inner);
    });
    context.count("dead statements removed", removeDead(program, function, safeAllocs));
    placeDrops(program, function);
  }

private:
  /// A compute with one unguarded assignment over par axes into an array of its own, or null.
  const Compute *asDefinition(const Stmt &stmt) const {
    auto *compute = std::get_if<Compute>(&stmt.node);
    if (!compute || compute->axes.empty() || compute->body.size() != 1 || !compute->locals.empty())
      return nullptr;
    const Assign &assign = compute->body.front();
    const Buffer &target = program[assign.target.buffer];
    bool plain = assign.op == AssignOp::Set && !assign.guard && !canRaise(assign.value) &&
                 target.storage == Storage::Own && target.dims > 0 && target.slots == 1;
    return plain ? compute : nullptr;
  }

  /// Whether the compute updates what it reads: its value is not what it would compute again.
  bool readsItsTarget(const Compute &compute) const {
    bool reads = false;
    BufferId target = compute.body[0].target.buffer;
    forEachSubtree(compute.body[0].value, [&](const Scalar &tree) {
      if (auto *load = std::get_if<ScalarLoad>(&tree.node))
        reads |= groups.mayOverlap(load->access.buffer, target);
      else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
        reads |= groups.mayOverlap(gather->buffer, target);
    });
    return reads;
  }

  /// Whether two computes store equal values over equal boxes at equal indices.
  bool storeTheSame(const Compute &left, const Compute &right) {
    if (left.axes.size() != right.axes.size())
      return false;
    Stmt renamed{right, {}};
    auto &other = std::get<Compute>(renamed.node);
    for (auto [axis, target] : llvm::zip_equal(other.axes, left.axes)) {
      substitute(program, renamed, axis.iterator, Affine(target.iterator));
      axis.iterator = target.iterator;
    }
    return other.axes == left.axes && other.body[0].value == left.body[0].value &&
           other.body[0].target.indices == left.body[0].target.indices;
  }

  /// The second of two computes that store the same, with nothing changed in between, loads what
  /// the first has stored; elide-copies lets it go then.
  void shareRepeated(Block &block, const Facts &facts) {
    constexpr size_t furthest = 64;
    for (size_t index = 0; index < block.size(); ++index) {
      const Compute *second = asDefinition(block[index]);
      if (!second || std::holds_alternative<ScalarLoad>(second->body[0].value.node) ||
          std::holds_alternative<ScalarConstant>(second->body[0].value.node))
        continue;
      for (size_t earlier = index; earlier-- > (index > furthest ? index - furthest : 0);) {
        const Compute *first = asDefinition(block[earlier]);
        if (!first || first->body[0].target.buffer == second->body[0].target.buffer ||
            readsItsTarget(*first) || !storeTheSame(*first, *second))
          continue;
        if (changesBetween(block, earlier, index, facts))
          break;
        Access access = first->body[0].target;
        Assign load;
        load.target = access, load.value = {ScalarLoad{access}};
        Stmt value{Compute{first->axes, {load}}, {}};
        for (auto [axis, target] : llvm::zip_equal(first->axes, second->axes))
          substitute(program, value, axis.iterator, Affine(target.iterator));
        context.passed(block[index].loc, "computed before; loaded again", block[earlier].loc,
                       "the first time");
        context.count("repeated computes shared");
        std::get<Compute>(block[index].node).body[0].value =
            std::move(std::get<Compute>(value.node).body[0].value);
        break;
      }
    }
  }

  /// Whether what the earlier statement reads or stores is stored to before the later one runs.
  bool changesBetween(const Block &block, size_t earlier, size_t later, const Facts &facts) const {
    std::vector<BufferId> needed;
    forEachBuffer(block[earlier], [&](BufferId id) { needed.push_back(id); });
    for (size_t index = earlier + 1; index < later; ++index)
      if (changesAny(block[index], needed, facts))
        return true;
    return false;
  }

  bool changesAny(const Stmt &stmt, const std::vector<BufferId> &names, const Facts &facts) const {
    bool found = false;
    auto rebinds = [&](const Stmt &inner) {
      if (auto *bind = std::get_if<Bind>(&inner.node))
        found |= llvm::is_contained(names, bind->handle);
      else if (auto *call = std::get_if<Call>(&inner.node))
        for (BufferId result : call->results)
          found |= llvm::is_contained(names, result);
      forEachDeclaredBuffer(inner, [&](BufferId id) { found |= llvm::is_contained(names, id); });
    };
    rebinds(stmt);
    forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, rebinds); });
    for (const Touch &touch : touchesOf(stmt, program, facts))
      found |= isWrite(touch.use) && llvm::any_of(names, [&](BufferId id) {
                 return groups.mayOverlap(id, touch.footprint.buffer);
               });
    return found;
  }

  //===-------------------------------------------------------------------------------------===//

  /// Moves what loops of the block compute anew each time, always the same, before the loop.
  void hoistInvariant(Block &block, const Facts &facts) {
    for (size_t index = 0; index < block.size(); ++index) {
      Block *body = nullptr;
      if (auto *loop = std::get_if<Loop>(&block[index].node))
        body = &loop->body;
      else if (auto *loop = std::get_if<While>(&block[index].node))
        body = &loop->body;
      if (!body)
        continue;
      Block hoisted;
      while (std::optional<size_t> position = findInvariant(block[index], *body, facts))
        takeOut(*body, *position, hoisted);
      size_t count = hoisted.size();
      block.insert(block.begin() + static_cast<std::ptrdiff_t>(index),
                   std::make_move_iterator(hoisted.begin()),
                   std::make_move_iterator(hoisted.end()));
      index += count;
    }
  }

  /// A compute of the body into a temporary of the body that nothing else stores to, made of what
  /// the loop leaves alone. It raises nothing and stays in bounds, so that it may run although the
  /// loop does not.
  std::optional<size_t> findInvariant(const Stmt &loop, const Block &body,
                                      const Facts &facts) const {
    std::vector<SymbolId> inner;
    std::vector<BufferId> stored;
    auto collect = [&](const Stmt &stmt) {
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { inner.push_back(id); });
    };
    collect(loop);
    forEachStmt(body, collect);
    for (size_t index = 0; index < body.size(); ++index) {
      const Compute *compute = asDefinition(body[index]);
      if (!compute || !isTemporaryOf(body, compute->body[0].target.buffer, facts) ||
          !isOnlyLoaded(body, index, compute->body[0].target.buffer))
        continue;
      bool invariant =
          !mentionsInner(body[index], *compute, inner) &&
          (isInBounds(body[index], facts) || (isCertain(loop, facts) && neverStops(body, index)));
      std::vector<BufferId> sources;
      forEachScalar(body[index], [&](const Scalar &scalar) {
        forEachSubtree(scalar, [&](const Scalar &tree) {
          if (auto *load = std::get_if<ScalarLoad>(&tree.node))
            sources.push_back(load->access.buffer);
          else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
            sources.push_back(gather->buffer);
        });
      });
      for (size_t other = 0; invariant && other < body.size(); ++other) {
        std::vector<BufferId> needed = sources;
        if (other != index && !declares(body[other], compute->body[0].target.buffer))
          needed.push_back(compute->body[0].target.buffer);
        invariant &= !changesAny(body[other], needed, facts);
      }
      if (invariant)
        return index;
    }
    return std::nullopt;
  }

  /// Whether statements but the one at `position` only load elements of the array: no other name
  /// gets it, which then would be a new array each time.
  bool isOnlyLoaded(const Block &body, size_t position, BufferId array) const {
    size_t mentions = 0, loads = 0;
    auto count = [&](const Stmt &stmt) {
      forEachScalar(stmt, [&](const Scalar &scalar) {
        forEachSubtree(scalar, [&](const Scalar &tree) {
          if (auto *load = std::get_if<ScalarLoad>(&tree.node))
            loads += load->access.buffer == array;
          else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
            loads += gather->buffer == array;
        });
      });
      if (auto *call = std::get_if<LibraryCall>(&stmt.node))
        for (const CallArgument &argument : call->arguments)
          loads += argument == CallArgument(array);
    };
    for (auto [index, stmt] : llvm::enumerate(body)) {
      if (index == position)
        continue;
      forEachMention(program, stmt, [&](BufferId id) { mentions += id == array; });
      count(stmt);
      forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, count); });
    }
    return mentions == loads;
  }

  /// Whether facts prove that each load of the compute lies in its array.
  bool isInBounds(const Stmt &stmt, const Facts &facts) const {
    bool inside = true;
    for (const Touch &touch : touchesOf(stmt, program, facts)) {
      const Buffer &row = program[touch.footprint.buffer];
      Footprint all = wholeOf(touch.footprint.buffer, row.shape, touch.footprint.slot);
      inside &= row.shape.size() == row.dims && covers(all, touch.footprint, program, facts);
    }
    return inside;
  }

  /// Whether the body runs at least once.
  static bool isCertain(const Stmt &stmt, const Facts &facts) {
    auto *loop = std::get_if<Loop>(&stmt.node);
    return loop && isNeverEmpty(loop->axis, facts);
  }

  /// Whether what stands before the position neither raises nor leaves: a check there may be what
  /// keeps it in bounds.
  static bool neverStops(const Block &body, size_t position) {
    return llvm::none_of(llvm::ArrayRef(body).take_front(position), [](const Stmt &stmt) {
      return isOrdered(stmt) && !std::holds_alternative<Alloc>(stmt.node);
    });
  }

  static bool declares(const Stmt &stmt, BufferId id) {
    auto *alloc = std::get_if<Alloc>(&stmt.node);
    return alloc && alloc->buffer == id;
  }

  /// Whether the statement names a symbol of the loop besides its own axes.
  static bool mentionsInner(const Stmt &stmt, const Compute &compute,
                            const std::vector<SymbolId> &inner) {
    bool found = false;
    forEachAffine(stmt, [&](const Affine &form) {
      for (const AffineTerm &term : form.terms) {
        bool own = llvm::any_of(compute.axes,
                                [&](const Axis &axis) { return axis.iterator == term.symbol; });
        found |= !own && llvm::is_contained(inner, term.symbol);
      }
    });
    return found;
  }

  /// Whether the array is made in this body, with a size that cannot raise and that the body does
  /// not compute.
  bool isTemporaryOf(const Block &body, BufferId array, const Facts &facts) const {
    bool made = llvm::any_of(body, [&](const Stmt &stmt) { return declares(stmt, array); });
    if (!made || !program[array].like.empty())
      return false;
    std::vector<SymbolId> inner;
    forEachStmt(body, [&](const Stmt &stmt) {
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { inner.push_back(id); });
    });
    return llvm::all_of(program[array].shape, [&](const Affine &size) {
      return facts.isNonNegative(size) && llvm::none_of(size.terms, [&](const AffineTerm &term) {
               return llvm::is_contained(inner, term.symbol);
             });
    });
  }

  /// Moves the compute and the declaration of its target to the end of `hoisted`.
  void takeOut(Block &body, size_t position, Block &hoisted) {
    BufferId target = std::get<Compute>(body[position].node).body[0].target.buffer;
    context.passed(body[position].loc, "%" + program[target].name + " does not change in the loop");
    context.count("computes hoisted");
    Stmt compute = std::move(body[position]);
    body.erase(body.begin() + static_cast<std::ptrdiff_t>(position));
    auto alloc = llvm::find_if(body, [&](const Stmt &stmt) { return declares(stmt, target); });
    hoisted.push_back(std::move(*alloc));
    body.erase(alloc);
    llvm::erase_if(body, [&](const Stmt &stmt) {
      auto *drop = std::get_if<Drop>(&stmt.node);
      return drop && drop->buffer == target;
    });
    hoisted.push_back(std::move(compute));
  }

  void noteSafeAlloc(const Stmt &stmt, const Facts &facts) {
    auto *alloc = std::get_if<Alloc>(&stmt.node);
    if (alloc && llvm::all_of(program[alloc->buffer].shape,
                              [&](const Affine &size) { return facts.isNonNegative(size); }))
      safeAllocs.insert(alloc->buffer);
  }

  Program &program;
  Function &function;
  PassContext &context;
  StorageGroups groups;
  std::set<BufferId> safeAllocs;
};

} // namespace

void simplify(Program &program, PassContext &context) {
  for (Function &function : program.functions) {
    forEachStmt(function.body, [&](Stmt &stmt) {
      rewriteScalars(stmt, [&](Scalar &scalar) {
        if (simplifyAlgebra(scalar))
          context.count("operations simplified");
      });
    });
    SimplifyComputes(program, function, context).run();
  }
  setEffects(program);
}

} // namespace hpcc::ir
