//===- InsertTransfers.cpp - brings arrays to the side where they are used --------------------===//
//
// Takes a program with kernels and no transfers; leaves one in which each statement finds the
// elements that it reads up to date on its side, the host's or the device's. Which side has all of
// an array is followed through the program. A transfer stands in front of the outermost loop that
// uses the array on that side alone, otherwise just before the statement that reads; so arrays stay
// on the device while kernels use them, and the host gets single elements where it reads such.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertTransfers.h"
#include "ir/Lifetimes.h"
#include "ir/Slots.h"
#include "ir/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

namespace hpcc::ir {
namespace {

/// The sides that have all elements of a storage up to date, as bits.
using Sides = uint8_t;
constexpr Sides bothSides = 3;
constexpr Sides only(Side side) { return static_cast<Sides>(1u << static_cast<unsigned>(side)); }
constexpr Side otherThan(Side side) { return side == Side::Host ? Side::Device : Side::Host; }

/// An element that the host has up to date although it does not have all.
struct KnownElement {
  BufferId array;
  Affine slot;
  std::vector<Affine> at;
  bool operator==(const KnownElement &) const = default;
};

/// Who has what at a place of the program.
struct Whereabouts {
  /// By storage, from the current one on; one entry for all where they are joined.
  std::map<BufferId, std::vector<Sides>> sides;
  std::vector<KnownElement> elements;
  bool reached = true;
  std::map<BufferId, Loc> storedAt[2] = {}; // by side, for remarks
  bool isSame(const Whereabouts &other) const {
    return sides == other.sides && elements == other.elements && reached == other.reached;
  }
};

using Place = std::variant<const Stmt *, const Block *>; // in front of the one, at the other's end

/// One of the ways that meet at a place.
struct Way {
  Whereabouts now;
  Place end;
  std::map<BufferId, Affine> bases;
  unsigned depth = 0;
};

/// Where the way goes that a transfer stands on, for remarks.
struct Cause {
  Loc loc;
  std::string text;
};

class TransferPlanner {
public:
  TransferPlanner(const Program &program, const DeviceUses &uses, PassContext &context)
      : program(program), uses(uses), context(context) {}

