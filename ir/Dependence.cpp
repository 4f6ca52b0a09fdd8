//===- Dependence.cpp - footprints and distances -------------------------------------------===//

#include "Dependence.h"
#include "Library.h"
#include "Slots.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include <numeric>

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Footprints
//===-----------------------------------------------------------------------------------------===//

static bool mentionsAny(const Affine &form, llvm::ArrayRef<Axis> axes) {
  return llvm::any_of(axes,
                      [&](const Axis &axis) { return form.coefficientOf(axis.iterator) != 0; });
}

static bool mentionsAny(const Bound &bound, llvm::ArrayRef<Axis> axes) {
  return llvm::any_of(bound.forms, [&](const Affine &form) { return mentionsAny(form, axes); });
}

/// Innermost axis first: an axis gives way to its bound, which may name the axes around it.
std::vector<Affine> extremesOf(const Affine &form, llvm::ArrayRef<Axis> axes, bool upper) {
  constexpr size_t mostForms = 16;
  std::vector<Affine> forms = {form};
  for (const Axis &axis : llvm::reverse(axes)) {
    std::vector<Affine> next;
    for (const Affine &each : forms) {
      int64_t coefficient = each.coefficientOf(axis.iterator);
      if (coefficient == 0) {
        next.push_back(each);
        continue;
      }
      bool takeHigh = (coefficient > 0) == upper;
      for (const Affine &bound : takeHigh ? axis.hi.forms : axis.lo.forms)
        next.push_back(substitute(each, axis.iterator, takeHigh ? bound - 1 : bound));
    }
    if (next.empty() || next.size() > mostForms)
      return {};
    forms = std::move(next);
  }
  return forms;
}

/// The range of one index, or nothing where it has no affine bounds. `exact` becomes false where
/// the range holds positions that are not touched.
static std::optional<Range> rangeOf(const Index &index, llvm::ArrayRef<Axis> axes, bool &exact) {
  if (index.wrap) {
    exact = false;
    return std::nullopt;
  }
  Range range;
  range.start.forms = extremesOf(index.form, axes, false);
  range.end.forms = extremesOf(index.form, axes, true);
  if (range.start.forms.empty() || range.end.forms.empty()) {
    exact = false;
    return std::nullopt;
  }
  for (Affine &form : range.end.forms)
    form = form + 1;
  const Axis *own = nullptr;
  for (const Axis &axis : axes)
    if (index.form.coefficientOf(axis.iterator) != 0) {
      exact &= own == nullptr;
      own = &axis;
    }
  if (!own)
    return range;
  int64_t coefficient = index.form.coefficientOf(own->iterator);
  exact &= !mentionsAny(own->lo, axes) && !mentionsAny(own->hi, axes);
  int64_t stride = 0;
  bool wide = __builtin_mul_overflow(coefficient, own->step, &stride);
  stride = stride < 0 ? -stride : stride;
  if (wide || (stride != 1 && (coefficient < 0 || range.start.forms.size() != 1)))
    exact = false, stride = 1; // the first position counted from below is not known
  range.step = exact ? stride : 1;
  return range;
}

Footprint footprintOf(const Access &access, llvm::ArrayRef<Axis> axes) {
  Footprint footprint{access.buffer, access.slot, {}, true};
  for (auto [position, index] : llvm::enumerate(access.indices)) {
    footprint.dims.push_back(rangeOf(index, axes, footprint.isExact));
    // An axis that two indices share touches a diagonal of the box.
    for (const Axis &axis : axes)
      if (index.form.coefficientOf(axis.iterator) != 0)
        for (size_t other = 0; other < position; ++other)
          if (access.indices[other].form.coefficientOf(axis.iterator) != 0)
            footprint.isExact = false;
  }
  if (access.slot && mentionsAny(*access.slot, axes))
    footprint.slot.reset(), footprint.isExact = false;
  return footprint;
}

