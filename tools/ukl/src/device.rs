// SPDX-License-Identifier: GPL-2.0

//! `/dev/ukl`: each request as a safe function. What they mean is in `include/uapi/ukl.h`.

use std::{
    ffi::{c_int, c_void, CStr},
    fs::File,
    io,
    num::NonZeroUsize,
    os::fd::{AsRawFd, RawFd},
    path::Path,
    ptr::{self, NonNull},
};

use anyhow::{anyhow, bail, Result};
use nix::{
    errno::Errno,
    sys::mman::{mmap, munmap, MapFlags, ProtFlags},
};

use crate::abi;

/// Where the device is.
pub const PATH: &str = "/dev/ukl";

/// An open `/dev/ukl`. It is closed on `execve()`.
#[derive(Debug)]
pub struct Device(File);

/// The tables of `UKL_STATS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stats {
    /// A line for each application.
    Apps = abi::UKL_STATS_APPS,
    /// A line for each thread.
    Threads = abi::UKL_STATS_THREADS,
    /// A line for each registered program.
    Programs = abi::UKL_STATS_PROGRAMS,
}

/// What `UKL_BIND` is told.
#[derive(Debug)]
pub struct Bind<'a> {
    /// The program.
    pub name: &'a CStr,
    /// Its arguments, each ending with a NUL.
    pub args: &'a [u8],
    /// Its environment, in the same form.
    pub env: &'a [u8],
    /// The bypass budget of each thread.
    pub bypass: u32,
    /// Bytes of a stack; 0 for the module's own idea.
    pub stack_size: u64,
}

impl Device {
    /// Opens the device.
    pub fn open() -> Result<Self, Errno> {
        File::options()
            .read(true)
            .write(true)
            .open(PATH)
            .map(Self)
            .map_err(|e| errno(&e))
    }

    /// Opens the device, or says what to do about it.
    pub fn expect() -> Result<Self> {
        Self::open().map_err(|error| {
            let remedy = match error {
                Errno::ENOENT if Path::new("/sys/module/ukl").exists() => {
                    "; ukl.ko is loaded, so mount devtmpfs on /dev"
                }
                Errno::ENOENT => "; load ukl.ko with 'modprobe ukl'",
                Errno::EACCES | Errno::EPERM => "; be root, or let a udev rule give you access",
                _ => "",
            };
            anyhow!("cannot open {PATH}: {}{remedy}", error.desc())
        })
    }

    /// What this `ukl.ko` is; an error if this command does not fit it.
    pub fn info(&self) -> Result<abi::ukl_info> {
        let mut info = abi::ukl_info::default();
        // SAFETY: the request writes a `struct ukl_info`, which this is.
        unsafe { self.ioctl(abi::REQUEST_INFO, ptr::from_mut(&mut info) as usize) }
            .map_err(|error| anyhow!("{PATH} is not ukl.ko's: UKL_INFO: {}", error.desc()))?;
        let (theirs, ours) = (info.version, abi::UKL_ABI_VERSION);
        if theirs != ours {
            bail!(
                "cannot use ukl.ko: its interface is version {theirs}, that of this command \
                 {ours}; install both from one tree"
            );
        }
        Ok(info)
    }

    /// Binds a program, once for a descriptor.
    pub fn bind(&self, bind: &Bind<'_>) -> Result<(), Errno> {
        let bind = abi::ukl_bind {
            name: bind.name.as_ptr() as u64,
            args: bind.args.as_ptr() as u64,
            args_size: u32::try_from(bind.args.len()).map_err(|_| Errno::E2BIG)?,
            bypass: bind.bypass,
            stack_size: bind.stack_size,
            env: bind.env.as_ptr() as u64,
            env_size: u32::try_from(bind.env.len()).map_err(|_| Errno::E2BIG)?,
            ..Default::default()
        };
        // SAFETY: the request reads a `struct ukl_bind`, which this is, and the name, the arguments
        // and the environment, which end where it says and outlive the request.
        unsafe { self.ioctl(abi::REQUEST_BIND, ptr::from_ref(&bind) as usize) }.map(drop)
    }

    /// Asks all threads of the application to stop. Async-signal-safe.
    pub fn stop(fd: RawFd) {
        // SAFETY: the request has no argument. If the descriptor is not `/dev/ukl` (any more), it
        // is refused. Nothing is to be done about an error: there is no application then.
        unsafe { libc::ioctl(fd, abi::REQUEST_STOP) };
    }

    /// A table, as text in `buffer`, whose room is used again the next time.
    pub fn stats(&self, table: Stats, buffer: &mut Vec<u8>) -> Result<(), Errno> {
        buffer.clear();
        buffer.reserve(16 << 10);
        loop {
            let stats = abi::ukl_stats {
                table: table as u32,
                buffer: buffer.as_mut_ptr() as u64,
                size: buffer.capacity() as u64,
                ..Default::default()
            };
            // SAFETY: the request reads a `struct ukl_stats`, which this is, and writes at most
            // `size` bytes to the buffer, which has room for them.
            let size = unsafe { self.ioctl(abi::REQUEST_STATS, ptr::from_ref(&stats) as usize) }?;
            let size = size as usize;
            if size <= buffer.capacity() {
                // SAFETY: so many bytes of the buffer were written.
                unsafe { buffer.set_len(size) };
                return Ok(());
            }
            // It may have grown again until it is asked for again.
            buffer.reserve(size + size / 4);
        }
    }

