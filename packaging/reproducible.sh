#!/bin/sh
# Builds the release a second time, from a copy of the tree in another folder, and compares; then looks for paths of this machine.
# For `make reproducible`, which has built target/release. OTHER_CARGO_HOME=FOLDER makes the second build take its crates from there; what is missing
# cargo fetches.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
elsewhere=$here/target/reproducible/in-a-folder/of-another-length
rm -rf "$elsewhere"
mkdir -p "$elsewhere"
if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files -co --exclude-standard -z | tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -xf - -C "$elsewhere"
else
    tar --exclude=./target -cf - . | tar -xf - -C "$elsewhere"
fi
home=${CARGO_HOME:-$HOME/.cargo}
other=${OTHER_CARGO_HOME:-$home}
echo "building in $elsewhere, with the crates of $other"
(cd "$elsewhere" && unset CARGO_TARGET_DIR && CARGO_HOME=$other packaging/cargo.sh rustc --quiet --locked --release --lib --crate-type cdylib,staticlib)

bad=0
for file in libteams_presence_sync.so libteams_presence_sync.a; do
    one=target/release/$file two=$elsewhere/target/release/$file
    if cmp -s "$one" "$two"; then
        echo "same bytes: $file, sha256 $(sha256sum <"$one" | cut -c1-64)"
    else
        echo "DIFFERENT: $one and $two"
        bad=1
    fi
    for path in "$here" "$home" "$other" "${RUSTUP_HOME:-$HOME/.rustup}" "$HOME/"; do
        [ "$path" != "//" ] || continue
        found=$(strings -a "$one" | grep -cF "$path" || true)
        [ "$found" = 0 ] || { echo "LOCAL PATH: $file names $path $found times"; bad=1; }
    done
done
[ $bad = 1 ] || { echo "no local path in either"; rm -rf target/reproducible; }
exit $bad
