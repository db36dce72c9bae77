// SPDX-License-Identifier: GPL-2.0

//! From what an application returns to what a process does.

use nix::errno::Errno;

/// The exit status for what the first thread returned, and what is to be said about it.
pub fn of(returned: i32) -> (u8, Option<String>) {
    if returned >= 0 {
        return (returned as u8, None);
    }
    let message = match Errno::from_raw(returned.wrapping_neg()) {
        Errno::UnknownErrno => format!("ended with {returned}"),
        errno => format!("ended with {errno:?} ({})", errno.desc()),
    };
    (1, Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_the_exit_status() {
        assert_eq!(
            [0, 1, 255, 256, 258].map(of),
            [0, 1, 255, 0, 2].map(|status| (status, None))
        );
    }

    #[test]
    fn negative_numbers_are_errors() {
        let message = "ended with EADDRINUSE (Address already in use)".to_owned();
        assert_eq!(of(-98), (1, Some(message)));
        assert_eq!(of(-4000), (1, Some("ended with -4000".to_owned())));
        assert_eq!(of(i32::MIN), (1, Some("ended with -2147483648".to_owned())));
    }
}
