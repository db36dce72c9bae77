// SPDX-License-Identifier: GPL-2.0

//! GET and SET in RESP, the protocol of Redis.

use super::{
    difference, line, quote,
    store::{decimal, number, Asked},
    Mix, Store, Wrong,
};

/// A reply of the server.
#[derive(Debug, PartialEq, Eq)]
enum Reply<'a> {
    /// `+OK`.
    Simple(&'a [u8]),
    /// `$3`, and three bytes.
    Bulk(&'a [u8]),
    /// `$-1`, or `_` in RESP3: there is no such key.
    Nil,
    /// An error, or what GET and SET are never answered with.
    Other(&'a [u8]),
}

impl Reply<'_> {
    /// For a person.
    fn name(&self) -> String {
        match self {
            Self::Simple(text) => format!("+{}", text.escape_ascii()),
            Self::Bulk(value) => quote(value),
            Self::Nil => "nil: the server has no such key".into(),
            Self::Other(text) => format!("{}", text.escape_ascii()),
        }
    }
}

/// The reply that `input` begins with, and its length; nothing if it is not complete. No string is
/// longer than `longest`.
fn parse(input: &[u8], longest: usize) -> Result<Option<(Reply<'_>, usize)>, Wrong> {
    let Some((line, start)) = line(input)? else {
        return Ok(None);
    };
    let reply = match line.split_first() {
        Some((b'$', b"-1")) | Some((b'_', b"")) => Reply::Nil,
        Some((b'+', text)) => Reply::Simple(text),
        Some((b'$', digits)) => return bulk(input, start, number(digits), longest),
        _ => Reply::Other(line),
    };
    Ok(Some((reply, start)))
}

/// The string that begins at `start`, behind the line that says how long it is.
fn bulk(
    input: &[u8],
    start: usize,
    len: Option<usize>,
    longest: usize,
) -> Result<Option<(Reply<'_>, usize)>, Wrong> {
    let Some(len) = len.filter(|&len| len <= longest) else {
        return Err(Wrong {
            expected: format!("a string of at most {longest} bytes"),
            came: quote(&input[..start]),
        });
    };
    let end = start + len;
    match input.get(end..end + 2) {
        None => Ok(None),
        Some(b"\r\n") => Ok(Some((Reply::Bulk(&input[start..end]), end + 2))),
        Some(came) => Err(Wrong {
            expected: format!("CR LF behind {len} bytes"),
            came: quote(came),
        }),
    }
}

/// Requests to Redis.
#[derive(Debug)]
pub struct Redis(pub Mix);

impl Asked for Redis {
    fn mix(&self) -> &Mix {
        &self.0
    }

    fn mix_mut(&mut self) -> &mut Mix {
        &mut self.0
    }

    fn write(&self, request: Store, out: &mut Vec<u8>) {
        let keys = &self.0.keys;
        let (words, key) = match request {
            Store::Get(key) => (&b"*2\r\n$3\r\nGET\r\n$"[..], key),
            Store::Set(key) => (&b"*3\r\n$3\r\nSET\r\n$"[..], key),
        };
        out.extend_from_slice(words);
        decimal(keys.len(key), out);
        out.extend_from_slice(b"\r\n");
        keys.write(key, out);
        if let Store::Set(key) = request {
            let value = keys.value(key);
            out.extend_from_slice(b"\r\n$");
            decimal(value.len(), out);
            out.extend_from_slice(b"\r\n");
            out.extend_from_slice(value);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, request: Store, input: &[u8]) -> Result<Option<usize>, Wrong> {
        let keys = &self.0.keys;
        let Some((reply, len)) = parse(input, keys.longest_value())? else {
            return Ok(None);
        };
        match (request, &reply) {
            (Store::Set(_), Reply::Simple(b"OK")) => Ok(Some(len)),
            (Store::Get(key), Reply::Bulk(value)) if *value == keys.value(key) => Ok(Some(len)),
            (Store::Get(key), Reply::Bulk(value)) => Err(difference(keys.value(key), value)),
            (Store::Get(key), _) => Err(Wrong {
                expected: quote(keys.value(key)),
                came: reply.name(),
            }),
            (Store::Set(_), _) => Err(Wrong {
                expected: "+OK".into(),
                came: reply.name(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::Keys, sizes::Sizes};

    fn redis() -> Redis {
        let keys = Keys::new(100, Sizes::Fixed { key: 6, value: 3 });
        Redis(Mix::new(keys, 0.0, 1))
    }

    #[test]
    fn requests_are_resp() {
        let (redis, mut out) = (redis(), Vec::new());
        redis.write(Store::Get(7), &mut out);
        assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$6\r\nkey:07\r\n");
        out.clear();
        redis.write(Store::Set(7), &mut out);
        let value = redis.0.keys.value(7);
        let expected = [b"*3\r\n$3\r\nSET\r\n$6\r\nkey:07\r\n$3\r\n", value, b"\r\n"].concat();
        assert_eq!(out, expected);
    }

    #[test]
    fn only_the_right_reply_is_right() {
        let redis = redis();
        let value = String::from_utf8(redis.0.keys.value(7).to_vec()).unwrap();
        let get = |input: &str| redis.check(Store::Get(7), input.as_bytes());
        let set = |input: &str| redis.check(Store::Set(7), input.as_bytes());
        assert_eq!(get(&format!("$3\r\n{value}\r\n$3")), Ok(Some(9)));
        assert_eq!(set("+OK\r\n+OK\r\n"), Ok(Some(5)));
        for partial in ["", "$", "$3\r", "$3\r\n", &format!("$3\r\n{value}\r")] {
            assert_eq!(get(partial), Ok(None), "{partial}");
        }
        let wrongs = [
            "$-1\r\n",
            "_\r\n",
            "-ERR no\r\n",
            "+OK\r\n",
            "$2\r\nab\r\n",
            "$3\r\nab+\r\n",
            "$4\r\n",
            "$x\r\n",
            ":1\r\n",
            "*1\r\n",
            "\r\n",
            &format!("$3\r\n{value}\r\r"),
        ];
        for wrong in wrongs {
            assert!(get(wrong).is_err(), "{wrong}");
        }
        for wrong in ["-OOM\r\n", "$2\r\nOK\r\n", "+ok\r\n", "+OK\n"] {
            assert!(set(wrong).is_err(), "{wrong}");
        }
        let said = get("-ERR no\r\n").unwrap_err().to_string();
        assert_eq!(said, format!("expected '{value}' (3 bytes), came -ERR no"));
    }
}
