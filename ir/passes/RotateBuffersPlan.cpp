//===- RotateBuffersPlan.cpp - which storage a name means at each place of a step ----------===//

#include "RotateBuffersPlan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {
namespace {

using Kind = RotationStep::Kind;
using Version = RotationVersion;

class Planner {
public:
  Planner(const Program &program, const RotationFamily &family)
      : program(program), family(family), steps(family.steps), facts(family.facts) {}

  std::variant<RotationPlan, RotationObstacle> run() {
    collectStores();
    findLiveness();
    // At the head of the first step all names have contents of their own; later those that the
    // step before has left.
    std::map<BufferId, unsigned> classes;
    for (BufferId name : liveAtHead)
      classes[name] = static_cast<unsigned>(classes.size());
    bool isStable = false;
    for (size_t round = 0; !isStable && round <= family.names.size() + 1; ++round) {
      if (!simulate(classes))
        return *obstacle;
      std::map<BufferId, unsigned> next = classesAtEnd();
      isStable = next == classes;
      classes = std::move(next);
    }
    if (!isStable)
      return refuse("the names do not come back to the same order");
    if (!assignSlots() || !checkHomes())
      return *obstacle;
    if (std::optional<RotationObstacle> found =
            settleFixedCells(program, family, liveAtHead, classes, plan))
      return std::move(*found);
    plan.usedAfter = usedAfter;
    return std::move(plan);
  }

private:
  //===-----------------------------------------------------------------------------------===//
  // Facts about the body
  //===-----------------------------------------------------------------------------------===//

  RotationObstacle refuse(const llvm::Twine &text, Loc loc = {}, const llvm::Twine &otherText = "",
                          Loc other = {}, std::optional<size_t> copy = {}) {
    obstacle = RotationObstacle{text.str(), loc, otherText.str(), other, copy};
    return *obstacle;
  }
  std::string nameOf(BufferId id) const { return "%" + program[id].name; }

  /// Footprints of all names speak of the same cells.
  Footprint cellsOf(const Touch &touch) const {
    Footprint footprint = touch.footprint;
    footprint.buffer = family.names.front();
    return footprint;
  }
  Footprint whole() const { return wholeOf(family.names.front(), family.shape); }
  bool disjoint(const Footprint &left, const Footprint &right) const {
    return areDisjoint(left, right, program, facts);
  }
  bool isCoveredBy(const std::vector<Footprint> &outer, const Footprint &inner) const {
    return llvm::any_of(outer,
                        [&](const Footprint &each) { return covers(each, inner, program, facts); });
  }

  /// True if the footprint is the same in each step.
  bool isInvariant(const Footprint &footprint) const {
    auto isFixed = [&](const Bound &bound) {
      return llvm::all_of(bound.forms, [&](const Affine &form) {
        return llvm::none_of(
            form.terms, [&](const AffineTerm &term) { return family.inner.count(term.symbol); });
      });
    };
    return llvm::all_of(footprint.dims, [&](const std::optional<Range> &dim) {
      return dim && isFixed(dim->start) && isFixed(dim->end);
    });
  }
  bool isCertainStore(const Touch &touch) const {
    return isWrite(touch.use) && touch.isCertain && touch.footprint.isExact &&
           isInvariant(touch.footprint);
  }

  void collectStores() {
    for (const RotationStep &step : steps)
      for (const auto &[name, touches] : step.touches)
        for (const Touch &touch : touches)
          if (isWrite(touch.use))
            stores.push_back({cellsOf(touch), touch.loc});
  }

  /// True if the step gives the name new contents without a look at the old ones.
  bool redefines(const RotationStep &step, BufferId name) const {
    if (step.kind == Kind::Alloc || step.kind == Kind::Bind || step.kind == Kind::Copy)
      return step.name == name;
    auto found = step.touches.find(name);
    if (found == step.touches.end())
      return false;
    bool storesAll = false;
    for (const Touch &touch : found->second) {
      if (isRead(touch.use))
        return false;
      storesAll |= isCertainStore(touch) && covers(cellsOf(touch), whole(), program, facts);
    }
    return storesAll;
  }
  static bool uses(const RotationStep &step, BufferId name) {
    return step.touches.count(name) ||
           ((step.kind == Kind::Bind || step.kind == Kind::Copy) && step.source == name);
  }

