#!/bin/sh
# A day of a small office in a minute: the simulator plays Microsoft, a C program loads the library.
#   demo.sh LIBRARY SIMULATOR WORK_FOLDER
set -eu
library=$1
simulator=$2
work=$3
seconds=${DEMO_SECONDS:-64}
. "$(dirname "$0")/simulator.sh"
start_simulator "$simulator" "$work/simulator.json" --day office --https 127.0.0.1:0 --ca-out "$work/ca.pem"

# The secret of the simulator's tenant, with every character that somebody once forgot to encode.
printf '%s' 's[e]c<r>e?t#&%+ "quo'"'"'te~ü€.Q' >"$work/secret"
cat >"$work/config.json" <<JSON
{ "mode": "presence_sync", "tenant_id": "$(field tenant_id)", "client_id": "$(field client_id)",
  "auth": { "method": "client_secret", "secret": { "file": "$work/secret" } },
  "endpoints": { "login": "$(field https)", "graph": "$(field https)" }, "tls": { "ca_file": "$work/ca.pem" },
  "source": { "poll_interval_ms": 500 }, "dnd": { "hold_off_ms": 1000 } }
JSON

"$work/plugin_host" "$library" "$work/config.json" --seconds "$seconds" \
    101=ann@contoso.test 102=ben@contoso.test 103=cleo@contoso.test 104=dev@contoso.test \
    105=eva@contoso.test 106=finn@contoso.test 107=gina@contoso.test 108=hugo@contoso.test 110=
