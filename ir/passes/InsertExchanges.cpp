//===- InsertExchanges.cpp - brings rows up to date where ranks read them ---------------------===//
//
// Takes a distributed program without exchanges; leaves one in which every rank has the rows that
// it reads up to date, with few messages. What ranks have beside their own rows is followed through
// the program, so that rows are sent when they are stale and not otherwise; an exchange stands in
// front of the outermost loop that does not make its rows stale, takes along what later statements
// of its block read, and runs while ranks compute what does not wait for it.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertExchanges.h"
#include "ir/Ranks.h"
#include "ir/Slots.h"

namespace hpcc::ir {
namespace {

/// What ranks are known to have up to date beside their own rows, at a place of the program.
struct Freshness {
  std::vector<Rows> known;
  std::set<BufferId> views = {}; // of arrays with a home: names that have not ended
  std::set<BufferId> gone = {};  // names of arrays that have ended
  bool reached = true;
};

class ExchangePlacer {
public:
  ExchangePlacer(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), arrays(program, function),
        symbols(program) {}

  void run() {
    if (!arrays.divided.empty())
      follow(function.body, {});
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Blocks
  //===---------------------------------------------------------------------------------------===//

  /// What is known behind a block that is run with `now` known. Where exchanges are placed they are
  /// inserted; otherwise the block stays as it is.
  Freshness follow(Block &block, Freshness now) {
    Facts::Mark mark = facts.mark();
    std::vector<SymbolId> declared;
    Block out;
    for (size_t index = 0; index < block.size(); ++index) {
      Stmt &stmt = block[index];
      std::vector<Rows> missing = missingOf(rowsOf(stmt, now), now);
      std::vector<Rows> parts = missing;
      if (!missing.empty()) {
        takeAlong(block, index, now, parts);
        know(now, parts);
      }
      follow(stmt, now);
      addFactsOf(program, stmt, facts);
      if (const auto *let = std::get_if<Let>(&stmt.node))
        declared.push_back(let->symbol);
      if (!placing)
        continue;
      if (missing.empty())
        out.push_back(std::move(stmt));
      else
        emit(std::move(stmt), missing, parts, out);
    }
    if (placing)
      block = std::move(out);
    for (SymbolId symbol : declared)
      forget(now, symbol);
    facts.rewind(mark);
    return now;
  }

  /// What must be up to date in front of the statement: of a loop for all of its iterations, of the
  /// end of a name for those views that go on.
  std::vector<Rows> rowsOf(const Stmt &stmt, const Freshness &now) {
    if (const auto *drop = std::get_if<Drop>(&stmt.node)) {
      std::vector<Rows> rows;
      for (BufferId id : now.views)
        if (const View &view = arrays.views.at(id); view.base == drop->buffer)
          for (Rows &each : rowsReadBy(view, stmt.loc, program, arrays, symbols, facts))
            addRows(rows, std::move(each), program, symbols, facts);
      return rows;
    }
    bool isDivided = dividedAxisOf(stmt);
    if (!isDivided &&
        (std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node)))
      return rowsOfLoop(stmt, program, arrays, symbols, facts);
    return rowsReadBy(stmt, program, arrays, symbols, facts);
  }

  std::vector<Rows> missingOf(std::vector<Rows> rows, const Freshness &now) const {
    llvm::erase_if(
        rows, [&](const Rows &each) { return covers(now.known, each, program, symbols, facts); });
    return rows;
  }

