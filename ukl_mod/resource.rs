// SPDX-License-Identifier: GPL-2.0

//! What an application can have open: sockets, event sets and files.

use crate::handle::Handle;
use core::{mem, pin::Pin};
use kernel::{
    prelude::*,
    sync::{aref::ARef, Arc},
};
use ukl_bindings::errno;
use ukl_support::{
    file::File,
    net::{Shutdown, Socket},
    poll::{Set, Source},
    tcp::Tcp,
};

/// A socket. Closing it takes it out of the event set it is in.
pub(crate) struct Sock {
    // First, as it looks at the socket until it is dropped.
    source: Source,
    socket: Socket,
    tcp: bool,
}

impl Sock {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            // SAFETY: The socket is dropped behind the source.
            source: unsafe { Source::of_socket(&socket) },
            tcp: socket.is_tcp(),
            socket,
        }
    }

    /// The kernel's socket, for one that is in no event set.
    pub(crate) fn into_socket(self) -> Socket {
        self.socket
    }

    /// The kernel's socket.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The kernel's socket; `EPROTOTYPE` if it is not TCP.
    #[inline]
    pub(crate) fn tcp(&self) -> Result<Tcp<'_>> {
        if !self.tcp {
            return Err(errno::eprototype());
        }
        // SAFETY: `tcp` says that it is.
        Ok(unsafe { Tcp::new(&self.socket) })
    }
}

impl Handle<Sock> {
    /// Lets go of an open socket. Calls that other threads have under way on it come back with what
    /// a shut-down socket gives.
    pub(crate) fn close(this: ARef<Self>) {
        this.source.detach();
        if Self::is_in_use(&this) {
            // An error means that there is no connection to wait on.
            let _ = this.socket.shutdown(Shutdown::Both);
        }
    }

    /// Gives the socket to a descriptor of the current task; see [`Socket::give_to_fd`]. With an error,
    /// the handle comes back if the socket was not taken, and it stays in its event set; `EBUSY` if a
    /// call is using it.
    pub(crate) fn into_fd(
        this: ARef<Self>,
        flags: i32,
    ) -> Result<i32, (Error, Option<ARef<Self>>)> {
        if Self::is_in_use(&this) {
            return Err((EBUSY, Some(this)));
        }
        let fd = match Socket::unused_fd(flags) {
            Ok(fd) => fd,
            Err(error) => return Err((error, Some(this))),
        };
        this.source.detach();
        // SAFETY: The descriptor is a new one; the socket is forgotten below, and no call is using it.
        let fd = unsafe { this.socket.give_to_fd(fd, flags) };
        match Self::into_inner(this) {
            Ok(sock) => mem::forget(sock.socket),
            // Only if a call has begun against the rules: it keeps the memory, for ever.
            Err(this) => mem::forget(this),
        }
        fd.map_err(|error| (error, None))
    }
}

/// A file. Closing it takes it out of the event set it is in.
pub(crate) struct OpenFile {
    // First, as it looks at the file until it is dropped.
    source: Source,
    file: File,
}

impl OpenFile {
    pub(crate) fn new(file: File) -> Self {
        Self {
            // SAFETY: The file is dropped behind the source.
            source: unsafe { Source::of_file(&file) },
            file,
        }
    }

    /// The kernel's file.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

impl Handle<OpenFile> {
    /// Lets go of an open file. Calls that other threads have under way on it go on.
    pub(crate) fn close(this: ARef<Self>) -> Result {
        this.source.detach();
        this.file.flush()
    }
}

/// An event set.
pub(crate) struct Poll(Arc<Set>);

impl Poll {
    pub(crate) fn new() -> Result<Self> {
        Set::new().map(Self)
    }

    /// The set.
    pub(crate) fn set(&self) -> &Arc<Set> {
        &self.0
    }
}

impl Handle<Poll> {
    /// Lets go of an open set. What is in it lets go of it in its own time.
    pub(crate) fn close(this: ARef<Self>) {
        this.0.close();
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What may be in an event set.
pub(crate) trait Pollable {
    /// What tells the set.
    fn source(&self) -> Pin<&Source>;
}

impl Pollable for Handle<Sock> {
    fn source(&self) -> Pin<&Source> {
        // SAFETY: A handle does not move until its value is taken out, when it is in no set.
        unsafe { Pin::new_unchecked(&self.source) }
    }
}

impl Pollable for Handle<OpenFile> {
    fn source(&self) -> Pin<&Source> {
        // SAFETY: As above.
        unsafe { Pin::new_unchecked(&self.source) }
    }
}
