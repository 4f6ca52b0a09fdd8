//===- DecomposeHomes.cpp - which rank has which row -----------------------------------------===//
//
// Arrays whose rows are used together are put into one template of rows, each at an offset, and the
// template is divided: the alignment of High Performance Fortran (Rice University, HPF Language
// Specification 2.0, 1997, section 3), found from the accesses.
//
//===-----------------------------------------------------------------------------------------===//

#include "Decompose.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// Sets of arrays with offsets between them: row x of a member is row x + offset of its template.
class Alignment {
public:
  explicit Alignment(const Program &program) : program(program) {}

  /// Puts two rows at the same place, which holds then for all; false if they are at different
  /// places already, or no number says where.
  bool join(const RowUse &left, const RowUse &right) {
    std::optional<int64_t> between = (left.rest - right.rest).asConstant();
    if (!between)
      return false;
    Member &one = memberOf(left.buffer), &other = memberOf(right.buffer);
    // The other's offset, counted as the one's is.
    int64_t offset = one.offset + *between;
    if (one.set == other.set)
      return other.offset == offset;
    const Template &into = templates[one.set];
    std::optional<int64_t> longer = (templates[other.set].rows - into.rows).asConstant();
    if (!longer)
      return false;
    merge(one.set, other.set, offset - other.offset, *longer);
    return true;
  }

  bool areJoined(BufferId left, BufferId right) {
    return memberOf(left).set == memberOf(right).set;
  }
  size_t setOf(BufferId id) { return memberOf(id).set; }
  bool contains(BufferId id) const { return members.count(id) != 0; }

  Distribution distributionOf(BufferId id, const std::set<size_t> &cyclic) {
    const Member &member = memberOf(id);
    const Template &rows = templates[member.set];
    int64_t offset = member.offset - rows.first;
    if (cyclic.contains(member.set))
      return {Division::Cyclic, Affine(0), Affine(offset)};
    return {Division::Blocks, rows.rows + Affine(rows.last - rows.first), Affine(offset)};
  }

  std::vector<BufferId> all() const {
    std::vector<BufferId> ids;
    for (const auto &[id, member] : members)
      ids.push_back(id);
    return ids;
  }

private:
  struct Member {
    size_t set = 0;
    int64_t offset = 0;
  };
  /// The template's rows are [first, rows + last), with numbers beside a size of the program.
  struct Template {
    Affine rows;
    int64_t first = 0, last = 0;
  };

  Member &memberOf(BufferId id) {
    auto [found, isNew] = members.try_emplace(id, Member{templates.size(), 0});
    if (isNew)
      templates.push_back({program[id].shape.front()});
    return found->second;
  }

  void merge(size_t into, size_t from, int64_t shift, int64_t longer) {
    for (auto &[id, member] : members)
      if (member.set == from)
        member = {into, member.offset + shift};
    Template &rows = templates[into];
    const Template &other = templates[from];
    rows.first = std::min(rows.first, other.first + shift);
    rows.last = std::max(rows.last, other.last + longer + shift);
  }

  const Program &program;
  std::map<BufferId, Member> members;
  std::vector<Template> templates;
};

/// The middle of the rows that a unit loads of each array, in the order of the loads.
std::vector<RowUse> middlesOf(llvm::ArrayRef<RowUse> loads) {
  struct Reach {
    RowUse first;
    int64_t least = 0, most = 0;
  };
  std::vector<Reach> reaches;
  for (const RowUse &load : loads) {
    auto found = llvm::find_if(
        reaches, [&](const Reach &reach) { return reach.first.buffer == load.buffer; });
    if (found == reaches.end()) {
      reaches.push_back({load});
      continue;
    }
    if (std::optional<int64_t> distance = (load.rest - found->first.rest).asConstant()) {
      found->least = std::min(found->least, *distance);
      found->most = std::max(found->most, *distance);
    }
  }
  std::vector<RowUse> middles;
  for (const Reach &reach : reaches)
    middles.push_back(
        {reach.first.buffer, reach.first.rest + Affine((reach.least + reach.most) >> 1)});
  return middles;
}

/// The templates whose rows are dealt out one by one: iterations of par loops, whose lengths
/// differ, store them, and nobody needs a neighbour's row.
std::set<size_t> findCyclic(Alignment &alignment, llvm::ArrayRef<DivisibleUnit> units) {
  std::map<size_t, unsigned> loopDepths;
  for (const DivisibleUnit &unit : units)
    if (unit.isLoop)
      for (const RowUse &store : unit.stores) {
        unsigned &depth = loopDepths[alignment.setOf(store.buffer)];
        depth = std::max(depth, unit.depth + 1);
      }
  std::set<size_t> cyclic;
  for (auto [set, depth] : loopDepths)
    cyclic.insert(set);
  for (const DivisibleUnit &unit : units) {
    if (unit.stores.empty() && unit.loads.empty())
      continue;
    const RowUse &anchor = unit.stores.empty() ? unit.loads.front() : unit.stores.front();
    size_t set = alignment.setOf(anchor.buffer);
    bool isLong = unit.isFlat && !unit.stores.empty() && unit.depth + 1 >= loopDepths[set];
    if (isLong)
      cyclic.erase(set);
    for (const RowUse &load : unit.loads)
      if (alignment.setOf(load.buffer) == set && !alignment.join(anchor, load))
        cyclic.erase(set);
    for (BufferId id : unit.otherLoads)
      if (alignment.setOf(id) == set || unit.isFlat)
        cyclic.erase(alignment.setOf(id));
  }
  return cyclic;
}

} // namespace

std::map<BufferId, Distribution> chooseHomes(const Program &program,
                                             llvm::ArrayRef<DivisibleUnit> units) {
  // Whole boxes before edges, by depth, each in the order of the text.
  std::map<std::pair<bool, unsigned>, std::vector<const DivisibleUnit *>, std::greater<>> byDepth;
  for (const DivisibleUnit &unit : units)
    byDepth[{!unit.isShort, unit.depth}].push_back(&unit);
  Alignment alignment(program);
  for (const auto &[weight, sameWeight] : byDepth)
    for (const DivisibleUnit *unit : sameWeight) {
      for (const RowUse &store : unit->stores)
        alignment.join(unit->stores.front(), store);
      std::vector<RowUse> middles = middlesOf(unit->loads);
      for (const RowUse &middle : middles)
        alignment.join(unit->stores.empty() ? middles.front() : unit->stores.front(), middle);
    }
  std::set<size_t> cyclic = findCyclic(alignment, units);
  std::map<BufferId, Distribution> homes;
  for (BufferId id : alignment.all())
    homes.emplace(id, alignment.distributionOf(id, cyclic));
  return homes;
}

} // namespace hpcc::ir
