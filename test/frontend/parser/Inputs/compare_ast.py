"""Compares hpcc's parser with CPython's.

Usage (with the oracle): compare_ast.py SYNTAX_TEST [--invalid] [--library] PATH...

A PATH is a program, a folder of .hpc programs, or a .txt file of snippets between lines `----`;
--library stands for the modules of the oracle's own standard library. Valid programs must give the
same tree with the same ranges as the module `ast`; with --invalid, both must refuse each program, with
the first problem on the same line. Programs that need what hpcc refuses in the parser itself (integers
of more than 64 bits, lone surrogates, ...) are counted and left out.
"""

import ast
import glob
import os
import re
import subprocess
import sys
import tempfile
import warnings

OPERATORS = {
    "And": "and", "Or": "or", "Add": "+", "Sub": "-", "Mult": "*", "MatMult": "@", "Div": "/",
    "Mod": "%", "Pow": "**", "LShift": "<<", "RShift": ">>", "BitOr": "|", "BitXor": "^",
    "BitAnd": "&", "FloorDiv": "//", "Invert": "~", "Not": "not", "UAdd": "+", "USub": "-",
    "Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Is": "is",
    "IsNot": "is not", "In": "in", "NotIn": "not in",
}  # fmt: skip
UNSUPPORTED = {
    ast.With: "'with' statement", ast.AsyncWith: "'async with' statement",
    ast.Try: "'try' statement", ast.TryStar: "'try' statement", ast.ClassDef: "class",
    ast.Match: "'match' statement", ast.AsyncFor: "'async for' statement",
    ast.AsyncFunctionDef: "'async def'", ast.Yield: "'yield' expression",
    ast.YieldFrom: "'yield from' expression", ast.Await: "'await' expression",
}  # fmt: skip


def quoted(data):
    def shown(c):
        if c == 0x5C:
            return "\\\\"
        return chr(c) if 0x20 <= c < 0x7F and c != 0x22 else "\\%02X" % c

    return "'%s'" % "".join(map(shown, data))


def constant_text(value):
    if value is None or value is True or value is False:
        return repr(value)
    if value is Ellipsis:
        return "Ellipsis"
    if isinstance(value, int):
        return "int %d" % value
    if isinstance(value, float):
        return "float %.17g" % value
    if isinstance(value, complex):
        return "complex %.17gj" % value.imag
    if isinstance(value, bytes):
        return "bytes " + quoted(value)
    return "str " + quoted(value.encode("utf-8", "surrogatepass"))


def operator_text(operator):
    return OPERATORS[type(operator).__name__]


