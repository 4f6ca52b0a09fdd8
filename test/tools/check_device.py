#!/usr/bin/python3
"""How programs with a GPU run, fail and end: on a stub of NVIDIA's driver and under emulation.

    check_device.py DEVICE_TEST STUB_SOURCE CLANG DIRECTORY

Compiles the stub into DIRECTORY as libcuda.so.1, once as it is and once without a function, and runs
the small programs of device_test. Each row of CASES says what goes wrong (test/gpu/Inputs/libcuda.c
explains the variables), the exit code, standard output, and the message on standard error.
"""

import os
import re
import subprocess
import sys

AT = "prog.hpc:7:1: "
INDEX_ERROR = AT + "IndexError: index 10 is out of bounds for axis 0 with size 5\n"
FAILED = "RuntimeError: the GPU failed, here or in what was started before: "
NO_SUCH_KERNEL = AT + "RuntimeError: the program has no kernel there_is_none: "


def statistics(launches, to_device, to_host, results, memory):
    return (
        "gpu: launches: %d\ngpu: transfers to the device: %s\ngpu: transfers to the host: %s\n"
        "gpu: results fetched: %s\ngpu: most memory: %d bytes\n"
        % (launches, to_device, to_host, results, memory)
    )


COUNT = {"HPCC_GPU_STATISTICS": "1"}
NONE = "0 (0 bytes)"

# What both devices do: a program, the environment, exit code, standard output, standard error.
ON_BOTH = [
    ("transfers", {}, 0, "transfers agree\n", ""),
    ("temporaries", {}, 0, "temporaries are gone\n", ""),
    ("results", {}, 0, "44850.0\n", ""),
    ("random", {}, 0, "all is as it should\n", ""),
    ("failure", {}, 1, "", INDEX_ERROR),
    # GpuGrid
    (
        "grids",
        {},
        1,
        "nothing was launched\n",
        AT + "RuntimeError: a grid of 1 x 1 x 65536 blocks of 1 x 1 x 1 threads is larger than a "
        "GPU takes\n",
    ),
    (
        "threads",
        {},
        1,
        "",
        AT + "RuntimeError: a grid of 1 x 1 x 1 blocks of 32 x 32 x 2 threads is larger than a GPU "
        "takes\n",
    ),
    ("error", {}, 1, "before\n", INDEX_ERROR),
    ("exit", {}, 3, "before\n", ""),
    ("end", {}, 0, "before\n", ""),
    (
        "wait",
        COUNT,
        0,
        "before\n",
        statistics(1, "1 (80 bytes)", "1 (80 bytes)", NONE, 8192 + 256),
    ),
    ("exit", COUNT, 3, "before\n", statistics(1, NONE, NONE, NONE, 8192)),
]

# GpuNoKernel
EMULATED = [("kernel", {}, 1, "", NO_SUCH_KERNEL + "it is not among those compiled\n")]


def stub_says(code, name):
    return "CUDA_ERROR_%s: the stub's error %d" % (name, code)


def start_fails(function, code, message):
    """A program does nothing when this function of the driver gives the code."""
    return ("end", {"STUB_FAIL": "%s:1:%d" % (function, code)}, 1, "", AT + message + "\n")


def work_fails(program, function, code, name, prints="before\n", call=1, place=AT):
    plan = {"STUB_FAIL": "%s:%d:%d" % (function, call, code)}
    return (program, plan, 1, prints, place + FAILED + stub_says(code, name) + "\n")


STUB_GPU = "Stub GPU (compute capability 8.6)"
PTXAS = "ptxas application ptx input, line 1; fatal: no"

