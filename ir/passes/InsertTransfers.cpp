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
#include "llvm/Support/SaveAndRestore.h"

namespace hpcc::ir {
namespace {

/// One of the ways that meet at a place.
struct Way {
  Whereabouts now;
  Place end;
  std::map<BufferId, Affine> current;
  unsigned depth = 0;
};

/// Follows a function.
class TransferPlacer {
public:
  TransferPlacer(const Program &program, const DeviceUses &uses, PassContext &context)
      : program(program), uses(uses), numbers(program, uses), planner(program, numbers, context) {}

  TransferPlan planFor(const Function &function) {
    follow(function.body, {});
    return std::move(planner.plan);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Statements
  //===---------------------------------------------------------------------------------------===//

  void meetDemands(const Stmt &stmt, Whereabouts &now, const Place &place) {
    const std::vector<Demand> &demands = uses.demands.at(&stmt);
    for (const Demand &demand : demands) {
      if (!now.sides.contains(demand.array))
        continue;
      std::vector<size_t> storages = numbers.all(demand.array, demand.slot);
      bool isUnneeded = demand.overwrites && !demand.reads && storages.size() == 1 &&
                        !uses.joined.contains(demand.array);
      bool isKnown =
          !demand.at.empty() && (storages.size() == 1 || program[demand.array].slots == 1);
      if (!isUnneeded && !isKnown)
        planner.bring(now, demand.array, storages, demand.side, place, causeOf(demand));
    }
    for (const Demand &demand : demands)
      if (!demand.at.empty() && now.sides.contains(demand.array))
        planner.bringElement(now, demand, place);
    for (const Demand &demand : demands)
      if (demand.stores && now.sides.contains(demand.array))
        store(now, demand);
  }

  void store(Whereabouts &now, const Demand &demand) {
    for (size_t each : numbers.all(demand.array, demand.slot))
      now.sides.at(demand.array)[each] = only(demand.side);
    if (demand.loc.isValid())
      now.storedAt[static_cast<size_t>(demand.side)][demand.array] = demand.loc;
    if (demand.side == Side::Host)
      return;
    std::optional<size_t> storage = numbers.find(demand.array, demand.slot);
    llvm::erase_if(now.elements, [&](const KnownElement &element) {
      if (element.array != demand.array)
        return false;
      std::optional<size_t> known = numbers.find(element.array, element.slot);
      return !known || !storage || *known == *storage;
    });
  }

  Whereabouts follow(const Block &block, Whereabouts now) {
    for (const Stmt &stmt : block)
      follow(stmt, now);
    for (const Stmt &stmt : block)
      forEachDeclaredSymbol(stmt, [&](SymbolId symbol) { now.forget(symbol); });
    return now;
  }

  void follow(const Stmt &stmt, Whereabouts &now) {
    if (isKernel(stmt))
      return meetDemands(stmt, now, &stmt);
    std::visit(
        overloaded{[&](const Loop &node) { followLoop(stmt, node, now); },
                   [&](const While &node) { followWhile(stmt, node, now); },
                   [&](const If &node) { followBranch(stmt, node, now); },
                   [&](const Labelled &node) { followLabelled(stmt, node, now); },
                   [&](const Leave &node) { leave(stmt, node, now); },
                   [&](const Alloc &node) {
                     if (uses.arrays.contains(node.buffer))
                       now.sides[node.buffer].assign(numbers.countOf(node.buffer), bothSides);
                     now.forget(node.buffer);
                   },
                   [&](const Drop &node) { now.sides.erase(node.buffer), now.forget(node.buffer); },
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

  /// Who has what whichever way a place is reached, behind the statement or at the loop's head.
  /// Where the ways leave nobody with the newest elements of an array that is used again, those
  /// that have them on the host alone bring them to the device.
  Whereabouts meet(std::vector<Way> ways, const Stmt &stmt) {
    llvm::erase_if(ways, [](const Way &way) { return !way.now.reached; });
    if (ways.empty())
      return {{}, {}, false};
    const std::set<BufferId> &live = uses.live.at(&stmt);
    Cause cause{stmt.loc, "it is newest on the device on another way to here"};
    std::map<BufferId, std::vector<Sides>> arrays = ways.front().now.sides;
    for (const auto &[array, first] : arrays) {
      if (!live.contains(array) ||
          !llvm::all_of(ways, [&, id = array](Way &way) { return way.now.sides.contains(id); }))
        continue;
      std::vector<size_t> torn;
      for (size_t each = 0; each < first.size(); ++each)
        if (sidesOnAll(ways, array, each) == 0)
          torn.push_back(each);
      if (torn.empty())
        continue;
      for (Way &way : ways) {
        std::swap(numbers.current, way.current), std::swap(planner.depth, way.depth);
        planner.bring(way.now, array, torn, Side::Device, way.end, cause);
        std::swap(numbers.current, way.current), std::swap(planner.depth, way.depth);
      }
    }
    Whereabouts now = ways.front().now;
    for (const Way &way : llvm::drop_begin(ways))
      now = common(now, way.now);
    return now;
  }

  static Sides sidesOnAll(llvm::ArrayRef<Way> ways, BufferId array, size_t storage) {
    Sides sides = bothSides;
    for (const Way &way : ways)
      sides &= way.now.sides.at(array)[storage];
    return sides;
  }

  void followBranch(const Stmt &stmt, const If &node, Whereabouts &now) {
    meetDemands(stmt, now, &stmt);
    Whereabouts thenEnd = follow(node.thenBody, now), elseEnd = follow(node.elseBody, now);
    now = meet({{std::move(thenEnd), &node.thenBody, numbers.current, planner.depth},
                {std::move(elseEnd), &node.elseBody, numbers.current, planner.depth}},
               stmt);
  }

  void followLabelled(const Stmt &stmt, const Labelled &node, Whereabouts &now) {
    leaving[node.label] = {counting.size(), {}};
    now = follow(node.body, std::move(now));
    std::vector<Way> ways = std::move(leaving[node.label].ways);
    leaving.erase(node.label);
    if (ways.empty())
      return;
    ways.push_back({std::move(now), &node.body, numbers.current, planner.depth});
    now = meet(std::move(ways), stmt);
  }

  void leave(const Stmt &stmt, const Leave &node, Whereabouts &now) {
    Open &open = leaving.at(node.label);
    Way way{now, &stmt, numbers.current, planner.depth};
    way.now.elements.clear(); // they may be named by symbols that end here
    for (const Counting &loop : llvm::reverse(llvm::ArrayRef(counting).drop_front(open.counting)))
      for (BufferId array : loop.arrays) {
        way.now.rotate(array, -loop.first);
        way.current[array] = way.current[array] - loop.first;
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

  /// Brings arrays in front of a loop to where it uses them, if they can stay there.
  void prepare(const Stmt &loop, Whereabouts &now) {
    for (const auto &[array, use] : uses.loops.at(&loop)) {
      if (!now.sides.contains(array) || !uses.live.at(&loop).contains(array))
        continue;
      Sides held = heldBy(use);
      bool isStored = use.storesOn[0] || use.storesOn[1];
      if (!isStored && use.fixed.size() + use.varying > fewElements)
        held |= only(Side::Host);
      for (Side side : {Side::Host, Side::Device})
        if (const auto &first = use.first[static_cast<size_t>(side)]; first && (held & only(side)))
          planner.bring(now, array, numbers.all(array), side, &loop, causeOf(*first));
      if (!isStored)
        for (const Demand &element : use.fixed)
          planner.bringElement(now, element, &loop);
    }
  }

  /// At the end of an iteration: arrays that both sides store are on the device at the head.
  void bringBack(const Stmt &loop, const Block &body, Whereabouts &now) {
    if (!now.reached)
      return;
    for (const auto &[array, use] : uses.loops.at(&loop))
      if (use.storesOn[0] && use.storesOn[1] && now.sides.contains(array) &&
          uses.live.at(&loop).contains(array))
        planner.bring(now, array, numbers.all(array), Side::Device, &body,
                      {use.first[1]->loc, "the next iteration uses it here on the device"});
  }

  /// Enters a time loop, whose iterator counts storages from `first` on.
  struct Counting {
    int64_t first = 0;
    std::vector<BufferId> arrays;
    std::map<BufferId, Affine> outer;
  };
  void enter(const Stmt &loop, Whereabouts &now) {
    Counting count;
    count.outer = numbers.current;
    if (std::optional<SymbolId> iterator = timeIteratorOf(loop)) {
      if (const auto *node = std::get_if<Loop>(&loop.node))
        count.first = node->axis.lo.forms.front().asConstant().value_or(0);
      for (BufferId array : advancedBuffers(loop, *iterator)) {
        count.arrays.push_back(array);
        numbers.current[array] = Affine(*iterator);
        now.rotate(array, count.first);
        now.forget(array);
      }
    }
    counting.push_back(std::move(count));
  }

  void exit(const Stmt &loop, Whereabouts &now) {
    for (BufferId array : counting.back().arrays) {
      now.rotate(array, -counting.back().first);
      now.forget(array);
    }
    numbers.current = counting.back().outer;
    counting.pop_back();
    forEachDeclaredSymbol(loop, [&](SymbolId symbol) { now.forget(symbol); });
  }

  /// What the end of an iteration says at the head of the next one.
  void advance(const Stmt &loop, Whereabouts &now) const {
    forEachDeclaredSymbol(loop, [&](SymbolId symbol) { now.forget(symbol); });
    for (BufferId array : counting.back().arrays)
      now.rotate(array, 1);
  }

  /// Repeats a loop until what is known at its head holds for all iterations; then plans in it.
  /// `turn` takes what is known at the head and returns what is known at the end.
  Whereabouts repeat(const Stmt &loop, Whereabouts head,
                     llvm::function_ref<Whereabouts(Whereabouts)> turn) {
    constexpr unsigned mostTurns = 8, deepest = 4; // a turn of a loop repeats the loops in it
    const std::map<LabelId, Open> before = leaving;
    bool isStable = false;
    {
      llvm::SaveAndRestore<bool> looking(planner.isLooking, true);
      llvm::SaveAndRestore<unsigned> deeper(repeated, repeated + 1);
      for (unsigned count = 0; count < mostTurns && repeated <= deepest && !isStable; ++count) {
        leaving = before;
        Whereabouts end = turn(head);
        advance(loop, end);
        Whereabouts next = meet({{head, &loop, {}, 0}, {std::move(end), &loop, {}, 0}}, loop);
        isStable = next.isSame(head);
        head = std::move(next);
      }
      if (!isStable)
        expectLeast(loop, head);
    }
    if (!planner.isLooking || !isStable) {
      leaving = before;
      llvm::SaveAndRestore<unsigned> inside(planner.depth, planner.depth + 1);
      turn(head);
    }
    return head;
  }

  /// What is known at the head of a loop without a look into it.
  void expectLeast(const Stmt &loop, Whereabouts &head) const {
    for (const auto &[array, use] : uses.loops.at(&loop)) {
      bool isStored = use.storesOn[0] || use.storesOn[1];
      if (auto known = head.sides.find(array); isStored && known != head.sides.end())
        llvm::fill(known->second, uses.live.at(&loop).contains(array) ? heldBy(use) : 0);
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
        forEachDeclaredSymbol(each, [&](SymbolId symbol) { left.forget(symbol); });
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
  StorageNumbers numbers;
  TransferPlanner planner;
  std::vector<Counting> counting; // the loops around the place
  struct Open {
    size_t counting = 0; // loops around the block
    std::vector<Way> ways;
  };
  std::map<LabelId, Open> leaving;
  unsigned repeated = 0; // the loops around that are repeated
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
    applyTransfers(program, function, TransferPlacer(program, uses, context).planFor(function));
  }
}

} // namespace hpcc::ir
