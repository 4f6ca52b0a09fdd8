#!/usr/bin/python3
"""Runs the commands that *.md and docs/*.md show, so that they stay true.

In a fenced block of language `sh`, the lines that start with `$ ` are commands and the rest is their
output; in a block without such lines, each line is a command. Every block runs in its own shell in a
scratch directory that has the project's files by symbolic links; each command must end with code 0.
`./x` builds nothing there: it uses the build under test.
A comment line before the fence changes that:

    <!-- not run: reason -->       the block is listed, not run
    <!-- exit code: 2 -->          the block's last command ends with this code
    <!-- needs: mpirun -->         the block is run with --has=mpirun, listed else; `gpu` likewise

`./x test` is not run, for this check is a part of it; nor are lint, fuzz, bench and clean.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from check_program import mpi_environment

TIME_LIMIT = 300  # seconds for one block
BLOCK = re.compile(
    r"^(?:<!--\s*(?P<mark>[^\n]*?)\s*-->\n\s*)?^```sh\n(?P<body>.*?)^```", re.M | re.S
)
OWN_COMMAND = re.compile(r"\./x (test|lint|fuzz|bench|clean)\b|\.ci/run\b")


def commands_of(body):
    """The commands of a block, in order, lines that end with a backslash joined."""
    lines = body.replace("\\\n", " ").splitlines()
    prompted = [line[2:] for line in lines if line.startswith("$ ")]
    plain = [line for line in lines if line.strip() and not line.startswith("#")]
    return prompted or plain


def run_block(commands, wanted_code, directory, environment):
    """Runs a block; returns None, or what went wrong."""
    script = "\n".join(["set -e", "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR"] + commands)
    try:
        process = subprocess.run(
            ["bash", "-c", script],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired:
        return "still running after %d s" % TIME_LIMIT
    if process.returncode == wanted_code:
        return None
    tail = process.stdout.decode("utf-8", "replace").splitlines()[-20:]
    return "code %d, expected %d\n%s" % (process.returncode, wanted_code, "\n".join(tail))


def link_project(root, build, directory):
    """Makes `directory` anew, with links to everything the project's root has.

    `build` in it is the build under test, wherever that is.
    """
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for name in os.listdir(root):
        if name != "build":
            os.symlink(os.path.join(root, name), os.path.join(directory, name))
    os.symlink(build, os.path.join(directory, "build"))


def check_document(root, build, path, scratch, environment, has):
    """Runs the blocks of one document; returns the numbers (run, skipped, failed)."""
    counts = [0, 0, 0]
    with open(path, encoding="utf-8") as file:
        text = file.read()
    link_project(root, build, scratch)
    for block in BLOCK.finditer(text):
        place = "%s:%d" % (os.path.relpath(path, root), text.count("\n", 0, block.start("body")) + 1)
        mark = block.group("mark") or ""
        commands = commands_of(block.group("body"))
        need = re.fullmatch(r"needs: (\w+)", mark)
        if mark.startswith("not run:") or (need and need.group(1) not in has):
            print("%s: %s" % (place, mark))
            counts[1] += 1
            continue
        for command in [command for command in commands if OWN_COMMAND.match(command)]:
            print("%s: not run here: %s" % (place, command))
            commands.remove(command)
        code = re.fullmatch(r"exit code: (\d+)", mark)
        problem = run_block(commands, int(code.group(1)) if code else 0, scratch, environment)
        counts[0] += 1
        if problem:
            counts[2] += 1
            print("%s: %s" % (place, problem))
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", required=True, help="where bin/hpcc is; ./x uses it as it is")
    parser.add_argument(
        "--has",
        action="append",
        default=[],
        choices=["mpirun", "gpu"],
        help="what there is of what blocks need: an mpirun with its library, an NVIDIA GPU",
    )
    parser.add_argument("--scratch", required=True, help="a directory to make and to run in")
    parser.add_argument("root")
    arguments = parser.parse_args()
    root, build = os.path.abspath(arguments.root), os.path.abspath(arguments.build)
    path = os.pathsep.join([os.path.join(build, "bin"), os.environ["PATH"]])
    folder = tempfile.TemporaryDirectory(prefix="mpi")
    environment = mpi_environment(dict(os.environ, PATH=path, HPCC_BUILD=build), folder.name)
    documents = glob.glob(os.path.join(root, "*.md"))
    documents += glob.glob(os.path.join(root, "docs", "*.md"))
    totals = [0, 0, 0]
    for document in sorted(documents):
        counts = check_document(
            root, build, document, arguments.scratch, environment, arguments.has
        )
        totals = [a + b for a, b in zip(totals, counts)]
    print("documents: %d blocks run, %d marked, %d failed" % tuple(totals))
    return 1 if totals[2] else 0


if __name__ == "__main__":
    sys.exit(main())
