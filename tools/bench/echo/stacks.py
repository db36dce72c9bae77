# SPDX-License-Identifier: GPL-2.0
"""stacks.py FOLDER SERVER...: where the instructions of requests go, from the stacks that guest.sh sampled."""

import collections
import re
import sys

from samples import means, read

# A sample belongs to the first group, from the leaf of its stack to the root, that has one of the functions. What is
# called from many places has no group, so that its caller decides.
GROUPS = {
    "interrupts": r"asm_sysvec_.*|asm_common_interrupt|sysvec_.*|irqentry_.*",
    "scheduler, wake-ups": r"__?schedule|schedule_.*|try_to_wake_up|default_wake_function|autoremove_wake_function|"
    r"__wake_up_.*|sock_def_readable|ep_poll_callback|xfer_to_guest_mode_.*",
    "loopback, IP": r"_*ip_.*|_*dev_.*|loopback_xmit|eth_.*|sch_.*|process_backlog|_*napi_.*|net_rx_action|"
    r"_*netif_.*|handle_softirqs|do_softirq.*|_*do_softirq|nf_.*",
    "TCP input (of the client)": r"tcp_v4_rcv|tcp_v4_do_rcv|tcp_rcv_established|tcp_ack|tcp_data_queue|tcp_v6_.*",
    "TCP receive": r"tcp_recvmsg.*|_*tcp_read_sock|_*tcp_cleanup_rbuf",
    "TCP send": r"tcp_sendmsg.*|_*tcp_push.*|tcp_write_xmit|_*tcp_transmit_skb",
    "system call, VFS, epoll, socket": r"entry_SYSCALL.*|do_syscall.*|syscall_.*|_*x64_sys_.*|ksys_.*|vfs_.*|"
    r"rw_verify.*|do_epoll_wait|ep_.*|sock_.*|inet6?_(send|recv)msg|lock_sock.*|_*release_sock|fdget.*|"
    r"exit_to_user_mode.*",
}
PATTERNS = {group: re.compile(f"(?:{pattern})") for group, pattern in GROUPS.items()}
APPLICATION = "application, ukl"
REST = "rest"
ORDER = [
    APPLICATION,
    "system call, VFS, epoll, socket",
    "TCP receive",
    "TCP send",
    "TCP input (of the client)",
    "loopback, IP",
    "scheduler, wake-ups",
    "interrupts",
    REST,
]
# The kernel's own code is between the halves; modules, which are ukl.ko and echo.ko here, are above it.
KERNEL, MODULES = 1 << 63, 0xFFFFFFFFC0000000
TOP = 14


def group_of(stack):
    """The group of a stack of (address, symbol), from the leaf on."""
    for address, symbol in stack:
        if address < KERNEL or address >= MODULES:
            return APPLICATION
        for group, pattern in PATTERNS.items():
            if pattern.fullmatch(symbol):
                return group
    return REST


def stacks(path):
    """The stacks in the output of perf script -F ip,sym."""
    with open(path, encoding="utf-8") as file:
        for sample in file.read().split("\n\n"):
            frames = [line.split(None, 1) for line in sample.strip().splitlines()]
            if frames:
                yield [(int(address, 16), symbol.removesuffix(".isra.0")) for address, symbol in frames]


def per_request(path):
    """Server -> what a request costs when nobody samples."""
    return {what.split(".")[1]: cost for what, cost in means(read(path)[1])[0].items()}


def symbol_name(address, symbol):
    """A symbol as it is printed: Rust's are shortened to their last words."""
    if address < KERNEL:
        return "(user space)"
    # perf knows no other function of echo.ko.
    if symbol == "cleanup_module":
        return "(echo.ko)"
    if symbol.startswith("_R"):
        words = re.findall(r"(?<=\d)[a-z_][a-z_]+", symbol)
        return "ukl: " + "::".join(words[:3])
    return symbol


def top(leaves, cost, samples):
    """Prints functions with their share of what a request costs."""
    for (symbol, group), count in leaves:
        print(f"  {count / samples * cost:>8,.0f}{count / samples:>8.1%}  {symbol}  [{group}]")


def main():
    """Prints a line for each group, and for each server the functions that it spends most in."""
    folder, *servers = sys.argv[1:]
    groups, leaves, counts, costs = {}, {}, {}, per_request(f"{folder}/samples")
    for server in servers:
        groups[server], leaves[server] = collections.Counter(), collections.Counter()
        for stack in stacks(f"{folder}/stacks.{server}"):
            group = group_of(stack)
            groups[server][group] += 1
            leaves[server][symbol_name(*stack[0]), group] += 1
        counts[server] = groups[server].total()
    print("instructions of the server per request, by sampling (cpu-clock under -icount)")
    print(f"{'':34}" + "".join(f"{server:>22}" for server in servers))
    for group in ORDER:
        line = f"{group:34}"
        for server in servers:
            share = groups[server][group] / counts[server]
            line += f"{share * costs[server]:>14,.0f}{share:>8.1%}"
        print(line)
    print(f"{'all':34}" + "".join(f"{costs[server]:>14,.0f}{1:>8.0%}" for server in servers))
    print(f"{'samples':34}" + "".join(f"{counts[server]:>14,}{'':8}" for server in servers))
    for server in servers:
        print(f"\n{server}: the functions that most are in")
        top(leaves[server].most_common(TOP), costs[server], counts[server])
    print(f"\n{servers[-1]}: those of them in {APPLICATION}")
    own = collections.Counter({leaf: count for leaf, count in leaves[servers[-1]].items() if leaf[1] == APPLICATION})
    top(own.most_common(TOP), costs[servers[-1]], counts[servers[-1]])


main()
