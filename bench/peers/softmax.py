"""Softmax of every row of a matrix under Numba: softmax.hpc in loops, compiled."""
import math
import time

import numba
import numpy as np

rows = 4000
columns = 1000
niter = 20


@numba.njit
def softmax(x):
    e = np.empty_like(x)
    result = np.empty_like(x)
    for i in range(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        for j in range(x.shape[1]):
            e[i, j] = math.exp(x[i, j] - largest)
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            total += e[i, j]
        for j in range(x.shape[1]):
            result[i, j] = e[i, j] / total
    return result


i = np.arange(rows)
j = np.arange(columns)
x = 10.0 / (1.0 + (i[:, None] * 7 + j * 13) % 101)
softmax(x[:1])

start = time.process_time()
for t in range(niter):
    x = softmax(x)
seconds = time.process_time() - start

print("sum", x.sum())
print("points", x[0, 0], x[1, 1], x[rows // 2, columns // 3], x[rows - 1, columns - 1])
print("seconds", seconds)
