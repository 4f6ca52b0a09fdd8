"""Compares the text of random arrays, lists and scalars with NumPy's and Python's.

    python array_check.py FORMAT_TEST [COUNT [SEED]]
"""
import sys

import numpy as np

import requests

SPECIAL = [0.0, -0.0, 1.0, 0.1, 0.25, 1e-4, 9.9999e-5, 1e8, 99999999.0, 999999.0, 1e6, 0.123456785,
           0.5, 1e5, 100.0, 1000.0, 1001.0, 1e16, 9999999999999998.0]


def random_shape(rng):
    """Ranks 0 to 4, with sizes about the summary threshold and the line width."""
    low, high, rank = [
        (0, 60, 1), (990, 1010, 1), (0, 12, 2), (20, 50, 2), (1, 5, 3), (5, 14, 3), (1, 4, 4),
        (4, 8, 4), (0, 1, 0), (1, 60, 1), (1, 12, 2),
    ][rng.integers(11)]
    return tuple(int(n) for n in rng.integers(low, high, rank))


def random_floats(rng, shape, dtype):
    """Numbers that stress one rule each: notation, digits, rounding, signs, extremes."""
    n = int(np.prod(shape))
    normal = rng.standard_normal(n)
    bits = rng.integers(0, 2**63, n, dtype=np.int64).view(np.float64)
    if dtype == 'float32':
        bits = rng.integers(0, 2**32, n, dtype=np.uint32).view(np.float32)
    values = [
        lambda: normal,
        lambda: normal * 10.0 ** rng.integers(-12, 12),
        lambda: normal * 10.0 ** rng.uniform(-6, 6, n),
        lambda: 10.0 ** rng.uniform(-300, 300, n) * np.sign(normal),
        lambda: rng.integers(-1000, 1000, n).astype(float),
        lambda: rng.integers(-100, 100, n) / 10.0 ** rng.integers(0, 9),
        lambda: bits,
        lambda: rng.integers(0, 1000, n).view(np.float64),
        lambda: rng.choice(SPECIAL, n),
        lambda: 2.0 ** rng.integers(-30, 30, n),
        lambda: np.round(normal * 100, int(rng.integers(0, 10))),
        lambda: np.full(n, rng.standard_normal() * 10.0 ** rng.integers(-5, 9)),
        lambda: rng.uniform(0, 1, n) + rng.integers(0, 10) * 10.0 ** rng.integers(0, 8),
    ][rng.integers(13)]().astype(dtype)
    if rng.random() < 0.25:
        chosen = rng.random(n) < rng.choice([0.05, 0.5, 1.0])
        choices = [[np.nan, np.inf, -np.inf, 0.0, -0.0], [np.nan, np.inf], [np.nan]]
        values[chosen] = rng.choice(choices[rng.integers(3)], chosen.sum())
    return values.reshape(shape)


def random_array(rng):
    shape = random_shape(rng)
    dtype = rng.choice(['float64', 'float64', 'float32', 'int64', 'int32', 'bool'])
    if dtype.startswith('float'):
        array = random_floats(rng, shape, dtype)
    elif dtype == 'bool':
        array = rng.integers(0, 2, shape).astype(bool)
    else:
        high = 10 ** int(rng.integers(1, 10 if dtype == 'int32' else 19))
        array = np.asarray(rng.integers(-high if rng.random() < 0.5 else 0, high, shape), dtype)
    array = np.asarray(array)
    if array.ndim and rng.random() < 0.3:
        array = array.T
    if array.ndim and rng.random() < 0.2:
        array = array[::-1]
    if array.ndim and rng.random() < 0.2:
        array = array[..., ::2]
    if array.ndim and rng.random() < 0.05:
        array = np.broadcast_to(array[..., :1], array.shape)
    return array


def main(program, count=3000, seed=1):
    rng = np.random.default_rng(int(seed))
    expected, sent = [], []
    with np.errstate(all='ignore'):
        arrays = [random_array(rng) for _ in range(int(count))]
    for array in arrays:
        expected.append(str(array))
        sent.append(requests.pack_array('a', array))
        if array.ndim and array.size <= 60:
            if array.dtype != np.float32:  # Python's own floats are never kept in float32
                expected.append(str(array.tolist()))
                sent.append(requests.pack_array('l', array))
            if array.ndim == 1:
                expected.append(str(list(array)))
                sent.append(requests.pack_array('n', array))
        if array.size:
            scalar = array.flat[0]
            expected.append(str(scalar))
            sent.append(requests.pack_array('s', np.asarray(scalar)))
    return requests.report('texts', expected, requests.ask(program, sent))


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
