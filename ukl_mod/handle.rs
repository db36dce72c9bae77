// SPDX-License-Identifier: GPL-2.0

//! Handles: what an application has open, and its calls use.

use core::{
    mem::MaybeUninit,
    ops::Deref,
    ptr::{self, NonNull},
};
use kernel::{
    alloc::KBox,
    prelude::*,
    rbtree::{RBTree, RBTreeNodeReservation},
    sync::aref::{ARef, AlwaysRefCounted},
};
use ukl_support::users::Users;

/// Something open, counted by the application that has it and by each call that is using it.
///
/// The last one to let go drops it, so that what is closed in the middle of another thread's call stays
/// whole until that call has returned. Its address is what C calls the handle; it does not move.
pub(crate) struct Handle<T> {
    users: Users,
    value: T,
}

// SAFETY: The value is freed when the count that `inc_ref` and `dec_ref` keep drops to 0.
unsafe impl<T> AlwaysRefCounted for Handle<T> {
    #[inline(always)]
    fn inc_ref(&self) {
        self.users.add();
    }

    #[inline(always)]
    unsafe fn dec_ref(this: NonNull<Self>) {
        // SAFETY: The caller has a reference, so the value is alive.
        if unsafe { this.as_ref() }.users.remove() {
            // SAFETY: That was the last reference.
            unsafe { Self::free(this) };
        }
    }
}

impl<T> Handle<T> {
    /// # Safety
    ///
    /// Nobody may have a reference.
    #[cold]
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: `Reserved::open` took the pointer from a `KBox`.
        drop(unsafe { KBox::from_raw(this.as_ptr()) });
    }
}

impl<T> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Handle<T> {
    /// Whether a call is using it, beside whoever has `this`.
    pub(crate) fn is_in_use(this: &ARef<Self>) -> bool {
        this.users.count() > 1
    }

    /// Takes the value out; `Err` if a call is using it.
    pub(crate) fn into_inner(this: ARef<Self>) -> Result<T, ARef<Self>> {
        if Self::is_in_use(&this) {
            return Err(this);
        }
        // SAFETY: `Reserved::open` took the pointer from a `KBox`; the reference that is turned into it
        // is the only one, and nobody makes another, as no call may begin on a handle that is closed.
        Ok(KBox::into_inner(unsafe { KBox::from_raw(ARef::into_raw(this).as_ptr()) }).value)
    }
}

/// A handle as an application gives it to a call.
///
/// While a call waits to be made again, another thread may close what it is about: only
/// [`Kernel::hold`](crate::transition::Kernel::hold) looks behind it.
pub(crate) struct Given<T>(*const Handle<T>);

impl<T> Clone for Given<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Given<T> {}

impl<T> Given<T> {
    /// # Safety
    ///
    /// The handle must be open when the call begins that it is given to.
    #[inline(always)]
    pub(crate) unsafe fn new(handle: *const Handle<T>) -> Self {
        Self(handle)
    }

    /// # Safety
    ///
    /// The handle must be open.
    #[inline(always)]
    pub(crate) unsafe fn as_ref<'a>(self) -> &'a Handle<T> {
        // SAFETY: By the function's requirements.
        unsafe { &*self.0 }
    }
}

/// Memory for a handle to be.
pub(crate) struct Reserved<T> {
    place: Place<T>,
    memory: KBox<MaybeUninit<Handle<T>>>,
}

/// A free place in a table.
pub(crate) struct Place<T>(RBTreeNodeReservation<usize, ARef<Handle<T>>>);

impl<T> Place<T> {
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        RBTreeNodeReservation::new(GFP_KERNEL).map(Self)
    }
}

