// SPDX-License-Identifier: GPL-2.0

//! Applications, and the registry of those that run.

use crate::{
    attachment::Attachment,
    handle::{Given, Handle, Place, Reserved, Table},
    mode::Mode,
    process::Process,
    resource::{OpenFile, Poll, Sock},
    thread::{Thread, Totals},
};
use core::{mem, ptr};
use kernel::{
    new_condvar, new_mutex,
    prelude::*,
    rbtree::{RBTree, RBTreeNodeReservation},
    str::CString,
    sync::{aref::ARef, Arc, CondVar, Mutex},
    task::Task,
};
use ukl_support::{module::Owner, once::Once, signal, task};

kernel::sync::global_lock! {
    // SAFETY: `init` initialises it before the module exports anything.
    unsafe(uninit) static RUNNING: Mutex<KVec<Arc<App>>> = KVec::new();
}

/// Prepares the registry. Called once, when the module loads.
pub(crate) fn init() {
    // SAFETY: Called once, before first use.
    unsafe { RUNNING.init() };
}

/// An application: its threads, and what `ukl_app_stop()` has to take back.
#[pin_data]
pub(crate) struct App {
    name: CString,
    owner: Owner,
    /// The process that runs it; none if its threads are kernel threads.
    process: Option<Arc<Process>>,
    over: Over,
    /// What another module keeps for the application.
    attachment: Attachment,
    #[pin]
    state: Mutex<State>,
    /// No thread runs application code any more.
    #[pin]
    idle: CondVar,
}

/// What an application has ended with, once it has ended by itself as a whole.
struct Over {
    is: Once<bool>,
    status: Once<i32>,
}

impl Over {
    fn new() -> Self {
        Self {
            is: Once::new(false),
            status: Once::new(0),
        }
    }

    /// The first one counts. One caller at a time.
    fn set(&self, status: i32) {
        if self.get().is_none() {
            self.status.store(status);
            self.is.store(true);
        }
    }

    fn get(&self) -> Option<i32> {
        self.is.load().then(|| self.status.load())
    }
}

struct State {
    /// No more threads, nothing more is opened.
    stopping: bool,
    /// The first thread, for its status.
    main: Option<Arc<Thread>>,
    threads: RBTree<usize, Member>,
    /// How many of `threads` have not ended.
    live: usize,
    /// Bytes of stacks, run areas and heap.
    memory: usize,
    heap: RBTree<usize, Block>,
    open: Tables,
    /// The counts of threads that are gone.
    ended: Totals,
}

/// What an application has and has done.
pub(crate) struct Summary {
    /// Counts over its whole life.
    pub(crate) totals: Totals,
    /// How many threads have not ended.
    pub(crate) threads: usize,
    /// Bytes of stacks, run areas and heap.
    pub(crate) memory: usize,
    /// How many sockets, event sets and files are open.
    pub(crate) open: [usize; 3],
}

/// What an application has open. Event sets go first, then what may be in them.
pub(crate) struct Tables {
    polls: Table<Poll>,
    socks: Table<Sock>,
    files: Table<OpenFile>,
}

impl Tables {
    fn new() -> Self {
        Self {
            polls: Table::new(),
            socks: Table::new(),
            files: Table::new(),
        }
    }

    /// How many sockets, event sets and files are open.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.socks.len(), self.polls.len(), self.files.len()]
    }
}

/// What an application can have open.
pub(crate) trait Resource: Sized {
    /// The table that its handles are in.
    fn table(tables: &mut Tables) -> &mut Table<Self>;
}

impl Resource for Sock {
    fn table(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.socks
    }
}

impl Resource for Poll {
    fn table(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.polls
    }
}

impl Resource for OpenFile {
    fn table(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.files
    }
}

/// A thread that runs, or has a handle that was neither joined nor detached, or both.
struct Member {
    thread: Arc<Thread>,
    life: Life,
    /// Whether a handle is out.
    handle: bool,
}

/// How far a thread is.
enum Life {
    /// A task of its process will run it.
    Expected,
    /// This task runs it.
    Runs(ARef<Task>),
    /// It has ended.
    Gone,
}

/// Memory that an application has allocated.
type Block = KVVec<u8>;

/// Handles are addresses, looked up before they are used.
fn key<T>(handle: *const T) -> usize {
    handle as usize
}

