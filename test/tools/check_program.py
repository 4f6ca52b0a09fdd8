#!/usr/bin/python3
"""Runs one program under CPython with NumPy and under hpcc, and reports the first difference.

The answer of a program is its standard output byte for byte, the files it writes, its exit code and,
for an uncaught error, the error's class, message and line. CPython defines it; hpcc must give it in
every mode of run_modes. Comments in the program change what is asked:

    # oracle: rtol=1e-13            numbers by tolerance, all other text exactly but for white space
    # oracle: rtol=1e-13 atol=1e-15
    # oracle: error-class-only      of an uncaught error, the class and the line but not the message
    # oracle: unsupported           hpcc refuses with exit code 2 and a message `unsupported:`
    # interpreter: too large        the IR interpreter would take too long

Whatever the comment says, all modes of hpcc give the same bytes among themselves.
"""

import argparse
import ast
import dataclasses
import difflib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

# NumPy raises private subclasses of these; programs can only mean the public class.
PUBLIC_CLASSES = {"_ArrayMemoryError": "MemoryError"}

TIME_LIMIT = 120  # seconds for one process; sanitized builds are slow
SHOWN_LINES = 40  # of a difference


@dataclasses.dataclass(frozen=True)
class Tools:
    """The executables compared, the environment they run in, and what to divide programs among.

    `threads` are numbers of threads, `ranks` pairs of numbers of ranks and of threads in each.
    """

    hpcc: str
    hpc_opt: str
    oracle: str
    environment: dict
    threads: tuple = (3,)
    ranks: tuple = ()


@dataclasses.dataclass(frozen=True)
class Expectation:
    """What the comments of a program ask for."""

    unsupported: bool = False
    class_only: bool = False
    interpret: bool = True
    rtol: float = 0.0
    atol: float = 0.0


@dataclasses.dataclass(frozen=True)
class UncaughtError:
    """The class without its module, the first line of the message, and the line number."""

    name: str
    message: str
    line: int


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run leaves. `files` maps names to contents; `error` is None without an uncaught error."""

    code: int
    stdout: bytes
    stderr: str
    files: dict
    error: "UncaughtError | None" = None


class Failure(Exception):
    """A difference or a step that failed; its text is the report."""


def read_expectation(text):
    """The Expectation of a program's text. An unknown word in it is a Failure."""
    fields = {}
    for words in re.findall(r"^# oracle:\s*(.*?)\s*$", text, re.M):
        for word in words.split():
            if word == "unsupported":
                fields["unsupported"] = True
            elif word == "error-class-only":
                fields["class_only"] = True
            elif re.fullmatch(r"[ra]tol=[0-9.e+-]+", word):
                fields[word[:4]] = float(word[5:])
            else:
                raise Failure("the program's '# oracle:' comment has an unknown word '%s'" % word)
    for words in re.findall(r"^# interpreter:\s*(.*?)\s*$", text, re.M):
        if words != "too large":
            raise Failure("the program's '# interpreter:' comment is not 'too large'")
        fields["interpret"] = False
    return Expectation(**fields)


# ---------------------------------------------------------------------------------------------------
# Running


def run(command, directory, environment):
    """Runs `command` in `directory`, which is new and empty but for what the caller put there."""
    before = set(os.listdir(directory))
    try:
        process = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise Failure("%s: still running after %d s" % (" ".join(command), TIME_LIMIT))
    except OSError as error:
        raise Failure("%s: %s" % (command[0], error.strerror))
    files = {}
    for name in sorted(set(os.listdir(directory)) - before):
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                files[name] = file.read()
    stderr = process.stderr.decode("utf-8", "replace")
    return Outcome(process.returncode, process.stdout, stderr, files)


def run_cpython(tools, program, directory):
    """The outcome that defines the answer."""
    environment = dict(
        tools.environment,
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONUTF8="1",
        OPENBLAS_NUM_THREADS="1",
    )
    outcome = run([tools.oracle, program], directory, environment)
    return dataclasses.replace(outcome, error=cpython_error(outcome.stderr, program))


