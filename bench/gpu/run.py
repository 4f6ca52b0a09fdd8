#!/usr/bin/python3
"""Measures programs on this machine's GPU against CUDA C, CuPy and JAX. docs/benchmarks.md explains it.

The executables come from a folder that pack.py has filled. The peers take turns, their results must
agree, and a ratio is the peer's time divided by hpcc's: above 1, hpcc is faster.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

import gpu_cases

HERE = os.path.dirname(os.path.realpath(__file__))
BENCH = os.path.dirname(HERE)
sys.path.insert(0, BENCH)

import measure  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402

# A peer that is run once, for its results alone.
EXACT = "hpcc-cpu"


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench gpu", description=__doc__.split("\n\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all by default")
    parser.add_argument("--folder", required=True, help="what pack.py has filled")
    parser.add_argument("--libraries", default="", help="a folder of libraries that they load")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that all works")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each peer (5)")
    parser.add_argument("--limit", type=float, default=100.0, help="seconds a run may take (100)")
    parser.add_argument("--python", default="python3", help="a Python with CuPy and JAX")
    parser.add_argument("--output", help="the JSON file; else one under bench/results")
    return parser.parse_args()


def say(text):
    print("bench gpu: " + text, file=sys.stderr, flush=True)


def run_once(command, arguments):
    """One run's output. Raises peers.Unavailable with the reason if it fails."""
    libraries = [os.environ.get("LD_LIBRARY_PATH"), os.path.abspath(arguments.libraries)]
    environment = dict(
        os.environ,
        PYTHONPATH=os.path.join(HERE, "peers"),
        LD_LIBRARY_PATH=os.pathsep.join(filter(None, libraries)),
    )
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=arguments.limit, env=environment)
    except subprocess.TimeoutExpired:
        raise peers.Unavailable(f"takes more than {arguments.limit:g} s")
    except OSError as error:
        raise peers.Unavailable(error.strerror)
    if result.returncode != 0:
        end = result.stderr.strip().splitlines()[-1:] or ["no message"]
        raise peers.Unavailable(f"ended with code {result.returncode}: {end[0]}")
    return result.stdout


def commands_of(case, arguments, facts, scratch):
    """The command of each peer, hpcc first, and the reasons for those that are missing."""
    end = ".quick" if arguments.quick else ""
    names = ["hpcc", *case.variants]
    if case.exact or arguments.quick:
        names.append(EXACT)
    commands, left_out = {}, {}
    for name in names:
        stem = case.name + "." + name
        if stem in facts["left_out"]:
            left_out[name] = facts["left_out"][stem]
        else:
            commands[name] = [os.path.abspath(os.path.join(arguments.folder, stem + end))]
    for name in ["cupy", "jax"] if case.arrays else []:
        commands[name] = [arguments.python, *python_command(case, name, arguments.quick, scratch)]
    return commands, left_out


def python_command(case, name, quick, scratch):
    """The program at its size: under CuPy the hpcc program itself, for JAX its own text."""
    directory = os.path.join(scratch, case.name, name)
    os.makedirs(directory)
    sizes = case.quick if quick else case.sizes
    if name == "cupy":
        program = peers.program_at_size(
            os.path.join(HERE, "programs", case.program), sizes, directory)
        return [os.path.join(HERE, "peers", "under_cupy.py"), program]
    return [peers.program_at_size(os.path.join(HERE, "peers", case.name + ".py"), sizes, directory)]


def same_results(expected, text, case, name):
    """None, or how the results differ from those of hpcc on the GPU."""
    tolerance = 0.0 if name == EXACT else case.tolerance
    lines = measure.split_output(text)[0]
    difference = measure.first_difference(expected, lines, tolerance)
    return difference and f"hpcc: {difference[0]}; {name}: {difference[1]}"


def measure_case(case, arguments, facts, scratch):
    """Runs a case; returns it measured, and the peers whose results differ.

    Each round runs every peer once and begins with another one.
    """
    commands, left_out = commands_of(case, arguments, facts, scratch)
    seconds = {name: [] for name in commands}
    expected, differences = None, {}
    for turn in range(arguments.rounds):
        names = list(commands)
        start = turn % len(names) if turn else 0
        for name in names[start:] + names[:start]:
            say(f"{case.name}: round {turn + 1} of {arguments.rounds}: {name}")
            try:
                text = run_once(commands[name], arguments)
            except peers.Unavailable as reason:
                left_out[name] = str(reason)
                commands.pop(name)
                seconds.pop(name)
                if name == "hpcc":
                    return None, {name: str(reason)}
                continue
            results, loop = measure.split_output(text)
            expected = expected or results
            if difference := same_results(expected, text, case, name):
                differences[name] = difference
            seconds[name].append(loop)
            if name == EXACT:
                commands.pop(name)
    sizes = case.quick if arguments.quick else case.sizes
    return measure.Measured(case, sizes, seconds, left_out), differences


