#!/usr/bin/python3
"""Writes random programs of the array IR, at stage canonical, that verify and stay in bounds.

A seed gives always the same program. Sizes are known numbers or values that only a call gives; the
generator knows them all, and keeps an access only if it is in bounds at every point. Programs have shifted
and strided accesses, temporaries, copies, updates in place, reductions of all orders, guards, loops, time
loops with slots, names that swap arrays, branches, blocks that are left, functions and errors. Each array
that is read has been stored before, and all names are printed at the end.
"""

import argparse
import itertools
import random

INDENT = "  "


class Form:
    """An affine form: a constant and coefficients of symbols."""

    def __init__(self, constant=0, terms=None):
        self.constant = constant
        self.terms = {name: c for name, c in (terms or {}).items() if c}

    def __add__(self, other):
        other = other if isinstance(other, Form) else Form(other)
        terms = dict(self.terms)
        for name, c in other.terms.items():
            terms[name] = terms.get(name, 0) + c
        return Form(self.constant + other.constant, terms)

    def __mul__(self, factor):
        return Form(self.constant * factor, {name: c * factor for name, c in self.terms.items()})

    def __sub__(self, other):
        return self + (other if isinstance(other, Form) else Form(other)) * -1

    def value(self, values):
        return self.constant + sum(c * values[name] for name, c in self.terms.items())

    def __str__(self):
        text = ""
        for name, c in self.terms.items():
            sign = "-" if c < 0 else "+"
            part = name if abs(c) == 1 else "%d*%s" % (abs(c), name)
            text += (" %s " % sign if text else "-" if c < 0 else "") + part
        if not text:
            return str(self.constant)
        if self.constant:
            text += " %s %d" % ("-" if self.constant < 0 else "+", abs(self.constant))
        return text


def symbol(name):
    return Form(0, {name: 1})


class Axis:
    """An axis of a compute or a loop: its iterator runs over [lo, hi) in steps."""

    def __init__(self, name, lo, hi, step=1, kind="par", clip=None):
        self.name, self.lo, self.hi, self.step, self.kind, self.clip = name, lo, hi, step, kind, clip

    def range(self, values):
        hi = self.hi.value(values)
        return range(self.lo.value(values), hi if self.clip is None else min(hi, self.clip), self.step)

    def __str__(self):
        hi = str(self.hi) if self.clip is None else "min(%s, %d)" % (self.hi, self.clip)
        step = " step %d" % self.step if self.step != 1 else ""
        return "%s in [%s, %s)%s %s" % (self.name, self.lo, hi, step, self.kind)


class Name:
    """An array or a handle of f64: the forms of its sizes, and what is known about its aliases."""

    def __init__(self, name, shape, is_handle=False):
        self.name, self.shape, self.is_handle = name, shape, is_handle


