//===- Dependence.h - which cells accesses touch, and in which order they must -------------===//
//
// Footprints of accesses over boxes of axes, whether footprints meet or cover one another, and the
// distances between the points of two accesses that touch one cell. Pure functions: a pass asks
// them again after each change. An answer is `true` or a number only where the facts prove it.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_DEPENDENCE_H
#define HPCC_IR_DEPENDENCE_H

#include "Facts.h"
#include "Walk.h"

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Footprints
//===-----------------------------------------------------------------------------------------===//

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

//===-----------------------------------------------------------------------------------------===//
// Names that share storage
//===-----------------------------------------------------------------------------------------===//

/// Whether two different names of a function can be names of one array: two that are both made by
/// `alloc` cannot; a view overlaps its base; a handle whatever is bound to it or passed in. Fields
/// are by buffer: the group of names that may share storage, found by union over views, binds,
/// calls and signatures.
class StorageGroups {
public:
  StorageGroups(const Program &program, const Function &function);
  bool mayOverlap(BufferId left, BufferId right) const {
    bool areAllocated = isAllocated(left) && isAllocated(right);
    return left == right || (!areAllocated && groupOf(left) == groupOf(right));
  }

private:
  uint32_t groupOf(BufferId id) const;
  void join(BufferId left, BufferId right);
  bool isAllocated(BufferId id) const { return id.index < own.size() && own[id.index]; }
  mutable std::vector<uint32_t> parents;
  std::vector<bool> own; // by buffer: made by `alloc`
};

//===-----------------------------------------------------------------------------------------===//
// Distances
//===-----------------------------------------------------------------------------------------===//

/// Where the second access touches the cell that the first touches at a point of common axes: at
/// the point plus the distance. No number for an axis: any distance, or one that is not known. The
/// direction is that of the first axis with a distance that is not zero.
struct Dependence {
  std::vector<std::optional<int64_t>> distance; // in iterator values, by axis, outermost first
  /// True if the distance is zero on all axes: the accesses meet at equal points only.
  bool isAtSamePoint() const;
  /// True if the second access comes at a later point, or at the same: never at an earlier one.
  bool isForwardOrSame() const;
};

/// The distance between two accesses to one buffer under the same axes (named by iterators; the
/// second compute's renamed to the first's), or nothing if they never touch a common cell. Symbols
/// that are not axes have the same value in both.
std::optional<Dependence> dependenceBetween(const Access &first, const Access &second,
                                            llvm::ArrayRef<Axis> axes, const Program &program,
                                            const Facts &facts);

//===-----------------------------------------------------------------------------------------===//
// What statements touch
//===-----------------------------------------------------------------------------------------===//

/// One touch of a buffer by a statement: a footprint over all axes and loops inside the statement,
/// hulls where it is more than an access (a call's argument, a gather).
struct Touch {
  Footprint footprint;
  Use use = Use::Read;
  Loc loc;
  /// Not guarded, not in a branch, a loop that may be empty or a while: all cells of an exact
  /// footprint are touched whenever the statement runs.
  bool isCertain = true;
};

/// All touches of buffers by the statement and what is nested in it, in program order. Axes and
/// loops of the statement are run over; the symbols that it declares otherwise (a `let` in a
/// branch) make hulls. Scalar variables are buffers without dimensions.
std::vector<Touch> touchesOf(const Stmt &stmt, const Program &program, const Facts &facts);

/// True if the library function stores to its first argument.
bool storesToFirstArgument(LibraryFunction function);

/// True if the statement prints, raises, calls, leaves a block or binds names: it keeps its place
/// among others of its kind.
bool isOrdered(const Stmt &stmt);

/// Why a pass may not do what it wants: the fact, and the two places it is about.
struct Obstacle {
  std::string text;
  Loc first, second;
};

/// True if two statements, the one right before the other, may change places: no cell that one
/// writes is touched by the other, no name that one declares, binds or drops is used by the other,
/// neither may leave the block, not both are ordered, and the first holds no check (which may be
/// what keeps the second in bounds). Where not, `why` (if given) names the fact.
bool canSwap(const Stmt &first, const Stmt &second, const Program &program,
             const StorageGroups &groups, const Facts &facts, Obstacle *why = nullptr);

} // namespace hpcc::ir

#endif // HPCC_IR_DEPENDENCE_H
