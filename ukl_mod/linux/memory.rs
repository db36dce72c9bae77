// SPDX-License-Identifier: GPL-2.0

//! Anonymous memory: `mmap()` and its kin.
//!
//! It is kernel memory that is always mapped, in chunks of the application's (`ukl_alloc()`), which are charged
//! to the memory cgroup. A chunk is as large as a huge page, or as a larger request; its pages are given out
//! and taken back one by one. A chunk of which no page is in use goes back to the kernel, but for one.

use crate::{bindings, face, lock::Lock};
use kernel::{page::PAGE_SIZE, prelude::*};

/// Pages of a chunk, unless more are asked for at once.
const CHUNK_PAGES: usize = 512;

/// A set of the pages of a chunk.
struct Pages(KVec<u64>);

impl Pages {
    fn new(count: usize) -> Result<Self> {
        Ok(Self(KVec::from_elem(
            0,
            count.div_ceil(64),
            GFP_KERNEL_ACCOUNT,
        )?))
    }

    fn has(&self, page: usize) -> bool {
        self.0[page / 64] & 1 << (page % 64) != 0
    }

    fn insert(&mut self, page: usize) {
        self.0[page / 64] |= 1 << (page % 64);
    }

    fn remove(&mut self, page: usize) {
        self.0[page / 64] &= !(1 << (page % 64));
    }

    /// The first page from `from` on, and before `end`, that is in the set or, if not `wanted`, is not.
    fn find(&self, from: usize, end: usize, wanted: bool) -> usize {
        let mut page = from;
        while page < end {
            let word = match wanted {
                true => self.0[page / 64],
                false => !self.0[page / 64],
            } >> (page % 64);
            if word != 0 {
                return (page + word.trailing_zeros() as usize).min(end);
            }
            page = (page / 64 + 1) * 64;
        }
        end
    }
}

struct Chunk {
    base: usize,
    pages: usize,
    used: Pages,
    /// How many are used.
    count: usize,
    /// Those that may not be zero.
    dirty: Pages,
}

impl Chunk {
    fn new(pages: usize) -> Result<Self> {
        Ok(Self {
            used: Pages::new(pages)?,
            dirty: Pages::new(pages)?,
            base: face::allocate(pages * PAGE_SIZE)? as usize,
            pages,
            count: 0,
        })
    }

    /// Gives it back to the kernel.
    fn give_back(self) -> Result {
        let base = self.base;
        // First, as this thread may be ended in the call.
        drop(self);
        face::free(base as *const u8)
    }

    /// Takes `count` pages in a row. Returns the first.
    fn take(&mut self, count: usize) -> Option<usize> {
        if self.pages - self.count < count {
            return None;
        }
        let mut from = 0;
        loop {
            from = self.used.find(from, self.pages, false);
            let end = self.used.find(from, self.pages.min(from + count), true);
            if end - from == count {
                self.take_at(from, count);
                return Some(from);
            }
            if end >= self.pages {
                return None;
            }
            from = end;
        }
    }

    /// Takes `count` pages from `from` on, which are free, and zeroes them.
    fn take_at(&mut self, from: usize, count: usize) {
        for page in from..from + count {
            if self.dirty.has(page) {
                self.zero(page);
            }
            self.used.insert(page);
            self.dirty.insert(page);
        }
        self.count += count;
    }

    /// Whether so many pages from `from` on are there and free.
    fn is_free(&self, from: usize, count: usize) -> bool {
        from + count <= self.pages && self.used.find(from, from + count, true) == from + count
    }

    fn zero(&self, page: usize) {
        // SAFETY: The page is the chunk's, and whoever has it says that it is not used.
        unsafe { ((self.base + page * PAGE_SIZE) as *mut u8).write_bytes(0, PAGE_SIZE) };
    }

    fn release(&mut self, page: usize) {
        if self.used.has(page) {
            self.used.remove(page);
            self.count -= 1;
        }
    }

    fn end(&self) -> usize {
        self.base + self.pages * PAGE_SIZE
    }
}

/// The memory of a program.
pub(crate) struct Memory(Lock<Chunks>);

