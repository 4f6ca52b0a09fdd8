"""Writes programs fits-*.hpc and deep-*.hpc of nested constructs into the folder given."""

import os
import sys

PROGRAMS = {
    "attributes": lambda n: "a" + ".b" * n,
    "brackets": lambda n: "(" * n + "1" + ")" * n,
    "conditions": lambda n: "1 if a else " * n + "1",
    "elifs": lambda n: "if a: pass\n" + "elif a: pass\n" * n,
    "lambdas": lambda n: "lambda: " * n + "1",
    "minuses": lambda n: "-" * n + "1",
    "nots": lambda n: "not " * n + "1",
    "powers": lambda n: "1 ** " * n + "1",
    "sums": lambda n: "a" + " + a" * n,
    "tuples": lambda n: "(" * n + "1" + ",)" * n,
}
FITS = {"attributes": 900, "brackets": 200, "elifs": 1000, "sums": 900, "tuples": 190}

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
for name, program in PROGRAMS.items():
    for kind, count in [("fits", FITS.get(name, 300)), ("deep", 10000)]:
        with open(os.path.join(folder, "%s-%s.hpc" % (kind, name)), "w") as file:
            file.write(program(count) + "\n")
