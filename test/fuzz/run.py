#!/usr/bin/python3
"""Runs random programs under CPython with NumPy and under hpcc at -O0, at -O3 and on threads, and compares.

    run.py --hpcc PATH --oracle PYTHON --seed S --count N [--jobs J] [--kind KIND]
           [--mutated] [--failures DIRECTORY]

Output is compared byte for byte, errors by class, message and line. A program that hpcc refuses as
unsupported counts apart. Each failing program is shrunk and written to the directory as a test program.
Ends with code 1 if any failed. With --mutated the programs are broken first (mutate.py): each gives CPython's
answer or is refused with messages that name places and show their lines. --until-failure stops at the first and shrinks nothing.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time

import generate
import mutate
import shrink

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))
import check_program  # noqa: E402

# With everything that can be divided divided among threads, whatever it costs; among ranks; and by
# the interpreter as ranks, which looks for rows that are not sent. With all that a GPU can run on an
# emulated one; and by the interpreter, which looks for arrays that are not moved.
THREADS = "on 3 threads"
RANKS = "on 3 ranks"
SIMULATED_RANKS = "on 3 simulated ranks"
GRIDS = "on an emulated GPU"
SIMULATED_GRIDS = "on a simulated GPU"
LEVELS = ["-O0", "-O3", THREADS, SIMULATED_RANKS, GRIDS, SIMULATED_GRIDS]
PASSES = {
    THREADS: check_program.ON_TEAMS,
    RANKS: check_program.ON_RANKS,
    SIMULATED_RANKS: check_program.ON_RANKS,
    GRIDS: check_program.ON_GRIDS,
    SIMULATED_GRIDS: check_program.ON_GRIDS,
}
TIME_LIMIT = 60  # seconds of processor time for one run of hpcc; sanitized builds are slow


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a program prints and the error it ends with: [class, message, line] or None."""

    stdout: str
    error: list


@dataclasses.dataclass(frozen=True)
class Failure:
    """How hpcc fell short: `kind` is refusal, rejection, message, crash, hang, output or error."""

    level: str
    kind: str
    detail: str


