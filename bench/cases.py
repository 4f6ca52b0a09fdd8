"""The table of cases: which program is measured at which size, against whom."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    """One row: a program of bench/cases at one size.

    `sizes` replaces the literals of the program's module variables, `quick` does so for a run that
    only shows that the harness works. `peer` is the stem of the peers' files in bench/peers.
    `python` is the peer that the program itself is under CPython: "numpy" where it computes with
    arrays, else "cpython". `tolerance` is how far its numbers may be from CPython's, relatively;
    `peer_tolerance` is the same for C and Numba, which add in another order and contract products
    and sums. `too_slow` gives the reason for which a peer is run at the quick size only. `whole`
    times the whole process, not the loop that the program times itself. `slices` is the case that
    does the same in slices. `threads`: the C peer has OpenMP pragmas, and the case is among those
    that `--threads` runs.
    """

    name: str
    program: str
    sizes: dict
    quick: dict
    peer: str
    python: str = "numpy"
    tolerance: float = 0.0
    peer_tolerance: float = 1e-11
    too_slow: dict = dataclasses.field(default_factory=dict)
    whole: bool = False
    slices: str = ""
    threads: bool = False


def cases_of_diffusion():
    """Two sizes, in slices and in loops: once the rod fits into the caches, once it does not."""
    for label, sizes in [
        ("100k", {"n": 100000, "niter": 50000}),
        ("10m", {"n": 10000000, "niter": 500}),
    ]:
        quick = {"n": 1000, "niter": 20}
        name = "diffusion-" + label
        large = label == "10m"
        yield Case(name, "diffusion.hpc", sizes, quick, "diffusion", threads=large)
        yield Case(
            name + "-loops",
            "diffusion_loops.hpc",
            sizes,
            quick,
            "diffusion",
            python="cpython",
            too_slow={"cpython": "takes about half an hour"},
            slices=name,
        )


def cases_of_elementwise():
    """Two sizes: all arrays in the last cache together, each array larger than it."""
    for label, sizes in [
        ("100k", {"n": 100000, "niter": 2000}),
        ("10m", {"n": 10000000, "niter": 20}),
    ]:
        yield Case(
            "elementwise-" + label, "elementwise.hpc", sizes, {"n": 1000, "niter": 5}, "elementwise"
        )


def simple(name, quick, **options):
    """A case whose peers have the name of its program, at the sizes written in the options."""
    stem = name.replace("-", "_")
    return Case(name, stem + ".hpc", options.pop("sizes"), quick, stem, **options)


CASES = [
    *cases_of_diffusion(),
    simple("heat2d", {"n": 65, "niter": 5}, sizes={"n": 4096, "niter": 100}, threads=True),
    simple("heat3d", {"n": 17, "niter": 5}, sizes={"n": 256, "niter": 20}),
    simple("wave2d", {"n": 65, "niter": 5}, sizes={"n": 2048, "niter": 100}),
    simple(
        "cavity",
        {"nx": 21, "ny": 21, "niter": 5, "nit": 10},
        sizes={"nx": 201, "ny": 201, "niter": 100, "nit": 50},
        peer_tolerance=1e-9,
    ),
    Case("euler39-1000", "euler39.hpc", {"N": 1000}, {"N": 150}, "euler39", python="cpython"),
    Case(
        "euler39-5000",
        "euler39.hpc",
        {"N": 5000},
        {"N": 150},
        "euler39",
        python="cpython",
        too_slow={"cpython": "takes about half an hour"},
        threads=True,
    ),
    simple(
        "mandelbrot",
        {"ny": 20, "nx": 30, "limit": 50},
        sizes={"ny": 1000, "nx": 1500, "limit": 200},
        python="cpython",
        threads=True,
    ),
    simple(
        "softmax",
        {"rows": 40, "columns": 100, "niter": 2},
        sizes={"rows": 4000, "columns": 1000, "niter": 20},
        tolerance=1e-12,
    ),
    *cases_of_elementwise(),
    simple("sum-all", {"n": 50, "niter": 5}, sizes={"n": 1000, "niter": 1000}),
    simple("sum-rows", {"n": 50, "niter": 5}, sizes={"n": 1000, "niter": 1000}),
    simple("sum-columns", {"n": 50, "niter": 5}, sizes={"n": 1000, "niter": 1000}),
    simple(
        "hello",
        {},
        sizes={},
        python="cpython",
        whole=True,
    ),
]


def case_of_file(path):
    """A case for any program: the whole process, as an executable, by `hpcc run`, under CPython."""
    return Case(path, path, {}, {}, "", python="cpython", tolerance=1e-6, whole=True)
