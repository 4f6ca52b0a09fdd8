//===- MapCpuRegions.cpp - statements as the body of a team -----------------------------------===//
//
// Takes statements that follow each other, some of them divided among threads; leaves them as what
// all threads do: divided computes and loops, control flow and `let`s that all follow, and `single`
// for the rest. What all threads must see is declared in front; arrays end behind. Scalar variables
// that all threads read, and whose values all can compute, are each thread's own.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapCpu.h"
#include "ir/Iterations.h"
#include "ir/Library.h"
#include "ir/Ranks.h"
#include "ir/Walk.h"

namespace hpcc::ir {
namespace {

bool combinesRanks(const Stmt &stmt) {
  const Axis *divided = dividedAxisOf(stmt);
  return std::holds_alternative<Exchange>(stmt.node) || (divided && divided->kind != AxisKind::Par);
}

bool readsMemory(const Scalar &value) {
  bool reads = false;
  forEachSubtree(value, [&](const Scalar &tree) {
    reads |= std::holds_alternative<ScalarLoad>(tree.node) ||
             std::holds_alternative<ScalarGather>(tree.node) ||
             std::holds_alternative<ScalarState>(tree.node);
  });
  return reads;
}

/// A statement and the index of the one of the run that holds it.
struct Placed {
  Stmt stmt;
  size_t place;
};

/// Makes a region of a run of statements.
class RegionBuilder {
public:
  RegionBuilder(const Program &program, const MentionCounts &total, llvm::ArrayRef<Stmt> run,
                const Facts &facts)
      : program(program), total(total), run(run), facts(facts), inRun(program) {}

  std::variant<TeamRegion, size_t> form() {
    for (const Stmt &stmt : run) {
      inRun.add(program, stmt);
      lookAt(stmt);
      forEachInnerBlock(stmt, [&](const Block &block) {
        forEachStmt(block, [&](const Stmt &inner) { lookAt(inner); });
      });
    }
    findOwn();
    if (!convert(Block(run.begin(), run.end()), region.body, /*top=*/true))
      return culprit;
    return std::move(region);
  }

private:
  void lookAt(const Stmt &stmt) {
    forEachDeclaredSymbol(stmt, [&](SymbolId id) { inside.insert(id); });
    if (const auto *view = std::get_if<View>(&stmt.node))
      named.insert(view->base);
    else if (const auto *bind = std::get_if<Bind>(&stmt.node))
      named.insert(bind->source);
    else if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
      named.insert(program[alloc->buffer].like.begin(), program[alloc->buffer].like.end());
    else if (const auto *labelled = std::get_if<Labelled>(&stmt.node))
      labels.insert(labelled->label);
  }

  //===---------------------------------------------------------------------------------------===//
  // Scalar variables of each thread
  //===---------------------------------------------------------------------------------------===//

  /// The variables that all threads can compute for themselves, and that one of the statements that
  /// all follow reads.
  void findOwn() {
    std::set<BufferId> candidates;
    for (const Stmt &stmt : run)
      addCandidates(stmt, candidates);
    for (size_t before = candidates.size() + 1; before != candidates.size();) {
      before = candidates.size();
      for (const Stmt &stmt : run)
        refuseCandidates(stmt, candidates);
    }
    for (size_t before = own.size() + 1; before != own.size();) {
      before = own.size();
      for (const Stmt &stmt : run)
        addDemanded(stmt, candidates);
    }
  }

  void addCandidates(const Stmt &stmt, std::set<BufferId> &candidates) {
    if (const auto *alloc = std::get_if<Alloc>(&stmt.node)) {
      BufferId id = alloc->buffer;
      if (program[id].dims == 0 && inRun.buffers[id.index] == total.buffers[id.index])
        candidates.insert(id);
    } else if (const auto *loop = std::get_if<Loop>(&stmt.node);
               loop && loop->axis.mapping != Mapping::None) {
      return;
    }
    forEachInnerBlock(stmt, [&](const Block &block) {
      for (const Stmt &inner : block)
        addCandidates(inner, candidates);
    });
  }