Footprint wholeOf(BufferId buffer, const std::vector<Affine> &shape, std::optional<Affine> slot) {
  Footprint footprint{buffer, std::move(slot), {}, true};
  for (const Affine &size : shape)
    footprint.dims.push_back(Range{Bound(0), Bound(size), 1});
  return footprint;
}

/// Whether the slots of two footprints are never, or always, the same storage.
enum class Slots : uint8_t { Same, Different, Unknown };
static Slots compareSlots(const std::optional<Affine> &left, const std::optional<Affine> &right,
                          const Buffer &buffer) {
  if (buffer.slots == 1)
    return Slots::Same;
  if (!left || !right)
    return left == right ? Slots::Same : Slots::Unknown;
  std::optional<int64_t> distance = (*left - *right).asConstant();
  if (!distance)
    return Slots::Unknown;
  return *distance % static_cast<int64_t>(buffer.slots) == 0 ? Slots::Same : Slots::Different;
}

/// True if some form of `end` is at most some form of `start`: the one range ends before the other.
static bool endsBefore(const Range &left, const Range &right, const Facts &facts) {
  return llvm::any_of(left.end.forms, [&](const Affine &end) {
    return llvm::any_of(right.start.forms,
                        [&](const Affine &start) { return facts.isAtMost(end, start); });
  });
}

static bool areDisjoint(const Range &left, const Range &right, const Facts &facts) {
  if (endsBefore(left, right, facts) || endsBefore(right, left, facts))
    return true;
  auto leftStart = left.start.asSingle(), rightStart = right.start.asSingle();
  int64_t common = std::gcd(left.step, right.step);
  if (common <= 1 || !leftStart || !rightStart)
    return false;
  std::optional<int64_t> distance = (*leftStart - *rightStart).asConstant();
  return distance && *distance % common != 0;
}

bool areDisjoint(const Footprint &left, const Footprint &right, const Program &program,
                 const Facts &facts) {
  if (left.buffer == right.buffer &&
      compareSlots(left.slot, right.slot, program[left.buffer]) == Slots::Different)
    return true;
  for (size_t dim = 0; dim < std::min(left.dims.size(), right.dims.size()); ++dim)
    if (left.dims[dim] && right.dims[dim] && areDisjoint(*left.dims[dim], *right.dims[dim], facts))
      return true;
  return false;
}

/// outer.start <= inner.start: each form of the outer start (their maximum counts) is at most some
/// form of the inner start. Ends the other way round.
static bool covers(const Range &outer, const Range &inner, const Facts &facts) {
  auto below = [&](const Affine &form) {
    return llvm::any_of(inner.start.forms,
                        [&](const Affine &start) { return facts.isAtMost(form, start); });
  };
  auto above = [&](const Affine &form) {
    return llvm::any_of(inner.end.forms,
                        [&](const Affine &end) { return facts.isAtMost(end, form); });
  };
  if (!llvm::all_of(outer.start.forms, below) || !llvm::all_of(outer.end.forms, above))
    return false;
  if (outer.step == 1)
    return true;
  auto outerStart = outer.start.asSingle(), innerStart = inner.start.asSingle();
  if (!outerStart || !innerStart || inner.step % outer.step != 0)
    return false;
  std::optional<int64_t> distance = (*innerStart - *outerStart).asConstant();
  return distance && *distance % outer.step == 0;
}

bool covers(const Footprint &outer, const Footprint &inner, const Program &program,
            const Facts &facts) {
  if (outer.buffer != inner.buffer || !outer.isExact || outer.dims.size() != inner.dims.size() ||
      compareSlots(outer.slot, inner.slot, program[outer.buffer]) != Slots::Same)
    return false;
  for (size_t dim = 0; dim < outer.dims.size(); ++dim)
    if (!outer.dims[dim] || !inner.dims[dim] || !covers(*outer.dims[dim], *inner.dims[dim], facts))
      return false;
  return true;
}

