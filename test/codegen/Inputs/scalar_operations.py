"""Writes an IR program that applies every scalar operation to difficult values and prints the
results. With the argument `arrays` each operation runs as a parallel compute over an array, which is
what the vectoriser takes; without it, one element at a time.
"""

import struct
import sys

FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.5, 7.0, 3e38, 5e-324, float("inf"), float("-inf"),
    float("nan"), 9.3e18, -9.223372036854775808e18, 2147483648.5, 0.1,
]
INTEGERS = [
    0, 1, -1, 2, -3, 7, 63, 64, -64, 2**63 - 1, -(2**63), 2**62, -7,
]
FLOAT_BINARY = (
    "{} + {}|{} - {}|{} * {}|{} / {}|floor_divide({}, {})|modulo({}, {})|minimum({}, {})|"
    "maximum({}, {})|fmin({}, {})|fmax({}, {})|fmod({}, {})|copysign({}, {})|nextafter({}, {})|"
    "power({}, {})|arctan2({}, {})|hypot({}, {})|select({0} < {1}, {0}, {1})"
).split("|")
NARROW = [("w", "i32"), ("t", "i8"), ("o", "u8"), ("u", "u32"), ("q", "u64")]
COMPARISONS = "{} < {}|{} <= {}|{} > {}|{} >= {}|{} == {}|{} != {}".split("|")
FLOAT_UNARY = (
    "negate absolute sign sqrt floor ceil trunc rint exp exp2 expm1 log log2 log10 log1p sin cos tan "
    "arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh cbrt erf erfc gamma lgamma"
).split()
PREDICATES = "isnan isinf isfinite signbit bool".split()
INTEGER_BINARY = (
    "{} + {}|{} - {}|{} * {}|floor_divide({}, {})|modulo({}, {})|minimum({}, {})|maximum({}, {})|"
    "{} & {}|{} | {}|xor({}, {})|shift_left({}, {})|shift_right({}, {})"
).replace("{} | {}", "or({}, {})").split("|")
INTEGER_UNARY = "negate absolute sign not".split()
BOOL_BINARY = "and({}, {})|or({}, {})|xor({}, {})|minimum({}, {})|maximum({}, {})".split("|")


def constant(kind, value):
    if kind == "i64":
        return str(value)
    form, word = ("<f", "<I") if kind == "f32" else ("<d", "<Q")
    return "%s:0x%X" % (kind, struct.unpack(word, struct.pack(form, value))[0])


class Writer:
    """Collects the lines of the program; `arrays` as in the file's description."""

    def __init__(self, arrays):
        self.arrays = arrays
        self.lines = []
        self.sizes = {}
        self.number = 0

    def table(self, name, kind, values):
        self.lines.append("alloc %%%s : %s[%d]" % (name, kind, len(values)))
        for index, value in enumerate(values):
            self.lines.append("%%%s[%d] = %s" % (name, index, constant(kind, value)))
        self.sizes[name] = len(values)

    def apply(self, result, operation, *tables):
        """Prints operation(table..) at all combinations of elements."""
        iterators = ["i", "j"][: len(tables)]
        value = operation.format(*("%%%s[%s]" % pair for pair in zip(tables, iterators)))
        ranges = ["%s in [0, %d)" % (i, self.sizes[t]) for i, t in zip(iterators, tables)]
        self.number += 1
        self.lines.append('call @lib.print_text("%s %s:")' % (" ".join(tables), operation))
        if self.arrays:
            self.lines.append(
                "alloc %%r%d : %s[%s]"
                % (self.number, result, ", ".join(str(self.sizes[t]) for t in tables))
            )
            element = "%%r%d[%s]" % (self.number, ", ".join(iterators))
            self.lines.append("compute (%s) {" % ", ".join(r + " par" for r in ranges))
            self.lines += ["  %s = %s" % (element, value), "}"]
            value = element
        self.lines += ["loop %s : seq {" % r for r in ranges]
        self.lines += ['call @lib.print_text(" ")', "call @lib.print_scalar(%s)" % value]
        self.lines += ["}"] * len(ranges)
        if self.arrays:
            self.lines.append("drop %%r%d" % self.number)
        self.lines.append('call @lib.print_text("\\n")')


def main():
    writer = Writer("arrays" in sys.argv[1:])
    writer.table("d", "f64", FLOATS)
    writer.table("f", "f32", FLOATS)
    writer.table("l", "i64", INTEGERS)
    writer.lines += ["alloc %b : bool[2]", "%b[0] = false", "%b[1] = true"]
    for table, kind in NARROW:
        writer.lines += ["alloc %%%s : %s[13]" % (table, kind), "compute (i in [0, 13) par) {"]
        writer.lines += ["  %%%s[i] = %s(%%l[i])" % (table, kind), "}"]
        writer.sizes[table] = 13
    writer.sizes["b"] = 2
    for table, kind in [("d", "f64"), ("f", "f32")]:
        for name in FLOAT_UNARY:
            writer.apply(kind, name + "({})", table)
        for name in PREDICATES:
            writer.apply("bool", name + "({})", table)
        for name in "i64 i32 i16 i8 u8 u16 u32 u64 f32 f64".split():
            writer.apply(name, name + "({})", table)
        for operation in FLOAT_BINARY:
            writer.apply(kind, operation, table, table)
    for table, kind in [("l", "i64")] + NARROW:
        for name in INTEGER_UNARY:
            writer.apply(kind, name + "({})", table)
        for name in "bool i64 i32 i16 u8 u32 u64 f32 f64".split():
            writer.apply(name, name + "({})", table)
        for operation in INTEGER_BINARY:
            writer.apply(kind, operation, table, table)
    for operation in COMPARISONS:
        for first, second in ["dd", "ff", "ll", "ww", "tt", "oo", "qq", "ld", "dl", "lq", "ql"]:
            writer.apply("bool", operation, first, second)
    for operation in BOOL_BINARY:
        writer.apply("bool", operation, "b", "b")
    for name in "not bool".split():
        writer.apply("bool", name + "({})", "b")
    for name in "i64 f32 f64".split():
        writer.apply(name, name + "({})", "b")
    writer.apply("f64", "round_digits({}, [i - 4])", "d")
    writer.apply("i64", "power({}, i)", "l")
    writer.lines += ["drop %" + name for name in "dflwtouqb"]
    print('program @scalars file "scalars.hpc" stage(source) {')
    print("  func @main() effects(prints) {")
    print("\n".join("    " + line for line in writer.lines))
    print("  }\n}")


main()
