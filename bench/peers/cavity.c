/* The driven cavity: cavity.hpc line by line, with its copies; the functions' arrays do not
 * overlap. */
#include "peer.h"
#include <string.h>

enum { nx = SIZE_nx, ny = SIZE_ny, niter = SIZE_niter, nit = SIZE_nit };

static const double rho = 1.0, nu = 0.05, dt = 0.0001;
static const double dx = 2.0 / (nx - 1), dy = 2.0 / (ny - 1);

typedef double Field[ny][nx];

static double square(double x) { return x * x; }

static void copy(Field *restrict to, const Field *restrict from) {
  memcpy(to, from, sizeof(Field));
}

static void buildUpB(double (*restrict b)[nx], const double (*restrict u)[nx],
                     const double (*restrict v)[nx]) {
  for (int64_t i = 1; i < ny - 1; ++i)
    for (int64_t j = 1; j < nx - 1; ++j)
      b[i][j] = rho * (1.0 / dt *
                           ((u[i][j + 1] - u[i][j - 1]) / (2.0 * dx) +
                            (v[i + 1][j] - v[i - 1][j]) / (2.0 * dy)) -
                       square((u[i][j + 1] - u[i][j - 1]) / (2.0 * dx)) -
                       2.0 * ((u[i + 1][j] - u[i - 1][j]) / (2.0 * dy) *
                              (v[i][j + 1] - v[i][j - 1]) / (2.0 * dx)) -
                       square((v[i + 1][j] - v[i - 1][j]) / (2.0 * dy)));
}

static void pressurePoisson(double (*restrict p)[nx], double (*restrict pn)[nx],
                            const double (*restrict b)[nx]) {
  for (int64_t q = 0; q < nit; ++q) {
    copy((Field *)pn, (const Field *)p);
    for (int64_t i = 1; i < ny - 1; ++i)
      for (int64_t j = 1; j < nx - 1; ++j)
        p[i][j] = ((pn[i][j + 1] + pn[i][j - 1]) * square(dy) +
                   (pn[i + 1][j] + pn[i - 1][j]) * square(dx)) /
                      (2.0 * (square(dx) + square(dy))) -
                  square(dx) * square(dy) / (2.0 * (square(dx) + square(dy))) * b[i][j];
    for (int64_t i = 0; i < ny; ++i)
      p[i][nx - 1] = p[i][nx - 2];
    for (int64_t j = 0; j < nx; ++j)
      p[0][j] = p[1][j];
    for (int64_t i = 0; i < ny; ++i)
      p[i][0] = p[i][1];
    for (int64_t j = 0; j < nx; ++j)
      p[ny - 1][j] = 0.0;
  }
}

static void advance(double (*restrict u)[nx], double (*restrict v)[nx],
                    const double (*restrict un)[nx], const double (*restrict vn)[nx],
                    const double (*restrict p)[nx]) {
  for (int64_t i = 1; i < ny - 1; ++i)
    for (int64_t j = 1; j < nx - 1; ++j)
      u[i][j] = un[i][j] - un[i][j] * dt / dx * (un[i][j] - un[i][j - 1]) -
                vn[i][j] * dt / dy * (un[i][j] - un[i - 1][j]) -
                dt / (2.0 * rho * dx) * (p[i][j + 1] - p[i][j - 1]) +
                nu * (dt / square(dx) * (un[i][j + 1] - 2.0 * un[i][j] + un[i][j - 1]) +
                      dt / square(dy) * (un[i + 1][j] - 2.0 * un[i][j] + un[i - 1][j]));
  for (int64_t i = 1; i < ny - 1; ++i)
    for (int64_t j = 1; j < nx - 1; ++j)
      v[i][j] = vn[i][j] - un[i][j] * dt / dx * (vn[i][j] - vn[i][j - 1]) -
                vn[i][j] * dt / dy * (vn[i][j] - vn[i - 1][j]) -
                dt / (2.0 * rho * dy) * (p[i + 1][j] - p[i - 1][j]) +
                nu * (dt / square(dx) * (vn[i][j + 1] - 2.0 * vn[i][j] + vn[i][j - 1]) +
                      dt / square(dy) * (vn[i + 1][j] - 2.0 * vn[i][j] + vn[i - 1][j]));
  for (int64_t j = 0; j < nx; ++j)
    u[0][j] = 0.0;
  for (int64_t i = 0; i < ny; ++i)
    u[i][0] = 0.0;
  for (int64_t i = 0; i < ny; ++i)
    u[i][nx - 1] = 0.0;
  for (int64_t j = 0; j < nx; ++j)
    u[ny - 1][j] = 1.0;
  for (int64_t j = 0; j < nx; ++j)
    v[0][j] = 0.0;
  for (int64_t j = 0; j < nx; ++j)
    v[ny - 1][j] = 0.0;
  for (int64_t i = 0; i < ny; ++i)
    v[i][0] = 0.0;
  for (int64_t i = 0; i < ny; ++i)
    v[i][nx - 1] = 0.0;
}

int main(void) {
  Field *u = calloc(1, sizeof(Field)), *v = calloc(1, sizeof(Field)), *p = calloc(1, sizeof(Field)),
        *b = calloc(1, sizeof(Field)), *un = calloc(1, sizeof(Field)),
        *vn = calloc(1, sizeof(Field)), *pn = calloc(1, sizeof(Field));

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
    copy(un, u);
    copy(vn, v);
    buildUpB(*b, *u, *v);
    pressurePoisson(*p, *pn, *b);
    advance(*u, *v, *un, *vn, *p);
  }
  double seconds = readClock() - start;

  printf("sum %.17g %.17g %.17g\n", sumOf(&(*u)[0][0], nx * ny),
         sumOfAbsolutes(&(*v)[0][0], nx * ny), sumOfAbsolutes(&(*p)[0][0], nx * ny));
  printf("points %.17g %.17g %.17g %.17g\n", (*u)[ny - 2][nx / 2], (*v)[ny - 2][1], (*p)[ny - 2][1],
         (*p)[ny - 3][nx - 3]);
  printf("seconds %.9f\n", seconds);
}
