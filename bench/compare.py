#!/usr/bin/python3
"""Measures programs under CPython, under `hpcc run`, and as executables; prints a table.

The three ways of running a program take turns, so that a change of the machine's load meets all of
them alike. A time is the processor time (user and system) of the whole process, start-up and, for
`hpcc run`, compilation included; it varies less than wall time on a machine with other work, and is
the same on an idle one, for all of them run on one core. The table gives the median of the rounds.

    bench/compare.py examples/*.hpc
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def seconds(command, directory):
    """The processor time of one run of a command; its output is thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=directory, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(program, hpcc, python, rounds, directory):
    """The medians in seconds of the three ways to run a program, in the order of the table."""
    executable = os.path.join(directory, "program")
    subprocess.run([hpcc, program, "-o", executable], check=True)
    commands = [[python, program], [hpcc, "run", program], [executable]]
    times = [[seconds(command, directory) for command in commands] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", default=os.path.join(ROOT, "build", "bin", "hpcc"))
    parser.add_argument("--python", default=os.path.join(ROOT, ".oracle", "bin", "python"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("programs", nargs="+", metavar="FILE.hpc")
    arguments = parser.parse_args()
    print("| program | CPython | `hpcc run` | executable | CPython / executable |")
    print("|---|---:|---:|---:|---:|")
    for program in arguments.programs:
        with tempfile.TemporaryDirectory() as directory:
            cpython, run, executable = measure(
                os.path.abspath(program), arguments.hpcc, arguments.python, arguments.rounds, directory
            )
        print(
            "| `%s` | %.3f s | %.3f s | %.3f s | %.1f |"
            % (os.path.basename(program), cpython, run, executable, cpython / executable)
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
