# SPDX-License-Identifier: GPL-2.0
"""report.py LOGS SKIPPED OUTPUT SERVERS: what Redis's test suite said of each server, as OUTPUT.json and OUTPUT.txt.

Exit status 1 if something fails in ring 0 that does not fail with the same objects in user space, or if there
are no results.
"""

import glob
import json
import os
import re
import sys
from collections import Counter

BASE = "same_objects"
RESULT = re.compile(r"\[(ok|err|skip|ignore|exception|TIMEOUT)\]: (.*)")
END = re.compile(r"end: (.*), (\d+) s")
# What the suite gives as a reason, behind the test's name or, of a whole group of tests, alone.
REASON = re.compile(r"(?:(.*): )?(Not supported on external server|large memory flag not provided|experimental test not allowed)")


def read_skipped(path):
    """Unit, test or pattern, and why it is left out."""
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]
    return [row[1:] for row in rows]


def why(skipped, unit, test):
    """The reason that the list has."""
    for its_unit, its_test, reason in skipped:
        if its_unit == unit and (re.search(its_test[1:], test) if its_test.startswith("/") else its_test == test):
            return reason
    return "no reason"


def read_unit(path, unit, skipped):
    """The results of a file: passed, failed and skipped tests, and how it ended."""
    result = {"passed": [], "failed": {}, "unsteady": [], "skipped": Counter(), "end": "not finished", "seconds": 0}
    details = None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in (line.rstrip("\n") for line in file):
            if match := RESULT.fullmatch(line):
                kind, what = match.groups()
                details = None
                if kind == "ok":
                    result["passed"].append(re.sub(r" \(\d+ ms\)$", "", what))
                elif kind == "skip":
                    result["skipped"][why(skipped, unit, what)] += 1
                elif kind == "ignore":
                    match = REASON.fullmatch(what)
                    result["skipped"][match[2] if match else what] += 1
                else:
                    name = what.removesuffix(f" in tests/{unit}.tcl") if kind == "err" else f"{kind}: {what}"
                    details = result["failed"].setdefault(name, [])
            elif match := END.fullmatch(line):
                result["end"], result["seconds"] = match[1], int(match[2])
            elif line.strip() == "The End" or line.startswith("["):
                details = None
            elif details is not None and len(details) < 20:
                details.append(line)
    return result


def only_twice(result, first):
    """What fails in only one of two runs of a file is unsteady."""
    result["unsteady"] = sorted(set(result["failed"]) ^ set(first["failed"]))
    result["failed"] = {name: details for name, details in result["failed"].items() if name in first["failed"]}


def read(logs, server, skipped):
    """unit -> its results, in the order in which they were run."""
    folder = os.path.join(logs, server)
    paths = [path for path in glob.glob(os.path.join(folder, "*.log")) if not path.endswith("/server.log")]
    units = {}
    for path in sorted(paths, key=lambda path: os.stat(path).st_mtime_ns):
        unit = os.path.basename(path).removesuffix(".log").replace(".", "/")
        units[unit] = read_unit(path, unit, skipped)
        first = path.removesuffix(".log") + ".first"
        if os.path.exists(first):
            only_twice(units[unit], read_unit(first, unit, skipped))
    return units


def worse(units, base):
    """What fails in ring 0 and not in user space."""
    for unit, ours in units.items():
        theirs = base.get(unit, {"passed": [], "failed": {}, "end": "finished"})
        if ours["end"] != "finished" and theirs["end"] == "finished":
            yield f"{unit}: {ours['end']}"
        for name in ours["failed"]:
            if name not in theirs["failed"]:
                yield f"{unit}: {name}"
    for unit in base:
        if unit not in units:
            yield f"{unit}: not run"


def columns(first, cells):
    """A line of the table."""
    return f"{first:28}" + "".join(f"{cell:>22}" for cell in cells)


def counted(result):
    """Passed, failed, skipped, as numbers."""
    return len(result["passed"]), len(result["failed"]), sum(result["skipped"].values())


def cell(result):
    """The same as words; a file that did not come to its end has a mark."""
    if result is None:
        return "-"
    passed, failed, skipped = counted(result)
    return f"{'' if result['end'] == 'finished' else '! '}{passed:6}{failed:6}{skipped:6}"


def describe(results, found):
    """The lines of the text."""
    units = list(dict.fromkeys(unit for of_server in results.values() for unit in of_server))
    rows = {unit: [of_server.get(unit) for of_server in results.values()] for unit in units}
    empty = [unit for unit in units if all(row and row["end"] == "finished" and not any(counted(row)[:2]) for row in rows[unit])]
    yield "Redis's own test suite: passed, failed, skipped"
    yield columns("", results)
    for unit in units:
        if unit not in empty:
            yield columns(unit, map(cell, rows[unit]))
    sums = [[sum(column) for column in zip(*map(counted, of_server.values()))] for of_server in results.values()]
    yield columns("all", ["".join(f"{count:6}" for count in counts) for counts in sums])
    if empty:
        yield f"\nnothing to run in {len(empty)} files, which want several servers or to start them: {', '.join(empty)}"
    for server, of_server in results.items():
        yield f"\n{server}: skipped, and why (a group of tests that the suite leaves out counts as one)"
        for unit, result in of_server.items():
            for reason, count in result["skipped"].items():
                if unit not in empty:
                    yield f"  {unit:28}{count:4}  {reason}"
        yield f"\n{server}: failed"
        for unit, result in of_server.items():
            if result["end"] != "finished":
                yield f"  {unit}: {result['end']}"
            for name, details in result["failed"].items():
                yield f"  {unit}: {name}"
                yield from (f"      {line}" for line in details[:3])
        yield from (f"  {unit}: in one run of two: {name}" for unit, result in of_server.items() for name in result["unsteady"])
    for server, names in found.items():
        yield f"\n{server}: fails, and with the same objects in user space it does not: {len(names)}"
        yield from (f"  {name}" for name in names)


def main():
    """Writes the result and prints it."""
    logs, skipped, output, servers = sys.argv[1:]
    results = {server: read(logs, server, read_skipped(skipped)) for server in servers.split()}
    found = {server: list(worse(results[server], results.get(BASE, {}))) for server in results if server.startswith("ukl")}
    lines = list(describe(results, found))
    with open(output + ".json", "w", encoding="utf-8") as file:
        json.dump({"schema": "ukl-redis-suite", "version": 1, "servers": results, "worse_than_" + BASE: found}, file, indent=1)
        file.write("\n")
    with open(output + ".txt", "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print("\n".join(lines))
    return any(found.values()) or not all(results.values())


sys.exit(main())
