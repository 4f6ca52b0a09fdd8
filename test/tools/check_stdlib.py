#!/usr/bin/python3
"""Gives files of Python's standard library to `hpcc check`.

They are valid Python that hpcc does not compile. Each must end within the limit of processor time with a list of
messages and code 1 or 2 (0 if it has only what hpcc knows): never a crash, an internal error or an
`invalid syntax` for what CPython accepts.

    check_stdlib.py --hpcc HPCC [--count 200] [--seconds 2]
"""

import argparse
import ast
import collections
import os
import re
import resource
import subprocess
import sys
import sysconfig

MESSAGE = re.compile(r"^[^\n]*?:\d+:\d+: (error|unsupported): (.*)$", re.M)
# What the parser says of text that is no Python.
SYNTAX = re.compile(r"invalid syntax|expected|unterminated|unexpected indent|was never closed")


def choose(folder, count):
    """Files spread evenly over the sorted list of the library's modules, the larger half first."""
    paths = []
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {"test", "tests", "site-packages", "dist-packages", "lib2to3"})
        paths += [os.path.join(directory, name) for name in sorted(names) if name.endswith(".py")]
    paths.sort(key=lambda path: (-os.path.getsize(path), path))
    paths = paths[: max(count, len(paths) // 2)]
    step = max(1, len(paths) // count)
    return paths[::step][:count]


def is_python(path):
    """Whether this Python accepts the file."""
    with open(path, "rb") as file:
        source = file.read()
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True


def seconds_of_children():
    """The processor time of all processes so far: a busy machine does not change it."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def problem_of(hpcc, path, seconds, messages):
    """What is wrong, or None, and the processor time it took."""
    start = seconds_of_children()
    try:
        check = subprocess.run(
            [hpcc, "check", path], capture_output=True, text=True, errors="replace", timeout=10 * seconds)
    except subprocess.TimeoutExpired:
        return "still running after %g s" % (10 * seconds), 10 * seconds
    taken = seconds_of_children() - start
    found = MESSAGE.findall(check.stderr)
    for severity, text in found:
        messages[severity + ": " + re.sub(r"'[^']*'", "'..'", text)] += 1
    if check.returncode not in (0, 1, 2) or "internal error" in check.stderr:
        return "ends with code %d\n%s" % (check.returncode, check.stderr[-2000:]), taken
    if bool(found) != (check.returncode != 0):
        return "code %d with %d messages" % (check.returncode, len(found)), taken
    syntax = [text for severity, text in found if severity == "error" and SYNTAX.search(text)]
    if syntax:
        return "a syntax error in valid Python: " + syntax[0], taken
    if taken > seconds:
        return "takes %.1f s" % taken, taken
    return None, taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--summary", action="store_true", help="also the most frequent messages")
    arguments = parser.parse_args()
    messages = collections.Counter()
    problems, slowest, lines = 0, (0.0, ""), 0
    paths = [path for path in choose(sysconfig.get_paths()["stdlib"], arguments.count) if is_python(path)]
    for path in paths:
        problem, taken = problem_of(arguments.hpcc, path, arguments.seconds, messages)
        slowest = max(slowest, (taken, path))
        with open(path, "rb") as file:
            lines += file.read().count(b"\n")
        if problem:
            problems += 1
            print("%s: %s" % (path, problem))
    if arguments.summary:
        for text, count in messages.most_common(25):
            print("%6d %s" % (count, text))
    print("standard library: %d files, %d lines, %d messages, slowest %.2f s (%s), %d problems" % (
        len(paths), lines, sum(messages.values()), slowest[0], os.path.basename(slowest[1]), problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
