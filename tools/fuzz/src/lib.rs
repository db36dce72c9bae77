// SPDX-License-Identifier: GPL-2.0

//! What is fuzzed: the request parser of `samples/kv`, from the same source. `tools/fuzz.sh` runs it; whoever has
//! cargo-fuzz may use that.

#[path = "../../tests/cuts.rs"]
mod cuts;
#[path = "../../../samples/kv/feed.rs"]
mod feed;
#[path = "../../../samples/kv/resp.rs"]
mod resp;

use arbitrary::{Arbitrary, Result, Unstructured};
use cuts::{encode, parse, parse_in_place, quoted, Parsed};
use resp::{decimal, integer, Error, MAX_ARGS, MAX_BULK, MAX_LINE, MAX_REQUEST};

/// One piece.
const WHOLE: &[usize] = &[usize::MAX];

/// Parses `input` in pieces of these lengths, and in place, with the same result.
fn same_in_pieces(input: &[u8], whole: &Parsed, cuts: &[usize], stop: usize) {
    assert_eq!(&parse(input, cuts), whole, "cut at {cuts:?}");
    for (cuts, stop) in [(cuts, stop), (WHOLE, usize::MAX)] {
        assert_eq!(
            &parse_in_place(input, cuts, stop),
            whole,
            "in place, cut at {cuts:?}, left at each {stop}th request"
        );
    }
}

/// Bytes that a connection receives.
#[derive(Arbitrary, Debug)]
pub struct Stream<'a> {
    /// The lengths of the first pieces, and of all others.
    cuts: [u8; 4],
    /// At how many requests a buffer is left in the middle.
    stop: u8,
    bytes: &'a [u8],
}

impl Stream<'_> {
    /// The pieces they come in change nothing, no limit is passed, and the requests in them, written again in both
    /// forms, are the same.
    pub fn check(&self) {
        let whole = parse(self.bytes, WHOLE);
        let cuts = self.cuts.map(|cut| 1 + usize::from(cut));
        same_in_pieces(self.bytes, &whole, &cuts, 1 + usize::from(self.stop));
        same_in_pieces(self.bytes, &whole, &[1], 1);

        let mut written = Vec::new();
        let mut expected = Parsed::default();
        for args in whole.requests {
            assert!(!args.is_empty(), "a request of nothing");
            assert!(args.iter().all(|arg| arg.len() <= MAX_BULK));
            assert!(args.iter().map(Vec::len).sum::<usize>() <= MAX_REQUEST);
            // Words in a line have no limit of their own.
            let forms = [
                (args.len() <= MAX_ARGS).then(|| encode(&args)),
                Some(quoted(&args)).filter(|line| line.len() <= MAX_LINE),
            ];
            for form in forms.into_iter().flatten() {
                written.extend(form);
                expected.requests.push(args.clone());
            }
        }
        same_in_pieces(&written, &expected, &cuts, 1 + usize::from(self.stop));
    }
}

/// Requests that a client writes.
#[derive(Debug)]
pub struct Requests {
    cuts: [usize; 4],
    stop: usize,
    requests: Vec<Request>,
    /// The beginning of a line that does not end, and how long it is.
    last: Option<(Start, usize)>,
}

#[derive(Debug)]
struct Request {
    quoted: bool,
    args: Vec<Vec<u8>>,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Start {
    Multibulk,
    Bulk,
    Inline,
}

/// Bytes that are enough.
const ENOUGH: usize = 2 * MAX_REQUEST;

/// As many as `limit` says, or about as many.
fn near(u: &mut Unstructured<'_>, limit: usize) -> Result<usize> {
    Ok(limit.saturating_add_signed(*u.choose(&[0, 1, -1, 9])?))
}

impl<'a> Arbitrary<'a> for Requests {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let cut = |u: &mut Unstructured<'a>| Ok(1 << (u.arbitrary::<u8>()? % 16));
        let mut requests = Self {
            cuts: [cut(u)?, cut(u)?, cut(u)?, cut(u)?],
            stop: u.int_in_range(1..=8)?,
            requests: Vec::new(),
            last: None,
        };
        if u.int_in_range(0..=3)? == 3 {
            requests.last = Some((u.arbitrary()?, near(u, MAX_LINE)?));
        }
        let mut len = 0;
        while !u.is_empty() && len < ENOUGH {
            let request: Request = u.arbitrary()?;
            len += encode(&request.args).len();
            requests.requests.push(request);
        }
        Ok(requests)
    }
}

