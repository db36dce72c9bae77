// SPDX-License-Identifier: GPL-2.0

//! A connection: what is under way on it, and what has come of a reply.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{anyhow, Result};
use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

/// A request that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Pending<R> {
    /// What has to be known to check its reply.
    pub request: R,
    /// When it was to be sent.
    pub due: u64,
    /// When it was sent.
    pub sent: u64,
}

/// A connection to the server. Times are those of the engine.
#[derive(Debug)]
pub struct Connection<R> {
    /// The socket, which never blocks.
    pub stream: TcpStream,
    /// What is to be sent; empty unless the socket takes no more.
    pub out: Vec<u8>,
    /// What has come of the next reply.
    pub rest: Rest,
    /// Requests without a reply, in the order they were sent in.
    pub pending: VecDeque<Pending<R>>,
    /// When requests were due that wait for their turn, in an open loop.
    pub waiting: VecDeque<u64>,
}

impl<R> Connection<R> {
    /// Connects to the server, from an address of this machine if one is given.
    pub fn open(address: SocketAddr, source: Option<Ipv4Addr>, limit: Duration) -> Result<Self> {
        let stream = connect(address, source, limit).map_err(|error| why(address, error))?;
        Ok(Self {
            stream: TcpStream::from_std(stream),
            out: Vec::new(),
            rest: Rest::default(),
            pending: VecDeque::new(),
            waiting: VecDeque::new(),
        })
    }

    /// Sends what the socket takes.
    pub fn send(&mut self) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.out.len() {
            match self.stream.write(&self.out[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.drain(..sent);
        Ok(())
    }

    /// Receives what is there; nothing if nothing is. 0 bytes are the end.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.stream.read(buffer) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A connected socket that does not block.
fn connect(
    address: SocketAddr,
    source: Option<Ipv4Addr>,
    limit: Duration,
) -> io::Result<std::net::TcpStream> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into())?;
    }
    socket.connect_timeout(&address.into(), limit)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Why there is no connection, and what to do.
fn why(address: SocketAddr, error: io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        ErrorKind::ConnectionRefused => "; is the server running?",
        ErrorKind::AddrNotAvailable | ErrorKind::AddrInUse => {
            "; the ports are used up: give it more addresses to come from (--sources)"
        }
        ErrorKind::TimedOut => "; the server does not accept connections",
        _ => "",
    };
    anyhow!("cannot connect to {address}: {error}{advice}")
}

/// What has come of a reply that is not complete.
#[derive(Debug, Default)]
pub struct Rest(Vec<u8>);

impl Rest {
    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives all bytes that are there to `take` until it takes none; it returns how many it took.
    /// What it leaves is kept for the next time.
    pub fn feed<E>(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        // Most of the time replies are complete, and are checked where they are.
        let mut kept = std::mem::take(&mut self.0);
        let input = match kept.is_empty() {
            true => bytes,
            false => {
                kept.extend_from_slice(bytes);
                &kept
            }
        };
        let mut taken = 0;
        while taken < input.len() {
            match take(&input[taken..])? {
                0 => break,
                count => taken += count,
            }
        }
        if kept.is_empty() {
            kept.extend_from_slice(&bytes[taken..]);
        } else {
            kept.drain(..taken);
        }
        self.0 = kept;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        keys::Keys,
        protocol::{Echo, Memcached, Mix, Protocol, Redis, Store, Wrong},
        sizes::Sizes,
    };

