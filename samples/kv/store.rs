// SPDX-License-Identifier: GPL-2.0

//! The table of keys and values.
//!
//! A red-black tree of the kernel under one mutex. The tree needs no resizing and no secret: a client
//! that picks its keys to collide, which would make a hash table walk long chains in ring 0, gets
//! nothing here. The mutex is held for a walk down the tree; values are shared, so that no big one is
//! copied, sent or freed under it. That is a small part of what a request takes; shards would pay off
//! with far more processors, and cost `FLUSHALL` and `DBSIZE` their atomicity.

use crate::{
    memory::{self, Charge},
    resp,
};
use core::{cmp::Ordering, mem, ops::Deref};
use kernel::{
    alloc::AllocError,
    fmt::Write,
    new_mutex,
    prelude::*,
    rbtree::RBTree,
    str::Formatter,
    sync::{Arc, Mutex},
};

/// What a key, and what a value, takes beyond its bytes: tree node, [`Arc`], rounding.
const OVERHEAD: usize = 96;

fn copy(bytes: &[u8]) -> Result<KVVec<u8>, AllocError> {
    let mut copy = KVVec::with_capacity(bytes.len(), memory::flags())?;
    copy.extend_from_slice(bytes, memory::flags())?;
    Ok(copy)
}

/// Why a command was not carried out.
#[derive(Debug)]
pub(crate) enum Error {
    OutOfMemory,
    NotInteger,
    Overflow,
}

impl Error {
    /// In Redis' words.
    pub(crate) fn message(&self) -> &'static str {
        match self {
            Self::OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.",
            Self::NotInteger => "ERR value is not an integer or out of range",
            Self::Overflow => "ERR increment or decrement would overflow",
        }
    }
}

impl From<AllocError> for Error {
    fn from(_: AllocError) -> Self {
        Self::OutOfMemory
    }
}

impl From<kernel::error::Error> for Error {
    /// The kernel crate's containers have one reason to fail.
    fn from(_: kernel::error::Error) -> Self {
        Self::OutOfMemory
    }
}

/// A key. A connection keeps one to look up with, so that a look-up allocates nothing.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Key(KVVec<u8>);

impl Key {
    /// Bytes that a key to look up with keeps allocated.
    const KEEP: usize = 1024;

    /// Makes this the key `bytes`.
    pub(crate) fn set(&mut self, bytes: &[u8]) -> Result<(), AllocError> {
        self.0.clear();
        self.0.extend_from_slice(bytes, memory::flags())
    }

    /// Gives the memory of a long key back.
    pub(crate) fn trim(&mut self) {
        if self.0.capacity() > Self::KEEP {
            *self = Self::default();
        }
    }

    fn try_clone(&self) -> Result<Self, AllocError> {
        copy(&self.0).map(Self)
    }
}

impl Ord for Key {
    /// Any order will do; this one often compares no bytes.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_len = self.0.len().cmp(&other.0.len());
        by_len.then_with(|| self.0.as_slice().cmp(other.0.as_slice()))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A value.
pub(crate) struct Value {
    bytes: KVVec<u8>,
    _charge: Charge,
}

impl Value {
    fn new(bytes: &[u8]) -> Result<Arc<Self>, AllocError> {
        let charge = Charge::new(bytes.len() + OVERHEAD)?;
        let value = Self {
            bytes: copy(bytes)?,
            _charge: charge,
        };
        Arc::new(value, memory::flags())
    }

    fn from_integer(number: i64) -> Result<Arc<Self>, AllocError> {
        let mut text = [0; 20]; // "-9223372036854775808"
        let mut formatter = Formatter::new(&mut text);
        // It fits.
        let _ = write!(formatter, "{number}");
        let len = formatter.bytes_written();
        Self::new(text.get(..len).unwrap_or_default())
    }
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What the table has for a key.
struct Entry {
    value: Arc<Value>,
    /// For the key and the tree's node.
    _charge: Charge,
}

#[derive(Default)]
struct Table {
    tree: RBTree<Key, Entry>,
    len: usize,
}

impl Table {
    /// Returns the value that was there, for the caller to drop without the lock.
    fn put(&mut self, key: &Key, value: Arc<Value>) -> Result<Option<Arc<Value>>, Error> {
        if let Some(entry) = self.tree.get_mut(key) {
            return Ok(Some(mem::replace(&mut entry.value, value)));
        }
        let charge = Charge::new(key.0.len() + OVERHEAD)?;
        let entry = Entry {
            value,
            _charge: charge,
        };
        self.tree
            .try_create_and_insert(key.try_clone()?, entry, memory::flags())?;
        self.len += 1;
        Ok(None)
    }
}

/// The table of keys and values.
#[pin_data]
pub(crate) struct Store {
    #[pin]
    table: Mutex<Table>,
}

impl Store {
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            table <- new_mutex!(Table::default()),
        })
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Value>> {
        let table = self.table.lock();
        table.tree.get(key).map(|entry| entry.value.clone())
    }

    pub(crate) fn contains(&self, key: &Key) -> bool {
        self.table.lock().tree.get(key).is_some()
    }

    pub(crate) fn set(&self, key: &Key, value: &[u8]) -> Result<(), Error> {
        let value = Value::new(value)?;
        let _old = self.table.lock().put(key, value)?;
        Ok(())
    }

    /// Whether it was there.
    pub(crate) fn remove(&self, key: &Key) -> bool {
        let mut table = self.table.lock();
        let old = table.tree.remove_node(key);
        table.len -= usize::from(old.is_some());
        drop(table);
        old.is_some()
    }

    /// Adds 1 to a number, 0 if there is none, and returns it.
    pub(crate) fn increment(&self, key: &Key) -> Result<i64, Error> {
        let mut table = self.table.lock();
        let number = match table.tree.get(key) {
            Some(entry) => resp::integer(&entry.value).ok_or(Error::NotInteger)?,
            None => 0,
        };
        let number = number.checked_add(1).ok_or(Error::Overflow)?;
        table.put(key, Value::from_integer(number)?)?;
        Ok(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.lock().len
    }

    pub(crate) fn clear(&self) {
        let _old = mem::take(&mut *self.table.lock());
    }
}
