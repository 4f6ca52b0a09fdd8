/* Project Euler, problem 39: a block for each side a, whose threads share the sides b; the counts of
   all perimeters come to the host at the end. INTEGER is int64_t, as ints are in Python, or int,
   which is enough up to perimeters of 30,000. */
#include "peer.cuh"

#ifndef INTEGER
#define INTEGER int64_t
#endif

enum { N = SIZE_N, threads = 128 };

__global__ void count(INTEGER p, int *solutions) {
  INTEGER a = blockIdx.x + 1;
  int found = 0;
  for (INTEGER b = a + threadIdx.x; b < p - a; b += threads) {
    INTEGER c = p - a - b;
    if (a * a + b * b == c * c)
      ++found;
  }
  for (int offset = 16; offset > 0; offset /= 2)
    found += __shfl_down_sync(0xffffffffu, found, offset);
  if (threadIdx.x % 32 == 0 && found > 0)
    atomicAdd(&solutions[p], found);
}

int main() {
  int *solutions, *host = (int *)malloc(N * sizeof(int));
  CHECK(cudaMalloc(&solutions, N * sizeof(int)));
  CHECK(cudaMemset(solutions, 0, N * sizeof(int)));

  double start = readClock();
  for (int p = 4; p < N; ++p)
    count<<<p / 2 - 1, threads>>>(p, solutions);
  CHECK(cudaMemcpy(host, solutions, N * sizeof(int), cudaMemcpyDeviceToHost));
  int nmax = 0, imax = 0;
  for (int p = 1; p < N; ++p) {
    printf("%d\n", p);
    if (host[p] > nmax) {
      nmax = host[p];
      imax = p;
    }
  }
  double seconds = readClock() - start;

  printf("maximum p, number of solutions %d %d\n", imax, nmax);
  printf("seconds %.9f\n", seconds);
}
