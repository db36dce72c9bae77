// SPDX-License-Identifier: GPL-2.0

//! Requests that are well formed, up to the limits and beyond.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ukl_fuzz::Requests;

fuzz_target!(|requests: Requests| requests.check());
