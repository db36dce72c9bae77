# SPDX-License-Identifier: GPL-2.0
"""report.py PART ACCELERATOR CPUS NETWORK SAMPLES JSON: turns what guest.sh printed into a JSON file and a table."""

import json
import math
import statistics
import sys

from samples import differences, figure, figures, write

NOTES = {
    "wall": "wall time under emulation is not that of a processor: what it says is the ratio of two systems that ran "
    "in turn. Host and guest share two CPUs, and what else the host does is in it.",
    "latency": "under emulation all takes some ten times as long as on a processor. What it says is how two systems compare.",
}
NOTES["control"] = NOTES["wall"]
NOTES["network"] = (
    NOTES["wall"] + " Instructions are those of the whole machine but for what it has to spare: the server's, and what the "
    "network takes in interrupts."
)
TITLES = {
    "echo": "echo of 32 bytes, 1 connection",
    "busy": "echo of 32 bytes, 10 connections",
    "echo_1": "echo of 32 bytes, 1 connection",
    "echo_50": "echo of 32 bytes, 50 connections",
    "get": "GET, 50 clients",
    "set": "SET, 50 clients",
    "get_1k": "GET of 1 KB, 50 clients",
    "set_1k": "SET of 1 KB, 50 clients",
    "mixed": "1 SET to 10 GETs, 50 clients",
    "get_pipeline_16": "GET, 50 clients, 16 at a time",
    "get_1_client": "GET, 1 client",
    "get_10_clients": "GET, 10 clients",
    "get_200_clients": "GET, 200 clients",
    "memcached_1_threads": "memcached, ETC mix, 1 thread",
    "memcached_4_threads": "memcached, ETC mix, 4 threads",
    "memcached_p99": "memcached, ETC mix, p99 within 30 ms",
}
# What is added to an answer, in microseconds, and how far off it may be measured.
ADDED, TOLERANCE = 1000, 0.1
# How far from 1 the ratio of a server to itself may be.
SAME = 0.02
# How uncertain a ratio may be and still say something, and how far apart the speeds of the host itself may be.
UNCERTAIN, STEADY = 0.05, 0.1
PERCENTILES = {"p50": "median", "p99": "99th percentile", "p99.9": "99.9th percentile"}


def read(path):
    """The kernel's release, and (workload, system) -> objects, in the order they were measured in. Of a search for a
    rate, what it found; no rate is one of 0."""
    release, samples = None, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            workload, system, *rest = line.split(maxsplit=2)
            if rest:
                sample = json.loads(rest[0])
                if "highest_rate" in sample:
                    sample = {"rate": sample["highest_rate"] or 0.0}
                elif workload.endswith("_p99"):
                    continue
                samples.setdefault((workload, system), []).append(sample)
            elif workload == "kernel_release":
                release = system
    return release, samples


def rates(part, samples, network="loopback"):
    """Requests per second."""
    first = {}
    for workload, system in samples:
        first.setdefault(workload, system)
    return [
        figure(
            *(part, workload, system, [one["rate"] for one in objects]),
            unit="requests per second",
            clock="wall",
            of=None if first[workload] == system else first[workload],
            better="more",
            family=part if part != "wall" else "wall_" + ("echo" if "echo" in workload else "redis_memcached"),
            title=TITLES[workload],
            network=network,
        )
        for (workload, system), objects in samples.items()
        if workload not in ("counted", "host")
    ]


def instructions(objects):
    """Instructions per request: as counted, or from runs with few requests and with many."""
    if "instructions" in objects[0]:
        return [one["instructions"] for one in objects]
    runs = [[one["requests"], one["machine"], one["machine"]] for one in objects]
    return [round(machine / requests, 1) for requests, machine, _ in differences(runs)]


def counted(part, samples, network):
    """The other clock."""
    network_part = part == "network"
    base = "debian" if network_part else "user_epoll"
    return [
        figure(
            *(part, workload, system, instructions(objects)),
            unit=f"instructions of the {'machine' if network_part else 'server'} per request",
            of=None if system == base else base,
            title=TITLES["get" if network_part else "echo"],
            accelerator=f"tcg, -icount shift=0,sleep={'on' if network_part else 'off'}",
            network=network,
            # Who asks from outside does so when the host lets it.
            deterministic=not network_part,
        )
        for (workload, system), objects in samples.items()
        if workload == "counted"
    ]


def curves(samples):
    """How long answers take, by what was asked for in a second."""
    for (workload, system), objects in samples.items():
        rate = int(workload.removeprefix("redis_"))
        for percentile, words in PERCENTILES.items():
            yield figure(
                *("latency", f"{workload}_{percentile.replace('.', '_')}", system),
                [one["latency_us"][percentile] for one in objects],
                unit="microseconds until the answer",
                clock="wall",
                of=None if system == "debian" else "debian",
                family="latency",
                title=f"{rate:,} requests per second",
                x=rate,
                curve=f"{words} of GET, 50 connections",
                axis="requests per second that are asked for",
            )


