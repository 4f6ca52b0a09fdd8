//===- mpi.cpp - Ranks: mpi4py's operations on hpcc's values ---------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values become messages (a head, then sizes and row-major elements), and reductions follow
// mpi4py's order, so that floats give the same bits. The messages go through the table of
// mpi/hpc_mpi.h. Nothing here is linked into a program that does not communicate.
//===----------------------------------------------------------------------===//
#include "connect.h"
#include "format.h"
#include "process.h"

#include <array>
#include <cstdlib>
#include <cstring>

namespace {

/// The first part of each message.
struct Head {
  int32_t dtype, dims;
  int64_t bits;  ///< of a scalar
  int64_t bytes; ///< of the body of an array: `dims` sizes, then the elements in C order
};

/// A value on its way; `body` comes from malloc.
struct Message {
  Head head;
  int64_t *body;

  std::byte *elements() const { return reinterpret_cast<std::byte *>(body + head.dims); }
  int64_t count() const {
    int64_t product = 1;
    for (int32_t dim = 0; dim < head.dims; ++dim)
      product *= body[dim];
    return product;
  }
};

using Where = const hpc_location *;

} // namespace

using hpcc::runtime::connect;
using hpcc::runtime::connection;
using hpcc::runtime::expectDone;
using hpcc::runtime::raiseWithTexts;

/// What the last operation brought.
static constinit Message waiting{};

/// The tag of what reductions send; their channel is their own.
static constexpr int32_t reductionTag = 0;

/// By hpc_dtype.
static constexpr std::array<int64_t, 13> elementBytes = {1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 16};
static constexpr std::array<const char *, 13> elementNames = {
    "bool",   "int8",   "int16",   "int32",   "int64",     "uint8",     "uint16",
    "uint32", "uint64", "float32", "float64", "complex64", "complex128"};

static int32_t checkRank(int64_t rank, int32_t errorId, Where where) {
  if (rank < 0 || rank >= connection.size)
    raiseWithTexts(errorId, where, {});
  return static_cast<int32_t>(rank);
}

static int32_t checkTag(const hpc_mpi_library &library, int64_t tag, Where where) {
  if (tag < 0 || tag > library.largest_tag())
    raiseWithTexts(HPC_ERROR_MpiTag, where, {});
  return static_cast<int32_t>(tag);
}

//===----------------------------------------------------------------------===//
// Values and messages
//===----------------------------------------------------------------------===//

static void allocateBody(Message &message, Where where) {
  message.body = static_cast<int64_t *>(malloc(static_cast<size_t>(message.head.bytes)));
  if (!message.body)
    raiseWithTexts(HPC_ERROR_ListTooLarge, where, {});
}

static void drop(Message &message) {
  free(message.body);
  message = {};
}

/// Whether the elements lie one after the other, the first dimension slowest (or fastest).
static bool isContiguous(const hpcc::format::ArrayView &array, bool firstIsSlowest) {
  int64_t expected = 1;
  bool contiguous = true;
  for (int32_t i = 0; i < array.dims; ++i) {
    int32_t dim = firstIsSlowest ? array.dims - 1 - i : i;
    if (array.shape[dim] == 0)
      return true;
    contiguous &= array.shape[dim] == 1 || array.stride[dim] == expected;
    expected *= array.shape[dim];
  }
  return contiguous;
}

/// Copies between the elements of an array, which need not be contiguous, and packed ones.
template <typename Copy>
static void forEachRow(const hpcc::format::ArrayView &array, std::byte *packed, Copy copy) {
  int64_t bytes = elementBytes[array.dtype];
  int64_t rows = 1, length = array.shape[array.dims - 1];
  for (int32_t dim = 0; dim + 1 < array.dims; ++dim)
    rows *= array.shape[dim];
  for (int64_t row = 0; row < rows; ++row) {
    int64_t offset = 0, rest = row;
    for (int32_t dim = array.dims - 2; dim >= 0; --dim) {
      offset += rest % array.shape[dim] * array.stride[dim];
      rest /= array.shape[dim];
    }
    auto *element = static_cast<std::byte *>(const_cast<void *>(array.data)) + offset * bytes;
    for (int64_t i = 0; i < length; ++i, packed += bytes)
      copy(element + i * array.stride[array.dims - 1] * bytes, packed, bytes);
  }
}

