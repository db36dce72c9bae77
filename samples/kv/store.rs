// SPDX-License-Identifier: GPL-2.0

//! The table of keys and values.
//!
//! Red-black trees of the kernel, each under a mutex of its own; the hash of a key says in which one it is,
//! and comes first in the order there, so that hardly any bytes are compared on the way down. The trees
//! need no resizing and no secret: a client that picks its keys to collide, which would make a hash
//! table walk long chains in ring 0, gets the depth of a tree. A mutex is held for a walk down and to copy
//! a small value; large ones are shared, so that none is copied, sent or freed under it. With several
//! trees, `FLUSHALL` and `DBSIZE` see each of them at a moment of its own.

use crate::{
    memory::{self, Account, Charge},
    resp,
};
use core::{array, cmp::Ordering, mem};
use kernel::{
    alloc::AllocError,
    new_mutex,
    prelude::*,
    rbtree::RBTree,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
        Mutex, //
    },
};
use pin_init::pin_init_array_from_fn;
use ukl::io::Pages;

/// Bytes of the largest value that is copied to be answered, with what is around it.
pub(crate) const SMALL: usize = 8 << 10;

/// What a key, and what a value, takes beyond its bytes: tree node, [`Arc`], rounding.
const OVERHEAD: usize = 96;

/// Trees, a power of two.
const SHARDS: usize = 64;

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

/// A key: one of the table's, or one to look up with.
#[derive(PartialEq, Eq)]
pub(crate) struct Key<'a> {
    hash: u64,
    bytes: Bytes<'a>,
}

enum Bytes<'a> {
    Owned(KVVec<u8>),
    Borrowed(&'a [u8]),
}

impl Bytes<'_> {
    #[inline]
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Borrowed(bytes) => bytes,
        }
    }
}

impl PartialEq for Bytes<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Bytes<'_> {}

impl<'a> Key<'a> {
    /// The key `bytes`, to look up with.
    #[inline]
    fn borrowed(bytes: &'a [u8]) -> Self {
        Self {
            hash: hash(bytes),
            bytes: Bytes::Borrowed(bytes),
        }
    }

    #[inline]
    fn shard(&self) -> usize {
        // The upper bits are the better ones.
        (self.hash >> (u64::BITS - SHARDS.ilog2())) as usize
    }
}

impl Key<'static> {
    /// The key `bytes`, to change the table with.
    fn owned(bytes: &[u8]) -> Result<Self, AllocError> {
        let mut copy = KVVec::with_capacity(bytes.len(), memory::flags())?;
        copy.extend_from_slice(bytes, memory::flags())?;
        Ok(Self {
            hash: hash(bytes),
            bytes: Bytes::Owned(copy),
        })
    }
}

impl Ord for Key<'_> {
    /// Any order will do.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        let by_hash = self.hash.cmp(&other.hash);
        by_hash.then_with(|| {
            let (a, b) = (self.bytes.as_slice(), other.bytes.as_slice());
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        })
    }
}

impl PartialOrd for Key<'_> {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// That of rustc for its own tables.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    fn mix(hash: u64, word: u64) -> u64 {
        (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
    }
    let mut hash = bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        hash = mix(hash, word.try_into().map_or(0, u64::from_le_bytes));
    }
    let mut rest = 0;
    for byte in words.remainder() {
        rest = rest << 8 | u64::from(*byte);
    }
    mix(hash, rest)
}

/// A value, in the form in which it is answered: `$3\r\nfoo\r\n`.
pub(crate) struct Value {
    body: Body,
    /// Bytes in front of the value itself.
    head: usize,
    charge: Charge,
}

/// The bytes of a value.
pub(crate) enum Body {
    /// To be copied.
    Small(KVec<u8>),
    /// To be sent from where they lie.
    Large(Pages),
}

/// What is behind a value.
const END: &[u8] = b"\r\n";

impl Value {
    fn new(bytes: &[u8], account: &Arc<Account>) -> Result<Arc<Self>, AllocError> {
        let mut digits = [0; 20];
        let digits = resp::decimal(bytes.len() as i64, &mut digits);
        let parts = [b"$", digits, END, bytes, END];
        let head = 1 + digits.len() + END.len();
        let len = head + bytes.len() + END.len();
        let charge = Charge::new(account, len + OVERHEAD)?;
        let body = if len <= SMALL {
            let mut body = KVec::with_capacity(len, memory::flags())?;
            for part in parts {
                body.extend_from_slice(part, memory::flags())?;
            }
            Body::Small(body)
        } else {
            let mut body = VVec::with_capacity(len, memory::flags())?;
            for part in parts {
                body.extend_from_slice(part, memory::flags())?;
            }
            Body::Large(Pages::new(body))
        };
        let value = Self { body, head, charge };
        Arc::new(value, memory::flags())
    }

