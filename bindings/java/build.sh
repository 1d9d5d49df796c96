#!/bin/sh
# Builds the jar of the Java bindings: classes for Java 8, the JNI glue, the library itself. Needs a JDK (9 or newer), cc and strip; no Maven.
#
#   build.sh OUT LIBRARY [PLATFORM=DIRECTORY ...]
#
# OUT is emptied. LIBRARY is a libteams_presence_sync.so for this machine. A DIRECTORY holds the two files of another platform, for instance
# linux-aarch64=/builds/arm64/native: what this script leaves in OUT/jar/META-INF/native/linux-aarch64 on such a machine.
# The same sources, library and tools give the same bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$1
library=$2
shift 2
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -n 1)
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}
platform=linux-$(uname -m)

rm -rf "$out"
mkdir -p "$out/jar/META-INF/native/$platform" "$out/tools"
native=$out/jar/META-INF/native/$platform

# Names for backtraces stay, line tables of a debug build do not travel.
strip --strip-debug -o "$native/libteams_presence_sync.so.1" "$library"
${CC:-cc} -std=c99 -pedantic -Wall -Wextra -Werror -O2 -fPIC -fvisibility=hidden -shared \
  -I"$root/include" -I"$java_home/include" -I"$java_home/include/linux" \
  -o "$native/libteams_presence_sync_jni.so" "$here/src/main/c/calls.c" "$here/src/main/c/upcalls.c" \
  "$native/libteams_presence_sync.so.1" -Wl,-rpath,'$ORIGIN'
strip "$native/libteams_presence_sync_jni.so"
for other in "$@"; do
  mkdir -p "$out/jar/META-INF/native/${other%%=*}"
  cp "${other#*=}/libteams_presence_sync.so.1" "${other#*=}/libteams_presence_sync_jni.so" "$out/jar/META-INF/native/${other%%=*}"
done

# "options" is the warning of newer compilers that Java 8 is old.
"$java_home/bin/javac" --release 8 -encoding UTF-8 -Xlint:all -Xlint:-options -Xdoclint:all/protected -Werror -d "$out/jar" \
  "$here"/src/main/java/org/teamspresencesync/*.java
cp "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$out/jar/META-INF"
cat >"$out/jar/META-INF/MANIFEST.MF" <<MANIFEST
Manifest-Version: 1.0
Automatic-Module-Name: org.teamspresencesync
Implementation-Title: teams-presence-sync
Implementation-Version: $version
MANIFEST
"$java_home/bin/javac" --release 8 -Xlint:-options -d "$out/tools" "$here/tools/Pack.java"
"$java_home/bin/java" -cp "$out/tools" Pack "$out/teams-presence-sync-$version.jar" "$out/jar"
