//===- LiveScalars.h - which scalar variables may still be read ------------------------------===//
//
// Backward liveness of scalar variables (buffers without dimensions) over structured control flow.
// A pass walks a function from the outside in and asks what is live before a statement given what
// is live behind it; what labels lead to is remembered from the outer questions.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_LIVESCALARS_H
#define HPCC_IR_LIVESCALARS_H

#include "Program.h"
#include <map>
#include <set>

namespace hpcc::ir {

struct IterationScalars;

class LiveScalars {
public:
  using Set = std::set<BufferId>;

  explicit LiveScalars(const Program &program) : program(program) {}

  /// The variables that may be read at the end of the function: results and globals.
  Set atEndOf(const Function &function) const;
  /// The variables that may be read, before they are set again, by the statement or behind it.
  Set before(const Stmt &stmt, Set after);
  Set before(const Block &block, Set after);
  /// Those of the variables, which the body writes, that belong to an iteration of the loop; the
  /// others are read by a later one. `after` is live behind the loop.
  IterationScalars scalarsOf(const Loop &loop, const Set &written, const Set &after);

private:
  void addReads(const Scalar &scalar, Set &live) const;
  void addReads(const Stmt &stmt, Set &live) const;
  Set before(const Compute &compute, Set after) const;
  Set before(const While &loop, const Set &after);

  const Program &program;
  std::map<LabelId, Set> behindLabel;
};

/// The scalar variables of a loop's body that each iteration sets before it reads them. Of those in
/// `lasting` the value of the last iteration is read behind the loop.
struct IterationScalars {
  LiveScalars::Set own, lasting;
};

} // namespace hpcc::ir

#endif // HPCC_IR_LIVESCALARS_H
