#!/bin/bash
# Real host names, a real proxy, a private authority, IPv6: two network namespaces that no packet leaves.
#
#   outside   the simulator on port 443 as graph.microsoft.com and login.microsoftonline.com, tinyproxy, a server with bad certificates
#   inside    a machine behind a proxy: no way but to the proxy, no name server
#
# Says SKIPPED where root, namespaces or tinyproxy are missing.
#   run.sh [FOLDER]        default: target/network
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
here=$repository/tests/network
work=${1:-$repository/target/network}
skip() { echo "SKIPPED test-network: $1"; exit 0; }

[ "$(id -u)" = 0 ] || skip "needs root, for network namespaces"
for tool in ip openssl; do
    command -v $tool >/dev/null 2>&1 || skip "no $tool (apt-get install -y iproute2 openssl)"
done
if ! command -v tinyproxy >/dev/null 2>&1; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends tinyproxy; } >/dev/null 2>&1 ||
        skip "no tinyproxy, and no Debian archive to install it from"
fi
mkdir -p "$work"
cd "$work"
rm -rf run && mkdir run

outside=tps-out-$$
inside=tps-in-$$
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    for space in "$outside" "$inside"; do
        ip netns del "$space" 2>/dev/null || true
        rm -rf "/etc/netns/$space"
    done
}
trap cleanup EXIT
ip netns add "$outside" 2>run/netns.log || skip "network namespaces are not allowed here: $(cat run/netns.log)"
ip netns add "$inside"
ip -n "$outside" link add out type veth peer name in netns "$inside" 2>run/veth.log || skip "no veth devices here: $(cat run/veth.log)"
for space in "$outside" "$inside"; do ip -n "$space" link set lo up; done
ip -n "$outside" addr add 192.0.2.1/24 dev out
ip -n "$inside" addr add 192.0.2.2/24 dev in
ipv6=yes
if ! { ip -n "$outside" addr add 2001:db8::1/64 dev out nodad && ip -n "$inside" addr add 2001:db8::2/64 dev in nodad; } 2>run/ipv6.log; then
    ipv6=
    echo "SKIPPED the IPv6 scenes: $(cat run/ipv6.log)"
fi
ip -n "$outside" link set out up
ip -n "$inside" link set in up
mkdir -p "/etc/netns/$outside" "/etc/netns/$inside"
names='graph.microsoft.com login.microsoftonline.com other.example'
# localhost and the Graph host have two addresses, of which one is of no use: see the scenes of IPv6.
printf '127.0.0.1 localhost %s\n::1 localhost graph.microsoft.com\n' "$names" >"/etc/netns/$outside/hosts"
printf '127.0.0.1 localhost\n' >"/etc/netns/$inside/hosts"
for space in "$outside" "$inside"; do
    printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"/etc/netns/$space/resolv.conf"
done

# Copies: cargo may build others meanwhile.
cp "$repository/target/debug/libteams_presence_sync.so" libteams_presence_sync.so.1
cp "$repository/target/debug/teams-presence-simulator" simulator
"${CC:-cc}" -std=c99 -pedantic -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -I"$repository/include" "$here/caller.c" \
    libteams_presence_sync.so.1 -lpthread -Wl,-rpath,"$PWD" -o caller

