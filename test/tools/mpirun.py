#!/usr/bin/python3
"""mpirun.py RANKS COMMAND...: mpirun with the settings of the tests."""

import os
import subprocess
import sys

from check_program import TIME_LIMIT, mpi_environment

sys.exit(
    subprocess.run(
        ["mpirun", "-np"] + sys.argv[1:], env=mpi_environment(os.environ), timeout=TIME_LIMIT
    ).returncode
)