  void findLiveness() {
    auto backward = [&](std::set<BufferId> live) {
      liveAfter.assign(steps.size(), {});
      for (size_t index = steps.size(); index-- > 0;) {
        if (steps[index].leavesLoop)
          live.insert(usedAfter.begin(), usedAfter.end());
        liveAfter[index] = live;
        for (BufferId name : family.names)
          if (redefines(steps[index], name))
            live.erase(name);
        for (BufferId name : family.names)
          if (uses(steps[index], name) && !redefines(steps[index], name))
            live.insert(name);
      }
      live.insert(family.readByHeader.begin(), family.readByHeader.end());
      return live;
    };
    // What is used after the loop only does not live at the head: no step looks at it.
    usedAfter.clear();
    liveAtHead = backward({});
    usedAfter = family.usedAfter;
    for (BufferId name : family.kept)
      if (liveAtHead.count(name))
        usedAfter.insert(name);
    liveAtHead = backward(liveAtHead);
    liveAtEnd = liveAtHead;
    liveAtEnd.insert(usedAfter.begin(), usedAfter.end());
    backward(liveAtEnd);
  }

  //===-----------------------------------------------------------------------------------===//
  // A step over versions
  //===-----------------------------------------------------------------------------------===//

  unsigned addVersion(Version version) {
    plan.versions.push_back(std::move(version));
    return static_cast<unsigned>(plan.versions.size() - 1);
  }
  unsigned addArray(unsigned version) {
    versionOf.push_back(version);
    return static_cast<unsigned>(versionOf.size() - 1);
  }
  unsigned addFresh(BufferId name, int now) {
    Version fresh{.kind = Version::Kind::Fresh, .first = now, .last = now};
    if (program[name].storage == Storage::Own)
      fresh.home = name;
    unsigned version = addVersion(std::move(fresh));
    arrayOf[name] = addArray(version);
    return version;
  }
  std::optional<unsigned> versionNow(BufferId name) const {
    auto found = arrayOf.find(name);
    return found == arrayOf.end() ? std::nullopt
                                  : std::optional<unsigned>(versionOf[found->second]);
  }

  bool simulate(const std::map<BufferId, unsigned> &classes) {
    plan = {};
    plan.uses.resize(steps.size());
    arrayOf.clear(), versionOf.clear(), sharedBy.clear();
    std::map<unsigned, unsigned> heads;
    for (auto [name, number] : classes) {
      auto [head, isNew] = heads.try_emplace(number, 0);
      if (isNew)
        head->second = addVersion({});
      arrayOf[name] = addArray(head->second);
      plan.atHead[name] = head->second;
    }
    for (BufferId name : family.readByHeader)
      if (auto version = versionNow(name))
        plan.versions[*version].last = 0;
    for (size_t index = 0; index < steps.size(); ++index)
      if (!run(index))
        return false;
    for (BufferId name : liveAtEnd) {
      std::optional<unsigned> version = versionNow(name);
      if (!version)
        return refuse(nameOf(name) + " may have no array at the end of a step"), false;
      if (!isComplete(*version))
        return false;
      plan.atEnd[name] = *version;
      plan.versions[*version].last = static_cast<int>(steps.size());
    }
    for (BufferId name : liveAtEnd)
      for (BufferId other : liveAtEnd)
        if (name != other && arrayOf[name] == arrayOf[other])
          return refuse(nameOf(name) + " and " + nameOf(other) +
                        " name one array at the end of a step"),
                 false;
    return true;
  }

