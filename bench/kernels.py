"""The kernels of test/kernels as cases: a program of each that times one call of its function.

The test's text is the case's text: what stands before its calls of `run`, then the statements of `run`
before the kernel is called, at the sizes of the table, then the call between two readings of the clock.
"""

import ast
import dataclasses
import os

from cases import Case

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
FOLDER = os.path.join(ROOT, "test", "kernels")


@dataclasses.dataclass(frozen=True)
class Kernel(Case):
    """`call` is what is timed, `results` what is printed of, `setup` stands for what `run` does before."""

    call: str = ""
    results: str = ""
    setup: str = ""


def parts_of(name):
    """The text of the kernel's functions, and the statements of `run` before it calls the kernel."""
    with open(os.path.join(FOLDER, name + ".hpc")) as file:
        text = file.read()
    function = name.replace("-", "_")
    lines = text.splitlines()
    tree = ast.parse(text)
    run = next((node for node in tree.body if getattr(node, "name", "") == "run"), None)
    if not run:  # the table has the setup
        end = max(node.end_lineno for node in tree.body if not isinstance(node, (ast.Expr, ast.For)))
        return "\n".join(lines[:end]), ""
    calls = [
        statement.lineno
        for statement in run.body
        for part in ast.walk(statement)
        if isinstance(part, ast.Call) and getattr(part.func, "id", "") == function
    ]
    setup = [line[4:] for line in lines[run.body[0].lineno - 1 : min(calls) - 1]]
    return "\n".join(lines[: run.lineno - 1]), "\n".join(setup)


def program_of(kernel, sizes, warm_up=""):
    """The text of the timed program. `warm_up` is what a peer does with copies before it is timed."""
    head, setup = parts_of(kernel.program.removesuffix(".hpc"))
    lines = ["import time", head, ""]
    lines += [f"{name} = {value}" for name, value in sizes.items()]
    lines += [kernel.setup or setup, warm_up]
    lines += ["start = time.process_time()", kernel.call, "seconds = time.process_time() - start"]
    for result in kernel.results.split(", "):
        lines.append(f'print("{result}", np.abs({result}).sum())' if result != "crc" else "print(crc)")
    return "\n".join(lines + ['print("seconds", seconds)', ""])


def write_program(kernel, sizes, directory, warm_up=""):
    """Writes the timed program into the directory and returns its path."""
    path = os.path.join(directory, kernel.program)
    with open(path, "w") as file:
        file.write(program_of(kernel, sizes, warm_up))
    return path


def warm_up_of(kernel):
    """The call with copies of its arrays, for a peer that compiles at the first call."""
    call = ast.parse(kernel.call.split(" = ")[-1], mode="eval").body
    arguments = [
        f"{part.id}.copy()" if isinstance(part, ast.Name) and part.id not in kernel.sizes else ast.unparse(part)
        for part in call.args
    ]
    return f"{ast.unparse(call.func)}({', '.join(arguments)})"


def kernel(name, sizes, quick, call, results, **others):
    """A row of the table. The peers take products and sums in other orders."""
    return Kernel(
        "kernels/" + name,
        name + ".hpc",
        sizes,
        quick,
        "kernels/" + name,
        call=call,
        results=results,
        tolerance=others.pop("tolerance", 1e-12),
        peer_tolerance=others.pop("peer_tolerance", 1e-9),
        **others,
    )


