//===- output.cpp - Buffered standard output ------------------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One buffer in front of write(2), flushed at line ends on a terminal, before an error and at the
// end. Without iostream or stdio, so that a program starts fast and Ctrl-C can write it out.
//===----------------------------------------------------------------------===//
#include "format.h"
#include "process.h"

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace {

enum class Terminal : uint8_t { Unknown, No, Yes };

/// Bytes [written, used) of `bytes` wait. The two counts are atomic for the signal handler's sake.
struct Output {
  std::array<char, size_t{64} << 10> bytes;
  std::atomic<size_t> written;
  std::atomic<size_t> used;
  Terminal terminal;
  bool isDropped;
  const hpc_location *where; ///< of the print statement at work, or null
};

} // namespace

static constinit Output output{};

namespace hpcc::runtime {

/// Writes `size` bytes to `file`, telling `progress` how many are done; 0 or an errno.
template <typename Progress>
static int writeAll(int file, const char *bytes, size_t size, Progress progress) {
  for (size_t done = 0; done < size;) {
    ssize_t count = write(file, bytes + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    // Like CPython, a program started without a standard output prints into the void.
    if (count < 0)
      return errno == EBADF ? 0 : errno;
    done += static_cast<size_t>(count);
    progress(done);
  }
  return 0;
}

int writeOutput() {
  size_t begin = output.written;
  int failure = writeAll(STDOUT_FILENO, output.bytes.data() + begin, output.used - begin,
                         [&](size_t done) { output.written = begin + done; });
  // In this order a signal in between finds nothing to write twice.
  output.written = output.used.load();
  output.used = 0;
  output.written = 0;
  return failure;
}

void writeOutputFromSignal() {
  size_t begin = output.written;
  size_t end = output.used;
  if (begin < end)
    writeAll(STDOUT_FILENO, output.bytes.data() + begin, end - begin, [](size_t) {});
}

void writeError(std::string_view text) {
  writeAll(STDERR_FILENO, text.data(), text.size(), [](size_t) {});
}

void reportLostOutput(int errorNumber, const hpc_location *where) {
  std::string_view reason = std::strerror(errorNumber);
  int32_t errorId = errorNumber == EPIPE ? HPC_ERROR_PipeClosed : HPC_ERROR_OutputFailed;
  int64_t args[] = {errorNumber, std::bit_cast<int64_t>(reason.data()),
                    static_cast<int64_t>(reason.size())};
  std::string message;
  format::appendError(message, errorId, args);
  std::string report;
  format::appendReport(report, where, hpc_error_class(errorId), message);
  writeError(report);
}

/// Output lost in the middle of a program ends it, with the exit code of an uncaught error.
static void flushOrEnd() {
  int failure = writeOutput();
  if (failure == 0)
    return;
  reportLostOutput(failure, output.where);
  endProcess(1);
}

static bool isTerminal() {
  if (output.terminal == Terminal::Unknown)
    output.terminal = isatty(STDOUT_FILENO) ? Terminal::Yes : Terminal::No;
  return output.terminal == Terminal::Yes;
}

void dropOutput() { output.isDropped = true; }

static void print(std::string_view text) {
  if (output.isDropped)
    return;
  bool flushes = isTerminal() && text.find('\n') != std::string_view::npos;
  while (!text.empty()) {
    size_t used = output.used;
    size_t count = text.copy(output.bytes.data() + used, output.bytes.size() - used);
    std::atomic_signal_fence(std::memory_order_release);
    output.used = used + count;
    text.remove_prefix(count);
    if (output.used == output.bytes.size())
      flushOrEnd();
  }
  if (flushes)
    flushOrEnd();
}

template <typename Append> static void printWith(Append append) {
  if (output.isDropped)
    return;
  std::string text;
  append(text);
  print(text);
}

} // namespace hpcc::runtime

using namespace hpcc::format;
using hpcc::runtime::print;
using hpcc::runtime::printWith;

void hpc_print_text(const char *text, int64_t length) {
  print({text, static_cast<size_t>(length)});
}

void hpc_print_bool(bool value) { print(value ? "True" : "False"); }

void hpc_print_i64(int64_t value) {
  printWith([&](std::string &text) { appendInteger(text, value); });
}

void hpc_print_u64(uint64_t value) {
  printWith([&](std::string &text) { appendUnsigned(text, value); });
}

void hpc_print_f64(double value) {
  printWith([&](std::string &text) { appendFloat64(text, value); });
}

void hpc_print_f32(float value) {
  printWith([&](std::string &text) { appendFloat32(text, value); });
}

void hpc_print_repr_bool(bool value) { print(value ? "np.True_" : "np.False_"); }

/// The low bytes come first, so that the bits are a value of each narrower type.
void hpc_print_repr_integer(int64_t bits, int32_t dtype) {
  printWith(
      [&](std::string &text) { appendScalarRepr(text, static_cast<hpc_dtype>(dtype), &bits); });
}

void hpc_print_repr_f32(float value) {
  printWith([&](std::string &text) { appendScalarRepr(text, HPC_F32, &value); });
}

void hpc_print_repr_f64(double value) {
  printWith([&](std::string &text) { appendScalarRepr(text, HPC_F64, &value); });
}

void hpc_print_array(const void *descriptor, int32_t dims, int32_t dtype) {
  printWith([&](std::string &text) { appendArray(text, viewDescriptor(descriptor, dims, dtype)); });
}

void hpc_print_list(const void *descriptor, int32_t dims, int32_t dtype, bool numpyScalars) {
  printWith([&](std::string &text) {
    appendList(text, viewDescriptor(descriptor, dims, dtype), numpyScalars);
  });
}

void hpc_print_location(const hpc_location *where) { output.where = where; }

void hpc_flush() { hpcc::runtime::flushOrEnd(); }
