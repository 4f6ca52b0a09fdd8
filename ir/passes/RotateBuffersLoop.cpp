//===- RotateBuffersLoop.cpp - names that a loop joins, and their uses around it ------------===//

#include "RotateBuffersLoop.h"
#include "ir/Library.h"
#include "ir/Lifetimes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {

Block &bodyOf(Stmt &loop) {
  if (auto *node = std::get_if<Loop>(&loop.node))
    return node->body;
  return std::get<While>(loop.node).body;
}
const Block &bodyOf(const Stmt &loop) { return bodyOf(const_cast<Stmt &>(loop)); }

//===-----------------------------------------------------------------------------------------===//
// Families
//===-----------------------------------------------------------------------------------------===//

namespace {

/// Union of names, as sets with a representative.
class NameSets {
public:
  BufferId find(BufferId id) const {
    for (auto up = parents.find(id); up != parents.end(); up = parents.find(id))
      id = up->second;
    return id;
  }
  void join(BufferId left, BufferId right) {
    members.insert({left, right});
    left = find(left), right = find(right);
    if (left != right)
      parents[left] = right;
  }
  std::vector<std::vector<BufferId>> sets() const {
    std::map<BufferId, std::vector<BufferId>> byRoot;
    for (BufferId id : members)
      byRoot[find(id)].push_back(id);
    std::vector<std::vector<BufferId>> all;
    for (auto &[root, ids] : byRoot)
      all.push_back(std::move(ids));
    return all;
  }

private:
  std::map<BufferId, BufferId> parents;
  std::set<BufferId> members;
};

bool isLoop(const Stmt &stmt) {
  return std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
}

/// How often the statement and those inside it may give the handle another array.
unsigned countRebinds(const Stmt &stmt, BufferId handle) {
  unsigned count = 0;
  auto look = [&](const Stmt &each) {
    if (const auto *bind = std::get_if<Bind>(&each.node))
      count += bind->handle == handle;
    else if (const auto *call = std::get_if<Call>(&each.node))
      count += llvm::is_contained(call->results, handle);
    else if (const auto *declare = std::get_if<Declare>(&each.node))
      count += declare->handle == handle;
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, look); });
  return count;
}

/// What is bound to a handle before the loop, if that is one array whose name is known: the last
/// bind of the handle before it stands in the block of the loop or in one around it.
struct EntryArray {
  BufferId array;
  /// Loops around this one repeat it: it is to leave the handle bound to the array.
  bool mustStay = false;
};
std::optional<EntryArray> arrayAtEntry(const RotationLoop &loop, BufferId handle) {
  bool mustStay = false;
  for (size_t depth = loop.levels.size(); depth-- > 0;) {
    const RotationLevel &level = loop.levels[depth];
    for (size_t index = level.index; index-- > 0;) {
      const Stmt &stmt = (*level.block)[index];
      if (const auto *bind = std::get_if<Bind>(&stmt.node); bind && bind->handle == handle)
        return loop.program[bind->source].storage == Storage::Own
                   ? std::optional(EntryArray{bind->source, mustStay})
                   : std::nullopt;
      if (countRebinds(stmt, handle) != 0)
        return std::nullopt;
    }
    if (depth == 0)
      break;
    const Stmt &around = (*loop.levels[depth - 1].block)[loop.levels[depth - 1].index];
    if (!isLoop(around))
      continue;
    if (countRebinds(around, handle) != countRebinds(loop.stmt(), handle))
      return std::nullopt;
    mustStay = true;
  }
  return std::nullopt;
}

std::optional<BufferId> nameAtEntry(const RotationLoop &loop, BufferId handle) {
  std::optional<EntryArray> entry = arrayAtEntry(loop, handle);
  return entry ? std::optional(entry->array) : std::nullopt;
}

/// The shape of a set of names: that of its arrays and of the arrays that its handles name at
/// first, if it is one.
std::optional<std::vector<Affine>> shapeOf(const RotationLoop &loop,
                                           llvm::ArrayRef<BufferId> names) {
  std::optional<std::vector<Affine>> shape;
  for (BufferId name : names) {
    std::optional<BufferId> array = name;
    if (loop.program[name].storage == Storage::Handle)
      array = nameAtEntry(loop, name);
    if (!array)
      continue;
    if (loop.program[*array].storage != Storage::Own || loop.program[*array].dims == 0 ||
        (shape && *shape != loop.program[*array].shape))
      return std::nullopt;
    shape = loop.program[*array].shape;
  }
  return shape;
}

