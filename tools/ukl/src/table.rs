// SPDX-License-Identifier: GPL-2.0

//! The tables of `UKL_STATS`. The module says which columns there are; this file says what a column
//! is from its name, and everything that shows statistics goes through it.

use anyhow::{anyhow, bail, Context, Result};
use serde_json::{Map, Value};

use crate::{
    device::{Device, Stats},
    format,
};

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name or a word.
    Text,
    /// A number without a unit, for instance a pid or a count.
    Number,
    /// Bytes.
    Bytes,
    /// Microseconds.
    Micros,
}

impl Kind {
    /// The kind of the column with this name.
    pub fn of(column: &str) -> Self {
        match column {
            "app" | "carrier" | "mode" | "program" | "module" => Self::Text,
            "memory" | "stack" => Self::Bytes,
            _ if column.ends_with("_bytes") => Self::Bytes,
            _ if column.ends_with("_us") => Self::Micros,
            _ => Self::Number,
        }
    }

    /// A cell of this kind for a person.
    pub fn show(self, cell: &str) -> String {
        match (self, cell.parse()) {
            (Self::Bytes, Ok(bytes)) => format::bytes(bytes),
            (Self::Micros, Ok(us)) => format::micros(us),
            _ => cell.to_owned(),
        }
    }
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a person: units, column names in capitals.
    Human,
    /// As the module has it.
    Plain,
}

/// A table: named columns, and rows with a cell for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'a [String],
    cells: &'a [String],
}

impl Table {
    /// Asks the module for a table. `buffer` is where its text goes, to be used again.
    pub fn read(device: &Device, which: Stats, buffer: &mut Vec<u8>) -> Result<Self> {
        device.stats(which, buffer).map_err(|error| {
            anyhow!(
                "cannot read the table {which:?} of ukl.ko: {}",
                error.desc()
            )
        })?;
        let text = std::str::from_utf8(buffer).context("ukl.ko wrote a table that is not text")?;
        Self::parse(text).with_context(|| format!("cannot read the table {which:?} of ukl.ko"))
    }

    /// Takes a table apart: lines that end with a newline, columns between tabs, names first.
    pub fn parse(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let split = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let columns = lines.next().map(split).context("it is empty")?;
        if columns.iter().any(String::is_empty) {
            bail!("a column has no name");
        }
        let mut rows = Vec::new();
        for (number, line) in lines.enumerate() {
            let cells = split(line);
            if cells.len() != columns.len() {
                let (have, want) = (cells.len(), columns.len());
                bail!("line {} has {have} columns instead of {want}", number + 2);
            }
            rows.push(cells);
        }
        Ok(Self { columns, rows })
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row {
            columns: &self.columns,
            cells,
        })
    }

    /// Its columns' names.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(String::as_str)
    }

    /// An error unless it has all these columns.
    pub fn require(&self, columns: &[&str]) -> Result<()> {
        match columns
            .iter()
            .find(|name| !self.columns().any(|column| column == **name))
        {
            Some(name) => bail!("ukl.ko's table has no column '{name}', which this needs"),
            None => Ok(()),
        }
    }

    /// Text with aligned columns: those of `columns` that it has, or all.
    pub fn render(&self, columns: Option<&[&str]>, style: Style) -> String {
        let names: Vec<&str> = match columns {
            Some(names) => names
                .iter()
                .copied()
                .filter(|name| self.columns().any(|c| c == *name))
                .collect(),
            None => self.columns().collect(),
        };
        let head = names.iter().map(|name| match style {
            Style::Human => format::heading(name),
            Style::Plain => (*name).to_owned(),
        });
        let mut lines = vec![head.collect::<Vec<_>>()];
        lines.extend(self.rows().map(|row| {
            let cells = names.iter().map(|name| match (row.get(name), style) {
                (None | Some(""), _) => "-".to_owned(),
                (Some(cell), Style::Human) => Kind::of(name).show(cell),
                (Some(cell), Style::Plain) => cell.to_owned(),
            });
            cells.collect()
        }));
        let left: Vec<bool> = names
            .iter()
            .map(|name| Kind::of(name) == Kind::Text)
            .collect();
        format::align(&lines, &left)
    }

    /// An array with an object for each row; cells that are numbers are numbers.
    pub fn to_json(&self) -> Value {
        self.rows()
            .map(|row| Value::Object(row.to_json()))
            .collect()
    }
}

