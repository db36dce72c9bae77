// SPDX-License-Identifier: GPL-2.0

//! Tests of `samples/kv/resp.rs` and `feed.rs` in user space; `resp.t` runs them.

mod cuts;
#[path = "../../samples/kv/feed.rs"]
mod feed;
#[path = "../../samples/kv/resp.rs"]
mod resp;

use cuts::{encode, parse, parse_in_place, quoted, Parsed};
use resp::{decimal, integer, Error, MAX_ARGS, MAX_BULK, MAX_LINE, MAX_REQUEST};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Parses `input` in every cut in two and byte by byte, with the same result.
fn parse_cut(input: &[u8]) -> Parsed {
    let whole = parse(input, &[input.len()]);
    let step = if input.len() > 4096 { 997 } else { 1 };
    for cut in (1..input.len()).step_by(step) {
        assert_eq!(parse(input, &[cut, input.len()]), whole, "cut at {cut}");
        assert_eq!(
            parse_in_place(input, &[cut, input.len()], 2),
            whole,
            "in place, cut at {cut}"
        );
    }
    assert_eq!(parse(input, &[1]), whole, "byte by byte");
    for stop in [1, usize::MAX] {
        for cut in [1, input.len()] {
            assert_eq!(
                parse_in_place(input, &[cut], stop),
                whole,
                "in place, {cut} bytes at a time"
            );
        }
    }
    whole
}

#[track_caller]
fn requests(input: &[u8], expected: &[&[&[u8]]]) {
    let parsed = parse_cut(input);
    assert_eq!(parsed.requests, expected, "{}", input.escape_ascii());
    assert_eq!(parsed.error, None, "{}", input.escape_ascii());
}

#[track_caller]
fn refused(input: &[u8], error: Error, message: &str) {
    let parsed = parse_cut(input);
    assert_eq!(parsed.error, Some(error));
    assert_eq!(error.to_string(), format!("Protocol error: {message}"));
}

#[track_caller]
fn waits(input: &[u8]) {
    let parsed = parse_cut(input);
    assert_eq!((parsed.requests.len(), parsed.error), (0, None));
}

// Everything below that names a reply was first seen from redis-server 8.0.2.

fn multibulk() {
    requests(b"*1\r\n$4\r\nPING\r\n", &[&[b"PING"]]);
    requests(
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\0\r\n\xff\r\n",
        &[&[b"SET", b"k", b"\0\r\n\xff"]],
    );
    requests(
        b"*2\r\n$3\r\nfoo\r\n$0\r\n\r\n*1\r\n$0\r\n\r\n",
        &[&[b"foo", b""], &[b""]],
    );
    // No arguments: no request.
    requests(b"*0\r\n*-1\r\nPING\r\n", &[&[b"PING"]]);
    // Nobody looks at what stands for the end of line.
    requests(b"*1\r\n$4\r\nPINGxxPING\r\n", &[&[b"PING"], &[b"PING"]]);
    requests(b"*1\rX$4\rXPING\r\n", &[&[b"PING"]]);
    waits(b"*2\r\n$3\r\nGET\r\n$1\r\nk\r");
    waits(b"*1\r\n$4\r");
    waits(b"*1\r");
}

fn pipelines() {
    requests(
        b"*1\r\n$4\r\nPING\r\nPING a\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nget k\n",
        &[
            &[b"PING"],
            &[b"PING", b"a"],
            &[b"GET", b"k"],
            &[b"get", b"k"],
        ],
    );
}

fn inline() {
    requests(b"\r\n\r\n\n\nPING\r\n", &[&[b"PING"]]);
    requests(b" \t ping \x0b\x0c \n", &[&[b"ping"]]);
    requests(
        b"echo \"\\x41\\n\\r\\t\\b\\a\\q\\\"\" \r\n",
        &[&[b"echo", b"A\n\r\t\x08\x07q\""]],
    );
    requests(b"echo 'a\\'b\\n'\r\n", &[&[b"echo", b"a'b\\n"]]);
    requests(b"echo \"\\x4\" \"\\xfF\"\n", &[&[b"echo", b"x4", b"\xff"]]);
    requests(b"foo '' x \"\"\r\n", &[&[b"foo", b"", b"x", b""]]);
    requests(b"set a\"b c\" 'd e'\r\n", &[&[b"set", b"ab c", b"d e"]]);
    requests(b"foo a\\r\\nb\r\n", &[&[b"foo", b"a\\r\\nb"]]);
    waits(b"PING\r");
    let unbalanced = "unbalanced quotes in request";
    for line in [
        b"set \"a b\r\n".as_slice(),
        b"get 'a'b\r\n",
        b"get \"a\"b\r\n",
        b"get a'b\r\n",
        b"get a\"b\"c\r\n",
        b"get \"a\\\"\r\n",
        b"get \"\\\n",
        b"get '\\'\n",
    ] {
        refused(line, Error::UnbalancedQuotes, unbalanced);
    }
}

