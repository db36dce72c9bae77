// SPDX-License-Identifier: GPL-2.0

//! Unix sockets.

use crate::{ensure, equal};
use core::time::Duration;
use kernel::prelude::*;
use ukl::{
    errno,
    io::{IoSlice, IoSliceMut},
    net::{Shutdown, UnixAddr, UnixListener, UnixStream},
    App,
};

pub(crate) fn streams(app: &App) -> Result {
    let path = UnixAddr::from_pathname(b"/tmp/ukl_test_rust.socket")?;
    equal!(
        path.as_pathname(),
        Some(b"/tmp/ukl_test_rust.socket".as_slice())
    );
    equal!(UnixAddr::from_pathname(b"").err(), Some(EINVAL));
    equal!(UnixAddr::from_pathname(b"a\0b").err(), Some(EINVAL));
    equal!(
        UnixAddr::from_pathname(&[b'x'; 108]).err(),
        Some(errno::enametoolong())
    );
    ensure!(UnixAddr::from_pathname(&[b'x'; 107]).is_ok());
    let name = UnixAddr::from_abstract_name(b"ukl\0test")?;
    equal!(name.as_abstract_name(), Some(b"ukl\0test".as_slice()));
    ensure!(name.as_pathname().is_none() && !name.is_unnamed());

    for address in [&path, &name] {
        let listener = UnixListener::bind(app, address)?;
        equal!(
            listener.local_addr(app)?.as_pathname(),
            address.as_pathname()
        );
        equal!(
            listener.local_addr(app)?.as_abstract_name(),
            address.as_abstract_name()
        );
        equal!(listener.try_accept(app).err(), Some(EAGAIN));
        let one = UnixStream::connect(app, address)?;
        let other = listener.accept(app)?;
        ensure!(one.local_addr(app)?.is_unnamed());
        equal!(
            one.peer_addr(app)?.as_abstract_name(),
            address.as_abstract_name()
        );
        talk(app, &one, &other)?;
        let two = UnixStream::connect_timeout(app, address, Duration::from_secs(1))?;
        drop(two);
        equal!(listener.try_accept(app)?.read(app, &mut [0; 1])?, 0);
        listener.shutdown(app)?;
        equal!(listener.accept(app).err(), Some(EINVAL));
    }
    equal!(
        UnixStream::connect(app, &name).err(),
        Some(errno::econnrefused())
    );
    equal!(
        UnixListener::bind(app, &path).err(),
        Some(errno::eaddrinuse())
    );
    Ok(())
}

fn talk(app: &App, one: &UnixStream, other: &UnixStream) -> Result {
    let mut buffer = [0; 8];
    equal!(other.try_read(app, &mut buffer).err(), Some(EAGAIN));
    equal!(one.write(app, b"ab")?, 2);
    equal!(one.try_write(app, b"cd")?, 2);
    one.write_all(app, b"ef")?;
    equal!(
        one.write_vectored(app, &[IoSlice::new(b"g"), IoSlice::new(b"h")])?,
        2
    );
    equal!(other.peek(app, &mut buffer[..1])?, 1);
    equal!(other.read(app, &mut buffer[..1])?, 1);
    let (mut a, mut b) = ([0; 1], [0; 1]);
    let mut parts = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
    equal!(other.read_vectored(app, &mut parts)?, 2);
    equal!(other.read_full(app, &mut buffer[3..])?, 5);
    equal!((&a, &b, &buffer), (b"b", b"c", b"a\0\0defgh"));
    one.shutdown(app, Shutdown::Write)?;
    equal!(other.read(app, &mut buffer)?, 0);
    equal!(one.write(app, b"x").err(), Some(EPIPE));
    Ok(())
}