bool isBoundIn(const Block &body, BufferId name) {
  bool found = false;
  forEachStmt(body, [&](const Stmt &stmt) {
    if (const auto *bind = std::get_if<Bind>(&stmt.node))
      found |= bind->handle == name;
  });
  return found;
}

} // namespace

std::vector<RotationFamily> findFamilies(const RotationLoop &loop, const Stmt &stmt,
                                         const std::set<size_t> &keptCopies) {
  const Block &body = bodyOf(stmt);
  NameSets sets;
  for (const Stmt &each : body)
    if (const auto *bind = std::get_if<Bind>(&each.node))
      sets.join(bind->handle, bind->source);
  for (auto [index, each] : llvm::enumerate(body)) {
    const auto *compute = std::get_if<Compute>(&each.node);
    if (!compute || compute->body.empty() || keptCopies.count(index))
      continue;
    BufferId target = compute->body.front().target.buffer;
    std::vector<BufferId> names = {target};
    if (loop.program[target].storage == Storage::Handle)
      for (const std::vector<BufferId> &set : sets.sets())
        if (llvm::is_contained(set, target))
          names = set;
    std::optional<std::vector<Affine>> shape = shapeOf(loop, names);
    if (!shape)
      continue;
    if (std::optional<WholeCopy> copy = asWholeCopy(each, loop.program, *shape))
      if (loop.program[copy->source].storage == Storage::Handle
              ? isBoundIn(body, copy->source)
              : loop.program[copy->source].shape == *shape)
        sets.join(copy->target, copy->source);
  }
  std::vector<RotationFamily> families;
  for (std::vector<BufferId> &names : sets.sets())
    if (std::optional<std::vector<Affine>> shape = shapeOf(loop, names)) {
      RotationFamily family;
      family.names = std::move(names);
      family.shape = std::move(*shape);
      families.push_back(std::move(family));
    }
  return families;
}

//===-----------------------------------------------------------------------------------------===//
// Uses around the loop
//===-----------------------------------------------------------------------------------------===//

namespace {

bool declares(const Stmt &stmt, BufferId name) {
  bool found = false;
  forEachDeclaredBuffer(stmt, [&](BufferId id) { found |= id == name; });
  return found;
}

/// Whether statements outside of the loop use what it leaves in a name.
enum class After : uint8_t { No, NextEntry, Yes };
After isUsedAfter(const RotationLoop &loop, BufferId name) {
  bool before = false, repeats = false;
  for (size_t depth = loop.levels.size(); depth-- > 0;) {
    const auto &[block, position] = loop.levels[depth];
    bool isDeclared = false;
    for (size_t index = 0; index < block->size(); ++index) {
      const Stmt &stmt = (*block)[index];
      isDeclared |= index < position && declares(stmt, name);
      if (index != position && mentions(loop.program, stmt, name)) {
        if (index > position)
          return After::Yes;
        before = true;
      }
    }
    if (isDeclared)
      return repeats ? After::NextEntry : After::No;
    if (depth == 0)
      break;
    // In a loop around, what stands before the loop runs after it too.
    const Stmt &around = (*loop.levels[depth - 1].block)[loop.levels[depth - 1].index];
    if (!isLoop(around))
      continue;
    repeats = true;
    if (const auto *node = std::get_if<While>(&around.node)) {
      forEachBuffer(around, [&](BufferId id) { before |= id == name; });
      for (const Stmt &stmt : node->header)
        before |= mentions(loop.program, stmt, name);
    }
    if (before)
      return After::Yes;
  }
  return After::Yes; // a global, a parameter or a result
}

/// True if a view, a handle or a function outside of the loop may name the array too.
bool isHeld(const RotationLoop &loop, BufferId array) {
  const Stmt *self = &loop.stmt();
  auto look = [&](auto &&recurse, const Block &block) -> bool {
    return llvm::any_of(block, [&](const Stmt &stmt) {
      if (&stmt == self)
        return false;
      bool held = false;
      forEachInnerBlock(stmt, [&](const Block &inner) { held |= recurse(recurse, inner); });
      if (const auto *bind = std::get_if<Bind>(&stmt.node))
        held |= bind->source == array;
      else if (std::holds_alternative<View>(stmt.node) || std::holds_alternative<Call>(stmt.node))
        forEachBuffer(stmt, [&](BufferId id) { held |= id == array; });
      return held;
    });
  };
  return look(look, loop.function.body);
}

/// True if a bind or a call makes another name of the view.
bool isHandedOn(const RotationLoop &loop, BufferId view) {
  bool found = false;
  forEachStmt(loop.function.body, [&](const Stmt &stmt) {
    if (const auto *bind = std::get_if<Bind>(&stmt.node))
      found |= bind->source == view;
    else if (std::holds_alternative<Call>(stmt.node))
      forEachBuffer(stmt, [&](BufferId id) { found |= id == view; });
  });
  return found;
}

/// How many names binds, views and calls before the loop make of an array that it may find.
unsigned countHolders(const RotationLoop &loop, BufferId name) {
  unsigned count = 0;
  auto look = [&](const Stmt &stmt, bool isInside) {
    if (const auto *bind = std::get_if<Bind>(&stmt.node)) {
      count += bind->source == name;
    } else if (const auto *view = std::get_if<View>(&stmt.node)) {
      // A view in a block inside ends with it.
      count += view->base == name && (isHandedOn(loop, view->result) ||
                                      (!isInside && isUsedAfter(loop, view->result) != After::No));
    } else if (std::holds_alternative<Call>(stmt.node)) {
      forEachBuffer(stmt, [&](BufferId id) { count += id == name; });
    }
  };
  bool repeats = false;
  for (size_t depth = 0; depth < loop.levels.size(); ++depth) {
    const auto &[block, position] = loop.levels[depth];
    for (size_t index = 0; index < block->size(); ++index)
      if (index < position || (repeats && index > position)) {
        look((*block)[index], false);
        forEachInnerBlock((*block)[index], [&](const Block &inner) {
          forEachStmt(inner, [&](const Stmt &stmt) { look(stmt, true); });
        });
      }
    repeats |= depth + 1 < loop.levels.size() && isLoop((*block)[position]);
  }
  return count;
}

} // namespace

