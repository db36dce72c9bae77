# SPDX-License-Identifier: GPL-2.0
"""collect.py RECORD JSON: joins what the parts of one run measured, of which suite.sh has kept a record."""

import json
import os
import re
import sys

from samples import figures, write

SCHEMA, VERSION = "ukl-bench", 1
# What is taken over from a part's own JSON, to say how its figures came about.
ABOUT = ("kernel", "accelerator", "cpus", "program", "client", "not_counted", "targets")
NEEDED = ("id", "part", "workload", "system", "network", "clock", "unit", "deterministic", "value", "samples")


def read_record(path):
    """What suite.sh knows of the run; its parts: name, exit status, seconds, JSON."""
    run, settings, parts = {}, {}, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            kind, name, *rest = line.split()
            if kind == "part":
                status, seconds, path = rest
                parts.append((name, int(status), int(seconds), None if path == "-" else path))
            elif kind == "set":
                settings[name.lower()] = " ".join(rest)
            else:
                run[kind] = name
    return run, settings, parts


def read_part(name, path):
    """A part's own JSON, and its figures, which are checked."""
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    its_figures = result.get("figures", [])
    for one in its_figures:
        missing = [key for key in NEEDED if key not in one]
        if missing:
            raise ValueError(f"{one.get('id', 'a figure')} has no {', '.join(missing)}")
        if one["part"] != name:
            raise ValueError(f"{one['id']} is of the part {one['part']}")
    return result, figures(its_figures)


def join(record):
    """The whole result, and what is wrong with it."""
    run, settings, parts = read_record(record)
    about, all_figures, wrong = {}, [], []
    for name, status, seconds, path in parts:
        part = {"status": "failed" if status else "passed", "exit_status": status, "seconds": seconds}
        try:
            result, its_figures = read_part(name, path) if path else ({}, [])
        except (OSError, ValueError, TypeError, AttributeError) as error:
            result, its_figures = {}, []
            part |= {"status": "failed", "why": str(error)}
            wrong.append(f"{name}: {path}: {error}")
        part |= {key: result[key] for key in ABOUT if key in result}
        part["figures"] = len(its_figures)
        about[name] = part
        accelerator = part.get("accelerator")
        all_figures += [({"accelerator": accelerator} if accelerator else {}) | one for one in its_figures]
    kernels = sorted({part["kernel"] for part in about.values() if "kernel" in part})
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "date": run["date"],
        "kernel": ", ".join(kernels),
        "host": {"cpu": cpu_model(), "cpus": os.cpu_count(), "kernel": os.uname().release},
        "configuration": {
            "quick": settings.get("quick") == "1",
            "commit": run.get("commit"),
            "modified": run.get("modified") == "1",
        }
        | {name: value for name, value in settings.items() if name != "quick"},
        "parts": about,
        "figures": all_figures,
    }, wrong


def cpu_model():
    """The host's processor, as it calls itself."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        model = re.search(r"^model name\s*:\s*(.*)$", file.read(), re.MULTILINE)
    return model[1] if model else "unknown"


def main():
    """Exit status 1 if a part's JSON cannot be read."""
    record, output = sys.argv[1:]
    result, wrong = join(record)
    write(output, result)
    if wrong:
        sys.exit("bench: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
