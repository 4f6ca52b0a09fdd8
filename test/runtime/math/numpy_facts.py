"""What docs/exactness.md states about the pinned NumPy, as assertions.

A new NumPy that fails one of these changes the answers of programs; the page names the functions
below, one per row.
"""
import itertools
import math
import warnings
from fractions import Fraction

import numpy as np

warnings.simplefilter('ignore')
rng = np.random.default_rng(11)
nan, inf = np.nan, np.inf


def same(left, right):
    left, right = np.asarray(left), np.asarray(right)
    raw = f'u{left.itemsize}'
    return left.dtype == right.dtype and left.shape == right.shape and bool(
        np.all((left.view(raw) == right.view(raw)) | (np.isnan(left) & np.isnan(right))))


def in_order(values, operation, start):
    result = start
    for value in values:
        result = operation(result, value)
    return result


def sums_start_at_positive_zero():
    assert not np.signbit(np.sum([-0.0])) and not np.signbit(np.sum([-0.0, -0.0]))
    assert np.sum(np.zeros(0)) == 0 and same(np.zeros((3, 0)).sum(axis=1), np.zeros(3))
    assert np.ones(3, 'i4').sum().dtype == np.int64 == np.ones(3, bool).sum().dtype
    assert np.ones(3, 'u1').sum().dtype == np.uint64 and np.ones(3, 'f4').sum().dtype == np.float32
    assert np.array([2 ** 63 - 1, 1]).sum() == -2 ** 63
    assert same(np.cumsum(np.ones(2, 'i4')), np.array([1, 2]))


def mean_is_the_sum_divided_once():
    for dtype in ('f8', 'f4'):
        a = rng.standard_normal((100, 37)).astype(dtype)
        for axis, count in ((None, 3700), (0, 100), (1, 37), ((0, 1), 3700)):
            assert same(np.mean(a, axis=axis), np.add.reduce(a, axis=axis) / a.dtype.type(count))
    for dtype in ('i4', 'i8', 'u1', bool):
        a = rng.integers(0, 2, (300, 41)).astype(dtype)
        for axis, count in ((None, 12300), (0, 300)):
            assert same(a.mean(axis=axis), np.add.reduce(a, axis=axis, dtype='f8') / count)
    assert np.isnan(np.zeros(0).mean()) and np.isnan(np.zeros((0, 2)).mean(axis=0)).all()
    a = rng.standard_normal(20000).astype('f4')
    assert same(a.sum(dtype='f8'), np.add.reduce(a, dtype='f8'))


def variance_squares_a_temporary():
    def variance(a, axis, ddof=0):
        count = math.prod(a.shape) if axis is None else a.shape[axis]
        mean = np.add.reduce(a, axis=axis, keepdims=True) / a.dtype.type(count)
        difference = a - mean
        return np.add.reduce(difference * difference, axis=axis) / a.dtype.type(max(count - ddof, 0))

    for dtype in ('f8', 'f4'):
        a = rng.standard_normal((60, 50)).astype(dtype)
        for view in (a, a.T, a[::2, ::3], np.asfortranarray(a)):
            for axis in (None, 0, 1):
                assert same(view.var(axis=axis), variance(view, axis))
                assert same(view.var(axis=axis, ddof=1), variance(view, axis, 1))
                assert same(view.std(axis=axis), np.sqrt(variance(view, axis)))


def products_and_cumulative_sums_are_sequential():
    a = rng.standard_normal((30, 20)) * 1.1
    multiply, one = (lambda x, y: x * y), np.float64(1)
    assert same(a.prod(), in_order(a.ravel(), multiply, one))
    assert same(np.asfortranarray(a).prod(), in_order(a.ravel(order='F'), multiply, one))
    assert same(a.T.prod(), a.prod())
    assert same(a.prod(axis=1), np.array([in_order(row, multiply, one) for row in a]))
    assert same(a.prod(axis=0), np.array([in_order(row, multiply, one) for row in a.T]))
    assert np.zeros(0).prod() == 1 and np.ones(3, 'i4').prod().dtype == np.int64
    flat = np.array([*itertools.accumulate(a.ravel().tolist())])
    assert same(np.cumsum(a), flat) and same(np.cumsum(np.asfortranarray(a)), flat)
    assert same(np.cumsum(a, axis=0)[:, 3], np.array([*itertools.accumulate(a[:, 3].tolist())]))