static Message pack(const void *value, int32_t dims, int32_t dtype, Where where) {
  Message message{{dtype, dims, 0, 0}, nullptr};
  if (dims == 0) {
    memcpy(&message.head.bits, value, static_cast<size_t>(elementBytes[dtype]));
    return message;
  }
  hpcc::format::ArrayView array = hpcc::format::viewDescriptor(value, dims, dtype);
  bool rowMajor = isContiguous(array, true);
  // Python keeps that order on the way; what is received here is row-major.
  if (!rowMajor && isContiguous(array, false))
    raiseWithTexts(HPC_ERROR_MpiColumnMajor, where, {});
  int64_t count = 1;
  for (int32_t dim = 0; dim < dims; ++dim)
    count *= array.shape[dim];
  message.head.bytes = dims * int64_t{8} + count * elementBytes[dtype];
  allocateBody(message, where);
  memcpy(message.body, array.shape, static_cast<size_t>(dims) * 8);
  if (rowMajor && count > 0)
    memcpy(message.elements(), array.data, static_cast<size_t>(count * elementBytes[dtype]));
  else if (count > 0)
    forEachRow(array, message.elements(), [](std::byte *element, std::byte *packed, int64_t bytes) {
      memcpy(packed, element, static_cast<size_t>(bytes));
    });
  return message;
}

static void send(const hpc_mpi_library &library, const Message &message, int32_t dest, int32_t tag,
                 hpc_mpi_channel channel, Where where) {
  expectDone(library.send(&message.head, sizeof(Head), dest, tag, channel), where);
  if (message.head.dims > 0)
    expectDone(library.send(message.body, message.head.bytes, dest, tag, channel), where);
}

static Message receive(const hpc_mpi_library &library, int32_t source, int32_t tag,
                       hpc_mpi_channel channel, Where where) {
  Message message{};
  expectDone(library.receive(&message.head, sizeof(Head), &source, &tag, channel), where);
  if (message.head.dims > 0) {
    allocateBody(message, where);
    expectDone(library.receive(message.body, message.head.bytes, &source, &tag, channel), where);
  }
  return message;
}

static void broadcast(const hpc_mpi_library &library, Message &message, int32_t root, Where where) {
  expectDone(library.broadcast(&message.head, sizeof(Head), root), where);
  if (message.head.dims == 0)
    return;
  if (connection.rank != root)
    allocateBody(message, where);
  expectDone(library.broadcast(message.body, message.head.bytes, root), where);
}

/// Ranks run one program but may be at different places of it.
static void expectSameType(const Head &here, const Head &other, Where where) {
  auto spell = [](const Head &head) {
    std::string text = elementNames[head.dtype];
    if (head.dims > 0)
      text += " with " + std::to_string(head.dims) + " dimensions";
    return text;
  };
  if (here.dtype != other.dtype || here.dims != other.dims)
    raiseWithTexts(HPC_ERROR_MpiTypes, where, {spell(here), spell(other)});
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// left = left op right. Integers wrap as NumPy's; bools add and multiply as NumPy's, by or and
/// and.
template <typename T> static T combine(int32_t operation, T left, T right) {
  switch (operation) {
  case HPC_MPI_MAXIMUM:
    return right > left ? right : left;
  case HPC_MPI_MINIMUM:
    return right < left ? right : left;
  default:
    break;
  }
  bool isSum = operation == HPC_MPI_SUM;
  if constexpr (std::is_same_v<T, bool>)
    return isSum ? left || right : left && right;
  else if constexpr (std::is_floating_point_v<T>)
    return isSum ? left + right : left * right;
  else
    return isSum ? static_cast<T>(static_cast<uint64_t>(left) + static_cast<uint64_t>(right))
                 : static_cast<T>(static_cast<uint64_t>(left) * static_cast<uint64_t>(right));
}

template <typename T>
static void combineAll(int32_t operation, void *left, const void *right, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T x, y;
    memcpy(&x, static_cast<T *>(left) + i, sizeof(T));
    memcpy(&y, static_cast<const T *>(right) + i, sizeof(T));
    x = combine(operation, x, y);
    memcpy(static_cast<T *>(left) + i, &x, sizeof(T));
  }
}

