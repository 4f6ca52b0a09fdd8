//===- ranks.cpp - Ranks that divide the work of one program --------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How such a program starts and ends, and what its ranks do with values that all of them have:
// reductions, chains, broadcasts. Rows of arrays travel in ranks_exchange.cpp.
//===----------------------------------------------------------------------===//
#include "connect.h"
#include "process.h"

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <time.h>
#include <type_traits>
#include <vector>

using hpcc::runtime::connection;
using hpcc::runtime::expectDone;

using Where = const hpc_location *;

/// Between hpc_ranks_shares_begin and hpc_ranks_shares_end.
static constinit bool isInShares = false;

/// Between hpc_ranks_chain_receive and hpc_ranks_chain_send, where the ranks before are through.
static constinit bool isInChain = false;

/// This rank reports an error although it is not rank 0.
static constinit bool reportsAlone = false;

/// What the ranks have each; kept, so that no step of a program allocates.
static std::vector<std::byte> gathered;
static std::vector<int64_t> gatheredBytes;

/// The tag of chains; exchanges have 0.
static constexpr int32_t chainTag = 1;

//===----------------------------------------------------------------------===//
// Start and end
//===----------------------------------------------------------------------===//

/// Lets another rank end this one, for so long.
static void waitForEnd(int seconds) {
  constexpr long millisecond = 1000000;
  for (int64_t waited = 0; waited < int64_t{1000} * seconds; ++waited) {
    connection.library->progress();
    timespec pause = {0, millisecond};
    nanosleep(&pause, nullptr);
  }
}

/// The lowest rank that says so, or the number of ranks.
static int32_t firstRankWith(bool here) {
  std::vector<int64_t> bytes(static_cast<size_t>(connection.size), 1);
  std::vector<char> answers(bytes.size(), 0);
  answers[static_cast<size_t>(connection.rank)] = here ? 1 : 0;
  if (connection.library->gather_all(answers.data(), bytes.data()) != 0)
    return 0;
  return static_cast<int32_t>(std::find(answers.begin(), answers.end(), 1) - answers.begin());
}

/// What rank 0 has printed is out before another one reports an error.
static void writeOutputOfAll() {
  hpcc::runtime::writeOutput();
  connection.library->barrier();
}

/// Another rank ends this one, which may wait for it with output that is not written yet.
static void onTermination(int number) {
  hpcc::runtime::writeOutputFromSignal();
  signal(number, SIG_DFL);
  raise(number);
}

/// Whether one rank can come to an error while others do not.
static bool dependsOnMachine(int32_t errorId) {
  switch (errorId) {
  case HPC_ERROR_OutOfMemory:
  case HPC_ERROR_ListTooLarge:
  case HPC_ERROR_MpiOther:
  case HPC_ERROR_Interrupted:
    return true;
  default:
    return false;
  }
}

/// Returns on the rank that reports an error; the others are ended by it. If it does not come that
/// far, because this rank is the only one with an error, that is said after a while.
static void awaitReport(int32_t errorId) {
  constexpr int shortly = 1, long_ = 60;
  bool reports = connection.rank == 0 || isInChain;
  if (isInShares) {
    isInShares = false;
    reports = firstRankWith(true) == connection.rank;
    writeOutputOfAll();
  }
  if (!reports)
    waitForEnd(dependsOnMachine(errorId) ? shortly : long_);
  reportsAlone = true;
}

/// The end of the process. Rank 0 ends all, once its output is written.
static void leave(int code) {
  constexpr int long_ = 60;
  if (code != 0 && connection.rank != 0 && !reportsAlone)
    waitForEnd(long_);
  hpcc::runtime::leaveRanks(code);
}

void hpc_ranks_start(Where where) {
  hpcc::runtime::connect(where);
  hpcc::runtime::callAtEnd(leave);
  hpcc::runtime::callBeforeReport(awaitReport);
  if (connection.rank != 0)
    hpcc::runtime::dropOutput();
  else
    signal(SIGTERM, onTermination);
}

int64_t hpc_ranks_rank() { return connection.rank; }

int64_t hpc_ranks_size() { return connection.size; }

void hpc_ranks_shares_begin() { isInShares = true; }

