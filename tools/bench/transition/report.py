# SPDX-License-Identifier: GPL-2.0
"""report.py SAMPLES JSON: turns what syscalls.c and ukl_bench.c printed into a JSON file and a table."""

import re
import statistics
import sys

from samples import figure, figures, write

# What the system calls are called in syscalls.c; `syscall` is the first.
SYSCALLS = {"null": ["syscall"], "send": ["write", "sendto"], "recv": ["read", "recvfrom"]}
TITLES = {
    "null": "null call",
    "send_1": "send 1 byte",
    "recv_1": "receive 1 byte",
    "send_8k": "send 8 KiB",
    "recv_8k": "receive 8 KiB",
}
ROWS = [("null", "getppid"), ("send_1", "write"), ("recv_1", "read"), ("send_8k", "write"), ("recv_8k", "read")]
# What one side does with a number of bytes, in words.
DIRECTIONS = {"send": "send", "recv": "receive"}
# How much a null call in a process may differ from one on a kernel thread.
CARRIERS = 0.15
# The share of a second's instructions that a refresh of `ukl top` may take.
TOP = 0.005
# Of the null call: instructions, share of the system call's.
TARGETS = {"full": (60, 0.20), "same_stack": (40, None), "bypass": (12, 0.04)}
NOT_COUNTED = (
    "-icount counts instructions, not cycles: what a real syscall and sysret, the mitigations at that edge and cache "
    "misses cost beyond one instruction each is left out, so the gain is understated; every repetition of a "
    "rep movsb (a byte copied) or rep stosb (a byte set to zero) counts as one instruction."
)


def read(path):
    """The kernel's release, instructions of a refresh of `ukl top`, and
    side -> name -> (calls in a round, instructions of each round)."""
    release, top, sides = None, None, {"user": {}, "kernel": {}, "process": {}}
    with open(path, encoding="ascii") as file:
        for line in file:
            first, *rest = line.split()
            if first == "kernel_release":
                release = rest[0]
            elif first == "top":
                # An instruction takes a nanosecond.
                top = round((float(rest[1]) + float(rest[2])) * 1e9 / int(rest[0]))
            else:
                sides[first][rest[0]] = (int(rest[1]), [int(total) for total in rest[2:]])
    return release, top, sides


def per_call(side, choose):
    """name -> instructions per call, of the round that `choose` picks, without what measuring it costs."""
    cost = {name: choose(side[name][1]) / side[name][0] for name in ("loop", "interval")}
    result = {}
    for name, (calls, totals) in side.items():
        if "." in name:
            group, call = name.split(".")
            overhead = cost["loop" if group == "null" else "interval"]
            result.setdefault(group, {})[call] = round(choose(totals) / calls - overhead, 2)
    return result


def both(sides, choose):
    """group -> call -> instructions per call, of all sides; those of a process are called "process_…"."""
    user, kernel, process = (per_call(sides[side], choose) for side in ("user", "kernel", "process"))
    return {
        group: {"syscall": calls[SYSCALLS[group.split("_")[0]][0]]}
        | calls
        | kernel[group]
        | {f"process_{call}": count for call, count in process.get(group, {}).items()}
        for group, calls in user.items()
    }


def by_size(values):
    """(direction, bytes) -> call -> instructions per call, by size, of what both() has."""
    result = {}
    for group, calls in values.items():
        if match := re.fullmatch("(send|recv)_([0-9]+)(k?)", group):
            result[match[1], int(match[2]) * (1024 if match[3] else 1)] = calls
    return dict(sorted(result.items(), key=lambda item: item[0][1]))


def calibration(sides):
    """What the clock makes of one instruction, by side; it must be 1."""
    result = {}
    for name, side in sides.items():
        calls, totals = side["calibration"]
        result[name] = statistics.median(totals) / calls
        if abs(result[name] - 1) > 0.01:
            sys.exit(f"bench-transition: the clock of the {name} side counts {result[name]:.4f} an instruction, not 1")
    return result


def its_figures(sides, top):
    """The medians, as the suite takes them: of a kernel thread, of a process, by size; a refresh of `ukl top`."""
    result = []
    rounds = min(len(totals) for side in sides.values() for _, totals in side.values())
    by_round = [both(sides, lambda totals, i=i: totals[i]) for i in range(rounds)]
    median = both(sides, statistics.median)
    calls = [("", call) for call in ("syscall", *TARGETS)] + [("_in_process", call) for call in TARGETS]
    for group, title in TITLES.items():
        for suffix, call in calls:
            name = f"process_{call}" if suffix else call
            result.append(
                figure(
                    *("transition", group + suffix, call, [costs[group][name] for costs in by_round]),
                    unit="instructions per call",
                    value=median[group][name],
                    of=None if call == "syscall" else f"transition.{group}.syscall",
                    network="none" if group == "null" else "loopback",
                    family="transition" + suffix,
                    title=title + suffix.replace("_", " "),
                )
            )
    result += sizes(median, by_round)
    result.append(
        figure(
            *("transition", "top", "ukl_top", [top]),
            unit="instructions per refresh",
            network="none",
            noise=0.1,
            title="ukl top",
        )
    )
    return figures(result)


