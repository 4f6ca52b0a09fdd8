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
};

/// The orders of all arrays of a program, whose views name arrays, handles or parameters.
class Layouts {
public:
  explicit Layouts(const Program &program);

  /// Nothing where only a run knows.
  std::optional<MemoryOrder> orderOf(BufferId buffer) const;
  /// The layout that `like` comes to, empty for row-major; nothing where only a run knows.
  std::optional<std::vector<unsigned>> resolveLike(BufferId buffer) const;

private:
  const Program &program;
  std::map<BufferId, View> views;
};

} // namespace hpcc::ir

#endif // HPCC_IR_LAYOUT_H