class Oracle:
    """A CPython process that runs programs one after the other."""

    def __init__(self, python):
        worker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oracle_worker.py")
        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
        self.process = subprocess.Popen(
            [python, worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def answer(self, text):
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()
        return Answer(**json.loads(self.process.stdout.readline()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Checker:
    """Compares hpcc with CPython; one for each thread."""

    def __init__(self, hpcc, python):
        self.hpcc = hpcc
        self.hpc_opt = os.path.join(os.path.dirname(hpcc), "hpc-opt")
        self.oracle = Oracle(python)
        self.directory = tempfile.TemporaryDirectory(prefix="hpcc-fuzz-")
        self.path = os.path.join(self.directory.name, "prog.hpc")

    def close(self):
        self.oracle.close()
        self.directory.cleanup()

    def failure(self, text, levels):
        """(Failure or None, error class under CPython or None) of a program."""
        wanted = self.oracle.answer(text)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        for level in levels:
            failure = self.failure_at(level, wanted)
            if failure:
                return failure, wanted.error and wanted.error[0]
        return None, wanted.error and wanted.error[0]

    def commands(self, level):
        """What runs the program at a level, one after the other while all is well."""
        if level.startswith("-O"):
            return [[self.hpcc, "run", "--target=cpu", level, self.path]]
        final, mapped = self.path + ".final.hir", self.path + ".mapped.hir"
        divide = [
            [self.hpcc, "--emit=ir-final", "--target=cpu", self.path, "-o", final],
            [self.hpc_opt, final, *PASSES[level], "-o", mapped],
        ]
        if level == THREADS:
            return divide + [[self.hpcc, "run", "-O1", mapped]]
        if level == GRIDS:
            return divide + [[self.hpcc, "run", "-O1", "--emulate", mapped]]
        if level == SIMULATED_GRIDS:
            return divide + [[self.hpc_opt, "--interpret", mapped]]
        if level == SIMULATED_RANKS:
            return divide + [[self.hpc_opt, "--interpret", "--ranks=3", mapped]]
        executable = self.path + ".exe"
        return divide + [
            [self.hpcc, "-O1", "--target=cpu", mapped, "-o", executable],
            ["mpirun", "-np", "3", executable],
        ]

    def failure_at(self, level, wanted):
        environment = check_program.mpi_environment(
            dict(os.environ, OMP_NUM_THREADS="3"), self.directory.name)
        for command in self.commands(level):
            process = subprocess.Popen(
                command, env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (TIME_LIMIT, TIME_LIMIT))
            stdout, stderr = (stream.decode("utf-8", "replace") for stream in process.communicate())
            if process.returncode != 0:
                break
        if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return Failure(level, "hang", "stopped after %d s" % TIME_LIMIT)
        stderr = stderr.replace(self.path, "prog.hpc")
        first = stderr.split("\n")[0]
        if process.returncode not in (0, 1, 2):
            return Failure(level, "crash", "code %d: %s" % (process.returncode, stderr[-400:]))
        if re.match(r"prog\.hpc:\d+:\d+: (error|unsupported): ", first) and not is_clean(stderr):
            return Failure(level, "message", stderr[:400])
        if re.match(r"prog\.hpc:\d+:\d+: unsupported: ", first):
            return Failure(level, "refusal", first)
        if re.match(r"prog\.hpc:\d+:\d+: error: ", first):
            return None if wanted.error else Failure(level, "rejection", first)
        if stdout != wanted.stdout:
            return Failure(level, "output", first_difference(wanted.stdout, stdout) + "\n" + first)
        error = check_program.hpcc_error(stderr)
        found = error and [error.name, error.message, error.line]
        if found != wanted.error:
            return Failure(level, "error", "CPython: %s\nhpcc: %s" % (wanted.error, found or first))
        return None

    def shrunk(self, text, failure, error):
        """A smaller program that fails at the same level, in the same way."""

        def category(failure):
            """What must stay: of a message everything but places, names and numbers."""
            if failure.kind in ("output", "hang", "error"):
                return failure.kind
            return failure.kind + re.sub(r"'.*?'|\d+", "", failure.detail)

        def still_fails(candidate):
            other, other_error = self.failure(candidate, [failure.level])
            return other is not None and category(other) == category(failure) and other_error == error

        return shrink.shrink(text, still_fails)


def is_clean(stderr):
    """True if messages name a place in the program and show its line with a caret, and nothing else is said."""
    stderr = re.sub(r"prog\.hpc: note: \d+ more problems are not shown\n$", "", stderr)
    blocks = re.split(r"^(?=prog\.hpc:\d+:\d+: )", stderr, flags=re.M)
    place = r"prog\.hpc:\d+:\d+: (error|unsupported|note|help|warning): \S.*\n"
    return not blocks[0] and all(
        re.fullmatch(place + r"(.*\n *[~^][~^ ]*\n)?(help: .*\n|note: .*\n)*", block) for block in blocks[1:])


def first_difference(wanted, found):
    """The first lines that differ."""
    wanted_lines, found_lines = wanted.split("\n"), found.split("\n")
    for number, line in enumerate(wanted_lines):
        other = found_lines[number] if number < len(found_lines) else "(nothing)"
        if line != other:
            return "CPython: %s\nhpcc:    %s" % (line[:200], other[:200])
    return "hpcc prints more: %s" % found[len(wanted) :][:200]


def describe(seed, failure):
    return "seed %d, hpcc run %s: %s: %s" % (seed, failure.level, failure.kind, failure.detail)


def check_seeds(
        hpcc, python, seeds, jobs, until_failure=False, directory=None, kind=None, levels=LEVELS, mutated=False):
    """Checks the programs of these seeds, writing shrunk failures to `directory` if it is given.

    Prints failures and refusals as they are found, and returns a list of them.
    """
    failures, local, checkers, stop = [], threading.local(), [], threading.Event()

    def check_one(seed):
        if stop.is_set():
            return
        if not hasattr(local, "checker"):
            local.checker = Checker(hpcc, python)
            checkers.append(local.checker)
        text, _ = generate.generate(seed, kind)
        if mutated:
            text = mutate.Mutator(seed).mutated(text)
        failure, error = local.checker.failure(text, levels)
        if not failure:
            return
        failures.append(failure)
        print(describe(seed, failure), flush=True)
        if failure.kind != "refusal" and until_failure:
            stop.set()
        if directory and (failure.kind != "refusal"):
            text = local.checker.shrunk(text, failure, error)
            comment = "".join("# %s\n" % line for line in describe(seed, failure).split("\n"))
            with open(os.path.join(directory, "seed-%d.hpc" % seed), "w", encoding="utf-8") as file:
                file.write(comment + text)

    with concurrent.futures.ThreadPoolExecutor(jobs) as executor:
        for future in [executor.submit(check_one, seed) for seed in seeds]:
            future.result()
    for checker in checkers:
        checker.close()
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", default="hpcc")
    parser.add_argument("--oracle", default=sys.executable, help="a Python with the pinned NumPy")
    parser.add_argument("--seed", type=int, default=1, help="of the first program")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kind", choices=generate.ALL_KINDS, help="programs of kernels of this kind alone")
    parser.add_argument("--mutated", action="store_true", help="break the programs first")
    parser.add_argument("--ranks", action="store_true", help="on 3 ranks too: takes a second a program")
    parser.add_argument("--level", choices=LEVELS + [RANKS], action="append", help="default: all but %s" % RANKS)
    parser.add_argument("--failures", help="directory for shrunk failing programs")
    parser.add_argument("--until-failure", action="store_true")
    arguments = parser.parse_args()
    if arguments.failures:
        os.makedirs(arguments.failures, exist_ok=True)
    start = time.time()
    seeds = range(arguments.seed, arguments.seed + arguments.count)
    failures = check_seeds(
        arguments.hpcc, arguments.oracle, seeds, arguments.jobs, arguments.until_failure, arguments.failures,
        arguments.kind, arguments.level or (LEVELS + [RANKS] if arguments.ranks else LEVELS), arguments.mutated)
    kinds = collections.Counter(failure.kind for failure in failures)
    refused = kinds.pop("refusal", 0)
    if arguments.mutated:  # what is wrong where CPython does not come along is a message before the run
        refused += kinds.pop("rejection", 0)
    print("%d programs from seed %d in %.0f s: %d equal to CPython, %d refused, %d failed %s" % (
        arguments.count, arguments.seed, time.time() - start, arguments.count - len(failures), refused,
        sum(kinds.values()), dict(kinds)))
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
