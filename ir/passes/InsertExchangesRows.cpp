//===- InsertExchangesRows.cpp - sets of rows -------------------------------------------------===//
//
// Comparison, union and widening of the rows that ranks need. An answer is `true` only where the
// facts prove it; what is not known is taken for more rows.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertExchanges.h"
#include <cstdlib>

namespace hpcc::ir {

SymbolId RowSymbols::nameOf(const Scalar &value) {
  for (const auto &[known, symbol] : values)
    if (known == value)
      return symbol;
  values.emplace_back(value, program.addSymbol("reach"));
  return values.back().second;
}

const Scalar *RowSymbols::valueOf(SymbolId symbol) const {
  for (const auto &[value, known] : values)
    if (known == symbol)
      return &value;
  return nullptr;
}

/// The distance of two slots, of which one that is not stated is the current one.
static Affine slotDistance(const StorageOf &left, const StorageOf &right) {
  return left.slot.value_or(Affine(0)) - right.slot.value_or(Affine(0));
}

bool isSame(const StorageOf &left, const StorageOf &right, const Program &program) {
  if (left.buffer != right.buffer)
    return false;
  std::optional<int64_t> distance = slotDistance(left, right).asConstant();
  return distance && *distance % static_cast<int64_t>(program[left.buffer].slots) == 0;
}

bool maybeSame(const StorageOf &left, const StorageOf &right, const Program &program) {
  if (left.buffer != right.buffer)
    return false;
  std::optional<int64_t> distance = slotDistance(left, right).asConstant();
  return !distance || *distance % static_cast<int64_t>(program[left.buffer].slots) == 0;
}

Rows wholeArray(const Program &program, const StorageOf &storage, ExchangeFor whom, Loc reader,
                std::string why) {
  ExchangePart part{storage.buffer,
                    storage.slot,
                    Affine(0),
                    program[storage.buffer].shape.front(),
                    {},
                    {},
                    whom,
                    {}};
  return {std::move(part), reader, std::move(why)};
}

/// The same storage for the same reader, as a whole; to all ranks if some of them need it.
static Rows wholeArray(const Rows &rows, const Program &program, const char *why) {
  bool forRoot = rows.part.whom == ExchangeFor::Root;
  return wholeArray(program, storageOf(rows), forRoot ? ExchangeFor::Root : ExchangeFor::All,
                    rows.reader, rows.why.empty() ? why : rows.why);
}

static bool holdsAllRows(const Rows &rows, const Program &program, const Facts &facts) {
  return rows.part.at.empty() && !rows.part.axis && !rows.part.wrap &&
         facts.isAtMost(rows.part.lo, Affine(0)) &&
         facts.isAtMost(program[rows.part.buffer].shape.front(), rows.part.hi);
}

bool isWhole(const Rows &rows, const Program &program, const Facts &facts) {
  return rows.part.whom == ExchangeFor::All && holdsAllRows(rows, program, facts);
}

Axis axisOfShares(const RowSymbols &symbols, const Affine &rows, bool beyond) {
  Axis axis{symbols.iterator, Bound(beyond ? -1 : 0), Bound(beyond ? rows + 1 : rows)};
  axis.ranks = RankMapping{Distribution{Division::Blocks, rows, Affine(0)}};
  return axis;
}

std::optional<Reach> reachOf(const Rows &rows, const Program &program, const RowSymbols &symbols) {
  const ExchangePart &part = rows.part;
  const std::optional<Distribution> &home = program[part.buffer].home;
  if (!part.axis || home->division != Division::Blocks)
    return std::nullopt;
  const Distribution &over = part.axis->ranks->over;
  Affine own = Affine(symbols.iterator) + over.offset - home->offset;
  Reach reach{own - part.lo, part.hi - 1 - own};
  bool isFixed = reach.left.coefficientOf(symbols.iterator) == 0 &&
                 reach.right.coefficientOf(symbols.iterator) == 0;
  if (!isFixed || over.division != Division::Blocks || over.rows != home->rows)
    return std::nullopt;
  return reach;
}

//===-----------------------------------------------------------------------------------------===//
// Comparison
//===-----------------------------------------------------------------------------------------===//

/// True if the axis runs over all shares and beyond: a reach from there is one from anywhere.
static bool isBeyondShares(const Axis &axis) {
  return axis.lo == Bound(-1) && axis.hi == Bound(axis.ranks->over.rows + 1) &&
         axis.ranks->over.offset == Affine(0);
}

static bool coversAxis(const Rows &outer, const Rows &inner, const Program &program,
                       const RowSymbols &symbols, const Facts &facts) {
  const Axis &left = *outer.part.axis, &right = *inner.part.axis;
  if (left.ranks->over != right.ranks->over)
    return false;
  if (isBeyondShares(left) && !outer.part.wrap && reachOf(outer, program, symbols))
    return true;
  auto below = [&](const Affine &form) {
    return llvm::any_of(right.lo.forms, [&](const Affine &lo) { return facts.isAtMost(form, lo); });
  };
  auto above = [&](const Affine &form) {
    return llvm::any_of(right.hi.forms, [&](const Affine &hi) { return facts.isAtMost(hi, form); });
  };
  return llvm::all_of(left.lo.forms, below) && llvm::all_of(left.hi.forms, above) && left.step == 1;
}

bool covers(const Rows &outer, const Rows &inner, const Program &program, const RowSymbols &symbols,
            const Facts &facts) {
  const ExchangePart &left = outer.part, &right = inner.part;
  if (!isSame(storageOf(outer), storageOf(inner), program))
    return false;
  if (left.whom == ExchangeFor::Root && right.whom != ExchangeFor::Root)
    return false;
  if (holdsAllRows(outer, program, facts))
    return true;
  bool isOwn = left.whom == ExchangeFor::Own;
  if (isOwn != (right.whom == ExchangeFor::Own) || left.wrap != right.wrap)
    return false;
  if (isOwn && !coversAxis(outer, inner, program, symbols, facts))
    return false;
  return (left.at.empty() || left.at == right.at) && facts.isAtMost(left.lo, right.lo) &&
         facts.isAtMost(right.hi, left.hi);
}

bool covers(llvm::ArrayRef<Rows> outer, const Rows &inner, const Program &program,
            const RowSymbols &symbols, const Facts &facts) {
  return llvm::any_of(
      outer, [&](const Rows &rows) { return covers(rows, inner, program, symbols, facts); });
}

//===-----------------------------------------------------------------------------------------===//
// Union
//===-----------------------------------------------------------------------------------------===//

/// Both with the rows of both and what is between, where facts order them.
static std::optional<Rows> hullOf(Rows both, const ExchangePart &other, const Facts &facts) {
  ExchangePart &part = both.part;
  if (facts.isAtMost(other.lo, part.lo))
    part.lo = other.lo;
  else if (!facts.isAtMost(part.lo, other.lo))
    return std::nullopt;
  if (facts.isAtMost(part.hi, other.hi))
    part.hi = other.hi;
  else if (!facts.isAtMost(other.hi, part.hi))
    return std::nullopt;
  return both;
}

static bool touch(const ExchangePart &a, const ExchangePart &b, const Facts &facts) {
  return facts.isAtMost(a.lo, b.hi) && facts.isAtMost(b.lo, a.hi);
}

/// Both as one part, if that holds hardly more than they do: reaches over the same shares, or rows
/// next to each other.
static std::optional<Rows> unite(const Rows &left, const Rows &right, const Program &program,
                                 const RowSymbols &symbols, const Facts &facts) {
  const ExchangePart &a = left.part, &b = right.part;
  if (!isSame(storageOf(left), storageOf(right), program) || a.whom != b.whom || a.at != b.at ||
      a.wrap != b.wrap)
    return std::nullopt;
  Rows wide = left;
  if (a.axis && !coversAxis(left, right, program, symbols, facts)) {
    if (!coversAxis(right, left, program, symbols, facts))
      return std::nullopt;
    wide.part.axis = b.axis;
  }
  std::optional<Rows> both = hullOf(std::move(wide), b, facts);
  if (!both)
    return std::nullopt;
  auto isNear = [&](const Affine &x, const Affine &y) {
    constexpr int64_t few = 4;
    std::optional<int64_t> distance = (x - y).asConstant();
    return distance && std::abs(*distance) <= few;
  };
  auto staysNear = [&](const ExchangePart &part) {
    return isNear(part.lo, both->part.lo) && isNear(part.hi, both->part.hi);
  };
  if (!a.axis && !touch(a, b, facts) && !(isNear(a.lo, b.lo) && isNear(a.hi, b.hi)))
    return std::nullopt;
  // What one edge reads at the other end is nothing for all iterations to have, nor is all between.
  bool isOneAxis = !a.axis || (a.axis->lo == b.axis->lo && a.axis->hi == b.axis->hi);
  auto isWideGap = [&](const Affine &end, const Affine &begin) {
    constexpr int64_t mostRows = 64;
    std::optional<int64_t> gap = (begin - end).asConstant();
    return !facts.isAtMost(begin, end) && (!gap || *gap > mostRows);
  };
  if (a.axis && isOneAxis && (isWideGap(a.hi, b.lo) || isWideGap(b.hi, a.lo)))
    return std::nullopt;
  if (!isOneAxis && !staysNear(both->part.axis == a.axis ? a : b))
    return std::nullopt;
  return both;
}

/// Both as one part that holds nothing else: rows for the same iterations that touch.
static std::optional<Rows> join(const Rows &left, const Rows &right, const Program &program,
                                const Facts &facts) {
  const ExchangePart &a = left.part, &b = right.part;
  bool isAlike = isSame(storageOf(left), storageOf(right), program) && a.whom == b.whom &&
                 a.at == b.at && !a.wrap && !b.wrap && a.axis.has_value() == b.axis.has_value() &&
                 (!a.axis || (a.axis->lo == b.axis->lo && a.axis->hi == b.axis->hi &&
                              a.axis->step == b.axis->step && a.axis->ranks == b.axis->ranks));
  return isAlike && touch(a, b, facts) ? hullOf(left, b, facts) : std::nullopt;
}

/// Adds rows to a set, as one part with another where `combine` gives one.
static void
addCombined(std::vector<Rows> &set, Rows rows, const Program &program, const RowSymbols &symbols,
            const Facts &facts,
            llvm::function_ref<std::optional<Rows>(const Rows &, const Rows &)> combine) {
  if (covers(set, rows, program, symbols, facts))
    return;
  for (size_t index = 0; index < set.size(); ++index)
    if (std::optional<Rows> both = combine(set[index], rows)) {
      set.erase(set.begin() + static_cast<std::ptrdiff_t>(index));
      return addCombined(set, std::move(*both), program, symbols, facts, combine);
    }
  llvm::erase_if(set,
                 [&](const Rows &other) { return covers(rows, other, program, symbols, facts); });
  set.push_back(std::move(rows));
}

void addRows(std::vector<Rows> &set, Rows rows, const Program &program, const RowSymbols &symbols,
             const Facts &facts) {
  addCombined(set, std::move(rows), program, symbols, facts,
              [&](const Rows &a, const Rows &b) { return unite(a, b, program, symbols, facts); });
}

void addKnownRows(std::vector<Rows> &set, Rows rows, const Program &program,
                  const RowSymbols &symbols, const Facts &facts) {
  addCombined(set, std::move(rows), program, symbols, facts,
              [&](const Rows &a, const Rows &b) { return join(a, b, program, facts); });
}

//===-----------------------------------------------------------------------------------------===//
// Symbols
//===-----------------------------------------------------------------------------------------===//

bool valuesMention(const Rows &rows, SymbolId symbol, const RowSymbols &symbols) {
  bool found = false;
  forEachAffine(rows.part, [&](const Affine &form) {
    for (const AffineTerm &term : form.terms)
      if (const Scalar *value = symbols.valueOf(term.symbol))
        forEachAffine(*value,
                      [&](const Affine &inner) { found |= inner.coefficientOf(symbol) != 0; });
  });
  return found;
}

bool mentions(const Rows &rows, SymbolId symbol, const RowSymbols &symbols) {
  bool found = valuesMention(rows, symbol, symbols);
  forEachAffine(rows.part, [&](const Affine &form) { found |= form.coefficientOf(symbol) != 0; });
  return found;
}

std::optional<Rows> withoutSymbol(Rows rows, SymbolId symbol, const Axis *axis,
                                  const Program &program, const RowSymbols &symbols) {
  constexpr const char *why = "which rows it reads is known only inside of the loop";
  ExchangePart &part = rows.part;
  auto names = [&](const Affine &form) { return form.coefficientOf(symbol) != 0; };
  if (part.slot && names(*part.slot))
    return std::nullopt;
  if (llvm::any_of(part.at, names))
    part.at.clear();
  if (part.wrap && names(*part.wrap))
    return wholeArray(rows, program, why);
  if (part.axis &&
      (llvm::any_of(part.axis->lo.forms, names) || llvm::any_of(part.axis->hi.forms, names))) {
    if (part.wrap || !reachOf(rows, program, symbols) || part.axis->ranks->over.offset != Affine(0))
      return wholeArray(rows, program, why);
    part.axis = axisOfShares(symbols, part.axis->ranks->over.rows, true);
  }
  if (names(part.lo) || names(part.hi)) {
    std::vector<Affine> lows, highs;
    if (axis) {
      lows = extremesOf(part.lo, *axis, false);
      highs = extremesOf(part.hi, *axis, true);
    }
    if (lows.empty() || highs.empty())
      return wholeArray(rows, program, why);
    part.lo = lows.front(), part.hi = highs.front();
  }
  if (mentions(rows, symbol, symbols)) // in the value of a reach, or in a bound of the axis
    return wholeArray(rows, program, why);
  return rows;
}

//===-----------------------------------------------------------------------------------------===//
// Words
//===-----------------------------------------------------------------------------------------===//

static std::string countOfRows(int64_t rows) {
  return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

std::string toText(const Rows &rows, const Program &program, const RowSymbols &symbols,
                   const Facts &facts) {
  const ExchangePart &part = rows.part;
  std::string of = " of %" + program[part.buffer].name;
  if (part.whom == ExchangeFor::Own) {
    std::optional<Reach> reach = reachOf(rows, program, symbols);
    std::optional<int64_t> left, right;
    if (reach)
      left = reach->left.asConstant(), right = reach->right.asConstant();
    std::string around = part.wrap ? ", around the ends" : "";
    if (!left || !right)
      return "rows" + of + " that each rank needs" + around;
    if (*left == *right || *left <= 0 || *right <= 0)
      return "a halo of " + countOfRows(std::max(*left, *right)) + of + around;
    return "a halo of " + countOfRows(*left) + " before and " + std::to_string(*right) + " behind" +
           of + around;
  }
  std::string to = part.whom == ExchangeFor::Root ? " for rank 0" : " for all ranks";
  std::optional<int64_t> count = (part.hi - part.lo).asConstant();
  if (count == 1 && part.at.size() + 1 == program[part.buffer].dims)
    return "an element" + of + to;
  if (holdsAllRows(rows, program, facts))
    return "all rows" + of + to;
  return (count ? countOfRows(*count) : "rows") + of + to;
}

} // namespace hpcc::ir
