"""Atax under Numba: in loops, as its users write them."""
import numba
import numpy as np


@numba.njit
def atax(a, x):
    m, n = a.shape
    y = np.zeros(n)
    for i in range(m):
        total = 0.0
        for j in range(n):
            total += a[i, j] * x[j]
        for j in range(n):
            y[j] += a[i, j] * total
    return y
