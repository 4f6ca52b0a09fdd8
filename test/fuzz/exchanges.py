"""Time loops that exchange arrays: what a pass that rotates storages must follow name by name.

Copies, swaps of two or three names, calls of functions that return a copy or their argument, second names of
one array, stores between them, all of it under conditions and in loops of no to four steps. The arrays are
small, each is printed afterwards, and equal values are rare, so that a wrong storage shows.
"""

INDENT = "    "
EXCHANGES = ["copy", "copy", "copy", "swap", "swap", "new", "call"]
ANY = ["copy", "copy", "swap", "swap", "name", "store", "store", "new", "element", "call", "call"]
COPYING = [  # of functions that return arrays of their own: parameters, results, lines
    ("a", "a", ["return a.copy()"]),
    ("ab", "a", ["return 0.5 * a + 0.25 * b"]),
    ("ab", "a", ["c = a.copy()", "c[0] = b[-1]", "return c"]),
    ("ab", "a", ["a = b.copy()", "a[1:-1] = 0.5 * b[2:] - 0.25 * b[:-2]", "return a"]),
    ("ab", "ab", ["c = a.copy()", "c[1:] = b[:-1] * 0.5", "return b.copy(), c"]),
]
NAMING = [  # of functions that return their arguments, or store in them
    ("a", "a", ["return a"]),
    ("a", "a", ["a[0] += 0.5", "return a"]),
    ("a", "a", ["b = a", "a = a * 0.5", "b[-1] = 2.0", "return b"]),
    ("ab", "a", ["b[1:] = a[1:] * 0.5", "return b"]),
    ("ab", "a", ["a[:] = b", "return b + 0.25 * a"]),
    ("ab", "a", ["if a[0] > b[0]:", INDENT + "return a", "return b"]),
    ("ab", "ab", ["return b, a"]),
    ("ab", "ab", ["c = a.copy()", "a[:1] = b[1:2] - 0.5", "return c, a"]),
]


