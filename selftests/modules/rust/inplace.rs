// SPDX-License-Identifier: GPL-2.0

//! Receiving in place, answering under the same lock, sending pages.

use crate::{ensure, equal, pair};
use kernel::prelude::*;
use ukl::{
    io::Pages,
    net::{Exchange, Shutdown},
    App,
};

pub(crate) fn reading(app: &App) -> Result {
    let (one, other) = pair(app)?;
    let nothing = other.try_read_in_place(app, |bytes| Ok(bytes.len()));
    equal!(nothing.err(), Some(EAGAIN));

    one.write_all(app, b"consumed|left")?;
    let mut seen = KVec::new();
    let count = other.read_in_place(app, |bytes| {
        let end = bytes.iter().position(|byte| *byte == b'|');
        let count = end.map_or(bytes.len(), |end| end + 1);
        seen.extend_from_slice(bytes.get(..count).unwrap_or_default(), GFP_KERNEL)?;
        Ok(count)
    })?;
    equal!(count, 9);
    equal!(seen.as_slice(), b"consumed|".as_slice());

    // What the closure says, and what it says wrongly.
    equal!(other.read_in_place(app, |_| Ok(0))?, 0);
    equal!(
        other.read_in_place(app, |_| Err(ENOSPC)).err(),
        Some(ENOSPC)
    );
    let more = other.read_in_place(app, |bytes| Ok(bytes.len() + 1));
    equal!(more.err(), Some(EINVAL));
    equal!(
        other.read_in_place(app, |_| Ok(usize::MAX)).err(),
        Some(EINVAL)
    );

    // It is in the middle of a call.
    let mut refused = [None; 2];
    other.read_in_place(app, |_| {
        let mut buffer = [0; 8];
        refused = [app.null().err(), one.try_read(app, &mut buffer).err()];
        Ok(0)
    })?;
    equal!(refused, [Some(EBUSY); 2]);

    let mut rest = 0;
    other.read_in_place(app, |bytes| {
        rest += bytes.len();
        Ok(bytes.len())
    })?;
    equal!(rest, 4);
    one.shutdown(app, Shutdown::Write)?;
    equal!(other.read_in_place(app, |bytes| Ok(bytes.len()))?, 0);
    Ok(())
}

/// Answers each line with its length.
#[derive(Default)]
struct Lengths {
    line: usize,
    answers: KVec<u8>,
    fail: bool,
}

impl Exchange for Lengths {
    fn consume(&mut self, bytes: &[u8]) -> Result<usize> {
        for byte in bytes {
            if *byte == b'\n' {
                self.answers.push(b'0' + self.line as u8, GFP_KERNEL)?;
                self.line = 0;
            } else {
                self.line += 1;
            }
        }
        if self.fail {
            return Err(ENOSPC);
        }
        Ok(bytes.len())
    }

    fn reply(&self) -> &[u8] {
        &self.answers
    }
}

pub(crate) fn exchange(app: &App) -> Result {
    let (one, other) = pair(app)?;
    let mut lengths = Lengths::default();
    let nothing = other.try_exchange(app, &mut lengths);
    equal!(nothing.err(), Some(EAGAIN));

    one.write_all(app, b"a\nbcd\nef")?;
    let done = other.exchange(app, &mut lengths)?;
    equal!(done.consumed, 8);
    equal!(done.sent?, 2);
    let mut buffer = [0; 8];
    equal!(one.read(app, &mut buffer)?, 2);
    equal!(buffer.get(..2), Some(b"13".as_slice()));

    // Nothing to answer yet.
    lengths.answers.clear();
    one.write_all(app, b"gh")?;
    let done = other.exchange(app, &mut lengths)?;
    equal!((done.consumed, done.sent?), (2, 0));

    // An answer comes with an error as well.
    lengths.fail = true;
    one.write_all(app, b"\n")?;
    equal!(other.exchange(app, &mut lengths).err(), Some(ENOSPC));
    equal!(one.read(app, &mut buffer)?, 1);
    equal!(buffer.first(), Some(&b'4'));

    // The socket has no room for all of a large answer, and says so.
    lengths = Lengths {
        answers: KVec::from_elem(b'x', 1 << 20, GFP_KERNEL)?,
        ..Lengths::default()
    };
    other.set_send_buffer_size(app, 20000)?;
    let done = other.exchange(app, &mut lengths)?;
    let sent = done.sent?;
    ensure!(sent != 0 && sent < 1 << 20);
    let mut received = 0;
    while received < sent {
        received += one.read_in_place(app, |bytes| Ok(bytes.len()))?;
    }
    equal!(received, sent);

    // The end.
    one.shutdown(app, Shutdown::Write)?;
    let done = other.exchange(app, &mut lengths)?;
    equal!((done.consumed, done.sent?), (0, 0));
    Ok(())
}

pub(crate) fn pages(app: &App) -> Result {
    let (one, other) = pair(app)?;
    const LEN: usize = 300_000;
    let mut bytes = VVec::with_capacity(LEN, GFP_KERNEL)?;
    for at in 0..LEN {
        bytes.push((at % 251) as u8, GFP_KERNEL)?;
    }
    let pages = Pages::from(bytes);
    equal!(
        one.try_write_pages(app, &pages, 0..LEN + 1).err(),
        Some(EINVAL)
    );
    equal!(one.write_pages(app, &pages, 7..7)?, 0);

    let receiver = app.spawn(move |app| {
        let mut at = 100;
        let mut wrong = 0;
        while at < LEN {
            let count = other.read_in_place(app, |bytes| {
                wrong += bytes
                    .iter()
                    .zip(at..)
                    .filter(|(byte, at)| usize::from(**byte) != at % 251)
                    .count();
                at += bytes.len();
                Ok(bytes.len())
            })?;
            ensure!(count != 0);
        }
        equal!((at, wrong), (LEN, 0));
        Ok(())
    })?;
    let mut at = 100;
    while at < LEN {
        at += one.write_pages(app, &pages, at..LEN)?;
    }
    // The socket may refer to them still.
    drop(pages);
    receiver.join(app)?
}
