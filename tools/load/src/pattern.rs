// SPDX-License-Identifier: GPL-2.0

//! Bytes that are sent and have to come back: the same in each run, so that what one run has stored
//! another one can check.

/// At how many places a piece may begin.
const PLACES: usize = 1 << 16;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

/// Letters without an order, of which pieces are taken.
#[derive(Debug)]
pub struct Pattern(Vec<u8>);

impl Pattern {
    /// One whose pieces have up to `longest` bytes.
    pub fn new(longest: usize) -> Self {
        let letter = |place| LETTERS[mix(place) as usize % LETTERS.len()];
        Self((0..(PLACES + longest) as u64).map(letter).collect())
    }

    /// The piece of `len` bytes that belongs to `number`.
    pub fn piece(&self, number: u64, len: usize) -> &[u8] {
        let place = mix(number) as usize % PLACES;
        &self.0[place..place + len]
    }
}

/// A number that looks random, and depends on every bit of `number` (the finaliser of splitmix64).
pub fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn pieces_differ_and_stay_the_same() {
        let pattern = Pattern::new(16);
        let pieces: HashSet<_> = (0..1000).map(|number| pattern.piece(number, 16)).collect();
        assert!(pieces.len() > 980, "{}", pieces.len());
        assert_eq!(Pattern::new(999).piece(7, 16), pattern.piece(7, 16));
        assert_eq!(pattern.piece(7, 0), b"");
    }
}
