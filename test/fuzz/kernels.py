"""Kernels of numerical programs: what passes over whole loops and chains of statements look for.

Time loops with copies and swaps of arrays, plain loops over elements with scalar temporaries, chains of
elementwise statements, temporaries that are used at offsets, reductions in between, functions that are called
in loops, prints inside. Values stay small, so that floats stay finite.
"""

INDENT = "    "
KINDS = ["time_loop", "exchange_loop", "element_loop", "chain", "row_loop", "element_types"]


class Kernels:
    """A part of the program generator; it writes with `write`, `new_name`, `fresh` and `number`."""

    def fields(self, count, dims=None):
        """New arrays of floats of one shape: (names, shape)."""
        rng = self.rng
        dims = dims or rng.choice([1, 1, 2, 2, 3])
        sizes = [0, 1, 2, 3, 3, 4, 5, 6, 7] + ([33, 130] if dims == 1 else [])
        shape = tuple(rng.choice(sizes) if self.chance(0.6) else 5 for _ in range(dims))
        names = [self.new_name("u") for _ in range(count)]
        for name in names:
            self.write("%s = %s" % (name, self.fresh(shape, "f64")))
        return names, shape

    @staticmethod
    def inner(shape, dim=None, offset=0):
        """Subscript of the cells inside the boundary, moved along a dimension."""
        parts = []
        for position in range(len(shape)):
            low, high = 1, -1
            if position == dim:
                low, high = low + offset, high + offset
            parts.append("%s:%s" % (low or "", high or ""))
        return "[%s]" % ", ".join(parts)

    def neighbours(self, name, shape):
        """A weighted sum of a cell and some of its neighbours."""
        terms = ["0.5 * %s%s" % (name, self.inner(shape))]
        for dim in range(len(shape)):
            for offset in (-1, 1):
                if self.chance(0.7):
                    terms.append("%s * %s%s" % (self.rng.choice(["0.125", "0.0625", "-0.25"]), name,
                                                self.inner(shape, dim, offset)))
        self.rng.shuffle(terms)
        return " + ".join(terms)

    def boundary(self, name, shape):
        dim, rest = self.rng.randrange(len(shape)), [":"] * len(shape)
        if 0 in shape or shape[dim] < 2:
            return
        rest[dim] = self.rng.choice(["0", "-1"])
        target = "%s[%s]" % (name, ", ".join(rest))
        rest[dim] = self.rng.choice(["0", "1", "-1", "-2"])
        source = self.rng.choice(["0", "1.0", "%s[%s]" % (name, ", ".join(rest))])
        self.write("%s = %s" % (target, source))

    def inside(self, names, shape):
        """What a time loop does besides its update."""
        if self.chance(0.25):
            self.write("print(%s)" % self.rng.choice(names))
        if self.chance(0.25) and 0 not in shape:
            self.write("print(np.max(np.abs(%s - %s)), %s.sum())" % (names[0], names[-1], names[0]))
        if self.chance(0.1):
            self.write("if np.sum(np.abs(%s)) < 2.0:" % names[0])
            self.write(INDENT + "break")

    def time_loop(self):
        """Each step makes the next state from the current one: by a copy, a swap, a new array."""
        rng = self.rng
        (u, un, v), shape = self.fields(3)
        form = rng.choice(["copy", "copy", "swap", "rotate", "new", "in place", "function", "old"])
        self.note("kernel: time loop, " + form)
        part, counter = self.inner(shape), self.new_name("i")
        if form == "function":
            function = self.new_name("s")
            self.write("def %s(a, b, c):" % function)
            self.depth += 1
            body = rng.choice(["copy", "part", "loop"])
            if body == "copy":
                self.write("b = a.copy()")
            if body == "loop" and len(shape) == 1:
                self.write("for j in range(1, len(a) - 1):")
                self.write(INDENT + "b[j] = a[j] * c + 0.25 * (a[j - 1] - a[j + 1])")
            else:
                self.write("b%s = c * a%s + 0.25 * a%s" % (part, part, self.inner(shape, 0, 1)))
            self.write("return b" if self.chance(0.8) else "return b * 0.5 + a * 0.25")
            self.depth -= 1
        self.write("for %s in range(%s):" % (counter, self.number(rng.choice([0, 1, 2, 3, 4, 7]))))
        self.depth += 1
        if form == "copy":
            self.write("%s = %s.copy()" % (un, u))
            self.write("%s%s = %s" % (u, part, self.neighbours(un, shape)))
            if self.chance(0.5):
                self.write("%s%s = %s - 0.125 * %s%s" % (v, part, self.neighbours(v, shape), un, part))
        elif form == "old":
            self.write("%s[%s] = %s" % (un, ", ".join(":" * len(shape)), u))
            self.write("%s%s += 0.25 * (%s)" % (u, part, self.neighbours(un, shape)))
            self.write("%s %%= 9.0" % u)
        elif form == "swap":
            self.write("%s%s = %s" % (un, part, self.neighbours(u, shape)))
            if self.chance(0.4):
                self.boundary(un, shape)
            self.write("%s, %s = %s, %s" % (u, un, un, u))
        elif form == "rotate":
            self.write("%s%s = 0.5 * (%s) - 0.25 * %s%s" % (v, part, self.neighbours(un, shape), u, part))
            self.write("%s, %s, %s = %s, %s, %s" % (u, un, v, un, v, u))
        elif form == "new":
            self.write("%s = np.zeros_like(%s)" % (un, u) if self.chance(0.5) else "%s = %s + 0.0" % (un, u))
            self.write("%s%s = %s" % (un, part, self.neighbours(u, shape)))
            self.write("%s = %s" % (u, un))
        elif form == "function":
            self.write("%s = %s(%s, %s, %s)" % (rng.choice([u, v]), function, u, rng.choice([un, u, v]), rng.choice(["0.5", counter + " * 0.125"])))
        else:
            self.write("%s%s = %s" % (u, part, self.neighbours(u, shape)))
        if self.chance(0.5):
            self.boundary(u, shape)
        self.inside([u, un], shape)
        self.depth -= 1
        self.write("print(%s, %s, %s)" % (u, un, v))

    def element_loop(self):
        """Plain loops over the elements of arrays, with scalars of one iteration and ones that go on."""
        rng = self.rng
        dims = rng.choice([1, 1, 2])
        (a, b, c), shape = self.fields(3, dims)
        indices = [self.new_name("j") for _ in range(dims)]
        x, total = self.new_name("x"), self.new_name("x")
        form = rng.choice(["map", "map", "sum", "maximum", "recurrence", "count", "scatter", "raise"])
        self.note("kernel: element loop, " + form)
        here = "[%s]" % ", ".join(indices)
        behind = "[%s]" % ", ".join([indices[0] + " - 1"] + indices[1:])
        ahead = "[%s]" % ", ".join(indices[:-1] + [indices[-1] + " + 1"])
        self.write("%s = %s" % (total, "0" if form == "count" else rng.choice(["0.0", "-1.0"])))
        for dim, index in enumerate(indices):
            size = self.number(shape[dim]) if self.chance(0.4) else "%s.shape[%d]" % (a, dim)
            low = "1, " if form in ("map", "recurrence") or self.chance(0.3) else ""
            self.write("for %s in range(%s%s%s):" % (index, low, size, " - 1" if form == "map" else ""))
            self.depth += 1
        if form == "map":
            self.write("%s = 0.5 * (%s%s + %s%s)" % (x, a, rng.choice([behind, here]), a, ahead))
            if self.chance(0.5):
                self.write("if %s > %s%s:" % (x, b, here))
                self.write(INDENT + "%s = %s%s" % (x, b, here))
            self.write("%s%s = %s * 0.5 - %s%s" % (rng.choice([b, c]), here, x, c, here))
        elif form == "sum":
            self.write("%s += %s%s * %s%s" % (total, a, here, b, here))
            if self.chance(0.3):
                self.write("%s%s = %s" % (c, here, total))
        elif form == "maximum":
            self.write("%s = abs(%s%s - %s%s)" % (x, a, here, b, here))
            self.write("if %s > %s:" % (x, total) if self.chance(0.6) else "if %s >= %s and %s < 9.0:" % (x, total, x))
            self.write(INDENT + "%s = %s" % (total, x))
        elif form == "recurrence":
            self.write("%s%s = 0.5 * %s%s + %s%s" % (a, here, a, behind, b, here))
        elif form == "count":
            self.write("if %s%s > %s%s:" % (a, here, b, here))
            self.write(INDENT + "%s += 1" % total)
        elif form == "scatter":
            self.write("%s[int(abs(%s%s)) %% %s.shape[0]] = %s" % (c, a, here, c, indices[0]))
        else:
            self.write("%s%s = %s%s / %s" % (c, here, a, here, rng.choice(["2.0", indices[0] + " + 1", "(%s%s + 1.0)" % (b, here)])))
        if self.chance(0.1):
            self.write("print(%s, %s)" % (indices[0], total))
        self.depth -= dims
        self.write("print(%s, %s, %s, %s)" % (total, a, b, c))

    def chain(self):
        """Elementwise statements one after the other, temporaries, offsets, reductions in between."""
        rng = self.rng
        names, shape = self.fields(3)
        part = self.inner(shape)
        self.note("kernel: chain")
        whole = list(names)
        for _ in range(rng.randint(2, 6)):
            left, right = rng.choice(whole), rng.choice(whole)
            form = rng.choice(["new", "new", "store", "inner", "sum", "mask", "augmented", "offsets"])
            if form == "new":
                name = self.new_name("t")
                self.write("%s = %s" % (name, rng.choice([
                    "%s * 0.5 + %s" % (left, right), "np.sqrt(np.abs(%s - %s))" % (left, right),
                    "np.maximum(%s, %s) - 1.0" % (left, right), "np.where(%s > %s, %s, 0.25)" % (left, right, left),
                    "(%s + %s) * (%s - 0.5) * 0.125" % (left, right, right)])))
                whole.append(name)
            elif form == "store":
                self.write("%s[%s] = 0.5 * %s - %s" % (rng.choice(whole), ", ".join(":" * len(shape)), left, right))
            elif form == "inner":
                self.write("%s%s = %s" % (rng.choice(whole), part, self.neighbours(left, shape)))
            elif form == "offsets":
                name = self.new_name("t")
                ahead, behind = self.inner(shape, 0, 1), self.inner(shape, 0, -1)
                self.write("%s = 0.5 * %s + 1.0" % (name, left))
                self.write("%s%s = %s%s - %s%s" % (rng.choice(whole), part, name, ahead, name, behind))
            elif form == "sum" and 0 not in shape:
                scalar = self.new_name("x")
                self.write("%s = %s" % (scalar, rng.choice([
                    "%s.sum()", "np.max(%s)", "%s.mean()", "np.sum(%s * 0.5)", "np.min(%s + 1.0)"]) % left))
                self.write("%s = %s * 0.5 - 0.0625 * %s" % (right, right, scalar))
            elif form == "mask":
                self.write("%s[%s > 2.0] = 0.5" % (left, right))
            else:
                self.write("%s %s %s" % (left, rng.choice(["+=", "-="]), right))
                self.write("%s *= 0.25" % left)
            if self.chance(0.15):
                self.write("print(%s)" % rng.choice(whole))
        self.write("print(%s)" % ", ".join(whole))

    def row_loop(self):
        """Iterations with inner loops of their own, and what they print, count, add up or compare."""
        rng = self.rng
        a, b = [self.new_name("u") for _ in range(2)]
        i, k, x, y, best, at, count = [self.new_name(letter) for letter in "ikxyxnn"]
        rows, length = rng.choice([0, 1, 3, 8, 13]), rng.choice([4, 40, 70])
        for name in (a, b):
            self.write("%s = %s" % (name, self.fresh((rows, length), "f64")))
        for name, value in ((x, "0.5"), (y, "-1.0"), (best, "-2.0"), (at, "-1"), (count, "0")):
            self.write("%s = %s" % (name, value))
        here, other = "[%s, %s]" % (i, k), "[%s, %d - %s]" % (i, length - 1, k)
        inner = {
            "sum": ["%s = %s * 0.5 + %s%s" % (x, x, a, here)],
            "store": ["%s%s = 0.25 * %s%s - %s" % (rng.choice([a, b]), here, a, other, x)],
            "count": ["if %s%s > %s%s:" % (a, here, b, other), INDENT + "%s += %s" % (count, rng.choice(["1", k]))],
            "best": ["if %s%s > %s:" % (b, here, best), INDENT + "%s = %s%s" % (best, b, here),
                     INDENT + "%s = %s" % (at, k)],
            "break": ["if %s%s > 6.0:" % (a, here), INDENT + "break", "%s = %s * 0.5 - %s%s" % (x, x, b, here)],
            "carried": ["%s = %s * 0.25 + %s%s" % (y, y, a, here)],
        }
        rest = [
            ["print(%s, %s)" % (i, rng.choice([x, y, count, best]))], ["%s = %s * 0.5 + %s" % (y, y, x)],
            ["if %s > %s:" % (x, best), INDENT + "%s = %s" % (best, x), INDENT + "%s = %s" % (at, i)],
            ["if %s %% 3 == 1:" % i, INDENT + "continue"], ["%s = %s * 0.125" % (x, rng.choice([x, y, i]))],
            ["%s[%s, 0] = %s" % (rng.choice([a, b]), i, rng.choice([x, y]))],
        ]
        low = rng.choice(["", "", "1, "])
        step = ", 2" if low and self.chance(0.3) else ""
        self.write("for %s in range(%s%s%s):" % (i, low, self.number(rows), step))
        self.depth += 1
        for _ in range(rng.randint(1, 3)):
            for line in rng.choice(rest) * self.chance(0.5):
                self.write(line)
            form = rng.choice(list(inner))
            self.note("kernel: row loop, " + form)
            if self.chance(0.7):
                self.write("%s = %s" % (x, rng.choice(["0.0", "%s * 0.5" % i, "%s[%s, 0]" % (b, i)])))
            self.write("for %s in range(%d):" % (k, length))
            for line in inner[form]:
                self.write(INDENT + line)
        for _ in range(rng.randint(0, 3)):
            for line in rng.choice(rest):
                self.write(line)
        self.depth -= 1
        self.write("print(%s)" % ", ".join([a, b, x, y, best, at, count]))

    def kernel(self, kind=None):
        """A kernel of one of KINDS, or of any."""
        getattr(self, kind or self.rng.choice(KINDS * 2 + ["time_loop", "element_loop"]))()
