//===- Footprint.h - which cells accesses touch ----------------------------------------------===//
//
// Boxes of cells that accesses touch while axes run, and whether they meet or cover one another.
// Pure functions: a pass asks them again after each change. An answer is `true` only where the
// facts prove it.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_FOOTPRINT_H
#define HPCC_IR_FOOTPRINT_H

#include "Facts.h"
#include "Program.h"

namespace hpcc::ir {

/// Positions of one dimension: start + step * k for 0 <= k, below `end` (exclusive). Bounds have
/// several forms as those of axes have: the range starts at the greatest of `start`.
struct Range {
  Bound start, end;
  int64_t step = 1;
  bool operator==(const Range &) const = default;
};

/// The cells of a buffer that an access touches while its axes run, as a box. A dimension without a
/// range may be touched anywhere. `isExact`: each cell of the box is touched, and no other one;
/// otherwise the box is a hull.
struct Footprint {
  BufferId buffer;
  std::optional<Affine> slot;
  std::vector<std::optional<Range>> dims;
  bool isExact = true;
};

/// Bounds of a form while the axes run, the innermost last, in the other symbols: the greatest or
/// the least value, at most (least: at least) each of the forms. None where there are too many.
std::vector<Affine> extremesOf(const Affine &form, llvm::ArrayRef<Axis> axes, bool upper);

/// The footprint over the axes, the innermost last; other symbols of the access are parameters.
Footprint footprintOf(const Access &access, llvm::ArrayRef<Axis> axes);

/// All cells of a buffer with this shape, of the storage that `slot` names.
Footprint wholeOf(BufferId buffer, const std::vector<Affine> &shape,
                  std::optional<Affine> slot = {});

/// True if two slots of a buffer never name one storage.
bool areDifferentStorages(const std::optional<Affine> &left, const std::optional<Affine> &right,
                          const Buffer &buffer);

/// True if two positions of a dimension are never one while the axes of each run on their own.
bool neverMeet(const Index &first, const Index &second, llvm::ArrayRef<Axis> axes,
               const Facts &facts);

/// True if no cell is in both: other storages, a dimension in which one lies before the other, or
/// two interleaved strides. Buffers are taken to be the same where they have the same id only: what
/// different names may share is `mayOverlap`'s business.
bool areDisjoint(const Footprint &left, const Footprint &right, const Program &program,
                 const Facts &facts);

/// True if each cell of `inner` is a cell of `outer`, which must be exact for that.
bool covers(const Footprint &outer, const Footprint &inner, const Program &program,
            const Facts &facts);

/// Adds a box to boxes, all of which are true of something (stored in each step), and with it the
/// boxes that it makes up with those that it touches (an interior and its edges): a box covered by
/// all of them together is then covered by one, in most cases.
void addJoined(std::vector<Footprint> &boxes, Footprint box, const Program &program,
               const Facts &facts);

/// True if an axis has no iteration, or the opposite is not known: false is "may be empty".
bool isNeverEmpty(const Axis &axis, const Facts &facts);

} // namespace hpcc::ir

#endif // HPCC_IR_FOOTPRINT_H
