//===- ranks_test.cpp - What ranks bring up to date, against a model ------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each rank draws the same random exchanges and reductions, and computes what it must then have by
// going through all rows and iterations one by one. With the argument `time` it measures instead.
//===----------------------------------------------------------------------===//
#include "runtime/hpcc_rt.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

static int64_t rank, size;

/// The same numbers on all ranks.
static uint64_t seed = 1;
static int64_t draw(int64_t below) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return static_cast<int64_t>(seed % static_cast<uint64_t>(below));
}
static int64_t draw(int64_t from, int64_t to) { return from + draw(to - from + 1); }

static void fail(const char *what, int64_t round) {
  fprintf(stderr, "rank %d of %d: %s in round %d\n", int(rank), int(size), what, int(round));
  _Exit(1);
}

//===----------------------------------------------------------------------===//
// The model: rows and iterations one by one
//===----------------------------------------------------------------------===//

static int64_t modulo(int64_t x, int64_t n) { return (x % n + n) % n; }

static int64_t ownerOf(const hpc_distribution &distribution, int64_t row) {
  int64_t place = row + distribution.offset;
  if (distribution.kind == HPC_CYCLIC)
    return modulo(place, size);
  if (place < 0)
    return 0;
  for (int64_t r = 0; r < size; ++r)
    if (place < (r + 1) * distribution.rows / size)
      return r;
  return size - 1;
}

/// Which rows a rank must have after an exchange of this part.
static std::vector<bool> rowsOf(const hpc_rank_part &part, int64_t receiver) {
  int64_t first = part.first, last = part.last;
  if (part.receivers == HPC_FOR_OWN) {
    bool any = false;
    for (int64_t i = part.lo; i < part.hi; i += part.step)
      if (ownerOf(part.share, i) == receiver) {
        int64_t from = part.firstScale * i + part.first, to = part.lastScale * i + part.last;
        first = any ? std::min(first, from) : from;
        last = any ? std::max(last, to) : to;
        any = true;
      }
    if (!any)
      last = first;
  }
  std::vector<bool> rows(static_cast<size_t>(part.rows));
  bool isMeant = part.receivers != HPC_FOR_ROOT || receiver == 0;
  for (int64_t row = first; isMeant && row < last; ++row) {
    int64_t place = part.wrap > 0 ? modulo(row, part.wrap) : row;
    if (place >= 0 && place < part.rows)
      rows[static_cast<size_t>(place)] = true;
  }
  return rows;
}

//===----------------------------------------------------------------------===//
// Exchanges
//===----------------------------------------------------------------------===//

static hpc_distribution drawDistribution(int64_t rows) {
  return {draw(4) == 0 ? HPC_CYCLIC : HPC_BLOCKS, std::max<int64_t>(0, rows + draw(-2, 2)),
          draw(-3, 3)};
}

static hpc_rank_part drawPart() {
  hpc_rank_part part{};
  part.rows = draw(4) == 0 ? draw(4) : draw(40);
  part.pitch = draw(1, 24);
  bool whole = draw(2) == 0;
  part.offset = whole ? 0 : draw(part.pitch);
  part.bytes = whole ? part.pitch : draw(1, part.pitch - part.offset);
  part.home = drawDistribution(part.rows);
  int64_t kind = draw(6);
  part.receivers = kind == 0 ? HPC_FOR_ALL : kind == 1 ? HPC_FOR_ROOT : HPC_FOR_OWN;
  part.step = draw(4) == 0 ? draw(2, 3) : 1;
  part.lo = draw(-2, 5);
  part.hi = part.lo + draw(part.rows + 3);
  part.share = draw(2) == 0 ? part.home : drawDistribution(part.rows);
  if (part.step != 1)
    part.share.kind = HPC_BLOCKS; // of cyclic ones all are said to be needed
  part.first = draw(-3, 3);
  part.last = part.first + draw(6);
  if (part.receivers == HPC_FOR_OWN) {
    part.firstScale = draw(4) == 0 ? draw(-2, 2) : 1;
    part.lastScale = draw(4) == 0 ? draw(-2, 2) : part.firstScale;
  } else {
    part.last += draw(part.rows + 1);
  }
  part.wrap = draw(3) == 0 && part.rows > 0 ? part.rows - draw(std::min<int64_t>(part.rows, 2)) : 0;
  return part;
}

/// The byte that is right, and what a copy that is not up to date has in its place.
static uint8_t truth(int64_t round, size_t part, int64_t byte) {
  return static_cast<uint8_t>(2 * (round * 7 + static_cast<int64_t>(part) * 31 + byte * 5));
}
static uint8_t stale() { return static_cast<uint8_t>(2 * rank + 1); }