  /// Takes away what is not set by plain assignments alone, and what is set beside such.
  void refuseCandidates(const Stmt &stmt, std::set<BufferId> &candidates) {
    if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
      bool plain = compute->axes.empty() && compute->locals.empty();
      for (const Assign &assign : compute->body)
        plain &= candidates.contains(assign.target.buffer) && !canRaise(assign.value) &&
                 !(assign.guard && canRaise(*assign.guard));
      for (const Assign &assign : compute->body)
        if (!plain)
          candidates.erase(assign.target.buffer);
    } else if (const auto *call = std::get_if<LibraryCall>(&stmt.node)) {
      for (const CallArgument &argument : call->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          candidates.erase(*buffer);
    }
    forEachInnerBlock(stmt, [&](const Block &block) {
      for (const Stmt &inner : block)
        refuseCandidates(inner, candidates);
    });
  }

  void addDemanded(const Stmt &stmt, const std::set<BufferId> &candidates) {
    bool isLet = std::holds_alternative<Let>(stmt.node);
    if (!isLet && !isFollowed(stmt))
      return;
    auto demandAll = [&](const Stmt &each) {
      forEachScalar(each, [&](const Scalar &scalar) {
        forEachAccess(scalar, [&](const Access &access, Use) {
          if (candidates.contains(access.buffer))
            own.insert(access.buffer);
        });
      });
    };
    demandAll(stmt);
    const auto *loop = std::get_if<Loop>(&stmt.node);
    bool divided = loop && loop->axis.mapping != Mapping::None;
    forEachInnerBlock(stmt, [&](const Block &block) {
      if (divided)
        forEachStmt(block, demandAll);
      else
        for (const Stmt &inner : block)
          addDemanded(inner, candidates);
    });
  }

  //===---------------------------------------------------------------------------------------===//
  // Who runs a statement
  //===---------------------------------------------------------------------------------------===//

  bool setsOwn(const Stmt &stmt) const {
    const auto *compute = std::get_if<Compute>(&stmt.node);
    return compute && llvm::any_of(compute->body, [&](const Assign &assign) {
             return own.contains(assign.target.buffer);
           });
  }

