"""Jacobi 1d under Numba: in loops, as its users write them."""
import numba


@numba.njit
def jacobi_1d(steps, a, b):
    for t in range(steps):
        for i in range(1, len(a) - 1):
            b[i] = 0.33333 * (a[i - 1] + a[i] + a[i + 1])
        for i in range(1, len(a) - 1):
            a[i] = 0.33333 * (b[i - 1] + b[i] + b[i + 1])
