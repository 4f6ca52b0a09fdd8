/* The Mandelbrot set: mandelbrot.hpc line by line, a Python int an int64_t. */
#include "peer.h"

enum { ny = SIZE_ny, nx = SIZE_nx, limit = SIZE_limit };

int main(void) {
  int64_t (*counts)[nx] = calloc(ny, sizeof(int64_t[nx]));

  double start = readClock();
#pragma omp parallel for schedule(dynamic)
  for (int64_t y = 0; y < ny; ++y)
    for (int64_t x = 0; x < nx; ++x) {
      double a = -2.0 + 3.0 * (double)x / nx;
      double b = -1.0 + 2.0 * (double)y / ny;
      double re = 0.0, im = 0.0;
      int64_t n = 0;
      while (n < limit && re * re + im * im <= 4.0) {
        double next = re * re - im * im + a;
        im = 2.0 * re * im + b;
        re = next;
        n = n + 1;
      }
      counts[y][x] = n;
    }
  double seconds = readClock() - start;

  int64_t sum = 0;
  for (int64_t y = 0; y < ny; ++y)
    for (int64_t x = 0; x < nx; ++x)
      sum += counts[y][x];
  printf("sum %ld\n", (long)sum);
  printf("points %ld %ld %ld %ld\n", (long)counts[0][0], (long)counts[ny / 2][nx / 2],
         (long)counts[ny / 3][nx / 4], (long)counts[1][nx - 1]);
  printf("seconds %.9f\n", seconds);
}