fn lengths() {
    for line in [
        "*abc",
        "*99999999999",
        "*2147483648",
        "*",
        "*+1",
        "*01",
        "* 1",
        "*1 ",
    ] {
        refused(
            format!("{line}\r\n").as_bytes(),
            Error::InvalidMultibulkLength,
            "invalid multibulk length",
        );
    }
    for line in [
        "$-1",
        "$abc",
        "$999999999999",
        "$+4",
        "$04",
        "$",
        "$4 ",
        "$-0",
    ] {
        refused(
            format!("*1\r\n{line}\r\nPING\r\n").as_bytes(),
            Error::InvalidBulkLength,
            "invalid bulk length",
        );
    }
    let dollar = |byte, got| {
        refused(
            &[b"*1\r\n", [byte].as_slice(), b"3\r\n"].concat(),
            Error::ExpectedDollar(byte),
            &format!("expected '$', got '{got}'"),
        );
    };
    dollar(b'x', 'x');
    dollar(b'\r', ' ');
    dollar(b'\n', ' ');
    dollar(b'*', '*');
    dollar(0xff, ' ');
}

fn limits() {
    let args = |count| encode(&vec![b"a".to_vec(); count]);
    assert_eq!(parse(&args(MAX_ARGS), &[100]).requests[0].len(), MAX_ARGS);
    refused(
        &args(MAX_ARGS + 1)[..20],
        Error::InvalidMultibulkLength,
        "invalid multibulk length",
    );

    let bulk = |len| encode(&[b"ECHO".to_vec(), vec![b'x'; len]]);
    assert_eq!(
        parse(&bulk(MAX_BULK), &[5000]).requests[0][1].len(),
        MAX_BULK
    );
    let refused_at = parse(&bulk(MAX_BULK + 1), &[30]);
    assert_eq!(refused_at.error, Some(Error::InvalidBulkLength));

    let most = vec![b'x'; MAX_BULK];
    let rest = |len: usize| encode(&[most.clone(), vec![b'y'; len]]);
    let room = MAX_REQUEST - rest(0).len() - "000000".len();
    assert_eq!(rest(room).len(), MAX_REQUEST);
    assert_eq!(parse(&rest(room), &[9999]).requests.len(), 1);
    assert_eq!(
        parse(&rest(room + 1), &[9999]).error,
        Some(Error::TooBigRequest)
    );
    assert_eq!(
        Error::TooBigRequest.to_string(),
        "Protocol error: too big request"
    );

    let long = |start: &str, len| [start.as_bytes(), &vec![b'1'; len]].concat();
    for (start, line, error, message) in [
        ("", "", Error::TooBigInline, "too big inline request"),
        (
            "",
            "*",
            Error::TooBigMultibulkCount,
            "too big mbulk count string",
        ),
        (
            "*1\r\n",
            "$",
            Error::TooBigBulkCount,
            "too big bulk count string",
        ),
    ] {
        let start = format!("{start}{line}");
        let fits = long(&start, MAX_LINE - line.len());
        assert_eq!(parse(&fits, &[4000]).error, None);
        let over = long(&start, MAX_LINE + 1 - line.len());
        refused(&over, error, message);
        // Nor does it help if the end of line comes in the same segment.
        assert_eq!(
            parse(&[&over, b"\r\n".as_slice()].concat(), &[over.len() + 2]).error,
            Some(error)
        );
    }
    let line = long("", MAX_LINE);
    let request = [&line, b"\n".as_slice()].concat();
    assert_eq!(parse(&request, &[request.len()]).requests, [[line]]);
}

/// Bytes that come one by one must not be looked at again and again.
fn slow_clients() {
    let start = std::time::Instant::now();
    let bulk = encode(&[b"ECHO".to_vec(), vec![b'x'; MAX_BULK]]);
    parse(&bulk, &[1]);
    parse_in_place(&bulk, &[1], 1);
    for line in [b"x".as_slice(), b"*", b"*1\r\n$"] {
        parse(&[line, &[b'1'; MAX_LINE - 9]].concat(), &[1]);
    }
    assert!(start.elapsed().as_secs() < 2, "took {:?}", start.elapsed());
}

