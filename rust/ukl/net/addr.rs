// SPDX-License-Identifier: GPL-2.0

//! Addresses as C has them.

use core::{
    mem::{size_of, MaybeUninit},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    ptr, slice,
};
use kernel::{ffi::c_int, prelude::*};
use ukl_bindings::{self as bindings, errno};

/// Room for any address, zeroed: what C writes one to.
pub(super) struct Storage(bindings::__kernel_sockaddr_storage);

impl Storage {
    #[inline]
    pub(super) fn new() -> Self {
        Self(bindings::__kernel_sockaddr_storage::default())
    }

    #[inline]
    pub(super) fn as_mut_ptr(&mut self) -> *mut bindings::__kernel_sockaddr_storage {
        &raw mut self.0
    }

    /// The bytes of an address of `len` bytes.
    pub(super) fn bytes(&self, len: usize) -> &[u8] {
        let len = len.min(size_of::<Self>());
        // SAFETY: That many bytes are there and initialised.
        unsafe { slice::from_raw_parts(ptr::from_ref(self).cast(), len) }
    }

    /// The IPv4 or IPv6 address that was written; `None` if none was.
    ///
    /// `EAFNOSUPPORT` for another family.
    pub(super) fn inet(&self) -> Result<Option<SocketAddr>> {
        const _: () = assert!(
            size_of::<bindings::__kernel_sockaddr_storage>() >= size_of::<bindings::sockaddr_in6>()
        );
        // SAFETY: All bytes are initialised, and there are enough of them, aligned, for either family.
        let (v4, v6) = unsafe {
            (
                &*(&raw const self.0).cast::<bindings::sockaddr_in>(),
                &*(&raw const self.0).cast::<bindings::sockaddr_in6>(),
            )
        };
        match v4.sin_family.into() {
            0 => Ok(None),
            bindings::AF_INET => Ok(Some(SocketAddr::new(
                IpAddr::V4(Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes())),
                u16::from_be(v4.sin_port),
            ))),
            bindings::AF_INET6 => {
                // SAFETY: Any bytes are an address.
                let octets = unsafe { v6.sin6_addr.in6_u.u6_addr8 };
                let addr = SocketAddrV6::new(
                    Ipv6Addr::from(octets),
                    u16::from_be(v6.sin6_port),
                    v6.sin6_flowinfo,
                    v6.sin6_scope_id,
                );
                Ok(Some(addr.into()))
            }
            _ => Err(errno::eafnosupport()),
        }
    }
}

/// The address of nobody: 0.0.0.0, port 0.
pub(super) const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The address family of `addr`.
pub(super) fn family(addr: SocketAddr) -> u32 {
    match addr {
        SocketAddr::V4(_) => bindings::AF_INET,
        SocketAddr::V6(_) => bindings::AF_INET6,
    }
}

/// Hands `addr` to `f` as C has it: a pointer and a length.
#[inline]
pub(super) fn with_sockaddr<R>(
    addr: SocketAddr,
    f: impl FnOnce(*const bindings::sockaddr, c_int) -> R,
) -> R {
    match addr {
        SocketAddr::V4(addr) => {
            let c = bindings::sockaddr_in {
                sin_family: bindings::AF_INET as u16,
                sin_port: addr.port().to_be(),
                sin_addr: bindings::in_addr {
                    s_addr: u32::from_ne_bytes(addr.ip().octets()),
                },
                ..Default::default()
            };
            f(ptr::from_ref(&c).cast(), size_of_val(&c) as c_int)
        }
        SocketAddr::V6(addr) => {
            let mut c = bindings::sockaddr_in6 {
                sin6_family: bindings::AF_INET6 as u16,
                sin6_port: addr.port().to_be(),
                sin6_flowinfo: addr.flowinfo(),
                sin6_scope_id: addr.scope_id(),
                ..Default::default()
            };
            c.sin6_addr.in6_u.u6_addr8 = addr.ip().octets();
            f(ptr::from_ref(&c).cast(), size_of_val(&c) as c_int)
        }
    }
}

/// A `sockaddr_un` of which `len` bytes count.
#[derive(Clone, Copy)]
pub(super) struct RawUnix {
    pub(super) path: [u8; Self::PATH_LEN],
    pub(super) len: usize,
}

impl RawUnix {
    /// Bytes of a path, with the zero at its end.
    pub(super) const PATH_LEN: usize = size_of::<bindings::sockaddr_un>() - Self::FAMILY_LEN;
    const FAMILY_LEN: usize = core::mem::offset_of!(bindings::sockaddr_un, sun_path);

    /// Hands the address to `f` as C has it.
    pub(super) fn with_sockaddr<R>(
        &self,
        f: impl FnOnce(*const bindings::sockaddr, c_int) -> R,
    ) -> R {
        let mut c = MaybeUninit::<bindings::sockaddr_un>::zeroed();
        // SAFETY: All zeros are an address.
        let c = unsafe { c.assume_init_mut() };
        c.sun_family = bindings::AF_UNIX as u16;
        for (to, from) in c.sun_path.iter_mut().zip(self.path) {
            *to = from;
        }
        let len = Self::FAMILY_LEN + self.len;
        f(ptr::from_ref(c).cast(), len as c_int)
    }

    /// The address of `len` bytes in `storage`, as C counts them; without a path if there is none.
    pub(super) fn from_storage(storage: &Storage, len: usize) -> Self {
        let bytes = storage.bytes(len);
        let mut this = Self {
            path: [0; Self::PATH_LEN],
            len: 0,
        };
        let path = bytes.get(Self::FAMILY_LEN..).unwrap_or_default();
        for (to, from) in this.path.iter_mut().zip(path) {
            *to = *from;
            this.len += 1;
        }
        this
    }
}
