//===- Ranks.cpp - the driver under mpirun ---------------------------------------------------===//
//
// An MPI launcher tells a process its rank in the environment: Open MPI and those that follow PMI
// do so before any library is loaded.
//
//===-----------------------------------------------------------------------------------------===//
#include "Ranks.h"
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <cstdlib>
#include <thread>

namespace hpcc {

bool isFurtherRank() {
  for (const char *name : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"})
    if (const char *rank = std::getenv(name))
      return llvm::StringRef(rank) != "0";
  return false;
}

void awaitFirstRank() {
  constexpr std::chrono::seconds enough(5);
  if (isFurtherRank())
    std::this_thread::sleep_for(enough);
}

} // namespace hpcc