    /// Sets the bypass budget of a thread of any application.
    pub fn set_bypass(&self, tid: u32, bypass: u32) -> Result<(), Errno> {
        let set = abi::ukl_set {
            tid,
            bypass,
            ..Default::default()
        };
        // SAFETY: the request reads a `struct ukl_set`, which this is.
        unsafe { self.ioctl(abi::REQUEST_SET, ptr::from_ref(&set) as usize) }.map(drop)
    }

    /// Maps the run area of thread `number`, and says in it where its data window is.
    pub fn map(&self, number: u32, info: &abi::ukl_info) -> Result<RunArea<'_>, Errno> {
        let size = NonZeroUsize::new(info.run_size as usize).ok_or(Errno::EINVAL)?;
        let offset = i64::from(number) * i64::from(info.run_size);
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        let data = info.data_offset as usize;
        if data < size_of::<abi::ukl_run>() || data > size.get() {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the kernel chooses where, so nothing that is mapped is replaced.
        let start = unsafe { mmap(None, size, access, MapFlags::MAP_SHARED, &self.0, offset) }?;
        let run = start.cast::<abi::ukl_run>();
        // SAFETY: it is the head of the mapping, which is large enough, and nobody knows it yet.
        unsafe { (*run.as_ptr()).data = (start.addr().get() + data) as u64 };
        Ok(RunArea {
            device: self,
            number,
            run,
            size: size.get(),
        })
    }

    /// A request with an argument. Returns what it returned.
    ///
    /// # Safety
    ///
    /// `argument` is what the request wants: a number, or the address of its struct.
    unsafe fn ioctl(&self, request: libc::c_ulong, argument: usize) -> Result<c_int, Errno> {
        // SAFETY: that of this function.
        Errno::result(unsafe { libc::ioctl(self.as_raw_fd(), request, argument) })
    }
}

impl AsRawFd for Device {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// The errno of an error of the standard library's.
pub fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

/// Why `UKL_RUN` returned.
#[derive(Debug, PartialEq, Eq)]
pub enum Exit {
    /// The thread has ended with this, and the application as a whole if it is over.
    Finished {
        /// What its function has returned, or the application's status if that is over.
        status: i32,
        /// Whether the other threads are to end as well.
        over: bool,
    },
    /// A signal waits, or has been caught.
    Signal,
    /// Thread `number` is to be started; [`RunArea::set_result`] says whether it was.
    Thread(u32),
    /// A system call is to be made, with these arguments.
    Syscall(u64, [u64; 6]),
    /// How a signal is handled changes: its number, and one of `UKL_SIGNAL_*`.
    Sigaction(u32, u32),
    /// The application is ended for what the thread did.
    Fault(Fault),
    /// This command knows no such reason.
    Unknown(u32),
}

/// What a thread did to have its application ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The signal that a process would be ended with.
    pub signal: c_int,
    /// What was accessed, for a `SIGSEGV`.
    pub address: u64,
    /// The instruction.
    pub ip: u64,
}

/// The run area of a thread. The kernel and the catcher of signals write to it as well, each only
/// while the thread is in there: every access is volatile, and no reference to it exists.
#[derive(Debug)]
pub struct RunArea<'a> {
    device: &'a Device,
    number: u32,
    run: NonNull<abi::ukl_run>,
    size: usize,
}

// SAFETY: it is a mapping, which all threads have; it is used by one at a time, since everything
// that writes to it takes it mutably.
unsafe impl Send for RunArea<'_> {}

impl RunArea<'_> {
    /// Runs the thread until there is something to be done.
    pub fn run(&mut self) -> Result<Exit, Errno> {
        // SAFETY: the argument is a number. The kernel writes to the run area and to what the
        // application, which is part of the kernel, asks for.
        match unsafe { self.device.ioctl(abi::REQUEST_RUN, self.number as usize) } {
            Ok(_) => Ok(self.exit()),
            Err(Errno::EINTR) => Ok(Exit::Signal),
            Err(error) => Err(error),
        }
    }

    /// What the application gets as the result of what it asked for.
    pub fn set_result(&mut self, result: i64) {
        // SAFETY: the run area is mapped as long as `self` lives.
        unsafe { ptr::write_volatile(&raw mut (*self.run.as_ptr()).result, result) };
    }

    /// Where it is. Valid as long as `self` lives.
    pub fn as_ptr(&self) -> *mut abi::ukl_run {
        self.run.as_ptr()
    }

    fn exit(&self) -> Exit {
        // SAFETY: the run area is mapped as long as `self` lives, and any bytes are a `ukl_run`.
        let run = unsafe { ptr::read_volatile(self.run.as_ptr()) };
        let what = run.__bindgen_anon_1;
        // SAFETY: any bytes are any of the variants.
        unsafe {
            match run.exit {
                abi::UKL_EXIT_FINISHED => Exit::Finished {
                    status: what.finished.status,
                    over: what.finished.over != 0,
                },
                abi::UKL_EXIT_SIGNAL => Exit::Signal,
                abi::UKL_EXIT_THREAD => Exit::Thread(what.thread.number),
                abi::UKL_EXIT_SYSCALL => Exit::Syscall(what.syscall.nr, what.syscall.args),
                abi::UKL_EXIT_SIGACTION => {
                    Exit::Sigaction(what.sigaction.number, what.sigaction.handling)
                }
                abi::UKL_EXIT_FAULT => Exit::Fault(Fault {
                    signal: what.fault.signal as c_int,
                    address: what.fault.address,
                    ip: what.fault.ip,
                }),
                reason => Exit::Unknown(reason),
            }
        }
    }
}

