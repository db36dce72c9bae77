# SPDX-License-Identifier: GPL-2.0
"""report.py PROGRAM SAMPLES JSON: turns what guest.sh printed into a JSON file and a table."""

import os
import sys

from samples import NOT_COUNTED, figure, figures, means, nested, per_request, raw, read, write

SERVERS = ["debian", "debian_batch", "same_objects", "ukl", "ukl_bypass", "ukl_other"]
TESTS = {
    "get": "GET of 3 bytes",
    "set": "SET of 3 bytes",
    "get_1k": "GET of 1,024 bytes",
    "set_1k": "SET of 1,024 bytes",
    "mix": "get and set, 9:1, keys of 32 bytes, values of 128",
}
# ukl_bypass may be at most so many times debian.
LIMITS = {"get": 0.79, "set": 0.79, "get_1k": 0.79, "set_1k": 0.79, "mix": 0.87}
CLIENTS = {
    "redis": "redis-benchmark, 50 clients, no pipelining; without persistence",
    "memcached": "memcaslap, 50 clients; 4 threads",
}


def judge(tests, server):
    """The targets: what, what it may be, what it is, whether that is met."""
    targets = []
    for test in tests:
        if test in LIMITS:
            what, base = f"{test}.ukl_bypass", f"{test}.debian"
            ratio = round(server[what] / server[base], 4) if what in server and base in server else None
            met = ratio is not None and ratio <= LIMITS[test]
            targets.append({"what": what, "of": base, "limit": LIMITS[test], "is": ratio, "met": met})
    return targets


def describe(target):
    """A target in words."""
    verdict = "not measured" if target["is"] is None else "met" if target["met"] else "MISSED"
    value = "" if target["is"] is None else f" ({target['is']:.1%})"
    return f"{target['what']}, at most {target['limit']:.0%} of {target['of']}: {verdict}{value}"


def its_figures(program, windows, server):
    """All of them, as the suite takes them. With a server that is no batch task of ring 0, clients have several rhythms: 2 %."""
    result = []
    for what, samples in per_request(windows).items():
        test, system = what.split(".")
        result.append(
            figure(
                *(program, test, system, samples),
                unit="instructions of the server per request",
                value=server[what],
                of=None if system == "debian" else "debian",
                noise=0.01 if system in ("ukl", "ukl_bypass") and len(samples) >= 5 else 0.02,
                title=TESTS[test],
            )
        )
    return figures(result)


def table(program, facts, server, machine):
    """Prints them."""
    print(f"{program} {facts['version']}: instructions of the server per request, mean of the windows")
    print(f"(kernel {facts['kernel_release']}, 1 CPU, -icount, loopback; {CLIENTS[program]})")
    for test, words in TESTS.items():
        measured = [name for name in SERVERS if f"{test}.{name}" in server]
        if not measured:
            continue
        print(f"{words:50}{'server':>10}{'of debian':>12}{'same_objects':>14}{'client + server':>18}")
        for name in measured:
            what = f"{test}.{name}"
            line = f"  {name:48}{server[what]:>10,.0f}"
            for base, width in (("debian", 12), ("same_objects", 14)):
                share = f"{server[what] / server[f'{test}.{base}']:.1%}" if f"{test}.{base}" in server else ""
                line += f"{share:>{width}}"
            print(line + f"{machine[what]:>18,.0f}")


def main():
    """With STRICT=1, exit status 1 if a target is missed."""
    program, samples, output = sys.argv[1:]
    facts, windows, runs, _ = read(samples)
    server, machine = means(windows)
    tests = list(dict.fromkeys(what.split(".")[0] for what in windows))
    targets = judge(tests, server)
    commands = {name.split(".")[1]: value for name, value in facts.items() if name.startswith("command.")}
    result = {
        "schema": f"ukl-bench-{program}",
        "version": 1,
        "kernel": facts["kernel_release"],
        "accelerator": "tcg, -icount shift=0,sleep=off",
        "cpus": 1,
        "unit": "instructions of the server per request, mean of the windows",
        "not_counted": NOT_COUNTED,
        "program": f"{program} {facts['version']}",
        "client": CLIENTS[program],
        "tests": {test: TESTS[test] for test in tests},
        "commands": commands,
    }
    result |= nested(server)
    result |= {
        "client_and_server": nested(machine),
        "targets": targets,
        "figures": its_figures(program, windows, server),
    }
    write(output, result | raw(windows, runs))
    table(program, facts, server, machine)
    for target in targets:
        print(f"target {describe(target)}")
    print(f"note: {NOT_COUNTED}")
    if os.environ.get("STRICT") == "1" and not all(target["met"] for target in targets):
        sys.exit(f"bench-{program}: a target is missed")


main()
