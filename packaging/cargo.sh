#!/bin/sh
# Runs cargo for a release: no path of this machine ends up in what is built, so two folders give the same bytes.
#
# rustc writes the path of a source beside each panic; those of this crate are relative already, those of the registry are not. The C and
# assembly parts of the crypto provider map their own folder (aws-lc-sys); the flags here are for whatever else a crate may compile.
set -eu
cd "$(dirname "$0")/.."
home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
commit=$(rustc -vV | sed -n 's/^commit-hash: //p')
unit=$(printf '\037')
export CARGO_ENCODED_RUSTFLAGS="--remap-path-prefix=$PWD=.${unit}--remap-path-prefix=$home=/cargo${unit}--remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$commit"
for variable in CFLAGS CXXFLAGS; do
    eval "have=\${$variable-}"
    export "$variable=$have${have:+ }-ffile-prefix-map=$PWD=. -ffile-prefix-map=$home=/cargo"
done
# A folder with a blank would end a flag.
case $PWD$home in *' '*) unset CFLAGS CXXFLAGS ;; esac
# No SOURCE_DATE_EPOCH: nothing in a build asks for the date, and each new value would compile the crypto provider anew.
exec "${CARGO:-cargo}" "$@"
