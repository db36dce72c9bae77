# SPDX-License-Identifier: GPL-2.0
"""report.py SAMPLES JSON: turns what guest.sh printed into a JSON file and a table."""

import re
import sys

from samples import NOT_COUNTED, figure, figures, means, nested, per_request, raw, read, write

ECHO = ["user_epoll", "user_uring", "blocking", "readiness", "inplace", "spin"]
GET = ["redis_server", "kv"]
FLOOR = ["user_epoll", "user_uring", "inplace"]
IDLE = ["user_epoll", "readiness", "inplace"]
# What may be at most so many times what.
RATIOS = [
    ("echo.inplace", 0.85, "echo.user_epoll"),
    ("get.kv", 0.75, "get.redis_server"),
    ("idle.readiness.with", 1.10, "idle.readiness.without"),
    ("idle.inplace.with", 1.10, "idle.inplace.without"),
]
# What was aimed at and is out of reach, for the reason given: reported, and no failure.
GOALS = [
    (
        "get.kv",
        0.50,
        "get.redis_server",
        "floor.inplace, which answers 50 connections without looking at what they ask, takes more: "
        "a packet sent over loopback costs about half of what redis-server takes in all",
    ),
]
# Bytes.
LIMITS = [("idle.readiness.bytes", 256), ("idle.inplace.bytes", 256)]
# The caches that a connected TCP socket takes objects of in any case: struct sock, struct socket with its inode and
# the security module's part of that, and, as long as nobody has accepted it, its request.
SOCKET = re.compile("(request_sock_|tw_sock_)?TCP(v6)?|sock_inode_cache|lsm_inode_cache|tcp_bind2?_bucket")
KV_NOTE = "kv is a smaller program than Redis: it has no expiry, no eviction, no persistence, no scripting"
MEMORY_NOTE = (
    "growth, while the idle connections were opened and each asked once, of all slab caches (objects in use) but those "
    "of the sockets themselves, and of all pages that are neither free nor a slab cache's; minus the same growth for "
    "connections that nobody accepted, which is the client's side; divided by the connections. What else the kernel does with "
    "its pages meanwhile is in it: 10 %"
)


def beyond(memory, server, connections):
    """Bytes that a server takes for an idle connection beyond its socket."""

    def growth(what):
        return sum(size for name, size in memory[what].items() if not SOCKET.fullmatch(name))

    return round((growth(f"idle.{server}.with") - growth("idle.baseline")) / connections, 1)


def results(facts, windows, memory):
    """name -> instructions of the server per request, bytes; name -> the same of the whole machine."""
    server, machine = means(windows)
    for name in IDLE:
        if "idle.baseline" in memory and f"idle.{name}.with" in memory:
            server[f"idle.{name}.bytes"] = beyond(memory, name, facts["idle_connections"])
    return server, machine


def its_figures(facts, windows, server):
    """All of them, as the suite takes them. What 50 clients and a server do, falls into one of several rhythms: 2 %."""
    busy, idle = facts["busy_connections"], facts["idle_connections"]
    titles = {
        "echo": "echo of 32 bytes, 1 connection",
        "get": "GET of 3 bytes, 50 connections",
        "floor": "echo, 50 connections",
        "idle_without": f"echo, {busy} busy connections",
        "idle_with": f"echo, {busy} busy, {idle:,} idle",
    }
    bases = {"echo": "user_epoll", "get": "redis_server", "floor": "user_epoll", "idle_without": "user_epoll"}
    result = []
    for what, samples in per_request(windows).items():
        group, system, *which = what.split(".")
        workload = "_".join([group, *which])
        base = f"echo.idle_without.{system}" if workload == "idle_with" else bases.get(workload)
        result.append(
            figure(
                *("echo", workload, system, samples),
                unit="instructions of the server per request",
                value=server[what],
                of=None if base == system else base,
                noise=0.01 if group == "echo" else 0.02,
                title=titles[workload],
            )
        )
    for name in IDLE:
        if f"idle.{name}.bytes" in server:
            result.append(
                figure(
                    *("echo", "idle_bytes", name, [server[f"idle.{name}.bytes"]]),
                    unit="bytes per idle connection beyond its socket",
                    of=None if name == "user_epoll" else "user_epoll",
                    noise=0.1,
                    title=f"{idle:,} idle connections",
                )
            )
    return figures(result)


