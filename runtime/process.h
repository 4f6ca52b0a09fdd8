//===- process.h - What the parts of the runtime share --------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Internal to the runtime: standard output as a buffer and the ways a process ends.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_PROCESS_H
#define HPCC_RUNTIME_PROCESS_H

#include "hpcc_rt.h"

#include <initializer_list>
#include <string_view>

namespace hpcc::runtime {

/// CPython's exit code when standard output cannot be written at the very end.
inline constexpr int exitCodeLostOutput = 120;

/// Writes out the buffered standard output; 0, or the errno of the failed write, in which case what
/// was buffered is dropped.
int writeOutput();

/// The same in a signal handler: async-signal-safe, errors are passed over.
void writeOutputFromSignal();

/// Writes all of `text` to standard error, unbuffered; async-signal-safe.
void writeError(std::string_view text);

/// Reports a failed write of standard output (BrokenPipeError, OSError) on standard error; `where`
/// may be null.
void reportLostOutput(int errorNumber, const hpc_location *where);

/// Writes out what is left and ends the process with `code`, or with exitCodeLostOutput. Nothing
/// registered with atexit runs: arrays and threads of the program may be in any state.
[[noreturn]] void endProcess(int code);

/// Has `function` called with the exit code when the process ends by itself, after the last output
/// and before the functions that were registered earlier.
void callAtEnd(void (*function)(int code));

/// From here on what is printed is dropped.
void dropOutput();

/// Has `function` called before an error is reported: it may take its time, and need not return.
void callBeforeReport(void (*function)(int32_t errorId));

/// Raises an error whose arguments are texts.
[[noreturn]] void raiseWithTexts(int32_t errorId, const hpc_location *where,
                                 std::initializer_list<std::string_view> texts);

/// Ends the process by SIGINT, so that the parent sees an interrupted program; async-signal-safe.
[[noreturn]] void endByInterrupt();

} // namespace hpcc::runtime

#endif // HPCC_RUNTIME_PROCESS_H
