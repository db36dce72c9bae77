// SPDX-License-Identifier: GPL-2.0

//! `ukl object`: what is left to do to the relocatable object of a program in C before it is linked as a
//! module or for user space. See `tools/cc`.

use std::{fs, mem::size_of};

use anyhow::{bail, ensure, Context, Result};
use object::{
    elf::{self, FileHeader64, Rela64, SectionHeader64, Sym64},
    pod,
    read::elf::{FileHeader, Rela, SectionHeader, Sym},
    Endianness, U64,
};

use crate::cli::ObjectArgs;

type Section = SectionHeader64<Endianness>;
type Symbol = Sym64<Endianness>;
type Relocation = Rela64<Endianness>;

/// Does what the command line says.
pub fn object(args: &ObjectArgs) -> Result<()> {
    let path = &args.file;
    let data = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut object = Object::parse(data).with_context(|| path.display().to_string())?;
    let done = if args.module {
        module(&mut object)
    } else {
        user(&mut object)
    };
    done.with_context(|| path.display().to_string())?;
    fs::write(path, object.data).with_context(|| format!("cannot write {}", path.display()))
}

/// A relocatable object: its bytes, and copies of its tables.
struct Object {
    data: Vec<u8>,
    endian: Endianness,
    /// Where in `data` the section headers begin.
    headers: usize,
    sections: Vec<Section>,
    symbols: Vec<Symbol>,
    /// Where in `data` the symbols begin.
    symbol_table: usize,
    names: Vec<Vec<u8>>,
}

impl Object {
    fn parse(data: Vec<u8>) -> Result<Self> {
        let file = FileHeader64::<Endianness>::parse(&*data)?;
        let endian = file.endian()?;
        ensure!(
            file.e_type(endian) == elf::ET_REL && file.e_machine(endian) == elf::EM_X86_64,
            "not a relocatable object for x86-64"
        );
        let sections = file.sections(endian, &*data)?;
        let table = sections.symbols(endian, &*data, elf::SHT_SYMTAB)?;
        let symbols: Vec<_> = table.iter().copied().collect();
        let names = symbols
            .iter()
            .map(|symbol| Ok(table.symbol_name(endian, symbol)?.to_vec()))
            .collect::<Result<_>>()?;
        let symbol_table = sections.section(table.section())?.sh_offset(endian);
        Ok(Self {
            endian,
            headers: file.e_shoff(endian).try_into()?,
            sections: sections.iter().copied().collect(),
            symbols,
            symbol_table: symbol_table.try_into()?,
            names,
            data,
        })
    }

