#!/usr/bin/python3
"""Measures hpcc against its peers: C, NumPy, Numba and CPython. docs/benchmarks.md explains it.

Each case is a program of bench/cases; a path of a .hpc file is a case as well. The peers take
turns, their results must agree, and a ratio is the peer's time divided by hpcc's: above 1, hpcc is
faster.
"""

import argparse
import datetime
import json
import os
import sys

import cases
import kernels
import measure
import peers
import report

ROOT = os.path.dirname(peers.HERE)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="a case, kernels or FILE.hpc; by default all but the kernels")
    parser.add_argument("--list", action="store_true", help="list the cases and end")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that all works")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each peer (5)")
    parser.add_argument("--peers", default="", metavar="A,B", help="only these beside hpcc")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a run may take (300)")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="speed-ups of N threads, beside OpenMP's, and of N ranks"
    )
    parser.add_argument("--output", help="the JSON file; else one under bench/results")
    parser.add_argument("--hpcc", default=os.path.join(ROOT, "build", "bin", "hpcc"))
    parser.add_argument("--python", default=os.path.join(ROOT, ".oracle", "bin", "python"))
    parser.add_argument("--numba", default=os.path.join(ROOT, ".bench-env", "bin", "python"))
    return parser.parse_args()


def chosen_cases(names, threads):
    """The cases named; all of the table if none is. Ends the program at an unknown name."""
    table = {case.name: case for case in cases.CASES if threads == 1 or case.threads}
    all_kernels = {case.name: case for case in kernels.KERNELS if threads == 1}
    chosen = []
    for name in names or table:
        if name in table or name in all_kernels:
            chosen.append(table.get(name) or all_kernels[name])
        elif name == "kernels" and all_kernels:
            chosen += all_kernels.values()
        elif name.endswith(".hpc") and os.path.exists(name):
            chosen.append(cases.case_of_file(os.path.abspath(name)))
        else:
            sys.exit(f"bench: there is no case '{name}'; --list lists them")
    return chosen


def output_path(arguments, commit):
    """Where the JSON goes: quick results are no figures and overwrite each other."""
    if arguments.output:
        return arguments.output
    date = datetime.datetime.now().strftime("%Y-%m-%d-%H%M")
    name = "quick" if arguments.quick else f"{date}-{commit or 'unknown'}"
    return os.path.join(peers.HERE, "results", name + ".json")


def say(text):
    """Shows the progress on a terminal, in one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def main():
    arguments = parse_arguments()
    if arguments.list:
        for case in cases.CASES + kernels.KERNELS:
            print(case.name, *(f"{name}={value}" for name, value in case.sizes.items()))
        return
    wanted = [name for name in arguments.peers.split(",") if name]
    for name in wanted:
        known = peers.PEERS_OF_THREADS if arguments.threads > 1 else peers.PEERS
        if name not in known:
            sys.exit(f"bench: there is no peer '{name}'; they are {', '.join(known)}")
    settings = measure.Settings(
        wanted,
        arguments.rounds,
        arguments.limit,
        arguments.core,
        arguments.quick,
        arguments.threads,
    )
    if len(settings.cores()) < arguments.threads:
        sys.exit(f"bench: {arguments.threads} threads need as many cores")
    tools = peers.Tools(arguments.hpcc, arguments.python, arguments.numba)
    table = {case.name: case for case in cases.CASES}
    summaries = []
    for case in chosen_cases(arguments.cases, arguments.threads):
        try:
            measured = measure.measure(case, table.get(case.slices), settings, tools, say)
        except measure.Disagreement as difference:
            say("")
            sys.exit(f"bench: {difference}")
        summaries.append(report.summary_of(measured))
        say("")
        print("\n".join(report.table_of(summaries[-1])), flush=True)
    overview = report.speedups_of if arguments.threads > 1 else report.overview_of
    print("\n" + "\n".join(overview(summaries)))
    result = report.document(summaries, settings, peers.versions(tools), ROOT)
    path = output_path(arguments, result["commit"])
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(f"\nwritten to {os.path.relpath(path)}", file=sys.stderr)


if __name__ == "__main__":
    main()
