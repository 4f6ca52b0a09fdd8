//===- process.cpp - Start and end of a program, signals, clocks ----------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled program starts, is interrupted and ends as one run by CPython.
//===----------------------------------------------------------------------===//
#include "process.h"

#include <array>
#include <csignal>
#include <ctime>
#include <string>
#include <unistd.h>

namespace {
struct Arguments {
  int64_t count;
  const char *const *values;
};
} // namespace

static constinit Arguments arguments{};
static constinit std::array<void (*)(int code), 4> lastCalls{};
static constinit size_t lastCallsCount = 0;

namespace hpcc::runtime {

void callAtEnd(void (*function)(int code)) { lastCalls.at(lastCallsCount++) = function; }

/// Each is called once, also when one of them raises an error.
static void makeLastCalls(int code) {
  while (lastCallsCount > 0)
    lastCalls[--lastCallsCount](code);
}

void endProcess(int code) {
  if (int failure = writeOutput()) {
    reportLostOutput(failure, nullptr);
    code = exitCodeLostOutput;
  }
  makeLastCalls(code);
  _exit(code);
}

void endByInterrupt() {
  signal(SIGINT, SIG_DFL);
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &interrupt, nullptr);
  kill(getpid(), SIGINT);
  _exit(hpc_error_exit_code(HPC_ERROR_Interrupted));
}

static void onInterrupt(int) {
  writeOutputFromSignal();
  writeError("KeyboardInterrupt\n");
  endByInterrupt();
}

} // namespace hpcc::runtime

void hpc_install_signal_handlers() {
  signal(SIGPIPE, SIG_IGN);
  struct sigaction present = {};
  sigaction(SIGINT, nullptr, &present);
  // A program started with SIGINT ignored (nohup, a background job) leaves it so, as CPython does.
  if (present.sa_handler != SIG_DFL)
    return;
  struct sigaction action = {};
  action.sa_handler = hpcc::runtime::onInterrupt;
  sigemptyset(&action.sa_mask);
  // While the first Ctrl-C waits for a stuck reader, a second one ends the process at once.
  action.sa_flags = SA_RESTART | SA_RESETHAND | SA_NODEFER;
  sigaction(SIGINT, &action, nullptr);
}

void hpc_start(int32_t argc, const char *const *argv) {
  arguments = {argc, argv};
  hpc_install_signal_handlers();
}

int32_t hpc_finish() {
  int failure = hpcc::runtime::writeOutput();
  int code = failure == 0 ? 0 : hpcc::runtime::exitCodeLostOutput;
  if (failure != 0)
    hpcc::runtime::reportLostOutput(failure, nullptr);
  hpcc::runtime::makeLastCalls(code);
  return code;
}

void hpc_exit(int64_t code) { hpcc::runtime::endProcess(static_cast<int>(code & 0xFF)); }

int64_t hpc_argument_count() { return arguments.count; }

const char *hpc_argument(int64_t index) {
  return index >= 0 && index < arguments.count ? arguments.values[index] : nullptr;
}

static double readClock(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double hpc_time_now() { return readClock(CLOCK_REALTIME); }
double hpc_time_counter() { return readClock(CLOCK_MONOTONIC); }
double hpc_time_process() { return readClock(CLOCK_PROCESS_CPUTIME_ID); }