  /// Adds what later statements of the block miss and what is final in front of this one.
  void takeAlong(const Block &block, size_t index, const Freshness &now, std::vector<Rows> &parts) {
    constexpr size_t farthest = 64;
    const size_t end = std::min(block.size(), index + farthest);
    Facts::Mark mark = facts.mark();
    std::vector<StorageOf> stale;
    std::vector<SymbolId> declared;
    std::set<BufferId> changed; // made, or another storage is current
    for (; index + 1 < end; ++index) {
      const Stmt &stmt = block[index];
      llvm::append_range(stale, madeStaleBy(stmt, program));
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { declared.push_back(id); });
      forEachDeclaredBuffer(stmt, [&](BufferId id) { changed.insert(id); });
      for (BufferId id : advancedBuffers(stmt))
        changed.insert(id);
      addFactsOf(program, stmt, facts);
      if (std::holds_alternative<Leave>(stmt.node))
        break;
      for (Rows &rows : missingOf(rowsOf(block[index + 1], now), now)) {
        bool isFinal = !changed.contains(rows.part.buffer) &&
                       llvm::none_of(stale, [&](const StorageOf &storage) {
                         return maybeSame(storage, storageOf(rows), program);
                       });
        bool isInScope = llvm::none_of(
            declared, [&](SymbolId symbol) { return mentions(rows, symbol, symbols); });
        if (isFinal && isInScope)
          addRows(parts, std::move(rows), program, symbols, facts);
      }
    }
    facts.rewind(mark);
  }

  //===---------------------------------------------------------------------------------------===//
  // What is known
  //===---------------------------------------------------------------------------------------===//

  void know(Freshness &now, llvm::ArrayRef<Rows> rows) const {
    for (const Rows &each : rows)
      addKnownRows(now.known, each, program, symbols, facts);
  }

  void forget(Freshness &now, SymbolId symbol) const {
    llvm::erase_if(now.known, [&](const Rows &rows) { return mentions(rows, symbol, symbols); });
  }

  void makeStale(Freshness &now, llvm::ArrayRef<StorageOf> storages) const {
    llvm::erase_if(now.known, [&](const Rows &rows) {
      return llvm::any_of(storages, [&](const StorageOf &storage) {
        return maybeSame(storage, storageOf(rows), program);
      });
    });
  }

  /// What is known whichever way a place is reached.
  Freshness meet(const Freshness &left, const Freshness &right) const {
    if (!left.reached || !right.reached)
      return left.reached ? left : right;
    Freshness both{{}, left.views, left.gone};
    both.gone.insert(right.gone.begin(), right.gone.end());
    for (const Rows &rows : left.known)
      if (covers(right.known, rows, program, symbols, facts))
        both.known.push_back(rows);
    for (const Rows &rows : right.known)
      if (covers(left.known, rows, program, symbols, facts) &&
          !covers(both.known, rows, program, symbols, facts))
        both.known.push_back(rows);
    return both;
  }

  /// What is known at the end of an iteration, as the next one says it.
  void advance(Freshness &now, SymbolId iterator, int64_t step) const {
    llvm::erase_if(now.known, [&](Rows &rows) {
      forEachAffine(rows.part, [&](Affine &form) {
        form = substitute(form, iterator, Affine(iterator) - step);
      });
      return valuesMention(rows, iterator, symbols);
    });
  }

  //===---------------------------------------------------------------------------------------===//
  // Statements
  //===---------------------------------------------------------------------------------------===//

  void follow(Stmt &stmt, Freshness &now) {
    if (dividedAxisOf(stmt))
      return makeStale(now, madeStaleBy(stmt, program));
    std::visit(overloaded{[&](Loop &node) { followLoop(stmt, node, now); },
                          [&](While &node) { followWhile(stmt, node, now); },
                          [&](If &node) { followBranch(node, now); },
                          [&](Labelled &node) { followLabelled(node, now); },
                          [&](Leave &node) {
                            auto [way, isFirst] = ways.emplace(node.label, now);
                            if (!isFirst)
                              way->second = meet(way->second, now);
                            now = {{}, {}, {}, false};
                          },
                          [&](Alloc &node) { makeFresh(node.buffer, now); },
                          [&](OneOf<Parallel, Single, Exchange> auto &node) {
                            now = follow(node.body, std::move(now));
                          },
                          [&](View &node) {
                            if (program[node.base].home)
                              now.views.insert(node.result);
                          },
                          [&](Drop &node) {
                            now.views.erase(node.buffer);
                            now.gone.insert(node.buffer);
                          },
                          [](OneOf<Let, Declare, Bind, Compute, Barrier, Transfer, Call,
                                   LibraryCall, Check> auto &) {}},
               stmt.node);
  }

