//===- ElideCopies.cpp - temporaries of right-hand sides, and copies that stay equal ---------===//
//
// Two kinds of copies go. A temporary that holds a right-hand side until it is stored: its value
// goes straight to the target, where no point overwrites what another still reads. A copy of an
// array, both unchanged while the copy is used: its loads read the original.
//
//     compute (i) { %t[i] = f(i) }         compute (i) { %u[i + 1] = f(i) }
//     compute (i) { %u[i + 1] = %t[i] } ->
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Fusion.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

/// The access that a plain copy reads, or null: one assignment of a load, without a guard.
const Access *copiedBy(const Compute &compute) {
  if (compute.body.size() != 1 || compute.axes.empty())
    return nullptr;
  const Assign &assign = compute.body.front();
  auto *load = std::get_if<ScalarLoad>(&assign.value.node);
  return load && !assign.guard && assign.op == AssignOp::Set ? &load->access : nullptr;
}

class ElideCopies {
public:
  ElideCopies(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), groups(program, function),
        mentions(program.buffers.size()) {
    for (const Stmt &stmt : function.body)
      forEachMention(program, stmt, [&](BufferId id) { ++mentions[id.index]; });
  }

  void run() {
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts,
                          [&](Block &block, Facts &inner) { visit(block, inner); });
    if (!changed)
      return;
    removeNames();
    placeDrops(program, function);
  }

