/* One statement with twelve arrays: elementwise.hpc line by line. */
#include "peer.h"

enum { n = SIZE_n, niter = SIZE_niter };

static double *array(void) { return calloc(n, sizeof(double)); }

int main(void) {
  double *a = array(), *b = array(), *c = array(), *d = array(), *e = array(), *f = array(),
         *g = array(), *h = array(), *k = array(), *l = array(), *m = array(), *r = array();
  for (int64_t i = 0; i < n; ++i) {
    double x = (double)i / n;
    a[i] = 1.0 - 0.5 * x;
    b[i] = x - 0.5;
    c[i] = 0.5 * x;
    d[i] = x * x;
    e[i] = 1.0 / (1.0 + x);
    f[i] = 2.0 - x;
    g[i] = 0.5 - x;
    h[i] = 0.1 + d[i];
    k[i] = 1.0 - d[i];
    l[i] = x * d[i];
    m[i] = 1.0 - l[i];
  }

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
    r[0] = (double)t;
    for (int64_t i = 0; i < n; ++i)
      r[i] = (((((r[i] * a[i] + b[i]) * c[i] - d[i]) * e[i] + f[i]) * g[i] - h[i]) * k[i] + l[i]) *
             m[i];
  }
  double seconds = readClock() - start;

  printf("sum %.17g\n", sumOf(r, n));
  printf("points %.17g %.17g %.17g %.17g %.17g\n", r[0], r[1], r[n / 3], r[n / 2], r[n - 1]);
  printf("seconds %.9f\n", seconds);
}
