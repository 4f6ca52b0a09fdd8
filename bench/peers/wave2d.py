"""Waves on a membrane under Numba: wave2d.hpc with its slices as loops, its time loop compiled."""
import time

import numba
import numpy as np

n = 2048
niter = 100
c2 = 0.25


@numba.njit
def leapfrog(before, u, after, c2, niter):
    rows, columns = u.shape
    for t in range(niter):
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                after[i, j] = (
                    2.0 * u[i, j]
                    - before[i, j]
                    + c2 * (u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j])
                )
        for i in range(rows):
            for j in range(columns):
                before[i, j] = u[i, j]
        for i in range(rows):
            for j in range(columns):
                u[i, j] = after[i, j]


i = np.arange(n)
u = 1.0 / (1.0 + 0.01 * (i[:, None] - n // 3) ** 2 + 0.02 * (i - n // 2) ** 2)
before = u.copy()
after = np.zeros((n, n))
after[0, :] = 0.25
leapfrog(before, u, after, c2, 0)

start = time.process_time()
leapfrog(before, u, after, c2, niter)
seconds = time.process_time() - start

print("sum", u.sum(), before.sum(), after.sum())
print("largest", abs(u).max(), abs(before).max())
print("points", u[0, 0], u[1, 1], u[n // 3, n // 2], u[n // 2, n // 2], u[n - 2, n - 2])
print("seconds", seconds)