impl App {
    /// Makes an application with no threads and enters it in the registry.
    pub(crate) fn register(
        owner: Owner,
        name: CString,
        process: Option<Arc<Process>>,
    ) -> Result<Arc<Self>> {
        let app = Arc::pin_init(
            pin_init!(Self {
                name,
                owner,
                process,
                over: Over::new(),
                attachment: Attachment::new(),
                state <- new_mutex!(State {
                    stopping: false,
                    main: None,
                    threads: RBTree::new(),
                    live: 0,
                    memory: 0,
                    heap: RBTree::new(),
                    open: Tables::new(),
                    ended: Totals::ZERO,
                }),
                idle <- new_condvar!(),
            }),
            GFP_KERNEL,
        )?;
        RUNNING.lock().push(app.clone(), GFP_KERNEL)?;
        Ok(app)
    }

    /// Takes an application off the registry; `EINVAL` if it is not in there.
    pub(crate) fn unregister(app: *const App) -> Result<Arc<Self>> {
        Self::take(|other| ptr::eq(other, app)).ok_or(EINVAL)
    }

    /// Takes an application of the module `owner` off the registry.
    pub(crate) fn unregister_of(owner: Owner) -> Option<Arc<Self>> {
        Self::take(|app| app.owner == owner)
    }

    fn take(wanted: impl Fn(&App) -> bool) -> Option<Arc<Self>> {
        let mut running = RUNNING.lock();
        let index = running.iter().position(|app| wanted(app))?;
        let app = running.remove(index).ok();
        if running.is_empty() {
            // A static is not dropped when the module unloads.
            *running = KVec::new();
        }
        app
    }

    /// The application behind a handle; `EINVAL` if it does not run.
    pub(crate) fn find(app: *const App) -> Result<Arc<Self>> {
        let running = RUNNING.lock();
        let found = running.iter().find(|other| ptr::eq(&***other, app));
        found.cloned().ok_or(EINVAL)
    }

    /// Calls `f` with each application that runs.
    pub(crate) fn for_each(mut f: impl FnMut(&App)) {
        RUNNING.lock().iter().for_each(|app| f(app));
    }

    /// As [`App::for_each`], until `f` fails.
    pub(crate) fn try_for_each<E>(mut f: impl FnMut(&App) -> Result<(), E>) -> Result<(), E> {
        RUNNING.lock().iter().try_for_each(|app| f(app))
    }

    /// The name, which its threads have as well.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// The module whose code it is.
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// The process that runs it; none if its threads are kernel threads.
    pub(crate) fn process(&self) -> Option<&Arc<Process>> {
        self.process.as_ref()
    }

    /// What another module keeps for it.
    pub(crate) fn attachment(&self) -> &Attachment {
        &self.attachment
    }

    /// Says which thread's status is the application's.
    pub(crate) fn set_main(&self, main: &Arc<Thread>) {
        self.state.lock().main = Some(main.clone());
    }

    /// Adds `thread`, whose task `start` starts, if it does not come by itself, with a handle out.
    /// `EINTR` if the application is stopping.
    pub(crate) fn add_thread(
        &self,
        thread: &Arc<Thread>,
        start: impl FnOnce() -> Result<Option<ARef<Task>>>,
    ) -> Result {
        self.add(thread, start, true)
    }

    /// Adds the first thread of a process, which nobody joins.
    pub(crate) fn add_main_thread(&self, thread: &Arc<Thread>) -> Result {
        self.add(thread, || Ok(None), false)?;
        self.set_main(thread);
        Ok(())
    }

    fn add(
        &self,
        thread: &Arc<Thread>,
        start: impl FnOnce() -> Result<Option<ARef<Task>>>,
        handle: bool,
    ) -> Result {
        let node = RBTreeNodeReservation::new(GFP_KERNEL)?;
        let mut state = self.state.lock();
        if state.stopping {
            return Err(EINTR);
        }
        // The lock is held until the thread is in, so that it cannot end before.
        let member = Member {
            life: start()?.map_or(Life::Expected, Life::Runs),
            thread: thread.clone(),
            handle,
        };
        state
            .threads
            .insert(node.into_node(key(Arc::as_ptr(thread)), member));
        state.live += 1;
        Ok(())
    }

    /// Notes that `task` runs `thread`, which was expected.
    pub(crate) fn set_task(&self, thread: &Thread, task: ARef<Task>) {
        if let Some(member) = self.state.lock().threads.get_mut(&key(thread)) {
            member.life = Life::Runs(task);
        }
    }

