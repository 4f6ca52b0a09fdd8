//===- OpenMpi.cpp - hpc_mpi.h by an MPI library --------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Becomes libhpc_mpi.so, compiled and linked with the MPI that CMake finds. Uses the C interface of
// MPI 3.1 only, so that any implementation will do; Open MPI 4.1 is the one that is tested.
//===----------------------------------------------------------------------===//
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include "hpc_mpi.h"

#include <algorithm>
#include <array>
#include <climits>
#include <mpi.h>
#include <numeric>
#include <vector>

namespace {

std::array<MPI_Comm, HPC_MPI_CHANNELS> channels{};

/// Sends and receives that go on in the background.
std::vector<MPI_Request> started;

/// What MPI_Allgatherv takes; kept, so that no step of a program allocates.
std::vector<int> counts, places;

/// MPI counts in int: larger messages go in pieces.
constexpr int64_t largestPiece = int64_t(1) << 30;

template <typename Transfer> int32_t inPieces(int64_t bytes, Transfer transfer) {
  int64_t done = 0;
  do {
    auto piece = static_cast<int>(std::min(bytes - done, largestPiece));
    if (transfer(done, piece) != MPI_SUCCESS)
      return 1;
    done += piece;
  } while (done < bytes);
  return 0;
}

int32_t start() {
  int provided = 0;
  // Threads of the program send nothing themselves.
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
    return 1;
  for (MPI_Comm &channel : channels) {
    if (MPI_Comm_dup(MPI_COMM_WORLD, &channel) != MPI_SUCCESS)
      return 1;
    MPI_Comm_set_errhandler(channel, MPI_ERRORS_RETURN);
  }
  return 0;
}

int32_t rank() {
  int number = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &number);
  return number;
}

int32_t size() {
  int number = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &number);
  return number;
}

int32_t largestTag() {
  int *value = nullptr, known = 0;
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, static_cast<void *>(&value), &known);
  return known != 0 ? *value : 32767; // what the standard grants
}

int32_t send(const void *data, int64_t bytes, int32_t dest, int32_t tag, int32_t channel) {
  return inPieces(bytes, [&](int64_t at, int piece) {
    return MPI_Send(static_cast<const char *>(data) + at, piece, MPI_BYTE, dest, tag,
                    channels[static_cast<size_t>(channel)]);
  });
}

int32_t receive(void *data, int64_t bytes, int32_t *source, int32_t *tag, int32_t channel) {
  return inPieces(bytes, [&](int64_t at, int piece) {
    MPI_Status status;
    int result = MPI_Recv(static_cast<char *>(data) + at, piece, MPI_BYTE,
                          *source == HPC_MPI_ANY ? MPI_ANY_SOURCE : *source,
                          *tag == HPC_MPI_ANY ? MPI_ANY_TAG : *tag,
                          channels[static_cast<size_t>(channel)], &status);
    *source = status.MPI_SOURCE;
    *tag = status.MPI_TAG;
    return result;
  });
}

int32_t broadcast(void *data, int64_t bytes, int32_t root) {
  return inPieces(bytes, [&](int64_t at, int piece) {
    return MPI_Bcast(static_cast<char *>(data) + at, piece, MPI_BYTE, root,
                     channels[HPC_MPI_RUNTIME]);
  });
}

int32_t startSend(const void *data, int64_t bytes, int32_t dest, int32_t tag, int32_t channel) {
  return inPieces(bytes, [&](int64_t at, int piece) {
    return MPI_Isend(static_cast<const char *>(data) + at, piece, MPI_BYTE, dest, tag,
                     channels[static_cast<size_t>(channel)], &started.emplace_back());
  });
}

int32_t startReceive(void *data, int64_t bytes, int32_t source, int32_t tag, int32_t channel) {
  return inPieces(bytes, [&](int64_t at, int piece) {
    return MPI_Irecv(static_cast<char *>(data) + at, piece, MPI_BYTE, source, tag,
                     channels[static_cast<size_t>(channel)], &started.emplace_back());
  });
}

int32_t wait() {
  int result = MPI_Waitall(static_cast<int>(started.size()), started.data(), MPI_STATUSES_IGNORE);
  started.clear();
  return result == MPI_SUCCESS ? 0 : 1;
}

int32_t gatherAll(void *data, const int64_t *bytes) {
  auto ranks = static_cast<size_t>(size());
  if (std::accumulate(bytes, bytes + ranks, int64_t{0}) > INT_MAX) {
    auto *part = static_cast<char *>(data);
    for (size_t root = 0; root < ranks; part += bytes[root++])
      if (broadcast(part, bytes[root], static_cast<int32_t>(root)) != 0)
        return 1;
    return 0;
  }
  counts.assign(bytes, bytes + ranks);
  MPI_Comm channel = channels[HPC_MPI_RUNTIME];
  if (std::adjacent_find(counts.begin(), counts.end(), std::not_equal_to()) == counts.end())
    return MPI_Allgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, counts.front(), MPI_BYTE,
                         channel);
  places.resize(ranks);
  std::exclusive_scan(counts.begin(), counts.end(), places.begin(), 0);
  return MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, data, counts.data(), places.data(),
                        MPI_BYTE, channel);
}

void progress() {
  int found = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, channels[HPC_MPI_RUNTIME], &found, MPI_STATUS_IGNORE);
}

int32_t barrier() { return MPI_Barrier(channels[HPC_MPI_RUNTIME]) == MPI_SUCCESS ? 0 : 1; }

double time() { return MPI_Wtime(); }

void finish() { MPI_Finalize(); }

void abort(int32_t code) { MPI_Abort(MPI_COMM_WORLD, code); }

constexpr hpc_mpi_library library = {
    HPC_MPI_VERSION, start,        rank,    size,      largestTag, send,
    receive,         broadcast,    barrier, time,      finish,     abort,
    startSend,       startReceive, wait,    gatherAll, progress};

} // namespace

const hpc_mpi_library *hpc_mpi_open() { return &library; }
