"""Compares the runtime's hpc_sum_* functions with NumPy, bit for bit, on random arrays.

    python3 sum_check.py LIBRARY [CASES [SEED]]

LIBRARY is libhpcrt_math as a shared library.
"""
import ctypes
import sys

import numpy as np

import sum_model

ENTRY = {'float64': 'hpc_sum_f64', 'float32': 'hpc_sum_f32', 'bool': 'hpc_sum_bool_as_f64'}
for name in ('int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'):
    ENTRY[name] = f"hpc_sum_{name.replace('uint', 'u').replace('int', 'i')}_as_f64"


def runtime_sum(library, array, axes, dtype=None):
    words = [0, array.ctypes.data, *array.shape, *(s // array.itemsize for s in array.strides)]
    descriptor = (ctypes.c_int64 * len(words))(*words)
    shape = [n for axis, n in enumerate(array.shape) if axis not in axes]
    name = ENTRY[array.dtype.name]
    if array.dtype == np.float32 and dtype == 'f8':
        name = 'hpc_sum_f32_as_f64'
    out = np.full(shape, 123.0, dtype or array.dtype)
    status = getattr(library, name)(descriptor, array.ndim, sum(1 << axis for axis in axes),
                                    ctypes.c_void_p(out.ctypes.data))
    assert status == 0
    return out


def random_axes(rng, rank):
    if rng.random() < 0.3:
        return tuple(range(rank))
    return tuple(axis for axis in range(rank) if rng.random() < 0.6)


def check(library, array, axes, dtype=None):
    expected = np.asarray(np.add.reduce(array, axis=axes, dtype=dtype))
    found = runtime_sum(library, array, axes, dtype)
    if not sum_model.same_bits(found, expected):
        print('differs:', array.shape, array.strides, array.dtype, axes)
        sys.exit(1)


def check_tree(library, rng):
    """hpc_tree_f64 is the sum of a one-dimensional array without the starting +0.0."""
    library.hpc_tree_f64.restype = ctypes.c_double
    for stride in (1, 2, 3):
        for count in [*range(1, 20), 127, 128, 129, 1000, 30011]:
            values = rng.standard_normal(count * stride) * 2.0 ** rng.integers(-9, 9, count * stride)
            values = values[::stride]
            found = library.hpc_tree_f64(ctypes.c_void_p(values.ctypes.data),
                                         ctypes.c_int64(count), ctypes.c_int64(stride))
            assert found == np.add.reduce(values), count


def main():
    library = ctypes.CDLL(sys.argv[1])
    cases = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rng = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    kinds = ['f8', 'f8', 'f4', 'f4', 'i4', 'i8', 'u1', 'u8', 'i2', bool]
    for _ in range(cases):
        array = sum_model.random_array(rng, kinds[int(rng.integers(len(kinds)))])
        axes = random_axes(rng, array.ndim)
        target = None if array.dtype.kind == 'f' and rng.random() < 0.8 else 'f8'
        check(library, array, axes, target if array.dtype != np.float64 else None)
    check(library, rng.standard_normal(1000003), (0,))
    check(library, rng.standard_normal((100, 100003))[:, ::2], (0, 1))
    check(library, rng.standard_normal((1003, 3, 104)), (0, 2))
    check_tree(library, rng)
    print('runtime sums:', cases, 'cases agree with NumPy', np.__version__)


if __name__ == '__main__':
    main()
