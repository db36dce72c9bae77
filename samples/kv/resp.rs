// SPDX-License-Identifier: GPL-2.0

//! Requests of the Redis protocol (RESP2), parsed where they lie, which may be a buffer of the network's.
//!
//! Bytes in, requests out: no allocation, no copy but that of words in quotes, nothing of the kernel, so
//! that the same source is tested in user space (`tools/tests/resp.t`). What is accepted and what is refused, and the words
//! in which it is refused, are those of Redis 8.0.2, with smaller limits; but a zero byte in a line is a
//! byte like any other, and results do not depend on how the bytes were cut into segments.

use core::{fmt, mem};

/// Arguments of one request, its command included.
pub(crate) const MAX_ARGS: usize = 1024;
/// Bytes of one argument.
pub(crate) const MAX_BULK: usize = 1 << 20;
/// Bytes of an inline request, or of a line that tells a length, before its end of line.
pub(crate) const MAX_LINE: usize = 64 << 10;
/// Bytes of one request.
pub(crate) const MAX_REQUEST: usize = 2 << 20;
/// Bytes that a buffer must be able to hold for every request to be either complete or refused.
pub(crate) const MAX_BUFFER: usize = MAX_REQUEST + MAX_LINE + 2;

/// Why the bytes are no request. The connection cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Error {
    InvalidMultibulkLength,
    InvalidBulkLength,
    ExpectedDollar(u8),
    UnbalancedQuotes,
    TooBigInline,
    TooBigMultibulkCount,
    TooBigBulkCount,
    /// Redis has no such error, its limit is 1 GiB and ends in a closed connection.
    TooBigRequest,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Protocol error: ")?;
        f.write_str(match self {
            Self::InvalidMultibulkLength => "invalid multibulk length",
            Self::InvalidBulkLength => "invalid bulk length",
            Self::UnbalancedQuotes => "unbalanced quotes in request",
            Self::TooBigInline => "too big inline request",
            Self::TooBigMultibulkCount => "too big mbulk count string",
            Self::TooBigBulkCount => "too big bulk count string",
            Self::TooBigRequest => "too big request",
            Self::ExpectedDollar(byte) => {
                let got = match char::from(*byte) {
                    c @ ' '..='~' => c,
                    _ => ' ',
                };
                return write!(f, "expected '$', got '{got}'");
            }
        })
    }
}

/// Reads requests from the bytes of a connection.
#[derive(Default)]
pub(crate) struct Parser {
    /// Where the request that is being read begins in the buffer.
    start: usize,
    /// Where its next piece begins.
    at: usize,
    /// How many bytes of that piece are known not to hold its end of line.
    searched: usize,
    piece: Piece,
}

/// What the next piece is.
#[derive(Clone, Copy, Default)]
enum Piece {
    /// The first line: the number of arguments, or all of an inline request.
    #[default]
    Line,
    /// The length of an argument. `left` of `args` arguments are to come.
    Length { args: usize, left: usize },
    /// An argument of `len` bytes.
    Bulk {
        args: usize,
        left: usize,
        len: usize,
    },
}

