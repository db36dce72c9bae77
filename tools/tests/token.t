#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# token.t: what the types of the `ukl` crate must not let an application do does not compile, and for that reason.
# Prints KTAP. Needs the build root and build/sdk.
set -u
clone=$(cd "$(dirname "$0")/../.." && pwd)
dir=build/tests/token
count=0 failed=0
mkdir -p "$clone/$dir"

# Compiles the body of `fn main(app: &App) -> Result` in $1.
compile() {
	cat >"$clone/$dir/Kbuild" <<'END'
include $(UKL)/ukl.mk
obj-m := token.o
token-y := token_main.o $(ukl-crate)
$(obj)/token_main.o: $(obj)/$(ukl-crate)
END
	cat >"$clone/$dir/token_main.rs" <<END
// SPDX-License-Identifier: GPL-2.0
//! A snippet.
#![crate_name = "token_main"]
#![allow(dead_code, unused)]
use kernel::prelude::*;
use core::time::Duration;
use kernel::sync::{atomic::Atomic, Arc};
use ukl::{fs::*, io::*, net::*, poll::*, process::*, sync::*, time, App, Application};
fn main(app: &App) -> Result {
    $1
    Ok(())
}
END
	# shellcheck disable=SC2016 # for the shell in there
	"$clone/tools/enter.sh" sh -c '
		cc=$(sed -n "s/^CONFIG_CC_VERSION_TEXT=\"\([^ ]*\) .*/\1/p" /usr/src/linux/.config)
		make -s -C /usr/src/linux CC="$cc" M=/ukl/'$dir' UKL=/ukl/build/sdk token_main.o' >"$clone/$dir/log" 2>&1
}

verdict() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count $2"
	else
		sed 's/^/# /' "$clone/$dir/log" | tail -n 30
		echo "not ok $count $2"
		failed=$((failed + 1))
	fi
}

compiles() {
	compile "$2"
	verdict $? "compiles: $1"
}

# refused NAME ERROR SNIPPET: it does not compile, because of ERROR.
refused() {
	! compile "$3" && grep -q "^error.*$2" "$clone/$dir/log"
	verdict $? "does not compile: $1"
}

address='SocketAddrV4::new(Ipv4Addr::LOCALHOST, 7)'
stream="let stream = TcpStream::connect(app, $address)?;"
echo "TAP version 13"
echo "1..27"
compiles "a thread with a token of its own" 'app.spawn(|app| app.null())?;'
compiles "a connection that moves to another thread" \
	"$stream app.spawn(move |app| stream.write_all(app, b\"x\"))?;"
refused "the token moves to another thread" E0277 'app.spawn(move |_| app.null())?;'
refused "the token outlives its thread's function" 'lifetime may not live long enough' 'let keep: &'"'"'static App = app;'
refused "a token is made by hand" E0423 'let mine = App(core::marker::PhantomData);'
refused "a call without a token" E0061 "TcpStream::connect($address)?;"
refused "a thread borrows from its starter's stack" E0373 \
	'let local = 1; app.spawn(|_| { let _ = &local; Ok(()) })?; let _ = &local;'

application='let start = |module: &'"'"'static ThisModule| -> Result<Application> '
compiles "an application that keeps what is its own" \
	"$application { unsafe { Application::start(module, c\"x\", |app| app.null()) } };"
refused "an application that does not say so" E0133 "$application { Application::start(module, c\"x\", |app| app.null()) };"
refused "a program that does not say so" E0133 \
	'let offer = |module: &'"'"'static ThisModule| { Program::register(module, c"x", main) };'

compiles "receiving in place" "$stream
	let mut sum = 0_u64;
	stream.read_in_place(app, |bytes| { sum += bytes.len() as u64; Ok(bytes.len()) })?;"
refused "received bytes leave the closure" E0521 "$stream
	let mut keep: &[u8] = &[];
	stream.read_in_place(app, |bytes| { keep = bytes; Ok(bytes.len()) })?;"

conversation='
	struct Upper(KVec<u8>);
	impl Exchange for Upper {
		fn consume(&mut self, bytes: &[u8]) -> Result<usize> {
			self.0.extend_from_slice(bytes, GFP_KERNEL)?;
			Ok(bytes.len())
		}
		fn reply(&self) -> &[u8] { &self.0 }
	}'