    /// How many of the requests have their right replies in `input`, received in pieces that end at
    /// `cuts`, and how many bytes are left then.
    fn answered<P: Protocol>(
        protocol: &P,
        requests: &[P::Request],
        input: &[u8],
        cuts: &[usize],
    ) -> Result<(usize, usize), Wrong> {
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (input.len() + 1)).collect();
        ends.push(input.len());
        ends.sort_unstable();
        let (mut rest, mut count, mut from) = (Rest::default(), 0, 0);
        for end in ends {
            rest.feed(&input[from..end], |input| {
                let Some(&request) = requests.get(count) else {
                    return Ok(0);
                };
                let len = protocol.check(request, input)?.unwrap_or(0);
                count += usize::from(len > 0);
                Ok(len)
            })?;
            from = end;
        }
        Ok((count, rest.len()))
    }

    /// Checks that replies are right however they are cut, and no longer if a bit of them is not.
    fn holds<P: Protocol>(
        protocol: &P,
        requests: &[P::Request],
        replies: &[u8],
        cuts: &[usize],
        flip: (usize, u8),
    ) -> Result<(), TestCaseError> {
        let right = answered(protocol, requests, replies, cuts);
        prop_assert_eq!(right, Ok((requests.len(), 0)));

        let mut spoiled = replies.to_vec();
        spoiled[flip.0 % replies.len()] ^= 1 << flip.1;
        if let Ok((count, _)) = answered(protocol, requests, &spoiled, cuts) {
            prop_assert!(count < requests.len(), "all of {:?}", spoiled);
        }
        let short = &replies[..flip.0 % replies.len()];
        let (count, _) = answered(protocol, requests, short, cuts).unwrap();
        prop_assert!(count < requests.len());
        Ok(())
    }

    fn mix(seed: u64, value: usize, etc: bool) -> Mix {
        let sizes = match etc {
            true => Sizes::etc(50),
            false => Sizes::Fixed { key: 9, value },
        };
        Mix::new(Keys::new(50, sizes), 0.3, seed)
    }

    fn ask<P: Protocol>(protocol: &mut P, count: usize) -> (Vec<P::Request>, Vec<u8>) {
        let mut out = Vec::new();
        let requests = (0..count).map(|_| protocol.ask(&mut out)).collect();
        (requests, out)
    }

    fn cuts() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(any::<usize>(), 0..40)
    }

    fn flip() -> impl Strategy<Value = (usize, u8)> {
        (any::<usize>(), 0..8u8)
    }

    proptest! {
        // A case that fails is printed; it is not to be written beside the sources.
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn echo(seed in 0..9u64, size in 1..99usize, count in 1..20usize, cuts in cuts(), flip in flip()) {
            let mut echo = Echo::new(size, seed);
            let (requests, out) = ask(&mut echo, count);
            holds(&echo, &requests, &out, &cuts, flip)?;
        }

        #[test]
        fn redis(
            seed: u64, value in 0..99usize, etc: bool, count in 1..20usize, cuts in cuts(), flip in flip()
        ) {
            let mut redis = Redis(mix(seed, value, etc));
            let (requests, _) = ask(&mut redis, count);
            let reply = |request: &Store| match *request {
                Store::Set(_) => b"+OK\r\n".to_vec(),
                Store::Get(key) => {
                    let value = redis.0.keys.value(key);
                    [format!("${}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat()
                }
            };
            let replies = requests.iter().flat_map(reply).collect::<Vec<_>>();
            holds(&redis, &requests, &replies, &cuts, flip)?;
        }

        #[test]
        fn memcached(
            seed: u64, value in 0..99usize, etc: bool, count in 1..20usize, cuts in cuts(), flip in flip()
        ) {
            let mut memcached = Memcached(mix(seed, value, etc));
            let (requests, _) = ask(&mut memcached, count);
            let reply = |request: &Store| match *request {
                Store::Set(_) => b"STORED\r\n".to_vec(),
                Store::Get(key) => {
                    let (name, value) = (memcached.0.keys.name(key), memcached.0.keys.value(key));
                    let head = format!("VALUE {name} 0 {}\r\n", value.len());
                    [head.as_bytes(), value, b"\r\nEND\r\n"].concat()
                }
            };
            let replies = requests.iter().flat_map(reply).collect::<Vec<_>>();
            holds(&memcached, &requests, &replies, &cuts, flip)?;
        }

        #[test]
        fn random_bytes_are_no_replies(seed: u64, bytes in prop::collection::vec(any::<u8>(), 1..99), cuts in cuts()) {
            let mut redis = Redis(mix(seed, 3, false));
            let (requests, _) = ask(&mut redis, 3);
            if let Ok((count, _)) = answered(&redis, &requests, &bytes, &cuts) {
                prop_assert!(count < requests.len());
            }
            let mut memcached = Memcached(mix(seed, 3, false));
            let (requests, _) = ask(&mut memcached, 3);
            if let Ok((count, _)) = answered(&memcached, &requests, &bytes, &cuts) {
                prop_assert!(count < requests.len());
            }
        }
    }
}