class Dumper:
    """Writes a tree of `ast` in the format of frontend/ASTDump.cpp, without the parts in brackets."""

    def __init__(self):
        self.lines = []
        self.depth = 0
        self.inside_joined = 0

    def line(self, field, head, node=None):
        text = "  " * self.depth + field + ": " + head
        if node is not None and not self.inside_joined:
            text += " %d:%d-%d:%d" % (
                node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1
            )  # fmt: skip
        self.lines.append(text)

    def children(self, *fields):
        self.depth += 1
        for name, value in fields:
            for node in value if isinstance(value, list) else [value]:
                if node is not None:
                    self.dump(name, node)
        self.depth -= 1

    def dump(self, field, node):
        kind = type(node).__name__
        if type(node) in UNSUPPORTED:
            self.unsupported(field, node)
        elif hasattr(self, kind):
            getattr(self, kind)(field, node)
        else:
            self.line(field, kind, node)
            skipped = ("ctx", "type_comment", "kind", "simple")
            self.children(*[(n, v) for n, v in ast.iter_fields(node) if n not in skipped])

    def unsupported(self, field, node):
        self.line(field, "Unsupported " + UNSUPPORTED[type(node)], node)
        if isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await)):
            self.children(("parts", node.value))
        elif isinstance(node, ast.Match):
            self.children(*[("body", case.body) for case in node.cases])
        elif isinstance(node, (ast.Try, ast.TryStar)):
            handlers = [("body", handler.body) for handler in node.handlers]
            self.children(
                ("body", node.body), *handlers, ("body", node.orelse), ("body", node.finalbody)
            )
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            self.children(("body", node.body))
        elif isinstance(node, ast.AsyncFor):
            self.children(("body", node.body), ("body", node.orelse))

    def Constant(self, field, node):
        self.line(field, "Constant " + constant_text(node.value), node)

    def Name(self, field, node):
        self.line(field, "Name " + node.id, node)

    def Attribute(self, field, node):
        self.line(field, "Attribute " + node.attr, node)
        self.children(("value", node.value))

    def BoolOp(self, field, node):
        self.line(field, "BoolOp " + operator_text(node.op), node)
        self.children(("values", node.values))

    def BinOp(self, field, node):
        self.line(field, "BinOp " + operator_text(node.op), node)
        self.children(("left", node.left), ("right", node.right))

    def UnaryOp(self, field, node):
        self.line(field, "UnaryOp " + operator_text(node.op), node)
        self.children(("operand", node.operand))

    def AugAssign(self, field, node):
        self.line(field, "AugAssign " + operator_text(node.op), node)
        self.children(("target", node.target), ("value", node.value))

    def Compare(self, field, node):
        self.line(field, "Compare " + ", ".join(map(operator_text, node.ops)), node)
        self.children(("left", node.left), ("comparators", node.comparators))

    def Dict(self, field, node):
        self.line(field, "Dict", node)
        for key, value in zip(node.keys, node.values):
            self.children(("key", key), ("value" if key else "unpacked", value))

    def comprehension(self, field, node):
        self.line(field, "comprehension async" if node.is_async else "comprehension")
        self.children(("target", node.target), ("iter", node.iter), ("ifs", node.ifs))

    def DictComp(self, field, node):
        self.line(field, "DictComp", node)
        self.children(("key", node.key), ("elt", node.value), ("generators", node.generators))

    def keyword(self, field, node):
        self.line(field, "keyword " + (node.arg or "**"), node)
        self.children(("value", node.value))

    def alias(self, field, node):
        self.line(field, "Alias " + node.name + (" as " + node.asname if node.asname else ""), node)

    def ImportFrom(self, field, node):
        self.line(field, "ImportFrom " + "." * node.level + (node.module or ""), node)
        self.children(("names", node.names))

    def Global(self, field, node):
        self.line(field, type(node).__name__, node)
        self.depth += 1
        for name in node.names:
            self.line("names", "Identifier " + name)
        self.depth -= 1

    Nonlocal = Global

    def JoinedStr(self, field, node):
        self.line(field, "JoinedStr", node)
        self.inside_joined += 1
        self.children(("values", node.values))
        self.inside_joined -= 1

    def FormattedValue(self, field, node):
        conversion = "" if node.conversion == -1 else " !" + chr(node.conversion)
        self.line(field, "FormattedValue" + conversion, node)
        self.children(("value", node.value), ("format_spec", node.format_spec))

    def parameter(self, arg, kind, default=None):
        self.line("args", "Parameter %s %s" % (arg.arg, kind), arg)
        self.children(("annotation", arg.annotation), ("default", default))

    def arguments(self, args):
        self.depth += 1
        positional = args.posonlyargs + args.args
        defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
        for index, (arg, default) in enumerate(zip(positional, defaults)):
            only = index < len(args.posonlyargs)
            self.parameter(arg, "positional-only" if only else "positional-or-keyword", default)
        if args.vararg:
            self.parameter(args.vararg, "var-positional")
        for arg, default in zip(args.kwonlyargs, args.kw_defaults):
            self.parameter(arg, "keyword-only", default)
        if args.kwarg:
            self.parameter(args.kwarg, "var-keyword")
        self.depth -= 1

    def Lambda(self, field, node):
        self.line(field, "Lambda", node)
        self.arguments(node.args)
        self.children(("body", node.body))

    def FunctionDef(self, field, node):
        self.line(field, "FunctionDef " + node.name, node)
        self.arguments(node.args)
        self.children(
            ("body", node.body), ("decorators", node.decorator_list), ("returns", node.returns)
        )


def expected_dump(source):
    dumper = Dumper()
    dumper.lines.append("Module")
    dumper.children(("body", ast.parse(source).body))
    return dumper.lines


