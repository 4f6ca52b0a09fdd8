/* What every C peer needs: the clock of time.process_time() (of time.perf_counter() where threads
   are measured), and sums and maxima for its results
   (in long double, for NumPy's sums of many numbers are more exact than those of a plain loop).
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double readClock(void) {
#ifdef WALL_CLOCK
  const clockid_t clock = CLOCK_MONOTONIC;
#else
  const clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
#endif
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline double sumOf(const double *a, int64_t n) {
  long double sum = 0.0L;
  for (int64_t i = 0; i < n; ++i)
    sum += a[i];
  return (double)sum;
}

static inline double largestOf(const double *a, int64_t n) {
  double largest = a[0];
  for (int64_t i = 1; i < n; ++i)
    largest = a[i] > largest ? a[i] : largest;
  return largest;
}

static inline double sumOfAbsolutes(const double *a, int64_t n) {
  long double sum = 0.0L;
  for (int64_t i = 0; i < n; ++i)
    sum += fabs(a[i]);
  return (double)sum;
}

static inline double largestAbsolute(const double *a, int64_t n) {
  double largest = fabs(a[0]);
  for (int64_t i = 1; i < n; ++i)
    largest = fabs(a[i]) > largest ? fabs(a[i]) : largest;
  return largest;
}
