"""Runs an hpcc program with CuPy for NumPy: under_cupy.py FILE.hpc. Clocks wait for the device."""

import sys
import time
import types

import cupy


def perf_counter():
    cupy.cuda.Device().synchronize()
    return time.perf_counter()


def show(*values):
    """print, of numbers: those of CuPy are on the device."""
    print(*(value.item() if isinstance(value, cupy.ndarray) else value for value in values))


sys.modules["numpy"] = cupy
sys.modules["time"] = types.SimpleNamespace(perf_counter=perf_counter)
with open(sys.argv[1]) as file:
    exec(compile(file.read(), sys.argv[1], "exec"), {"__name__": "__main__", "print": show})
