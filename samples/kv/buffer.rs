// SPDX-License-Identifier: GPL-2.0

//! What a thread answers, and what a connection has to keep: the beginning of a request, the rest of an
//! answer. A connection that has neither has no buffer.

use crate::{
    feed::Partial,
    memory::{self, Account, Charge},
    resp::{self, Parser},
    store::{Body, Value, SMALL},
};
use core::mem;
use kernel::{alloc::AllocError, fmt, prelude::*, sync::Arc};
use ukl::{net::TcpStream, App};

/// The beginning of a request.
pub(crate) struct Begun {
    parser: Parser,
    buffer: KVVec<u8>,
    charge: Charge,
}

impl Begun {
    /// An empty buffer, for bytes that `parser` has seen already.
    pub(crate) fn new(parser: Parser, account: &Arc<Account>) -> Result<KBox<Self>, AllocError> {
        let begun = Self {
            parser,
            buffer: KVVec::new(),
            charge: Charge::new(account, 0)?,
        };
        KBox::new(begun, memory::flags())
    }
}

impl Partial for KBox<Begun> {
    type Error = AllocError;

    fn append(&mut self, bytes: &[u8], wanted: usize) -> Result<(), AllocError> {
        let Begun { buffer, charge, .. } = &mut **self;
        let len = buffer.len() + bytes.len();
        if len > buffer.capacity() {
            let most = (buffer.capacity() * 2).min(resp::MAX_BUFFER);
            let capacity = len.max(wanted).max(most);
            let larger = charge.another(capacity)?;
            buffer.reserve(capacity - buffer.len(), memory::flags())?;
            *charge = larger;
        }
        buffer.extend_from_slice(bytes, memory::flags())
    }

    fn parts(&mut self) -> (&mut Parser, &[u8]) {
        let begun = &mut **self;
        (&mut begun.parser, &begun.buffer)
    }

    fn remove(&mut self, count: usize) {
        let left = self.buffer.len().saturating_sub(count);
        self.buffer.copy_within(count.., 0);
        self.buffer.truncate(left);
    }
}

/// What is to be answered to the requests of one exchange. Each thread has one.
pub(crate) struct Output {
    buffer: KVVec<u8>,
    len: usize,
    /// A value that is too large to be copied: comes behind the buffer.
    value: Option<Arc<Value>>,
}

impl Output {
    /// Bytes from which on no further request is carried out.
    const FULL: usize = 16 << 10;
    /// Bytes that the buffer keeps. A small value always fits behind what is not full.
    const KEEP: usize = Self::FULL + SMALL;

    pub(crate) fn new() -> Result<Self, AllocError> {
        Ok(Self {
            buffer: KVVec::from_elem(0, Self::KEEP, memory::flags())?,
            len: 0,
            value: None,
        })
    }

    /// Whether what is in it should be sent first.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len >= Self::FULL || self.value.is_some()
    }

    /// Adds `bytes`.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), AllocError> {
        let end = self.len + bytes.len();
        if end > self.buffer.len() {
            self.grow(end)?;
        }
        if let Some(room) = self.buffer.get_mut(self.len..end) {
            room.copy_from_slice(bytes);
            self.len = end;
        }
        Ok(())
    }

    /// Adds a value, as it is answered.
    #[inline]
    pub(crate) fn put_value(&mut self, value: &Arc<Value>) -> Result<(), AllocError> {
        match value.body() {
            Body::Small(reply) => self.put(reply),
            Body::Large(_) => {
                self.value = Some(value.clone());
                Ok(())
            }
        }
    }

    #[cold]
    fn grow(&mut self, len: usize) -> Result<(), AllocError> {
        let mut buffer = KVVec::from_elem(0, len.next_power_of_two(), memory::flags())?;
        if let Some(begin) = buffer.get_mut(..self.buffer.len()) {
            begin.copy_from_slice(&self.buffer);
        }
        self.buffer = buffer;
        Ok(())
    }

    /// The bytes in front of the value.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.len).unwrap_or_default()
    }

    /// Forgets what is in it.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.value = None;
    }

    /// Empties it, of which `sent` bytes were sent. Returns the rest, if there is one.
    #[inline]
    pub(crate) fn take_rest(
        &mut self,
        sent: usize,
        account: &Arc<Account>,
    ) -> Result<Option<Unsent>, AllocError> {
        if sent == self.len && self.value.is_none() && self.buffer.len() == Self::KEEP {
            self.len = 0;
            return Ok(None);
        }
        self.take_some(sent, account)
    }

    fn take_some(
        &mut self,
        sent: usize,
        account: &Arc<Account>,
    ) -> Result<Option<Unsent>, AllocError> {
        let value = self.value.take();
        let len = mem::take(&mut self.len);
        let rest = self.buffer.get(sent..len).unwrap_or_default();
        let unsent = if rest.is_empty() && value.is_none() {
            None
        } else {
            let charge = Charge::new(account, rest.len())?;
            let mut bytes = KVVec::with_capacity(rest.len(), memory::flags())?;
            bytes.extend_from_slice(rest, memory::flags())?;
            Some(Unsent {
                bytes,
                value,
                sent: 0,
                _charge: charge,
            })
        };
        if self.buffer.len() != Self::KEEP {
            *self = Self::new()?;
        }
        Ok(unsent)
    }
}

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// The rest of an answer that the socket had no room for.
pub(crate) struct Unsent {
    bytes: KVVec<u8>,
    value: Option<Arc<Value>>,
    /// Of the bytes and the value.
    sent: usize,
    _charge: Charge,
}

impl Unsent {
    /// Sends what there is room for. Whether that was all.
    pub(crate) fn send(&mut self, app: &App, stream: &TcpStream) -> Result<bool> {
        match self.send_all(app, stream) {
            Ok(()) => Ok(true),
            Err(EAGAIN) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn send_all(&mut self, app: &App, stream: &TcpStream) -> Result {
        while let Some(rest @ [_, ..]) = self.bytes.get(self.sent..) {
            self.sent += stream.try_write(app, rest)?;
        }
        let Some(Body::Large(pages)) = self.value.as_ref().map(|value| value.body()) else {
            return Ok(());
        };
        let before = self.bytes.len();
        while self.sent < before + pages.len() {
            let rest = self.sent - before..pages.len();
            self.sent += stream.try_write_pages(app, pages, rest)?;
        }
        Ok(())
    }
}
