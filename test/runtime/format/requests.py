"""Requests to format_test: what its head comment describes, written from NumPy's side."""
import struct
import subprocess

import numpy as np

DTYPES = {'bool': 0, 'int32': 3, 'int64': 4, 'float32': 9, 'float64': 10}


def pack(kind, sizes=(), data=b'', dtype=0, dims=0, first=0):
    head = (ord(kind), dtype, dims, first, len(sizes), len(data))
    return struct.pack(f'<6q{len(sizes)}q', *head, *sizes) + data


def element_strides(array):
    return [stride // array.itemsize for stride in array.strides]


def pack_array(kind, array):
    """The array as it lies in memory: strides, direction and gaps included."""
    extents = [(n - 1) * s for n, s in zip(array.shape, array.strides)]
    if array.size == 0:
        first, data = 0, b''
    else:
        first = -sum(min(extent, 0) for extent in extents)
        length = first + sum(max(extent, 0) for extent in extents) + array.itemsize
        address = array.__array_interface__['data'][0] - first
        data = bytes((np.ctypeslib.ctypes.c_char * length).from_address(address))
    sizes = [*array.shape, *element_strides(array)]
    return pack(kind, sizes, data, DTYPES[array.dtype.name], array.ndim, first)


def ask(program, requests):
    """The answers of the program to all requests, as strings."""
    result = subprocess.run([program], input=b''.join(requests), stdout=subprocess.PIPE, check=True)
    answers = result.stdout.decode().split('\0')[:-1]
    assert len(answers) == len(requests), (len(answers), len(requests))
    return answers


def report(name, expected, answers):
    """Prints the first differences and the count; returns the exit code."""
    wrong = [pair for pair in zip(expected, answers) if pair[0] != pair[1]]
    for want, got in wrong[:5]:
        print(f'expected:\n{want}\ngot:\n{got}')
    print(f'{name}: {len(expected) - len(wrong)} of {len(expected)} agree')
    return 1 if wrong else 0
