"""Gemm under Numba: in loops, as its users write them."""
import numba


@numba.njit
def gemm(alpha, beta, c, a, b):
    ni, nj = c.shape
    for i in range(ni):
        for j in range(nj):
            c[i, j] *= beta
        for k in range(a.shape[1]):
            factor = alpha * a[i, k]
            for j in range(nj):
                c[i, j] += factor * b[k, j]
