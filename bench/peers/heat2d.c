/* Heat in a plate: heat2d.hpc line by line, with its copy. */
#include "peer.h"

enum { n = SIZE_n, niter = SIZE_niter };

int main(void) {
  double k = 0.2;
  double (*u)[n] = malloc(sizeof(double[n][n]));
  double (*un)[n] = malloc(sizeof(double[n][n]));
#pragma omp parallel for
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      int64_t y = i - n / 3, x = j - n / 2;
      u[i][j] = 1.0 / (1.0 + 0.001 * (double)(y * y) + 0.002 * (double)(x * x));
    }
  for (int64_t j = 0; j < n; ++j)
    u[0][j] = 1.0;
  for (int64_t i = 0; i < n; ++i)
    u[i][n - 1] = 0.5;

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
#pragma omp parallel for
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        un[i][j] = u[i][j];
#pragma omp parallel for
    for (int64_t i = 1; i < n - 1; ++i)
      for (int64_t j = 1; j < n - 1; ++j)
        u[i][j] = un[i][j] +
                  k * (un[i + 1][j] + un[i - 1][j] + un[i][j + 1] + un[i][j - 1] - 4.0 * un[i][j]);
  }
  double seconds = readClock() - start;

  printf("sum %.17g\n", sumOf(&u[0][0], n * n));
  printf("points %.17g %.17g %.17g %.17g %.17g %.17g\n", u[0][0], u[1][1], u[n / 3][n / 2],
         u[n / 2][n / 3], u[n - 2][n - 2], u[1][n - 1]);
  printf("seconds %.9f\n", seconds);
}
