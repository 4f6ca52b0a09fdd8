#!/usr/bin/python3
"""Checks that the layers include only what they may.

    frontend -> ir <- codegen      runtime stands alone      tools know all

Takes the project's root directory; prints FILE:LINE: for every include or call that is out of place.
"""

import os
import re
import sys

SUPPORT = ["llvm/Support/", "llvm/ADT/"]
# The leaf parts of the runtime, and its declarations: the ABI and the table of errors.
LEAVES = ["runtime/math", "runtime/format", "runtime/hpcc_rt.h", "runtime/Errors.def"]

# What each layer may include of ours and of LLVM. System headers are free.
MAY_INCLUDE = {
    "runtime": ["runtime/"],
    "ir": ["ir/"] + LEAVES + SUPPORT,
    "frontend": ["frontend/", "ir/"] + SUPPORT,
    "codegen": ["codegen/", "ir/", "runtime/", "llvm/"],
    "tools": ["tools/", "frontend/", "ir/", "codegen/", "runtime/", "llvm/"],
}
LAYERS = list(MAY_INCLUDE)

# What is refused even so: (pattern of a line, the layers that may have it, what to do instead).
CONFINED = [
    (r'#\s*include\s*[<"]llvm/IR/', ["codegen"], "only codegen/ knows LLVM's IR"),
    (r'#\s*include\s*[<"]llvm/Support/CommandLine\.h', ["tools"], "only tools/ own options"),
    # What is set for a program that runs, its runtime alone can read.
    (
        r"\b(secure_)?getenv\b|\bGetEnv\b",
        ["tools", "runtime"],
        "a library reads no environment variable",
    ),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def is_ours_or_llvm(path):
    return path.startswith(tuple(layer + "/" for layer in LAYERS) + ("llvm/", "llvm-c/", "clang/"))


def include_problem(root, layer, directory, quote, path):
    """What is wrong with an include of `path` in `directory` of `layer`, or None.

    A name in quotes that lies beside the including file, or in its layer, means that file.
    """
    if not is_ours_or_llvm(path):
        for place in [directory, layer]:
            beside = os.path.normpath(os.path.join(place, path))
            if quote == '"' and os.path.exists(os.path.join(root, beside)):
                path = beside
                break
        else:
            return None if quote == "<" else "'%s' is no file of the project" % path
    if path.startswith(tuple(MAY_INCLUDE[layer])):
        return None
    return "%s/ may not include '%s'" % (layer, path)


def check_file(root, layer, path):
    """Yields (line number, text) for each problem of one file."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            code = re.sub(r"//.*", "", line)
            include = INCLUDE.match(code)
            if include:
                problem = include_problem(root, layer, os.path.dirname(path), *include.groups())
                if problem:
                    yield number, problem
            for pattern, layers, reason in CONFINED:
                if layer not in layers and re.search(pattern, code):
                    yield number, reason


def main(root):
    files = problems = 0
    for layer in LAYERS:
        for directory, _, names in sorted(os.walk(os.path.join(root, layer))):
            for name in sorted(names):
                if not name.endswith((".h", ".cpp", ".def", ".inc")):
                    continue
                files += 1
                path = os.path.relpath(os.path.join(directory, name), root)
                for number, text in check_file(root, layer, path):
                    problems += 1
                    print("%s:%d: %s" % (path, number, text))
    print("layers: %d files, %d problems" % (files, problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
