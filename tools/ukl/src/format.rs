// SPDX-License-Identifier: GPL-2.0

//! Quantities and columns as text of few characters.

use anyhow::{bail, Context, Result};

/// A column's name as a heading: without its unit, which the cells have.
pub fn heading(column: &str) -> String {
    let name = column.strip_suffix("_us").unwrap_or(column);
    name.strip_suffix("_run").unwrap_or(name).to_uppercase()
}

/// Bytes in binary units, for instance `1.5M`; at most five characters.
pub fn bytes(bytes: u64) -> String {
    scaled(bytes, 1024, &["", "K", "M", "G", "T", "P", "E"])
}

/// A count in decimal units, for instance `1.5M`; at most five characters.
pub fn count(count: u64) -> String {
    if count < 10_000 {
        return count.to_string();
    }
    scaled(count, 1000, &["", "k", "M", "G", "T", "P", "E"])
}

/// Microseconds, for instance `1.5ms`.
pub fn micros(us: u64) -> String {
    match us {
        0 => "0".to_owned(),
        1..60_000_000 => scaled(us, 1000, &["us", "ms", "s"]),
        60_000_000..6_000_000_000 => format!("{}m{:02}", us / 60_000_000, us / 1_000_000 % 60),
        _ => format!("{}h{:02}", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}

/// `value` in the largest unit it reaches, with one decimal below 10.
fn scaled(value: u64, step: u64, units: &[&str]) -> String {
    let (mut whole, mut rest, mut unit) = (value, 0, 0);
    while whole >= step && unit + 1 < units.len() {
        (whole, rest, unit) = (whole / step, whole % step, unit + 1);
    }
    match rest * 10 / step {
        tenths if whole < 10 && tenths > 0 => format!("{whole}.{tenths}{}", units[unit]),
        _ => format!("{whole}{}", units[unit]),
    }
}

/// Bytes from text with an optional `K`, `M` or `G`.
pub fn parse_bytes(text: &str) -> Result<u64> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("not a number of bytes, such as 65536, 64K or 1M");
    }
    let number: u64 = digits.parse().context("too large")?;
    number.checked_mul(1 << shift).context("too large")
}

/// Lines of cells as text, each column as wide as its widest cell, the columns of `left` to the
/// left and the others to the right.
pub fn align(lines: &[Vec<String>], left: &[bool]) -> String {
    let width = |column: usize| {
        lines
            .iter()
            .map(|l| l[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..left.len()).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let mut out = String::new();
        for ((cell, &width), &left) in line.iter().zip(&widths).zip(left) {
            let gap = if out.is_empty() { "" } else { "  " };
            out += gap;
            out += &if left {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            };
        }
        text += out.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_short() {
        let texts = [0, 1023, 1024, 1536, 10 << 10, 1 << 20, u64::MAX].map(bytes);
        assert_eq!(texts, ["0", "1023", "1K", "1.5K", "10K", "1M", "15E"]);
        let texts = [0, 9_999, 10_000, 1_540_000, 999_999_999].map(count);
        assert_eq!(texts, ["0", "9999", "10k", "1.5M", "999M"]);
        let texts = [0, 1, 1_500, 12_345, 59_999_999, 61_000_000, 7_260_000_000].map(micros);
        assert_eq!(texts, ["0", "1us", "1.5ms", "12ms", "59s", "1m01", "2h01"]);
    }

    #[test]
    fn bytes_are_read_with_a_unit() {
        let parse = |text| parse_bytes(text).ok();
        assert_eq!(parse("65536"), Some(65536));
        assert_eq!(parse("64K"), Some(65536));
        assert_eq!(parse("1m"), Some(1 << 20));
        assert_eq!(parse("2G"), Some(2 << 30));
        for bad in [
            "",
            "K",
            "-1",
            "+1",
            "1.5M",
            "64KB",
            "99999999999G",
            "18446744073709551616",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
