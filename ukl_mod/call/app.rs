// SPDX-License-Identifier: GPL-2.0

//! Applications: started and stopped from module init and exit, outside any transition.

use crate::{
    app::App,
    carrier::kthread,
    thread::{Body, Thread},
};
use kernel::{prelude::*, str::CString, sync::Arc};
use ukl_support::{module::Owner, task_local};

/// Starts an application whose first thread runs `main`; see `ukl_app_start()`.
pub(crate) fn start(
    owner: Owner,
    name: &CStr,
    main: Body,
    stack_size: usize,
) -> Result<*const App> {
    refuse_ukl_thread()?;
    if name.is_empty() {
        return Err(EINVAL);
    }
    let stack_size = super::thread::stack_size(stack_size)?;
    let app = App::register(owner, CString::try_from(name)?, None)?;
    match kthread::start(&app, main, stack_size) {
        Ok(main) => {
            app.set_main(&main);
            Ok(Arc::as_ptr(&app))
        }
        Err(error) => {
            App::unregister(Arc::as_ptr(&app))?;
            Err(error)
        }
    }
}

/// Stops an application; see `ukl_app_stop()`. Returns what its first thread returned.
pub(crate) fn stop(app: *const App) -> Result<i32> {
    refuse_ukl_thread()?;
    Ok(App::unregister(app)?.stop())
}

/// Stops what a module that unloads has left running, for which there is no code in a moment.
pub(crate) fn stop_all_of(owner: Owner) {
    while let Some(app) = App::unregister_of(owner) {
        pr_warn!("{}: unloaded without ukl_app_stop(), stopped\n", app.name());
        app.stop();
    }
}

/// An application cannot wait for itself, nor may another one wait for it in a transition.
fn refuse_ukl_thread() -> Result {
    task_local::current(|thread: Option<&Thread>| match thread {
        None => Ok(()),
        Some(_) => Err(EBUSY),
    })
}
