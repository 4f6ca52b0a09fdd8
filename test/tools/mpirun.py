#!/usr/bin/python3
"""mpirun.py RANKS COMMAND...: mpirun with the settings of the tests."""

import os
import subprocess
import sys
import tempfile

from check_program import TIME_LIMIT, mpi_environment

with tempfile.TemporaryDirectory(prefix="mpi") as folder:
    environment = mpi_environment(os.environ, folder)
    code = subprocess.run(
        ["mpirun", "-np"] + sys.argv[1:], env=environment, timeout=TIME_LIMIT
    ).returncode
sys.exit(code)
