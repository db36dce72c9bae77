// SPDX-License-Identifier: GPL-2.0

//! The calls: what an application asks of the kernel, each inside one transition.

pub(crate) mod app;
pub(crate) mod extend;
pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod poll;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod sock;
pub(crate) mod tcp;
pub(crate) mod thread;
pub(crate) mod time;

use crate::{
    app::{App, Resource},
    handle::Handle,
    thread::Thread,
    transition::{self, Kernel},
};
use kernel::prelude::*;
use ukl_bindings::errno;
use ukl_support::{task, task_local};

/// Makes `value` one of the calling application's.
fn open<T: Resource>(kernel: Kernel<'_>, value: T) -> Result<*const Handle<T>> {
    kernel.app().open(value).map_err(|(error, _)| error)
}

/// Runs `f` for the application behind `app`: in a transition on a UKL thread, which must be one of
/// that application (`EPERM`), else as it is (`EDEADLK` where it may not sleep, `EINVAL` unless the
/// application runs). NULL is the application of the calling thread.
fn from_any_task<R>(app: *const App, mut f: impl FnMut(&App) -> Result<R>) -> Result<R> {
    if task_local::current(|thread: Option<&Thread>| thread.is_some()) {
        return transition::call(|kernel| {
            let own: &App = kernel.app();
            if !app.is_null() && !core::ptr::eq(app, own) {
                return Err(EPERM);
            }
            f(own)
        });
    }
    if !task::may_sleep() {
        return Err(errno::edeadlk());
    }
    f(&*App::find(app)?)
}
