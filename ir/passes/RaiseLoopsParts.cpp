//===- RaiseLoopsParts.cpp - into which loops a loop can be split ----------------------------===//
//
// Two statements of the body may come to stand in different loops, in the order of the text, if the
// second never touches what a later iteration of the first touches. What must stay together takes
// all between along. Values that cost no memory to make again are repeated in each part.
//
//===---------------------------------------------------------------------------------------===//

#include "RaiseLoops.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// The names that a statement and all inside it use, declare or change.
struct StmtNames {
  std::set<BufferId> buffers, changed;
  std::set<SymbolId> symbols, declared;
};

StmtNames namesOf(const Program &program, const Stmt &stmt) {
  StmtNames names;
  auto add = [&](const Stmt &each) {
    forEachBuffer(each, [&](BufferId id) { names.buffers.insert(id); });
    forEachDeclaredBuffer(each, [&](BufferId id) {
      names.changed.insert(id);
      names.buffers.insert(program[id].like.begin(), program[id].like.end());
    });
    forEachDeclaredSymbol(each, [&](SymbolId id) { names.declared.insert(id); });
    if (auto *bind = std::get_if<Bind>(&each.node))
      names.changed.insert(bind->handle);
    else if (auto *drop = std::get_if<Drop>(&each.node))
      names.changed.insert(drop->buffer);
    forEachAffine(program, each, [&](const Affine &form) {
      for (const AffineTerm &term : form.terms)
        names.symbols.insert(term.symbol);
    });
  };
  add(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, add); });
  return names;
}

template <typename T> bool meet(const std::set<T> &left, const std::set<T> &right) {
  return llvm::any_of(left, [&](const T &id) { return right.count(id) != 0; });
}

class PartFinder {
public:
  PartFinder(Program &program, const Loop &loop, const IterationScalars &scalars,
             LiveScalars &liveness, const StorageGroups &groups, const Facts &outside)
      : program(program), loop(loop), scalars(scalars), liveness(liveness), groups(groups),
        facts(outside) {}

