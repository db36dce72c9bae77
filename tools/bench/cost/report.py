# SPDX-License-Identifier: GPL-2.0
"""report.py SAMPLES JSON: turns what guest.sh printed into a JSON file and tables."""

import statistics
import sys

from samples import NOT_COUNTED, figure, figures, per_request, read, write

PROGRAMS = {"redis": "Redis", "memcached": "memcached", "hello": "hello_c"}
# What a thread's memory is, of what /proc/meminfo has; the rest are slab caches and pages that it has no word for.
PARTS = ["KernelStack", "PageTables", "AnonPages", "VmallocUsed"]
CURVES = {
    "get": ("Redis: GET of 3 bytes", "debian"),
    "echo": ("echo of 32 bytes", "user_epoll"),
}
THREADS = (
    "growth of the memory of the whole machine (objects in use of all slab caches, and all pages that are neither free "
    "nor a slab cache's) by so many threads more than 16, each of which waits; divided by them"
)
IDLE = (
    "the same for idle connections, each asked once 20 seconds before; minus the growth for as many that nobody "
    "accepted, which is the client's side and the bare TCP sockets of the server's"
)
START = (
    "instructions of the whole machine from exec() of the server or of `ukl run` to the first answer, without those of "
    "the program that asks; ukl_bypass loads the program's module, ukl_loaded finds it loaded; ukl_linux.ko always is"
)


def middle(samples):
    """The mean of the middle half: the timer's interrupts fall into some starts and not into others."""
    ordered = sorted(samples)
    cut = len(ordered) // 4
    return statistics.mean(ordered[cut : len(ordered) - cut])


def of_a_request(windows):
    """name -> what its samples come to."""
    return {
        what: middle(samples) if what.startswith("start_") else statistics.median(samples)
        for what, samples in per_request(windows).items()
    }


def threads(facts, memory):
    """system -> bytes per thread: all, and its parts; and of its stack."""
    result = {}
    for what, uses in memory.items():
        workload, system = what.split(".")
        if workload == "threads":
            parts = memory[f"threads_parts.{system}"]
            result[system] = {"all": round(sum(uses.values()) / facts["threads"])}
            result[system] |= {name: round(parts[name] / facts["threads"]) for name in (*PARTS, "VmSize")}
            result[system]["stack"] = parts["stack"]
    return result


def idle(memory):
    """(program, connections) -> system -> bytes per connection."""
    result = {}
    for what, uses in memory.items():
        workload, system = what.split(".")
        group, *which = workload.split("_")
        baseline = memory.get(f"idle_{which[-1]}.baseline") if which else None
        if group == "idle" and len(which) == 2 and baseline:
            program, count = which[0], int(which[1])
            beyond = sum(uses.values()) - sum(baseline.values())
            result.setdefault((program, count), {})[system] = round(beyond / count)
    return result


def its_figures(per_thread, per_connection, windows, server):
    """All of them, as the suite takes them."""
    result = []
    for system, sizes in per_thread.items():
        result.append(
            figure(
                *("cost", "thread", system, [sizes["all"]]),
                unit="bytes per thread",
                of=None if system == "user" else "user",
                noise=0.05,
                title="a thread that waits",
            )
        )
    for (program, count), sizes in per_connection.items():
        for system, size in sizes.items():
            result.append(
                figure(
                    *("cost", f"idle_{program}_{count}", system, [size]),
                    unit="bytes per idle connection",
                    of=None if system == "debian" else "debian",
                    noise=0.05,
                    title=f"{PROGRAMS[program]}, {count:,} idle connections",
                )
            )
    for what, samples in per_request(windows).items():
        workload, system = what.split(".")
        group, which = workload.split("_")
        if group == "start":
            base = "same_objects" if which == "hello" else "debian"
            more = {"unit": "instructions until the first answer", "title": f"start of {PROGRAMS[which]}"}
            # Half a tick of the clock is so much of a short start.
            more |= {"value": float(f"{server[what]:.6g}"), "noise": 0.05 if which == "hello" else 0.02}
        else:
            title, base = CURVES[group]
            more = {"unit": "instructions of the server per request", "title": f"{title}, {int(which):,} connections"}
            more |= {"x": int(which), "curve": f"{title}, by connections", "axis": "connections", "noise": 0.02}
        of = None if system == base else base
        result.append(figure("cost", workload, system, samples, of=of, **more))
    return figures(result)


def share(value, base):
    """A column: a value, and what it is of another."""
    return f"{value:>14,.0f}" + (f"{value / base:>8.1%}" if base else f"{'':8}")


def print_threads(facts, per_thread):
    """What a thread takes, and of what."""
    heads = {"KernelStack": "kernel stack", "PageTables": "page tables", "AnonPages": "anonymous"}
    heads |= {"VmallocUsed": "vmalloc", "VmSize": "address space", "stack": "stack"}
    print(f"bytes per thread, of {facts['threads']}; of its stack user space has only what was touched, ring 0 all")
    print(f"  {'':18}{'all':>14}{'':8}" + "".join(f"{head:>15}" for head in heads.values()))
    base = per_thread.get("user", {}).get("all")
    for system, sizes in per_thread.items():
        print(f"  {system:18}{share(sizes['all'], base)}" + "".join(f"{sizes[name]:>15,}" for name in heads))


def print_idle(per_connection):
    """What an idle connection takes."""
    print("bytes per idle connection, without its bare sockets")
    for (program, count), sizes in per_connection.items():
        for system, size in sizes.items():
            print(f"  {PROGRAMS[program]:12}{count:>8,} {system:14}{share(size, sizes.get('debian'))}")


def print_instructions(group, head, server):
    """A table of what requests or starts take; nothing if there are none."""
    rows = [name.split(".") for name in server if name.startswith(f"{group}_")]
    if rows:
        print(head)
    for workload, system in rows:
        bases = (server.get(f"{workload}.{base}") for base in ("debian", "user_epoll", "same_objects"))
        which = workload.split("_")[1]
        print(f"  {which:12}{system:24}{share(server[f'{workload}.{system}'], next(filter(None, bases), None))}")


def main():
    """Joins all of it."""
    facts, windows, _, memory = read(sys.argv[1])
    server = of_a_request(windows)
    per_thread, per_connection = threads(facts, memory), idle(memory)
    result = {
        "schema": "ukl-bench-cost",
        "version": 1,
        "kernel": facts["kernel_release"],
        "accelerator": "tcg, -icount shift=0,sleep=off",
        "cpus": 1,
        "not_counted": NOT_COUNTED,
        "configuration": {"threads": THREADS, "idle": IDLE, "start": START} | facts,
        "threads": per_thread,
        "idle": {f"{program}_{count}": sizes for (program, count), sizes in per_connection.items()},
        "values": server,
        "figures": its_figures(per_thread, per_connection, windows, server),
        "memory": memory,
        "windows": windows,
    }
    write(sys.argv[2], result)
    print(f"kernel {facts['kernel_release']}, 1 CPU, -icount, loopback")
    if per_thread:
        print_threads(facts, per_thread)
    if per_connection:
        print_idle(per_connection)
    print_instructions("start", "instructions until the first answer", server)
    for group, (title, _) in CURVES.items():
        print_instructions(group, f"{title}, by connections: instructions of the server per request", server)
    print(f"note: {NOT_COUNTED}")


if __name__ == "__main__":
    main()
