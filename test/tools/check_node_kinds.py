#!/usr/bin/python3
"""Checks one small program for each kind of node that Python's `ast` module has.

A program runs under hpcc with CPython's answer, or hpcc refuses it with a message that underlines a part
of that node, or the statement or expression around it that is refused as a whole. Run by the oracle's Python, whose `ast`
says which kinds there are: a kind without a program is an error, and so is a program without its node.

    check_node_kinds.py --hpcc HPCC [--list]
"""

import argparse
import ast
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile

# What ast.parse never gives for a program, or gives no longer.
NOT_IN_PROGRAMS = {
    "Interactive", "Expression", "FunctionType", "TypeIgnore",
    "Num", "Str", "Bytes", "NameConstant", "Ellipsis",
    "Index", "ExtSlice", "Suite", "AugLoad", "AugStore", "Param",
}  # fmt: skip

# Programs by kind; several are separated by a line with only `---`.
PROGRAMS = {
    "Module": "print(1)",
    "FunctionDef": "def f(x):\n    return x + 1\nprint(f(2))",
    "AsyncFunctionDef": "async def f(x):\n    return x\nprint(1)",
    "ClassDef": "class Grid:\n    size = 3\nprint(Grid.size)",
    "Return": "def f(x):\n    if x > 1:\n        return x, 2 * x\n    return x, x\nprint(f(2), f(1))",
    "Delete": "x = 1\ndel x\nprint(2)",
    "Assign": "a = b = 3\nc, (d, e) = 1, (2, 3)\nprint(a, b, c, d, e)",
    "AugAssign": "x = 1\nx += 2\nx *= 3.5\nprint(x)",
    "AnnAssign": "x: int = 3\ny: float\nprint(x)",
    "For": "for i in range(3):\n    print(i)\nelse:\n    print('end')",
    "AsyncFor": "async def f(x):\n    async for y in x:\n        pass\nprint(1)",
    "While": "x = 3\nwhile x:\n    x -= 1\nelse:\n    print(x)",
    "If": "x = 3\nif x > 3:\n    print(1)\nelif x > 2:\n    print(2)\nelse:\n    print(3)",
    "With": "with open('x.txt', 'w') as f:\n    f.write('1')\n",
    "AsyncWith": "async def f(x):\n    async with x:\n        pass\nprint(1)",
    "Match": "x = 2\nmatch x:\n    case 2:\n        print('two')",
    "Raise": "x = 1\nif x > 2:\n    raise ValueError('large')\nprint(x)",
    "Try": "try:\n    x = 1 // 1\nexcept ZeroDivisionError:\n    x = 2\nprint(x)\n"
    "---\ntry:\n    x = 1\nfinally:\n    x = 2\nprint(x)",
    "TryStar": "try:\n    x = 1 // 1\nexcept* ZeroDivisionError:\n    x = 2\nprint(x)",
    "Assert": "x = 1\nassert x == 1, 'one'\nassert x\nprint(x)",
    "Import": "import math\nimport numpy as np\nprint(math.pi, np.pi)",
    "ImportFrom": "from math import sqrt as root, pi\nprint(root(4.0), pi)",
    "Global": "x = 1\ndef f():\n    global x\n    x = 2\nf()\nprint(x)",
    "Nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    g()\n    return x\nprint(f())",
    "Expr": "3 + 4\nprint(1)",
    "Pass": "def f():\n    pass\nf()\nprint(1)",
    "Break": "for i in range(9):\n    if i == 3:\n        break\nprint(i)",
    "Continue": "for i in range(4):\n    if i == 2:\n        continue\n    print(i)",
    "BoolOp": "x = 3\nprint(x and 2, x or 2, x > 1 and x < 5)",
    "NamedExpr": "if (n := 3) > 2:\n    print(n)",
    "BinOp": "print(1 + 2 * 3)",
    "UnaryOp": "print(-(1 + 2))",
    "Lambda": "f = lambda x, y=2: x * y\nprint(f(3), f(3, 4))\n"
    "---\ndef f(k):\n    g = lambda x: x + k\n    return g(1)\nprint(f(2))",
    "IfExp": "x = 3\nprint(1 if x > 2 else 2)",
    "Dict": "d = {'a': 1, 'b': 2}\nprint(d['a'])",
    "Set": "s = {1, 2}\nprint(len(s))",
    "ListComp": "print([i * i for i in range(4) if i])",
    "SetComp": "print(len({i % 2 for i in range(4)}))",
    "DictComp": "print(len({i: i for i in range(4)}))",
    "GeneratorExp": "print(sum(i * i for i in range(4)))",
    "Await": "async def f(x):\n    await x\nprint(1)",
    "Yield": "def f():\n    yield 1\nfor x in f():\n    print(x)",
    "YieldFrom": "def f():\n    yield from [1, 2]\nfor x in f():\n    print(x)",
    "Compare": "x = 3\nprint(1 < x <= 3, x != 4)",
    "Call": "print(max(1, 2), pow(2, 3), end='!')",
    "FormattedValue": "x = 1.5\nprint(f'{x} {x!r} {x:.3f}')",
    "JoinedStr": "x = 3\nprint(f'x is {x}')",
    "Constant": "print(1, 2.5, 'text', True, None, 0x1f, 1_000)\n---\nprint(2j)\n---\nprint(b'x')\n---\nprint(...)",
    "Attribute": "import numpy as np\na = np.zeros((2, 3))\nprint(a.shape, a.ndim, a.T.shape)",
    "Subscript": "import numpy as np\na = np.arange(5)\nprint(a[1], a[1:3], a[-1])",
    "Starred": "a, *b = 1, 2, 3\nprint(a, b)\n---\nx = (1, 2)\nprint(*x)",
    "Name": "x = 1\nprint(x)",
    "List": "x = [1, 2, 3]\nprint(x, x[1])\n---\nx = []\nprint(x)",
    "Tuple": "x = 1, 2.5\nprint(x, x[0])",
    "Slice": "x = [1, 2, 3, 4]\nprint(x[1:], x[:2], x[::2], x[::-1])",
    "Load": "x = 1\nprint(x)",
    "Store": "x = 1\nprint(x)",
    "Del": "x = [1, 2]\ndel x[0]\nprint(x)",
    "And": "x = 1\nprint(x and 2)",
    "Or": "x = 0\nprint(x or 2)",
    "Add": "x = 3\nprint(x + 2, [1] + [2])",
    "Sub": "x = 3\nprint(x - 5)",
    "Mult": "x = 3\nprint(x * 5, 2 * [x])",
    "MatMult": "import numpy as np\na = np.arange(4)\nprint(a @ a)",
    "Div": "x = 3\nprint(x / 2)",
    "Mod": "x = -3\nprint(x % 2)\n---\nprint('%d %.2f' % (3, 2.5))",
    "Pow": "x = 3\nprint(x ** 2, x ** 0.5)",
    "LShift": "x = 3\nprint(x << 2)",
    "RShift": "x = 13\nprint(x >> 2)",
    "BitOr": "x = 5\nprint(x | 2)",
    "BitXor": "x = 5\nprint(x ^ 7)",
    "BitAnd": "x = 5\nprint(x & 6)",
    "FloorDiv": "x = -5\nprint(x // 2)",
    "Invert": "x = 5\nprint(~x)",
    "Not": "x = 5\nprint(not x)",
    "UAdd": "x = 5\nprint(+x)",
    "USub": "x = 5\nprint(-x)",
    "Eq": "x = 5\nprint(x == 5)",
    "NotEq": "x = 5\nprint(x != 5)",
    "Lt": "x = 5\nprint(x < 5)",
    "LtE": "x = 5\nprint(x <= 5)",
    "Gt": "x = 5\nprint(x > 5)",
    "GtE": "x = 5\nprint(x >= 5)",
    "Is": "x = None\nprint(x is None)\n---\nx = [1]\ny = x\nprint(x is y)",
    "IsNot": "x = None\nprint(x is not None)",
    "In": "x = [1, 2]\nprint(1 in x)",
    "NotIn": "x = [1, 2]\nprint(1 not in x)",
    "comprehension": "print([i for i in range(3)])\n---\nprint([i + j for i in range(2) for j in range(3)])",
    "ExceptHandler": "try:\n    x = 1 // 1\nexcept ZeroDivisionError as e:\n    x = 2\nprint(x)",
    "arguments": "def f(a, b=2, *, c=3):\n    return a + b + c\nprint(f(1), f(1, c=0))\n"
    "---\ndef f(*a):\n    return len(a)\nprint(f(1, 2))\n---\ndef f(**a):\n    return len(a)\nprint(f(x=1))\n"
    "---\ndef f(a, /, b):\n    return a + b\nprint(f(1, b=2))",
    "arg": "def f(a: int, b):\n    return a - b\nprint(f(3, 1))",
    "keyword": "def f(a, b):\n    return a - b\nprint(f(b=3, a=1))\n---\nd = {'a': 1}\ndef f(a):\n    return a\nprint(f(**d))",
    "alias": "import numpy as np, math as m\nprint(np.e, m.e)",
    "withitem": "with open('x.txt', 'w') as f, open('y.txt', 'w') as g:\n    f.write('1')",
    "match_case": "x = 2\nmatch x:\n    case 1:\n        print(1)\n    case _ if x > 1:\n        print(2)",
    "MatchValue": "x = 2\nmatch x:\n    case 2:\n        print(2)",
    "MatchSingleton": "x = None\nmatch x:\n    case None:\n        print(2)",
    "MatchSequence": "x = 1, 2\nmatch x:\n    case a, b:\n        print(a, b)",
    "MatchMapping": "x = {'a': 1}\nmatch x:\n    case {'a': a}:\n        print(a)",
    "MatchClass": "x = 1\nmatch x:\n    case int():\n        print('int')",
    "MatchStar": "x = 1, 2, 3\nmatch x:\n    case a, *b:\n        print(a, b)",
    "MatchAs": "x = 1\nmatch x:\n    case y:\n        print(y)",
    "MatchOr": "x = 1\nmatch x:\n    case 1 | 2:\n        print(x)",
}  # fmt: skip