def nan_wins_in_minimum_and_maximum():
    for n in (1, 3, 8, 17, 100):
        for where in {0, n // 2, n - 1}:
            a = rng.standard_normal(n)
            a[where] = nan
            assert np.isnan(a.min()) and np.isnan(a.max())
            assert a.argmin() == a.argmax() == where
    assert np.isnan(np.minimum(nan, 1)) and np.isnan(np.maximum(1, nan))
    assert np.argmin([1, nan, 0, nan]) == 1 and np.argmax([3, 5, 5]) == 1
    assert np.argmax([0.0, -0.0]) == 0 == np.argmin([0.0, -0.0])
    assert np.min([0.0, -0.0]) == 0 == np.max([0.0, -0.0])  # of either sign


def truth_of_nan_and_of_nothing():
    assert np.any([nan]) and np.all([nan]) and not np.any([-0.0])
    assert not np.any([]) and np.all([])


def outputs_keep_the_order_of_the_axes():
    a = rng.standard_normal((4, 5, 6))
    assert a.sum(axis=0).flags.c_contiguous and a.T.sum(axis=0).flags.f_contiguous
    assert np.asfortranarray(a).sum(axis=1).strides == (8, 32)
    assert a.transpose(1, 0, 2).sum(axis=2).strides == (8, 40)


def float_to_integer_gives_the_minimum():
    special = np.array([nan, inf, -inf, 1e30, -1e30])
    assert (special.astype('i8') == -2 ** 63).all() and (special.astype('i4') == -2 ** 31).all()
    assert np.array([3e9]).astype('i4')[0] == -2 ** 31 and np.array([-1.9]).astype('i8')[0] == -1


def integer_division_and_shifts_are_guarded():
    a = np.array([5, -5, -2 ** 63])
    assert not (a // 0).any() and not (a % 0).any()
    assert (np.array([-2 ** 63]) // -1)[0] == -2 ** 63 and (np.array([-2 ** 63]) % -1)[0] == 0
    assert (np.array([1]) << np.array([64]))[0] == 0 and (np.array([-1]) >> np.array([70]))[0] == -1
    assert (np.array([1], 'i4') << np.array([33], 'i4'))[0] == 0
    try:
        np.array([2]) ** -1
        assert False
    except ValueError as error:
        assert str(error) == 'Integers to negative integer powers are not allowed.'


def arange_and_linspace():
    for _ in range(200):
        start, step = rng.standard_normal(2)
        stop = start + step * rng.uniform(1, 50)
        length = math.ceil((stop - start) / step)
        delta = (start + step) - start
        expected = np.array([start + i * delta for i in range(length)])
        expected[1:2] = start + step
        assert same(np.arange(start, stop, step), expected)
        count = int(rng.integers(2, 50))
        width = (stop - start) / (count - 1)
        expected = np.array([i * width + start for i in range(count - 1)] + [stop])
        assert same(np.linspace(start, stop, count), expected)


def scalar_powers_of_arrays():
    a = np.abs(rng.standard_normal(1000)) + 0.1
    assert same(a ** 2, a * a) and same(a ** 2.0, a * a) and same(a ** 0.5, np.sqrt(a))
    assert same(a ** -1.0, 1 / a) and same(a ** 1, a) and same(a ** 0, np.ones(1000))
    assert same(np.array([-0.0, -inf]) ** 0.5, np.sqrt(np.array([-0.0, -inf])))


def complex_numbers():
    def fused(a, b, c):
        return float(Fraction(a) * Fraction(b) + Fraction(c))

    def quotient(x, y):
        if abs(y.real) >= abs(y.imag):
            ratio = y.imag / y.real
            scale = 1.0 / (y.real + y.imag * ratio)
            return complex((x.real + x.imag * ratio) * scale, (x.imag - x.real * ratio) * scale)
        ratio = y.real / y.imag
        scale = 1.0 / (y.imag + y.real * ratio)
        return complex((x.real * ratio + x.imag) * scale, (x.imag * ratio - x.real) * scale)

    def tree(values):
        count = len(values)
        if count <= 3:
            return in_order(values[1:], lambda x, y: x + y, values[0])
        if count <= 64:
            lanes, rest = list(values[:4]), count - count % 4
            for i in range(4, rest):
                lanes[i % 4] += values[i]
            total = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
            return in_order(values[rest:], lambda x, y: x + y, total)
        half = (count - count % 8) // 2
        return tree(values[:half]) + tree(values[half:])

    a, b = (rng.standard_normal(300) + 1j * rng.standard_normal(300) for _ in range(2))
    for x, y, product, ratio in zip(a.tolist(), b.tolist(), (a * b).tolist(), (a / b).tolist()):
        assert product == complex(fused(x.real, y.real, -(x.imag * y.imag)),
                                  fused(x.real, y.imag, x.imag * y.real))
        assert np.complex128(x) * np.complex128(y) == x * y  # scalars are not fused
        assert ratio == quotient(x, y)
    for count in (*range(1, 20), 64, 65, 127, 128, 129, 300):
        assert a[:count].sum() == 0 + tree(a[:count].tolist())


def rounding():
    a = rng.standard_normal(1000) * 100
    assert same(np.round(a, 2), np.rint(a * 100.0) / 100.0)
    assert same(np.round(a, -1), np.rint(a / 10.0) * 10.0) and same(np.round(a), np.rint(a))
    assert round(2.675, 2) == 2.67 and np.round(2.675, 2) == 2.68 == round(np.float64(2.675), 2)
    assert type(round(np.float64(2.5))) is int


if __name__ == '__main__':
    facts = [f for f in list(globals().values()) if callable(f) and getattr(f, '__module__', '') ==
             '__main__' and f.__name__ not in ('same', 'in_order')]
    for fact in facts:
        fact()
    print('numpy facts:', len(facts), 'hold in NumPy', np.__version__)
