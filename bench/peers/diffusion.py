"""Diffusion in a rod under Numba: diffusion.hpc in loops, its time loop compiled."""
import time

import numba
import numpy as np

n = 100000
niter = 50000
kappa = 0.1


@numba.njit
def diffuse(u, udt, fac, kappa, niter):
    for t in range(niter):
        for i in range(1, len(u) - 1):
            udt[i] = fac * u[i] + kappa * (u[i - 1] + u[i + 1])
        for i in range(len(u)):
            u[i] = udt[i]


x = np.arange(n)
u = 1.0 / (1.0 + 0.01 * (x - n // 3) ** 2)
udt = np.zeros(n)
fac = 1.0 - 2.0 * kappa
diffuse(u, udt, fac, kappa, 0)

start = time.process_time()
diffuse(u, udt, fac, kappa, niter)
seconds = time.process_time() - start

print("sum", u.sum(), udt.sum())
print("largest", u.max(), udt.max())
print("points", u[0], u[n // 3], u[n // 2], u[n - 2], u[n - 1])
print("seconds", seconds)