compiles "an exchange" "$stream $conversation
	let done = stream.exchange(app, &mut Upper(KVec::new()))?;
	let (_, _) = (done.consumed, done.sent?);"
refused "received bytes are the reply" "lifetime may not live long enough" "
	struct Echo<'a>(&'a [u8]);
	impl<'a> Exchange for Echo<'a> {
		fn consume(&mut self, bytes: &[u8]) -> Result<usize> { self.0 = bytes; Ok(bytes.len()) }
		fn reply(&self) -> &[u8] { self.0 }
	}"
refused "a reply from the stack of the method" E0515 "
	struct Local;
	impl Exchange for Local {
		fn consume(&mut self, bytes: &[u8]) -> Result<usize> { Ok(bytes.len()) }
		fn reply(&self) -> &[u8] { let local = [0; 4]; &local }
	}"
refused "a conversation is used in the middle of itself" E0499 "$stream $conversation
	let mut upper = Upper(KVec::new());
	let same = &mut upper;
	stream.read_in_place(app, |bytes| { upper.0.clear(); stream.exchange(app, same)?; Ok(0) })?;"

compiles "pages that are sent" "$stream
	let pages = Pages::new(VVec::from_elem(0, 8192, GFP_KERNEL)?);
	stream.write_pages(app, &pages, 100..8192)?; drop(pages);"
refused "pages change" E0594 'let mut pages = Pages::new(VVec::from_elem(0, 8192, GFP_KERNEL)?); pages[0] = 1;'
refused "a buffer changes while a vectored call has it" E0506 "$stream
	let mut buffer = [0; 8];
	let parts = [IoSlice::new(&buffer)]; buffer[0] = 1; stream.write_vectored(app, &parts)?;"
refused "a buffer twice in a vectored call" E0499 "$stream
	let mut buffer = [0; 8];
	stream.read_vectored(app, &mut [IoSliceMut::new(&mut buffer), IoSliceMut::new(&mut buffer)])?;"

compiles "an event set of all that may be in one" "
	let (poll, mut events) = (Arc::new(Poll::new(app)?, GFP_KERNEL)?, Events::with_capacity(8)?);
	let listener = UnixListener::bind(app, &UnixAddr::from_abstract_name(b\"x\")?)?;
	poll.register(app, &TcpListener::bind(app, $address)?, Token(1), Interest::READABLE)?;
	poll.register(app, &listener, Token(2), Interest::READABLE.edge() | Interest::WRITABLE)?;
	poll.register(app, &File::open(app, c\"/dev/null\")?, Token(3), Interest::READABLE)?;
	let waker = poll.clone();
	app.spawn(move |app| { waker.wake(app); Ok(()) })?;
	poll.wait(app, &mut events, Some(Duration::from_millis(5)))?;
	for event in &events { poll.deregister(app, &listener)?; }"
refused "waiting without a token" E0061 'Poll::new(app)?.wait(&mut Events::with_capacity(8)?, None)?;'
refused "waking without an application" E0277 'Poll::new(app)?.wake(());'
refused "something else in an event set" E0277 \
	'Poll::new(app)?.register(app, &7, Token(0), Interest::READABLE)?;'
refused "a source of another's making" E0277 'struct Mine; impl Source for Mine {}'
refused "events are used while the set puts new ones there" E0502 '
	let (poll, mut events) = (Poll::new(app)?, Events::with_capacity(8)?);
	for event in &events { poll.wait(app, &mut events, None)?; }'

compiles "files, clocks and a word to wait for" '
	static WORD: Atomic<u32> = Atomic::new(0);
	let mut log = OpenOptions::new();
	let log = log.append(true).create(true).mode(0o600).open(app, c"/tmp/x")?;
	log.write_all(app, b"x")?; log.sync_data(app)?; log.close(app)?;
	let then = time::Instant::now() + Duration::from_secs(1);
	time::sleep(app, then - time::Instant::now())?;
	futex_wait(app, &WORD, 1, None)?; futex_wake(&WORD, 1);'
[ "$failed" = 0 ]
