//===- process_test.cpp - Programs as a compiler would write them ---------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The first argument names a small program that calls the runtime through its C ABI alone;
// format/process_check.py looks at what it prints and how it ends.
//===----------------------------------------------------------------------===//
#include "runtime/hpcc_rt.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <unistd.h>

/// An array of up to two dimensions, as generated code lays it out.
struct Descriptor {
  hpc_array_head head;
  int64_t sizes[4];
};

static const hpc_location here = {"prog.hpc", "<module>", "\tx = å[10] + 1", 7, 6, 12};

static void printLine(const char *text) {
  hpc_print_text(text, static_cast<int64_t>(strlen(text)));
  hpc_print_text("\n", 1);
}

/// Argument `index` of the command line.
static int64_t number(int64_t index) { return strtoll(hpc_argument(index), nullptr, 10); }

static void expect(bool condition, const char *what) {
  if (condition)
    return;
  printLine(what);
  hpc_exit(70);
}

static void runError() {
  printLine("before");
  int64_t args[] = {10, 0, 5};
  hpc_raise(HPC_ERROR_IndexOutOfBounds, &here, args, 3);
}

static void runUnsupported() {
  hpc_location line = {"prog.hpc", "f", nullptr, 3, 1, 4};
  hpc_raise(HPC_ERROR_UnsupportedNegativePower, &line, nullptr, 0);
}

static void runAssertion() { hpc_raise(HPC_ERROR_AssertionPlain, nullptr, nullptr, 0); }

static void runLines() {
  hpc_print_location(&here);
  for (int64_t i = 0; i < number(2); ++i) {
    hpc_print_i64(i);
    hpc_print_text("\n", 1);
  }
}

static void runWait() {
  printLine("buffered");
  fputs("ready\n", stderr);
  for (;;)
    pause();
}

static void recurse(int64_t calls) {
  hpc_recursion_enter(&here);
  if (calls > 1)
    recurse(calls - 1);
  hpc_recursion_leave();
}

static void runRecursion() {
  recurse(number(2));
  recurse(number(2));
  printLine("done");
}

static void runBuiltinCall() {
  for (int i = 0; i < number(2); ++i)
    hpc_recursion_enter(nullptr);
  hpc_recursion_check(1, nullptr);
  printLine("done");
}

static void runScalars() {
  hpc_print_bool(true);
  hpc_print_text(" ", 1);
  hpc_print_f64(1e16);
  hpc_print_text(" ", 1);
  hpc_print_f32(0.1F);
  hpc_print_text(" ", 1);
  hpc_print_repr_bool(false);
  hpc_print_text(" ", 1);
  hpc_print_repr_integer(-3, HPC_I32);
  hpc_print_text(" ", 1);
  hpc_print_repr_integer(INT64_MIN, HPC_I64);
  hpc_print_text(" ", 1);
  hpc_print_repr_f32(1.5F);
  hpc_print_text(" ", 1);
  hpc_print_repr_f64(-0.0);
  hpc_print_text("\n", 1);
}

static Descriptor allocate(int64_t rows, int64_t columns, bool zeroed) {
  Descriptor array;
  int64_t shape[] = {rows, columns};
  auto *function = zeroed ? hpc_array_allocate_zeroed : hpc_array_allocate;
  function(&array, 2, HPC_F64, shape, &here);
  return array;
}

static bool isAligned(const Descriptor &array) {
  return reinterpret_cast<uintptr_t>(array.head.data) % 64 == 0;
}

