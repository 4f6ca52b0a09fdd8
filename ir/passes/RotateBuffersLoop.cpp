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

} // namespace

std::optional<BufferId> nameAtEntry(const RotationLoop &loop, BufferId handle) {
  std::optional<EntryArray> entry = arrayAtEntry(loop, handle);
  return entry ? std::optional(entry->array) : std::nullopt;
}

namespace {

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

} // namespace

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

namespace {

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
        countHolders(loop, name) != 0 || isUsedAfter(loop, entry->array) == After::Yes)
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

} // namespace hpcc::ir