/// True if the loop may store to the array that the name holds where it is entered: the name is
/// used before it is bound.
static bool usesEntryArray(const RotationFamily &family, const RotationPlan &plan, BufferId name) {
  if (plan.atHead.count(name))
    return true;
  for (const RotationStep &step : family.steps) {
    if ((step.kind == RotationStep::Kind::Bind || step.kind == RotationStep::Kind::Alloc) &&
        step.name == name)
      return false;
    if (step.touches.count(name) || (step.kind == RotationStep::Kind::Copy && step.name == name))
      return true;
  }
  return false;
}

std::optional<RotationObstacle>
findSharedEntry(const RotationLoop &loop, const RotationFamily &family, const RotationPlan &plan) {
  std::set<BufferId> arrays;
  for (BufferId name : family.names) {
    if (loop.program[name].storage != Storage::Handle || !usesEntryArray(family, plan, name))
      continue;
    std::optional<EntryArray> entry = arrayAtEntry(loop, name);
    std::string text = "%" + loop.program[name].name;
    bool stays = keepsEntryArray(plan, name) || !plan.usedAfter.count(name);
    if (!entry || (entry->mustStay && (plan.peeled != 0 || !stays)))
      return RotationObstacle{"the array of " + text + " at the entry is not known",
                              loop.stmt().loc};
    if (!arrays.insert(entry->array).second || countHolders(loop, entry->array) != 1 ||
        countHolders(loop, name) != 0 || isUsedAfter(loop, entry->array) != After::No)
      return RotationObstacle{"the array of " + text + " has other names", loop.stmt().loc};
  }
  return std::nullopt;
}

bool canHaveSlots(const RotationLoop &loop, BufferId array, unsigned slots) {
  const Buffer &row = loop.program[array];
  if (row.storage != Storage::Own || row.dims == 0 || !row.like.empty() ||
      (row.slots != 1 && row.slots != slots))
    return false;
  bool isLike = false; // memory order is asked for by name
  forEachStmt(loop.function.body, [&](const Stmt &stmt) {
    if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
      isLike |= llvm::is_contained(loop.program[alloc->buffer].like, array);
  });
  return !isLike && !isHeld(loop, array);
}

//===-----------------------------------------------------------------------------------------===//
// Steps
//===-----------------------------------------------------------------------------------------===//

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

} // namespace