/// A box whose cells are all in one of two boxes: along one dimension it begins with `first` and
/// ends with `second`, which begins before `first` ends or just there; in the others it is the
/// smaller.
static std::optional<Footprint> joinAlong(size_t along, const Footprint &first,
                                          const Footprint &second, const Facts &facts) {
  const std::optional<Range> &one = first.dims[along], &other = second.dims[along];
  if (!one || !other || one->step != 1 || other->step != 1)
    return std::nullopt;
  auto end = one->end.asSingle(), start = other->start.asSingle();
  if (!end || !start || !facts.isAtMost(*start, *end))
    return std::nullopt;
  auto isInside = [&](const Footprint &inner, const Footprint &outer) {
    for (size_t dim = 0; dim < inner.dims.size(); ++dim)
      if (dim != along && (!inner.dims[dim] || !outer.dims[dim] ||
                           !covers(*outer.dims[dim], *inner.dims[dim], facts)))
        return false;
    return true;
  };
  bool isFirst = isInside(first, second);
  if (!isFirst && !isInside(second, first))
    return std::nullopt;
  Footprint joined = isFirst ? first : second;
  joined.dims[along] = Range{one->start, other->end};
  return joined;
}

void addJoined(std::vector<Footprint> &boxes, Footprint box, const Program &program,
               const Facts &facts) {
  constexpr size_t mostBoxes = 24; // of faces and edges of three dimensions
  size_t next = boxes.size();
  boxes.push_back(std::move(box));
  auto add = [&](const Footprint &left, const Footprint &right) {
    for (size_t dim = 0; dim < left.dims.size(); ++dim) {
      std::optional<Footprint> joined = joinAlong(dim, left, right, facts);
      if (joined && llvm::none_of(boxes, [&](const Footprint &known) {
            return covers(known, *joined, program, facts);
          }))
        boxes.push_back(std::move(*joined));
    }
  };
  for (; next < boxes.size(); ++next)
    for (size_t other = 0; other < next && boxes.size() < mostBoxes; ++other) {
      const Footprint left = boxes[next], right = boxes[other];
      if (left.isExact && right.isExact && left.buffer == right.buffer &&
          left.dims.size() == right.dims.size() &&
          compareSlots(left.slot, right.slot, program[left.buffer]) == Slots::Same) {
        add(left, right);
        add(right, left);
      }
    }
}

bool isNeverEmpty(const Axis &axis, const Facts &facts) {
  return llvm::all_of(axis.lo.forms, [&](const Affine &lo) {
    return llvm::all_of(axis.hi.forms,
                        [&](const Affine &hi) { return facts.isAtMost(lo + 1, hi); });
  });
}

//===-----------------------------------------------------------------------------------------===//
// Names that share storage
//===-----------------------------------------------------------------------------------------===//

StorageGroups::StorageGroups(const Program &program, const Function &function)
    : parents(program.buffers.size()) {
  std::iota(parents.begin(), parents.end(), 0u);
  for (const Buffer &buffer : program.buffers)
    own.push_back(buffer.storage == Storage::Own);
  // What comes from outside can be one array under several names.
  std::optional<BufferId> outside;
  auto isHandle = [&](BufferId id) { return program[id].storage == Storage::Handle; };
  auto joinOutside = [&](BufferId id) {
    if (!isHandle(id))
      return;
    if (outside)
      join(*outside, id);
    outside = id;
  };
  llvm::for_each(program.globals, joinOutside);
  llvm::for_each(function.parameters, joinOutside);
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (auto *view = std::get_if<View>(&stmt.node)) {
      join(view->result, view->base);
    } else if (auto *bind = std::get_if<Bind>(&stmt.node)) {
      join(bind->handle, bind->source);
    } else if (auto *call = std::get_if<Call>(&stmt.node)) {
      // A callee may return any array that it gets or that a global names, and bind it to a global.
      llvm::for_each(call->results, joinOutside);
      bool keeps = llvm::any_of(program.globals, isHandle) || llvm::any_of(call->results, isHandle);
      for (const CallArgument &argument : call->arguments)
        if (auto *buffer = std::get_if<BufferId>(&argument); buffer && keeps && outside)
          join(*outside, *buffer);
    }
  });
}

