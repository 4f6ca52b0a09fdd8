#!/usr/bin/python3
"""Compiles the benchmarks of a GPU into a folder, which then needs no compiler to be measured.

    pack.py FOLDER [--hpcc=PATH] [--gpu=sm_NN] [--emulate]

hpcc's programs for the GPU and for the threads of a CPU, the peers in CUDA C where there is nvcc,
each at its size and at the quick one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

import gpu_cases

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import peers  # noqa: E402
import report  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(prog="pack", description=__doc__.split("\n\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--hpcc", default=os.path.join(ROOT, "build", "bin", "hpcc"))
    parser.add_argument("--gpu", default="sm_80", help="the oldest GPU that must do (sm_80)")
    parser.add_argument("--march", default="x86-64-v3", help="the oldest CPU (x86-64-v3)")
    parser.add_argument("--emulate", action="store_true", help="the GPU's part runs on the CPU")
    return parser.parse_args()


def find_nvcc():
    places = [os.environ.get("CUDA_PATH", ""), "/usr/local/cuda"]
    found = [os.path.join(place, "bin", "nvcc") for place in places]
    return next((path for path in found if os.path.exists(path)), shutil.which("nvcc"))


def compile_with(command):
    """Runs a compiler; returns what it says if it fails, else None."""
    result = subprocess.run(command, capture_output=True, text=True)
    return result.stderr.strip() or "no message" if result.returncode != 0 else None


def commands_of(case, sizes, arguments, nvcc):
    """The peers that are compiled, with the command of each but for its output."""
    hpcc = [arguments.hpcc, os.path.join(HERE, "programs", case.program), "-march=" + arguments.march]
    hpcc += [option for name, value in sizes.items() for option in ("-D", f"{name}={value}")]
    gpu = ["--emulate"] if arguments.emulate else ["--gpu=" + arguments.gpu]
    yield "hpcc", [*hpcc, "--target=cuda", *gpu]
    yield "hpcc-cpu", [*hpcc, "--target=omp"]
    for name, macros in case.variants.items():
        yield name, nvcc and nvcc_command(nvcc, case.name, sizes, arguments.gpu) + macros.split()


def nvcc_command(nvcc, name, sizes, gpu):
    macros = [f"-DSIZE_{size}={value}" for size, value in sizes.items()]
    return [nvcc, "-O3", "-arch=" + gpu, *macros, os.path.join(HERE, "peers", name + ".cu")]


def main():
    arguments = parse_arguments()
    nvcc = None if arguments.emulate else find_nvcc()
    left_out = {}
    os.makedirs(arguments.folder, exist_ok=True)
    for quick, end in [(False, ""), (True, ".quick")]:
        work = [
            (case.name + "." + peer, command)
            for case in gpu_cases.CASES
            for peer, command in commands_of(
                case, case.quick if quick else case.sizes, arguments, nvcc)
        ]
        work.append(("copy", nvcc and nvcc_command(nvcc, "copy", gpu_cases.COPY[quick], arguments.gpu)))
        for name, command in work:
            output = os.path.join(arguments.folder, name + end)
            problem = "there is no nvcc"
            if command:
                problem = compile_with([*command, "-o", output])
            if problem and ".hpcc" in name:
                sys.exit(f"pack: {name}: {problem}")
            if problem:
                left_out[name] = problem
    facts = {"commit": report.commit_of(ROOT), "gpu": arguments.gpu, "emulated": arguments.emulate, "left_out": left_out}
    facts["hpcc"] = peers.first_line([arguments.hpcc, "--version"])
    facts["nvcc"] = nvcc and last_line([nvcc, "--version"])
    with open(os.path.join(arguments.folder, "bench.json"), "w") as file:
        json.dump(facts, file, indent=1)


def last_line(command):
    return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
