/* Heat in a cube: heat3d.hpc line by line, with its copy. */
#include "peer.h"

enum { n = SIZE_n, niter = SIZE_niter };

int main(void) {
  double k = 0.1;
  double (*u)[n][n] = malloc(sizeof(double[n][n][n]));
  double (*un)[n][n] = malloc(sizeof(double[n][n][n]));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      for (int64_t l = 0; l < n; ++l) {
        int64_t z = i - n / 3, y = j - n / 2, x = l - n / 4;
        u[i][j][l] =
            1.0 / (1.0 + 0.01 * (double)(z * z) + 0.02 * (double)(y * y) + 0.03 * (double)(x * x));
      }
  for (int64_t j = 0; j < n; ++j)
    for (int64_t l = 0; l < n; ++l)
      u[0][j][l] = 1.0;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      u[i][j][n - 1] = 0.5;

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        for (int64_t l = 0; l < n; ++l)
          un[i][j][l] = u[i][j][l];
    for (int64_t i = 1; i < n - 1; ++i)
      for (int64_t j = 1; j < n - 1; ++j)
        for (int64_t l = 1; l < n - 1; ++l)
          u[i][j][l] = un[i][j][l] +
                       k * (un[i + 1][j][l] + un[i - 1][j][l] + un[i][j + 1][l] + un[i][j - 1][l] +
                            un[i][j][l + 1] + un[i][j][l - 1] - 6.0 * un[i][j][l]);
  }
  double seconds = readClock() - start;

  printf("sum %.17g\n", sumOf(&u[0][0][0], (int64_t)n * n * n));
  printf("points %.17g %.17g %.17g %.17g\n", u[0][0][0], u[1][1][1], u[n / 3][n / 2][n / 4],
         u[n - 2][n - 2][n - 2]);
  printf("seconds %.9f\n", seconds);
}
