"""Running test cases so that a skipped one counts as a failure."""

import sys
import unittest


def run(*cases):
    """The exit status: 0 when all is well and nothing was skipped."""
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite([load(case) for case in cases])
    count = suite.countTestCases()
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    print(f"{count} tests, {len(result.skipped)} skipped", file=sys.stderr)
    for test, why in result.skipped:
        print(f"skipped: {test}: {why}", file=sys.stderr)
    return 0 if result.wasSuccessful() and not result.skipped else 1
