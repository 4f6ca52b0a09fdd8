/* Project Euler, problem 39: euler39.hpc line by line, a Python int an int64_t. */
#include "peer.h"

enum { N = SIZE_N };

static int64_t findNumSolutions(int64_t p) {
  int64_t n = 0;
  for (int64_t a = 1; a < p / 2; ++a)
    for (int64_t b = a; b < p; ++b) {
      int64_t c = p - a - b;
      if (c > 0)
        if (a * a + b * b == c * c)
          n = n + 1;
    }
  return n;
}

int main(void) {
  int64_t nmax = 0, imax = 0;
  double start = readClock();
#pragma omp parallel for ordered schedule(dynamic)
  for (int64_t i = 1; i < N; ++i) {
    int64_t nsols = findNumSolutions(i);
#pragma omp ordered
    {
      printf("%ld\n", (long)i);
      if (nsols > nmax) {
        nmax = nsols;
        imax = i;
      }
    }
  }
  double seconds = readClock() - start;

  printf("maximum p, number of solutions %ld %ld\n", (long)imax, (long)nmax);
  printf("seconds %.9f\n", seconds);
}