def cpython_error(stderr, program):
    """The uncaught error in a traceback, placed at its innermost line in the program's directory."""
    if "Traceback (most recent call last):\n" not in stderr:
        return None
    lines = stderr.rsplit("Traceback (most recent call last):\n", 1)[1].splitlines()
    line = 0
    message_start = len(lines)
    for index, text in enumerate(lines):
        frame = re.match(r'  File "(.*)", line (\d+)', text)
        if frame and os.path.dirname(frame.group(1)) == os.path.dirname(program):
            line = int(frame.group(2))
        if not text.startswith(" "):
            message_start = index
            break
    name, _, message = "".join(lines[message_start : message_start + 1]).partition(": ")
    name = name.split(".")[-1]
    return UncaughtError(PUBLIC_CLASSES.get(name, name), message, line)


def hpcc_error(stderr):
    """The uncaught error in what an hpcc program writes: `FILE:LINE:COL: Class: message`."""
    pattern = r"^[^\n]+?:(\d+):\d+: ([A-Z]\w*)(?:: ?([^\n]*))?$"
    match = re.search(pattern, stderr, re.M)
    return match and UncaughtError(match.group(2), match.group(3) or "", int(match.group(1)))


def run_hpcc(tools, command, directory):
    outcome = run(command, directory, tools.environment)
    return dataclasses.replace(outcome, error=hpcc_error(outcome.stderr))


def run_O0(tools, program, directory):
    return run_hpcc(tools, [tools.hpcc, "run", "-O0", program], directory)


def run_O3(tools, program, directory):
    return run_hpcc(tools, [tools.hpcc, "run", "-O3", "--target=cpu", program], directory)


def run_emulated(tools, program, directory):
    return run_hpcc(tools, [tools.hpcc, "run", "-O1", "--emulate", program], directory)


def run_executable(tools, program, directory):
    """Compiles to an executable that lies outside the directory it then runs in."""
    executable = directory + ".exe"
    outcome = run_hpcc(tools, [tools.hpcc, program, "-o", executable], directory)
    if outcome.code != 0:
        if os.path.exists(executable):
            raise Failure("hpcc failed with code %d and left an executable" % outcome.code)
        return outcome
    return run_hpcc(tools, [executable], directory)


# Puts everything on threads, the smallest boxes too; the same for ranks and for a GPU.
ON_TEAMS = ["--split-loops", "--map-cpu-always"]
ON_RANKS = ["--split-loops", "--decompose-always", "--insert-exchanges"]
ON_RANKS_OF_TEAMS = ON_RANKS + ["--map-cpu-always"]
ON_GRIDS = ["--split-loops-long", "--map-gpu-always", "--insert-transfers"]


def divide(tools, program, directory, passes):
    """Compiles the program as far as `passes`. The path of what that leaves, or the failed Outcome."""
    final, mapped = directory + ".final.hir", directory + ".mapped.hir"
    for command in [
        [tools.hpcc, "--emit=ir-final", "--target=cpu", program, "-o", final],
        [tools.hpc_opt, final, *passes, "-o", mapped],
    ]:
        outcome = run_hpcc(tools, command, directory)
        if outcome.code != 0:
            return outcome
    return mapped


def run_teams(count):
    """Runs the program with all that can be divided divided among so many threads."""

    def run_mode(tools, program, directory):
        mapped = divide(tools, program, directory, ON_TEAMS)
        if isinstance(mapped, Outcome):
            return mapped
        environment = dict(tools.environment, OMP_NUM_THREADS=str(count))
        tools = dataclasses.replace(tools, environment=environment)
        return run_hpcc(tools, [tools.hpcc, "run", "-O1", mapped], directory)

    return run_mode


