"""The lit format of whole programs: each .hpc file is a test, with no RUN line.

Takes a test found in test/programs or examples and runs it as check_program.py does.
"""

import time

import lit.Test
import lit.formats.base

import check_program


class ProgramFormat(lit.formats.base.FileBasedTest):
    """A test passes if the program gives CPython's answer in every mode of hpcc."""

    def execute(self, test, litConfig):
        config = test.config
        if "oracle" not in config.available_features:
            return lit.Test.UNSUPPORTED, "needs the oracle: ./x oracle-env"
        full = "full" in config.available_features
        ranks = ((1, 1), (2, 1), (3, 1), (5, 1), (7, 1), (2, 2)) if full else ((3, 1),)
        tools = check_program.Tools(
            config.hpcc,
            config.hpc_opt,
            config.oracle,
            config.environment,
            (1, 2, 3, 8) if full else (3,),
            ranks if "mpi" in config.available_features else (),
        )
        start = time.time()
        difference = check_program.check(tools, test.getSourcePath(), check_program.ALL_MODES)
        if difference is None:
            return lit.Test.PASS, ""
        return lit.Test.FAIL, "%s\n(after %.1f s)" % (difference, time.time() - start)
