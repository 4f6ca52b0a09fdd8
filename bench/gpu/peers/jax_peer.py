"""What every peer in JAX needs: 64-bit numbers, and the clock, read when the device is idle."""

import time

import jax

jax.config.update("jax_enable_x64", True)


def steps(step, niter):
    """A compiled function that applies `step(t, state)` niter times; its argument is used up."""
    return jax.jit(lambda state: jax.lax.fori_loop(0, niter, step, state), donate_argnums=0)


def timed(work, state):
    """The state after two rounds of work, and the seconds of the second."""
    state = jax.block_until_ready(work(state))
    start = time.perf_counter()
    state = jax.block_until_ready(work(state))
    return state, time.perf_counter() - start
