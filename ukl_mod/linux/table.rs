// SPDX-License-Identifier: GPL-2.0

//! The system calls that there are: what each is called, what its arguments are, who makes it.

use crate::{
    bindings::*,
    call::{file, futex, memory, misc, poll, signal, socket, time},
    epoll,
    face::Answer,
    tail::Arg::{self, *},
};

/// Who makes a system call.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// This module.
    Here(fn(&[u64; 6]) -> Answer),
    /// The process, in user space.
    Tail(&'static [Arg]),
    /// Nobody: `ENOSYS`, as documented.
    Never,
}

/// A system call.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) how: How,
    /// Its arguments, to show them.
    pub(crate) args: &'static [Arg],
}

/// One more than the largest number.
const COUNT: usize = 480;

macro_rules! how {
    (here($call:path) $args:expr) => {
        How::Here($call)
    };
    (tail $args:expr) => {
        How::Tail($args)
    };
    (never $args:expr) => {
        How::Never
    };
}

macro_rules! table {
    ($($name:ident, $nr:ident => $how:ident $(($call:path))? [$($arg:expr),*];)*) => {
        static TABLE: [Option<Entry>; COUNT] = {
            let mut table = [None; COUNT];
            $(
                table[$nr as usize] = Some(Entry {
                    name: stringify!($name),
                    how: how!($how $(($call))? &[$($arg),*]),
                    args: &[$($arg),*],
                });
            )*
            table
        };
    };
}