static void combineElements(int32_t dtype, int32_t operation, void *left, const void *right,
                            int64_t count) {
  switch (dtype) {
  case HPC_BOOL:
    return combineAll<bool>(operation, left, right, count);
  case HPC_I8:
    return combineAll<int8_t>(operation, left, right, count);
  case HPC_I16:
    return combineAll<int16_t>(operation, left, right, count);
  case HPC_I32:
    return combineAll<int32_t>(operation, left, right, count);
  case HPC_I64:
    return combineAll<int64_t>(operation, left, right, count);
  case HPC_U8:
    return combineAll<uint8_t>(operation, left, right, count);
  case HPC_U16:
    return combineAll<uint16_t>(operation, left, right, count);
  case HPC_U32:
    return combineAll<uint32_t>(operation, left, right, count);
  case HPC_U64:
    return combineAll<uint64_t>(operation, left, right, count);
  case HPC_F32:
    return combineAll<float>(operation, left, right, count);
  default:
    return combineAll<double>(operation, left, right, count);
  }
}

/// Python's int, kept in 64 bits.
static void combineChecked(int32_t operation, int64_t &left, int64_t right, Where where) {
  bool overflow = operation == HPC_MPI_CHECKED_SUM ? __builtin_add_overflow(left, right, &left)
                                                   : __builtin_mul_overflow(left, right, &left);
  if (overflow)
    raiseWithTexts(HPC_ERROR_IntegerOverflow, where, {});
}

static void combine(Message &left, const Message &right, int32_t operation, Where where) {
  expectSameType(left.head, right.head, where);
  int32_t dims = left.head.dims;
  if (dims > 0 && memcmp(left.body, right.body, static_cast<size_t>(dims) * 8) != 0) {
    std::array<int64_t, 2 + 2 * HPC_MAX_DIMS> arguments{};
    int32_t count = 0;
    for (const Message &message : {left, right}) {
      arguments[count++] = dims;
      for (int32_t dim = 0; dim < dims; ++dim)
        arguments[count++] = message.body[dim];
    }
    hpc_raise(HPC_ERROR_MpiShapes, where, arguments.data(), count);
  }
  if (dims > 0)
    combineElements(left.head.dtype, operation, left.elements(), right.elements(), left.count());
  else if (operation >= HPC_MPI_CHECKED_SUM)
    combineChecked(operation, left.head.bits, right.head.bits, where);
  else
    combineElements(left.head.dtype, operation, &left.head.bits, &right.head.bits, 1);
}

/// Rank 0 gets the result: in round k a rank takes in what the rank 2^k behind it has so far.
static void reduceToFirst(const hpc_mpi_library &library, Message &message, int32_t operation,
                          Where where) {
  for (int32_t distance = 1; distance < connection.size; distance *= 2) {
    if ((connection.rank & distance) != 0)
      return send(library, message, connection.rank - distance, reductionTag, HPC_MPI_RUNTIME,
                  where);
    if (connection.rank + distance >= connection.size)
      continue;
    Message other =
        receive(library, connection.rank + distance, reductionTag, HPC_MPI_RUNTIME, where);
    combine(message, other, operation, where);
    drop(other);
  }
}

