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
use ukl::{net::*, App, Application};
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

address='SocketAddrV4::new(core::net::Ipv4Addr::LOCALHOST, 7)'
echo "TAP version 13"
echo "1..7"
compiles "a thread with a token of its own" 'app.spawn(|app| app.null())?;'
compiles "a connection that moves to another thread" \
	"let c = TcpStream::connect(app, $address)?; app.spawn(move |app| c.write_all(app, b\"x\"))?;"
refused "the token moves to another thread" E0277 'app.spawn(move |_| app.null())?;'
refused "the token outlives its thread's function" 'lifetime may not live long enough' 'let keep: &'"'"'static App = app;'
refused "a token is made by hand" E0423 'let mine = App(core::marker::PhantomData);'
refused "a call without a token" E0061 "TcpStream::connect($address)?;"
refused "a thread borrows from its starter's stack" E0373 \
	'let local = 1; app.spawn(|_| { let _ = &local; Ok(()) })?; let _ = &local;'
[ "$failed" = 0 ]
