"""Heat in a plate under Numba: heat2d.hpc with its slices as loops, its time loop compiled."""
import time

import numba
import numpy as np

n = 4096
niter = 100
k = 0.2


@numba.njit
def heat(u, k, niter):
    for t in range(niter):
        un = u.copy()
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                u[i, j] = un[i, j] + k * (
                    un[i + 1, j] + un[i - 1, j] + un[i, j + 1] + un[i, j - 1] - 4.0 * un[i, j]
                )


i = np.arange(n)
u = 1.0 / (1.0 + 0.001 * (i[:, None] - n // 3) ** 2 + 0.002 * (i - n // 2) ** 2)
u[0, :] = 1.0
u[:, -1] = 0.5
heat(u, k, 0)

start = time.process_time()
heat(u, k, niter)
seconds = time.process_time() - start

print("sum", u.sum())
print("points", u[0, 0], u[1, 1], u[n // 3, n // 2], u[n // 2, n // 3], u[n - 2, n - 2], u[1, n - 1])
print("seconds", seconds)
