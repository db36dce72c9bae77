// SPDX-License-Identifier: GPL-2.0

//! The two buffers of a connection.

use crate::{
    memory::{self, Charge},
    resp::{self, Args, Parser},
};
use kernel::{alloc::AllocError, fmt, prelude::*};
use ukl::{net::TcpStream, App};

/// The size of a buffer, in bytes, and of an input buffer that nothing big is in.
const SIZE: usize = 16 << 10;

/// What was received.
pub(crate) struct Input {
    buffer: KVVec<u8>,
    filled: usize,
    parser: Parser,
    _charge: Option<Charge>,
}

impl Input {
    pub(crate) fn new() -> Result<Self, AllocError> {
        Ok(Self {
            buffer: KVVec::from_elem(0, SIZE, memory::flags())?,
            filled: 0,
            parser: Parser::default(),
            _charge: None,
        })
    }

    /// Where to receive: never empty. The buffer grows for a request that does not fit.
    pub(crate) fn room(&mut self) -> Result<&mut [u8], AllocError> {
        let filled = self.buffer.get_mut(..self.filled).unwrap_or_default();
        self.filled = self.parser.compact(filled);
        if self.filled == 0 && self.buffer.len() > SIZE {
            *self = Self::new()?;
        }
        let len = self.buffer.len();
        let wanted = self.parser.wanted();
        if self.filled == len || wanted > len {
            self.grow(wanted.max(len * 2).min(resp::MAX_BUFFER))?;
        }
        Ok(self.buffer.get_mut(self.filled..).unwrap_or_default())
    }

    fn grow(&mut self, len: usize) -> Result<(), AllocError> {
        // A key may be as long, and is copied for looking it up.
        let charge = Charge::new(len * 2)?;
        let mut buffer = KVVec::from_elem(0, len, memory::flags())?;
        for (to, from) in buffer.iter_mut().zip(&self.buffer) {
            *to = *from;
        }
        self.buffer = buffer;
        self._charge = Some(charge);
        Ok(())
    }

    /// `count` bytes were received into [`Input::room`].
    pub(crate) fn received(&mut self, count: usize) {
        self.filled += count;
    }

    /// The next request that was received completely.
    pub(crate) fn next(&mut self) -> Result<Option<Args<'_>>, resp::Error> {
        let filled = self.buffer.get_mut(..self.filled).unwrap_or_default();
        self.parser.next(filled)
    }
}

/// What is to be sent: one call of `send` for all that fits.
pub(crate) struct Output<'a> {
    app: &'a App,
    stream: &'a TcpStream,
    buffer: KVVec<u8>,
}

impl<'a> Output<'a> {
    pub(crate) fn new(app: &'a App, stream: &'a TcpStream) -> Result<Self, AllocError> {
        Ok(Self {
            app,
            stream,
            buffer: KVVec::with_capacity(SIZE, memory::flags())?,
        })
    }

    /// Adds `bytes`. What is too big for the buffer is sent from where it lies.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result {
        if bytes.len() > SIZE - self.buffer.len() {
            self.flush()?;
        }
        if bytes.len() > SIZE {
            return self.stream.write_all(self.app, bytes);
        }
        Ok(self.buffer.extend_from_slice(bytes, memory::flags())?)
    }

    /// Sends what is in the buffer.
    pub(crate) fn flush(&mut self) -> Result {
        let result = self.stream.write_all(self.app, &self.buffer);
        self.buffer.clear();
        result
    }
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes()).map_err(|_| fmt::Error)
    }
}
