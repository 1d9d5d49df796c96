# Sourced by the demos: starts the simulator, waits until it is there, and ends it with the script.
#   start_simulator PROGRAM READY_FILE [OPTION...]
start_simulator() {
    program=$1
    ready=$2
    shift 2
    rm -f "$ready"
    "$program" "$@" --ready-file "$ready" >/dev/null &
    pid=$!
    trap 'kill $pid 2>/dev/null || true' EXIT INT TERM
    tries=0
    while [ ! -s "$ready" ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "the simulator did not start"; exit 1; }
        sleep 0.1
    done
}

# A text of what it said of itself.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$ready"; }
