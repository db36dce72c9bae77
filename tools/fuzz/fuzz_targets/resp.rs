// SPDX-License-Identifier: GPL-2.0

//! Any bytes, in pieces.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ukl_fuzz::Stream;

fuzz_target!(|stream: Stream<'_>| stream.check());
