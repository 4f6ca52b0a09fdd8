#!/usr/bin/python3
"""Checks that hpcc honours or refuses each parameter of the NumPy functions that it knows.

Run by the oracle's Python. The functions are those of frontend/Numpy.def, NumpyFunctions.def and the
tables below; their parameters are what the pinned NumPy's signatures say. Each parameter is given a
value that is not its default, by keyword and, where it has a position, by position behind the
defaults of the others. hpcc must then print what CPython prints, or refuse with a message that names
the parameter or the number of arguments.
"""

import argparse
import inspect
import os
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np

PREFIX = """import numpy as np

a = np.arange(12).reshape(3, 4) * 0.75 - 2.0
v = np.arange(4) * 1.5 - 2.0
w = np.sqrt(np.arange(4) + 1.0)
n = np.arange(4)
m = v > 0
o = np.zeros(4)
oo = np.zeros((4, 4))
c = np.zeros((1, 4)) + w
"""

# Arguments of the functions beside `a`, one array.
ARGUMENTS = {
    "arange": ["1", "9"], "array": ["[1, 2, 3]"], "asarray": ["[1, 2, 3]"], "clip": ["v", "-1", "1"],
    "concatenate": ["(v, w)"], "hstack": ["(v, w)"], "vstack": ["(v, w)"], "stack": ["(v, w)"],
    "dot": ["v", "w"], "inner": ["v", "w"], "vdot": ["v", "w"], "outer": ["v", "w"], "matmul": ["v", "w"],
    "empty": ["3"], "zeros": ["3"], "ones": ["3"], "full": ["3", "2.5"], "full_like": ["v", "2.5"],
    "expand_dims": ["v", "0"], "eye": ["3"], "identity": ["3"], "linspace": ["0", "1"],
    "meshgrid": ["v", "w"], "reshape": ["a", "(4, 3)"], "roll": ["v", "1"], "swapaxes": ["a", "0", "1"],
    "take": ["v", "n"], "where": ["m", "v", "w"], "squeeze": ["c"], "heaviside": ["v", "0.5"],
    "power": ["w", "v"], "prod": ["w"], "pow": ["w", "v"], "float_power": ["w", "v"], "empty_like": ["v"],
}
OTHERS = """arange linspace empty zeros ones full eye identity empty_like zeros_like ones_like full_like
array asarray copy where sum mean min max amin amax prod any all argmin argmax transpose""".split()

# A value of each parameter that is not its default.
VALUES = {
    "axis": ["0", "-1"], "dtype": ["np.float32", "np.int64"], "keepdims": ["True"], "initial": ["3"],
    "where": ["m"], "out": ["o"], "order": ["'F'", "'C'"], "subok": ["False"], "copy": ["True", "False"],
    "ddof": ["1"], "casting": ["'unsafe'"], "retstep": ["True"], "endpoint": ["False"], "num": ["5"],
    "M": ["4"], "k": ["1"], "shape": ["(2, 2)"], "decimals": ["1"], "n": ["2"], "prepend": ["0"],
    "append": ["0"], "mode": ["'clip'"], "sparse": ["True"], "indexing": ["'ij'"], "ord": ["1"],
    "axes": ["(1, 0)"], "step": ["2"], "like": ["v"], "device": ["'cpu'"], "ndmin": ["2"],
    "ndmax": ["1"], "mean": ["0.5"], "correction": ["1"], "min": ["-0.5"], "max": ["0.5"],
    "a_min": ["-1"], "a_max": ["1"], "signature": ["'d->d'"], "stop": ["7"], "axis1": ["1"],
    "axis2": ["1"], "kwargs": [],
}
UFUNC_PARAMETERS = ["out", "where", "casting", "order", "dtype", "subok", "signature", "axis"]


def rows(root, table, macro):
    with open(os.path.join(root, "frontend", table), encoding="utf-8") as file:
        return re.findall(r"^%s\((.*)\)$" % macro, file.read(), re.M)