impl Parser {
    /// The next request in `buffer`; `None` if it is not complete. `room`, of [`MAX_LINE`] bytes, is
    /// where the words of an inline request are put together.
    ///
    /// The buffer begins with the bytes it began with in the last call, or with those that were behind
    /// the ones that [`Parser::rebase`] counted. After an error there is no next request.
    #[inline]
    pub(crate) fn next<'a>(
        &mut self,
        buffer: &'a [u8],
        room: &'a mut [u8],
    ) -> Result<Option<Args<'a>>, Error> {
        if let (Piece::Line, 0) = (self.piece, self.searched) {
            let rest = buffer.get(self.at..).unwrap_or_default();
            if let Some((args, after)) = usual(rest) {
                self.at = buffer.len() - after;
                self.start = self.at;
                return Ok(Some(args));
            }
        }
        self.next_piecewise(buffer, room)
    }

    /// As [`Parser::next`], for requests of any kind that come in pieces.
    #[inline(never)]
    fn next_piecewise<'a>(
        &mut self,
        buffer: &'a [u8],
        room: &'a mut [u8],
    ) -> Result<Option<Args<'a>>, Error> {
        let (left, inline) = loop {
            match self.piece {
                Piece::Line => match buffer.get(self.at) {
                    None => return Ok(None),
                    Some(b'*') => {
                        let too_big = Error::TooBigMultibulkCount;
                        let Some(line) = self.line(buffer, b'\r', too_big)? else {
                            return Ok(None);
                        };
                        let args = length(line)
                            .filter(|args| *args <= MAX_ARGS as i64)
                            .ok_or(Error::InvalidMultibulkLength)?;
                        match usize::try_from(args) {
                            Ok(0) | Err(_) => self.start = self.at,
                            Ok(args) => self.piece = Piece::Length { args, left: args },
                        }
                    }
                    Some(_) => {
                        let Some(line) = self.line(buffer, b'\n', Error::TooBigInline)? else {
                            return Ok(None);
                        };
                        match words(line)? {
                            0 => self.start = self.at,
                            words => break (words, true),
                        }
                    }
                },
                Piece::Length { args, left } => {
                    let first = buffer.get(self.at).copied();
                    let Some(line) = self.line(buffer, b'\r', Error::TooBigBulkCount)? else {
                        return Ok(None);
                    };
                    match first {
                        None | Some(b'$') => {}
                        Some(byte) => return Err(Error::ExpectedDollar(byte)),
                    }
                    let len = length(line)
                        .and_then(|len| usize::try_from(len).ok())
                        .filter(|len| *len <= MAX_BULK)
                        .ok_or(Error::InvalidBulkLength)?;
                    self.piece = Piece::Bulk { args, left, len };
                    if self.wanted() > MAX_REQUEST {
                        return Err(Error::TooBigRequest);
                    }
                }
                Piece::Bulk { args, left, len } => {
                    // Redis does not look at the end of line after an argument either.
                    let end = self.at + len + 2;
                    if end > buffer.len() {
                        return Ok(None);
                    }
                    self.at = end;
                    match left {
                        0 | 1 => break (args, false),
                        _ => {
                            self.piece = Piece::Length {
                                args,
                                left: left - 1,
                            }
                        }
                    }
                }
            }
        };
        let start = mem::replace(&mut self.start, self.at);
        self.piece = Piece::Line;
        let request = buffer.get(start..self.at).unwrap_or_default();
        Ok(Some(Args {
            left,
            rest: if inline {
                Rest::Inline {
                    line: request,
                    room,
                }
            } else {
                // The line with the number of arguments was read.
                let first = request.iter().position(|byte| *byte == b'\r');
                Rest::Bulks(request.get(first.unwrap_or(0) + 2..).unwrap_or_default())
            },
        }))
    }

    /// The line at [`Parser::at`] up to `end`, and steps over it; `None` if it is not complete.
    ///
    /// As in Redis a line that ends in `\r` has one more byte, and nobody looks at that one.
    fn line<'a>(
        &mut self,
        buffer: &'a [u8],
        end: u8,
        too_big: Error,
    ) -> Result<Option<&'a [u8]>, Error> {
        let piece = buffer.get(self.at..).unwrap_or_default();
        let new = piece.get(self.searched..).unwrap_or_default();
        let len = match new.iter().position(|byte| *byte == end) {
            Some(len) => self.searched + len,
            None => piece.len(),
        };
        if len > MAX_LINE {
            return Err(too_big);
        }
        self.searched = len;
        let after = len + if end == b'\r' { 2 } else { 1 };
        if after > piece.len() {
            return Ok(None);
        }
        self.at += after;
        self.searched = 0;
        Ok(piece.get(..len))
    }

    /// How many bytes it takes, from the request's start, for the argument that is being read to be
    /// complete; 0 while its length is not known.
    pub(crate) fn wanted(&self) -> usize {
        match self.piece {
            Piece::Bulk { len, .. } => self.at - self.start + len + 2,
            _ => 0,
        }
    }

    /// How many bytes from the buffer's start on belong to requests that were returned.
    pub(crate) fn parsed(&self) -> usize {
        self.start
    }

    /// Says how many bytes that is, and takes them for gone from here on.
    pub(crate) fn rebase(&mut self) -> usize {
        let start = mem::take(&mut self.start);
        self.at -= start;
        start
    }
}

/// The request that `bytes` begins with, if it is complete and one of those that nearly all are: up to 999
/// arguments, each with up to 999 bytes. And how many bytes are behind it.
#[inline]
fn usual(bytes: &[u8]) -> Option<(Args<'_>, usize)> {
    let (left, args) = short(b'*', bytes).filter(|(left, _)| *left != 0)?;
    let mut rest = args;
    for _ in 0..left {
        let (len, after) = short(b'$', rest)?;
        rest = after.get(len + 2..)?;
    }
    let args = Args {
        left,
        rest: Rest::Bulks(args),
    };
    Some((args, rest.len()))
}

/// The number of up to three digits in the line that `bytes` begins with, and what is behind the line.
#[inline]
fn short(kind: u8, bytes: &[u8]) -> Option<(usize, &[u8])> {
    let digit = |byte: u8| {
        Some(usize::from(
            byte.checked_sub(b'0').filter(|digit| *digit <= 9)?,
        ))
    };
    match bytes {
        [first, a, b'\r', _, rest @ ..] if *first == kind => Some((digit(*a)?, rest)),
        [first, a @ b'1'..=b'9', b, b'\r', _, rest @ ..] if *first == kind => {
            Some((digit(*a)? * 10 + digit(*b)?, rest))
        }
        [first, a @ b'1'..=b'9', b, c, b'\r', _, rest @ ..] if *first == kind => {
            Some((digit(*a)? * 100 + digit(*b)? * 10 + digit(*c)?, rest))
        }
        _ => None,
    }
}

/// The arguments of one request, first its command.
#[derive(Debug)]
pub(crate) struct Args<'a> {
    left: usize,
    rest: Rest<'a>,
}

