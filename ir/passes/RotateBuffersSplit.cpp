//===- RotateBuffersSplit.cpp - reads of cells that are stored partly before -----------------===//
//
// A statement that reads cells of which a step has stored some, and stores others later, finds the
// first in the new storage and the others in the old one. Its box is cut where the stored boxes
// end, so that each part reads one storage only: edges copied from their neighbours have corners
// that belong to the next edge.
//
//===-----------------------------------------------------------------------------------------===//

#include "RotateBuffersLoop.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

/// Adds a form to a bound, in place of one that it makes useless.
static void tighten(Bound &bound, const Affine &form, bool isUpper) {
  for (Affine &each : bound.forms)
    if (std::optional<int64_t> distance = (form - each).asConstant()) {
      if (isUpper == (*distance < 0))
        each = form;
      return;
    }
  bound.forms.push_back(form);
}

/// True if the axis has iterations on both sides of the cut, or may have.
static bool cutsThrough(const Axis &axis, const Affine &cut, const Facts &facts) {
  bool below =
      llvm::any_of(axis.lo.forms, [&](const Affine &lo) { return facts.isAtMost(cut, lo); });
  bool above =
      llvm::any_of(axis.hi.forms, [&](const Affine &hi) { return facts.isAtMost(hi, cut); });
  return !below && !above;
}

/// Where the boxes end along an axis of the compute that indexes the access, if they do inside it.
static std::optional<std::pair<size_t, Affine>>
findCut(const Compute &compute, const Access &access, const std::vector<Footprint> &boxes,
        const Program &program, const Facts &facts) {
  Footprint read = footprintOf(access, compute.axes);
  for (const Footprint &stored : boxes) {
    if (stored.dims.size() != access.indices.size())
      continue;
    Footprint box = stored;
    box.buffer = access.buffer, box.slot = access.slot;
    if (areDisjoint(box, read, program, facts))
      continue;
    for (auto [dim, index] : llvm::enumerate(access.indices))
      for (auto [position, axis] : llvm::enumerate(compute.axes)) {
        const std::optional<Range> &range = box.dims[dim];
        if (index.wrap || index.form.coefficientOf(axis.iterator) != 1 || axis.step != 1 || !range)
          continue;
        Affine rest = index.form - Affine(axis.iterator);
        for (const Bound *end : {&range->start, &range->end})
          if (std::optional<Affine> form = end->asSingle())
            if (cutsThrough(axis, *form - rest, facts))
              return std::pair(position, *form - rest);
      }
  }
  return std::nullopt;
}

bool splitAtBoxes(Program &program, Block &body, size_t position,
                  const std::vector<BufferId> &names, const std::vector<Footprint> &boxes,
                  const Facts &facts) {
  auto *compute = std::get_if<Compute>(&body[position].node);
  if (!compute || compute->body.size() != 1 || !compute->locals.empty() ||
      llvm::any_of(compute->axes, [](const Axis &axis) { return axis.kind != AxisKind::Par; }))
    return false;
  std::optional<std::pair<size_t, Affine>> cut;
  auto look = [&](const Access &access, Use) {
    if (!cut && llvm::is_contained(names, access.buffer))
      cut = findCut(*compute, access, boxes, program, facts);
  };
  if (compute->body[0].guard)
    forEachAccess(*compute->body[0].guard, look);
  forEachAccess(compute->body[0].value, look);
  if (!cut)
    return false;
  unsigned labels = 0; // a compute has none
  Block second = cloneFresh(program, {body[position]}, labels);
  tighten(compute->axes[cut->first].hi, cut->second, true);
  tighten(std::get<Compute>(second.front().node).axes[cut->first].lo, cut->second, false);
  body.insert(body.begin() + static_cast<std::ptrdiff_t>(position) + 1, std::move(second.front()));
  return true;
}

} // namespace hpcc::ir
