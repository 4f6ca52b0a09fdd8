//===- Pipeline.h - which passes run, in which order -----------------------------------------===//
#ifndef HPCC_IR_PIPELINE_H
#define HPCC_IR_PIPELINE_H

#include "Pass.h"

namespace hpcc::ir {

/// The passes from a program as the front end builds it to one that code generation takes.
std::vector<const Pass *> defaultPipeline();

} // namespace hpcc::ir

#endif // HPCC_IR_PIPELINE_H