uint32_t StorageGroups::groupOf(BufferId id) const {
  if (id.index >= parents.size())
    return id.index; // made after the groups: storage of its own
  uint32_t root = id.index;
  while (parents[root] != root)
    root = parents[root] = parents[parents[root]];
  return root;
}

void StorageGroups::join(BufferId left, BufferId right) { parents[groupOf(left)] = groupOf(right); }

//===-----------------------------------------------------------------------------------------===//
// Distances
//===-----------------------------------------------------------------------------------------===//

bool Dependence::isAtSamePoint() const {
  return llvm::all_of(distance, [](const std::optional<int64_t> &d) { return d == 0; });
}

bool Dependence::isForwardOrSame() const {
  for (const std::optional<int64_t> &d : distance) {
    if (!d)
      return false;
    if (*d != 0)
      return *d > 0;
  }
  return true;
}

/// The one axis of a form, or null where it has none or several.
static const Axis *onlyAxisOf(const Affine &form, llvm::ArrayRef<Axis> axes) {
  const Axis *only = nullptr;
  for (const Axis &axis : axes)
    if (form.coefficientOf(axis.iterator) != 0) {
      if (only)
        return nullptr;
      only = &axis;
    }
  return only;
}

/// True if the two positions are never one while the axes of each run on their own.
static bool neverMeet(const Index &first, const Index &second, llvm::ArrayRef<Axis> axes,
                      const Facts &facts) {
  bool exactFirst = true, exactSecond = true;
  std::optional<Range> left = rangeOf(first, axes, exactFirst);
  std::optional<Range> right = rangeOf(second, axes, exactSecond);
  return left && right && areDisjoint(*left, *right, facts);
}

std::optional<Dependence> dependenceBetween(const Access &first, const Access &second,
                                            llvm::ArrayRef<Axis> axes, const Program &program,
                                            const Facts &facts) {
  Dependence result{std::vector<std::optional<int64_t>>(axes.size())};
  if (compareSlots(first.slot, second.slot, program[first.buffer]) == Slots::Different)
    return std::nullopt;
  for (size_t dim = 0; dim < std::min(first.indices.size(), second.indices.size()); ++dim) {
    const Index &left = first.indices[dim], &right = second.indices[dim];
    if (left.wrap || right.wrap) // the same position at equal points at most
      continue;
    if (neverMeet(left, right, axes, facts))
      return std::nullopt;
    const Axis *axis = onlyAxisOf(left.form, axes);
    if (!axis || axis != onlyAxisOf(right.form, axes))
      continue;
    int64_t coefficient = left.form.coefficientOf(axis->iterator);
    if (coefficient != right.form.coefficientOf(axis->iterator))
      continue;
    // c * p + a == c * q + b, so q - p == (a - b) / c; the iterator moves in steps.
    std::optional<int64_t> difference = (left.form - right.form).asConstant();
    if (!difference)
      continue;
    int64_t steps = *difference / coefficient;
    if (*difference % coefficient != 0 || steps % axis->step != 0)
      return std::nullopt;
    std::optional<int64_t> &known = result.distance[static_cast<size_t>(axis - axes.data())];
    if (known && *known != steps)
      return std::nullopt; // two dimensions ask for different distances
    known = steps;
  }
  return result;
}

//===-----------------------------------------------------------------------------------------===//
// What statements touch
//===-----------------------------------------------------------------------------------------===//

bool storesToFirstArgument(LibraryFunction function) { return infoOf(function).writes; }

namespace {

/// Gathers the touches of a statement while the loops around the place are known.
class TouchCollector {
public:
  TouchCollector(const Program &program, const Facts &facts, std::vector<Touch> &touches)
      : program(program), facts(facts), touches(touches) {}

