"""Trisolv under Numba: in loops, as its users write them."""
import numba


@numba.njit
def trisolv(l, x, b):
    for i in range(l.shape[0]):
        total = 0.0
        for j in range(i):
            total += l[i, j] * x[j]
        x[i] = (b[i] - total) / l[i, i]
