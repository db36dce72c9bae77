// SPDX-License-Identifier: GPL-2.0

//! Reads the interface of `/dev/ukl` out of its header with bindgen: nothing of it is written down
//! again. `BINDGEN` names another bindgen, as in the kernel's build.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The requests, which are macros that bindgen cannot evaluate by itself.
const REQUESTS: [&str; 6] = ["INFO", "BIND", "RUN", "STOP", "STATS", "SET"];

fn main() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/uapi/ukl.h");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", header.display());
    println!("cargo::rerun-if-env-changed=BINDGEN");

    let mut text = format!("#include \"{}\"\n", header.display());
    for request in REQUESTS {
        text += &format!("const unsigned long REQUEST_{request} = UKL_{request};\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let wrapper = out.join("abi.h");
    fs::write(&wrapper, text).expect("OUT_DIR can be written");

    let bindgen = env::var("BINDGEN").unwrap_or_else(|_| "bindgen".into());
    let status = Command::new(&bindgen)
        .arg(&wrapper)
        .args(["--allowlist-item", "(UKL|ukl|REQUEST)_.*"])
        .args(["--with-derive-default", "--no-doc-comments"])
        .arg("--output")
        .arg(out.join("abi.rs"))
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => panic!("{bindgen} of {}: {status}", header.display()),
        Err(error) => panic!("{bindgen}: {error}; install the package bindgen, or set BINDGEN"),
    }
}