#[rustfmt::skip]
table! {
    read, __NR_read => here(file::read) [Num, OutLen(2), Num];
    write, __NR_write => here(file::write) [Num, InLen(2), Num];
    close, __NR_close => here(file::close) [Num];
    readv, __NR_readv => here(file::readv) [Num, Num, Num];
    writev, __NR_writev => here(file::writev) [Num, Num, Num];
    pread64, __NR_pread64 => here(file::pread) [Num, OutLen(2), Num, Num];
    pwrite64, __NR_pwrite64 => here(file::pwrite) [Num, InLen(2), Num, Num];
    preadv, __NR_preadv => here(file::preadv) [Num, Num, Num, Num];
    pwritev, __NR_pwritev => here(file::pwritev) [Num, Num, Num, Num];
    sendto, __NR_sendto => here(file::sendto) [Num, InLen(2), Num, Num, Num, Num];
    recvfrom, __NR_recvfrom => here(file::recvfrom) [Num, OutLen(2), Num, Num, Num, Num];
    sendmsg, __NR_sendmsg => here(file::sendmsg) [Num, Num, Num];
    recvmsg, __NR_recvmsg => here(file::recvmsg) [Num, Num, Num];
    dup2, __NR_dup2 => here(file::dup2) [Num, Num];
    dup3, __NR_dup3 => here(file::dup3) [Num, Num, Num];
    ioctl, __NR_ioctl => here(file::ioctl) [Num, Num, Num];
    fcntl, __NR_fcntl => here(file::fcntl) [Num, Num, Num];
    close_range, __NR_close_range => here(file::close_range) [Num, Num, Num];
    accept, __NR_accept => here(socket::accept) [Num, Num, Num];
    accept4, __NR_accept4 => here(socket::accept4) [Num, Num, Num, Num];
    poll, __NR_poll => here(poll::poll) [Num, Num, Num];
    ppoll, __NR_ppoll => here(poll::ppoll) [Num, Num, Num, Num, Num];
    epoll_create, __NR_epoll_create => here(epoll::create) [Num];
    epoll_create1, __NR_epoll_create1 => here(epoll::create1) [Num];
    epoll_ctl, __NR_epoll_ctl => here(epoll::ctl) [Num, Num, Num, Num];
    epoll_wait, __NR_epoll_wait => here(epoll::wait) [Num, Num, Num, Num];
    epoll_pwait, __NR_epoll_pwait => here(epoll::pwait) [Num, Num, Num, Num, Num, Num];
    clock_gettime, __NR_clock_gettime => here(time::clock_gettime) [Num, Num];
    gettimeofday, __NR_gettimeofday => here(time::gettimeofday) [Num, Num];
    time, __NR_time => here(time::time) [Num];
    clock_nanosleep, __NR_clock_nanosleep => here(time::clock_nanosleep) [Num, Num, Num, Num];
    nanosleep, __NR_nanosleep => here(time::nanosleep) [Num, Num];
    futex, __NR_futex => here(futex::futex) [Num, Num, Num, Num, Num, Num];
    mmap, __NR_mmap => here(memory::mmap) [Num, Num, Num, Num, Num, Num];
    munmap, __NR_munmap => here(memory::munmap) [Num, Num];
    mremap, __NR_mremap => here(memory::mremap) [Num, Num, Num, Num, Num];
    mprotect, __NR_mprotect => here(memory::mprotect) [Num, Num, Num];
    madvise, __NR_madvise => here(memory::madvise) [Num, Num, Num];
    brk, __NR_brk => here(memory::brk) [Num];
    mlock, __NR_mlock => here(memory::mlock) [Num, Num];
    munlock, __NR_munlock => here(memory::mlock) [Num, Num];
    mlockall, __NR_mlockall => here(memory::mlock) [Num];
    munlockall, __NR_munlockall => here(memory::mlock) [];
    mlock2, __NR_mlock2 => here(memory::mlock) [Num, Num, Num];
    mincore, __NR_mincore => here(memory::mincore) [Num, Num, Num];
    msync, __NR_msync => here(memory::msync) [Num, Num, Num];
    rt_sigaction, __NR_rt_sigaction => here(signal::sigaction) [Num, Num, Num, Num];
    rt_sigprocmask, __NR_rt_sigprocmask => here(signal::sigprocmask) [Num, Num, Num, Num];
    rt_sigsuspend, __NR_rt_sigsuspend => here(signal::sigsuspend) [Num, Num];
    pause, __NR_pause => here(signal::pause) [];
    sigaltstack, __NR_sigaltstack => here(signal::sigaltstack) [Num, Num];
    getpid, __NR_getpid => here(misc::getpid) [];
    gettid, __NR_gettid => here(misc::gettid) [];
    getrandom, __NR_getrandom => here(misc::getrandom) [Num, Num, Num];
    getcpu, __NR_getcpu => here(misc::getcpu) [Num, Num, Num];
    exit, __NR_exit => here(misc::exit) [Num];
    exit_group, __NR_exit_group => here(misc::exit_group) [Num];
    set_tid_address, __NR_set_tid_address => here(misc::set_tid_address) [Num];
    arch_prctl, __NR_arch_prctl => here(misc::arch_prctl) [Num, Num];
    set_robust_list, __NR_set_robust_list => here(misc::ignored) [Num, Num];
    rseq, __NR_rseq => here(misc::ignored) [Num, Num, Num, Num];
    pselect6, __NR_pselect6 => here(poll::pselect6) [Num, Num, Num, Num, Num, Num];
    select, __NR_select => here(poll::select) [Num, Num, Num, Num, Num];
    getgroups, __NR_getgroups => here(misc::getgroups) [Num, Num];
    setgroups, __NR_setgroups => here(misc::setgroups) [Num, Num];
    capget, __NR_capget => here(misc::capget) [Num, Num];
    capset, __NR_capset => here(misc::capset) [Num, Num];
    prctl, __NR_prctl => here(misc::prctl) [Num, Num, Num, Num, Num];

    open, __NR_open => tail [Str, Num, Num];
    openat, __NR_openat => tail [Num, Str, Num, Num];
    creat, __NR_creat => tail [Str, Num];
    access, __NR_access => tail [Str, Num];
    faccessat, __NR_faccessat => tail [Num, Str, Num];
    faccessat2, __NR_faccessat2 => tail [Num, Str, Num, Num];
    stat, __NR_stat => tail [Str, Out(144)];
    lstat, __NR_lstat => tail [Str, Out(144)];
    fstat, __NR_fstat => tail [Num, Out(144)];
    newfstatat, __NR_newfstatat => tail [Num, Str, Out(144), Num];
    statx, __NR_statx => tail [Num, Str, Num, Num, Out(256)];
    statfs, __NR_statfs => tail [Str, Out(120)];
    fstatfs, __NR_fstatfs => tail [Num, Out(120)];
    lseek, __NR_lseek => tail [Num, Num, Num];
    dup, __NR_dup => tail [Num];
    pipe, __NR_pipe => tail [Out(8)];
    pipe2, __NR_pipe2 => tail [Out(8), Num];
    eventfd, __NR_eventfd => tail [Num];
    eventfd2, __NR_eventfd2 => tail [Num, Num];
    fsync, __NR_fsync => tail [Num];
    fdatasync, __NR_fdatasync => tail [Num];
    sync, __NR_sync => tail [];
    syncfs, __NR_syncfs => tail [Num];
    sync_file_range, __NR_sync_file_range => tail [Num, Num, Num, Num];
    truncate, __NR_truncate => tail [Str, Num];
    ftruncate, __NR_ftruncate => tail [Num, Num];
    fallocate, __NR_fallocate => tail [Num, Num, Num, Num];
    fadvise64, __NR_fadvise64 => tail [Num, Num, Num, Num];
    readahead, __NR_readahead => tail [Num, Num, Num];
    flock, __NR_flock => tail [Num, Num];
    getdents, __NR_getdents => tail [Num, OutLen(2), Num];
    getdents64, __NR_getdents64 => tail [Num, OutLen(2), Num];
    getcwd, __NR_getcwd => tail [OutLen(1), Num];
    chdir, __NR_chdir => tail [Str];
    fchdir, __NR_fchdir => tail [Num];
    mkdir, __NR_mkdir => tail [Str, Num];
    mkdirat, __NR_mkdirat => tail [Num, Str, Num];
    rmdir, __NR_rmdir => tail [Str];
    unlink, __NR_unlink => tail [Str];
    unlinkat, __NR_unlinkat => tail [Num, Str, Num];
    rename, __NR_rename => tail [Str, Str];
    renameat, __NR_renameat => tail [Num, Str, Num, Str];
    renameat2, __NR_renameat2 => tail [Num, Str, Num, Str, Num];
    link, __NR_link => tail [Str, Str];
    linkat, __NR_linkat => tail [Num, Str, Num, Str, Num];
    symlink, __NR_symlink => tail [Str, Str];
    symlinkat, __NR_symlinkat => tail [Str, Num, Str];
    readlink, __NR_readlink => tail [Str, OutLen(2), Num];
    readlinkat, __NR_readlinkat => tail [Num, Str, OutLen(3), Num];
    chmod, __NR_chmod => tail [Str, Num];
    fchmod, __NR_fchmod => tail [Num, Num];
    fchmodat, __NR_fchmodat => tail [Num, Str, Num];
    chown, __NR_chown => tail [Str, Num, Num];
    lchown, __NR_lchown => tail [Str, Num, Num];
    fchown, __NR_fchown => tail [Num, Num, Num];
    fchownat, __NR_fchownat => tail [Num, Str, Num, Num, Num];
    utimensat, __NR_utimensat => tail [Num, Str, In(32), Num];
    utime, __NR_utime => tail [Str, In(16)];
    utimes, __NR_utimes => tail [Str, In(32)];
    futimesat, __NR_futimesat => tail [Num, Str, In(32)];
    mknod, __NR_mknod => tail [Str, Num, Num];
    umask, __NR_umask => tail [Num];
    chroot, __NR_chroot => tail [Str];
    sendfile, __NR_sendfile => tail [Num, Num, InOut(8), Num];
    copy_file_range, __NR_copy_file_range => tail [Num, InOut(8), Num, InOut(8), Num, Num];
    splice, __NR_splice => tail [Num, InOut(8), Num, InOut(8), Num, Num];
    tee, __NR_tee => tail [Num, Num, Num, Num];
    socket, __NR_socket => tail [Num, Num, Num];
    socketpair, __NR_socketpair => tail [Num, Num, Num, Out(8)];
    bind, __NR_bind => tail [Num, InLen(2), Num];
    connect, __NR_connect => tail [Num, InLen(2), Num];
    listen, __NR_listen => tail [Num, Num];
    shutdown, __NR_shutdown => tail [Num, Num];
    getsockname, __NR_getsockname => tail [Num, OutLenAt(2), InOut(4)];
    getpeername, __NR_getpeername => tail [Num, OutLenAt(2), InOut(4)];
    setsockopt, __NR_setsockopt => tail [Num, Num, Num, InLen(4), Num];
    getsockopt, __NR_getsockopt => tail [Num, Num, Num, OutLenAt(4), InOut(4)];
    getuid, __NR_getuid => tail [];
    geteuid, __NR_geteuid => tail [];
    getgid, __NR_getgid => tail [];
    getegid, __NR_getegid => tail [];
    getppid, __NR_getppid => tail [];
    getpgid, __NR_getpgid => tail [Num];
    getpgrp, __NR_getpgrp => tail [];
    setpgid, __NR_setpgid => tail [Num, Num];
    getsid, __NR_getsid => tail [Num];
    setsid, __NR_setsid => tail [];
    setuid, __NR_setuid => tail [Num];
    setgid, __NR_setgid => tail [Num];
    setreuid, __NR_setreuid => tail [Num, Num];
    setregid, __NR_setregid => tail [Num, Num];
    setresuid, __NR_setresuid => tail [Num, Num, Num];
    setresgid, __NR_setresgid => tail [Num, Num, Num];
    getresuid, __NR_getresuid => tail [Out(4), Out(4), Out(4)];
    getresgid, __NR_getresgid => tail [Out(4), Out(4), Out(4)];
    setfsuid, __NR_setfsuid => tail [Num];
    setfsgid, __NR_setfsgid => tail [Num];
    getpriority, __NR_getpriority => tail [Num, Num];
    setpriority, __NR_setpriority => tail [Num, Num, Num];
    kill, __NR_kill => tail [Num, Num];
    tkill, __NR_tkill => tail [Num, Num];
    tgkill, __NR_tgkill => tail [Num, Num, Num];
    rt_sigpending, __NR_rt_sigpending => tail [Out(8), Num];
    rt_sigtimedwait, __NR_rt_sigtimedwait => tail [In(8), Out(128), In(16), Num];
    rt_sigqueueinfo, __NR_rt_sigqueueinfo => tail [Num, Num, In(128)];
    wait4, __NR_wait4 => tail [Num, Out(4), Num, Out(144)];
    waitid, __NR_waitid => tail [Num, Num, Out(128), Num, Out(144)];
    alarm, __NR_alarm => tail [Num];
    getitimer, __NR_getitimer => tail [Num, Out(32)];
    setitimer, __NR_setitimer => tail [Num, In(32), Out(32)];
    uname, __NR_uname => tail [Out(390)];
    sysinfo, __NR_sysinfo => tail [Out(112)];
    getrusage, __NR_getrusage => tail [Num, Out(144)];
    times, __NR_times => tail [Out(32)];
    getrlimit, __NR_getrlimit => tail [Num, Out(16)];
    setrlimit, __NR_setrlimit => tail [Num, In(16)];
    prlimit64, __NR_prlimit64 => tail [Num, Num, In(16), Out(16)];
    sched_getaffinity, __NR_sched_getaffinity => tail [Num, Num, OutLen(1)];
    sched_setaffinity, __NR_sched_setaffinity => tail [Num, Num, InLen(1)];
    sched_getparam, __NR_sched_getparam => tail [Num, Out(4)];
    sched_setparam, __NR_sched_setparam => tail [Num, In(4)];
    sched_getscheduler, __NR_sched_getscheduler => tail [Num];
    sched_setscheduler, __NR_sched_setscheduler => tail [Num, Num, In(4)];
    sched_get_priority_max, __NR_sched_get_priority_max => tail [Num];
    sched_get_priority_min, __NR_sched_get_priority_min => tail [Num];
    sched_rr_get_interval, __NR_sched_rr_get_interval => tail [Num, Out(16)];
    clock_getres, __NR_clock_getres => tail [Num, Out(16)];
    membarrier, __NR_membarrier => tail [Num, Num, Num];
    sched_yield, __NR_sched_yield => tail [];
    timerfd_create, __NR_timerfd_create => tail [Num, Num];
    timerfd_settime, __NR_timerfd_settime => tail [Num, Num, In(32), Out(32)];
    timerfd_gettime, __NR_timerfd_gettime => tail [Num, Out(32)];
    signalfd, __NR_signalfd => tail [Num, In(8), Num];
    signalfd4, __NR_signalfd4 => tail [Num, In(8), Num, Num];
    inotify_init, __NR_inotify_init => tail [];
    inotify_init1, __NR_inotify_init1 => tail [Num];
    inotify_add_watch, __NR_inotify_add_watch => tail [Num, Str, Num];
    inotify_rm_watch, __NR_inotify_rm_watch => tail [Num, Num];
    memfd_create, __NR_memfd_create => tail [Str, Num];
    personality, __NR_personality => tail [Num];
    ioprio_get, __NR_ioprio_get => tail [Num, Num];
    ioprio_set, __NR_ioprio_set => tail [Num, Num, Num];
    getxattr, __NR_getxattr => tail [Str, Str, OutLen(3), Num];
    setxattr, __NR_setxattr => tail [Str, Str, InLen(3), Num, Num];
    sethostname, __NR_sethostname => tail [InLen(1), Num];
    pidfd_open, __NR_pidfd_open => tail [Num, Num];
    pidfd_send_signal, __NR_pidfd_send_signal => tail [Num, Num, In(128), Num];

    fork, __NR_fork => never [Num, Num, Num, Num, Num, Num];
    vfork, __NR_vfork => never [Num, Num, Num, Num, Num, Num];
    clone, __NR_clone => never [Num, Num, Num, Num, Num, Num];
    clone3, __NR_clone3 => never [Num, Num, Num, Num, Num, Num];
    execve, __NR_execve => never [Num, Num, Num, Num, Num, Num];
    execveat, __NR_execveat => never [Num, Num, Num, Num, Num, Num];
    ptrace, __NR_ptrace => never [Num, Num, Num, Num, Num, Num];
    rt_sigreturn, __NR_rt_sigreturn => never [Num, Num, Num, Num, Num, Num];
    rt_tgsigqueueinfo, __NR_rt_tgsigqueueinfo => never [Num, Num, Num, Num, Num, Num];
    io_uring_setup, __NR_io_uring_setup => never [Num, Num, Num, Num, Num, Num];
    io_uring_enter, __NR_io_uring_enter => never [Num, Num, Num, Num, Num, Num];
    io_uring_register, __NR_io_uring_register => never [Num, Num, Num, Num, Num, Num];
    userfaultfd, __NR_userfaultfd => never [Num, Num, Num, Num, Num, Num];
    mbind, __NR_mbind => never [Num, Num, Num, Num, Num, Num];
    set_mempolicy, __NR_set_mempolicy => never [Num, Num, Num, Num, Num, Num];
    get_mempolicy, __NR_get_mempolicy => never [Num, Num, Num, Num, Num, Num];
    remap_file_pages, __NR_remap_file_pages => never [Num, Num, Num, Num, Num, Num];
    pkey_mprotect, __NR_pkey_mprotect => never [Num, Num, Num, Num, Num, Num];
    pkey_alloc, __NR_pkey_alloc => never [Num, Num, Num, Num, Num, Num];
    pkey_free, __NR_pkey_free => never [Num, Num, Num, Num, Num, Num];
    shmget, __NR_shmget => never [Num, Num, Num, Num, Num, Num];
    shmat, __NR_shmat => never [Num, Num, Num, Num, Num, Num];
    shmdt, __NR_shmdt => never [Num, Num, Num, Num, Num, Num];
    shmctl, __NR_shmctl => never [Num, Num, Num, Num, Num, Num];
    semget, __NR_semget => never [Num, Num, Num, Num, Num, Num];
    semop, __NR_semop => never [Num, Num, Num, Num, Num, Num];
    semctl, __NR_semctl => never [Num, Num, Num, Num, Num, Num];
    msgget, __NR_msgget => never [Num, Num, Num, Num, Num, Num];
    msgsnd, __NR_msgsnd => never [Num, Num, Num, Num, Num, Num];
    msgrcv, __NR_msgrcv => never [Num, Num, Num, Num, Num, Num];
    msgctl, __NR_msgctl => never [Num, Num, Num, Num, Num, Num];
    timer_create, __NR_timer_create => never [Num, Num, Num, Num, Num, Num];
    timer_settime, __NR_timer_settime => never [Num, Num, Num, Num, Num, Num];
    timer_gettime, __NR_timer_gettime => never [Num, Num, Num, Num, Num, Num];
    timer_delete, __NR_timer_delete => never [Num, Num, Num, Num, Num, Num];
    timer_getoverrun, __NR_timer_getoverrun => never [Num, Num, Num, Num, Num, Num];
    io_setup, __NR_io_setup => never [Num, Num, Num, Num, Num, Num];
    io_destroy, __NR_io_destroy => never [Num, Num, Num, Num, Num, Num];
    io_submit, __NR_io_submit => never [Num, Num, Num, Num, Num, Num];
    io_getevents, __NR_io_getevents => never [Num, Num, Num, Num, Num, Num];
    io_cancel, __NR_io_cancel => never [Num, Num, Num, Num, Num, Num];
    sendmmsg, __NR_sendmmsg => never [Num, Num, Num, Num, Num, Num];
    recvmmsg, __NR_recvmmsg => never [Num, Num, Num, Num, Num, Num];
    modify_ldt, __NR_modify_ldt => never [Num, Num, Num, Num, Num, Num];
    set_thread_area, __NR_set_thread_area => never [Num, Num, Num, Num, Num, Num];
    epoll_pwait2, __NR_epoll_pwait2 => never [Num, Num, Num, Num, Num, Num];
    process_vm_readv, __NR_process_vm_readv => never [Num, Num, Num, Num, Num, Num];
    process_vm_writev, __NR_process_vm_writev => never [Num, Num, Num, Num, Num, Num];
    bpf, __NR_bpf => never [Num, Num, Num, Num, Num, Num];
    perf_event_open, __NR_perf_event_open => never [Num, Num, Num, Num, Num, Num];
    mount, __NR_mount => never [Num, Num, Num, Num, Num, Num];
    umount2, __NR_umount2 => never [Num, Num, Num, Num, Num, Num];
    reboot, __NR_reboot => never [Num, Num, Num, Num, Num, Num];
    init_module, __NR_init_module => never [Num, Num, Num, Num, Num, Num];
    finit_module, __NR_finit_module => never [Num, Num, Num, Num, Num, Num];
    delete_module, __NR_delete_module => never [Num, Num, Num, Num, Num, Num];
}

/// System call `nr`.
#[inline(always)]
pub(crate) fn find(nr: u64) -> Option<&'static Entry> {
    TABLE.get(nr as usize)?.as_ref()
}

/// The name of system call `nr`.
pub(crate) fn name(nr: u64) -> &'static str {
    find(nr).map_or("?", |entry| entry.name)
}
