//===- Pipeline.cpp - which passes run, in which order ---------------------------------------===//

#include "Pipeline.h"
#include "TextNames.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::ir {

static std::vector<const Pass *> passesOf(llvm::ArrayRef<llvm::StringLiteral> flags) {
  std::vector<const Pass *> passes;
  for (llvm::StringRef flag : flags)
    passes.push_back(findPass(flag));
  return passes;
}

std::vector<const Pass *> defaultPipeline() {
  static constexpr llvm::StringLiteral flags[] = {
      "inline",         // calls are bodies
      "canonicalize",   // names are arrays, views are subscripts
      "specialize",     // sums and results follow known layouts
      "version-checks", // hot loops without checks, where a test at their entry allows it
      "canonicalize",   // the fast versions
      "raise-loops",    // loops over elements are computes
      "simplify",       // less to fuse
      "solve-guards",   // boxes without points that a guard excludes
      "elide-copies",   // right-hand sides go straight to their targets
      "rotate-buffers", // arrays that a loop copies or exchanges are storages of one buffer
      "canonicalize",   // the names around such loops
      "forward-copies", // other copies are not made
      "elide-copies",   // what has become a plain store by that
      "rotate-buffers", // what a temporary still keeps apart
      "plan-fusion",    // which computes become one
      "fuse",           //
      "contract",       // temporaries that fusion has left to single points
      "simplify",       // what that has left dead
      "plan",           // the order of axes
  };
  return passesOf(flags);
}

std::vector<const Pass *> mappingPipeline(Target target) {
  static constexpr llvm::StringLiteral threads[] = {
      "split-loops", // loops whose iterations threads can take
      "map-cpu",     // which thread runs what
  };
  static constexpr llvm::StringLiteral ranks[] = {
      "split-loops",      // loops whose iterations ranks can take
      "decompose",        // which rank runs what
      "insert-exchanges", // what they send to each other
      "map-cpu",          // which thread of a rank runs what
  };
  static constexpr llvm::StringLiteral grids[] = {
      "split-loops-long", // loops whose iterations a grid can take
      "map-gpu",          // what runs on the device
      "insert-transfers", // what its arrays bring there and back
  };
  switch (target) {
  case Target::Cpu:
    return {};
  case Target::Omp:
    return passesOf(threads);
  case Target::Mpi:
    return passesOf(llvm::ArrayRef(ranks).drop_back());
  case Target::MpiOmp:
    return passesOf(ranks);
  case Target::Cuda:
    return passesOf(grids);
  }
  return {};
}

/// The flag that is closest to a word, if it is close enough to be meant.
static llvm::StringRef closestFlag(llvm::StringRef word) {
  llvm::StringRef closest;
  unsigned least = static_cast<unsigned>(word.size() / 3) + 2;
  for (const Pass &pass : allPasses())
    if (unsigned distance = word.edit_distance(pass.flag); distance < least) {
      closest = pass.flag;
      least = distance;
    }
  return closest;
}

std::vector<const Pass *> findPasses(llvm::ArrayRef<std::string> flags, std::string &problem) {
  std::vector<const Pass *> passes;
  for (const std::string &flag : flags) {
    if (const Pass *pass = findPass(flag)) {
      passes.push_back(pass);
      continue;
    }
    problem = "there is no pass '" + flag + "'";
    if (llvm::StringRef meant = closestFlag(flag); !meant.empty())
      problem += ("; did you mean '" + meant + "'?").str();
    else
      problem += " (" +
                 llvm::join(llvm::map_range(allPasses(), [](auto &p) { return p.flag; }), ", ") +
                 ")";
    return {};
  }
  return passes;
}

std::vector<const Pass *> without(llvm::ArrayRef<const Pass *> passes,
                                  llvm::ArrayRef<std::string> flags) {
  std::vector<const Pass *> kept;
  llvm::copy_if(passes, std::back_inserter(kept),
                [&](const Pass *pass) { return !llvm::is_contained(flags, pass->flag); });
  return kept;
}

std::string halfProblem(llvm::ArrayRef<const Pass *> passes) {
  static constexpr std::pair<llvm::StringLiteral, llvm::StringLiteral> pairs[] = {
      {"decompose", "insert-exchanges"},
      {"decompose-always", "insert-exchanges"},
      {"map-gpu", "insert-transfers"},
      {"map-gpu-always", "insert-transfers"},
  };
  auto contains = [&](llvm::StringRef flag) { return llvm::is_contained(passes, findPass(flag)); };
  for (const auto &[first, second] : pairs)
    if (contains(first) && !contains(second))
      return ("what the pass '" + first + "' leaves is not the program before '" + second + "'")
          .str();
  return {};
}

std::string orderProblem(llvm::ArrayRef<const Pass *> passes, Stage stage) {
  for (const Pass *pass : passes) {
    if (stage < pass->atLeast)
      return ("the pass '" + pass->flag + "' takes a program of stage " + wordOf(pass->atLeast) +
              ", and here it is of stage " + wordOf(stage))
          .str();
    if (stage == Stage::Mapped && pass->leaves < Stage::Mapped)
      return ("the pass '" + pass->flag + "' does not take a mapped program").str();
    stage = std::max(stage, pass->leaves);
  }
  return {};
}

} // namespace hpcc::ir
