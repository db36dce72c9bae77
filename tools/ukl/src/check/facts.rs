// SPDX-License-Identifier: GPL-2.0

//! What the running kernel says about itself.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use flate2::read::GzDecoder;
use nix::{errno::Errno, sys::utsname::uname};

use crate::{abi::UKL_ABI_VERSION, device::Device};

/// All that the check is about.
#[derive(Debug)]
pub struct Facts {
    /// As `uname -m`.
    pub machine: String,
    /// As `uname -r`.
    pub release: String,
    /// The kernel's configuration, if it can be found.
    pub config: Option<Config>,
    /// `/sys/kernel/security/lockdown`, if the kernel has it.
    pub lockdown: Option<String>,
    /// Whether unsigned modules are refused.
    pub sig_enforce: bool,
    /// Whether the firmware checked the kernel; unknown without EFI.
    pub secure_boot: Option<bool>,
    /// Whether no module is loaded any more.
    pub modules_disabled: bool,
    /// Whether an oops is a panic.
    pub panic_on_oops: bool,
    /// Whether a panic boots a crash kernel.
    pub crash_kernel: bool,
    /// Whether ukl.ko is loaded.
    pub loaded: bool,
    /// What became of opening `/dev/ukl`.
    pub node: Node,
}

/// `/dev/ukl` for the caller.
#[derive(Debug, PartialEq, Eq)]
pub enum Node {
    /// It can be used; its interface has this version.
    Usable(u32),
    /// It can be opened, and this is wrong with it.
    Unfit(String),
    /// It cannot be opened by the caller.
    Refused,
    /// It is not there.
    Absent,
}

/// A kernel's configuration.
#[derive(Debug)]
pub struct Config(Vec<(String, String)>);

impl Config {
    /// Reads the text of a `.config`.
    pub fn parse(text: &str) -> Self {
        let option = |line: &str| {
            let (name, value) = line.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self(
            text.lines()
                .filter(|line| line.starts_with("CONFIG_"))
                .filter_map(option)
                .collect(),
        )
    }

    /// The value of an option that is set.
    pub fn get(&self, option: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == option)
            .map(|(_, value)| value.as_str())
    }

    fn of_kernel(release: &str) -> Option<Self> {
        let mut text = String::new();
        let own = File::open("/proc/config.gz")
            .and_then(|file| GzDecoder::new(file).read_to_string(&mut text));
        if own.is_err() {
            let paths = [
                format!("/boot/config-{release}"),
                format!("/lib/modules/{release}/config"),
            ];
            text = paths
                .iter()
                .find_map(|path| fs::read_to_string(path).ok())?;
        }
        Some(Self::parse(&text))
    }
}

impl Facts {
    /// Asks the running kernel.
    pub fn gather() -> Self {
        let (machine, release) = match uname() {
            Ok(names) => {
                let text = |name: &std::ffi::OsStr| name.to_string_lossy().into_owned();
                (text(names.machine()), text(names.release()))
            }
            Err(_) => Default::default(),
        };
        let is_on = |path: &str| {
            fs::read_to_string(path).is_ok_and(|text| !matches!(text.trim(), "" | "0" | "N"))
        };
        Self {
            config: Config::of_kernel(&release),
            machine,
            release,
            lockdown: fs::read_to_string("/sys/kernel/security/lockdown").ok(),
            sig_enforce: is_on("/sys/module/module/parameters/sig_enforce"),
            secure_boot: secure_boot(),
            modules_disabled: is_on("/proc/sys/kernel/modules_disabled"),
            panic_on_oops: is_on("/proc/sys/kernel/panic_on_oops"),
            crash_kernel: is_on("/sys/kernel/kexec_crash_loaded"),
            loaded: Path::new("/sys/module/ukl").exists(),
            node: Node::open(),
        }
    }
}

impl Node {
    fn open() -> Self {
        match Device::open() {
            Ok(device) => match device.info() {
                Ok(_) => Self::Usable(UKL_ABI_VERSION),
                Err(error) => Self::Unfit(error.to_string()),
            },
            Err(Errno::ENOENT | Errno::ENXIO | Errno::ENODEV) => Self::Absent,
            Err(_) => Self::Refused,
        }
    }
}

/// The firmware's variable: four bytes of attributes, then the value.
fn secure_boot() -> Option<bool> {
    let path = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    fs::read(path).ok()?.get(4).map(|&value| value == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_options_that_are_set_are_there() {
        let config = Config::parse("# CONFIG_A is not set\nCONFIG_B=m\nCONFIG_C=\"x=y\"\n\n");
        assert_eq!(config.get("CONFIG_A"), None);
        assert_eq!(config.get("CONFIG_B"), Some("m"));
        assert_eq!(config.get("CONFIG_C"), Some("\"x=y\""));
        assert_eq!(config.get("CONFIG_"), None);
    }
}
