#!/bin/sh
# The java of another root, as if it stood here: TPS_JAVA_ROOT names the root, TPS_JAVA_INSIDE the program in it. What is below /tmp, /proc
# and /dev is what it is outside. The mounts are this call's own, so that one which a caller has made for itself is there, too.
exec unshare --mount --propagation private sh -euc '
for directory in tmp proc dev; do mount --rbind "/$directory" "$TPS_JAVA_ROOT/$directory"; done
exec chroot "$TPS_JAVA_ROOT" "$TPS_JAVA_INSIDE" "$@"' sh "$@"
