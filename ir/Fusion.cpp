//===- Fusion.cpp - making one compute of two ----------------------------------------------===//

#include "Fusion.h"
#include "Effects.h"
#include "Text.h"
#include "VerifyParts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {

bool isOwnArray(const Buffer &buffer) {
  return buffer.storage == Storage::Own && buffer.dims > 0 && buffer.slots == 1;
}

const Access *copiedBy(const Compute &compute) {
  if (compute.body.size() != 1 || compute.axes.empty())
    return nullptr;
  const Assign &assign = compute.body.front();
  auto *load = std::get_if<ScalarLoad>(&assign.value.node);
  return load && !assign.guard && assign.op == AssignOp::Set ? &load->access : nullptr;
}

static Loc locOf(const Compute &compute) {
  return compute.body.empty() ? Loc() : compute.body.front().loc;
}

/// Whether the verifier, which knows no facts, accepts the compute as well.
static bool isPlainlyLegal(const Compute &compute, const Program &program) {
  VerifyReport report{program};
  verifyCompute(compute, report);
  return report.errors.empty();
}

/// One access of a compute's body to memory that other points can see.
struct BodyAccess {
  Access access;
  Use use;
  size_t assign; // its position in the body
};

static std::vector<BodyAccess> accessesOf(const Compute &compute) {
  std::vector<BodyAccess> accesses;
  for (auto [position, assign] : llvm::enumerate(compute.body)) {
    auto add = [&, position = position](const Access &access, Use use) {
      if (!isLocal(compute, access.buffer))
        accesses.push_back({access, use, position});
    };
    if (assign.guard)
      forEachAccess(*assign.guard, add);
    forEachAccess(assign.value, add);
    add(assign.target, assign.op == AssignOp::Set ? Use::Write : Use::ReadWrite);
  }
  return accesses;
}

/// The buffers that the compute gathers from.
static std::vector<BufferId> gathersOf(const Compute &compute) {
  std::vector<BufferId> buffers;
  auto look = [&](const Scalar &scalar) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (auto *gather = std::get_if<ScalarGather>(&tree.node))
        buffers.push_back(gather->buffer);
    });
  };
  for (const Assign &assign : compute.body) {
    if (assign.guard)
      look(*assign.guard);
    look(assign.value);
  }
  return buffers;
}

/// A gather reads anywhere: true if one of them can meet what the other compute writes.
static bool gathersMeetWrites(const Compute &reader, const Compute &writer,
                              const FusionContext &context) {
  for (BufferId gathered : gathersOf(reader))
    for (const Assign &assign : writer.body)
      if (!isLocal(writer, assign.target.buffer) &&
          context.groups.mayOverlap(gathered, assign.target.buffer))
        return true;
  return false;
}

static void substituteIn(Compute &compute, SymbolId symbol, const Affine &value) {
  for (Axis &axis : compute.axes)
    forEachAffine(axis, [&](Affine &form) { form = substitute(form, symbol, value); });
  for (Assign &assign : compute.body) {
    forEachAffine(assign.target, [&](Affine &form) { form = substitute(form, symbol, value); });
    if (assign.guard)
      substitute(*assign.guard, symbol, value);
    substitute(assign.value, symbol, value);
    if (std::optional<SymbolId> renamed = value.asSymbol())
      llvm::replace(assign.treeAxes, symbol, *renamed);
  }
}

static std::string distanceText(const Dependence &dependence) {
  std::string text = "(";
  for (const std::optional<int64_t> &distance : dependence.distance)
    text += (text.size() > 1 ? ", " : "") + (distance ? std::to_string(*distance) : "*");
  return text + ")";
}

//===-----------------------------------------------------------------------------------------===//
// Merging
//===-----------------------------------------------------------------------------------------===//

static bool areEqual(const Affine &left, const Affine &right, const Facts &facts) {
  return left == right || (facts.isAtMost(left, right) && facts.isAtMost(right, left));
}

