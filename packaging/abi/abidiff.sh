#!/bin/sh
# The interface as a C compiler reads the header and libabigail reads the compiler's debug information, against packaging/abi/baseline.abi.
#   abidiff.sh compare     for `make abidiff`: an error where a host that was compiled before would break (docs/abi.md)
#   abidiff.sh baseline    for `make abi-baseline`: writes the file anew
#
# Not the library's own debug information: a callback is an Option in Rust, and libabigail (2.2) does not look into one. It would miss every change
# of what callbacks receive, five of the seven structures. That header and library agree is for tests/header.rs, tests/exports.rs and tests/c_abi.rs.
set -eu
cd "$(dirname "$0")/../.."
header=${ABI_HEADER:-include/teams_presence_sync.h}
symbols=${ABI_SYMBOLS:-packaging/abi/symbols.txt}
baseline=${ABI_BASELINE:-packaging/abi/baseline.abi}
command -v abidiff >/dev/null 2>&1 || { echo "SKIPPED: abidiff is missing (apt-get install -y abigail-tools)"; exit 0; }
command -v "${CC:-cc}" >/dev/null 2>&1 || { echo "missing: ${CC:-cc}. Install it: apt-get install -y gcc"; exit 1; }

# A baseline is of one machine kind.
[ "$1" = baseline ] || [ "$(uname -m)" = x86_64 ] || { echo "SKIPPED: $baseline is of x86_64"; exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A pointer to each function, through which all types are reached, and an enum for each number: in an enum of several libabigail misses that two
# have changed places. TPS_ABI_VERSION grows and is left out.
cp "$header" "$work/teams_presence_sync.h"
{
    echo '#include "teams_presence_sync.h"'
    grep -v '^#' "$symbols" | while read -r name _; do echo "__typeof__($name) *the_$name;"; done
    sed -n 's/^#define \(TPS_[A-Z0-9_]*\) (*-*[0-9][0-9]*)*$/enum number_of_\1 { THE_\1 = \1 } the_\1;/p' "$header"
} >"$work/interface.c"
(cd "$work" && "${CC:-cc}" -std=gnu99 -gdwarf-4 -shared -fPIC -Wl,-soname,interface interface.c -o interface.so)

if [ "$1" = baseline ]; then
    abidw --no-show-locs --no-corpus-path --no-comp-dir-path "$work/interface.so" | sed '/<elf-needed>/,/<\/elf-needed>/d' >"$work/baseline"
    cp "$work/baseline" "$baseline"
    ls -l "$baseline"
    exit 0
fi

status=0
abidiff --leaf-changes-only --harmless --no-added-syms --no-show-locs "$baseline" "$work/interface.so" >"$work/report" 2>&1 || status=$?
# What a minor may bring beside functions and numbers: structures that have grown at their end. Anything else in the report, or another end of abidiff,
# is a break. No structure has a hole (tests/abi_ledger.rs), so that a member put in before the end moves another, and that is reported. A suppression
# of libabigail (has_data_member_inserted_at = end) would hide whatever else changed in such a structure.
grep -vE "^ *$|^Leaf changes summary: |^Changed leaf types summary: |\
^Removed/Changed/Added (functions|variables) summary: 0 Removed, 0 Changed, |\
^'struct tps_[a-z_]*' changed:$|^  type size changed from |\
^  [0-9]+ data member insertions?:$|^    '[^']*', at offset [0-9]+ \(in bits\)$" \
    "$work/report" >"$work/breaks" || true
if [ -s "$work/breaks" ] || [ $((status & ~4)) != 0 ]; then
    cat "$work/report"
    echo "not compatible with $baseline (docs/abi.md)"
    exit 1
fi
cat "$work/report"
[ "$status" = 0 ] || echo "grown as docs/abi.md allows"
echo "compatible with $baseline"
