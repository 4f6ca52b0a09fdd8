"""The sum of a matrix under Numba: sum_all.hpc in loops, compiled."""
import time

import numba
import numpy as np

n = 1000
niter = 1000


@numba.njit
def add(a, niter):
    total = 0.0
    for t in range(niter):
        a[t % a.shape[0], 0] = t
        step = 0.0
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                step += a[i, j]
        total += step
    return total


i = np.arange(n)
a = 1.0 / (1.0 + (i[:, None] * 7 + i * 13) % 101)
add(a, 0)

start = time.process_time()
total = add(a, niter)
seconds = time.process_time() - start

print("total", total)
print("seconds", seconds)
