# SPDX-License-Identifier: GPL-2.0
"""stacks.py FOLDER TEST SERVER...: where the instructions of requests go, from the stacks that guest.sh sampled."""

import collections
import os
import re
import subprocess
import sys

from samples import medians, read

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
    "TCP receive": r"tcp_recvmsg.*|_*tcp_read_sock|_*tcp_cleanup_rbuf",
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


def libc_functions():
    """The names of what is linked with a server that is built here."""
    archives = [f"{root}/{file}" for root, _, files in os.walk("build/libc/lib") for file in files if file.endswith(".a")]
    if not archives:
        return set()
    names = subprocess.run(["nm", "--defined-only", *archives], capture_output=True, text=True, check=False).stdout
    return {fields[2] for fields in map(str.split, names.splitlines()) if len(fields) == 3 and fields[1] in "TtWw"}


LIBC_FUNCTIONS = libc_functions()


def layer_of(stack):
    """The layer of a stack of (address, symbol, object), from the leaf on."""
    for address, symbol, dso in stack:
        if dso in MODULES or address < KERNEL:
            if dso in MODULES and MODULES[dso] != APPLICATION:
                return MODULES[dso]
            library = LIBRARIES.fullmatch(dso) or symbol in LIBC_FUNCTIONS
            return LIBC if library else APPLICATION
        for layer, pattern in PATTERNS.items():
            if pattern.fullmatch(symbol):
                return layer
    return REST


def stacks(path):
    """The stacks in the output of perf script -F ip,sym,dso."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for sample in file.read().split("\n\n"):
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


def callers(samples):
    """For each leaf, by how many of its samples it was called from where."""
    result = collections.defaultdict(collections.Counter)
    for stack in samples:
        if len(stack) > 1:
            result[symbol_name(*stack[0][1:]), layer_of(stack)][symbol_name(*stack[1][1:])] += 1
    return result


def main():
    """Prints a line for each layer, and for each server the functions that it spends most in."""
    folder, test, *servers = sys.argv[1:]
    server_costs = medians(read(f"{folder}/samples")[1])[0]
    costs = {server: server_costs[f"{test}.{server}"] for server in servers}
    sampled = {server: list(stacks(f"{folder}/stacks.{test}.{server}")) for server in servers}
    layers = {server: collections.Counter(map(layer_of, sampled[server])) for server in servers}
    print(f"{test}: instructions of the server per request, by sampling (cpu-clock under -icount)")
    print(f"{'':34}" + "".join(f"{server:>22}" for server in servers))
    for layer in ORDER:
        line = f"{layer:34}"
        for server in servers:
            share = layers[server][layer] / len(sampled[server])
            line += f"{share * costs[server]:>14,.0f}{share:>8.1%}"
        print(line)
    print(f"{'all':34}" + "".join(f"{costs[server]:>14,.0f}{1:>8.0%}" for server in servers))
    print(f"{'samples':34}" + "".join(f"{len(sampled[server]):>14,}{'':8}" for server in servers))
    for server in servers:
        print(f"\n{server}: the functions that most are in, and who calls them")
        leaves = collections.Counter((symbol_name(*stack[0][1:]), layer_of(stack)) for stack in sampled[server])
        called = callers(sampled[server])
        for leaf, count in leaves.most_common(TOP):
            share = count / len(sampled[server])
            by = ", ".join(f"{name} {times / count:.0%}" for name, times in called[leaf].most_common(2))
            print(f"  {share * costs[server]:>8,.0f}{share:>8.1%}{count:>7}  {leaf[0]:34} {leaf[1]:32} {by}")


main()