def judge(server):
    """The targets: name, what it may be, what it is, whether that is met."""
    targets = []
    for what, share, base in RATIOS:
        ratio = round(server[what] / server[base], 4) if what in server and base in server else None
        targets.append({"what": what, "of": base, "limit": share, "is": ratio})
    for what, limit in LIMITS:
        targets.append({"what": what, "limit": limit, "is": server.get(what)})
    for what, share, base, why in GOALS:
        ratio = round(server[what] / server[base], 4) if what in server and base in server else None
        targets.append({"what": what, "of": base, "limit": share, "is": ratio, "out_of_reach": why})
    for target in targets:
        target["met"] = target["is"] is not None and target["is"] <= target["limit"]
    return targets


def describe(target):
    """A target in words."""
    share = "of" in target
    amount = (lambda number: f"{number:.1%}") if share else (lambda number: f"{number:g}")
    limit = f"{target['limit']:.0%} of {target['of']}" if share else f"{target['limit']}"
    value = "not measured" if target["is"] is None else amount(target["is"])
    verdict = "met" if target["met"] else "OUT OF REACH" if "out_of_reach" in target else "MISSED"
    return f"{target['what']}, at most {limit}: {verdict} ({value})"


def table(facts, server, machine, targets):
    """Prints them and the targets."""

    def rows(group, names, base):
        for name in names:
            what = f"{group}.{name}"
            if what in server:
                share = f"{server[what] / server[base]:.1%}" if base in server else ""
                print(f"  {name:14}{server[what]:>12,.0f}{share:>10}{machine[what]:>18,.0f}")

    release = facts["kernel_release"]
    print(f"instructions per request, mean of the windows (kernel {release}, 1 CPU, -icount, loopback)")
    print(f"{'32-byte echo':16}{'server':>12}{'share':>10}{'client + server':>18}")
    rows("echo", ECHO, "echo.user_epoll")
    print(f"GET of 3 bytes, 50 connections, by redis-benchmark, no pipelining; redis-server {facts['redis_version']}")
    rows("get", GET, "get.redis_server")
    print(f"  note: {KV_NOTE}")
    if "floor.user_epoll" in server:
        print("32-byte echo, 50 connections: a floor for GET, as the answers do not look at what was asked")
        rows("floor", FLOOR, "floor.user_epoll")
    idle, busy = facts["idle_connections"], facts["busy_connections"]
    print(f"32-byte echo, {busy} busy connections, and {idle:,} idle ones")
    print(f"  {'':14}{'without':>12}{'with':>10}{'ratio':>10}{'bytes per idle connection beyond its socket':>46}")
    for name in IDLE:
        without, both = (server.get(f"idle.{name}.{which}") for which in ("without", "with"))
        if both is not None:
            size = server.get(f"idle.{name}.bytes", float("nan"))
            print(f"  {name:14}{without:>12,.0f}{both:>10,.0f}{both / without:>10.3f}{size:>46,.0f}")
    for target in targets:
        print(f"target {describe(target)}")
    print(f"note: {NOT_COUNTED}")


def main():
    """Exit status 1 if a target is missed."""
    facts, windows, runs, memory = read(sys.argv[1])
    server, machine = results(facts, windows, memory)
    targets = judge(server)
    values = nested(server)
    result = {
        "schema": "ukl-bench-echo",
        "version": 1,
        "kernel": facts["kernel_release"],
        "accelerator": "tcg, -icount shift=0,sleep=off",
        "cpus": 1,
        "unit": "instructions of the server per request, mean of the windows; idle.*.bytes: bytes per connection",
        "not_counted": NOT_COUNTED,
        "configuration": {
            "echo": "32 bytes, 1 connection, closed loop; spin is inplace that may spin, which ends with the first "
            "task that wants the one CPU",
            "get": "redis-benchmark -t get -c 50 -P 1 -d 3; " + KV_NOTE,
            "idle_bytes": MEMORY_NOTE,
        }
        | {name: value for name, value in facts.items() if name != "kernel_release"},
        "echo": values.get("echo", {}),
        "get": values.get("get", {}),
        "floor": values.get("floor", {}),
        "idle": values.get("idle", {}),
        "client_and_server": nested(machine),
        "targets": targets,
        "figures": its_figures(facts, windows, server),
        "memory": memory,
    }
    write(sys.argv[2], result | raw(windows, runs))
    table(facts, server, machine, targets)
    missed = [describe(target) for target in targets if not target["met"] and "out_of_reach" not in target]
    if missed:
        sys.exit("bench-echo: missed: " + "; ".join(missed))


if __name__ == "__main__":
    main()
