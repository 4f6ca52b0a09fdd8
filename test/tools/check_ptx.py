#!/usr/bin/python3
"""Looks at the PTX of programs, and has NVIDIA's assembler look at it where there is one.

    check_ptx.py --hpcc HPCC [--hpc-opt OPT] [--gpu sm_75,..] [--ptxas PTXAS] [--lean] FILE ..

Float arithmetic must be rounded to nearest (`.rn`), and nothing called that is not in the PTX. With
--ptxas all kernels assemble for each GPU, without spills. With --lean they keep nothing in local memory
and call nothing. With --hpc-opt all that can run on a GPU does, the smallest loops too. Programs that hpcc
refuses as unsupported, and those without kernels, are passed by.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

from check_program import ON_GRIDS

# An operation that may round in another way, or be one with the next: add.f64, div.full.f32, .. The
# approximate ones, and other roundings, are asked for by name, by libdevice alone.
UNROUNDED = re.compile(r"^\s*(?:@!?%\w+ )?((?:add|sub|mul|div|fma|mad|sqrt|rcp)\.(?!r[nzmp]\.|approx\.)[a-z.]*f(?:32|64))\b", re.M)


class Problem(Exception):
    """What is wrong with a program's PTX."""


def run(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def emit(arguments, program, gpu, directory):
    """The path of the program's PTX; None if hpcc refuses the program."""
    name = os.path.splitext(os.path.basename(program))[0]
    path = os.path.join(directory, "%s.%s.ptx" % (name, gpu))
    commands = [[arguments.hpcc, "--emit=ptx", "--gpu=" + gpu, program, "-o", path]]
    if arguments.hpc_opt:
        final, mapped = path + ".final.hir", path + ".hir"
        commands = [
            [arguments.hpcc, "--emit=ir-final", "--target=cpu", program, "-o", final],
            [arguments.hpc_opt, final, *ON_GRIDS, "-o", mapped],
            [arguments.hpcc, "--emit=ptx", "--gpu=" + gpu, mapped, "-o", path],
        ]
    for command in commands:
        result = run(command)
        if result.returncode == 2:
            return None
        if result.returncode != 0:
            raise Problem("%s: code %d\n%s" % (" ".join(command), result.returncode, result.stderr))
    return path


def check_text(text, lean):
    for operation in sorted(set(UNROUNDED.findall(text))):
        raise Problem("arithmetic is not rounded to nearest: " + operation)
    for name in re.findall(r"^\.extern \.func.*?(\w+)$", text, re.M):
        raise Problem("a function is missing: " + name)
    if lean and re.search(r"^\s*\.local\b", text, re.M):
        raise Problem("a kernel keeps something in local memory")
    if lean and re.search(r"^\s*(?:@!?%\w+ )?call\b", text, re.M):
        raise Problem("a kernel calls a function")


def assemble(ptxas, gpu, path, lean):
    """How many kernels there are."""
    result = run([ptxas, "-v", "-arch=" + gpu, path, "-o", path + ".cubin"])
    if result.returncode != 0:
        raise Problem("ptxas -arch=%s: %s" % (gpu, result.stderr))
    frames = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads",
                        result.stderr)
    for stack, stores, loads in frames:
        if int(stores) or int(loads):
            raise Problem("%s: a kernel spills %s bytes of registers" % (gpu, stores))
        if lean and int(stack):
            raise Problem("%s: a kernel has %s bytes of stack" % (gpu, stack))


def check(arguments, program):
    """How many kernels the program has, and what is wrong or None."""
    kernels = 0
    with tempfile.TemporaryDirectory(prefix="hpcc-ptx-") as directory:
        try:
            for gpu in arguments.gpu.split(","):
                path = emit(arguments, program, gpu, directory)
                if not path:
                    return 0, None
                with open(path, encoding="ascii") as file:
                    text = file.read()
                if not text:
                    return 0, None
                kernels = len(re.findall(r"^\.visible \.entry ", text, re.M))
                check_text(text, arguments.lean)
                if arguments.ptxas:
                    assemble(arguments.ptxas, gpu, path, arguments.lean)
        except Problem as problem:
            return kernels, "%s: %s" % (os.path.basename(program), problem)
    return kernels, None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--hpc-opt")
    parser.add_argument("--ptxas")
    parser.add_argument("--gpu", default="sm_80")
    parser.add_argument("--lean", action="store_true")
    parser.add_argument("programs", nargs="+", metavar="FILE")
    arguments = parser.parse_args()
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        results = list(executor.map(lambda program: check(arguments, program), arguments.programs))
    problems = [problem for _, problem in results if problem]
    print("\n".join(problems))
    print("kernels: %d in %d programs, %d problems" % (
        sum(kernels for kernels, _ in results), sum(kernels > 0 for kernels, _ in results), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
