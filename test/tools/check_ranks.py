#!/usr/bin/python3
"""Runs a program with mpi4py on several numbers of ranks, under CPython and under hpcc.

    check_ranks.py --hpcc HPCC --hpc-opt HPC_OPT --oracle PYTHON [--ranks 1,2,3,4] PROGRAM

What each rank prints is compared. hpcc runs the program in memory (`mpirun -np P hpcc run`), as an executable (`mpirun -np P ./prog`), without mpirun
(one rank), and in the IR interpreter (one rank).
"""

import argparse
import difflib
import glob
import os
import subprocess
import sys
import tempfile

from check_program import mpi_environment

TIME_LIMIT = 120  # seconds for one run


def outputs(command, ranks, scratch):
    """What each rank prints, in their order; None and a report if a run fails. `ranks` 0: no mpirun."""
    folder = tempfile.mkdtemp(dir=scratch)
    if ranks:
        command = ["mpirun", "-np", str(ranks), "--output-filename", folder + ":nocopy"] + command
    environment = mpi_environment(os.environ, scratch)
    run = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, env=environment)
    if run.returncode != 0:
        print("%s: exit code %d\n%s%s" % (" ".join(command), run.returncode, run.stdout, run.stderr))
        for name in glob.glob(folder + "/*/rank.*/stderr"):
            with open(name) as file:
                print(file.read())
        return None
    if not ranks:
        return [run.stdout]
    printed = []
    for name in sorted(glob.glob(folder + "/*/rank.*/stdout")):
        with open(name) as file:
            printed.append(file.read())
    return printed


def main():
    parser = argparse.ArgumentParser()
    for name in ["--hpcc", "--hpc-opt", "--oracle"]:
        parser.add_argument(name, required=True)
    parser.add_argument("--ranks", default="1,2,3,4")
    parser.add_argument("program")
    options = parser.parse_args()
    agreed = 0
    with tempfile.TemporaryDirectory() as scratch:
        executable = os.path.join(scratch, "prog")
        ir = os.path.join(scratch, "prog.hir")
        subprocess.run([options.hpcc, options.program, "-o", executable], check=True)
        subprocess.run([options.hpcc, "--emit=ir", options.program, "-o", ir], check=True)
        for ranks in map(int, options.ranks.split(",")):
            runs = [(ranks, [options.hpcc, "run", options.program]), (ranks, [executable])]
            if ranks == 1:
                runs += [(0, [executable]), (0, [options.hpc_opt, ir, "--interpret"])]
            expected = outputs([options.oracle, options.program], ranks, scratch)
            if expected is None:
                return 1
            for started, command in runs:
                found = outputs(command, started, scratch)
                if found != expected:
                    print("%s on %d ranks differs from CPython" % (" ".join(command), ranks))
                    for rank, (theirs, ours) in enumerate(zip(expected, found or [])):
                        diff = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), lineterm="", n=0)
                        print("rank %d: %s" % (rank, "\n".join(diff)))
                    return 1
                agreed += 1
    print("%d runs agree with CPython" % agreed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
