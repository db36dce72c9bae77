# SPDX-License-Identifier: GPL-2.0
"""compare.py OLD NEW: the figures of two runs of the suite that differ by more than noise. STRICT=1: exit status 1 if
something became worse; 2 if they cannot be compared."""

import json
import os
import sys

SCHEMA, VERSION = "ukl-bench", 1
# By what share two runs of a deterministic figure differ, unless its part says more.
NOISE = 0.01
# What has to be the same for a figure to be the same.
SAME = ("unit", "clock", "deterministic", "network", "accelerator", "better", "of")


def refuse(why):
    """Ends the comparison with one line."""
    print(f"bench-compare: {why}", file=sys.stderr)
    sys.exit(2)


def load(path, what):
    """A bench.json."""
    try:
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
    except (OSError, ValueError) as error:
        refuse(f"{what} cannot be read: {error}")
    if not isinstance(result, dict) or result.get("schema") != SCHEMA:
        refuse(f"{what} is not the bench.json of a run of the suite")
    return result


def check_versions(old, new):
    """Both have to be of the version that this program knows."""
    versions = old.get("version"), new.get("version")
    if versions[0] != versions[1]:
        refuse(
            f"OLD is of version {versions[0]} of the schema, NEW of {versions[1]}: run the suite again for one of them"
        )
    if versions[0] != VERSION:
        refuse(f"both are of version {versions[0]} of the schema, of which this program, of {VERSION}, knows nothing")


def change(before, after):
    """What became of a figure beyond noise: a line's columns; None if nothing. The last says whether it is worse."""
    if before["deterministic"]:
        was, is_now = before["value"], after["value"]
        allowed = max(NOISE, before.get("noise", 0), after.get("noise", 0))
        beyond = abs(is_now - was) > allowed * abs(was)
        texts = f"{was:,.6g}", f"{is_now:,.6g}", f"beyond {allowed:.0%}"
    elif "ratio_interval" in before and "ratio_interval" in after:
        was, is_now = before["ratio"], after["ratio"]
        (low, high), (least, most) = before["ratio_interval"], after["ratio_interval"]
        beyond = high < least or most < low
        texts = f"{was:.1%}", f"{is_now:.1%}", f"{low:.1%}-{high:.1%}, {least:.1%}-{most:.1%}"
    else:
        return None
    if not beyond:
        return None
    worse = (is_now > was) == (before.get("better", "less") == "less")
    by = f"{is_now / was - 1:+.1%}" if was else "from 0"
    return [before["id"], texts[0], texts[1], by, "worse" if worse else "better", texts[2]]


def of_one_only(old, new):
    """Lines on figures that one of the runs has not, or that are not the same thing in both."""
    result = [f"only in OLD: {name}" for name in old if name not in new]
    result += [f"only in NEW: {name}" for name in new if name not in old]
    for name in old.keys() & new.keys():
        other = [key for key in SAME if old[name].get(key) != new[name].get(key)]
        if other:
            result.append(f"not compared: {name}, of another {', '.join(other)}")
    return sorted(result)


def conditions(old, new):
    """Lines on what else is not the same, but for the commit, which is what one compares."""
    for what in ("kernel", "host", "configuration"):
        before, after = old.get(what), new.get(what)
        if what != "kernel":
            keys = (before.keys() | after.keys()) - {"commit", "modified"}
            keys = sorted(key for key in keys if before.get(key) != after.get(key))
            before, after = ({key: side.get(key) for key in keys} for side in (before, after))
        if before != after:
            yield f"note: another {what}: {before}, then {after}"


def failures(old, new):
    """Lines on parts that passed and fail now."""
    for name, part in new["parts"].items():
        if part["status"] == "failed" and old["parts"].get(name, part)["status"] == "passed":
            yield f"worse: the part {name} fails"


def show(rows):
    """Prints rows as a table."""
    rows = [["figure", "old", "new", "change", "", "noise"], *rows]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        first, *rest = (f"{text:{'<' if i in (0, 4, 5) else '>'}{widths[i]}}" for i, text in enumerate(row))
        print("  ".join([first, *rest]).rstrip())


def main():
    """Prints what changed."""
    old, new = load(sys.argv[1], "OLD"), load(sys.argv[2], "NEW")
    check_versions(old, new)
    before, after = ({one["id"]: one for one in run["figures"]} for run in (old, new))
    both = [
        name for name in before if name in after and all(before[name].get(key) == after[name].get(key) for key in SAME)
    ]
    rows = [row for row in (change(before[name], after[name]) for name in both) if row]
    rows.sort(key=lambda row: (row[4] != "worse", row[0]))
    failed = list(failures(old, new))
    if rows:
        show(rows)
    for line in [*failed, *of_one_only(before, after), *conditions(old, new)]:
        print(line)
    walls = [name for name in both if not before[name]["deterministic"] and "ratio_interval" not in before[name]]
    if walls:
        print(f"note: {len(walls)} figures in wall time that are a share of nothing say nothing: not compared")
    print(f"{len(both)} figures in both, {len(rows)} changed beyond noise")
    if os.environ.get("STRICT") == "1" and (failed or any(row[4] == "worse" for row in rows)):
        sys.exit("bench-compare: something became worse")


if __name__ == "__main__":
    main()
