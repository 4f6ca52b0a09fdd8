#!/usr/bin/python3
"""Tests the tests: puts one fault at a time into a copy of the compiler and says what finds it.

    faults.py --oracle PYTHON [--count N] [--jobs J] [--cmake OPTION]... [FAULT...]

Each faults/*.patch is one fault of one to two lines. The copy of the working tree is built once as it is
and then once for each fault, incrementally. A fault is looked for by the tests of the IR and its passes,
then by random programs of the IR under random orders of passes, then by random programs of the language;
of these one counts only if the compiler without the fault gives CPython's answer to it. Ends with code 1
if a fault is not found within --count programs.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import generate
import ir_orders
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


def patch(tree, path, *options):
    process = subprocess.run(
        ["patch", "-p1", "--no-backup-if-mismatch", "-d", tree, "-i", path, *options],
        capture_output=True, text=True)
    if process.returncode:
        sys.exit("%s does not apply:\n%s" % (path, process.stdout))


class Search:
    """Looks for a fault in a built copy of the compiler."""

    def __init__(self, tree, arguments):
        self.tree, self.arguments = tree, arguments
        self.build("hpcc")
        self.build("hpc-opt")
        self.correct = shutil.copy(self.tool("hpcc"), os.path.join(tree, "hpcc-correct"))

    def tool(self, name):
        return os.path.join(self.tree, "build", "bin", name)

    def build(self, target):
        process = subprocess.run(
            ["cmake", "--build", os.path.join(self.tree, "build"), "--target", target, "--parallel",
             str(self.arguments.jobs)], capture_output=True, text=True)
        if process.returncode:
            sys.exit("%s\nthe build failed" % process.stdout[-4000:])

    def by_tests(self):
        """The first test of the IR and its passes that fails."""
        lit = shutil.which("lit") or shutil.which("lit-22")
        process = subprocess.run(
            [lit, "-q", "-j%d" % self.arguments.jobs, os.path.join(self.tree, "build", "test"),
             "--filter", "hpcc :: (passes|ir)/"], capture_output=True, text=True)
        failed = re.findall(r"^FAIL: hpcc :: (\S+)", process.stdout, re.M)
        return failed and "%d tests, as %s" % (len(failed), failed[0])

    def by_orders(self):
        """The first random program of the IR that passes change."""
        checker = ir_orders.Checker(self.tool("hpc-opt"))
        for count in range(1, self.arguments.count + 1):
            failure = checker.failure(self.arguments.seed + count - 1)
            if failure:
                return "%d programs of the IR: %s" % (count, failure[0])
        return None

    def by_programs(self):
        """The first random program that differs with the faulty compiler only."""
        self.build("hpcc")
        with_fault = run.Checker(self.tool("hpcc"), self.arguments.oracle)
        without = run.Checker(self.correct, self.arguments.oracle)
        try:
            for count in range(1, self.arguments.count + 1):
                text, _ = generate.generate(self.arguments.seed + count - 1)
                failure, _ = with_fault.failure(text, run.LEVELS[:1])
                if failure and failure.kind != "refusal" and not without.failure(text, run.LEVELS[:1])[0]:
                    return "%d programs: %s" % (count, failure.kind)
        finally:
            with_fault.close()
            without.close()
        return None

    def run(self, is_in_ir):
        """What finds the fault; nothing where all fail. All ways with --all, else the first."""
        self.build("hpc-opt")
        found = []
        ways = {"tests": self.by_tests, "orders": self.by_orders, "programs": self.by_programs}
        for way in self.arguments.ways.split(",") if is_in_ir else ["programs"]:
            answer = ways[way]()
            if answer:
                found.append(answer)
                if not self.arguments.all:
                    break
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--oracle", default=sys.executable, help="a Python with the pinned NumPy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="look on after the first way that finds a fault")
    parser.add_argument("--ways", default="tests,orders,programs", help="what looks for faults of the IR")
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
        search = Search(tree, arguments)
        for name in arguments.faults or names:
            patch(tree, names[name])
            with open(names[name]) as file:
                is_in_ir = "+++ b/ir/" in file.read()
            found = search.run(is_in_ir)
            patch(tree, names[name], "--reverse")
            missed += not found
            print("%-40s %s" % (name, "; ".join(found) or "NOT FOUND"), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