  bool run(size_t index) {
    const RotationStep &step = steps[index];
    int now = static_cast<int>(index);
    switch (step.kind) {
    case Kind::None:
      break;
    case Kind::Alloc:
      plan.uses[index].stored[step.name] = addFresh(step.name, now);
      break;
    case Kind::Bind: {
      auto source = arrayOf.find(step.source);
      if (source == arrayOf.end())
        return refuse(nameOf(step.source) + " has no known array", step.loc), false;
      arrayOf[step.name] = source->second;
      break;
    }
    case Kind::Copy: {
      std::optional<unsigned> version = versionNow(step.source);
      if (!version)
        return refuse(nameOf(step.source) + " has no known array", step.loc), false;
      if (!isComplete(*version)) {
        obstacle->copy = index;
        return false;
      }
      plan.versions[*version].last = now;
      auto [array, isNew] = arrayOf.try_emplace(step.name, 0);
      if (isNew)
        array->second = addArray(*version);
      versionOf[array->second] = *version;
      sharedBy[*version] = index;
      break;
    }
    case Kind::Touch:
      if (!touch(index))
        return false;
      break;
    }
    return !step.leavesLoop || leave(index);
  }

  /// True if another array that is used again holds this version too.
  bool isShared(unsigned array, size_t index) const {
    return llvm::any_of(arrayOf, [&](const auto &entry) {
      return entry.second != array && versionOf[entry.second] == versionOf[array] &&
             (liveAfter[index].count(entry.first) || steps[index].touches.count(entry.first));
    });
  }

  /// True if the step stores what was made of other cells of this version: where the old cells
  /// stay, the temporaries in between can go.
  bool spreads(size_t index, unsigned version) const {
    return llvm::any_of(steps[index].spreadFrom,
                        [&](BufferId name) { return versionNow(name) == version; });
  }

  bool touch(size_t index) {
    const RotationStep &step = steps[index];
    int now = static_cast<int>(index);
    for (const auto &[name, touches] : step.touches) {
      if (llvm::none_of(touches, [](const Touch &touch) { return isWrite(touch.use); })) {
        if (!arrayOf.count(name))
          return refuse(nameOf(name) + " has no known array", step.loc), false;
        continue;
      }
      auto [array, isNew] = arrayOf.try_emplace(name, 0);
      if (isNew) {
        if (!redefines(step, name))
          return refuse(nameOf(name) + " has no known array", step.loc), false;
        addFresh(name, now);
        continue;
      }
      unsigned base = versionOf[array->second];
      bool isSpread = spreads(index, base);
      if (isShared(array->second, index) ||
          (isSpread && plan.versions[base].kind == Version::Kind::Head)) {
        if (isSpread) // fusion puts the reads where the store is
          plan.versions[base].last = std::max(plan.versions[base].last, now);
        if (!isComplete(base))
          return false;
        Version moved{.kind = Version::Kind::Moved, .base = base, .first = now, .last = now};
        if (auto cause = sharedBy.find(base); cause != sharedBy.end())
          moved.cause = cause->second;
        moved.storesOfBase = plan.versions[base].stored.size();
        versionOf[array->second] = addVersion(std::move(moved));
      }
    }
    for (const auto &[name, touches] : step.touches)
      if (llvm::any_of(touches, [](const Touch &touch) { return isRead(touch.use); }))
        if (!read(index, name, touches))
          return false;
    for (const auto &[name, touches] : step.touches)
      for (const Touch &touch : touches)
        if (isWrite(touch.use)) {
          unsigned version = *versionNow(name);
          Version &row = plan.versions[version];
          row.stored.push_back(cellsOf(touch));
          if (isCertainStore(touch))
            addJoined(row.certain, cellsOf(touch), program, facts);
          row.last = now;
          row.isTouched = true;
          plan.uses[index].stored[name] = version;
        }
    return true;
  }

  /// A read of an array that has moved in this step finds its cells where they were stored: in the
  /// new version if nothing that is still to come stores them, in the old one if nothing has.
  bool read(size_t index, BufferId name, const std::vector<Touch> &touches) {
    unsigned version = *versionNow(name);
    unsigned found = version;
    if (plan.versions[version].kind == Version::Kind::Moved) {
      const Touch *pending = nullptr;
      for (const Touch &touch : touches)
        if (isRead(touch.use) && !isNew(version, cellsOf(touch)))
          pending = &touch;
      if (pending) {
        const Version &row = plan.versions[version];
        if (plan.versions[row.base].stored.size() != row.storesOfBase ||
            !llvm::all_of(touches, [&](const Touch &touch) {
              return touch.use == Use::Write ||
                     (touch.use == Use::Read && isOld(index, name, version, cellsOf(touch)));
            })) {
          refuse("a step reads cells of " + nameOf(name) +
                     " of which some are stored before and some later",
                 pending->loc, "", {}, row.cause);
          obstacle->split = index, obstacle->stored = row.stored;
          return false;
        }
        found = row.base;
      }
    }
    Version &row = plan.versions[found];
    row.last = std::max(row.last, static_cast<int>(index));
    row.isTouched = true;
    plan.uses[index].read[name] = found;
    return true;
  }