#[derive(Debug)]
enum Rest<'a> {
    /// `$3\r\nGET\r\n$1\r\nk\r\n`: every line was seen to be valid.
    Bulks(&'a [u8]),
    /// `GET "a key"\r\n`: quotes were seen to be balanced. Words are put together in `room`.
    Inline { line: &'a [u8], room: &'a mut [u8] },
}

impl<'a> Iterator for Args<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.rest {
            Rest::Bulks(rest) => {
                let (len, after) = short(b'$', rest).or_else(|| any_length(rest))?;
                let (bulk, after) = after.split_at_checked(len)?;
                *rest = after.get(2..)?;
                Some(bulk)
            }
            Rest::Inline { line, room } => {
                let mut word = Word::first(line)?;
                let mut len = 0;
                // A word is never longer than what it is written as.
                while let Ok(Some(byte)) = word.next(line) {
                    *room.get_mut(len)? = byte;
                    len += 1;
                }
                *line = line.get(word.at..)?;
                let (word, after) = mem::take(room).split_at_mut_checked(len)?;
                *room = after;
                Some(word)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Args<'_> {}

/// A word of an inline request that is being read.
struct Word {
    at: usize,
    quote: Quote,
}

#[derive(Clone, Copy)]
enum Quote {
    None,
    Single,
    Double,
}

impl Word {
    /// The first word of `line`.
    fn first(line: &[u8]) -> Option<Self> {
        Some(Self {
            at: line.iter().position(|byte| !is_space(*byte))?,
            quote: Quote::None,
        })
    }

    /// The next byte of the word; `None` at its end, which `at` is then.
    fn next(&mut self, line: &[u8]) -> Result<Option<u8>, Error> {
        use Quote::{Double, None, Single};
        loop {
            let rest = line.get(self.at..).unwrap_or_default();
            let (byte, len) = match (self.quote, rest) {
                (None, [] | [b' ' | b'\n' | b'\r' | b'\t', ..]) => return Ok(Option::None),
                (None, [quote @ (b'"' | b'\''), ..]) => {
                    self.quote = if *quote == b'"' { Double } else { Single };
                    self.at += 1;
                    continue;
                }
                (Double, [b'"', after @ ..]) | (Single, [b'\'', after @ ..]) => {
                    if after.first().is_some_and(|byte| !is_space(*byte)) {
                        return Err(Error::UnbalancedQuotes);
                    }
                    self.at += 1;
                    return Ok(Option::None);
                }
                (Double | Single, []) => return Err(Error::UnbalancedQuotes),
                (Single, [b'\\', b'\'', ..]) => (b'\'', 2),
                (Double, [b'\\', escaped @ ..]) => match escape(escaped) {
                    Some((byte, len)) => (byte, 1 + len),
                    Option::None => (b'\\', 1),
                },
                (_, [byte, ..]) => (*byte, 1),
            };
            self.at += len;
            return Ok(Some(byte));
        }
    }
}

/// What a backslash and `text` stand for, and how many bytes of `text` that takes.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    if let [b'x', high, low, ..] = text {
        if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
            return Some(((high << 4 | low) as u8, 3));
        }
    }
    let byte = match text.first()? {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => *other,
    };
    Some((byte, 1))
}

/// How many words an inline request has.
fn words(mut line: &[u8]) -> Result<usize, Error> {
    let mut words = 0;
    while let Some(mut word) = Word::first(line) {
        while word.next(line)?.is_some() {}
        line = line.get(word.at..).unwrap_or_default();
        words += 1;
    }
    Ok(words)
}

/// C's `isspace()`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The number in the line that `bytes` begins with, and what is behind the line.
#[cold]
fn any_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let line = bytes.iter().position(|byte| *byte == b'\r')?;
    let len = usize::try_from(length(bytes.get(..line)?)?).ok()?;
    Some((len, bytes.get(line + 2..)?))
}

/// The number in a line `*3` or `$3`.
fn length(line: &[u8]) -> Option<i64> {
    integer(line.get(1..)?)
}

/// A number as Redis takes it, in requests and in values: decimal, no `+`, no leading zeros, no blanks.
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    // Negative numbers reach further.
    let mut number = 0_i64;
    for digit in digits {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number = number.checked_mul(10)?.checked_sub(digit.into())?;
    }
    if negative {
        Some(number)
    } else {
        number.checked_neg()
    }
}

/// The digits of `number`, in `room`, as [`integer`] takes them.
#[inline]
pub(crate) fn decimal(number: i64, room: &mut [u8; 20]) -> &[u8] {
    let mut at = room.len();
    let mut rest = number.unsigned_abs();
    // 19 digits and a sign fit.
    for byte in room.iter_mut().rev() {
        if at != 20 && rest == 0 {
            if number < 0 {
                *byte = b'-';
                at -= 1;
            }
            break;
        }
        *byte = b'0' + (rest % 10) as u8;
        rest /= 10;
        at -= 1;
    }
    room.get(at..).unwrap_or_default()
}
