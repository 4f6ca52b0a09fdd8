//===- Layout.h - what is known of the memory order of arrays --------------------------------===//
//
// NumPy adds up floats in the order in which they lie in memory and lays results out like their
// operands. Both follow from the order of strides, which is known for arrays of this program and
// for most of their parts, whatever their sizes are.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_LAYOUT_H
#define HPCC_IR_LAYOUT_H

#include "Program.h"
#include <map>

namespace hpcc::ir {

/// The dimensions of an array from slowest to fastest in memory. Those of size one take any place.
struct MemoryOrder {
  std::vector<unsigned> dims; // without those of size one and those repeated
  bool packed = false;        // all elements of the storage, each once
  bool repeats = false;       // some dimension is repeated (its stride is 0)
  bool operator==(const MemoryOrder &) const = default;
};

/// The orders of all arrays of a program, whose views name arrays, handles or parameters.
class Layouts {
public:
  explicit Layouts(const Program &program);

  /// Nothing where only a run knows.
  std::optional<MemoryOrder> orderOf(BufferId buffer) const;
  /// The sizes of an array whose order is known, of a handle too that keeps its shape.
  const std::vector<Affine> &shapeOf(BufferId buffer) const;
  /// The layout that `like` comes to, empty for row-major; nothing where only a run knows.
  std::optional<std::vector<unsigned>> resolveLike(BufferId buffer) const;

private:
  void assumeHandles(const Function &function);
  std::optional<MemoryOrder> orderOfOwn(BufferId buffer) const;

  const Program &program;
  std::map<BufferId, View> views;
  std::map<BufferId, std::vector<Affine>> shapes; // of handles that keep theirs
  std::map<BufferId, MemoryOrder> handles;        // the order that all their arrays have
};

} // namespace hpcc::ir

#endif // HPCC_IR_LAYOUT_H