  TransferPlan planFor(const Function &function) {
    follow(function.body, {});
    return std::move(plan);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Storages
  //===---------------------------------------------------------------------------------------===//

  size_t storagesOf(BufferId array) const {
    return uses.joined.contains(array) ? 1 : program[array].slots;
  }

  /// The number of the storage among those that are told apart; nothing: any.
  std::optional<size_t> storageAt(BufferId array, const Affine &slot) const {
    auto base = bases.find(array);
    Affine distance = base == bases.end() ? slot : slot - base->second;
    auto count = static_cast<int64_t>(storagesOf(array));
    if (count == 1)
      return 0;
    if (!distance.isConstant())
      return std::nullopt;
    return static_cast<size_t>((distance.constant % count + count) % count);
  }

  std::vector<size_t> storagesAt(BufferId array, const Affine &slot) const {
    std::vector<size_t> storages;
    std::optional<size_t> one = storageAt(array, slot);
    for (size_t each = 0; each < storagesOf(array); ++each)
      if (!one || *one == each)
        storages.push_back(each);
    return storages;
  }

  /// The storages counted from another current one, `by` places further on.
  static void rotate(std::vector<Sides> &storages, int64_t by) {
    auto count = static_cast<int64_t>(storages.size());
    std::rotate(storages.begin(), storages.begin() + (by % count + count) % count, storages.end());
  }

  //===---------------------------------------------------------------------------------------===//
  // Transfers
  //===---------------------------------------------------------------------------------------===//

  void put(PlannedTransfer transfer, const Place &place) {
    std::visit(overloaded{[&](const Stmt *stmt) { plan.before[stmt].push_back(transfer); },
                          [&](const Block *block) { plan.atEnd[block].push_back(transfer); }},
               place);
  }

  /// Makes the side have those of the storages that it lacks.
  void bring(Whereabouts &now, BufferId array, llvm::ArrayRef<size_t> storages, Side to,
             const Place &place, const Cause &cause) {
    std::vector<Sides> &sides = now.sides.at(array);
    std::vector<size_t> missing;
    for (size_t each : storages)
      if (!(sides[each] & only(to)))
        missing.push_back(each);
    if (missing.empty())
      return;
    for (size_t each : missing)
      sides[each] |= only(to);
    if (!placing)
      return;
    // A loop that counts the storages mentions them by its number only.
    auto base = bases.find(array);
    bool all = missing.size() == sides.size();
    size_t count = all ? program[array].slots : missing.size();
    if (all && base == bases.end())
      put({array, {}, {}, to, cause.loc}, place);
    else
      for (size_t each = 0; each < count; ++each)
        put({array,
             (base == bases.end() ? Affine(0) : base->second) +
                 static_cast<int64_t>(all ? each : missing[each]),
             {},
             to,
             cause.loc},
            place);
    report(now, array, count, to, cause, nullptr);
  }

  /// Makes the host have the element that the statement reads.
  void bringElement(Whereabouts &now, const Demand &demand, const Place &place,
                    const Cause &cause) {
    std::vector<size_t> storages = storagesAt(demand.array, demand.slot);
    const std::vector<Sides> &sides = now.sides.at(demand.array);
    if (llvm::all_of(storages, [&](size_t each) { return sides[each] & only(Side::Host); }))
      return;
    KnownElement element{demand.array, demand.slot, {}};
    for (const Scalar &index : demand.at)
      if (std::optional<Affine> form = asAffine(index))
        element.at.push_back(*form);
    bool isComparable = element.at.size() == demand.at.size();
    if (isComparable && llvm::is_contained(now.elements, element))
      return;
    if (isComparable)
      now.elements.push_back(element);
    if (!placing)
      return;
    std::optional<Affine> slot;
    if (program[demand.array].slots > 1)
      slot = demand.slot;
    put({demand.array, slot, demand.at, Side::Host, cause.loc}, place);
    report(now, demand.array, 1, Side::Host, cause, &demand);
  }

  void report(const Whereabouts &now, BufferId array, size_t storages, Side to, const Cause &cause,
              const Demand *element) {
    std::string text = "%" + program[array].name;
    if (element)
      text +=
          "[" +
          llvm::join(llvm::map_range(element->at,
                                     [&](const Scalar &index) { return toText(index, program); }),
                     ", ") +
          "]";
    text += to == Side::Host ? " comes to the host" : " goes to the device";
    text += depth > 0 ? " at each iteration (" : " (";
    text += bytesText(program, array, storages, element) + "): " + cause.text;
    Side from = otherThan(to);
    auto stored = now.storedAt[static_cast<size_t>(from)].find(array);
    Loc other;
    if (stored != now.storedAt[static_cast<size_t>(from)].end())
      other = stored->second;
    std::string otherText =
        from == Side::Host ? "stored here on the host" : "stored here on the device";
    if (depth > 0 && !element)
      context.missed(cause.loc, text, other, other.isValid() ? otherText : "");
    else
      context.passed(cause.loc, text, other, other.isValid() ? otherText : "");
    context.count(element            ? "elements to the host"
                  : to == Side::Host ? "transfers to the host"
                                     : "transfers to the device");
    if (depth > 0)
      context.count("transfers in loops");
  }

  static Cause causeOf(const Demand &demand) {
    std::string what = demand.reads ? "it is read here on " : "it is stored in part here on ";
    return {demand.loc, what + (demand.side == Side::Host ? "the host" : "the device")};
  }

  //===---------------------------------------------------------------------------------------===//
  // Statements
  //===---------------------------------------------------------------------------------------===//

  void meetDemands(const Stmt &stmt, Whereabouts &now, const Place &place) {
    const std::vector<Demand> &demands = uses.demands.at(&stmt);
    for (const Demand &demand : demands) {
      if (!now.sides.contains(demand.array))
        continue;
      std::vector<size_t> storages = storagesAt(demand.array, demand.slot);
      bool isUnneeded = demand.overwrites && !demand.reads && storages.size() == 1 &&
                        !uses.joined.contains(demand.array);
      bool isKnown =
          !demand.at.empty() && (storages.size() == 1 || program[demand.array].slots == 1);
      if (!isUnneeded && !isKnown)
        bring(now, demand.array, storages, demand.side, place, causeOf(demand));
    }
    for (const Demand &demand : demands)
      if (!demand.at.empty() && now.sides.contains(demand.array))
        bringElement(now, demand, place, causeOf(demand));
    for (const Demand &demand : demands)
      if (demand.stores && now.sides.contains(demand.array))
        store(now, demand);
  }

  void store(Whereabouts &now, const Demand &demand) {
    for (size_t each : storagesAt(demand.array, demand.slot))
      now.sides.at(demand.array)[each] = only(demand.side);
    if (demand.loc.isValid())
      now.storedAt[static_cast<size_t>(demand.side)][demand.array] = demand.loc;
    if (demand.side == Side::Host)
      return;
    std::optional<size_t> storage = storageAt(demand.array, demand.slot);
    llvm::erase_if(now.elements, [&](const KnownElement &element) {
      if (element.array != demand.array)
        return false;
      std::optional<size_t> known = storageAt(element.array, element.slot);
      return !known || !storage || *known == *storage;
    });
  }

  Whereabouts follow(const Block &block, Whereabouts now) {
    for (const Stmt &stmt : block)
      follow(stmt, now);
    for (const Stmt &stmt : block)
      forEachDeclaredSymbol(stmt, [&](SymbolId symbol) { forget(now, symbol); });
    return now;
  }

  static void forget(Whereabouts &now, SymbolId symbol) {
    llvm::erase_if(now.elements, [&](const KnownElement &element) {
      return element.slot.coefficientOf(symbol) != 0 ||
             llvm::any_of(element.at,
                          [&](const Affine &form) { return form.coefficientOf(symbol) != 0; });
    });
  }

  static void forget(Whereabouts &now, BufferId array) {
    llvm::erase_if(now.elements,
                   [&](const KnownElement &element) { return element.array == array; });
  }

  void follow(const Stmt &stmt, Whereabouts &now) {
    if (isKernel(stmt))
      return meetDemands(stmt, now, &stmt);
    std::visit(overloaded{[&](const Loop &node) { followLoop(stmt, node, now); },
                          [&](const While &node) { followWhile(stmt, node, now); },
                          [&](const If &node) { followBranch(stmt, node, now); },
                          [&](const Labelled &node) { followLabelled(stmt, node, now); },
                          [&](const Leave &node) { leave(stmt, node, now); },
                          [&](const Alloc &node) {
                            if (uses.arrays.contains(node.buffer))
                              now.sides[node.buffer].assign(storagesOf(node.buffer), bothSides);
                            forget(now, node.buffer);
                          },
                          [&](const Drop &node) {
                            now.sides.erase(node.buffer), forget(now, node.buffer);
                          },
                          [&](OneOf<Parallel, Single, Exchange> auto &node) {
                            meetDemands(stmt, now, &stmt);
                            now = follow(node.body, std::move(now));
                          },
                          [&](OneOf<Let, Declare, View, Bind, Compute, Barrier, Transfer, Call,
                                    LibraryCall, Check> auto &) { meetDemands(stmt, now, &stmt); }},
               stmt.node);
  }

  //===---------------------------------------------------------------------------------------===//
  // Ways that meet
  //===---------------------------------------------------------------------------------------===//

  /// Who has what whichever way a place is reached. Where the ways leave nobody with the newest
  /// elements, those that have them on the host alone bring them to the device.
  Whereabouts meet(std::vector<Way> ways, Loc loc) {
    llvm::erase_if(ways, [](const Way &way) { return !way.now.reached; });
    if (ways.empty())
      return {{}, {}, false};
    Cause cause{loc, "it is newest on the device on another way to here"};
    std::map<BufferId, std::vector<Sides>> arrays = ways.front().now.sides;
    for (const auto &[array, first] : arrays) {
      if (!llvm::all_of(ways, [&, id = array](Way &way) { return way.now.sides.contains(id); }))
        continue;
      std::vector<size_t> torn;
      for (size_t each = 0; each < first.size(); ++each)
        if (common(ways, array, each) == 0)
          torn.push_back(each);
      if (torn.empty())
        continue;
      for (Way &way : ways) {
        std::swap(bases, way.bases), std::swap(depth, way.depth);
        bring(way.now, array, torn, Side::Device, way.end, cause);
        std::swap(bases, way.bases), std::swap(depth, way.depth);
      }
    }
    Whereabouts now = ways.front().now;
    for (const Way &way : llvm::drop_begin(ways)) {
      std::erase_if(now.sides, [&](auto &entry) { return !way.now.sides.contains(entry.first); });
      for (auto &[array, sides] : now.sides)
        for (auto [each, other] : llvm::zip(sides, way.now.sides.at(array)))
          each &= other;
      llvm::erase_if(now.elements, [&](const KnownElement &element) {
        return !llvm::is_contained(way.now.elements, element);
      });
      for (size_t side : {0, 1})
        now.storedAt[side].insert(way.now.storedAt[side].begin(), way.now.storedAt[side].end());
    }
    return now;
  }

  static Sides common(llvm::ArrayRef<Way> ways, BufferId array, size_t storage) {
    Sides sides = bothSides;
    for (const Way &way : ways)
      sides &= way.now.sides.at(array)[storage];
    return sides;
  }

  void followBranch(const Stmt &stmt, const If &node, Whereabouts &now) {
    meetDemands(stmt, now, &stmt);
    Whereabouts thenEnd = follow(node.thenBody, now), elseEnd = follow(node.elseBody, now);
    now = meet({{std::move(thenEnd), &node.thenBody, bases, depth},
                {std::move(elseEnd), &node.elseBody, bases, depth}},
               stmt.loc);
  }

  void followLabelled(const Stmt &stmt, const Labelled &node, Whereabouts &now) {
    leaving[node.label] = {counting.size(), {}};
    now = follow(node.body, std::move(now));
    std::vector<Way> ways = std::move(leaving[node.label].ways);
    leaving.erase(node.label);
    if (ways.empty())
      return;
    ways.push_back({std::move(now), &node.body, bases, depth});
    now = meet(std::move(ways), stmt.loc);
  }

  void leave(const Stmt &stmt, const Leave &node, Whereabouts &now) {
    Open &open = leaving.at(node.label);
    Way way{now, &stmt, bases, depth};
    way.now.elements.clear(); // they may be named by symbols that end here
    for (const Counting &loop : llvm::reverse(llvm::ArrayRef(counting).drop_front(open.counting)))
      for (BufferId array : loop.arrays) {
        if (auto sides = way.now.sides.find(array); sides != way.now.sides.end())
          rotate(sides->second, -loop.first);
        way.bases[array] = way.bases[array] - loop.first;
      }
    open.ways.push_back(std::move(way));
    now = {{}, {}, false};
  }

  //===---------------------------------------------------------------------------------------===//
  // Loops
  //===---------------------------------------------------------------------------------------===//

  /// The sides that have an array at the head of a loop in all of its iterations.
  static Sides heldBy(const LoopUse &use) {
    Sides held = 0;
    for (Side side : {Side::Host, Side::Device}) {
      bool isOn = use.isOn[static_cast<size_t>(side)];
      if (isOn && !use.storesOn[static_cast<size_t>(otherThan(side))])
        held |= only(side);
    }
    bool isTorn = use.storesOn[0] && use.storesOn[1];
    return isTorn ? only(Side::Device) : held;
  }

  static constexpr uint64_t fewElements = 16;

  /// Brings arrays in front of a loop to where it uses them, if they can stay there.
  void prepare(const Stmt &loop, Whereabouts &now) {
    for (const auto &[array, use] : uses.loops.at(&loop)) {
      if (!now.sides.contains(array))
        continue;
      std::vector<size_t> storages;
      for (size_t each = 0; each < storagesOf(array); ++each)
        storages.push_back(each);
      Sides held = heldBy(use);
      bool isStored = use.storesOn[0] || use.storesOn[1];
      if (!isStored && use.fixed.size() + use.varying > fewElements)
        held |= only(Side::Host);
      for (Side side : {Side::Host, Side::Device})
        if (const auto &first = use.first[static_cast<size_t>(side)]; first && (held & only(side)))
          bring(now, array, storages, side, &loop, causeOf(*first));
      if (!isStored)
        for (const Demand &element : use.fixed)
          bringElement(now, element, &loop, causeOf(element));
    }
  }

  /// At the end of an iteration: arrays that both sides store are on the device at the head.
  void bringBack(const Stmt &loop, const Block &body, Whereabouts &now) {
    if (!now.reached)
      return;
    for (const auto &[array, use] : uses.loops.at(&loop))
      if (use.storesOn[0] && use.storesOn[1] && now.sides.contains(array))
        for (size_t each = 0; each < storagesOf(array); ++each)
          bring(now, array, {each}, Side::Device, &body,
                {use.first[1]->loc, "the next iteration uses it here on the device"});
  }

  /// Enters a time loop, whose iterator counts storages from `first` on.
  struct Counting {
    int64_t first = 0;
    std::vector<BufferId> arrays;
    std::map<BufferId, Affine> outerBases;
  };
  void enter(const Stmt &loop, Whereabouts &now) {
    Counting count;
    count.outerBases = bases;
    if (std::optional<SymbolId> iterator = timeIteratorOf(loop)) {
      if (const auto *node = std::get_if<Loop>(&loop.node))
        count.first = node->axis.lo.forms.front().asConstant().value_or(0);
      for (BufferId array : advancedBuffers(loop, *iterator)) {
        count.arrays.push_back(array);
        bases[array] = Affine(*iterator);
        if (auto sides = now.sides.find(array); sides != now.sides.end())
          rotate(sides->second, count.first);
        forget(now, array);
      }
    }
    counting.push_back(std::move(count));
  }

  void exit(const Stmt &loop, Whereabouts &now) {
    for (BufferId array : counting.back().arrays) {
      if (auto sides = now.sides.find(array); sides != now.sides.end())
        rotate(sides->second, -counting.back().first);
      forget(now, array);
    }
    bases = counting.back().outerBases;
    counting.pop_back();
    forEachDeclaredSymbol(loop, [&](SymbolId symbol) { forget(now, symbol); });
  }

  /// What the end of an iteration says at the head of the next one.
  void advance(const Stmt &loop, Whereabouts &now) const {
    forEachDeclaredSymbol(loop, [&](SymbolId symbol) { forget(now, symbol); });
    for (BufferId array : counting.back().arrays)
      if (auto sides = now.sides.find(array); sides != now.sides.end())
        rotate(sides->second, 1);
  }

  /// Repeats a loop until what is known at its head holds for all iterations; then plans in it.
  /// `turn` takes what is known at the head and returns what is known at the end.
  Whereabouts repeat(const Stmt &loop, Whereabouts head,
                     llvm::function_ref<Whereabouts(Whereabouts)> turn) {
    constexpr unsigned mostTurns = 8, deepest = 4; // a turn of a loop repeats the loops in it
    const std::map<LabelId, Open> before = leaving;
    bool isStable = false;
    {
      llvm::SaveAndRestore<bool> looking(placing, false);
      llvm::SaveAndRestore<unsigned> deeper(repeated, repeated + 1);
      for (unsigned count = 0; count < mostTurns && repeated <= deepest && !isStable; ++count) {
        leaving = before;
        Whereabouts end = turn(head);
        advance(loop, end);
        Whereabouts next = meet({{head, &loop, {}, 0}, {std::move(end), &loop, {}, 0}}, loop.loc);
        isStable = next.isSame(head);
        head = std::move(next);
      }
      if (!isStable)
        expectLeast(loop, head);
    }
    if (placing || !isStable) {
      leaving = before;
      llvm::SaveAndRestore<unsigned> inside(depth, depth + 1);
      turn(head);
    }
    return head;
  }

  /// What is known at the head of a loop without a look into it.
  void expectLeast(const Stmt &loop, Whereabouts &head) const {
    for (const auto &[array, use] : uses.loops.at(&loop)) {
      bool isStored = use.storesOn[0] || use.storesOn[1];
      if (auto known = head.sides.find(array); isStored && known != head.sides.end())
        llvm::fill(known->second, heldBy(use));
    }
    head.elements.clear();
  }

  void followLoop(const Stmt &stmt, const Loop &node, Whereabouts &now) {
    prepare(stmt, now);
    enter(stmt, now);
    now = repeat(stmt, std::move(now), [&](Whereabouts head) {
      Whereabouts end = follow(node.body, std::move(head));
      bringBack(stmt, node.body, end);
      return end;
    });
    exit(stmt, now);
  }

  void followWhile(const Stmt &stmt, const While &node, Whereabouts &now) {
    prepare(stmt, now);
    enter(stmt, now);
    Whereabouts left;
    repeat(stmt, std::move(now), [&](Whereabouts head) {
      left = follow(node.header, std::move(head));
      if (left.reached)
        meetDemands(stmt, left, &node.header);
      for (const Stmt &each : node.header)
        forEachDeclaredSymbol(each, [&](SymbolId symbol) { forget(left, symbol); });
      Whereabouts end = follow(node.body, left);
      bringBack(stmt, node.body, end);
      return end;
    });
    now = std::move(left);
    now.reached &= node.condition != constantBool(true);
    exit(stmt, now);
  }

  const Program &program;
  const DeviceUses &uses;
  PassContext &context;
  TransferPlan plan;

  std::map<BufferId, Affine> bases; // the current storage, where a time loop counts them
  std::vector<Counting> counting;   // the loops around the place
  struct Open {
    size_t counting = 0; // loops around the block
    std::vector<Way> ways;
  };
  std::map<LabelId, Open> leaving;
  bool placing = true;
  unsigned depth = 0;    // loops around the place
  unsigned repeated = 0; // those of them that are repeated
};

/// True if a kernel uses an array that has views, whose own name may end before theirs.
bool hasViews(const DeviceUses &uses) {
  return llvm::any_of(uses.roots,
                      [&](const auto &view) { return uses.arrays.contains(view.second); });
}

} // namespace

void insertTransfers(Program &program, PassContext &context) {
  for (Function &function : program.functions) {
    DeviceUses uses = findDeviceUses(program, function);
    if (uses.arrays.empty())
      continue;
    if (hasViews(uses)) {
      placeDropsBehindViews(program, function);
      uses = findDeviceUses(program, function);
    }
    applyTransfers(program, function, TransferPlanner(program, uses, context).planFor(function));
  }
}

} // namespace hpcc::ir
