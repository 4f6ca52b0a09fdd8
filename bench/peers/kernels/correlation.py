"""Correlation under Numba: in loops, as its users write them."""
import math

import numba
import numpy as np


@numba.njit
def correlation(m, float_n, data):
    n = data.shape[0]
    mean = np.zeros(m)
    stddev = np.zeros(m)
    for i in range(n):
        for j in range(m):
            mean[j] += data[i, j]
    for j in range(m):
        mean[j] /= n
    for i in range(n):
        for j in range(m):
            stddev[j] += (data[i, j] - mean[j]) ** 2
    for j in range(m):
        stddev[j] = math.sqrt(stddev[j] / n)
        if stddev[j] <= 0.1:
            stddev[j] = 1.0
    for i in range(n):
        for j in range(m):
            data[i, j] = (data[i, j] - mean[j]) / (math.sqrt(float_n) * stddev[j])
    corr = np.zeros((m, m))
    for k in range(n):
        for i in range(m):
            for j in range(i + 1, m):
                corr[i, j] += data[k, i] * data[k, j]
    for i in range(m):
        corr[i, i] = 1.0
        for j in range(i + 1, m):
            corr[j, i] = corr[i, j]
    return corr
