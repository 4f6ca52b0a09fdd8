"""The driven cavity under Numba: cavity.hpc with its slices as loops, its functions compiled."""
import time

import numba
import numpy as np

nx = 201
ny = 201
niter = 100
nit = 50
rho = 1.0
nu = 0.05
dt = 0.0001
dx = 2.0 / (nx - 1)
dy = 2.0 / (ny - 1)


@numba.njit
def build_up_b(b, u, v):
    for i in range(1, ny - 1):
        for j in range(1, nx - 1):
            b[i, j] = rho * (
                1.0 / dt
                * ((u[i, j + 1] - u[i, j - 1]) / (2.0 * dx) + (v[i + 1, j] - v[i - 1, j]) / (2.0 * dy))
                - ((u[i, j + 1] - u[i, j - 1]) / (2.0 * dx)) ** 2
                - 2.0 * ((u[i + 1, j] - u[i - 1, j]) / (2.0 * dy)
                         * (v[i, j + 1] - v[i, j - 1]) / (2.0 * dx))
                - ((v[i + 1, j] - v[i - 1, j]) / (2.0 * dy)) ** 2
            )
    return b


@numba.njit
def pressure_poisson(p, b):
    for q in range(nit):
        pn = p.copy()
        for i in range(1, ny - 1):
            for j in range(1, nx - 1):
                p[i, j] = (
                    (pn[i, j + 1] + pn[i, j - 1]) * dy**2 + (pn[i + 1, j] + pn[i - 1, j]) * dx**2
                ) / (2.0 * (dx**2 + dy**2)) - dx**2 * dy**2 / (2.0 * (dx**2 + dy**2)) * b[i, j]
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0.0
    return p


@numba.njit
def cavity_flow(u, v, p, b, niter):
    for t in range(niter):
        un = u.copy()
        vn = v.copy()
        b = build_up_b(b, u, v)
        p = pressure_poisson(p, b)
        for i in range(1, ny - 1):
            for j in range(1, nx - 1):
                u[i, j] = (
                    un[i, j]
                    - un[i, j] * dt / dx * (un[i, j] - un[i, j - 1])
                    - vn[i, j] * dt / dy * (un[i, j] - un[i - 1, j])
                    - dt / (2.0 * rho * dx) * (p[i, j + 1] - p[i, j - 1])
                    + nu * (dt / dx**2 * (un[i, j + 1] - 2.0 * un[i, j] + un[i, j - 1])
                            + dt / dy**2 * (un[i + 1, j] - 2.0 * un[i, j] + un[i - 1, j]))
                )
        for i in range(1, ny - 1):
            for j in range(1, nx - 1):
                v[i, j] = (
                    vn[i, j]
                    - un[i, j] * dt / dx * (vn[i, j] - vn[i, j - 1])
                    - vn[i, j] * dt / dy * (vn[i, j] - vn[i - 1, j])
                    - dt / (2.0 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
                    + nu * (dt / dx**2 * (vn[i, j + 1] - 2.0 * vn[i, j] + vn[i, j - 1])
                            + dt / dy**2 * (vn[i + 1, j] - 2.0 * vn[i, j] + vn[i - 1, j]))
                )
        u[0, :] = 0.0
        u[:, 0] = 0.0
        u[:, -1] = 0.0
        u[-1, :] = 1.0
        v[0, :] = 0.0
        v[-1, :] = 0.0
        v[:, 0] = 0.0
        v[:, -1] = 0.0
    return u, v, p


u = np.zeros((ny, nx))
v = np.zeros((ny, nx))
p = np.zeros((ny, nx))
b = np.zeros((ny, nx))
cavity_flow(u, v, p, b, 0)

start = time.process_time()
u, v, p = cavity_flow(u, v, p, b, niter)
seconds = time.process_time() - start

print("sum", u.sum(), abs(v).sum(), abs(p).sum())
print("points", u[ny - 2, nx // 2], v[ny - 2, 1], p[ny - 2, 1], p[ny - 3, nx - 3])
print("seconds", seconds)
