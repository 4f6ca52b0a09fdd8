//===- TouchesSwap.cpp - which statements may change places ----------------------------------===//

#include "Library.h"
#include "Slots.h"
#include "Touches.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {

static bool isOrderedHere(const Stmt &stmt) {
  bool raises = false;
  forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
  // An allocation raises when memory runs out; a `while` may never end.
  return raises || std::holds_alternative<While>(stmt.node) ||
         std::holds_alternative<Alloc>(stmt.node) || std::holds_alternative<Call>(stmt.node) ||
         std::holds_alternative<LibraryCall>(stmt.node) ||
         std::holds_alternative<Check>(stmt.node) || std::holds_alternative<Leave>(stmt.node);
}

/// True if the statement, or one inside it, is such that the test holds.
static bool anyOf(const Stmt &stmt, llvm::function_ref<bool(const Stmt &)> test) {
  bool found = test(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) {
    forEachStmt(block, [&](const Stmt &inner) { found |= test(inner); });
  });
  return found;
}

bool isOrdered(const Stmt &stmt) { return anyOf(stmt, isOrderedHere); }

/// True if it asks for the time.
static bool holdsClock(const Stmt &stmt) {
  return anyOf(stmt, [](const Stmt &inner) {
    const auto *call = std::get_if<LibraryCall>(&inner.node);
    return call && isClock(*call);
  });
}

/// True for what takes time that a program may measure.
static bool takesTime(const Stmt &stmt) {
  return anyOf(stmt, [](const Stmt &inner) {
    const auto *compute = std::get_if<Compute>(&inner.node);
    return compute ? !compute->axes.empty()
                   : std::holds_alternative<Loop>(inner.node) ||
                         std::holds_alternative<While>(inner.node);
  });
}

template <typename Kind> static bool holds(const Stmt &stmt) {
  return anyOf(stmt, [](const Stmt &inner) { return std::holds_alternative<Kind>(inner.node); });
}

/// A block with a `leave` that stands inside the statement as a whole is taken for one that leaves.
static bool mayLeave(const Stmt &stmt) { return holds<Leave>(stmt); }
static bool holdsCheck(const Stmt &stmt) { return holds<Check>(stmt); }

namespace {

/// The names that a statement, with all inside it, declares, changes (bind, drop) or uses.
struct Names {
  std::vector<BufferId> changed, used;
  std::vector<SymbolId> declared, mentioned;
};

void addNames(const Program &program, const Stmt &stmt, Names &names) {
  forEachDeclaredBuffer(stmt, [&](BufferId id) {
    names.changed.push_back(id);
    for (BufferId like : program[id].like)
      names.used.push_back(like);
  });
  forEachDeclaredSymbol(stmt, [&](SymbolId id) { names.declared.push_back(id); });
  if (auto *bind = std::get_if<Bind>(&stmt.node))
    names.changed.push_back(bind->handle);
  else if (auto *drop = std::get_if<Drop>(&stmt.node))
    names.changed.push_back(drop->buffer);
  else if (auto *call = std::get_if<Call>(&stmt.node)) {
    llvm::append_range(names.changed, call->results);
    for (BufferId global : program.globals)
      if (program[global].storage == Storage::Handle)
        names.changed.push_back(global); // the callee may bind it
  }
  forEachBuffer(stmt, [&](BufferId id) { names.used.push_back(id); });
  forEachAffine(program, stmt, [&](const Affine &form) {
    for (const AffineTerm &term : form.terms)
      names.mentioned.push_back(term.symbol);
  });
  forEachInnerBlock(stmt, [&](const Block &block) {
    for (const Stmt &inner : block)
      addNames(program, inner, names);
  });
}

template <typename T> bool shareAny(const std::vector<T> &left, const std::vector<T> &right) {
  return llvm::any_of(left, [&](const T &id) { return llvm::is_contained(right, id); });
}

} // namespace

bool canSwap(const Stmt &first, const Stmt &second, const Program &program,
             const StorageGroups &groups, const Facts &facts, Obstacle *why) {
  auto refuse = [&](const llvm::Twine &text, Loc firstLoc, Loc secondLoc) {
    if (why)
      *why = {text.str(), firstLoc, secondLoc};
    return false;
  };
  if (mayLeave(first) || mayLeave(second))
    return refuse("one may leave the block, and the other would run or not", first.loc, second.loc);
  if (holdsCheck(first))
    return refuse("a check comes first that may be what keeps the other in bounds", first.loc,
                  second.loc);
  if (isOrdered(first) && isOrdered(second))
    return refuse("both print, raise or call, so they keep their order", first.loc, second.loc);
  if ((holdsClock(first) && takesTime(second)) || (holdsClock(second) && takesTime(first)))
    return refuse("one asks for the time that the other takes", first.loc, second.loc);
  Names left, right;
  addNames(program, first, left);
  addNames(program, second, right);
  if (shareAny(left.changed, right.used) || shareAny(right.changed, left.used) ||
      shareAny(left.declared, right.mentioned) || shareAny(right.declared, left.mentioned))
    return refuse("one declares, binds or drops a name that the other uses", first.loc, second.loc);
  // Most neighbours have no name in common, which is quick to see.
  bool share = llvm::any_of(left.used, [&](BufferId x) {
    return llvm::any_of(right.used, [&](BufferId y) { return x == y || groups.mayOverlap(x, y); });
  });
  if (!share && !holds<Call>(first) && !holds<Call>(second)) // calls touch globals
    return true;
  for (const auto &[advanced, used] : {std::pair(advancedBuffers(first), &right.used),
                                       std::pair(advancedBuffers(second), &left.used)})
    for (BufferId id : advanced)
      if (llvm::is_contained(*used, id))
        return refuse("one moves %" + program[id].name + " to another storage", first.loc,
                      second.loc);
  std::vector<Touch> touchesFirst = touchesOf(first, program, facts);
  std::vector<Touch> touchesSecond = touchesOf(second, program, facts);
  for (const Touch &a : touchesFirst)
    for (const Touch &b : touchesSecond) {
      if (!isWrite(a.use) && !isWrite(b.use))
        continue;
      BufferId x = a.footprint.buffer, y = b.footprint.buffer;
      if (x == y ? !areDisjoint(a.footprint, b.footprint, program, facts) : groups.mayOverlap(x, y))
        return refuse("both touch %" + program[x].name + ", and one writes it", a.loc, b.loc);
    }
  return true;
}

} // namespace hpcc::ir