private:
  void visit(Block &block, Facts &facts) {
    Facts::Mark mark = facts.mark();
    for (size_t index = 0; index < block.size(); ++index) {
      addFactsOf(program, block[index], facts);
      auto *compute = std::get_if<Compute>(&block[index].node);
      const Access *source = compute ? copiedBy(*compute) : nullptr;
      if (!source)
        continue;
      BufferId target = compute->body.front().target.buffer;
      if (isTemporary(source->buffer) && storeStraight(block, index, facts))
        index = 0, facts.rewind(mark), addFactsOf(program, block[0], facts);
      else if (isTemporary(target) && target != source->buffer && readOriginal(block, index, facts))
        --index;
    }
    facts.rewind(mark);
  }

  /// A name that only `alloc` has made: nothing else shares its storage.
  bool isTemporary(BufferId id) const {
    return program[id].storage == Storage::Own && program[id].dims > 0 && program[id].slots == 1;
  }

  //===-------------------------------------------------------------------------------------===//
  // Storing straight
  //===-------------------------------------------------------------------------------------===//

  /// The statement of the block before `end` that stores all of the temporary, if it is the only
  /// one besides the copy that names it.
  std::optional<size_t> producerOf(const Block &block, size_t end, BufferId temporary) const {
    if (mentions[temporary.index] != 2)
      return std::nullopt;
    for (size_t index = end; index-- > 0;)
      if (auto *compute = std::get_if<Compute>(&block[index].node))
        if (compute->body.size() == 1 && compute->body.front().target.buffer == temporary)
          return index;
    return std::nullopt;
  }

  bool storeStraight(Block &block, size_t consumer, const Facts &facts) {
    const auto &copy = std::get<Compute>(block[consumer].node);
    BufferId temporary = copiedBy(copy)->buffer;
    std::optional<size_t> producer = producerOf(block, consumer, temporary);
    if (!producer)
      return false;
    FusionContext fusion{program, groups, facts};
    Obstacle why;
    std::optional<Compute> merged =
        substituteProducer(std::get<Compute>(block[*producer].node), copy, fusion, &why);
    std::optional<std::vector<bool>> room;
    if (merged)
      room = makeRoom(block, *producer, consumer, fusion, &why);
    if (!room) {
      context.missed(block[consumer].loc,
                     "the value of %" + program[temporary].name + " keeps a temporary: " + why.text,
                     why.second, "the other place");
      return false;
    }
    context.passed(block[consumer].loc, "stored without the temporary %" + program[temporary].name);
    context.count("temporaries stored straight");
    // The value computes what the producer did: its place in the source is the producer's.
    Loc loc = std::get<Compute>(block[*producer].node).body.front().loc;
    if (loc.isValid())
      merged->body.front().loc = loc;
    for (const Assign &assign : std::get<Compute>(block[*producer].node).body)
      forEachAccess(assign.value, [&](const Access &read, Use) { count(read.buffer, -1); });
    Stmt stmt{std::move(*merged), block[consumer].loc};
    forEachMention(program, stmt, [&](BufferId id) { count(id, 1); });
    forEachMention(program, block[consumer], [&](BufferId id) { count(id, -1); });
    count(temporary, -1);
    replacePair(block, *producer, consumer, *room, std::move(stmt));
    unnamed.insert(temporary);
    changed = true;
    return true;
  }

  void count(BufferId id, int by) { mentions[id.index] += static_cast<unsigned>(by); }

  /// Takes the allocations of arrays away that nothing names any more, unless a size may be
  /// negative, which raises. Drops are placed anew afterwards.
  void removeNames() {
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
      Facts::Mark mark = inner.mark();
      llvm::erase_if(block, [&](const Stmt &stmt) {
        auto *alloc = std::get_if<Alloc>(&stmt.node);
        bool dead = alloc && unnamed.count(alloc->buffer) &&
                    llvm::all_of(program[alloc->buffer].shape,
                                 [&](const Affine &size) { return inner.isNonNegative(size); });
        if (dead)
          removed.insert(alloc->buffer);
        else
          addFactsOf(program, stmt, inner); // an allocation itself says that its size is legal
        return dead;
      });
      inner.rewind(mark);
    });
    forEachBlock(function.body, [&](Block &block) {
      llvm::erase_if(block, [&](const Stmt &stmt) {
        auto *drop = std::get_if<Drop>(&stmt.node);
        return drop && removed.count(drop->buffer);
      });
    });
  }

  //===-------------------------------------------------------------------------------------===//
  // Reading the original
  //===-------------------------------------------------------------------------------------===//

  /// True if all mentions of the copy behind the statement are loads, and the statement that has
  /// the last of them.
  bool onlyLoaded(const Block &block, size_t start, BufferId copy, size_t &last) const {
    bool loads = true;
    last = start;
    for (size_t index = start + 1; index < block.size(); ++index) {
      unsigned found = 0, loaded = 0;
      forEachMention(program, block[index], [&](BufferId id) { found += id == copy; });
      auto count = [&](const Stmt &stmt) {
        forEachScalar(stmt, [&](const Scalar &scalar) {
          forEachAccess(scalar, [&](const Access &a, Use) { loaded += a.buffer == copy; });
        });
      };
      count(block[index]);
      forEachInnerBlock(block[index], [&](const Block &inner) { forEachStmt(inner, count); });
      loads &= found == loaded;
      if (found)
        last = index;
    }
    return loads;
  }

  /// Whether it did, so that the statement at the position is gone.
  bool readOriginal(Block &block, size_t position, const Facts &facts) {
    const auto &compute = std::get<Compute>(block[position].node);
    const Access source = *copiedBy(compute);
    BufferId copy = compute.body.front().target.buffer;
    auto declined = [&](const llvm::Twine &text, Loc other) {
      context.missed(block[position].loc, "%" + program[copy].name + " stays a copy: " + text,
                     other, "the other place");
      return false;
    };
    Footprint stored = footprintOf(compute.body.front().target, compute.axes);
    if (!covers(stored, wholeOf(copy, program[copy].shape), program, facts))
      return false;
    unsigned behind = 0;
    for (size_t index = position + 1; index < block.size(); ++index)
      forEachMention(program, block[index], [&](BufferId id) { behind += id == copy; });
    size_t last = position;
    if (behind + 1 != mentions[copy.index] || !onlyLoaded(block, position, copy, last) ||
        last == position)
      return false;
    for (size_t index = position + 1; index <= last; ++index)
      if (std::optional<Obstacle> clash = changes(block[index], source.buffer, facts))
        return declined(clash->text, clash->first);
    Block rewritten(block.begin() + static_cast<std::ptrdiff_t>(position) + 1,
                    block.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    for (Stmt &stmt : rewritten)
      if (!replaceLoads(stmt, compute))
        return declined("a load of it is not affine in its axes", stmt.loc);
    context.passed(block[position].loc, "%" + program[copy].name + " is read as %" +
                                            program[source.buffer].name + ", not copied");
    context.count("copies read as their originals");
    llvm::move(rewritten, block.begin() + static_cast<std::ptrdiff_t>(position) + 1);
    block.erase(block.begin() + static_cast<std::ptrdiff_t>(position));
    for (unsigned &each : mentions)
      each = 0;
    for (const Stmt &stmt : function.body)
      forEachMention(program, stmt, [&](BufferId id) { ++mentions[id.index]; });
    unnamed.insert(copy);
    return changed = true;
  }

  /// Why the statement may change what the array, as a name, holds.
  std::optional<Obstacle> changes(const Stmt &stmt, BufferId array, const Facts &facts) const {
    std::optional<Obstacle> found;
    for (const Touch &touch : touchesOf(stmt, program, facts))
      if (isWrite(touch.use) && groups.mayOverlap(touch.footprint.buffer, array))
        found = {"%" + program[array].name + " is stored to while the copy is used", touch.loc, {}};
    auto rebinds = [&](const Stmt &inner) {
      auto *bind = std::get_if<Bind>(&inner.node);
      if (bind && bind->handle == array)
        found = {"%" + program[array].name + " is rebound while the copy is used", inner.loc, {}};
    };
    rebinds(stmt);
    forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, rebinds); });
    return found;
  }

  /// Replaces the loads of the copy in a statement and all inside it; false if one cannot be.
  bool replaceLoads(Stmt &stmt, const Compute &copying) {
    bool good = true;
    auto rewrite = [&](Scalar &tree) {
      auto *load = std::get_if<ScalarLoad>(&tree.node);
      if (!load || load->access.buffer != copying.body.front().target.buffer)
        return;
      std::optional<Scalar> value = producedValue(copying, load->access);
      good &= value.has_value();
      if (value)
        tree = std::move(*value);
    };
    auto replace = [&](Stmt &each) { rewriteScalars(each, rewrite); };
    replace(stmt);
    forEachInnerBlock(stmt, [&](Block &inner) { forEachStmt(inner, replace); });
    return good;
  }

  Program &program;
  Function &function;
  PassContext &context;
  StorageGroups groups;
  std::vector<unsigned> mentions;
  std::set<BufferId> unnamed, removed; // arrays that nothing names any more; without an `alloc`
  bool changed = false;
};

} // namespace

void elideCopies(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    ElideCopies(program, function, context).run();
}

} // namespace hpcc::ir
