// SPDX-License-Identifier: GPL-2.0

//! Servers that do what a test wants of them: echo, and as much of Redis and memcached as is asked for.

use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead, BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::{
        atomic::{AtomicU64, Ordering::SeqCst},
        Arc, Mutex,
    },
    thread,
    time::Duration,
};

use socket2::SockRef;

/// What a server does with a request.
#[derive(Clone, Copy)]
pub enum Act {
    /// It answers.
    Answer,
    /// It answers after some time, in which it answers nobody.
    Slow(Duration),
    /// It answers with one byte changed, so many from the end.
    Spoil(usize),
    /// It answers with so many bytes, and closes the connection.
    Truncate(usize),
    /// It says nothing.
    Ignore,
    /// It answers, and says more.
    Babble,
}

/// A request without its reply: what is set is what will be got.
enum Request {
    Echo(Vec<u8>),
    Get(Vec<u8>),
    Set(Vec<u8>, Vec<u8>),
}

/// What is understood, and how it is answered.
#[derive(Clone, Copy)]
pub enum Speaks {
    /// Requests of so many bytes.
    Echo(usize),
    /// RESP.
    Redis,
    /// The text protocol.
    Memcached,
}

/// What a server has seen.
#[derive(Default)]
pub struct Seen {
    /// Values got.
    pub gets: AtomicU64,
    /// Values set, or bytes echoed.
    pub sets: AtomicU64,
    /// Where connections came from.
    pub peers: Mutex<HashSet<IpAddr>>,
    /// What was set; locked while a request is answered, as if all were on one thread.
    values: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
}

/// A server that runs until the test ends.
pub struct Server {
    /// Its address.
    pub address: SocketAddr,
    /// What it has seen.
    pub seen: Arc<Seen>,
}

impl Server {
    /// One that does with its n-th request, from 0 on, what `act` says.
    pub fn new(speaks: Speaks, act: impl Fn(u64) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let (shared, act) = (seen.clone(), Arc::new(act));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, act) = (shared.clone(), act.clone());
                // The client leaves when it likes.
                thread::spawn(move || serve(stream?, speaks, &seen, &*act));
            }
        });
        Self { address, seen }
    }

    /// One that answers as it should.
    pub fn good(speaks: Speaks) -> Self {
        Self::new(speaks, |_| Act::Answer)
    }
}

fn serve(
    mut stream: TcpStream,
    speaks: Speaks,
    seen: &Seen,
    act: &dyn Fn(u64) -> Act,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    seen.peers.lock().unwrap().insert(stream.peer_addr()?.ip());
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let request = read(&mut reader, speaks)?;
        let mut values = seen.values.lock().unwrap();
        let number = seen.gets.load(SeqCst) + seen.sets.load(SeqCst);
        let mut reply = answer(request, speaks, seen, &mut values);
        match act(number) {
            Act::Answer => {}
            Act::Slow(time) => thread::sleep(time),
            Act::Spoil(from_end) => {
                let place = reply.len() - from_end;
                reply[place] ^= 1;
            }
            Act::Truncate(len) => {
                // The bytes and the end are one packet, and one event for the client.
                SockRef::from(&stream).set_tcp_cork(true)?;
                stream.write_all(&reply[..len])?;
                return Ok(());
            }
            Act::Ignore => continue,
            Act::Babble => reply.extend_from_slice(b"x"),
        }
        stream.write_all(&reply)?;
    }
}

fn read(reader: &mut impl BufRead, speaks: Speaks) -> io::Result<Request> {
    match speaks {
        Speaks::Echo(size) => Ok(Request::Echo(exactly(reader, size)?)),
        Speaks::Redis => {
            let words = line(reader)?;
            let count: usize = words.strip_prefix('*').unwrap().parse().unwrap();
            let mut words = Vec::new();
            for _ in 0..count {
                let head = line(reader)?;
                words.push(exactly(reader, head[1..].parse().unwrap())?);
                assert_eq!(line(reader)?, "");
            }
            match (&words[0][..], words.len()) {
                (b"GET", 2) => Ok(Request::Get(words.remove(1))),
                (b"SET", 3) => Ok(Request::Set(words.remove(1), words.remove(1))),
                other => panic!("{other:?}"),
            }
        }
        Speaks::Memcached => {
            let line = line(reader)?;
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["get", key] => Ok(Request::Get(key.into())),
                ["set", key, "0", "0", len] => {
                    let value = exactly(reader, len.parse().unwrap())?;
                    assert_eq!(exactly(reader, 2)?, b"\r\n");
                    Ok(Request::Set(key.into(), value))
                }
                _ => panic!("{line}"),
            }
        }
    }
}

/// A line without its end.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.strip_suffix("\r\n").unwrap().to_owned())
}

fn exactly(reader: &mut impl Read, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn answer(
    request: Request,
    speaks: Speaks,
    seen: &Seen,
    values: &mut HashMap<Vec<u8>, Vec<u8>>,
) -> Vec<u8> {
    match request {
        Request::Echo(bytes) => {
            seen.sets.fetch_add(1, SeqCst);
            bytes
        }
        Request::Set(key, value) => {
            seen.sets.fetch_add(1, SeqCst);
            values.insert(key, value);
            match speaks {
                Speaks::Memcached => b"STORED\r\n".to_vec(),
                _ => b"+OK\r\n".to_vec(),
            }
        }
        Request::Get(key) => {
            seen.gets.fetch_add(1, SeqCst);
            value(&key, values.get(&key), speaks)
        }
    }
}

fn value(key: &[u8], value: Option<&Vec<u8>>, speaks: Speaks) -> Vec<u8> {
    match (speaks, value) {
        (Speaks::Memcached, None) => b"END\r\n".to_vec(),
        (Speaks::Memcached, Some(value)) => {
            let len = format!(" 0 {}\r\n", value.len());
            [b"VALUE ", key, len.as_bytes(), value, b"\r\nEND\r\n"].concat()
        }
        (_, None) => b"$-1\r\n".to_vec(),
        (_, Some(value)) => {
            let len = format!("${}\r\n", value.len());
            [len.as_bytes(), value, b"\r\n"].concat()
        }
    }
}
