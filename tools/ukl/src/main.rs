// SPDX-License-Identifier: GPL-2.0

//! `ukl`: run, watch and stop applications that live in ring 0. What the words mean is in
//! `Documentation/design.md`, what is asked of the module in `include/uapi/ukl.h`.

mod abi;
mod check;
mod cli;
mod device;
mod format;
mod generate;
mod object;
mod ps;
mod rates;
mod run;
mod set;
mod stat;
mod stop;
mod table;
mod top;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    run::restore_signals();
    let result = match Cli::parse().command {
        Command::Run(args) => return run::main(&args),
        Command::Ps(args) => done(ps::ps(&args)),
        Command::Top(args) => done(top::top(&args)),
        Command::Stat(args) => done(stat::stat(&args)),
        Command::Set(args) => done(set::set(&args)),
        Command::Stop(args) => done(stop::stop(&args)),
        Command::Check(args) => check::check(&args),
        Command::Generate(args) => done(generate::generate(&args.dir)),
        Command::Object(args) => done(object::object(&args)),
    };
    result.unwrap_or_else(|error| {
        eprintln!("ukl: {error:#}");
        ExitCode::FAILURE
    })
}

fn done(result: Result<()>) -> Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}