  bool isNew(unsigned version, const Footprint &cells) const {
    return llvm::all_of(stores, [&](const Store &store) {
      return disjoint(store.cells, cells) ||
             isCoveredBy(plan.versions[version].certain, store.cells);
    });
  }

  bool isOld(size_t index, BufferId name, unsigned version, const Footprint &cells) const {
    auto isClear = [&](const Footprint &store) { return disjoint(store, cells); };
    if (!llvm::all_of(plan.versions[version].stored, isClear))
      return false;
    const RotationStep &step = steps[index];
    return llvm::all_of(step.touches.at(name), [&](const Touch &touch) {
      return !isWrite(touch.use) || isClear(cellsOf(touch)) || step.isPointwise;
    });
  }

  /// True if each cell that steps store has been stored to this version.
  bool isComplete(unsigned version) {
    const Version &row = plan.versions[version];
    if (row.kind != Version::Kind::Moved)
      return true;
    for (const Store &store : stores)
      if (!isCoveredBy(row.certain, store.cells)) {
        refuse("a copy stays: its storages would differ in cells that not every step stores",
               row.cause ? steps[*row.cause].loc : Loc(),
               "this store is under a condition, moves from step to step, or comes too late",
               store.loc, row.cause);
        return false;
      }
    return true;
  }

  bool leave(size_t index) {
    for (const auto &[name, touches] : steps[index].touches)
      for (const Touch &touch : touches)
        if (isWrite(touch.use))
          return refuse("a statement that leaves the loop stores to " + nameOf(name),
                        steps[index].loc),
                 false;
    for (BufferId name : usedAfter) {
      std::optional<unsigned> version = versionNow(name);
      if (!version)
        return refuse(nameOf(name) + " may have no array where the loop is left", steps[index].loc),
               false;
      if (!isComplete(*version))
        return false;
      plan.left[index][name] = *version;
      plan.versions[*version].last = static_cast<int>(index);
    }
    return true;
  }

  std::map<BufferId, unsigned> classesAtEnd() const {
    std::map<BufferId, unsigned> classes;
    std::map<unsigned, unsigned> numbers;
    for (BufferId name : liveAtHead) {
      auto next = static_cast<unsigned>(numbers.size());
      classes[name] = numbers.try_emplace(plan.atEnd.at(name), next).first->second;
    }
    return classes;
  }

  //===-----------------------------------------------------------------------------------===//
  // Slots
  //===-----------------------------------------------------------------------------------===//

  bool conflict(const Version &left, const Version &right, unsigned slots) const {
    auto distance = (left.offset - right.offset) % static_cast<int64_t>(slots);
    return distance == 0 && left.first <= right.last && right.first <= left.last;
  }

  bool assignSlots() {
    std::map<unsigned, unsigned> next, previous;
    for (auto [name, head] : plan.atHead) {
      unsigned end = plan.atEnd.at(name);
      next[head] = end, previous[end] = head;
      if (head == end) {
        refuse(nameOf(name) + " is the same array in each step", {}, "", {}, anyCopyOf(name));
        obstacle->isKnown = true;
        return false;
      }
    }
    for (auto [name, head] : plan.atHead) {
      if (plan.versions[head].buffer)
        continue;
      // The first of a chain, or any of a cycle.
      unsigned first = head;
      while (previous.count(first) && previous[first] != head)
        first = previous[first];
      std::vector<unsigned> chain = {first};
      bool isCycle = false;
      for (unsigned at = first; next.count(at) && !isCycle; at = next[at]) {
        isCycle = next[at] == first;
        if (!isCycle)
          chain.push_back(next[at]);
      }
      if (!placeChain(chain, isCycle))
        return false;
    }
    for (const auto &[name, version] : plan.atEnd)
      if (!plan.versions[version].buffer)
        return refuse(nameOf(name) + " names another fresh array in each step", {}, "", {},
                      anyCopyOf(name)),
               false;
    return true;
  }

