"""Cavity flow under Numba: in loops, as its users write them."""
import numba
import numpy as np


@numba.njit
def cavity_flow(nx, ny, nt, sweeps, u, v, dt, dx, dy, p, rho, nu):
    un = np.empty_like(u)
    vn = np.empty_like(v)
    pn = np.empty_like(p)
    b = np.zeros((ny, nx))
    for n in range(nt):
        un[:] = u
        vn[:] = v
        for i in range(1, ny - 1):
            for j in range(1, nx - 1):
                ux = (u[i, j + 1] - u[i, j - 1]) / (2 * dx)
                vy = (v[i + 1, j] - v[i - 1, j]) / (2 * dy)
                b[i, j] = rho * (
                    1 / dt * (ux + vy)
                    - ux**2
                    - 2 * ((u[i + 1, j] - u[i - 1, j]) / (2 * dy) * (v[i, j + 1] - v[i, j - 1]) / (2 * dx))
                    - vy**2
                )
        for q in range(sweeps):
            pn[:] = p
            for i in range(1, ny - 1):
                for j in range(1, nx - 1):
                    p[i, j] = ((pn[i, j + 1] + pn[i, j - 1]) * dy**2 + (pn[i + 1, j] + pn[i - 1, j]) * dx**2) / (
                        2 * (dx**2 + dy**2)
                    ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[i, j]
            p[:, -1] = p[:, -2]
            p[0, :] = p[1, :]
            p[:, 0] = p[:, 1]
            p[-1, :] = 0
        for i in range(1, ny - 1):
            for j in range(1, nx - 1):
                u[i, j] = (
                    un[i, j]
                    - un[i, j] * dt / dx * (un[i, j] - un[i, j - 1])
                    - vn[i, j] * dt / dy * (un[i, j] - un[i - 1, j])
                    - dt / (2 * rho * dx) * (p[i, j + 1] - p[i, j - 1])
                    + nu
                    * (
                        dt / dx**2 * (un[i, j + 1] - 2 * un[i, j] + un[i, j - 1])
                        + dt / dy**2 * (un[i + 1, j] - 2 * un[i, j] + un[i - 1, j])
                    )
                )
                v[i, j] = (
                    vn[i, j]
                    - un[i, j] * dt / dx * (vn[i, j] - vn[i, j - 1])
                    - vn[i, j] * dt / dy * (vn[i, j] - vn[i - 1, j])
                    - dt / (2 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
                    + nu
                    * (
                        dt / dx**2 * (vn[i, j + 1] - 2 * vn[i, j] + vn[i, j - 1])
                        + dt / dy**2 * (vn[i + 1, j] - 2 * vn[i, j] + vn[i - 1, j])
                    )
                )
        u[0, :] = 0
        u[:, 0] = 0
        u[:, -1] = 0
        u[-1, :] = 1
        v[0, :] = 0
        v[-1, :] = 0
        v[:, 0] = 0
        v[:, -1] = 0
