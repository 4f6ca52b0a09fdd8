#!/usr/bin/python3
"""Writes docs/targets.md: how much of each of the project's programs a target runs in parts.

    targets_table.py --hpcc HPCC --hpc-opt HPC_OPT ROOT [--check]

Each program of test/programs, examples and bench/cases goes through the compiler's passes and those of
every target in TARGETS, without the rule that little work is left whole. What the page says are counts of
the IR (`hpc-opt --stats`) and the first remark that refuses something. With --check the page is compared
with what it should be, and stays as it is.
"""

import argparse
import collections
import concurrent.futures
import difflib
import glob
import os
import re
import subprocess
import sys

FOLDERS = ["examples", "bench/cases", "test/programs"]
PAGE = "docs/targets.md"
BEGIN = "<!-- made by test/tools/targets_table.py, from here to the end -->\n"
TIME_LIMIT = 60  # seconds for one program

# Rows of --stats that say what a program does with arrays; the first that is not zero names its kind.
KINDS = [
    ("stencil", "stencil"),
    ("element-loop", "loops"),
    ("reduction", "reduction"),
    ("box", "elementwise"),
]
OTHER = "scalars"
VERDICTS = ["all", "part", "none"]

# What a target does with a program: one of VERDICTS or nothing, further cells, why not all.
Outcome = collections.namedtuple("Outcome", "verdict cells reason")
# flags: the passes behind those that all targets share. read(counts, remarks): the outcome.
Target = collections.namedtuple("Target", "name flags columns read")
Row = collections.namedtuple("Row", "program kind outcomes")


def first_refusal(remarks, flag):
    """What the first remark of a pass says that refuses something, without what follows from it."""
    found = re.search(r"remark: %s: (?:each rank .*?: )?(.*) \[missed\]$" % flag, remarks, re.M)
    return found.group(1) if found else ""


def read_ranks(counts, remarks):
    """The outcome of --target=mpi."""
    units = ["computes divided", "reductions divided", "loops divided", "rows by their owner"]
    divided = sum(counts[name] for name in units)
    whole = counts["computes not divided"] + counts["loops not divided"]
    loops = counts["element-loop"]
    reason = first_refusal(remarks, "decompose-always")
    if not reason and loops:
        reason = "a loop stores elements one by one"
    if divided:
        verdict = "part" if whole or loops else "all"
    else:
        verdict = "none" if whole or loops else ""
    return Outcome(verdict, [divided, whole, loops, counts["exchange-in-loop"]], reason)


def read_gpu(counts, remarks):
    """The outcome of --target=cuda."""
    kernels = counts["kernels"]
    host = counts["computes on the host"] + counts["loops on the host"]
    reason = first_refusal(remarks, "map-gpu-always")
    if not reason and host:
        reason = "a loop stores elements one by one"
    if kernels:
        verdict = "part" if host else "all"
    else:
        verdict = "none" if host else ""
    return Outcome(verdict, [kernels, host, counts["transfers in loops"]], reason)


TARGETS = [
    Target(
        "mpi",
        ["--split-loops", "--decompose-always", "--insert-exchanges"],
        ["divided", "whole", "loops", "exchanges"],
        read_ranks,
    ),
    Target(
        "cuda",
        ["--split-loops-long", "--map-gpu-always", "--insert-transfers"],
        ["kernels", "host", "transfers"],
        read_gpu,
    ),
]


def counts_of(text):
    """The rows of --stats, those of a pass without its name."""
    rows = (line.rsplit(" ", 1) for line in text.splitlines())
    return collections.Counter({name.split(": ")[-1]: int(count) for name, count in rows})


def row_of(options, program):
    """The line of one program, or None if hpcc refuses it."""
    front = subprocess.run(
        [options.hpcc, "--target=cpu", "--emit=ir-final", program, "-o", "-"],
        cwd=options.root, capture_output=True, text=True, timeout=TIME_LIMIT,
    )
    if front.returncode != 0:
        return None
    outcomes = []
    for target in TARGETS:
        mapped = subprocess.run(
            [options.hpc_opt, "-", "--stats", "--remarks"] + target.flags,
            input=front.stdout, capture_output=True, text=True, timeout=TIME_LIMIT, check=True,
        )
        counts = counts_of(mapped.stdout)
        if not outcomes:
            kind = next((kind for name, kind in KINDS if counts[name]), OTHER)
        outcomes.append(target.read(counts, mapped.stderr))
    return Row(program, kind, outcomes)


def totals_of(rows, number, target):
    """How many programs of each kind a target runs in parts, as a Markdown table."""
    lines = [f"| {target.name}: kind | programs | " + " | ".join(VERDICTS) + " | nothing to do |"]
    lines.append("|---|" + "---:|" * (len(VERDICTS) + 2))
    for kind in [kind for _, kind in KINDS] + [OTHER]:
        verdicts = [row.outcomes[number].verdict for row in rows if row.kind == kind]
        cells = [len(verdicts)] + [verdicts.count(verdict) for verdict in VERDICTS + [""]]
        lines.append(f"| {kind} | " + " | ".join(map(str, cells)) + " |")
    return lines


def table_of(rows):
    """One line for each program, as a Markdown table."""
    names, rule = ["program", "kind"], "|---|---|"
    for target in TARGETS:
        names += [target.name] + target.columns + ["first reason"]
        rule += "---|" + "---:|" * len(target.columns) + "---|"
    lines = ["| " + " | ".join(names) + " |", rule]
    for row in rows:
        cells = [row.program, row.kind]
        for outcome in row.outcomes:
            cells += [outcome.verdict] + [str(cell or "") for cell in outcome.cells]
            cells.append(re.sub(r"%([\w.]+)", r"`\1`", outcome.reason))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page_of(options, head):
    """The text of the whole page."""
    programs = []
    for folder in FOLDERS:
        paths = glob.glob(os.path.join(options.root, folder, "*.hpc"))
        programs += sorted(os.path.relpath(path, options.root) for path in paths)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = [row for row in pool.map(lambda each: row_of(options, each), programs) if row]
    lines = []
    for number, target in enumerate(TARGETS):
        lines += totals_of(rows, number, target) + [""]
    return head + "\n" + "\n".join(lines + table_of(rows)) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True, type=os.path.abspath)
    parser.add_argument("--hpc-opt", required=True, type=os.path.abspath)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("root")
    options = parser.parse_args()
    page = os.path.join(options.root, PAGE)
    with open(page, encoding="utf-8") as file:
        text = file.read()
    made = page_of(options, text[: text.index(BEGIN) + len(BEGIN)])
    if not options.check:
        with open(page, "w", encoding="utf-8") as file:
            file.write(made)
        return 0
    difference = list(
        difflib.unified_diff(text.splitlines(), made.splitlines(), PAGE, "new", lineterm="", n=0)
    )
    print("\n".join(difference))
    if difference:
        print("\ntest/tools/targets_table.py without --check makes the page anew")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
