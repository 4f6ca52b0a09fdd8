#!/usr/bin/python3
"""Carries the test programs to a machine with a GPU, and checks them there.

    gpu_programs.py pack FOLDER --hpcc=PATH --hpc-opt=PATH --oracle=PATH [--gpu=sm_NN] PROGRAMS
    gpu_programs.py run FOLDER [NAMES]

`pack` compiles each program twice: as `hpcc --target=cuda` does, and with everything on the GPU that
may be there, the smallest arrays too. With the executables go CPython's answers (check_program.py
says what an answer is). `run` needs no compiler and no NumPy. Programs with math functions are
compared by tolerance, for a GPU rounds some of these otherwise; all others exactly.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import re
import shutil
import sys
import tempfile
import time

import check_program
from check_program import Expectation, Failure, Outcome, UncaughtError

# What is compared by tolerance unless the program asks for more.
MATH = re.compile(
    r"\b(exp|exp2|expm1|log|log2|log10|log1p|sin|cos|tan|arcsin|arccos|arctan|arctan2|sinh|cosh|tanh"
    r"|arcsinh|arccosh|arctanh|cbrt|hypot|erf|erfc|gamma|lgamma|power)(\.py)?\("
)
OF_MATH = Expectation(rtol=1e-12, atol=1e-14)

# Libraries that executables may need and another machine may lack.
LIBRARIES = ["libsleef.so.3", "libomp.so.5"]


# ---------------------------------------------------------------------------------------------------
# Packing


def compile_as_it_is(arguments, program, executable, directory):
    return [[*compiler_of(arguments), program, "-o", executable]]


def compile_everything(arguments, program, executable, directory):
    """Puts each compute and loop on the GPU that can be there."""
    final, mapped = os.path.join(directory, "final.hir"), os.path.join(directory, "mapped.hir")
    return [
        [arguments.hpcc, "--emit=ir-final", "--target=cpu", program, "-o", final],
        [arguments.hpc_opt, final, *check_program.ON_GRIDS, "-o", mapped],
        [*compiler_of(arguments), mapped, "-o", executable],
    ]


def compiler_of(arguments):
    gpu = ["--emulate"] if arguments.emulate else ["--gpu=" + arguments.gpu]
    return [arguments.hpcc, "--target=cuda", "-march=" + arguments.march, *gpu]


MODES = {"hpcc --target=cuda": compile_as_it_is, "everything on the GPU": compile_everything}


def uses_math(arguments, program, directory):
    """Whether the program, as IR, has functions that a GPU rounds otherwise."""
    path = os.path.join(directory, "uses-math.hir")
    check_program.run(
        [arguments.hpcc, "--emit=ir-final", "--target=cpu", program, "-o", path], directory,
        arguments.environment)
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return MATH.search(file.read()) is not None


def pack_program(arguments, program, name):
    """The rows of a program: none if hpcc refuses it, or gives the answer as it compiles it."""
    with open(program, encoding="utf-8") as file:
        expectation = check_program.read_expectation(file.read())
    if expectation.unsupported:
        return
    with tempfile.TemporaryDirectory() as scratch:
        if uses_math(arguments, program, new_directory(scratch)):
            expectation = dataclasses.replace(
                expectation, rtol=max(expectation.rtol, OF_MATH.rtol),
                atol=max(expectation.atol, OF_MATH.atol))
        tools = check_program.Tools("", "", arguments.oracle, arguments.environment)
        wanted = check_program.run_cpython(tools, program, new_directory(scratch))
        for number, (mode, steps_of) in enumerate(MODES.items()):
            stem = "%s.%d" % (name.replace("/", "-"), number)
            directory = new_directory(scratch)
            steps = steps_of(arguments, program, os.path.join(arguments.folder, stem), directory)
            outcome = run_steps(steps, directory, arguments.environment)
            if outcome.code == 0:
                yield row_of(name, mode, stem, wanted, expectation)
            elif outcome.code != wanted.code:
                raise Failure(check_program.describe_failure(mode, outcome))


def run_steps(steps, directory, environment):
    """Runs commands up to the first that fails; the outcome of the last that ran."""
    for command in steps:
        outcome = check_program.run(command, directory, environment)
        if outcome.code != 0:
            break
    return outcome


def new_directory(scratch):
    return tempfile.mkdtemp(dir=scratch)


def row_of(name, mode, executable, wanted, expectation):
    """One executable with its answer, for JSON; bytes become text, one character each."""
    return {
        "name": name,
        "mode": mode,
        "executable": executable,
        "code": wanted.code,
        "stdout": wanted.stdout.decode("latin-1"),
        "files": {file: content.decode("latin-1") for file, content in wanted.files.items()},
        "error": wanted.error and dataclasses.asdict(wanted.error),
        "expectation": dataclasses.asdict(expectation),
    }


def outcome_of(row):
    """The answer that row_of has written."""
    files = {file: content.encode("latin-1") for file, content in row["files"].items()}
    error = row["error"] and UncaughtError(**row["error"])
    return Outcome(row["code"], row["stdout"].encode("latin-1"), "", files, error)


def pack(arguments):
    os.makedirs(os.path.join(arguments.folder, "lib"), exist_ok=True)
    for library in LIBRARIES:
        for place in ["/usr/lib/x86_64-linux-gnu", "/usr/lib/llvm-22/lib"]:
            path = os.path.join(place, library)
            if os.path.exists(path):
                shutil.copy(path, os.path.join(arguments.folder, "lib", library))
    programs = [os.path.abspath(program) for program in arguments.programs]
    base = os.path.commonpath([os.path.dirname(program) for program in programs])
    failures = []

    def rows_of(program):
        name = os.path.relpath(program, base)
        try:
            return list(pack_program(arguments, program, name))
        except Failure as failure:
            failures.append("%s: %s" % (name, failure))
            return []

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        rows = [row for found in pool.map(rows_of, programs) for row in found]
    with open(os.path.join(arguments.folder, "programs.json"), "w", encoding="ascii") as file:
        json.dump(rows, file, indent=1)
    print("\n".join(failures + ["%d executables of %d programs" % (len(rows), len(programs))]))
    return 1 if failures else 0


# ---------------------------------------------------------------------------------------------------
# Running


def environment_with(libraries):
    """The environment in which executables find the libraries that came with them."""
    path = filter(None, [os.environ.get("LD_LIBRARY_PATH"), libraries])
    return dict(os.environ, LD_LIBRARY_PATH=os.pathsep.join(path))


def check_row(row, folder, environment):
    """Runs one executable; None or what differs."""
    with tempfile.TemporaryDirectory() as directory:
        try:
            tools = check_program.Tools("", "", "", environment)
            command = [os.path.join(folder, row["executable"])]
            found = check_program.run_hpcc(tools, command, directory)
            check_program.require_same_outcome(
                outcome_of(row), row["mode"], found, Expectation(**row["expectation"]))
        except Failure as failure:
            return str(failure)
    return None


def run(arguments):
    folder = os.path.abspath(arguments.folder)
    with open(os.path.join(folder, "programs.json"), encoding="ascii") as file:
        rows = json.load(file)
    if arguments.names:
        rows = [row for row in rows if any(name in row["name"] for name in arguments.names)]
    environment = environment_with(os.path.join(folder, "lib"))
    start = time.time()
    failed = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        checks = [pool.submit(check_row, row, folder, environment) for row in rows]
        for row, check in zip(rows, checks):
            if difference := check.result():
                label = "%s (%s)" % (row["name"], row["mode"])
                failed.append(label)
                print("FAIL: %s\n%s\n" % (label, difference), flush=True)
    print_summary(len(rows), failed, time.time() - start)
    return 1 if failed or not rows else 0


def print_summary(count, failed, seconds):
    """As lit ends."""
    if failed:
        print("********************\nFailed Tests (%d):" % len(failed))
        print("".join("  %s\n" % label for label in failed))
    print("\nTesting Time: %.2fs\n\nTotal Discovered Tests: %d" % (seconds, count))
    for what, number in [("Passed", count - len(failed)), ("Failed", len(failed))]:
        if number:
            print("  %s: %d (%.2f%%)" % (what, number, 100.0 * number / count))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    packing.add_argument("folder")
    packing.add_argument("--hpcc", required=True)
    packing.add_argument("--hpc-opt", required=True)
    packing.add_argument("--oracle", required=True)
    packing.add_argument("--gpu", default="sm_80", help="the oldest GPU that must do")
    packing.add_argument("--march", default="x86-64-v3", help="the oldest CPU")
    packing.add_argument("--emulate", action="store_true", help="the GPU's part runs on the CPU")
    packing.add_argument("programs", nargs="+", metavar="FILE.hpc")
    running = commands.add_parser("run")
    running.add_argument("folder")
    running.add_argument("names", nargs="*", help="parts of names; all programs by default")
    running.add_argument("-j", "--jobs", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    if arguments.command == "pack":
        for tool in ["folder", "hpcc", "hpc_opt"]:
            setattr(arguments, tool, os.path.abspath(getattr(arguments, tool)))
        arguments.environment = dict(os.environ)
    return arguments


def main():
    arguments = parse_arguments()
    return pack(arguments) if arguments.command == "pack" else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
