#!/usr/bin/python3
"""Runs a program at several sizes on one process and on ranks, and compares output and exit code.

    check_rank_sizes.py --hpcc HPCC --hpc-opt OPT --ranks 2,3 n=0,1,17 FILE.hpc

Each NAME=VALUES replaces the literal of a module variable, as hpcc's -D does. All that can be divided is
divided, the smallest arrays too: there are more ranks than rows.
"""

import argparse
import itertools
import os
import subprocess
import sys
import tempfile

from check_program import ON_RANKS, TIME_LIMIT, mpi_environment


def outcome(command, folder):
    environment = mpi_environment(os.environ, folder)
    run = subprocess.run(command, capture_output=True, env=environment, timeout=TIME_LIMIT)
    return run.returncode, run.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--hpc-opt", required=True)
    parser.add_argument("--ranks", default="3")
    parser.add_argument("sizes", nargs="+", metavar="NAME=VALUE,..")
    parser.add_argument("program")
    arguments = parser.parse_args()
    pairs = [size.partition("=") for size in arguments.sizes]
    values = itertools.product(*[numbers.split(",") for _, _, numbers in pairs])
    runs = failed = 0
    with tempfile.TemporaryDirectory(prefix="mpi") as directory:
        final, mapped, program = (os.path.join(directory, name) for name in ("f.hir", "m.hir", "x"))
        for row in values:
            size = ["%s=%s" % (name, value) for (name, _, _), value in zip(pairs, row)]
            defines = [word for each in size for word in ("-D", each)]
            hpcc = [arguments.hpcc, "--target=cpu"]
            alone = [arguments.hpcc, "run", "--target=cpu", arguments.program]
            wanted = outcome(alone + defines, directory)
            for command in [
                hpcc + ["--emit=ir-final", arguments.program, "-o", final] + defines,
                [arguments.hpc_opt, final, *ON_RANKS, "-o", mapped],
                hpcc + ["-O1", mapped, "-o", program],
            ]:
                subprocess.run(command, check=True)
            for ranks in arguments.ranks.split(","):
                runs += 1
                if outcome(["mpirun", "-np", ranks, program], directory) != wanted:
                    failed += 1
                    print("%s on %s ranks differs" % (" ".join(size), ranks))
    print("%d runs, %d differences" % (runs, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
