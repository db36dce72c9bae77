// SPDX-License-Identifier: GPL-2.0

//! Which keys are got and set.

use rand::{rngs::SmallRng, Rng, SeedableRng};

use super::{Protocol, Wrong};
use crate::keys::Keys;

/// A request to a store; the number is the key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// The key's value is asked for.
    Get(u64),
    /// The key gets its value, the one it always has.
    Set(u64),
}

/// Gets and sets in random order, of any key with the same probability.
#[derive(Debug)]
pub struct Mix {
    /// The keys and their values.
    pub keys: Keys,
    sets: f64,
    random: SmallRng,
}

impl Mix {
    /// `sets` is the part of the requests that are sets.
    pub fn new(keys: Keys, sets: f64, seed: u64) -> Self {
        Self {
            keys,
            sets,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// What to ask next.
    pub fn next(&mut self) -> Store {
        let number = self.random.random_range(0..self.keys.count());
        match self.sets > 0.0 && self.random.random_bool(self.sets) {
            true => Store::Set(number),
            false => Store::Get(number),
        }
    }

    /// A request for a person.
    pub fn name(&self, request: Store) -> String {
        match request {
            Store::Get(number) => format!("GET {}", self.keys.name(number)),
            Store::Set(number) => format!("SET {}", self.keys.name(number)),
        }
    }
}

/// A store, and how it is spoken to.
pub trait Asked {
    /// What it is asked for.
    fn mix(&self) -> &Mix;

    /// What it is asked for, to ask for the next.
    fn mix_mut(&mut self) -> &mut Mix;

    /// Appends a request.
    fn write(&self, request: Store, out: &mut Vec<u8>);

    /// As [`Protocol::check`].
    fn check(&self, request: Store, input: &[u8]) -> Result<Option<usize>, Wrong>;
}

impl<S: Asked> Protocol for S {
    type Request = Store;

    fn ask(&mut self, out: &mut Vec<u8>) -> Store {
        let request = self.mix_mut().next();
        self.write(request, out);
        request
    }

    fn check(&self, request: Store, input: &[u8]) -> Result<Option<usize>, Wrong> {
        Asked::check(self, request, input)
    }

    fn name(&self, request: Store) -> String {
        self.mix().name(request)
    }

    fn preloads(&self) -> u64 {
        self.mix().keys.count()
    }

    fn preload(&mut self, number: u64, out: &mut Vec<u8>) -> Store {
        let request = Store::Set(number);
        self.write(request, out);
        request
    }
}

/// Appends a number in decimal digits.
pub fn decimal(number: usize, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let (mut left, mut start) = (number, digits.len());
    loop {
        start -= 1;
        digits[start] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// A number from decimal digits, and nothing but these.
pub fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum, digit: &u8| sum * 10 + usize::from(digit - b'0');
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sizes::Sizes;

    fn mix(sets: f64, seed: u64) -> Mix {
        let keys = Keys::new(10, Sizes::Fixed { key: 8, value: 3 });
        Mix::new(keys, sets, seed)
    }

    fn sets(mut mix: Mix) -> usize {
        let next = (0..10_000).map(|_| mix.next());
        next.filter(|next| matches!(next, Store::Set(_))).count()
    }

    #[test]
    fn the_share_of_sets_is_kept() {
        assert_eq!(sets(mix(0.0, 1)), 0);
        assert_eq!(sets(mix(1.0, 1)), 10_000);
        let tenth = sets(mix(0.1, 1));
        assert!((900..1100).contains(&tenth), "{tenth}");
    }

    #[test]
    fn a_seed_gives_the_same_again() {
        let run = |seed| {
            let mut mix = mix(0.5, seed);
            (0..100).map(|_| mix.next()).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn numbers_are_written_and_read() {
        for value in [0, 9, 10, 12345, 999_999_999_999_999_999] {
            let mut out = Vec::new();
            decimal(value, &mut out);
            assert_eq!(out, value.to_string().as_bytes());
            assert_eq!(number(&out), Some(value));
        }
        for bad in ["", "-1", "+1", "1 ", "1234567890123456789", "0x1"] {
            assert_eq!(number(bad.as_bytes()), None, "{bad}");
        }
    }
}