void hpc_ranks_shares_end(Where where) {
  constexpr int long_ = 60;
  isInShares = false;
  if (firstRankWith(false) == connection.size)
    return;
  writeOutputOfAll();
  waitForEnd(long_);
  expectDone(1, where);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// x op y in the compiled operation's way.
template <typename T> static T combine(int32_t operation, T x, T y) {
  constexpr bool isFloat = std::is_floating_point_v<T>;
  if (operation == HPC_RANKS_MINIMUM || operation == HPC_RANKS_MAXIMUM) {
    bool least = operation == HPC_RANKS_MINIMUM;
    // A NaN wins, and of two zeros of different sign the negative one is the smaller.
    if constexpr (isFloat)
      return least ? __builtin_elementwise_minimum(x, y) : __builtin_elementwise_maximum(x, y);
    else
      return least ? std::min(x, y) : std::max(x, y);
  }
  if constexpr (isFloat) {
    return operation == HPC_RANKS_ADD ? x + y : x * y;
  } else if constexpr (std::is_same_v<T, bool>) {
    return operation == HPC_RANKS_ADD || operation == HPC_RANKS_OR ? x || y : x && y;
  } else {
    // In 64 bits without a sign, where nothing overflows; the low bits are those of every type.
    uint64_t a = static_cast<std::make_unsigned_t<T>>(x),
             b = static_cast<std::make_unsigned_t<T>>(y);
    switch (operation) {
    case HPC_RANKS_ADD:
      return static_cast<T>(a + b);
    case HPC_RANKS_MULTIPLY:
      return static_cast<T>(a * b);
    case HPC_RANKS_AND:
      return static_cast<T>(a & b);
    default:
      return static_cast<T>(a | b);
    }
  }
}

template <typename T>
static void combineAll(int32_t operation, std::byte *left, const std::byte *right, size_t bytes) {
  for (size_t at = 0; at < bytes; at += sizeof(T)) {
    T x, y;
    memcpy(&x, left + at, sizeof(T));
    memcpy(&y, right + at, sizeof(T));
    x = combine(operation, x, y);
    memcpy(left + at, &x, sizeof(T));
  }
}

static auto combinationOf(int32_t dtype) {
  switch (dtype) {
  case HPC_BOOL:
    return combineAll<bool>;
  case HPC_I8:
    return combineAll<int8_t>;
  case HPC_I16:
    return combineAll<int16_t>;
  case HPC_I32:
    return combineAll<int32_t>;
  case HPC_I64:
    return combineAll<int64_t>;
  case HPC_U8:
    return combineAll<uint8_t>;
  case HPC_U16:
    return combineAll<uint16_t>;
  case HPC_U32:
    return combineAll<uint32_t>;
  case HPC_U64:
    return combineAll<uint64_t>;
  case HPC_F32:
    return combineAll<float>;
  default:
    return combineAll<double>;
  }
}

/// All ranks' values are brought together a piece at a time and combined in the order of the ranks,
/// by each rank for itself: the same bits everywhere, after one collective operation.
static void combineInOrder(std::byte *values, int64_t bytes, int32_t dtype, int32_t operation,
                           Where where) {
  constexpr int64_t pieceOfAll = int64_t{256} << 10, unit = 8;
  auto ranks = static_cast<size_t>(connection.size);
  auto rank = static_cast<size_t>(connection.rank);
  if (ranks == 1)
    return;
  auto combination = combinationOf(dtype);
  int64_t largest = std::max(unit, pieceOfAll / connection.size / unit * unit);
  for (int64_t done = 0; done < bytes; done += largest) {
    auto piece = static_cast<size_t>(std::min(largest, bytes - done));
    gathered.resize(piece * ranks);
    gatheredBytes.assign(ranks, static_cast<int64_t>(piece));
    memcpy(gathered.data() + piece * rank, values + done, piece);
    expectDone(connection.library->gather_all(gathered.data(), gatheredBytes.data()), where);
    for (size_t other = 1; other < ranks; ++other)
      combination(operation, gathered.data(), gathered.data() + piece * other, piece);
    memcpy(values + done, gathered.data(), piece);
  }
}

void hpc_ranks_combine(void *values, int64_t count, int32_t dtype, int32_t operation, Where where) {
  combineInOrder(static_cast<std::byte *>(values), count * hpc_dtype_size(dtype), dtype, operation,
                 where);
}

void hpc_ranks_combine_bits(void *values, int64_t bytes, Where where) {
  combineInOrder(static_cast<std::byte *>(values), bytes, HPC_U8, HPC_RANKS_OR, where);
}

//===----------------------------------------------------------------------===//
// Chains and broadcasts
//===----------------------------------------------------------------------===//

void hpc_ranks_chain_receive(void *values, int64_t bytes, Where where) {
  isInChain = true;
  int32_t before = connection.rank - 1, tag = chainTag;
  if (before >= 0)
    expectDone(connection.library->receive(values, bytes, &before, &tag, HPC_MPI_RUNTIME), where);
}

void hpc_ranks_chain_send(const void *values, int64_t bytes, Where where) {
  isInChain = false;
  int32_t next = connection.rank + 1;
  if (next < connection.size)
    expectDone(connection.library->send(values, bytes, next, chainTag, HPC_MPI_RUNTIME), where);
}

static void broadcastFrom(int32_t root, void *values, int64_t bytes, Where where) {
  if (connection.size > 1)
    expectDone(connection.library->broadcast(values, bytes, root), where);
}

void hpc_ranks_chain_end(void *values, int64_t bytes, Where where) {
  broadcastFrom(connection.size - 1, values, bytes, where);
}

void hpc_ranks_broadcast(void *values, int64_t bytes, Where where) {
  broadcastFrom(0, values, bytes, where);
}
