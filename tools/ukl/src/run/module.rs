// SPDX-License-Identifier: GPL-2.0

//! Loading modules, and unloading them again.

use std::{
    ffi::{CStr, CString},
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{anyhow, Context};
use nix::{
    errno::Errno,
    kmod::{delete_module, finit_module, DeleteModuleFlags, ModuleInitFlags},
};

use super::{
    modinfo::Modinfo,
    program::{module_name, Wanted},
    Failure, CANNOT_RUN, NOT_FOUND,
};
use crate::device::errno;

/// What an application's module is told: to register its program, and not to start it.
const REGISTER_ONLY: &str = "start=0";

/// The modules that this command has loaded. When it is dropped, they are unloaded again, the last
/// one first, unless somebody else uses them.
pub struct Modules {
    keep: bool,
    loaded: Vec<String>,
    /// Those whose dependencies are being loaded.
    begun: Vec<String>,
}

impl Modules {
    /// None so far. If `keep`, they stay loaded.
    pub fn new(keep: bool) -> Self {
        Self {
            keep,
            loaded: Vec::new(),
            begun: Vec::new(),
        }
    }

    /// Loads ukl.ko: the file beside the application's, or what modprobe finds.
    pub fn load_ukl(&mut self, wanted: &Wanted) -> Result<(), Failure> {
        if let Wanted::File { path, .. } = wanted {
            if let Some(file) = beside(path, "ukl") {
                return self.insert(&file, c"");
            }
        }
        self.probe("ukl", &[])
            .map_err(|failure| failure.error.into())
    }

    /// Loads the application's module from its file, if it is not loaded, and before it what it depends
    /// on.
    pub fn load_file(
        &mut self,
        path: &Path,
        info: &Modinfo,
        params: &[String],
    ) -> Result<(), Failure> {
        self.load_needed(path, info)?;
        let params = format!("{REGISTER_ONLY} {}", params.join(" "));
        let params = CString::new(params.trim_end()).context("a parameter has a NUL in it")?;
        self.insert(path, &params)
    }

    /// Has modprobe load the application's module.
    pub fn load_name(&mut self, name: &str, params: &[String]) -> Result<(), Failure> {
        let mut all = vec![REGISTER_ONLY];
        all.extend(params.iter().map(String::as_str));
        self.probe(name, &all)
    }

    /// Loads what the module of a file depends on: the files beside it, or what modprobe finds.
    fn load_needed(&mut self, path: &Path, info: &Modinfo) -> Result<(), Failure> {
        for name in info.depends() {
            // What depends on itself in the end cannot be loaded, as the kernel will say.
            if sys_module(&name).exists() || self.begun.contains(&name) {
                continue;
            }
            let loaded = match beside(path, &name) {
                Some(file) => {
                    self.begun.push(name.clone());
                    self.load_needed(&file, &Modinfo::of_file(&file))
                        .and_then(|()| self.insert(&file, c""))
                }
                None => self.probe(&name, &[]),
            };
            loaded.map_err(|Failure { error, .. }| {
                let path = path.display();
                Failure::new(
                    CANNOT_RUN,
                    error.context(format!("cannot load {path}, which needs {name}")),
                )
            })?;
        }
        Ok(())
    }

    fn insert(&mut self, path: &Path, params: &CStr) -> Result<(), Failure> {
        let fail = |error: Errno, remedy: &str| {
            let status = if error == Errno::ENOENT {
                NOT_FOUND
            } else {
                CANNOT_RUN
            };
            let text = format!("cannot load {}: {}{remedy}", path.display(), error.desc());
            Failure::new(status, anyhow!(text))
        };
        let file = File::open(path).map_err(|error| fail(errno(&error), ""))?;
        match finit_module(&file, params, ModuleInitFlags::empty()) {
            Ok(()) => {
                let stem = path.file_stem().unwrap_or_default();
                self.loaded.push(module_name(&stem.to_string_lossy()));
                Ok(())
            }
            // It is loaded.
            Err(Errno::EEXIST) => Ok(()),
            // Not about the file, which is there.
            Err(Errno::ENOENT) => Err(Failure::new(
                CANNOT_RUN,
                anyhow!(
                    "cannot load {}: it uses what this kernel or ukl.ko lacks; see dmesg",
                    path.display()
                ),
            )),
            Err(error) => Err(fail(
                error,
                match error {
                    Errno::EPERM => "; be root, and see 'ukl check'",
                    Errno::EKEYREJECTED => "; it must be signed, see 'ukl check'",
                    Errno::ENOEXEC => "; build it for this kernel, and see dmesg",
                    _ => "; see dmesg",
                },
            )),
        }
    }

    /// Has modprobe load a module, and before it what it depends on, one by one: so that we know what we
    /// have loaded.
    fn probe(&mut self, name: &str, params: &[&str]) -> Result<(), Failure> {
        for needed in Modinfo::of_name(name, "depends").depends() {
            if !sys_module(&needed).exists() && !self.begun.contains(&needed) {
                self.begun.push(needed.clone());
                // If it cannot be loaded, neither can the module, and then modprobe says why.
                let _ = self.probe(&needed, &[]);
            }
        }
        let module = module_name(name);
        let directory = sys_module(&module);
        let was_loaded = directory.exists();
        let output = command("modprobe", &[&["--", name], params].concat()).map_err(|error| {
            anyhow!(
                "cannot load {name}: cannot run modprobe: {}; install kmod",
                errno(&error).desc()
            )
        })?;
        if output.status.success() {
            if !was_loaded && directory.exists() {
                self.loaded.push(module);
            }
            return Ok(());
        }
        let why = complaint(&String::from_utf8_lossy(&output.stderr));
        let status = if why.contains("not found") {
            NOT_FOUND
        } else {
            CANNOT_RUN
        };
        Err(Failure::new(status, anyhow!("cannot load {name}: {why}")))
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        if self.keep || self.loaded.is_empty() {
            return;
        }
        // What the application has left open may be of the modules: an event set is.
        // SAFETY: the arguments are numbers. This command has nothing else open at its end.
        unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) };
        for module in self.loaded.iter().rev() {
            if let Ok(name) = CString::new(module.as_str()) {
                // In use, or gone: either is as well.
                let _ = delete_module(&name, DeleteModuleFlags::O_NONBLOCK);
            }
        }
    }
}

