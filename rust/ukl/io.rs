// SPDX-License-Identifier: GPL-2.0

//! Buffers for calls that take several, after `std::io`, and pages that are sent without a copy.

use core::{marker::PhantomData, ops::Deref, slice};
use kernel::prelude::*;
use ukl_bindings as bindings;

/// The most buffers that one call takes.
pub const IOV_MAX: usize = bindings::UKL_IOV_MAX as usize;

/// A buffer to send from.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct IoSlice<'a>(bindings::kvec, PhantomData<&'a [u8]>);

// SAFETY: It is a `&[u8]` in the form that C has for it.
unsafe impl Send for IoSlice<'_> {}
// SAFETY: As above.
unsafe impl Sync for IoSlice<'_> {}

impl<'a> IoSlice<'a> {
    /// The buffer `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        let part = bindings::kvec {
            iov_base: bytes.as_ptr().cast_mut().cast(),
            iov_len: bytes.len(),
        };
        Self(part, PhantomData)
    }
}

impl Deref for IoSlice<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `new` took the address and the length from a slice, which is still borrowed.
        unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.0.iov_len) }
    }
}

/// A buffer to receive into.
#[repr(transparent)]
pub struct IoSliceMut<'a>(bindings::kvec, PhantomData<&'a mut [u8]>);

// SAFETY: It is a `&mut [u8]` in the form that C has for it.
unsafe impl Send for IoSliceMut<'_> {}
// SAFETY: As above.
unsafe impl Sync for IoSliceMut<'_> {}

impl<'a> IoSliceMut<'a> {
    /// The buffer `bytes`.
    #[inline]
    pub fn new(bytes: &'a mut [u8]) -> Self {
        let part = bindings::kvec {
            iov_base: bytes.as_mut_ptr().cast(),
            iov_len: bytes.len(),
        };
        Self(part, PhantomData)
    }
}

impl Deref for IoSliceMut<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: As for `IoSlice`.
        unsafe { slice::from_raw_parts(self.0.iov_base.cast(), self.0.iov_len) }
    }
}

/// Bytes in pages of their own, which do not change any more: what
/// [`TcpStream::write_pages`](crate::net::TcpStream::write_pages) sends without copying.
///
/// They may be dropped while a socket refers to them: each page stays until its last reference goes.
pub struct Pages(VVec<u8>);

impl Pages {
    /// Freezes `bytes`.
    pub fn new(bytes: VVec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<VVec<u8>> for Pages {
    fn from(bytes: VVec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