fn integers() {
    for number in [0, 1, -1, 9, 10, -10, 1234567890, i64::MAX, i64::MIN] {
        let text = number.to_string();
        assert_eq!(integer(text.as_bytes()), Some(number));
        assert_eq!(decimal(number, &mut [0; 20]), text.as_bytes());
    }
    for text in [
        "",
        "-",
        "+1",
        "-0",
        "00",
        "01",
        "-01",
        "1 ",
        " 1",
        "1a",
        "a",
        "0x1",
        "1.0",
        "1-",
        "--1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999",
    ] {
        assert_eq!(integer(text.as_bytes()), None, "{text:?}");
    }
}

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(256) as u8).collect()
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }

    fn cuts(&mut self) -> Vec<usize> {
        (0..1 + self.below(20))
            .map(|_| 1 + self.below(40))
            .collect()
    }
}

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect(name))
}

fn random() -> (Random, u64) {
    let seed = env("RESP_SEED", 1);
    println!("# RESP_SEED={seed}");
    (
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        env("RESP_ROUNDS", 200_000),
    )
}

/// Random requests, in both forms, come out as they went in.
fn random_requests() {
    let (mut random, rounds) = random();
    for _ in 0..rounds / 10 {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for _ in 0..1 + random.below(5) {
            let args: Vec<_> = (0..1 + random.below(6))
                .map(|_| {
                    let len = random.below(30);
                    random.bytes(len)
                })
                .collect();
            match random.below(3) {
                0 => bytes.extend(quoted(&args)),
                _ => bytes.extend(encode(&args)),
            }
            expected.push(args);
        }
        let cuts = random.cuts();
        let in_place = parse_in_place(&bytes, &cuts, 1 + random.below(5));
        for parsed in [parse(&bytes, &cuts), in_place] {
            assert_eq!(
                (parsed.requests, parsed.error, parsed.rest),
                (expected.clone(), None, 0),
                "{}",
                bytes.escape_ascii()
            );
        }
    }
}

/// Random bytes, most of them nearly requests: no panic, and cuts change nothing.
fn random_bytes() {
    let (mut random, rounds) = random();
    let words: [&[u8]; 24] = [
        b"*1\r\n", b"*2\r\n", b"*3\r\n", b"*0\r\n", b"*-1\r\n", b"$0\r\n", b"$1\r\n", b"$3\r\n",
        b"$10\r\n", b"$-1\r\n", b"GET", b"k", b"\r\n", b"\r", b"\n", b" ", b"\"", b"'", b"\\",
        b"\\x4", b"\0", b"*", b"$", b"1048577",
    ];
    let mut seen = [0_usize; 3];
    for _ in 0..rounds {
        let mut bytes = Vec::new();
        for _ in 0..1 + random.below(20) {
            match random.below(8) {
                0 => {
                    let len = random.below(6);
                    bytes.extend(random.bytes(len));
                }
                _ => bytes.extend(random.pick(&words)),
            }
        }
        let whole = parse(&bytes, &[bytes.len().max(1)]);
        let cuts = random.cuts();
        let in_place = parse_in_place(&bytes, &cuts, 1 + random.below(5));
        for parsed in [parse(&bytes, &cuts), in_place] {
            assert_eq!(parsed, whole, "{} {cuts:?}", bytes.escape_ascii());
        }
        seen[0] += whole.requests.len();
        seen[1] += usize::from(whole.error.is_some());
        seen[2] += usize::from(whole.rest != 0);
    }
    println!(
        "# {} requests, {} errors, {} incomplete",
        seen[0], seen[1], seen[2]
    );
    assert!(
        seen.iter().all(|count| *count as u64 > rounds / 20),
        "{seen:?}"
    );
}

fn main() {
    let tests: [(&str, fn()); 9] = [
        ("multibulk requests", multibulk),
        ("pipelines", pipelines),
        ("inline requests", inline),
        ("bad lengths", lengths),
        ("limits", limits),
        ("slow clients", slow_clients),
        ("integers", integers),
        ("random requests", random_requests),
        ("random bytes", random_bytes),
    ];
    println!("KTAP version 1\n1..{}", tests.len());
    let mut failed = 0;
    for (number, (name, test)) in tests.iter().enumerate() {
        let ok = catch_unwind(AssertUnwindSafe(test)).is_ok();
        failed += i32::from(!ok);
        let not = if ok { "" } else { "not " };
        println!("{not}ok {} {name}", number + 1);
    }
    println!(
        "# Totals: pass:{} fail:{failed} xfail:0 xpass:0 skip:0 error:0",
        tests.len() as i32 - failed
    );
    std::process::exit(failed.min(1));
}
