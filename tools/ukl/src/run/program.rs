// SPDX-License-Identifier: GPL-2.0

//! Which program is meant.

use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{bail, Context, Result};

use crate::table::Table;

/// What was typed for APP.
#[derive(Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A module's file, and the module's name.
    File {
        /// Where it is.
        path: PathBuf,
        /// What the kernel calls it.
        module: String,
    },
    /// A program, or a module that modprobe knows.
    Name(String),
}

/// A program that is registered.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub program: String,
    /// The module that has registered it.
    pub module: String,
}

impl Wanted {
    /// A file if it ends with `.ko` or has a `/`, a name otherwise.
    pub fn from(app: &OsStr) -> Result<Self> {
        let text = app
            .to_str()
            .with_context(|| format!("cannot run {app:?}: not UTF-8"))?;
        if !text.ends_with(".ko") && !text.contains('/') {
            return Ok(Self::Name(text.to_owned()));
        }
        let file = Path::new(text)
            .file_name()
            .and_then(OsStr::to_str)
            .unwrap_or_default();
        let module = module_name(file.strip_suffix(".ko").unwrap_or(file));
        Ok(Self::File {
            path: text.into(),
            module,
        })
    }

    /// The program in the table of programs, and its module: the one with the name, or else the module's. None if
    /// there is none; an error if the module has several, none of which has its name.
    pub fn find(&self, programs: &Table) -> Result<Option<Found>> {
        let module = match self {
            Self::File { module, .. } => module.clone(),
            Self::Name(name) => {
                let mut rows = programs.rows();
                if let Some(row) = rows.find(|row| row.get("program") == Some(name)) {
                    return Ok(Some(Found {
                        program: name.clone(),
                        module: row.get("module").unwrap_or_default().to_owned(),
                    }));
                }
                module_name(name)
            }
        };
        let own: Vec<&str> = programs
            .rows()
            .filter(|row| row.get("module") == Some(&module))
            .filter_map(|row| row.get("program"))
            .collect();
        let program = match own[..] {
            [] => return Ok(None),
            [one] => one,
            _ => match own.iter().find(|program| module_name(program) == module) {
                Some(same) => same,
                None => bail!(
                    "cannot run {self}: it has the programs {}; name one of them",
                    own.join(", ")
                ),
            },
        };
        Ok(Some(Found {
            program: program.to_owned(),
            module,
        }))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// What the kernel calls a module: `-` in the name of its file is `_`.
pub fn module_name(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(app: &str) -> Wanted {
        Wanted::from(OsStr::new(app)).unwrap()
    }

    fn find(app: &str) -> Option<String> {
        let programs = "program\tmodule\trunning\n\
                        kv\tkv\t1\nweb-server\tweb_server\t0\n\
                        one\tmany\t0\ntwo\tmany\t0\n\
                        pair\tpair\t0\nother\tpair\t0\n";
        let found = wanted(app).find(&Table::parse(programs).unwrap()).unwrap();
        found.map(|Found { program, module }| format!("{program} {module}"))
    }

    #[test]
    fn a_file_has_an_ending_or_a_slash() {
        let file = |path: &str, module: &str| Wanted::File {
            path: path.into(),
            module: module.to_owned(),
        };
        assert_eq!(wanted("kv.ko"), file("kv.ko", "kv"));
        assert_eq!(
            wanted("a-b/web-server.ko"),
            file("a-b/web-server.ko", "web_server")
        );
        assert_eq!(wanted("./kv"), file("./kv", "kv"));
        assert_eq!(wanted("kv"), Wanted::Name("kv".to_owned()));
    }

    #[test]
    fn a_program_is_found_by_its_name_or_its_module() {
        assert_eq!(find("kv").as_deref(), Some("kv kv"));
        assert_eq!(find("x/kv.ko").as_deref(), Some("kv kv"));
        assert_eq!(find("web-server").as_deref(), Some("web-server web_server"));
        assert_eq!(find("web_server").as_deref(), Some("web-server web_server"));
        assert_eq!(
            find("web-server.ko").as_deref(),
            Some("web-server web_server")
        );
        assert_eq!(find("two").as_deref(), Some("two many"));
        assert_eq!(find("pair.ko").as_deref(), Some("pair pair"));
        assert_eq!(find("two.ko"), None);
        assert_eq!(find("nobody"), None);
    }

    #[test]
    fn a_module_with_several_programs_is_ambiguous() {
        let programs = Table::parse("program\tmodule\none\tmany\ntwo\tmany\n").unwrap();
        let error = wanted("many.ko").find(&programs).unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot run many.ko: it has the programs one, two; name one of them"
        );
    }
}
