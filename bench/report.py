"""Writes what was measured: a table for people, JSON for programs."""

import datetime
import os
import platform
import statistics
import subprocess

import peers

FORMAT = 1


def describe_machine():
    """The processor, its cores and the memory, as Linux tells."""
    with open("/proc/cpuinfo") as file:
        fields = dict(
            (part.strip() for part in line.split(":", 1)) for line in file if ":" in line
        )
    return {
        "cpu": f"{fields.get('model name', platform.machine())}, family {fields.get('cpu family')}"
        f" model {fields.get('model')}",
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


def commit_of(directory):
    """The commit that is checked out, with `-dirty` if files differ from it; None if unknown."""
    result = subprocess.run(
        ["git", "-C", directory, "describe", "--always", "--dirty", "--abbrev=12"],
        capture_output=True,
        text=True,
    )
    return result.stdout.strip() or None


def summary_of(measured):
    """The JSON of one case: all samples, the median and spread, and the ratio to hpcc's median."""
    ours = statistics.median(measured.seconds["hpcc"])
    return {
        "name": measured.case.name,
        "program": measured.case.program,
        "sizes": measured.sizes,
        "time": "whole process" if measured.case.whole else "main loop",
        "peers": {
            name: {
                "median": statistics.median(samples),
                "least": min(samples),
                "most": max(samples),
                "ratio": statistics.median(samples) / ours if ours else None,
                "seconds": samples,
            }
            for name, samples in measured.seconds.items()
        },
        "left_out": measured.left_out,
    }


def document(summaries, settings, versions, root):
    """The whole JSON document."""
    return {
        "format": FORMAT,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit_of(root),
        "quick": settings.quick,
        "clock": "processor time, user and system, in seconds"
        if settings.threads == 1
        else "wall clock, in seconds",
        "threads": settings.threads,
        "rounds": settings.rounds,
        "machine": describe_machine(),
        "versions": versions,
        "cases": summaries,
    }


def table_of(summary):
    """The table of one case as lines of text."""
    sizes = ", ".join(f"{name}={value}" for name, value in summary["sizes"].items())
    lines = [f"{summary['name']} ({sizes})" if sizes else summary["name"]]
    for name, peer in summary["peers"].items():
        ratio = "" if name == "hpcc" or peer["ratio"] is None else f"{peer['ratio']:8.2f}"
        lines.append(
            f"  {name:<12}{peer['median']:10.4g} s  ({peer['least']:.4g} .. {peer['most']:.4g},"
            f" {len(peer['seconds'])} runs){ratio}"
        )
    lines += [f"  {name:<12}left out: {reason}" for name, reason in summary["left_out"].items()]
    return lines


def overview_of(summaries):
    """One line for each case: hpcc's median and the ratios of all peers, as a Markdown table."""
    names = []
    for summary in summaries:
        names += [name for name in summary["peers"] if name != "hpcc" and name not in names]
    lines = ["| case | hpcc, s | " + " | ".join(names) + " |", "|---|" + "---:|" * (len(names) + 1)]
    for summary in summaries:
        found = summary["peers"]
        cells = [f"{found[name]['ratio']:.2f}" if name in found else "" for name in names]
        lines.append(f"| {summary['name']} | {found['hpcc']['median']:.4g} | {' | '.join(cells)} |")
    if len(summaries) > 1:
        means = [mean_of([s["peers"][name]["ratio"] for s in summaries if name in s["peers"]]) for name in names]
        lines.append(f"| geometric mean | | {' | '.join(means)} |")
    return lines


def mean_of(ratios):
    """The geometric mean of the ratios as text."""
    known = [ratio for ratio in ratios if ratio]
    return f"{statistics.geometric_mean(known):.2f}" if known else ""


def speedups_of(summaries):
    """One line for each case: how much faster threads are than one thread, for hpcc and for C,
    hpcc's speed-up divided by the best of C's, and how much faster as many ranks are than one
    thread, as a Markdown table."""
    lines = [
        "| case | hpcc, s | threads, s | speed-up | of C | hpcc's / C's | ranks, s | speed-up |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for summary in summaries:
        median = {name: peer["median"] for name, peer in summary["peers"].items()}
        speedup = {
            name: median[name] / median[name + peers.THREADS]
            for name in median
            if name + peers.THREADS in median
        }
        if "hpcc" not in speedup:
            continue
        ours = speedup.pop("hpcc")
        of_c = max(speedup.values(), default=None)
        ranks = median.get("hpcc" + peers.RANKS)
        lines.append(
            f"| {summary['name']} | {median['hpcc']:.4g} | {median['hpcc' + peers.THREADS]:.4g} |"
            f" {ours:.2f} | "
            + (f"{of_c:.2f} | {ours / of_c:.2f} |" if of_c else "| |")
            + (f" {ranks:.4g} | {median['hpcc'] / ranks:.2f} |" if ranks else " | |")
        )
    return lines
