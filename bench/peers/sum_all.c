/* The sum of a matrix: sum_all.hpc line by line, added one after the other. */
#include "peer.h"

enum { n = SIZE_n, niter = SIZE_niter };

int main(void) {
  double (*a)[n] = malloc(sizeof(double[n][n]));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      a[i][j] = 1.0 / (1.0 + (double)((i * 7 + j * 13) % 101));
  double total = 0.0;

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
    a[t % n][0] = (double)t;
    double sum = 0.0;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j)
        sum += a[i][j];
    total += sum;
  }
  double seconds = readClock() - start;

  printf("total %.17g\n", total);
  printf("seconds %.9f\n", seconds);
}