# Between 5 and 180 ms of NumPy's time each.
KERNELS = [
    kernel("adi", {"n": 200, "m": 210, "steps": 20}, {"n": 9, "m": 13, "steps": 4}, "r, v = adi(steps, u)", "r"),
    kernel(
        "arc-distance",
        {"n": 1000000},
        {"n": 37},
        "d = arc_distance(theta_1, phi_1, theta_2, phi_2)",
        "d",
    ),
    kernel("atax", {"m": 5000, "n": 6000}, {"m": 9, "n": 13}, "y = atax(a, x)", "y"),
    kernel(
        "cavity-flow",
        {"nx": 131, "ny": 121, "nt": 10, "sweeps": 50},
        {"nx": 13, "ny": 9, "nt": 3, "sweeps": 4},
        "cavity_flow(nx, ny, nt, sweeps, u, v, 0.1 / ((nx - 1) * (ny - 1)), 2 / (nx - 1), 2 / (ny - 1), p, 1.0, 0.1)",
        "u, v, p",
    ),
    kernel("cholesky", {"n": 260}, {"n": 11}, "cholesky(a)", "a"),
    kernel(
        "compute",
        {"n": 2000, "m": 2100},
        {"n": 7, "m": 11},
        "result = compute(array_1, array_2, 4, 3, 9)",
        "result",
    ),
    kernel(
        "conv2d-bias",
        {"n": 4, "h": 32, "w": 33, "c_in": 3, "c_out": 16, "size": 5},
        {"n": 2, "h": 7, "w": 9, "c_in": 3, "c_out": 4, "size": 3},
        "output = conv2d_bias(input, weights, bias)",
        "output",
        tolerance=1e-5,
        peer_tolerance=1e-5,
    ),
    kernel(
        "correlation",
        {"n": 700, "m": 600},
        {"n": 13, "m": 6},
        "corr = correlation(m, 1.0 * n, data)",
        "corr, data",
        tolerance=1e-10,
    ),
    kernel(
        "crc16",
        {"n": 20000},
        {"n": 100},
        "crc = crc16(data)",
        "crc",
        setup="data = (np.arange(n) * 151 % 256).astype(np.uint8)",
    ),
    kernel("durbin", {"n": 4000}, {"n": 17}, "y = durbin(r)", "y", tolerance=1e-9),
    kernel(
        "floyd-warshall",
        {"n": 280},
        {"n": 13},
        "floyd_warshall(path)",
        "path",
        setup="path = distances(n)",
    ),
    kernel(
        "gemm", {"ni": 1000, "nj": 1100, "nk": 1200}, {"ni": 7, "nj": 9, "nk": 11}, "gemm(1.5, 1.25, c, a, b)", "c"
    ),
    kernel(
        "gemver",
        {"n": 2200, "m": 2300},
        {"n": 9, "m": 13},
        "gemver(1.5, 1.25, a, u1, v1, u2, v2, w, x, y, z)",
        "a, w, x",
    ),
    kernel("gramschmidt", {"m": 240, "n": 200}, {"m": 11, "n": 5}, "q, r = gramschmidt(a)", "q, r, a", tolerance=1e-9),
    kernel(
        "heat-3d",
        {"n": 60, "m": 61, "l": 62, "steps": 10},
        {"n": 6, "m": 7, "l": 9, "steps": 4},
        "heat_3d(steps, a, b)",
        "a, b",
    ),
    kernel("jacobi-1d", {"n": 30000, "steps": 400}, {"n": 17, "steps": 9}, "jacobi_1d(steps, a, b)", "a, b"),
    kernel(
        "jacobi-2d",
        {"n": 400, "m": 410, "steps": 40},
        {"n": 9, "m": 14, "steps": 5},
        "jacobi_2d(steps, a, b)",
        "a, b",
    ),
    kernel("lu", {"n": 200}, {"n": 11}, "lu(a)", "a"),
    kernel(
        "mlp",
        {"n": 64, "c": 300, "s0": 2000, "s1": 800, "s2": 500},
        {"n": 8, "c": 3, "s0": 13, "s1": 9, "s2": 7},
        "x = mlp(input, w1, b1, w2, b2, w3, b3)",
        "x * x",
        tolerance=1e-3,
        peer_tolerance=1e-3,
    ),
    kernel("seidel-2d", {"n": 120, "m": 130, "steps": 10}, {"n": 9, "m": 12, "steps": 4}, "seidel_2d(steps, a)", "a"),
    kernel(
        "softmax",
        {"n": 8, "h": 8, "m": 128, "k": 512},
        {"n": 2, "h": 3, "m": 5, "k": 7},
        "y = softmax(x)",
        "y",
        tolerance=1e-4,
        peer_tolerance=1e-4,
    ),
    kernel("syrk", {"n": 140, "m": 150}, {"n": 9, "m": 13}, "syrk(1.5, 1.2, c, a)", "c"),
    kernel("trisolv", {"n": 5000}, {"n": 15}, "trisolv(l, x, b)", "x", tolerance=1e-9),
    kernel(
        "vadv",
        {"nx": 60, "ny": 61, "nz": 80},
        {"nx": 5, "ny": 4, "nz": 9},
        "vadv(utens_stage, u_stage, wcon, u_pos, utens, 3.0 / 20.0)",
        "utens_stage",
    ),
]