  /// What a new array holds is arbitrary everywhere.
  void makeFresh(BufferId id, Freshness &now) const {
    const Buffer &buffer = program[id];
    if (!buffer.home)
      return;
    now.gone.erase(id);
    for (unsigned slot = 0; slot < buffer.slots; ++slot) {
      StorageOf storage{id, Affine(static_cast<int64_t>(slot))};
      now.known.push_back(wholeArray(program, storage, ExchangeFor::All, {}, {}));
    }
  }

  void followBranch(If &node, Freshness &now) {
    Facts::Mark mark = facts.mark();
    facts.addCondition(node.condition, true);
    Freshness thenEnd = follow(node.thenBody, now);
    facts.rewind(mark);
    facts.addCondition(node.condition, false);
    Freshness elseEnd = follow(node.elseBody, std::move(now));
    facts.rewind(mark);
    now = meet(thenEnd, elseEnd);
  }

  void followLabelled(Labelled &node, Freshness &now) {
    ways.erase(node.label);
    now = follow(node.body, std::move(now));
    if (auto way = ways.find(node.label); way != ways.end()) {
      Freshness left = way->second;
      forEachStmt(node.body, [&](const Stmt &stmt) {
        forEachDeclaredSymbol(stmt, [&](SymbolId id) { forget(left, id); });
      });
      now = meet(now, left);
    }
  }

  //===---------------------------------------------------------------------------------------===//
  // Loops
  //===---------------------------------------------------------------------------------------===//

  /// Enters a time loop: the storages that it moves on are counted by its iterator.
  void enter(Freshness &now, const Stmt &loop, SymbolId iterator, const Affine &first) const {
    std::vector<BufferId> advanced = advancedBuffers(loop, iterator);
    llvm::erase_if(now.known, [&](Rows &rows) {
      if (!llvm::is_contained(advanced, rows.part.buffer))
        return false;
      Affine slot = rows.part.slot.value_or(Affine(0));
      rows.part.slot = Affine(iterator) + slot - first;
      return !slot.isConstant(); // counted by a loop around this one
    });
  }

  /// Leaves a loop: the storages are those behind the then current one again.
  void exit(Freshness &now, SymbolId iterator, const Affine &first) const {
    for (Rows &rows : now.known)
      if (rows.part.slot)
        rows.part.slot = substitute(*rows.part.slot, iterator, first);
    llvm::erase_if(now.known, [&](const Rows &rows) {
      return rows.part.slot && !first.isConstant() && !rows.part.slot->isConstant();
    });
    forget(now, iterator);
  }

  /// Repeats a loop until what is known at its head holds for all iterations; then places exchanges
  /// in it. `turn` takes what is known at the head and returns what is known at the end.
  template <typename F> Freshness repeat(Freshness head, F turn) {
    constexpr unsigned mostTurns = 8, deepest = 6; // a turn of a loop repeats the loops in it
    bool wasPlacing = std::exchange(placing, false);
    ++looking;
    bool isStable = false;
    for (unsigned count = 0; count < mostTurns && looking <= deepest && !isStable; ++count) {
      Freshness next = meet(head, turn(head));
      isStable = next.known == head.known;
      head = std::move(next);
    }
    if (!isStable) {
      head.known.clear();
      turn(head);
    }
    --looking;
    placing = wasPlacing;
    if (placing) {
      ++depth;
      turn(head);
      --depth;
    }
    return head;
  }

