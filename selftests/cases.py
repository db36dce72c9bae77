# SPDX-License-Identifier: GPL-2.0
"""How scripts are run that are clients of a server: SCRIPT PORT CASE... Each case that passed is a line "pass CASE" of the
output, each that failed "fail CASE" with the reason before it; after one that failed the others are still run."""

import sys
import time
import traceback

PORT = int(sys.argv[1])


def equal(is_, should):
    assert is_ == should, f"{is_!r:.400} instead of {should!r:.400}"


def until(condition, seconds=20):
    """Waits until something is true, and returns it."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)
    return value


def run(functions):
    """Runs the cases of the command line."""
    failed = False
    for case in sys.argv[2:]:
        begin = time.monotonic()
        name, *args = case.split(":")
        try:
            functions[name](*args)
            verdict = "pass"
        except (AssertionError, OSError, ValueError, LookupError, TypeError):
            traceback.print_exc(file=sys.stdout)
            verdict = "fail"
            failed = True
        print(f"took {time.monotonic() - begin:.2f} s\n{verdict} {case}", flush=True)
    sys.exit(failed)
