// SPDX-License-Identifier: GPL-2.0

//! Memory that the kernel shares with a process.

use crate::{bindings, once::Word, stack::Charge};
use kernel::{alloc::flags::*, error::to_result, mm::virt::VmaNew, page::PAGE_SIZE, prelude::*};

/// Pages that are shared with a process: zeroed, charged to its memory cgroup.
///
/// What is in them may change at any time, so it is read once, word by word, and never believed.
pub struct Area(VVec<u8>);

impl Area {
    /// `pages` pages. May sleep. `ENOMEM`.
    pub fn new(pages: usize) -> Result<Self> {
        let size = pages.checked_mul(PAGE_SIZE).ok_or(ENOMEM)?;
        Ok(Self(VVec::from_elem(
            0,
            size,
            Charge::Cgroup.flags() | __GFP_NOWARN,
        )?))
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Where it is, for kernel code.
    pub fn as_ptr(&self) -> *mut u8 {
        self.0.as_ptr().cast_mut()
    }

    /// Maps it into a process. `EINVAL` if `vma` has another size or is not shared, `EPERM` if
    /// it is to be executed. The pages stay as
    /// long as they are mapped.
    pub fn map(&self, vma: &VmaNew) -> Result {
        // SAFETY: The memory is vmalloc's, of this size; `vma` is being set up.
        to_result(unsafe {
            bindings::ukl_helper_area_map(self.as_ptr().cast(), self.size(), vma.as_ptr())
        })
    }

    /// Reads the word at `offset`.
    ///
    /// # Panics
    ///
    /// If it is not aligned or not in the area.
    pub fn load<T: Word>(&self, offset: usize) -> T {
        self.check::<T>(offset);
        // SAFETY: Checked; a process may change it meanwhile, one load of a word.
        unsafe { self.as_ptr().add(offset).cast::<T>().read_volatile() }
    }

    /// Writes the word at `offset`.
    ///
    /// # Panics
    ///
    /// As [`Area::load`].
    pub fn store<T: Word>(&self, offset: usize, value: T) {
        self.check::<T>(offset);
        // SAFETY: As above.
        unsafe { self.as_ptr().add(offset).cast::<T>().write_volatile(value) };
    }

    /// For constant offsets this is decided by the compiler.
    #[inline(always)]
    fn check<T>(&self, offset: usize) {
        assert!(offset % align_of::<T>() == 0 && offset + size_of::<T>() <= self.0.len());
    }
}
