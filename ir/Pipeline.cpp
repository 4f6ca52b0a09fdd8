//===- Pipeline.cpp - which passes run, in which order ---------------------------------------===//

#include "Pipeline.h"

namespace hpcc::ir {

std::vector<const Pass *> defaultPipeline() {
  static constexpr llvm::StringLiteral flags[] = {
      "canonicalize",   // names are arrays, views are subscripts
      "version-checks", // hot loops without checks, where a test at their entry allows it
      "canonicalize",   // the fast versions
      "simplify",       // less to fuse
      "elide-copies",   // right-hand sides go straight to their targets
      "plan-fusion",    // which computes become one
      "fuse",           //
      "contract",       // temporaries that fusion has left to single points
      "simplify",       // what that has left dead
      "plan",           // the order of axes
  };
  std::vector<const Pass *> passes;
  for (llvm::StringRef flag : flags)
    passes.push_back(findPass(flag));
  return passes;
}

} // namespace hpcc::ir
