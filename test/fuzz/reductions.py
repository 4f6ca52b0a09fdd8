"""Reductions over arrays of many lengths, types and layouts: what NumPy's order of additions depends on.

Every number of a result is printed by itself, since NumPy rounds those of arrays, and a float that is printed
alone shows all its bits.
"""

INDENT = "    "
DTYPES = {"f64": "np.float64", "f32": "np.float32", "i64": "np.int64", "i32": "np.int32", "bool": "np.bool_"}
LENGTHS = [0, 1, 2, 7, 8, 9, 15, 16, 17, 127, 128, 129, 135, 136, 255, 256, 257, 1000, 1023, 1024, 1025, 2049]


class Reductions:
    """A part of the program generator; it writes with `write`, `new_name`, `note` and `chance`."""

    def length(self, dims):
        """One that lies at an edge of NumPy's blocks, or any."""
        rng = self.rng
        if dims == 1:
            return rng.choice(LENGTHS) if self.chance(0.6) else rng.randrange(5000)
        most = 300 if dims == 2 else 40
        edges = [length for length in LENGTHS if length <= most]
        return rng.choice(edges) if self.chance(0.4) else rng.randrange(most)

    def summands(self):
        """A new array whose sum depends on the order of additions: (name, number of dimensions)."""
        rng = self.rng
        dims = rng.choice([1, 1, 1, 2, 2, 2, 3])
        # Steps and offsets of the views below ask for more than is left of them.
        shape = [self.length(dims) for _ in range(dims)]
        if dims > 1 and self.chance(0.3):
            shape[rng.randrange(dims)] = rng.choice([1, 2, 3])
        terms = []
        for dim in range(dims):
            subscript = "" if dims == 1 else "[%s]" % ", ".join(
                ":" if each == dim else "None" for each in range(dims))
            terms.append("%s * np.arange(%d)%s" % (rng.choice(["0.37", "1.13", "0.7"]), shape[dim], subscript))
        name, dtype = self.new_name("s"), rng.choice(["f64", "f64", "f64", "f32", "f32", "i64", "i32", "bool"])
        value = "(%s) %% %s" % (" + ".join(terms), rng.choice(["1.7", "3.1"]))
        scale = rng.choice(["", " - 1.0", " / 3.0 - 0.25"])
        if dtype in ("i64", "i32"):
            value, scale = "100.0 * (%s)" % value, ""
        self.write("%s = (%s%s).astype(%s)" % (name, value, scale, DTYPES[dtype]))
        self.note("reduction of " + dtype)
        return name, dims

    def layout(self, name, dims):
        """Text of the array, of a part of it, or of it in another order of memory."""
        rng = self.rng
        text = name
        if self.chance(0.5):
            part = [rng.choice([":", ":", ":", "1:", ":-1", "::2", "1::3", "::-1", "2:-1:2"]) for _ in range(dims)]
            text += "[%s]" % ", ".join(part)
            self.note("reduction of a part")
        if dims > 1 and self.chance(0.35):
            text += ".T"
            self.note("reduction of a transpose")
        return text

    def print_numbers(self, name, dims):
        indices = [self.new_name("i") for _ in range(dims)]
        for dim, index in enumerate(indices):
            self.write(INDENT * dim + "for %s in range(%s.shape[%d]):" % (index, name, dim))
        self.write(INDENT * dims + "print(%s[%s])" % (name, ", ".join(indices)) if dims
                   else "print(%s)" % name)

    def reductions(self):
        """Several reductions of one array."""
        rng = self.rng
        name, dims = self.summands()
        for _ in range(rng.randint(2, 4)):
            text = self.layout(name, dims)
            function = rng.choice(["sum", "sum", "sum", "mean"])
            axes = sorted(rng.sample(range(dims), rng.randint(0, dims)))
            keep = bool(axes) and self.chance(0.3)
            arguments = []
            if axes:
                named = [axis - dims if self.chance(0.3) else axis for axis in axes]
                arguments.append("axis=%s" % (named[0] if len(axes) == 1 else "(%s)" % ", ".join(map(str, named))))
            if keep:
                arguments.append("keepdims=True")
            self.note("reduction: %s over %d of %d axes" % (function, len(axes) or dims, dims))
            result = self.new_name("r")
            if "[" in text or "." in text or self.chance(0.5):
                self.write("%s = np.%s(%s)" % (result, function, ", ".join([text] + arguments)))
            else:
                self.write("%s = %s.%s(%s)" % (result, text, function, ", ".join(arguments)))
            self.print_numbers(result, dims if keep else dims - len(axes) if axes else 0)
