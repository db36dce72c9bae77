// SPDX-License-Identifier: GPL-2.0

//! get and set in memcached's text protocol.

use super::{
    difference, line, quote,
    store::{decimal, number, Asked},
    Mix, Store, Wrong,
};

/// What follows a value.
const END: &[u8] = b"\r\nEND\r\n";

/// A reply of the server.
#[derive(Debug, PartialEq, Eq)]
enum Reply<'a> {
    /// What stands between `VALUE` and the length, and the value.
    Value(&'a [u8], &'a [u8]),
    /// A line by itself, for instance `STORED`.
    Line(&'a [u8]),
}

/// The reply that `input` begins with, and its length; nothing if it is not complete. No value is
/// longer than `longest`.
fn parse(input: &[u8], longest: usize) -> Result<Option<(Reply<'_>, usize)>, Wrong> {
    let Some((line, start)) = line(input)? else {
        return Ok(None);
    };
    let Some(words) = line.strip_prefix(b"VALUE ") else {
        return Ok(Some((Reply::Line(line), start)));
    };
    let space = words.iter().rposition(|&byte| byte == b' ');
    let len = space.and_then(|space| number(&words[space + 1..]));
    let (Some(space), Some(len)) = (space, len.filter(|&len| len <= longest)) else {
        return Err(Wrong {
            expected: format!("a value of at most {longest} bytes"),
            came: quote(line),
        });
    };
    let end = start + len;
    match input.get(end..end + END.len()) {
        None => Ok(None),
        Some(END) => {
            let value = Reply::Value(&words[..space], &input[start..end]);
            Ok(Some((value, end + END.len())))
        }
        Some(came) => Err(Wrong {
            expected: format!("{} behind {len} bytes", quote(END)),
            came: quote(came),
        }),
    }
}

/// Requests to memcached.
#[derive(Debug)]
pub struct Memcached(pub Mix);

impl Memcached {
    fn check_get(&self, key: u64, reply: Reply<'_>) -> Result<(), Wrong> {
        let keys = &self.0.keys;
        let expected = keys.value(key);
        match reply {
            Reply::Line(b"END") => Err(Wrong {
                expected: quote(expected),
                came: "END: the server has no such key".into(),
            }),
            Reply::Line(line) => Err(Wrong {
                expected: quote(expected),
                came: quote(line),
            }),
            Reply::Value(words, value) => {
                let mut name = Vec::with_capacity(256);
                keys.write(key, &mut name);
                name.extend_from_slice(b" 0");
                match () {
                    () if words != name => Err(difference(&name, words)),
                    () if value != expected => Err(difference(expected, value)),
                    () => Ok(()),
                }
            }
        }
    }
}

impl Asked for Memcached {
    fn mix(&self) -> &Mix {
        &self.0
    }

    fn mix_mut(&mut self) -> &mut Mix {
        &mut self.0
    }

    fn write(&self, request: Store, out: &mut Vec<u8>) {
        let keys = &self.0.keys;
        match request {
            Store::Get(key) => {
                out.extend_from_slice(b"get ");
                keys.write(key, out);
            }
            Store::Set(key) => {
                let value = keys.value(key);
                out.extend_from_slice(b"set ");
                keys.write(key, out);
                out.extend_from_slice(b" 0 0 ");
                decimal(value.len(), out);
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(value);
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, request: Store, input: &[u8]) -> Result<Option<usize>, Wrong> {
        let Some((reply, len)) = parse(input, self.0.keys.longest_value())? else {
            return Ok(None);
        };
        match (request, reply) {
            (Store::Get(key), reply) => self.check_get(key, reply)?,
            (Store::Set(_), Reply::Line(b"STORED")) => {}
            (Store::Set(_), Reply::Line(came) | Reply::Value(came, _)) => {
                return Err(Wrong {
                    expected: "STORED".into(),
                    came: quote(came),
                })
            }
        }
        Ok(Some(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::Keys, sizes::Sizes};

    fn memcached() -> Memcached {
        let keys = Keys::new(100, Sizes::Fixed { key: 6, value: 3 });
        Memcached(Mix::new(keys, 0.0, 1))
    }

    #[test]
    fn requests_are_lines() {
        let (memcached, mut out) = (memcached(), Vec::new());
        memcached.write(Store::Get(7), &mut out);
        assert_eq!(out, b"get key:07\r\n");
        out.clear();
        memcached.write(Store::Set(7), &mut out);
        let value = memcached.0.keys.value(7);
        assert_eq!(out, [b"set key:07 0 0 3\r\n", value, b"\r\n"].concat());
    }

    #[test]
    fn only_the_right_reply_is_right() {
        let memcached = memcached();
        let value = String::from_utf8(memcached.0.keys.value(7).to_vec()).unwrap();
        let get = |input: &str| memcached.check(Store::Get(7), input.as_bytes());
        let set = |input: &str| memcached.check(Store::Set(7), input.as_bytes());
        let right = format!("VALUE key:07 0 3\r\n{value}\r\nEND\r\n");
        assert_eq!(get(&right), Ok(Some(right.len())));
        assert_eq!(get(&format!("{right}VA")), Ok(Some(right.len())));
        assert_eq!(set("STORED\r\n"), Ok(Some(8)));
        for partial in 0..right.len() {
            assert_eq!(get(&right[..partial]), Ok(None), "{partial}");
        }
        let wrongs = [
            "END\r\n",
            "ERROR\r\n",
            "STORED\r\n",
            "SERVER_ERROR out of memory\r\n",
            "VALUE key:08 0 3\r\nabc\r\nEND\r\n",
            "VALUE key:07 0 4\r\n",
            "VALUE key:07 0 x\r\n",
            "VALUE \r\n",
            "VALUE 3\r\nabc\r\nEND\r\n",
            &right.replace(" 0 ", " 1 "),
            &right.replace("key:07", "key:08"),
            &right.replace(&value, "ab+"),
            &right.replace("END", "VAL"),
        ];
        for wrong in wrongs {
            assert!(get(wrong).is_err(), "{wrong}");
        }
        for wrong in ["NOT_STORED\r\n", "END\r\n", "ERROR\r\n", &right] {
            assert!(set(wrong).is_err(), "{wrong}");
        }
    }
}
