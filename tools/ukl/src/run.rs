// SPDX-License-Identifier: GPL-2.0

//! `ukl run`: this process becomes the application.

mod cpus;
mod defaults;
mod environment;
mod modinfo;
mod module;
mod policy;
mod program;
mod signals;
mod status;
mod stopping;
mod syscall;
mod thread;

use std::{ffi::CString, os::unix::ffi::OsStrExt, process::ExitCode};

use anyhow::{anyhow, Context, Result};
use nix::errno::Errno;

use crate::{
    abi,
    cli::RunArgs,
    device::{Bind, Device, Stats},
    format,
    table::Table,
};
pub use cpus::Cpus;
use defaults::Defaults;
use modinfo::Modinfo;
use module::Modules;
pub use policy::Policy;
use program::{Found, Wanted};
pub use signals::restore as restore_signals;
use thread::Application;

/// This command itself failed.
const FAILED: u8 = 125;
/// The application is there and cannot be run.
const CANNOT_RUN: u8 = 126;
/// There is no such application.
const NOT_FOUND: u8 = 127;

/// Why an application was not run, or not to its end.
#[derive(Debug)]
struct Failure {
    status: u8,
    error: anyhow::Error,
}

impl Failure {
    fn new(status: u8, error: anyhow::Error) -> Self {
        Self { status, error }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(FAILED, error)
    }
}

/// How the application ended.
enum End {
    /// With what its first thread returned.
    Returned(i32),
    /// It was asked to stop by this signal, and has.
    Stopped(i32),
}

/// Runs the application, and ends as it does.
pub fn main(args: &RunArgs) -> ExitCode {
    match run(args) {
        Ok(End::Stopped(signal)) => signals::end_by(signal),
        Ok(End::Returned(returned)) => {
            let (status, message) = status::of(returned);
            if let Some(message) = message {
                eprintln!("ukl: {} {message}", args.app.to_string_lossy());
            }
            ExitCode::from(status)
        }
        Err(Failure { status, error }) => {
            eprintln!("ukl: {error:#}");
            ExitCode::from(status)
        }
    }
}

fn run(args: &RunArgs) -> Result<End, Failure> {
    let wanted = Wanted::from(&args.app)?;
    // Dropped last: unloads what was loaded, when the descriptor is closed.
    let mut modules = Modules::new(args.keep);
    if let Err(Errno::ENOENT) = Device::open() {
        modules.load_ukl(&wanted)?;
    }
    let device = Device::expect()?;
    let info = device.info()?;
    let (program, defaults) = program(&wanted, &device, &mut modules, &args.param)?;

    if let Some(cpus) = &args.cpu {
        cpus.apply()?;
    }
    if let Some(policy) = args.sched.or(defaults.sched) {
        policy.apply()?;
    }
    bind(&device, &info, &program, args, &defaults)?;
    stopping::prepare(
        &device,
        args.threads.unwrap_or(u32::MAX).min(info.threads_max),
    );
    signals::claim_all();
    signals::prepare();
    let app = Application::new(program, &device, info);
    let returned = thread::run(&app)?;
    Ok(match stopping::signal() {
        Some(signal) => End::Stopped(signal),
        None => End::Returned(returned),
    })
}

/// The program to run, and how its module wants it to be run; that is loaded if the program is not
/// registered.
fn program(
    wanted: &Wanted,
    device: &Device,
    modules: &mut Modules,
    params: &[String],
) -> Result<(String, Defaults), Failure> {
    let mut buffer = Vec::new();
    let mut find = || -> Result<Option<Found>, Failure> {
        let table = Table::read(device, Stats::Programs, &mut buffer)?;
        table.require(&["program", "module"])?;
        wanted
            .find(&table)
            .map_err(|error| Failure::new(CANNOT_RUN, error))
    };
    let cannot_run = |error: anyhow::Error| {
        Failure::new(CANNOT_RUN, error.context(format!("cannot run {wanted}")))
    };
    let none = || cannot_run(anyhow!("its module is loaded and registers no program"));
    let (found, info) = match wanted {
        Wanted::File { path, .. } => {
            let info = Modinfo::of_file(path);
            modules.load_file(path, &info, params)?;
            (find()?.ok_or_else(none)?, info)
        }
        Wanted::Name(name) => {
            let found = match find()? {
                Some(found) => found,
                None => {
                    modules.load_name(name, params)?;
                    find()?.ok_or_else(none)?
                }
            };
            let info = Modinfo::of_name(&found.module, defaults::NAME);
            (found, info)
        }
    };
    let defaults = Defaults::of(&info).map_err(cannot_run)?;
    Ok((found.program, defaults))
}

fn bind(
    device: &Device,
    info: &abi::ukl_info,
    program: &str,
    args: &RunArgs,
    defaults: &Defaults,
) -> Result<(), Failure> {
    let bypass = args.bypass.or(defaults.bypass).unwrap_or(0);
    if bypass > info.bypass_max {
        return Err(anyhow!(
            "cannot bypass {bypass} calls in a row: at most {}; take a smaller --bypass",
            info.bypass_max
        )
        .into());
    }
    let name = CString::new(program).context("a program has a NUL in its name")?;
    let mut words = name.as_bytes_with_nul().to_vec();
    for arg in &args.args {
        words.extend_from_slice(arg.as_bytes());
        words.push(0);
    }
    let stack_size = args.stack.or(defaults.stack).unwrap_or(0);
    let env = environment::strings(std::env::vars_os(), args.trace);
    let bind = Bind {
        name: &name,
        args: &words,
        env: &env,
        bypass,
        stack_size,
    };
    device.bind(&bind).map_err(|error| {
        let why = match error {
            Errno::ENOENT => "no such program is registered any more".to_owned(),
            Errno::E2BIG => {
                let what = match words.len() > abi::UKL_ARGS_MAX as usize {
                    true => "its arguments are",
                    false => "the environment is",
                };
                format!("{what} longer than {} bytes", abi::UKL_ARGS_MAX)
            }
            Errno::EINVAL | Errno::ENOMEM if stack_size != 0 => format!(
                "{} (for a stack of {}); take another --stack",
                error.desc(),
                format::bytes(stack_size)
            ),
            error => error.desc().to_owned(),
        };
        let status = if error == Errno::ENOENT {
            NOT_FOUND
        } else {
            CANNOT_RUN
        };
        Failure::new(status, anyhow!("cannot run {program}: {why}"))
    })
}
