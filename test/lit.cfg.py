# The test suite's settings: which files are tests, the tools they may name, what the machine can do.
#
# Whole programs (test/programs, examples) need no RUN line; program_format.py runs those.

import os
import re
import shutil
import subprocess
import sys

import lit.formats

tools = os.path.join(config.source_root, "test", "tools")
sys.path.insert(0, tools)

config.name = "hpcc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".hpc", ".hir", ".test"]
config.excludes = ["tools", "Inputs"]
config.test_source_root = os.path.join(config.source_root, "test")
config.test_exec_root = os.path.join(config.build_root, "test")

bin_directory = os.path.join(config.build_root, "bin")
config.hpcc = os.path.join(bin_directory, "hpcc")
config.hpc_opt = os.path.join(bin_directory, "hpc-opt")
config.environment["PATH"] = os.pathsep.join(
    [bin_directory, config.llvm_tools, "/usr/bin", "/bin"]
)
# The Python of lit itself is /usr/bin/python3; the oracle has the pinned NumPy besides.
config.oracle = lit_config.params.get(
    "oracle", os.path.join(config.source_root, ".oracle", "bin", "python")
)


def oracle_is_pinned():
    """True if the oracle is CPython 3.11 with exactly the NumPy of oracle-requirements.txt."""
    with open(os.path.join(config.test_source_root, "oracle-requirements.txt")) as file:
        wanted = re.search(r"^numpy==(\S+)$", file.read(), re.M).group(1)
    probe = "import sys, numpy; print(*sys.version_info[:2], numpy.__version__)"
    try:
        found = subprocess.run(
            [config.oracle, "-c", probe], capture_output=True, text=True, timeout=60
        ).stdout.split()
    except OSError:
        found = []
    if found == ["3", "11", wanted]:
        return True
    lit_config.note(
        "no oracle: %s is not CPython 3.11 with NumPy %s; './x oracle-env' makes it"
        % (config.oracle, wanted)
    )
    return False


def can_run_ranks():
    """Whether there are mpirun, the library that hpcc makes for an MPI, and mpi4py for the oracle."""
    library = os.path.join(config.build_root, "lib", "libhpc_mpi.so")
    if not shutil.which("mpirun", path=config.environment["PATH"]) or not os.path.exists(library):
        return False
    probe = "import sys, importlib.util as u; sys.exit(u.find_spec('mpi4py') is None)"
    return subprocess.run([config.oracle, "-c", probe], timeout=60).returncode == 0


def find_cuda():
    """The paths of NVIDIA's assembler and library of math functions as hpcc finds them, or None."""
    report = subprocess.run([config.hpcc, "doctor"], capture_output=True, text=True, timeout=60).stdout
    rows = (re.search(r"^ok +%s +(.*)$" % what, report, re.M) for what in ["ptxas", "libdevice"])
    return [row and row.group(1) for row in rows]


def processor_flags():
    """The CPU's feature names as Linux lists them."""
    with open("/proc/cpuinfo") as file:
        match = re.search(r"^flags\s*:(.*)$", file.read(), re.M)
    return set(match.group(1).split()) if match else set()


# The driver makes this where it has found a GPU.
if os.path.exists("/dev/nvidiactl"):
    config.available_features.add("gpu")
if shutil.which("gdb", path=config.environment["PATH"]):
    config.available_features.add("gdb")
if oracle_is_pinned():
    config.available_features.add("oracle")
    if can_run_ranks():
        config.available_features.add("mpi")
# What a test adds to clang++ where it links the runtime, and puts before a program that loads it then.
sanitize, sanitize_shared, preload = "", "", ""
if config.sanitize:
    config.available_features.add("asan")
    # LLVM itself is not instrumented, so what it keeps in containers and at exit is not judged. Leaks
    # are not either: a program that ends with an error leaves its arrays to the operating system.
    # Without memory, NumPy and hpcc raise MemoryError, so the allocator must return null.
    config.environment["ASAN_OPTIONS"] = ":".join(
        ["detect_leaks=0", "detect_container_overflow=0", "allocator_may_return_null=1"]
    )
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
    sanitize = "-fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=all"
    sanitize_shared = sanitize + " -shared-libasan"
    library = subprocess.run(
        [os.path.join(config.llvm_tools, "clang++"), "-print-file-name=libclang_rt.asan-x86_64.so"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    preload = "env LD_PRELOAD=" + library
if lit_config.params.get("full"):
    config.available_features.add("full")
flags = processor_flags()
for feature, flag in [("avx2", "avx2"), ("fma", "fma"), ("avx512", "avx512f")]:
    if flag in flags:
        config.available_features.add(feature)

check_program = "%s %s --hpcc %s --hpc-opt %s --oracle %s" % (
    sys.executable,
    os.path.join(tools, "check_program.py"),
    config.hpcc,
    config.hpc_opt,
    config.oracle,
)
check_ranks = "%s %s --hpcc %s --hpc-opt %s --oracle %s" % (
    sys.executable,
    os.path.join(tools, "check_ranks.py"),
    config.hpcc,
    config.hpc_opt,
    config.oracle,
)
ptxas, libdevice = find_cuda()
for feature, path in [("ptxas", ptxas), ("libdevice", libdevice)]:
    if path:
        config.available_features.add(feature)
check_ptx = "%s %s --hpcc %s %s" % (
    sys.executable,
    os.path.join(tools, "check_ptx.py"),
    config.hpcc,
    "--ptxas " + ptxas if ptxas else "",
)
mpirun = "%s %s" % (sys.executable, os.path.join(tools, "mpirun.py"))
config.substitutions += [
    ("%check-ranks", check_ranks),
    ("%check-ptx", check_ptx),
    ("%stdlib-count", "200" if "full" in config.available_features else "40"),
    ("%mpirun", mpirun),
    ("%check-program", check_program),
    ("%sanitize-shared", sanitize_shared),
    ("%sanitize", sanitize),
    ("%preload", preload),
    ("%hpc-opt", config.hpc_opt),
    ("%hpcc", config.hpcc),
    ("%oracle", config.oracle),
    ("%python", sys.executable),
    ("%tools", tools),
    ("%tests", os.path.join(config.test_exec_root, "bin")),
    ("%root", config.source_root),
    ("%bin", bin_directory),
    ("%build", config.build_root),
]