impl Drop for RunArea<'_> {
    fn drop(&mut self) {
        // SAFETY: this is the mapping that `map()` made; nobody has a pointer into it any more.
        let unmapped = unsafe { munmap(self.run.cast::<c_void>(), self.size) };
        debug_assert!(unmapped.is_ok());
    }
}

#[cfg(test)]
pub mod tests {
    use std::os::{fd::FromRawFd, unix::fs::FileExt};

    use super::*;

    /// A device that refuses every request and has eight areas.
    pub fn null() -> Device {
        // SAFETY: the name ends with a NUL, and the new descriptor is nobody else's.
        let file = unsafe { File::from_raw_fd(libc::memfd_create(c"areas".as_ptr(), 0)) };
        file.set_len(8 * u64::from(INFO.run_size)).unwrap();
        Device(file)
    }

    /// What a module would say, for areas that are mapped from [`null`].
    pub const INFO: abi::ukl_info = abi::ukl_info {
        version: abi::UKL_ABI_VERSION,
        run_size: 4096,
        data_offset: 512,
        threads_max: 8,
        bypass_max: 1000,
        reserved: [0; 3],
    };

    #[test]
    fn exits_are_read_from_the_area() {
        let device = null();
        let area = device.map(0, &INFO).unwrap();
        let exits = |exit, words: [u64; 7]| {
            let mut padding = [0; 16];
            padding[..7].copy_from_slice(&words);
            // SAFETY: the area is mapped.
            unsafe {
                (*area.as_ptr()).exit = exit;
                (*area.as_ptr()).__bindgen_anon_1.padding = padding;
            }
            area.exit()
        };
        let finished = |status, over| Exit::Finished { status, over };
        assert_eq!(
            exits(1, [0xffff_fffe, 0, 0, 0, 0, 0, 0]),
            finished(-2, false)
        );
        assert_eq!(
            exits(1, [(1 << 32) | 3, 0, 0, 0, 0, 0, 0]),
            finished(3, true)
        );
        assert_eq!(exits(2, [0; 7]), Exit::Signal);
        assert_eq!(exits(3, [7, 0, 0, 0, 0, 0, 0]), Exit::Thread(7));
        assert_eq!(
            exits(4, [39, 1, 2, 3, 4, 5, 6]),
            Exit::Syscall(39, [1, 2, 3, 4, 5, 6])
        );
        assert_eq!(
            exits(5, [(2 << 32) | 10, 0, 0, 0, 0, 0, 0]),
            Exit::Sigaction(10, 2)
        );
        let fault = Fault {
            signal: 11,
            address: 8,
            ip: 9,
        };
        assert_eq!(exits(6, [11, 8, 9, 0, 0, 0, 0]), Exit::Fault(fault));
        assert_eq!(exits(0, [0; 7]), Exit::Unknown(0));
        assert_eq!(exits(7, [0; 7]), Exit::Unknown(7));
    }

    #[test]
    fn an_area_says_where_its_data_window_is() {
        let device = null();
        let area = device.map(3, &INFO).unwrap();
        // SAFETY: the area is mapped.
        assert_eq!(unsafe { (*area.as_ptr()).data }, area.as_ptr() as u64 + 512);
        let mut data = [0; 8];
        let at = 3 * INFO.run_size as usize + std::mem::offset_of!(abi::ukl_run, data);
        device.0.read_exact_at(&mut data, at as u64).unwrap();
        assert_eq!(u64::from_ne_bytes(data), area.as_ptr() as u64 + 512);
        let small = abi::ukl_info {
            data_offset: 64,
            ..INFO
        };
        assert_eq!(device.map(0, &small).unwrap_err(), Errno::EINVAL);
        let odd = abi::ukl_info {
            data_offset: 8192,
            ..INFO
        };
        assert_eq!(device.map(0, &odd).unwrap_err(), Errno::EINVAL);
    }

    #[test]
    fn another_device_is_not_ours() {
        let error = format!("{:#}", null().info().unwrap_err());
        assert!(error.contains("not ukl.ko's"), "{error}");
    }
}