def comparable(lines):
    """hpcc's dump without what `ast` lacks: parts in brackets, bound names, ranges in f-strings."""
    result = []
    joined = None  # the indentation of the f-string that the lines are in
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if joined is not None and indent <= joined:
            joined = None
        if line.lstrip().startswith("bound: "):
            continue
        line = re.sub(r" \[(op|ops|name|attr|keyword|\d+:\d+-)[^\[\]]*\]$", "", line)
        if joined is not None:
            line = re.sub(r" \d+:\d+-\d+:\d+$", "", line)
        elif re.search(r": JoinedStr \d+:\d+-\d+:\d+$", line):
            joined = indent
        result.append(line)
    return result


def programs(path, folder):
    """The files of a path; snippets are written to `folder`."""
    if path == "--library":
        return sorted(glob.glob(os.path.join(os.path.dirname(ast.__file__), "*.py")))
    if os.path.isdir(path):
        return sorted(glob.glob(os.path.join(path, "**", "*.hpc"), recursive=True))
    if not path.endswith(".txt"):
        return [path]
    with open(path, "rb") as file:
        texts = re.split(rb"(?m)^----\n", file.read())
    files = []
    for index, text in enumerate(texts):
        name = os.path.join(folder, "%s-%d.hpc" % (os.path.basename(path), index))
        with open(name, "wb") as file:
            file.write(text)
        files.append(name)
    return files


def run_parser(parser, paths):
    """The lines that the parser writes for each path."""
    results = {}
    for begin in range(0, len(paths), 500):
        command = [parser, "ast"] + paths[begin : begin + 500]
        output = subprocess.run(command, capture_output=True, check=True).stdout
        text = output.decode("utf-8", "surrogateescape")
        for part in re.split("(?m)^=== ", text)[1:]:
            lines = part.split("\n")
            results[lines[0]] = lines[1:-1]
    return results


LEFT_OUT = re.compile(
    r"problem \S+ (integerTooLarge|surrogateEscape|identifierNormalization|sourceEncoding"
    r"|nestedTooDeeply|statementsNestedTooDeeply):"
)


def compare_valid(path, source, actual):
    """None if the trees agree, else what differs."""
    try:
        expected = expected_dump(source)
    except (SyntaxError, ValueError) as error:
        return "CPython refuses it: %s" % error
    actual = comparable(actual)
    if actual == expected:
        return None
    for index in range(max(len(actual), len(expected))):
        ours = actual[index] if index < len(actual) else "(end)"
        theirs = expected[index] if index < len(expected) else "(end)"
        if ours != theirs:
            return "hpcc: %s\n  CPython: %s" % (ours[:200], theirs[:200])
    return None


def compare_invalid(path, source, actual):
    """None if both refuse the program at the same line, else what differs."""
    try:
        compile(source, path, "exec", dont_inherit=True)
        return "CPython accepts it; hpcc says %s" % actual[:1]
    except SyntaxError as error:
        line, text = error.lineno, error.msg
    except ValueError as error:
        line, text = None, str(error)
    if not actual or not actual[0].startswith("problem "):
        return "hpcc accepts it; CPython says line %s: %s" % (line, text)
    ours = int(re.match(r"problem (\d+):", actual[0]).group(1))
    if line is not None and ours != line:
        return "%s; CPython says line %d: %s" % (actual[0], line, text)
    return None


def main():
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(20000)
    parser, *paths = sys.argv[1:]
    invalid = "--invalid" in paths
    compare = compare_invalid if invalid else compare_valid
    failures = left_out = 0
    with tempfile.TemporaryDirectory() as folder:
        files = [
            file for path in paths if path != "--invalid" for file in programs(path, folder)
        ]
        results = run_parser(parser, files)
        for file in files:
            with open(file, "rb") as stream:
                source = stream.read()
            if not invalid and any(LEFT_OUT.match(line) for line in results[file]):
                left_out += 1
                continue
            problem = compare(file, source, results[file])
            if problem:
                failures += 1
                text = source.decode("utf-8", "replace") if len(source) < 400 else ""
                print("%s:\n%s  %s" % (file, text, problem))
    print("programs: %d, left out: %d, different: %d" % (len(files), left_out, failures))
    return 1 if failures or not files else 0


if __name__ == "__main__":
    sys.exit(main())
