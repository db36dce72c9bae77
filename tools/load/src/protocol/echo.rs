// SPDX-License-Identifier: GPL-2.0

//! Bytes are sent, and the same have to come back.

use super::{difference, Protocol, Wrong};
use crate::pattern::Pattern;

/// Requests of the same length, each of other bytes.
#[derive(Debug)]
pub struct Echo {
    size: usize,
    next: u64,
    pattern: Pattern,
}

impl Echo {
    /// Requests of `size` bytes, which `seed` chooses.
    pub fn new(size: usize, seed: u64) -> Self {
        Self {
            size,
            next: seed << 32,
            pattern: Pattern::new(size),
        }
    }
}

impl Protocol for Echo {
    type Request = u64;

    fn ask(&mut self, out: &mut Vec<u8>) -> u64 {
        self.next += 1;
        out.extend_from_slice(self.pattern.piece(self.next, self.size));
        self.next
    }

    fn check(&self, request: u64, input: &[u8]) -> Result<Option<usize>, Wrong> {
        let expected = self.pattern.piece(request, self.size);
        match input.get(..self.size) {
            None => Ok(None),
            Some(came) if came == expected => Ok(Some(self.size)),
            Some(came) => Err(difference(expected, came)),
        }
    }

    fn name(&self, _request: u64) -> String {
        format!("echo of {} bytes", self.size)
    }
}
