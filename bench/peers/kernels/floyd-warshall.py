"""Floyd warshall under Numba: in loops, as its users write them."""
import numba


@numba.njit
def floyd_warshall(path):
    n = path.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                path[i, j] = min(path[i, j], path[i, k] + path[k, j])
