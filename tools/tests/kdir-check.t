#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Every reason why a KDIR is refused, on a made-up KDIR with made-up tools. KTAP.
set -u
check=$(cd "$(dirname "$0")/.." && pwd)/kdir-check.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
count=0 failed=0

# tool NAME TEXT: a program that says TEXT.
tool() {
	printf '#!/bin/sh\necho "%s"\n' "$2" >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}

# A tree that can build, to be spoiled by each case.
fresh() {
	rm -rf "${dir:?}/k" "${dir:?}/bin"
	mkdir -p "$dir/k/rust" "$dir/bin"
	for program in sh sed head; do ln -s "$(command -v $program)" "$dir/bin/$program"; done
	touch "$dir/k/Makefile" "$dir/k/rust/libcore.rmeta" "$dir/k/rust/libkernel.rmeta" "$dir/k/rust/libbindings.rmeta"
	cat >"$dir/k/.config" <<END
CONFIG_CC_VERSION_TEXT="kernel-gcc (Debian 14.2.0-19) 14.2.0"
CONFIG_RUST=y
CONFIG_RUSTC_VERSION_TEXT="rustc 1.85.1 (4eb161250 2025-03-15)"
CONFIG_BINDGEN_VERSION_TEXT="bindgen 0.71.1"
END
	tool kernel-gcc 'kernel-gcc (Debian 14.2.0-19) 14.2.0'
	tool rustc 'rustc 1.85.1 (4eb161250 2025-03-15)'
	tool bindgen 'bindgen 0.71.1'
}

# refused NAME PATTERN: the tree as it is now is refused with one line that has PATTERN.
refused() {
	count=$((count + 1))
	output=$(PATH=$dir/bin "$check" "$dir/k" 2>&1)
	status=$?
	lines=$(printf '%s\n' "$output" | wc -l)
	if [ "$status" = 1 ] && [ "$lines" = 1 ] && printf '%s' "$output" | grep -q -- "$2"; then
		echo "ok $count $1"
	else
		echo "not ok $count $1"
		echo "# status $status, said: $output"
		failed=1
	fi
	fresh
}

echo 'TAP version 13'
echo '1..13'
fresh

count=1
if output=$(PATH=$dir/bin "$check" "$dir/k" 2>&1) && [ -z "$output" ]; then
	echo 'ok 1 a good tree passes in silence'
else
	echo 'not ok 1 a good tree passes in silence'
	echo "# said: $output"
	failed=1
fi

rm -r "$dir/k" && refused 'no such folder' 'no such folder'
rm "$dir/k/Makefile" && refused 'not a kernel tree' 'no Makefile'
rm "$dir/k/.config" && refused 'no .config' 'no .config'
sed -i 's/^CONFIG_RUST=y/# CONFIG_RUST is not set/' "$dir/k/.config" && refused 'no CONFIG_RUST' 'CONFIG_RUST is not set'
rm "$dir/k/rust/libkernel.rmeta" && refused 'no metadata of the kernel crate' 'rust/libkernel.rmeta'
rm -r "$dir/k/rust" && refused 'no rust folder' 'no Rust metadata'
rm "$dir/bin/rustc" && refused 'no rustc' 'there is no rustc'
tool rustc 'rustc 1.96.1' && refused 'other rustc' 'rustc here is rustc 1.96.1'
rm "$dir/bin/bindgen" && refused 'no bindgen' 'there is no bindgen'
tool bindgen 'bindgen 0.72.0' && refused 'other bindgen' 'bindgen here is bindgen 0.72.0'
rm "$dir/bin/kernel-gcc" && refused 'no compiler' 'there is no kernel-gcc'
sed -i 's/kernel-gcc (Debian 14.2.0-19) 14.2.0/Debian clang version 19.1.7 (3)/' "$dir/k/.config" && refused 'no clang' 'there is no clang'
exit $failed
