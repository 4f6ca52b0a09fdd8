#!/usr/bin/python3
"""Writes a program of about a thousand lines, for measuring what compiling it costs.

mixed: functions, scalar lines, array statements, loops over elements and over time steps.
loops: every third line is a loop. steps: the same inside of a time loop. The text depends on the arguments alone, and runs under CPython.
"""

import argparse
import textwrap

FUNCTION = """\
def step_{k}(u, v, weight):
    w = weight * u + (1.0 - weight) * v
    w[1:-1] += 0.25 * (u[:-2] - 2.0 * u[1:-1] + u[2:])
    if w.max() > {k}.5:
        w = w / 2.0
    return w


"""
CALL = """\
c = step_{k}(a, b, 0.{d}5)
print("step {k}", c.sum(), c[{d}])
"""
SCALARS = """\
x = 0.5 * x + {d}.25
y = math.sqrt(x * x + {k}.0)
m = (m * 7 + {k}) % 1013
if m > {d}00:
    y = y - x
print({k}, m, x, y)
"""
ARRAYS = """\
b[1:-1] = 0.5 * a[1:-1] + 0.25 * (a[:-2] + a[2:])
a = np.minimum(a * 0.{d}5 + b, 3.0)
g[1:-1, 1:-1] = 0.25 * (g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] + g[1:-1, 2:])
g[0, :] = g[1, :]
print("norm {k}", np.abs(a - b).max(), g.mean())
"""
ELEMENTS = """\
total = 0.0
for i in range(1, n - 1):
    b[i] = a[i] * 0.{d}5 + a[i - 1]
    total += b[i]
print("total {k}", total)
"""
STEPS = """\
for t in range(3):
    old = a.copy()
    a[1:-1] = old[1:-1] + 0.1 * (old[2:] - 2.0 * old[1:-1] + old[:-2])
    for i in range(rows):
        for j in range(rows):
            g[i, j] = 0.5 * g[i, j] + {d}.0 * i - j
print("steps {k}", a[{d}], g[1, {d}])
"""
START = """\
import math

import numpy as np

n = 120
rows = 12
a = np.arange(n) * 0.01
b = np.zeros(n)
g = np.ones((rows, rows))
x = 1.0
m = 3
"""
LOOP = """\
for i in range(1, n - 1):
    b[i] = a[i - 1] * 0.{d}5 + a[i + 1] + {k}.0
a[{d}] = b[{e}] + x
"""


def lines_of(text):
    return text.count("\n")


def mixed(lines):
    functions = "".join(FUNCTION.format(k=k, d=k % 9 + 1) for k in range(lines // 50))
    text = START.replace("n = 120", "\n" + functions + "n = 120")
    kinds = [SCALARS, ARRAYS, ELEMENTS, CALL, STEPS]
    k = 0
    while lines_of(text) < lines:
        kind = kinds[k % len(kinds)]
        text += kind.format(k=k // len(kinds) % (lines // 50) if kind is CALL else k, d=k % 9 + 1)
        k += 1
    return text


def loops(lines, around=""):
    text = START + around
    k = 0
    while lines_of(text) < lines - 1:
        loop = LOOP.format(k=k, d=k % 9 + 1, e=k % 7 + 2)
        text += textwrap.indent(loop, "    ") if around else loop
        k += 1
    return text + "print(a.sum(), b.sum())\n"


def steps(lines):
    return loops(lines, "for step in range(3):\n")


KINDS = {"mixed": mixed, "loops": loops, "steps": steps}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--lines", type=int, default=1000)
    arguments = parser.parse_args()
    print(KINDS[arguments.kind](arguments.lines), end="")


if __name__ == "__main__":
    main()
