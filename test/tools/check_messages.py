#!/usr/bin/python3
"""Checks that every message has a test.

Takes the project's root directory. Each row `MESSAGE(id, ...)` of frontend/Messages.def and each row
`HPC_ERROR(id, ...)` of runtime/Errors.def has a test test/diagnostics/<id>.hpc; the ids that have
none are listed, and so are tests of that folder that name no message.
"""

import os
import re
import sys

TABLES = [("frontend/Messages.def", "MESSAGE"), ("runtime/Errors.def", "HPC_ERROR")]


def message_ids(root):
    """The ids of all tables, each with the FILE:LINE of its row."""
    places = {}
    for table, macro in TABLES:
        with open(os.path.join(root, table), encoding="utf-8") as file:
            text = file.read()
        for row in re.finditer(r"^\s*%s\(\s*(\w+)\s*," % macro, text, re.M):
            line = text.count("\n", 0, row.start(1)) + 1
            places[row.group(1)] = "%s:%d" % (table, line)
    return places


def main(root):
    folder = os.path.join(root, "test", "diagnostics")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    tested = {os.path.splitext(name)[0] for name in names if name.endswith(".hpc")}
    places = message_ids(root)
    missing = [name for name in places if name not in tested]
    strange = sorted(tested - set(places))
    for name in missing:
        print("%s: message '%s' has no test test/diagnostics/%s.hpc" % (places[name], name, name))
    for name in strange:
        print("test/diagnostics/%s.hpc: there is no message of this name" % name)
    print("messages: %d, without a test: %d" % (len(places), len(missing)))
    return 1 if missing or strange else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
