#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""uncovered.py LCOV: the functions and the lines that were never reached, file by file, most lines first."""

import collections
import re
import subprocess
import sys


class File:
    """What is known of a source file."""

    def __init__(self):
        self.lines = {}
        self.functions = collections.defaultdict(dict)

    def unreached_lines(self):
        return sorted(line for line, count in self.lines.items() if not count)

    def unreached_functions(self):
        """The line and one name of each, if no instance of it was reached."""
        for line, names in sorted(self.functions.items()):
            if not any(names.values()):
                yield line, min(names, key=len)


def read(lcov):
    files = collections.defaultdict(File)
    for record in lcov:
        kind, _, rest = record.rstrip("\n").partition(":")
        if kind == "SF":
            file = files[rest.removeprefix("/ukl/")]
            line_of = {}
        elif kind == "FN":
            line, name = rest.split(",", 1)
            line_of[name] = int(line)
        elif kind == "FNDA":
            count, name = rest.split(",", 1)
            names = file.functions[line_of[name]]
            names[name] = names.get(name, 0) + int(count)
        elif kind == "DA":
            line, count = map(int, rest.split(",")[:2])
            file.lines[line] = file.lines.get(line, 0) + count
    return files


def demangle(names):
    """Without the hashes of crates, and without the file of a C function."""
    output = subprocess.run(["llvm-cxxfilt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    short = [re.sub(r"\[[0-9a-f]{8,}\]", "", name).rpartition(":c:")[2] for name in output.splitlines()]
    return dict(zip(names, short))


def ranges(lines):
    """[1, 2, 3, 5] as 1-3, 5."""
    runs = []
    for line in lines:
        if runs and runs[-1][1] == line - 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def main():
    with open(sys.argv[1], encoding="utf-8") as lcov:
        files = read(lcov)
    functions = {name: list(file.unreached_functions()) for name, file in files.items()}
    names = demangle([name for found in functions.values() for _, name in found])
    lines = {name: file.unreached_lines() for name, file in files.items()}
    count, of = sum(map(len, functions.values())), sum(len(file.functions) for file in files.values())
    print(f"never reached: {count} of {of} functions,", end=" ")
    count, of = sum(map(len, lines.values())), sum(len(file.lines) for file in files.values())
    print(f"{count} of {of} lines\n")
    for name in sorted(files, key=lambda name: (-len(lines[name]), name)):
        if not lines[name] and not functions[name]:
            continue
        print(f"{name}: {len(lines[name])} of {len(files[name].lines)} lines: {ranges(lines[name])}")
        for line, function in functions[name]:
            print(f"\t{line}: {names[function]}")


main()