  void followLoop(const Stmt &stmt, Loop &node, Freshness &now) {
    Facts::Mark mark = facts.mark();
    facts.addAxis(node.axis);
    SymbolId iterator = node.axis.iterator;
    Affine first = node.axis.lo.asSingle().value_or(Affine(iterator));
    if (node.role == LoopRole::Time)
      enter(now, stmt, iterator, first);
    now = repeat(std::move(now), [&](const Freshness &head) {
      Freshness end = follow(node.body, head);
      advance(end, iterator, node.axis.step);
      return end;
    });
    exit(now, iterator, first);
    facts.rewind(mark);
  }

  void followWhile(const Stmt &stmt, While &node, Freshness &now) {
    if (node.iterator)
      enter(now, stmt, *node.iterator, Affine(0));
    Freshness left;
    now = repeat(std::move(now), [&](const Freshness &head) {
      left = followHeader(node, stmt.loc, head);
      Facts::Mark mark = facts.mark();
      facts.addCondition(node.condition, true);
      Freshness end = follow(node.body, left);
      facts.rewind(mark);
      forgetDeclared(node.header, end);
      if (node.iterator)
        advance(end, *node.iterator, 1);
      return end;
    });
    if (!placing)
      left = followHeader(node, stmt.loc, now); // with what is known in all turns
    forgetDeclared(node.header, left);
    now = std::move(left);
    if (node.iterator)
      exit(now, *node.iterator, Affine(0));
  }

  void forgetDeclared(const Block &block, Freshness &now) const {
    for (const Stmt &stmt : block)
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { forget(now, id); });
  }

  /// The header and the condition of a loop, which are in one scope.
  Freshness followHeader(While &node, Loc loc, Freshness now) {
    now = follow(node.header, std::move(now));
    std::vector<Rows> missing =
        missingOf(rowsReadBy(node.condition, loc, program, arrays, symbols, facts), now);
    if (missing.empty())
      return now;
    know(now, missing);
    if (placing)
      emitParts(missing, missing, loc, node.header);
    return now;
  }

  //===---------------------------------------------------------------------------------------===//
  // Exchanges
  //===---------------------------------------------------------------------------------------===//

  /// Puts out an exchange of the parts and the statement behind it, of which the inside of each
  /// share is computed meanwhile if that is possible.
  void emit(Stmt stmt, llvm::ArrayRef<Rows> missing, llvm::ArrayRef<Rows> parts, Block &out) {
    std::optional<std::pair<int64_t, int64_t>> margins = marginsOf(stmt, missing, parts);
    Exchange &exchange = emitParts(missing, parts, stmt.loc, out);
    if (margins) {
      exchange.body = cloneFresh(program, {stmt}, function.labels);
      auto setPart = [&](Stmt &half, RankPart part) {
        for (Axis &axis : std::get<Compute>(half.node).axes)
          if (axis.ranks)
            axis.ranks->part = part, axis.ranks->left = margins->first,
            axis.ranks->right = margins->second;
      };
      setPart(exchange.body.front(), RankPart::Inner);
      setPart(stmt, RankPart::Outer);
      context.count("exchanges with a compute meanwhile");
    }
    out.push_back(std::move(stmt));
  }

  Exchange &emitParts(llvm::ArrayRef<Rows> missing, llvm::ArrayRef<Rows> parts, Loc loc,
                      Block &out) {
    report(missing, parts, loc);
    Exchange exchange;
    std::map<SymbolId, SymbolId> names;
    for (const Rows &rows : parts)
      exchange.parts.push_back(named(rows.part, names, loc, out));
    out.push_back({std::move(exchange), loc});
    return std::get<Exchange>(out.back().node);
  }

