//===- InsertExchangesNeeds.cpp - which rows statements read ----------------------------------===//
//
// A rank that runs some iterations of a divided axis reads rows at a fixed distance from its own (a
// halo), rows that follow from its iterations otherwise, or any; a statement that all ranks run
// reads the same rows on all of them, and one that prints reads them on rank 0.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertExchanges.h"
#include "ir/Library.h"

namespace hpcc::ir {

FunctionArrays::FunctionArrays(const Program &program, const Function &function)
    : groups(program, function) {
  forEachStmt(function.body, [&](const Stmt &stmt) {
    forEachDeclaredBuffer(stmt, [&](BufferId id) {
      if (program[id].home)
        divided.push_back(id);
    });
    if (const auto *view = std::get_if<View>(&stmt.node))
      views.emplace(view->result, *view);
    const auto *call = std::get_if<LibraryCall>(&stmt.node);
    if (!std::holds_alternative<Drop>(stmt.node) && !std::holds_alternative<View>(stmt.node) &&
        (!call || !isOutput(*call)))
      forEachBuffer(stmt, [&](BufferId id) { read.insert(id); });
  });
}

namespace {

/// Gathers the rows that one statement reads.
class RowCollector {
public:
  RowCollector(Program &program, const FunctionArrays &arrays, RowSymbols &symbols, Facts &facts)
      : program(program), arrays(arrays), symbols(symbols), facts(facts) {}

  std::vector<Rows> rows;

  void collect(const Stmt &stmt) {
    loc = stmt.loc;
    std::visit(overloaded{[&](const Compute &node) { collect(node); },
                          [&](const Loop &node) {
                            if (node.axis.ranks)
                              collectDivided(node);
                          },
                          [&](OneOf<Let, If, Check> auto &) { readScalars(stmt); },
                          [&](const LibraryCall &node) { collect(node, stmt); },
                          [&](const Call &node) {
                            readScalars(stmt);
                            for (const CallArgument &argument : node.arguments)
                              if (const auto *buffer = std::get_if<BufferId>(&argument))
                                readArray(*buffer);
                          },
                          [](OneOf<Alloc, Declare, View, Bind, Drop, While, Labelled, Leave,
                                   Parallel, Single, Barrier, Exchange, Transfer> auto &) {}},
               stmt.node);
  }

  /// What later statements read by the view.
  void collect(const View &view, Loc where) {
    loc = where;
    whom = arrays.read.contains(view.result) ? ExchangeFor::All : ExchangeFor::Root;
    readView(view, "it is read by another name");
  }

