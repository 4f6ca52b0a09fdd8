"""Adi under Numba: in loops, as its users write them."""
import numba
import numpy as np


@numba.njit
def adi(steps, u):
    n, m = u.shape
    v = np.empty((n, m))
    p = np.empty((n, m))
    q = np.empty((n, m))
    dx = 1.0 / n
    dy = 1.0 / m
    dt = 1.0 / (steps + 1)
    mul1 = 2.0 * dt / (dx * dx)
    mul2 = 1.0 * dt / (dy * dy)
    a = c = -mul1 / 2.0
    b = 1.0 + mul1
    d = f = -mul2 / 2.0
    e = 1.0 + mul2
    for t in range(1, steps + 1):
        for j in range(1, m - 1):
            v[0, j] = 1.0
            p[0, j] = 0.0
            q[0, j] = v[0, j]
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                p[i, j] = -c / (a * p[i - 1, j] + b)
                q[i, j] = (-d * u[i, j - 1] + (1.0 + 2.0 * d) * u[i, j] - f * u[i, j + 1] - a * q[i - 1, j]) / (
                    a * p[i - 1, j] + b
                )
        for j in range(1, m - 1):
            v[n - 1, j] = 1.0
        for i in range(n - 2, 0, -1):
            for j in range(1, m - 1):
                v[i, j] = p[i, j] * v[i + 1, j] + q[i, j]
        for i in range(1, n - 1):
            u[i, 0] = 1.0
            p[i, 0] = 0.0
            q[i, 0] = u[i, 0]
            for j in range(1, m - 1):
                p[i, j] = -f / (d * p[i, j - 1] + e)
                q[i, j] = (-a * v[i - 1, j] + (1.0 + 2.0 * a) * v[i, j] - c * v[i + 1, j] - d * q[i, j - 1]) / (
                    d * p[i, j - 1] + e
                )
            u[i, m - 1] = 1.0
            for j in range(m - 2, 0, -1):
                u[i, j] = p[i, j] * u[i, j + 1] + q[i, j]
    return u, v