def sizes(median, by_round):
    """The curves of what was measured in all sizes."""
    result = []
    rounds = [by_size(costs) for costs in by_round]
    for (direction, size), costs in by_size(median).items():
        for call in ("syscall", *TARGETS):
            workload = f"{direction}_by_size_{size}"
            result.append(
                figure(
                    *("transition", workload, call, [one[direction, size][call] for one in rounds]),
                    unit="instructions per call",
                    value=costs[call],
                    of=None if call == "syscall" else f"transition.{workload}.syscall",
                    family="transition",
                    title=f"{DIRECTIONS[direction]} {size:,} bytes",
                    x=size,
                    curve=DIRECTIONS[direction],
                    axis="bytes",
                )
            )
    return result


def table_of_sizes(median):
    """Prints what the curves have."""
    costs = by_size(median)
    print("by size: the system call, and the shares of full transition, same stack and bypass")
    print(f"{'bytes':12}" + "".join(f"{call:>14}{'full':>8}{'same':>8}{'bypass':>8}" for call in ("write", "read")))
    for size in dict.fromkeys(size for _, size in costs):
        line = f"{size:<12,}"
        for direction in DIRECTIONS:
            calls = costs[direction, size]
            line += f"{calls['syscall']:>14,.0f}"
            line += "".join(f"{calls[call] / calls['syscall']:>8.1%}" for call in TARGETS)
        print(line)


def table(release, top, median):
    """Prints the medians; returns whether all targets are met."""
    met = True
    print(f"instructions per call, median of the rounds; share of the system call's (kernel {release}, 1 CPU, -icount)")
    print(f"{'':12}{'system call':>22}{'full':>18}{'same stack':>18}{'bypass':>18}")
    for group, syscall in ROWS:
        calls = median[group]
        base = calls["syscall"]
        line = f"{group:12}{syscall:>12}{base:>10.1f}"
        for call in ("full", "same_stack", "bypass"):
            line += f"{calls[call]:>10.1f}{calls[call] / base:>6.1%}  "
        print(line.rstrip())
    others = ("send_1", "sendto"), ("recv_1", "recvfrom"), ("send_8k", "sendto"), ("recv_8k", "recvfrom")
    table_of_sizes(median)
    print("also " + ", ".join(f"{group} {call} {median[group][call]:.1f}" for group, call in others))
    for call, (limit, share) in TARGETS.items():
        count, ratio = median["null"][call], median["null"][call] / median["null"]["syscall"]
        missed = count > limit or (share is not None and ratio > share)
        met = met and not missed
        verdict = "MISSED" if missed else "met"
        wanted = f"at most {limit}" + (f" and {share:.0%}" if share else "")
        print(f"target null.{call}, {wanted}: {verdict} ({count:.1f}, {ratio:.1%})")
    for call in TARGETS:
        there, here = median["null"][call], median["null"]["process_" + call]
        missed = abs(here / there - 1) > CARRIERS
        met = met and not missed
        print(
            f"target null.process_{call}, within {CARRIERS:.0%} of a kernel thread's: {'MISSED' if missed else 'met'} "
            f"({here:.1f}, {here / there - 1:+.1%})"
        )
    share = top / 1e9
    met = met and share <= TOP
    verdict = "met" if share <= TOP else "MISSED"
    print(f"target ukl top at 1 Hz, at most {TOP:.1%} of the instructions: {verdict} ({share:.2%}: {top} for each look)")
    print("note: " + NOT_COUNTED)
    return met


def main():
    """Exit status 1 if the clock does not count instructions or a target is missed."""
    release, top, sides = read(sys.argv[1])
    clock = calibration(sides)
    median = both(sides, statistics.median)
    result = {
        "schema": "ukl-bench-transition",
        "version": 1,
        "kernel": release,
        "accelerator": "tcg, -icount shift=0,sleep=off",
        "cpus": 1,
        "unit": "instructions per call, median of the rounds",
        "not_counted": NOT_COUNTED,
        "instructions_per_tick_of_the_clock": clock,
        **median,
        "top_refresh": top,
        "minimum": both(sides, min),
        "figures": its_figures(sides, top),
        "samples": {
            side: {name: {"calls": calls, "instructions": totals} for name, (calls, totals) in series.items()}
            for side, series in sides.items()
        },
    }
    write(sys.argv[2], result)
    if not table(release, top, median):
        sys.exit("bench-transition: a target is missed")


main()
