// SPDX-License-Identifier: GPL-2.0

//! What is asked, and which answer is right.

mod echo;
mod memcached;
mod redis;
mod store;

use std::{error, fmt};

pub use echo::Echo;
pub use memcached::Memcached;
pub use redis::Redis;
pub use store::{Mix, Store};

/// Requests to a server, and its replies, which come in the order of the requests.
pub trait Protocol {
    /// What has to be known of a request to tell whether its reply is right.
    type Request: Copy;

    /// Appends the next request.
    fn ask(&mut self, out: &mut Vec<u8>) -> Self::Request;

    /// The length of the reply that `input` begins with; nothing if it is not complete. What is
    /// asked for is kept, so that a slow server's replies are looked at again and again: this has to
    /// be quick for a reply that is not complete.
    fn check(&self, request: Self::Request, input: &[u8]) -> Result<Option<usize>, Wrong>;

    /// A request, for a person.
    fn name(&self, request: Self::Request) -> String;

    /// How many requests it takes to store what is asked for.
    fn preloads(&self) -> u64 {
        0
    }

    /// Appends the request with this number that stores what is asked for.
    fn preload(&mut self, _number: u64, out: &mut Vec<u8>) -> Self::Request {
        self.ask(out)
    }
}

/// The requests that store what a protocol asks for.
pub struct Preload<'a, P> {
    protocol: &'a mut P,
    next: u64,
}

impl<'a, P: Protocol> Preload<'a, P> {
    /// From the first one on.
    pub fn new(protocol: &'a mut P) -> Self {
        Self { protocol, next: 0 }
    }
}

impl<P: Protocol> Protocol for Preload<'_, P> {
    type Request = P::Request;

    fn ask(&mut self, out: &mut Vec<u8>) -> Self::Request {
        self.next += 1;
        self.protocol.preload(self.next - 1, out)
    }

    fn check(&self, request: Self::Request, input: &[u8]) -> Result<Option<usize>, Wrong> {
        self.protocol.check(request, input)
    }

    fn name(&self, request: Self::Request) -> String {
        self.protocol.name(request)
    }
}

/// A reply that is not the right one.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What would have been right.
    pub expected: String,
    /// What came instead.
    pub came: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, came {}", self.expected, self.came)
    }
}

impl error::Error for Wrong {}

/// Bytes for a person: not all of them if they are many.
pub fn quote(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(48)];
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!("'{}{more}' ({} bytes)", shown.escape_ascii(), bytes.len())
}

/// Where the bytes that came differ from those expected, for a person: both from there on.
pub fn difference(expected: &[u8], came: &[u8]) -> Wrong {
    let same = expected.iter().zip(came).take_while(|(a, b)| a == b);
    let from = same.count();
    let at = match from {
        0 => String::new(),
        _ => format!(" from byte {from} on"),
    };
    Wrong {
        expected: format!("{}{at}", quote(&expected[from..])),
        came: quote(&came[from..]),
    }
}

/// The line that `input` begins with, without its end, and its length with it; nothing if it is not
/// complete. A line that does not end is wrong.
fn line(input: &[u8]) -> Result<Option<(&[u8], usize)>, Wrong> {
    const LONGEST: usize = 4096;
    let near = &input[..input.len().min(LONGEST)];
    match near.iter().position(|&byte| byte == b'\n') {
        Some(end) if end > 0 && near[end - 1] == b'\r' => Ok(Some((&near[..end - 1], end + 1))),
        None if near.len() < LONGEST => Ok(None),
        _ => Err(Wrong {
            expected: "a line that ends in CR LF".into(),
            came: quote(near),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_cr_lf() {
        assert_eq!(line(b"OK\r\nab"), Ok(Some((&b"OK"[..], 4))));
        assert_eq!(line(b"\r\n"), Ok(Some((&b""[..], 2))));
        assert_eq!(line(b"OK\r"), Ok(None));
        assert_eq!(line(b""), Ok(None));
        assert!(line(b"OK\n").is_err());
        assert!(line(b"\n").is_err());
        assert!(line(&[b'a'; 4095]).is_ok());
        assert!(line(&[b'a'; 4096]).is_err());
    }

    #[test]
    fn a_difference_is_shown_from_where_it_is() {
        let wrong = difference(b"abcdef", b"abcxef");
        assert_eq!(
            wrong.to_string(),
            "expected 'def' (3 bytes) from byte 3 on, came 'xef' (3 bytes)"
        );
        let long = quote(&[0; 100]);
        assert!(
            long.ends_with("…' (100 bytes)") && long.len() < 250,
            "{long}"
        );
    }
}
