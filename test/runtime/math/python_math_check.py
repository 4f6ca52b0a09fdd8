"""Compares the runtime's Python arithmetic with CPython and NumPy.

    python3 python_math_check.py LIBRARY REPOSITORY [CASES [SEED]]

LIBRARY is libhpcrt_math as a shared library. Errors are compared by class and message for every
function of the math module; values of math functions within 2 ulp (CPython's C library has an error
of its own), all others bit for bit.
"""
import ctypes
import math
import re
import sys
import warnings

import numpy as np

warnings.simplefilter('ignore')
inf, nan = math.inf, math.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1 / 3, inf, -inf, nan, 5e-324,
           1e-300, 1e300, -1e300, 1.7976931348623157e308, 710.0, -710.0, 710.4, 711.0, 1000.0, -1000.0,
           171.5, 172.0, -171.5, -180.5, 2.5, -2.5, 1e16, -1e16, 9.007199254740993e15, 1e22, 1023.5,
           1024.0, 1.0000000000000002, 0.9999999999999999, 709.7827124, 1e306, 2.6e305]
# Properties of CPython's own gamma: it flushes small results to zero below -180.
LOOSE = {'gamma': 1e-13, 'lgamma': 1e-13, 'erfc': 1e-14}


class Checker:
    def __init__(self, library, repository):
        self.library = ctypes.CDLL(library)
        errors = open(repository + '/runtime/Errors.def').read()
        self.errors = re.findall(r'^HPC_ERROR\(\w+, "([^"]*)",\s*"(.*?)"\)', errors, re.M | re.S)
        functions = open(repository + '/runtime/math/PythonMath.def').read()
        self.functions = re.findall(r'^HPC_PYTHON_MATH\((\w+), (\d), (\w+), (\w+)\)', functions, re.M)
        header = open(repository + '/runtime/math/PythonMath.h').read()
        self.rules = re.findall(r'^  HPC_CHECK_(\w+)', header, re.M)
        self.failures = 0

    def call(self, name, result, *arguments):
        function = getattr(self.library, name)
        function.restype = result
        kinds = {float: ctypes.c_double, int: ctypes.c_int64, np.float32: ctypes.c_float}
        return function(*(kinds[type(argument)](argument) for argument in arguments))

    def error(self, rule, x, y, result):
        """(class, message) that the runtime raises, or None."""
        number = self.library.hpc_math_check(
            ctypes.c_int32(self.rules.index(rule)), ctypes.c_double(x), ctypes.c_double(y),
            ctypes.c_double(result))
        return None if number < 0 else self.errors[number]

    def expect(self, what, found, expected):
        if found != expected:
            self.failures += 1
            if self.failures < 20:
                print(f'{what}: {found}, expected {expected}')


def outcome(function, *arguments):
    try:
        return function(*arguments), None
    except (ArithmeticError, ValueError) as error:
        return None, (type(error).__name__, str(error))


def bits(value):
    return 'nan' if value != value else float(value).hex()


def close(left, right, tolerance):
    if left == right or (left != left and right != right):
        return math.copysign(1, left) == math.copysign(1, right) or left != left
    return math.isclose(left, right, rel_tol=tolerance, abs_tol=1e-320)


def check_math_module(checker, values):
    for name, arity, function, rule in checker.functions:
        tolerance = LOOSE.get(name, 4.5e-16)
        seconds = values if arity == '2' else [0.0]
        for x in values:
            for y in seconds:
                arguments = (x, y) if arity == '2' else (x,)
                expected, error = outcome(getattr(math, name), *arguments)
                result = checker.call(f'hpc_{function}_f64', ctypes.c_double, *arguments)
                found = checker.error(rule, x, y, result)
                checker.expect(f'error of math.{name}{arguments}', found, error)
                if not error and not found:
                    beside_zero = name == 'lgamma' and abs(expected) < 0.1
                    flushed = name == 'gamma' and expected == 0 and abs(result) < 1e-307
                    if not (close(result, expected, tolerance) or beside_zero or flushed):
                        checker.expect(f'math.{name}{arguments}', result, expected)