/// `second` with its axes renamed and shifted to those of `first`, where the boxes are the same.
static std::optional<Compute> alignAxes(const Compute &first, Compute second, const Facts &facts) {
  if (first.axes.size() != second.axes.size())
    return std::nullopt;
  for (size_t index = 0; index < first.axes.size(); ++index) {
    const Axis &target = first.axes[index];
    Axis &axis = second.axes[index];
    SymbolId old = axis.iterator;
    if (axis.step != target.step)
      return std::nullopt;
    if (axis.lo == target.lo && axis.hi == target.hi) {
      substituteIn(second, old, Affine(target.iterator));
      axis.iterator = target.iterator;
      continue;
    }
    auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
    auto targetLo = target.lo.asSingle(), targetHi = target.hi.asSingle();
    if (!lo || !hi || !targetLo || !targetHi)
      return std::nullopt;
    Affine shift = *lo - *targetLo;
    if (!areEqual(*hi - shift, *targetHi, facts))
      return std::nullopt;
    for (Assign &assign : second.body)
      llvm::replace(assign.treeAxes, old, target.iterator);
    substituteIn(second, old, Affine(target.iterator) + shift);
    axis.iterator = target.iterator;
    axis.lo = target.lo;
    axis.hi = target.hi;
  }
  return second;
}

/// The axes of the compute's tree sums, which all are over the same; empty without one.
static std::vector<SymbolId> treeAxesOf(const Compute &compute) {
  for (const Assign &assign : compute.body)
    if (assign.order == ReductionOrder::Tree)
      return assign.treeAxes;
  return {};
}

static bool addsInOrder(const Compute &compute) {
  return llvm::any_of(compute.body,
                      [](const Assign &assign) { return assign.order == ReductionOrder::Seq; });
}

static std::optional<AxisKind> mergedKind(AxisKind left, AxisKind right) {
  if (left == right)
    return left;
  if (left == AxisKind::Seq || right == AxisKind::Seq)
    return std::nullopt;
  return AxisKind::Red; // par with red: what has the axis in its target is par in it
}

/// The axes with which points of the merged compute are told apart: `seq` ones run in order.
static bool mayMeetAt(const Dependence &dependence, llvm::ArrayRef<Axis> axes) {
  if (dependence.isAtSamePoint())
    return true;
  bool allSeq = llvm::all_of(axes, [](const Axis &axis) { return axis.kind == AxisKind::Seq; });
  return allSeq && dependence.isForwardOrSame();
}

std::optional<Compute> mergeComputes(const Compute &first, const Compute &second,
                                     const FusionContext &context, Obstacle *why) {
  const Program &program = context.program;
  auto refuse = [&](const llvm::Twine &text, Loc a, Loc b) {
    if (why)
      *why = {text.str(), a, b};
    return std::nullopt;
  };
  std::optional<Compute> aligned = alignAxes(first, second, context.facts);
  if (!aligned)
    return refuse("they run over different ranges", locOf(first), locOf(second));
  if (canRaise(first) && canRaise(second))
    return refuse("both can raise an error, and the first one's comes first", locOf(first),
                  locOf(second));
  std::vector<SymbolId> firstTree = treeAxesOf(first), secondTree = treeAxesOf(*aligned);
  if (!firstTree.empty() && !secondTree.empty() && firstTree != secondTree)
    return refuse("their trees add up along different axes", locOf(first), locOf(second));
  if ((firstTree.empty() != secondTree.empty()) &&
      addsInOrder(firstTree.empty() ? first : *aligned))
    return refuse("one adds up in order, the other as a tree", locOf(first), locOf(second));
  if (gathersMeetWrites(first, second, context) || gathersMeetWrites(second, first, context))
    return refuse("one gathers from what the other stores", locOf(first), locOf(second));

  Compute merged = first;
  for (auto [axis, other] : llvm::zip_equal(merged.axes, aligned->axes)) {
    std::optional<AxisKind> kind = mergedKind(axis.kind, other.kind);
    if (!kind)
      return refuse("one runs its points in order, the other at once", locOf(first), locOf(second));
    axis.kind = *kind;
  }
  for (const BodyAccess &a : accessesOf(first))
    for (const BodyAccess &b : accessesOf(*aligned)) {
      if (!isWrite(a.use) && !isWrite(b.use))
        continue;
      Loc firstLoc = first.body[a.assign].loc, secondLoc = second.body[b.assign].loc;
      if (a.access.buffer != b.access.buffer) {
        if (context.groups.mayOverlap(a.access.buffer, b.access.buffer))
          return refuse("%" + program[a.access.buffer].name + " and %" +
                            program[b.access.buffer].name + " may be one array",
                        firstLoc, secondLoc);
        continue;
      }
      std::optional<Dependence> dependence =
          dependenceBetween(a.access, b.access, merged.axes, program, context.facts);
      if (dependence && !mayMeetAt(*dependence, merged.axes))
        return refuse(toText(a.access, program) + " and " + toText(b.access, program) +
                          " meet at points with the distance " + distanceText(*dependence),
                      firstLoc, secondLoc);
    }
  llvm::append_range(merged.body, aligned->body);
  llvm::append_range(merged.locals, aligned->locals);
  if (!isPlainlyLegal(merged, program))
    return refuse("that no two points touch one cell is not plain from the text", locOf(first),
                  locOf(second));
  return merged;
}

