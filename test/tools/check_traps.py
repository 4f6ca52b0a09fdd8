#!/usr/bin/python3
"""Checks that the tests that test/traps/README.md names exist, and that it names all programs beside it.

Takes the project's root directory.
"""

import os
import re
import sys


def path_of(name):
    """Where the test of a name in the tables is, below test/."""
    if name.startswith("*"):
        return "traps/%s.hpc" % name[1:]
    if "/" not in name:
        return "programs/%s.hpc" % name
    return name if os.path.splitext(name)[1] else name + ".hpc"


def main(root):
    tests = os.path.join(root, "test")
    with open(os.path.join(tests, "traps", "README.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\|[^\n]*\| ([^|\n]*) \|$", file.read(), re.M)
    named = {path_of(name) for row in rows for name in re.findall(r"`([^`]+)`", row)}
    problems = ["test/%s is missing" % path for path in sorted(named) if not os.path.exists(os.path.join(tests, path))]
    for name in sorted(os.listdir(os.path.join(tests, "traps"))):
        if name.endswith(".hpc") and "traps/" + name not in named:
            problems.append("test/traps/%s stands in no row" % name)
    print("\n".join(problems + ["traps: %d rows, %d tests, %d problems" % (len(rows), len(named), len(problems))]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
