// SPDX-License-Identifier: GPL-2.0

//! `/dev/ukl`: `include/uapi/ukl.h` for processes.

use crate::{
    app::App,
    bindings, budget, call,
    carrier::process as carrier,
    process::{Process, Strings, THREADS_MAX},
    program::Program,
    seat, stats,
};
use core::mem::offset_of;
use kernel::{
    fs::File,
    ioctl::{_IO, _IOC_SIZE, _IOR, _IOW},
    miscdevice::{MiscDevice, MiscDeviceRegistration},
    mm::virt::VmaNew,
    new_mutex,
    page::PAGE_SIZE,
    prelude::*,
    str::CString,
    sync::{aref::ARef, Arc, Mutex},
    uaccess::{UserPtr, UserSlice},
};
use ukl_bindings::errno;
use ukl_support::{file, task};

const IOC: u32 = bindings::UKL_IOC;
const INFO: u32 = _IOR::<bindings::ukl_info>(IOC, 0);
const BIND: u32 = _IOW::<bindings::ukl_bind>(IOC, 1);
const RUN: u32 = _IO(IOC, 2);
const STOP: u32 = _IO(IOC, 3);
const STATS: u32 = _IOW::<bindings::ukl_stats>(IOC, 4);
const SET: u32 = _IOW::<bindings::ukl_set>(IOC, 5);

/// An open `/dev/ukl`.
#[pin_data(PinnedDrop)]
pub(crate) struct Device {
    /// The application that it runs, once one is bound.
    #[pin]
    app: Mutex<Option<Arc<App>>>,
}

#[vtable]
impl MiscDevice for Device {
    type Ptr = Pin<KBox<Self>>;

    fn open(file: &File, _misc: &MiscDeviceRegistration<Self>) -> Result<Self::Ptr> {
        file::keep_module(file)?;
        KBox::pin_init(
            pin_init!(Self {
                app <- new_mutex!(None),
            }),
            GFP_KERNEL_ACCOUNT,
        )
    }

    fn mmap(device: Pin<&Self>, _file: &File, vma: &VmaNew) -> Result {
        let app = device.app()?;
        let process = app.process().ok_or(ENXIO)?;
        if !process.is_current() {
            return Err(EIO);
        }
        // SAFETY: `vma` is being set up, and nobody else writes it.
        let page = unsafe { (*vma.as_ptr()).vm_pgoff };
        if page % seat::RUN_PAGES != 0 {
            return Err(EINVAL);
        }
        let thread = process.thread(page / seat::RUN_PAGES)?;
        let seat = thread.seat.as_ref().ok_or(ESRCH)?;
        seat.area().map(vma)
    }

    fn ioctl(device: Pin<&Self>, file: &File, cmd: u32, arg: usize) -> Result<isize> {
        match cmd {
            INFO => device.info(arg),
            BIND => device.bind(arg),
            RUN => {
                // The program itself may close the descriptor.
                let _open = ARef::from(file);
                carrier::run(&*device.app()?, arg).map(|()| 0)
            }
            STOP => device.stop(),
            STATS => device.stats(arg),
            SET => device.set(arg),
            _ => Err(ENOTTY),
        }
    }
}

#[pinned_drop]
impl PinnedDrop for Device {
    /// The last descriptor is closed: no task is in the application, and none can come back.
    fn drop(self: Pin<&mut Self>) {
        let app = self.app.lock().take();
        if let Some(app) = app {
            app.abandon();
        }
    }
}

impl Device {
    /// The application; `ENXIO` if none is bound.
    fn app(&self) -> Result<Arc<App>> {
        self.app.lock().clone().ok_or(ENXIO)
    }

    fn info(&self, arg: usize) -> Result<isize> {
        let info = bindings::ukl_info {
            version: bindings::UKL_ABI_VERSION,
            run_size: (seat::RUN_PAGES * PAGE_SIZE) as u32,
            data_offset: seat::DATA_OFFSET as u32,
            threads_max: THREADS_MAX as u32,
            bypass_max: budget::MAX,
            reserved: [0; 3],
        };
        let words = [
            info.version,
            info.run_size,
            info.data_offset,
            info.threads_max,
            info.bypass_max,
        ];
        let mut to = user(arg, INFO).writer();
        for word in words {
            to.write(&word)?;
        }
        to.write(&info.reserved)?;
        Ok(0)
    }

