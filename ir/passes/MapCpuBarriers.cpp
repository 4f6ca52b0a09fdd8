//===- MapCpuBarriers.cpp - where threads of a team wait for each other -----------------------===//
//
// Takes the body of a `parallel` without barriers; leaves it with those that it needs, each right
// in front of the first statement that touches what another thread has touched since the last one.
// A stretch of statements is summed up as what it touches before its first barrier and behind its
// last one, so that a loop is looked at once, with both ends.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapCpu.h"
#include "ir/Walk.h"
#include <map>

namespace hpcc::ir {
namespace {

/// Who touches: all threads, those that share a compute or a loop, or the one that runs singles.
enum class Who : uint8_t { All, Divided, One };

/// One touch of memory that a barrier may have to part from another. Passing a check counts as
/// storing a cell that all array accesses behind it read: they may be in bounds only after it.
struct Entry {
  std::optional<Footprint> footprint; // nothing: the cell of checks
  bool writes = false;
  Who who = Who::All;
};
using Entries = std::vector<Entry>;

/// What a stretch of statements touches before its first barrier (head) and behind its last one
/// (tail); `open` if some way through it passes no barrier.
struct Stretch {
  Entries head, tail;
  bool open = true;
  bool reached = true; // its end
};

class BarrierPlacer {
public:
  BarrierPlacer(Program &program, const StorageGroups &groups, Facts &facts)
      : program(program), groups(groups), facts(facts) {}

  /// Inserts barriers into a block that is run behind `before`.
  Stretch place(Block &block, Stretch before) {
    Facts::Mark mark = facts.mark();
    Block out;
    for (Stmt &stmt : block) {
      Loc loc = stmt.loc;
      addFactsOf(program, stmt, facts);
      bool barrierBehind = placeAt(stmt, before, out);
      out.push_back(std::move(stmt));
      if (barrierBehind)
        insertBarrier(before, out, loc);
    }
    block = std::move(out);
    facts.rewind(mark);
    return before;
  }

  unsigned count = 0;

private:
  //===---------------------------------------------------------------------------------------===//
  // Stretches
  //===---------------------------------------------------------------------------------------===//

  bool conflict(const Entry &a, const Entry &b) const {
    if ((!a.writes && !b.writes) || (a.who == Who::One && b.who == Who::One))
      return false;
    if (!a.footprint || !b.footprint)
      return !a.footprint && !b.footprint;
    BufferId x = a.footprint->buffer, y = b.footprint->buffer;
    return x == y ? !areDisjoint(*a.footprint, *b.footprint, program, facts)
                  : groups.mayOverlap(x, y);
  }
  bool conflict(const Entries &left, const Entries &right) const {
    return llvm::any_of(left, [&](const Entry &a) {
      return llvm::any_of(right, [&](const Entry &b) { return conflict(a, b); });
    });
  }

  static void addBarrier(Stretch &before) {
    before.tail.clear();
    before.open = false;
  }

  void insertBarrier(Stretch &before, Block &out, Loc loc) {
    addBarrier(before);
    out.push_back({Barrier{}, loc});
    ++count;
  }

  static void append(Stretch &before, const Stretch &next) {
    if (!before.reached)
      return;
    if (before.open)
      llvm::append_range(before.head, next.head);
    if (!next.open)
      before.tail.clear();
    llvm::append_range(before.tail, next.tail);
    before.open &= next.open;
    before.reached = next.reached;
  }

  static Stretch join(const Stretch &left, const Stretch &right) {
    Stretch joined = left.reached ? left : right;
    const Stretch &other = left.reached ? right : left;
    llvm::append_range(joined.head, other.head);
    if (other.reached) {
      llvm::append_range(joined.tail, other.tail);
      joined.open |= other.open;
    }
    return joined;
  }

  //===---------------------------------------------------------------------------------------===//
  // Statements
  //===---------------------------------------------------------------------------------------===//

  /// Looks at a statement and puts a barrier in front of it where it conflicts with what came
  /// before. True if one must stand behind it too.
  bool placeAt(Stmt &stmt, Stretch &before, Block &out) {
    auto leaf = [&](Who who) { return placeLeaf(stmt, who, before, out), false; };
    return std::visit(
        overloaded{[&](Loop &node) {
                     if (node.axis.mapping != Mapping::None)
                       return leaf(Who::Divided);
                     return placeLoop(node, stmt.loc, before, out), false;
                   },
                   [&](While &node) { return placeLoop(node, stmt.loc, before, out), false; },
                   [&](If &node) { return placeBranch(node, stmt.loc, before, out), false; },
                   [&](Labelled &node) { return placeLabelled(node, before); },
                   [&](Leave &node) {
                     ways[node.label].push_back({before, depth});
                     before.reached = false;
                     return false;
                   },
                   [&](OneOf<Single, Exchange> auto &) { return leaf(Who::One); },
                   [&](Let &) { return leaf(Who::All); },
                   [&](Alloc &node) { return own.insert(node.buffer), false; },
                   [&](Compute &) { return leaf(holdsDivided(stmt) ? Who::Divided : Who::All); },
                   [&](Barrier &) { return addBarrier(before), false; },
                   [](OneOf<Declare, View, Bind, Drop, Parallel, Transfer, Call, LibraryCall,
                            Check> auto &) {
                     return false; // no thread of a team runs these outside of a single
                   }},
        stmt.node);
  }

