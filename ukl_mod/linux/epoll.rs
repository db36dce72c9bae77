// SPDX-License-Identifier: GPL-2.0

//! `epoll_*()`: an event set of ukl.ko's behind a descriptor of the process.
//!
//! A descriptor is in a set as long as it is open: one that is closed leaves the sets that it is in, also
//! if another descriptor has the same file.

use crate::{
    bindings::{self, ukl_event, ukl_file, ukl_poll, ukl_sock},
    call::signal::{Blocked, Mask},
    face::{self, answer, Answer},
    lock::Lock,
    process::Process,
    program,
};
use core::{
    ptr,
    sync::atomic::{AtomicI32, AtomicPtr, AtomicU64, Ordering},
};
use kernel::{error::to_result, prelude::*, rbtree::RBTree};

/// The most sets of a program.
const SETS: usize = 64;
/// The most events of one wait.
const EVENTS: usize = 128;

/// Events that can be asked for.
const ASKED: u32 = bindings::UKL_EPOLLIN
    | bindings::UKL_EPOLLOUT
    | bindings::UKL_EPOLLPRI
    | bindings::UKL_EPOLLRDHUP
    | bindings::UKL_EPOLLET
    | bindings::UKL_EPOLLONESHOT;

/// What is in a set: a handle of ukl.ko's, which the set alone has.
#[derive(Clone, Copy)]
enum Item {
    Sock(*mut ukl_sock),
    File(*mut ukl_file),
}

impl Item {
    /// Of a descriptor. `EBADF`.
    fn of(fd: i32) -> Result<Self> {
        // SAFETY: Takes any number.
        let sock = unsafe { bindings::ukl_sock_from_fd(ptr::null_mut(), fd) };
        match answer(sock as i64) {
            Ok(_) => return Ok(Self::Sock(sock)),
            Err(error) if error == face::errno(bindings::ENOTSOCK) => (),
            Err(error) => return Err(error),
        }
        // SAFETY: Takes any number.
        let file = unsafe { bindings::ukl_file_from_fd(ptr::null_mut(), fd) };
        answer(file as i64).map(|_| Self::File(file))
    }

    fn add(self, poll: *mut ukl_poll, events: u32, token: u64) -> Result {
        // SAFETY: The handles are open.
        to_result(unsafe {
            match self {
                Self::Sock(sock) => bindings::ukl_poll_add(poll, sock, events, token),
                Self::File(file) => bindings::ukl_poll_add_file(poll, file, events, token),
            }
        })
    }

    fn modify(self, poll: *mut ukl_poll, events: u32, token: u64) -> Result {
        // SAFETY: The handles are open.
        to_result(unsafe {
            match self {
                Self::Sock(sock) => bindings::ukl_poll_modify(poll, sock, events, token),
                Self::File(file) => bindings::ukl_poll_modify_file(poll, file, events, token),
            }
        })
    }

    /// Takes it out of the set that it is in, and gives it back.
    fn close(self) -> Result {
        // SAFETY: The handles are open; closing takes them out of their set.
        to_result(unsafe {
            match self {
                Self::Sock(sock) => bindings::ukl_close(sock),
                Self::File(file) => bindings::ukl_file_close(file),
            }
        })
    }
}

/// What a set knows of a descriptor in it: the token that ukl.ko hands back is the address.
///
/// It stays as long as the application, to be used again, since another thread may just have been handed
/// its address.
struct Record {
    /// What the program wants to have with its events.
    data: AtomicU64,
    /// The next one that is not used.
    next: *mut Record,
}

/// A descriptor in a set.
struct Entry {
    item: Item,
    record: *mut Record,
}

/// What is in a set.
struct Entries {
    by_fd: RBTree<i32, Entry>,
    unused: *mut Record,
}

impl Entries {
    /// A record that nobody uses.
    fn record(&mut self) -> Result<&'static Record> {
        let record = match self.unused.is_null() {
            true => face::allocate(size_of::<Record>())?.cast::<Record>(),
            false => self.unused,
        };
        // SAFETY: Zeroed memory of the application's is a record, and others look at its atomics only.
        unsafe {
            self.unused = (*record).next;
            (*record).next = ptr::null_mut();
        }
        // SAFETY: As above; it stays as long as the application.
        Ok(unsafe { &*record })
    }

    /// Takes a descriptor out; its item is to be closed.
    fn remove(&mut self, fd: i32) -> Option<Item> {
        let Entry { item, record } = self.by_fd.remove(&fd)?;
        self.put(record);
        Some(item)
    }

    fn put(&mut self, record: *mut Record) {
        // SAFETY: It is one of the set's, which no descriptor has any more.
        unsafe { (*record).next = self.unused };
        self.unused = record;
    }
}

