"""Gemver under Numba: in loops, as its users write them."""
import numba


@numba.njit
def gemver(alpha, beta, a, u1, v1, u2, v2, w, x, y, z):
    n, m = a.shape
    for i in range(n):
        for j in range(m):
            a[i, j] += u1[i] * v1[j] + u2[i] * v2[j]
    for i in range(n):
        factor = beta * y[i]
        for j in range(m):
            x[j] += factor * a[i, j]
    for j in range(m):
        x[j] += z[j]
    for i in range(n):
        total = 0.0
        for j in range(m):
            total += alpha * a[i, j] * x[j]
        w[i] += total
