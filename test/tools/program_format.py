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
        tools = check_program.Tools(
            config.hpcc,
            config.hpc_opt,
            config.oracle,
            config.environment,
            (1, 2, 3, 8) if "full" in config.available_features else (3,),
        )
        start = time.time()
        difference = check_program.check(tools, test.getSourcePath(), check_program.ALL_MODES)
        if difference is None:
            return lit.Test.PASS, ""
        return lit.Test.FAIL, "%s\n(after %.1f s)" % (difference, time.time() - start)
