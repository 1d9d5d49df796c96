#!/bin/bash
# The Java bindings where they have not been compiled: tests/java.rs once for each version of Java that Debian unstable has, and the jar as
# Maven builds it, with plugins of Debian. Both in a root of their own, with the simulator on loopback.
#
# Says SKIPPED where root, namespaces, a JDK or Debian's packages are missing. The root is made once and kept in target/java-root.
#   run.sh [VERSION|maven...]        default: 8 11 17 21 25 maven
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
here=$repository/tests/java_versions
root=$repository/target/java-root
lab=$repository/target/java-versions
. "$repository/tests/support/debian_root.sh"
skip() { echo "SKIPPED test-java: $1"; exit 0; }
fail() { echo "FAILED test-java: $1"; exit 1; }

[ "$(id -u)" = 0 ] || skip "needs root, for a root of its own"
command -v javac >/dev/null 2>&1 || skip "no JDK (apt-get install -y openjdk-17-jdk-headless)"
unshare --mount true 2>/dev/null || skip "mount namespaces are not allowed here"
# The enforcer plugin of Debian wants Java 25.
packages=openjdk-8-jre-headless,openjdk-11-jre-headless,openjdk-17-jre-headless,openjdk-21-jre-headless,openjdk-25-jdk-headless,maven
for plugin in compiler enforcer jar javadoc resources source; do packages=$packages,libmaven-$plugin-plugin-java; done
packages=$packages,libsurefire-java
debian_root "$root" sid "$packages" "Java and Maven"
rm -rf "$lab"
mkdir -p "$lab"
export TPS_JAVA_ROOT=$root

version() {
    local inside shown log=$lab/$1.log
    inside=$(cd "$root" && find usr/lib/jvm/java-"$1"-openjdk-* -path '*/bin/java' 2>/dev/null | sort | head -n 1 || true)
    [ -n "$inside" ] || fail "no Java $1 in $root"
    export TPS_JAVA=$here/java.sh TPS_JAVA_INSIDE=/$inside
    shown=$("$TPS_JAVA" -version 2>&1 | head -n 1)
    case $shown in *\""$1".* | *\"1."$1".*) ;; *) fail "Java $1 calls itself $shown" ;; esac
    (cd "$repository" && "${CARGO:-cargo}" test --quiet --workspace --features test-hooks --test java) >"$log" 2>&1 ||
        { cat "$log"; fail "$shown"; }
    grep -o 'SKIPPED: .*' "$log" || true
    echo "$shown: $(grep -o '[0-9]* passed' "$log")"
}

# The pom in a copy, with the plugins that Debian has now; then the same names, native files and classes as without Maven.
maven() {
    local plugin name wanted there work pom built jars jdk
    jdk=$(cd "$root" && echo usr/lib/jvm/java-25-openjdk-*)
    jdk=/$jdk
    work=$(mktemp -d /tmp/tps-maven-XXXXXX)
    pom=$work/bindings/java/pom.xml
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    mkdir -p "$work/bindings/java" "$work/plain" "$work/jar"
    cp -a "$repository/bindings/java/src" "$repository/bindings/java/pom.xml" "$work/bindings/java"
    for plugin in "$root"/usr/share/maven-repo/org/apache/maven/plugins/maven-*-plugin; do
        name=$(basename "$plugin")
        wanted=$(sed -n "/<artifactId>$name</{n;s/ *<version>\(.*\)<.*/\1/p}" "$pom")
        there=$(cd "$plugin" && ls -d [0-9]* | sort -V | tail -n 1)
        if [ -n "$wanted" ] && [ "$wanted" != "$there" ]; then
            echo "in a copy of the pom: $name $there instead of $wanted"
            sed -i "/<artifactId>$name</{n;s/$wanted/$there/}" "$pom"
        fi
    done
    package() {
        # Debian's repository is written to: Maven notes there what it did not find.
        inside env JAVA_HOME="$jdk" mvn --batch-mode --offline -Dmaven.repo.local=/usr/share/maven-repo \
            -f "$pom" package >"$lab/maven.log" 2>&1
    }
    inside() { TPS_JAVA_INSIDE=$1 "$here/java.sh" "${@:2}"; }
    if package || ! grep -q 'no native files: run `make java` first' "$lab/maven.log"; then
        cat "$lab/maven.log"
        fail "Maven does not say that the native files are missing"
    fi
    sh "$repository/bindings/java/build.sh" "$work/target/java" "$repository/target/debug/deps/libteams_presence_sync.so"
    package || { cat "$lab/maven.log"; fail "Maven"; }

    names() { jar tf "$1" | grep -v -e '/$' -e '^META-INF/maven/' | sort; }
    jars=("$work"/bindings/java/target/teams-presence-sync-*.jar)
    built=$(ls "$work"/bindings/java/target/teams-presence-sync-[0-9]*.jar | grep -v -e sources -e javadoc)
    [ "${#jars[@]}" = 3 ] || fail "${#jars[@]} jars by Maven"
    diff <(names "$built") <(names "$work"/target/java/teams-presence-sync-*.jar) || fail "other files by Maven than without"
    (cd "$work/jar" && jar xf "$built")
    diff -r "$work/jar/META-INF/native" "$work/target/java/jar/META-INF/native" || fail "other native files by Maven"
    # With one compiler the classes have the same bytes; this machine's is another one.
    inside "$jdk/bin/javac" --release 8 -encoding UTF-8 -Xlint:-options -d "$work/plain" \
        "$work"/bindings/java/src/main/java/org/teamspresencesync/*.java
    diff -r "$work/jar/org" "$work/plain/org" || fail "other classes by Maven"
    for line in 'Automatic-Module-Name: org.teamspresencesync' 'Implementation-Title: teams-presence-sync' 'Implementation-Version: [0-9]'; do
        grep -q "^$line" "$work/jar/META-INF/MANIFEST.MF" || fail "no $line in the manifest by Maven"
    done
    ! names "${built%.jar}-sources.jar" | grep -v -e '\.java$' -e '^META-INF/MANIFEST.MF$' || fail "more than sources among the sources"
    echo "$(inside mvn -Dstyle.color=never -version | head -n 1): the same $(names "$built" | wc -l) files as without, classes and native files alike"
}

[ $# -gt 0 ] || set -- 8 11 17 21 25 maven
for part; do
    case $part in maven) maven ;; *) version "$part" ;; esac
done
