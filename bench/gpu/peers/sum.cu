/* The sum of an array: as many blocks as the device holds, each of whose threads adds every so-many-th
   element; then shuffles within warps, and one block for what the blocks leave. */
#include "peer.cuh"

enum { n = SIZE_n, niter = SIZE_niter, threads = 256, warps = threads / 32, most = 4096 };

__global__ void initialize(double *a) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n)
    a[i] = 1.0 / (1.0 + (double)((int64_t)i * 7 % 101));
}

__global__ void change(double *a, int t) { a[0] = t; }

__device__ double sumOfWarp(double value) {
  for (int offset = 16; offset > 0; offset /= 2)
    value += __shfl_down_sync(0xffffffffu, value, offset);
  return value;
}

/* The sum of what the threads of a block have, in its first thread. */
__device__ double sumOfBlock(double value) {
  __shared__ double ofWarps[warps];
  value = sumOfWarp(value);
  if (threadIdx.x % 32 == 0)
    ofWarps[threadIdx.x / 32] = value;
  __syncthreads();
  value = threadIdx.x < warps ? ofWarps[threadIdx.x] : 0.0;
  return threadIdx.x < 32 ? sumOfWarp(value) : 0.0;
}

__global__ void sumParts(const double *__restrict__ a, int count, double *__restrict__ parts) {
  int stride = gridDim.x * threads;
  double sum[4] = {0.0, 0.0, 0.0, 0.0};
  int i = blockIdx.x * threads + threadIdx.x;
  for (; i + 3 * (int64_t)stride < count; i += 4 * stride)
    for (int part = 0; part < 4; ++part)
      sum[part] += a[i + part * stride];
  for (; i < count; i += stride)
    sum[0] += a[i];
  double all = sumOfBlock((sum[0] + sum[1]) + (sum[2] + sum[3]));
  if (threadIdx.x == 0)
    parts[blockIdx.x] = all;
}

int main() {
  int device, processors;
  CHECK(cudaGetDevice(&device));
  CHECK(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device));
  int blocks = processors * 8 < most ? processors * 8 : most;
  double *a = newArray(n), *parts = newArray(most), *sum = newArray(1), total = 0.0;
  initialize<<<blocksFor(n, threads), threads>>>(a);

  double seconds = 0.0;
  for (int turn = 0; turn < 2; ++turn) {
    double start = readClock();
    for (int t = 0; t < niter; ++t) {
      double result;
      change<<<1, 1>>>(a, t);
      sumParts<<<blocks, threads>>>(a, n, parts);
      sumParts<<<1, threads>>>(parts, blocks, sum);
      CHECK(cudaMemcpy(&result, sum, sizeof result, cudaMemcpyDeviceToHost));
      total += result;
    }
    seconds = readClock() - start;
  }

  printf("total %.17g\n", total);
  printf("seconds %.9f\n", seconds);
}
