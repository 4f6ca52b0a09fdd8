"""Breaks programs: what a user mistypes, and what Python has and hpcc has not.

A changed program may still be good Python. Then hpcc is to give CPython's answer or to refuse it; and where
it refuses, with a message that names the place.
"""

import io
import random
import tokenize

# Statements that hpcc refuses, or that are wrong, wherever they stand.
STATEMENTS = [
    "class Box: pass", "try:\n    pass\nexcept ValueError:\n    pass", "with open('nothing') as file:\n    pass",
    "import os", "from os import path", "import numpy.fft as fft", "table = {}", "table = {1: 2}", "items = {1, 2}",
    "yield 1", "await f()", "raise ValueError('no')", "del x", "nonlocal x", "assert", "return", "break",
    "continue", "print(*[1, 2])", "print(x=1)", "eval('1')", "exec('x = 1')", "open('nothing')", "a.shape = (2, 3)",
    "np.float16(1)", "np.array([print])", "np.linalg.no_such(1)", "np.no_such", "np.zeros('3')", "np.zeros(3, 'q9')",
    "np.zeros(3, dtype=object)", "np.zeros((2, 'a'))", "x: int = 'a'", "lambda: (yield)", "[i for i in 'abc']",
    "{i: i for i in range(3)}", "(i for i in range(3))", "a = b = c = d", "1 = x", "f() = 2", "x ==", "def f(:",
    "def f(*rest):\n    return 1", "def f(**rest):\n    return 1", "def f(x, x):\n    return 1", "@np\ndef f():\n    pass",
    "async def f():\n    pass", "match 1:\n    case 1:\n        pass", "if True print(1)", "while:\n    pass",
    "for i in 5:\n    print(i)", "for i in 1.5, 2:\n    print(i)", "x = 'a' + 1", "x = 1 + 'a'", "x = -'a'", "x = not np",
    "x = [1, 'a']", "x = [1, 2][1.0]", "x = (1, 2)[5]", "x = 5[0]", "x = 5()", "x = np()", "x = range", "print(np)",
    "x = 1 if True", "x = None + 1", "x = [].pop()", "x = len(5)", "x = max()", "x = min(1)", "x = int('z')", "x = abs('a')",
    "x = np.sum()", "x = np.sum(1, 2, 3, 4, 5, 6, 7, 8, 9)", "x = np.sum(np.ones(3), axis=7)", "x = np.ones(3).sum(axes=0)",
    "x = np.ones(3)[0, 0]", "x = np.ones(3)['a']", "x = np.ones((2, 3)) + np.ones(4)", "x = np.ones(3).no_such",
    "x = math.no_such(1)", "x = math.sin()", "x = math.sin('a')", "x = 1 @ 2", "x = 1 << 2.0", "x = 1.0 & 2", "x = ~1.5",
    "import no_such_module", "from numpy import no_such", "from . import x", "print(undefined_name)", "x = 0777", "x = 1__0",
    "x = 'no end", "x = \"\"\"no end", "x = (1", "x = 1)", "x = [1}", "\tx = 1", "x = 1 \\ 2", "x = ?", "x = 1;;", "x = $1",
    "x = 99999999999999999999999", "x = 1e999", "x = b'a'", "x = f'{1'", "x = f'{1!z}'", "x = f'{1:q}'", "x = '%d' % 'a'",
    "x = 1j", "x = ...", "x = __name__", "x = print", "x = print(1) + 1", "global x", "type(1)", "isinstance(1, int)", "id(1)",
    "input()", "x = y = ", "x += ", "x++", "x = 1 < 2 <", "x = a[", "x = a[::0]", "pass pass", "x = lambda", "x = *a",
]  # fmt: skip

WORDS = [
    "None", "True", "'text'", "1.5", "-1", "0", "1e308", "1j", "99999999999999999999", "[]", "[1, 2]", "(1, 2)", "()",
    "np", "math", "np.nan", "np.inf", "np.float32(2)", "np.ones(3)", "np.zeros((2, 0))", "range(3)", "print", "len",
    "undefined", "x", "int", "np.int32", "...", "lambda x: x", "*x", "not 1", "-", "np.ones(2, bool)", "'%d'",
]  # fmt: skip

OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>", "<", "<=", "==", "!=", "=", "+=", ":",
             ",", ".", "and", "or", "not", "in", "is", "(", ")", "[", "]", ":=", "->", ";", "if", "else", "for"]  # fmt: skip

KEYWORDS = ["axis=0", "axis=5", "dtype=np.float32", "dtype='q'", "out=x", "keepdims=True", "where=1", "sep=1", "no_such=1",
            "end=''", "order='F'", "ddof=1", "initial=2", "1", "*a", "**a"]  # fmt: skip


class Mutator:
    """Changes a text; the same seed makes the same changes."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def tokens(self, text):
        """(start, end, string) of the tokens that stand on one line, in characters of the text."""
        starts, found = [0], []
        for line in text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            (row, column), (end_row, end) = token.start, token.end
            if row == end_row and token.string.strip():
                found.append((starts[row - 1] + column, starts[row - 1] + end, token))
        return found

    def replace_token(self, text):
        start, end, token = self.rng.choice(self.tokens(text))
        if token.type == tokenize.OP:
            other = self.rng.choice(OPERATORS)
        elif self.rng.random() < 0.5:
            names = sorted({other.string for _, _, other in self.tokens(text) if other.type == tokenize.NAME})
            other = self.rng.choice(names)
        else:
            other = self.rng.choice(WORDS)
        return text[:start] + other + text[end:]

    def drop_token(self, text):
        start, end, _ = self.rng.choice(self.tokens(text))
        return text[:start] + text[end:]

    def repeat_token(self, text):
        start, end, token = self.rng.choice(self.tokens(text))
        return text[:end] + self.rng.choice(["", " "]) + token.string + text[end:]

    def add_argument(self, text):
        places = [start for start, _, token in self.tokens(text) if token.string == ")"]
        if not places:
            return text
        place = self.rng.choice(places)
        return text[:place] + ", " + self.rng.choice(KEYWORDS) + text[place:]

    def add_statement(self, text):
        lines = text.split("\n")
        row = self.rng.randrange(len(lines))
        indent = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        lines[row:row] = [indent + line for line in self.rng.choice(STATEMENTS).split("\n")]
        return "\n".join(lines)

    def change_lines(self, text):
        lines = text.split("\n")
        row, other = self.rng.randrange(len(lines)), self.rng.randrange(len(lines))
        form = self.rng.choice(["indent", "dedent", "drop", "swap", "cut"])
        if form == "indent":
            lines[row] = " " * self.rng.randint(1, 5) + lines[row]
        elif form == "dedent":
            lines[row] = lines[row][self.rng.randint(1, 4) :]
        elif form == "drop":
            del lines[row]
        elif form == "swap":
            lines[row], lines[other] = lines[other], lines[row]
        else:
            return text[: self.rng.randrange(len(text))]
        return "\n".join(lines)

    def mutated(self, text):
        """The text with one change, sometimes two."""
        forms = [self.replace_token] * 4 + [self.add_statement] * 2
        forms += [self.drop_token, self.repeat_token, self.add_argument, self.change_lines]
        for _ in range(self.rng.choice([1, 1, 1, 2])):
            try:
                text = self.rng.choice(forms)(text)
            except (tokenize.TokenError, SyntaxError):  # of the first change
                break
        return text
