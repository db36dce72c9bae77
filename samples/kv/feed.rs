// SPDX-License-Identifier: GPL-2.0

//! From received bytes to requests, in whatever pieces they come.
//!
//! Requests that are complete are parsed where they are. What is not complete is copied to a [`Partial`],
//! piece by piece until it is; the bytes behind it are parsed where they are again. As `resp.rs`, nothing
//! of the kernel.

use crate::resp::{self, Args, Parser};
use core::ops::ControlFlow;

/// The beginning of a request, in a buffer of its own.
pub(crate) trait Partial {
    /// Why there is no room.
    type Error;

    /// Adds `bytes`. It will have `wanted` bytes in all, or more, before the request is complete.
    fn append(&mut self, bytes: &[u8], wanted: usize) -> Result<(), Self::Error>;
    /// Its parser, and its bytes.
    fn parts(&mut self) -> (&mut Parser, &[u8]);
    /// Takes bytes away from its start.
    fn remove(&mut self, count: usize);
}

/// Why a connection cannot go on.
#[derive(Debug)]
pub(crate) enum Error<E> {
    Protocol(resp::Error),
    Partial(E),
}

impl<E> From<resp::Error> for Error<E> {
    fn from(error: resp::Error) -> Self {
        Self::Protocol(error)
    }
}

/// Bytes that are added to a [`Partial`] while it is not known how many it takes.
const STEP: usize = 64;

/// Hands the requests in `bytes` to `execute`, until there is none or it breaks. Returns how many of
/// `bytes` are done with: those of these requests, or all.
///
/// `partial` is what earlier bytes left, and what these leave; `begin` makes an empty one, for bytes that its
/// parser has seen already. `room` is as for [`Parser::next`].
#[inline]
pub(crate) fn feed<P: Partial>(
    partial: &mut Option<P>,
    bytes: &[u8],
    room: &mut [u8],
    begin: impl FnOnce(Parser) -> Result<P, P::Error>,
    mut execute: impl FnMut(Args<'_>) -> ControlFlow<()>,
) -> Result<usize, Error<P::Error>> {
    let mut done = 0;
    while let Some(begun) = partial {
        let rest = bytes.get(done..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(done);
        }
        let more = complete(begun, rest)?;
        done += more;
        let (parser, buffer) = begun.parts();
        let Some(args) = parser.next(buffer, room)? else {
            // Of requests that ask for nothing.
            let nothing = parser.rebase();
            if nothing == buffer.len() {
                *partial = None;
            } else if nothing != 0 {
                begun.remove(nothing);
            }
            continue;
        };
        // What is behind the request is of these bytes.
        let flow = execute(args);
        done -= (buffer.len() - parser.parsed()).min(more);
        *partial = None;
        if flow.is_break() {
            return Ok(done);
        }
    }
    let rest = bytes.get(done..).unwrap_or_default();
    let mut parser = Parser::default();
    while let Some(args) = parser.next(rest, room)? {
        if execute(args).is_break() {
            return Ok(done + parser.parsed());
        }
    }
    let wanted = parser.wanted();
    let begun = rest.get(parser.rebase()..).unwrap_or_default();
    if !begun.is_empty() {
        partial
            .insert(begin(parser).map_err(Error::Partial)?)
            .append(begun, wanted)
            .map_err(Error::Partial)?;
    }
    Ok(bytes.len())
}

/// Adds bytes to a request that is not complete, hardly more than it takes. Returns how many.
fn complete<P: Partial>(partial: &mut P, bytes: &[u8]) -> Result<usize, Error<P::Error>> {
    let (parser, buffer) = partial.parts();
    let wanted = parser.wanted();
    let count = wanted
        .saturating_sub(buffer.len())
        .max(STEP)
        .min(bytes.len());
    partial
        .append(bytes.get(..count).unwrap_or_default(), wanted)
        .map_err(Error::Partial)?;
    Ok(count)
}
