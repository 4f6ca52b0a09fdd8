"""NumPy's order of floating-point additions, written as explicit scalar additions.

`calls(shape, strides, axes, cast)` gives the order in which add.reduce visits an array: a list of
inner-loop calls (element offsets, output positions).  `model_sum` carries it out with one scalar
addition at a time.  Run as a program it compares itself with NumPy, bit for bit, on random arrays:

    python3 sum_model.py [CASES [SEED]]

The rule follows NumPy 2.3 and later: nditer_constr.c (axis sorting, coalescing, the choice of the
buffered core) and loops_utils.h.src (pairwise sum).  runtime/Sum.cpp holds the same rule in C++.
"""
import itertools
import sys

import numpy as np

BUFFER_SIZE = 8192


def sorted_axes(strides):
    """Axes from the innermost to the outermost, as the iterator sorts them by the input's strides.

    An insertion sort that starts from C order reversed; a stride of zero compares with nothing.
    """
    order = list(range(len(strides) - 1, -1, -1))
    for position in range(1, len(order)):
        axis = order[position]
        target = position
        for candidate in range(position - 1, -1, -1):
            mine, other = abs(strides[axis]), abs(strides[order[candidate]])
            if mine == 0 or other == 0:
                continue
            if other <= mine:
                break
            target = candidate
        order.insert(target, order.pop(position))
    return order


def merged_axes(shape, strides, axes):
    """[[extent, input stride, output stride]] innermost first; the output is laid out in this order."""
    strides = [0 if extent == 1 else stride for extent, stride in zip(shape, strides)]
    dims, out_stride = [], 1
    for axis in sorted_axes(strides):
        if axis in axes:
            dims.append([shape[axis], strides[axis], 0, axis])
        else:
            dims.append([shape[axis], strides[axis], out_stride if shape[axis] != 1 else 0, axis])
            out_stride *= shape[axis]
    output_axes = [axis for _, _, _, axis in reversed(dims) if axis not in axes]
    merged = []
    for extent, stride, out, _ in dims:
        if merged:
            last = merged[-1]
            fits = last[0] == 1 or extent == 1 or (
                last[0] * last[1] == stride and last[0] * last[2] == out)
            if fits:
                last[0] *= extent
                last[1] = last[1] or stride
                last[2] = last[2] or out
                continue
        merged.append([extent, stride, out])
    return merged or [[1, 0, 0]], output_axes


def core(dims, cast):
    """(outer dimension, core size, largest chunk, uses the reduce loop) of the buffered iterator."""
    cost = 2 if cast else 1
    size = best_size = dims[0][0]
    best_dim, best_cost, best_core, reduce_dim = 0, cost, 1, 0
    single = [1, 1]  # how many dimensions one stride walks through: output, input
    for index in range(1, len(dims)):
        if reduce_dim or (size >= BUFFER_SIZE and cost > 1):
            break
        previous, current = dims[index - 1], dims[index]
        for operand, column in ((0, 2), (1, 1)):
            if single[operand] == index:
                if previous[column] * previous[0] == current[column]:
                    single[operand] += 1
                    continue
                if operand == 0 or not cast:
                    cost += 1
            if operand == 0 and (current[2] == 0 or previous[2] == 0):
                reduce_dim = index
        core_size = size
        size *= current[0]
        if size == 0:
            break
        limit = min(size, BUFFER_SIZE) if cost > 1 else size
        if cost * best_size <= best_cost * limit:
            best_cost, best_core, best_size, best_dim = cost, core_size, size, index
    uses_reduce = bool(reduce_dim) and best_dim == reduce_dim
    input_is_reduce = uses_reduce and (
        (single[1] == best_dim and not cast)
        or (dims[reduce_dim][1] == 0 and single[1] <= best_dim))
    buffered = cast or not single[1] + input_is_reduce > best_dim
    if buffered and BUFFER_SIZE < best_size:
        best_size = best_core * (BUFFER_SIZE // best_core)
    return best_dim, best_core, best_size, uses_reduce


def calls(shape, strides, axes, cast=False):
    """The inner-loop calls in order, and the axes of the output from slowest to fastest."""
    dims, output_axes = merged_axes(shape, strides, axes)
    total = 1
    for extent in shape:
        total *= extent
    if total == 0:
        return [], output_axes
    outer_dim, core_size, largest, uses_reduce = core(dims, cast)
    points = [(sum(i * d[1] for i, d in zip(reversed(index), dims)),
               sum(i * d[2] for i, d in zip(reversed(index), dims)))
              for index in itertools.product(*(range(d[0]) for d in reversed(dims)))]
    inner = 1
    for extent, _, _ in dims[:outer_dim]:
        inner *= extent
    result, start = [], 0
    while start < total:
        outer_index = start // inner % dims[outer_dim][0]
        count = min(largest, core_size * (dims[outer_dim][0] - outer_index), total - start)
        step = core_size if uses_reduce else count
        for begin in range(start, start + count, step):
            result.append(points[begin:begin + step])
        start += count
    return [(dims[0][2] == 0, call) for call in result], output_axes


def tree(values):
    """The pairwise sum: linear below 8, eight accumulators up to 128, else two halves."""
    n = len(values)
    if n < 8:
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total
    if n <= 128:
        r = list(values[:8])
        for i in range(8, n - n % 8):
            r[i % 8] = r[i % 8] + values[i]
        total = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))
        for value in values[n - n % 8:]:
            total = total + value
        return total
    half = n // 2
    half -= half % 8
    return tree(values[:half]) + tree(values[half:])


