// SPDX-License-Identifier: GPL-2.0

//! Programs: what modules offer for processes to run.

use crate::thread::Body;
use core::ptr;
use kernel::{prelude::*, str::CString, sync::Arc};
use ukl_support::module::{ModuleRef, Owner};

kernel::sync::global_lock! {
    // SAFETY: `init` initialises it before the module exports anything.
    unsafe(uninit) static PROGRAMS: Mutex<KVec<Arc<Program>>> = KVec::new();
}

/// Prepares the registry. Called once, when the module loads.
pub(crate) fn init() {
    // SAFETY: Called once, before first use.
    unsafe { PROGRAMS.init() };
}

/// A program: a function under a name.
pub(crate) struct Program {
    name: CString,
    owner: Owner,
    body: Body,
}

impl Program {
    /// Offers a program. `EEXIST` if there is one of that name.
    pub(crate) fn register(owner: Owner, name: CString, body: Body) -> Result<*const Self> {
        let program = Arc::new(Self { name, owner, body }, GFP_KERNEL)?;
        let mut programs = PROGRAMS.lock();
        if programs.iter().any(|other| *other.name == *program.name) {
            return Err(EEXIST);
        }
        programs.push(program.clone(), GFP_KERNEL)?;
        Ok(Arc::as_ptr(&program))
    }

    /// Takes an offer back; `EINVAL` if there is none.
    pub(crate) fn unregister(program: *const Self) -> Result {
        Self::take(|other| ptr::eq(other, program)).ok_or(EINVAL)?;
        Ok(())
    }

    /// Takes back an offer of the module `owner`, if there is one.
    pub(crate) fn unregister_of(owner: Owner) -> Option<Arc<Self>> {
        Self::take(|program| program.owner == owner)
    }

    fn take(wanted: impl Fn(&Self) -> bool) -> Option<Arc<Self>> {
        let mut programs = PROGRAMS.lock();
        let index = programs.iter().position(|program| wanted(program))?;
        let program = programs.remove(index).ok();
        if programs.is_empty() {
            // A static is not dropped when the module unloads.
            *programs = KVec::new();
        }
        program
    }

    /// The program of that name, and what keeps its module loaded. `ENOENT` if there is none, `EAGAIN`
    /// if its module is still loading, or unloading.
    pub(crate) fn find(name: &CStr) -> Result<(Arc<Self>, ModuleRef)> {
        let programs = PROGRAMS.lock();
        let program = programs
            .iter()
            .find(|program| *program.name == *name)
            .ok_or(ENOENT)?;
        // SAFETY: A module that goes takes its programs back first, under the lock.
        let module = unsafe { program.owner.get() }.ok_or(EAGAIN)?;
        Ok((program.clone(), module))
    }

    /// Calls `f` with each program and the name of its module, until it fails.
    pub(crate) fn try_for_each<E>(
        mut f: impl FnMut(&Self, &CStr) -> Result<(), E>,
    ) -> Result<(), E> {
        let programs = PROGRAMS.lock();
        programs.iter().try_for_each(|program| {
            // SAFETY: As in `find`.
            f(program, unsafe { program.owner.name() })
        })
    }

    /// The name.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// The module that offers it.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// What it runs.
    pub(crate) fn body(&self) -> Body {
        self.body
    }
}