background() { # SPACE LOG COMMAND...
    local space=$1 log=$2
    shift 2
    ip netns exec "$space" "$@" >"run/$log" 2>&1 </dev/null &
    pids+=($!)
    last=$!
}
wait_for() { # FILE
    for _ in $(seq 200); do [ -e "$1" ] && return; sleep 0.05; done
    echo "FAILED: $1 does not come"; cat run/*.log; exit 1
}
listens() { # SPACE PORT
    for _ in $(seq 200); do ip netns exec "$1" ss -ltn "sport = :$2" 2>/dev/null | grep -q LISTEN && return; sleep 0.05; done
    echo "FAILED: nobody listens on port $2"; cat run/*.log; exit 1
}

background "$outside" simulator.log ./simulator --http 127.0.0.1:80 --https 127.0.0.1:443 --ca-out run/ca.pem --ready-file run/ready.json
wait_for run/ready.json
if [ -n "$ipv6" ]; then
    background "$outside" simulator6.log ./simulator --http '[::1]:8080' --https '[::1]:8443' --ca-out run/ca6.pem --ready-file run/ready6.json
    wait_for run/ready6.json
fi

# An authority of its own with bad certificates.
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/O=Example Firewall/CN=Example Inspection CA" -keyout run/own.key -out run/own.pem 2>/dev/null
bad_server() { # NAME PORT SUBJECT_ALT_NAME OPTIONS...
    local name=$1 port=$2 names=$3
    shift 3
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout "run/$name.key" -out "run/$name.csr" 2>/dev/null
    printf 'subjectAltName=%s\n' "$names" >"run/$name.ext"
    openssl x509 -req -in "run/$name.csr" -CA run/own.pem -CAkey run/own.key -CAcreateserial -extfile "run/$name.ext" "$@" \
        -out "run/$name.pem" 2>/dev/null
    background "$outside" "$name.log" openssl s_server -accept "$port" -cert "run/$name.pem" -key "run/$name.key" -quiet -naccept 1000
    listens "$outside" "$port"
}
bad_server misnamed 9443 DNS:intranet.example,DNS:www.example -days 10
# -days counts from now; a negative one ended yesterday.
bad_server outdated 9444 DNS:localhost -days -1
cat run/own.pem run/ca.pem >run/several.pem

proxy() { # NAME ADDRESS PORT LINES...
    local name=$1 address=$2 port=$3
    shift 3
    { printf '%s\n' "Listen $address" "Port $port" "Timeout 60" "MaxClients 50" "LogLevel Info" "$@"; } >"run/$name.conf"
    background "$outside" "$name.log" tinyproxy -d -c "run/$name.conf"
    listens "$outside" "$port"
}
# tinyproxy takes letters and digits.
plain='pr0xyw0rd'
wrong='wr0ng-w0rd:@/&%'
proxy open 192.0.2.1 3128 "ConnectPort 443"
proxy locked 192.0.2.1 3129 "ConnectPort 443" "BasicAuth pbx $plain"
proxy narrow 192.0.2.1 3130 "ConnectPort 8443"
[ -z "$ipv6" ] || proxy open6 2001:db8::1 3131 "ConnectPort 443"

tenant=$(sed -n 's/.*"tenant_id":"\([^"]*\)".*/\1/p' run/ready.json)
client=$(sed -n 's/.*"client_id":"\([^"]*\)".*/\1/p' run/ready.json)
secret=$(sed -n 's/^pub const CLIENT_SECRET: &str = "\(.*\)";$/\1/p' "$repository"/simulator/src/*.rs)
count=0
failed=0
# scene NAME SPACE MORE_CONFIG WANTED... ; what the output must hold stands in $expect, one pattern to a line, what it must not in $never.
scene() {
    local name=$1 space=$2 more=$3 begin
    shift 3
    count=$((count + 1))
    begin=$(date +%s%N)
    cat >"run/$count.json" <<JSON
{ "mode": "presence_sync", "tenant_id": "$tenant", "client_id": "$client", "auth": { "method": "client_secret", "secret": "$secret", "scope": "https://graph.microsoft.com/.default" },
  "log": { "level": "trace" }, $more }
JSON
    local ok=yes why='' out=run/$count.out
    ip netns exec "$space" env -u HTTPS_PROXY -u HTTP_PROXY -u ALL_PROXY -u NO_PROXY -u https_proxy -u http_proxy -u all_proxy -u no_proxy \
        $environment ./caller "run/$count.json" 40 "$@" >"$out" 2>&1 || { ok=; why="not as wanted ($*)"; }
    while IFS= read -r pattern; do
        [ -z "$pattern" ] || grep -qF -- "$pattern" "$out" || { ok=; why="$why; nowhere: $pattern"; }
    done <<<"$expect"
    while IFS= read -r pattern; do
        [ -z "$pattern" ] || ! grep -qF -- "$pattern" "$out" || { ok=; why="$why; but there is: $pattern"; }
    done <<<"$never"
    printf '%s %2d %s (%d ms)\n' "${ok:+ok    }${ok:-FAILED}" "$count" "$name" $((($(date +%s%N) - begin) / 1000000)) | sed 's/yes//'
    if [ -z "$ok" ]; then
        echo "   $why"
        sed 's/^/   /' "$out" | tail -25
        failed=$((failed + 1))
    fi
    expect=''
    never=$always_never
    environment=''
}
# The proxy's password, plain and as it is sent, and the beginning of the app's secret.
always_never="$plain
cGJ4O
s[e]c<r>e?t"
expect='' never=$always_never environment=''
ca='"tls": { "ca_file": "run/ca.pem" }'
via() { printf '%s, "proxy": { "mode": "url", "url": "%s"%s }' "$ca" "$1" "${2:-}"; }

echo "== straight"
scene "real host names, private authority" "$outside" "$ca" 102 chat
expect='teams-presence-simulator CA
"asked":"login.microsoftonline.com"
"host":"login.microsoftonline.com"
tls.ca_file'
scene "an authority that nobody trusts (118)" "$outside" '"name": "x"' 118
expect='Example Inspection CA (Example Firewall)
"host":"other.example:9443"'
scene "a firewall that opens TLS (118)" "$outside" '"endpoints": { "login": "https://other.example:9443" }' 118
scene "several authorities in one file" "$outside" '"tls": { "ca_file": "run/several.pem" }' chat
expect='"flaw":"other_name"
"asked":"other.example"
intranet.example, www.example'
scene "a certificate of another name (119)" "$outside" '"tls": { "ca_file": "run/own.pem" }, "endpoints": { "login": "https://other.example:9443" }' 119
expect='"flaw":"expired"
Example Inspection CA (Example Firewall)
has expired on 20'
scene "a certificate of yesterday (119)" "$outside" '"tls": { "ca_file": "run/own.pem" }, "endpoints": { "login": "https://localhost:9444" }' 119
expect='"host":"graph.microsoft.com:7777"
GRAPH_UNREACHABLE'
scene "a port where nobody listens (303)" "$outside" "$ca, \"endpoints\": { \"graph\": \"https://graph.microsoft.com:7777\" }" 102 303

echo "== behind a proxy"
expect='"host":"login.microsoftonline.com"
getent hosts login.microsoftonline.com'
scene "no proxy configured: the name is unknown (115)" "$inside" "$ca" 115
scene "through the proxy" "$inside" "$(via http://192.0.2.1:3128)" 102 chat
expect='through proxy 192.0.2.1:3129'
scene "it wants a password (117)" "$inside" "$(via http://192.0.2.1:3129)" 117
# tinyproxy answers 407 to nobody's password and 403 to a wrong one, as if it did not let through; http/tests.rs has a proxy that says 407.
expect='through proxy 192.0.2.1:3129
a wrong password in the same way'
never="$always_never
$wrong"
scene "a wrong password, which this proxy does not call so (116)" "$inside" "$(via http://192.0.2.1:3129 ", \"username\": \"pbx\", \"password\": \"$wrong\"")" 116
scene "the right one" "$inside" "$(via http://192.0.2.1:3129 ", \"username\": \"pbx\", \"password\": \"$plain\"")" 102 chat
expect='192.0.2.1:3130'
scene "a proxy that does not let through (116)" "$inside" "$(via http://192.0.2.1:3130)" 116
expect='192.0.2.1:3999'
scene "nobody at the proxy's address (116)" "$inside" "$(via http://192.0.2.1:3999)" 116
expect='teams-presence-simulator CA'
scene "an unknown authority behind the proxy (118)" "$inside" '"proxy": { "mode": "url", "url": "http://192.0.2.1:3128" }' 118
environment="HTTPS_PROXY=http://pbx:$plain@192.0.2.1:3129"
scene "mode system: HTTPS_PROXY with a password" "$inside" "$ca, \"proxy\": { \"mode\": \"system\" }" 102 chat
environment="https_proxy=http://pbx:wrong-$plain@192.0.2.1:3129"
expect='through proxy 192.0.2.1:3129'
scene "mode system: https_proxy with a wrong password (116)" "$inside" "$ca, \"proxy\": { \"mode\": \"system\" }" 116
environment="https_proxy=http://192.0.2.1:3129"
scene "mode system: https_proxy without a password (117)" "$inside" "$ca, \"proxy\": { \"mode\": \"system\" }" 117
environment="ALL_PROXY=http://192.0.2.1:3128"
scene "mode system: ALL_PROXY" "$inside" "$ca, \"proxy\": { \"mode\": \"system\" }" chat
environment="HTTPS_PROXY=http://192.0.2.1:3128 NO_PROXY=.microsoft.com,10.0.0.0/8"
expect='"host":"graph.microsoft.com"'
never="$always_never
through proxy 192.0.2.1:3128): the name"
scene "mode system: NO_PROXY leaves Graph out (115)" "$inside" "$ca, \"proxy\": { \"mode\": \"system\" }" 102 115
environment="HTTPS_PROXY=http://192.0.2.1:3128"
expect='"host":"login.microsoftonline.com"'
scene "the environment is not looked at unless system says so (115)" "$inside" "$ca" 115
scene "mode system without any variable: straight" "$outside" "$ca, \"proxy\": { \"mode\": \"system\" }" chat

# The proxy comes up late: told, then over.
{
    sleep 3
    printf '%s\n' "Listen 192.0.2.1" "Port 3140" "Timeout 60" "ConnectPort 443" >run/late.conf
    exec ip netns exec "$outside" tinyproxy -d -c run/late.conf
} >run/late.log 2>&1 </dev/null &
pids+=($!)
expect='"ends":["TPS_EVENT_PROXY_REFUSES"]'
scene "a proxy that comes up late (116, 108)" "$inside" "$(via http://192.0.2.1:3140)" 116 108 chat

if [ -n "$ipv6" ]; then
    echo "== IPv6"
    six='"tls": { "ca_file": "run/ca6.pem" }, "endpoints"'
    scene "a literal address, plain" "$outside" '"endpoints": { "login": "http://[::1]:8080", "graph": "http://[::1]:8080" }' 102 chat
    scene "a literal address, TLS" "$outside" "$six: { \"login\": \"https://[::1]:8443\", \"graph\": \"https://[::1]:8443\" }" 102 chat
    scene "a name with two addresses, only IPv6 answers" "$outside" "$six: { \"login\": \"https://localhost:8443\", \"graph\": \"https://localhost:8443\" }" chat
    scene "a name with two addresses, only IPv4 answers" "$outside" "$ca" chat
    expect='"host":"[::1]:7777"'
    scene "a literal address where nobody listens (105)" "$outside" '"endpoints": { "login": "http://[::1]:7777" }' 105
    scene "a proxy by its IPv6 address" "$inside" "$(via 'http://[2001:db8::1]:3131')" 102 chat
fi

echo "== bad files"
refused() { # NAME FILE WORDS
    count=$((count + 1))
    printf '{ "mode": "presence_sync", "tenant_id": "%s", "client_id": "%s", "auth": { "method": "client_secret", "secret": "x" }, "tls": { "ca_file": "%s" } }' \
        "$tenant" "$client" "$2" >"run/$count.json"
    if timeout 20 ip netns exec "$outside" ./caller "run/$count.json" 5 chat >"run/$count.out" 2>&1; then status=0; else status=$?; fi
    if [ "$status" = 3 ] && grep -qF "tls.ca_file" "run/$count.out" && grep -qF -- "$2" "run/$count.out" && grep -qF -- "$3" "run/$count.out"; then
        echo "ok     $count $1"
    else
        echo "FAILED $count $1 ($status): $(cat "run/$count.out")"
        failed=$((failed + 1))
    fi
}
printf 'no PEM here\n' >run/text.pem
{ cat run/ca.pem; printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'; } >run/broken.pem
mkfifo run/pipe.pem
refused "a CA file that is not there" run/absent.pem "No such file"
refused "a directory" run "not a regular file"
refused "a pipe, which would block" run/pipe.pem "not a regular file"
refused "a file without certificates" run/text.pem "no certificate"
refused "one broken certificate among good ones" run/broken.pem "certificate 2"

[ "$failed" = 0 ] || { echo "$failed of $count scenes failed"; exit 1; }
# What the proxies wrote down: the client asked them for names, and sent nothing in clear.
grep -q "CONNECT graph.microsoft.com:443" run/open.log || { echo "FAILED: the proxy never saw a CONNECT"; cat run/open.log; exit 1; }
echo "all $count scenes passed"