  void collect(const Stmt &stmt) {
    if (auto *let = std::get_if<Let>(&stmt.node))
      innerSymbols.push_back(let->symbol);
    std::visit(overloaded{[&](const Compute &node) { collect(node, stmt.loc); },
                          [&](const Loop &node) { collect(node); },
                          [&](const While &node) {
                            bool before = certain;
                            if (node.iterator)
                              innerSymbols.push_back(*node.iterator);
                            collect(node.header);
                            collect(node.condition, stmt.loc);
                            certain = false;
                            collect(node.body);
                            certain = before;
                          },
                          [&](const If &node) {
                            bool before = certain;
                            collect(node.condition, stmt.loc);
                            certain = false;
                            collect(node.thenBody), collect(node.elseBody);
                            certain = before;
                          },
                          [&](const Labelled &node) {
                            bool before = certain;
                            collect(node.body);
                            certain = before;
                          },
                          [&](const Parallel &node) {
                            if (node.condition)
                              collect(*node.condition, stmt.loc);
                            collect(node.body);
                          },
                          [&](const Single &node) { collect(node.body); },
                          [&](const Exchange &node) { collectOther(stmt), collect(node.body); },
                          // What follows inside the block may be left out.
                          [&](const Leave &) { certain = false; },
                          [&](const auto &) { collectOther(stmt); }},
               stmt.node);
  }

private:
  void collect(const Block &block) {
    for (const Stmt &stmt : block)
      collect(stmt);
  }

  void collect(const Loop &loop) {
    bool before = certain;
    certain = certain && isNeverEmpty(loop.axis, facts);
    axes.push_back(loop.axis);
    collect(loop.body);
    axes.pop_back();
    certain = before;
  }

  void collect(const Compute &compute, Loc loc) {
    axes.insert(axes.end(), compute.axes.begin(), compute.axes.end());
    auto isLocal = [&](BufferId id) { return llvm::is_contained(compute.locals, id); };
    for (const Assign &assign : compute.body) {
      Loc where = assign.loc.isValid() ? assign.loc : loc;
      bool before = certain;
      auto read = [&](const Scalar &scalar) { collect(scalar, where, isLocal); };
      if (assign.guard)
        read(*assign.guard), certain = false;
      read(assign.value);
      if (!isLocal(assign.target.buffer)) {
        bool update = assign.op != AssignOp::Set;
        add(assign.target, update ? Use::ReadWrite : Use::Write, where);
      }
      certain = before;
    }
    axes.resize(axes.size() - compute.axes.size());
  }