  /// What the condition of a loop reads.
  void collect(const Scalar &scalar, Loc where) {
    loc = where;
    read(scalar);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Statements
  //===---------------------------------------------------------------------------------------===//

  void collect(const Compute &compute) {
    size_t outside = inner.size();
    const Axis *before = divided;
    for (const Axis &axis : compute.axes)
      if (axis.ranks)
        divided = &axis;
      else
        inner.push_back(axis);
    if (divided != before)
      tail = tailOf(compute, *divided);
    for (const Assign &assign : compute.body) {
      loc = assign.loc.isValid() ? assign.loc : loc;
      if (assign.guard)
        read(*assign.guard);
      read(assign.value);
      if (assign.op != AssignOp::Set)
        read(assign.target);
    }
    inner.resize(outside);
    divided = before;
    tail = Affine(0);
  }

  void collectDivided(const Loop &loop) {
    divided = &loop.axis;
    collectInside(loop.body);
    divided = nullptr;
  }

  /// The body of a divided loop, which one rank runs.
  void collectInside(const Block &block) {
    for (const Stmt &stmt : block) {
      if (const auto *loop = std::get_if<Loop>(&stmt.node)) {
        inner.push_back(loop->axis);
        collectInside(loop->body);
        inner.pop_back();
        continue;
      }
      forEachDeclaredSymbol(stmt, [&](SymbolId id) {
        if (!std::holds_alternative<Compute>(stmt.node))
          unknown.insert(id);
      });
      collect(stmt);
      if (const auto *loop = std::get_if<While>(&stmt.node))
        read(loop->condition);
      forEachInnerBlock(stmt, [&](const Block &block) { collectInside(block); });
    }
  }

  void collect(const LibraryCall &call, const Stmt &stmt) {
    bool raises = false;
    forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
    if (isOutput(call) && !raises)
      whom = ExchangeFor::Root;
    readScalars(stmt);
    bool isResult = infoOf(call.function).writes;
    for (const CallArgument &argument : call.arguments) {
      if (const auto *buffer = std::get_if<BufferId>(&argument); buffer && !isResult)
        readArray(*buffer);
      isResult = false;
    }
    whom = ExchangeFor::All;
  }

  /// How many iterations behind its own a rank runs at most: it adds up whole subtrees of a sum,
  /// each of which begins with an iteration of its own. Nothing where that is not known.
  std::optional<Affine> tailOf(const Compute &compute, const Axis &axis) {
    const Assign *tree = nullptr;
    for (const Assign &assign : compute.body)
      if (assign.order == ReductionOrder::Tree &&
          llvm::is_contained(assign.treeAxes, axis.iterator))
        tree = &assign;
    if (!tree)
      return Affine(0);
    std::optional<Affine> count = extentOf(axis);
    Scalar each = constantInteger(1);
    for (const Axis &other : compute.axes) {
      if (!llvm::is_contained(tree->treeAxes, other.iterator) || &other == &axis)
        continue;
      std::optional<Affine> extent = extentOf(other);
      if (!extent || other.step != 1)
        return std::nullopt;
      each = product(std::move(each), atLeast(affineScalar(*extent), 1));
    }
    if (!count)
      return std::nullopt;
    // A subtree has a 1024th of the points, or 256 to 512 of them, and is cut at multiples of 8.
    Scalar points = product(atLeast(affineScalar(*count), 0), each);
    Scalar subtree = sum(quotient(std::move(points), constantInteger(1024)), constantInteger(528));
    Scalar iterations = quotient(sum(sum(std::move(subtree), each), constantInteger(-1)), each);
    if (std::optional<int64_t> number = numberOf(iterations))
      return Affine(*number);
    SymbolId reach = symbols.nameOf(iterations);
    facts.setInterval(reach, {1, largestSize});
    return Affine(reach);
  }

  /// The number of iterations in symbols from outside of the statement, or more.
  std::optional<Affine> extentOf(const Axis &axis) const {
    std::optional<Affine> lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
    if (!lo || !hi || isInner(*lo) || isInner(*hi))
      return std::nullopt;
    return *hi - *lo;
  }

  // Arithmetic of integers, of constants at once.
  static std::optional<int64_t> numberOf(const Scalar &scalar) {
    const auto *constant = std::get_if<ScalarConstant>(&scalar.node);
    return constant ? std::optional<int64_t>(asInteger(*constant)) : std::nullopt;
  }
  Scalar atLeast(Scalar scalar, int64_t least) const {
    if (std::optional<int64_t> number = numberOf(scalar))
      return constantInteger(std::max(*number, least));
    return apply(program, ScalarOp::Maximum, {std::move(scalar), constantInteger(least)});
  }
  Scalar product(Scalar left, Scalar right) const {
    std::optional<int64_t> x = numberOf(left), y = numberOf(right);
    int64_t both = 0;
    if (x && y && !__builtin_mul_overflow(*x, *y, &both))
      return constantInteger(both);
    if (x == 1)
      return right;
    if (y == 1)
      return left;
    return apply(program, ScalarOp::Multiply, {std::move(left), std::move(right)});
  }
  /// Of numbers that are not negative.
  Scalar quotient(Scalar left, Scalar right) const {
    std::optional<int64_t> x = numberOf(left), y = numberOf(right);
    if (x && y)
      return constantInteger(*x / *y);
    if (y == 1)
      return left;
    return apply(program, ScalarOp::FloorDivide, {std::move(left), std::move(right)});
  }
  Scalar sum(Scalar left, Scalar right) const {
    std::optional<int64_t> x = numberOf(left), y = numberOf(right);
    if (x && y)
      return constantInteger(*x + *y);
    return apply(program, ScalarOp::Add, {std::move(left), std::move(right)});
  }

  //===---------------------------------------------------------------------------------------===//
  // Reads
  //===---------------------------------------------------------------------------------------===//

  void readScalars(const Stmt &stmt) {
    forEachScalar(stmt, [&](const Scalar &scalar) { read(scalar); });
  }

  void read(const Scalar &scalar) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (const auto *load = std::get_if<ScalarLoad>(&tree.node))
        read(load->access);
      else if (const auto *gather = std::get_if<ScalarGather>(&tree.node))
        readArray(gather->buffer, "its subscripts are computed");
    });
  }

  void add(ExchangePart part) {
    addRows(rows, {std::move(part), loc, {}}, program, symbols, facts);
  }

  /// All rows, of all storages that a name may be.
  void addWhole(const StorageOf &storage, const char *why) {
    addRows(rows, wholeArray(program, storage, whom, loc, why), program, symbols, facts);
  }

  void readArray(BufferId id, const char *why = "the statement reads the array as a whole") {
    if (program[id].home)
      return addWhole({id, {}}, why);
    if (program[id].storage == Storage::Own)
      return;
    auto view = arrays.views.find(id);
    for (BufferId base : arrays.divided)
      if (view != arrays.views.end() && view->second.base == base)
        readView(view->second, why);
      else if (arrays.groups.mayOverlap(base, id))
        addWhole({base, {}}, "it is read by another name");
  }

