//===- Iterations.cpp - what the iterations of a loop have to do with one another -------------===//

#include "Iterations.h"
#include "Library.h"
#include "Slots.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

IterationNames namesDeclaredIn(const Block &body) {
  IterationNames names;
  forEachStmt(body, [&](const Stmt &stmt) {
    forEachDeclaredBuffer(stmt, [&](BufferId id) { names.buffers.insert(id); });
    forEachDeclaredSymbol(stmt, [&](SymbolId id) { names.symbols.insert(id); });
    if (auto *labelled = std::get_if<Labelled>(&stmt.node))
      names.labels.insert(labelled->label);
  });
  return names;
}

//===-----------------------------------------------------------------------------------------===//
// Effects that keep their order
//===-----------------------------------------------------------------------------------------===//

/// The effect of a call, as words; empty for one that only computes.
static llvm::StringRef effectOf(const LibraryCall &call) {
  const LibraryInfo &info = infoOf(call.function);
  if (communicates(call))
    return "it communicates with other ranks";
  if (info.fails)
    return "it ends the program";
  if (info.prints)
    return "it prints";
  return isClock(call) ? "it asks the time" : "";
}

static std::string effectOf(const Program &program, const Call &call, const IterationNames &names) {
  const Function *callee = program.find(call.callee);
  if (!callee || callee->effects.prints || callee->effects.writes || callee->effects.fails)
    return "it calls @" + call.callee + ", which prints, stores or may fail";
  for (BufferId result : call.results)
    if (program[result].storage == Storage::Handle && !names.buffers.count(result))
      return "it binds %" + program[result].name;
  return {};
}

/// The buffer from outside of which the statement advances the storages, if there is one.
static std::optional<BufferId> rotatedBy(const Stmt &stmt, const IterationNames &names) {
  std::optional<BufferId> rotated;
  forEachAccess(stmt, [&](const Access &access, Use) {
    if (access.slot && !names.buffers.count(access.buffer) &&
        llvm::any_of(access.slot->terms,
                     [&](const AffineTerm &term) { return names.symbols.count(term.symbol) != 0; }))
      rotated = access.buffer;
  });
  return rotated;
}

std::optional<BufferId> advancedFromOutside(const Stmt &stmt) {
  std::set<BufferId> declared;
  forEachInnerBlock(stmt,
                    [&](const Block &block) { declared.merge(namesDeclaredIn(block).buffers); });
  for (BufferId id : advancedBuffers(stmt))
    if (!declared.count(id))
      return id;
  return std::nullopt;
}

/// The effect of this one statement without what is nested in it, as words.
static std::string effectHere(const Program &program, const Stmt &stmt,
                              const IterationNames &names) {
  bool raises = std::holds_alternative<Check>(stmt.node);
  forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
  if (raises)
    return "it may raise an error";
  if (std::optional<BufferId> rotated = rotatedBy(stmt, names))
    return "it advances the storages of %" + program[*rotated].name;
  auto changed = [&](BufferId id, const char *verb) {
    return names.buffers.count(id) ? std::string() : verb + program[id].name;
  };
  return std::visit(
      overloaded{
          [&](const LibraryCall &node) { return effectOf(node).str(); },
          [&](const Call &node) { return effectOf(program, node, names); },
          [&](const Leave &node) {
            return std::string(names.labels.count(node.label) ? "" : "it leaves the loop");
          },
          [&](const Bind &node) { return changed(node.handle, "it binds %"); },
          [&](const Drop &node) { return changed(node.buffer, "it drops %"); },
          [](const Exchange &) { return std::string("it communicates with other ranks"); },
          [](const Transfer &) { return std::string("it moves an array to or from a device"); },
          [](OneOf<Let, Alloc, Declare, View, Compute, Loop, While, Labelled, If, Parallel, Single,
                   Barrier, Check> auto &) { return std::string(); }},
      stmt.node);
}

