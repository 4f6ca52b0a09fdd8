/* Softmax of every row of a matrix: softmax.hpc line by line; e and the result are allocated once.
 */
#include "peer.h"

enum { rows = SIZE_rows, columns = SIZE_columns, niter = SIZE_niter };

typedef double Row[columns];

static void softmax(Row *restrict result, Row *restrict e, const Row *restrict x) {
  for (int64_t i = 0; i < rows; ++i) {
    double largest = x[i][0];
    for (int64_t j = 1; j < columns; ++j)
      largest = x[i][j] > largest ? x[i][j] : largest;
    for (int64_t j = 0; j < columns; ++j)
      e[i][j] = exp(x[i][j] - largest);
  }
  for (int64_t i = 0; i < rows; ++i) {
    double sum = 0.0;
    for (int64_t j = 0; j < columns; ++j)
      sum += e[i][j];
    for (int64_t j = 0; j < columns; ++j)
      result[i][j] = e[i][j] / sum;
  }
}

int main(void) {
  Row *x = malloc(rows * sizeof(Row)), *e = malloc(rows * sizeof(Row)),
      *result = malloc(rows * sizeof(Row));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j)
      x[i][j] = 10.0 / (1.0 + (double)((i * 7 + j * 13) % 101));

  double start = readClock();
  for (int64_t t = 0; t < niter; ++t) {
    softmax(result, e, x);
    Row *old = x;
    x = result;
    result = old;
  }
  double seconds = readClock() - start;

  printf("sum %.17g\n", sumOf(&x[0][0], rows * columns));
  printf("points %.17g %.17g %.17g %.17g\n", x[0][0], x[1][1], x[rows / 2][columns / 3],
         x[rows - 1][columns - 1]);
  printf("seconds %.9f\n", seconds);
}
