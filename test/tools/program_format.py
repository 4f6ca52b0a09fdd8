"""The lit format of whole programs: each .hpc file is a test, with no RUN line.

Takes a directory of programs, which need not be the directory of the lit.local.cfg that names it,
and runs each program as check_program.py does.
"""

import os
import time

import lit.Test
import lit.formats.base

import check_program


class ProgramFormat(lit.formats.base.TestFormat):
    """Tests for all .hpc files of `directory`."""

    def __init__(self, directory):
        self.directory = directory

    def getTestsForPath(self, testSuite, path_in_suite, litConfig, localConfig):
        if path_in_suite[-1].endswith(".hpc"):
            yield lit.Test.Test(testSuite, path_in_suite, localConfig)

    def getTestsInDirectory(self, testSuite, path_in_suite, litConfig, localConfig):
        # lit calls this for each subdirectory too; only the top one stands for self.directory.
        if len(path_in_suite) != 1 or not os.path.isdir(self.directory):
            return
        for name in sorted(os.listdir(self.directory)):
            if name.endswith(".hpc"):
                yield lit.Test.Test(testSuite, path_in_suite + (name,), localConfig)

    def execute(self, test, litConfig):
        config = test.config
        if "oracle" not in config.available_features:
            return lit.Test.UNSUPPORTED, "needs the oracle: ./x oracle-env"
        tools = check_program.Tools(
            hpcc=config.hpcc,
            hpc_opt=config.hpc_opt,
            oracle=config.oracle,
            environment=config.environment,
        )
        start = time.time()
        difference = check_program.check(
            tools, os.path.join(self.directory, test.path_in_suite[-1]), check_program.ALL_MODES
        )
        if difference is None:
            return lit.Test.PASS, ""
        return lit.Test.FAIL, "%s\n(after %.1f s)" % (difference, time.time() - start)
