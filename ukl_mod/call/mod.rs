// SPDX-License-Identifier: GPL-2.0

//! The calls: what an application asks of the kernel, each inside one transition.

pub(crate) mod app;
pub(crate) mod sock;
pub(crate) mod tcp;
pub(crate) mod thread;