def model_sum(array, axes, dtype=None):
    """The sum of `array` over the axes of the tuple `axes`, in C order, by scalar additions."""
    scalar = np.dtype(dtype or array.dtype).type
    strides = [stride // array.itemsize for stride in array.strides]
    cast = np.dtype(dtype or array.dtype) != array.dtype
    order, output_axes = calls(array.shape, strides, axes, cast)
    out_shape = [array.shape[axis] for axis in output_axes]
    out = [scalar(0)] * int(np.prod(out_shape))
    memory = Memory(array)
    for is_tree, points in order:
        if is_tree:
            where = points[0][1]
            out[where] = out[where] + tree([scalar(memory[offset]) for offset, _ in points])
        else:
            for offset, where in points:
                out[where] = out[where] + scalar(memory[offset])
    result = np.array(out, scalar).reshape(out_shape)
    return result.transpose(np.argsort(output_axes).astype(int))


class Memory:
    """Elements of an array by their offset, in elements, from its first element."""

    def __init__(self, array):
        low = sum(min(0, (n - 1) * s // array.itemsize) for n, s in zip(array.shape, array.strides))
        high = sum(max(0, (n - 1) * s // array.itemsize) for n, s in zip(array.shape, array.strides))
        self.low = low
        self.cells = {} if array.size == 0 else np.lib.stride_tricks.as_strided(
            first_cell(array, low), (high - low + 1,), (array.itemsize,))

    def __getitem__(self, offset):
        return self.cells[offset - self.low]


def first_cell(array, low):
    """A view that starts at the lowest address that `array` reaches."""
    view = array
    for axis, stride in enumerate(array.strides):
        if stride < 0:
            view = np.flip(view, axis)
    return view


def packed_runs(shape, axes):
    """What the compiler emits for a C-ordered array: the runs of flat indices, each summed by a tree.

    Axes of extent 1 are left out. If the innermost axis is summed over, it forms a run together with
    the summed axes right outside it; the other axes are walked in order, outermost first. Else every
    point is a run. Returns a set of (cell, position among the cell's runs, run).
    """
    order = [axis for axis in range(len(shape)) if shape[axis] != 1]
    inner = []
    while order and order[-1] in axes:
        inner.insert(0, order.pop())
    index = np.arange(int(np.prod(shape))).reshape(shape)
    runs, number = set(), {}
    for outer in itertools.product(*(range(shape[axis]) for axis in order)):
        where = [slice(None)] * len(shape)
        for axis, i in zip(order, outer):
            where[axis] = i
        cell = tuple(i for axis, i in zip(order, outer) if axis not in axes)
        number[cell] = number.get(cell, -1) + 1
        runs.add((cell, number[cell], tuple(index[tuple(where)].ravel().tolist())))
    return runs


def check_packed(rng, cases):
    """The rule that compiled loops follow gives the runs of the general rule."""
    for _ in range(cases):
        rank = int(rng.integers(1, 5))
        shape = tuple(int(n) for n in rng.choice([1, 1, 2, 3, 5, 9, 40], rank))
        axes = tuple(axis for axis in range(rank) if rng.random() < 0.6)
        strides = [int(np.prod(shape[axis + 1:])) for axis in range(rank)]
        lists = {}
        for is_tree, points in calls(shape, strides, axes)[0]:
            for part in [points] if is_tree else [[point] for point in points]:
                lists.setdefault(part[0][1], []).append(tuple(offset for offset, _ in part))
        expected = {}
        for cell, position, run in packed_runs(shape, axes):
            expected.setdefault(cell, {})[position] = run
        ordered = [[runs[i] for i in range(len(runs))] for _, runs in sorted(expected.items())]
        if ordered != [lists[cell] for cell in sorted(lists)]:
            print('packed rule differs:', shape, axes)
            sys.exit(1)


def check_sliced(rng, cases):
    """The full sum of a two-dimensional slice: whole rows in groups of at most 8192 elements."""
    for _ in range(cases):
        rows, columns = int(rng.integers(2, 400)), int(rng.integers(2, 9000))
        rows = min(rows, 20000 // columns + 1)
        if rows < 2:
            continue
        group = BUFFER_SIZE // columns if columns <= BUFFER_SIZE // 2 else 1
        lengths = [len(points) for _, points in calls((rows, columns), (columns + 2, 1), (0, 1))[0]]
        expected = [columns * min(group, rows - row) for row in range(0, rows, group)]
        if lengths != expected:
            print('slice rule differs:', rows, columns)
            sys.exit(1)


def check_converted(rng, cases):
    """Converted elements along the innermost axis: trees of 8192 elements."""
    for _ in range(cases):
        rows, columns = int(rng.integers(1, 4)), int(rng.integers(2, 30000))
        lengths = [len(points) for _, points in calls((rows, columns), (columns, 1), (1,), True)[0]]
        row = [min(BUFFER_SIZE, columns - i) for i in range(0, columns, BUFFER_SIZE)]
        if lengths != row * rows:
            print('conversion rule differs:', rows, columns)
            sys.exit(1)


def random_array(rng, dtype):
    """An array of random rank, shape, memory order, slices, flips and broadcast axes."""
    rank = int(rng.integers(1, 5))
    limit = [0, 20000, 160, 30, 10][rank]
    shape = []
    for _ in range(rank):
        kind = rng.random()
        shape.append(1 if kind < 0.12 else 0 if kind < 0.13 else 2 if kind < 0.2
                     else int(rng.integers(1, limit)) if kind < 0.6
                     else int(np.exp(rng.uniform(0, np.log(limit)))))
    if rank > 1 and rng.random() < 0.25:
        shape[int(rng.integers(rank))] = int(rng.integers(1, 60 * limit // rank))
        shape = [n if n * 4 > max(shape) else min(n, 12) for n in shape]
    steps = [int(rng.choice([1, 1, 1, 2, 3])) if rng.random() < 0.6 else 1 for _ in shape]
    margins = [int(rng.integers(0, 3)) if rng.random() < 0.4 else 0 for _ in shape]
    base = [n * step + margin for n, step, margin in zip(shape, steps, margins)]
    order = rng.permutation(rank) if rng.random() < 0.6 else np.arange(rank)
    cells = int(np.prod(base))
    if np.dtype(dtype).kind == 'f':
        values = rng.standard_normal(cells) * 2.0 ** rng.integers(-20, 20, cells)
        if rng.random() < 0.1:
            values = -0.0 * np.abs(values)
        elif rng.random() < 0.05 and cells:
            values[rng.integers(cells)] = np.nan
    else:
        values = rng.integers(0, 2 if dtype == bool else 100, cells)
        if np.dtype(dtype).itemsize == 8:
            values = values * (2 ** 56 + 12345)
    array = values.astype(dtype).reshape([base[axis] for axis in order])
    array = array.transpose(np.argsort(order))
    slices = tuple(slice(margin, margin + n * step, step)
                   for n, step, margin in zip(shape, steps, margins))
    array = array[slices]
    for axis in range(rank):
        if rng.random() < 0.15:
            array = np.flip(array, axis)
    if rng.random() < 0.15:
        extra = int(rng.integers(1, 9))
        array = np.broadcast_to(array, (extra,) + array.shape)
        array = np.moveaxis(array, 0, int(rng.integers(array.ndim)))
    return array


def same_bits(left, right):
    left, right = np.ascontiguousarray(left), np.ascontiguousarray(right)
    number = np.isnan(left) & np.isnan(right)
    raw = f'u{left.itemsize}'
    return left.shape == right.shape and bool(np.all((left.view(raw) == right.view(raw)) | number))


def main():
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    kinds = ['f8', 'f8', 'f4', 'i4', 'i8', 'u1', bool]
    done = 0
    while done < cases:
        dtype = kinds[int(rng.integers(len(kinds)))]
        array = random_array(rng, dtype)
        if array.size > 25000:
            continue
        done += 1
        target = None if np.dtype(dtype).kind == 'f' else 'f8'
        axes = tuple(a for a in range(array.ndim) if rng.random() < 0.6)
        if rng.random() < 0.3:
            axes = tuple(range(array.ndim))
        expected = np.asarray(np.add.reduce(array, axis=axes, dtype=target))
        found = model_sum(array, axes, target)
        if not same_bits(found, expected):
            print('differs:', array.shape, array.strides, array.dtype, axes)
            sys.exit(1)
        if expected.ndim and expected.size > 1:
            check_layout(array, axes, expected)
    check_packed(rng, cases // 2)
    check_sliced(rng, 5)
    check_converted(rng, 3)
    print('sum model:', done, 'cases agree with NumPy', np.__version__)


def check_layout(array, axes, expected):
    """The output lies in memory in the order of the sorted axes."""
    strides = [stride // array.itemsize for stride in array.strides]
    _, output_axes = calls((0,) * array.ndim, [0 if n == 1 else s for n, s in zip(array.shape, strides)], axes)
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    factor = expected.itemsize
    for axis in reversed(output_axes):
        position = kept.index(axis)
        if expected.shape[position] != 1 and expected.strides[position] != factor:
            print('layout differs:', array.shape, array.strides, axes, expected.strides)
            sys.exit(1)
        factor *= expected.shape[position]


if __name__ == '__main__':
    main()
