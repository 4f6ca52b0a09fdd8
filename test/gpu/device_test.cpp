//===- device_test.cpp - Programs that use a GPU, as a compiler would write them ------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `device_test cuda|emulated NAME` runs a small program through the C ABI alone. Its kernels are
// functions of this file: under `cuda` their addresses are in the text that the stub driver of
// Inputs/libcuda.c takes for PTX.
//===----------------------------------------------------------------------===//
#include "runtime/hpcc_rt.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

static constexpr int64_t one[3] = {1, 1, 1};

/// A one-dimensional array, as generated code lays it out.
struct Array {
  hpc_array_head head;
  int64_t size, stride;

  double *data() const { return static_cast<double *>(head.data); }
};

static constexpr hpc_location line(int32_t number) {
  return {"prog.hpc", "<module>", nullptr, number, 1, 2};
}
static constexpr hpc_location here = line(7);

static void printLine(const char *text) {
  hpc_print_text(text, static_cast<int64_t>(strlen(text)));
  hpc_print_text("\n", 1);
}

static void expect(bool condition, const char *what) {
  if (condition)
    return;
  printLine(what);
  hpc_exit(70);
}

static int64_t draw(int64_t below) {
  static uint64_t seed = 1;
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return static_cast<int64_t>(seed % static_cast<uint64_t>(below));
}

static void raiseIndexError() {
  int64_t arguments[] = {10, 0, 5};
  hpc_raise(HPC_ERROR_IndexOutOfBounds, &here, arguments, 3);
}