static void checkPart(const hpc_rank_part &part, size_t number, int64_t round) {
  std::vector<bool> needed = rowsOf(part, rank);
  for (int64_t row = 0; row < part.rows; ++row)
    for (int64_t byte = 0; byte < part.pitch; ++byte) {
      int64_t at = row * part.pitch + byte;
      bool sent = needed[static_cast<size_t>(row)] && byte >= part.offset &&
                  byte < part.offset + part.bytes;
      bool known = sent || ownerOf(part.home, row) == rank;
      if (static_cast<uint8_t *>(part.data)[at] != (known ? truth(round, number, at) : stale()))
        fail(known ? "a row is not up to date" : "a row that nobody asked for", round);
    }
}

static void checkExchange(int64_t round) {
  std::vector<hpc_rank_part> parts(static_cast<size_t>(draw(5)));
  for (hpc_rank_part &part : parts)
    part = drawPart();
  for (int repeat = 0; repeat < 2; ++repeat) { // by a new plan and by a known one
    std::vector<std::vector<uint8_t>> memory;
    for (size_t i = 0; i < parts.size(); ++i) {
      auto &bytes = memory.emplace_back(static_cast<size_t>(parts[i].rows * parts[i].pitch));
      for (int64_t at = 0; at < static_cast<int64_t>(bytes.size()); ++at)
        bytes[static_cast<size_t>(at)] =
            ownerOf(parts[i].home, at / parts[i].pitch) == rank ? truth(round, i, at) : stale();
      parts[i].data = bytes.data();
    }
    hpc_ranks_exchange_start(parts.data(), static_cast<int32_t>(parts.size()), nullptr);
    hpc_ranks_exchange_finish(nullptr);
    for (size_t i = 0; i < parts.size(); ++i)
      checkPart(parts[i], i, round);
  }
}

//===----------------------------------------------------------------------===//
// Reductions, chains, broadcasts
//===----------------------------------------------------------------------===//

static double minimum(double x, double y) {
  if (std::isnan(x) || std::isnan(y))
    return std::nan("");
  return x < y || (x == y && std::signbit(x)) ? x : y;
}

static bool isSame(double x, double y) {
  return std::isnan(x) ? std::isnan(y) : std::bit_cast<int64_t>(x) == std::bit_cast<int64_t>(y);
}

static void checkReductions(int64_t round) {
  static constexpr double odd[] = {0.0,
                                   -0.0,
                                   1.5,
                                   -3.0,
                                   std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN()};
  int64_t count = draw(8) == 0 ? draw(200000) : draw(1, 9);
  std::vector<double> least(static_cast<size_t>(count)), expectedLeast(least.size());
  std::vector<int8_t> sums(least.size()), expectedSums(least.size());
  std::vector<uint64_t> bits(least.size()), expectedBits(least.size());
  for (size_t i = 0; i < least.size(); ++i)
    for (int64_t r = 0; r < size; ++r) {
      double value = odd[draw(draw(8) == 0 ? 6 : 5)];
      auto small = static_cast<int8_t>(draw(256));
      auto word = draw(size) == r ? static_cast<uint64_t>(draw(1 << 30)) : 0;
      expectedLeast[i] = r == 0 ? value : minimum(expectedLeast[i], value);
      expectedSums[i] = static_cast<int8_t>(expectedSums[i] + small);
      expectedBits[i] |= word;
      if (r == rank)
        least[i] = value, sums[i] = small, bits[i] = word;
    }
  hpc_ranks_combine(least.data(), count, HPC_F64, HPC_RANKS_MINIMUM, nullptr);
  hpc_ranks_combine(sums.data(), count, HPC_I8, HPC_RANKS_ADD, nullptr);
  hpc_ranks_combine_bits(bits.data(), count * 8, nullptr);
  if (!std::equal(least.begin(), least.end(), expectedLeast.begin(), isSame))
    fail("a wrong minimum", round);
  if (sums != expectedSums || bits != expectedBits)
    fail("a wrong sum", round);
}

