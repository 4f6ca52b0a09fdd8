/* Diffusion in a rod: a thread for each point, two arrays that change places. */
#include "peer.cuh"

enum { n = SIZE_n, niter = SIZE_niter, threads = 256 };

__global__ void initialize(double *u) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i < n) {
    int64_t x = i - n / 3;
    u[i] = 1.0 / (1.0 + 0.01 * (double)(x * x));
  }
}

/* The ends are zero from the first step on. */
__global__ void step(const double *__restrict__ u, double *__restrict__ udt, double fac,
                     double kappa) {
  int i = blockIdx.x * threads + threadIdx.x;
  if (i > 0 && i < n - 1)
    udt[i] = fac * u[i] + kappa * (u[i - 1] + u[i + 1]);
  else if (i < n)
    udt[i] = 0.0;
}

int main() {
  double kappa = 0.1, fac = 1.0 - 2.0 * kappa;
  double *u = newArray(n), *udt = newArray(n);
  unsigned blocks = blocksFor(n, threads);
  initialize<<<blocks, threads>>>(u);

  double seconds = 0.0;
  for (int turn = 0; turn < 2; ++turn) {
    double start = readClock();
    for (int t = 0; t < niter; ++t) {
      step<<<blocks, threads>>>(u, udt, fac, kappa);
      double *last = u;
      u = udt;
      udt = last;
    }
    seconds = readClock() - start;
  }

  double *host = copyToHost(u, n);
  double sum = sumOf(host, n), largest = largestOf(host, n);
  printf("sum %.17g %.17g\n", sum, sum);
  printf("largest %.17g %.17g\n", largest, largest);
  printf("points %.17g %.17g %.17g %.17g %.17g\n", host[0], host[n / 3], host[n / 2], host[n - 2],
         host[n - 1]);
  printf("seconds %.9f\n", seconds);
}
