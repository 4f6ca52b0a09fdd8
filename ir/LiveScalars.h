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

class LiveScalars {
public:
  using Set = std::set<BufferId>;

  explicit LiveScalars(const Program &program) : program(program) {}

  /// The variables that may be read at the end of the function: results and globals.
  Set atEndOf(const Function &function) const;
  /// The variables that may be read, before they are set again, by the statement or behind it.
  Set before(const Stmt &stmt, Set after);
  Set before(const Block &block, Set after);

private:
  void addReads(const Scalar &scalar, Set &live) const;
  void addReads(const Stmt &stmt, Set &live) const;
  Set before(const Compute &compute, Set after) const;
  Set before(const While &loop, const Set &after);

  const Program &program;
  std::map<LabelId, Set> behindLabel;
};

} // namespace hpcc::ir

#endif // HPCC_IR_LIVESCALARS_H
