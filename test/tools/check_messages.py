#!/usr/bin/python3
"""Checks that every message has a test.

Takes the project's root directory. A row `MESSAGE(id, ...)` of frontend/Messages.def and frontend/SemaMessages.def has the test
test/diagnostics/<id>.hpc, and a file of that folder is named after a row. A row `HPC_ERROR(id, ...)`
of runtime/Errors.def is named by some file below test/.
"""

import os
import re
import sys


def rows(root, table, macro):
    """The ids of a table in order, each with the FILE:LINE of its row."""
    with open(os.path.join(root, table), encoding="utf-8") as file:
        text = file.read()
    for row in re.finditer(r"^\s*%s\(\s*(\w+)\s*," % macro, text, re.M):
        yield row.group(1), "%s:%d" % (table, text.count("\n", 0, row.start(1)) + 1)


def words_below(folder):
    """All words of the text files below a folder."""
    words = set()
    for directory, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
                words.update(re.findall(r"\w+", file.read()))
    return words


def main(root):
    problems = []
    tests = os.path.join(root, "test")
    diagnostics = os.path.join(tests, "diagnostics")
    names = os.listdir(diagnostics) if os.path.isdir(diagnostics) else []
    tested = {os.path.splitext(name)[0] for name in names if name.endswith(".hpc")}
    messages = dict(rows(root, "frontend/Messages.def", "MESSAGE"))
    messages.update(rows(root, "frontend/SemaMessages.def", "MESSAGE"))
    errors = dict(rows(root, "runtime/Errors.def", "HPC_ERROR"))
    for name in messages:
        if name not in tested:
            problems.append("%s: test/diagnostics/%s.hpc is missing" % (messages[name], name))
    for name in sorted(tested - set(messages)):
        problems.append("test/diagnostics/%s.hpc: there is no message of this name" % name)
    words = words_below(tests)
    for name in errors:
        if name not in words:
            problems.append("%s: no file below test/ names '%s'" % (errors[name], name))
    print("\n".join(problems + ["messages: %d and %d run-time errors, %d problems" % (
        len(messages), len(errors), len(problems))]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
