"""Random expressions over the names of a scope, with their dtypes, shapes and bounds known.

Takes a random source and a scope; leaves Python text that is valid NumPy and of the type and shape
asked for. All shapes are known while a program is written, so that slices fit although their bounds
are spelled in every way Python allows: negative, beyond the end, left out, with any step. Numbers
stay small and rational, so that a program has one right output, byte for byte.
"""

import collections
import dataclasses

ORDER = ["int", "float", "bool", "i32", "i64", "f32", "f64"]
NAMES = {"bool": "np.bool_", "i32": "np.int32", "i64": "np.int64", "f32": "np.float32", "f64": "np.float64"}
LIMIT = 1000  # of the magnitude of what a variable holds
CAP = 10**6  # of the magnitude of a value within an expression


@dataclasses.dataclass(frozen=True)
class Array:
    """`dtype` is a key of NAMES or "T": the dtype of a generic function's array arguments."""

    dtype: str
    shape: tuple


@dataclasses.dataclass(frozen=True)
class Scalar:
    """`weak`: Python's int (i64), float (f64) or bool; "K" is the number of a generic function.

    `range` is set for ints that never change while they are visible: sizes and loop counters.
    """

    dtype: str
    weak: bool
    range: tuple = None


@dataclasses.dataclass(frozen=True)
class List:
    dtype: str
    length: int


@dataclasses.dataclass(frozen=True)
class Expr:
    """Text that can stand as an operand, its dtype ("int", "float": weak) and its largest magnitude."""

    text: str
    dtype: str
    bound: float


INT = Scalar("i64", True)
FLOAT = Scalar("f64", True)
BOOL = Scalar("bool", True)


def is_float(dtype):
    return dtype in ("f32", "f64")


def promote(left, right):
    """NumPy's common dtype of two operands, at least one of them strong."""
    left, right = sorted((left, right), key=lambda dtype: -1 if dtype == "T" else ORDER.index(dtype))
    if left == "T" or left == right:
        return left
    if left == "int":
        return "i64" if right == "bool" else right
    if left == "float":
        return right if is_float(right) else "f64"
    return "f64" if right == "f32" and left != "bool" else right


def quotient(left, right):
    """The dtype of a true division."""
    dtype = promote(left, right)
    return dtype if is_float(dtype) else "f64"