/// Where the kernel shows a module that is loaded.
fn sys_module(name: &str) -> PathBuf {
    Path::new("/sys/module").join(name)
}

/// The file of a module, by the kernel's name for it, in the folder of another.
fn beside(path: &Path, name: &str) -> Option<PathBuf> {
    let names = [name.to_owned(), name.replace('_', "-")];
    let mut files = names
        .map(|name| path.with_file_name(name + ".ko"))
        .into_iter();
    files.find(|file| file.exists())
}

/// Runs a command of kmod.
pub fn command(name: &str, args: &[&str]) -> io::Result<Output> {
    match Command::new(name).args(args).output() {
        // The PATH of a user may lack the place.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Command::new(Path::new("/sbin").join(name))
                .args(args)
                .output()
        }
        output => output,
    }
}

/// What modprobe says, as part of a line.
fn complaint(stderr: &str) -> String {
    let line = stderr
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("modprobe failed");
    let line = line.trim_start_matches("modprobe: ");
    line.trim_start_matches("FATAL: ")
        .trim_start_matches("ERROR: ")
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_one_line() {
        let text = "modprobe: FATAL: Module kv not found in directory /lib/modules/7.3.4\n\n";
        assert_eq!(
            complaint(text),
            "Module kv not found in directory /lib/modules/7.3.4"
        );
        let text = "a\nmodprobe: ERROR: could not insert 'kv': Operation not permitted\n";
        assert_eq!(
            complaint(text),
            "could not insert 'kv': Operation not permitted"
        );
        assert_eq!(complaint(""), "modprobe failed");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_found() {
        let mut modules = Modules::new(false);
        let failure = modules
            .load_file(Path::new("/nowhere/kv.ko"), &Modinfo::default(), &[])
            .unwrap_err();
        assert_eq!(failure.status, NOT_FOUND);
        assert_eq!(
            failure.error.to_string(),
            "cannot load /nowhere/kv.ko: No such file or directory"
        );
    }
}
