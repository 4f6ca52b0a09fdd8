"""Heat in a cube under Numba: heat3d.hpc with its slices as loops, its time loop compiled."""
import time

import numba
import numpy as np

n = 256
niter = 20
k = 0.1


@numba.njit
def heat(u, k, niter):
    for t in range(niter):
        un = u.copy()
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                for l in range(1, u.shape[2] - 1):
                    u[i, j, l] = un[i, j, l] + k * (
                        un[i + 1, j, l] + un[i - 1, j, l]
                        + un[i, j + 1, l] + un[i, j - 1, l]
                        + un[i, j, l + 1] + un[i, j, l - 1]
                        - 6.0 * un[i, j, l]
                    )


i = np.arange(n)
u = 1.0 / (
    1.0
    + 0.01 * (i[:, None, None] - n // 3) ** 2
    + 0.02 * (i[:, None] - n // 2) ** 2
    + 0.03 * (i - n // 4) ** 2
)
u[0, :, :] = 1.0
u[:, :, -1] = 0.5
heat(u, k, 0)

start = time.process_time()
heat(u, k, niter)
seconds = time.process_time() - start

print("sum", u.sum())
print("points", u[0, 0, 0], u[1, 1, 1], u[n // 3, n // 2, n // 4], u[n - 2, n - 2, n - 2])
print("seconds", seconds)