    /// How it is answered.
    #[inline]
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// The value itself.
    fn bytes(&self) -> &[u8] {
        let body: &[u8] = match &self.body {
            Body::Small(body) => body,
            Body::Large(pages) => pages,
        };
        body.get(self.head..body.len() - END.len())
            .unwrap_or_default()
    }
}

/// What the table has for a key.
struct Entry {
    value: Arc<Value>,
    /// For the key and the tree's node.
    _charge: Charge,
}

type Tree = RBTree<Key<'static>, Entry>;

/// Looks up `key`, which need not live as long as those of the tree.
#[inline]
fn find<'a, 'k>(tree: &'a RBTree<Key<'k>, Entry>, key: &Key<'k>) -> Option<&'a Entry> {
    tree.get(key)
}

#[derive(Default)]
struct Shard {
    tree: Tree,
    len: usize,
}

impl Shard {
    /// Returns the value that was there, for the caller to drop without the lock.
    fn put(&mut self, key: Key<'static>, value: Arc<Value>) -> Result<Option<Arc<Value>>, Error> {
        if let Some(entry) = self.tree.get_mut(&key) {
            return Ok(Some(mem::replace(&mut entry.value, value)));
        }
        let charge = value
            .charge
            .another(key.bytes.as_slice().len() + OVERHEAD)?;
        let entry = Entry {
            value,
            _charge: charge,
        };
        self.tree
            .try_create_and_insert(key, entry, memory::flags())?;
        self.len += 1;
        Ok(None)
    }
}

/// What was in the table, to be dropped.
pub(crate) struct Cleared([Tree; SHARDS]);

impl Cleared {
    /// Drops a part of it; false if there was none.
    pub(crate) fn drop_some(&mut self) -> bool {
        match self.0.iter_mut().find(|tree| !tree.is_empty()) {
            Some(tree) => *tree = Tree::new(),
            None => return false,
        }
        true
    }
}

/// The table of keys and values.
#[pin_data]
pub(crate) struct Store {
    #[pin]
    shards: [Mutex<Shard>; SHARDS],
    len: Atomic<usize>,
    account: Arc<Account>,
}

impl Store {
    /// An empty table, whose memory is charged to `account`.
    pub(crate) fn new(account: Arc<Account>) -> impl PinInit<Self> {
        pin_init!(Self {
            shards <- pin_init_array_from_fn(|_| new_mutex!(Shard::default())),
            len: Atomic::new(0),
            account,
        })
    }

    #[inline]
    fn shard(&self, key: &Key<'_>) -> &Mutex<Shard> {
        // A key's shard is one of them.
        &self.shards[key.shard() % SHARDS]
    }

    /// Hands the value of `key` to `read`, with the lock held.
    #[inline]
    pub(crate) fn get<R>(&self, key: &[u8], read: impl FnOnce(&Arc<Value>) -> R) -> Option<R> {
        let key = Key::borrowed(key);
        let shard = self.shard(&key).lock();
        find(&shard.tree, &key).map(|entry| read(&entry.value))
    }

    pub(crate) fn set(&self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let (key, value) = (Key::owned(key)?, Value::new(value, &self.account)?);
        let mut shard = self.shard(&key).lock();
        let old = shard.put(key, value);
        drop(shard);
        self.count_new(&old);
        old.map(|_| ())
    }

    /// Whether it was there.
    pub(crate) fn remove(&self, key: &[u8]) -> Result<bool, Error> {
        let key = Key::owned(key)?;
        let mut shard = self.shard(&key).lock();
        let old = shard.tree.remove_node(&key);
        shard.len -= usize::from(old.is_some());
        drop(shard);
        if old.is_some() {
            self.len.fetch_sub(1, Relaxed);
        }
        Ok(old.is_some())
    }

    /// Adds 1 to a number, 0 if there is none, and returns it.
    pub(crate) fn increment(&self, key: &[u8]) -> Result<i64, Error> {
        let key = Key::owned(key)?;
        let mut shard = self.shard(&key).lock();
        let number = match shard.tree.get(&key) {
            Some(entry) => resp::integer(entry.value.bytes()).ok_or(Error::NotInteger)?,
            None => 0,
        };
        let number = number.checked_add(1).ok_or(Error::Overflow)?;
        let mut digits = [0; 20];
        let value = Value::new(resp::decimal(number, &mut digits), &self.account)?;
        let old = shard.put(key, value);
        drop(shard);
        self.count_new(&old);
        old.map(|_| number)
    }

    fn count_new(&self, old: &Result<Option<Arc<Value>>, Error>) {
        if let Ok(None) = old {
            self.len.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Relaxed)
    }

    /// Takes all out.
    pub(crate) fn clear(&self) -> Cleared {
        Cleared(array::from_fn(|shard| {
            let Shard { tree, len } = mem::take(&mut *self.shards[shard].lock());
            self.len.fetch_sub(len, Relaxed);
            tree
        }))
    }
}