class Generator:
    """Writes one program."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.lines, self.depth, self.counts = [], 3, {}
        self.values = {}  # of the symbols that are no iterators
        self.loops = []  # axes of the loops around the place
        self.scopes = []  # of names of arrays, innermost last
        self.variables = []  # names of f64 scalar variables
        self.sizes = []  # forms
        self.functions = []  # texts
        self.effects = set()  # of the function that is written
        self.place = 0  # number of the last location
        self.labels = 0
        self.callable = []  # (name, size) of functions over one array

    # Text ---------------------------------------------------------------------------------------

    def chance(self, probability):
        return self.rng.random() < probability

    def fresh(self, letter):
        self.counts[letter] = self.counts.get(letter, 0) + 1
        return "%s%d" % (letter, self.counts[letter])

    def write(self, text):
        self.lines.append(INDENT * self.depth + text)

    def loc(self):
        self.place += 1
        return "%d:1-%d:9" % (self.place, self.place)

    def arrays(self, dims=None):
        names = [name for scope in self.scopes for name in scope]
        return [name for name in names if dims is None or len(name.shape) == dims]

    def block(self, statements, counter=None):
        """Statements in a scope of their own, in braces that the caller writes."""
        self.scopes.append([])
        outer = list(self.variables)
        if counter:
            self.loops.append(counter)
        self.depth += 1
        for _ in range(statements):
            self.statement()
        self.close()
        self.depth -= 1
        if counter:
            self.loops.pop()
        self.variables = outer

    def close(self):
        for name in self.scopes.pop():
            self.write("drop %" + name.name)

    # Boxes and accesses -----------------------------------------------------------------------

    def points(self, axes):
        """Values of all symbols at each point of the axes, for each turn of the loops around."""
        points = [dict(self.values)]
        for axis in self.loops + axes:
            points = [dict(p, **{axis.name: v}) for p in points for v in axis.range(p)]
        return points

    def box_of(self, shape, kind="par"):
        """Axes over a part of an array and the indices of its cells."""
        axes, indices = [], []
        for size in shape:
            name, shift = self.fresh("i"), self.rng.choice([0, 0, 0, 1, -1, 2])
            lo, hi = Form(self.rng.choice([0, 0, 0, 1])), size - self.rng.choice([0, 0, 0, 1])
            step = 2 if self.chance(0.07) else 1
            if self.loops and self.chance(0.12):
                lo = symbol(self.rng.choice(self.loops).name) + self.rng.choice([0, 1])
            if axes and self.chance(0.08):
                lo = symbol(axes[0].name) + self.rng.choice([0, 1])
                shift = 0
            if self.chance(0.1) and not any(axis.name in lo.terms for axis in axes):  # backwards: index hi - 1 - (i - lo)
                axes.append(Axis(name, lo, hi, step, kind))
                indices.append(hi + lo - 1 - symbol(name))
                continue
            clip = self.rng.randint(1, 4) if self.chance(0.05) and not shift else None
            axes.append(Axis(name, lo - shift, hi - shift, step, kind, clip))
            indices.append(symbol(name) + shift)
        return axes, indices

    def whole_box(self, shape, kind="par"):
        axes = [Axis(self.fresh("i"), Form(0), size, 1, kind) for size in shape]
        return axes, [symbol(axis.name) for axis in axes]

    def in_bounds(self, indices, shape, points):
        return all(
            0 <= index.value(p) < size.value(p) for p in points for index, size in zip(indices, shape))

    def some_indices(self, shape, axes):
        """Indices of random cells of an array that are in bounds at all points; None: none found."""
        points = self.points(axes)
        iterators = [axis.name for axis in axes] + [axis.name for axis in self.loops]
        for _ in range(6):
            indices = []
            for dim, size in enumerate(shape):
                offset = self.rng.choice([0, 0, 0, 1, -1, 1, -1, 2])
                if not iterators or self.chance(0.08):
                    indices.append(self.rng.choice([Form(0), size - 1, Form(1)]))
                    continue
                own = axes[dim].name if dim < len(axes) and self.chance(0.8) else self.rng.choice(iterators)
                index = symbol(own) + offset
                if self.chance(0.06):
                    index = size - 1 - symbol(own)
                elif self.chance(0.05):
                    index = symbol(own) * 2 + offset
                elif self.chance(0.05):
                    index = symbol(own) + symbol(self.rng.choice(iterators))
                indices.append(index)
            if self.in_bounds(indices, shape, points):
                return indices
        return None

    @staticmethod
    def access(name, indices):
        return "%%%s[%s]" % (name.name, ", ".join(map(str, indices)))

    # Values ---------------------------------------------------------------------------------------

    def leaf(self, axes, loads, sources):
        rng = self.rng
        if sources and self.chance(0.7):
            name = rng.choice(sources)
            if self.chance(0.06) and axes and name.shape[0].value(self.values) > 0 and len(name.shape) == 1:
                wrap = "(%s) wrap %s" % (symbol(axes[0].name) + rng.choice([-1, 1, 2]), name.shape[0])
                loads.append((name, None))
                return "%%%s[%s]" % (name.name, wrap)
            indices = self.some_indices(name.shape, axes)
            if indices is not None:
                loads.append((name, indices))
                return self.access(name, indices)
        if axes and self.chance(0.4):
            return "f64(%s)" % rng.choice(axes).name
        if self.loops and self.chance(0.3):
            return "f64(%s)" % rng.choice(self.loops).name
        if self.variables and self.chance(0.5):
            return "%%%s[]" % rng.choice(self.variables)
        return rng.choice(["0.5", "1.0", "2.0", "-1.5", "0.25", "0.0", "3.0"])

    def value(self, axes, loads, sources, depth=None):
        rng = self.rng
        depth = rng.choice([0, 1, 1, 2, 2, 3]) if depth is None else depth
        if depth == 0:
            return self.leaf(axes, loads, sources)
        part = lambda: self.value(axes, loads, sources, depth - 1)  # noqa: E731
        kind = rng.random()
        if kind < 0.04:
            self.effects.add("fails")
            loc, divisor = self.loc(), part()
            if self.chance(0.8):
                divisor = "(absolute(%s) + 0.5)" % divisor
            return "divide.py@%s(%s, %s)" % (loc, part(), divisor)
        if kind < 0.12:
            return "minimum(%s, %s)" % (part(), part())
        if kind < 0.16:
            return "sqrt(absolute(%s))" % part()
        if kind < 0.20:
            return "select(%s > %s, %s, %s)" % (part(), part(), part(), part())
        if kind < 0.25:
            return "(0.0 - %s)" % part()
        return "(%s %s %s)" % (part(), rng.choice(["+", "-", "*", "+"]), part())

    def may_alias(self, left, right):
        return left is right or left.is_handle or right.is_handle

    def kind_for(self, target, indices, loads):
        """par where each point reads only the cell that it stores itself."""
        texts = [str(i) for i in indices]
        for name, load in loads:
            same = load is not None and name is target and [str(i) for i in load] == texts
            if self.may_alias(name, target) and not same:
                return "seq"
        return "par"

    def guard(self, axes, loads, sources):
        if self.chance(0.5) and axes:
            return "%s %s %d" % (self.rng.choice(axes).name, self.rng.choice(["<", ">", "=="]), self.rng.randint(0, 3))
        return "%s > %s" % (self.leaf(axes, loads, sources), self.leaf(axes, loads, sources))

    # Statements -----------------------------------------------------------------------------------

    def compute(self, axes, lines):
        if axes:
            self.write("compute (%s) {" % ", ".join(map(str, axes)))
            for line in lines:
                self.write(INDENT + line)
            self.write("} loc(%s)" % self.loc())
        else:
            for line in lines:
                self.write(line)

    def some_shape(self):
        if self.arrays() and self.chance(0.5):
            return self.rng.choice(self.arrays()).shape
        shape = [self.rng.choice(self.sizes) for _ in range(self.rng.choice([1, 1, 1, 2]))]
        return [size if size.value(self.values) >= 0 else Form(2) for size in shape]

    def allocate(self, shape=None, letter="u"):
        """A new array, not stored yet."""
        name = Name(self.fresh(letter), shape or self.some_shape())
        self.write("alloc %%%s : f64[%s]" % (name.name, ", ".join(map(str, name.shape))))
        return name

    def fill(self, name):
        axes, indices = self.whole_box(name.shape)
        loads = []
        value = self.value(axes, loads, self.arrays(), self.rng.choice([0, 1, 1, 2]))
        self.compute(axes, ["%s = %s" % (self.access(name, indices), value)])

    def new_array(self):
        name = self.allocate()
        self.fill(name)
        self.scopes[-1].append(name)

    def store(self):
        """One or two assignments over a part of an array, whatever they read."""
        if not self.arrays():
            return self.new_array()
        target = self.rng.choice(self.arrays())
        axes, indices = self.box_of(target.shape)
        if not self.in_bounds(indices, target.shape, self.points(axes)):
            axes, indices = self.whole_box(target.shape)
        if len(axes) == 2 and self.chance(0.15) and all(axes[0].name not in axis.lo.terms for axis in axes):
            axes.reverse()
        loads, lines, stored = [], [], [(target, indices)]
        text = self.access(target, indices)
        op = self.rng.choice(["=", "=", "=", "+=", "*=", "min="])
        guard = " if " + self.guard(axes, loads, self.arrays()) if self.chance(0.15) else ""
        lines.append("%s %s %s%s" % (text, op, self.value(axes, loads, self.arrays()), guard))
        others = [n for n in self.arrays(len(target.shape)) if n is not target]
        if others and self.chance(0.3):
            other = self.rng.choice(others)
            if self.in_bounds(indices, other.shape, self.points(axes)):
                lines.append("%s = %s" % (self.access(other, indices), self.value(axes, loads, self.arrays())))
                stored.append((other, indices))
        kinds = [self.kind_for(name, where, loads) for name, where in stored]
        if len(stored) == 2 and self.may_alias(stored[0][0], stored[1][0]):
            kinds.append("seq")
        for axis in axes:
            axis.kind = "seq" if "seq" in kinds else "par"
        self.compute(axes, lines)

    def temporary(self):
        """The value of a right-hand side, made before it is stored, or used at offsets."""
        if not self.arrays():
            return self.new_array()
        target = self.rng.choice(self.arrays())
        axes, indices = self.box_of(target.shape)
        if not self.in_bounds(indices, target.shape, self.points(axes)):
            axes, indices = self.whole_box(target.shape)
        extents = [axis.hi - axis.lo for axis in axes]
        is_box = all(axis.step == 1 and axis.clip is None for axis in axes) and not any(
            axis.name in str(extents) for axis in axes)
        names = {axis.name for axis in self.loops + axes}
        if not is_box or any(names & set(e.terms) for e in extents) or any(
                e.value(self.values) < 0 for e in extents):
            axes, indices = self.whole_box(target.shape)
            extents = target.shape
        name = self.allocate(extents, "t")
        inner, cells = self.whole_box(extents)
        if self.chance(0.3):
            inner, cells = axes, [symbol(axis.name) - axis.lo for axis in axes]
        self.compute(inner, ["%s = %s" % (self.access(name, cells), self.value(inner, [], self.arrays()))])
        outer = [Axis(self.fresh("i"), axis.lo, axis.hi) for axis in axes]
        renamed = {old.name: new.name for old, new in zip(axes, outer)}
        rename = lambda f: Form(f.constant, {renamed.get(n, n): c for n, c in f.terms.items()})  # noqa: E731
        for axis in outer:
            axis.lo, axis.hi = rename(axis.lo), rename(axis.hi)
        if self.chance(0.25):
            self.statement()
        back = [symbol(new.name) - new.lo for new in outer]
        loads = []
        value = self.access(name, back)
        if self.chance(0.4):
            value = "(%s + %s)" % (value, self.value(outer, loads, [name] + self.arrays(), 1))
        stored = [rename(index) for index in indices]
        kind = self.kind_for(target, stored, loads)
        for axis in outer:
            axis.kind = kind
        self.compute(outer, ["%s = %s" % (self.access(target, stored), value)])
        self.write("drop %" + name.name)

    def copy(self):
        """A copy of an array, loaded at random cells; perhaps its original changes in between."""
        if not self.arrays():
            return self.new_array()
        source = self.rng.choice(self.arrays())
        name = self.allocate(source.shape, "c")
        axes, indices = self.whole_box(source.shape)
        cells = indices if self.chance(0.85) else [size - 1 - index for size, index in zip(source.shape, indices)]
        self.compute(axes, ["%s = %s" % (self.access(name, indices), self.access(source, cells))])
        if self.chance(0.3):
            self.scopes[-1].append(name)
            return None
        others = [n for n in self.arrays() if not self.may_alias(n, source)]
        for _ in range(self.rng.randint(1, 2)):
            if self.chance(0.3):
                self.statement()
            target = self.rng.choice(others if others and self.chance(0.7) else self.arrays())
            axes, indices = self.whole_box(target.shape)
            loads = []
            value = self.value(axes, loads, [name, name] + self.arrays(), 1)
            kind = self.kind_for(target, indices, loads)
            for axis in axes:
                axis.kind = kind
            self.compute(axes, ["%s = %s" % (self.access(target, indices), value)])
        self.write("drop %" + name.name)
        return None

    def smoothing(self):
        """A temporary that one statement loads at offsets: cheaper to compute again, or not."""
        if not self.arrays():
            return self.new_array()
        target = self.rng.choice(self.arrays())
        name = self.allocate(target.shape, "t")
        axes, indices = self.whole_box(target.shape)
        value = self.value(axes, [], self.arrays(), self.rng.choice([1, 1, 2]))
        self.compute(axes, ["%s = %s" % (self.access(name, indices), value)])
        if self.chance(0.2):
            self.statement()
        axes = [Axis(self.fresh("i"), Form(1), size - 1) for size in target.shape]
        stored = [symbol(axis.name) for axis in axes]
        back, ahead = ([index + offset for index in stored] for offset in (-1, 1))
        value = "(%s + %s)" % (self.access(name, back), self.access(name, ahead))
        self.compute(axes, ["%s = %s" % (self.access(target, stored), value)])
        self.write("drop %" + name.name)
        return None

    def repetition(self):
        """One value stored to two arrays, by two statements; in a loop it may be the same each time."""
        names = self.arrays()
        if len(names) < 2:
            return self.new_array()
        shape = self.rng.choice(names).shape
        axes, indices = self.whole_box(shape)
        value = self.value(axes, [], names, self.rng.choice([1, 2]))
        made = [self.allocate(shape, "t") for _ in range(2)]
        self.compute(axes, ["%s = %s" % (self.access(made[0], indices), value)])
        if self.chance(0.3):
            self.statement()
        others, cells = self.whole_box(shape)
        for old, new in zip(axes, others):
            value = value.replace(old.name + " ", new.name + " ").replace(old.name + "]", new.name + "]")
            value = value.replace(old.name + ",", new.name + ",").replace(old.name + ")", new.name + ")")
        self.compute(others, ["%s = %s" % (self.access(made[1], cells), value)])
        target = self.rng.choice(names)
        if list(map(str, target.shape)) == list(map(str, shape)):
            axes, indices = self.whole_box(shape)
            value = " + ".join(self.access(name, indices) for name in made)
            self.compute(axes, ["%s = %s" % (self.access(target, indices), value)])
        for name in made:
            self.write("drop %" + name.name)
        return None

    def chain(self):
        """Elementwise statements over one shape, one after the other, some through temporaries."""
        if not self.arrays():
            return self.new_array()
        shape = self.rng.choice(self.arrays()).shape
        temporaries = []
        for _ in range(self.rng.randint(2, 5)):
            axes, indices = self.whole_box(shape)
            sources = [n for n in self.arrays() + temporaries if list(map(str, n.shape)) == list(map(str, shape))]
            value, loads = None, []
            for _ in range(self.rng.randint(1, 2)):
                source = self.rng.choice(sources)
                loads.append((source, indices))
                load = self.access(source, indices)
                value = "(%s %s %s)" % (value or self.leaf(axes, [], []), self.rng.choice("+-*"), load)
            if self.chance(0.5):
                target = self.allocate(shape, "t")
                temporaries.append(target)
            else:
                target = self.rng.choice(sources)
            for axis in axes:
                axis.kind = self.kind_for(target, indices, loads)
            self.compute(axes, ["%s = %s" % (self.access(target, indices), value)])
        for name in temporaries:
            self.write("drop %" + name.name)

    def reduction(self):
        sources = self.arrays()
        if not sources:
            return self.new_array()
        source = self.rng.choice(sources)
        axes, indices = self.whole_box(source.shape, "red")
        if self.chance(0.3):
            axes, indices = self.box_of(source.shape, "red")
            if not self.in_bounds(indices, source.shape, self.points(axes)):
                axes, indices = self.whole_box(source.shape, "red")
        result, loads = None, [(source, indices)]
        rows = [n for n in self.arrays(1) if n is not source and not self.may_alias(n, source)]
        keeps = self.rng.randrange(2) if len(axes) == 2 and rows and self.chance(0.6) else None
        others = [n for n in self.arrays() if n is not source]
        if keeps is not None:
            result = self.rng.choice(rows)
            cell = [symbol(axes[keeps].name)]
            if axes[1].lo.terms or not self.in_bounds(cell, result.shape, self.points(axes)):
                return None
            axes[keeps].kind = "par"
            target = self.access(result, cell)
            others = [n for n in others if not self.may_alias(n, result)]
        else:
            variable = self.fresh("s")
            self.write("alloc %%%s : f64[]" % variable)
            self.write("%%%s[] = %s" % (variable, self.leaf([], [], [])))
            target = "%%%s[]" % variable
        value = self.access(source, indices)
        if self.chance(0.5):
            value = "(%s * %s)" % (value, self.value(axes, loads, others, 1))
        op, order = self.rng.choice(
            [("+=", " order seq"), ("*=", " order seq"), ("min=", ""), ("max=", ""), ("+=", "tree"), ("+=", "tree")])
        if order == "tree":
            if any(axis.lo.terms.keys() & {a.name for a in axes} for axis in axes):
                return None
            order = " order tree(%s)" % ", ".join(axis.name for axis in axes if axis.kind == "red")
        self.compute(axes, ["%s %s %s%s" % (target, op, value, order)])
        if keeps is None:
            self.variables.append(variable)
        return None

    def view(self):
        """A name for a part of an array, perhaps backwards."""
        names = [name for name in self.arrays() if not name.is_handle]
        if not names:
            return self.new_array()
        base, shape, parts = self.rng.choice(names), [], []
        for dim, size in enumerate(base.shape):
            if len(base.shape) == 2 and dim == 0 and self.chance(0.4) and size.value(self.values) > 0:
                parts.append(str(self.rng.choice([Form(0), size - 1])))
                continue
            cut = self.rng.choice([0, 1, 1, 2])
            extent = size - cut if size.value(self.values) >= cut else Form(0)
            start, step = Form(self.rng.randint(0, cut)), 1
            if extent.constant + len(extent.terms) == 0:
                start = Form(0)
            elif self.chance(0.25):
                start, step = start + extent - 1, -1
            shape.append(extent)
            parts.append("%s : %s : %d" % (start, extent, step))
        name = Name(self.fresh("v"), shape, True)
        if not shape or any(s.value(self.values) == 0 for s in shape):
            return self.new_array()
        self.write("view %%%s : f64[%s] = %%%s[%s]" % (
            name.name, ", ".join(map(str, shape)), base.name, ", ".join(parts)))
        self.scopes[-1].append(name)
        return None

    def variable(self):
        name = self.fresh("s")
        self.write("alloc %%%s : f64[]" % name)
        self.write("%%%s[] = %s" % (name, self.value([], [], self.arrays(), 1)))
        self.variables.append(name)

    def print_something(self):
        self.effects.add("prints")
        if self.variables and self.chance(0.5):
            self.write("call @lib.print_scalar(%%%s[])" % self.rng.choice(self.variables))
        elif self.arrays():
            self.write("call @lib.print_array(%%%s)" % self.rng.choice(self.arrays()).name)

    def check(self):
        """A check, which holds but for now and then; often one of an index in a loop."""
        form = symbol(self.rng.choice(self.loops).name) if self.loops else self.rng.choice(self.sizes)
        form = form + self.rng.choice([0, 0, 1, -1])
        points, fails = self.points([]), self.chance(0.08)
        bounds = [size for size in self.sizes if all(0 <= form.value(p) < size.value(p) for p in points) != fails]
        if not form.terms or not bounds:
            return
        self.effects.add("fails")
        bound = self.rng.choice(bounds)
        text = lambda f: "[%s]" % f if f.terms else str(f)  # noqa: E731
        self.write("check (%s >= 0) & (%s < %s) else IndexOutOfBounds(%s, 0, %s) loc(%s)" % (
            text(form), text(form), text(bound), text(form), text(bound), self.loc()))

    def loop(self):
        if len(self.loops) >= 2:
            return self.store()
        count = self.rng.choice([0, 1, 2, 3, 4])
        lo = self.rng.choice([0, 0, 1])
        axis = Axis(self.fresh("k"), Form(lo), Form(lo + count), 1, "seq")
        if self.chance(0.3):
            axis.hi = self.rng.choice(self.sizes)
        self.write("loop %s : seq {" % str(axis)[:-4])
        if self.chance(0.3):
            self.loops.append(axis)
            self.depth += 1
            for _ in range(self.rng.randint(1, 2)):
                self.check()
            self.depth -= 1
            self.loops.pop()
        self.block(self.rng.randint(1, 4), axis)
        self.write("}")
        return None

    def scalar_loop(self):
        """A plain loop over an array with a scalar variable, as Python writes it."""
        names = self.arrays(1)
        if not names or len(self.loops) >= 2:
            return self.store()
        target = self.rng.choice(names)
        axis = Axis(self.fresh("k"), Form(0), target.shape[0], 1, "seq")
        variable = self.fresh("s")
        self.write("alloc %%%s : f64[]" % variable)
        self.write("%%%s[] = 0.0" % variable)
        self.variables.append(variable)
        self.write("loop %s : seq {" % str(axis)[:-4])
        self.loops.append(axis)
        self.depth += 1
        load = self.some_indices(target.shape, [])
        self.write("%%%s[] = %s" % (variable, self.value([], [], names, 1)))
        if load is not None:
            self.write("%%%s[] += %s" % (variable, self.access(target, load)))
        self.write("%%%s[%s] = %%%s[]" % (target.name, axis.name, variable))
        self.depth -= 1
        self.loops.pop()
        self.write("}")
        return None

    def time_loop(self):
        """An array with slots: each step writes the next from the current one."""
        size = self.rng.choice(self.sizes)
        if size.value(self.values) < 0 or self.loops:
            return self.store()
        slots, name = self.rng.choice([2, 2, 3]), Name(self.fresh("p"), [size])
        self.write("alloc %%%s : f64[%s] slots %d" % (name.name, size, slots))
        self.fill(name)
        axis = Axis(self.fresh("k"), Form(0), Form(self.rng.choice([0, 1, 2, 3, 5])), 1, "seq")
        self.write("loop %s : time {" % str(axis)[:-4])
        self.loops.append(axis)
        self.depth += 1
        next_slot, here = "%s{%s + 1}" % (name.name, axis.name), "%s{%s}" % (name.name, axis.name)
        axes, indices = self.whole_box([size])
        current = Name(here, [size])
        self.compute(axes, ["%%%s[%s] = %s" % (next_slot, indices[0], self.value(axes, [], [current] + self.arrays()))])
        if size.value(self.values) > 0 and self.chance(0.5):
            self.write("%%%s[0] = %%%s[%s]" % (next_slot, here, size - 1))
        if self.chance(0.4):
            self.store()
        self.depth -= 1
        self.loops.pop()
        self.write("}")
        out = Name(self.fresh("u"), [size])
        self.write("alloc %%%s : f64[%s]" % (out.name, size))
        axes, indices = self.whole_box([size])
        self.compute(axes, ["%s = %s" % (self.access(out, indices), self.access(name, indices))])
        self.write("drop %" + name.name)
        self.scopes[-1].append(out)
        return None

    def swap_loop(self):
        """Two arrays that change their names in a loop, or a name that gets a new array each time."""
        shape = self.some_shape()
        first, second = self.allocate(shape), self.allocate(shape)
        self.fill(first)
        self.fill(second)
        a, b, tmp = (Name(self.fresh("h"), shape, True) for _ in range(3))
        kind = ", ".join("?" for _ in shape)
        for handle, source in ((a, first), (b, second), (tmp, first)):
            self.write("handle %%%s : f64[%s]" % (handle.name, kind))
            self.write("bind %%%s = %%%s" % (handle.name, source.name))
        self.scopes[-1] += [first, second] if self.chance(0.3) else []
        axis = Axis(self.fresh("k"), Form(0), Form(self.rng.choice([1, 2, 3, 4])), 1, "seq")
        self.write("loop %s : seq {" % str(axis)[:-4])
        self.loops.append(axis)
        self.depth += 1
        axes, indices = self.whole_box(shape, "seq")
        if self.chance(0.4):
            fresh = self.allocate(shape, "t")
            loads = []
            value = self.value(axes, loads, [a, b])
            self.compute(axes, ["%s = %s" % (self.access(fresh, indices), value)])
            self.write("bind %%%s = %%%s" % (tmp.name, fresh.name))
            self.write("bind %%%s = %%%s" % (a.name, b.name))
            self.write("bind %%%s = %%%s" % (b.name, tmp.name))
            self.write("drop %" + fresh.name)
        else:
            part, cells = self.box_of(shape, "seq")
            if not self.in_bounds(cells, shape, self.points(part)):
                part, cells = axes, indices
            self.compute(part, ["%s = %s" % (self.access(a, cells), self.value(part, [], [a, b]))])
            self.write("bind %%%s = %%%s" % (tmp.name, a.name))
            self.write("bind %%%s = %%%s" % (a.name, b.name))
            self.write("bind %%%s = %%%s" % (b.name, tmp.name))
        if self.chance(0.3):
            self.effects.add("prints")
            self.write("call @lib.print_array(%%%s)" % a.name)
        self.depth -= 1
        self.loops.pop()
        self.write("}")
        for name in [first, second]:
            if name not in self.scopes[-1]:
                self.write("drop %" + name.name)
        self.write("drop %" + tmp.name)
        self.scopes[-1] += [a, b]

    def while_loop(self):
        if len(self.loops) >= 2:
            return self.store()
        counter = self.fresh("w")
        self.write("alloc %%%s : i64[]" % counter)
        self.write("%%%s[] = 0" % counter)
        self.write("while {")
        self.write("} cond %%%s[] < %d {" % (counter, self.rng.randint(0, 3)))
        self.write(INDENT + "%%%s[] += 1" % counter)
        self.block(self.rng.randint(1, 3))
        self.write("}")
        return None

    def branch(self):
        conditions = ["%s > 1" % self.rng.choice(list(self.values))]
        conditions += ["%s == 1" % axis.name for axis in self.loops]
        conditions += ["%%%s[] > 0.5" % name for name in self.variables]
        self.write("if %s {" % self.rng.choice(conditions))
        self.block(self.rng.randint(1, 2))
        if self.chance(0.5):
            self.write("} else {")
            self.block(self.rng.randint(1, 2))
        self.write("}")

    def labelled(self):
        """A block that is left early, perhaps."""
        label = "@b%d" % self.labels
        self.labels += 1
        self.write("block %s {" % label)
        self.scopes.append([])
        outer = list(self.variables)
        self.depth += 1
        for _ in range(self.rng.randint(0, 2)):
            self.statement()
        condition = "%s > 1" % self.rng.choice([axis.name for axis in self.loops] or list(self.values))
        self.write("if %s {" % condition)
        for name in self.scopes[-1]:
            self.write(INDENT + "drop %" + name.name)
        self.write(INDENT + "leave " + label)
        self.write("}")
        for _ in range(self.rng.randint(1, 2)):
            self.statement()
        self.close()
        self.depth -= 1
        self.write("}")
        self.variables = outer

    def call(self):
        names = self.arrays(1)
        if not names:
            return self.new_array()
        argument = self.rng.choice(names)
        size = argument.shape[0].value(self.values)
        fitting = [f for f in self.callable if f[1] == size]
        if not fitting or self.chance(0.4):
            self.callable.append(self.function(size))
            fitting = [self.callable[-1]]
        callee, _, returns, effects = self.rng.choice(fitting)
        self.effects |= effects & {"prints", "fails"}
        if self.effects_of_parameters(argument):
            self.effects |= effects
        partners = [n for n in names if n.shape[0].value(self.values) == size]
        arguments = "%%%s, %%%s, %s" % (argument.name, self.rng.choice(partners).name, self.leaf([], [], []))
        if returns == "array":
            handle = Name(self.fresh("h"), argument.shape, True)
            self.write("handle %%%s : f64[?]" % handle.name)
            self.write("call (%%%s) = @%s(%s) loc(%s)" % (handle.name, callee, arguments, self.loc()))
            self.scopes[-1].append(handle)
        else:
            variable = self.fresh("s")
            self.write("alloc %%%s : f64[]" % variable)
            self.write("call (%%%s) = @%s(%s) loc(%s)" % (variable, callee, arguments, self.loc()))
            self.variables.append(variable)
        return None

    def effects_of_parameters(self, argument):
        return False  # functions call no others

    def function(self, size):
        """A function over two arrays of this size, which may be one, and a scalar."""
        name = self.fresh("f")
        outer = (self.lines, self.depth, self.values, self.loops, self.scopes, self.variables, self.sizes, self.effects)
        q, p, r, x, y = (self.fresh(letter) for letter in "qprxy")
        self.lines, self.depth, self.values, self.loops = [], 2, {q: size}, []
        first, second = Name(p, [symbol(q)], True), Name(r, [symbol(q)], True)
        self.scopes, self.variables, self.sizes, self.effects = [[]], [x, y], [symbol(q), Form(3)], set()
        returns = self.rng.choice(["array", "scalar"])
        self.write("let %s = dim(%%%s, 0)" % (q, p))
        if returns == "scalar":
            self.write("%%%s[] = %%%s[] * 2.0" % (y, x))
        local = self.allocate([symbol(q)], "t")
        axes, indices = self.whole_box([symbol(q)])
        self.compute(axes, ["%s = (%s + %%%s[])" % (self.access(local, indices), self.access(first, indices), x)])
        self.scopes[-1].append(local)
        self.variables = [x]
        kinds = self.rng.sample([self.store, self.temporary, self.reduction, self.chain, self.copy, self.check], 3)
        for kind in kinds[: self.rng.randint(0, 3)]:
            kind()
        axes, indices = self.whole_box([symbol(q)], "seq")
        if self.chance(0.6):
            self.compute(axes, ["%s = %s" % (self.access(second, indices), self.value(axes, [], [first, second, local]))])
            self.effects.add("writes")
        if returns == "array":
            self.write("bind %%%s = %%%s" % (y, self.rng.choice([local.name, local.name, p])))
        else:
            self.write("%%%s[] = %%%s[]" % (y, self.rng.choice(self.variables)))
        self.close()
        self.effects.add("reads")
        effects, body = self.effects, self.lines
        (self.lines, self.depth, self.values, self.loops, self.scopes, self.variables, self.sizes, self.effects) = outer
        words = ", ".join(word for word in ("reads", "writes", "prints", "fails") if word in effects)
        self.functions += ["  func @%s(%%%s : f64[?], %%%s : f64[?], %%%s : f64[]) -> (%%%s : f64[%s]) effects(%s) {" % (
            name, p, r, x, y, "?" if returns == "array" else "", words)] + body + ["  }"]
        return name, size, returns, effects

    def statement(self):
        if len(self.lines) > 140 or self.depth > 7:
            return self.store()
        kinds = [
            (self.store, 24), (self.temporary, 14), (self.chain, 10), (self.copy, 8), (self.reduction, 10),
            (self.smoothing, 5), (self.repetition, 5), (self.view, 4),
            (self.new_array, 6), (self.variable, 5), (self.print_something, 5), (self.check, 4), (self.loop, 7),
            (self.scalar_loop, 4), (self.time_loop, 4), (self.swap_loop, 4), (self.while_loop, 3),
            (self.branch, 5), (self.labelled, 3), (self.call, 6)]
        in_functions = [self.store, self.temporary, self.chain, self.copy, self.reduction, self.smoothing, self.repetition]
        if any(name.startswith("q") for name in self.values):
            kinds = [kind for kind in kinds if kind[0] in in_functions]  # inside a function
        return self.rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]()

    def program(self):
        self.scopes = [[]]
        self.depth = 2
        for name in ("n", "m"):
            size = self.rng.choice([0, 1, 2, 3, 4, 5, 5, 6, 7, 7])
            if self.chance(0.3):
                self.write("let %s = %d" % (name, size))
            else:
                self.write("alloc %%%s0 : i64[]" % name)
                self.write("call (%%%s0) = @same(%d)" % (name, size))
                self.write("let %s = %%%s0[]" % (name, name))
            self.values[name] = size
        n, m = symbol("n"), symbol("m")
        self.sizes = [n, n, n, m, n + 1, n + m, Form(3), Form(self.rng.choice([0, 1, 2, 5]))]
        for _ in range(2):
            self.new_array()
        for _ in range(self.rng.randint(3, 9)):
            self.statement()
        for name in self.variables:
            self.write("call @lib.print_scalar(%%%s[])" % name)
        for name in self.arrays():
            self.write("call @lib.print_array(%%%s)" % name.name)
        self.close()
        effects = self.effects | {"prints"}
        words = ", ".join(word for word in ("reads", "writes", "prints", "fails") if word in effects)
        head = ['program @random file "t.hpc" stage(canonical) {',
                "  func @same(%from : i64[]) -> (%to : i64[]) {", "    %to[] = %from[]", "  }"]
        return "\n".join(head + self.functions + ["  func @main() effects(%s) {" % words] + self.lines + ["  }", "}", ""])


def generate(seed):
    return Generator(seed).program()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("seed", type=int)
    print(generate(parser.parse_args().seed), end="")


if __name__ == "__main__":
    main()