/// Sorted by their addresses.
struct Chunks(KVec<Chunk>);

impl Chunks {
    fn index(&self, address: usize) -> Result<usize> {
        let index = self.0.partition_point(|chunk| chunk.end() <= address);
        match self.0.get(index) {
            Some(chunk) if chunk.base <= address => Ok(index),
            _ => Err(ENOMEM),
        }
    }

    /// Calls `f` with each chunk that has pages of a range, with these pages; `ENOMEM` if some are in none.
    fn each(
        &mut self,
        address: usize,
        len: usize,
        mut f: impl FnMut(&mut Chunk, core::ops::Range<usize>),
    ) -> Result {
        let end = address + len;
        let mut at = address;
        let mut all = Ok(());
        while at < end {
            let index = self.0.partition_point(|chunk| chunk.end() <= at);
            let Some(chunk) = self.0.get_mut(index) else {
                return Err(ENOMEM);
            };
            if chunk.base > at {
                all = Err(ENOMEM);
                at = chunk.base;
                continue;
            }
            let upto = end.min(chunk.end());
            let base = chunk.base;
            f(chunk, (at - base) / PAGE_SIZE..(upto - base) / PAGE_SIZE);
            at = upto;
        }
        all
    }

    /// Takes `pages` pages in a row, if some chunk has them.
    fn take(&mut self, pages: usize) -> Option<usize> {
        self.0.iter_mut().find_map(|chunk| {
            let page = chunk.take(pages)?;
            Some(chunk.base + page * PAGE_SIZE)
        })
    }

    /// Adds a chunk; gives it back if there is no memory for that.
    fn insert(&mut self, chunk: Chunk) -> Result<(), Chunk> {
        if self.0.reserve(1, GFP_KERNEL_ACCOUNT).is_err() {
            return Err(chunk);
        }
        let index = self.0.partition_point(|other| other.base < chunk.base);
        // There is room.
        let _ = self.0.insert_within_capacity(index, chunk);
        Ok(())
    }

    /// Takes out a chunk of which no page is used, but for one of the usual size.
    fn take_unused(&mut self) -> Option<Chunk> {
        let mut spare = false;
        let index = self.0.iter().position(|chunk| {
            if chunk.count == 0 && chunk.pages == CHUNK_PAGES && !spare {
                spare = true;
                return false;
            }
            chunk.count == 0
        })?;
        self.0.remove(index).ok()
    }
}

/// Bytes as whole pages; `ENOMEM` if that is no number.
fn whole(len: usize) -> Result<usize> {
    len.checked_next_multiple_of(PAGE_SIZE).ok_or(ENOMEM)
}