  void readView(const View &view, const char *why) {
    const auto *subscript = std::get_if<Subscript>(&view.form);
    const ViewDim *first = nullptr;
    if (subscript)
      for (const ViewDim &dim : subscript->dims)
        if (!first && !std::holds_alternative<ViewNewAxis>(dim))
          first = &dim;
    ExchangePart part{view.base, {}, {}, {}, {}, {}, whom, {}};
    const Stmt declaration{view, {}};
    bool isKnown = true; // in front of the statement
    forEachAffine(declaration, [&](const Affine &form) {
      isKnown &= !isInner(form) && !(divided && form.coefficientOf(divided->iterator) != 0);
    });
    if (!isKnown)
      return addWhole({view.base, {}}, why);
    if (const auto *index = first ? std::get_if<ViewIndex>(first) : nullptr) {
      part.lo = index->at, part.hi = index->at + 1;
      return add(std::move(part));
    }
    if (const auto *slice = first ? std::get_if<ViewSlice>(first) : nullptr)
      if (std::optional<int64_t> step = slice->step.asConstant()) {
        Affine last = slice->start + (slice->size - 1) * *step;
        part.lo = *step > 0 ? slice->start : last;
        part.hi = (*step > 0 ? last : slice->start) + 1;
        return add(std::move(part));
      }
    addWhole({view.base, {}}, why);
  }

  void read(const Access &access) {
    if (!program[access.buffer].home)
      return readArray(access.buffer);
    const Index &row = access.indices.front();
    if (row.wrap && isInner(*row.wrap))
      return addWhole({access.buffer, access.slot}, "its subscripts are computed");
    if (divided)
      return readByOwners(access, row);
    std::optional<Affine> lo = boundOf(row.form, false), hi = boundOf(row.form, true);
    if (!lo || !hi)
      return addWhole({access.buffer, access.slot}, "which rows it reads is not known before it");
    ExchangePart part{access.buffer, access.slot, *lo, *hi + 1, {}, row.wrap, whom, {}};
    bool isElement = llvm::none_of(access.indices, [&](const Index &index) {
      return isInner(index.form) || (&index != &row && index.wrap);
    });
    if (isElement)
      for (const Index &index : llvm::drop_begin(access.indices))
        part.at.push_back(index.form);
    add(std::move(part));
  }

  /// The rows that each rank reads for its own iterations.
  void readByOwners(const Access &access, const Index &row) {
    StorageOf storage{access.buffer, access.slot};
    const Distribution &home = *program[access.buffer].home, &over = divided->ranks->over;
    if (!tail)
      return addWhole(storage, "how far the subtrees of its sum reach is not known");
    std::optional<int64_t> low = shiftOf(row.form, home, false);
    std::optional<int64_t> high = shiftOf(row.form, home, true);
    bool isOwn = low == 0 && high == 0 && tail == Affine(0);
    if (isOwn && (!row.wrap || staysInside(row.form, *row.wrap)))
      return;
    ExchangePart part{access.buffer, access.slot, {}, {}, {}, row.wrap, ExchangeFor::Own, {}};
    if (low && high && home.division == Division::Blocks) {
      Affine before = std::max<int64_t>(0, -*low), behind = *tail + std::max<int64_t>(0, *high);
      Affine own = Affine(symbols.iterator) - home.offset;
      part.lo = own - before, part.hi = own + behind + 1;
      part.axis = sharesOf(*divided, part.wrap.has_value());
      return add(std::move(part));
    }
    std::optional<Affine> lo = boundOf(row.form, false), hi = boundOf(row.form, true);
    if (!lo || !hi)
      return addWhole(storage, "which rows it reads is not known before it");
    SymbolId iterator = divided->iterator;
    int64_t least = lo->coefficientOf(iterator), most = hi->coefficientOf(iterator);
    if (*tail != Affine(0) && (least < 0 || most < 0))
      return addWhole(storage, "its sum runs through the rows backwards");
    *hi = *hi + *tail * most;
    if ((least != 0 || most != 0) && over.division == Division::Cyclic) {
      std::vector<Affine> lows = extremesOf(*lo, *divided, false);
      std::vector<Affine> highs = extremesOf(*hi, *divided, true);
      if (lows.empty() || highs.empty())
        return addWhole(storage, "which rows it reads is not known before it");
      lo = lows.front(), hi = highs.front(), least = most = 0;
    }
    part.whom = least == 0 && most == 0 && !isFew(*divided) ? ExchangeFor::All : ExchangeFor::Own;
    if (part.whom == ExchangeFor::Own) {
      part.axis = Axis{symbols.iterator, divided->lo, divided->hi};
      part.axis->ranks = RankMapping{over};
    }
    part.lo = substitute(*lo, iterator, Affine(symbols.iterator));
    part.hi = substitute(*hi, iterator, Affine(symbols.iterator)) + 1;
    add(std::move(part));
  }

