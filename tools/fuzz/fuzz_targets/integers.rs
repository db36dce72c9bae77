// SPDX-License-Identifier: GPL-2.0

//! Numbers, read and written.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| ukl_fuzz::check_integers(text));
