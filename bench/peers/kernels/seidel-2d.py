"""Seidel 2d under Numba: in loops, as its users write them."""
import numba


@numba.njit
def seidel_2d(steps, a):
    n, m = a.shape
    for t in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] += (
                    a[i - 1, j - 1]
                    + a[i - 1, j]
                    + a[i - 1, j + 1]
                    + a[i, j + 1]
                    + a[i + 1, j - 1]
                    + a[i + 1, j]
                    + a[i + 1, j + 1]
                )
                a[i, j] += a[i, j - 1]
                a[i, j] /= 9.0
