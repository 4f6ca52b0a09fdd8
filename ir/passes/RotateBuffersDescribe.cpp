//===- RotateBuffersDescribe.cpp - what a loop does with the names that it joins -------------===//
//
// Fills in the steps of a family, or says what no rotation can stand for: names that share storage
// with it, arrays that are used as a whole, memory orders that differ.
//
//===-----------------------------------------------------------------------------------------===//

#include "RotateBuffersLoop.h"
#include "ir/Library.h"
#include "ir/Lifetimes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {
namespace {

bool isPointwise(const Stmt &stmt) {
  const auto *compute = std::get_if<Compute>(&stmt.node);
  return compute && compute->body.size() == 1 &&
         llvm::all_of(compute->axes, [](const Axis &axis) { return axis.kind == AxisKind::Par; });
}

/// The first mention of a member that is not an access without a slot.
std::optional<Loc> findOtherMention(const Program &program, const Stmt &stmt,
                                    llvm::function_ref<bool(BufferId)> isMember) {
  std::optional<Loc> found;
  auto look = [&](const Stmt &inner) {
    if (std::holds_alternative<Drop>(inner.node))
      return;
    unsigned mentioned = 0, accessed = 0;
    forEachBuffer(inner, [&](BufferId id) { mentioned += isMember(id); });
    forEachAccess(inner, [&](const Access &access, Use) {
      accessed += isMember(access.buffer) && !access.slot;
    });
    if (const auto *alloc = std::get_if<Alloc>(&inner.node))
      for (BufferId like : program[alloc->buffer].like)
        mentioned += isMember(like);
    if (mentioned != accessed && !found)
      found = inner.loc;
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
  return found;
}

/// Whole copies just before the loop whose arrays nothing has stored to since.
std::vector<std::pair<BufferId, BufferId>> equalBefore(const RotationLoop &loop,
                                                       const RotationFamily &family) {
  std::vector<std::pair<BufferId, BufferId>> equal;
  std::set<BufferId> changed;
  const RotationLevel &level = loop.levels.back();
  for (size_t index = level.index; index-- > 0;) {
    const Stmt &stmt = (*level.block)[index];
    if (std::optional<WholeCopy> copy = asWholeCopy(stmt, loop.program, family.shape))
      if (!changed.count(copy->target) && !changed.count(copy->source))
        equal.push_back({copy->target, copy->source});
    for (const Touch &touch : touchesOf(stmt, loop.program, loop.facts))
      if (isWrite(touch.use))
        changed.insert(touch.footprint.buffer);
    forEachDeclaredBuffer(stmt, [&](BufferId id) { changed.insert(id); });
  }
  return equal;
}

/// Which of its arrays a handle names after the loop depends on the number of steps, and sums
/// follow the order of its elements in memory: all arrays are to have one.
std::optional<RotationObstacle> findLayout(const RotationLoop &loop, RotationFamily &family,
                                           Loc loc) {
  std::vector<BufferId> arrays;
  bool hasHandles = false;
  for (BufferId name : family.names) {
    bool isHandle = loop.program[name].storage == Storage::Handle;
    hasHandles |= isHandle;
    if (std::optional<BufferId> array = isHandle ? nameAtEntry(loop, name) : name)
      arrays.push_back(*array);
  }
  if (!hasHandles || arrays.empty())
    return std::nullopt;
  const Buffer &first = loop.program[arrays.front()];
  for (BufferId array : arrays)
    if (const Buffer &row = loop.program[array]; row.layout != first.layout || !row.like.empty())
      return RotationObstacle{
          "%" + row.name + " may have another order in memory than %" + first.name, loc};
  family.layout = first.layout;
  return std::nullopt;
}

bool isMember(const RotationFamily &family, BufferId id) {
  return llvm::is_contained(family.names, id);
}

/// What is used behind the loop, and what the next run of the loop finds.
std::optional<RotationObstacle> describeAfter(const RotationLoop &loop, const Stmt &stmt,
                                              RotationFamily &family) {
  std::set<BufferId> local; // to the loop
  forEachInnerBlock(stmt, [&](const Block &block) {
    forEachStmt(block, [&](const Stmt &inner) {
      forEachDeclaredBuffer(inner, [&](BufferId id) { local.insert(id); });
    });
  });
  for (BufferId name : family.names) {
    After after = local.count(name) ? After::No : isUsedAfter(loop, name);
    if (!local.count(name) && isHeld(loop, name))
      after = After::Yes;
    if (after == After::Yes)
      family.usedAfter.insert(name);
    else if (after == After::NextEntry)
      family.kept.insert(name);
    if (loop.program[name].storage == Storage::View)
      return RotationObstacle{"%" + loop.program[name].name + " is a view", stmt.loc};
  }
  return std::nullopt;
}

/// Other names in the loop share no storage with the family.
std::optional<RotationObstacle> findSharing(const RotationLoop &loop, const Stmt &stmt,
                                            RotationFamily &family) {
  auto nameOf = [&](BufferId id) { return "%" + loop.program[id].name; };
  std::optional<RotationObstacle> obstacle;
  std::optional<Loc> firstCall;
  auto look = [&](const Stmt &inner) {
    forEachDeclaredSymbol(inner, [&](SymbolId symbol) { family.inner.insert(symbol); });
    if (std::holds_alternative<Call>(inner.node) && !firstCall)
      firstCall = inner.loc;
    if (const auto *call = std::get_if<LibraryCall>(&inner.node);
        call && storesToFirstArgument(*call))
      if (const auto *target = std::get_if<BufferId>(&call->arguments.front());
          target && isMember(family, *target) && !obstacle)
        obstacle =
            RotationObstacle{"a call of the runtime stores to " + nameOf(*target), inner.loc};
    forEachBuffer(inner, [&](BufferId id) {
      for (BufferId name : family.names)
        if (!obstacle && !isMember(family, id) && loop.groups.mayOverlap(id, name))
          obstacle =
              RotationObstacle{nameOf(id) + " may be the array of " + nameOf(name), inner.loc};
    });
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
  for (BufferId name : family.names)
    if (!obstacle && firstCall && llvm::is_contained(loop.program.globals, name))
      obstacle =
          RotationObstacle{"a function called here may use the global " + nameOf(name), *firstCall};
  return obstacle;
}

/// What the condition of a while reads.
std::optional<RotationObstacle> describeHeader(const RotationLoop &loop, const Stmt &stmt,
                                               const Facts &facts, RotationFamily &family) {
  const auto *loopWhile = std::get_if<While>(&stmt.node);
  if (!loopWhile)
    return std::nullopt;
  auto isNamed = [&](BufferId id) { return isMember(family, id); };
  for (const Stmt &inner : loopWhile->header) {
    if (std::optional<Loc> other = findOtherMention(loop.program, inner, isNamed))
      return RotationObstacle{"an array that is copied or rebound is used as a whole", *other};
    for (const Touch &touch : touchesOf(inner, loop.program, facts))
      if (isNamed(touch.footprint.buffer)) {
        if (isWrite(touch.use))
          return RotationObstacle{"the condition of a while stores to a copied array", inner.loc};
        family.readByHeader.insert(touch.footprint.buffer);
      }
  }
  bool isGathered = false;
  forEachSubtree(loopWhile->condition, [&](const Scalar &tree) {
    if (const auto *load = std::get_if<ScalarLoad>(&tree.node)) {
      if (isNamed(load->access.buffer))
        family.readByHeader.insert(load->access.buffer);
    } else if (const auto *gather = std::get_if<ScalarGather>(&tree.node)) {
      isGathered |= isNamed(gather->buffer);
    } else if (const auto *bound = std::get_if<ScalarState>(&tree.node)) {
      isGathered |= isNamed(bound->buffer);
    }
  });
  if (isGathered)
    return RotationObstacle{"the condition of a while uses a copied array as a whole", stmt.loc};
  return std::nullopt;
}

} // namespace

std::optional<RotationObstacle> describe(const RotationLoop &loop, const Stmt &stmt,
                                         const std::set<size_t> &keptCopies,
                                         RotationFamily &family) {
  const Program &program = loop.program;
  auto isNamed = [&](BufferId id) { return isMember(family, id); };
  std::optional<RotationObstacle> obstacle = describeAfter(loop, stmt, family);
  if (!obstacle)
    obstacle = findSharing(loop, stmt, family);
  if (!obstacle)
    obstacle = findLayout(loop, family, stmt.loc);
  Facts facts = loop.facts;
  if (const auto *node = std::get_if<Loop>(&stmt.node))
    facts.addAxis(node->axis);
  if (!obstacle)
    obstacle = describeHeader(loop, stmt, facts, family);
  if (obstacle)
    return obstacle;
  for (auto [index, each] : llvm::enumerate(bodyOf(stmt))) {
    RotationStep step;
    step.loc = each.loc;
    step.leavesLoop = leavesStmt(each);
    std::optional<WholeCopy> copy;
    if (!keptCopies.count(index))
      copy = asWholeCopy(each, program, family.shape);
    const auto *bind = std::get_if<Bind>(&each.node);
    const auto *alloc = std::get_if<Alloc>(&each.node);
    if (alloc && isNamed(alloc->buffer)) {
      step.kind = RotationStep::Kind::Alloc, step.name = alloc->buffer;
      if (!program[alloc->buffer].like.empty())
        return RotationObstacle{"the layout of %" + program[alloc->buffer].name +
                                    " is known only at run time",
                                each.loc};
    } else if (bind && isNamed(bind->handle) && isNamed(bind->source)) {
      step.kind = RotationStep::Kind::Bind, step.name = bind->handle, step.source = bind->source;
    } else if (copy && isNamed(copy->target) && isNamed(copy->source)) {
      step.kind = RotationStep::Kind::Copy, step.name = copy->target, step.source = copy->source;
    } else if (!std::holds_alternative<Declare>(each.node)) {
      if (std::optional<Loc> other = findOtherMention(program, each, isNamed))
        return RotationObstacle{"an array that is copied or rebound is used as a whole", *other};
      for (Touch &touch : touchesOf(each, program, facts))
        if (BufferId id = touch.footprint.buffer; isNamed(id))
          step.touches[id].push_back(std::move(touch));
      step.spreadFrom = spreadThroughTemporaries(program, bodyOf(stmt), index, family.names, facts);
      if (!step.touches.empty())
        step.kind = RotationStep::Kind::Touch, step.isPointwise = isPointwise(each);
    }
    family.steps.push_back(std::move(step));
    if (std::holds_alternative<Let>(each.node))
      addFactsOf(program, each, facts);
  }
  family.facts = std::move(facts);
  family.equalAtEntry = equalBefore(loop, family);
  return std::nullopt;
}

} // namespace hpcc::ir
