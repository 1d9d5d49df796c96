#!/bin/sh
# Installs the third-party servers outside the tree and runs the lane. Says SKIPPED where something from outside is absent.
#   run.sh [FOLDER]        default: target/peers
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
here=$repository/tests/peers
work=${1:-$repository/target/peers}
openapi=${TPS_GRAPH_OPENAPI:-$repository/../shared/reference/graph.openapi.yaml}

skip() { echo "SKIPPED test-peers: $1"; exit 0; }

command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || skip "no Node with npm (version 20 or newer: https://nodejs.org)"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "Node $(node --version) is older than 20"
command -v openssl >/dev/null 2>&1 || skip "no openssl, which makes the test certificates (apt-get install -y openssl)"
if [ ! -r "$openapi" ]; then
    # Named on purpose, it must be there.
    [ -z "${TPS_GRAPH_OPENAPI:-}" ] || { echo "TPS_GRAPH_OPENAPI=$openapi cannot be read"; exit 1; }
    openapi=
else
    openapi=$(cd "$(dirname "$openapi")" && pwd)/$(basename "$openapi")
fi

mkdir -p "$work"
cp "$here"/*.mjs "$here/package.json" "$here/package-lock.json" "$work/"
cd "$work"
if ! cmp -s package-lock.json installed.lock; then
    rm -f installed.lock
    # An absent registry skips; a package that cannot be installed from a present one fails.
    timeout 60 npm view --silent oidc-provider@9.13.3 version >/dev/null 2>&1 || skip "the npm registry does not answer"
    timeout 150 npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
    cp package-lock.json installed.lock
fi
# A copy: the lane also runs cargo, which may build the library anew with other features.
cp "$repository/target/debug/libteams_presence_sync.so" libteams_presence_sync.so.1
"${CC:-cc}" -std=c99 -pedantic -Wall -Wextra -Werror -I"$repository/include" "$repository/examples/c/host.c" \
    libteams_presence_sync.so.1 -Wl,-rpath,"$PWD" -o host
exec node run.mjs "$repository" ${openapi:+"$openapi"}
