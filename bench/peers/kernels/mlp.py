"""Mlp under Numba: in loops, as its users write them."""
import math

import numba
import numpy as np


@numba.njit
def layer(x, w, b):
    n, m = x.shape[0], w.shape[1]
    result = np.empty((n, m), dtype=np.float32)
    for i in range(n):
        for j in range(m):
            result[i, j] = b[j]
        for k in range(x.shape[1]):
            for j in range(m):
                result[i, j] += x[i, k] * w[k, j]
    return result


@numba.njit
def relu(x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = max(x[i, j], np.float32(0))


@numba.njit
def mlp(input, w1, b1, w2, b2, w3, b3):
    x = layer(input, w1, b1)
    relu(x)
    x = layer(x, w2, b2)
    relu(x)
    x = layer(x, w3, b3)
    for i in range(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        total = np.float32(0)
        for j in range(x.shape[1]):
            x[i, j] = math.exp(x[i, j] - largest)
            total += x[i, j]
        for j in range(x.shape[1]):
            x[i, j] /= total
    return x
