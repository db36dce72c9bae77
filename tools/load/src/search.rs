// SPDX-License-Identifier: GPL-2.0

//! Looks for the highest rate that a server can be asked at.

use anyhow::Result;

/// How much of a rate does not matter.
const CLOSE: f64 = 0.01;

/// The highest rate up to `ceiling` for which `holds`, found in at most `steps` steps by bisection;
/// nothing if it holds for none that was tried. It has to hold for all rates below one for which it
/// does; a run that fails by chance makes the answer too low.
pub fn highest(
    ceiling: f64,
    steps: u32,
    mut holds: impl FnMut(f64) -> Result<bool>,
) -> Result<Option<f64>> {
    let (mut good, mut bad, mut rate) = (0.0, ceiling, ceiling);
    for _ in 0..steps {
        if holds(rate)? {
            good = rate;
        } else {
            bad = rate;
        }
        if bad - good <= bad * CLOSE {
            break;
        }
        rate = ((good + bad) / 2.0).round().max(1.0);
    }
    Ok((good > 0.0).then_some(good))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found if it holds up to `limit`, and in how many steps.
    fn search(ceiling: f64, steps: u32, limit: f64) -> (Option<f64>, u32) {
        let mut taken = 0;
        let found = highest(ceiling, steps, |rate| {
            taken += 1;
            Ok(rate <= limit)
        });
        (found.unwrap(), taken)
    }

    #[test]
    fn the_highest_rate_is_found() {
        for limit in [1_000.0, 33_333.0, 99_999.0] {
            let (found, steps) = search(100_000.0, 20, limit);
            let found = found.unwrap();
            assert!(
                found <= limit && found >= limit * 0.98,
                "{found} for {limit}"
            );
            assert!(steps <= 15, "{steps}");
        }
    }

    #[test]
    fn there_are_no_more_steps_than_allowed() {
        assert_eq!(search(100_000.0, 3, 60_000.0), (Some(50_000.0), 3));
        assert_eq!(search(100_000.0, 3, 1.0), (None, 3));
        assert_eq!(search(100_000.0, 9, 100_000.0), (Some(100_000.0), 1));
    }

    #[test]
    fn an_error_ends_it() {
        let mut taken = 0;
        let found = highest(8.0, 9, |_| {
            taken += 1;
            anyhow::bail!("no")
        });
        assert!(found.is_err() && taken == 1);
    }
}
