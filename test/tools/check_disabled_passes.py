#!/usr/bin/python3
"""Runs programs with each pass left out in turn: output, exit code and error must stay the same.

    check_disabled_passes.py --hpcc HPCC [--every N] [--offset K] PROGRAM|FOLDER ...

The reference is the program under the whole pipeline, which the suite compares with CPython. Passes
that a program cannot do without (hpcc says so by its exit code 1 at once) are left alone.
"""

import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

TIME_LIMIT = 300


def pipeline(hpcc):
    """The flags of the passes that run by default, once each."""
    with tempfile.NamedTemporaryFile("w", suffix=".hpc") as file:
        file.write("print(1)\n")
        file.flush()
        report = subprocess.run(
            [hpcc, "--print-before-all", "--emit=ir-final", file.name, "-o", os.devnull],
            stderr=subprocess.PIPE, text=True, check=True,
        ).stderr
    return list(dict.fromkeys(re.findall(r"IR Dump Before ([\w-]+)", report)))


def outcome(command):
    """What a run leaves: code, output, and an error without the line that hpcc draws under it."""
    with tempfile.TemporaryDirectory() as directory:
        result = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, timeout=TIME_LIMIT)
    # Sanitizers put lines of their own, with the number of the process, before an error of memory.
    message = [line for line in result.stderr.split(b"\n") if not line.startswith(b"==")]
    return result.returncode, result.stdout, message[0]


def differences(hpcc, passes, program):
    """The passes without which the program does something else."""
    expected = outcome([hpcc, "run", program])
    return [
        flag for flag in passes
        if outcome([hpcc, "run", "--disable-pass=" + flag, program]) != expected
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--every", type=int, default=1, help="only each N-th program")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    programs = []
    for path in arguments.programs:
        programs += sorted(glob.glob(path + "/*.hpc")) if os.path.isdir(path) else [path]
    programs = [os.path.abspath(path) for path in programs[:: arguments.every]]
    hpcc = os.path.abspath(arguments.hpcc)
    passes = [flag for flag in pipeline(hpcc) if flag != "canonicalize"]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda program: differences(hpcc, passes, program), programs)
        for program, flags in zip(programs, results):
            for flag in flags:
                failed += 1
                print("%s: another answer without %s" % (program, flag))
    print("%d programs without each of %s: %d differences" % (len(programs), ", ".join(passes), failed))
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
