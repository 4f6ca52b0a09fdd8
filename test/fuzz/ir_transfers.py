#!/usr/bin/python3
"""Makes random computes and loops of random programs kernels, and has insert-transfers bring them their arrays.

    ir_transfers.py --hpc-opt PATH --seed S --count N [--jobs J] [--failures DIRECTORY]

The programs are those of ir_programs.py, half of them after the passes of the pipeline. What they print must
stay what it was without a device; the interpreter faults at the first element that one side uses and does not
have up to date. Each failing program is written to the directory. Ends with code 1 if any failed.
"""

import argparse
import collections
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import time

import ir_programs

TIME_LIMIT = 60  # seconds for one process
STATEMENT = re.compile(r"\s*(compute \(|loop [\w.]+ in .* par : )")
AXIS = re.compile(r"\) (?:step \d+ )?(?:par|red)(?=[,)])")
NAME = re.compile(r"%[\w.]+")


class Checker:
    """Checks programs; keeps the tool."""

    def __init__(self, hpc_opt):
        self.hpc_opt = hpc_opt

    def run(self, text, *flags):
        """(exit code, standard output, standard error) of hpc-opt; None as code: it takes too long."""
        try:
            process = subprocess.run([self.hpc_opt, "-", *flags], input=text, capture_output=True,
                                     text=True, timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            return None, "", "stopped after %d s" % TIME_LIMIT
        return process.returncode, process.stdout, process.stderr

    def failure(self, seed):
        """(number of kernels, message, program with kernels); no message where all agree."""
        rng = random.Random(seed)
        text = ir_programs.generate(seed)
        if rng.random() < 0.5:
            code, text, message = self.run(text, "--pipeline")
            if code != 0:
                return 0, message, ir_programs.generate(seed)
        code, output, errors = self.run(text, "--interpret")
        kernels, mapped = self.with_kernels(text, rng)
        failed, moved, message = self.run(mapped, "--insert-transfers")
        if failed != 0:
            return kernels, message, mapped
        found_code, found, found_errors = self.run(moved, "--interpret")
        if (found_code, found, found_errors) != (code, output, errors):
            return kernels, "before: %s\n%s%s\nafter: %s\n%s%s" % (
                code, output, errors, found_code, found, found_errors), mapped
        return kernels, None, mapped

    def with_kernels(self, text, rng):
        """The program for a device, with some of what may run there as kernels, and their number."""
        lines = re.sub(r"stage\(\w+\)", "stage(mapped) device", text, count=1).split("\n")
        shared, share = names_of_handles(text), rng.choice([0.3, 0.6, 0.9])
        kernels, at = 0, 0
        while at < len(lines):
            end = at
            if STATEMENT.match(lines[at]) and rng.random() < share:
                end = end_of_block(lines, at)
                if not shared.intersection(NAME.findall("\n".join(lines[at:end + 1]))):
                    trial = lines[:at] + [on_grid(lines[at], rng)] + lines[at + 1:]
                    if self.run("\n".join(trial), "-o", os.devnull)[0] == 0:
                        lines = trial
                        kernels += 1
                    else:
                        end = at
            at = end + 1
        return kernels, "\n".join(lines)


def end_of_block(lines, at):
    """The line that closes the statement that opens in this one."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    return next(k for k in range(at + 1, len(lines)) if re.match(" {%d}}" % indent, lines[k]))


def on_grid(line, rng):
    """The first line of a statement, with some of its axes on the grid."""
    if not line.strip().startswith("compute"):
        return line.replace(" par :", " par @grid(%d, %d) :" % (rng.choice([1, 32, 128]), rng.choice([1, 2])), 1)
    axes = list(AXIS.finditer(line))
    chosen = rng.sample(axes, rng.randint(1, min(3, len(axes)))) if axes else []
    for axis in sorted(chosen, key=lambda axis: -axis.end()):
        line = line[:axis.end()] + " @grid(%d)" % rng.choice([4, 8]) + line[axis.end():]
    return line


def names_of_handles(text):
    """Handles, and the arrays and views that handles and functions may name as well."""
    names = set(re.findall(r"(?:handle|global) (%[\w.]+)", text))
    for parameters, results in re.findall(r"func @[\w.]+\((.*?)\)(?: -> \((.*?)\))?", text):
        names.update(NAME.findall(parameters + results))
    for match in re.finditer(r"bind (%[\w.]+) = (%[\w.]+)", text):
        names.update(match.groups())
    for match in re.finditer(r"^\s*call (?!@lib)(.*)$", text, re.M):
        names.update(NAME.findall(match[1]))
    names -= set(re.findall(r"(%[\w.]+) : \w+\[\]", text))  # scalar variables
    views = re.findall(r"view (%[\w.]+) : [^=]*= (%[\w.]+)", text)
    for _ in views:
        for view, base in views:
            if names.intersection((view, base)):
                names.update((view, base))
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpc-opt", default="hpc-opt")
    parser.add_argument("--seed", type=int, default=1, help="of the first program")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--failures", help="directory for failing programs")
    arguments = parser.parse_args()
    if arguments.failures:
        os.makedirs(arguments.failures, exist_ok=True)
    start, counts = time.time(), collections.Counter()
    checker = Checker(arguments.hpc_opt)
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as executor:
        for seed, (kernels, message, mapped) in zip(seeds, executor.map(checker.failure, seeds)):
            counts["kernels"] += kernels
            if message is None:
                continue
            counts["failed"] += 1
            print("seed %d: %s" % (seed, message.strip().split("\n")[-1]), flush=True)
            if arguments.failures:
                with open(os.path.join(arguments.failures, "seed-%d.hir" % seed), "w") as file:
                    file.write("".join("# %s\n" % line for line in message.split("\n")) + mapped)
    print("%d programs from seed %d in %.0f s, %d kernels: %d agree, %d failed" % (
        arguments.count, arguments.seed, time.time() - start, counts["kernels"],
        arguments.count - counts["failed"], counts["failed"]))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
