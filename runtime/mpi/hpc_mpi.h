//===- hpc_mpi.h - Messages between ranks, whatever the MPI ---------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the runtime asks of an MPI library. MPI fixes no binary interface: handles and structs
// differ from one implementation to the next. So programs and libhpcrt know only this table;
// libhpc_mpi.so holds it, is compiled with one MPI's mpi.h, and is opened at run time by programs
// that use ranks.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_MPI_HPC_MPI_H
#define HPCC_RUNTIME_MPI_HPC_MPI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Grows by one when a member is added at the end of hpc_mpi_library; members keep their place.
#define HPC_MPI_VERSION 2

/// Messages of one channel never meet those of another.
enum hpc_mpi_channel {
  HPC_MPI_USER = 0,    // what the program sends and receives itself
  HPC_MPI_RUNTIME = 1, // what the runtime sends to do the program's collective operations
  HPC_MPI_CHANNELS
};

/// As source or tag of a receive: whichever comes.
enum { HPC_MPI_ANY = -1 };

/// The operations. All but `finish` and `abort` may be called between `start` and `finish` only, by
/// one thread. Functions that return int32_t give 0, or 1 where MPI refuses. Sizes are bytes;
/// memory is the caller's, who may use it again when the call returns.
struct hpc_mpi_library {
  int32_t version;

  /// Joins the ranks that were started together; a program started alone is rank 0 of 1.
  int32_t (*start)(void);

  /// Number of this process, from 0, and of all of them.
  int32_t (*rank)(void);
  int32_t (*size)(void);

  /// The largest tag; the smallest is 0.
  int32_t (*largest_tag)(void);

  /// Blocks until `data` may be used again, which may be before anyone receives it.
  int32_t (*send)(const void *data, int64_t bytes, int32_t dest, int32_t tag, int32_t channel);

  /// Blocks until a message of exactly `bytes` has come. Source and tag may be HPC_MPI_ANY; they
  /// become those of the message. Messages between two ranks with one tag keep their order.
  int32_t (*receive)(void *data, int64_t bytes, int32_t *source, int32_t *tag, int32_t channel);

  /// All ranks: the data of `root` at every rank.
  int32_t (*broadcast)(void *data, int64_t bytes, int32_t root);

  /// All ranks: returns when every rank has called it.
  int32_t (*barrier)(void);

  /// Seconds of a clock that may differ between ranks.
  double (*time)(void);

  /// Leaves the others in good order, all ranks together. Nothing may be called afterwards.
  void (*finish)(void);

  /// Ends all ranks, wherever they are, with this exit code; does not return.
  void (*abort)(int32_t code);

  /// Since version 2. A send or receive that goes on in the background: `data` is the library's
  /// until `wait`, which returns when all that have been started are done. Order and size of
  /// messages as for `send` and `receive`, with which they may be mixed.
  int32_t (*start_send)(const void *data, int64_t bytes, int32_t dest, int32_t tag,
                        int32_t channel);
  int32_t (*start_receive)(void *data, int64_t bytes, int32_t source, int32_t tag, int32_t channel);
  int32_t (*wait)(void);

  /// All ranks: `data` holds a part of each rank one after the other, bytes[r] of rank r. The own
  /// one is there when it is called, all when it returns.
  int32_t (*gather_all)(void *data, const int64_t *bytes);

  /// Has messages of others go on that need this process; returns at once.
  void (*progress)(void);
};

/// The one symbol of libhpc_mpi.so. The table lives as long as the process.
const struct hpc_mpi_library *hpc_mpi_open(void);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // HPCC_RUNTIME_MPI_HPC_MPI_H
