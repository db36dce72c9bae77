// SPDX-License-Identifier: GPL-2.0

//! What can be typed, and what the manual pages say: they are made of this.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use anyhow::{bail, Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::{
    format,
    run::{Cpus, Policy},
};

/// Run, watch and stop applications that live in ring 0
///
/// An application is a kernel module that depends on ukl.ko. It runs as a process ('ukl run'), with
/// a pid, credentials, limits and signals like any other, or on kernel threads, when its module is
/// loaded with insmod. The statistics are those of both.
#[derive(Debug, Parser)]
#[command(name = "ukl", version, max_term_width = 100)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands. Without comments of their own, which would replace those of the arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    Run(RunArgs),
    Ps(PsArgs),
    Top(TopArgs),
    Stat(StatArgs),
    Set(SetArgs),
    Stop(StopArgs),
    Check(CheckArgs),
    #[command(hide = true)]
    Generate(GenerateArgs),
    #[command(hide = true)]
    Object(ObjectArgs),
}

/// Run an application as a process
///
/// The process is the application: its pid, its user, its files, cgroups and scheduling. APP is the
/// file of a module (it ends with .ko, or there is a / in it), which is loaded unless it is, or the
/// name of a program that a module has registered, or that modprobe finds. ukl.ko, and what else the
/// module depends on, is loaded too if need be: the file beside it, or what modprobe finds. What this
/// command has loaded it unloads at the end, unless somebody else uses it.
///
/// The application has this command's environment. What --stack, --bypass and --sched do not say
/// its module may say, in a string 'ukl' that modinfo shows: 'stack=1M bypass=64 sched=batch'; for
/// the name of a program, that of the module that modprobe finds.
///
/// SIGINT, SIGTERM, SIGHUP and SIGQUIT, unless the application handles them, ask it to stop; a
/// second one ends the process at once.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status:
  The application's, if it is 0 to 255. If it is a negative errno, 1 and a message.
  125 if ukl failed, 126 if the application cannot be run, 127 if it is not found.
  After a signal or a fault, the process ends by that signal; a module stays loaded after a fault.

Examples:
  ukl run samples/kv/kv.ko -- --port 6379
  ukl run --cpu 2,4-5 --bypass 64 kv
  ukl run --threads 8 --stack 128K --param verbose=1 ./echo.ko

Environment:
  UKL_TRACE=1 is what --trace adds for the application")]
pub struct RunArgs {
    /// Refuse further threads when the application has so many (it gets EAGAIN)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub threads: Option<u32>,
    /// Run on these CPUs only, for instance 0,2-3
    #[arg(long, value_name = "LIST")]
    pub cpu: Option<Cpus>,
    /// Let up to N calls in a row leave the transition out; none unless given, here or by the module
    #[arg(long, value_name = "N")]
    pub bypass: Option<u32>,
    /// Size of a thread's stack, for instance 128K; 64K unless given, here or by the module
    #[arg(long, value_name = "SIZE", value_parser = format::parse_bytes)]
    pub stack: Option<u64>,
    /// Scheduling policy; this process's own unless given, here or by the module
    #[arg(long, value_name = "POLICY")]
    pub sched: Option<Policy>,
    /// A parameter of the module, if it is loaded
    #[arg(long, value_name = "K=V", value_parser = parse_param)]
    pub param: Vec<String>,
    /// Leave modules loaded
    #[arg(long)]
    pub keep: bool,
    /// Write a line to standard error for each system call of a program that uses ukl_linux.ko
    #[arg(long)]
    pub trace: bool,
    /// A module's file, or a program's name
    #[arg(value_name = "APP")]
    pub app: OsString,
    /// Arguments of the application
    #[arg(value_name = "ARGS", last = true)]
    pub args: Vec<OsString>,
}

/// List applications, or their threads
///
/// PID is 0 for an application on kernel threads. MEMORY is what it has of its own. MODE is where a
/// thread is: app (in the application), kernel (in a call), none (neither). SINCE is processor time
/// since its last transition, LONGEST the most of it there was, BYPASS its budget.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ukl ps
  ukl ps --threads --wide")]
pub struct PsArgs {
    /// Threads instead of applications
    #[arg(short, long)]
    pub threads: bool,
    /// All columns that there are
    #[arg(short, long)]
    pub wide: bool,
}

/// Watch what applications do
///
/// Applications above, threads below. CALLS/s are all calls in a second, BYP% the part of them that
/// left the transition out, SENDS/s and RECVS/s those over TCP. SINCE is processor time since the
/// thread's last transition, LONGEST the most of it there was.
///
/// Keys: n, p, c, b, s, r, t, l, m sort by name, pid, calls, bypass, sends, receives, time since
/// the last transition, longest run, memory; R turns the order round; the arrows move the list of
/// threads; the space bar refreshes; q quits.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ukl top -d 0.5
  ukl top -b -n 10 >log")]