//===-----------------------------------------------------------------------------------------===//
// Substitution
//===-----------------------------------------------------------------------------------------===//

/// The producer's point that stores the cell of `load`, as values of its axes; nothing where the
/// indices do not determine it.
static std::optional<std::vector<std::pair<SymbolId, Affine>>>
pointThatStores(const Compute &producer, const Access &load) {
  const Access &target = producer.body.front().target;
  std::vector<std::pair<SymbolId, Affine>> point;
  for (auto [stored, loaded] : llvm::zip_equal(target.indices, load.indices)) {
    if (stored.wrap || loaded.wrap)
      return std::nullopt;
    const Axis *own = nullptr;
    for (const Axis &axis : producer.axes)
      if (stored.form.coefficientOf(axis.iterator) != 0) {
        if (own)
          return std::nullopt;
        own = &axis;
      }
    if (!own) {
      if (stored.form != loaded.form)
        return std::nullopt;
      continue;
    }
    int64_t coefficient = stored.form.coefficientOf(own->iterator);
    bool twice = llvm::any_of(point, [&](const auto &each) { return each.first == own->iterator; });
    if ((coefficient != 1 && coefficient != -1) || own->step != 1 || twice)
      return std::nullopt;
    Affine rest = stored.form - Affine(own->iterator) * coefficient;
    point.push_back({own->iterator, (loaded.form - rest) * coefficient});
  }
  if (point.size() != producer.axes.size())
    return std::nullopt;
  return point;
}

/// The producer's value at a point.
static Scalar valueAt(const Compute &producer,
                      const std::vector<std::pair<SymbolId, Affine>> &point) {
  Scalar value = producer.body.front().value;
  for (const auto &[symbol, form] : point)
    substitute(value, symbol, form);
  return value;
}

std::optional<Scalar> producedValue(const Compute &producer, const Access &load) {
  auto point = pointThatStores(producer, load);
  if (!point)
    return std::nullopt;
  return valueAt(producer, *point);
}

/// Whether `consumer` stores cells that the value, used by its assignment `user`, still needs.
static bool overwrites(const Compute &consumer, const Scalar &value, size_t user,
                       const FusionContext &context, Obstacle *why) {
  bool clash = false;
  auto refuse = [&](const llvm::Twine &text, Loc loc) {
    clash = true;
    if (why)
      *why = {text.str(), consumer.body[user].loc, loc};
  };
  for (auto [position, writer] : llvm::enumerate(consumer.body)) {
    if (isLocal(consumer, writer.target.buffer))
      continue;
    const Access &target = writer.target;
    size_t writerPosition = position;
    forEachAccess(value, [&](const Access &read, Use) {
      if (read.buffer != target.buffer) {
        if (context.groups.mayOverlap(read.buffer, target.buffer))
          refuse("%" + context.program[read.buffer].name + " and %" +
                     context.program[target.buffer].name + " may be one array",
                 writer.loc);
        return;
      }
      std::optional<Dependence> dependence =
          dependenceBetween(target, read, consumer.axes, context.program, context.facts);
      if (!dependence || (dependence->isAtSamePoint() && user <= writerPosition))
        return;
      refuse(toText(read, context.program) + " is read, and other points store " +
                 toText(target, context.program) + " at the distance " + distanceText(*dependence),
             writer.loc);
    });
    forEachSubtree(value, [&](const Scalar &tree) {
      if (auto *gather = std::get_if<ScalarGather>(&tree.node))
        if (context.groups.mayOverlap(gather->buffer, target.buffer))
          refuse("%" + context.program[gather->buffer].name + " is gathered from and stored to",
                 writer.loc);
    });
  }
  return clash;
}

