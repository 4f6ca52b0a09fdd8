"""Heat 3d under Numba: in loops, as its users write them."""
import numba


@numba.njit
def heat_3d(steps, a, b):
    n, m, l = a.shape
    for t in range(steps):
        for half in range(2):
            source, target = (a, b) if half == 0 else (b, a)
            for i in range(1, n - 1):
                for j in range(1, m - 1):
                    for k in range(1, l - 1):
                        target[i, j, k] = (
                            0.125 * (source[i + 1, j, k] - 2.0 * source[i, j, k] + source[i - 1, j, k])
                            + 0.125 * (source[i, j + 1, k] - 2.0 * source[i, j, k] + source[i, j - 1, k])
                            + 0.125 * (source[i, j, k + 1] - 2.0 * source[i, j, k] + source[i, j, k - 1])
                            + source[i, j, k]
                        )