static Array allocate(int64_t size, const hpc_location *where = &here) {
  Array array;
  hpc_array_allocate(&array, 1, HPC_F64, &size, where);
  return array;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

template <typename T> static T argument(void *const *arguments, int index) {
  return *static_cast<T *>(arguments[index]);
}

/// x[i] *= factor, a point for each thread of the grid.
static void scale(void *const *arguments, const uint32_t *grid, const uint32_t *block) {
  auto *x = argument<double *>(arguments, 0);
  auto count = argument<int64_t>(arguments, 1);
  for (int64_t i = 0; i < count && i < int64_t{grid[0]} * block[0]; ++i)
    x[i] *= argument<double>(arguments, 2);
}

/// result[0] = sum of x.
static void sum(void *const *arguments, const uint32_t *, const uint32_t *) {
  auto *result = argument<double *>(arguments, 2);
  *result = 0;
  for (int64_t i = 0; i < argument<int64_t>(arguments, 1); ++i)
    *result += argument<double *>(arguments, 0)[i];
}

/// Point 41 fails.
static void fail(void *const *arguments, const uint32_t *, const uint32_t *) {
  auto *failure = argument<hpc_gpu_failure *>(arguments, 0);
  expect(failure->point == INT64_MAX && failure->lock == 0, "the record is not reset");
  *failure = {41, 0, 2, {10, 0, 5}};
}

static constexpr hpc_emulated_kernel kernels[] = {{"scale", scale}, {"sum", sum}, {"fail", fail}};

static void start(bool isEmulated) {
  if (isEmulated)
    return hpc_gpu_start_emulated(kernels, 3);
  char text[512] = "";
  for (const hpc_emulated_kernel &kernel : kernels)
    snprintf(text + strlen(text), sizeof text - strlen(text), ".entry %s() // %s %p\n", kernel.name,
             kernel.name, reinterpret_cast<void *>(kernel.run));
  hpc_gpu_start(text, static_cast<int64_t>(strlen(text)), &here);
}

static void launchScale(const Array &array, double factor) {
  static void *kernel = hpc_gpu_kernel("scale", &here);
  void *x = hpc_gpu_address(array.data(), array.head.object, &here);
  int64_t count = array.size;
  void *arguments[] = {static_cast<void *>(&x), &count, &factor};
  int64_t grid[] = {(count + 255) / 256, 1, 1}, block[] = {256, 1, 1};
  hpc_gpu_launch(kernel, grid, block, arguments, &here);
}

static void toDevice(const Array &array, int64_t from, int64_t count) {
  hpc_gpu_to_device(array.head.object, array.data() + from, count * 8, &here);
}
static void toHost(const Array &array, int64_t from, int64_t count) {
  hpc_gpu_to_host(array.head.object, array.data() + from, count * 8, &here);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

static void runTransfers() {
  Array array = allocate(1000);
  double *x = array.data();
  for (int i = 0; i < 1000; ++i)
    x[i] = i;
  toHost(array, 0, 1000); // it was never there
  expect(x[999] == 999, "the host's copy was the right one");
  toDevice(array, 0, 900);
  launchScale(array, 2);
  expect(x[10] == 10, "the copies are not apart");
  toHost(array, 10, 1);
  expect(x[10] == 20 && x[9] == 9 && x[11] == 11, "one element");
  toHost(array, 0, 1000);
  for (int i = 0; i < 1000; ++i)
    expect(i < 900 ? x[i] == 2 * i : std::isnan(x[i]), "all elements");
  auto *whole = static_cast<char *>(hpc_gpu_address(x, array.head.object, &here));
  auto *third = static_cast<char *>(hpc_gpu_address(x + 3, array.head.object, &here));
  expect(third - whole == 24, "the address of an element");
  hpc_release(array.head.object);
  expect(!hpc_gpu_address(nullptr, nullptr, &here), "no object");
  toDevice({}, 0, 0);
  Array empty = allocate(0);
  expect(hpc_gpu_address(empty.data(), empty.head.object, &here), "an empty array");
  toDevice(empty, 0, 0);
  toHost(empty, 0, 0);
  hpc_release(empty.head.object);
  printLine("transfers agree");
}

/// A temporary in a loop, and one that grows.
static void runTemporaries() {
  for (int i = 0; i < 100; ++i) {
    Array array = allocate(100000);
    launchScale(array, 1);
    hpc_release(array.head.object);
  }
  for (int64_t size = 1000; size < 1200; ++size) {
    Array array = allocate(size);
    launchScale(array, 1);
    hpc_release(array.head.object);
  }
  printLine("temporaries are gone");
}

static void runResults() {
  Array array = allocate(300);
  for (int i = 0; i < 300; ++i)
    array.data()[i] = i;
  toDevice(array, 0, 300);
  void *x = hpc_gpu_address(array.data(), array.head.object, &here);
  int64_t count = 300;
  hpc_gpu_scratch(2, 8, &here);
  void *result = hpc_gpu_scratch(0, 8, &here);
  expect(hpc_gpu_scratch(0, 8, &here) == result, "scratch memory moves");
  hpc_gpu_scratch(0, 1 << 20, &here);
  result = hpc_gpu_scratch(0, 16, &here);
  void *arguments[] = {static_cast<void *>(&x), &count, static_cast<void *>(&result)};
  hpc_gpu_launch(hpc_gpu_kernel("sum", &here), one, one, arguments, &here);
  double sum = 0;
  hpc_gpu_fetch(&sum, result, 8, &here);
  hpc_print_f64(sum);
  printLine("");
}

static void runFailure() {
  hpc_gpu_failure failure;
  expect(!hpc_gpu_failed(&failure, &here), "nothing has run");
  for (int round = 0; round < 2; ++round) {
    void *record = hpc_gpu_failure_record(&here);
    void *arguments[] = {static_cast<void *>(&record)};
    hpc_gpu_launch(hpc_gpu_kernel("fail", &here), one, one, arguments, &here);
    expect(hpc_gpu_failed(&failure, &here) && failure.point == 41, "a failure is not seen");
    expect(!hpc_gpu_failed(&failure, &here), "a failure stays");
  }
  raiseIndexError();
}

static void runGrids() {
  void *kernel = hpc_gpu_kernel("fail", &here);
  int64_t none[] = {5, 0, 1};
  hpc_gpu_launch(kernel, none, one, nullptr, &here);
  printLine("nothing was launched");
  int64_t high[] = {1, 1, 65536};
  hpc_gpu_launch(kernel, high, one, nullptr, &here);
}

static void runThreads() {
  int64_t block[] = {32, 32, 2};
  hpc_gpu_launch(hpc_gpu_kernel("fail", &here), one, block, nullptr, &here);
}

/// More and more memory: arrays of 1, 2, 3, .. MiB. Those that are kept are given up first.
static void runFull() {
  constexpr int64_t mebi = 1 << 17;
  for (int64_t size = 3; size > 0; --size) {
    Array array = allocate(size * mebi);
    launchScale(array, 1);
    hpc_release(array.head.object);
  }
  std::vector<Array> arrays;
  static hpc_location places[100];
  for (int64_t size = 1; size < 100; ++size) {
    places[size] = line(static_cast<int32_t>(size));
    arrays.push_back(allocate(size * mebi));
    const Array &array = arrays.back();
    hpc_gpu_address(array.data(), array.head.object, &places[size]);
    if (size == 4)
      printLine("four arrays are there");
  }
}

/// An array and what its device copy must hold; NaN where that is anything.
struct Modelled {
  Array array;
  std::vector<double> device;
};

static void checkStep(Modelled &modelled, int64_t kind, double value) {
  const Array &array = modelled.array;
  int64_t from = draw(array.size), count = 1 + draw(array.size - from);
  double *x = array.data();
  auto begin = modelled.device.begin() + from;
  if (kind == 0) {
    std::fill_n(x + from, count, value);
    toDevice(array, from, count);
    std::fill_n(begin, count, value);
  } else if (kind == 1) {
    toHost(array, from, count);
    for (int64_t i = 0; i < count; ++i)
      expect(std::isnan(begin[i]) || x[from + i] == begin[i], "not what is on the device");
  } else {
    launchScale(array, -1);
    for (double &element : modelled.device)
      element = -element;
  }
}

/// Arrays come and go, of few sizes, so that memory is used again and runs out at times.
static void runRandom() {
  constexpr size_t most = 8;
  std::vector<Modelled> arrays;
  for (int round = 0; round < 20000; ++round) {
    if (arrays.empty() || (arrays.size() < most && draw(8) == 0)) {
      int64_t size = (1 + draw(6)) << (4 + draw(10));
      arrays.push_back({allocate(size), std::vector<double>(size_t(size), std::nan(""))});
    }
    auto index = static_cast<size_t>(draw(static_cast<int64_t>(arrays.size())));
    checkStep(arrays[index], draw(3), round);
    if (draw(10) == 0) {
      hpc_release(arrays[index].array.head.object);
      std::swap(arrays[index], arrays.back());
      arrays.pop_back();
    }
  }
  printLine("all is as it should");
}

static void runKernel() { hpc_gpu_kernel("there_is_none", &here); }

static void launchSomething() {
  printLine("before");
  launchScale(allocate(1000), 2);
}

static void runError() {
  launchSomething();
  raiseIndexError();
}

static void runExit() {
  launchSomething();
  hpc_exit(3);
}

static void runWait() {
  launchSomething();
  Array array = allocate(10);
  toDevice(array, 0, 10);
  toHost(array, 0, 10);
}

int main(int argc, char **argv) {
  struct Program {
    const char *name;
    void (*run)();
  };
  static constexpr Program programs[] = {
      {"transfers", runTransfers}, {"temporaries", runTemporaries},
      {"results", runResults},     {"failure", runFailure},
      {"grids", runGrids},         {"threads", runThreads},
      {"full", runFull},           {"kernel", runKernel},
      {"error", runError},         {"exit", runExit},
      {"wait", runWait},           {"end", launchSomething},
      {"random", runRandom},
  };
  hpc_start(argc, argv);
  for (const Program &program : programs)
    if (argc == 3 && strcmp(argv[2], program.name) == 0) {
      start(strcmp(argv[1], "emulated") == 0);
      program.run();
    }
  return hpc_finish();
}