    fn bind(&self, arg: usize) -> Result<isize> {
        let mut from = user(arg, BIND).reader();
        let name: u64 = from.read()?;
        let args: u64 = from.read()?;
        let args_size: u32 = from.read()?;
        let bypass: u32 = from.read()?;
        let stack_size: u64 = from.read()?;
        let env: u64 = from.read()?;
        let env_size: u32 = from.read()?;
        let reserved: u32 = from.read()?;
        if reserved != 0 || budget::check(bypass).is_err() {
            return Err(EINVAL);
        }
        let stack_size = call::thread::stack_size(usize::try_from(stack_size)?)?;
        let mut buffer = [0; bindings::UKL_NAME_MAX as usize];
        let name = read_name(name as usize, &mut buffer)?;
        let args = read_strings(args, args_size)?;
        let env = read_strings(env, env_size)?;

        let mut bound = self.app.lock();
        if bound.is_some() {
            return Err(EBUSY);
        }
        let process = Process::new(Program::find(name)?, args, env, stack_size, bypass)?;
        let owner = process.program().owner();
        let body = process.program().body();
        let app = App::register(owner, CString::try_from(name)?, Some(process.clone()))?;
        if let Err(error) = carrier::prepare(&app, &process, body, stack_size, false) {
            app.abandon();
            return Err(error);
        }
        *bound = Some(app);
        Ok(0)
    }

    fn stop(&self) -> Result<isize> {
        let app = self.app()?;
        if !app.process().is_some_and(|process| process.is_current()) {
            return Err(EIO);
        }
        app.request_stop();
        Ok(0)
    }

    fn stats(&self, arg: usize) -> Result<isize> {
        let mut from = user(arg, STATS).reader();
        let table: u32 = from.read()?;
        let reserved: u32 = from.read()?;
        let buffer: u64 = from.read()?;
        let size: u64 = from.read()?;
        if reserved != 0 {
            return Err(EINVAL);
        }
        let text = stats::table(table)?;
        if text.len() as u64 <= size {
            UserSlice::new(UserPtr::from_addr(buffer as usize), text.len())
                .writer()
                .write_slice(&text)?;
        }
        Ok(text.len() as isize)
    }

    fn set(&self, arg: usize) -> Result<isize> {
        let mut from = user(arg, SET).reader();
        let tid: u32 = from.read()?;
        let bypass: u32 = from.read()?;
        let reserved: u64 = from.read()?;
        if reserved != 0 || budget::check(bypass).is_err() {
            return Err(EINVAL);
        }
        let mut result = Err(ESRCH);
        App::for_each(|app| {
            app.for_each_task(|thread, task| {
                if tid == 0 || task::number(task) != tid {
                    return;
                }
                result = if task::may_tune(task) {
                    thread.attention.second.store(bypass);
                    Ok(0)
                } else {
                    Err(EPERM)
                };
            });
        });
        result
    }
}

const _: () = assert!(offset_of!(bindings::ukl_bind, stack_size) == 24);

/// The argument of a request, which says how large it is.
fn user(arg: usize, cmd: u32) -> UserSlice {
    UserSlice::new(UserPtr::from_addr(arg), _IOC_SIZE(cmd))
}

/// Strings of user space, each with its NUL; `E2BIG`, `EINVAL` if the last has none.
fn read_strings(address: u64, size: u32) -> Result<Strings> {
    if size > bindings::UKL_ARGS_MAX {
        return Err(E2BIG);
    }
    let mut bytes = KVVec::new();
    UserSlice::new(UserPtr::from_addr(address as usize), size as usize)
        .read_all(&mut bytes, GFP_KERNEL_ACCOUNT)?;
    Strings::new(bytes)
}

/// A string of user space; `ENAMETOOLONG`, `EINVAL` if it is empty.
fn read_name(address: usize, buffer: &mut [u8]) -> Result<&CStr> {
    // Byte by byte: what is behind it need not be there.
    for i in 0..buffer.len() {
        let at = UserPtr::from_addr(address.checked_add(i).ok_or(EFAULT)?);
        buffer[i] = UserSlice::new(at, 1).reader().read()?;
        if buffer[i] == 0 {
            if i == 0 {
                return Err(EINVAL);
            }
            return CStr::from_bytes_with_nul(&buffer[..=i]).map_err(|_| EINVAL);
        }
    }
    Err(errno::enametoolong())
}
