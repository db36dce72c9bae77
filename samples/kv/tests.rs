// SPDX-License-Identifier: GPL-2.0

//! KUnit suites: that what parses requests in user space (`tools/tests/resp.rs`, where it is tested in full) does so as a
//! part of the kernel, with its compiler's options and overflow checks.

use kernel::prelude::*;

#[kunit_tests(kv_resp)]
mod tests {
    use crate::resp::{decimal, integer, Error, Parser};

    /// The arguments of the first request, up to two of them, and how many bytes it has.
    fn parse(bytes: &[u8]) -> core::result::Result<Option<([&[u8]; 2], usize)>, Error> {
        let mut parser = Parser::default();
        let mut room = [0; 64];
        let Some(args) = parser.next(bytes, &mut room)? else {
            return Ok(None);
        };
        // What is in quotes is put together in `room`; here nothing is.
        let mut words = [&b""[..]; 2];
        for (word, arg) in words.iter_mut().zip(args) {
            let at = arg.as_ptr() as usize - bytes.as_ptr() as usize;
            *word = bytes.get(at..at + arg.len()).unwrap_or_default();
        }
        Ok(Some((words, parser.parsed())))
    }

    #[test]
    fn requests() {
        let get = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*1\r\n";
        assert_eq!(parse(get), Ok(Some(([b"GET", b"k"], 20))));
        for end in 0..20 {
            assert_eq!(parse(&get[..end]), Ok(None));
        }
    }

    #[test]
    fn what_is_none() {
        assert_eq!(parse(b"*1\r\n!1\r\n"), Err(Error::ExpectedDollar(b'!')));
        assert_eq!(parse(b"*9999999\r\n"), Err(Error::InvalidMultibulkLength));
        assert_eq!(
            parse(b"*1\r\n$99999999999999999999\r\n"),
            Err(Error::InvalidBulkLength)
        );
        assert_eq!(parse(b"GET \"k\r\n"), Err(Error::UnbalancedQuotes));
    }

    #[test]
    fn integers() {
        for number in [0, -1, 1_234_567_890, i64::MAX, i64::MIN] {
            let mut text = [0; 20];
            assert_eq!(integer(decimal(number, &mut text)), Some(number));
        }
        for text in [&b""[..], b"-", b"01", b"9223372036854775808"] {
            assert_eq!(integer(text), None);
        }
    }
}