impl<T> Reserved<T> {
    /// `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            place: Place::new()?,
            memory: KBox::new_uninit(GFP_KERNEL)?,
        })
    }

    /// Makes a handle of `value`, for [`Table::insert`].
    fn open(self, value: T) -> (Place<T>, ARef<Handle<T>>) {
        let handle = KBox::write(
            self.memory,
            Handle {
                users: Users::one(),
                value,
            },
        );
        // SAFETY: The pointer is not null and carries the count of 1.
        let handle = unsafe { ARef::from_raw(NonNull::new_unchecked(KBox::into_raw(handle))) };
        (self.place, handle)
    }
}

/// The open handles of one kind that an application has.
pub(crate) struct Table<T> {
    tree: RBTree<usize, ARef<Handle<T>>>,
    len: usize,
}

impl<T> Table<T> {
    pub(crate) fn new() -> Self {
        Self {
            tree: RBTree::new(),
            len: 0,
        }
    }

    /// Opens `value`. Returns the handle as C has it.
    pub(crate) fn open(&mut self, reserved: Reserved<T>, value: T) -> *const Handle<T> {
        let (place, handle) = reserved.open(value);
        self.insert(place, handle)
    }

    /// Adds a handle.
    pub(crate) fn insert(&mut self, place: Place<T>, handle: ARef<Handle<T>>) -> *const Handle<T> {
        let pointer = ptr::from_ref(&*handle);
        self.tree
            .insert(place.0.into_node(pointer as usize, handle));
        self.len += 1;
        pointer
    }

    /// A handle; `EBADF` if it is not in the table.
    pub(crate) fn find(&self, given: Given<T>) -> Result<ARef<Handle<T>>> {
        self.tree.get(&(given.0 as usize)).cloned().ok_or(EBADF)
    }

    /// Takes a handle out; `EBADF` if it is not in the table.
    pub(crate) fn remove(&mut self, handle: *const Handle<T>) -> Result<ARef<Handle<T>>> {
        let handle = self.tree.remove(&(handle as usize)).ok_or(EBADF)?;
        self.len -= 1;
        Ok(handle)
    }

    /// How many handles are open.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

#[kunit_tests(ukl_handle)]
mod tests {
    use super::*;
    use ukl_support::once::Once;

    /// Counts how often it is dropped.
    struct Value<'a>(&'a Once<u64>);

    impl Drop for Value<'_> {
        fn drop(&mut self) {
            self.0.add(1);
        }
    }

    #[test]
    fn what_is_open() -> Result {
        let dropped = Once::new(0);
        let mut table = Table::new();
        let first = table.open(Reserved::new()?, Value(&dropped));
        let second = table.open(Reserved::new()?, Value(&dropped));
        assert_eq!(table.len(), 2);
        assert!(first != second);
        // SAFETY: It is open.
        let given = unsafe { Given::new(first) };
        assert!(ptr::eq(&*table.find(given)?, first));
        drop(table.remove(first)?);
        assert_eq!((table.len(), dropped.load()), (1, 1));
        assert_eq!(table.find(given).err(), Some(EBADF));
        // It was given back, it never was one, it is none.
        for handle in [first, second.wrapping_byte_add(1), ptr::null()] {
            assert_eq!(table.remove(handle).err(), Some(EBADF));
        }
        assert_eq!(table.len(), 1);
        drop(table);
        assert_eq!(dropped.load(), 2);
        Ok(())
    }

    #[test]
    fn in_the_middle_of_a_call() -> Result {
        let dropped = Once::new(0);
        let mut table = Table::new();
        let handle = table.open(Reserved::new()?, Value(&dropped));
        // SAFETY: It is open.
        let call = ARef::from(unsafe { &*handle });
        let closed = table.remove(handle)?;
        assert!(Handle::is_in_use(&closed));
        let Err(closed) = Handle::into_inner(closed) else {
            return Err(EBUSY);
        };
        drop(call);
        assert_eq!(dropped.load(), 0);
        assert!(!Handle::is_in_use(&closed));
        let value = Handle::into_inner(closed).map_err(|_| EBUSY)?;
        assert_eq!(dropped.load(), 0);
        drop(value);
        assert_eq!(dropped.load(), 1);
        Ok(())
    }
}
