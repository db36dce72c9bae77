// SPDX-License-Identifier: GPL-2.0

//! What a module says of itself.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path, process::Output};

use super::{module::command, program::module_name};

/// The strings NAME=VALUE of a module, or those that are asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Modinfo(Vec<(String, String)>);

/// The longest `.modinfo`, and table of sections, that is read.
const LONGEST: u64 = 1 << 20;

impl Modinfo {
    /// Those in a module's file. None if there is no such file, or it is not a module's: who loads it
    /// will say what is wrong with it.
    pub fn of_file(path: &Path) -> Self {
        let strings = File::open(path).and_then(|file| modinfo_section(&file));
        Self::parse(&strings.unwrap_or_default())
    }

    /// The ones with a name, of a module that modprobe finds. None if it does not.
    pub fn of_name(module: &str, name: &str) -> Self {
        let values = match command("modinfo", &["-F", name, "--", module]) {
            Ok(Output { status, stdout, .. }) if status.success() => stdout,
            _ => Vec::new(),
        };
        let values = String::from_utf8_lossy(&values).into_owned();
        Self(
            values
                .lines()
                .map(|value| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The values of the strings with a name.
    pub fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(own, _)| own == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The modules that it uses, as the kernel calls them.
    pub fn depends(&self) -> impl Iterator<Item = String> + '_ {
        let names = self.get("depends").flat_map(|names| names.split(','));
        names.filter(|name| !name.is_empty()).map(module_name)
    }

    /// These strings.
    #[cfg(test)]
    pub fn of_strings(strings: &[(&str, &str)]) -> Self {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self(strings.iter().map(own).collect())
    }

    fn parse(strings: &[u8]) -> Self {
        let strings = strings.split(|&byte| byte == 0);
        let pair = |string| {
            let string = String::from_utf8_lossy(string);
            let (name, value) = string.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self(strings.filter_map(pair).collect())
    }
}

/// A section of an ELF file.
struct Section {
    name: u32,
    at: u64,
    size: u64,
}

/// The section `.modinfo` of a 64-bit ELF file of this machine's byte order.
fn modinfo_section(file: &File) -> io::Result<Vec<u8>> {
    let header = read(file, 0, 64)?;
    if !header.starts_with(b"\x7fELF\x02") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let (size, count, names) = (half(&header, 58), half(&header, 60), half(&header, 62));
    let table = read(file, word(&header, 40), u64::from(size) * u64::from(count))?;
    let sections: Vec<Section> = table
        .chunks_exact(usize::from(size).max(64))
        .map(|section| Section {
            name: word(section, 0) as u32,
            at: word(section, 24),
            size: word(section, 32),
        })
        .collect();
    let names = sections
        .get(usize::from(names))
        .ok_or(io::ErrorKind::InvalidData)?;
    let names = read(file, names.at, names.size)?;
    let modinfo = sections.iter().find(|section| {
        let name = names.get(section.name as usize..);
        name.is_some_and(|name| name.starts_with(b".modinfo\0"))
    });
    match modinfo {
        Some(section) => read(file, section.at, section.size),
        None => Ok(Vec::new()),
    }
}

fn read(file: &File, at: u64, size: u64) -> io::Result<Vec<u8>> {
    if size > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; size as usize];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

/// Two bytes of a header that has them.
fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

/// Eight bytes of a header that has them.
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_ne_bytes(word)
}

#[cfg(test)]
pub mod tests {
    use std::{
        env, fs,
        path::PathBuf,
        process,
        sync::atomic::{AtomicU32, Ordering::Relaxed},
    };

    use super::*;

    /// A module's file with these strings, as far as this module is concerned.
    pub fn elf(modinfo: &[u8]) -> Vec<u8> {
        const NAMES: &[u8] = b"\0.modinfo\0.shstrtab\0";
        let mut file = vec![0; 64];
        file[..5].copy_from_slice(b"\x7fELF\x02");
        let table = 64 + NAMES.len() + modinfo.len();
        file[40..48].copy_from_slice(&(table as u64).to_ne_bytes());
        for (at, value) in [(58, 64_u16), (60, 3), (62, 2)] {
            file[at..at + 2].copy_from_slice(&value.to_ne_bytes());
        }
        file.extend_from_slice(NAMES);
        file.extend_from_slice(modinfo);
        for (name, at, size) in [
            (0_u32, 0, 0),
            (1, 64 + NAMES.len(), modinfo.len()),
            (10, 64, NAMES.len()),
        ] {
            let mut section = vec![0; 64];
            section[..4].copy_from_slice(&name.to_ne_bytes());
            section[24..32].copy_from_slice(&(at as u64).to_ne_bytes());
            section[32..40].copy_from_slice(&(size as u64).to_ne_bytes());
            file.extend_from_slice(&section);
        }
        file
    }

    fn of_bytes(bytes: &[u8]) -> Modinfo {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let path: PathBuf =
            env::temp_dir().join(format!("ukl-modinfo-{}-{number}.ko", process::id()));
        fs::write(&path, bytes).unwrap();
        let info = Modinfo::of_file(&path);
        fs::remove_file(&path).unwrap();
        info
    }

    #[test]
    fn strings_are_those_of_the_section() {
        let info = of_bytes(&elf(
            b"license=GPL\0\0depends=ukl_linux,ukl\0ukl=stack=1M bypass=64\0",
        ));
        assert_eq!(info.get("license").collect::<Vec<_>>(), ["GPL"]);
        assert_eq!(info.get("ukl").collect::<Vec<_>>(), ["stack=1M bypass=64"]);
        assert_eq!(info.depends().collect::<Vec<_>>(), ["ukl_linux", "ukl"]);
        let info = of_bytes(&elf(b"depends=\0"));
        assert_eq!(info.depends().count(), 0);
        assert_eq!(info.get("ukl").count(), 0);
    }

    #[test]
    fn what_is_no_module_says_nothing() {
        let good = elf(b"ukl=stack=1M\0");
        for end in 0..good.len() {
            assert_eq!(of_bytes(&good[..end]), Modinfo::default(), "{end}");
        }
        for at in (24..64).chain(good.len() - 128..good.len()) {
            let mut bad = good.clone();
            bad[at] ^= 0xff;
            // It may be the same, or nothing; but it is read to its end.
            let _ = of_bytes(&bad);
        }
        assert_eq!(
            Modinfo::of_file(Path::new("/nowhere.ko")),
            Modinfo::default()
        );
        assert_eq!(Modinfo::of_file(Path::new("/")), Modinfo::default());
    }
}
