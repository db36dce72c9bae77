# SPDX-License-Identifier: GPL-2.0
"""The figures of the suite of measurements, on made-up ones: how they are given, joined, compared and reported. Run by
bench.t with a folder for files. Prints KTAP."""

import copy
import json
import os
import subprocess
import sys
import xml.etree.ElementTree

import stacks
from charts import charts
from plots import LAYERS
from samples import figure, figures, interval
from systems import colours

FOLDER = sys.argv[1]
UNIT = "instructions per request"
COUNT = 0


def check(name, good, said=""):
    """A result."""
    global COUNT
    COUNT += 1
    print(f"{'ok' if good else 'not ok'} {COUNT} {name}")
    if not good:
        print("\n".join(f"# {line}" for line in str(said).splitlines()))


def refused(name, call, word):
    """A call has to be refused, with a word in the reason."""
    try:
        check(name, False, call())
    except ValueError as error:
        check(name, word in str(error), error)


def save(name, text):
    """A file; returns its path."""
    path = f"{FOLDER}/{name}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))
    return path


def load(name):
    """What a JSON file has."""
    with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
        return json.load(file)


def run(script, *arguments, **environment):
    """A script's exit status, and all it said."""
    done = subprocess.run(
        [sys.executable, f"tools/bench/{script}", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def pair(ours, theirs=(100, 100, 100), **more):
    """The figures of ring 0 and of user space under one workload."""
    more = {"unit": UNIT} | more
    return figures([figure("p", "get", "debian", theirs, **more), figure("p", "get", "ukl", ours, of="debian", **more)])


def test_figures():
    """samples.py."""
    check("an interval of few samples is all of them", interval([3, 1, 2, 5, 4]) == [1, 5], interval([3, 1, 2, 5, 4]))
    check("an interval of nine leaves out one at each end", interval(range(9)) == [1, 7], interval(range(9)))
    one = figure("p", "get", "ukl", [3, 1, 2], unit=UNIT, of="debian")
    check("a figure is the median", one["value"] == 2 and one["samples"] == [3, 1, 2], one)
    check("a figure's names", (one["id"], one["of"]) == ("p.get.ukl", "p.get.debian"), one)
    check("instructions are deterministic", one["deterministic"] and one["network"] == "loopback", one)
    check("wall time is not", not figure("p", "get", "ukl", [1], unit="s", clock="wall")["deterministic"])
    refused("a key that figures do not have", lambda: figure("p", "a", "b", [1], unit="s", colour="red"), "colour")
    refused("a clock that there is not", lambda: figure("p", "a", "b", [1], unit="s", clock="moon"), "moon")
    refused("a curve without a place on it", lambda: figure("p", "a", "b", [1], unit="s", curve="c"), "curve")
    both = {"stack": "s", "curve": "c", "x": 1}
    refused("a part of a stack on a curve", lambda: figure("p", "a", "b", [1], unit="s", **both), "no point")
    refused("a name with a dot", lambda: figure("p", "a.b", "c", [1], unit="s"), "no dots")
    refused("two figures of the same name", lambda: figures([one, one]), "same id")
    check("a ratio", pair((80, 81, 79))[1]["ratio"] == 0.8, pair((80, 81, 79)))
    check("a share of what was not measured", "of" not in figures([one])[0] and "ratio" not in figures([one])[0])
    # The host was three times as slow in one round, for both.
    wall = pair((80, 240, 84), (100, 300, 100), clock="wall", unit="s")[1]
    check("the interval of a ratio is that of its rounds", wall["ratio_interval"] == [0.8, 0.84], wall)
    lost = pair((80, 90), (100, 0, 100), clock="wall", unit="s")[1]
    check(
        "a round that measured nothing leaves no interval", "ratio_interval" not in lost and lost["ratio"] == 0.85, lost
    )
    wall = pair((80, 90), (100, 100, 125), clock="wall", unit="s")[1]
    check("without rounds, it is all that may be", wall["ratio_interval"] == [0.64, 0.9], wall)


def test_parts():
    """The reports of the parts there are: the keys that they had, and figures."""
    facts = ["kernel_release 7", "version 8", "redis_version 8", "idle_connections 10", "busy_connections 2"]
    lines = [f"get.{name} window 10 {cost} {2 * cost}" for name, cost in (("debian", 1000), ("ukl_bypass", 800))]
    status, said = run("servers/report.py", "redis", save("samples", "\n".join(facts + lines)), f"{FOLDER}/redis.json")
    result = load("redis.json")
    check("redis: the keys are as they were", status == 0 and result["get"] == {"debian": 100, "ukl_bypass": 80}, said)
    ours = result["figures"][1]
    check("redis: its figures", (ours["id"], ours["ratio"]) == ("redis.get.ukl_bypass", 0.8), ours)
    lines = [f"echo.{name} window 10 {cost} {2 * cost}" for name, cost in (("user_epoll", 1000), ("inplace", 800))]
    lines += ["floor.user_epoll window 10 1000 2000", "floor.user_uring window 10 900 2000"]
    lines += ["idle.inplace.without window 10 1000 2000", "idle.inplace.with window 10 1100 2000"]
    lines += ["idle.baseline memory pages 100", "idle.inplace.with memory pages 2100"]
    _, said = run("echo/report.py", save("samples", "\n".join(facts + lines)), f"{FOLDER}/echo.json")
    ratios = {one["id"]: one.get("ratio") or one["value"] for one in load("echo.json")["figures"]}
    wanted = {"echo.echo.inplace": 0.8, "echo.floor.user_uring": 0.9, "echo.idle_with.inplace": 1.1, "echo.idle_bytes.inplace": 200}
    check("echo: its figures", wanted.items() <= ratios.items(), [said, ratios])
    calls = {"user": ["null.syscall"], "kernel": [], "process": []}
    for group, name in ("send_1", "write"), ("recv_1", "read"), ("send_8k", "write"), ("recv_8k", "read"):
        calls["user"] += [f"{group}.{name}", f"{group}.sendto", f"{group}.recvfrom"]
    for side in "kernel", "process":
        calls[side] = [
            f"{group}.{call}"
            for group in ("null", "send_1", "recv_1", "send_8k", "recv_8k")
            for call in ("full", "same_stack", "bypass")
        ]
    calls["user"] += ["send_64.write", "recv_64.read"]
    calls["kernel"] += [f"{name}_64.{call}" for name in ("send", "recv") for call in ("full", "same_stack", "bypass")]
    costs = {"full": 60, "same_stack": 40, "bypass": 20}
    lines = ["kernel_release 7", "top 10 0.001 0.001"]
    for side, names in calls.items():
        lines += [f"{side} calibration 10 10 10", f"{side} loop 10 20 20", f"{side} interval 10 20 20"]
        lines += [f"{side} {name} 10 {(costs.get(name.split('.')[1], 400) + 2) * 10} 5000" for name in names]
    _, said = run("transition/report.py", save("samples", "\n".join(lines)), f"{FOLDER}/transition.json")
    its_figures = {one["id"]: one for one in load("transition.json")["figures"]}
    check("transition: its rounds", its_figures["transition.null.full"]["samples"] == [60, 498], [said, its_figures])
    check(
        "transition: of the system call",
        its_figures["transition.null_in_process.full"]["of"] == "transition.null.syscall",
    )
    curve = [one for one in its_figures.values() if one.get("curve") == "receive" and one["system"] == "full"]
    points = [(one["x"], one["axis"], one["id"], one["ratio"]) for one in curve]
    wanted = [(size, "bytes", f"transition.recv_by_size_{size}.full", 0.6214) for size in (1, 64, 8192)]
    check("transition: a curve of all sizes", points == wanted, points)
    check("transition: a table of them", "\n64 " in said and "\n8,192 " in said, said)


def test_stacks():
    """servers/stacks.py."""
    text = """
	ffffffff8afbb05f __pi_memset ([kernel.kallsyms])
	ffffffff8ac0e001 kmem_cache_alloc_node_noprof ([kernel.kallsyms])
	ffffffff8ade9c15 tcp_sendmsg_locked.part.0 ([kernel.kallsyms])
	    7f2f9e2ad72e write (/usr/lib/x86_64-linux-gnu/libc.so.6)

	ffffffffc0831837 ukl_poll_wait ([ukl])
	    7f5bbcb5d81b ioctl (/usr/lib/x86_64-linux-gnu/libc.so.6)

"""
    whole_one, ours = list(stacks.stacks(text))
    kernel, user = 0xFFFFFFFF81000000, (0x7F0000000000, "ioctl", "/usr/lib/x86_64-linux-gnu/libc.so.6")
    check("a stack is read", whole_one[2] == (0xFFFFFFFF8ADE9C15, "tcp_sendmsg_locked", "[kernel.kallsyms]"), whole_one)
    for name, stack, layer in (
        ("the kernel's", whole_one, "TCP send"),
        ("ukl's", ours, stacks.UKL),
        ("a library's", [user], stacks.LIBC),
        ("a program's", [(0x400000, "call", "/usr/bin/redis-server")], stacks.APPLICATION),
        ("a program's in ring 0", [(0xFFFFFFFFC0C00000, "call", "[redis]"), user], stacks.APPLICATION),
        ("one that is cut off", [whole_one[0], user], None),
    ):
        check(f"the layer of a stack: {name}", stacks.layer_of(stack) == layer, stacks.layer_of(stack))
    unknown = [(kernel, "never_seen", "[kernel.kallsyms]"), user]
    layers = stacks.layers_of({"debian": [whole_one, whole_one], "ukl": [[whole_one[0], user], unknown]})
    check("one that is cut off is where whole ones are that end alike", layers["ukl"] == ["TCP send", "rest"], layers)
    counts = stacks.counts(["TCP send"] * 5 + ["rest"] * 11)
    check("samples are counted in slices", counts["TCP send"] == [2, 2, 1, 0, 0, 0, 0, 0], counts)
    check("of all layers", sum(map(sum, counts.values())) == 16 and list(counts) == stacks.ORDER, counts)


def test_split():
    """split/report.py."""

    def profile(**layers):
        return {layer: layers.get(layer.replace(",", "").split()[0], [0] * 8) for layer in stacks.ORDER}

    its_layers = {
        "debian": profile(application=[20] * 8, libc=[5] * 8, TCP=[75] * 8),
        "ukl_bypass": profile(application=[25] * 8, ukl=[10, 30] * 4, scheduler=[5] * 8),
    }
    facts = {"kernel_release": "7"}
    costs = {"debian": 1000.0, "ukl_bypass": 800.0}
    layers = {"test": "get", "facts": facts, "costs": costs, "cut_off": dict.fromkeys(costs, 0), "layers": its_layers}
    status, said = run("split/report.py", f"{FOLDER}/split.json", save("layers.json", layers))
    result = {one["id"]: one for one in load("split.json")["figures"]}
    values = {name.split("_", 1)[1]: one["value"] for name, one in result.items() if one["value"]}
    wanted = {"application.debian": 100, "tcp.debian": 900, "application.ukl_bypass": 400, "ukl.ukl_bypass": 320}
    check("split: its figures", status == 0 and values == wanted | {"rest.ukl_bypass": 80}, [said, values])
    ours = result["split.get_ukl.ukl_bypass"]
    check("split: of each slice", ours["samples"] == [200.0, 400.0] * 4, ours)
    check("split: noise is that of so few samples", 0.15 < ours["noise"] < 0.25, ours)
    whole_bar = sum(one["value"] for one in result.values() if one["system"] == "debian")
    check("split: they add up", whole_bar == 1000 and {one["stack"] for one in result.values()}, result)
    check("split: the samples of layers", load("split.json")["samples"]["get"]["debian"] == 2000, said)


def test_cost():
    """cost/report.py."""
    lines = ["kernel_release 7", "threads 10"]
    for system, pages, slab, stack in ("user", 200, 200, 8000), ("ukl_pthread", 1000, 600, 128):
        lines += [f"threads.{system} memory pages {pages}", f"threads.{system} memory task_struct {slab}"]
        lines += [f"threads_parts.{system} memory {name} 100" for name in "AnonPages KernelStack PageTables".split()]
        lines += [f"threads_parts.{system} memory {name} 300" for name in ("VmallocUsed", "VmSize")]
        lines += [f"threads_parts.{system} memory stack {stack}"]
    lines += ["idle_100.baseline memory TCP 5000"]
    lines += ["idle_redis_100.debian memory TCP 5000", "idle_redis_100.debian memory pages 20000"]
    lines += ["idle_redis_100.ukl_bypass memory TCP 5000", "idle_redis_100.ukl_bypass memory pages 30000"]
    # That nobody measured the other side of.
    lines += ["idle_redis_500.debian memory pages 20000"]
    for cost in 300, 310, 290:
        lines += [f"start_hello.same_objects window 1 {cost} {cost}", f"start_hello.ukl_bypass window 1 {2 * cost} 0"]
    for count, ours in (1, 80), (1000, 70):
        lines += [f"get_{count}.debian window 10 1000 9", f"get_{count}.ukl_bypass window 10 {10 * ours} 9"]
    status, said = run("cost/report.py", save("samples", "\n".join(lines)), f"{FOLDER}/cost.json")
    result = {one["id"]: one for one in load("cost.json")["figures"]}
    values = {name.split(".", 1)[1]: (one["value"], one.get("ratio")) for name, one in result.items()}
    wanted = {
        "thread.user": (40, None),
        "thread.ukl_pthread": (160, 4),
        "idle_redis_100.debian": (200, None),
        "idle_redis_100.ukl_bypass": (300, 1.5),
        "start_hello.same_objects": (300, None),
        "start_hello.ukl_bypass": (600, 2),
        "get_1.debian": (100, None),
        "get_1.ukl_bypass": (80, 0.8),
        "get_1000.debian": (100, None),
        "get_1000.ukl_bypass": (70, 0.7),
    }
    check("cost: its figures", status == 0 and values == wanted, [said, values])
    point = result["cost.get_1000.ukl_bypass"]
    check("cost: a point of the curve", (point["x"], point["axis"]) == (1000, "connections"), point)
    check("cost: the starts", result["cost.start_hello.ukl_bypass"]["samples"] == [600, 620, 580], result)
    check("cost: a thread's stack", load("cost.json")["threads"]["ukl_pthread"]["stack"] == 128, said)


def test_wall():
    """wall/report.py."""

    def report(part, samples, network="loopback"):
        lines = ["kernel_release 7.0", *(f"{what} {json.dumps(sample)}" for what, sample in samples)]
        status, said = run(
            *("wall/report.py", part, "tcg", "2", network),
            save("wall.samples", "\n".join(lines) + "\n"),
            f"{FOLDER}/wall.json",
        )
        return status, said, {one["id"]: one for one in load("wall.json")["figures"]}

    def harness(again=1000.0, slowed=1e6 / 3000, counted_again=100, counted_slowed=1000100, noise=0.0, host=100):
        samples = [("host loop", {"counts": [100] * 20}), ("host loop", {"counts": [host] * 20})]
        again_of = dict(zip((0.5, 1, 1.5), (1 - noise, 1, 1 + noise)))
        for what, rate in (("echo again", again), ("busy slowed_1ms", 1e6 / 2000), ("busy slowed_2ms", slowed)):
            for drift in (0.5, 1, 1.5):
                samples += [("echo user_epoll", {"rate": 1000.0 * drift})] if what == "echo again" else []
                samples.append((what, {"rate": rate if "busy" in what else rate * drift * again_of[drift]}))
        for system, count in (("user_epoll", 100), ("again", counted_again), ("slowed_1ms", counted_slowed)):
            samples.append((f"counted {system}", {"instructions": count}))
        return report("control", samples)

    status, said, result = harness()
    check("wall: a harness that sees what there is", status == 0 and said.count(": met (") == 4, said)
    check("wall: both clocks", {one["clock"] for one in result.values()} == {"wall", "instructions"}, result)
    status, said, _ = harness(again=1030.0, noise=0.03)
    check("wall: a harness that cannot tell so little", status == 0 and said.count(": met (") == 4, said)
    status, said, _ = harness(again=1030.0, noise=0.2)
    check("wall: a harness that can tell nothing", status == 0 and said.count(": cannot be told (") == 1, said)
    status, said, _ = harness(again=1100.0, host=120)
    check("wall: a host that is not steady", status == 0 and said.count(": cannot be told (") == 2, said)
    status, said, _ = harness(counted_again=103, host=120)
    check("wall: by instructions it is told all the same", status == 1 and said.count("MISSED (") == 1, said)
    for name, wrong in (
        ("the same is not the same", {"again": 1030.0}),
        ("the slower one is too fast", {"slowed": 1e6 / 2890}),
        ("the slower one is too slow", {"slowed": 1e6 / 3110}),
        ("the same by instructions is not", {"counted_again": 103}),
        ("the slower one by instructions is too slow", {"counted_slowed": 1110100}),
    ):
        status, said, _ = harness(**wrong)
        check(f"wall: {name}", status == 1 and said.count("MISSED (") == 1, said)

    rounds = [(f"get {system}", {"rate": rate * drift}) for drift in (1, 2, 3) for system, rate in (("debian", 100), ("ukl", 130))]
    status, said, result = report("wall", rounds)
    ours = result["wall.get.ukl"]
    check("wall: ratios are of a round", status == 0 and ours["ratio_interval"] == [1.3, 1.3], ours)
    check("wall: more is better", ours["better"] == "more" and ours["clock"] == "wall", ours)

    answers = {"latency_us": {"p50": 10.0, "p99": 20.0, "p99.9": 30.0}}
    found = [("memcached_p99 debian", {"rate": 7.0, "within_limit": True}), ("memcached_p99 debian", {"highest_rate": 500.0})]
    status, said, result = report("latency", [("redis_900 debian", answers), *found])
    curve = {name: (one["x"], one["value"]) for name, one in result.items() if "curve" in one}
    wanted = {f"latency.redis_900_{name}.debian": (900, value) for name, value in (("p50", 10), ("p99", 20), ("p99_9", 30))}
    check("latency: points of three curves", status == 0 and curve == wanted, [said, curve])
    check("latency: what a search found", result["latency.memcached_p99.debian"]["samples"] == [500.0], result)

    counted = []
    for few, many in ((1000, 9000), (1200, 9200), (1100, 9100)):
        counted += [("counted debian", {"requests": 5, "machine": few}), ("counted debian", {"requests": 45, "machine": many})]
    status, said, result = report("network", counted, "virtio-net")
    machine = result["network.counted.debian"]
    check("network: without what few requests take", machine["value"] == 200, machine)
    check("network: which one", machine["network"] == "virtio-net" and not machine["deterministic"], machine)


def part_json(its_figures, **more):
    """What a part writes."""
    return {"schema": "p", "kernel": "7.0", "accelerator": "tcg", "cpus": 1, "figures": its_figures} | more


def whole(its_figures):
    """A run of the suite of one part."""
    save("one.json", part_json(its_figures))
    run(
        "suite/collect.py",
        save("record", f"date now\nset QUICK 0\npart p 0 9 {FOLDER}/one.json\n"),
        f"{FOLDER}/run.json",
    )
    return load("run.json")


def test_collector():
    """collect.py."""
    other = figure("q", "set", "ukl", [5], unit=UNIT, accelerator="kvm")
    save("p.json", part_json(pair((80, 80))))
    save("q.json", part_json([other], not_counted="much"))
    record = f"""date 2026-01-01T00:00:00Z
commit abc
modified 1
set QUICK 1
set SERVERS debian ukl
part p 0 12 {FOLDER}/p.json
part q 1 34 {FOLDER}/q.json
part r 2 5 -
"""
    status, said = run("suite/collect.py", save("record", record), f"{FOLDER}/bench.json")
    result = load("bench.json")
    check("the schema", (status, result["schema"], result["version"]) == (0, "ukl-bench", 1), said)
    names = [one["id"] for one in result["figures"]]
    check("all figures are joined", names == ["p.get.debian", "p.get.ukl", "q.set.ukl"], names)
    parts = {name: (part["status"], part["seconds"], part["figures"]) for name, part in result["parts"].items()}
    check("the parts", parts == {"p": ("passed", 12, 2), "q": ("failed", 34, 1), "r": ("failed", 5, 0)}, parts)
    where = [one["accelerator"] for one in result["figures"]]
    check("a figure's accelerator is its part's or its own", where == ["tcg", "tcg", "kvm"], where)
    how = {"quick": True, "commit": "abc", "modified": True, "servers": "debian ukl"}
    check("the configuration", result["configuration"] == how, result["configuration"])
    check("kernel and host", result["kernel"] == "7.0" and result["host"]["cpu"] and result["host"]["cpus"] > 0, result)
    for name, text, reason in (
        ("is none", "no JSON", "Expecting value"),
        ("has a figure without a unit", part_json([{"id": "r.a.b"}]), "r.a.b has no"),
        ("has figures of another part", part_json(pair((1,), (1,))), "is of the part p"),
    ):
        save("r.json", text)
        save("record", record.replace("part r 2 5 -", f"part r 0 5 {FOLDER}/r.json"))
        status, said = run("suite/collect.py", f"{FOLDER}/record", f"{FOLDER}/bench.json")
        result = load("bench.json")
        good = status == 1 and reason in said and result["parts"]["r"]["status"] == "failed"
        check(f"a JSON that {name}: the part failed, the others count", good and len(result["figures"]) == 3, said)


def compare(old, new, **environment):
    """What compare.py says of two runs."""
    return run("compare.py", save("old.json", old), save("new.json", new), **environment)


def test_compare():
    """compare.py."""

    def changed(name, ours, row, theirs=(80, 80, 80), old=None, **more):
        old = old or whole(pair(theirs, **more))
        status, said = compare(old, whole(pair(ours, **more)))
        rows = [line.split() for line in said.splitlines() if line.startswith("p.")]
        got = [(columns[0], columns[3], columns[4]) for columns in rows]
        check(name, status == 0 and got == ([row] if row else []), said)

    def worse(by):
        return "p.get.ukl", by, "worse"

    def better(by):
        return "p.get.ukl", by, "better"

    status, said = compare(whole(pair((80,) * 3)), whole(pair((80,) * 3)))
    check("a run and itself: nothing", (status, said) == (0, "2 figures in both, 0 changed beyond noise\n"), said)
    changed("3 % more instructions", (82.4,) * 3, worse("+3.0%"))
    changed("3 % less", (77.6,) * 3, better("-3.0%"))
    changed("0.5 % more is noise", (80.4,) * 3, None)
    changed("1.5 % more is not", (81.2,) * 3, worse("+1.5%"))
    changed("1.5 % more where the part says 2 % is noise", (81.2,) * 3, None, noise=0.02)
    changed("2.5 % more where the part says 2 %", (82,) * 3, worse("+2.5%"), noise=0.02)
    changed("more, where more is better", (82.4,) * 3, better("+3.0%"), better="more")
    wall = {"clock": "wall", "unit": "s"}
    changed("wall: ratios that overlap", (84, 86, 90), None, theirs=(80, 84, 88), **wall)
    changed("wall: ratios that do not", (89, 90, 91), worse("+12.5%"), theirs=(79, 80, 81), **wall)
    slow = whole(
        figures(
            [
                figure("p", "get", "debian", (100, 100, 100), **wall),
                figure("p", "get", "ukl", (80, 80, 80), of="debian", **wall),
            ]
        )
    )
    fast = whole(
        figures(
            [
                figure("p", "get", "debian", (10, 10, 10), **wall),
                figure("p", "get", "ukl", (8, 8, 8), of="debian", **wall),
            ]
        )
    )
    status, said = compare(slow, fast)
    check("wall: a faster host is no change", "0 changed" in said and "1 figures in wall time" in said, said)

    same, more = whole(pair((80, 80))), whole(pair((82.4, 82.4)))
    check("STRICT=1 and something is worse: status 1", compare(same, more, STRICT="1")[0] == 1)
    check("STRICT=1 and something is better: status 0", compare(more, same, STRICT="1")[0] == 0)
    broken = copy.deepcopy(same)
    broken["parts"]["p"]["status"] = "failed"
    status, said = compare(same, broken, STRICT="1")
    check("a part that fails now is worse", status == 1 and "worse: the part p fails" in said, said)
    less = whole(pair((80, 80))[:1])
    said = compare(same, less)[1], compare(less, same)[1]
    check("what is in one only", "only in OLD: p.get.ukl" in said[0] and "only in NEW: p.get.ukl" in said[1], said)
    said = compare(same, whole(pair((90, 90), unit="s")))[1]
    check("another unit is not compared", "of another unit" in said and "0 figures in both" in said, said)
    for name, change, reason in (
        ("versions that differ", {"version": 2}, "OLD is of version 1 of the schema, NEW of 2"),
        ("a JSON of something else", {"schema": "ukl-bench-redis"}, "NEW is not"),
    ):
        status, said = compare(same, same | change)
        check(f"{name}: one line", status == 2 and reason in said and said.count("\n") == 1, said)
    status, said = compare(same | {"version": 2}, same | {"version": 2})
    check("a version that is not known: one line", status == 2 and "version 2" in said and said.count("\n") == 1, said)
    save("new.json", "no JSON")
    status, said = run("compare.py", f"{FOLDER}/old.json", f"{FOLDER}/new.json")
    check(
        "a file that is no JSON: one line", status == 2 and "NEW cannot be read" in said and said.count("\n") == 1, said
    )


def made_up():
    """A run with a bit of everything."""
    its_figures = pair((16000, 16100, 15900), (20000, 20100, 19900), title="GET of 3 bytes")
    for system, cost in ("debian", 10000), ("ukl", 9000):
        its_figures.append(figure("p", "set", system, [cost], unit=UNIT, of=None if system == "debian" else "debian"))
    its_figures.append(figure("p", "memory", "ukl", [190], unit="bytes"))
    for depth in 1, 16:
        for system, rate in ("debian", 1000), ("ukl", 1200), ("other", 1100):
            its_figures.append(
                figure(
                    *("p", f"pipeline_{depth}", system, [rate * depth, rate * depth * 1.1]),
                    unit="requests per second",
                    clock="wall",
                    better="more",
                    of=None if system == "debian" else "debian",
                    x=depth,
                    curve="by pipelining",
                    accelerator="kvm",
                )
            )
    for layer, costs in ("parser", (300, 400)), ("network", (2000, 1000)):
        for system, cost in zip(("debian", "ukl"), costs):
            its_figures.append(
                figure("p", f"get_{layer}", system, [cost], unit=UNIT, title=layer, stack="parts of a GET")
            )
    save("p.json", part_json(figures(its_figures), not_counted="what is left out"))
    record = f"date now\nset QUICK 0\npart p 0 9 {FOLDER}/p.json\npart broken 3 1 -\n"
    run("suite/collect.py", save("record", record), f"{FOLDER}/bench.json")
    return load("bench.json")


def test_report():
    """report.py, charts.py, plots.py."""
    its_charts = charts(made_up()["figures"])
    names = [(chart.name, len(chart.figures)) for chart in its_charts]
    check(
        "figures of a unit and a clock are in a chart",
        names == [("p", 4), ("p-bytes", 1), ("p-by-pipelining", 6), ("p-parts-of-a-get", 4)],
        names,
    )
    os.makedirs(f"{FOLDER}/plots", exist_ok=True)
    save("plots/old.svg", "of another run")
    status, said = run("suite/report.py", f"{FOLDER}/bench.json", FOLDER)
    with open(f"{FOLDER}/report.md", encoding="utf-8") as file:
        text = file.read()
    check("a report is made", status == 0 and "# What `make bench` measured" in text, said)
    for name, line in (
        ("values and shares", "| GET of 3 bytes | 20,000 | 16,000 (**80.0 %**) |"),
        ("a workload that has no words", "| set | 10,000 | 9,000 (**90.0 %**) |"),
        ("wall time has an interval", "| pipeline_16 | 16,800 | 20,160 (**120.0 %**, 120.0 % to 120.0 %) | 18,480"),
        ("a figure alone", "| memory | 190 |"),
        ("the parts of a stack", "| network | 2,000 | 1,000 |"),
        ("a part that passed", "| `p` |  | passed | 9 s | 15 | instructions, wall | tcg, kvm |"),
        ("a part that failed", "| `broken` |  | **failed** (status 3: see `logs/broken.log`) | 1 s | 0 |"),
        ("what is not counted", "* `p`: what is left out"),
        ("clock and accelerator of instructions", "counted in a deterministic machine (tcg)"),
        ("clock and accelerator of wall time", "Clock: wall time (kvm)"),
    ):
        check(f"the report has {name}", line in text, text)
    links = {part.split(")")[0] for part in text.split("](")[1:]}
    check(
        "the report has all plots",
        links == {f"plots/{name}.svg" for name in ("overview", "p", "p-by-pipelining", "p-parts-of-a-get")},
        links,
    )
    files = sorted(os.listdir(f"{FOLDER}/plots"))
    wanted = [
        f"{name}.{kind}" for name in ("overview", "p-by-pipelining", "p-parts-of-a-get", "p") for kind in ("png", "svg")
    ]
    check("these plots, and none of another run", files == sorted(wanted), files)
    others = colours(["ukl_a", "ukl_b", "a", "b", "c"])
    check("systems that are not known have colours of their own", len(set(others.values())) == 5, others)
    colour = colours(["debian", "ukl", "other"])
    # Beside a place in the legend: a bar for each workload; of a curve whiskers, too, which have the colour 17 times.
    check_plot("p", {colour["debian"]: 3, colour["ukl"]: 3})
    check_plot("p-by-pipelining", {colour["ukl"]: 20, colour["other"]: 20})
    check_plot("overview", {colour["ukl"]: 3, colour["other"]: 1})
    # A place in the legend, and a part of each bar.
    check_plot("p-parts-of-a-get", {LAYERS[0]: 3, LAYERS[1]: 3})
    with open(f"{FOLDER}/plots/p-parts-of-a-get.svg", encoding="utf-8") as file:
        drawn = file.read()
    check("a bar of parts has their sum", "<!-- 2,300 -->" in drawn and "<!-- 1,400 -->" in drawn, drawn[:2000])


def check_plot(name, wanted):
    """Both files of a plot are images, and have the colours of the systems, so many times at least."""
    with open(f"{FOLDER}/plots/{name}.png", "rb") as file:
        data = file.read()
    size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    good = data.startswith(b"\x89PNG\r\n\x1a\n") and size[0] > 900 and size[1] > 200 and len(data) > 10000
    check(f"{name}.png is an image", good, [size, len(data)])
    root = xml.etree.ElementTree.parse(f"{FOLDER}/plots/{name}.svg").getroot()
    drawn = xml.etree.ElementTree.tostring(root, encoding="unicode")
    found = {colour: drawn.count(f": {colour}") for colour in wanted}
    good = root.tag.endswith("svg") and all(found[colour] >= least for colour, least in wanted.items())
    check(f"{name}.svg is one, with the systems' colours", good, [found, wanted])


test_figures()
test_parts()
test_stacks()
test_split()
test_wall()
test_cost()
test_collector()
test_compare()
test_report()
