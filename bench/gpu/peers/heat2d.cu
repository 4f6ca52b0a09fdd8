/* Heat in a plate: two fields that change places. A thread goes down ROWS rows of a column, with
   the three points of that column in registers; with ROWS 1 it is the kernel one writes first. */
#include "peer.cuh"

#ifndef ROWS
#define ROWS 1
#endif

enum { n = SIZE_n, niter = SIZE_niter, width = 64, height = 4 };

__global__ void initialize(double *u) {
  int j = blockIdx.x * width + threadIdx.x, i = blockIdx.y * height + threadIdx.y;
  if (i >= n || j >= n)
    return;
  int64_t y = i - n / 3, x = j - n / 2;
  double start = 1.0 / (1.0 + 0.001 * (double)(y * y) + 0.002 * (double)(x * x));
  u[(int64_t)i * n + j] = j == n - 1 ? 0.5 : i == 0 ? 1.0 : start;
}

__global__ void step(const double *__restrict__ un, double *__restrict__ u, double k) {
  int j = blockIdx.x * width + threadIdx.x + 1;
  int i = (blockIdx.y * height + threadIdx.y) * ROWS + 1;
  if (j >= n - 1 || i >= n - 1)
    return;
  const double *old = un + (int64_t)i * n + j;
  double *next = u + (int64_t)i * n + j;
  double above = old[-n], here = old[0];
#pragma unroll
  for (int row = 0; row < ROWS; ++row)
    if (i + row < n - 1) {
      double below = old[(row + 1) * n];
      next[row * n] =
          here + k * (below + above + old[row * n + 1] + old[row * n - 1] - 4.0 * here);
      above = here;
      here = below;
    }
}

int main() {
  const int64_t points = (int64_t)n * n;
  double *u = newArray(points), *un = newArray(points);
  dim3 block(width, height);
  initialize<<<dim3(blocksFor(n, width), blocksFor(n, height)), block>>>(u);
  CHECK(cudaMemcpy(un, u, points * sizeof(double), cudaMemcpyDeviceToDevice));

  double seconds = 0.0;
  dim3 grid(blocksFor(n - 2, width), blocksFor(n - 2, height * ROWS));
  for (int turn = 0; turn < 2; ++turn) {
    double start = readClock();
    for (int t = 0; t < niter; ++t) {
      double *old = u;
      u = un;
      un = old;
      step<<<grid, block>>>(un, u, 0.2);
    }
    seconds = readClock() - start;
  }

  double *h = copyToHost(u, points);
  auto at = [=](int64_t i, int64_t j) { return h[i * n + j]; };
  printf("sum %.17g\n", sumOf(h, points));
  printf("points %.17g %.17g %.17g %.17g %.17g %.17g\n", at(0, 0), at(1, 1), at(n / 3, n / 2),
         at(n / 2, n / 3), at(n - 2, n - 2), at(1, n - 1));
  printf("seconds %.9f\n", seconds);
}