  template <typename F> void collect(const Scalar &scalar, Loc loc, F isLocal) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (auto *load = std::get_if<ScalarLoad>(&tree.node)) {
        if (!isLocal(load->access.buffer))
          add(load->access, Use::Read, loc);
      } else if (auto *gather = std::get_if<ScalarGather>(&tree.node)) {
        add(anywhereIn(gather->buffer), Use::Read, loc);
      }
    });
  }
  void collect(const Scalar &scalar, Loc loc) {
    collect(scalar, loc, [](BufferId) { return false; });
  }

  /// Whole arrays by reference: a call may read and write what it gets.
  void collectOther(const Stmt &stmt) {
    forEachScalar(stmt, [&](const Scalar &scalar) { collect(scalar, stmt.loc); });
    auto arguments = [&](const auto &call, Use use) {
      for (const CallArgument &argument : call.arguments)
        if (auto *buffer = std::get_if<BufferId>(&argument))
          add(anywhereIn(*buffer), use, stmt.loc);
    };
    if (auto *call = std::get_if<Call>(&stmt.node)) {
      const Function *callee = program.find(call->callee);
      Use use = callee && !callee->effects.writes ? Use::Read : Use::ReadWrite;
      arguments(*call, use);
      for (BufferId result : call->results)
        add(anywhereIn(result), Use::Write, stmt.loc);
      for (BufferId global : program.globals)
        add(anywhereIn(global), use, stmt.loc);
    } else if (auto *call = std::get_if<LibraryCall>(&stmt.node)) {
      arguments(*call, storesToFirstArgument(call->function) ? Use::ReadWrite : Use::Read);
    }
  }

  Footprint anywhereIn(BufferId buffer) const {
    Footprint footprint{buffer, {}, {}, false};
    footprint.dims.resize(program[buffer].dims);
    return footprint;
  }

  void add(const Access &access, Use use, Loc loc) {
    // An axis that the access does not name says by nothing in the footprint that it is empty.
    bool before = certain;
    for (const Axis &axis : axes)
      certain = certain && (llvm::any_of(access.indices,
                                         [&](const Index &index) {
                                           return index.form.coefficientOf(axis.iterator) != 0;
                                         }) ||
                            isNeverEmpty(axis, facts));
    add(footprintOf(access, axes), use, loc);
    certain = before;
  }

  void add(Footprint footprint, Use use, Loc loc) {
    // A value that the statement itself computes may be another one each time.
    auto isInner = [&](const Affine &form) {
      return llvm::any_of(form.terms, [&](const AffineTerm &term) {
        return llvm::is_contained(innerSymbols, term.symbol);
      });
    };
    for (std::optional<Range> &dim : footprint.dims)
      if (dim && (llvm::any_of(dim->start.forms, isInner) || llvm::any_of(dim->end.forms, isInner)))
        dim.reset(), footprint.isExact = false;
    if (footprint.slot && isInner(*footprint.slot))
      footprint.slot.reset(), footprint.isExact = false;
    touches.push_back({std::move(footprint), use, loc, certain});
  }

  const Program &program;
  const Facts &facts;
  std::vector<Touch> &touches;
  std::vector<Axis> axes;
  std::vector<SymbolId> innerSymbols; // named by a `let` inside the statement
  bool certain = true;
};

} // namespace

std::vector<Touch> touchesOf(const Stmt &stmt, const Program &program, const Facts &facts) {
  std::vector<Touch> touches;
  TouchCollector(program, facts, touches).collect(stmt);
  return touches;
}

static bool isOrderedHere(const Stmt &stmt) {
  bool raises = false;
  forEachScalar(stmt, [&](const Scalar &scalar) { raises |= canRaise(scalar); });
  // An allocation raises when memory runs out; a `while` may never end.
  return raises || std::holds_alternative<While>(stmt.node) ||
         std::holds_alternative<Alloc>(stmt.node) || std::holds_alternative<Call>(stmt.node) ||
         std::holds_alternative<LibraryCall>(stmt.node) ||
         std::holds_alternative<Check>(stmt.node) || std::holds_alternative<Leave>(stmt.node);
}

bool isOrdered(const Stmt &stmt) {
  bool ordered = isOrderedHere(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) {
    forEachStmt(block, [&](const Stmt &inner) { ordered |= isOrderedHere(inner); });
  });
  return ordered;
}

/// True if the statement, or one inside it, is of the kind.
template <typename Kind> static bool holds(const Stmt &stmt) {
  bool found = std::holds_alternative<Kind>(stmt.node);
  forEachInnerBlock(stmt, [&](const Block &block) {
    forEachStmt(block,
                [&](const Stmt &inner) { found |= std::holds_alternative<Kind>(inner.node); });
  });
  return found;
}

/// A block with a `leave` that stands inside the statement as a whole is taken for one that leaves.
static bool mayLeave(const Stmt &stmt) { return holds<Leave>(stmt); }
static bool holdsCheck(const Stmt &stmt) { return holds<Check>(stmt); }

