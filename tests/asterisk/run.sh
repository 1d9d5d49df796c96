#!/bin/bash
# A real Asterisk: Debian testing's, in a root of its own and a network namespace that no packet leaves, with examples/asterisk loaded,
# the simulator as Teams, and phones that watch and call.
#
# Says SKIPPED where root, namespaces or Debian's packages are missing. The root is made once and kept in target/asterisk-root.
#   run.sh [SCENE...]        default: all; `root` only makes the root
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
here=$repository/tests/asterisk
root=$repository/target/asterisk-root
lab=$repository/target/asterisk
. "$repository/tests/support/debian_root.sh"
skip() { echo "SKIPPED test-asterisk: $1"; exit 0; }

[ "$(id -u)" = 0 ] || skip "needs root, for a root of its own and network namespaces"
for tool in ip python3 strip unshare; do
    command -v $tool >/dev/null 2>&1 || skip "no $tool (apt-get install -y iproute2 python3 binutils util-linux)"
done
unshare --mount --pid --fork true 2>/dev/null || skip "mount and process namespaces are not allowed here"
packages=asterisk,asterisk-dev,gcc,libc6-dev,libc6-dbg,make,valgrind
debian_root "$root" forky "$packages" "Asterisk"
[ "${1:-}" != root ] || exit 0

space=tps-asterisk-$$
ip netns add "$space" 2>"$root.log" || skip "network namespaces are not allowed here: $(cat "$root.log")"
cleanup() {
    ip netns del "$space" 2>/dev/null || true
    rm -rf "/etc/netns/$space"
}
trap cleanup EXIT
ip -n "$space" link set lo up

rm -rf "$lab"
mkdir -p "$lab/run" "$lab/etc" "$lab/source" "$lab/include" "$lab/modules"
cp "$here"/etc/* "$lab/etc/"
cp "$repository/examples/asterisk/extensions.conf.sample" "$lab/etc/extensions_teams_presence.conf"
cp "$repository"/examples/asterisk/*.[ch] "$repository/examples/asterisk/Makefile" "$lab/source/"
cp "$repository/include/teams_presence_sync.h" "$lab/include/"
# Copies: cargo may build others meanwhile.
cp "$here/valgrind.supp" "$lab/"
cp "$repository/target/debug/libteams_presence_sync.so" "$lab/libteams_presence_sync.so.1"
# Reading what a debugger wants takes valgrind longer than all the rest; the names of functions stay.
strip --strip-debug "$lab/libteams_presence_sync.so.1"
cp "$repository/target/debug/teams-presence-simulator" "$lab/simulator"

# In a namespace of mounts and one of processes: none of either outlives this script.
inside() {
    mkdir -p "$root/lab"
    mount --bind "$lab" "$root/lab"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    # Asterisk asks for its own name and for this one, to find its address.
    printf '127.0.0.1 localhost %s A.ROOT-SERVERS.NET\n' "$(hostname)" >"$root/etc/hosts"
    chroot "$root" make --silent -C /lab/source install TPS_CFLAGS=-I/lab/include TPS_LIBS=/lab/libteams_presence_sync.so.1 \
        LDFLAGS=-Wl,-rpath,/lab MODULES=/lab/modules
    for module in "$root"/usr/lib/*/asterisk/modules/*.so; do ln -s "${module#"$root"}" "$lab/modules/"; done
    PYTHONDONTWRITEBYTECODE=1 python3 "$here/run.py" "$root" "$lab" "$@"
}
export -f inside
export here root lab
ip netns exec "$space" unshare --mount --propagation private --pid --fork --kill-child --mount-proc bash -euc 'inside "$@"' inside "$@"
