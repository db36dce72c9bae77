// SPDX-License-Identifier: GPL-2.0

//! How an application ends.

use crate::pair;
use kernel::prelude::*;
use ukl::{process::abort, App};

/// In the middle of a call an application cannot be left.
pub(crate) fn abort_in_a_call(app: &App) -> Result {
    let (one, other) = pair(app)?;
    one.write_all(app, b"x")?;
    other.read_in_place(app, |_| abort(app))?;
    Err(EIO)
}
