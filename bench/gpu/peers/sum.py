"""The sum of an array in JAX: all steps in one compiled loop."""

import jax.numpy as jnp
from jax_peer import steps, timed

n = 100000000
niter = 100


def step(t, state):
    a, total = state
    a = a.at[0].set(t)
    return a, total + a.sum()


start = 1.0 / (1.0 + jnp.arange(n) * 7 % 101)
(a, total), seconds = timed(steps(step, niter), (start, jnp.zeros(())))

print("total", total)
print("seconds", seconds)
