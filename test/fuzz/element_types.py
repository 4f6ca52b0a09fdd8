"""Arithmetic in all element types: promotion, casts, Python's numbers among them, stores, reductions, loops.

Integers wrap freely, so that an operation in the wrong type, or without its sign, shows in what is printed.
The type of each name is known while a program is written: a Python int is given to a type that holds it,
except to comparisons, which take any.
"""

INDENT = "    "
SIGNED = ["int8", "int16", "int32", "int64"]
UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
INTEGERS = SIGNED + UNSIGNED
FLOATS = ["float32", "float64"]
TYPES = ["bool"] + INTEGERS * 2 + FLOATS


def bits(dtype):
    return 8 if dtype == "bool" else int(dtype.lstrip("uintfloa"))


def promote(left, right):
    """NumPy's common type of two strong ones."""
    if left == right or right == "bool":
        return left
    if left == "bool":
        return right
    if left in FLOATS or right in FLOATS:
        if left in FLOATS and right in FLOATS:
            return "float64"
        floating, integer = (left, right) if left in FLOATS else (right, left)
        return floating if bits(integer) <= 16 else "float64"
    if (left in SIGNED) == (right in SIGNED):
        return left if bits(left) > bits(right) else right
    signed, unsigned = (left, right) if left in SIGNED else (right, left)
    if bits(signed) > bits(unsigned):
        return signed
    return "float64" if bits(unsigned) == 64 else "int%d" % (2 * bits(unsigned))


def rank(dtype):
    """Of the casting rule 'same_kind'."""
    return 0 if dtype == "bool" else 1 if dtype in UNSIGNED else 2 if dtype in SIGNED else 3


def holds(dtype, number):
    low, high = (-(2 ** (bits(dtype) - 1)), 2 ** (bits(dtype) - 1)) if dtype in SIGNED else (0, 2 ** bits(dtype))
    return dtype in FLOATS or low <= number < high


