// SPDX-License-Identifier: GPL-2.0

//! How a program begins: as after `execve()`.

use crate::{
    bindings::{self, ukl_linux_ids, ukl_linux_image, ukl_linux_stack},
    face,
    process::Process,
    trace,
};
use core::{
    ffi::{c_int, c_void},
    ptr, slice,
    sync::atomic::{AtomicU32, Ordering},
};
use kernel::prelude::*;

/// A program's image, whose variables one process at a time has.
pub(crate) struct Image(&'static ukl_linux_image);

// SAFETY: It is only read, but for the word that says whether it is taken.
unsafe impl Send for Image {}
// SAFETY: As above.
unsafe impl Sync for Image {}

impl Image {
    /// Takes it. `EBUSY` if another process has it.
    fn take(image: &'static ukl_linux_image) -> Result<Self> {
        if Self::word(image)
            .compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            return Err(EBUSY);
        }
        Ok(Self(image))
    }

    fn word(image: &ukl_linux_image) -> &AtomicU32 {
        // SAFETY: The program says that it has a word there, which nobody else uses.
        unsafe { AtomicU32::from_ptr(image.taken) }
    }

    /// Makes the program's variables what they were when its module was loaded.
    fn reset(&self) {
        let ukl_linux_image {
            data,
            data_size,
            data_copy,
            bss,
            bss_size,
            ..
        } = *self.0;
        // SAFETY: The program says where its variables are; nobody runs it.
        unsafe {
            if !data_copy.is_null() {
                ptr::copy_nonoverlapping(data_copy.cast::<u8>(), data.cast::<u8>(), data_size);
            }
            bss.cast::<u8>().write_bytes(0, bss_size);
        }
    }

    /// The program's name.
    pub(crate) fn name(&self) -> &CStr {
        // SAFETY: The program says that it is a string, which stays.
        unsafe { CStr::from_char_ptr(self.0.name) }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        Self::word(self.0).store(0, Ordering::Release);
    }
}

/// Entries of the auxiliary vector.
mod at {
    pub(super) const NULL: u64 = 0;
    pub(super) const PHDR: u64 = 3;
    pub(super) const PHENT: u64 = 4;
    pub(super) const PHNUM: u64 = 5;
    pub(super) const PAGESZ: u64 = 6;
    pub(super) const UID: u64 = 11;
    pub(super) const EUID: u64 = 12;
    pub(super) const GID: u64 = 13;
    pub(super) const EGID: u64 = 14;
    pub(super) const CLKTCK: u64 = 17;
    pub(super) const SECURE: u64 = 23;
    pub(super) const RANDOM: u64 = 25;
    pub(super) const EXECFN: u64 = 31;
}

/// How many words the auxiliary vector has.
const AUX_WORDS: usize = 30;

/// Where the next words of the initial stack go.
struct Words<'a> {
    words: &'a mut [u64],
    used: usize,
}

impl Words<'_> {
    fn push(&mut self, word: u64) {
        if let Some(place) = self.words.get_mut(self.used) {
            *place = word;
        }
        self.used += 1;
    }
}

/// How many strings there are.
fn count(string: impl Fn(u32) -> *const u8) -> u32 {
    (0..).take_while(|&n| !string(n).is_null()).count() as u32
}