def run_grids(tools, program, directory):
    """Runs the program with all that a GPU can run on an emulated one."""
    mapped = divide(tools, program, directory, ON_GRIDS)
    if isinstance(mapped, Outcome):
        return mapped
    return run_hpcc(tools, [tools.hpcc, "run", "-O1", "--emulate", mapped], directory)


def mpi_environment(environment, folder):
    """With the settings under which Open MPI starts on any machine, quickly.

    Runs keep their files under `folder`, which has a short name: under the common one they remove
    each other's.
    """
    return dict(
        environment,
        OMPI_ALLOW_RUN_AS_ROOT="1",
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
        OMPI_MCA_rmaps_base_oversubscribe="1",
        OMPI_MCA_hwloc_base_binding_policy="none",
        OMPI_MCA_pml="ob1",
        OMPI_MCA_btl="self,vader",
        OMPI_MCA_btl_vader_single_copy_mechanism="none",  # containers forbid it, and Open MPI says so
        OMPI_MCA_mpi_yield_when_idle="1",
        OMPI_MCA_orte_tmpdir_base=folder,
    )


def run_ranks(ranks, threads):
    """Runs the program with all that can be divided divided among so many ranks of so many threads."""

    def run_mode(tools, program, directory):
        passes = ON_RANKS if threads == 1 else ON_RANKS_OF_TEAMS
        mapped = divide(tools, program, directory, passes)
        if isinstance(mapped, Outcome):
            return mapped
        executable = directory + ".exe"
        compiler = [tools.hpcc, "-O1", "--target=cpu", mapped, "-o", executable]
        outcome = run_hpcc(tools, compiler, directory)
        if outcome.code != 0:
            return outcome
        environment = mpi_environment(
            dict(tools.environment, OMP_NUM_THREADS=str(threads)), os.path.dirname(directory))
        tools = dataclasses.replace(tools, environment=environment)
        return run_hpcc(tools, ["mpirun", "-np", str(ranks), executable], directory)

    return run_mode


def run_modes(tools):
    """The ways to run a program, by their names."""
    modes = {
        "hpcc run -O0": run_O0,
        "hpcc run -O3 --target=cpu": run_O3,
        "hpcc -o exe": run_executable,
        "hpcc run --emulate": run_emulated,
        "hpcc run --emulate, everything on grids": run_grids,
    }
    for count in tools.threads:
        modes["hpcc run, everything on %d threads" % count] = run_teams(count)
    for ranks, threads in tools.ranks:
        modes["hpcc -o exe, everything on %d ranks of %d threads" % (ranks, threads)] = run_ranks(
            ranks, threads)
    return modes


def emit(tools, stage, program, directory):
    """Writes the program's IR at `stage` to a file, whose path it returns."""
    path = os.path.join(directory, stage + ".hir")
    command = [tools.hpcc, "--emit=" + stage, "--target=cpu", program, "-o", path]
    outcome = run(command, directory, tools.environment)
    if outcome.code != 0:
        raise Failure(describe_failure("hpcc --emit=" + stage, outcome))
    return path


def describe_failure(label, outcome):
    """What happened to a process, with the end of its standard error."""
    if outcome.code < 0:
        how = "was killed by %s" % signal.Signals(-outcome.code).name
    else:
        how = "ended with code %d" % outcome.code
    return "%s %s\n%s" % (label, how, "\n".join(outcome.stderr.splitlines()[-SHOWN_LINES:]))


# ---------------------------------------------------------------------------------------------------
# Comparing

NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf|nan)j?")


def close_enough(wanted, found, expectation):
    """Whether two numbers, as text, agree within the tolerance."""
    a, b = float(wanted.rstrip("j")), float(found.rstrip("j"))
    if a == b or (a != a and b != b):
        return True
    return abs(a - b) <= max(expectation.rtol * max(abs(a), abs(b)), expectation.atol)


