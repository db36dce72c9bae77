#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# lock.sh FOLDER: makes Cargo.lock of the crate in FOLDER from its Cargo.pins, the versions and checksums of all that it
# depends on. A lock file names the registry besides, and which that is cargo knows: it is in any that cargo makes.
# Without Cargo.pins there is nothing to do. A change of versions: `cargo update`, then Cargo.pins from Cargo.lock without
# its `source` lines.
set -eu
here=$(dirname "$(readlink -f "$0")")
cd "$1"
[ -e Cargo.pins ] || exit 0
[ -z "$(find Cargo.lock -newer Cargo.pins 2>/dev/null)" ] || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$here"/libc/builtins/Cargo.toml "$here"/libc/builtins/none.rs "$scratch"
cargo generate-lockfile --quiet --manifest-path "$scratch/Cargo.toml"
registry=$(grep -m 1 '^source = ' "$scratch/Cargo.lock")
awk -v registry="$registry" '/^checksum = / { print registry } { print }' Cargo.pins >"$scratch/pinned"
cp "$scratch/pinned" Cargo.lock.new
mv Cargo.lock.new Cargo.lock
