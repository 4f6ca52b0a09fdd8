/* How fast the device copies in its own memory: bytes read and written in a second, by the driver's
   copy and by a kernel, each the median of eleven. */
#include "peer.cuh"

#include <algorithm>

enum { n = SIZE_n, threads = 256, times = 11 };

__global__ void initialize(double *u) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n)
    u[i] = 1.0 / (1.0 + i);
}

__global__ void copy(const double *__restrict__ from, double *__restrict__ to) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n)
    to[i] = from[i];
}

template <typename Work> static double bytesPerSecond(Work work) {
  double seconds[times];
  work();
  for (double &one : seconds) {
    double start = readClock();
    for (int i = 0; i < 10; ++i)
      work();
    one = (readClock() - start) / 10;
  }
  std::sort(seconds, seconds + times);
  return 2.0 * n * sizeof(double) / seconds[times / 2];
}

int main() {
  double *from = newArray(n), *to = newArray(n);
  unsigned blocks = blocksFor(n, threads);
  initialize<<<blocks, threads>>>(from);
  double byDriver = bytesPerSecond(
      [=] { CHECK(cudaMemcpyAsync(to, from, n * sizeof(double), cudaMemcpyDeviceToDevice)); });
  double byKernel = bytesPerSecond([=] { copy<<<blocks, threads>>>(from, to); });
  printf("%.6g %.6g\n", byDriver, byKernel);
}
