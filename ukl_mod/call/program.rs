// SPDX-License-Identifier: GPL-2.0

//! Programs: offered from module init and taken back from module exit, outside any transition.

use crate::{program::Program, thread::Body};
use kernel::{prelude::*, str::CString};
use ukl_support::module::Owner;

/// `ukl_program_register()`.
pub(crate) fn register(owner: Owner, name: &CStr, main: Body) -> Result<*const Program> {
    if name.is_empty() || name.to_bytes_with_nul().len() > ukl_bindings::UKL_NAME_MAX as usize {
        return Err(EINVAL);
    }
    Program::register(owner, CString::try_from(name)?, main)
}

/// `ukl_program_unregister()`.
pub(crate) fn unregister(program: *const Program) -> Result {
    Program::unregister(program)
}

/// Takes back what a module that unloads offers, for which there is no code in a moment.
pub(crate) fn unregister_all_of(owner: Owner) {
    while let Some(program) = Program::unregister_of(owner) {
        pr_warn!(
            "{}: unloaded without ukl_program_unregister()\n",
            program.name()
        );
    }
}
