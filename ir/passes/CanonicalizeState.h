//===- CanonicalizeState.h - what names stand for at a place of a program ----------------===//
//
// The facts that canonicalize carries forward through a function: which array a handle names, what
// a scalar variable holds, which part of which array a view is.
//
//===-------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_CANONICALIZESTATE_H
#define HPCC_IR_PASSES_CANONICALIZESTATE_H

#include "ir/Facts.h"
#include <map>
#include <set>

namespace hpcc::ir {

/// The array that a name stands for. Two names with equal values name one array.
struct ArrayValue {
  enum class Kind : uint8_t {
    Unbound,
    Named,  // the array of a name that always names it: an alloc, a view, an unbound parameter
    Opaque, // some array, the same wherever the version is the same; or unbound
  } kind = Kind::Unbound;
  BufferId name;
  unsigned version = 0;
  bool bound = false; // certainly names an array
  auto operator<=>(const ArrayValue &) const = default;
};

/// What holds at one place.
struct FlowState {
  bool reachable = true;
  std::map<BufferId, ArrayValue> handles;
  std::map<BufferId, Scalar> scalars; // of variables whose value is a constant or affine form
};

/// Which part of its root a view is: index d of the root is start + step * (index `dim` of the
/// view), or start alone.
struct ViewMap {
  struct Dim {
    Affine start;
    int64_t step = 0;
    std::optional<unsigned> dim;
  };
  BufferId root;
  ArrayValue rootValue; // what the root stood for where the view was made
  std::vector<Dim> dims;
};

/// The map of a view of `base`, whose own dimensions are described by `baseMap`, or nothing if an
/// index would not be affine or a size may be one. `baseShape` holds the sizes of the base that are
/// known as forms.
std::optional<ViewMap> mapOf(const ViewMap &baseMap, const View &view, const Facts &facts,
                             llvm::ArrayRef<std::optional<Affine>> baseShape);

/// The map of an array as a part of itself.
ViewMap identityMap(BufferId root, ArrayValue value, unsigned dims);

/// The indices into the root of an element of the view; nothing if one wraps and the view does not
/// keep it as it is.
std::optional<std::vector<Index>> composeIndices(const ViewMap &map,
                                                 const std::vector<Index> &indices);

/// The view as a subscript of its root, where it is one: its dimensions are slices in the order of
/// the root's, or new axes. `shape` is the view's.
std::optional<Subscript> asSubscript(const ViewMap &map, const std::vector<Affine> &shape);

/// True if the value is the same whenever it is evaluated: it reads no memory and no name.
bool isPure(const Scalar &value);

/// What a block changes of the names declared outside it.
struct Changes {
  std::set<BufferId> handles, scalars;
  bool calls = false; // functions of the program, which may change globals
};
void collectChanges(const Block &block, Changes &changes);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_CANONICALIZESTATE_H
