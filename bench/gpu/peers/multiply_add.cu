/* a * b + c: a thread for each element. */
#include "peer.cuh"

enum { n = SIZE_n, niter = SIZE_niter, threads = 256 };

__global__ void initialize(double *a, double *b, double *c) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n) {
    double x = (double)i / (double)n;
    a[i] = 1.0 - 0.5 * x;
    b[i] = x - 0.5;
    c[i] = 0.5 * x;
  }
}

__global__ void change(double *a, int t) { a[0] = t; }

__global__ void multiplyAdd(const double *__restrict__ a, const double *__restrict__ b,
                            const double *__restrict__ c, double *__restrict__ r) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n)
    r[i] = a[i] * b[i] + c[i];
}

int main() {
  double *a = newArray(n), *b = newArray(n), *c = newArray(n), *r = newArray(n);
  unsigned blocks = blocksFor(n, threads);
  initialize<<<blocks, threads>>>(a, b, c);

  double seconds = 0.0;
  for (int turn = 0; turn < 2; ++turn) {
    double start = readClock();
    for (int t = 0; t < niter; ++t) {
      change<<<1, 1>>>(a, t);
      multiplyAdd<<<blocks, threads>>>(a, b, c, r);
    }
    seconds = readClock() - start;
  }

  double *host = copyToHost(r, n);
  printf("sum %.17g\n", sumOf(host, n));
  printf("points %.17g %.17g %.17g %.17g %.17g\n", host[0], host[1], host[n / 3], host[n / 2],
         host[n - 1]);
  printf("seconds %.9f\n", seconds);
}