class ElementTypes:
    """A part of the program generator; like Kernels."""

    def element_types(self):
        """A kernel as the file says."""
        rng = self.rng
        self.note("kernel: element types")
        self.extent = rng.choice([0, 1, 2, 3, 5, 5, 8, 17, 33])
        self.typed = {}  # name -> (dtype, dimensions)
        for _ in range(rng.choice([2, 3, 4])):
            self.typed_array(rng.choice(TYPES))
        forms = [self.typed_operation] * 6 + [self.typed_weak] * 4 + [self.typed_unary] * 2
        forms += [self.typed_comparison] * 2 + [self.typed_cast] * 2 + [self.typed_store] * 3
        forms += [self.typed_augmented] * 3 + [self.typed_reductions] * 2 + [self.typed_loop] * 2
        forms += [self.typed_scalar] * 2 + [self.typed_selection]
        for _ in range(rng.randint(6, 14)):
            rng.choice(forms)()
        for name in self.typed:
            self.write("print(%s.dtype, %s)" % (name, name))

    # Names and numbers -------------------------------------------------------------------------

    def typed_name(self, *dtypes):
        names = [name for name in self.typed if not dtypes or self.typed[name][0] in dtypes]
        return self.rng.choice(names) if names else self.typed_array(self.rng.choice(dtypes))

    def keep(self, text, dtype, dims):
        name = self.new_name("w")
        self.write("%s = %s" % (name, text))
        self.typed[name] = (dtype, dims)
        self.note("type " + dtype)
        return name

    def typed_array(self, dtype):
        rng = self.rng
        form = rng.choice(["np.arange(%d) * %d - %d", "np.arange(%d) * %d %% 251 - %d"])
        text = form % (self.extent, rng.choice([1, 3, 37, 1001, 123457, 10**9 + 7]), rng.choice([0, 1, 5, 300]))
        dims = rng.choice([1, 1, 1, 2])
        if dims == 2:
            text = "(%s) * np.array([1, -2, 5])[:, None]" % text
        if dtype in FLOATS and self.chance(0.5):
            text = "(%s) / 8" % text
        return self.keep("(%s).astype(np.%s)" % (text, dtype), dtype, dims)

    def typed_number(self, dtype):
        """A Python number that the type holds."""
        if dtype in FLOATS:
            return self.rng.choice(["0.5", "-3", "7", "2.0", "1"])
        if dtype == "bool":
            return self.rng.choice(["True", "False"])
        numbers = [0, 1, 2, 3, 7, 100, 127, 200, 255, 40000, -1, -7, -128]
        return str(self.rng.choice([number for number in numbers if holds(dtype, number)]))

    # Expressions -------------------------------------------------------------------------------

    def typed_operation(self):
        left, right = self.typed_name(), self.typed_name()
        (l, dims), (r, others) = self.typed[left], self.typed[right]
        dtype = promote(l, r)
        operator = self.rng.choice("+ - * // % / & | ^ << >> **".split())
        if operator == "**":
            if dtype in FLOATS or dtype == "bool":
                return
            right = "(%s & %s(3))" % (right, "np." + r) if r != "bool" else right
        if operator in ("&", "|", "^", "<<", ">>") and dtype in FLOATS:
            operator = "+"
        if operator == "-" and dtype == "bool":
            operator = "^"
        if dtype == "bool" and operator in ("//", "%", "<<", ">>"):
            dtype = "int8"
        if operator == "/" and dtype not in FLOATS:
            dtype = "float64"
        self.note("typed " + operator)
        self.keep("%s %s %s" % (left, operator, right), dtype, max(dims, others))

    def typed_weak(self):
        """An operation of an array and a Python number, on either side."""
        name = self.typed_name(*INTEGERS + FLOATS)
        dtype, dims = self.typed[name]
        operator = self.rng.choice("+ - * // % /".split() + ([] if dtype in FLOATS else "& | ^ << >>".split()))
        if self.chance(0.2) and operator in "+-*/":
            number, result = self.rng.choice(["0.5", "-2.5"]), dtype if dtype in FLOATS else "float64"
        else:
            number, result = self.typed_number(dtype), dtype
        if operator == "/" and result not in FLOATS:
            result = "float64"
        sides = (name, number) if self.chance(0.7) else (number, name)
        self.note("typed weak operand")
        self.keep("%s %s %s" % (sides[0], operator, sides[1]), result, dims)

    def typed_unary(self):
        name = self.typed_name(*INTEGERS + FLOATS)
        dtype, dims = self.typed[name]
        forms = ["-%s", "abs(%s)", "+%s", "np.square(%s)"] + ([] if dtype in FLOATS else ["~%s", "np.sign(%s)"])
        self.keep(self.rng.choice(forms) % name, dtype, dims)

    def typed_comparison(self):
        operator = self.rng.choice("< <= > >= == !=".split())
        left, right = self.typed_name(*INTEGERS), self.typed_name()
        dims = max(self.typed[left][1], self.typed[right][1])
        if self.chance(0.4):
            right, dims = self.rng.choice(["-1", "0", "300", "70000", "5000000000", "2.5", "-129"]), self.typed[left][1]
            self.note("typed comparison with a number")
        if self.chance(0.5):
            left, right = right, left
        self.keep("%s %s %s" % (left, operator, right), "bool", dims)

    def typed_cast(self):
        name, dtype = self.typed_name(), self.rng.choice(TYPES)
        source, dims = self.typed[name]
        if source in FLOATS and dtype == "uint32":  # NumPy's answer depends on the layout
            dtype = "uint16"
        self.note("typed cast")
        self.keep("%s.astype(np.%s)" % (name, dtype), dtype, dims)

    def typed_selection(self):
        mask = self.typed_name("bool")
        left, right = self.typed_name(*INTEGERS), self.typed_name(*INTEGERS)
        dtype = promote(self.typed[left][0], self.typed[right][0])
        if dtype in FLOATS:
            return
        dims = max(self.typed[left][1], self.typed[right][1])
        if self.chance(0.5):
            dims = max(dims, self.typed[mask][1])
            return self.keep("np.where(%s, %s, %s)" % (mask, left, right), dtype, dims)
        function = self.rng.choice(["np.minimum", "np.maximum", "np.add", "np.bitwise_xor"])
        self.keep("%s(%s, %s)" % (function, left, right), dtype, dims)

    # Stores ------------------------------------------------------------------------------------

    def typed_store(self):
        name, other = self.typed_name(), self.typed_name()
        dtype, dims = self.typed[name]
        form = self.rng.choice(["array", "number", "part", "mask"])
        if form == "array" and self.typed[other][1] <= dims:
            if not (self.typed[other][0] in FLOATS and dtype == "uint32"):
                self.write("%s[:] = %s" % (name, other))
                self.note("typed store")
        elif form == "number":
            self.write("%s[:] = %s" % (name, self.typed_number(dtype)))
        elif form == "part":
            self.write("%s[1:] = %s[:-1]" % (name, name))
        else:
            self.write("%s[%s > %s] = %s" % (name, name, self.typed_number(dtype), self.typed_number(dtype)))

    def typed_augmented(self):
        name, other = self.typed_name(*INTEGERS + FLOATS), self.typed_name()
        (dtype, dims), (source, others) = self.typed[name], self.typed[other]
        operators = "+ - * // %".split()
        result = promote(dtype, source)
        if self.chance(0.5) or others > dims or rank(result) > rank(dtype):
            other, result = self.typed_number(dtype), dtype
        if dtype not in FLOATS and result not in FLOATS:
            operators += "& | ^ << >>".split()
        self.note("typed augmented store")
        self.write("%s %s= %s" % (name, self.rng.choice(operators), other))

    # Scalars and loops -------------------------------------------------------------------------

    def typed_reductions(self):
        name = self.typed_name()
        functions = ["sum", "any", "all", "mean"] + ([] if self.typed[name][0] in FLOATS else ["prod"])
        if self.extent and self.typed[name][0] not in FLOATS:
            functions += ["min", "max", "argmin", "argmax"]
        if not self.extent:
            functions.remove("mean")
        chosen = [self.rng.choice(functions) for _ in range(3)]
        self.note("typed reduction")
        self.write("print((%s))" % ", ".join("%s.%s()" % (name, function) for function in chosen))
        if self.typed[name][1] == 2 and self.extent:
            axis = self.rng.randint(0, 1)
            self.write("print(%s.%s(axis=%d))" % (name, chosen[0], axis))

    def typed_scalar(self):
        """Operations of NumPy's scalars."""
        dtype, other = self.rng.choice(INTEGERS), self.rng.choice(INTEGERS)
        left, right = self.new_name("x"), self.new_name("y")
        self.write("%s = np.%s(%s)" % (left, dtype, self.typed_number(dtype)))
        self.write("%s = np.%s(%s)" % (right, other, self.typed_number(other)))
        common = promote(dtype, other)
        operators = "+ - * // % / < == >=".split() + ([] if common in FLOATS else "& | ^ << >>".split())
        texts = ["%s %s %s" % (left, self.rng.choice(operators), right) for _ in range(3)]
        texts.append("%s %s %s" % (left, self.rng.choice("+ - * // %".split()), self.typed_number(dtype)))
        self.note("typed scalar")
        self.write("print((%s))" % ", ".join(texts))

    def typed_loop(self):
        name = self.typed_name(*INTEGERS)
        dtype, dims = self.typed[name]
        if dims == 2:
            return
        value, counter = self.new_name("s"), self.new_name("i")
        form = self.rng.choice(["fold", "fold", "extreme", "recurrence", "count"])
        self.note("typed loop: " + form)
        if form == "fold":
            self.write("%s = np.%s(%s)" % (value, dtype, self.typed_number(dtype)))
            self.write("for %s in range(%d):" % (counter, self.extent))
            self.write(INDENT + "%s %s= %s[%s]" % (value, self.rng.choice("+ - * ^ | &".split()), name, counter))
        elif form == "extreme":
            self.write("%s = np.%s(%s)" % (value, dtype, self.typed_number(dtype)))
            self.write("for %s in range(%d):" % (counter, self.extent))
            self.write(INDENT + "if %s[%s] %s %s:" % (name, counter, self.rng.choice("<>"), value))
            self.write(2 * INDENT + "%s = %s[%s]" % (value, name, counter))
        elif form == "recurrence":
            operator = self.rng.choice("+ - * ^".split())
            self.write("%s = %s.copy()" % (value, name))
            self.write("for %s in range(1, %d):" % (counter, self.extent))
            parts = (value, counter, name, counter, operator, value, counter)
            self.write(INDENT + "%s[%s] = %s[%s] %s %s[%s - 1]" % parts)
        else:
            self.write("%s = np.zeros(7, dtype=np.%s)" % (value, self.rng.choice(INTEGERS)))
            self.write("for %s in %s:" % (counter, name))
            self.write(INDENT + "%s[%s %% 7] += 100" % (value, counter))
        self.write("print((%s,))" % value if form in ("fold", "extreme") else "print(%s)" % value)
