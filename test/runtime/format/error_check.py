"""Compares every message of runtime/Errors.def with what Python or NumPy says.

    python error_check.py FORMAT_TEST ERRORS_DEF

Each row has a statement that raises the error here and the numbers that describe it there. A row
without a statement must be in OURS: errors of hpcc itself and of the operating system.
"""
import math
import re
import struct
import sys

import numpy as np

import requests


def bits(value):
    return struct.unpack('<q', struct.pack('<d', value))[0]


def shape(*sizes):
    return [len(sizes), *sizes]


def no_memory(*sizes):
    """NumPy's own exception: whether a large array really fails depends on the machine."""
    return f"raise np._core._exceptions._ArrayMemoryError({sizes}, np.dtype('f8'))"


TEXT = [-1, 4]  # stands for the bytes that CASES gives as a third entry

CASES = {
    'IndexOutOfBounds': ('np.zeros((3, 4))[1, -5]', [-5, 1, 4]),
    'MaskMismatch': ('np.zeros((3, 4))[np.zeros((3, 3), bool)]', [1, 4, 3]),
    'MaskStoreMismatch': ('a = np.arange(5.0); a[a > 0] = np.zeros(2)', [2, 4]),
    'ListIndex': ('[1, 2][2]', []),
    'ListStoreIndex': ('a = [1]; a[-2] = 0', []),
    'ListPopEmpty': ('[].pop()', []),
    'ListPopIndex': ('[1].pop(3)', []),
    'TupleIndex': ('i = 3; (1, 2)[i]', []),
    'ListLacksInt': ('[1, 2].index(7)', [7]),
    'ListLacksFloat': ('[1.0, 2.0].index(2.5)', [bits(2.5)]),
    'ListSliceSize': ('a = [1, 2, 3]; a[0:3:2] = [1]', [1, 2]),
    'ListTooLarge': ('[0] * 2**60', []),
    'SliceStepZero': ('np.zeros(3)[::0]', []),
    'RangeStepZero': ('range(0, 1, 0)', []),
    'UnpackTooMany': ('a, b = [1, 2, 3]', [2]),
    'UnpackTooFew': ('a, b = [1]', [2, 1]),
    'MaxOfEmpty': ('max([])', []),
    'MinOfEmpty': ('min([])', []),
    'BroadcastOperands': ('np.zeros((2, 3)) + np.zeros(4)', [*shape(2, 3), *shape(4)]),
    'BroadcastInput': ('np.zeros((3, 4))[:] = np.zeros(3)', [*shape(3), *shape(3, 4)]),
    'BroadcastOutput': ('a = np.zeros(5); a += np.zeros((2, 5))', [*shape(5), *shape(2, 5)]),
    'ElementFromSequence': ('np.zeros(3)[1] = np.zeros(2)', []),
    'ReshapeSize': ('np.zeros(5).reshape(2, -1, 3)', [5, *shape(2, -1, 3)]),
    'DotShapes': ('np.dot(np.zeros((2, 3)), np.zeros(4))', [*shape(2, 3), *shape(4), 3, 1, 4, 0]),
    'MatmulShapes': ('np.zeros((2, 3)) @ np.zeros(4)', [4, 3]),
    'MaximumOfEmpty': ('np.max(np.zeros(0))', []),
    'MinimumOfEmpty': ('np.min(np.zeros((0, 3)), axis=0)', []),
    'ArgmaxOfEmpty': ('np.argmax(np.zeros(0))', []),
    'ArgminOfEmpty': ('np.argmin(np.zeros(0))', []),
    'TruthAmbiguous': ('bool(np.zeros(2))', []),
    'TruthOfEmpty': ('bool(np.zeros(0))', []),
    'ItemOfArray': ('np.zeros(2).item()', []),
    'NegativeDimension': ('np.zeros(-1)', []),
    'ArrayTooBig': ('np.zeros((10**10, 10**10))', []),
    'OutOfMemory': (no_memory(10**6, 10**7), [8 * 10**13, *shape(10**6, 10**7), 10]),
    'ArangeLength': ('np.arange(0.0, math.nan, 1.0)', []),
    'ArangeTooBig': ('np.arange(0.0, 1e20, 1.0)', []),
    'LinspaceNegative': ('np.linspace(0, 1, -3)', [-3]),
    'IntegerOutOfBounds': ('np.int32(3) + 2**40', [2**40, 3]),
    'IntegerDivideZero': ('1 / 0', []),
    'IntegerFloorDivideZero': ('1 // 0', []),
    'IntegerModuloZero': ('1 % 0', []),
    'NegativeShift': ('1 << -1', []),
    'IntegerNegativePower': ('np.array([2])**-1', []),
    'FloatDivideZero': ('1.0 / 0', []),
    'FloatFloorDivideZero': ('1.0 // 0.0', []),
    'FloatModuloZero': ('1.0 % 0.0', []),
    'FloatDivmodZero': ('divmod(1.0, 0.0)', []),
    'ZeroNegativePower': ('0.0**-1', []),
    'PowerOverflow': ('10.0**400', []),
    'MathDomain': ('math.sqrt(-1)', []),
    'MathRange': ('math.exp(1000)', []),
    'IntegerFromNan': ('int(math.nan)', []),
    'IntegerFromInfinity': ('int(-math.inf)', []),
    'RoundOverflow': ('round(1.7976931348623157e308, -308)', []),
    'FactorialNegative': ('math.factorial(-1)', []),
    'SquareRootNegative': ('math.isqrt(-1)', []),
    'NameUndefined': ('four', TEXT, b'four'),
    'LocalUnbound': ('def f():\n  return four\n  four = 1\nf()', TEXT, b'four'),
    'FreeUnbound': ('def f():\n  def g(): return four\n  g()\n  four = 1\nf()', TEXT, b'four'),
    'AssertionPlain': ('assert False', []),
    'AssertionText': ('assert False, "four"', TEXT, b'four'),
    'RecursionDepth': ('def f(): return f()\nf()', []),
    'RecursionCalling': ('def f(): return f(abs(-1))\ndef f(n): abs(n); f(n)\nf(1)', []),
    'Interrupted': ('raise KeyboardInterrupt', []),
    'PipeClosed': ('raise BrokenPipeError(32, "Broken pipe")', []),
    'OutputFailed': ('raise OSError(28, "four")', [28, *TEXT], b'four'),
}

