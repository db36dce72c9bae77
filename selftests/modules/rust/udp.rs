// SPDX-License-Identifier: GPL-2.0

//! UDP.

use crate::{equal, localhost};
use kernel::prelude::*;
use ukl::{errno, net::UdpSocket, App};

pub(crate) fn datagrams(app: &App) -> Result {
    let (one, other) = (
        UdpSocket::bind(app, localhost())?,
        UdpSocket::bind_reuseport(app, localhost())?,
    );
    let (here, there) = (one.local_addr(app)?, other.local_addr(app)?);
    drop(UdpSocket::bind_reuseport(app, there)?);
    let mut buffer = [0; 8];
    equal!(other.try_recv_from(app, &mut buffer).err(), Some(EAGAIN));
    equal!(other.peer_addr(app).err(), Some(errno::enotconn()));
    equal!(one.send(app, b"x").err(), Some(errno::edestaddrreq()));

    equal!(one.send_to(app, b"first", there)?, 5);
    equal!(one.try_send_to(app, b"", there)?, 0);
    equal!(one.send_to(app, b"too long for it", there)?, 15);
    equal!(other.peek_from(app, &mut buffer)?, (5, here));
    equal!(other.recv_from(app, &mut buffer)?, (5, here));
    equal!(buffer.get(..5), Some(b"first".as_slice()));
    equal!(other.try_recv_from(app, &mut buffer)?, (0, here));
    equal!(other.recv_from(app, &mut buffer)?, (8, here));

    one.connect(app, there)?;
    equal!(one.peer_addr(app)?, there);
    equal!(one.send(app, b"again")?, 5);
    equal!(other.recv(app, &mut buffer)?, 5);
    equal!(one.try_send(app, b"more")?, 4);
    equal!(other.try_recv(app, &mut buffer)?, 4);
    equal!(other.try_recv(app, &mut buffer).err(), Some(EAGAIN));
    let large = KVVec::from_elem(0, 70000, GFP_KERNEL)?;
    equal!(one.send(app, &large).err(), Some(errno::emsgsize()));
    one.set_broadcast(app, true)?;

    // Nobody is there any more.
    drop(other);
    one.send(app, b"x")?;
    equal!(
        one.recv(app, &mut buffer).err(),
        Some(errno::econnrefused())
    );
    Ok(())
}
