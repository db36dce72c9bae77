// SPDX-License-Identifier: GPL-2.0

//! Keys and their values. Both are functions of the key's number, so that whatever order sets and
//! gets come in, there is one right answer.

use crate::{pattern::Pattern, sizes::Sizes};

const PREFIX: &[u8] = b"key:";

/// The keys with the numbers from 0 to `count` - 1.
#[derive(Debug)]
pub struct Keys {
    count: u64,
    digits: usize,
    sizes: Sizes,
    pattern: Pattern,
}

impl Keys {
    /// `count` keys of these sizes; one that is too short for its number is as long as it has to be.
    pub fn new(count: u64, sizes: Sizes) -> Self {
        Self {
            count,
            digits: count.saturating_sub(1).max(1).ilog10() as usize + 1,
            pattern: Pattern::new(sizes.longest_value()),
            sizes,
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Appends a key: `key:000000000042`, as redis-benchmark has them, without the prefix if there
    /// is no room for it.
    pub fn write(&self, number: u64, out: &mut Vec<u8>) {
        let len = self.sizes.key(number).max(self.digits);
        let start = out.len();
        if len >= PREFIX.len() + self.digits {
            out.extend_from_slice(PREFIX);
        }
        out.resize(start + len, b'0');
        let mut left = number;
        for place in out[start..].iter_mut().rev().take(self.digits) {
            *place = b'0' + (left % 10) as u8;
            left /= 10;
        }
    }

    /// A key's length, as `write` writes it.
    pub fn len(&self, number: u64) -> usize {
        self.sizes.key(number).max(self.digits)
    }

    /// A key's value.
    pub fn value(&self, number: u64) -> &[u8] {
        self.pattern.piece(number, self.sizes.value(number))
    }

    /// The length of the longest value.
    pub fn longest_value(&self) -> usize {
        self.sizes.longest_value()
    }

    /// A key as text.
    pub fn name(&self, number: u64) -> String {
        let mut out = Vec::new();
        self.write(number, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn keys(count: u64, key: usize) -> Keys {
        Keys::new(count, Sizes::Fixed { key, value: 3 })
    }

    #[test]
    fn keys_have_their_length() {
        assert_eq!(keys(100, 16).name(42), "key:000000000042");
        assert_eq!(keys(100, 6).name(42), "key:42");
        assert_eq!(keys(100, 5).name(42), "00042");
        assert_eq!(keys(100, 1).name(42), "42");
        assert_eq!(keys(101, 1).name(42), "042");
        assert_eq!(keys(1, 1).name(0), "0");
    }

    #[test]
    fn keys_of_any_length_differ() {
        for keys in [keys(2000, 4), Keys::new(2000, Sizes::etc(2000))] {
            let names: HashSet<_> = (0..2000).map(|number| keys.name(number)).collect();
            assert_eq!(names.len(), 2000);
            assert!((0..2000).all(|number| keys.name(number).len() == keys.len(number)));
        }
    }

    #[test]
    fn values_belong_to_their_keys() {
        let keys = Keys::new(100, Sizes::Fixed { key: 8, value: 32 });
        let values: HashSet<_> = (0..100).map(|number| keys.value(number)).collect();
        assert_eq!(values.len(), 100);
        assert!(values.iter().all(|value| value.len() == 32));
    }
}