    /// Calls `settle` with the bytes of the section it is for, each relocation, and the number of its
    /// symbol. Where that returns true, the relocation is done with, and goes.
    fn settle(
        &mut self,
        mut settle: impl FnMut(&mut [u8], &Relocation, usize) -> Result<bool>,
    ) -> Result<()> {
        let endian = self.endian;
        for n in 0..self.sections.len() {
            let section = self.sections[n];
            if section.sh_type(endian) != elf::SHT_RELA {
                continue;
            }
            let all = section
                .data_as_array::<Relocation, _>(endian, &*self.data)?
                .to_vec();
            let target = &self.sections[section.sh_info(endian) as usize];
            if target.sh_type(endian) == elf::SHT_NOBITS {
                continue;
            }
            let start = target.sh_offset(endian) as usize;
            let bytes = &mut self.data[start..start + target.sh_size(endian) as usize];
            let mut left = Vec::with_capacity(all.len());
            for relocation in all {
                if !settle(bytes, &relocation, relocation.r_sym(endian, false) as usize)? {
                    left.push(relocation);
                }
            }
            let mut header = section;
            header.sh_size = U64::new(endian, (left.len() * size_of::<Relocation>()) as u64);
            self.put(
                section.sh_offset(endian) as usize,
                pod::bytes_of_slice(&left),
            );
            self.put(
                self.headers + n * size_of::<Section>(),
                pod::bytes_of(&header),
            );
        }
        Ok(())
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.data[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

/// The module loader knows no thread-local variables. They become ordinary ones, the image that a
/// thread's own begin as, and the code that uses them gets its distances from the thread pointer here.
fn module(object: &mut Object) -> Result<()> {
    let endian = object.endian;

    // Where each section is in a thread's block, which ends at the thread pointer.
    let mut offsets = vec![None; object.sections.len()];
    let (mut image, mut size, mut align) = (0, 0u64, 1);
    for (n, section) in object.sections.iter().enumerate() {
        if section.sh_flags(endian) & u64::from(elf::SHF_TLS) == 0 {
            continue;
        }
        let section_align = section.sh_addralign(endian).max(1);
        align = align.max(section_align);
        let offset = size.next_multiple_of(section_align);
        offsets[n] = Some(offset);
        size = offset + section.sh_size(endian);
        if section.sh_type(endian) != elf::SHT_NOBITS {
            ensure!(
                offset == 0,
                "more than one section of thread-local variables"
            );
            image = size;
        }
    }
    let block = size.next_multiple_of(align);

    let symbols = object.symbols.clone();
    object.settle(|bytes, relocation, symbol| {
        let kind = relocation.r_type(endian, false);
        if !matches!(
            kind,
            elf::R_X86_64_TPOFF32
                | elf::R_X86_64_TPOFF64
                | elf::R_X86_64_GOTTPOFF
                | elf::R_X86_64_TLSGD
                | elf::R_X86_64_TLSLD
                | elf::R_X86_64_DTPOFF32
                | elf::R_X86_64_DTPOFF64
                | elf::R_X86_64_GOTPC32_TLSDESC
        ) {
            return Ok(false);
        }
        ensure!(
            kind == elf::R_X86_64_TPOFF32,
            "a thread-local variable is not used as ukl-cc compiles it (relocation {kind})"
        );
        let symbol = &symbols[symbol];
        let section = usize::from(symbol.st_shndx(endian));
        let offset = offsets.get(section).copied().flatten();
        let offset =
            offset.context("a thread-local variable is not defined")? + symbol.st_value(endian);
        let distance = offset as i64 + relocation.r_addend(endian) - block as i64;
        let at = relocation.r_offset(endian) as usize;
        bytes[at..at + 4].copy_from_slice(&i32::try_from(distance)?.to_le_bytes());
        Ok(true)
    })?;

    for (n, _) in offsets
        .iter()
        .enumerate()
        .filter(|(_, offset)| offset.is_some())
    {
        // The image is as aligned as a thread's block, which the C library takes for granted.
        let mut section = object.sections[n];
        let flags = section.sh_flags(endian) & !u64::from(elf::SHF_TLS);
        section.sh_flags = U64::new(endian, flags);
        section.sh_addralign = U64::new(endian, align);
        object.put(
            object.headers + n * size_of::<Section>(),
            pod::bytes_of(&section),
        );
    }
    for n in 0..object.symbols.len() {
        let mut symbol = object.symbols[n];
        if symbol.st_type() == elf::STT_TLS {
            symbol.set_st_info(symbol.st_bind(), elf::STT_OBJECT);
            object.put(
                object.symbol_table + n * size_of::<Symbol>(),
                pod::bytes_of(&symbol),
            );
        }
    }
    println!("-DUKL_TLS_IMAGE={image} -DUKL_TLS_SIZE={size} -DUKL_TLS_ALIGN={align}");
    Ok(())
}

/// What the kernel does to thunks when it loads a module on a processor that needs none: a return is a
/// return, and an indirect call is one.
fn user(object: &mut Object) -> Result<()> {
    let endian = object.endian;
    let thunks: Vec<_> = object.names.iter().map(|name| Thunk::of(name)).collect();
    object.settle(|bytes, relocation, symbol| {
        let Some(thunk) = &thunks[symbol] else {
            return Ok(false);
        };
        let end = relocation.r_offset(endian) as usize + 4;
        thunk.replace(bytes.get_mut(..end).context("truncated")?)
    })
}

/// What a thunk of the kernel stands for.
enum Thunk {
    Return,
    Indirect(u8),
}

impl Thunk {
    fn of(name: &[u8]) -> Option<Self> {
        const REGISTERS: [&[u8]; 16] = [
            b"rax", b"rcx", b"rdx", b"rbx", b"rsp", b"rbp", b"rsi", b"rdi", b"r8", b"r9", b"r10",
            b"r11", b"r12", b"r13", b"r14", b"r15",
        ];
        if name == b"__x86_return_thunk" {
            return Some(Self::Return);
        }
        let register = name.strip_prefix(b"__x86_indirect_thunk_")?;
        let number = REGISTERS.iter().position(|name| *name == register)?;
        Some(Self::Indirect(number as u8))
    }

    /// Puts it in the place of the call or jump that `code` ends with; false if that is of another form,
    /// which stays.
    fn replace(&self, code: &mut [u8]) -> Result<bool> {
        match *self {
            Self::Return => {
                // jmp, with or without a prefix
                let Some(start) = code.len().checked_sub(5).filter(|at| code[*at] == 0xe9) else {
                    return Ok(false);
                };
                let start = start - usize::from(code[..start].ends_with(&[0x2e]));
                code[start..].fill(0xcc);
                code[start] = 0xc3;
            }
            Self::Indirect(register) => {
                // cs call, cs jmp
                let Some(code) = code.last_chunk_mut::<6>() else {
                    bail!("truncated");
                };
                let operation = match code[..2] {
                    [0x2e, 0xe8] => 0xd0,
                    [0x2e, 0xe9] => 0xe0,
                    _ => return Ok(false),
                };
                *code = if register < 8 {
                    [0xff, operation | register, 0x0f, 0x1f, 0x40, 0x00]
                } else {
                    [0x41, 0xff, operation | (register - 8), 0x0f, 0x1f, 0x00]
                };
            }
        }
        Ok(true)
    }
}