def kinds():
    """The names of all classes of nodes that are not only bases of others."""
    classes = [item for item in vars(ast).values() if isinstance(item, type)]
    # Constant is the base of its deprecated forms.
    return [
        item.__name__
        for item in classes
        if issubclass(item, ast.AST) and (item is ast.Constant or not item.__subclasses__())
    ]


def places_of(kind, tree):
    """For each node of a kind its range, or that of the smallest node around it that has one, and where
    the nodes around it begin: what hpcc refuses as a whole it need not look into."""
    found = []

    def walk(node, around):
        if hasattr(node, "lineno"):
            around = around + [
                ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
            ]
        if type(node).__name__ == kind:
            starts = [start for start, _ in around[:-1]]
            found.append((around[-1] if around else ((1, 0), (10**6, 0)), starts))
        for child in ast.iter_child_nodes(node):
            walk(child, around)

    walk(tree, [])
    return found


def answer_of(program):
    """What CPython prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(program, "program", "exec"), {"__name__": "__main__"})
    return output.getvalue()


def problem_of(hpcc, kind, program, path):
    """What is wrong with hpcc's treatment of a program (or None), and whether it compiles."""
    places = places_of(kind, ast.parse(program))
    if not places:
        return "the program has no such node", False
    with open(path, "w", encoding="utf-8") as file:
        file.write(program + "\n")
    command = [hpcc, "run", "-O0", path]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=os.path.dirname(path))
    if run.returncode == 0:
        wanted = answer_of(program)
        return (None if run.stdout == wanted else "prints %r instead of %r" % (run.stdout, wanted)), True
    command = [hpcc, "check", "--diagnostics-format=json", path]
    check = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if check.returncode != 2:
        return "ends with code %d: %s" % (check.returncode, run.stderr), False
    for message in json.loads(check.stderr or check.stdout):
        at = message["loc"]
        start = (at["line"], at["column"] - 1)
        named = any(first <= start < last or start in around for (first, last), around in places)
        if message["severity"] == "unsupported" and named:
            return None, False
    return "no message underlines the node: %s" % run.stderr, False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--hpcc", required=True)
    parser.add_argument("--list", action="store_true", help="also name what is refused")
    arguments = parser.parse_args()
    problems, compiled, refused = [], [], []
    wanted = [kind for kind in kinds() if kind not in NOT_IN_PROGRAMS]
    for kind in sorted(set(wanted) ^ set(PROGRAMS)):
        problems.append("%s: %s" % (kind, "has no program" if kind in wanted else "is no kind of node"))
    with tempfile.TemporaryDirectory(prefix="hpcc-kinds-") as folder:
        path = os.path.join(folder, "program.hpc")
        for kind in wanted:
            for program in PROGRAMS.get(kind, "").split("\n---\n"):
                problem, ok = problem_of(arguments.hpcc, kind, program, path)
                if problem:
                    problems.append("%s: %s\n%s" % (kind, problem, program))
                else:
                    (compiled if ok else refused).append(kind)
    if arguments.list:
        print("refused:", *refused)
    print("\n".join(problems + ["kinds of nodes: %d, programs that compile: %d, refused: %d, problems: %d" % (
        len(wanted), len(compiled), len(refused), len(problems))]))  # fmt: skip
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
