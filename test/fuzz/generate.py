#!/usr/bin/python3
"""Writes random programs of the language that hpcc compiles, which are valid Python with NumPy.

A seed gives always the same program. Each defines functions, makes arrays, takes views and aliases of
them, stores to overlapping and broadcast parts inside loops and branches, prints in between, prints all
its names at the end, and sometimes ends with an error. --features counts what the programs contain.
"""

import argparse
import random
import sys

from element_types import ElementTypes
from exchanges import Exchanges
from expressions import BOOL, FLOAT, INT, LIMIT, NAMES, Array, Expressions, List, Scalar, is_float, promote
from kernels import KINDS, Kernels
from reductions import Reductions

INDENT = "    "
ALL_KINDS = KINDS + ["reductions"]


class Function:
    """A function that is visible: its parameters' types, the defaulted ones last, and results' types."""

    def __init__(self, name, parameters, defaults, results):
        self.name = name
        self.parameters = parameters  # name -> Array or Scalar
        self.defaults = defaults  # names
        self.results = results


class Generator(Expressions, Kernels, Exchanges, Reductions, ElementTypes):
    """Writes one program."""

    def __init__(self, seed):
        super().__init__(random.Random(seed))
        self.lines = []
        self.depth = 0  # of nested blocks
        self.count = 0  # of names made
        self.functions = []
        self.in_function = False

    def write(self, text):
        self.lines.append(INDENT * self.depth + text)

    def new_name(self, letter):
        self.count += 1
        return "%s%d" % (letter, self.count)

    def block(self, counter=None, statements=None):
        """An indented block with a scope of its own; `counter`: (name, type) of a loop's variable."""
        outer = dict(self.scope)
        if counter:
            self.scope[counter[0]] = counter[1]
        self.depth += 1
        for _ in range(statements or self.rng.randint(1, 3)):
            self.statement()
        self.depth -= 1
        self.scope = outer

    # Types and values --------------------------------------------------------------------------

    def some_shape(self):
        rng = self.rng
        if self.arrays() and self.chance(0.3):
            return self.scope[rng.choice(self.arrays())].shape
        dims = rng.choice([1, 1, 1, 2, 2, 3])
        if dims == 1 and self.chance(0.1):
            return (rng.choice([17, 40, 130, 260]),)
        size = rng.randint(2, 6)
        return tuple(rng.choice([0, 1, 1, 2, 3, 4, 5, 7]) if self.chance(0.5) else size for _ in range(dims))

    def some_dtype(self):
        return "T" if self.generic else self.rng.choice(["f64", "f64", "f64", "i64", "f32", "i32", "bool"])

    def some_part(self, name):
        """(text, shape) of a random part of an array, or of all of it."""
        shape = self.scope[name].shape
        if self.chance(0.25):
            return name + ("[:]" if self.chance(0.3) else ""), shape
        wanted = [self.rng.randint(min(size, 1), size) for size in shape]
        if self.chance(0.08):
            wanted[0] = 0
        if len(wanted) > 1 and self.chance(0.3):
            wanted.pop(self.rng.randrange(len(wanted)))
        if self.chance(0.1):
            wanted.insert(self.rng.randint(0, len(wanted)), 1)
        for _ in range(4):
            text = self.select(name, tuple(wanted))
            if text:
                return text, tuple(wanted)
        return name, shape

    def tamed(self, value):
        """Text of the value within the bound of what variables hold."""
        if value.bound <= LIMIT:
            return value.text
        divisor = "97" if not is_float(value.dtype) else self.rng.choice(["97.0", "64"])
        return "%s %% %s" % (value.text, divisor)

    def value_for(self, kind, depth=2):
        """Text of a new value of exactly this type."""
        if isinstance(kind, Scalar):
            return self.tamed(self.scalar(kind, depth))
        if isinstance(kind, List):
            return self.list_value(kind)
        if kind.dtype == "bool":
            return self.mask(kind.shape, depth - 1)
        value = self.array(kind.shape, depth)
        text = self.tamed(value)
        if value.dtype == kind.dtype:
            if value.bound <= LIMIT and text.split("[")[0] in self.scope:
                self.note("alias or view rebound")
            return text
        return "(%s).astype(%s)" % (text, NAMES[kind.dtype])

    def list_value(self, kind):
        names = self.names(lambda other: isinstance(other, List) and other.dtype == kind.dtype)
        if names and self.chance(0.3):
            name = self.rng.choice(names)
            length = self.scope[name].length
            if length >= kind.length and (kind.length or not length):
                start = self.rng.randint(0, length - kind.length)
                return "%s[%d:%d]" % (name, start, start + kind.length)
        if kind.length > 1 and self.chance(0.2):
            return "%d * [%s]" % (kind.length, self.literal(kind.dtype))
        cut = self.rng.randint(1, kind.length)
        parts = [self.tamed(self.scalar(Scalar(kind.dtype, True), 1)) for _ in range(kind.length)]
        if 1 <= cut < kind.length and self.chance(0.2):
            return "[%s] + [%s]" % (", ".join(parts[:cut]), ", ".join(parts[cut:]))
        return "[%s]" % ", ".join(parts)

    # Statements --------------------------------------------------------------------------------

    def statement(self):
        simple = [
            (8, self.store), (6, self.augmented), (3, self.element_store), (3, self.mask_store),
            (3, self.rebind), (3, self.swap), (4, self.new_array), (4, self.new_view), (4, self.new_scalar),
            (3, self.update_scalar), (2, self.dynamic_slice), (2, self.print_some), (1, self.chained),
            (2, self.list_statement), (2, self.call), (1, self.unpack_shape), (1, self.assertion),
        ]
        compound = [(3, self.for_range), (1, self.while_loop), (2, self.branch), (1, self.for_each)]
        forms = simple + (compound if self.depth < 3 else [])
        self.rng.choices([form for _, form in forms], [weight for weight, _ in forms])[0]()

    def new_array(self):
        kind = Array(self.some_dtype(), self.some_shape())
        name = self.new_name("a")
        if kind.dtype == "T" or self.chance(0.5):
            self.write("%s = %s" % (name, self.fresh(kind.shape, kind.dtype)))
        elif len(kind.shape) == 1 and kind.dtype in ("f64", "i64") and 0 < kind.shape[0] < 9:
            text = "np.array(%s)" % self.list_value(List(kind.dtype, kind.shape[0]))
            if kind.dtype == "f64" and self.chance(0.4):
                text = "np.linspace(%s, 3.0, %s)" % (self.literal("f64"), self.number(kind.shape[0]))
            self.write("%s = %s" % (name, text))
        else:
            self.write("%s = %s" % (name, self.value_for(kind)))
        self.scope[name] = kind

    def new_view(self):
        """A name for a part of an array, for all of it, or for its copy."""
        names = self.arrays()
        if not names:
            return self.new_array()
        source = self.rng.choice(names)
        text, shape = self.some_part(source)
        if self.chance(0.15):
            text += self.rng.choice([".copy()", " + 0"]) if self.scope[source].dtype != "bool" else ".copy()"
            self.note("copy")
        else:
            self.note("view" if "[" in text else "alias")
        name = self.new_name("v")
        self.write("%s = %s" % (name, text))
        self.scope[name] = Array(self.scope[source].dtype, shape)

    def rebind(self):
        names = self.names(lambda kind: isinstance(kind, (Array, List)))
        if not names or self.in_function and self.chance(0.5):
            return self.new_view()
        name = self.rng.choice(names)
        kind = self.scope[name]
        same = [other for other in self.names(lambda other: other == kind) if other != name]
        if same and self.chance(0.3):
            self.note("alias rebound")
            self.write("%s = %s" % (name, self.rng.choice(same)))
        else:
            self.note("rebound")
            self.write("%s = %s" % (name, self.value_for(kind)))

    def store(self):
        names = self.arrays()
        if not names:
            return self.new_array()
        name = self.rng.choice(names)
        text, shape = self.some_part(name)
        if text.split("[")[0] == text:
            text = text + "[:]" if ".T" not in text else name + "[:]"
            shape = self.scope[name].shape
        self.note("slice store")
        if self.chance(0.4):  # from the same array, so that source and target overlap
            source = self.select(name, self.broadcastable(shape) if self.chance(0.3) else shape)
            if source:
                self.note("overlapping store")
                if len(shape) == 1 < len(self.scope[name].shape):
                    source += ".copy()"  # between a row and a column NumPy's bare copy is wrong
                return self.write("%s = %s" % (text, source))
        if self.scope[name].dtype == "bool":
            return self.write("%s = %s" % (text, self.mask(self.broadcastable(shape) or (1,), 1)))
        value = self.array(self.broadcastable(shape), 2)
        self.write("%s = %s" % (text, self.tamed(value)))

    def augmented(self):
        names = [name for name in self.arrays() if self.scope[name].dtype != "bool"]
        if not names:
            return self.store()
        name = self.rng.choice(names)
        dtype = self.scope[name].dtype
        text, shape = self.some_part(name)
        if self.chance(0.2) and 0 not in self.scope[name].shape:
            text, shape = self.element((dtype,))[0], ()
        if text.endswith(".T"):
            text, shape = name, self.scope[name].shape
        operator = self.rng.choice("+ + + - - * // %".split() + (["/"] if is_float(dtype) else []))
        if operator in ("+", "-"):
            value = self.array(self.broadcastable(shape), 1) if shape else self.scalar_operand(1)
            if dtype in ("i32", "i64") and is_float(promote(value.dtype, dtype)):
                value = self.scalar(INT, 1)  # NumPy refuses to store floats in integers here
            self.write("%s %s= %s" % (text, operator, self.tamed(value)))
            self.write("%s %%= %s" % (text, self.rng.choice(["97", "50", "-31"])))
        else:
            divisors = ["2", "3"] + (["0.5", "1.5"] if is_float(dtype) and operator != "*" else [])
            self.write("%s %s= %s" % (text, operator, self.rng.choice(divisors)))
            if operator == "*" or divisors[-1] == "1.5" and operator != "%":
                self.write("%s %%= %s" % (text, self.rng.choice(["97", "50", "-31"])))
        self.note("augmented " + ("element" if not shape else "slice" if "[" in text else "array"))

    def element_store(self):
        dtypes = ("T",) if self.generic else ("f64", "f32", "i64", "i32", "bool")
        found = self.element(dtypes)
        if not found:
            return self.new_array()
        self.note("element store")
        kind = self.rng.choice([INT, Scalar(found[1], False)] + ([] if self.generic else [FLOAT, BOOL]))
        self.write("%s = %s" % (found[0], self.tamed(self.scalar(kind, 2))))

    def mask_store(self):
        names = self.arrays()
        if not names:
            return self.new_array()
        name = self.rng.choice(names)
        text, shape = self.some_part(name)
        self.note("mask store")
        mask = self.mask(shape, 1)
        if self.scope[name].dtype == "bool":
            mask += ".copy()"  # NumPy walks over a mask in the target while it stores
        elif self.chance(0.2):
            return self.write("%s[%s] %s= %s" % (text, mask, self.rng.choice(["//", "%"]), self.rng.choice("23")))
        value = self.literal() if self.generic or self.chance(0.5) else self.tamed(self.scalar_operand(1))
        self.write("%s[%s] = %s" % (text, mask, value))

    def swap(self):
        """Tuple assignments: of names, of elements, of parts."""
        names = self.names(lambda kind: isinstance(kind, (Array, Scalar)) and not getattr(kind, "range", None))
        self.rng.shuffle(names)
        for left in names[:4]:
            kind = self.scope[left]
            others = [name for name in names if name != left and self.scope[name] == kind]
            if isinstance(kind, Array) and self.chance(0.4):
                first, shape = self.some_part(left)
                second = self.select(left, shape)
                if "[" in first and second and "[" in second:
                    self.note("swap of parts")
                    if len(shape) == 1:  # a bare copy of these is NumPy's own overlap bug
                        return self.write("%s, %s = %s + 0, %s + 0" % (first, second, second, first))
                    return self.write("%s, %s = %s, %s" % (first, second, second, first))
            if others:
                right = self.rng.choice(others)
                self.note("swap of arrays" if isinstance(kind, Array) else "swap of scalars")
                last = left if self.chance(0.7) else self.value_for(kind, 1)
                return self.write("%s, %s = %s, %s" % (left, right, right, last))
        self.new_view()

    def dynamic_slice(self):
        """Slices whose bounds are any ints at run time: what they take is not known here."""
        names = [name for name in self.arrays() if self.scope[name].dtype != "bool"]
        if not names:
            return self.new_array()
        name = self.rng.choice(names)
        kind = self.scope[name]
        same = [other for other in names if self.scope[other] == kind]
        bounds = ["", ""]
        for position in range(2):
            if self.chance(0.8):
                bounds[position] = self.scalar(INT, 1).text
        step = self.rng.choice(["", "", ":2", ":-1", ":-3", ":1"])
        part = "[%s:%s%s]" % (bounds[0], bounds[1], step)
        self.note("slice with run-time bounds")
        form = self.rng.choice(["store", "scalar", "print", "sum", "view"])
        if form == "store":
            source = self.rng.choice(same)
            self.write("%s%s = %s%s %s %s" % (
                name, part, source, part, self.rng.choice(["//", "%"]), self.rng.choice(["2", "3"])))
        elif form == "scalar":
            self.write("%s%s = %s" % (name, part, self.literal()))
        elif form == "print":
            self.write("print(%s%s)" % (name, part))
        elif form == "sum":
            self.write("print(%s%s.sum(), %s%s.shape)" % (name, part, name, part))
        else:
            view = self.new_name("w")
            self.write("%s = %s%s" % (view, name, part))
            self.write("%s //= 2" % view)
            self.write("print(%s)" % view)

    def new_scalar(self):
        kinds = [INT, Scalar("K", True)] if self.generic and self.scalars("K", True) else [INT]
        if not self.generic:
            strong = Scalar(self.rng.choice(["f64", "f32", "i64", "i32"]), False)
            kinds = [INT, FLOAT, FLOAT, BOOL, strong]
        kind = self.rng.choice(kinds)
        name = self.new_name("x")
        self.write("%s = %s" % (name, self.value_for(kind)))
        self.scope[name] = kind

    def update_scalar(self):
        names = self.names(lambda kind: isinstance(kind, Scalar) and not kind.range and kind.dtype != "bool")
        if not names:
            return self.new_scalar()
        name = self.rng.choice(names)
        kind = self.scope[name]
        if self.chance(0.5):
            self.note("scalar assigned")
            return self.write("%s = %s" % (name, self.value_for(kind)))
        operator = self.rng.choice(["+", "-", "*", "//", "%"])
        self.note("scalar augmented")
        if operator in ("+", "-"):
            right = self.tamed(self.scalar(kind if kind.weak else INT, 1))
        else:
            right = "3"
        self.write("%s %s= %s" % (name, operator, right))
        if operator in "+-*":
            self.write("%s %%= 89" % name)

    def chained(self):
        """One value, several targets."""
        found = self.element(("T",) if self.generic else ("f64", "i64", "i32"))
        if not found:
            return self.new_scalar()
        name = self.new_name("x")
        self.note("chained assignment")
        self.write("%s = %s = %s" % (name, found[0], self.value_for(INT)))
        self.scope[name] = INT

    def list_statement(self):
        names = self.names(lambda kind: isinstance(kind, List))
        if not names or self.chance(0.3):
            kind = List(self.rng.choice(["i64", "i64", "f64"] if not self.generic else ["i64"]), self.rng.randint(1, 5))
            name = self.new_name("l")
            self.write("%s = %s" % (name, self.value_for(kind)))
            self.scope[name] = kind
            return self.note("list")
        name = self.rng.choice(names)
        kind = self.scope[name]
        position = self.rng.randint(-kind.length, kind.length - 1)
        self.note("list element store")
        self.write("%s[%s] = %s" % (name, self.number(position), self.value_for(Scalar(kind.dtype, True))))

    def unpack_shape(self):
        names = [name for name in self.arrays() if len(self.scope[name].shape) > 1]
        if not names:
            return self.print_some()
        name = self.rng.choice(names)
        sizes = [self.new_name("n") for _ in self.scope[name].shape]
        self.note("shape unpacked")
        self.write("%s = %s.shape" % (", ".join(sizes), name))
        for size, extent in zip(sizes, self.scope[name].shape):
            self.scope[size] = Scalar("i64", True, (extent, extent))

    def assertion(self):
        name = self.rng.choice(self.arrays() or [""])
        if name:
            self.note("assert")
            self.write('assert %s.ndim == %d, "dimensions"' % (name, len(self.scope[name].shape)))

    def print_some(self):
        self.note("print")
        names = list(self.scope)
        if not names or self.chance(0.3):
            left, right = self.scalar(INT, 1).text, self.scalar(INT if self.generic else FLOAT, 1).text
            form = self.rng.choice(['print("%%d", %s, %s)', "print((%s, %s))", "print(%s, %s, sep=', ')"])
            return self.write(form.replace("%%d", "values") % (left, right))
        if self.chance(0.3) and self.arrays():
            kind = self.scope[self.rng.choice(self.arrays())]
            return self.write("print(%s)" % self.value_for(kind, 1))
        self.write("print(%s)" % ", ".join(self.rng.sample(names, min(len(names), self.rng.randint(1, 2)))))

    # Compound statements -----------------------------------------------------------------------

    def for_range(self):
        rng = self.rng
        start, step = rng.randint(-2, 3), rng.choice([1, 1, 1, 2, -1, -2, 3])
        trips = rng.choice([0, 1, 2, 2, 3, 4])
        stop = start + trips * step - (rng.randint(0, abs(step) - 1) * (1 if step > 0 else -1) if trips else 0)
        values = range(start, stop, step)
        arguments = [self.number(start), self.number(stop), str(step)]
        if step == 1:
            arguments.pop()
            if start == 0 and self.chance(0.8):
                arguments.pop(0)
        name = self.new_name("i")
        self.note("for", *(["loop without iterations"] if not values else []))
        self.write("for %s in range(%s):" % (name, ", ".join(arguments)))
        span = (min(values), max(values)) if values else (0, 0)
        self.block((name, Scalar("i64", True, span)))
        self.leave_loop(name, bool(values))

    def leave_loop(self, counter, ran):
        """Maybe an early end of the loop written last, an else clause, a use of its counter after it."""
        if self.chance(0.3):
            self.note("break or continue")
            self.depth += 1
            self.write("if %s:" % self.condition(1))
            self.write(INDENT + self.rng.choice(["break", "continue"]))
            if self.chance(0.5):
                self.store()
            self.depth -= 1
        if self.chance(0.15):
            self.note("loop else")
            self.write("else:")
            self.block(statements=1)
        if ran and counter and self.chance(0.3):
            self.note("counter after loop")
            self.write("print(%s)" % counter)

    def while_loop(self):
        name = self.new_name("k")
        limit = self.rng.randint(0, 4)
        self.note("while")
        self.write("%s = 0" % name)
        self.write("while %s < %d%s:" % (name, limit, " and " + self.condition(1) if self.chance(0.4) else ""))
        self.write(INDENT + "%s += 1" % name)
        self.block((name, Scalar("i64", True, (1, max(limit, 1)))))
        self.leave_loop(name, True)

    def for_each(self):
        names = self.names(
            lambda kind: isinstance(kind, List) or isinstance(kind, Array) and len(kind.shape) == 1
            and kind.shape[0] < 8 and kind.dtype not in ("bool", "T"))
        if not names or self.generic:
            return self.for_range()
        name = self.rng.choice(names)
        kind = self.scope[name]
        variable = self.new_name("e")
        self.note("for over " + type(kind).__name__.lower())
        self.write("for %s in %s:" % (variable, name))
        self.block((variable, Scalar(kind.dtype, isinstance(kind, List))))
        self.leave_loop(None, False)

    def branch(self):
        self.note("if")
        self.write("if %s:" % self.condition(2))
        self.block()
        if self.chance(0.3):
            self.note("elif")
            self.write("elif %s:" % self.condition(1))
            self.block()
        if self.chance(0.5):
            self.write("else:")
            self.block()

    # Functions ---------------------------------------------------------------------------------

    def define(self):
        """A function of its own small program, called later with views, aliases, several dtypes."""
        name = self.new_name("f")
        outer, self.scope, self.in_function = self.scope, {}, True
        self.generic = self.chance(0.6)
        dtype = "T" if self.generic else self.rng.choice(["f64", "f64", "i64", "f32"])
        first = tuple(max(size, 1) for size in self.some_shape())
        for position in range(self.rng.randint(1, 3)):
            shape = first if position == 0 or self.chance(0.6) else self.some_shape()
            self.scope["p%d" % position] = Array(dtype, shape)
        defaults = []
        if self.chance(0.6):
            self.scope["q"] = Scalar("K", True) if self.generic else self.rng.choice([INT, FLOAT])
        if self.chance(0.3):
            defaults, self.scope["r"] = ["r"], INT
        parameters = dict(self.scope)
        texts = [name + "=%d" % self.rng.randint(-3, 5) if name in defaults else name for name in parameters]
        self.write("def %s(%s):" % (name, ", ".join(texts)))
        self.depth += 1
        for _ in range(self.rng.randint(1, 4)):
            self.statement()
        if self.chance(0.2):
            self.note("early return")
            results = [kind for kind in [self.scope["p0"]]]
            self.write("if %s:" % self.condition(1))
            self.write(INDENT + "return %s" % self.value_for(results[0], 1))
        else:
            results = []
            for _ in range(self.rng.randint(0, 2)):
                results.append(self.rng.choice([self.scope["p0"], INT, self.scope[self.rng.choice(self.arrays())]]))
        if results:
            values = [self.rng.choice(self.names(lambda other: other == kind) or [self.value_for(kind, 1)])
                      if self.chance(0.6) else self.value_for(kind, 1) for kind in results]
            self.write("return %s" % ", ".join(values))
        self.depth -= 1
        self.write("")
        self.write("")
        self.scope, self.in_function, self.generic = outer, False, False
        self.functions.append(Function(name, parameters, defaults, results))
        self.note("function")

    def call(self):
        """A call of a function that was defined before, with arguments that may alias each other."""
        if not self.functions or self.generic or self.in_function:
            return self.print_some()
        function = self.rng.choice(self.functions)
        generic = any(getattr(kind, "dtype", "") == "T" for kind in function.parameters.values())
        dtypes = ["f64", "f64", "i64", "i32", "f32"]
        self.rng.shuffle(dtypes)
        viewed = [dtype for dtype in dtypes if self.view(function.parameters["p0"].shape, (dtype,))]
        dtype = (viewed + dtypes)[0]

        def concrete(kind):
            return Array(dtype, kind.shape) if isinstance(kind, Array) and kind.dtype == "T" else kind

        arguments = []
        for name, kind in function.parameters.items():
            kind = concrete(kind)
            if isinstance(kind, Array):
                text = self.leaf(kind.shape, (kind.dtype,)).text
            elif kind.dtype == "K":
                text = self.value_for(FLOAT if is_float(dtype) and self.chance(0.7) else INT, 1)
            else:
                text = self.value_for(kind, 1)
            if name in function.defaults and self.chance(0.5):
                continue
            arguments.append("%s=%s" % (name, text) if name in ("q", "r") and self.chance(0.3) else text)
            if "=" not in arguments[-1][:3] and any("=" in other[:3] for other in arguments):
                arguments[-1] = "%s=%s" % (name, text)
        results = [concrete(kind) for kind in function.results]
        targets = [self.new_name("r") for _ in results]
        self.note("call", *(["call with one of several dtypes"] if generic else []))
        text = "%s(%s)" % (function.name, ", ".join(arguments))
        self.write("%s = %s" % (", ".join(targets), text) if targets else text)
        self.scope.update(zip(targets, results))

    def recursion(self):
        """A recursive function on ints."""
        name = self.new_name("g")
        base, low, high = self.rng.randint(0, 3), self.rng.randint(1, 2), self.rng.randint(2, 3)
        self.write("def %s(n):" % name)
        self.write("    if n <= %d:" % base)
        self.write("        return n + %d" % self.rng.randint(0, 4))
        form = self.rng.choice(["%s(n - %d) + %s(n - %d)", "(%s(n - %d) * 3 - %s(n - %d)) %% 101"])
        self.write("    return " + form % (name, low, name, high))
        self.write("")
        self.write("")
        self.note("recursion")
        return "print(%s(%d))" % (name, self.rng.randint(0, 9))

    # Programs ----------------------------------------------------------------------------------

    def idiom(self):
        """Patterns that random statements rarely make."""
        rng = self.rng
        name = rng.choice(self.arrays("f64", "i64", "i32", "f32") or [""])
        form = rng.choice(["widening", "shrinking", "buffers", "conditional", "accumulate"])
        if not name and form != "widening":
            return
        self.note("idiom: " + form)
        other, counter = self.new_name("t"), self.new_name("i")
        trips = rng.choice([0, 1, 2, 3])
        if form == "widening":  # an int that becomes a float if the loop runs
            self.write("%s = 0" % other)
            self.write("for %s in range(%s):" % (counter, self.number(trips)))
            self.write(INDENT + "%s += %s" % (other, rng.choice(["0.5", "1.0", counter + " / 2"])))
            self.write("print(%s, %s * 2)" % (other, other))
        elif form == "shrinking":  # a view of a view in each iteration
            part = rng.choice(["[1:]", "[:-1]", "[::-1]", "[1:-1]", "[::2]"])
            self.write("%s = %s" % (other, name))
            self.write("for %s in range(%s):" % (counter, self.number(trips)))
            self.write(INDENT + "%s = %s%s" % (other, other, part))
            self.write(INDENT + "%s += 1" % other)
            self.write("print(%s, %s)" % (other, name))
        elif form == "buffers":  # a view of a name that is then swapped
            size = self.scope[name].shape[0]
            self.write("%s = %s.copy()" % (other, name))
            view = self.new_name("v")
            self.write("%s = %s[%s]" % (view, name, self.slice(size, max(size - 1, 0))))
            self.write("for %s in range(%s):" % (counter, self.number(trips)))
            self.write(INDENT + "%s, %s = %s, %s" % (name, other, other, name))
            self.write(INDENT + "%s[:1] = %s" % (rng.choice([name, other]), rng.choice([counter, "7"])))
            self.write(INDENT + "%s += 1" % rng.choice([view, name, other]))
            self.write("print(%s, %s, %s)" % (name, other, view))
        elif form == "conditional":  # one of two arrays
            self.write("%s = %s if %s else %s" % (other, name, self.condition(1), name + " + 1"))
            self.write("%s += 2" % other)
            self.write("print(%s, %s)" % (other, name))
        else:  # a stencil that reads what it has written
            size = self.scope[name].shape[0]
            self.write("for %s in range(1, %s):" % (counter, self.number(size)))
            self.write(INDENT + "%s[%s] += %s[%s - 1]" % (name, counter, name, counter))
            self.write(INDENT + "%s[%s] %%= 50" % (name, counter))

    def failing(self):
        """A statement that raises, after which nothing is printed."""
        rng = self.rng
        name = rng.choice(self.arrays("f64", "i64", "i32", "f32") or ["np.arange(5)"])
        size = self.scope[name].shape[0] if name in self.scope else 5
        forms = [
            "print(%s[%s])" % (name, self.number(size + rng.randint(0, 3))),
            "print(%s[%s])" % (name, self.number(-size - rng.randint(1, 3))),
            "print(1 %s (len(%s) - %s))" % (rng.choice(["/", "//", "%"]), name, self.number(size)),
            "%s[:%s] = np.zeros(%s + %d)" % (name, self.number(size), self.number(size), rng.randint(2, 4)),
            "print(np.ones(len(%s) + 2) + np.ones(len(%s) + 4))" % (name, name),
            "assert len(%s) != %s, 'sizes'" % (name, self.number(size)),
            "print([1, 2][%s])" % self.number(rng.choice([2, -3, 5])),
            "print(np.zeros(len(%s) - %s).max())" % (name, self.number(size)),
        ]
        self.note("error at the end")
        self.write(rng.choice(forms))

    def imports(self):
        self.write("import math")
        self.write("")
        self.write("import numpy as np")
        self.write("")
        self.write("")

    def new_size(self):
        name, value = self.new_name("n"), self.rng.randint(1, 7)
        text = "int(np.arange(%d).max())" % (value + 1) if self.chance(0.3) else str(value)
        self.write("%s = %s" % (name, text))
        self.scope[name] = Scalar("i64", True, (value, value))

    def kernel_program(self, kind):
        """A program of nothing but kernels of a kind."""
        self.imports()
        self.new_size()
        for _ in range(self.rng.randint(1, 2)):
            self.kernel(kind)
        return "\n".join(self.lines) + "\n"

    def program(self):
        self.imports()
        for _ in range(self.rng.choice([0, 0, 1, 1, 2])):
            self.define()
        recursion = self.recursion() if self.chance(0.1) else None
        for _ in range(self.rng.randint(1, 2)):
            self.new_size()
        for _ in range(self.rng.randint(2, 3)):
            self.new_array()
        forms = [self.statement] * self.rng.randint(4, 10) + [self.call] * 2 * len(self.functions)
        forms += [self.idiom] * self.chance(0.6)
        forms += [self.kernel] * self.rng.choice([0, 1, 1, 2])
        self.rng.shuffle(forms)
        for form in forms:
            form()
        if recursion:
            self.write(recursion)
        for name in self.scope:
            self.write('print("%s", %s)' % (name, name))
        if self.chance(0.1):
            self.failing()
        return "\n".join(self.lines) + "\n"


def generate(seed, kind=None):
    """(text, Counter of features) of the program with this seed; `kind`: of kernels of this kind alone."""
    generator = Generator(seed)
    return generator.kernel_program(kind) if kind else generator.program(), generator.features


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of the first program")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--kind", choices=ALL_KINDS, help="write kernels of this kind alone")
    parser.add_argument("--features", action="store_true", help="count features, write no program")
    arguments = parser.parse_args()
    programs, total = {}, Generator(0).features
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        text, features = generate(seed, arguments.kind)
        programs.update((feature, programs.get(feature, 0) + 1) for feature in features)
        total.update(features)
        if not arguments.features:
            print("# seed %d\n%s" % (seed, text))
    if arguments.features:
        for feature, times in total.most_common():
            print("%7d in %5d programs: %s" % (times, programs[feature], feature))
    return 0


if __name__ == "__main__":
    sys.exit(main())