/// A set. It keeps its handle when its descriptor is closed, for the next: so a thread that waits for it
/// meanwhile has a handle that is there.
struct Set {
    /// The descriptor; -1 if there is none, -2 if it is being made.
    fd: AtomicI32,
    poll: AtomicPtr<ukl_poll>,
    entries: Lock<Entries>,
}

// SAFETY: Handles are for all threads of the application.
unsafe impl Send for Set {}
// SAFETY: As above.
unsafe impl Sync for Set {}

/// The sets of a program.
pub(crate) struct Epolls([Set; SETS]);

impl Epolls {
    pub(crate) fn new() -> Self {
        Self(core::array::from_fn(|_| Set {
            fd: AtomicI32::new(-1),
            poll: AtomicPtr::new(ptr::null_mut()),
            entries: Lock::new(Entries {
                by_fd: RBTree::new(),
                unused: ptr::null_mut(),
            }),
        }))
    }

    /// The set behind a descriptor. `EINVAL` if there is none.
    #[inline(always)]
    fn find(&self, fd: u64) -> Result<&Set> {
        let fd = fd as i32;
        let set = self
            .0
            .iter()
            .find(|set| set.fd.load(Ordering::Acquire) == fd);
        set.filter(|_| fd >= 0).ok_or(EINVAL)
    }

    /// A descriptor is about to be closed.
    pub(crate) fn closing(&self, fd: i32) -> Result {
        if fd < 0 {
            return Ok(());
        }
        for set in &self.0 {
            if set.poll.load(Ordering::Relaxed).is_null() {
                // Those behind it were never used.
                break;
            }
            if set.fd.load(Ordering::Relaxed) == fd {
                set.close()?;
                continue;
            }
            set.remove(fd)?;
        }
        Ok(())
    }
}

impl Set {
    fn create(&self, flags: u64) -> Result<i32> {
        if self.poll.load(Ordering::Relaxed).is_null() {
            // SAFETY: Has no arguments.
            let poll = unsafe { bindings::ukl_poll_create() };
            answer(poll as i64)?;
            self.poll.store(poll, Ordering::Release);
        }
        let mut epoll = bindings::ukl_linux_epoll {
            flags: flags as i32,
        };
        // SAFETY: The helper takes this.
        let fd = unsafe { face::call(bindings::ukl_linux_helper_epoll_create, &mut epoll)? };
        Ok(fd as i32)
    }

    /// Empties it: its descriptor is about to be closed.
    fn close(&self) -> Result {
        let first = || -> Result<Option<i32>> {
            Ok(self.entries.lock()?.by_fd.iter().next().map(|(&fd, _)| fd))
        };
        while let Some(fd) = first()? {
            self.remove(fd)?;
        }
        self.fd.store(-1, Ordering::Release);
        Ok(())
    }

    /// Takes a descriptor out. Returns whether it was in the set.
    fn remove(&self, fd: i32) -> Result<bool> {
        if self.entries.lock()?.by_fd.get(&fd).is_none() {
            return Ok(false);
        }
        // A handler in between might not come back.
        let _blocked = Blocked::all()?;
        let item = self.entries.lock()?.remove(fd);
        match item {
            Some(item) => item.close().map(|()| true),
            None => Ok(false),
        }
    }

    fn poll(&self) -> *mut ukl_poll {
        self.poll.load(Ordering::Acquire)
    }
}

