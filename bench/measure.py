"""Runs the peers of a case in turns and compares what they print."""

import dataclasses
import math
import os
import resource
import subprocess
import tempfile

import peers

# A run longer than this is repeated in the first rounds only.
LONG_RUN = 20.0
ROUNDS_OF_LONG_RUNS = 3


class Disagreement(Exception):
    """Two peers that print different results."""


@dataclasses.dataclass
class Measured:
    """A case with the seconds of every run of every peer, and the reasons for peers not run."""

    case: object
    sizes: dict
    seconds: dict
    left_out: dict


@dataclasses.dataclass
class Settings:
    """How to measure: peers wanted (none: all), rounds, seconds a run may take, the core to use."""

    wanted: list
    rounds: int
    limit: float
    core: int
    quick: bool
    threads: int = 1

    def cores(self):
        """The cores that a run may use: as many as there are threads, the chosen one among them."""
        others = [core for core in sorted(os.sched_getaffinity(0)) if core != self.core]
        return {self.core, *others[: self.threads - 1]}


def run_once(name, command, settings):
    """One run: what it prints, and the processor time of the whole process."""
    threads = settings.threads if name.endswith(peers.THREADS) else 1
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS="1")
    if name.endswith(peers.RANKS):
        environment.update(peers.RANKS_ENVIRONMENT)
        command = ["mpirun", "-np", str(settings.threads), *command]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=settings.limit,
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, settings.cores()),
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        raise peers.Unavailable(f"ended with code {result.returncode}: {result.stderr.strip()}")
    return result.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def split_output(text):
    """Parts what a program prints: its results, and the seconds of its last line (or None)."""
    lines = text.splitlines()
    if lines and lines[-1].startswith("seconds "):
        return lines[:-1], float(lines[-1].split()[1])
    return lines, None


def number(word):
    try:
        return float(word.strip("[](),"))
    except ValueError:
        return None


def same_word(left, right, tolerance):
    """Whether two words are equal, or are floats that differ by `tolerance` relatively."""
    if left == right:
        return True
    if left.lstrip("-").isdigit() and right.lstrip("-").isdigit():
        return False
    x, y = number(left), number(right)
    if x is None or y is None:
        return False
    return x == y or math.isclose(x, y, rel_tol=tolerance) or (math.isnan(x) and math.isnan(y))


def first_difference(left, right, tolerance):
    """The first pair of lines that differ, or None."""
    for one, other in zip(left, right):
        ours, theirs = one.split(), other.split()
        if len(ours) != len(theirs) or not all(
            same_word(a, b, tolerance) for a, b in zip(ours, theirs)
        ):
            return one, other
    return None if len(left) == len(right) else (f"{len(left)} lines", f"{len(right)} lines")


def tolerance_of(case, peer):
    if peer.removesuffix(peers.THREADS) in ("gcc", "clang", "numba"):
        return max(case.tolerance, case.peer_tolerance)
    return case.tolerance if peer in ("numpy", "cpython") else 0.0


def prepare(case, slices, settings, tools, scratch):
    """The commands of the peers that take part, and the reasons for those that do not."""
    commands, left_out = {}, {}
    table = peers.PEERS_OF_THREADS if settings.threads > 1 else peers.PEERS
    for name in table if settings.threads > 1 else peers.peers_of(case):
        if name != "hpcc" and settings.wanted and name not in settings.wanted:
            continue
        directory = os.path.join(scratch, name)
        os.mkdir(directory)
        source = slices if name == "hpcc-slices" else case
        try:
            if name in case.too_slow and not settings.quick:
                raise peers.Unavailable(case.too_slow[name])
            sizes = source.quick if settings.quick else source.sizes
            commands[name] = table[name](source, sizes, directory, tools)
        except peers.Unavailable as reason:
            left_out[name] = str(reason)
    if "hpcc" not in commands:
        raise Disagreement(f"{case.name}: hpcc: {left_out['hpcc']}")
    return commands, left_out


def measure(case, slices, settings, tools, say):
    """Runs a case; `slices` is the case of the same computation in slices, if there is one.

    Each round runs every peer once and begins with another one. Raises Disagreement at the first
    result that differs from hpcc's.
    """
    with tempfile.TemporaryDirectory() as scratch:
        commands, left_out = prepare(case, slices, settings, tools, scratch)
        expected = None
        seconds = {name: [] for name in commands}
        for turn in range(settings.rounds):
            names = list(commands)
            start = turn % len(names) if turn else 0
            for name in names[start:] + names[:start]:
                if turn >= ROUNDS_OF_LONG_RUNS and max(seconds[name]) > LONG_RUN:
                    continue
                say(f"{case.name}: round {turn + 1} of {settings.rounds}: {name}")
                try:
                    text, whole = run_once(name, commands[name], settings)
                except subprocess.TimeoutExpired:
                    left_out[name] = f"takes more than {settings.limit:g} s"
                    del commands[name], seconds[name]
                    continue
                results, loop = split_output(text)
                if expected is None:
                    expected = results
                difference = first_difference(expected, results, tolerance_of(case, name))
                if difference:
                    raise Disagreement(
                        f"{case.name}: {name} does not agree with hpcc:\n"
                        f"  hpcc: {difference[0]}\n  {name}: {difference[1]}"
                    )
                seconds[name].append(whole if case.whole else loop)
        sizes = case.quick if settings.quick else case.sizes
        return Measured(case, sizes, seconds, left_out)