ON_STUB = [
    ("kernel", {}, 1, "", NO_SUCH_KERNEL + stub_says(500, "NOT_FOUND") + "\n"),
    # GpuMissing, GpuCannotStart
    start_fails(
        "cuInit",
        100,
        "RuntimeError: there is no NVIDIA GPU: %s; a program compiled with --emulate runs without "
        "one" % stub_says(100, "NO_DEVICE"),
    ),
    (
        "end",
        {"STUB_DEVICES": "0"},
        1,
        "",
        AT + "RuntimeError: there is no NVIDIA GPU: %s; a program compiled with --emulate runs "
        "without one\n" % stub_says(100, "NO_DEVICE"),
    ),
    start_fails(
        "cuInit",
        803,
        "RuntimeError: the NVIDIA driver cannot start: "
        + stub_says(803, "SYSTEM_DRIVER_MISMATCH"),
    ),
    start_fails(
        "cuDeviceGetAttribute", 999, "RuntimeError: the NVIDIA driver cannot start: error 999"
    ),
    # GpuFull
    start_fails(
        "cuDevicePrimaryCtxRetain",
        2,
        "MemoryError: the GPU's memory is full: %s; the program holds nothing of it"
        % stub_says(2, "OUT_OF_MEMORY"),
    ),
    start_fails("cuCtxSetCurrent", 1, FAILED + stub_says(1, "INVALID_VALUE")),
    # GpuPtxTooNew, GpuOtherModel, GpuInvalidPtx
    start_fails(
        "cuModuleLoadDataEx",
        222,
        "RuntimeError: the kernels need a newer NVIDIA driver than that for CUDA 12.4: "
        + stub_says(222, "UNSUPPORTED_PTX_VERSION"),
    ),
    start_fails(
        "cuModuleLoadDataEx",
        209,
        "RuntimeError: the kernels were compiled for a newer GPU than %s: %s"
        % (STUB_GPU, stub_says(209, "NO_BINARY_FOR_GPU")),
    ),
    start_fails(
        "cuModuleLoadDataEx",
        218,
        "RuntimeError: the NVIDIA driver cannot compile the kernels for %s: %s"
        % (STUB_GPU, stub_says(218, "INVALID_PTX")),
    ),
    (
        "end",
        {"STUB_FAIL": "cuModuleLoadDataEx:1:218", "STUB_LOG": PTXAS},
        1,
        "",
        AT + "RuntimeError: the NVIDIA driver cannot compile the kernels for %s: %s: %s\n"
        % (STUB_GPU, stub_says(218, "INVALID_PTX"), PTXAS),
    ),
    # GpuFailed: at a launch, at a copy, where nothing waits, and at the end
    work_fails("end", "cuLaunchKernel", 719, "LAUNCH_FAILED"),
    work_fails("wait", "cuMemcpyHtoD_v2", 700, "ILLEGAL_ADDRESS"),
    work_fails("wait", "cuMemcpyDtoH_v2", 702, "LAUNCH_TIMEOUT"),
    work_fails("end", "cuMemAlloc_v2", 700, "ILLEGAL_ADDRESS"),
    work_fails("end", "cuCtxSynchronize", 700, "ILLEGAL_ADDRESS", place=""),
    work_fails("exit", "cuCtxSynchronize", 700, "ILLEGAL_ADDRESS", place=""),
    work_fails("failure", "cuMemcpyDtoH_v2", 700, "ILLEGAL_ADDRESS", prints="", call=2),
    # Another error of the program comes first.
    ("error", {"STUB_FAIL": "cuCtxSynchronize:1:700"}, 1, "before\n", INDEX_ERROR),
    # GpuOutOfMemory: in the middle of a program, with nothing else there, and only for a moment
    (
        "full",
        {"STUB_MEMORY": "12000000"},
        1,
        "four arrays are there\n",
        "prog.hpc:5:1: MemoryError: Unable to allocate 5.00 MiB on the GPU: 4 arrays hold 10.0 MiB "
        "of its 11.4 MiB, the largest 4.00 MiB since line 4, 3.00 MiB since line 3, 2.00 MiB since "
        "line 2\n",
    ),
    (
        "end",
        {"STUB_MEMORY": "8000"},
        1,
        "before\n",
        AT + "MemoryError: Unable to allocate 8.00 KiB on the GPU: the program holds nothing of "
        "it\n",
    ),
    ("random", {"STUB_MEMORY": "1000000"}, 0, "all is as it should\n", ""),
    ("temporaries", {"STUB_FAIL_ONCE": "cuMemAlloc_v2:2:2"}, 0, "temporaries are gone\n", ""),
]


def run(program, directory, variables, arguments):
    environment = {**os.environ, "LD_LIBRARY_PATH": directory, **variables}
    result = subprocess.run([program, *arguments], env=environment, capture_output=True, timeout=60)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def check(program, directory, device, case):
    """What is wrong with a case, or None."""
    name, variables, *expected = case
    found = run(program, directory, variables, [device, name])
    if found == tuple(expected):
        return None
    return "%s %s %s:\n  expected %r\n  found    %r" % (device, name, variables, expected, found)


def compile_stub(clang, source, directory, *options):
    os.makedirs(directory, exist_ok=True)
    library = os.path.join(directory, "libcuda.so.1")
    subprocess.run([clang, "-shared", "-fPIC", *options, source, "-o", library], check=True)
    return directory


def check_libraries(program, stub_source, clang, directory):
    """GpuNoDriver and GpuOldDriver: a library that is none, and one that lacks a function."""
    broken = os.path.join(directory, "broken")
    os.makedirs(broken, exist_ok=True)
    with open(os.path.join(broken, "libcuda.so.1"), "w", encoding="ascii") as file:
        file.write("no library\n")
    old = compile_stub(
        clang, stub_source, os.path.join(directory, "old"), "-DcuMemcpyDtoH_v2=cuMemcpyDtoH"
    )
    rows = [
        (
            broken,
            r"RuntimeError: cannot load the NVIDIA driver: .*libcuda\.so\.1: .*; a program compiled "
            r"with --emulate runs without it\n",
        ),
        (
            old,
            r"RuntimeError: the NVIDIA driver is too old for this program: it has no "
            r"cuMemcpyDtoH_v2\n",
        ),
    ]
    for place, message in rows:
        code, output, errors = run(program, place, {}, ["cuda", "end"])
        matches = re.fullmatch(re.escape(AT) + message, errors)
        yield None if code == 1 and output == "" and matches else "%s: %d %r %r" % (
            place,
            code,
            output,
            errors,
        )


def check_reuse(program, directory):
    """Of 300 temporaries few come from the driver: the memory of one serves the next."""
    _, _, errors = run(program, directory, {"STUB_CALLS": "1"}, ["cuda", "temporaries"])
    calls = errors.splitlines()
    few = calls.count("cuMemAlloc_v2") <= 10 and "cuMemFree_v2" not in calls
    return None if few else "%d allocations for temporaries" % calls.count("cuMemAlloc_v2")


def main(program, stub_source, clang, directory):
    stub = compile_stub(clang, stub_source, os.path.join(directory, "stub"))
    results = [check(program, stub, "emulated", case) for case in ON_BOTH + EMULATED]
    results += [check(program, stub, "cuda", case) for case in ON_BOTH + ON_STUB]
    results += check_libraries(program, stub_source, clang, directory)
    results.append(check_reuse(program, stub))
    problems = [result for result in results if result]
    print("\n".join(problems))
    print("devices: %d of %d agree" % (len(results) - len(problems), len(results)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
