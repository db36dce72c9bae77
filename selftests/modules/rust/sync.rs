// SPDX-License-Identifier: GPL-2.0

//! Clocks, sleeping, words of memory, and what else threads do.

use crate::{ensure, equal};
use core::time::Duration;
use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, //
    },
};
use ukl::{
    errno,
    sync::{futex_wait, futex_wake},
    time::{sleep, Instant, SystemTime},
    App, Mode,
};

const TICK: Duration = Duration::from_millis(20);

pub(crate) fn time_and_words(app: &App) -> Result {
    let before = Instant::now();
    sleep(app, TICK)?;
    ensure!(before.elapsed() >= TICK);
    ensure!(Instant::now() - before >= TICK && before + TICK <= Instant::now());
    ensure!(before.duration_since(Instant::now()) == Duration::ZERO);
    // This was written in 2026.
    let year = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    ensure!(year.is_some_and(|age| age.as_secs() > 56 * 365 * 24 * 3600));
    let sleeper = app.spawn(|app| sleep(app, Duration::MAX))?;
    sleep(app, TICK)?;
    sleeper.stop(app);
    equal!(sleeper.join(app)?.err(), Some(EINTR));

    let word = Arc::new(Atomic::new(7_u32), GFP_KERNEL)?;
    equal!(futex_wait(app, &word, 8, None).err(), Some(EAGAIN));
    equal!(
        futex_wait(app, &word, 7, Some(TICK)).err(),
        Some(errno::etimedout())
    );
    equal!(futex_wake(&word, 1), 0);
    equal!(futex_wake(&word, 0), 0);
    let waited = word.clone();
    let waiter = app.spawn(move |app| {
        while waited.load(Relaxed) == 7 {
            match futex_wait(app, &waited, 7, None) {
                Ok(()) | Err(EAGAIN) => {}
                error => return error,
            }
        }
        Ok(())
    })?;
    sleep(app, TICK)?;
    word.store(9, Relaxed);
    futex_wake(&word, u32::MAX);
    waiter.join(app)??;

    equal!(app.mode(), Mode::App);
    ensure!(!app.should_stop());
    app.null()?;
    app.null_same_stack()?;
    equal!(app.bypass(3, |app| app.null())?, Ok(()));
    ensure!(app.bypass(u32::MAX, |_| ()).is_err());
    ensure!(ukl::available_parallelism().get() < 10000);
    Ok(())
}
