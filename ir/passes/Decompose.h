//===- Decompose.h - the parts of decompose --------------------------------------------------===//
#ifndef HPCC_IR_PASSES_DECOMPOSE_H
#define HPCC_IR_PASSES_DECOMPOSE_H

#include "ir/Facts.h"
#include "ir/Pass.h"
#include "ir/Walk.h"
#include <map>
#include <set>

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Rows (DecomposeRows.cpp)
//===-----------------------------------------------------------------------------------------===//

/// How the row of an access, its first index, follows from the iterators around it: none of them
/// occurs in it, or it is one iterator plus the rest, or neither.
struct RowForm {
  enum class Kind : uint8_t { Fixed, Iterator, Other } kind = Kind::Other;
  size_t iterator = 0; // its number among those given
  Affine rest;         // of Fixed all
};
RowForm rowOf(const Access &access, llvm::ArrayRef<SymbolId> iterators);

std::vector<SymbolId> iteratorsOf(const Compute &compute);

/// Where the rows that a par axis stores are every k-th one or run backwards (row = k * i + rest, k
/// not 1), makes an axis of the rows themselves of it, with a step, if the compute needs its
/// iterations as multiples of k only.
void straightenRows(const Program &program, Compute &compute);

/// A row that iteration i of a divided axis touches: i + rest.
struct RowUse {
  BufferId buffer;
  Affine rest;
};

/// A compute or par loop whose iterations ranks may divide, as its rows say.
struct DivisibleUnit {
  unsigned depth = 0; // loops around it
  bool isLoop = false;
  bool isFlat = false;  // a compute with one axis
  bool isShort = false; // a compute of a few rows, a number in the text
  std::vector<RowUse> stores, loads;
  std::vector<BufferId> otherLoads; // at rows that are no iterator plus something, or in a tree
};

/// The rows by the axis of the compute that its stores to candidates name, else its loads; nothing
/// where none does.
std::optional<DivisibleUnit> unitOf(const Compute &compute, const std::set<BufferId> &candidates);

/// The rows that iterations of a par loop store and load; nothing where one stores anything but
/// rows of candidates that are its own.
std::optional<DivisibleUnit> unitOf(const Loop &loop, const std::set<BufferId> &candidates);

//===-----------------------------------------------------------------------------------------===//
// Homes (DecomposeHomes.cpp)
//===-----------------------------------------------------------------------------------------===//

/// Distributions under which as many units as possible find the rows that they touch at home: first
/// what one unit stores, then what it loads (a stencil's middle), from the innermost loops
/// outwards. Candidates are arrays whose shape is known where they are made.
std::map<BufferId, Distribution> chooseHomes(const Program &program,
                                             llvm::ArrayRef<DivisibleUnit> units);

//===-----------------------------------------------------------------------------------------===//
// Pieces (DecomposePieces.cpp)
//===-----------------------------------------------------------------------------------------===//

/// What of a compute one rank can run at a time: assignments whose targets have the same owner.
struct TargetClass {
  /// Row: of an axis' iterations, each its own. FixedRow: one row. Tree: sums in NumPy's order.
  /// Carried: what has no home. Unowned: rows that no axis counts.
  enum class Kind : uint8_t { Row, FixedRow, Tree, Carried, Unowned } kind = Kind::Carried;
  size_t axis = 0;
  Distribution over; // of Row by iterations of the axis, of FixedRow by 0
  bool operator==(const TargetClass &) const = default;
};

struct Piece {
  TargetClass target;
  Stmt stmt; // a compute
};

/// The compute as computes with targets of one class each, in an order that leaves the same values;
/// values that several need are computed again. Nothing where there is no such order.
std::optional<std::vector<Piece>> splitByOwner(Program &program, const Stmt &stmt);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_DECOMPOSE_H