  /// The part with an iterator of its own, and with a `let` in front for each value that it names.
  ExchangePart named(ExchangePart part, std::map<SymbolId, SymbolId> &names, Loc loc, Block &out) {
    std::set<SymbolId> mentioned;
    forEachAffine(part, [&](const Affine &form) {
      for (const AffineTerm &term : form.terms)
        mentioned.insert(term.symbol);
    });
    for (SymbolId symbol : mentioned) {
      const Scalar *value = symbols.valueOf(symbol);
      if (value && names.emplace(symbol, symbol).second) {
        names[symbol] = program.addSymbol(std::string(program[symbol].name));
        out.push_back({Let{names[symbol], *value}, loc});
      }
      if (value)
        forEachAffine(part, [&](Affine &form) { form = substitute(form, symbol, names[symbol]); });
    }
    if (part.slot == Affine(0))
      part.slot.reset();
    if (part.axis) {
      SymbolId iterator = program.addSymbol(std::string(program[symbols.iterator].name));
      forEachAffine(part,
                    [&](Affine &form) { form = substitute(form, symbols.iterator, iterator); });
      part.axis->iterator = iterator;
    }
    return part;
  }

  /// How far from the ends of shares a compute stays that need not wait for the exchange; nothing
  /// if all of it must, or if it is not worth it.
  std::optional<std::pair<int64_t, int64_t>>
  marginsOf(const Stmt &stmt, llvm::ArrayRef<Rows> missing, llvm::ArrayRef<Rows> parts) const {
    const auto *compute = std::get_if<Compute>(&stmt.node);
    const Axis *axis = dividedAxisOf(stmt);
    if (!compute || !axis || axis->kind != AxisKind::Par || depth == 0 ||
        axis->ranks->over.division != Division::Blocks)
      return std::nullopt;
    bool raises = false; // another error than the first one would be told
    forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
    for (const StorageOf &stored : madeStaleBy(stmt, program))
      for (const Rows &rows : parts)
        raises |= maybeSame(stored, storageOf(rows), program);
    if (raises)
      return std::nullopt;
    std::pair<int64_t, int64_t> margins = {0, 0};
    for (const Rows &rows : missing) {
      std::optional<Reach> reach = reachOf(rows, program, symbols);
      std::optional<int64_t> left, right;
      if (reach && !rows.part.wrap && isOverShares(*rows.part.axis))
        left = reach->left.asConstant(), right = reach->right.asConstant();
      if (!left || !right)
        return std::nullopt;
      margins.first = std::max(margins.first, *left);
      margins.second = std::max(margins.second, *right);
    }
    return margins;
  }

  /// Not over a few rows only, of which hardly any are inside.
  static bool isOverShares(const Axis &axis) {
    return axis.lo.asSingle() && axis.lo.asSingle()->isConstant() &&
           axis.hi.asSingle() != std::nullopt &&
           llvm::is_contained({Affine(0), Affine(1)}, *axis.hi.asSingle() - axis.ranks->over.rows);
  }

  void report(llvm::ArrayRef<Rows> missing, llvm::ArrayRef<Rows> parts, Loc loc) {
    context.count("exchanges");
    context.count("parts of exchanges", parts.size());
    std::string text;
    Loc other;
    for (const Rows &rows : parts) {
      text += (text.empty() ? "" : ", ") + toText(rows, program, symbols, facts);
      bool isMissing = llvm::any_of(
          missing, [&](const Rows &own) { return own.part.buffer == rows.part.buffer; });
      if (!isMissing && !other.isValid())
        other = rows.reader;
      if (depth > 0 && isWhole(rows, program, facts) && !rows.why.empty())
        context.missed(rows.reader.isValid() ? rows.reader : loc,
                       "all rows of %" + program[rows.part.buffer].name +
                           " go to all ranks, in a loop: " + rows.why);
    }
    Loc reader = missing.front().reader.isValid() ? missing.front().reader : loc;
    context.passed(reader, "brings up to date " + text, other,
                   other.isValid() ? "also for this statement" : "");
  }

  Program &program;
  Function &function;
  PassContext &context;
  FunctionArrays arrays;
  RowSymbols symbols;
  Facts facts;
  std::map<LabelId, Freshness> ways; // what is known where a block is left
  bool placing = true;
  unsigned depth = 0;   // loops around the place
  unsigned looking = 0; // those of them that are repeated
};

} // namespace

void insertExchanges(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    ExchangePlacer(program, function, context).run();
}

} // namespace hpcc::ir
