"""The peers: how each of them gets a case ready to run, and which versions took part.

A function here takes a case and the sizes to use, leaves what it compiles in a scratch directory,
and returns the command that runs it; it raises Unavailable, with the reason, if it cannot.
"""

import dataclasses
import os
import re
import shutil
import subprocess

import kernels

HERE = os.path.dirname(os.path.realpath(__file__))
C_FLAGS = ["-O3", "-march=native"]


class Unavailable(Exception):
    """A peer that this machine lacks or that a case leaves out; its text is the reason."""


@dataclasses.dataclass
class Tools:
    """The compiler to measure and the interpreters: CPython with NumPy, CPython with Numba."""

    hpcc: str
    python: str
    numba: str


def program_at_size(path, sizes, directory, wall_clock=False):
    """Copies a program with the literals of its module variables replaced; returns the copy.

    With `wall_clock` it times itself by that, not by the processor time of all its threads.
    """
    with open(path) as file:
        text = file.read()
    for name, value in sizes.items():
        text, found = re.subn(rf"^{name} = \S+$", f"{name} = {value}", text, flags=re.M)
        if found != 1:
            raise Unavailable(f"{path} does not assign {name} once")
    if wall_clock:
        text = text.replace("time.process_time()", "time.perf_counter()")
    copy = os.path.join(directory, os.path.basename(path))
    with open(copy, "w") as file:
        file.write(text)
    return copy


def program_of(case, sizes, directory, wall_clock=False):
    """The program of a case at these sizes, in the directory."""
    if isinstance(case, kernels.Kernel):
        return kernels.write_program(case, sizes, directory)
    return program_at_size(path_of(case.program), sizes, directory, wall_clock)


def compile_with(command):
    """Runs a compiler; what it says is the reason if it fails."""
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Unavailable(f"{command[0]} failed: {result.stderr.strip()}")


def path_of(program):
    return os.path.join(HERE, "cases", program)


def transcription_of(case, ending):
    """The path of a peer's own text of a case."""
    path = os.path.join(HERE, "peers", case.peer + ending)
    if not os.path.exists(path):
        raise Unavailable("there is no transcription")
    return path


def prepare_hpcc(case, sizes, directory, tools):
    program = program_of(case, sizes, directory)
    executable = os.path.join(directory, "program")
    compile_with([tools.hpcc, program, "-o", executable])
    return [executable]


def prepare_hpcc_for(target):
    """hpcc for one target, timed by the wall clock."""

    def prepare(case, sizes, directory, tools):
        program = program_of(case, sizes, directory, wall_clock=True)
        executable = os.path.join(directory, "program")
        compile_with([tools.hpcc, "--target=" + target, program, "-o", executable])
        return [executable]

    return prepare


def prepare_hpcc_ranks(case, sizes, directory, tools):
    if not shutil.which("mpirun"):
        raise Unavailable("there is no mpirun")
    return prepare_hpcc_for("mpi")(case, sizes, directory, tools)


def prepare_hpcc_run(case, sizes, directory, tools):
    return [tools.hpcc, "run", program_of(case, sizes, directory)]


def prepare_python(case, sizes, directory, tools):
    if not os.path.exists(tools.python):
        raise Unavailable(f"there is no {tools.python}; ./x oracle-env makes it")
    return [tools.python, program_of(case, sizes, directory)]


def prepare_numba(case, sizes, directory, tools):
    if not os.path.exists(tools.numba):
        raise Unavailable("Numba is not installed")
    transcription = transcription_of(case, ".py")
    if not isinstance(case, kernels.Kernel):
        return [tools.numba, program_at_size(transcription, sizes, directory)]
    with open(transcription) as file:
        warm_up = file.read() + "\n" + kernels.warm_up_of(case)
    return [tools.numba, kernels.write_program(case, sizes, directory, warm_up)]


def prepare_c(compiler, flags=()):
    def prepare(case, sizes, directory, tools):
        if not shutil.which(compiler):
            raise Unavailable(f"there is no {compiler}")
        source = transcription_of(case, ".c")
        executable = os.path.join(directory, "program")
        macros = [f"-DSIZE_{name}={value}" for name, value in sizes.items()]
        compile_with([compiler, *C_FLAGS, *flags, *macros, source, "-o", executable, "-lm"])
        return [executable]

    return prepare


CLANG = "clang-22" if shutil.which("clang-22") else "clang"

WALL_CLOCK = "-DWALL_CLOCK"
# The name of a peer that runs on several threads: that of the same peer on one, and this.
THREADS = "-threads"
# The same with ranks, each of one thread.
RANKS = "-ranks"
# How Open MPI starts ranks on any machine, where they share memory.
RANKS_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "OMPI_MCA_pml": "ob1",
    "OMPI_MCA_btl": "self,vader",
}

PEERS = {
    "hpcc": prepare_hpcc,
    "hpcc-run": prepare_hpcc_run,
    "hpcc-slices": prepare_hpcc,
    "gcc": prepare_c("gcc"),
    "clang": prepare_c(CLANG),
    "numpy": prepare_python,
    "cpython": prepare_python,
    "numba": prepare_numba,
}
PEERS_OF_THREADS = {
    "hpcc": prepare_hpcc_for("cpu"),
    "hpcc" + THREADS: prepare_hpcc_for("omp"),
    "hpcc" + RANKS: prepare_hpcc_ranks,
    "gcc": prepare_c("gcc", [WALL_CLOCK]),
    "gcc" + THREADS: prepare_c("gcc", [WALL_CLOCK, "-fopenmp"]),
    "clang": prepare_c(CLANG, [WALL_CLOCK]),
    "clang" + THREADS: prepare_c(CLANG, [WALL_CLOCK, "-fopenmp"]),
}


def peers_of(case):
    """The names of the peers that a case has, hpcc first."""
    names = ["hpcc"]
    if case.whole:
        names.append("hpcc-run")
    if case.slices:
        names.append("hpcc-slices")
    if isinstance(case, kernels.Kernel):
        return names + ["numpy", "numba"]
    return names + ["gcc", "clang", case.python, "numba"]


def first_line(command):
    """The first line that a command prints, or None if it is not there."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[0]
    except (OSError, IndexError):
        return None


def versions(tools):
    """The versions of all peers; None for what this machine lacks."""
    numpy = "import sys, numpy; print(sys.version.split()[0], 'NumPy', numpy.__version__)"
    numba = "import numba, numpy; print(numba.__version__, 'NumPy', numpy.__version__)"
    return {
        "hpcc": first_line([tools.hpcc, "--version"]),
        "gcc": first_line(["gcc", "--version"]),
        "clang": first_line([CLANG, "--version"]),
        "python": first_line([tools.python, "-c", numpy]),
        "numba": first_line([tools.numba, "-c", numba]),
        "c_flags": " ".join(C_FLAGS),
    }
