// SPDX-License-Identifier: GPL-2.0

//! `ukl run --trace`: shows the system calls of a program, on its standard error.

use crate::{
    bindings, entry,
    face::{self, Answer},
    process::Process,
    program,
    table::{self, How},
    tail::{self, Arg},
    thread,
};
use core::{
    fmt::Write,
    sync::atomic::{AtomicU32, Ordering},
};

/// How many programs are traced.
static TRACED: AtomicU32 = AtomicU32::new(0);

/// The calling program is traced, until this is dropped.
pub(crate) struct On(());

impl On {
    pub(crate) fn new() -> Self {
        TRACED.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for On {
    fn drop(&mut self) {
        TRACED.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether some program is traced.
#[inline(always)]
pub(crate) fn is_on() -> bool {
    TRACED.load(Ordering::Relaxed) != 0
}

/// How much of a string is shown.
const STRING_MAX: usize = 48;

/// A line; what does not fit is left out.
struct Line {
    bytes: [u8; 512],
    len: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for &byte in text.as_bytes() {
            // Room for the end of the line.
            if self.len < self.bytes.len() - 1 {
                self.bytes[self.len] = byte;
                self.len += 1;
            }
        }
        Ok(())
    }
}

impl Line {
    fn new() -> Self {
        Self {
            bytes: [0; 512],
            len: 0,
        }
    }

    fn string(&mut self, address: u64, max: usize) -> core::fmt::Result {
        self.write_str("\"")?;
        for i in 0..max.min(STRING_MAX) {
            match program::read::<u8>(address.wrapping_add(i as u64)) {
                Ok(0) => return self.write_str("\""),
                Ok(byte @ b' '..=b'~') => self.write_char(byte.into())?,
                Ok(byte) => write!(self, "\\x{byte:02x}")?,
                Err(_) => return self.write_str("?\""),
            }
        }
        self.write_str(if max > STRING_MAX { "\"..." } else { "\"" })
    }

    fn arg(&mut self, value: u64, kind: Arg, args: &[u64; 6]) -> core::fmt::Result {
        match kind {
            Arg::Str if value != 0 => self.string(value, usize::MAX),
            Arg::InLen(len) if value != 0 => match args.get(len) {
                Some(&len) => self.string(value, len as usize),
                None => write!(self, "{value:#x}"),
            },
            // As an int, which most are.
            Arg::Num if value < 1 << 16 || value as i64 > -4096 && (value as i64) < 0 => {
                write!(self, "{}", value as i64)
            }
            _ if value == 0 => self.write_str("NULL"),
            _ => write!(self, "{value:#x}"),
        }
    }

    fn call(&mut self, nr: u64, args: &[u64; 6]) -> core::fmt::Result {
        write!(self, "[{}] {}(", thread::tid(), table::name(nr))?;
        let entry = table::find(nr);
        let kinds: &[Arg] = match entry.map(|entry| (entry.how, entry.args)) {
            Some((How::Tail(kinds), _)) => kinds,
            Some((_, kinds)) => kinds,
            None => &[Arg::Num; 6],
        };
        for (i, (&value, &kind)) in args.iter().zip(kinds).enumerate() {
            if i != 0 {
                self.write_str(", ")?;
            }
            self.arg(value, kind, args)?;
        }
        self.write_str(")")
    }

    /// Writes it to the process's standard error.
    fn show(&mut self) {
        let end = self.len.min(self.bytes.len() - 1);
        self.bytes[end] = b'\n';
        let args = [2, 0, end as u64 + 1, 0, 0, 0];
        // Whether somebody reads it is none of the program's business.
        let _ = tail::call_with(bindings::__NR_write.into(), args, 1, &self.bytes[..=end]);
    }
}

/// Makes a system call, and shows it if the calling program is traced.
#[cold]
#[inline(never)]
pub(crate) fn make(nr: u64, args: &[u64; 6]) -> Answer {
    if !Process::current().is_some_and(Process::is_traced) {
        return entry::make(nr, args);
    }
    let mut line = Line::new();
    let _ = line.call(nr, args);
    let ends = [bindings::__NR_exit, bindings::__NR_exit_group];
    if ends.contains(&(nr as u32)) {
        line.show();
        return entry::make(nr, args);
    }
    let answer = entry::make(nr, args);
    let _ = match answer {
        Ok(value) if (0..1 << 32).contains(&value) => write!(line, " = {value}"),
        Ok(value) => write!(line, " = {value:#x}"),
        Err(error) => match error.name() {
            Some(name) => write!(line, " = -1 {}", name.to_str().unwrap_or("?")),
            None => write!(line, " = -1 errno {}", -error.to_errno()),
        },
    };
    line.show();
    answer
}

/// Shows the start of a thread, which is no system call by number.
pub(crate) fn thread(answer: &Answer) {
    if !is_on() || !Process::current().is_some_and(Process::is_traced) {
        return;
    }
    let mut line = Line::new();
    let _ = write!(
        line,
        "[{}] clone() = {}",
        thread::tid(),
        face::number(*answer)
    );
    line.show();
}
