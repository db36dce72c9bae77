# SPDX-License-Identifier: GPL-2.0
"""report.py JSON LAYERS...: turns the samples of each layer, as stacks.py counted them, into a JSON file and a table."""

import json
import math
import sys

from samples import NOT_COUNTED, figure, figures, write
from stacks import APPLICATION, LIBC, LINUX, ORDER, UKL

TESTS = {"get": "Redis: GET of 3 bytes", "mix": "memcached: get and set, 9:1"}
# A figure is of some layers: name -> words, layers. What is in none is the rest.
GROUPS = {
    "application": ("application, library", [APPLICATION, LIBC]),
    "ukl": ("ukl", [UKL, LINUX]),
    "calls": ("system call, VFS, epoll", ["system call, VFS, epoll, socket"]),
    "tcp": ("TCP", ["TCP receive", "TCP send", "TCP input of the client"]),
    "rest": ("scheduler, IP, interrupts", []),
}
GROUPS["rest"][1].extend(layer for layer in ORDER if not any(layer in layers for _, layers in GROUPS.values()))
SAMPLED = (
    "A layer's share is that of the samples of the server (cpu-clock, every 50,000 instructions) that are in it; where "
    "interrupts are off, the sample is taken when they are on again; a stack that is cut off (in ring 0, with its "
    "transition left out) counts where whole ones are that end in the same function. "
)


def share_noise(share, samples):
    """By how much the share of two runs may differ, in 19 of 20 cases, if the samples are independent."""
    return 1.96 * math.sqrt(2 * (1 - share) / (share * samples)) if share else 0.0


def its_figures(test, costs, layers):
    """Instructions of each group, with the periods of sampling as samples."""
    result = []
    for name, (title, members) in GROUPS.items():
        for system, cost in costs.items():
            counts = [sum(column) for column in zip(*(layers[system][layer] for layer in members))]
            periods = [sum(column) for column in zip(*layers[system].values())]
            share = sum(counts) / sum(periods)
            result.append(
                figure(
                    *("split", f"{test}_{name}", system),
                    [round(cost * count / all_of_it, 1) for count, all_of_it in zip(counts, periods)],
                    unit="instructions of the server per request",
                    value=round(cost * share, 1),
                    of=None if system == "debian" or name == "ukl" else "debian",
                    # Two runs measure costs that differ by 2 %.
                    noise=round(0.02 + share_noise(share, sum(periods)), 3),
                    title=title,
                    stack=TESTS[test],
                )
            )
    return result


def table(test, costs, measured):
    """Prints the groups."""
    print(f"{TESTS[test] + ', instructions of the server':44}" + "".join(f"{system:>24}" for system in costs))
    for name, (title, _) in GROUPS.items():
        line = f"  {title:42}"
        for system, cost in costs.items():
            one = next(one for one in measured if one["id"] == f"split.{test}_{name}.{system}")
            line += f"{one['value']:>12,.0f}{one['value'] / cost:>7.1%} ±{one['noise'] * one['value'] / cost:>4.1%}"
        print(line)
    print(f"  {'all':42}" + "".join(f"{cost:>12,.0f}{'':12}" for cost in costs.values()))


def main():
    """Joins the programs."""
    output, *paths = sys.argv[1:]
    result = {
        "schema": "ukl-bench-split",
        "version": 1,
        "accelerator": "tcg, -icount shift=0,sleep=off",
        "cpus": 1,
        "unit": "instructions of the server per request",
        "not_counted": SAMPLED + NOT_COUNTED,
        "layers": {name: {"title": title, "layers": members} for name, (title, members) in GROUPS.items()},
        "costs": {},
        "samples": {},
        "cut_off": {},
        "samples_of_layers": {},
    }
    measured = []
    for path in paths:
        with open(path, encoding="ascii") as file:
            profile = json.load(file)
        test, costs, layers = profile["test"], profile["costs"], profile["layers"]
        result["kernel"] = profile["facts"]["kernel_release"]
        result["costs"][test] = costs
        result["samples"][test] = {system: sum(map(sum, counts.values())) for system, counts in layers.items()}
        result["cut_off"][test] = profile["cut_off"]
        result["samples_of_layers"][test] = layers
        measured += its_figures(test, costs, layers)
    result["figures"] = figures(measured)
    write(output, result)
    for test, costs in result["costs"].items():
        table(test, costs, result["figures"])
    print(f"note: {SAMPLED}{NOT_COUNTED}")


if __name__ == "__main__":
    main()
