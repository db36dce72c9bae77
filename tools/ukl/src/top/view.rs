// SPDX-License-Identifier: GPL-2.0

//! The model on a terminal, and as text.

use ratatui::{
    layout::{Alignment, Constraint, Layout},
    text::{Line as TextLine, Text},
    widgets::{Cell, Row, Table},
    Frame,
};

use super::{
    columns::{Column, APPS, HEADING, HINT, SORTED, SUMMARY, THREADS},
    keymap,
    model::{Line, Model},
};
use crate::format;

/// Draws the model: a line about all, the applications, the threads, the keys.
pub fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    // Applications have a third of the screen at most, so that their threads are seen.
    let most = (area.height / 3).max(2);
    let apps = u16::try_from(model.apps.len() + 1)
        .unwrap_or(most)
        .min(most);
    let [top, above, _, below, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(apps),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);

    frame.render_widget(TextLine::styled(summary(model), SUMMARY), top);
    frame.render_widget(list(&APPS, &model.apps, model.sort), above);
    let threads = model.threads.get(model.first..).unwrap_or_default();
    frame.render_widget(list(&THREADS, threads, model.sort), below);
    frame.render_widget(TextLine::styled(keymap::HELP, HINT), bottom);
}

/// The model as text.
pub fn text(model: &Model) -> String {
    let list = |columns: &[Column], lines: &[Line]| {
        let mut rows = vec![columns
            .iter()
            .map(|column| column.title().to_owned())
            .collect()];
        rows.extend(
            lines
                .iter()
                .map(|line| columns.iter().map(|c| c.cell(line)).collect()),
        );
        let left: Vec<_> = columns.iter().map(|column| column.is_text()).collect();
        format::align(&rows, &left)
    };
    let (apps, threads) = (list(&APPS, &model.apps), list(&THREADS, &model.threads));
    format!("{}\n{apps}\n{threads}", summary(model))
}

fn summary(model: &Model) -> String {
    let plural = |n: usize, noun| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let (apps, threads) = (model.apps.len(), model.threads.len());
    let mut text = format!(
        "ukl: {}, {}",
        plural(apps, "application"),
        plural(threads, "thread")
    );
    let rates: Option<Vec<_>> = model.apps.iter().map(|app| app.rates).collect();
    if let Some(rates) = rates.filter(|rates| !rates.is_empty()) {
        let calls: f64 = rates.iter().map(|rates| rates.calls).sum();
        text += &format!(", {} calls/s", format::count(calls as u64));
    }
    text
}

fn list(columns: &'static [Column], lines: &[Line], sort: Column) -> Table<'static> {
    let cell = |column: Column, text: String| {
        let alignment = if column.is_text() {
            Alignment::Left
        } else {
            Alignment::Right
        };
        Cell::from(Text::from(text).alignment(alignment))
    };
    let head = columns.iter().map(|&column| {
        let style = if column == sort { SORTED } else { HEADING };
        cell(column, column.title().to_owned()).style(style)
    });
    let rows = lines.iter().map(|line| {
        Row::new(
            columns
                .iter()
                .map(|&column| cell(column, column.cell(line))),
        )
    });
    let widths = columns.iter().map(|&column| match column {
        Column::Name => Constraint::Min(column.width()),
        _ => Constraint::Length(column.width()),
    });
    Table::new(rows, widths).header(Row::new(head).style(HEADING))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use ratatui::{backend::TestBackend, Terminal};

    use super::{super::model::tests::snapshot, *};

    fn model() -> Model {
        let start = Instant::now();
        let mut model = Model::default();
        model.update(snapshot(start, 1));
        model.update(snapshot(start, 3));
        model
    }

    fn screen(model: &Model, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, model)).unwrap();
        let buffer = terminal.backend().buffer();
        let cell = |x, y| buffer.cell((x, y)).unwrap().symbol().to_owned();
        let line = |y| (0..width).map(|x| cell(x, y)).collect::<String>();
        (0..height).map(|y| line(y).trim_end().to_owned()).collect()
    }

    #[test]
    fn both_lists_are_on_80_columns_and_24_lines() {
        let screen = screen(&model(), 80, 24);
        assert_eq!(screen[0], "ukl: 2 applications, 3 threads, 400 calls/s");
        assert_eq!(
            screen[1..4],
            [
                "NAME                 PID CARRIER  THR   MEM CALLS/s BYP% SENDS/s RECVS/s LONGEST",
                "kv                   812 process    2  1.5M     400   75     100     100   2.5ms",
                "echo                   0 kthread    1   64K       0    -       0       0      4s",
            ]
        );
        assert!(screen[5].starts_with("NAME"), "{screen:#?}");
        assert!(screen[6].contains("812 app"), "{screen:#?}");
        assert!(screen[8].starts_with("echo"), "{screen:#?}");
        assert_eq!(screen[23], keymap::HELP);
    }

    #[test]
    fn any_size_is_drawn() {
        let mut model = model();
        model.scroll(2);
        let small = screen(&model, 40, 8);
        assert!(small[1].starts_with("NAME"), "{small:#?}");
        for (width, height) in [(1, 1), (20, 3), (200, 60)] {
            assert_eq!(screen(&model, width, height).len(), usize::from(height));
        }
    }

    #[test]
    fn scrolling_leaves_the_first_threads_out() {
        let mut model = model();
        model.scroll(2);
        let screen = screen(&model, 80, 24);
        assert!(screen[6].starts_with("echo"), "{screen:#?}");
        assert_eq!(screen[7], "");
    }

    #[test]
    fn text_has_the_same_lists() {
        let text = text(&model());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "ukl: 2 applications, 3 threads, 400 calls/s");
        assert!(lines[2].starts_with("kv"), "{text}");
        assert!(lines[2].ends_with("2.5ms"), "{text}");
        assert_eq!(lines[4], "");
        assert!(lines[6].contains("812  app"), "{text}");
        assert_eq!(lines.len(), 9);
    }
}
