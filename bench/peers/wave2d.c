/* Waves on a membrane: wave2d.hpc line by line, with its two copies. */
#include "peer.h"

enum { n = SIZE_n, niter = SIZE_niter };

int main(void) {
  double c2 = 0.25;
  double (*u)[n] = malloc(sizeof(double[n][n]));
  double (*before)[n] = malloc(sizeof(double[n][n]));
  double (*after)[n] = calloc(1, sizeof(double[n][n]));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      int64_t y = i - n / 3, x = j - n / 2;
      u[i][j] = 1.0 / (1.0 + 0.01 * (double)(y * y) + 0.02 * (double)(x * x));
      before[i][j] = u[i][j];
    }
  for (int64_t j = 0; j < n; ++j)
    after[0][j] = 0.25;

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
    for (int64_t i = 1; i < n - 1; ++i)
      for (int64_t j = 1; j < n - 1; ++j)
        after[i][j] = 2.0 * u[i][j] - before[i][j] +
                      c2 * (u[i + 1][j] + u[i - 1][j] + u[i][j + 1] + u[i][j - 1] - 4.0 * u[i][j]);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        before[i][j] = u[i][j];
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        u[i][j] = after[i][j];
  }
  double seconds = readClock() - start;

  printf("sum %.17g %.17g %.17g\n", sumOf(&u[0][0], n * n), sumOf(&before[0][0], n * n),
         sumOf(&after[0][0], n * n));
  printf("largest %.17g %.17g\n", largestAbsolute(&u[0][0], n * n),
         largestAbsolute(&before[0][0], n * n));
  printf("points %.17g %.17g %.17g %.17g %.17g\n", u[0][0], u[1][1], u[n / 3][n / 2],
         u[n / 2][n / 2], u[n - 2][n - 2]);
  printf("seconds %.9f\n", seconds);
}
