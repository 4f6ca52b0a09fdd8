//===- Pipeline.cpp - which passes run, in which order ---------------------------------------===//

#include "Pipeline.h"

namespace hpcc::ir {

std::vector<const Pass *> defaultPipeline() {
  return {
      findPass("canonicalize"), findPass("version-checks"),
      findPass("canonicalize"), // of the fast versions
      findPass("elide-copies"), findPass("plan-fusion"),    findPass("fuse"), findPass("contract"),
  };
}

} // namespace hpcc::ir
