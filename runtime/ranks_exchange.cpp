//===- ranks_exchange.cpp - Rows of arrays travel between ranks -----------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every rank computes from the same numbers which rows it sends to whom and which it gets, so that
// no rank asks another. The result, a plan, is kept: in a time loop an exchange is a look-up, a
// few copies and the messages.
//===----------------------------------------------------------------------===//
#include "connect.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

using hpcc::runtime::connection;
using hpcc::runtime::expectDone;

namespace {

using Where = const hpc_location *;

struct Interval {
  int64_t begin, end;
  bool isEmpty() const { return begin >= end; }
};

/// Rows of a part: row, row + stride, ...
struct Piece {
  int32_t part;
  int64_t row, count, stride;
};

/// What goes between this rank and another, in one message.
struct Message {
  int32_t partner;
  size_t firstPiece, pieces;
  int64_t bytes;
  int64_t place; ///< in the buffer; -1: the message lies in the array itself
};

/// What the parts of an exchange come to on this rank. Of the parts for all, each rank's rows lie
/// one rank after the other in the buffer, or are those of the one array themselves.
struct Plan {
  std::vector<hpc_rank_part> parts; ///< without addresses
  std::vector<Piece> pieces;
  std::vector<Message> sent, received;
  std::vector<Message> shared; ///< one of each rank, if there is a part for all
  std::vector<int64_t> sharedBytes;
  int64_t bufferBytes;
};

} // namespace

/// The tag of exchanges.
static constexpr int32_t exchangeTag = 0;

/// Farther than any row.
static constexpr int64_t farAway = int64_t{1} << 62;

//===----------------------------------------------------------------------===//
// Who has and who needs which rows
//===----------------------------------------------------------------------===//

static int64_t modulo(int64_t value, int64_t size) {
  int64_t rest = value % size;
  return rest < 0 ? rest + size : rest;
}

/// The rows that a rank has in blocks.
static Interval blockOf(const hpc_distribution &distribution, int64_t rank) {
  int64_t rows = std::max<int64_t>(distribution.rows, 0), size = connection.size;
  int64_t begin = rank == 0 ? -farAway : rank * rows / size - distribution.offset;
  int64_t end = rank == size - 1 ? farAway : (rank + 1) * rows / size - distribution.offset;
  return {begin, end};
}

/// The first value of lo, lo + step, .. that is not below a bound.
static int64_t alignUp(int64_t bound, int64_t lo, int64_t step) {
  return bound <= lo ? lo : lo + (bound - lo + step - 1) / step * step;
}

/// The interval of iterations that a rank runs: the first and one past the last.
static Interval iterationsOf(const hpc_rank_part &part, int64_t rank) {
  if (part.lo >= part.hi)
    return {0, 0};
  int64_t last = part.lo + (part.hi - 1 - part.lo) / part.step * part.step;
  if (part.share.kind == HPC_CYCLIC) {
    if (part.step != 1)
      return {part.lo, last + 1}; // some of these
    int64_t size = connection.size;
    int64_t first = part.lo + modulo(rank - part.lo - part.share.offset, size);
    return {first, last + 1 - modulo(last + part.share.offset - rank, size)};
  }
  Interval block = blockOf(part.share, rank);
  int64_t first = alignUp(block.begin, part.lo, part.step);
  int64_t end = std::min(block.end, part.hi);
  return first >= end ? Interval{0, 0}
                      : Interval{first, first + (end - 1 - first) / part.step * part.step + 1};
}

/// The rows of the array that a rank needs: at most two intervals, of which either may be empty.
static std::array<Interval, 2> rowsFor(const hpc_rank_part &part, int64_t rank) {
  Interval rows = {part.first, part.last};
  if (part.receivers == HPC_FOR_OWN) {
    Interval run = iterationsOf(part, rank);
    if (run.isEmpty())
      return {};
    int64_t lowest = std::min(part.firstScale * run.begin, part.firstScale * (run.end - 1));
    int64_t highest = std::max(part.lastScale * run.begin, part.lastScale * (run.end - 1));
    rows = {lowest + part.first, highest + part.last};
  }
  auto inArray = [&](int64_t begin, int64_t end) {
    return Interval{std::max<int64_t>(begin, 0), std::min(end, part.rows)};
  };
  if (part.wrap == 0 || rows.isEmpty())
    return {inArray(rows.begin, rows.end)};
  if (rows.end - rows.begin >= part.wrap)
    return {inArray(0, part.wrap)};
  int64_t begin = modulo(rows.begin, part.wrap), end = begin + rows.end - rows.begin;
  if (end <= part.wrap)
    return {inArray(begin, end)};
  return {inArray(0, end - part.wrap), inArray(begin, part.wrap)};
}