  LoopParts find() {
    const Block &body = loop.body;
    for (const Stmt &stmt : body)
      names.push_back(namesOf(program, stmt));
    for (size_t index = 0; index < body.size(); ++index)
      parts.copied.push_back(isCopied(body[index]) && !usesOwn(index));
    prepareLater();
    for (const Stmt &stmt : body)
      touches.push_back(touchesOf(stmt, program, facts));
    last.resize(body.size());
    for (size_t first = 0; first < body.size(); ++first) {
      last[first] = first;
      for (size_t second = first + 1; second < body.size(); ++second)
        if (!parts.copied[first] && !parts.copied[second] && mustStayTogether(first, second))
          last[first] = second;
    }
    tieFlows();
    collectRanges();
    return std::move(parts);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Repeated statements
  //===---------------------------------------------------------------------------------------===//

  bool isWritten(BufferId buffer) const {
    bool written = false;
    forEachStmt(loop.body, [&](const Stmt &stmt) {
      std::visit(overloaded{[&](const Compute &node) {
                              for (const Assign &assign : node.body)
                                written |= groups.mayOverlap(assign.target.buffer, buffer);
                            },
                            [&](OneOf<Call, LibraryCall, Bind, Drop> auto &) { written = true; },
                            [](const auto &) {}},
                 stmt.node);
    });
    return written;
  }

  bool isFixed(const Scalar &value) const {
    bool fixed = !canRaise(value);
    forEachSubtree(value, [&](const Scalar &tree) {
      std::visit(
          overloaded{[&](const ScalarLoad &node) { fixed &= !isWritten(node.access.buffer); },
                     [&](OneOf<ScalarGather, ScalarDim, ScalarState> auto &node) {
                       fixed &= !isWritten(node.buffer);
                     },
                     [](const auto &) {}},
          tree.node);
    });
    return fixed;
  }

  /// True if the statement names a symbol of a statement before it that is not repeated itself.
  bool usesOwn(size_t index) const {
    for (size_t before = 0; before < index; ++before)
      if (!parts.copied[before] && meet(names[before].declared, names[index].symbols))
        return true;
    return false;
  }

  unsigned setsOf(BufferId variable) const {
    unsigned sets = 0;
    forEachStmt(loop.body, [&](const Stmt &stmt) {
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        for (const Assign &assign : compute->body)
          sets += assign.target.buffer == variable;
    });
    return sets;
  }

  bool isCopied(const Stmt &stmt) const {
    if (auto *alloc = std::get_if<Alloc>(&stmt.node))
      return program[alloc->buffer].dims == 0;
    if (auto *let = std::get_if<Let>(&stmt.node))
      return isFixed(let->value);
    auto *compute = std::get_if<Compute>(&stmt.node);
    return compute && compute->axes.empty() &&
           llvm::all_of(compute->body, [&](const Assign &assign) {
             BufferId target = assign.target.buffer;
             return assign.op == AssignOp::Set && !assign.guard && scalars.own.count(target) &&
                    setsOf(target) == 1 && isFixed(assign.value);
           });
  }

  //===---------------------------------------------------------------------------------------===//
  // Ties
  //===---------------------------------------------------------------------------------------===//

  /// `later` stands for an iteration behind that of the iterator.
  void prepareLater() {
    const Axis &axis = loop.axis;
    later = program.addSymbol("later");
    facts.addAxis(axis);
    facts.setInterval(later, facts.intervalOf(axis.iterator));
    facts.addLower(later, Affine(axis.iterator) + axis.step);
    for (const Affine &hi : axis.hi.forms)
      facts.addUpper(later, hi - 1);
  }

  Footprint atLaterIteration(Footprint footprint) const {
    auto isOfIteration = [&](const Affine &form) {
      return llvm::any_of(form.terms, [&](const AffineTerm &term) {
        return llvm::any_of(
            names, [&](const StmtNames &each) { return each.declared.count(term.symbol) != 0; });
      });
    };
    auto shift = [&](Affine &form) { form = substitute(form, loop.axis.iterator, later); };
    for (std::optional<Range> &dim : footprint.dims) {
      if (!dim)
        continue;
      llvm::for_each(dim->start.forms, shift);
      llvm::for_each(dim->end.forms, shift);
      if (llvm::any_of(dim->start.forms, isOfIteration) ||
          llvm::any_of(dim->end.forms, isOfIteration))
        dim.reset();
    }
    if (footprint.slot)
      shift(*footprint.slot);
    return footprint;
  }

  bool mustStayTogether(size_t first, size_t second) {
    const StmtNames &a = names[first], &b = names[second];
    Loc left = loop.body[first].loc, right = loop.body[second].loc;
    auto tie = [&](const llvm::Twine &text, Loc from, Loc to) {
      if (parts.why.text.empty())
        parts.why = {text.str(), to, from, "this must come first"};
      return true;
    };
    if (isOrdered(loop.body[first]) && isOrdered(loop.body[second]))
      return tie("two statements print, raise or call, in turns", left, right);
    if (meet(a.changed, b.buffers) || meet(b.changed, a.buffers) || meet(a.declared, b.symbols))
      return tie("a name of one iteration is used by several statements", left, right);
    for (const Touch &x : touches[first]) {
      Footprint there = atLaterIteration(x.footprint);
      for (const Touch &y : touches[second]) {
        BufferId p = x.footprint.buffer, q = y.footprint.buffer;
        if ((!isWrite(x.use) && !isWrite(y.use)) || (p == q && scalars.own.count(p)))
          continue;
        if (p == q ? !areDisjoint(there, y.footprint, program, facts) : groups.mayOverlap(p, q))
          return tie("a later iteration touches %" + program[p].name + " before this, too", x.loc,
                     y.loc);
      }
    }
    return false;
  }

  /// The value of an iteration's own scalar ties the statement that reads it to those that set it.
  void tieFlows() {
    for (size_t reader = 0; reader < loop.body.size(); ++reader)
      for (BufferId variable : scalars.own) {
        if (!liveness.before(loop.body[reader], {}).count(variable))
          continue;
        for (size_t setter = reader; setter-- > 0;) {
          if (!parts.copied[setter] && names[setter].buffers.count(variable) &&
              setsIn(loop.body[setter], variable))
            last[setter] = std::max(last[setter], reader);
          if (!liveness.before(loop.body[setter], {variable}).count(variable))
            break; // sets it on all paths
        }
      }
  }

  static bool setsIn(const Stmt &stmt, BufferId variable) {
    bool sets = false;
    auto look = [&](const Stmt &each) {
      if (auto *compute = std::get_if<Compute>(&each.node))
        sets |= llvm::any_of(
            compute->body, [&](const Assign &assign) { return assign.target.buffer == variable; });
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
    return sets;
  }

  void collectRanges() {
    for (size_t first = 0; first < last.size();) {
      size_t end = first + 1;
      for (size_t index = first; index < end; ++index)
        end = std::max(end, last[index] + 1);
      bool hasOwn = false;
      for (size_t index = first; index < end; ++index)
        hasOwn |= !parts.copied[index];
      if (hasOwn)
        parts.ranges.push_back({first, end});
      first = end;
    }
  }

  Program &program;
  const Loop &loop;
  const IterationScalars &scalars;
  LiveScalars &liveness;
  const StorageGroups &groups;
  Facts facts;
  SymbolId later;
  LoopParts parts;
  std::vector<StmtNames> names;
  std::vector<std::vector<Touch>> touches;
  std::vector<size_t> last; // by statement: the last one that must stay with it
};

} // namespace

LoopParts partsOfLoop(Program &program, const Loop &loop, const IterationScalars &scalars,
                      LiveScalars &liveness, const StorageGroups &groups, const Facts &facts) {
  return PartFinder(program, loop, scalars, liveness, groups, facts).find();
}

Loop loopOfPart(const Program &program, const Loop &loop, const LoopParts &parts, size_t first,
                size_t end) {
  std::vector<bool> taken(end);
  std::set<BufferId> buffers;
  std::set<SymbolId> symbols;
  for (size_t index = end; index-- > 0;) {
    const Stmt &stmt = loop.body[index];
    bool needed = index >= first && !parts.copied[index];
    if (parts.copied[index]) {
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { needed |= symbols.count(id) != 0; });
      forEachDeclaredBuffer(stmt, [&](BufferId id) { needed |= buffers.count(id) != 0; });
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        for (const Assign &assign : compute->body)
          needed |= buffers.count(assign.target.buffer) != 0;
    }
    taken[index] = needed;
    if (!needed)
      continue;
    StmtNames names = namesOf(program, stmt);
    buffers.insert(names.buffers.begin(), names.buffers.end());
    symbols.insert(names.symbols.begin(), names.symbols.end());
  }
  Loop part{loop.axis, loop.role, {}};
  for (size_t index = 0; index < end; ++index)
    if (taken[index])
      part.body.push_back(loop.body[index]);
  return part;
}

} // namespace hpcc::ir
