//===- Pipeline.cpp - which passes run, in which order ---------------------------------------===//

#include "Pipeline.h"

namespace hpcc::ir {

std::vector<const Pass *> defaultPipeline() {
  return {
      findPass("canonicalize"),
  };
}

} // namespace hpcc::ir
