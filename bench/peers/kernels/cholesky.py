"""Cholesky under Numba: in loops, as its users write them."""
import math

import numba


@numba.njit
def cholesky(a):
    a[0, 0] = math.sqrt(a[0, 0])
    for i in range(1, a.shape[0]):
        for j in range(i):
            total = 0.0
            for k in range(j):
                total += a[i, k] * a[j, k]
            a[i, j] = (a[i, j] - total) / a[j, j]
        total = 0.0
        for k in range(i):
            total += a[i, k] * a[i, k]
        a[i, i] = math.sqrt(a[i, i] - total)