namespace {

/// The names that a statement, with all inside it, declares, changes (bind, drop) or uses.
struct Names {
  std::vector<BufferId> changed, used;
  std::vector<SymbolId> declared, mentioned;
};

void addNames(const Program &program, const Stmt &stmt, Names &names) {
  forEachDeclaredBuffer(stmt, [&](BufferId id) {
    names.changed.push_back(id);
    for (BufferId like : program[id].like)
      names.used.push_back(like);
  });
  forEachDeclaredSymbol(stmt, [&](SymbolId id) { names.declared.push_back(id); });
  if (auto *bind = std::get_if<Bind>(&stmt.node))
    names.changed.push_back(bind->handle);
  else if (auto *drop = std::get_if<Drop>(&stmt.node))
    names.changed.push_back(drop->buffer);
  else if (auto *call = std::get_if<Call>(&stmt.node)) {
    llvm::append_range(names.changed, call->results);
    for (BufferId global : program.globals)
      if (program[global].storage == Storage::Handle)
        names.changed.push_back(global); // the callee may bind it
  }
  forEachBuffer(stmt, [&](BufferId id) { names.used.push_back(id); });
  forEachAffine(program, stmt, [&](const Affine &form) {
    for (const AffineTerm &term : form.terms)
      names.mentioned.push_back(term.symbol);
  });
  forEachInnerBlock(stmt, [&](const Block &block) {
    for (const Stmt &inner : block)
      addNames(program, inner, names);
  });
}

template <typename T> bool shareAny(const std::vector<T> &left, const std::vector<T> &right) {
  return llvm::any_of(left, [&](const T &id) { return llvm::is_contained(right, id); });
}

} // namespace

bool canSwap(const Stmt &first, const Stmt &second, const Program &program,
             const StorageGroups &groups, const Facts &facts, Obstacle *why) {
  auto refuse = [&](const llvm::Twine &text, Loc firstLoc, Loc secondLoc) {
    if (why)
      *why = {text.str(), firstLoc, secondLoc};
    return false;
  };
  if (mayLeave(first) || mayLeave(second))
    return refuse("one may leave the block, and the other would run or not", first.loc, second.loc);
  if (holdsCheck(first))
    return refuse("a check comes first that may be what keeps the other in bounds", first.loc,
                  second.loc);
  if (isOrdered(first) && isOrdered(second))
    return refuse("both print, raise or call, so they keep their order", first.loc, second.loc);
  Names left, right;
  addNames(program, first, left);
  addNames(program, second, right);
  if (shareAny(left.changed, right.used) || shareAny(right.changed, left.used) ||
      shareAny(left.declared, right.mentioned) || shareAny(right.declared, left.mentioned))
    return refuse("one declares, binds or drops a name that the other uses", first.loc, second.loc);
  // Most neighbours have no name in common, which is quick to see.
  bool share = llvm::any_of(left.used, [&](BufferId x) {
    return llvm::any_of(right.used, [&](BufferId y) { return x == y || groups.mayOverlap(x, y); });
  });
  if (!share && !holds<Call>(first) && !holds<Call>(second)) // calls touch globals
    return true;
  for (const auto &[advanced, used] : {std::pair(advancedBuffers(first), &right.used),
                                       std::pair(advancedBuffers(second), &left.used)})
    for (BufferId id : advanced)
      if (llvm::is_contained(*used, id))
        return refuse("one moves %" + program[id].name + " to another storage", first.loc,
                      second.loc);
  std::vector<Touch> touchesFirst = touchesOf(first, program, facts);
  std::vector<Touch> touchesSecond = touchesOf(second, program, facts);
  for (const Touch &a : touchesFirst)
    for (const Touch &b : touchesSecond) {
      if (!isWrite(a.use) && !isWrite(b.use))
        continue;
      BufferId x = a.footprint.buffer, y = b.footprint.buffer;
      if (x == y ? !areDisjoint(a.footprint, b.footprint, program, facts) : groups.mayOverlap(x, y))
        return refuse("both touch %" + program[x].name + ", and one writes it", a.loc, b.loc);
    }
  return true;
}

} // namespace hpcc::ir