/// `epoll_create1(flags)`.
pub(crate) fn create1(args: &[u64; 6]) -> Answer {
    if args[0] & !u64::from(bindings::O_CLOEXEC) != 0 {
        return Err(EINVAL);
    }
    let taken = |set: &&Set| {
        set.fd
            .compare_exchange(-1, -2, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    };
    let set = Process::get()?.epolls.0.iter().find(taken).ok_or(EMFILE)?;
    let fd = set.create(args[0]);
    set.fd.store(*fd.as_ref().unwrap_or(&-1), Ordering::Release);
    fd.map(i64::from)
}

/// `epoll_create(size)`.
pub(crate) fn create(args: &[u64; 6]) -> Answer {
    match args[0] as i32 {
        1.. => create1(&[0; 6]),
        _ => Err(EINVAL),
    }
}

/// `epoll_ctl(epfd, op, fd, event)`.
pub(crate) fn ctl(args: &[u64; 6]) -> Answer {
    let set = Process::get()?.epolls.find(args[0])?;
    let (poll, fd) = (set.poll(), args[2] as i32);
    if args[2] == args[0] {
        return Err(EINVAL);
    }
    let event = || -> Result<(u32, u64)> {
        let events = program::read(args[3])?;
        let data = program::read(args[3].wrapping_add(4))?;
        Ok((events, data))
    };
    let set_record = |record: &Record, data| {
        record.data.store(data, Ordering::Relaxed);
        ptr::from_ref(record) as u64
    };
    match args[1] as u32 {
        bindings::EPOLL_CTL_ADD => {
            let (events, data) = event()?;
            // Calls are made with the lock.
            let _blocked = Blocked::all()?;
            let mut entries = set.entries.lock()?;
            if entries.by_fd.get(&fd).is_some() {
                return Err(EEXIST);
            }
            let item = Item::of(fd)?;
            let record = match entries.record() {
                Ok(record) => record,
                Err(error) => {
                    item.close()?;
                    return Err(error);
                }
            };
            let token = set_record(record, data);
            let record = ptr::from_ref(record).cast_mut();
            let added = item.add(poll, events & ASKED, token).and_then(|()| {
                let entry = Entry { item, record };
                entries
                    .by_fd
                    .try_create_and_insert(fd, entry, GFP_KERNEL_ACCOUNT)?;
                Ok(())
            });
            if let Err(error) = added {
                entries.put(record);
                item.close()?;
                return Err(error);
            }
        }
        bindings::EPOLL_CTL_MOD => {
            let (events, data) = event()?;
            // As above.
            let _blocked = Blocked::all()?;
            let entries = set.entries.lock()?;
            let entry = entries.by_fd.get(&fd).ok_or(ENOENT)?;
            // SAFETY: A record stays as long as the application.
            let token = set_record(unsafe { &*entry.record }, data);
            entry.item.modify(poll, events & ASKED, token)?;
        }
        bindings::EPOLL_CTL_DEL => {
            if !set.remove(fd)? {
                return Err(ENOENT);
            }
        }
        _ => return Err(EINVAL),
    }
    Ok(0)
}

/// Bytes of a `struct epoll_event`, which is packed.
const EVENT_SIZE: u64 = 12;

/// `epoll_wait(epfd, events, maxevents, timeout)`.
#[inline(never)]
pub(crate) fn wait(args: &[u64; 6]) -> Answer {
    wait_for(args, args[3] as i32)
}

#[inline(always)]
fn wait_for(args: &[u64; 6], timeout: i32) -> Answer {
    let set = Process::get()?.epolls.find(args[0])?;
    let max = args[2] as i32;
    if max <= 0 {
        return Err(EINVAL);
    }
    let max = max.min(EVENTS as i32);
    program::writable(args[1], max as usize * EVENT_SIZE as usize)?;
    let timeout = i64::from(timeout) * 1_000_000;
    let mut events = [const { core::mem::MaybeUninit::<ukl_event>::uninit() }; EVENTS];
    // SAFETY: There is room for so many; the handle is open.
    let count = answer(i64::from(unsafe {
        bindings::ukl_poll_wait(set.poll(), events.as_mut_ptr().cast(), max, timeout)
    }))?;
    let mut to = args[1];
    for event in &events[..count as usize] {
        // SAFETY: So many were filled in.
        let event = unsafe { event.assume_init_ref() };
        // SAFETY: The token is a record's address, which stays as long as the application.
        let record = unsafe { &*(event.token as *const Record) };
        program::write(to, event.events)?;
        program::write(to + 4, record.data.load(Ordering::Relaxed))?;
        to += EVENT_SIZE;
    }
    Ok(count)
}

/// `epoll_pwait(epfd, events, maxevents, timeout, mask, size)`.
#[inline(always)]
pub(crate) fn pwait(args: &[u64; 6]) -> Answer {
    match args[4] {
        0 => wait(args),
        _ => masked_wait(args),
    }
}

#[cold]
fn masked_wait(args: &[u64; 6]) -> Answer {
    Mask::at(args[4], args[5])?.with(|has_come| match has_come {
        true => wait_for(args, 0),
        false => wait(args),
    })
}