/// A range of pages; `EINVAL` if it does not begin with one.
fn range(address: u64, len: u64) -> Result<(usize, usize)> {
    let (address, len) = (address as usize, whole(len as usize)?);
    if address % PAGE_SIZE != 0 {
        return Err(EINVAL);
    }
    if address.checked_add(len).is_none() {
        return Err(ENOMEM);
    }
    Ok((address, len))
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self(Lock::new(Chunks(KVec::new())))
    }

    /// `len` bytes, zeroed. Returns where.
    pub(crate) fn map(&self, len: u64) -> Result<u64> {
        let pages = whole(len as usize)? / PAGE_SIZE;
        if pages == 0 {
            return Err(EINVAL);
        }
        self.take(pages).map(|at| at as u64)
    }

    fn take(&self, pages: usize) -> Result<usize> {
        if let Some(at) = self.0.lock()?.take(pages) {
            return Ok(at);
        }
        // The kernel would rather kill somebody than say that it has none.
        // SAFETY: Has no arguments.
        if pages > unsafe { bindings::ukl_linux_helper_available_pages() } {
            return Err(ENOMEM);
        }
        // Not locked: a handler of a signal may run in the middle of a call.
        let mut chunk = Chunk::new(pages.next_multiple_of(CHUNK_PAGES))?;
        chunk.take_at(0, pages);
        let base = chunk.base;
        let inserted = self.0.lock()?.insert(chunk);
        if let Err(chunk) = inserted {
            chunk.give_back()?;
            return Err(ENOMEM);
        }
        Ok(base)
    }

    /// Gives chunks back to the kernel of which no page is used.
    fn trim(&self) -> Result {
        loop {
            let unused = self.0.lock()?.take_unused();
            match unused {
                Some(chunk) => chunk.give_back()?,
                None => return Ok(()),
            }
        }
    }

    /// `len` bytes at `address`, zeroed, of chunks that are there (`ENOMEM`): `MAP_FIXED`. What is mapped there
    /// already is replaced, or `EEXIST`.
    pub(crate) fn map_at(&self, address: u64, len: u64, may_replace: bool) -> Result<u64> {
        let (at, len) = range(address, len)?;
        if len == 0 {
            return Err(EINVAL);
        }
        let mut chunks = self.0.lock()?;
        let mut is_free = true;
        // First, so that all of it or nothing is mapped.
        chunks.each(at, len, |chunk, pages| {
            is_free &= chunk.is_free(pages.start, pages.len())
        })?;
        if !is_free && !may_replace {
            return Err(EEXIST);
        }
        chunks.each(at, len, |chunk, pages| {
            pages.clone().for_each(|page| chunk.release(page));
            chunk.take_at(pages.start, pages.len());
        })?;
        Ok(address)
    }

    /// `munmap()`. What is not mapped is not minded.
    pub(crate) fn unmap(&self, address: u64, len: u64) -> Result {
        let (at, len) = range(address, len)?;
        if len == 0 {
            return Err(EINVAL);
        }
        let mut empty = false;
        // What is in no chunk was not mapped.
        let _ = self.0.lock()?.each(at, len, |chunk, pages| {
            for page in pages {
                chunk.release(page);
            }
            empty |= chunk.count == 0;
        });
        match empty {
            true => self.trim(),
            false => Ok(()),
        }
    }

    /// Zeroes what is mapped of a range. `ENOMEM` unless all of it is.
    pub(crate) fn clear(&self, address: u64, len: u64) -> Result {
        self.each_page(address, len, Chunk::zero)
    }

    /// `ENOMEM` unless all of a range is mapped.
    pub(crate) fn check(&self, address: u64, len: u64) -> Result {
        self.each_page(address, len, |_, _| ())
    }

    /// Calls `f` with each page of a range that is mapped, and its chunk. `ENOMEM` unless all are.
    fn each_page(&self, address: u64, len: u64, f: impl Fn(&Chunk, usize)) -> Result {
        let (at, len) = range(address, len)?;
        let mut all = true;
        self.0.lock()?.each(at, len, |chunk, pages| {
            for page in pages {
                match chunk.used.has(page) {
                    true => f(chunk, page),
                    false => all = false,
                }
            }
        })?;
        match all {
            true => Ok(()),
            false => Err(ENOMEM),
        }
    }

    /// `mremap()`: a range becomes `new` bytes long, elsewhere if it has to and `may_move`.
    pub(crate) fn remap(&self, address: u64, old: u64, new: u64, may_move: bool) -> Result<u64> {
        let (at, old) = range(address, old)?;
        let new = whole(new as usize)?;
        if old == 0 || new == 0 {
            return Err(EINVAL);
        }
        self.check(address, old as u64).map_err(|_| EFAULT)?;
        if new <= old {
            if new < old {
                self.unmap((at + new) as u64, (old - new) as u64)?;
            }
            return Ok(address);
        }
        let mut chunks = self.0.lock()?;
        let index = chunks.index(at)?;
        let chunk = &mut chunks.0[index];
        let from = (at + old - chunk.base) / PAGE_SIZE;
        let more = (new - old) / PAGE_SIZE;
        if chunk.is_free(from, more) {
            chunk.take_at(from, more);
            return Ok(address);
        }
        if !may_move {
            return Err(ENOMEM);
        }
        drop(chunks);
        let to = self.take(new / PAGE_SIZE)?;
        // SAFETY: Both ranges are mapped, the new one is nobody's yet.
        unsafe { core::ptr::copy_nonoverlapping(at as *const u8, to as *mut u8, old) };
        self.unmap(address, old as u64)?;
        Ok(to as u64)
    }
}
