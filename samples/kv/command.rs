// SPDX-License-Identifier: GPL-2.0

//! The commands, and what they answer.

use crate::{
    buffer::{Input, Output},
    memory,
    resp::Args,
    server::{Server, MAX_CLIENTS},
    store::{self, Key, Value},
};
use kernel::{
    fmt::Write,
    prelude::*,
    str::CString,
    sync::{Arc, ArcBorrow},
};

/// What comes next on a connection.
#[derive(PartialEq, Eq)]
pub(crate) enum Next {
    /// Another command.
    Command,
    /// Its end.
    Close,
}

/// What a command answers, as RESP2 has it.
enum Reply<'a> {
    Status(&'static str),
    Integer(i64),
    Bytes(&'a [u8]),
    Value(Arc<Value>),
    Text(CString),
    /// No such key.
    Null,
    /// An array without elements.
    Nothing,
    /// A configuration parameter and its value.
    Parameter(&'static str, CString),
    Syntax,
    Store(store::Error),
    /// Wrong number of arguments.
    Arity(&'a [u8]),
    UnknownSubcommand(&'a [u8], &'a str),
    UnknownCommand(&'a [u8], Args<'a>),
}

impl From<store::Error> for Reply<'_> {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Carries out the commands of one connection.
pub(crate) struct Session<'a> {
    server: ArcBorrow<'a, Server>,
    key: Key,
}

impl<'a> Session<'a> {
    pub(crate) fn new(server: ArcBorrow<'a, Server>) -> Self {
        Self {
            server,
            key: Key::default(),
        }
    }

    /// Carries out all commands that were received completely. Fails if the answers cannot be sent.
    pub(crate) fn execute_all(&mut self, input: &mut Input, out: &mut Output<'_>) -> Result<Next> {
        loop {
            match input.next() {
                Ok(None) => return Ok(Next::Command),
                Ok(Some(args)) => {
                    if self.execute(args, out)? == Next::Close {
                        return Ok(Next::Close);
                    }
                }
                Err(error) => {
                    write!(out, "-ERR {error}\r\n")?;
                    return Ok(Next::Close);
                }
            }
        }
    }

    fn execute(&mut self, mut args: Args<'_>, out: &mut Output<'_>) -> Result<Next> {
        let name = args.next().unwrap_or_default();
        let mut lower = [0; 16];
        let command = lowercase(name, &mut lower);
        if command == b"quit" {
            out.put(b"+OK\r\n")?;
            return Ok(Next::Close);
        }
        let reply = self
            .command(name, command, args)
            .unwrap_or_else(Reply::Store);
        self.key.trim();
        reply.write(out)?;
        Ok(Next::Command)
    }

    fn command<'b>(
        &mut self,
        name: &'b [u8],
        command: &'b [u8],
        mut args: Args<'b>,
    ) -> Result<Reply<'b>, store::Error> {
        let count = args.len();
        let store = &self.server.store;
        let mut arg = || args.next().unwrap_or_default();
        Ok(match (command, count) {
            (b"get", 1) => {
                self.key.set(arg())?;
                store.get(&self.key).map_or(Reply::Null, Reply::Value)
            }
            (b"set", 2) => {
                self.key.set(arg())?;
                store.set(&self.key, arg())?;
                Reply::Status("OK")
            }
            (b"set", 3..) => Reply::Syntax,
            (b"incr", 1) => {
                self.key.set(arg())?;
                Reply::Integer(store.increment(&self.key)?)
            }
            (b"del", 1..) => {
                let mut removed = 0;
                for arg in args {
                    self.key.set(arg)?;
                    removed += i64::from(store.remove(&self.key));
                }
                Reply::Integer(removed)
            }
            (b"exists", 1..) => {
                let mut there = 0;
                for arg in args {
                    self.key.set(arg)?;
                    there += i64::from(store.contains(&self.key));
                }
                Reply::Integer(there)
            }
            (b"ping", 0) => Reply::Status("PONG"),
            (b"ping" | b"echo", 1) => Reply::Bytes(arg()),
            (b"dbsize", 0) => Reply::Integer(store.len() as i64),
            (b"flushall", 0 | 1) => {
                if count == 1 && !is_any(arg(), &["sync", "async"]) {
                    return Ok(Reply::Syntax);
                }
                store.clear();
                Reply::Status("OK")
            }
            (b"flushall", _) => Reply::Syntax,
            (b"info", 0) => Reply::Text(self.server.info()?),
            (b"info", _) => {
                if args.any(|arg| is_any(arg, &["all", "default", "everything", "kv"])) {
                    Reply::Text(self.server.info()?)
                } else {
                    Reply::Bytes(b"")
                }
            }
            (b"config", 1..) => match (arg(), count) {
                (get, 2) if is_any(get, &["get"]) => parameter(arg())?,
                (get, _) if is_any(get, &["get"]) => Reply::Arity(b"config|get"),
                (other, _) => Reply::UnknownSubcommand(other, "CONFIG"),
            },
            // There is no documentation to give, which redis-cli takes well.
            (b"command", 0) => Reply::Nothing,
            (b"command", _) => match arg() {
                docs if is_any(docs, &["docs", "info"]) => Reply::Nothing,
                other => Reply::UnknownSubcommand(other, "COMMAND"),
            },
            (
                b"get" | b"set" | b"incr" | b"del" | b"exists" | b"ping" | b"echo" | b"dbsize"
                | b"config",
                _,
            ) => Reply::Arity(command),
            _ => Reply::UnknownCommand(name, args),
        })
    }
}