//===----------------------------------------------------------------------===//
// The entries
//===----------------------------------------------------------------------===//

static void wait(Message message) {
  drop(waiting);
  waiting = message;
}

int64_t hpc_mpi_rank(Where where) {
  connect(where);
  return connection.rank;
}

int64_t hpc_mpi_size(Where where) {
  connect(where);
  return connection.size;
}

double hpc_mpi_time(Where where) { return connect(where).time(); }

void hpc_mpi_send(const void *value, int32_t dims, int32_t dtype, int64_t dest, int64_t tag,
                  Where where) {
  const hpc_mpi_library &library = connect(where);
  int32_t to = checkRank(dest, HPC_ERROR_MpiRank, where);
  int32_t with = checkTag(library, tag, where);
  Message message = pack(value, dims, dtype, where);
  send(library, message, to, with, HPC_MPI_USER, where);
  drop(message);
}

void hpc_mpi_receive(int64_t source, int64_t tag, Where where) {
  const hpc_mpi_library &library = connect(where);
  int32_t from = source == HPC_MPI_ANY ? HPC_MPI_ANY : checkRank(source, HPC_ERROR_MpiRank, where);
  int32_t with = tag == HPC_MPI_ANY ? HPC_MPI_ANY : checkTag(library, tag, where);
  wait(receive(library, from, with, HPC_MPI_USER, where));
}

void hpc_mpi_broadcast(const void *value, int32_t dims, int32_t dtype, int64_t root, Where where) {
  const hpc_mpi_library &library = connect(where);
  int32_t from = checkRank(root, HPC_ERROR_MpiRoot, where);
  Message message{};
  if (connection.rank == from)
    message = pack(value, dims, dtype, where);
  broadcast(library, message, from, where);
  wait(message);
}

void hpc_mpi_reduce(const void *value, int32_t dims, int32_t dtype, int32_t operation, int64_t root,
                    Where where) {
  const hpc_mpi_library &library = connect(where);
  int32_t to = checkRank(root, HPC_ERROR_MpiRoot, where);
  Message message = pack(value, dims, dtype, where);
  reduceToFirst(library, message, operation, where);
  if (to != 0 && connection.rank == 0)
    send(library, message, to, reductionTag, HPC_MPI_RUNTIME, where);
  if (to != 0 && connection.rank == to) {
    drop(message);
    message = receive(library, 0, reductionTag, HPC_MPI_RUNTIME, where);
  }
  wait(message);
}

void hpc_mpi_reduce_all(const void *value, int32_t dims, int32_t dtype, int32_t operation,
                        Where where) {
  const hpc_mpi_library &library = connect(where);
  Message message = pack(value, dims, dtype, where);
  reduceToFirst(library, message, operation, where);
  if (connection.rank != 0)
    drop(message);
  broadcast(library, message, 0, where);
  wait(message);
}

int64_t hpc_mpi_dim(int64_t dim) { return dim < waiting.head.dims ? waiting.body[dim] : 0; }

void hpc_mpi_take(void *target, int32_t dims, int32_t dtype, Where where) {
  Message &message = waiting;
  expectSameType({dtype, dims, 0, 0}, message.head, where);
  if (dims == 0) {
    memcpy(target, &message.head.bits, static_cast<size_t>(elementBytes[dtype]));
  } else if (message.count() > 0) {
    hpcc::format::ArrayView array = hpcc::format::viewDescriptor(target, dims, dtype);
    forEachRow(array, message.elements(), [](std::byte *element, std::byte *packed, int64_t bytes) {
      memcpy(element, packed, static_cast<size_t>(bytes));
    });
  }
  drop(message);
}

void hpc_mpi_barrier(Where where) { expectDone(connect(where).barrier(), where); }

void hpc_mpi_finalize(Where where) {
  connect(where);
  hpcc::runtime::leaveRanks(0);
}
