//===- Footprint.cpp - which cells accesses touch --------------------------------------------===//

#include "Footprint.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

namespace hpcc::ir {

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

bool areDifferentStorages(const std::optional<Affine> &left, const std::optional<Affine> &right,
                          const Buffer &buffer) {
  return compareSlots(left, right, buffer) == Slots::Different;
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

bool neverMeet(const Index &first, const Index &second, llvm::ArrayRef<Axis> axes,
               const Facts &facts) {
  bool exactFirst = true, exactSecond = true;
  std::optional<Range> left = rangeOf(first, axes, exactFirst);
  std::optional<Range> right = rangeOf(second, axes, exactSecond);
  return left && right && areDisjoint(*left, *right, facts);
}

bool areDisjoint(const Footprint &left, const Footprint &right, const Program &program,
                 const Facts &facts) {
  if (left.buffer == right.buffer &&
      areDifferentStorages(left.slot, right.slot, program[left.buffer]))
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
  // By numbers: the list grows while they are joined.
  auto addJoins = [&](size_t left, size_t right) {
    for (size_t dim = 0; dim < boxes[left].dims.size(); ++dim) {
      std::optional<Footprint> joined = joinAlong(dim, boxes[left], boxes[right], facts);
      if (joined && llvm::none_of(boxes, [&](const Footprint &known) {
            return covers(known, *joined, program, facts);
          }))
        boxes.push_back(std::move(*joined));
    }
  };
  for (; next < boxes.size(); ++next)
    for (size_t other = 0; other < next && boxes.size() < mostBoxes; ++other) {
      const Footprint &left = boxes[next], &right = boxes[other];
      if (left.isExact && right.isExact && left.buffer == right.buffer &&
          left.dims.size() == right.dims.size() &&
          compareSlots(left.slot, right.slot, program[left.buffer]) == Slots::Same) {
        addJoins(next, other);
        addJoins(other, next);
      }
    }
}

bool isNeverEmpty(const Axis &axis, const Facts &facts) {
  return llvm::all_of(axis.lo.forms, [&](const Affine &lo) {
    return llvm::all_of(axis.hi.forms,
                        [&](const Affine &hi) { return facts.isAtMost(lo + 1, hi); });
  });
}

} // namespace hpcc::ir