    /// Takes out a thread whose task never came.
    pub(crate) fn forget_thread(&self, thread: &Thread) {
        let mut state = self.state.lock();
        let member = state.threads.remove(&key(thread));
        if member.is_some() {
            state.live -= 1;
        }
        drop(state);
        drop(member);
    }

    /// Notes that `thread` runs no application code any more.
    pub(crate) fn end_thread(&self, thread: &Thread) {
        let mut state = self.state.lock();
        state.ended += thread.counters.read();
        state.live -= 1;
        if state.live == 0 {
            self.idle.notify_all();
        }
        let life = match state.threads.get_mut(&key(thread)) {
            Some(member) => mem::replace(&mut member.life, Life::Gone),
            None => Life::Gone,
        };
        let member = state.drop_unused(thread);
        drop(state);
        drop((life, member));
    }

    /// The thread behind a handle; `ESRCH` if it is none of this application's.
    pub(crate) fn thread(&self, handle: *const Thread) -> Result<Arc<Thread>> {
        match self.state.lock().threads.get(&key(handle)) {
            Some(member) if member.handle => Ok(member.thread.clone()),
            _ => Err(ESRCH),
        }
    }

    /// Gives a handle back; `ESRCH` if it is none of this application's.
    pub(crate) fn release_thread(&self, handle: *const Thread) -> Result {
        let mut state = self.state.lock();
        match state.threads.get_mut(&key(handle)) {
            Some(member) if member.handle => member.handle = false,
            _ => return Err(ESRCH),
        }
        let member = state.drop_unused(handle);
        drop(state);
        drop(member);
        Ok(())
    }

    /// Asks the thread behind a handle to stop; `ESRCH` if it is none of this application's.
    pub(crate) fn stop_thread(&self, handle: *const Thread) -> Result {
        match self.state.lock().threads.get(&key(handle)) {
            Some(member) if member.handle => {
                member.stop();
                Ok(())
            }
            _ => Err(ESRCH),
        }
    }

    /// Stops all threads, waits for their end, takes back the handles and closes what is left open.
    /// Returns the status of the first thread.
    pub(crate) fn stop(&self) -> i32 {
        let mut state = self.state.lock();
        state.stop();
        while state.live != 0 {
            self.idle.wait(&mut state);
        }
        // The threads' references on this application go here as well.
        let (main, rest) = state.take_all();
        drop(state);
        self.attachment.release();
        drop(rest);
        main.and_then(|main| main.status()).unwrap_or(0)
    }

    /// The application is over, with `status`: each thread that makes a call is ended there.
    pub(crate) fn end(&self, status: i32) {
        let mut state = self.state.lock();
        self.over.set(status);
        state.stop();
    }

    /// What it has ended with, if it is over ([`App::end`]).
    pub(crate) fn status(&self) -> Option<i32> {
        self.over.get()
    }

    /// Asks all threads to stop. Nothing more is opened.
    pub(crate) fn request_stop(&self) {
        self.state.lock().stop();
    }

    /// Ends an application of a process whose threads no task runs any more: what they have on their
    /// stacks goes with these, and what is open is closed.
    pub(crate) fn abandon(&self) {
        // `EINVAL` if it was not entered.
        let _ = Self::unregister(self);
        let mut state = self.state.lock();
        state.stopping = true;
        let (main, rest) = state.take_all();
        drop(state);
        if let Some(process) = &self.process {
            process.remove_seats();
        }
        self.attachment.release();
        drop((main, rest));
    }

    /// Looks for threads that have not made a transition for long.
    pub(crate) fn watch(&self) {
        self.for_each_task(|thread, task| {
            if thread.mode.get() == Mode::App {
                thread.watch.look(task::cpu_time(task), || thread.name());
            }
        });
    }

    /// Whether there is a thread that is to end and is in its own code.
    pub(crate) fn has_runaway(&self) -> bool {
        let over = self.status().is_some();
        let mut some = false;
        self.for_each_task(|thread, task| {
            some |= thread.mode.get() == Mode::App && (over || signal::is_killed(task));
        });
        some
    }

    /// Calls `f` with each thread that runs, and its task.
    pub(crate) fn for_each_task(&self, mut f: impl FnMut(&Thread, &Task)) {
        for member in self.state.lock().threads.values() {
            if let Life::Runs(task) = &member.life {
                f(&member.thread, task);
            }
        }
    }

    /// Counts memory that the application has.
    pub(crate) fn charge(&self, bytes: usize) {
        self.state.lock().memory += bytes;
    }

    /// Counts memory that it has no more.
    pub(crate) fn uncharge(&self, bytes: usize) {
        let mut state = self.state.lock();
        state.memory = state.memory.saturating_sub(bytes);
    }

