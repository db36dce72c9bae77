# SPDX-License-Identifier: GPL-2.0
"""What the reports of measurements share: the lines of samples, and how results are written."""

import json
import re
import statistics

NOT_COUNTED = (
    "-icount counts instructions, not cycles: what a real syscall and sysret, the mitigations at that edge and cache "
    "misses cost beyond one instruction each is left out, so the gain is understated; every repetition of a "
    "rep movsb (a byte copied) counts as one instruction. A send over loopback contains the TCP input of the client."
)


def read(path):
    """What is known of the machine; the windows, the runs and the memory of each thing measured."""
    facts, windows, runs, memory = {}, {}, {}, {}
    with open(path, encoding="ascii") as file:
        for line in file:
            what, kind, *rest = line.split()
            if kind == "window":
                windows.setdefault(what, []).append([int(number) for number in rest])
            elif kind == "run":
                runs.setdefault(what, []).append([int(number) for number in rest])
            elif kind == "memory":
                memory.setdefault(what, {})[rest[0]] = int(rest[1])
            else:
                facts[what] = int(kind) if kind.isdigit() and not rest else " ".join([kind, *rest])
    windows |= {what: differences(its_runs) for what, its_runs in runs.items()}
    return facts, windows, runs, memory


def differences(runs):
    """Runs with many requests as windows: without what runs with few take, which is mostly connecting."""
    few = min(runs)[0]
    server, machine = (statistics.median(run[i] for run in runs if run[0] == few) for i in (1, 2))
    return [[run[0] - few, run[1] - server, run[2] - machine] for run in runs if run[0] != few]


def medians(windows):
    """name -> instructions of the server per request; name -> the same of the whole machine."""
    server, machine = {}, {}
    for what, samples in windows.items():
        server[what] = round(statistics.median(used / requests for requests, used, _ in samples), 1)
        machine[what] = round(statistics.median(total / requests for requests, _, total in samples), 1)
    return server, machine


def nested(flat):
    """{"a.b": 1} as {"a": {"b": 1}}."""
    result = {}
    for name, value in flat.items():
        *groups, last = name.split(".")
        place = result
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return result


def raw(windows, runs):
    """The windows and runs themselves, as they go into a result."""
    return {
        "samples": {
            what: {
                "requests": samples[0][0],
                "server": [used for _, used, _ in samples],
                "client_and_server": [total for _, _, total in samples],
            }
            for what, samples in windows.items()
        },
        "runs": {
            what: dict(zip(("requests", "server", "client_and_server"), map(list, zip(*its_runs))))
            for what, its_runs in runs.items()
        },
    }


def write(path, result):
    """A result as JSON, with a list of numbers on one line."""
    text = re.sub(r"\[[^]{}]*]", lambda numbers: " ".join(numbers[0].split()), json.dumps(result, indent=1))
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")
