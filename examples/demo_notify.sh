#!/bin/sh
# Change notifications against the simulator, and how soon each is told: half a minute.
#   demo_notify.sh SIMULATOR HOST WORK_FOLDER
set -eu
ready=$3/simulator.json
rm -f "$ready"

"$1" --ready-file "$ready" >/dev/null &
pid=$!
trap 'kill $pid 2>/dev/null || true' EXIT INT TERM

tries=0
while [ ! -s "$ready" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "the simulator did not start"; exit 1; }
    sleep 0.1
done
"$2" "$(sed -n 's/.*"http":"http:\/\/127\.0\.0\.1:\([0-9]*\)".*/\1/p' "$ready")"