class Exchanges:
    """A part of the program generator; like Kernels."""

    def exchange_loop(self):
        """A loop as the file says, some in a function of their own; half of them exchange in an orderly way."""
        rng = self.rng
        self.note("kernel: exchange loop")
        self.orderly = self.chance(0.6)
        names = [self.new_name("u") for _ in range(rng.choice([2, 3, 3, 4]))]
        functions = [self.exchange_function() for _ in range(rng.choice([0, 1, 1, 2]))]
        function = self.new_name("s") if self.chance(0.25) else None
        if function:
            self.write("def %s(%s):" % (function, ", ".join(names)))
            self.depth += 1
            self.exchange_steps(list(names), functions)
            self.write("return %s" % ", ".join(rng.sample(names, 2)))
            self.depth -= 1
        self.exchange_arrays(names)
        if function:
            results = [self.new_name("r") for _ in range(2)]
            arguments = [rng.choice(names) if self.chance(0.15) else name for name in names]
            self.write("%s = %s(%s)" % (", ".join(results), function, ", ".join(arguments)))
            self.write("print(%s)" % ", ".join(names + results))
        else:
            self.exchange_steps(names, functions)

    def exchange_arrays(self, names):
        """Arrays of different values, or some of them names of those before."""
        size = self.rng.randint(2, 5)
        for position, name in enumerate(names):
            if position and not self.orderly and self.chance(0.2):
                before = self.rng.choice(names[:position])
                self.write("%s = %s" % (name, self.rng.choice([before, before + ".copy()", before + "[:]"])))
            else:
                self.write("%s = np.arange(%s) * %s + %d.0" % (
                    name, self.number(size), self.rng.choice(["0.25", "-0.5", "1.0"]), position * 5 + 1))

    def exchange_function(self):
        """Writes a function; its (name, number of parameters, number of results)."""
        parameters, results, lines = self.rng.choice(COPYING if self.orderly else COPYING + NAMING)
        name = self.new_name("g")
        self.write("def %s(%s):" % (name, ", ".join(parameters)))
        for line in lines:
            self.write(INDENT + line)
        self.write("")
        self.write("")
        return name, len(parameters), len(results)

    def exchange_steps(self, names, functions):
        """The loop and what it leaves; adds second names of the arrays to `names`."""
        rng = self.rng
        for _ in range(rng.choice([0, 0, 0, 1] if self.orderly else [0, 1, 1, 2])):
            second = self.new_name("e")
            self.write("%s = %s" % (second, rng.choice(names)))
            names.append(second)
        counter = self.new_name("i")
        self.write("for %s in range(%s):" % (counter, self.number(rng.choice([0, 1, 2, 3, 3, 4]))))
        self.depth += 1
        forms = [rng.choice(ANY) for _ in range(rng.randint(2, 5))]
        if self.orderly:  # as programs have them: what is new, then which array is which
            forms = ["store"] * rng.choice([1, 1, 2]) + rng.sample(EXCHANGES, rng.choice([1, 1, 2, 3]))
        for form in forms:
            self.guarded_exchange(form, names, functions, counter)
        if self.chance(0.15):
            self.write("print(%s)" % rng.choice(names))
        if self.chance(0.05 if self.orderly else 0.15):
            self.write("if %s:" % self.exchange_condition(names, counter))
            self.write(INDENT + rng.choice(["break", "continue"]))
        self.depth -= 1
        self.write("print(%s)" % ", ".join(names))

    def guarded_exchange(self, form, names, functions, counter):
        """A statement of the loop, now and then under a condition."""
        if not self.chance(0.03 if self.orderly else 0.25):
            return self.exchange(form, names, functions, counter)
        self.write("if %s:" % self.exchange_condition(names, counter))
        self.depth += 1
        self.exchange(form, names, functions, counter)
        self.depth -= 1
        if self.chance(0.3):
            self.write("else:")
            self.depth += 1
            self.exchange(self.rng.choice(ANY), names, functions, counter)
            self.depth -= 1

    def exchange_condition(self, names, counter):
        rng = self.rng
        return rng.choice([
            "%s %% 2 == %d" % (counter, rng.randint(0, 1)), "%s > %d" % (counter, rng.randint(0, 2)),
            "%s == %d" % (counter, rng.randint(0, 3)),
            "%s[0] > %s[-1]" % (rng.choice(names), rng.choice(names))])

    def exchange(self, form, names, functions, counter):
        """One statement of the loop."""
        rng = self.rng
        left, right = rng.sample(names, 2)
        if form == "call" and not functions:
            form = "swap"
        if form == "copy":
            copies = ["%s = %s.copy()", "%s[:] = %s", "%s = 1.0 * %s"]
            self.write(rng.choice(copies if self.orderly else copies + ["%s[1:] = 0.5 * %s[1:]"]) % (left, right))
        elif form == "swap":
            taken = rng.sample(names, rng.choice([2, 2, 3]) if len(names) > 2 else 2)
            self.write("%s = %s" % (", ".join(taken), ", ".join(taken[1:] + taken[:1])))
        elif form == "name":
            self.write("%s = %s" % (left, right))
        elif form == "store":
            stores = ["%s[1:-1] = 0.5 * %s[2:] + 0.25 * %s[:-2]", "%s[:] = 0.5 * %s + 0.25 * %s"]
            if not self.orderly:
                stores.append("%s[1:] = 0.5 * %s[:-1] - 0.125 * %s[1:]")
            self.write(rng.choice(stores) % (left, right, rng.choice(names)))
        elif form == "new":
            self.write("%s = 0.5 * %s + %s * 0.25" % (left, right, rng.choice(names)))
        elif form == "call":
            name, parameters, results = rng.choice(functions)
            self.write("%s = %s(%s)" % (", ".join([left, right][:results]), name,
                                        ", ".join(rng.choice(names) for _ in range(parameters))))
        else:
            target = "%s[%s]" % (left, rng.choice(["0", "-1", "%s %% 2" % counter]))
            self.write("%s = %s" % (target, rng.choice(["%s[0] * 0.5 + %s" % (right, counter), "%s + 0.25" % target])))
