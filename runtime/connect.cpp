//===- connect.cpp - Joins and leaves the ranks ---------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The MPI library is opened when the program first needs it, so that a program without ranks has
// nothing to do with MPI.
//===----------------------------------------------------------------------===//
#include "connect.h"
#include "process.h"

#include <dlfcn.h>

namespace hpcc::runtime {

constinit Connection connection{};

void leaveRanks(int code) {
  if (connection.finished)
    return;
  connection.finished = true;
  if (code == 0)
    connection.library->finish();
  else
    connection.library->abort(code);
}

const hpc_mpi_library &connect(const hpc_location *where) {
  if (connection.finished)
    raiseWithTexts(HPC_ERROR_MpiFinalized, where, {});
  if (connection.library)
    return *connection.library;
  // Found by the run path of the executable, or in LD_LIBRARY_PATH.
  void *opened = dlopen("libhpc_mpi.so", RTLD_NOW | RTLD_GLOBAL);
  auto *open =
      opened ? reinterpret_cast<decltype(&hpc_mpi_open)>(dlsym(opened, "hpc_mpi_open")) : nullptr;
  if (!open)
    raiseWithTexts(HPC_ERROR_MpiCannotLoad, where, {dlerror()});
  const hpc_mpi_library *library = open();
  if (library->version < HPC_MPI_VERSION)
    raiseWithTexts(HPC_ERROR_MpiCannotLoad, where, {"libhpc_mpi.so is of an older hpcc"});
  if (library->start() != 0)
    raiseWithTexts(HPC_ERROR_MpiCannotStart, where, {});
  connection = {library, library->rank(), library->size(), false};
  callAtEnd(leaveRanks);
  return *library;
}

void expectDone(int32_t failed, const hpc_location *where) {
  if (failed != 0)
    raiseWithTexts(HPC_ERROR_MpiOther, where, {});
}

} // namespace hpcc::runtime
