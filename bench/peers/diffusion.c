/* Diffusion in a rod: diffusion.hpc line by line, each slice assignment a loop. */
#include "peer.h"

enum { n = SIZE_n, niter = SIZE_niter };

int main(void) {
  double kappa = 0.1;
  double *u = malloc(n * sizeof(double));
  double *udt = calloc(n, sizeof(double));
#pragma omp parallel for
  for (int64_t i = 0; i < n; ++i) {
    int64_t x = i - n / 3;
    u[i] = 1.0 / (1.0 + 0.01 * (double)(x * x));
  }
  double fac = 1.0 - 2.0 * kappa;

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
#pragma omp parallel for
    for (int64_t i = 1; i < n - 1; ++i)
      udt[i] = fac * u[i] + kappa * (u[i - 1] + u[i + 1]);
#pragma omp parallel for
    for (int64_t i = 0; i < n; ++i)
      u[i] = udt[i];
  }
  double seconds = readClock() - start;

  printf("sum %.17g %.17g\n", sumOf(u, n), sumOf(udt, n));
  printf("largest %.17g %.17g\n", largestOf(u, n), largestOf(udt, n));
  printf("points %.17g %.17g %.17g %.17g %.17g\n", u[0], u[n / 3], u[n / 2], u[n - 2], u[n - 1]);
  printf("seconds %.9f\n", seconds);
}
