"""Diffusion in a rod in JAX: all steps in one compiled loop."""

import jax.numpy as jnp
from jax_peer import steps, timed

n = 100000000
niter = 100
kappa = 0.1
fac = 1.0 - 2.0 * kappa


def step(t, u):
    return jnp.zeros_like(u).at[1:-1].set(fac * u[1:-1] + kappa * (u[:-2] + u[2:]))


x = jnp.arange(n)
u, seconds = timed(steps(step, niter), 1.0 / (1.0 + 0.01 * (x - n // 3) ** 2))

print("sum", u.sum(), u.sum())
print("largest", u.max(), u.max())
print("points", u[0], u[n // 3], u[n // 2], u[n - 2], u[n - 1])
print("seconds", seconds)
