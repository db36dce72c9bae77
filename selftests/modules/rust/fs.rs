// SPDX-License-Identifier: GPL-2.0

//! Files.

use crate::{ensure, equal};
use kernel::{fs::file::flags, prelude::*};
use ukl::{
    fs::{File, OpenOptions},
    App,
};

/// `tests/rust.sh` removes it.
const PATH: &CStr = c"/tmp/ukl_test_rust.file";

pub(crate) fn files(app: &App) -> Result {
    let missing = File::open(app, c"/no/such/file");
    equal!(missing.err(), Some(ENOENT));
    equal!(OpenOptions::new().open(app, PATH).err(), Some(EINVAL));

    let mut new = OpenOptions::new();
    new.read(true).write(true).create_new(true).mode(0o600);
    let file = new.open(app, PATH)?;
    equal!(new.open(app, PATH).err(), Some(EEXIST));
    equal!(file.write(app, b"hello ")?, 6);
    file.write_all(app, b"from ring 0")?;
    equal!(file.write_at(app, b"H", 0)?, 1);
    equal!(file.write_at(app, b"!", u64::MAX).err(), Some(EINVAL));
    equal!(file.len(app)?, 17);
    let mut buffer = [0; 32];
    equal!(file.read(app, &mut buffer)?, 0);
    equal!(file.read_at(app, &mut buffer, 6)?, 11);
    equal!(buffer.get(..11), Some(b"from ring 0".as_slice()));
    file.sync_all(app)?;
    file.sync_data(app)?;
    file.close(app)?;

    let file = OpenOptions::new()
        .append(true)
        .custom_flags(flags::O_DSYNC)
        .open(app, PATH)?;
    file.write_all(app, b".")?;
    equal!(file.read(app, &mut buffer).err(), Some(EBADF));
    drop(file);
    let file = File::open(app, PATH)?;
    equal!(file.read(app, &mut buffer)?, 18);
    equal!(buffer.get(..18), Some(b"Hello from ring 0.".as_slice()));
    equal!(file.write(app, b"x").err(), Some(EBADF));

    equal!(File::create(app, PATH)?.len(app)?, 0);
    let full = OpenOptions::new().write(true).open(app, c"/dev/full");
    ensure!(full.and_then(|file| file.write_all(app, b"x")).is_err());
    Ok(())
}
