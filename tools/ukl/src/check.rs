// SPDX-License-Identifier: GPL-2.0

//! `ukl check`: whether this kernel can run ukl, in words.

mod facts;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::cli::CheckArgs;
use facts::{Config, Facts, Node};

/// What is said about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    /// Worth knowing; ukl runs.
    Note,
    /// ukl does not run, or not for this user.
    Missing,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Missing => "missing",
        }
    }
}

/// One thing that matters.
#[derive(Debug)]
struct Item {
    name: &'static str,
    verdict: Verdict,
    text: String,
}

/// Prints the items. Success if none is missing.
pub fn check(args: &CheckArgs) -> Result<ExitCode> {
    let items = items(&Facts::gather());
    let missing = items.iter().any(|item| item.verdict == Verdict::Missing);
    print!(
        "{}",
        if args.json {
            to_json(&items)
        } else {
            to_text(&items)
        }
    );
    Ok(if missing {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn to_text(items: &[Item]) -> String {
    let wide = items.iter().map(|item| item.name.len()).max().unwrap_or(0);
    let line = |item: &Item| {
        format!(
            "{:<7}  {:<wide$}  {}\n",
            item.verdict.word(),
            item.name,
            item.text
        )
    };
    items.iter().map(line).collect()
}

fn to_json(items: &[Item]) -> String {
    let object = |item: &Item| {
        let Item {
            name,
            verdict,
            text,
        } = item;
        json!({ "item": name, "verdict": verdict.word(), "text": text })
    };
    format!(
        "{}\n",
        items.iter().map(object).collect::<serde_json::Value>()
    )
}

/// The options a kernel needs, and why.
const NEEDED: [(&str, &str); 4] = [
    ("CONFIG_MODULES", "ukl is a module"),
    (
        "CONFIG_RUST",
        "ukl.ko is in Rust and uses the kernel's Rust code",
    ),
    (
        "CONFIG_PREEMPT_NOTIFIERS",
        "threads are found by them; CONFIG_KVM brings it",
    ),
    (
        "CONFIG_VIRT_XFER_TO_GUEST_WORK",
        "processes leave calls by it; CONFIG_KVM brings it",
    ),
];

fn items(facts: &Facts) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |name, (verdict, text): (Verdict, String)| {
        items.push(Item {
            name,
            verdict,
            text,
        })
    };
    add("machine", machine(&facts.machine));
    add("kernel", kernel(&facts.release));
    match &facts.config {
        None => add(
            "config",
            note("not found in /proc/config.gz nor /boot: the options are unknown"),
        ),
        Some(config) => {
            for (option, why) in NEEDED {
                add(option, needed(config, option, why));
            }
            add("CONFIG_DEBUG_FS", debug_fs(config));
            add("CONFIG_MODVERSIONS", modversions(config));
        }
    }
    let loaded = facts.loaded;
    add("signatures", signatures(facts, loaded));
    if facts.modules_disabled && !loaded {
        add(
            "modules",
            missing("loading is disabled until the next boot; see kernel.modules_disabled"),
        );
    }
    add("panic_on_oops", panic_on_oops(facts));
    if loaded {
        add("ukl.ko", module(&facts.node));
        add("/dev/ukl", access(&facts.node));
    } else {
        add(
            "ukl.ko",
            note("not loaded; 'ukl run' loads it as root, or 'modprobe ukl'"),
        );
    }
    items
}

fn ok(text: impl Into<String>) -> (Verdict, String) {
    (Verdict::Ok, text.into())
}

fn note(text: impl Into<String>) -> (Verdict, String) {
    (Verdict::Note, text.into())
}

fn missing(text: impl Into<String>) -> (Verdict, String) {
    (Verdict::Missing, text.into())
}

fn machine(machine: &str) -> (Verdict, String) {
    match machine {
        "x86_64" => ok("x86-64"),
        other => missing(format!("{other}; ukl is for x86-64")),
    }
}

/// ukl is tested with 7.2 and 7.3; the Rust code it uses of older kernels is another one.
fn kernel(release: &str) -> (Verdict, String) {
    let mut numbers = release
        .split(['.', '-', '+'])
        .map(|number| number.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(7), Some(2 | 3)) => ok(release),
        (Some(major), Some(minor)) if (major, minor) < (7, 2) => missing(format!(
            "{release} is too old; install 7.2 or newer, in Debian linux-image-amd64 of backports"
        )),
        _ => note(format!(
            "{release}; ukl is tested with 7.2 and 7.3, so build it and try"
        )),
    }
}

fn needed(config: &Config, option: &str, why: &str) -> (Verdict, String) {
    match config.get(option) {
        Some(value) => ok(value),
        None => missing(format!(
            "not set: {why}; take a kernel that has it, such as Debian's"
        )),
    }
}

fn debug_fs(config: &Config) -> (Verdict, String) {
    match config.get("CONFIG_DEBUG_FS") {
        Some(value) => ok(value),
        None => note("not set: no /sys/kernel/debug/ukl; 'ukl stat' shows the same"),
    }
}

fn modversions(config: &Config) -> (Verdict, String) {
    match config.get("CONFIG_MODVERSIONS") {
        Some(_) => note("set: build ukl.ko and applications against this kernel's Module.symvers"),
        None => ok("not set"),
    }
}

/// Whether the kernel insists on signed modules. If ukl.ko is loaded, it was content with that one.
fn signatures(facts: &Facts, loaded: bool) -> (Verdict, String) {
    // The mode in force is in brackets: none [integrity] confidentiality.
    let lockdown = facts
        .lockdown
        .as_deref()
        .and_then(|text| Some(text.split_once('[')?.1));
    let lockdown = lockdown
        .and_then(|text| Some(text.split_once(']')?.0))
        .unwrap_or("none");
    let why = if lockdown != "none" {
        let secure_boot = if facts.secure_boot == Some(true) {
            " (Secure Boot is on)"
        } else {
            ""
        };
        format!("lockdown is '{lockdown}'{secure_boot}")
    } else if facts.sig_enforce {
        "module.sig_enforce is set".to_owned()
    } else {
        return match facts.secure_boot {
            Some(true) => ok("not enforced, though Secure Boot is on"),
            _ => ok("not enforced"),
        };
    };
    let text = format!(
        "{why}: modules must be signed by a key the kernel trusts; sign ukl.ko and applications \
         and enrol the key with 'mokutil --import', or turn it off"
    );
    if loaded {
        note(text)
    } else {
        missing(text)
    }
}

/// A page fault that is contained is reported as an oops is, which this setting makes a panic.
fn panic_on_oops(facts: &Facts) -> (Verdict, String) {
    if !facts.panic_on_oops {
        return ok("off");
    }
    let end = match facts.crash_kernel {
        true => "boots the crash kernel",
        false => "panics",
    };
    note(format!(
        "on: the machine {end} when an application faults, instead of ending the application; \
         'sysctl kernel.panic_on_oops=0'"
    ))
}

fn module(node: &Node) -> (Verdict, String) {
    match node {
        Node::Usable(version) => ok(format!("loaded, interface version {version}")),
        Node::Unfit(why) => missing(why.clone()),
        Node::Refused | Node::Absent => ok("loaded"),
    }
}

fn access(node: &Node) -> (Verdict, String) {
    match node {
        Node::Usable(_) | Node::Unfit(_) => ok("you may use it"),
        Node::Refused => missing("you may not use it; be root, or let a udev rule give you access"),
        Node::Absent => {
            missing("not there; mount devtmpfs on /dev, or pass it into this container")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "CONFIG_MODULES=y\nCONFIG_RUST=y\nCONFIG_PREEMPT_NOTIFIERS=y\n\
                          CONFIG_VIRT_XFER_TO_GUEST_WORK=y\nCONFIG_DEBUG_FS=y\n\
                          # CONFIG_MODVERSIONS is not set\n";

    fn able() -> Facts {
        Facts {
            machine: "x86_64".into(),
            release: "7.3.4+deb13-amd64".into(),
            config: Some(Config::parse(CONFIG)),
            lockdown: Some("[none] integrity confidentiality\n".into()),
            sig_enforce: false,
            secure_boot: None,
            modules_disabled: false,
            panic_on_oops: false,
            crash_kernel: false,
            loaded: true,
            node: Node::Usable(1),
        }
    }

    fn find(facts: &Facts, name: &str) -> (Verdict, String) {
        let items = items(facts);
        let item = items.into_iter().find(|item| item.name == name).unwrap();
        (item.verdict, item.text)
    }

    #[test]
    fn the_kernel_we_know_is_able() {
        for item in items(&able()) {
            assert_eq!(item.verdict, Verdict::Ok, "{item:?}");
        }
    }

    #[test]
    fn what_a_kernel_lacks_is_named() {
        let without = |option: &str| {
            let config = CONFIG.replace(&format!("{option}=y\n"), "");
            find(
                &Facts {
                    config: Some(Config::parse(&config)),
                    ..able()
                },
                option,
            )
            .0
        };
        for (option, _) in NEEDED {
            assert_eq!(without(option), Verdict::Missing, "{option}");
        }
        assert_eq!(without("CONFIG_DEBUG_FS"), Verdict::Note);
        let versions = format!("{CONFIG}CONFIG_MODVERSIONS=y\n");
        let facts = Facts {
            config: Some(Config::parse(&versions)),
            ..able()
        };
        assert_eq!(find(&facts, "CONFIG_MODVERSIONS").0, Verdict::Note);
        assert_eq!(
            find(
                &Facts {
                    config: None,
                    ..able()
                },
                "config"
            )
            .0,
            Verdict::Note
        );
        let facts = Facts {
            machine: "aarch64".into(),
            ..able()
        };
        assert_eq!(find(&facts, "machine").0, Verdict::Missing);
    }

    #[test]
    fn kernels_are_told_by_their_release() {
        let verdict = |release: &str| kernel(release).0;
        assert_eq!(verdict("7.2.13-amd64"), Verdict::Ok);
        assert_eq!(verdict("7.3-rc1"), Verdict::Ok);
        assert_eq!(verdict("6.12.9+deb13-amd64"), Verdict::Missing);
        assert_eq!(verdict("7.10.1"), Verdict::Note);
        assert_eq!(verdict("strange"), Verdict::Note);
    }

    #[test]
    fn signatures_that_are_enforced_are_missing_until_ukl_is_loaded() {
        let locked = Facts {
            lockdown: Some("none [integrity] confidentiality\n".into()),
            secure_boot: Some(true),
            ..able()
        };
        let (verdict, text) = find(&locked, "signatures");
        assert_eq!(verdict, Verdict::Note);
        assert!(text.contains("'integrity' (Secure Boot is on)"), "{text}");
        assert_eq!(
            find(
                &Facts {
                    loaded: false,
                    ..locked
                },
                "signatures"
            )
            .0,
            Verdict::Missing
        );
        let enforced = Facts {
            sig_enforce: true,
            loaded: false,
            ..able()
        };
        assert_eq!(find(&enforced, "signatures").0, Verdict::Missing);
        assert_eq!(
            find(
                &Facts {
                    lockdown: None,
                    ..able()
                },
                "signatures"
            )
            .0,
            Verdict::Ok
        );
    }

    #[test]
    fn a_panic_on_oops_is_a_note() {
        let facts = Facts {
            panic_on_oops: true,
            ..able()
        };
        assert!(find(&facts, "panic_on_oops").1.contains("panics"));
        let facts = Facts {
            crash_kernel: true,
            ..facts
        };
        let (verdict, text) = find(&facts, "panic_on_oops");
        assert_eq!(verdict, Verdict::Note);
        assert!(text.contains("crash kernel"), "{text}");
        let facts = Facts {
            crash_kernel: true,
            ..able()
        };
        assert_eq!(find(&facts, "panic_on_oops").0, Verdict::Ok);
    }

    #[test]
    fn the_module_and_its_device() {
        let unloaded = Facts {
            loaded: false,
            node: Node::Absent,
            ..able()
        };
        assert_eq!(find(&unloaded, "ukl.ko").0, Verdict::Note);
        assert!(items(&unloaded).iter().all(|item| item.name != "/dev/ukl"));
        let disabled = Facts {
            modules_disabled: true,
            ..unloaded
        };
        assert_eq!(find(&disabled, "modules").0, Verdict::Missing);
        let refused = Facts {
            node: Node::Refused,
            ..able()
        };
        assert_eq!(find(&refused, "/dev/ukl").0, Verdict::Missing);
        let unfit = Facts {
            node: Node::Unfit("version 9".into()),
            ..able()
        };
        assert_eq!(
            find(&unfit, "ukl.ko"),
            (Verdict::Missing, "version 9".into())
        );
    }

    #[test]
    fn text_and_json_say_the_same() {
        let items = [
            Item {
                name: "machine",
                verdict: Verdict::Ok,
                text: "x86-64".into(),
            },
            Item {
                name: "kernel",
                verdict: Verdict::Missing,
                text: "old".into(),
            },
        ];
        assert_eq!(
            to_text(&items),
            "ok       machine  x86-64\nmissing  kernel   old\n"
        );
        assert_eq!(
            to_json(&items),
            "[{\"item\":\"machine\",\"verdict\":\"ok\",\"text\":\"x86-64\"},\
             {\"item\":\"kernel\",\"verdict\":\"missing\",\"text\":\"old\"}]\n"
        );
    }
}