/// Why a compute cannot be a producer, or nothing if it can.
static std::optional<std::string> unfitProducer(const Compute &producer) {
  if (producer.body.size() != 1 || !producer.locals.empty())
    return "it has several assignments";
  const Assign &assign = producer.body.front();
  if (assign.op != AssignOp::Set)
    return "it is a reduction";
  if (assign.guard)
    return "it stores under a guard";
  if (canRaise(producer))
    return "it can raise an error";
  if (llvm::any_of(producer.axes, [](const Axis &axis) { return axis.kind != AxisKind::Par; }))
    return "its points run in order";
  return std::nullopt;
}

std::optional<Compute> substituteProducer(const Compute &producer, const Compute &consumer,
                                          const FusionContext &context, Obstacle *why) {
  auto refuse = [&](const llvm::Twine &text) {
    if (why)
      *why = {text.str(), locOf(producer), locOf(consumer)};
    return std::nullopt;
  };
  if (std::optional<std::string> unfit = unfitProducer(producer))
    return refuse("the producer does not serve: " + *unfit);
  BufferId target = producer.body.front().target.buffer;
  if (llvm::any_of(consumer.body,
                   [&](const Assign &assign) { return assign.target.buffer == target; }) ||
      llvm::is_contained(gathersOf(consumer), target))
    return refuse("%" + context.program[target].name + " is more than loaded by the consumer");

  Footprint stored = footprintOf(producer.body.front().target, producer.axes);
  Compute result = consumer;
  bool failed = false;
  for (size_t position = 0; position < result.body.size() && !failed; ++position) {
    auto rewrite = [&](Scalar &tree) {
      auto *load = std::get_if<ScalarLoad>(&tree.node);
      if (!load || load->access.buffer != target || failed)
        return;
      auto point = pointThatStores(producer, load->access);
      if (!point || !covers(stored, footprintOf(load->access, consumer.axes), context.program,
                            context.facts)) {
        failed = true;
        refuse(toText(load->access, context.program) +
               " is not known to be stored by the producer");
        return;
      }
      Scalar value = valueAt(producer, *point);
      failed = overwrites(consumer, value, position, context, why);
      tree = std::move(value);
    };
    Assign &assign = result.body[position];
    if (assign.guard)
      rewriteScalar(*assign.guard, rewrite);
    rewriteScalar(assign.value, rewrite);
  }
  if (failed)
    return std::nullopt;
  if (!isPlainlyLegal(result, context.program))
    return refuse("that no two points touch one cell is not plain from the text");
  return result;
}

//===-----------------------------------------------------------------------------------------===//
// Statements between the two
//===-----------------------------------------------------------------------------------------===//

std::optional<std::vector<bool>> makeRoom(const Block &block, size_t first, size_t second,
                                          const FusionContext &context, Obstacle *why) {
  size_t count = second - first - 1;
  std::vector<bool> before(count);
  // What holds at the second need not hold at an output that comes before the check which says so.
  auto between = llvm::ArrayRef(block).slice(first + 1, count);
  bool seen = llvm::any_of(between, [](const Stmt &stmt) {
    return isOrdered(stmt) && !std::holds_alternative<Check>(stmt.node) &&
           !std::holds_alternative<Alloc>(stmt.node);
  });
  const Facts none, &facts = seen ? none : context.facts;
  auto swap = [&](const Stmt &a, const Stmt &b, Obstacle *reason) {
    return canSwap(a, b, context.program, context.groups, facts, reason);
  };
  for (size_t index = 0; index < count; ++index) {
    const Stmt &stmt = block[first + 1 + index];
    bool above = swap(block[first], stmt, nullptr);
    for (size_t earlier = 0; above && earlier < index; ++earlier)
      above = before[earlier] || swap(block[first + 1 + earlier], stmt, nullptr);
    before[index] = above;
    if (!above && !swap(stmt, block[second], why))
      return std::nullopt;
  }
  return before;
}

size_t replacePair(Block &block, size_t first, size_t second, const std::vector<bool> &before,
                   Stmt merged) {
  Block room, rest;
  for (size_t index = 0; index < before.size(); ++index)
    (before[index] ? room : rest).push_back(std::move(block[first + 1 + index]));
  size_t position = first + room.size();
  room.push_back(std::move(merged));
  llvm::move(rest, std::back_inserter(room));
  auto begin = block.begin() + static_cast<std::ptrdiff_t>(first);
  block.erase(begin, block.begin() + static_cast<std::ptrdiff_t>(second) + 1);
  block.insert(block.begin() + static_cast<std::ptrdiff_t>(first),
               std::make_move_iterator(room.begin()), std::make_move_iterator(room.end()));
  return position;
}

} // namespace hpcc::ir