  /// True for a few iterations, which often have one owner.
  static bool isFew(const Axis &axis) {
    constexpr int64_t few = 4;
    std::optional<Affine> lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
    std::optional<int64_t> count = lo && hi ? (*hi - *lo).asConstant() : std::nullopt;
    return count && *count <= few;
  }

  /// The iterations of the axis as positions in shares, or all positions: then computes over
  /// different rows read the same. A few are left as they are.
  Axis sharesOf(const Axis &axis, bool exact) const {
    const Distribution &over = axis.ranks->over;
    bool isInside =
        llvm::any_of(axis.lo.forms,
                     [&](const Affine &form) { return facts.isNonNegative(form + over.offset); }) &&
        llvm::any_of(axis.hi.forms, [&](const Affine &form) {
          return facts.isAtMost(form + over.offset, over.rows);
        });
    Axis shares = axisOfShares(symbols, over.rows, !isInside);
    if (isFew(axis) || (exact && !isInside)) {
      shares.lo = axis.lo, shares.hi = axis.hi;
      for (Affine &form : shares.lo.forms)
        form = form + over.offset;
      for (Affine &form : shares.hi.forms)
        form = form + over.offset;
    }
    return shares;
  }

  /// True if the row stays in [0, size), where it is not wrapped.
  bool staysInside(const Affine &row, const Affine &size) const {
    auto reaches = [&](bool upper, auto isWithin) {
      return llvm::any_of(extremesOf(row, inner, upper), [&](const Affine &form) {
        return llvm::any_of(extremesOf(form, *divided, upper), isWithin);
      });
    };
    return reaches(false, [&](const Affine &form) { return facts.isNonNegative(form); }) &&
           reaches(true, [&](const Affine &form) { return facts.isAtMost(form + 1, size); });
  }

  /// True if the form names what only the statement itself knows, but for its divided axis.
  bool isInner(const Affine &form) const {
    return llvm::any_of(form.terms, [&](const AffineTerm &term) {
      return unknown.contains(term.symbol) ||
             llvm::any_of(inner, [&](const Axis &axis) { return axis.iterator == term.symbol; });
    });
  }

  /// A bound of the form while all axes but the divided one run.
  std::optional<Affine> boundOf(const Affine &form, bool upper) const {
    for (const Affine &bound : extremesOf(form, inner, upper))
      if (!isInner(bound))
        return bound;
    return std::nullopt;
  }

  /// How many rows the row of the form is behind the one that the rank of the iteration owns, at
  /// least or at most.
  std::optional<int64_t> shiftOf(const Affine &form, const Distribution &home, bool upper) const {
    const Distribution &over = divided->ranks->over;
    if (home.division != over.division || home.rows != over.rows)
      return std::nullopt;
    Affine own = Affine(divided->iterator) + over.offset - home.offset;
    for (const Affine &bound : extremesOf(form, inner, upper))
      if (std::optional<int64_t> shift = (bound - own).asConstant())
        return shift;
    return std::nullopt;
  }

  Program &program;
  const FunctionArrays &arrays;
  RowSymbols &symbols;
  Facts &facts;
  ExchangeFor whom = ExchangeFor::All;
  const Axis *divided = nullptr;
  std::optional<Affine> tail = Affine(0);
  std::vector<Axis> inner; // axes inside of the statement that are not divided, outermost first
  std::set<SymbolId> unknown;
  Loc loc;
};

} // namespace

std::vector<Rows> rowsReadBy(const Stmt &stmt, Program &program, const FunctionArrays &arrays,
                             RowSymbols &symbols, Facts &facts) {
  RowCollector collector(program, arrays, symbols, facts);
  collector.collect(stmt);
  return std::move(collector.rows);
}

std::vector<Rows> rowsReadBy(const View &view, Loc loc, Program &program,
                             const FunctionArrays &arrays, RowSymbols &symbols, Facts &facts) {
  RowCollector collector(program, arrays, symbols, facts);
  collector.collect(view, loc);
  return std::move(collector.rows);
}

std::vector<Rows> rowsReadBy(const Scalar &condition, Loc loc, Program &program,
                             const FunctionArrays &arrays, RowSymbols &symbols, Facts &facts) {
  RowCollector collector(program, arrays, symbols, facts);
  collector.collect(condition, loc);
  return std::move(collector.rows);
}

} // namespace hpcc::ir
