#!/usr/bin/python3
"""Checks how programs with mpi4py end when one of their ranks does.

    check_rank_ends.py error EXECUTABLE RANKS CLASS [ARGUMENT...]
                                               an uncaught error: one message of that class, what was
                                               printed before it, exit code 1
    check_rank_ends.py kill EXECUTABLE RANKS   kill -9 of one rank
    check_rank_ends.py missing EXECUTABLE      the library cannot be loaded: message, exit code 1

In each case all processes are gone within 5 seconds.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from check_program import TIME_LIMIT, mpi_environment

MOST_SECONDS = 5.0
FOLDER = tempfile.mkdtemp(prefix="mpi")


def processes_of(executable):
    """The processes that run an executable."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink("/proc/%s/exe" % entry) == os.path.realpath(executable):
                found.append(int(entry))
        except OSError:
            pass
    return found


def wait_until(holds, seconds):
    """Whether the condition holds within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def start(executable, ranks, arguments=()):
    return subprocess.Popen(
        ["mpirun", "-np", ranks, executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=mpi_environment(os.environ, FOLDER),
    )


def check_error(executable, ranks, name, *arguments):
    """The program prints `ready`, and nothing else before the error.

    What ends one rank alone, like a lack of memory, ends rank 0 wherever it is.
    """
    run = start(executable, ranks, arguments)
    first = run.stdout.readline()
    began = time.monotonic()
    rest, errors = run.communicate(timeout=TIME_LIMIT)
    seconds = time.monotonic() - began
    problems = []
    alone = name == "MemoryError"
    if first + rest != "ready\n" and not (alone and first + rest == ""):
        problems.append("output: " + first + rest)
    if errors.count(name) != 1:
        problems.append("not one message: " + errors)
    if run.returncode != 1:
        problems.append("exit code %d" % run.returncode)
    if seconds > MOST_SECONDS:
        problems.append("%.1f s" % seconds)
    return problems


def check_kill(executable, ranks):
    """The program's ranks wait for each other without end."""
    run = start(executable, ranks)
    if not wait_until(lambda: len(processes_of(executable)) == int(ranks), TIME_LIMIT):
        return ["the ranks do not start"]
    run.stdout.readline()
    os.kill(processes_of(executable)[-1], signal.SIGKILL)
    problems = []
    if not wait_until(lambda: not processes_of(executable), MOST_SECONDS):
        problems.append("orphans")
        for process in processes_of(executable):
            os.kill(process, signal.SIGKILL)
    run.communicate(timeout=TIME_LIMIT)
    if run.returncode == 0:
        problems.append("exit code 0")
    return problems


def check_missing(executable):
    """LD_LIBRARY_PATH comes before the run path of the executable: an empty file is no library."""
    folder = executable + ".libraries"
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "libhpc_mpi.so"), "w"):
        pass
    environment = dict(mpi_environment(os.environ, FOLDER), LD_LIBRARY_PATH=folder)
    run = subprocess.run([executable], capture_output=True, text=True, env=environment, timeout=TIME_LIMIT)
    print(run.stdout + run.stderr)
    return [] if run.returncode == 1 else ["exit code %d" % run.returncode]


def main(mode, *arguments):
    check = {"error": check_error, "kill": check_kill, "missing": check_missing}[mode]
    try:
        problems = check(*arguments)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print("\n".join(problems) if problems else "as it should")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