def summary_of(measured, differences, copy):
    """The JSON of a case: as of the other benchmarks, with bytes and bandwidths."""
    case, sizes = measured.case, measured.sizes
    summary = report.summary_of(measured)
    summary["results_differ"] = differences
    summary["seconds_of_a_sweep"] = summary["peers"]["hpcc"]["median"] / case.sweeps(sizes)
    summary["bytes_of_a_sweep"] = case.bytes(sizes)
    for peer in summary["peers"].values():
        if case.bytes(sizes) and peer["median"]:
            peer["gb_per_s"] = case.bytes(sizes) * case.sweeps(sizes) / peer["median"] / 1e9
            peer["of_copy"] = peer["gb_per_s"] / copy["best"] if copy else None
    return summary


def measure_copy(arguments, facts):
    """What the device copies in a second, in GB read and written; None where nothing can say it."""
    if "copy" in facts["left_out"]:
        return None
    program = os.path.abspath(os.path.join(arguments.folder, "copy"))
    try:
        words = run_once([program + (".quick" if arguments.quick else "")], arguments).split()
    except peers.Unavailable as reason:
        say(f"no copy bandwidth: {reason}")
        return None
    driver, kernel = (float(word) / 1e9 for word in words)
    return {"driver_gb_per_s": driver, "kernel_gb_per_s": kernel, "best": max(driver, kernel)}


def table_of(summaries, copy):
    """One line for each case, as a Markdown table."""
    others = ["cupy", "jax"]
    lines = []
    if copy:
        lines = [
            f"Copy on the device: {copy['driver_gb_per_s']:.0f} GB/s by the driver,"
            f" {copy['kernel_gb_per_s']:.0f} GB/s by a kernel.",
            "",
        ]
    lines += [
        "| case | sizes | hpcc, s | sweep, ms | GB/s | of copy | CUDA C / hpcc | CuPy / hpcc |"
        " JAX / hpcc | results |",
        "|---|---|" + "---:|" * 7 + "---|",
    ]
    for summary in summaries:
        ours = summary["peers"]["hpcc"]
        of_c = [p["ratio"] for name, p in summary["peers"].items() if name.startswith("cuda-c")]
        ratios = [min(of_c, default=None)]
        ratios += [summary["peers"].get(name, {}).get("ratio") for name in others]
        cells = [
            summary["name"],
            ", ".join(f"{name}={value}" for name, value in summary["sizes"].items()),
            f"{ours['median']:.4g}",
            f"{summary['seconds_of_a_sweep'] * 1e3:.4g}",
            f"{ours['gb_per_s']:.0f}" if "gb_per_s" in ours else "",
            f"{ours['of_copy']:.2f}" if ours.get("of_copy") else "",
            *("" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
            "differ: " + ", ".join(summary["results_differ"])
            if summary["results_differ"]
            else "agree",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def describe_device():
    """Name, driver and memory as nvidia-smi tells; None without it."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,clocks.max.sm"]
    return peers.first_line([*query, "--format=csv,noheader"])


def describe_python(python, module):
    code = f"import {module}; print({module}.__version__)"
    return peers.first_line([python, "-c", code])


def document(summaries, arguments, facts, copy):
    versions = {name: facts[name] for name in ["hpcc", "nvcc"]}
    versions |= {name: describe_python(arguments.python, name) for name in ["cupy", "jax"]}
    return {
        "format": report.FORMAT,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": facts.get("commit"),
        "quick": arguments.quick,
        "clock": "wall clock of the loop, in seconds; the device is idle when it is read",
        "rounds": arguments.rounds,
        "machine": report.describe_machine(),
        "device": describe_device(),
        "compiled_for": facts["gpu"],
        "emulated": facts["emulated"],
        "copy": copy,
        "versions": versions,
        "cases": summaries,
    }


def write(result, table, arguments):
    """The JSON and, beside it, the table."""
    path = arguments.output
    if not path:
        date = datetime.datetime.now().strftime("%Y-%m-%d-%H%M")
        name = "quick" if arguments.quick else f"{date}-gpu-{result['commit'] or 'unknown'}"
        path = os.path.join(BENCH, "results", name + ".json")
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    if not arguments.quick:
        heading = f"# {result['device'] or 'No device'}, {result['date']}, {result['commit']}"
        with open(os.path.splitext(path)[0] + ".md", "w") as file:
            file.write("\n".join([heading, "", *table]) + "\n")
    say("written to " + os.path.relpath(path))


def chosen_cases(names):
    table = {case.name: case for case in gpu_cases.CASES}
    for name in names:
        if name not in table:
            sys.exit(f"bench gpu: there is no case '{name}'; they are {', '.join(table)}")
    return [table[name] for name in names or table]


def main():
    arguments = parse_arguments()
    chosen = chosen_cases(arguments.cases)
    with open(os.path.join(arguments.folder, "bench.json")) as file:
        facts = json.load(file)
    copy = measure_copy(arguments, facts)
    summaries, wrong = [], {}
    with tempfile.TemporaryDirectory() as scratch:
        for case in chosen:
            measured, differences = measure_case(case, arguments, facts, scratch)
            if differences:
                wrong[case.name] = differences
            if not measured:
                continue
            summaries.append(summary_of(measured, differences, copy))
            print("\n".join(report.table_of(summaries[-1])), flush=True)
    table = table_of(summaries, copy)
    print("\n" + "\n".join(table), flush=True)
    write(document(summaries, arguments, facts, copy), table, arguments)
    for name, differences in wrong.items():
        for text in differences.values():
            say(f"{name}: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
