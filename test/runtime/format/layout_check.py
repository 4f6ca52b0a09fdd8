"""Compares the memory order of results with NumPy's, on random views of one to three operands.

    python layout_check.py FORMAT_TEST [COUNT [SEED]]

Only the strides of axes longer than one count: NumPy leaves the others arbitrary.
"""
import sys

import numpy as np

import requests


def random_view(rng, shape):
    """An operand that broadcasts to `shape`: permuted, sliced, reversed, of fewer axes or of ones."""
    own = list(shape[rng.integers(0, len(shape) + 1):] if rng.random() < 0.3 else shape)
    own = [1 if rng.random() < 0.15 else n for n in own]
    order = rng.permutation(len(own))
    steps = rng.integers(1, 3, len(own))
    base = np.zeros([own[i] * steps[i] for i in order])
    view = base.transpose(np.argsort(order))
    view = view[tuple(slice(None, None, int(s)) for s in steps)]
    view = view[tuple(slice(None, None, -1 if rng.random() < 0.2 else 1) for _ in own)]
    if rng.random() < 0.1:
        view = np.broadcast_to(view, np.broadcast_shapes(view.shape, shape))
    return view


def long_strides(shape, strides):
    return [stride for n, stride in zip(shape, strides) if n > 1]


def main(program, count=6000, seed=1):
    rng = np.random.default_rng(int(seed))
    expected, shapes, sent = [], [], []
    for _ in range(int(count)):
        shape = tuple(int(n) for n in rng.integers(1, 5, rng.integers(0, 6)))
        views = [random_view(rng, shape) for _ in range(rng.integers(1, 4))]
        result = [lambda a: np.sqrt(a), lambda a, b: a + b, lambda a, b, c: np.clip(a, b, c)]
        result = np.asarray(result[len(views) - 1](*views))
        sizes = list(result.shape)
        for view in views:
            sizes += [view.ndim, *view.shape, *requests.element_strides(view)]
        expected.append(long_strides(result.shape, requests.element_strides(result)))
        shapes.append(result.shape)
        sent.append(requests.pack('k', sizes, dims=result.ndim))
        copy = [np.copy, np.empty_like, lambda a: a.astype('f4')][rng.integers(3)](views[0])
        sizes = [*views[0].shape, *requests.element_strides(views[0])]
        expected.append(long_strides(copy.shape, requests.element_strides(copy)))
        shapes.append(copy.shape)
        sent.append(requests.pack('c', sizes, dims=copy.ndim))
    answers = [[int(n) for n in answer.split()] for answer in requests.ask(program, sent)]
    answers = [long_strides(shape, answer) for shape, answer in zip(shapes, answers)]
    return requests.report('layouts', expected, answers)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