/// What `CONFIG GET` says, which redis-benchmark asks.
fn parameter(name: &[u8]) -> Result<Reply<'static>, store::Error> {
    let text = CString::try_from_fmt;
    Ok(match lowercase(name, &mut [0; 16]) {
        b"save" => Reply::Parameter("save", text(fmt!(""))?),
        b"appendonly" => Reply::Parameter("appendonly", text(fmt!("no"))?),
        b"maxclients" => Reply::Parameter("maxclients", text(fmt!("{MAX_CLIENTS}"))?),
        b"maxmemory" => Reply::Parameter("maxmemory", text(fmt!("{}", memory::max()))?),
        _ => Reply::Nothing,
    })
}

impl Reply<'_> {
    fn write(self, out: &mut Output<'_>) -> Result {
        match self {
            Self::Status(text) => write!(out, "+{text}\r\n")?,
            Self::Integer(number) => write!(out, ":{number}\r\n")?,
            Self::Bytes(bytes) => bulk(out, bytes)?,
            Self::Value(value) => bulk(out, &value)?,
            Self::Text(text) => bulk(out, text.to_bytes())?,
            Self::Null => out.put(b"$-1\r\n")?,
            Self::Nothing => out.put(b"*0\r\n")?,
            Self::Parameter(name, value) => {
                out.put(b"*2\r\n")?;
                bulk(out, name.as_bytes())?;
                bulk(out, value.to_bytes())?;
            }
            Self::Syntax => out.put(b"-ERR syntax error\r\n")?,
            Self::Store(error) => write!(out, "-{}\r\n", error.message())?,
            Self::Arity(command) => {
                out.put(b"-ERR wrong number of arguments for '")?;
                out.put(command)?;
                out.put(b"' command\r\n")?;
            }
            Self::UnknownSubcommand(name, command) => {
                out.put(b"-ERR unknown subcommand '")?;
                text(out, name, 128)?;
                write!(out, "'. Try {command} HELP.\r\n")?;
            }
            Self::UnknownCommand(name, args) => {
                out.put(b"-ERR unknown command '")?;
                text(out, name, 128)?;
                out.put(b"', with args beginning with: ")?;
                // Redis stops at 128 bytes, quotes and blanks among them.
                let mut left = 128_usize;
                for arg in args {
                    if left == 0 {
                        break;
                    }
                    out.put(b"'")?;
                    let len = text(out, arg, left)?;
                    out.put(b"' ")?;
                    left = left.saturating_sub(len + 3);
                }
                out.put(b"\r\n")?;
            }
        }
        Ok(())
    }
}

fn bulk(out: &mut Output<'_>, bytes: &[u8]) -> Result {
    write!(out, "${}\r\n", bytes.len())?;
    out.put(bytes)?;
    out.put(b"\r\n")
}

/// Adds what a client sent to an error message, as Redis does: up to a zero byte, at most `max` bytes,
/// on one line. Returns its length.
fn text(out: &mut Output<'_>, bytes: &[u8], max: usize) -> Result<usize> {
    let bytes = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let bytes = bytes.get(..max).unwrap_or(bytes);
    for line in bytes.split_inclusive(|byte| matches!(byte, b'\r' | b'\n')) {
        match line {
            [line @ .., b'\r' | b'\n'] => {
                out.put(line)?;
                out.put(b" ")?;
            }
            line => out.put(line)?,
        }
    }
    Ok(bytes.len())
}

/// `name` in lower case, empty if it is longer than any command.
fn lowercase<'a>(name: &[u8], buffer: &'a mut [u8; 16]) -> &'a [u8] {
    let Some(lower) = buffer.get_mut(..name.len()) else {
        return b"";
    };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    lower
}

fn is_any(arg: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| arg.eq_ignore_ascii_case(word.as_bytes()))
}
