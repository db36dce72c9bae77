// SPDX-License-Identifier: GPL-2.0

//! `#[kunit_tests]` of the kernel crate for user space: the tests are `rustc --test`'s.

use proc_macro::TokenStream;

#[proc_macro_attribute]
pub fn kunit_tests(_suite: TokenStream, module: TokenStream) -> TokenStream {
    let mut tests: TokenStream = "#[cfg(test)]".parse().unwrap();
    tests.extend(module);
    tests
}
