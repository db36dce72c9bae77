// SPDX-License-Identifier: GPL-2.0

//! Requests that come in pieces, parsed as kv does, and written: what the tests in `resp.rs` and the fuzzer in
//! `tools/fuzz` share. Who takes it in has `samples/kv/resp.rs` and `feed.rs` as modules of those names.

use crate::feed::{feed, Error as FeedError, Partial};
use crate::resp::{Error, Parser, MAX_BUFFER, MAX_LINE, MAX_REQUEST};
use std::ops::ControlFlow;

/// The requests in some bytes, and how they end.
#[derive(Debug, PartialEq, Eq, Clone, Default)]
pub(crate) struct Parsed {
    pub(crate) requests: Vec<Vec<Vec<u8>>>,
    pub(crate) error: Option<Error>,
    /// Bytes of a request that is not complete.
    pub(crate) rest: usize,
}

/// Parses `input` as a connection does that receives it in pieces of the lengths in `cuts`, the
/// last of which is used for all that follows.
pub(crate) fn parse(input: &[u8], cuts: &[usize]) -> Parsed {
    let mut parser = Parser::default();
    let mut parsed = Parsed::default();
    let mut buffer = Vec::new();
    let mut room = room();
    let (mut input, mut cuts) = (input, cuts);
    while !input.is_empty() {
        let cut = cuts[0].clamp(1, input.len());
        if cuts.len() > 1 {
            cuts = &cuts[1..];
        }
        buffer.extend_from_slice(&input[..cut]);
        input = &input[cut..];
        loop {
            match parser.next(&buffer, &mut room) {
                Ok(None) => break,
                Ok(Some(args)) => {
                    let len = args.len();
                    let args: Vec<_> = args.map(<[u8]>::to_vec).collect();
                    assert_eq!(args.len(), len, "as many arguments as it says");
                    parsed.requests.push(args);
                }
                Err(error) => {
                    parsed.error = Some(error);
                    return parsed;
                }
            }
        }
        assert!(parser.parsed() <= buffer.len());
        buffer.drain(..parser.rebase());
        assert_eq!(parser.parsed(), 0);
        let rest = buffer.len();
        assert!(
            parser.wanted() == 0 || parser.wanted() > rest,
            "a request that is complete was not returned"
        );
        assert!(rest < MAX_BUFFER, "more is buffered than the limit says");
    }
    parsed.rest = buffer.len();
    parsed
}

fn room() -> Vec<u8> {
    vec![0; MAX_LINE]
}

/// The beginning of a request, as kv has it in a buffer of its own.
struct Begun(Parser, Vec<u8>);

impl Partial for Begun {
    type Error = ();

    fn append(&mut self, bytes: &[u8], wanted: usize) -> Result<(), ()> {
        self.1.extend_from_slice(bytes);
        assert!(wanted <= MAX_REQUEST);
        assert!(self.1.len() <= MAX_BUFFER);
        Ok(())
    }

    fn parts(&mut self) -> (&mut Parser, &[u8]) {
        (&mut self.0, &self.1)
    }

    fn remove(&mut self, count: usize) {
        self.1.drain(..count);
    }
}

/// Parses `input` as kv does, in buffers of the network's that are cut as in `parse`, of which each is
/// left in the middle by every `stop`th request.
pub(crate) fn parse_in_place(input: &[u8], cuts: &[usize], stop: usize) -> Parsed {
    let mut parsed = Parsed::default();
    let mut room = room();
    let mut partial: Option<Begun> = None;
    let (mut input, mut cuts) = (input, cuts);
    while !input.is_empty() {
        let cut = cuts[0].clamp(1, input.len());
        if cuts.len() > 1 {
            cuts = &cuts[1..];
        }
        let mut stopped = false;
        let begin = |parser| Ok(Begun(parser, Vec::new()));
        let result = feed(&mut partial, &input[..cut], &mut room, begin, |args| {
            parsed.requests.push(args.map(<[u8]>::to_vec).collect());
            stopped = parsed.requests.len() % stop == 0;
            match stopped {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        match result {
            Ok(done) => {
                assert!(done == cut || (stopped && done < cut));
                input = &input[done..];
            }
            Err(FeedError::Protocol(error)) => {
                parsed.error = Some(error);
                return parsed;
            }
            Err(FeedError::Partial(())) => unreachable!(),
        }
    }
    parsed.rest = partial.map_or(0, |begun| begun.1.len());
    parsed
}

/// A request as an array of its arguments.
pub(crate) fn encode(args: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        bytes.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        bytes.extend_from_slice(arg);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// A request as a line of words in quotes.
pub(crate) fn quoted(args: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for arg in args {
        bytes.push(b'"');
        for byte in arg {
            match byte {
                b'0'..=b'9' | b' ' | b'\'' | 0x80.. => bytes.push(*byte),
                _ => bytes.extend(format!("\\x{byte:02x}").bytes()),
            }
        }
        bytes.extend(b"\" ");
    }
    bytes.push(b'\n');
    bytes
}