/// Lays out the initial stack: argc, argv, envp, the auxiliary vector, as the kernel does. The strings are the
/// application's, which the program may write to: they are copied.
fn stack(image: &ukl_linux_image) -> Result<*mut u64> {
    let (argc, envc) = (count(face::arg), count(face::env));
    let len = |string: *const u8| {
        // SAFETY: ukl.ko hands out strings that stay as long as the application.
        unsafe { CStr::from_char_ptr(string.cast()) }
            .to_bytes_with_nul()
            .len()
    };
    let strings = Iterator::chain((0..argc).map(face::arg), (0..envc).map(face::env));
    let bytes: usize = strings.clone().map(len).sum();
    // argc, two NULLs, 16 random bytes.
    let words = (argc + envc) as usize + 3 + AUX_WORDS + 2;
    let memory = face::allocate(words * 8 + bytes)?;
    // SAFETY: So much memory is there, and ours.
    let area = unsafe { slice::from_raw_parts_mut(memory.cast::<u64>(), words) };
    let (area, random) = area.split_at_mut(words - 2);
    let mut to = memory.wrapping_add(words * 8);
    let mut at = Words {
        words: area,
        used: 0,
    };
    let mut ids = ukl_linux_ids::default();
    let mut stack = ukl_linux_stack::default();
    // SAFETY: There is room for 16 bytes, and for the others.
    unsafe {
        bindings::ukl_linux_helper_random(random.as_mut_ptr().cast(), 16);
        bindings::ukl_linux_helper_ids(&mut ids);
        bindings::ukl_linux_helper_stack(&mut stack);
    }
    let name = to as u64;
    at.push(argc.into());
    for (n, string) in strings.enumerate() {
        if n == argc as usize {
            at.push(0);
        }
        let len = len(string);
        // SAFETY: All strings have room behind the words.
        unsafe { ptr::copy_nonoverlapping(string, to, len) };
        at.push(to as u64);
        to = to.wrapping_add(len);
    }
    if envc == 0 {
        at.push(0);
    }
    at.push(0);
    let aux = [
        (at::PHDR, image.phdr as u64),
        (at::PHENT, size_of::<bindings::elf64_phdr>() as u64),
        (at::PHNUM, image.phnum as u64),
        (at::PAGESZ, kernel::page::PAGE_SIZE as u64),
        (at::UID, ids.uid.into()),
        (at::EUID, ids.euid.into()),
        (at::GID, ids.gid.into()),
        (at::EGID, ids.egid.into()),
        (at::CLKTCK, 100),
        (at::SECURE, 0),
        (at::RANDOM, random.as_ptr() as u64),
        (at::EXECFN, name),
        (bindings::UKL_AT_STACK.into(), stack.top as u64),
        (
            bindings::UKL_AT_STACK_SIZE.into(),
            (stack.top - stack.bottom) as u64,
        ),
        (at::NULL, 0),
    ];
    const _: () = assert!(AUX_WORDS == 30);
    for (key, value) in aux {
        at.push(key);
        at.push(value);
    }
    Ok(memory.cast())
}

/// Whether the environment has this string.
fn has_env(wanted: &CStr) -> bool {
    (0..)
        .map(face::env)
        .take_while(|string| !string.is_null())
        // SAFETY: As above.
        .any(|string| unsafe { CStr::from_char_ptr(string.cast()) } == wanted)
}

/// Offers a program of the module `owner` to processes.
pub(crate) fn register(
    owner: *mut bindings::module,
    image: &'static ukl_linux_image,
) -> Result<*mut bindings::ukl_program> {
    // SAFETY: Has no arguments.
    if !unsafe { bindings::ukl_linux_helper_has_fsgsbase() } {
        pr_err!("this processor, or how the kernel was started, lacks FSGSBASE: C programs cannot run\n");
        return Err(face::errno(bindings::EOPNOTSUPP));
    }
    if image.start.is_none() || image.taken.is_null() {
        return Err(EINVAL);
    }
    let arg = ptr::from_ref(image).cast_mut().cast();
    // SAFETY: `main` gets what it expects, as long as it is registered.
    let program = unsafe { bindings::__ukl_program_register(owner, image.name, Some(main), arg) };
    face::answer(program as i64).map(|_| program)
}

/// What the first thread of a process that runs a program runs.
///
/// # Safety
///
/// `image` is that of a program, and stays.
unsafe extern "C" fn main(image: *mut c_void) -> c_int {
    // SAFETY: By the function's requirements.
    match run(unsafe { &*image.cast::<ukl_linux_image>() }) {
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// Runs a program as the current process. Returns only with an error.
fn run(image: &'static ukl_linux_image) -> Result {
    let start = image.start.ok_or(EINVAL)?;
    let image = Image::take(image).inspect_err(|_| {
        pr_err!("a process runs this program already: its variables are those of its module\n");
    })?;
    image.reset();
    let trace = has_env(c"UKL_TRACE=1").then(trace::On::new);
    let image_ref = image.0;
    let process = Process::attach(image, trace)?;
    process.threads.expect()?;
    process.threads.begin(0);
    let stack = stack(image_ref)?;
    // SAFETY: The program's start function gets what it expects.
    unsafe { start(stack.cast()) };
    Err(EINVAL)
}
