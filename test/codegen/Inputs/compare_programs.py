"""Runs each .hir program of a folder that the interpreter accepts, compiled without and with
optimisation, and compares output, error and exit code.

usage: compare_programs.py HPC-OPT HPCC FOLDER
"""

import os
import subprocess
import sys


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr, done.returncode


def main(hpc_opt, hpcc, folder):
    failures = compared = 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not name.endswith(".hir") or run([hpc_opt, path])[2] != 0:
            continue
        compared += 1
        wanted = run([hpc_opt, path, "--interpret"])
        for level in ["-O0", "-O3"]:
            found = run([hpcc, "run", level, path])
            if found != wanted:
                failures += 1
                print("%s at %s: the interpreter gives %r, hpcc %r" % (name, level, wanted, found))
    print("%d programs, %d differ" % (compared, failures))
    return 1 if failures or not compared else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
