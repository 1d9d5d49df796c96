#!/bin/sh
# Three Debian packages from what `make lib tool` has built, with dpkg-deb alone: no debhelper, no root. For `make deb`.
#   deb.sh VERSION ABI_MAJOR ABI_MINOR
# DEB_MAINTAINER names who answers for them; SOURCE_DATE_EPOCH their date (else that of the last commit).
set -eu
cd "$(dirname "$0")/.."
version=$1
major=$2
minor=$3
deb=$version-1
maintainer=${DEB_MAINTAINER:-The teams-presence-sync authors <teams-presence-sync@packages.invalid>}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
architecture=$(dpkg --print-architecture)
triplet=$(${CC:-cc} -print-multiarch)
[ -n "$triplet" ] || triplet=$(${CC:-cc} -dumpmachine)

work=target/deb
rm -rf "$work"
mkdir -p "$work/all"
umask 022
make --no-print-directory -s install DESTDIR="$PWD/$work/all" PREFIX=/usr LIBDIR="/usr/lib/$triplet" DOCDIR=/usr/share/doc/all >/dev/null

library=libteams-presence-sync$major
develop=libteams-presence-sync-dev
command=teams-presence-sync-tools
soname=libteams_presence_sync.so.$major

# What the binary of the library asks of the system: the newest symbol version of glibc, and the unwinder.
needs() {
    newest=$(readelf -VW "$1" | grep -o 'GLIBC_2\.[0-9]*' | sort -t. -k2 -n | tail -1 | sed 's/GLIBC_//')
    echo "libc6 (>= $newest), libgcc-s1 (>= 4.2)"
}

move() { # PACKAGE PATH...
    package=$1
    shift
    for path; do
        mkdir -p "$work/$package/$(dirname "$path")"
        mv "$work/all/$path" "$work/$package/$path"
    done
}

move "$library" "usr/lib/$triplet/$soname.$minor" "usr/lib/$triplet/$soname"
move "$develop" "usr/lib/$triplet/libteams_presence_sync.so" "usr/lib/$triplet/libteams_presence_sync.a" \
    "usr/lib/$triplet/pkgconfig" "usr/lib/$triplet/cmake" usr/include
move "$command" usr/bin/tps usr/share/man/man1/tps.1
gzip -9n "$work/$command/usr/share/man/man1/tps.1"
strip --remove-section=.comment --remove-section=.note --strip-unneeded "$work/$library/usr/lib/$triplet/$soname.$minor"
strip --remove-section=.comment --remove-section=.note "$work/$command/usr/bin/tps"
strip --strip-debug --remove-section=.comment --enable-deterministic-archives "$work/$develop/usr/lib/$triplet/libteams_presence_sync.a"
chmod 644 "$work/$library/usr/lib/$triplet/$soname.$minor"

# Free form: its machine-readable form has no place for this many texts.
copyright() {
    cat <<END
teams-presence-sync: Microsoft Teams presence inside telephone systems

Copyright: The teams-presence-sync authors

Licence: MIT or Apache-2.0, at your choice. On Debian systems the latter is in
/usr/share/common-licenses/Apache-2.0; that is meant below, too, where
LICENSE-APACHE is named. The former:

$(sed 's/^/    /' LICENSE-MIT)

The binaries hold code of others:

END
    cat target/packaging/THIRD-PARTY.txt
}