pub struct TopArgs {
    /// Seconds between two looks
    #[arg(short, long, value_name = "S", default_value = "1", value_parser = parse_seconds)]
    pub delay: Duration,
    /// Print text instead of filling the terminal
    #[arg(short, long)]
    pub batch: bool,
    /// End after so many looks
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// Print all counters
///
/// The tables of ukl.ko as they are: applications, threads, registered programs. Counters only
/// grow, so a rate is the difference of two. With --json, an object on a line for each time, which
/// has the arrays \"apps\", \"threads\" and \"programs\"; the names in them are those of the
/// columns.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ukl stat
  ukl stat --json | jq '.apps[] | {app, calls, bypassed}'
  ukl stat --json --interval 1 --count 60")]
pub struct StatArgs {
    /// JSON instead of tables
    #[arg(long)]
    pub json: bool,
    /// Print again every S seconds
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    pub interval: Option<Duration>,
    /// End after N times; one second apart unless --interval says otherwise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
}

/// Change a running thread
///
/// The thread has to be one of your processes', or you need CAP_SYS_NICE.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Settings:
  bypass=N  how many calls in a row may leave the transition out; 0 for none

Examples:
  ukl set 812 bypass=64")]
pub struct SetArgs {
    /// The thread, as 'ukl ps -t' shows it
    #[arg(value_name = "TID")]
    pub tid: u32,
    /// What to set
    #[arg(value_name = "bypass=N", value_parser = parse_setting)]
    pub bypass: u32,
}

/// Stop an application
///
/// Sends SIGTERM to the processes with that name or pid, or to the threads of an application that
/// runs on kernel threads, and waits until they are gone.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status:
  0 if it is gone, 1 if not.

Examples:
  ukl stop kv
  ukl stop --kill --timeout 2 812")]
pub struct StopArgs {
    /// Send SIGKILL
    #[arg(short, long)]
    pub kill: bool,
    /// How long to wait
    #[arg(short, long, value_name = "SECONDS", default_value = "10", value_parser = parse_seconds)]
    pub timeout: Duration,
    /// The application's name, or its pid
    #[arg(value_name = "NAME|PID")]
    pub app: String,
}

/// Say whether this kernel can run ukl
///
/// A line for each thing that matters: ok, missing (ukl cannot run, or you cannot use it), or note.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Exit status:
  0 if nothing is missing, 1 otherwise.

Examples:
  ukl check
  ukl check --json | jq '.[] | select(.verdict == \"missing\")'")]
pub struct CheckArgs {
    /// JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// Write the manual pages and the completions of shells
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Where to; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Make a program that ukl-cc has linked fit for what it is linked for next; for ukl-cc and ukl-module
#[derive(Debug, Args)]
pub struct ObjectArgs {
    /// A module: no relocations of thread-local variables. Prints, for the compiler, what their
    /// program header says
    #[arg(long, required_unless_present = "user", conflicts_with = "user")]
    pub module: bool,

    /// A user-space executable: returns and indirect calls without the kernel's thunks
    #[arg(long)]
    pub user: bool,

    /// A relocatable object, changed in place
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

fn parse_seconds(text: &str) -> Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if (Duration::from_millis(10)..Duration::from_secs(1 << 30)).contains(&time) => {
            Ok(time)
        }
        _ => bail!("not a number of seconds from 0.01 on"),
    }
}

fn parse_setting(text: &str) -> Result<u32> {
    let Some(budget) = text.strip_prefix("bypass=") else {
        bail!("there is only bypass=N");
    };
    budget.parse().context("not a bypass budget")
}

/// A module's parameter as the kernel wants it: quoted if there is a blank in it.
fn parse_param(text: &str) -> Result<String> {
    let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        bail!("not of the form K=V");
    };
    if text.contains(['"', '\0']) || name.contains(char::is_whitespace) {
        bail!("the kernel takes no quotation mark in a parameter, and no blank in its name");
    }
    Ok(match value.contains(char::is_whitespace) {
        true => format!("{name}=\"{value}\""),
        false => text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use clap::{error::ErrorKind, CommandFactory};

    use super::*;

    fn parse(line: &str) -> Result<Command, ErrorKind> {
        Cli::try_parse_from(line.split(' '))
            .map(|cli| cli.command)
            .map_err(|error| error.kind())
    }

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_keeps_the_applications_arguments() {
        let line = "ukl run --cpu 0,2-3 --stack 128K --param a=b --bypass 3 ./kv.ko -- --port 1 -h";
        let Ok(Command::Run(run)) = parse(line) else {
            panic!("{:?}", parse(line))
        };
        assert_eq!(run.app, "./kv.ko");
        assert_eq!(run.args, ["--port", "1", "-h"]);
        assert_eq!(
            (run.stack, run.bypass, run.keep),
            (Some(128 << 10), Some(3), false)
        );
        assert_eq!(run.param, ["a=b"]);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for line in [
            "ukl run --threads 0 kv",
            "ukl run --stack 1X kv",
            "ukl run --cpu 3-1 kv",
            "ukl run --param a kv",
            "ukl set 1 stack=3",
            "ukl set 1 bypass=-3",
            "ukl stop -t nan kv",
            "ukl top -d 0",
            "ukl stat --count 0",
        ] {
            assert_eq!(
                parse(line).err(),
                Some(ErrorKind::ValueValidation),
                "{line}"
            );
        }
        let policy = "ukl run --sched fifo kv";
        assert_eq!(parse(policy).err(), Some(ErrorKind::InvalidValue));
        assert_eq!(
            parse("ukl run kv x").err(),
            Some(ErrorKind::UnknownArgument)
        );
        assert_eq!(
            parse("ukl set 1").err(),
            Some(ErrorKind::MissingRequiredArgument)
        );
    }

    #[test]
    fn parameters_with_blanks_are_quoted() {
        assert_eq!(parse_param("a=b c=d").unwrap(), "a=\"b c=d\"");
        assert_eq!(parse_param("a=").unwrap(), "a=");
        for bad in ["=b", "a b=c", "a=\"b\""] {
            assert!(parse_param(bad).is_err(), "{bad}");
        }
    }
}
