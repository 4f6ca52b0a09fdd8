"""Heat in a plate in JAX: all steps in one compiled loop."""

import jax.numpy as jnp
from jax_peer import steps, timed

n = 16384
niter = 100
k = 0.2


def step(t, un):
    return un.at[1:-1, 1:-1].set(
        un[1:-1, 1:-1]
        + k * (un[2:, 1:-1] + un[:-2, 1:-1] + un[1:-1, 2:] + un[1:-1, :-2] - 4.0 * un[1:-1, 1:-1])
    )


i = jnp.arange(n)
start = 1.0 / (1.0 + 0.001 * (i[:, None] - n // 3) ** 2 + 0.002 * (i - n // 2) ** 2)
u, seconds = timed(steps(step, niter), start.at[0, :].set(1.0).at[:, -1].set(0.5))

print("sum", u.sum())
print("points", u[0, 0], u[1, 1], u[n // 3, n // 2], u[n // 2, n // 3], u[n - 2, n - 2], u[1, n - 1])
print("seconds", seconds)
