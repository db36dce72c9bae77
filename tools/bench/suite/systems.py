# SPDX-License-Identifier: GPL-2.0
"""What the systems that are measured are called in words, and the colour that each has in all plots: what runs in user
space is grey and blue, what runs in ring 0 is orange and red."""

SYSTEMS = {
    "debian": ("Debian's, user space", "#6b7280"),
    "debian_batch": ("Debian's, as a batch task", "#a3acb9"),
    "same_objects": ("objects of ring 0, user space", "#7ca6cf"),
    "ukl": ("ring 0", "#f2b880"),
    "ukl_bypass": ("ring 0, bypass", "#d9622b"),
    "ukl_other": ("ring 0, bypass, not as a batch task", "#a8434f"),
    "user_epoll": ("user space, epoll", "#6b7280"),
    "again": ("the same once more", "#a3acb9"),
    "slowed_1ms": ("the same, 1 ms slower", "#7d6b91"),
    "user_uring": ("user space, io_uring", "#4f7cac"),
    "redis_server": ("redis-server, user space", "#8b93a1"),
    "blocking": ("ring 0, a thread that blocks", "#f6d2a9"),
    "readiness": ("ring 0, readiness", "#efa35c"),
    "inplace": ("ring 0, in place", "#d9622b"),
    "spin": ("ring 0, in place, spinning", "#a8434f"),
    "kv": ("samples/kv, ring 0", "#7a2f52"),
    "user": ("user space, glibc", "#6b7280"),
    "ukl_pthread": ("ring 0, a C program", "#d9622b"),
    "ukl_pthread_64k": ("ring 0, a C program, stacks of 64 KB", "#f2b880"),
    "ukl_thread": ("ring 0, the C API", "#7a2f52"),
    "ukl_loaded": ("ring 0, module loaded before", "#f2b880"),
    "syscall": ("system call", "#6b7280"),
    "full": ("full transition", "#f2b880"),
    "same_stack": ("same stack", "#e58a4c"),
    "bypass": ("bypass", "#b8482a"),
}
# For those that are not named above.
RING_0 = ["#c9a227", "#8c6d1f", "#b5838d", "#6d3f5b"]
USER = ["#2a7f9e", "#3f9c8f", "#9d8ec7", "#5b5f97", "#87a96b", "#2f5d62", "#b0b7a4", "#7d6b91"]


def words(system):
    """A system in words."""
    return SYSTEMS[system][0] if system in SYSTEMS else system.replace("_", " ")


def colours(systems):
    """system -> colour, for all systems of a run."""
    result, spare = {}, {True: 0, False: 0}
    for system in sorted(set(systems)):
        if system in SYSTEMS:
            result[system] = SYSTEMS[system][1]
        else:
            ours = system.startswith("ukl")
            palette = RING_0 if ours else USER
            result[system] = palette[spare[ours] % len(palette)]
            spare[ours] += 1
    return result
