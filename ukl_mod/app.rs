// SPDX-License-Identifier: GPL-2.0

//! Applications, and the registry of those that run.

use crate::{
    handle::{Handle, Place, Reserved, Table},
    mode::Mode,
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
use ukl_support::{module::Owner, task};

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
    #[pin]
    state: Mutex<State>,
    /// No thread runs application code any more.
    #[pin]
    idle: CondVar,
}

struct State {
    /// No more threads, nothing more is opened.
    stopping: bool,
    /// The first thread, for its status.
    main: Option<Arc<Thread>>,
    threads: RBTree<usize, Member>,
    /// How many of `threads` run.
    live: usize,
    open: Tables,
    /// The counts of threads that are gone.
    ended: Totals,
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
    /// The task that runs it.
    task: Option<ARef<Task>>,
    /// Whether a handle is out.
    handle: bool,
}

/// Handles are addresses, looked up before they are used.
fn key<T>(handle: *const T) -> usize {
    handle as usize
}

impl App {
    /// Makes an application with no threads and enters it in the registry.
    pub(crate) fn register(owner: Owner, name: CString) -> Result<Arc<Self>> {
        let app = Arc::pin_init(
            pin_init!(Self {
                name,
                owner,
                state <- new_mutex!(State {
                    stopping: false,
                    main: None,
                    threads: RBTree::new(),
                    live: 0,
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
    pub(crate) fn for_each(f: impl Fn(&App)) {
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

    /// Says which thread's status is the application's.
    pub(crate) fn set_main(&self, main: &Arc<Thread>) {
        self.state.lock().main = Some(main.clone());
    }

    /// Adds `thread`, whose task `start` starts, with a handle out. `EINTR` if the application is
    /// stopping.
    pub(crate) fn add_thread(
        &self,
        thread: &Arc<Thread>,
        start: impl FnOnce() -> Result<ARef<Task>>,
    ) -> Result {
        let node = RBTreeNodeReservation::new(GFP_KERNEL)?;
        let mut state = self.state.lock();
        if state.stopping {
            return Err(EINTR);
        }
        // The lock is held until the thread is in, so that it cannot end before.
        let member = Member {
            task: Some(start()?),
            thread: thread.clone(),
            handle: true,
        };
        state
            .threads
            .insert(node.into_node(key(Arc::as_ptr(thread)), member));
        state.live += 1;
        Ok(())
    }

    /// Notes that `thread` runs no application code any more.
    pub(crate) fn end_thread(&self, thread: &Thread) {
        let mut state = self.state.lock();
        state.ended += thread.counters.read();
        state.live -= 1;
        if state.live == 0 {
            self.idle.notify_all();
        }
        let task = state
            .threads
            .get_mut(&key(thread))
            .and_then(|member| member.task.take());
        let member = state.drop_unused(thread);
        drop(state);
        drop((task, member));
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
        state.stopping = true;
        for member in state.threads.values() {
            member.stop();
        }
        while state.live != 0 {
            self.idle.wait(&mut state);
        }
        // The threads' references on this application go here as well.
        let threads = mem::replace(&mut state.threads, RBTree::new());
        let open = mem::replace(&mut state.open, Tables::new());
        let main = state.main.take();
        drop(state);
        drop((threads, open));
        main.and_then(|main| main.status()).unwrap_or(0)
    }

    /// Looks for threads that have not made a transition for long.
    pub(crate) fn watch(&self) {
        for member in self.state.lock().threads.values() {
            if let (Some(task), Mode::App) = (&member.task, member.thread.mode.get()) {
                let thread = &member.thread;
                thread.watch.look(task::cpu_time(task), || thread.name());
            }
        }
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

    /// Takes a handle out; `EBADF` if it is none of this application's.
    pub(crate) fn close<T: Resource>(&self, handle: *const Handle<T>) -> Result<ARef<Handle<T>>> {
        T::table(&mut self.state.lock().open).remove(handle)
    }

    /// Puts a handle back that [`App::close`] has taken out.
    pub(crate) fn reopen<T: Resource>(&self, place: Place<T>, handle: ARef<Handle<T>>) {
        T::table(&mut self.state.lock().open).insert(place, handle);
    }

    /// Counts over the application's whole life, how many threads run, and how many sockets, event sets
    /// and files are open.
    pub(crate) fn totals(&self) -> (Totals, usize, [usize; 3]) {
        let state = self.state.lock();
        let mut totals = state.ended;
        for thread in state.running() {
            totals += thread.counters.read();
        }
        (totals, state.live, state.open.counts())
    }

    /// Calls `f` with each thread that runs.
    pub(crate) fn for_each_thread<E>(
        &self,
        mut f: impl FnMut(&Thread) -> Result<(), E>,
    ) -> Result<(), E> {
        let state = self.state.lock();
        for thread in state.running() {
            f(thread)?;
        }
        Ok(())
    }
}

impl State {
    /// The threads that run.
    fn running(&self) -> impl Iterator<Item = &Thread> {
        let members = self.threads.values();
        members.filter_map(|member| member.task.as_ref().map(|_| &*member.thread))
    }

    /// Takes out a thread that does not run and has no handle.
    fn drop_unused(&mut self, handle: *const Thread) -> Option<Member> {
        let member = self.threads.get(&key(handle))?;
        if member.task.is_some() || member.handle {
            return None;
        }
        self.threads.remove(&key(handle))
    }
}

impl Member {
    fn stop(&self) {
        if let Some(task) = &self.task {
            self.thread.request_stop();
            task::notify(task);
        }
    }
}