std::optional<Obstacle> orderedEffectOf(const Program &program, const Stmt &stmt,
                                        const IterationNames &names) {
  std::optional<Obstacle> found;
  auto look = [&](const Stmt &each) {
    if (found)
      return;
    if (std::string effect = effectHere(program, each, names); !effect.empty())
      found = Obstacle{std::move(effect), each.loc.isValid() ? each.loc : stmt.loc, {}};
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
  return found;
}

//===-----------------------------------------------------------------------------------------===//
// Cells
//===-----------------------------------------------------------------------------------------===//

IterationTouches::IterationTouches(const Program &program, const Loop &loop,
                                   const IterationNames &names, const StorageGroups &groups,
                                   std::set<BufferId> own)
    : program(program), names(names), groups(groups), own(std::move(own)),
      iterator(loop.axis.iterator), laterIterator{static_cast<uint32_t>(program.symbols.size())} {
  const Axis &axis = loop.axis;
  facts.addAxis(axis);
  facts.setInterval(laterIterator, facts.intervalOf(Affine(iterator)));
  facts.addLower(laterIterator, Affine(iterator) + axis.step);
  for (const Affine &hi : axis.hi.forms)
    facts.addUpper(laterIterator, hi - 1);
  for (BufferId id : names.buffers)
    if (program[id].storage == Storage::Own)
      this->own.insert(id);
  for (const Stmt &stmt : loop.body)
    touches.push_back(touchesOf(stmt, program, facts));
}

/// The footprint in a later iteration. A symbol that the body declares has another value there.
Footprint IterationTouches::atLaterIteration(Footprint footprint) const {
  auto isOfIteration = [&](const Affine &form) {
    return llvm::any_of(
        form.terms, [&](const AffineTerm &term) { return names.symbols.count(term.symbol) != 0; });
  };
  auto shift = [&](Affine &form) { form = substitute(form, iterator, laterIterator); };
  for (std::optional<Range> &dim : footprint.dims) {
    if (!dim)
      continue;
    if (llvm::any_of(dim->start.forms, isOfIteration) ||
        llvm::any_of(dim->end.forms, isOfIteration)) {
      dim.reset();
      continue;
    }
    llvm::for_each(dim->start.forms, shift);
    llvm::for_each(dim->end.forms, shift);
  }
  if (footprint.slot && isOfIteration(*footprint.slot))
    footprint.slot.reset();
  else if (footprint.slot)
    shift(*footprint.slot);
  return footprint;
}

bool IterationTouches::mayMeet(const Touch &left, const Touch &right,
                               const Footprint &rightFootprint) const {
  BufferId x = left.footprint.buffer, y = right.footprint.buffer;
  if (!isWrite(left.use) && !isWrite(right.use))
    return false;
  if (x != y)
    return groups.mayOverlap(x, y);
  return !areDisjoint(left.footprint, rightFootprint, program, facts);
}

static std::string sharedCell(const Program &program, const Touch &write, const Touch &other) {
  const std::string &written = program[write.footprint.buffer].name;
  const std::string &touched = program[other.footprint.buffer].name;
  if (written == touched)
    return "%" + written;
  return "%" + written + " and %" + touched + ", which may be one array,";
}

std::optional<Obstacle> IterationTouches::meetLater(size_t now, size_t later) const {
  for (const Touch &x : touches[now])
    for (const Touch &y : touches[later]) {
      BufferId buffer = x.footprint.buffer;
      if (buffer == y.footprint.buffer && own.count(buffer))
        continue;
      // A window that the body makes is another one each time.
      bool isWindow = buffer == y.footprint.buffer && names.buffers.count(buffer) &&
                      (isWrite(x.use) || isWrite(y.use));
      if (isWindow || mayMeet(x, y, atLaterIteration(y.footprint)))
        return Obstacle{sharedCell(program, isWrite(x.use) ? x : y, isWrite(x.use) ? y : x) +
                            " may be stored to in one iteration and used in another",
                        x.loc, y.loc};
    }
  return std::nullopt;
}

std::optional<Obstacle> IterationTouches::meetInIteration(size_t first, size_t second) const {
  for (const Touch &x : touches[first])
    for (const Touch &y : touches[second])
      if (mayMeet(x, y, y.footprint))
        return Obstacle{sharedCell(program, isWrite(x.use) ? x : y, isWrite(x.use) ? y : x) +
                            " is used here and there, and one stores to it",
                        x.loc, y.loc};
  return std::nullopt;
}

} // namespace hpcc::ir
