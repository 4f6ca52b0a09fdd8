"""Softmax under Numba: in loops, as its users write them."""
import math

import numba
import numpy as np


@numba.njit
def softmax(x):
    result = np.empty_like(x)
    n, h, m, k = x.shape
    for i in range(n):
        for j in range(h):
            for l in range(m):
                largest = x[i, j, l, 0]
                for c in range(k):
                    largest = max(largest, x[i, j, l, c])
                total = np.float32(0)
                for c in range(k):
                    result[i, j, l, c] = math.exp(x[i, j, l, c] - largest)
                    total += result[i, j, l, c]
                for c in range(k):
                    result[i, j, l, c] /= total
    return result
