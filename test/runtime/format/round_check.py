"""Compares hpc_round_f64 with Python's round(float, places).

    python round_check.py FORMAT_TEST [COUNT [SEED]]
"""
import random
import struct
import sys

import requests


def python_round(value, places):
    try:
        return repr(round(value, places))
    except OverflowError:
        return 'inf' if value > 0 else '-inf'


def random_case(rng):
    """Ties, near ties, all magnitudes and the edges of the range."""
    places = rng.choice([0, 1, 2, 3, 8, 15, 20, -1, -2, -5, rng.randint(-320, 330)])
    value = rng.choice([
        lambda: rng.uniform(-10, 10),
        lambda: rng.randint(-10**6, 10**6) / 10 ** rng.randint(0, 7),
        lambda: rng.randint(-4000, 4000) / 8,
        lambda: rng.randint(-200, 200) * 5 * 10.0 ** rng.randint(-5, 20),
        lambda: struct.unpack('<d', struct.pack('<Q', rng.getrandbits(64)))[0],
        lambda: 10.0 ** rng.randint(-320, 308) * rng.choice([1, 5, 0.5, 9.999999]),
        lambda: rng.choice([0.0, -0.0, float('nan'), float('inf'), 1.7976931348623157e308, 5e-324]),
    ])()
    return value, places


def main(program, count=20000, seed=1):
    rng = random.Random(int(seed))
    cases = [random_case(rng) for _ in range(int(count))]
    expected = [python_round(*case) for case in cases]
    sent = [requests.pack('r', data=struct.pack('<d', value), first=places)
            for value, places in cases]
    return requests.report('rounded', expected, requests.ask(program, sent))


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
