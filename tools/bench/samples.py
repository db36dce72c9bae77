# SPDX-License-Identifier: GPL-2.0
"""What the reports of measurements share: the lines of samples, figures, and how results are written."""

import json
import math
import re
import statistics

NOT_COUNTED = (
    "-icount counts instructions, not cycles: what a real syscall and sysret, the mitigations at that edge and cache "
    "misses cost beyond one instruction each is left out, so the gain is understated; every repetition of a "
    "rep movsb (a byte copied) counts as one instruction. A send over loopback contains the TCP input of the client."
)

# What figure() takes beside what every figure has.
MORE = set("network deterministic noise better family title x curve axis stack accelerator".split())


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
    server, machine = (statistics.mean(run[i] for run in runs if run[0] == few) for i in (1, 2))
    return [[run[0] - few, run[1] - server, run[2] - machine] for run in runs if run[0] != few]


def means(windows):
    """name -> instructions of the server per request; name -> the same of the whole machine. Where nothing else runs, no
    window is an outlier, and of a few the mean says more than the median."""
    server, machine = {}, {}
    for what, samples in windows.items():
        server[what] = round(statistics.mean(used / requests for requests, used, _ in samples), 1)
        machine[what] = round(statistics.mean(total / requests for requests, _, total in samples), 1)
    return server, machine


def per_request(windows):
    """name -> instructions of the server per request, of each window."""
    return {what: [round(used / requests, 1) for requests, used, _ in samples] for what, samples in windows.items()}


def interval(samples):
    """The 95 % interval of the median, from the order of the samples; of fewer than six, the lowest and the highest."""
    ordered, outside, cut = sorted(samples), 0.0, 0
    while (outside := outside + math.comb(len(ordered), cut) / 2 ** len(ordered)) <= 0.025:
        cut += 1
    cut = max(cut - 1, 0)
    return [ordered[cut], ordered[-1 - cut]]


def figure(part, workload, system, samples, *, unit, clock="instructions", of=None, **more):
    """One figure of a part: what was measured of a system under a workload.

    `samples` are in `unit`. `of` is the system of the same workload, or the id of a figure of the part, that this one
    is a share of; where a sample of each is of the same round, they have to be in the same order. More, all optional:

    value          what the samples come to, if not their median
    network        "loopback" unless said
    deterministic  whether another run gives the same; only the wall clock does not, unless said
    noise          by how much two runs of a deterministic figure may differ all the same, as a share (0.01)
    better         "less" unless said, or "more"
    family, title  which figures are in a chart together (the part's), and the workload, in words
    x, curve, axis the figure is a point of that curve, at x, which is what axis says
    stack          of what it is a part, with the other workloads of the same stack, which add up
    accelerator    if it is not that of the whole part
    """
    result = {"id": f"{part}.{workload}.{system}", "part": part, "workload": workload, "system": system}
    result |= {"network": "loopback", "clock": clock, "unit": unit, "deterministic": clock != "wall"}
    value = more.pop("value", None)
    result["value"] = float(f"{statistics.median(samples):.6g}") if value is None else value
    result["samples"] = list(samples)
    if of is not None:
        result["of"] = of if "." in of else f"{part}.{workload}.{of}"
    unknown = sorted(more.keys() - MORE)
    if unknown or clock not in ("instructions", "wall") or more.get("better", "less") not in ("less", "more"):
        raise ValueError(f"{result['id']}: not what a figure can have: {unknown or [clock, more.get('better')]}")
    if result["id"].count(".") != 2:
        raise ValueError(f"{result['id']}: the names of part, workload and system have no dots")
    if ("x" in more) != ("curve" in more):
        raise ValueError(f"{result['id']}: a point of a curve has both, curve and x")
    if "stack" in more and "curve" in more:
        raise ValueError(f"{result['id']}: what is a part of a stack is no point of a curve")
    return result | more


def figures(measured):
    """A part's figures, as they go into its JSON as "figures", with their ratios; of what was not measured there is no
    share. The ratio is that of the values; how far it may be off is said for the wall clock, as "ratio_interval"."""
    known = {one["id"]: one for one in measured}
    if len(known) != len(measured):
        raise ValueError(f"figures of the same id: {sorted(one['id'] for one in measured)}")
    result = []
    for one in measured:
        base = known.get(one.get("of"))
        if base is None or not base["value"]:
            one = {key: value for key, value in one.items() if key != "of"}
        else:
            one = one | {"ratio": round(one["value"] / base["value"], 4)}
            if not one["deterministic"] and all(base["samples"]):
                one["ratio_interval"] = ratio_interval(one, base)
        result.append(one)
    return result


def ratio_interval(one, base):
    """The interval of a ratio: of those of each round, if there are as many samples of both."""
    ours, theirs = one["samples"], base["samples"]
    if len(ours) == len(theirs):
        low, high = interval([mine / other for mine, other in zip(ours, theirs)])
    else:
        (low, high), (least, most) = interval(ours), interval(theirs)
        low, high = low / most, high / least
    return [round(min(low, one["ratio"]), 4), round(max(high, one["ratio"]), 4)]


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