class Expressions:
    """Writes expressions. Subclasses write statements and keep `scope`, a dict of names to types."""

    def __init__(self, rng):
        self.rng = rng
        self.features = collections.Counter()
        self.scope = {}
        self.generic = False  # inside a function that is called with several dtypes

    def chance(self, probability):
        return self.rng.random() < probability

    def note(self, *features):
        self.features.update(features)

    def names(self, condition):
        return [name for name, kind in self.scope.items() if condition(kind)]

    def arrays(self, *dtypes):
        return self.names(lambda kind: isinstance(kind, Array) and (not dtypes or kind.dtype in dtypes))

    def scalars(self, dtype, weak):
        return self.names(
            lambda kind: isinstance(kind, Scalar) and (kind.dtype, kind.weak) == (dtype, weak)
        )

    # Indices and slices ------------------------------------------------------------------------

    def number(self, value):
        """An int that never changes, as a literal or by the names of sizes."""
        known = self.names(lambda kind: isinstance(kind, Scalar) and kind.range and len(set(kind.range)) == 1)
        if known and self.chance(0.4):
            name = self.rng.choice(known)
            offset = value - self.scope[name].range[0]
            if abs(offset) < 20:
                return name if offset == 0 else "%s %s %d" % (name, "-+"[offset > 0], abs(offset))
        return str(value)

    def counter(self, lowest, highest):
        """`counter + offset` with values in [lowest, highest], or None."""
        counters = self.names(lambda kind: isinstance(kind, Scalar) and kind.range)
        if not counters:
            return None
        name = self.rng.choice(counters)
        low, high = self.scope[name].range
        if high - low > highest - lowest:
            return None
        offset = self.rng.randint(lowest - low, highest - high)
        self.note("index by counter")
        return name if offset == 0 else "%s %s %d" % (name, "-+"[offset > 0], abs(offset))

    def index(self, size):
        """An index in range, from either end."""
        if self.chance(0.4):
            text = self.counter(-size if self.chance(0.3) else 0, size - 1)
            if text:
                return text
        if self.chance(0.15) and self.scalars("i64", True):
            self.note("index by value")
            return "%s %% %d" % (self.rng.choice(self.scalars("i64", True)), size)
        return self.number(self.rng.randint(-size, size - 1))

    def bound_of_slice(self, value, size, low, high):
        """A slice bound with the effect of `value`; `low`, `high`: beyond them nothing changes."""
        if value <= low and self.chance(0.6):
            self.note("omitted or clamped bound")
            return "" if low >= 0 and self.chance(0.6) else self.number(-size - self.rng.randint(1, 5))
        if value >= high and self.chance(0.7):
            self.note("omitted or clamped bound")
            return "" if self.chance(0.6) else self.number(size + self.rng.randint(0, 5))
        if 0 <= value < size and self.chance(0.4):
            return self.number(value - size)
        return self.number(value)

    def slice(self, size, wanted):
        """A slice that takes `wanted` of `size` elements."""
        rng = self.rng
        if wanted == 0:
            self.note("empty slice")
            start = rng.randint(0, size + 2)
            return "%s:%s" % (self.number(start), self.number(rng.randint(0, start)))
        if wanted == size and self.chance(0.4):
            return ":" if self.chance(0.8) else "::"
        step = rng.choice([1, 1, 1, 1, 2, 3, -1, -1, -2])
        if (wanted - 1) * abs(step) >= size:
            step = 1 if step > 0 else -1
        if step == 1 and self.chance(0.4):
            text = self.counter(0, size - wanted)
            if text:
                return "%s:%s + %d" % (text, text, wanted)
        reach = (wanted - 1) * abs(step)
        first = rng.randint(0, size - 1 - reach)
        if step > 0:
            stop = rng.randint(first + reach + 1, first + reach + step)
            lower = self.bound_of_slice(first, size, 0, size + 9)
            upper = self.bound_of_slice(min(stop, size), size, -1, size)
            text = "%s:%s" % (lower, upper)
        else:
            self.note("negative step")
            first += reach
            stop = rng.randint(first - reach + step, first - reach - 1)
            lower = "" if first == size - 1 and self.chance(0.5) else self.bound_of_slice(
                first, size, -1, size - 1)
            if stop < 0:
                upper = "" if self.chance(0.6) else self.number(-size - rng.randint(1, 4))
            else:
                upper = self.number(rng.choice([stop, stop - size]))
            text = "%s:%s" % (lower, upper)
        return text if step == 1 else "%s:%d" % (text, step)

    def select(self, name, shape):
        """Text of a part of array `name` that has `shape` (views only), or None if there is none."""
        sizes = list(self.scope[name].shape)
        if tuple(sizes) == tuple(shape) and self.chance(0.5):
            return name
        if tuple(sizes[::-1]) == tuple(shape) and len(shape) > 1 and self.chance(0.7):
            self.note("transpose")
            return name + ".T"
        items, wanted = [], list(shape)
        for position, size in enumerate(sizes):
            while wanted and wanted[0] == 1 and self.chance(0.2):
                self.note("newaxis")
                items.append(self.rng.choice(["None", "np.newaxis"]))
                wanted.pop(0)
            spare = len(sizes) - position > len(wanted)
            if wanted and wanted[0] <= size and not (spare and self.chance(0.5)):
                items.append(self.slice(size, wanted.pop(0)))
            elif spare and size > 0:
                items.append(self.index(size))
            else:
                return None
        while wanted and wanted[0] == 1:
            self.note("newaxis")
            items.append("None")
            wanted.pop(0)
        if wanted or not shape or not any(":" in item or "N" in item or "n" in item for item in items):
            return None
        while len(items) > 1 and items[-1] == ":":
            items.pop()
        if len(items) == 2 and len(sizes) == 2 and items[0].lstrip("-").isdigit() and self.chance(0.5):
            self.note("chained subscript")
            return "%s[%s][%s]" % (name, items[0], items[1])
        self.note("slice read")
        return "%s[%s]" % (name, ", ".join(items))

    def view(self, shape, dtypes=()):
        """(text, name) of a part with `shape` of some array with one of the dtypes, or None."""
        names = self.arrays(*dtypes)
        self.rng.shuffle(names)
        for name in names[:6]:
            text = self.select(name, shape)
            if text:
                return text, name
        return None

    # Arrays ------------------------------------------------------------------------------------

    def fresh(self, shape, dtype):
        """Text of a new array with irregular values of magnitude at most 20."""
        rng = self.rng
        self.note("new array")
        if dtype == "T":
            text, name = self.view(shape, ("T",)) or (None, None)
            if text:
                return "%s.copy()" % text
            source = rng.choice(self.arrays("T"))
            return "np.zeros(%s, dtype=%s.dtype)" % (self.shape_text(shape), source)
        if self.chance(0.3):
            function = rng.choice(["zeros", "ones", "full"])
            value = ", %s" % self.literal(dtype) if function == "full" else ""
            return "np.%s(%s%s, dtype=%s)" % (function, self.shape_text(shape), value, NAMES[dtype])
        terms = []
        for position, size in enumerate(shape):
            axes = [":"] + ["None"] * (len(shape) - position - 1)
            suffix = "" if len(axes) == 1 else "[%s]" % ", ".join(axes)
            terms.append("np.arange(%s)%s * %d" % (self.number(size), suffix, rng.choice([1, 2, 3, 5, 7])))
        text = "(%s) %% %d" % (" + ".join(terms), rng.choice([5, 7, 11, 13]))
        if dtype == "bool":
            return "%s > %d" % (text, rng.randint(0, 6))
        text = "%s - %d" % (text, rng.randint(0, 6))
        if is_float(dtype) and self.chance(0.7):
            text = rng.choice(["(%s) / 4", "(%s) * 0.1", "(%s) / 3.0", "1.5 - (%s)"]) % text
            return text if dtype == "f64" else "(%s).astype(np.float32)" % text
        return text if dtype == "i64" else "(%s).astype(%s)" % (text, NAMES[dtype])

    def shape_text(self, shape):
        sizes = [self.number(size) for size in shape]
        return sizes[0] if len(sizes) == 1 else "(%s)" % ", ".join(sizes)

    def broadcastable(self, shape):
        """A shape that broadcasts to `shape`."""
        shape = list(shape[self.rng.randint(0, len(shape)) if self.chance(0.3) else 0 :])
        for position in range(len(shape)):
            if self.chance(0.15):
                shape[position] = 1
        return tuple(shape)

    def literal(self, dtype=None):
        """A number with the magnitude of at most 9, as text; None: a Python int."""
        if dtype == "bool":
            return self.rng.choice(["True", "False"])
        if is_float(dtype):
            return self.rng.choice(["0.5", "1.5", "-2.25", "0.1", "3.0", "-0.75", "2.0", "0.0", "1e-3"])
        return str(self.rng.choice([-3, -2, -1, 0, 1, 2, 3, 5, 7]))

    def numeric(self):
        return ("T",) if self.generic else ("f64", "f64", "f64", "i64", "f32", "i32")

    def operand(self, shape, depth):
        """An array expression that broadcasts to `shape`, or a scalar."""
        if self.chance(0.3):
            return self.scalar_operand(depth)
        return self.array(self.broadcastable(shape), depth)

    def scalar_operand(self, depth):
        """A weak or strong scalar as an operand of an array."""
        if not self.generic and self.chance(0.3):
            return dataclasses.replace(self.scalar(FLOAT, min(depth, 1)), dtype="float")
        if self.chance(0.3):
            dtype = self.rng.choice(self.numeric())
            self.note("strong scalar operand")
            return self.scalar(Scalar(dtype, False), 0)
        if self.chance(0.5):
            return Expr(self.literal(), "int", 9)
        number = Scalar("K", True) if self.generic and self.scalars("K", True) else INT
        return dataclasses.replace(self.scalar(number, min(depth, 1)), dtype="int")

    def array(self, shape, depth):
        """A numeric array expression of exactly `shape`; without dimensions: a scalar."""
        if not shape:
            return self.scalar_operand(depth)
        if depth <= 0 or self.chance(0.25):
            return self.leaf(shape, self.numeric())
        forms = [self.binary] * 6 + [self.unary, self.extremum, self.where, self.reduced]
        result = self.rng.choice(forms)(shape, depth - 1)
        return result if result.bound <= CAP else self.array(shape, 0)

    def leaf(self, shape, dtypes):
        """A part of some array, or a new array."""
        found = self.view(shape, dtypes)
        if found:
            return Expr(found[0], self.scope[found[1]].dtype, LIMIT)
        dtype = self.rng.choice(dtypes)
        return Expr("(%s)" % self.fresh(shape, dtype), dtype, LIMIT if dtype == "T" else 20)

    def binary(self, shape, depth):
        operator = self.rng.choice("+ + - - * * // %".split() + ([] if self.generic else ["/"]))
        self.note("operator " + operator)
        left = self.array(shape, depth)
        if operator in ("/", "//", "%"):
            right = self.divisor(shape, depth)
            dtype = (quotient if operator == "/" else promote)(left.dtype, right.dtype)
            bound = right.bound if operator == "%" else left.bound * 10 + 1
            return Expr("(%s %s %s)" % (left.text, operator, right.text), dtype, bound)
        right = self.operand(shape, depth)
        if len(shape) == 2 and self.chance(0.15):
            self.note("outer broadcast")
            left, right = self.leaf((shape[0], 1), self.numeric()), self.leaf((shape[1],), self.numeric())
        if self.chance(0.4):
            left, right = right, left
        bound = left.bound * right.bound if operator == "*" else left.bound + right.bound
        return Expr("(%s %s %s)" % (left.text, operator, right.text), promote(left.dtype, right.dtype), bound)

    def divisor(self, shape, depth):
        """Mostly not zero, since infinities and NaNs soon hide all else."""
        if self.chance(0.04):
            self.note("zero divisor")
            return self.leaf(shape, self.numeric())
        if self.chance(0.3):
            part = self.leaf(shape, self.numeric())
            return Expr("(np.abs(%s) + 1)" % part.text, promote(part.dtype, "int"), part.bound + 1)
        if not self.generic and self.chance(0.4):
            return Expr(self.rng.choice(["0.5", "1.5", "-4.0", "0.3"]), "float", 4)
        return Expr(self.rng.choice(["2", "3", "-3", "7"]), "int", 7)

    def unary(self, shape, depth):
        part = self.array(shape, depth)
        forms = ["(-%s)", "np.abs(%s)", "abs(%s)", "(+%s)", "np.negative(%s)"]
        if part.bound < 1000 or self.chance(0.3):
            forms += ["(%s ** 2)", "np.square(%s)"]
        if not self.generic:
            forms += ["np.sqrt(np.abs(%s))", "np.floor(%s)", "np.ceil(%s)", "np.sign(%s)", "np.rint(%s)"]
            if part.dtype in ("i32", "i64"):
                forms += ["(%s & 6)", "(%s >> 1)", "(%s ^ 5)", "(~%s)", "(%s | 8)"]
        form = self.rng.choice(forms)
        dtype = quotient(part.dtype, part.dtype) if "sqrt" in form or "rint" in form else part.dtype
        bound = part.bound**2 if "2" in form or "square" in form else part.bound + 15
        self.note("elementwise function" if "np." in form else "unary operator")
        return Expr(form % part.text, dtype, bound)

    def extremum(self, shape, depth):
        """Minimum or maximum. Adding 0 makes zeros positive: NumPy's choice among zeros varies."""
        left, right = self.array(shape, depth), self.operand(shape, depth)
        function = self.rng.choice(["minimum", "maximum"])
        self.note("np." + function)
        text = "np.%s(%s + 0, %s + 0)" % (function, left.text, right.text)
        return Expr(text, promote(left.dtype, right.dtype), max(left.bound, right.bound))

    def where(self, shape, depth):
        left, right = self.array(shape, depth), self.operand(shape, depth)
        if self.chance(0.5):
            left, right = right, left
        self.note("np.where")
        text = "np.where(%s, %s, %s)" % (self.mask(shape, 0), left.text, right.text)
        return Expr(text, promote(left.dtype, right.dtype), max(left.bound, right.bound))

    def reduced(self, shape, depth):
        """A reduction over one axis that leaves `shape`."""
        axis = self.rng.randint(0, len(shape))
        extent = self.rng.choice([1, 2, 2, 3, 4])
        if len(shape) == 3:
            return self.array(shape, 0)
        part = self.leaf(shape[:axis] + (extent,) + shape[axis:], self.numeric())
        functions = ["min", "max"] + ([] if self.generic else ["sum", "sum", "mean", "argmin", "argmax"])
        function = self.rng.choice(functions)
        if function in ("min", "max"):
            part = dataclasses.replace(part, text="(%s + 0)" % part.text)
        axis = axis - len(shape) - 1 if self.chance(0.4) else axis
        call = self.rng.choice(["np.%s(%s, axis=%d)", "np.%s(%s, %d)"]) % (function, part.text, axis)
        if self.chance(0.4):
            call = "%s.%s(axis=%d)" % (part.text, function, axis)
        self.note(function + " over an axis")
        dtype, bound = part.dtype, part.bound * extent
        if function.startswith("arg") or (function == "sum" and not is_float(dtype)):
            dtype = "i64"
        elif function == "mean":
            dtype = quotient(dtype, dtype)
        return Expr(call, dtype, bound)

    # Masks, scalars and conditions -------------------------------------------------------------

    def mask(self, shape, depth):
        """Text of a bool array of exactly `shape`."""
        self.note("mask")
        if not self.generic and self.chance(0.2):
            found = self.view(shape, ("bool",))
            if found:
                return found[0]
        if depth > 0 and self.chance(0.4):
            left, right = self.mask(shape, depth - 1), self.mask(shape, depth - 1)
            form = self.rng.choice(["(%s & %s)", "(%s | %s)", "(%s ^ %s)", "np.logical_and(%s, %s)"])
            return form % (left, right)
        if self.chance(0.1):
            return "~" + self.mask(shape, 0)
        operator = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
        return "(%s %s %s)" % (self.array(shape, 0).text, operator, self.operand(shape, 0).text)

    def element(self, dtypes):
        """(text, dtype) of an element of some array, or None if all are empty."""
        names = [name for name in self.arrays(*dtypes) if 0 not in self.scope[name].shape]
        if not names:
            return None
        name = self.rng.choice(names)
        kind = self.scope[name]
        self.note("element")
        return "%s[%s]" % (name, ", ".join(self.index(size) for size in kind.shape)), kind.dtype

    def scalar(self, kind, depth):
        """An expression of exactly the scalar type `kind`."""
        if not kind.weak:
            return self.strong(kind.dtype, depth)
        if kind.dtype == "bool":
            return Expr("(%s)" % self.condition(depth), "bool", 1)
        names = self.scalars(kind.dtype, True)
        if depth <= 0 or self.chance(0.3):
            if names and self.chance(0.7):
                return Expr(self.rng.choice(names), kind.dtype, LIMIT)
            if kind.dtype == "K":
                return Expr(self.rng.choice(self.scalars("K", True)), "K", LIMIT)
            return Expr(self.literal(kind.dtype), kind.dtype, 9)
        return self.weak(kind, depth - 1)

    def weak(self, kind, depth):
        """An operation whose result is a Python number."""
        rng = self.rng
        left, right = self.scalar(kind, depth), self.scalar(kind, depth)
        choice = rng.choice(["op", "op", "op", "divide", "if", "call", "convert"])
        if choice == "op":
            operator = rng.choice("+-*")
            bound = left.bound * right.bound if operator == "*" else left.bound + right.bound
            if bound > CAP:
                return left
            self.note("scalar operator")
            return Expr("(%s %s %s)" % (left.text, operator, right.text), kind.dtype, bound)
        if choice == "divide":
            operator = rng.choice(["//", "%"])
            divisor = rng.choice(["3", "-2", "7", "(abs(%s) + 1)" % right.text])
            self.note("scalar " + operator)
            return Expr("(%s %s %s)" % (left.text, operator, divisor), kind.dtype, max(left.bound, right.bound, 7) + 1)
        if choice == "if":
            self.note("conditional expression")
            text = "(%s if %s else %s)" % (left.text, self.condition(depth), right.text)
            return Expr(text, kind.dtype, max(left.bound, right.bound))
        if choice == "call":
            self.note("builtin function")
            text = rng.choice(["min(%s, %s)", "max(%s, %s)"]) % (left.text, right.text)
            if self.chance(0.3):
                text = "abs(%s)" % left.text
            return Expr(text, kind.dtype, max(left.bound, right.bound))
        return self.converted(kind, depth)

    def converted(self, kind, depth):
        """A Python number from a value of another type."""
        self.note("conversion")
        if kind.dtype == "K":
            return self.scalar(kind, 0)
        if kind.dtype == "i64":
            names = self.arrays()
            if names and self.chance(0.5):
                name = self.rng.choice(names)
                axis = self.rng.randrange(len(self.scope[name].shape))
                form = self.rng.choice(["len(%s)", "%s.size", "%s.ndim", "%s.shape[" + str(axis) + "]"])
                return Expr(form % name, "i64", LIMIT)
            if not self.generic and self.chance(0.4):
                return Expr("(%s & 7)" % self.scalar(INT, depth).text, "i64", 7)
            element = self.element(self.numeric())
            return Expr("int(%s)" % element[0], "i64", LIMIT) if element else self.scalar(INT, 0)
        choices = ["float(%s)", "(%s / 4)", "(%s * 0.5)", "math.floor(%s * 0.3) * 1.0", "math.sqrt(abs(%s))"]
        inner = self.scalar(self.rng.choice([INT, FLOAT]), depth)
        return Expr("(%s)" % self.rng.choice(choices) % inner.text, "f64", inner.bound)

    def strong(self, dtype, depth):
        """A NumPy scalar."""
        if depth > 0 and self.chance(0.5):
            left = self.strong(dtype, depth - 1)
            operator, right = self.rng.choice([("+", "1"), ("-", "3"), ("*", "2"), ("//", "2"), ("%", "5")])
            if dtype != "bool" and left.bound < CAP:
                self.note("strong scalar operator")
                return Expr("(%s %s %s)" % (left.text, operator, right), dtype, left.bound * 2 + 10)
        names = self.scalars(dtype, False)
        if names and self.chance(0.4):
            return Expr(self.rng.choice(names), dtype, LIMIT)
        if dtype != "T" and self.chance(0.5):
            found = self.reduction(dtype)
            if found:
                return found
        found = self.element((dtype,))
        if found:
            return Expr(found[0], dtype, LIMIT)
        return Expr("%s(%s)" % (NAMES[dtype], self.literal(dtype)), dtype, 9)

    def reduction(self, dtype):
        """A reduction of a whole array, or of a part, to a scalar of this dtype."""
        sources = {"i64": ("i64", "i32", "bool"), "bool": ("bool", "f64", "i64")}.get(dtype, (dtype,))
        names = [name for name in self.arrays(*sources) if 0 not in self.scope[name].shape]
        if not names:
            return None
        name = self.rng.choice(names)
        kind = self.scope[name]
        functions = {"bool": ["any", "all"], "i64": ["sum", "argmin", "argmax"]}.get(dtype, ["sum", "mean"])
        function = self.rng.choice(functions)
        text = name
        if self.chance(0.4):  # a part may be empty, which these functions allow
            sizes = [self.slice(size, self.rng.randint(1, size)) for size in kind.shape]
            text = "%s[%s]" % (name, ", ".join(sizes))
        if function == "sum" and self.chance(0.4) and dtype != "bool":
            text = "(%s + 0)" % text if self.chance(0.5) else text
        self.note(function + " of all")
        call = "%s.%s()" % (text, function) if self.chance(0.5) else "np.%s(%s)" % (function, text)
        size = 1
        for extent in kind.shape:
            size *= extent
        return Expr(call, dtype, LIMIT * (size if function == "sum" else 1))

    def condition(self, depth):
        """Text that is a Python bool or a NumPy bool."""
        rng = self.rng
        number = Scalar("K", True) if self.generic and self.scalars("K", True) else INT
        kinds = [INT, number] if self.generic else [INT, INT, FLOAT, Scalar("f64", False), Scalar("i64", False)]
        kind = rng.choice(kinds)
        if depth > 0 and self.chance(0.4):
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            form = rng.choice(["(%s and %s)", "(%s or %s)", "(not %s or %s)"])
            self.note("and, or, not")
            return form % (left, right)
        names = self.scalars("bool", True)
        if names and self.chance(0.2):
            return rng.choice(names)
        if self.chance(0.2):
            name = rng.choice(self.arrays() or [""])
            if name:
                self.note("any, all")
                return "%s.%s()" % (self.mask(self.scope[name].shape, 0), rng.choice(["any", "all"]))
        left, right = self.scalar(kind, min(depth, 1)), self.scalar(kind, 0)
        operator = rng.choice(["<", "<=", ">", ">=", "==", "!="])
        if self.chance(0.15):
            self.note("chained comparison")
            return "%s <= %s %s %s" % (self.literal(), left.text, operator, right.text)
        return "%s %s %s" % (left.text, operator, right.text)