impl<'a> Row<'a> {
    /// The cell of a column.
    pub fn get(self, column: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.cells.get(at).map(String::as_str)
    }

    /// The cell of a column, if it is a number.
    pub fn number(self, column: &str) -> Option<u64> {
        self.get(column)?.parse().ok()
    }

    fn to_json(self) -> Map<String, Value> {
        let cell = |(name, cell): (&String, &String)| {
            let number = match Kind::of(name) {
                Kind::Text => None,
                _ => cell.parse().ok().map(Value::Number),
            };
            let value = number.unwrap_or_else(|| Value::String(cell.clone()));
            (name.clone(), value)
        };
        self.columns.iter().zip(self.cells).map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREADS: &str = "app\tpid\ttid\tmode\tstack\tsince_us\tnew\n\
                           kv\t12\t12\tapp\t65536\t1500\t3\n\
                           42\t0\t7\tkernel\t0\t0\t18446744073709551615\n";

    #[test]
    fn cells_are_found_by_name() {
        let table = Table::parse(THREADS).unwrap();
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get("mode"), Some("app"));
        assert_eq!(rows[0].number("stack"), Some(65536));
        assert_eq!(rows[0].number("mode"), None);
        assert_eq!(rows[1].number("new"), Some(u64::MAX));
        assert_eq!(rows[1].get("bypass"), None);
    }

    #[test]
    fn a_table_without_rows_is_a_table() {
        let table = Table::parse("app\tpid\n").unwrap();
        assert_eq!(table.rows().count(), 0);
        assert_eq!(table.render(None, Style::Human), "APP  PID\n");
        assert_eq!(table.to_json(), serde_json::json!([]));
    }

    #[test]
    fn malformed_tables_are_refused() {
        let error = |text| format!("{:#}", Table::parse(text).unwrap_err());
        assert_eq!(error(""), "it is empty");
        assert_eq!(error("\n"), "a column has no name");
        assert_eq!(error("app\t\tpid\n"), "a column has no name");
        assert_eq!(
            error("app\tpid\nkv\t1\nkv\n"),
            "line 3 has 1 columns instead of 2"
        );
        assert_eq!(error("app\nkv\t1\n"), "line 2 has 2 columns instead of 1");
        assert_eq!(error("app\tpid\n\n"), "line 2 has 1 columns instead of 2");
    }

    #[test]
    fn a_needed_column_that_is_missing_is_named() {
        let table = Table::parse(THREADS).unwrap();
        assert!(table.require(&["app", "tid"]).is_ok());
        let error = table.require(&["app", "bypass"]).unwrap_err().to_string();
        assert!(error.contains("'bypass'"), "{error}");
    }

    #[test]
    fn columns_are_aligned_by_kind() {
        let table = Table::parse(THREADS).unwrap();
        assert_eq!(
            table.render(
                Some(&["app", "tid", "stack", "since_us", "gone"]),
                Style::Human
            ),
            "APP  TID  STACK  SINCE\n\
             kv    12    64K  1.5ms\n\
             42     7      0      0\n"
        );
        assert_eq!(
            table.render(Some(&["mode", "since_us"]), Style::Plain),
            "mode    since_us\n\
             app         1500\n\
             kernel         0\n"
        );
        assert!(table
            .render(None, Style::Plain)
            .contains("18446744073709551615"));
    }

    #[test]
    fn json_has_numbers_where_the_table_has() {
        let json = Table::parse(THREADS).unwrap().to_json();
        assert_eq!(
            json.to_string(),
            r#"[{"app":"kv","pid":12,"tid":12,"mode":"app","stack":65536,"since_us":1500,"new":3},"#
                .to_owned()
                + r#"{"app":"42","pid":0,"tid":7,"mode":"kernel","stack":0,"since_us":0,"#
                + r#""new":18446744073709551615}]"#
        );
        let odd = Table::parse("app\tpid\nkv\t-\n").unwrap().to_json();
        assert_eq!(odd, serde_json::json!([{ "app": "kv", "pid": "-" }]));
    }
}
