"""How programs print, fail and end: exit codes, standard output and standard error.

    python3 process_check.py PROCESS_TEST
"""
import os
import signal
import subprocess
import sys

REPORT = ('prog.hpc:7:6: IndexError: index 10 is out of bounds for axis 0 with size 5\n'
          '\tx = å[10] + 1\n\t    ^~~~~\n')
LIMIT = 'RecursionError: maximum recursion depth exceeded'
AT = 'prog.hpc:7:6: '

# arguments: exit code, standard output, text that standard error contains
CASES = {
    'error': (1, 'before\n', REPORT),
    'unsupported': (2, '', 'prog.hpc:3:1: unsupported: an integer to a negative integer power'),
    'assertion': (1, '', 'AssertionError\n'),
    'lines 3': (0, '0\n1\n2\n', ''),
    'lines 50000': (0, ''.join(f'{i}\n' for i in range(50000)), ''),
    'recursion 999': (0, 'done\n', ''),
    'recursion 1000': (1, '', AT + LIMIT + '\n'),
    'builtin 998': (0, 'done\n', ''),
    'builtin 999': (1, '', LIMIT + ' while calling a Python object\n'),
    'scalars': (0, 'True 1e+16 0.1 np.False_ np.int32(-3) np.int64(-9223372036854775808) '
                   'np.float32(1.5) np.float64(-0.0)\n', ''),
    'arrays': (0, 'arrays agree\n', ''),
    'transposed': (0, '[[0.  0. ]\n [0.5 0. ]\n [0.  0. ]]\n[[0.0, 0.5, 0.0], [0.0, 0.0, 0.0]]\n', ''),
    'shape 2 -1': (1, '', AT + 'ValueError: negative dimensions are not allowed\n'),
    'shape 4611686018427387904 4': (1, '', AT + 'ValueError: array is too big;'),
    'shape 4611686018427387904 0': (1, '', AT + 'ValueError: array is too big;'),
    'shape 1000000000 1000000000':
        (1, '', AT + 'MemoryError: Unable to allocate 6.94 EiB for an array with shape '
                     '(1000000000, 1000000000) and data type float64\n'),
    'cpu': (0, 'this CPU will do\n', ''),
    'exit': (3, 'leaving\n', ''),
    'clock': (0, 'clocks agree\n', ''),
    'handler': (1, 'handled\nValueError\nmath domain error\n', ''),
}


def run(program, arguments, **settings):
    settings = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **settings}
    result = subprocess.run([program, *arguments.split()], timeout=60, **settings)
    return result.returncode, (result.stdout or b'').decode(), result.stderr.decode()


def closed_pipe():
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def interrupt(program):
    """Ctrl-C: what was buffered comes out, and the process dies by the signal."""
    process = subprocess.Popen([program, 'wait'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr.readline() == b'ready\n'
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    return process.returncode, out.decode(), error.decode()


def main(program):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pipe = 'BrokenPipeError: [Errno 32] Broken pipe\n'
    results = {name: (wanted, run(program, name)) for name, wanted in CASES.items()}
    results['interrupt'] = ((-signal.SIGINT, 'buffered\n', 'KeyboardInterrupt\n'), interrupt(program))
    # CPython's codes: 120 when the last flush fails, 1 when output is lost before.
    for name, code, place in [('lines 3', 120, ''), ('lines 50000', 1, AT), ('error', 120, ''),
                              ('exit', 120, '')]:
        results[name + ' | closed'] = ((code, '', place + pipe), run(program, name, stdout=closed_pipe()))
    with open('/dev/full', 'w') as full:
        wanted = (120, '', 'OSError: [Errno 28] No space left on device\n')
        results['lines 3 > full'] = (wanted, run(program, 'lines 3', stdout=full))
    wrong = 0
    for name, (wanted, got) in results.items():
        if wanted[:2] != got[:2] or wanted[2] not in got[2] or (got[2] and not wanted[2]):
            wrong += 1
            print(f'{name}: expected {wanted}, got {got}')
    print(f'processes: {len(results) - wrong} of {len(results)} agree')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
