#!/usr/bin/python3
"""Runs a program at several sizes under CPython and under hpcc, and compares every byte of output.

    check_sizes.py --hpcc HPCC [--hpc-opt OPT] --oracle PYTHON n=1,2,3 T=0,1 FILE.hpc

Each NAME=VALUES replaces the literal of a module variable, as hpcc's -D does. CPython runs all sizes
in one process. hpcc runs each at -O0 and -O3; with --hpc-opt on an emulated GPU instead, with all that
can run there.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile

from check_program import ON_GRIDS

# What the oracle runs: each size in a namespace of its own, outputs as a JSON list.
RUN_ALL = """
import ast, contextlib, io, json, sys
file, sizes = sys.argv[1], json.loads(sys.argv[2])
outputs = []
for values in sizes:
    tree = ast.parse(open(file).read())
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in values and isinstance(node.value, ast.Constant):
                node.value = ast.copy_location(ast.Constant(values[name]), node.value)
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        exec(compile(tree, file, "exec"), {"__name__": "__main__"})
    outputs.append(text.getvalue())
print(json.dumps(outputs))
"""


def first_difference(left, right):
    """The first line in which two texts differ, with its number."""
    for number, lines in enumerate(itertools.zip_longest(left.split("\n"), right.split("\n")), 1):
        if lines[0] != lines[1]:
            return "line %d: CPython %r, hpcc %r" % (number, lines[0], lines[1])
    return "no line"


def commands_of(arguments, defines, directory):
    """The ways to run a size, each by its name: commands of which the last one prints."""
    if not arguments.hpc_opt:
        run = [arguments.hpcc, "run", *defines, arguments.program]
        return {level: [run + [level]] for level in ["-O0", "-O3"]}
    final, mapped = (os.path.join(directory, name) for name in ("final.hir", "mapped.hir"))
    return {
        "on a grid": [
            [arguments.hpcc, "--emit=ir-final", "--target=cpu", *defines, arguments.program, "-o", final],
            [arguments.hpc_opt, final, *ON_GRIDS, "-o", mapped],
            [arguments.hpcc, "run", "-O1", "--emulate", mapped],
        ]
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--hpc-opt")
    parser.add_argument("--oracle", required=True)
    parser.add_argument("sizes", nargs="+", metavar="NAME=VALUE,..")
    parser.add_argument("program")
    arguments = parser.parse_args()
    names, values = [], []
    for size in arguments.sizes:
        name, _, numbers = size.partition("=")
        names.append(name)
        values.append([int(number) for number in numbers.split(",")])
    sizes = [dict(zip(names, row)) for row in itertools.product(*values)]
    run = subprocess.run(
        [arguments.oracle, "-c", RUN_ALL, arguments.program, json.dumps(sizes)],
        stdout=subprocess.PIPE, check=True, text=True,
    )
    failed = 0
    with tempfile.TemporaryDirectory(prefix="hpcc-sizes-") as directory:
        for size, expected in zip(sizes, json.loads(run.stdout)):
            defines = [word for name, value in size.items() for word in ("-D", "%s=%d" % (name, value))]
            for label, commands in commands_of(arguments, defines, directory).items():
                for command in commands:
                    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
                    if result.returncode != 0:
                        break
                if result.returncode != 0 or result.stdout != expected:
                    failed += 1
                    print("%s %s: code %d, %s" % (label, size, result.returncode,
                                                 first_difference(expected, result.stdout)))
    print("%d sizes, %d differences" % (len(sizes), failed))
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