def texts_agree(wanted, found, expectation):
    """Whether numbers agree by tolerance and everything between them but for white space."""
    if [squeeze(part) for part in NUMBER.split(wanted)] != [
        squeeze(part) for part in NUMBER.split(found)
    ]:
        return False
    pairs = zip(NUMBER.findall(wanted), NUMBER.findall(found))
    return all(close_enough(a, b, expectation) for a, b in pairs)


def squeeze(text):
    """`text` without white space: the widths of numbers move it, in NumPy's arrays even the lines."""
    return "".join(text.split())


def require_same_bytes(wanted_label, wanted, found_label, found, expectation, what):
    """Raises a Failure that shows the first lines in which two outputs differ."""
    if wanted == found:
        return
    wanted_text, found_text = wanted.decode("utf-8", "replace"), found.decode("utf-8", "replace")
    if (expectation.rtol or expectation.atol) and texts_agree(wanted_text, found_text, expectation):
        return
    lines = difflib.unified_diff(
        wanted_text.splitlines(),
        found_text.splitlines(),
        "%s of %s" % (what, wanted_label),
        "%s of %s" % (what, found_label),
        lineterm="",
        n=2,
    )
    shown = list(itertools.islice(lines, SHOWN_LINES))
    if not shown:
        shown = ["%s differs in its line ends only: %r, %r" % (what, wanted[-80:], found[-80:])]
    raise Failure("\n".join(shown))


def require_same_error(wanted, label, found, class_only):
    """Raises a Failure unless `found` is the error CPython raised (None: no error)."""

    def facts(error):
        if error is None:
            return "no uncaught error"
        message = "" if class_only or not error.message else ": " + error.message
        return "line %d: %s%s" % (error.line, error.name, message)

    if facts(wanted) != facts(found):
        raise Failure("CPython: %s\n%s: %s" % (facts(wanted), label, facts(found)))


def require_same_outcome(wanted, label, found, expectation):
    """Raises a Failure unless hpcc's outcome is CPython's."""
    try:
        require_same_bytes("CPython", wanted.stdout, label, found.stdout, expectation, "output")
        require_same_error(wanted.error, label, found.error, expectation.class_only)
        if found.code != wanted.code:
            raise Failure("CPython ended with code %d" % wanted.code)
        if list(wanted.files) != list(found.files):
            raise Failure("files written: CPython %s, %s %s" % (
                list(wanted.files), label, list(found.files)))
    except Failure as failure:
        if found.code == wanted.code:
            raise
        raise Failure("%s\n%s" % (failure, describe_failure(label, found)))
    for name, content in wanted.files.items():
        require_same_bytes("CPython", content, label, found.files[name], expectation, name)


def require_refusal(label, outcome):
    """Raises a Failure unless hpcc refused the program as `unsupported:`."""
    if outcome.code != 2 or "unsupported:" not in outcome.stderr or outcome.stdout:
        raise Failure(
            describe_failure("expected a refusal with code 2 and 'unsupported:'; " + label, outcome)
        )


# ---------------------------------------------------------------------------------------------------
# The modes together


def check_runs(tools, program, expectation, scratch):
    """Compares every run mode with CPython, and the run modes with each other."""
    if expectation.unsupported:
        for label, run_mode in run_modes(tools).items():
            require_refusal(label, run_mode(tools, program, new_directory(scratch)))
        return
    wanted = run_cpython(tools, program, new_directory(scratch))
    first_label, first = None, None
    for label, run_mode in run_modes(tools).items():
        found = run_mode(tools, program, new_directory(scratch))
        require_same_outcome(wanted, label, found, expectation)
        if first is None:
            first_label, first = label, found
        require_same_bytes(
            first_label, first.stdout, label, found.stdout, Expectation(), "output"
        )


