// SPDX-License-Identifier: GPL-2.0

//! The environment of the application: this process's.

use std::{ffi::OsString, os::unix::ffi::OsStrExt};

/// What asks ukl_linux.ko for a line on standard error for each system call.
const TRACE: (&str, &str) = ("UKL_TRACE", "1");

/// The strings NAME=VALUE, each ending with a NUL, with `trace` the one that asks for that among them.
pub fn strings(vars: impl Iterator<Item = (OsString, OsString)>, trace: bool) -> Vec<u8> {
    let asked = trace.then(|| (TRACE.0.into(), TRACE.1.into()));
    let mut strings = Vec::new();
    for (name, value) in vars
        .filter(|(name, _)| !trace || name != TRACE.0)
        .chain(asked)
    {
        for part in [name.as_bytes(), b"=", value.as_bytes(), b"\0"] {
            strings.extend_from_slice(part);
        }
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_string_ends_with_a_nul() {
        let of = |vars: &[(&str, &str)], trace| {
            let vars = vars
                .iter()
                .map(|&(name, value)| (name.into(), value.into()));
            String::from_utf8(strings(vars, trace)).unwrap()
        };
        assert_eq!(of(&[], false), "");
        assert_eq!(of(&[("A", "b=c"), ("D", "")], false), "A=b=c\0D=\0");
        assert_eq!(of(&[("A", "b")], true), "A=b\0UKL_TRACE=1\0");
        // What somebody has set is the application's, unless the command line says so.
        assert_eq!(of(&[("UKL_TRACE", "0")], false), "UKL_TRACE=0\0");
        assert_eq!(
            of(&[("UKL_TRACE", "0"), ("A", "b")], true),
            "A=b\0UKL_TRACE=1\0"
        );
    }
}