def check_operators(checker, values):
    for x in values:
        for y in values:
            result = checker.call('hpc_pow_f64', ctypes.c_double, x, y)
            expected, error = outcome(lambda: x ** y)
            found = checker.error('powerOperator', x, y, result)
            if isinstance(expected, complex) or error == ('OverflowError', 'complex exponentiation'):
                checker.expect(f'{x} ** {y}', found and found[0], 'unsupported')
                continue
            checker.expect(f'error of {x} ** {y}', found, error)
            if not error:
                checker.expect(f'{x} ** {y}', close(result, expected, 4.5e-16), True)
            for rule, function, operation, ufunc in (
                    ('floorDivide', 'hpc_float_floor_divide', lambda: x // y, np.floor_divide),
                    ('modulo', 'hpc_float_modulo', lambda: x % y, np.remainder)):
                expected, error = outcome(operation)
                result = checker.call(function + '_f64', ctypes.c_double, x, y)
                checker.expect(f'{rule} {x}, {y}', checker.error(rule, x, y, result), error)
                if not error:
                    checker.expect(f'{rule} {x}, {y}', bits(result), bits(expected))
                checker.expect(f'{ufunc} {x}, {y}', bits(result), bits(ufunc(x, y)))
                x4, y4 = np.float32(x), np.float32(y)
                result = checker.call(function + '_f32', ctypes.c_float, x4, y4)
                checker.expect(f'{ufunc} f4 {x}, {y}', bits(result), bits(ufunc(x4, y4)))
                many = ufunc(np.full(9, x), np.full(9, y))
                checker.expect(f'{ufunc} of arrays {x}, {y}', {bits(v) for v in many},
                               {bits(ufunc(x, y))})


def check_conversions(checker, values):
    for x in values:
        for function, convert in ((math.trunc, int), (math.floor, math.floor)):
            expected, error = outcome(function, x)
            rounded = float(expected) if expected is not None else x
            if expected is not None and not -2 ** 63 <= expected < 2 ** 63:
                error = ('OverflowError', 'integer needs more than 64 bits')
            checker.expect(f'{convert} {x}', checker.error('toInteger', rounded, 0.0, 0.0), error)


def check_rounding(checker, rng, cases):
    samples = [2.675, 1.005, 0.5, 1.5, 2.5, -2.5, 25.0, 15.0, 24.999999, 25.0000001, 1e22, 1.7e308,
               1.7976931348623157e308, 5e307, 0.05, 0.15, 999.5, 99999999.5, 5e-324, -0.4, 4.9, 5.0, inf, nan]
    samples += list(rng.standard_normal(cases) * 10.0 ** rng.integers(-5, 20, cases))
    samples += list(rng.integers(-5000, 5000, cases) / 8)
    for x in map(float, samples):
        for digits in (0, 1, 2, 3, 5, 15, 40, 330, -1, -2, -3, -17, -308, -309):
            expected, error = outcome(round, x, digits)
            result = checker.call('hpc_round_digits_f64', ctypes.c_double, x, digits)
            checker.expect(f'round({x}, {digits})', checker.error('round', x, 0.0, result), error)
            if not error:
                checker.expect(f'round({x}, {digits})', bits(result), bits(expected))
            result = checker.call('hpc_numpy_round_f64', ctypes.c_double, x, digits)
            checker.expect(f'np.round({x}, {digits})', bits(result),
                           bits(np.round(np.float64(x), digits)))
            result = checker.call('hpc_numpy_round_f32', ctypes.c_float, np.float32(x), digits)
            checker.expect(f'np.round(f4 {x}, {digits})', bits(result),
                           bits(np.round(np.array([x], 'f4'), digits)[0]))


def check_integers(checker, rng):
    low, high = -2 ** 63, 2 ** 63 - 1
    values = [0, 1, -1, 2, -2, 3, 7, -7, 10, low, high, low + 1, 3037000499, 3037000500]
    values += [int(v) for v in rng.integers(-1000, 1000, 20)]
    for x in values:
        for y in values:
            a, b = np.array([x]), np.array([y])
            for name, ufunc in (('floor_divide', np.floor_divide), ('modulo', np.remainder)):
                result = checker.call(f'hpc_{name}_i64', ctypes.c_int64, x, y)
                checker.expect(f'{name} {x}, {y}', result, int(ufunc(a, b)[0]))
        for exponent in (0, 1, 2, 3, 5, 31, 62, 63, 64, 1000):
            result = checker.call('hpc_power_i64', ctypes.c_int64, x, exponent)
            checker.expect(f'{x} ** {exponent}', result, int((np.array([x]) ** exponent)[0]))
            exact = x ** exponent
            value = ctypes.c_int64(0)
            overflow = checker.library.hpc_power_checked_i64(
                ctypes.c_int64(x), ctypes.c_int64(exponent), ctypes.byref(value))
            checker.expect(f'checked {x} ** {exponent}', None if overflow else value.value,
                           exact if low <= exact <= high else None)


def main():
    checker = Checker(sys.argv[1], sys.argv[2])
    cases = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    rng = np.random.default_rng(int(sys.argv[4]) if len(sys.argv) > 4 else 3)
    few = SPECIAL + [float(v) for v in rng.standard_normal(max(4, cases // 20)) * 5]
    check_math_module(checker, few)
    check_operators(checker, few)
    check_conversions(checker, few + [2.0 ** 63, -2.0 ** 63, 2.0 ** 63 - 1024, -2.0 ** 63 - 2048])
    check_rounding(checker, rng, cases)
    check_integers(checker, rng)
    if checker.failures:
        print(checker.failures, 'differences')
        sys.exit(1)
    print('python math: all agree with CPython and NumPy', np.__version__)


if __name__ == '__main__':
    main()
