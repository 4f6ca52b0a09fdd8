"""One statement with twelve arrays under Numba: elementwise.hpc in loops, compiled."""
import time

import numba
import numpy as np

n = 100000
niter = 2000


@numba.njit
def compute(r, a, b, c, d, e, f, g, h, k, l, m, niter):
    for t in range(niter):
        r[0] = t
        for i in range(len(r)):
            r[i] = (((((r[i] * a[i] + b[i]) * c[i] - d[i]) * e[i] + f[i]) * g[i] - h[i]) * k[i]
                    + l[i]) * m[i]


x = np.arange(n) / n
a = 1.0 - 0.5 * x
b = x - 0.5
c = 0.5 * x
d = x * x
e = 1.0 / (1.0 + x)
f = 2.0 - x
g = 0.5 - x
h = 0.1 + d
k = 1.0 - d
l = x * d
m = 1.0 - l
r = np.zeros(n)
compute(r, a, b, c, d, e, f, g, h, k, l, m, 0)

start = time.process_time()
compute(r, a, b, c, d, e, f, g, h, k, l, m, niter)
seconds = time.process_time() - start

print("sum", r.sum())
print("points", r[0], r[1], r[n // 3], r[n // 2], r[n - 1])
print("seconds", seconds)
