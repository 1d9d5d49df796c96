# For scripts of bash that run something in a root of their own. The caller has `skip`, which says why and ends it.

# debian_root FOLDER SUITE PACKAGES WHAT: makes FOLDER with mmdebstrap, unless it is there with just these packages.
debian_root() {
    [ "$(cat "$1/complete" 2>/dev/null)" != "$3" ] || return 0
    if ! command -v mmdebstrap >/dev/null 2>&1; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap; } >/dev/null 2>&1 ||
            skip "no mmdebstrap, and no Debian archive to install it from"
    fi
    echo "making $1: Debian $2 with $4"
    rm -rf "$1" "$1.part"
    mkdir -p "$(dirname "$1")"
    # The archive's copy may be older than its release file allows.
    mmdebstrap --mode=root --aptopt='Acquire::Check-Valid-Until "false"' --variant=minbase --include="$3" "$2" "$1.part" \
        >"$1.log" 2>&1 || skip "the root cannot be made: $(grep -m1 '^E:' "$1.log" || tail -n 1 "$1.log")"
    echo "$3" >"$1.part/complete"
    mv "$1.part" "$1"
}