  /// What has no slot stays in the array that the step made for it, under that name only.
  bool checkHomes() {
    for (RotationUse &use : plan.uses)
      for (auto *names : {&use.read, &use.stored})
        for (auto [name, version] : *names)
          if (!plan.versions[version].buffer && plan.versions[version].home != name)
            return refuse(nameOf(name) + " names different arrays in a step", {}, "", {},
                          anyCopyOf(name)),
                   false;
    return true;
  }

  std::optional<size_t> anyCopyOf(BufferId name) const {
    for (auto [index, step] : llvm::enumerate(steps))
      if (step.kind == Kind::Copy && (step.name == name || step.source == name))
        return index;
    return std::nullopt;
  }

  bool placeChain(const std::vector<unsigned> &chain, bool isCycle) {
    auto buffer = static_cast<unsigned>(plan.buffers.size());
    for (auto [offset, version] : llvm::enumerate(chain)) {
      plan.versions[version].buffer = buffer;
      plan.versions[version].offset = static_cast<int64_t>(offset);
    }
    // Versions of arrays of this buffer that no later step sees.
    std::vector<unsigned> others;
    for (unsigned version = 0; version < plan.versions.size(); ++version) {
      Version &row = plan.versions[version];
      if (row.kind != Version::Kind::Moved || row.buffer ||
          plan.versions[row.base].buffer != buffer)
        continue;
      row.buffer = buffer;
      others.push_back(version);
    }
    // And fresh ones that live on after the loop only.
    auto least = static_cast<unsigned>(isCycle ? chain.size() : 2);
    auto most = static_cast<unsigned>(isCycle ? chain.size() : chain.size() + others.size());
    for (unsigned slots = least; slots <= std::max(least, most); ++slots)
      if (fits(chain, others, slots)) {
        plan.buffers.push_back({slots, false, std::nullopt});
        return true;
      }
    return refuse("the contents of a step need more storages than a cycle of names has"), false;
  }

  bool fits(const std::vector<unsigned> &chain, const std::vector<unsigned> &others,
            unsigned slots) {
    std::vector<unsigned> placed;
    auto isFree = [&](unsigned version) {
      return llvm::none_of(placed, [&](unsigned other) {
        return conflict(plan.versions[version], plan.versions[other], slots);
      });
    };
    for (unsigned version : chain) {
      if (!isFree(version))
        return false;
      placed.push_back(version);
    }
    for (unsigned version : others) {
      int64_t &offset = plan.versions[version].offset;
      for (offset = 0; offset < slots && !isFree(version);)
        ++offset;
      if (offset == slots)
        return false;
      placed.push_back(version);
    }
    return true;
  }

  struct Store {
    Footprint cells;
    Loc loc;
  };

  const Program &program;
  const RotationFamily &family;
  const std::vector<RotationStep> &steps;
  const Facts &facts;
  RotationPlan plan;
  std::optional<RotationObstacle> obstacle;
  std::vector<Store> stores; // of all names in a step
  std::vector<std::set<BufferId>> liveAfter;
  std::set<BufferId> liveAtHead, liveAtEnd, usedAfter;
  std::map<BufferId, unsigned> arrayOf; // by name: the array that it names now
  std::vector<unsigned> versionOf;      // by array
  std::map<unsigned, size_t> sharedBy;  // by version: the last copy of it
};

} // namespace

bool dependsOnFirstStep(const RotationPlan &plan) {
  return plan.peeled != 0 ||
         llvm::any_of(plan.usedAfter, [&](BufferId name) { return !plan.atHead.count(name); });
}

bool keepsEntryArray(const RotationPlan &plan, BufferId handle) {
  return plan.peeled == 0 && plan.atHead.count(handle);
}

std::variant<RotationPlan, RotationObstacle> planRotation(const Program &program,
                                                          const RotationFamily &family) {
  return Planner(program, family).run();
}

} // namespace hpcc::ir