documents() { # PACKAGE
    doc=$work/$1/usr/share/doc/$1
    mkdir -p "$doc"
    copyright >"$doc/copyright"
    {
        printf '%s (%s) unstable; urgency=medium\n\n' teams-presence-sync "$deb"
        printf '  * Release %s; what is new stands in changelog.gz.\n\n' "$version"
        printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$doc/changelog.Debian.gz"
    gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
}

control() { # PACKAGE SECTION DEPENDS MORE, the description on standard input
    root=$work/$1
    mkdir -p "$root/DEBIAN"
    {
        printf 'Package: %s\nSource: teams-presence-sync\nVersion: %s\nArchitecture: %s\n' "$1" "$deb" "$architecture"
        printf 'Maintainer: %s\nSection: %s\nPriority: optional\nDepends: %s\n' "$maintainer" "$2" "$3"
        printf 'Installed-Size: %s\n' "$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f1)"
        [ -z "$4" ] || printf '%b' "$4"
        cat
    } >"$root/DEBIAN/control"
    (cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums)
    find "$root" -type d -exec chmod 755 {} +
    dpkg-deb --root-owner-group -Zxz --build "$root" "$work/$1_${deb}_$architecture.deb" >/dev/null
}

documents "$library"
mkdir -p "$work/$library/DEBIAN"
echo 'activate-noawait ldconfig' >"$work/$library/DEBIAN/triggers"
echo "libteams_presence_sync $major $library (>= $version)" >"$work/$library/DEBIAN/shlibs"
{
    echo "$soname $library #MINVER#"
    echo "* Build-Depends-Package: $develop"
    grep -v '^#' packaging/abi/symbols.txt | while read -r name _ release; do echo " $name@Base $release"; done
} >"$work/$library/DEBIAN/symbols"
control "$library" libs "$(needs "$work/$library/usr/lib/$triplet/$soname.$minor")" 'Multi-Arch: same\n' <<'END'
Description: Microsoft Teams presence inside telephone systems - library
 A telephone system or contact centre loads this library, hands over its
 users with their e-mail addresses, and is called back whenever a user's
 do-not-disturb or chat state must change, since the person is in a call or
 has set it in Microsoft Teams. TLS is the library's own; no OpenSSL is
 loaded.
 .
 This package holds the shared library.
END

documents "$develop"
mkdir -p "$work/$develop/usr/share/doc/$develop/examples"
cp examples/c/*.c examples/python/*.py "$work/$develop/usr/share/doc/$develop/examples/"
chmod 644 "$work/$develop/usr/share/doc/$develop/examples/"*
control "$develop" libdevel "$library (= $deb)" 'Multi-Arch: same\n' <<'END'
Description: Microsoft Teams presence inside telephone systems - development
 A telephone system or contact centre loads this library, hands over its
 users with their e-mail addresses, and is called back whenever a user's
 do-not-disturb or chat state must change.
 .
 This package holds the C header, which is the manual, the C++ wrapper, the
 static library, files for pkg-config and CMake, and examples in C and
 Python.
END

documents "$command"
control "$command" comm "$(needs "$work/$command/usr/bin/tps")" '' <<'END'
Description: check, follow and explain Microsoft Teams presence
 The command tps tries the configuration of a telephone system that uses
 teams-presence-sync step by step and says what to do where it fails, signs a
 person in by a device code, shows live what would be set, and explains why a
 user stands as he does. It touches no telephone system.
END

rm -rf "$work/all"
for package in "$library" "$develop" "$command"; do rm -rf "${work:?}/$package"; done
(cd "$work" && ls -l ./*.deb && sha256sum ./*.deb)

# Unpacked elsewhere they are whole: a program is built against them and runs, the command answers.
try=$work/try
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$try"; done
"$try/usr/bin/tps" --version
if command -v pkg-config >/dev/null 2>&1; then
    export PKG_CONFIG_SYSROOT_DIR="$PWD/$try" PKG_CONFIG_LIBDIR="$PWD/$try/usr/lib/$triplet/pkgconfig"
    for package in teams_presence_sync teams_presence_sync-static; do
        # shellcheck disable=SC2046 # several flags
        ${CC:-cc} -std=c99 -Wall -Wextra -pedantic -Werror $(pkg-config --cflags $package) tests/install/host.c -o "$try/host" $(pkg-config --libs $package)
        LD_LIBRARY_PATH="$try/usr/lib/$triplet" "$try/host"
    done
else
    echo "SKIPPED: a program against the packages: pkg-config is missing (apt-get install -y pkgconf)"
fi
rm -rf "$try"

if command -v lintian >/dev/null 2>&1; then
    lintian --allow-root --fail-on error --tag-display-limit 0 "$work"/*.deb && echo "lintian: no error"
else
    echo "SKIPPED: lintian is missing (apt-get install -y lintian)"
fi
