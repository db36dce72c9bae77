// SPDX-License-Identifier: GPL-2.0

//! The commands, and what they answer.

use crate::{
    buffer::{Begun, Output, Unsent},
    feed::{feed, Error},
    memory,
    resp::{self, Args},
    server::{Server, MAX_CLIENTS},
    store::{self, Cleared},
};
use core::ops::ControlFlow;
use kernel::{alloc::AllocError, fmt::Write, prelude::*, str::CString};
use ukl::net::Exchange;

/// What a command answers beside a value, as RESP2 has it.
enum Reply<'a> {
    Status(&'static str),
    Integer(i64),
    Bytes(&'a [u8]),
    Text(CString),
    /// An array without elements.
    Nothing,
    /// A configuration parameter and its value.
    Parameter(&'static str, CString),
    Syntax,
    /// Wrong number of arguments.
    Arity(&'a [u8]),
    UnknownSubcommand(&'a [u8], &'a str),
    UnknownCommand(&'a [u8], Args<'a>),
}

/// What the commands that a thread carries out work with.
pub(crate) struct Session<'a> {
    commands: Commands<'a>,
    /// What they answer.
    pub(crate) output: Output,
    /// For the words of inline requests.
    room: KVVec<u8>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(server: &'a Server) -> Result<Self, AllocError> {
        Ok(Self {
            commands: Commands {
                server,
                cleared: None,
            },
            output: Output::new()?,
            room: KVVec::from_elem(0, resp::MAX_LINE, memory::flags())?,
        })
    }

    /// Empties the output, of which `sent` bytes were sent. Returns the rest, if there is one.
    #[inline]
    pub(crate) fn take_rest(&mut self, sent: usize) -> Result<Option<Unsent>, AllocError> {
        self.output.take_rest(sent, &self.commands.server.account)
    }

    /// Whether `FLUSHALL` left something to be dropped.
    #[inline]
    pub(crate) fn has_cleared(&self) -> bool {
        self.commands.cleared.is_some()
    }

    /// What `FLUSHALL` left to be dropped.
    #[inline]
    pub(crate) fn take_cleared(&mut self) -> Option<Cleared> {
        // Taking nothing would copy all of it.
        self.commands.cleared.as_ref()?;
        self.commands.cleared.take()
    }
}

/// A connection's turn: carries out what it sent, with its socket locked.
pub(crate) struct Turn<'a, 's> {
    session: &'a mut Session<'s>,
    begun: &'a mut Option<KBox<Begun>>,
    /// Whether there was something.
    pub(crate) looked: bool,
    /// Whether something may be left, as the answers have to be sent first.
    pub(crate) more: bool,
    /// Whether nothing comes behind these answers.
    pub(crate) end: bool,
}

impl<'a, 's> Turn<'a, 's> {
    #[inline]
    pub(crate) fn new(session: &'a mut Session<'s>, begun: &'a mut Option<KBox<Begun>>) -> Self {
        Self {
            session,
            begun,
            looked: false,
            more: false,
            end: false,
        }
    }

    #[cold]
    fn fail(&mut self, error: Error<AllocError>) -> Result {
        let output = &mut self.session.output;
        self.end = true;
        match error {
            Error::Protocol(error) => write!(output, "-ERR {error}\r\n")?,
            Error::Partial(AllocError) => {
                write!(output, "-{}\r\n", store::Error::OutOfMemory.message())?
            }
        }
        Ok(())
    }
}

impl Exchange for Turn<'_, '_> {
    #[inline]
    fn consume(&mut self, bytes: &[u8]) -> Result<usize> {
        self.looked = true;
        if self.more || self.end {
            return Ok(0);
        }
        let Session {
            commands,
            output,
            room,
        } = &mut *self.session;
        let mut result = Ok(());
        let account = &commands.server.account;
        let begin = |parser| Begun::new(parser, account);
        let consumed = feed(self.begun, bytes, room, begin, |args| {
            match commands.execute(args, output) {
                Ok(Next::Command) => {
                    self.more = output.is_full() || commands.cleared.is_some();
                }
                Ok(Next::Close) => self.end = true,
                Err(error) => result = Err(error),
            }
            if self.more || self.end || result.is_err() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        result?;
        match consumed {
            Ok(consumed) => Ok(consumed),
            Err(error) => {
                self.fail(error)?;
                Ok(bytes.len())
            }
        }
    }

    #[inline]
    fn reply(&self) -> &[u8] {
        self.session.output.bytes()
    }
}

/// What comes next on a connection.
#[derive(PartialEq, Eq)]
enum Next {
    /// Another command.
    Command,
    /// Its end.
    Close,
}

struct Commands<'a> {
    server: &'a Server,
    /// What is to be dropped when the socket is unlocked, before another command is carried out.
    cleared: Option<Cleared>,
}

impl Commands<'_> {
    /// Carries out a command and adds its answer. Fails if there is no memory for that.
    #[inline]
    fn execute(&mut self, mut args: Args<'_>, out: &mut Output) -> Result<Next, AllocError> {
        let name = args.next().unwrap_or_default();
        if args.len() == 1 && name.eq_ignore_ascii_case(b"get") {
            let key = args.next().unwrap_or_default();
            let found = self.server.store.get(key, |value| out.put_value(value));
            found.unwrap_or_else(|| out.put(NULL))?;
            return Ok(Next::Command);
        }
        self.execute_other(name, args, out)
    }

    #[inline(never)]
    fn execute_other(
        &mut self,
        name: &[u8],
        args: Args<'_>,
        out: &mut Output,
    ) -> Result<Next, AllocError> {
        let mut lower = [0; 16];
        let command = lowercase(name, &mut lower);
        if command == b"quit" {
            out.put(b"+OK\r\n")?;
            return Ok(Next::Close);
        }
        match self.command(name, command, args) {
            Ok(reply) => reply.write(out),
            Err(error) => line(out, b'-', error.message().as_bytes()),
        }?;
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
            (b"set", 2) => {
                store.set(arg(), arg())?;
                Reply::Status("OK")
            }
            (b"set", 3..) => Reply::Syntax,
            (b"incr", 1) => Reply::Integer(store.increment(arg())?),
            (b"del", 1..) => {
                let mut removed = 0;
                for arg in args {
                    removed += i64::from(store.remove(arg)?);
                }
                Reply::Integer(removed)
            }
            (b"exists", 1..) => {
                let there = args.filter(|arg| store.get(arg, |_| ()).is_some());
                Reply::Integer(there.count() as i64)
            }
            (b"ping", 0) => Reply::Status("PONG"),
            (b"ping" | b"echo", 1) => Reply::Bytes(arg()),
            (b"dbsize", 0) => Reply::Integer(store.len() as i64),
            (b"flushall", 0 | 1) => {
                if count == 1 && !is_any(arg(), &["sync", "async"]) {
                    return Ok(Reply::Syntax);
                }
                self.cleared = Some(store.clear());
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

/// How a key that does not exist is answered.
const NULL: &[u8] = b"$-1\r\n";

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
    fn write(self, out: &mut Output) -> Result<(), AllocError> {
        match self {
            Self::Status(text) => line(out, b'+', text.as_bytes()),
            Self::Integer(number) => line(out, b':', resp::decimal(number, &mut [0; 20])),
            Self::Bytes(bytes) => bulk(out, bytes),
            Self::Text(text) => bulk(out, text.to_bytes()),
            Self::Nothing => out.put(b"*0\r\n"),
            Self::Parameter(name, value) => {
                out.put(b"*2\r\n")?;
                bulk(out, name.as_bytes())?;
                bulk(out, value.to_bytes())
            }
            Self::Syntax => out.put(b"-ERR syntax error\r\n"),
            Self::Arity(command) => {
                out.put(b"-ERR wrong number of arguments for '")?;
                out.put(command)?;
                out.put(b"' command\r\n")
            }
            Self::UnknownSubcommand(name, command) => {
                out.put(b"-ERR unknown subcommand '")?;
                text(out, name, 128)?;
                out.put(b"'. Try ")?;
                out.put(command.as_bytes())?;
                out.put(b" HELP.\r\n")
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
                out.put(b"\r\n")
            }
        }
    }
}

fn line(out: &mut Output, kind: u8, text: &[u8]) -> Result<(), AllocError> {
    out.put(&[kind])?;
    out.put(text)?;
    out.put(b"\r\n")
}

fn bulk(out: &mut Output, bytes: &[u8]) -> Result<(), AllocError> {
    let mut digits = [0; 20];
    line(out, b'$', resp::decimal(bytes.len() as i64, &mut digits))?;
    out.put(bytes)?;
    out.put(b"\r\n")
}

/// Adds what a client sent to an error message, as Redis does: up to a zero byte, at most `max` bytes,
/// on one line. Returns its length.
fn text(out: &mut Output, bytes: &[u8], max: usize) -> Result<usize, AllocError> {
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