def mean(values):
    """Of values: their mean, and how far off it may be, as half of its 95 % interval."""
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return statistics.fmean(values), 1.96 * spread / math.sqrt(len(values))


def host_spread(samples):
    """How far apart the speeds of the host itself were, as a share: those of nine tenths of the time."""
    counts = sorted(count for one in samples.get(("host", "loop"), []) for count in one["counts"])
    if not counts:
        return 0.0
    skipped = len(counts) // 20
    return (counts[-1 - skipped] - counts[skipped]) / statistics.median(counts)


def control(samples):
    """The targets: whether the harness sees what there is, and nothing else. "met" is null where the host, or what was
    measured, is not steady enough to tell."""

    def by_round(workload, one, other, function):
        return mean([function(a["rate"], b["rate"]) for a, b in zip(samples[workload, one], samples[workload, other])])

    same, same_off = by_round("echo", "again", "user_epoll", lambda a, b: math.log(a / b))
    slower, slower_off = by_round("busy", "slowed_2ms", "slowed_1ms", lambda a, b: 1e6 / a - 1e6 / b)
    taken = {
        system: statistics.median(one["instructions"] for one in samples["counted", system])
        for system in ("user_epoll", "again", "slowed_1ms")
    }
    counted_same = taken["again"] / taken["user_epoll"]
    counted_slower = (taken["slowed_1ms"] - taken["user_epoll"]) / 1000
    steady = host_spread(samples) <= STEADY

    def met(clock, miss, off):
        tells = clock == "instructions" or (steady and off <= UNCERTAIN)
        return miss <= off if tells else None

    return [
        *(
            {
                "what": f"the same server again, {clock}: ratio",
                "limit": f"1 \u00b1 {SAME}",
                "is": round(value, 4),
                "uncertain": round(off, 4),
                "met": met(clock, abs(value - 1) - SAME, off),
            }
            for clock, value, off in (("wall time", math.exp(same), same_off), ("instructions", counted_same, 0.0))
        ),
        *(
            {
                "what": f"a server that is {ADDED} us slower for each request, {clock}: us",
                "limit": f"{ADDED} \u00b1 {TOLERANCE:.0%}",
                "is": round(value, 1),
                "uncertain": round(off, 1),
                "met": met(clock, abs(value / ADDED - 1) - TOLERANCE, off / ADDED),
            }
            for clock, value, off in (("wall time", slower, slower_off), ("instructions", counted_slower, 0.0))
        ),
    ]


def table(part, conditions, measured):
    """Prints the medians, and the ratios with their intervals."""
    print(f"{part}: medians of the rounds, and the ratio in a round ({conditions})")
    last, order = None, list(dict.fromkeys((one.get("curve"), one["workload"]) for one in measured))
    for one in sorted(measured, key=lambda one: order.index((one.get("curve"), one["workload"]))):
        title = f"{one['title']}{', ' + one['curve'] if 'curve' in one else ''}: {one['unit']}"
        if title != last:
            print(title)
        last = title
        share = ""
        if "ratio" in one:
            share = f"{one['ratio']:>8.3f}"
            if "ratio_interval" in one:
                low, high = one["ratio_interval"]
                share += f" ({low:.3f} to {high:.3f})"
        print(f"  {one['system']:16}{one['value']:>12,.0f}{share}")


def main():
    """Exit status 1 if the harness does not see what it should."""
    part, accelerator, cpus, network, path, output = sys.argv[1:]
    release, samples = read(path)
    if part == "latency":
        asked = {key: value for key, value in samples.items() if key[0].startswith("redis_")}
        found = {key: value for key, value in samples.items() if key[0] == "memcached_p99"}
        measured = figures([*curves(asked), *rates(part, found)])
    else:
        measured = figures([*rates(part, samples, network), *counted(part, samples, network)])
    targets = control(samples) if part == "control" else []
    note, spread = NOTES[part], host_spread(samples)
    if spread > STEADY:
        note += (
            f" THIS HOST IS NOT STEADY: a loop on its own ran at speeds that were {spread:.0%} apart. What is measured in wall "
            "time here says little or nothing."
        )
    result = {
        "schema": f"ukl-bench-{part}",
        "version": 1,
        "kernel": release,
        "accelerator": accelerator,
        "cpus": int(cpus),
        "not_counted": note,
        "host_spread": round(spread, 3),
        "targets": targets,
        "figures": measured,
        "samples": {f"{workload}.{system}": objects for (workload, system), objects in samples.items()},
    }
    write(output, result)
    table(part, f"kernel {release}, {accelerator}, CPUs: {cpus}, {network}", measured)
    for target in targets:
        verdict = {True: "met", False: "MISSED", None: "cannot be told"}[target["met"]]
        print(f"target {target['what']}, {target['limit']}: {verdict} ({target['is']}, give or take {target['uncertain']})")
    print(f"note: {note}")
    if any(target["met"] is False for target in targets):
        sys.exit(f"bench-{part}: the harness does not see what it should; is the host busy?")


if __name__ == "__main__":
    main()