  /// All threads run it, or follow it: it holds what is divided, sets variables of each thread,
  /// moves storages on, or leaves a block around it.
  bool isFollowed(const Stmt &stmt) const {
    bool found = holdsDivided(stmt) || setsOwn(stmt) || advancedFromOutside(stmt);
    std::set<LabelId> declared;
    auto look = [&](const Stmt &inner) {
      found |= setsOwn(inner);
      if (const auto *labelled = std::get_if<Labelled>(&inner.node))
        declared.insert(labelled->label);
      else if (const auto *leave = std::get_if<Leave>(&inner.node))
        found |= !declared.contains(leave->label);
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
    return found;
  }

  bool fail(size_t place) {
    culprit = place;
    return false;
  }

  /// The block as the team runs it. `place` of a nested block is that of the statement around it.
  bool convert(Block block, Block &out, bool top, size_t place = 0) {
    std::vector<Placed> group;
    for (auto [index, stmt] : llvm::enumerate(block)) {
      size_t here = top ? index : place;
      if (!isFollowed(stmt)) {
        group.push_back({std::move(stmt), here});
        continue;
      }
      if (!flush(std::move(group), out, top) || !follow(stmt, here))
        return false;
      group.clear();
      out.push_back(std::move(stmt));
    }
    return flush(std::move(group), out, top);
  }

  /// Converts what is nested in a statement that all threads follow.
  bool follow(Stmt &stmt, size_t place) {
    bool always = std::exchange(isAlwaysRun, isAlwaysRun && runsBody(stmt));
    bool good = followInside(stmt, place);
    isAlwaysRun = always;
    return good;
  }

  /// True if what is nested in the statement is run whenever the statement is.
  bool runsBody(const Stmt &stmt) const {
    const auto *loop = std::get_if<Loop>(&stmt.node);
    return loop && isNeverEmpty(loop->axis, facts);
  }

  bool followInside(Stmt &stmt, size_t place) {
    bool raises = false;
    forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
    const auto *leave = std::get_if<Leave>(&stmt.node);
    if (raises || combinesRanks(stmt) || (leave && !labels.contains(leave->label)))
      return fail(place);
    if (const auto *loop = std::get_if<Loop>(&stmt.node);
        loop && loop->axis.mapping != Mapping::None)
      return true;
    bool good = true;
    forEachInnerBlock(stmt, [&](Block &block) {
      Block out;
      good = good && convert(std::move(block), out, /*top=*/false, place);
      block = std::move(out);
    });
    return good;
  }

  //===---------------------------------------------------------------------------------------===//
  // What one thread runs
  //===---------------------------------------------------------------------------------------===//

  /// Which statements of a group a `single` can hold: not those that declare what others mention.
  std::vector<bool> findStaying(const std::vector<Placed> &group) const {
    std::vector<bool> stays(group.size(), true);
    for (bool changed = true; changed;) {
      changed = false;
      MentionCounts counts(program);
      std::set<BufferId> declared;
      for (auto [index, each] : llvm::enumerate(group))
        if (stays[index]) {
          counts.add(program, each.stmt);
          forEachDeclaredBuffer(each.stmt, [&](BufferId id) { declared.insert(id); });
        }
      auto mustLeave = [&](const Stmt &stmt) {
        bool escapes = false;
        forEachDeclaredBuffer(stmt, [&](BufferId id) {
          escapes |= counts.buffers[id.index] != total.buffers[id.index] || own.contains(id);
        });
        if (const auto *let = std::get_if<Let>(&stmt.node))
          escapes |= counts.symbols[let->symbol.index] != total.symbols[let->symbol.index];
        else if (const auto *drop = std::get_if<Drop>(&stmt.node))
          escapes |= !declared.contains(drop->buffer);
        else if (const auto *bind = std::get_if<Bind>(&stmt.node))
          escapes |= !declared.contains(bind->handle);
        return escapes;
      };
      for (auto [index, each] : llvm::enumerate(group))
        if (stays[index] && mustLeave(each.stmt)) {
          stays[index] = false;
          changed = true;
        }
    }
    return stays;
  }

  /// Appends a group of statements that nobody divides.
  bool flush(std::vector<Placed> group, Block &out, bool top) {
    if (group.empty())
      return true;
    std::vector<bool> stays = findStaying(group);
    // A `let` that all need, of what the statements before it may store, parts the group.
    for (auto [index, each] : llvm::enumerate(group)) {
      const auto *let = std::get_if<Let>(&each.stmt.node);
      if (stays[index] || !let || !readsMemory(let->value))
        continue;
      if (canRaise(let->value) || isNeededBehind(*let, top))
        return fail(each.place);
      auto middle = group.begin() + static_cast<std::ptrdiff_t>(index);
      std::vector<Placed> after(std::make_move_iterator(middle + 1),
                                std::make_move_iterator(group.end()));
      Stmt parting = std::move(each.stmt);
      group.erase(middle, group.end());
      if (!flush(std::move(group), out, top))
        return false;
      out.push_back(std::move(parting));
      return flush(std::move(after), out, top);
    }
    Single single;
    for (auto [index, each] : llvm::enumerate(group)) {
      if (!stays[index]) {
        if (!moveOut(each, out, top))
          return false;
        continue;
      }
      if (!isForOneThread(each.stmt))
        return fail(each.place);
      ordered |= isOrdered(each.stmt) && !std::holds_alternative<Alloc>(each.stmt.node);
      single.body.push_back(std::move(each.stmt));
    }
    if (single.body.empty())
      return true;
    auto *last = out.empty() ? nullptr : std::get_if<Single>(&out.back().node);
    if (last) {
      llvm::append_range(last->body, single.body);
    } else {
      Loc loc = single.body.front().loc;
      out.push_back({std::move(single), loc});
    }
    return true;
  }

  /// True if the region's end is not the end of the symbol's use.
  bool isNeededBehind(const Let &let, bool top) const {
    return top && inRun.symbols[let.symbol.index] != total.symbols[let.symbol.index];
  }

  bool isInside(const Affine &form) const {
    return llvm::any_of(form.terms,
                        [&](const AffineTerm &term) { return inside.contains(term.symbol); });
  }

  /// Puts a declaration that more than one `single` needs where all see it, and a drop behind.
  bool moveOut(Placed &each, Block &out, bool top) {
    if (const auto *let = std::get_if<Let>(&each.stmt.node)) {
      bool free = top && !canRaise(let->value);
      forEachAffine(let->value, [&](const Affine &form) { free &= !isInside(form); });
      forEachSubtree(let->value, [&](const Scalar &tree) {
        free &= !std::holds_alternative<ScalarDim>(tree.node);
      });
      if (free)
        inside.erase(let->symbol);
      else if (canRaise(let->value) || isNeededBehind(*let, top))
        return fail(each.place);
      (free ? region.front : out).push_back(std::move(each.stmt));
      return true;
    }
    if (const auto *alloc = std::get_if<Alloc>(&each.stmt.node)) {
      if (own.contains(alloc->buffer))
        out.push_back(std::move(each.stmt));
      else if (program[alloc->buffer].dims == 0)
        region.front.push_back(std::move(each.stmt));
      else
        return moveArray(each, top);
      return true;
    }
    if (const auto *drop = std::get_if<Drop>(&each.stmt.node)) {
      if (moved.contains(drop->buffer))
        return true;
      if (!top)
        return fail(each.place);
      region.back.push_back(std::move(each.stmt));
      return true;
    }
    return fail(each.place);
  }

  /// An array of known size: made once, in front of the region, before nothing that prints or
  /// raises: memory may run out. One that a loop makes again each time may have no second name,
  /// which could keep it.
  bool moveArray(Placed &each, bool top) {
    BufferId id = std::get<Alloc>(each.stmt.node).buffer;
    bool known = llvm::all_of(program[id].shape, [&](const Affine &size) {
      return !isInside(size) && facts.isNonNegative(size);
    });
    bool early = ordered || !isAlwaysRun;
    if (!known || !program[id].like.empty() || (!top && named.contains(id)) ||
        (early && !isSmallArray(program, id)))
      return fail(each.place);
    region.front.push_back(each.stmt);
    if (!top) {
      moved.insert(id);
      region.back.push_back({Drop{id}, each.stmt.loc});
    }
    return true;
  }

  const Program &program;
  const MentionCounts &total;
  llvm::ArrayRef<Stmt> run;
  const Facts &facts;
  MentionCounts inRun;
  std::set<SymbolId> inside; // declared in the run
  std::set<BufferId> named;  // arrays that have views or other names in the run
  std::set<LabelId> labels;
  std::set<BufferId> own;   // scalar variables of which each thread has one
  std::set<BufferId> moved; // arrays of loops that are made in front
  bool ordered = false;     // something has printed or may have raised an error
  bool isAlwaysRun = true;  // the place that is looked at, whenever the region is
  TeamRegion region;
  size_t culprit = 0;
};

} // namespace

void MentionCounts::add(const Program &program, const Stmt &stmt) {
  std::set<BufferId> declared;
  forEachDeclaredBuffer(stmt, [&](BufferId id) {
    declared.insert(id);
    for (BufferId like : program[id].like)
      ++buffers[like.index];
  });
  forEachBuffer(stmt, [&](BufferId id) { buffers[id.index] += !declared.contains(id); });
  forEachAffine(program, stmt, [&](const Affine &form) {
    for (const AffineTerm &term : form.terms)
      ++symbols[term.symbol.index];
  });
  if (const auto *compute = std::get_if<Compute>(&stmt.node))
    for (const Assign &assign : compute->body)
      for (SymbolId axis : assign.treeAxes)
        ++symbols[axis.index];
  forEachInnerBlock(stmt, [&](const Block &block) { add(program, block); });
}

void MentionCounts::add(const Program &program, const Block &block) {
  for (const Stmt &stmt : block)
    add(program, stmt);
}

bool isSmallArray(const Program &program, BufferId id) {
  constexpr int64_t most = 1 << 17; // elements
  int64_t elements = program[id].slots;
  for (const Affine &size : program[id].shape) {
    if (!size.isConstant() || size.constant > most || elements > most)
      return false;
    elements *= size.constant;
  }
  return elements <= most;
}

bool isForOneThread(const Stmt &stmt) {
  std::set<BufferId> declared;
  bool good = true;
  auto look = [&](const Stmt &inner, bool outermost) {
    forEachDeclaredBuffer(inner, [&](BufferId id) { declared.insert(id); });
    if (std::holds_alternative<Call>(inner.node) || combinesRanks(inner))
      good = false;
    else if (const auto *call = std::get_if<LibraryCall>(&inner.node))
      good &= !isClock(*call) && !communicates(*call);
    else if (const auto *bind = std::get_if<Bind>(&inner.node))
      good &= outermost || declared.contains(bind->handle);
    else if (const auto *drop = std::get_if<Drop>(&inner.node))
      good &= outermost || declared.contains(drop->buffer);
  };
  look(stmt, true);
  forEachInnerBlock(stmt, [&](const Block &block) {
    forEachStmt(block, [&](const Stmt &inner) { look(inner, false); });
  });
  return good;
}

std::variant<TeamRegion, size_t> formRegion(const Program &program, const MentionCounts &total,
                                            llvm::ArrayRef<Stmt> run, const Facts &facts) {
  return RegionBuilder(program, total, run, facts).form();
}

} // namespace hpcc::ir