/// v = v * 3 + r on each rank r in turn.
static void checkChain(int64_t round) {
  std::vector<uint64_t> values(static_cast<size_t>(draw(1, 4000)), static_cast<uint64_t>(round));
  auto expected = static_cast<uint64_t>(round);
  for (int64_t r = 0; r < size; ++r)
    expected = expected * 3 + static_cast<uint64_t>(r);
  auto bytes = static_cast<int64_t>(values.size() * 8);
  hpc_ranks_chain_receive(values.data(), bytes, nullptr);
  for (uint64_t &value : values)
    value = value * 3 + static_cast<uint64_t>(rank);
  hpc_ranks_chain_send(values.data(), bytes, nullptr);
  hpc_ranks_chain_end(values.data(), bytes, nullptr);
  if (values != std::vector<uint64_t>(values.size(), expected))
    fail("a wrong end of a chain", round);
  double clock = rank == 0 ? 2.5 : 0.5;
  hpc_ranks_broadcast(&clock, sizeof clock, nullptr);
  if (clock != 2.5)
    fail("a wrong broadcast", round);
}

/// Subtrees follow each other, have 256 points or more, and are found by their points.
static void checkTrees() {
  for (int64_t points = 1; points < 6000; points += 13) {
    int64_t levels = hpc_ranks_tree_levels(points), last = int64_t{1} << levels;
    auto begin = [&](int64_t subtree) { return hpc_ranks_tree_begin(points, levels, subtree); };
    if (begin(0) != 0 || begin(last) != points || (points >> levels) < (levels > 0 ? 256 : 0))
      fail("a wrong tree", points);
    for (int64_t subtree = 0, point = 0; point <= points; ++point) {
      while (subtree < last && begin(subtree) < point)
        ++subtree;
      if (hpc_ranks_tree_find(points, levels, point) != subtree)
        fail("a wrong subtree", points);
    }
  }
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

template <typename Operation> static void measure(const char *what, Operation operate) {
  constexpr int rounds = 20000;
  double best = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    double start = hpc_time_counter();
    for (int i = 0; i < rounds; ++i)
      operate(i);
    best = std::min(best, (hpc_time_counter() - start) / rounds);
  }
  if (rank == 0)
    printf("%s: %.2f us\n", what, best * 1e6);
}

static void measureAll() {
  constexpr int64_t n = 100000, wide = 1000;
  std::vector<double> u(2 * n), w(size_t{1000} * wide);
  hpc_rank_part halo{};
  halo.pitch = halo.bytes = 8;
  halo.rows = n;
  halo.home = halo.share = {HPC_BLOCKS, n, 0};
  halo.lo = 1, halo.hi = n - 1, halo.step = 1;
  halo.firstScale = halo.lastScale = 1, halo.first = -1, halo.last = 2;
  measure("halo of one element", [&](int i) {
    halo.data = u.data() + i % 2 * n;
    hpc_ranks_exchange_start(&halo, 1, nullptr);
    hpc_ranks_exchange_finish(nullptr);
  });
  hpc_rank_part rows = halo;
  rows.data = w.data();
  rows.rows = rows.home.rows = rows.share.rows = 1000, rows.hi = 999;
  rows.pitch = rows.bytes = wide * 8;
  measure("halo of one row of 1000", [&](int) {
    hpc_ranks_exchange_start(&rows, 1, nullptr);
    hpc_ranks_exchange_finish(nullptr);
  });
  hpc_rank_part both[] = {halo, halo, halo, halo};
  measure("four halos in one", [&](int) {
    hpc_ranks_exchange_start(both, 4, nullptr);
    hpc_ranks_exchange_finish(nullptr);
  });
  measure("new numbers each time", [&](int i) {
    halo.lo = 1 + i % 1000;
    hpc_ranks_exchange_start(&halo, 1, nullptr);
    hpc_ranks_exchange_finish(nullptr);
  });
  double value = 0;
  measure("a maximum",
          [&](int) { hpc_ranks_combine(&value, 1, HPC_F64, HPC_RANKS_MAXIMUM, nullptr); });
  measure("1024 subtrees", [&](int) { hpc_ranks_combine_bits(u.data(), 8192, nullptr); });
  measure("a broadcast", [&](int) { hpc_ranks_broadcast(&value, 8, nullptr); });
}

int main(int argc, char **argv) {
  hpc_start(argc, argv);
  hpc_ranks_start(nullptr);
  rank = hpc_ranks_rank(), size = hpc_ranks_size();
  if (argc > 1 && strcmp(argv[1], "time") == 0) {
    measureAll();
    fflush(stdout);
    return hpc_finish();
  }
  int64_t rounds = argc > 1 ? strtoll(argv[1], nullptr, 10) : 1000;
  for (int64_t round = 0; round < rounds; ++round) {
    checkExchange(round);
    if (round % 20 == 0) {
      checkReductions(round);
      checkChain(round);
    }
  }
  checkTrees();
  hpc_print_text("as it should\n", 13);
  return hpc_finish();
}
