/* What every peer in CUDA C needs: checked calls, the clock of time.perf_counter(), read when the
   device is idle, arrays, and their sums (in long double, as the peers in C add). */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

static void check(cudaError_t result, int line) {
  if (result == cudaSuccess)
    return;
  fprintf(stderr, "line %d: %s\n", line, cudaGetErrorString(result));
  exit(1);
}
#define CHECK(call) check(call, __LINE__)

static double readClock() {
  CHECK(cudaDeviceSynchronize());
  CHECK(cudaGetLastError());
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double *newArray(int64_t n) {
  double *array;
  CHECK(cudaMalloc(&array, n * sizeof(double)));
  return array;
}

static double *copyToHost(const double *array, int64_t n) {
  double *copy = (double *)malloc(n * sizeof(double));
  CHECK(cudaMemcpy(copy, array, n * sizeof(double), cudaMemcpyDeviceToHost));
  return copy;
}

static double sumOf(const double *array, int64_t n) {
  long double sum = 0.0L;
  for (int64_t i = 0; i < n; ++i)
    sum += array[i];
  return (double)sum;
}

static double largestOf(const double *array, int64_t n) {
  double largest = array[0];
  for (int64_t i = 1; i < n; ++i)
    largest = array[i] > largest ? array[i] : largest;
  return largest;
}

static unsigned blocksFor(int64_t items, int threads) {
  return (unsigned)((items + threads - 1) / threads);
}