    /// Allocates `size` bytes for the application, zeroed. `ENOMEM`; `EINTR` if it is stopping.
    pub(crate) fn allocate(&self, size: usize) -> Result<*mut u8> {
        let flags = match self.process {
            Some(_) => GFP_KERNEL_ACCOUNT,
            None => GFP_KERNEL,
        };
        let node = RBTreeNodeReservation::new(flags)?;
        let mut block = Block::with_capacity(size, flags | __GFP_ZERO | __GFP_NOWARN)?;
        // SAFETY: There is room for so many, and they are zeroed.
        unsafe { block.inc_len(size) };
        let address = block.as_mut_ptr();
        let mut state = self.state.lock();
        if state.stopping {
            return Err(EINTR);
        }
        state.heap.insert(node.into_node(address as usize, block));
        state.memory += size;
        Ok(address)
    }

    /// Frees what [`App::allocate`] has returned; `EINVAL` for anything else.
    pub(crate) fn free(&self, address: *const u8) -> Result {
        let mut state = self.state.lock();
        let block = state.heap.remove(&(address as usize)).ok_or(EINVAL)?;
        state.memory = state.memory.saturating_sub(block.len());
        drop(state);
        drop(block);
        Ok(())
    }

    /// Makes `value` one of the application's; gives it back with `EINTR` if the application is
    /// stopping and with `ENOMEM` if there is no memory.
    pub(crate) fn open<T: Resource>(&self, value: T) -> Result<*const Handle<T>, (Error, T)> {
        let Ok(reserved) = Reserved::new() else {
            return Err((ENOMEM, value));
        };
        let mut state = self.state.lock();
        if state.stopping {
            return Err((EINTR, value));
        }
        Ok(T::table(&mut state.open).open(reserved, value))
    }

    /// Holds what is open behind a handle; `EBADF` if it is none of this application's.
    pub(crate) fn held<T: Resource>(&self, given: Given<T>) -> Result<ARef<Handle<T>>> {
        T::table(&mut self.state.lock().open).find(given)
    }

    /// Takes a handle out; `EBADF` if it is none of this application's.
    pub(crate) fn close<T: Resource>(&self, handle: *const Handle<T>) -> Result<ARef<Handle<T>>> {
        T::table(&mut self.state.lock().open).remove(handle)
    }

    /// Puts a handle back that [`App::close`] has taken out.
    pub(crate) fn reopen<T: Resource>(&self, place: Place<T>, handle: ARef<Handle<T>>) {
        T::table(&mut self.state.lock().open).insert(place, handle);
    }

    /// What debugfs shows of the application.
    pub(crate) fn totals(&self) -> Summary {
        let state = self.state.lock();
        let mut totals = state.ended;
        for thread in state.running() {
            totals += thread.counters.read();
        }
        Summary {
            totals,
            threads: state.live,
            memory: state.memory,
            open: state.open.counts(),
        }
    }
}

impl State {
    /// Asks all threads to stop. Nothing more is opened.
    fn stop(&mut self) {
        self.stopping = true;
        for member in self.threads.values() {
            member.stop();
        }
    }

    /// The threads that run.
    fn running(&self) -> impl Iterator<Item = &Thread> {
        let members = self.threads.values();
        members.filter_map(|member| match member.life {
            Life::Runs(_) => Some(&*member.thread),
            _ => None,
        })
    }

    /// Takes out all that an application has, to be dropped when it is unlocked. The threads' references
    /// on the application are in it.
    fn take_all(&mut self) -> (Option<Arc<Thread>>, impl Sized) {
        self.memory = 0;
        self.live = 0;
        let threads = mem::replace(&mut self.threads, RBTree::new());
        let open = mem::replace(&mut self.open, Tables::new());
        let heap = mem::replace(&mut self.heap, RBTree::new());
        // In this order: what is open may still be looked at by what is in the heap.
        (self.main.take(), (threads, open, heap))
    }

    /// Takes out a thread that does not run and has no handle.
    fn drop_unused(&mut self, handle: *const Thread) -> Option<Member> {
        let member = self.threads.get(&key(handle))?;
        if !matches!(member.life, Life::Gone) || member.handle {
            return None;
        }
        self.threads.remove(&key(handle))
    }
}

impl Member {
    fn stop(&self) {
        self.thread.request_stop();
        if let Life::Runs(task) = &self.life {
            task::notify(task);
        }
    }
}
