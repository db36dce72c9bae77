// SPDX-License-Identifier: GPL-2.0

//! `ukl generate`: what an installation has beside the command.

use std::{fs, io, path::Path};

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli::Cli;

/// Where the completions of a shell are looked for, and under which name.
const COMPLETIONS: [(Shell, &str); 3] = [
    (Shell::Bash, "bash-completion/completions/ukl"),
    (Shell::Fish, "fish/vendor_completions.d/ukl.fish"),
    (Shell::Zsh, "zsh/site-functions/_ukl"),
];

/// Writes manual pages and completions to `dir`, as an installation has them in `share`.
pub fn generate(dir: &Path) -> Result<()> {
    let write = || {
        let pages = &dir.join("man/man1");
        fs::create_dir_all(pages)?;
        let mut all = Cli::command().disable_help_subcommand(true);
        all.build();
        page(&all, pages)?;
        for command in all
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            page(command, pages)?;
        }
        for (shell, name) in COMPLETIONS {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ukl", &mut text);
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap_or(dir))?;
            fs::write(path, text)?;
        }
        Ok::<_, io::Error>(())
    };
    write().with_context(|| format!("cannot write to {}", dir.display()))
}

fn page(command: &Command, dir: &Path) -> io::Result<()> {
    let source = concat!("ukl ", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone())
        .source(source)
        .manual("User commands")
        .generate_to(dir)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let dir = std::env::temp_dir().join(format!("ukl-generate-{}", std::process::id()));
        generate(&dir).unwrap();
        let pages = ["check", "ps", "run", "set", "stat", "stop", "top"];
        let missing: Vec<_> = pages
            .iter()
            .map(|page| format!("man/man1/ukl-{page}.1"))
            .chain(["man/man1/ukl.1".to_owned()])
            .chain(COMPLETIONS.map(|(_, name)| name.to_owned()))
            .filter(|name| fs::metadata(dir.join(name)).map_or(0, |file| file.len()) < 100)
            .collect();
        let page = fs::read_to_string(dir.join("man/man1/ukl-run.1")).unwrap();
        fs::remove_dir_all(&dir).unwrap();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(page.contains("Examples:"), "{page}");
        assert!(page.contains("SIGQUIT"), "{page}");
    }
}
