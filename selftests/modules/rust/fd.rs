// SPDX-License-Identifier: GPL-2.0

//! Descriptors, which only a process has: here `insmod`, that runs the module's `init`.

use crate::{ensure, equal, pair, Outcome};
use kernel::{
    fs::file::flags,
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};
use ukl::{
    errno,
    fs::File,
    net::{TcpListener, TcpStream, UdpSocket, UnixStream},
    App, Application,
};

/// What the application and `insmod` hand to each other.
#[pin_data]
struct Desk {
    #[pin]
    file: Mutex<Option<File>>,
    #[pin]
    streams: Mutex<Option<(TcpStream, TcpStream)>>,
}

/// Reads what the file has, in the application.
fn reads(app: &App, desk: &Desk) -> Result {
    let file = desk.file.lock().take().ok_or(ENOENT)?;
    let mut buffer = [0; 32];
    let count = file.read(app, &mut buffer)?;
    equal!(buffer.get(..count), Some(b"hello from insmod\n".as_slice()));
    // A kernel thread has no descriptors.
    equal!(File::from_fd(app, 0).err(), Some(EBADF));
    equal!(UdpSocket::from_fd(app, 0).err(), Some(EBADF));
    Ok(())
}

/// `echo hello from insmod | insmod …`
pub(crate) fn descriptors(module: &'static ThisModule) -> Result {
    let desk = Arc::pin_init(
        pin_init!(Desk {
            file <- new_mutex!(None),
            streams <- new_mutex!(None),
        }),
        GFP_KERNEL,
    )?;
    // The first thread makes a connection, and waits for a file.
    let (made, read) = (Outcome::new()?, Outcome::new()?);
    let given = Outcome::new()?;
    let (desk_of_app, made_by_app, read_by_app, given_to_app) =
        (desk.clone(), made.clone(), read.clone(), given.clone());
    let main = move |app: &App| {
        made_by_app.run(|| {
            *desk_of_app.streams.lock() = Some(pair(app)?);
            Ok(())
        })?;
        given_to_app.wait()?;
        read_by_app.run(|| reads(app, &desk_of_app))
    };
    // SAFETY: What is on the desk is the application's, and used only as long as `app` is there; this
    // thread is no application's.
    let app = unsafe { Application::start(module, c"ukl_test_rust", main) }?;
    made.wait()?;
    let result = exchange(&app, &desk);
    given.run(|| result)?;
    read.wait()
}

/// What `insmod` does.
fn exchange(app: &Application, desk: &Desk) -> Result {
    let not_open = 1000;
    equal!(File::from_fd(app, not_open).err(), Some(EBADF));
    equal!(File::from_fd(app, u32::MAX).err(), Some(EBADF));
    equal!(UnixStream::from_fd(app, 0).err(), Some(errno::enotsock()));
    *desk.file.lock() = Some(File::from_fd(app, 0)?);

    let (one, other) = desk.streams.lock().take().ok_or(ENOENT)?;
    equal!(other.into_fd(app, flags::O_APPEND).err(), Some(EINVAL));
    let fd = one.into_fd(app, flags::O_CLOEXEC | flags::O_NONBLOCK)?;
    ensure!(fd > 2);
    // And back again: it is the same socket, which the process closes in the end.
    let _listener = TcpListener::from_fd(app, fd)?;
    Ok(())
}
