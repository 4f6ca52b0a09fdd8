"""Runs one program for each checked operation and difficult operands, in the interpreter and compiled,
and compares output, error and exit code.

usage: compare_checked.py HPC-OPT HPCC SCRATCH
"""

import os
import subprocess
import sys

MINIMUM, MAXIMUM = "-9223372036854775808", "9223372036854775807"
INFINITY, NAN = "f64:0x7FF0000000000000", "f64:0x7FF8000000000000"
INTEGERS = {
    "add": [(MAXIMUM, "1"), (MINIMUM, "-1"), ("1", "2")],
    "subtract": [(MINIMUM, "1"), ("1", "2")],
    "multiply": [(MAXIMUM, "2"), (MINIMUM, "-1"), ("-3", "5")],
    "divide": [("1", "0"), ("7", "2"), ("0", "-5"), (MAXIMUM, "3"), (MINIMUM, "-1"), ("0", MAXIMUM),
               ("9007199254740993", "1"), (MAXIMUM, MINIMUM), ("1", MAXIMUM)],
    "floor_divide": [("1", "0"), ("-7", "2"), (MINIMUM, "-1"), (MINIMUM, "1")],
    "modulo": [("1", "0"), ("-7", "2"), (MINIMUM, "-1")],
    "power": [("2", "62"), ("2", "63"), ("-2", "63"), ("0", "0"), ("0", "-1"), ("2", "-1")],
    "shift_left": [("1", "62"), ("1", "63"), ("1", "64"), ("0", "64"), ("1", "-1"), ("-1", "63")],
    "shift_right": [("-8", "1"), ("-8", "64"), ("1", "-1")],
    "negate": [(MINIMUM,), ("5",)],
    "absolute": [(MINIMUM,), ("-5",)],
}
FLOATS = {
    "divide": [("1.0", "0.0"), ("1.0", "4.0")],
    "floor_divide": [("1.0", "0.0"), ("-7.5", "2.0")],
    "modulo": [("1.0", "0.0"), ("-7.5", "2.0")],
    "power": [("0.0", "-1.0"), ("-8.0", "0.5"), ("1e200", "2.0"), ("2.0", "0.5"), (NAN, "2.0"),
              (INFINITY, "2.0")],
    "exp": [("1000.0",), ("1.0",), (INFINITY,), (NAN,)],
    "log": [("0.0",), ("-1.0",), ("2.0",)],
    "sqrt": [("-1.0",), ("2.0",), (INFINITY,)],
    "sin": [(INFINITY,), ("1.0",)],
    "arcsin": [("2.0",), ("0.5",)],
    "cosh": [("1000.0",)],
    "arctanh": [("1.0",), ("0.5",)],
    "gamma": [("0.0",), ("-1.0",), ("200.0",), ("5.0",)],
    "lgamma": [("-2.0",), ("10.0",)],
    "fmod": [("1.0", "0.0"), ("7.5", "2.0")],
}
CASTS = [INFINITY, NAN, "1e19", "-9.3e18", "-2.5", "9223372036854774784.0"]


def program(expression):
    """The operands pass through variables, so that neither side sees constants."""
    return """program @checked file "checked.hpc" stage(canonical) {
  func @main() effects(prints, fails) {
    call @lib.print_text("before\\n")
    %s
  }
}
""" % expression


def cases():
    for kind, table in [("i64", INTEGERS), ("f64", FLOATS)]:
        for name, all_operands in table.items():
            for operands in all_operands:
                yield kind, name, operands
    for operand in CASTS:
        yield "f64", "i64", (operand,)


def text_of(kind, name, operands):
    lines = []
    for number, operand in enumerate(operands):
        lines += ["alloc %%x%d : %s[]" % (number, kind), "%%x%d[] = %s" % (number, operand)]
    arguments = ", ".join("%%x%d[]" % number for number in range(len(operands)))
    lines.append("call @lib.print_scalar(%s.py@3:5-3:9(%s))" % (name, arguments))
    return program("\n    ".join(lines))


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr, done.returncode


def main(hpc_opt, hpcc, scratch):
    os.makedirs(scratch, exist_ok=True)
    failures = 0
    for number, case in enumerate(cases()):
        path = os.path.join(scratch, "%d.hir" % number)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text_of(*case))
        wanted = run([hpc_opt, path, "--interpret"])
        for level in ["-O0", "-O3"]:
            found = run([hpcc, "run", level, path])
            if found != wanted:
                failures += 1
                print("%s at %s: the interpreter gives %r, hpcc %r" % (case, level, wanted, found))
    print("%d programs, %d differ" % (number + 1, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
