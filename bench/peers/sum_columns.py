"""The sums of the columns of a matrix under Numba: sum_columns.hpc in loops, compiled."""
import time

import numba
import numpy as np

n = 1000
niter = 1000


@numba.njit
def add(total, a, niter):
    for t in range(niter):
        a[t % a.shape[0], 0] = t
        column = np.zeros(a.shape[1])
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                column[j] += a[i, j]
        for j in range(a.shape[1]):
            total[j] += column[j]


i = np.arange(n)
a = 1.0 / (1.0 + (i[:, None] * 7 + i * 13) % 101)
total = np.zeros(n)
add(total, a, 0)

start = time.process_time()
add(total, a, niter)
seconds = time.process_time() - start

print("total", total[0], total[1], total[n // 2], total[n - 1])
print("seconds", seconds)
