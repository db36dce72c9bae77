// SPDX-License-Identifier: GPL-2.0

//! `ukl set`: change a running thread.

use anyhow::{anyhow, Result};
use nix::errno::Errno;

use crate::{cli::SetArgs, device::Device};

/// Changes the thread.
pub fn set(args: &SetArgs) -> Result<()> {
    let device = Device::expect()?;
    let info = device.info()?;
    device.set_bypass(args.tid, args.bypass).map_err(|error| {
        let why = match error {
            Errno::ESRCH => "it runs no application; 'ukl ps -t' lists those that do".to_owned(),
            Errno::EPERM => "it is somebody else's; be its user, or root".to_owned(),
            Errno::EINVAL => format!("at most {} calls can bypass in a row", info.bypass_max),
            _ => error.desc().to_owned(),
        };
        anyhow!("cannot set thread {}: {why}", args.tid)
    })
}
