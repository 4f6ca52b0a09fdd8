//===- Pipeline.h - which passes run, in which order -----------------------------------------===//
#ifndef HPCC_IR_PIPELINE_H
#define HPCC_IR_PIPELINE_H

#include "Pass.h"

namespace hpcc::ir {

/// The passes from a program as the front end builds it to one that code generation takes.
std::vector<const Pass *> defaultPipeline();

/// What a program is made to run on: one core, a team of threads, ranks, threads of ranks, or a
/// core and a GPU.
enum class Target : uint8_t { Cpu, Omp, Mpi, MpiOmp, Cuda };

/// The passes that come last and map an optimised program to a target.
std::vector<const Pass *> mappingPipeline(Target target);

/// Looks up the passes with these flags. Of the first that does not exist, `problem` says so and
/// names the one that may have been meant, or else all.
std::vector<const Pass *> findPasses(llvm::ArrayRef<std::string> flags, std::string &problem);

/// The list without the passes with these flags, wherever they stand in it.
std::vector<const Pass *> without(llvm::ArrayRef<const Pass *> passes,
                                  llvm::ArrayRef<std::string> flags);

/// Why the list leaves a program that does not mean what it should: of two passes that belong
/// together the second is missing. Empty if none is.
std::string halfProblem(llvm::ArrayRef<const Pass *> passes);

/// Why the passes cannot run one after the other on a program of a stage: one of them takes later
/// stages only. Empty if they can.
std::string orderProblem(llvm::ArrayRef<const Pass *> passes, Stage stage);

} // namespace hpcc::ir

#endif // HPCC_IR_PIPELINE_H
