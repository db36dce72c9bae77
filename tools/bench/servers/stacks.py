# SPDX-License-Identifier: GPL-2.0
"""stacks.py FOLDER TEST SERVER...: where the instructions of requests go, from the stacks that guest.sh sampled. Prints
that, and leaves the number of samples of each layer in FOLDER/layers.TEST.json."""

import collections
import functools
import json
import os
import re
import subprocess
import sys

from samples import means, read

# A sample belongs to the first layer, from the leaf of its stack to the root, that has one of the functions. What is
# called from many places has no layer, so that its caller decides.
LAYERS = {
    "interrupts": r"asm_sysvec_.*|asm_common_interrupt|sysvec_.*|irqentry_.*",
    "scheduler, wake-ups": r"__?schedule|schedule_.*|try_to_wake_up|default_wake_function|autoremove_wake_function|"
    r"__wake_up_.*|sock_def_readable|ep_poll_callback|ep_autoremove_wake_function|xfer_to_guest_mode_.*|"
    r"futex_wait.*|futex_wake.*|finish_task_switch",
    "IP, loopback device": r"_*ip6?_.*|_*dev_.*|loopback_xmit|eth_.*|sch_.*|process_backlog|_*napi_.*|net_rx_action|"
    r"_*netif_.*|handle_softirqs|do_softirq.*|_*do_softirq|nf_.*",
    "TCP input of the client": r"tcp_v[46]_rcv|tcp_v[46]_do_rcv|tcp_rcv_established|tcp_ack|tcp_data_queue",
    "TCP receive": r"tcp_recvmsg.*|tcp_recv_skb|_*tcp_read_sock|_*tcp_cleanup_rbuf",
    "TCP send": r"tcp_sendmsg.*|_*tcp_push.*|tcp_write_xmit|_*tcp_transmit_skb",
    "system call, VFS, epoll, socket": r"entry_SYSCALL.*|do_syscall.*|syscall_.*|_*(x64_)?sys_.*|ksys_.*|vfs_.*|"
    r"rw_verify.*|do_epoll_wait|ep_.*|sock_.*|_*sock_.*|inet6?_(send|recv)msg|lock_sock.*|_*release_sock|fdget.*|"
    r"exit_to_user_mode.*|kernel_(send|recv)msg|eventpoll_.*|do_epoll_.*",
}
PATTERNS = {layer: re.compile(f"(?:{pattern})") for layer, pattern in LAYERS.items()}
APPLICATION, LIBC, LINUX, UKL, REST = "application", "libc", "ukl_linux", "ukl", "rest"
ORDER = [
    APPLICATION,
    LIBC,
    LINUX,
    UKL,
    "system call, VFS, epoll, socket",
    "TCP receive",
    "TCP send",
    "TCP input of the client",
    "IP, loopback device",
    "scheduler, wake-ups",
    "interrupts",
    REST,
]
# What the kernel is asked for, and what is between that and the application, are not the same module's business.
MODULES = {"[ukl]": UKL, "[ukl_linux]": LINUX, "[redis]": APPLICATION, "[memcached]": APPLICATION}
LIBRARIES = re.compile(r".*/lib(c|m|gcc_s|atomic|jemalloc|stdc\+\+|event)[.-][^/]*|.*/ld-[^/]*|\[vdso\]")
FRAME = re.compile(r"\s*([0-9a-f]+) (.*) \((.*)\)")
# The kernel's own code is between the halves; modules are above it.
KERNEL = 1 << 63
TOP = 40
# Of the time that was sampled.
SLICES = 8


@functools.cache
def libc_functions():
    """The names of what is linked with a server that is built here."""
    archives = [
        f"{root}/{file}" for root, _, files in os.walk("build/libc/lib") for file in files if file.endswith(".a")
    ]
    if not archives:
        return set()
    names = subprocess.run(["nm", "--defined-only", *archives], capture_output=True, text=True, check=False).stdout
    return {fields[2] for fields in map(str.split, names.splitlines()) if len(fields) == 3 and fields[1] in "TW"}


def layer_of(stack):
    """The layer of a stack of (address, symbol, object), from the leaf on; None if the stack is cut off before that is
    known. In ring 0, what a call does that leaves out its transition is on the application's stack, where the kernel
    finds no callers and goes on with what called it from user space, `ukl run`."""
    for depth, (address, symbol, dso) in enumerate(stack):
        if depth and address < KERNEL:
            return None
        if MODULES.get(dso, APPLICATION) != APPLICATION:
            return MODULES[dso]
        if dso in MODULES or address < KERNEL:
            return LIBC if LIBRARIES.fullmatch(dso) or symbol in libc_functions() else APPLICATION
        for layer, pattern in PATTERNS.items():
            if pattern.fullmatch(symbol):
                return layer
    return REST