/// Which of its arrays a handle names after the loop depends on the number of steps, and sums
/// follow the order of its elements in memory: all arrays are to have one.
static std::optional<RotationObstacle> findLayout(const RotationLoop &loop, RotationFamily &family,
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

std::optional<RotationObstacle> describe(const RotationLoop &loop, const Stmt &stmt,
                                         const std::set<size_t> &keptCopies,
                                         RotationFamily &family) {
  const Program &program = loop.program;
  auto isMember = [&](BufferId id) { return llvm::is_contained(family.names, id); };
  auto nameOf = [&](BufferId id) { return "%" + program[id].name; };
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
    if (program[name].storage == Storage::View)
      return RotationObstacle{nameOf(name) + " is a view", stmt.loc};
  }
  // Other names in the loop share no storage with the family.
  std::optional<RotationObstacle> obstacle;
  std::optional<Loc> firstCall;
  auto look = [&](const Stmt &inner) {
    forEachDeclaredSymbol(inner, [&](SymbolId symbol) { family.inner.insert(symbol); });
    if (std::holds_alternative<Call>(inner.node) && !firstCall)
      firstCall = inner.loc;
    if (const auto *call = std::get_if<LibraryCall>(&inner.node);
        call && storesToFirstArgument(*call))
      if (const auto *target = std::get_if<BufferId>(&call->arguments.front());
          target && isMember(*target) && !obstacle)
        obstacle =
            RotationObstacle{"a call of the runtime stores to " + nameOf(*target), inner.loc};
    forEachBuffer(inner, [&](BufferId id) {
      for (BufferId name : family.names)
        if (!obstacle && !isMember(id) && loop.groups.mayOverlap(id, name))
          obstacle =
              RotationObstacle{nameOf(id) + " may be the array of " + nameOf(name), inner.loc};
    });
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
  for (BufferId name : family.names)
    if (!obstacle && firstCall && llvm::is_contained(program.globals, name))
      obstacle =
          RotationObstacle{"a function called here may use the global " + nameOf(name), *firstCall};
  if (!obstacle)
    obstacle = findLayout(loop, family, stmt.loc);
  if (obstacle)
    return obstacle;

  Facts facts = loop.facts;
  if (const auto *node = std::get_if<Loop>(&stmt.node))
    facts.addAxis(node->axis);
  const auto *loopWhile = std::get_if<While>(&stmt.node);
  if (loopWhile)
    for (const Stmt &inner : loopWhile->header) {
      if (std::optional<Loc> other = findOtherMention(program, inner, isMember))
        return RotationObstacle{"an array that is copied or rebound is used as a whole", *other};
      for (const Touch &touch : touchesOf(inner, program, facts))
        if (isMember(touch.footprint.buffer)) {
          if (isWrite(touch.use))
            return RotationObstacle{"the condition of a while stores to a copied array", inner.loc};
          family.readByHeader.insert(touch.footprint.buffer);
        }
    }
  if (loopWhile) {
    bool isGathered = false;
    forEachSubtree(loopWhile->condition, [&](const Scalar &tree) {
      if (const auto *load = std::get_if<ScalarLoad>(&tree.node)) {
        if (isMember(load->access.buffer))
          family.readByHeader.insert(load->access.buffer);
      } else if (const auto *gather = std::get_if<ScalarGather>(&tree.node)) {
        isGathered |= isMember(gather->buffer);
      } else if (const auto *bound = std::get_if<ScalarBound>(&tree.node)) {
        isGathered |= isMember(bound->buffer);
      }
    });
    if (isGathered)
      return RotationObstacle{"the condition of a while uses a copied array as a whole", stmt.loc};
  }
  std::vector<const Stmt *> touching;
  for (auto [index, each] : llvm::enumerate(bodyOf(stmt))) {
    RotationStep step;
    step.loc = each.loc;
    step.leavesLoop = leavesStmt(each);
    std::optional<WholeCopy> copy;
    if (!keptCopies.count(index))
      copy = asWholeCopy(each, program, family.shape);
    const auto *bind = std::get_if<Bind>(&each.node);
    const auto *alloc = std::get_if<Alloc>(&each.node);
    if (alloc && isMember(alloc->buffer)) {
      step.kind = RotationStep::Kind::Alloc, step.name = alloc->buffer;
      if (!program[alloc->buffer].like.empty())
        return RotationObstacle{
            "the layout of " + nameOf(alloc->buffer) + " is known only at run time", each.loc};
    } else if (bind && isMember(bind->handle) && isMember(bind->source)) {
      step.kind = RotationStep::Kind::Bind, step.name = bind->handle, step.source = bind->source;
    } else if (copy && isMember(copy->target) && isMember(copy->source)) {
      step.kind = RotationStep::Kind::Copy, step.name = copy->target, step.source = copy->source;
    } else if (!std::holds_alternative<Declare>(each.node)) {
      if (std::optional<Loc> other = findOtherMention(program, each, isMember))
        return RotationObstacle{"an array that is copied or rebound is used as a whole", *other};
      for (Touch &touch : touchesOf(each, program, facts))
        if (BufferId id = touch.footprint.buffer; isMember(id))
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
