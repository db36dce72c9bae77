// SPDX-License-Identifier: GPL-2.0

//! What the keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::columns::Column;

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Leave.
    Quit,
    /// Take a snapshot now.
    Refresh,
    /// Sort by a column.
    Sort(Column),
    /// Turn the order round.
    Reverse,
    /// Move the list of threads by so many lines.
    Scroll(isize),
}

/// The keys in a line.
pub const HELP: &str = "q quit  sort: n p c b s r t l m  R reverse  up/down scroll  space now";

/// What `key` asks for.
pub fn action(key: KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Action::Quit);
    }
    Some(match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Action::Quit,
        KeyCode::Char(' ') | KeyCode::Enter => Action::Refresh,
        KeyCode::Char('R') => Action::Reverse,
        KeyCode::Up => Action::Scroll(-1),
        KeyCode::Down => Action::Scroll(1),
        KeyCode::PageUp => Action::Scroll(-10),
        KeyCode::PageDown => Action::Scroll(10),
        KeyCode::Home => Action::Scroll(isize::MIN),
        KeyCode::Char(key) => Action::Sort(Column::with_key(key)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_what_the_help_says() {
        let press = |code| action(KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(press(KeyCode::Char('q')), Some(Action::Quit));
        assert_eq!(press(KeyCode::Char('c')), Some(Action::Sort(Column::Calls)));
        assert_eq!(press(KeyCode::Char('x')), None);
        assert_eq!(press(KeyCode::Down), Some(Action::Scroll(1)));
        let ctrl = |key| action(KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL));
        assert_eq!(ctrl('c'), Some(Action::Quit));
        assert_eq!(ctrl('m'), None);
        let (_, keys) = HELP.split_once("sort: ").unwrap();
        for key in keys.split_once("  ").unwrap().0.split(' ') {
            let sorted = press(KeyCode::Char(key.parse().unwrap()));
            assert!(matches!(sorted, Some(Action::Sort(_))), "{key}");
        }
    }
}
