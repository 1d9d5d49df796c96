#!/bin/sh
# Change notifications against the simulator, and how soon each is told: half a minute.
#   demo_notify.sh SIMULATOR HOST WORK_FOLDER
set -eu
. "$(dirname "$0")/simulator.sh"
start_simulator "$1" "$3/simulator.json"
base=$(field http)
"$2" "${base##*:}"
