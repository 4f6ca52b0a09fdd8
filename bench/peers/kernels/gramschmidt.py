"""Gramschmidt under Numba: in loops, as its users write them."""
import math

import numba
import numpy as np


@numba.njit
def gramschmidt(a):
    m, n = a.shape
    q = np.zeros_like(a)
    r = np.zeros((n, n))
    for k in range(n):
        nrm = 0.0
        for i in range(m):
            nrm += a[i, k] * a[i, k]
        r[k, k] = math.sqrt(nrm)
        for i in range(m):
            q[i, k] = a[i, k] / r[k, k]
        for j in range(k + 1, n):
            total = 0.0
            for i in range(m):
                total += q[i, k] * a[i, j]
            r[k, j] = total
            for i in range(m):
                a[i, j] -= q[i, k] * total
    return q, r
