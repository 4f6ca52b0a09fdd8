"""a * b + c in JAX: all steps in one compiled loop."""

import jax.numpy as jnp
from jax_peer import steps, timed

n = 100000000
niter = 100


def step(t, state):
    a, b, c, r = state
    a = a.at[0].set(t)
    return a, b, c, a * b + c


x = jnp.arange(n) / n
state = (1.0 - 0.5 * x, x - 0.5, 0.5 * x, jnp.zeros(n))
(a, b, c, r), seconds = timed(steps(step, niter), state)

print("sum", r.sum())
print("points", r[0], r[1], r[n // 3], r[n // 2], r[n - 1])
print("seconds", seconds)
