// SPDX-License-Identifier: GPL-2.0

//! One connection: what happens when its socket is ready.

use crate::{
    buffer::{Begun, Unsent},
    command::{Session, Turn},
    memory,
    server::Seat,
};
use kernel::prelude::*;
use ukl::{
    net::{Shutdown, TcpStream},
    poll::Event,
    App,
};

/// Exchanges for one event, before other connections have their turn.
const EXCHANGES: usize = 8;

/// Bytes that a client may send after the server has ended the connection.
const IGNORED: usize = 1 << 20;

/// What comes next on a connection.
pub(crate) enum Next {
    /// Another event.
    Wait,
    /// More of this one, as soon as others had their turn.
    Again,
    /// Its end.
    Close,
}

/// Who goes on sending.
enum State {
    /// Both.
    Open,
    /// Neither, once all answers are sent.
    Ending,
    /// The client, who has sent that many bytes to nobody. It is to close first, so that no reset
    /// overtakes the last answer.
    Lingering(usize),
}

/// A connection.
pub(crate) struct Connection<'a> {
    stream: TcpStream,
    state: State,
    begun: Option<KBox<Begun>>,
    /// As long as there is something, nothing is received: a client that does not read its answers
    /// cannot ask for more.
    unsent: Option<KBox<Unsent>>,
    _seat: Seat<'a>,
}

impl<'a> Connection<'a> {
    pub(crate) fn new(stream: TcpStream, seat: Seat<'a>) -> Self {
        Self {
            stream,
            state: State::Open,
            begun: None,
            unsent: None,
            _seat: seat,
        }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Carries out what the client sent, and sends the answers. Fails if the connection is broken, or
    /// there is no memory for it.
    #[inline]
    pub(crate) fn serve(
        &mut self,
        app: &App,
        event: &Event,
        session: &mut Session<'_>,
    ) -> Result<Next> {
        if let State::Open = self.state {
            if self.unsent.is_none() && !event.is_readable() && !event.is_read_closed() {
                // There is room to send, but nothing to be sent. Or an error, which ends the connection.
                return Ok(if event.is_error() {
                    Next::Close
                } else {
                    Next::Wait
                });
            }
        }
        for _ in 0..EXCHANGES {
            if let Some(unsent) = &mut self.unsent {
                if !unsent.send(app, &self.stream)? {
                    return Ok(Next::Wait);
                }
                self.unsent = None;
            }
            let more = match self.state {
                State::Open => self.exchange(app, session)?,
                State::Ending => {
                    self.stream.shutdown(app, Shutdown::Write)?;
                    self.state = State::Lingering(0);
                    More::Yes
                }
                State::Lingering(ignored) => self.ignore(app, ignored)?,
            };
            match more {
                More::Yes if session.has_cleared() => break,
                More::Yes => {}
                // The end of the stream may be behind it already.
                More::No if event.is_read_closed() => {}
                More::No | More::Later => return Ok(Next::Wait),
                More::Never => return Ok(Next::Close),
            }
        }
        Ok(Next::Again)
    }

    /// Carries out what is there and answers it.
    #[inline]
    fn exchange(&mut self, app: &App, session: &mut Session<'_>) -> Result<More> {
        let mut turn = Turn::new(session, &mut self.begun);
        let exchanged = match self.stream.try_exchange(app, &mut turn) {
            Err(EAGAIN) => return Ok(More::Later),
            result => result?,
        };
        let (looked, more, end) = (turn.looked, turn.more, turn.end);
        if !looked {
            return Ok(More::Never);
        }
        let sent = match exchanged.sent {
            Err(EAGAIN) => 0,
            result => result?,
        };
        if let Some(unsent) = session.take_rest(sent)? {
            self.unsent = Some(KBox::new(unsent, memory::flags())?);
        }
        if end {
            self.state = State::Ending;
        }
        Ok(if more || end || self.unsent.is_some() {
            More::Yes
        } else {
            More::No
        })
    }

    /// Receives for nobody. A client that goes on sending is cut off.
    fn ignore(&mut self, app: &App, ignored: usize) -> Result<More> {
        let received = match self.stream.try_read_in_place(app, |bytes| Ok(bytes.len())) {
            Err(EAGAIN) => return Ok(More::Later),
            result => result?,
        };
        if received == 0 || ignored + received > IGNORED {
            return Ok(More::Never);
        }
        self.state = State::Lingering(ignored + received);
        Ok(More::No)
    }
}

/// Whether a connection has more to do.
enum More {
    Yes,
    /// Not as far as is known.
    No,
    /// Not before the next event.
    Later,
    /// Not ever.
    Never,
}