  void placeLeaf(const Stmt &stmt, Who who, Stretch &before, Block &out) {
    Stretch leaf;
    leaf.head = leaf.tail = entriesOf(stmt, who);
    if (conflict(before.tail, leaf.head))
      insertBarrier(before, out, stmt.loc);
    append(before, leaf);
  }

  Entries entriesOf(const Stmt &stmt, Who who) {
    std::set<BufferId> declared = own;
    bool checks = false, arrays = false;
    auto look = [&](const Stmt &inner) {
      forEachDeclaredBuffer(inner, [&](BufferId id) {
        if (program[id].storage == Storage::Own) // a view is of what others may store to
          declared.insert(id);
      });
      checks |= isGuarding(inner);
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
    Entries entries;
    for (Touch &touch : touchesOf(stmt, program, facts)) {
      Footprint &footprint = touch.footprint;
      arrays |= program[footprint.buffer].dims > 0;
      if (declared.contains(footprint.buffer))
        continue;
      if (footprint.slot && footprint.slot->isConstant())
        footprint.slot.reset(); // counted from a storage that loops move on
      entries.push_back({std::move(footprint), isWrite(touch.use), who});
    }
    if (who == Who::One ? checks : arrays)
      entries.push_back({std::nullopt, who == Who::One, who});
    return entries;
  }

  /// True if what follows may rely on the statement not having ended the program.
  static bool isGuarding(const Stmt &stmt) {
    bool raises = std::holds_alternative<Check>(stmt.node);
    if (const auto *call = std::get_if<LibraryCall>(&stmt.node))
      raises |= call->function == LibraryFunction::Exit;
    forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
    return raises;
  }

  Entries entriesOf(const Scalar &condition) {
    Stmt test{If{condition, {}, {}}, {}};
    return entriesOf(test, Who::All);
  }

  void placeBranch(If &node, Loc loc, Stretch &before, Block &out) {
    Stretch test;
    test.head = test.tail = entriesOf(node.condition);
    if (conflict(before.tail, test.head))
      insertBarrier(before, out, loc);
    append(before, test);
    Facts::Mark mark = facts.mark();
    facts.addCondition(node.condition, true);
    Stretch thenEnd = place(node.thenBody, before);
    facts.rewind(mark);
    facts.addCondition(node.condition, false);
    Stretch elseEnd = place(node.elseBody, std::move(before));
    facts.rewind(mark);
    before = join(thenEnd, elseEnd);
  }

  /// What a `leave` out of a loop comes from is not followed: a barrier behind the block parts it.
  bool placeLabelled(Labelled &node, Stretch &before) {
    before = place(node.body, std::move(before));
    bool outOfLoop = false;
    for (const auto &[way, at] : ways[node.label]) {
      if (at == depth)
        before = join(before, way);
      else
        outOfLoop = before.reached = true;
    }
    return outOfLoop;
  }

  //===---------------------------------------------------------------------------------------===//
  // Loops
  //===---------------------------------------------------------------------------------------===//

  /// The symbols that are declared in the blocks, with those in `symbols`.
  static std::set<SymbolId> declaredIn(std::initializer_list<const Block *> blocks) {
    std::set<SymbolId> symbols;
    for (const Block *block : blocks)
      forEachStmt(*block, [&](const Stmt &stmt) {
        forEachDeclaredSymbol(stmt, [&](SymbolId id) { symbols.insert(id); });
      });
    return symbols;
  }

  /// The touches where the symbols can have any value.
  static void forget(Entries &entries, const std::set<SymbolId> &symbols) {
    auto mentions = [&](const Affine &form) {
      return llvm::any_of(form.terms,
                          [&](const AffineTerm &term) { return symbols.contains(term.symbol); });
    };
    for (Entry &entry : entries) {
      if (!entry.footprint)
        continue;
      if (entry.footprint->slot && mentions(*entry.footprint->slot))
        entry.footprint->slot.reset();
      for (std::optional<Range> &dim : entry.footprint->dims)
        if (dim &&
            (llvm::any_of(dim->start.forms, mentions) || llvm::any_of(dim->end.forms, mentions)))
          dim.reset();
    }
  }

  /// The touches of a later iteration: of the next one, or of any.
  Entries later(Entries entries, SymbolId iterator, int64_t step, bool any) {
    Affine distance = step;
    if (any) {
      SymbolId rounds = program.addSymbol("rounds");
      facts.setInterval(rounds, {1, largestSize});
      distance = Affine(rounds) * step;
    }
    Affine value = Affine(iterator) + distance;
    for (Entry &entry : entries) {
      if (!entry.footprint)
        continue;
      auto move = [&](Affine &form) { form = substitute(form, iterator, value); };
      if (entry.footprint->slot)
        move(*entry.footprint->slot);
      for (std::optional<Range> &dim : entry.footprint->dims)
        if (dim) {
          llvm::for_each(dim->start.forms, move);
          llvm::for_each(dim->end.forms, move);
        }
    }
    return entries;
  }

  /// True if an iteration conflicts with a later one. Without a barrier on some way through the
  /// body nothing parts it from all later ones.
  bool conflictsWithLater(const Stretch &body, std::optional<SymbolId> iterator, int64_t step,
                          const std::set<SymbolId> &inner) {
    if (!body.reached)
      return false;
    Facts::Mark mark = facts.mark();
    Entries tail = body.tail, head = body.head;
    forget(tail, inner);
    if (iterator)
      head = later(std::move(head), *iterator, step, body.open);
    bool found = conflict(tail, head);
    facts.rewind(mark);
    return found;
  }

  static void addBarrierAt(Block &block, size_t position) {
    Loc loc = block.empty() ? Loc() : block.front().loc;
    block.insert(block.begin() + static_cast<std::ptrdiff_t>(position), {Barrier{}, loc});
  }

  /// Where a loop needs a barrier between iterations, it stands at the start of the body if it
  /// parts the first iteration from what came before as well, else at its end.
  void placeLoop(Loop &node, Loc loc, Stretch &before, Block &out) {
    Facts::Mark mark = facts.mark();
    bool mayBeEmpty = !isNeverEmpty(node.axis, facts);
    facts.addAxis(node.axis);
    ++depth;
    Stretch body = place(node.body, {});
    --depth;
    SymbolId iterator = node.axis.iterator;
    std::set<SymbolId> inner = declaredIn({&node.body});
    bool back = conflictsWithLater(body, iterator, node.axis.step, inner);
    bool entry = conflict(before.tail, body.head);
    facts.rewind(mark);
    if (back) {
      addBarrierAt(node.body, entry ? 0 : node.body.size());
      ++count;
      (entry ? body.head : body.tail).clear();
      body.open = false;
    } else if (entry) {
      insertBarrier(before, out, loc);
    }
    body.open |= mayBeEmpty;
    body.reached = true;
    inner.insert(iterator);
    forget(body.head, inner);
    forget(body.tail, inner);
    append(before, body);
  }

  /// The same; a `while` ends behind its header.
  void placeLoop(While &node, Loc loc, Stretch &before, Block &out) {
    ++depth;
    Stretch end = place(node.header, {});
    Stretch test;
    test.head = test.tail = entriesOf(node.condition);
    if (conflict(end.tail, test.head))
      insertBarrier(end, node.header, loc);
    append(end, test);
    Facts::Mark mark = facts.mark();
    facts.addCondition(node.condition, true);
    Stretch body = place(node.body, end);
    facts.rewind(mark);
    --depth;
    std::set<SymbolId> inner = declaredIn({&node.header, &node.body});
    bool back = conflictsWithLater(body, node.iterator, 1, inner);
    bool entry = conflict(before.tail, body.head);
    if (back) {
      addBarrierAt(entry ? node.header : node.body, entry ? 0 : node.body.size());
      ++count;
      if (entry)
        body.head.clear(), end.open = false;
    } else if (entry) {
      insertBarrier(before, out, loc);
    }
    if (end.open && !back)
      llvm::append_range(end.tail, body.tail);
    end.head = std::move(body.head);
    end.reached = true;
    if (node.iterator)
      inner.insert(*node.iterator);
    forget(end.head, inner);
    forget(end.tail, inner);
    append(before, end);
  }

  /// The end of a stretch, and in how many loops it stands.
  struct Way {
    Stretch end;
    unsigned depth;
  };

  Program &program;
  const StorageGroups &groups;
  Facts &facts;
  std::set<BufferId> own; // scalar variables of each thread
  std::map<LabelId, std::vector<Way>> ways;
  unsigned depth = 0;
};

} // namespace

unsigned insertBarriers(Program &program, const StorageGroups &groups, Facts &facts, Block &body) {
  BarrierPlacer placer(program, groups, facts);
  placer.place(body, {});
  return placer.count;
}

} // namespace hpcc::ir