OURS = {'IntegerOverflow', 'UnsupportedNegativePower', 'UnsupportedComplexPower', 'Unsupported',
        # Those of ranks are in test/mpi, but for MPI's own failures, which no program can bring about.
        'MpiCannotLoad', 'MpiCannotStart', 'MpiRank', 'MpiRoot', 'MpiTag', 'MpiOther', 'MpiFinalized',
        'MpiTypes', 'MpiShapes', 'MpiColumnMajor', 'MpiOnlyAtRoot',
        # test/tools/check_device.py brings these about.
        'GpuNoDriver', 'GpuOldDriver', 'GpuCannotStart', 'GpuMissing', 'GpuPtxTooNew', 'GpuOtherModel',
        'GpuInvalidPtx', 'GpuNoKernel', 'GpuGrid', 'GpuOutOfMemory', 'GpuFull', 'GpuFailed'}

# More figures for {bytes}.
SIZES = [1, 127, 1279, 10**6, 10**12, 2**45, 2**50 - 1, 10**15 // 8, 128 * 2**40, 2**57, 3 * 2**56, 2**59 - 1, 999 * 2**40]


def raised(statement):
    try:
        exec(statement, {'np': np, 'math': math})
    except BaseException as error:
        name = 'MemoryError' if isinstance(error, MemoryError) else type(error).__name__
        return f'{name}: {error}'
    return 'nothing raised'


def main(program, table):
    with open(table) as file:
        rows = re.findall(r'^HPC_ERROR\((\w+)', file.read(), re.M)
    assert set(rows) == set(CASES) | OURS, set(rows) ^ (set(CASES) | OURS)
    expected, sent = [], []
    for name, (statement, arguments, *data) in CASES.items():
        expected.append(raised(statement))
        sent.append(requests.pack('e', arguments, *data, first=rows.index(name)))
    for size in SIZES:
        expected.append(raised(no_memory(size)))
        arguments = [8 * size, *shape(size), 10]
        sent.append(requests.pack('e', arguments, first=rows.index('OutOfMemory')))
    return requests.report('errors', expected, requests.ask(program, sent))


if __name__ == '__main__':
    with np.errstate(all='ignore'):
        sys.exit(main(*sys.argv[1:]))
