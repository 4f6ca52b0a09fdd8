"""The Mandelbrot set, under Numba: the loops of mandelbrot.hpc compiled."""
import time

import numba
import numpy as np

ny = 1000
nx = 1500
limit = 200


@numba.njit
def count_steps(counts, limit):
    ny, nx = counts.shape
    for y in range(ny):
        for x in range(nx):
            a = -2.0 + 3.0 * x / nx
            b = -1.0 + 2.0 * y / ny
            re = 0.0
            im = 0.0
            n = 0
            while n < limit and re * re + im * im <= 4.0:
                re, im = re * re - im * im + a, 2.0 * re * im + b
                n = n + 1
            counts[y, x] = n


counts = np.zeros((ny, nx), dtype=np.int64)
count_steps(counts, 0)
start = time.process_time()
count_steps(counts, limit)
seconds = time.process_time() - start

print("sum", counts.sum())
print("points", counts[0, 0], counts[ny // 2, nx // 2], counts[ny // 3, nx // 4], counts[1, nx - 1])
print("seconds", seconds)
