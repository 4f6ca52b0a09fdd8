//===- error.cpp - Raising errors and the recursion limit -----------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Takes an error by number and arguments, and ends the program as Python would, or hands the text
// to whoever embeds the runtime.
//===----------------------------------------------------------------------===//
#include "format.h"
#include "process.h"

#include <array>
#include <cstdlib>
#include <cstring>

namespace {
struct Handler {
  hpc_error_handler function;
  void *context;
};
} // namespace

/// CPython's default recursion limit, less the frame of the module itself.
static constexpr int32_t deepestCall = 999;

static constinit Handler handler{};
static constinit std::array<void (*)(int32_t errorId), 2> callsBeforeReport{};
static constinit size_t callsBeforeReportCount = 0;
static constinit thread_local int32_t depth = 0;

/// The default handler.
static void printReport(void *, int32_t, const hpc_location *where, const char *className,
                        const char *message) {
  std::string report;
  hpcc::format::appendReport(report, where, className, message);
  hpcc::runtime::writeError(report);
}

/// A copy of the message that no destructor owns: the handler may jump away.
static char *copyMessage(int32_t errorId, const int64_t *args, int32_t count) {
  std::string message;
  hpcc::format::appendError(message, errorId, {args, static_cast<size_t>(count)});
  return strdup(message.c_str());
}

namespace hpcc::runtime {
void callBeforeReport(void (*function)(int32_t errorId)) {
  callsBeforeReport.at(callsBeforeReportCount++) = function;
}

void raiseWithTexts(int32_t errorId, const hpc_location *where,
                    std::initializer_list<std::string_view> texts) {
  std::array<int64_t, 4> arguments{};
  int32_t count = 0;
  for (std::string_view text : texts) {
    arguments[count++] = static_cast<int64_t>(reinterpret_cast<intptr_t>(text.data()));
    arguments[count++] = static_cast<int64_t>(text.size());
  }
  hpc_raise(errorId, where, arguments.data(), count);
}
} // namespace hpcc::runtime

void hpc_raise(int32_t errorId, const hpc_location *where, const int64_t *args, int32_t count) {
  for (size_t i = 0; i < callsBeforeReportCount; ++i)
    callsBeforeReport[i](errorId);
  int lost = hpcc::runtime::writeOutput();
  char *message = copyMessage(errorId, args, count);
  hpc_error_handler report = handler.function ? handler.function : printReport;
  report(handler.context, errorId, where, hpc_error_class(errorId), message ? message : "");
  free(message);
  if (errorId == HPC_ERROR_Interrupted)
    hpcc::runtime::endByInterrupt();
  int code = hpc_error_exit_code(errorId);
  if (lost != 0) {
    hpcc::runtime::reportLostOutput(lost, nullptr);
    code = hpcc::runtime::exitCodeLostOutput;
  }
  hpcc::runtime::endProcess(code);
}

void hpc_set_error_handler(hpc_error_handler function, void *context) {
  handler = {function, context};
}

void hpc_recursion_enter(const hpc_location *where) {
  if (depth >= deepestCall)
    hpc_raise(HPC_ERROR_RecursionDepth, where, nullptr, 0);
  ++depth;
}

void hpc_recursion_leave() { --depth; }

void hpc_recursion_check(int32_t levels, const hpc_location *where) {
  if (depth + levels > deepestCall)
    hpc_raise(HPC_ERROR_RecursionCalling, where, nullptr, 0);
}

void hpc_recursion_reset(int32_t value) { depth = value; }
