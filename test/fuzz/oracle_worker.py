"""Runs programs under CPython with NumPy, many in one process.

Takes on each line of standard input a program's text as JSON, and answers with one line of JSON: its
standard output and its uncaught error (class, first line of the message, line in the program) or null.
Each runs in a process of its own.
"""

import contextlib
import io
import json
import os
import signal
import sys
import traceback
import warnings

import numpy

FILE = "prog.hpc"
TIME_LIMIT = 5  # seconds; a shrunk program may have lost what ends its loop


class TimeLimit(BaseException):
    """Raised in a program that runs too long; not an Exception, so it is told from the program's."""


def stop(signal_number, frame):
    raise TimeLimit


def run(text):
    output, error = io.StringIO(), None
    signal.setitimer(signal.ITIMER_REAL, TIME_LIMIT)
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(text, FILE, "exec"), {"__name__": "__main__"})
    except (Exception, TimeLimit) as exception:
        frames = traceback.extract_tb(exception.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == FILE]
        error = [type(exception).__name__, str(exception).split("\n")[0], lines[-1] if lines else 0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return {"stdout": output.getvalue(), "error": error}


def main():
    warnings.simplefilter("ignore")
    numpy.seterr(all="ignore")
    signal.signal(signal.SIGALRM, stop)
    for request in sys.stdin:
        # In a process of its own: a broken program may change the modules, or end the process.
        child = os.fork()
        if child == 0:
            print(json.dumps(run(json.loads(request))), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            print(json.dumps({"stdout": "", "error": ["Ended", "CPython ended", 0]}), flush=True)


if __name__ == "__main__":
    main()
