#!/usr/bin/python3
"""Prints what hpcc's passes and LLVM cost for each example. Nothing is asserted about times.

Fails where the report lacks one of the two sums.
"""

import argparse
import glob
import os
import re
import subprocess
import sys

SUM = re.compile(r"^ *[\d.]+ +[\d.]+% +(?P<processor>[\d.]+) +[\d.]+% +(?P<name>\S.*)$")


def processor_times(hpcc, path):
    """The sums of the report's groups in ms of processor time, by name."""
    command = [hpcc, "-ftime-report", "--emit=obj", path, "-o", os.devnull]
    report = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True).stderr
    matches = [SUM.match(line) for line in report.splitlines()]
    return {match["name"]: float(match["processor"]) for match in matches if match}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("hpcc")
    parser.add_argument("directory")
    arguments = parser.parse_args()
    print("%-28s %12s %12s" % ("example", "passes ms", "LLVM ms"))
    for path in sorted(glob.glob(os.path.join(arguments.directory, "*.hpc"))):
        times = processor_times(arguments.hpcc, path)
        if "hpcc passes" not in times or "LLVM" not in times:
            sys.exit("%s: the report lacks a sum: %s" % (path, times))
        name = os.path.basename(path)
        print("%-28s %12.2f %12.2f" % (name, times["hpcc passes"], times["LLVM"]))


if __name__ == "__main__":
    main()