static void runArrays() {
  for (int64_t rows : {0, 1, 2, 100, 100000}) {
    Descriptor array = allocate(rows, 3, /*zeroed=*/true);
    auto *data = static_cast<double *>(array.head.data);
    expect(isAligned(array), "not aligned");
    expect(array.sizes[0] == rows && array.sizes[1] == 3, "wrong shape");
    expect(array.sizes[2] == 3 && array.sizes[3] == 1, "wrong strides");
    for (int64_t i = 0; i < rows * 3; ++i) {
      expect(data[i] == 0, "not zero");
      data[i] = 1;
    }
    hpc_retain(array.head.object);
    expect(hpc_object_count(array.head.object) == 2, "wrong count");
    hpc_release(array.head.object);
    hpc_release(array.head.object);
    // A reused block is cleared again.
    array = allocate(rows, 3, /*zeroed=*/true);
    data = static_cast<double *>(array.head.data);
    for (int64_t i = 0; i < rows * 3; ++i)
      expect(data[i] == 0, "not zero again");
    hpc_release(array.head.object);
  }
  hpc_release(nullptr);
  hpc_retain(nullptr);
  // Many sizes, so that kept blocks push each other out.
  for (int64_t rows = 1; rows < 200; ++rows)
    hpc_release(allocate(rows, 5000, /*zeroed=*/false).head.object);
  printLine("arrays agree");
}

static void runTransposed() {
  Descriptor array = allocate(2, 3, /*zeroed=*/true);
  Descriptor view = array;
  view.sizes[0] = 3;
  view.sizes[1] = 2;
  view.sizes[2] = 1;
  view.sizes[3] = 3;
  Descriptor sum;
  const void *operands[] = {&view, &view};
  int32_t dims[] = {2, 2};
  hpc_array_allocate_like(&sum, 2, HPC_F64, view.sizes, operands, dims, 2, &here);
  expect(sum.sizes[2] == 1 && sum.sizes[3] == 3, "sum of transposed");
  Descriptor copy;
  hpc_array_allocate_copy(&copy, 2, HPC_F64, &view, &here);
  expect(copy.sizes[2] == 1 && copy.sizes[3] == 3, "copy of transposed");
  static_cast<double *>(array.head.data)[1] = 0.5;
  hpc_print_array(&view, 2, HPC_F64);
  hpc_print_text("\n", 1);
  hpc_print_list(&array, 2, HPC_F64, false);
  hpc_print_text("\n", 1);
  for (const Descriptor &each : {array, sum, copy})
    hpc_release(each.head.object);
}

/// Shapes that cannot be had: argument 2 and 3 are the two sizes.
static void runShape() { allocate(number(2), number(3), true); }

static void runCpu() {
  hpc_cpu_check("+sse3,-avx512f,+no-such-feature");
  hpc_cpu_check("");
  printLine("this CPU will do");
}

static void runExit() {
  printLine("leaving");
  hpc_exit(3);
}

static void runClock() {
  double begin = hpc_time_counter(), used = hpc_time_process();
  expect(used >= 0 && hpc_time_process() >= used, "processor time");
  expect(hpc_time_now() > 1.7e9 && hpc_time_counter() >= begin, "clocks");
  printLine("clocks agree");
}

static void onError(void *context, int32_t errorId, const hpc_location *, const char *className,
                    const char *message) {
  printLine(static_cast<const char *>(context));
  printLine(className);
  printLine(message);
  expect(errorId == HPC_ERROR_MathDomain, "wrong error");
}

static void runHandler() {
  static char context[] = "handled";
  hpc_set_error_handler(onError, context);
  hpc_raise(HPC_ERROR_MathDomain, &here, nullptr, 0);
}

int main(int argc, char **argv) {
  struct Program {
    const char *name;
    void (*run)();
  };
  static constexpr Program programs[] = {
      {"error", runError},         {"unsupported", runUnsupported},
      {"assertion", runAssertion}, {"lines", runLines},
      {"wait", runWait},           {"recursion", runRecursion},
      {"builtin", runBuiltinCall}, {"scalars", runScalars},
      {"arrays", runArrays},       {"transposed", runTransposed},
      {"shape", runShape},         {"cpu", runCpu},
      {"exit", runExit},           {"clock", runClock},
      {"handler", runHandler},
  };
  hpc_start(argc, argv);
  for (const Program &program : programs)
    if (argc > 1 && strcmp(argv[1], program.name) == 0)
      program.run();
  return hpc_finish();
}