def functions(root):
    """Names, each with its arguments and its other parameters: their names, and the default of the one
    before where they have a position."""
    for row in rows(root, "Numpy.def", "NUMPY_UFUNC"):
        name, arity = row.split(", ")[:2]
        yield name, ["w", "w"][: int(arity)], [(each, inspect.Parameter.empty) for each in UFUNC_PARAMETERS]
    table = [row.split('"')[1] for row in rows(root, "NumpyFunctions.def", "NUMPY_FUNCTION")
             if not row.endswith("Method")]
    for name in dict.fromkeys(table + OTHERS):
        function = np.linalg.norm if name == "linalg.norm" else getattr(np, name)
        given = ARGUMENTS.get(name, ["a"])
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except ValueError:
            parameters = []
        rest = parameters[len(given):]
        yield name, given, [
            (each.name, before.default if each.kind == each.POSITIONAL_OR_KEYWORD else each.empty)
            for before, each in zip(rest[:1] + rest, rest)]


def calls(root):
    """Each function with a parameter given: (parameter, text of the call)."""
    for name, given, parameters in functions(root):
        for index, (parameter, before) in enumerate(parameters):
            for value in VALUES.get(parameter, ["1"]):
                text = ", ".join(given + ["%s=%s" % (parameter, value)])
                yield parameter, "np.%s(%s)" % (name, text)
                if index == 1 and name != "meshgrid" and isinstance(before, (int, str, type(None))):
                    text = ", ".join(given + [repr(before), value])
                    yield parameter, "np.%s(%s)" % (name, text)


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def write(folder, lines):
    path = os.path.join(folder, "calls.hpc")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PREFIX + "".join(lines))
    return path


def refusals(hpcc, folder, every):
    """The message for each call that hpcc refuses, by its number."""
    batch = 15  # a compilation lists 20 problems
    found = {}
    for start in range(0, len(every), batch):
        path = write(folder, ["r = %s\n" % call for _, call in every[start : start + batch]])
        first = PREFIX.count("\n") + 1 - start
        for line in run([hpcc, "check", path]).stdout.splitlines():
            match = re.match(r".*calls\.hpc:(\d+):\d+: (?:error|unsupported): (.*)", line)
            if match:
                found.setdefault(int(match.group(1)) - first, match.group(2))
    return found


def raises(call):
    """Whether CPython raises an error."""
    scope = {}
    exec(PREFIX, scope)  # pylint: disable=exec-used
    try:
        eval(call, scope)  # pylint: disable=eval-used
    except (TypeError, ValueError):
        return True
    return False


def answer(command):
    """What a program prints for each call, and how it ends."""
    ran = run(command)
    return ran.stdout.split("--- ")[1:] + ["exit %d" % ran.returncode]


def printed(call):
    """The statement that prints `r`; hpcc prints no arrays inside tuples."""
    is_pair = "meshgrid" in call or "retstep" in call
    return "print(r[0])\nprint(r[1])" if is_pair else "print(r)"


def differences(hpcc, folder, program):
    """The calls of a program that do not print what CPython prints; run-time refusals are none."""
    line = "o = np.zeros(4)\nr = %s\nprint('--- %s')\n%s\nprint(o)\n"
    path = write(folder, [line % (call, call.replace("'", ""), printed(call)) for call in program])
    ours = answer([hpcc, "run", "-O0", "--target=cpu", path])
    theirs = answer([sys.executable, "-W", "ignore", path])
    if ours == theirs or (len(program) == 1 and ours[-1] == "exit 2"):
        return []
    if len(program) > 1:
        return [each for call in program for each in differences(hpcc, folder, [call])]
    return ["%s\nhpcc: %sCPython: %s" % (program[0], "".join(ours), "".join(theirs))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--root", required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    every, problems = list(calls(options.root)), []
    with tempfile.TemporaryDirectory() as folder:
        refused = refusals(options.hpcc, folder, every)
        for number, text in refused.items():
            parameter, call = every[number]
            if not re.search(r"\b%s\b|argument|axis|dtype|shape" % parameter, text):
                problems.append("%s: refused without naming '%s': %s" % (call, parameter, text))
        honoured = [call for number, (_, call) in enumerate(every)
                    if number not in refused and "empty" not in call]
        good = [call for call in honoured if not raises(call)]
        for program in [good] + [[call] for call in honoured if call not in good]:
            problems += differences(options.hpcc, folder, program)
    print("\n".join(problems))
    print("%d honoured, %d refused" % (len(honoured), len(refused)))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
