#!/usr/bin/python3
"""Runs the passes over random programs of the IR in random orders, and compares what the programs do.

    ir_orders.py --hpc-opt PATH --seed S --count N [--orders K] [--hpcc PATH] [--jobs J] [--failures DIRECTORY]

hpc-opt interprets a program before the first pass and after each one that changes it, independent
iterations of loops backwards. With --hpcc each program is also compiled at -O0 or -O3, as it is and as an
order of passes has left it. Each failing program is written to the directory. Ends with code 1 if any
failed.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile
import time

import ir_programs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TIME_LIMIT = 120  # seconds for one process
FUSION = ["elide-copies", "plan-fusion", "fuse", "contract"]  # what one leaves the next takes


# What these leave means nothing before insert-transfers has run; test/fuzz/run.py runs both.
HALVES = ["map-gpu", "map-gpu-always"]


def passes():
    """(flags of passes from canonical to canonical programs, flags of those that end an order)."""
    with open(os.path.join(ROOT, "ir", "Passes.def")) as file:
        rows = re.findall(r'^HPCC_PASS\(\w+,\s*"([\w-]+)",\s*(\w+),\s*(\w+)', file.read(), re.M)
    early = ("Source", "Canonical")
    return ([flag for flag, _, leaves in rows if leaves in early],
            [flag for flag, takes, leaves in rows if takes in early and leaves not in early and flag not in HALVES])


def some_order(rng, inner, last):
    """Some passes in any order, some of them often, now and then with those of fusion in a row."""
    order = []
    for _ in range(rng.randint(2, 9)):
        if rng.random() < 0.25:
            order += [flag for flag in FUSION if flag in inner]
        else:
            order.append(rng.choice(inner))
    if last and rng.random() < 0.5:
        order.append(rng.choice(last))
    return order


def run(command):
    """(exit code, standard output, standard error) of a process; None as code: it takes too long."""
    try:
        process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        return None, "", "stopped after %d s" % TIME_LIMIT
    return process.returncode, process.stdout.decode("utf-8", "replace"), process.stderr.decode("utf-8", "replace")


class Checker:
    """Checks programs; keeps the tools and the passes."""

    def __init__(self, hpc_opt, hpcc=None, orders=3):
        self.hpc_opt, self.hpcc, self.orders = hpc_opt, hpcc, orders
        self.inner, self.last = passes()

    def failure(self, seed):
        """(kind, order, message) of the first failure of the program of this seed; None: there is none."""
        rng = random.Random(seed)
        with tempfile.TemporaryDirectory(prefix="hpcc-orders-") as directory:
            path, after = os.path.join(directory, "t.hir"), os.path.join(directory, "after.hir")
            with open(path, "w") as file:
                file.write(ir_programs.generate(seed))
            for _ in range(self.orders):
                order = some_order(rng, self.inner, self.last)
                code, _, message = run(
                    [self.hpc_opt, path, "--interpret-each", "--reverse-par", "-o", after] +
                    ["--" + flag for flag in order])
                if code == 1 or "the program itself" in message:
                    return "generator", order, message
                if code != 0:
                    name = re.search(r"pass ([\w-]+)", message)
                    return name.group(1) if name else "crash", order, message
            if self.hpcc:
                return self.compiled(rng, path, after, order)
        return None

    def compiled(self, rng, path, after, order):
        """Compares the interpreter with compiled code, before and after the last order of passes."""
        code, output, errors = run([self.hpc_opt, path, "--interpret"])
        for file, how in ((path, []), (after, order)):
            level = rng.choice(["-O0", "-O3"])
            found_code, found, found_errors = run([self.hpcc, "run", level, file])
            same_error = errors.split("\n")[0] == found_errors.split("\n")[0]
            if (found_code, found) != (code, output) or not same_error:
                return "compiled " + level, how, "interpreted: %s\n%s%s\ncompiled: %s\n%s%s" % (
                    code, output, errors, found_code, found, found_errors)
        return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpc-opt", default="hpc-opt")
    parser.add_argument("--hpcc", help="compile as well")
    parser.add_argument("--seed", type=int, default=1, help="of the first program")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--orders", type=int, default=3, help="for each program")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--failures", help="directory for failing programs")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "3")
    if arguments.failures:
        os.makedirs(arguments.failures, exist_ok=True)
    start, kinds = time.time(), collections.Counter()
    checker = Checker(arguments.hpc_opt, arguments.hpcc, arguments.orders)
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as executor:
        for seed, failure in zip(seeds, executor.map(checker.failure, seeds)):
            if not failure:
                continue
            kind, order, message = failure
            kinds[kind] += 1
            print("seed %d: %s: %s\n  %s" % (
                seed, kind, " ".join("--" + flag for flag in order), message.split("\n")[0]), flush=True)
            if arguments.failures:
                with open(os.path.join(arguments.failures, "seed-%d.hir" % seed), "w") as file:
                    file.write("# %s: %s\n" % (kind, " ".join("--" + flag for flag in order)))
                    file.write("".join("# %s\n" % line for line in message.split("\n")))
                    file.write(ir_programs.generate(seed))
    print("%d programs from seed %d in %.0f s, %d orders of passes each: %d agree, %d failed %s" % (
        arguments.count, arguments.seed, time.time() - start, arguments.orders,
        arguments.count - sum(kinds.values()), sum(kinds.values()), dict(kinds)))
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
