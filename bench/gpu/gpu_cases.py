"""The table of cases on a GPU: which program at which size, and what a sweep must move."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Case:
    """One row: a program of bench/gpu/programs, whose name the peers' files have too.

    `sizes` replaces the literals of the program's module variables, `quick` does so for a run that
    only shows that all works. `bytes` are those that one of `sweeps` sweeps must read and write, 0
    where memory does not limit. `variants` are the peers in CUDA C by what is defined for each.
    `arrays`: CuPy and JAX can do it. `tolerance` is how far the numbers of other compilers may be
    from hpcc's, relatively, for they contract and add in another order. `exact`: hpcc on the CPU
    computes the same in reasonable time.
    """

    name: str
    sizes: dict
    quick: dict
    bytes: object = lambda sizes: 0
    variants: dict = dataclasses.field(default_factory=lambda: {"cuda-c": ""})
    arrays: bool = True
    tolerance: float = 1e-11
    exact: bool = True

    # What bench/measure.py and bench/report.py ask of a case.
    whole = False

    @property
    def program(self):
        return self.name + ".hpc"

    def sweeps(self, sizes):
        return sizes.get("niter", 1)


def rod(name, arrays, **options):
    """A case over 100,000,000 numbers that touches so many arrays of them."""
    sizes, quick = {"n": 100000000, "niter": 100}, {"n": 100000, "niter": 4}
    return Case(name, sizes, quick, lambda sizes: 8 * arrays * sizes["n"], **options)


CASES = [
    rod("diffusion", 2),
    Case(
        "heat2d",
        {"n": 16384, "niter": 100},
        {"n": 300, "niter": 4},
        lambda sizes: 16 * sizes["n"] ** 2,
        {"cuda-c": "", "cuda-c-rows4": "-DROWS=4"},
    ),
    rod("multiply_add", 4),
    rod("sum", 1),
    Case(
        "euler39",
        {"N": 20000},
        {"N": 300},
        variants={"cuda-c": "", "cuda-c-int32": "-DINTEGER=int"},
        arrays=False,
        exact=False,
    ),
]

# Elements of the arrays that the device copies to show its bandwidth.
COPY = ({"n": 200000000}, {"n": 100000})
