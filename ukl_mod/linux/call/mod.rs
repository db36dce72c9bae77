// SPDX-License-Identifier: GPL-2.0

//! The system calls that are made here, by what they are about.

pub(crate) mod file;
pub(crate) mod futex;
pub(crate) mod memory;
pub(crate) mod misc;
pub(crate) mod poll;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod time;