INTERPRETED = {
    # As it leaves the front end.
    "hpc-opt --interpret": ("ir", []),
    # As it leaves the pipeline, with independent iterations of loops in the other order.
    "hpc-opt --split-loops --interpret --reverse-par": ("ir-final", ["--split-loops", "--reverse-par"]),
    # On teams of threads, each iteration a thread of its own: what lacks a barrier is a fault.
    "hpc-opt --map-cpu-always --interpret": ("ir-final", ON_TEAMS),
    # On a GPU: reading on one side what only the other one has up to date is a fault.
    "hpc-opt --map-gpu-always --insert-transfers --interpret": ("ir-final", ON_GRIDS),
    # On ranks: reading what another rank has stored and not sent is a fault.
    "hpc-opt --decompose-always --interpret --ranks=3": ("ir-final", ON_RANKS + ["--ranks=3"]),
    "hpc-opt --decompose-always --interpret --ranks=7": ("ir-final", ON_RANKS + ["--ranks=7"]),
}


def check_interpreter(tools, program, expectation, scratch):
    """Interprets the program at the first and the last stage; its output is that of the compiled one."""
    if expectation.unsupported or not expectation.interpret:
        return
    wanted = run_O0(tools, program, new_directory(scratch))
    for label, (stage, options) in INTERPRETED.items():
        path = emit(tools, stage, program, new_directory(scratch))
        command = [tools.hpc_opt, path, "--interpret"] + options
        found = run(command, new_directory(scratch), tools.environment)
        if (found.code == 0) != (wanted.code == 0) or found.code < 0:
            raise Failure(describe_failure(label, found))
        require_same_bytes(
            "hpcc run -O0", wanted.stdout, label, found.stdout, Expectation(), "output"
        )


def check_round_trip(tools, program, expectation, scratch):
    """Prints, parses and prints the program again, at the first and the last stage."""
    if expectation.unsupported:
        return
    directory = new_directory(scratch)
    for stage in ["ir", "ir-final"]:
        path = emit(tools, stage, program, directory)
        outcome = run([tools.hpc_opt, "--roundtrip", path], directory, tools.environment)
        if outcome.code != 0:
            raise Failure(describe_failure("hpc-opt --roundtrip at stage " + stage, outcome))


ALL_MODES = {
    "run": check_runs,
    "interpret": check_interpreter,
    "roundtrip": check_round_trip,
}


def new_directory(scratch):
    return tempfile.mkdtemp(dir=scratch)


def check(tools, program, modes):
    """Checks one program in the `modes` named (keys of ALL_MODES).

    Returns None, or a text that says what differs.
    """
    program = os.path.abspath(program)
    scratch = tempfile.mkdtemp(prefix="hpcc-program-")
    try:
        with open(program, encoding="utf-8") as file:
            text = file.read()
        ast.parse(text, program)
        expectation = read_expectation(text)
        for mode in modes:
            ALL_MODES[mode](tools, program, expectation, scratch)
    except (Failure, SyntaxError, OSError) as error:
        return "%s: %s" % (os.path.basename(program), error)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", default="hpcc")
    parser.add_argument("--hpc-opt", default="hpc-opt")
    parser.add_argument("--oracle", default=sys.executable, help="a Python with the pinned NumPy")
    parser.add_argument("--mode", action="append", choices=list(ALL_MODES), help="default: all")
    parser.add_argument("--interpret", dest="mode", action="append_const", const="interpret")
    parser.add_argument("--roundtrip", dest="mode", action="append_const", const="roundtrip")
    parser.add_argument("--threads", default="3", metavar="N,..", help="numbers of threads (3)")
    parser.add_argument("--ranks", default="", metavar="P,..", help="numbers of ranks (none)")
    parser.add_argument("programs", nargs="+", metavar="FILE.hpc")
    arguments = parser.parse_args()
    threads = tuple(int(count) for count in arguments.threads.split(",") if count)
    ranks = tuple((int(count), 1) for count in arguments.ranks.split(",") if count)
    tools = Tools(
        arguments.hpcc, arguments.hpc_opt, arguments.oracle, dict(os.environ), threads, ranks)
    failures = 0
    for program in arguments.programs:
        difference = check(tools, program, arguments.mode or ALL_MODES)
        if difference is not None:
            failures += 1
            print(difference)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