impl<'a> Arbitrary<'a> for Request {
    // What there is no more data for is the first of each range, and nothing special.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let quoted = u.arbitrary()?;
        let mut args = Vec::new();
        for _ in 0..u.int_in_range(0..=5)? {
            let len = match u.int_in_range(0..=31)? {
                31 => near(u, MAX_LINE - "\"\" ".len())?,
                30 => near(u, MAX_BULK)?,
                // The rest of the request.
                29 => {
                    let rest = |args: &[_]| {
                        let len = encode(args).len() + "$1000000\r\n\r\n".len();
                        MAX_REQUEST.saturating_sub(len)
                    };
                    if rest(&args) > MAX_BULK {
                        args.push(vec![b'0'; MAX_BULK]);
                    }
                    near(u, rest(&args))?
                }
                len => len,
            };
            let mut arg = u.bytes(len.min(u.len()).min(32))?.to_vec();
            arg.resize(len, b'0');
            args.push(arg);
        }
        if u.int_in_range(0..=15)? == 15 {
            let count = near(u, MAX_ARGS)?;
            args.iter_mut().for_each(|arg| arg.truncate(16));
            args = args.into_iter().cycle().take(count).collect();
        }
        Ok(Self { quoted, args })
    }
}

/// What a request as an array comes to, by the limits alone.
fn refused(args: &[Vec<u8>]) -> Option<Error> {
    if args.len() > MAX_ARGS {
        return Some(Error::InvalidMultibulkLength);
    }
    let mut len = format!("*{}\r\n", args.len()).len();
    for arg in args {
        if arg.len() > MAX_BULK {
            return Some(Error::InvalidBulkLength);
        }
        len += format!("${}\r\n\r\n", arg.len()).len() + arg.len();
        if len > MAX_REQUEST {
            return Some(Error::TooBigRequest);
        }
    }
    None
}

impl Requests {
    /// They come out as they went in, up to the first that passes a limit, which is refused for that one.
    pub fn check(&self) {
        let mut written = Vec::new();
        let mut expected = Parsed::default();
        for Request { quoted, args } in &self.requests {
            if *quoted {
                let line = cuts::quoted(args);
                if line.len() - 1 > MAX_LINE {
                    expected.error = Some(Error::TooBigInline);
                }
                written.extend(line);
            } else {
                expected.error = refused(args);
                written.extend(encode(args));
            }
            if expected.error.is_some() {
                break;
            }
            if !args.is_empty() {
                expected.requests.push(args.clone());
            }
        }
        if let (None, Some((start, len))) = (expected.error, self.last) {
            let (start, skipped, error) = match start {
                Start::Multibulk => ("*", 0, Error::TooBigMultibulkCount),
                Start::Bulk => ("*1\r\n$", 4, Error::TooBigBulkCount),
                Start::Inline => ("x", 0, Error::TooBigInline),
            };
            let before = written.len();
            written.extend(start.bytes());
            written.resize(before + skipped + len, b'1');
            if len > MAX_LINE {
                expected.error = Some(error);
            } else {
                expected.rest = written.len() - before;
            }
        }
        assert_eq!(parse(&written, WHOLE), expected);
        let mut cuts = self.cuts;
        // What is long is not cut into too many.
        cuts[3] = cuts[3].max(written.len() / 4096);
        same_in_pieces(&written, &expected, &cuts, self.stop);
    }
}

/// Text is a number if it is what that number is written as.
pub fn check_integers(text: &[u8]) {
    let number = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|number| number.to_string().as_bytes() == text);
    assert_eq!(integer(text), number, "{}", text.escape_ascii());
    if let Some((bytes, _)) = text.split_first_chunk() {
        let number = i64::from_le_bytes(*bytes);
        for number in [number, number >> 32, number >> 56] {
            let mut room = [0; 20];
            let digits = decimal(number, &mut room);
            assert_eq!(digits, number.to_string().as_bytes());
            assert_eq!(integer(digits), Some(number));
        }
    }
}
