//===- Ranks.h - the driver under mpirun -----------------------------------------------------===//
#ifndef HPCC_TOOLS_HPCC_RANKS_H
#define HPCC_TOOLS_HPCC_RANKS_H

namespace hpcc {

/// mpirun has started this process as one of several, and it is not the first. All of them compile
/// the same program; what there is to say about it the first one says.
bool isFurtherRank();

/// Before a further rank reports a problem: gives the first one the time to report it and to end
/// all.
void awaitFirstRank();

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_RANKS_H
