//===- connect.h - One process among ranks --------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Internal to the runtime: what mpi4py's operations (mpi.cpp) and programs whose work is divided
// (ranks.cpp) share.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_CONNECT_H
#define HPCC_RUNTIME_CONNECT_H

#include "hpcc_rt.h"
#include "mpi/hpc_mpi.h"

namespace hpcc::runtime {

/// This process among the ranks that were started together.
struct Connection {
  const hpc_mpi_library *library; ///< null before the first call of `connect`
  int32_t rank, size;
  bool finished;
};

extern Connection connection;

/// Opens the library and joins the other ranks at the first call. Errors are raised at `where`.
const hpc_mpi_library &connect(const hpc_location *where);

/// Leaves the others: in good order with code 0, and by ending all of them with another.
void leaveRanks(int code);

/// Raises where an operation of the library has failed.
void expectDone(int32_t failed, const hpc_location *where);

} // namespace hpcc::runtime

#endif // HPCC_RUNTIME_CONNECT_H
