#!/usr/bin/python3
"""Tests the generator: puts one fault at a time into a copy of the compiler and counts the programs until
a difference from CPython shows.

    faults.py --oracle PYTHON [--count N] [--jobs J] [--cmake OPTION]... [FAULT...]

Each faults/*.patch is one fault of one to two lines. The copy of the working tree is built once as it is
and then once for each fault, incrementally. A program counts only if the compiler without the fault gives
CPython's answer to it. Ends with code 1 if a fault is not found within --count programs.
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile

import generate
import run

DIRECTORY = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(DIRECTORY))


def copy_tree(target):
    """Copies the files of the working tree that git knows."""
    names = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if os.path.exists(os.path.join(ROOT, name)):
            os.makedirs(os.path.dirname(os.path.join(target, name)), exist_ok=True)
            shutil.copy2(os.path.join(ROOT, name), os.path.join(target, name), follow_symlinks=False)


def build(tree, jobs):
    """Builds hpcc in the tree; returns its path."""
    process = subprocess.run(
        ["cmake", "--build", os.path.join(tree, "build"), "--target", "hpcc", "--parallel", str(jobs)],
        capture_output=True, text=True)
    if process.returncode:
        sys.exit("%s\nthe build failed" % process.stdout[-4000:])
    return os.path.join(tree, "build", "bin", "hpcc")


def patch(tree, path, *options):
    process = subprocess.run(
        ["patch", "-p1", "--no-backup-if-mismatch", "-d", tree, "-i", path, *options],
        capture_output=True, text=True)
    if process.returncode:
        sys.exit("%s does not apply:\n%s" % (path, process.stdout))


def programs_until_found(faulty, correct, oracle, seeds):
    """How many programs it takes until one differs with the faulty compiler only; None: none does."""
    with_fault, without = run.Checker(faulty, oracle), run.Checker(correct, oracle)
    try:
        for count, seed in enumerate(seeds, 1):
            text, _ = generate.generate(seed)
            failure, _ = with_fault.failure(text, run.LEVELS[:1])
            if failure and failure.kind != "refusal" and not without.failure(text, run.LEVELS[:1])[0]:
                return count, failure
    finally:
        with_fault.close()
        without.close()
    return None, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--oracle", default=sys.executable, help="a Python with the pinned NumPy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cmake", action="append", default=[], help="an option for configuring the copy")
    parser.add_argument("faults", nargs="*", help="names of patches; default: all")
    arguments = parser.parse_args()
    patches = sorted(glob.glob(os.path.join(DIRECTORY, "faults", "*.patch")))
    names = {os.path.splitext(os.path.basename(path))[0]: path for path in patches}
    missed = 0
    with tempfile.TemporaryDirectory(prefix="hpcc-faults-") as tree:
        copy_tree(tree)
        subprocess.run(
            ["cmake", "-S", tree, "-B", os.path.join(tree, "build"), "-G", "Ninja", *arguments.cmake],
            check=True, stdout=subprocess.DEVNULL)
        correct = shutil.copy(build(tree, arguments.jobs), os.path.join(tree, "hpcc-correct"))
        for name in arguments.faults or names:
            patch(tree, names[name])
            faulty = build(tree, arguments.jobs)
            seeds = range(arguments.seed, arguments.seed + arguments.count)
            count, failure = programs_until_found(faulty, correct, arguments.oracle, seeds)
            patch(tree, names[name], "--reverse")
            missed += count is None
            found = "found after %s programs: %s" % (count, failure.kind) if count else "NOT FOUND"
            print("%-28s %s" % (name, found), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