def layers_of(its_stacks):
    """server -> the layer of each of its stacks. One that is cut off is where most whole ones of any server are that
    have the same leaf."""
    known = {server: [layer_of(stack) for stack in some] for server, some in its_stacks.items()}
    usual = collections.defaultdict(collections.Counter)
    for server, layers in known.items():
        for stack, layer in zip(its_stacks[server], layers):
            if layer:
                usual[stack[0][1]][layer] += 1

    def likely(leaf):
        return usual[leaf].most_common(1)[0][0] if leaf in usual else REST

    return {
        server: [layer or likely(stack[0][1]) for stack, layer in zip(its_stacks[server], layers)]
        for server, layers in known.items()
    }


def sampled(folder):
    """The stacks of the server that perf has left in a folder."""
    with open(f"{folder}/pid", encoding="ascii") as file:
        pid = file.read().strip()
    where = ["-i", f"{folder}/perf.data", "--kallsyms", f"{folder}/kallsyms", "--pid", pid]
    command = ["perf", "script", *where, "-F", "ip,sym,dso"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode or not done.stdout:
        sys.exit(f"stacks.py: perf has no samples in {folder}: {done.stderr.decode(errors='replace')}")
    return list(stacks(done.stdout.decode(errors="replace")))


def stacks(text):
    """The stacks in the output of perf script -F ip,sym,dso."""
    for sample in text.split("\n\n"):
        frames = [FRAME.fullmatch(line) for line in sample.splitlines() if line.strip()]
        if frames and all(frames):
            yield [
                (int(address, 16), re.sub(r"\.(isra|part|constprop|cold)\.?\d*", "", symbol), dso)
                for address, symbol, dso in (frame.groups() for frame in frames)
            ]


def symbol_name(symbol, dso):
    """A symbol as it is printed: Rust's are shortened to their last words."""
    if symbol == "[unknown]":
        return f"({dso.rsplit('/', 1)[-1]})"
    if symbol.startswith("_R"):
        return "::".join(re.findall(r"(?<=\d)[a-z_][a-z_0-9]+", symbol)[:4])
    return symbol


def callers(samples, layers):
    """For each leaf, by how many of its samples it was called from where."""
    result = collections.defaultdict(collections.Counter)
    for stack, layer in zip(samples, layers):
        if len(stack) > 1:
            result[symbol_name(*stack[0][1:]), layer][symbol_name(*stack[1][1:])] += 1
    return result


def counts(layers):
    """How many samples each layer has, in each of the slices of the time that was sampled."""
    ends = [len(layers) * i // SLICES for i in range(SLICES + 1)]
    slices = [collections.Counter(layers[i:j]) for i, j in zip(ends, ends[1:])]
    return {layer: [its_slice[layer] for its_slice in slices] for layer in ORDER}


def main():
    """Prints a line for each layer, and for each server the functions that it spends most in."""
    folder, test, *servers = sys.argv[1:]
    facts, windows, *_ = read(f"{folder}/samples")
    costs = {server: means(windows)[0][f"{test}.{server}"] for server in servers}
    its_stacks = {server: sampled(f"{folder}/perf.{test}.{server}") for server in servers}
    layers = layers_of(its_stacks)
    cut = {server: sum(layer_of(stack) is None for stack in its_stacks[server]) for server in servers}
    result = {"test": test, "facts": facts, "costs": costs, "cut_off": cut}
    result["layers"] = {server: counts(layers[server]) for server in servers}
    with open(f"{folder}/layers.{test}.json", "w", encoding="ascii") as file:
        json.dump(result, file)
    print(f"{test}: instructions of the server per request, by sampling (cpu-clock under -icount)")
    print(f"{'':34}" + "".join(f"{server:>22}" for server in servers))
    for layer in ORDER:
        line = f"{layer:34}"
        for server in servers:
            share = layers[server].count(layer) / len(its_stacks[server])
            line += f"{share * costs[server]:>14,.0f}{share:>8.1%}"
        print(line)
    print(f"{'all':34}" + "".join(f"{costs[server]:>14,.0f}{1:>8.0%}" for server in servers))
    print(f"{'samples':34}" + "".join(f"{len(its_stacks[server]):>14,}{'':8}" for server in servers))
    print(
        f"{'of them cut off':34}"
        + "".join(f"{cut[server]:>14,}{cut[server] / len(layers[server]):>8.1%}" for server in servers)
    )
    for server in servers:
        print(f"\n{server}: the functions that most are in, and who calls them")
        leaves = collections.Counter(zip((symbol_name(*stack[0][1:]) for stack in its_stacks[server]), layers[server]))
        called = callers(its_stacks[server], layers[server])
        for leaf, count in leaves.most_common(TOP):
            share = count / len(its_stacks[server])
            by = ", ".join(f"{name} {times / count:.0%}" for name, times in called[leaf].most_common(2))
            print(f"  {share * costs[server]:>8,.0f}{share:>8.1%}{count:>7}  {leaf[0]:34} {leaf[1]:32} {by}")


if __name__ == "__main__":
    main()