/// What a rank sends of the rows that another one needs. The bytes.
static int64_t addPieces(Plan &plan, int32_t number, int64_t from,
                         const std::array<Interval, 2> &needed) {
  const hpc_rank_part &part = plan.parts[static_cast<size_t>(number)];
  int64_t rows = 0;
  for (Interval interval : needed) {
    Piece piece = {number, interval.begin, 0, 1};
    if (part.home.kind == HPC_CYCLIC) {
      piece.stride = connection.size;
      piece.row += modulo(from - interval.begin - part.home.offset, piece.stride);
      piece.count = (interval.end - piece.row + piece.stride - 1) / piece.stride;
    } else {
      Interval block = blockOf(part.home, from);
      piece.row = std::max(interval.begin, block.begin);
      piece.count = std::min(interval.end, block.end) - piece.row;
    }
    if (interval.isEmpty() || piece.count <= 0)
      continue;
    plan.pieces.push_back(piece);
    rows += piece.count;
  }
  return rows * part.bytes;
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

/// Whether rows follow each other in memory.
static bool isContiguous(const hpc_rank_part &part, const Piece &piece) {
  return piece.count == 1 || (piece.stride == 1 && part.bytes == part.pitch);
}

/// A message of what `from` sends of the parts that `isMeant` picks, to `to`.
template <typename IsMeant>
static Message planMessage(Plan &plan, int64_t from, int64_t to, IsMeant isMeant) {
  Message message = {static_cast<int32_t>(from == connection.rank ? to : from), plan.pieces.size(),
                     0, 0, 0};
  for (size_t part = 0; part < plan.parts.size(); ++part)
    if (isMeant(plan.parts[part]))
      message.bytes +=
          addPieces(plan, static_cast<int32_t>(part), from, rowsFor(plan.parts[part], to));
  message.pieces = plan.pieces.size() - message.firstPiece;
  return message;
}

static int64_t reserve(Plan &plan, int64_t bytes) {
  constexpr int64_t line = 64;
  int64_t place = plan.bufferBytes;
  plan.bufferBytes += (bytes + line - 1) / line * line;
  return place;
}

static void addMessage(Plan &plan, std::vector<Message> &to, Message message) {
  if (message.bytes == 0)
    return;
  const Piece &first = plan.pieces[message.firstPiece];
  bool inPlace =
      message.pieces == 1 && isContiguous(plan.parts[static_cast<size_t>(first.part)], first);
  message.place = inPlace ? -1 : reserve(plan, message.bytes);
  to.push_back(message);
}

/// The parts that all ranks need. Whole rows of one array lie in it as they would in the buffer.
static void planShared(Plan &plan) {
  auto forAll = [](const hpc_rank_part &part) { return part.receivers == HPC_FOR_ALL; };
  auto part = std::ranges::find_if(plan.parts, forAll);
  if (part == plan.parts.end())
    return;
  bool inPlace = std::ranges::count_if(plan.parts, forAll) == 1 && part->bytes == part->pitch &&
                 part->home.kind == HPC_BLOCKS && rowsFor(*part, 0)[1].isEmpty();
  int64_t bytes = 0;
  for (int64_t rank = 0; rank < connection.size; ++rank) {
    plan.shared.push_back(planMessage(plan, rank, rank, forAll));
    plan.sharedBytes.push_back(plan.shared.back().bytes);
    bytes += plan.sharedBytes.back();
  }
  int64_t place = inPlace ? -1 : reserve(plan, bytes);
  for (Message &message : plan.shared) {
    message.place = place;
    place += inPlace ? 0 : message.bytes;
  }
}

static void makePlan(Plan &plan) {
  plan.pieces.clear();
  plan.sent.clear();
  plan.received.clear();
  plan.shared.clear();
  plan.sharedBytes.clear();
  plan.bufferBytes = 0;
  int64_t rank = connection.rank;
  auto pairwise = [](int64_t to) {
    return [to](const hpc_rank_part &part) {
      return part.receivers == HPC_FOR_OWN || (part.receivers == HPC_FOR_ROOT && to == 0);
    };
  };
  for (int64_t other = 0; other < connection.size; ++other)
    if (other != rank) {
      addMessage(plan, plan.received, planMessage(plan, other, rank, pairwise(rank)));
      addMessage(plan, plan.sent, planMessage(plan, rank, other, pairwise(other)));
    }
  planShared(plan);
}

/// A part is stated by numbers of 64 bits, of which the first is the address.
static constexpr size_t partWords = sizeof(hpc_rank_part) / sizeof(int64_t);
using PartWords = std::array<int64_t, partWords>;

static bool isSame(const Plan &plan, const hpc_rank_part *parts, size_t count) {
  if (plan.parts.size() != count)
    return false;
  for (size_t i = 0; i < count; ++i)
    if (memcmp(&plan.parts[i].pitch, &parts[i].pitch, sizeof(hpc_rank_part) - sizeof(int64_t)) != 0)
      return false;
  return true;
}

/// The plan for these parts, which may have been made before.
static const Plan &planFor(const hpc_rank_part *parts, size_t count) {
  static std::array<Plan, 64> plans;
  uint64_t hash = count;
  for (size_t i = 0; i < count; ++i) {
    PartWords words;
    memcpy(words.data(), &parts[i], sizeof(words));
    for (size_t word = 1; word < partWords; ++word)
      hash = (hash ^ static_cast<uint64_t>(words[word])) * 0x9E3779B97F4A7C15;
  }
  Plan &plan = plans[hash >> 58];
  if (!isSame(plan, parts, count)) {
    plan.parts.assign(parts, parts + count);
    makePlan(plan);
  }
  return plan;
}

//===----------------------------------------------------------------------===//
// Exchanges
//===----------------------------------------------------------------------===//

namespace {

/// The exchange that has been started and not finished.
struct Exchange {
  const Plan *plan = nullptr;
  std::vector<void *> data; ///< of the parts
  std::vector<std::byte> buffer;
};

} // namespace

static Exchange exchange;

static std::byte *addressOf(const Piece &piece) {
  auto number = static_cast<size_t>(piece.part);
  const hpc_rank_part &part = exchange.plan->parts[number];
  return static_cast<std::byte *>(exchange.data[number]) + piece.row * part.pitch + part.offset;
}

/// Where the bytes of a message are sent from or come to.
static std::byte *memoryOf(const Message &message) {
  return message.place >= 0 ? exchange.buffer.data() + message.place
                            : addressOf(exchange.plan->pieces[message.firstPiece]);
}

/// Copies between the rows of a message and the buffer.
template <typename Copy> static void forEachRow(const Message &message, Copy copy) {
  std::byte *packed = memoryOf(message);
  for (size_t i = 0; i < message.pieces; ++i) {
    const Piece &piece = exchange.plan->pieces[message.firstPiece + i];
    const hpc_rank_part &part = exchange.plan->parts[static_cast<size_t>(piece.part)];
    std::byte *row = addressOf(piece);
    if (isContiguous(part, piece)) {
      copy(row, packed, static_cast<size_t>(piece.count * part.bytes));
      packed += piece.count * part.bytes;
      continue;
    }
    for (int64_t n = 0; n < piece.count; ++n, packed += part.bytes)
      copy(row + n * piece.stride * part.pitch, packed, static_cast<size_t>(part.bytes));
  }
}

static void pack(const Message &message) {
  if (message.place >= 0)
    forEachRow(message,
               [](std::byte *row, std::byte *packed, size_t bytes) { memcpy(packed, row, bytes); });
}

static void unpack(const Message &message) {
  if (message.place >= 0)
    forEachRow(message,
               [](std::byte *row, std::byte *packed, size_t bytes) { memcpy(row, packed, bytes); });
}

/// What all ranks need goes at once: from the one rank that has it, or from all to all.
static void shareWithAll(const Plan &plan, Where where) {
  const Message *only = nullptr, *first = nullptr;
  int senders = 0;
  for (const Message &message : plan.shared)
    if (message.bytes > 0) {
      only = &message;
      first = first ? first : only;
      ++senders;
    }
  if (senders == 0)
    return;
  auto rank = static_cast<size_t>(connection.rank);
  pack(plan.shared[rank]);
  std::byte *memory = memoryOf(*first);
  if (senders == 1) {
    auto root = static_cast<int32_t>(only - plan.shared.data());
    expectDone(connection.library->broadcast(memory, only->bytes, root), where);
  } else {
    expectDone(connection.library->gather_all(memory, plan.sharedBytes.data()), where);
  }
  for (size_t other = 0; other < plan.shared.size(); ++other)
    if (other != rank)
      unpack(plan.shared[other]);
}

void hpc_ranks_exchange_start(const hpc_rank_part *parts, int32_t count, Where where) {
  if (connection.size == 1)
    return;
  hpc_ranks_exchange_finish(where);
  const Plan &plan = planFor(parts, static_cast<size_t>(count));
  exchange.plan = &plan;
  exchange.data.clear();
  for (int32_t i = 0; i < count; ++i)
    exchange.data.push_back(parts[i].data);
  if (static_cast<int64_t>(exchange.buffer.size()) < plan.bufferBytes)
    exchange.buffer.resize(static_cast<size_t>(plan.bufferBytes));
  const hpc_mpi_library &library = *connection.library;
  for (const Message &message : plan.received)
    expectDone(library.start_receive(memoryOf(message), message.bytes, message.partner, exchangeTag,
                                     HPC_MPI_RUNTIME),
               where);
  for (const Message &message : plan.sent) {
    pack(message);
    expectDone(library.start_send(memoryOf(message), message.bytes, message.partner, exchangeTag,
                                  HPC_MPI_RUNTIME),
               where);
  }
  shareWithAll(plan, where);
}

void hpc_ranks_exchange_finish(Where where) {
  if (!exchange.plan)
    return;
  const Plan &plan = *exchange.plan;
  if (!plan.received.empty() || !plan.sent.empty())
    expectDone(connection.library->wait(), where);
  for (const Message &message : plan.received)
    unpack(message);
  exchange.plan = nullptr;
}
