//===- Dependence.h - at which distance accesses meet ----------------------------------------===//
//
// Which names may share storage, and the distances between the points of two accesses that touch
// one cell. Pure functions, as those of Footprint.h.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_DEPENDENCE_H
#define HPCC_IR_DEPENDENCE_H

#include "Footprint.h"
#include "Walk.h"

namespace hpcc::ir {

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

} // namespace hpcc::ir

#endif // HPCC_IR_DEPENDENCE_H
