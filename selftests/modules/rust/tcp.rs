// SPDX-License-Identifier: GPL-2.0

//! TCP: connections, bytes, options.

use crate::{ensure, equal, localhost, pair};
use core::{net::Ipv6Addr, time::Duration};
use kernel::{bindings, prelude::*};
use ukl::{
    errno,
    io::{IoSlice, IoSliceMut},
    net::{Shutdown, SocketAddr, TcpListener, TcpSocket, TcpStream},
    time::sleep,
    App,
};

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn connections(app: &App) -> Result {
    let socket = TcpSocket::new_v4(app)?;
    socket.set_reuseaddr(app, true)?;
    socket.set_reuseport(app, true)?;
    socket.bind(app, localhost())?;
    let address = socket.local_addr(app)?;
    ensure!(address.port() != 0);
    let listener = socket.listen(app, 16)?;
    equal!(listener.try_accept(app).err(), Some(EAGAIN));

    // Another one at the same address, which would be given half of the connections.
    let twin = TcpSocket::new_for(app, address)?;
    equal!(twin.bind(app, address).err(), Some(errno::eaddrinuse()));
    twin.set_reuseport(app, true)?;
    twin.bind(app, address)?;
    drop(twin);

    for connect in [
        |app: &App, to| TcpStream::connect(app, to),
        |app: &App, to| TcpStream::connect_timeout(app, to, SECOND),
        |app: &App, to| TcpSocket::new_v4(app)?.connect(app, to),
        |app: &App, to| TcpSocket::new_v4(app)?.connect_timeout(app, to, SECOND),
        |app: &App, to| TcpSocket::new_v4(app)?.start_connect(app, to),
    ] {
        let stream: TcpStream = connect(app, address)?;
        let (other, peer) = listener.accept(app)?;
        equal!(peer, stream.local_addr(app)?);
        equal!(stream.peer_addr(app)?, address);
        equal!(other.peer_addr(app)?, peer);
        equal!(other.local_addr(app)?, address);
        ensure!(stream.take_error(app)?.is_none());
    }

    let socket = TcpSocket::new_v6(app)?;
    socket.set_only_v6(app, true)?;
    socket.bind(app, SocketAddr::from((Ipv6Addr::LOCALHOST, 0)))?;
    let six = socket.listen(app, 1)?;
    let stream = TcpStream::connect(app, six.local_addr(app)?)?;
    ensure!(stream.local_addr(app)?.is_ipv6());
    ensure!(six.accept(app)?.1.is_ipv6());

    // A thread that waits for a connection is told to give up.
    let gone = listener.local_addr(app)?;
    listener.shutdown(app)?;
    equal!(listener.accept(app).err(), Some(EINVAL));
    drop(listener);
    let refused = Some(errno::econnrefused());
    equal!(TcpStream::connect(app, gone).err(), refused);
    let now = Duration::ZERO;
    equal!(
        TcpStream::connect_timeout(app, gone, now).err(),
        Some(EINVAL)
    );
    match TcpSocket::new_v4(app)?.start_connect(app, gone) {
        Ok(stream) => equal!(stream.take_error(app)?, refused),
        Err(error) => equal!(Some(error), refused),
    }
    Ok(())
}

pub(crate) fn sending_and_receiving(app: &App) -> Result {
    let (one, other) = pair(app)?;
    let mut buffer = [0; 16];
    equal!(other.try_read(app, &mut buffer).err(), Some(EAGAIN));
    equal!(one.write(app, b"hello")?, 5);
    equal!(other.peek(app, &mut buffer)?, 5);
    equal!(other.read(app, &mut buffer)?, 5);
    equal!(buffer.get(..5), Some(b"hello".as_slice()));
    one.write_all(app, b"from ")?;
    equal!(one.write_more(app, b"ring ")?, 5);
    equal!(one.try_write(app, b"0")?, 1);
    equal!(other.read_full(app, &mut buffer[..11])?, 11);
    equal!(buffer.get(..11), Some(b"from ring 0".as_slice()));

    let parts = [
        IoSlice::new(b"one"),
        IoSlice::new(b""),
        IoSlice::new(b"two"),
    ];
    equal!(one.write_vectored(app, &parts)?, 6);
    equal!(one.try_write_vectored(app, &parts[..1])?, 3);
    let (mut a, mut b) = ([0; 2], [0; 7]);
    while other.peek(app, &mut buffer)? < 9 {
        sleep(app, Duration::from_millis(1))?;
    }
    let mut both = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    equal!(other.read_vectored(app, &mut both)?, 9);
    equal!((&a, &b), (b"on", b"etwoone"));
    let mut both = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    equal!(other.try_read_vectored(app, &mut both).err(), Some(EAGAIN));

    // A call that waits, and a stream that ends.
    let reader = app.spawn(move |app| {
        let mut buffer = [0; 16];
        equal!(other.read(app, &mut buffer)?, 4);
        equal!(other.read(app, &mut buffer)?, 0);
        other.write_all(app, b"!")
    })?;
    one.write_all(app, b"last")?;
    one.shutdown(app, Shutdown::Write)?;
    equal!(one.write(app, b"x").err(), Some(EPIPE));
    equal!(one.read_full(app, &mut buffer)?, 1);
    reader.join(app)?
}

pub(crate) fn options(app: &App) -> Result {
    let (one, other) = pair(app)?;
    one.set_nodelay(app, true)?;
    one.set_keepalive(app, true)?;
    one.set_keepalive_time(app, SECOND * 60)?;
    one.set_keepalive_interval(app, SECOND * 5)?;
    one.set_keepalive_retries(app, 3)?;
    equal!(
        one.set_keepalive_time(app, Duration::ZERO).err(),
        Some(EINVAL)
    );
    one.set_send_buffer_size(app, 10000)?;
    one.set_recv_buffer_size(app, 20000)?;
    equal!(one.send_buffer_size(app)?, 20000);
    equal!(one.recv_buffer_size(app)?, 40000);

    let mut kind = [0; 4];
    let (level, name) = (bindings::SOL_SOCKET, bindings::SO_TYPE);
    equal!(one.option(app, level, name, &mut kind)?, 4);
    equal!(u32::from_ne_bytes(kind), bindings::sock_type_SOCK_STREAM);
    one.set_option(
        app,
        bindings::SOL_SOCKET,
        bindings::SO_PRIORITY,
        &3_i32.to_ne_bytes(),
    )?;
    equal!(
        one.set_option(app, bindings::SOL_SOCKET, 9999, &[0; 4])
            .err(),
        Some(errno::enoprotoopt())
    );

    // A close that resets.
    one.set_linger(app, Some(Duration::ZERO))?;
    drop(one);
    equal!(
        other.read(app, &mut [0; 1]).err(),
        Some(errno::econnreset())
    );
    ensure!(TcpListener::bind(app, localhost())?
        .set_nodelay(app, true)
        .is_ok());
    Ok(())
}
