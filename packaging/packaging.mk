# What is handed on: `make install`, `make deb`, `make reproducible`, `make abidiff`. The top Makefile includes this.

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
# TPS_ABI_VERSION is 0xMMMMmmmm.
ABI_HEX := $(shell sed -n 's/^\#define TPS_ABI_VERSION 0x\([0-9a-f]*\)u/\1/p' include/teams_presence_sync.h)
ABI_MAJOR := $(shell printf '%d' 0x$(ABI_HEX) | awk '{ print int($$1 / 65536) }')
ABI_MINOR := $(shell printf '%d' 0x$(ABI_HEX) | awk '{ print $$1 % 65536 }')
SONAME := libteams_presence_sync.so.$(ABI_MAJOR)

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/teams-presence-sync
DESTDIR ?=
# What is installed: a release, unless somebody says otherwise. The tests install the debug library.
INSTALL_FROM ?= target/release
INSTALL_TPS ?= target/tool/tps

INCLUDE_FROM_LIB = $(shell realpath -m --relative-to=$(LIBDIR) $(INCLUDEDIR))

# What a program that links the static library needs beside it: `rustc --print native-static-libs`.
NATIVE := gcc_s pthread dl m
LICENCES := target/packaging/THIRD-PARTY.txt

.PHONY: install uninstall tool licences deb reproducible abidiff abi-baseline

# The command, with a folder of its own: in target/release it would write the library anew, without link-time optimisation.
tool:
	packaging/cargo.sh build --locked --profile tool --package tps

$(LICENCES): Cargo.lock packaging/licences.py
	$(call need,python3,apt-get install -y python3)
	@mkdir -p $(@D)
	@$(CARGO) fetch --quiet --locked --target $(TARGET)
	@python3 packaging/licences.py > $@.new && mv $@.new $@

# With the build, since root, who installs, may have no cargo, and the sources of the crates lie with whoever built.
lib tool: licences
licences:
	@if ! command -v python3 >/dev/null 2>&1; then echo "left for make install: licences of what is linked; python3 is missing"; \
	else $(MAKE) --no-print-directory $(LICENCES) || echo "left for make install: licences of what is linked"; fi

fill = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g' -e 's|@VERSION@|$(VERSION)|g' \
  -e 's|@ABI_MAJOR@|$(ABI_MAJOR)|g' -e 's|@ABI_MINOR@|$(ABI_MINOR)|g' -e 's|@SONAME@|$(SONAME)|g' -e 's|@NATIVE@|$(NATIVE)|g' \
  -e 's|@NATIVE_FLAGS@|$(NATIVE:%=-l%)|g' -e 's|@INCLUDE_FROM_LIB@|$(INCLUDE_FROM_LIB)|g'

# Builds nothing, so that it may run as root: `make lib tool` first.
install: $(LICENCES)
	@for file in $(INSTALL_FROM)/libteams_presence_sync.so $(INSTALL_FROM)/libteams_presence_sync.a; do \
	  [ -e $$file ] || { echo "$$file is missing: make lib"; exit 1; }; done
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/cmake/TeamsPresenceSync $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(DOCDIR)
	install -m 755 $(INSTALL_FROM)/libteams_presence_sync.so $(DESTDIR)$(LIBDIR)/$(SONAME).$(ABI_MINOR)
	ln -sf $(SONAME).$(ABI_MINOR) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libteams_presence_sync.so
	install -m 644 $(INSTALL_FROM)/libteams_presence_sync.a $(DESTDIR)$(LIBDIR)/libteams_presence_sync.a
	install -m 644 include/teams_presence_sync.h include/teams_presence_sync.hpp $(DESTDIR)$(INCLUDEDIR)/
	@umask 022; for file in teams_presence_sync teams_presence_sync-static; do \
	  $(fill) packaging/$$file.pc.in | sed '2,3s|=$(PREFIX)/|=$${prefix}/|' > $(DESTDIR)$(LIBDIR)/pkgconfig/$$file.pc; done
	@umask 022; for file in TeamsPresenceSyncConfig TeamsPresenceSyncConfigVersion; do \
	  $(fill) packaging/cmake/$$file.cmake.in > $(DESTDIR)$(LIBDIR)/cmake/TeamsPresenceSync/$$file.cmake; done
	install -m 644 LICENSE-MIT LICENSE-APACHE README.md CHANGELOG.md $(LICENCES) $(DESTDIR)$(DOCDIR)/
	@if [ -e $(INSTALL_TPS) ]; then set -e; \
	  install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1; \
	  install -m 755 $(INSTALL_TPS) $(DESTDIR)$(BINDIR)/tps; \
	  install -m 644 packaging/man/tps.1 $(DESTDIR)$(MANDIR)/man1/tps.1; \
	else echo "left out: the command tps and its manual page; $(INSTALL_TPS) is missing (make tool)"; fi
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

uninstall:
	rm -f $(DESTDIR)$(LIBDIR)/$(SONAME).$(ABI_MINOR) $(DESTDIR)$(LIBDIR)/$(SONAME) $(DESTDIR)$(LIBDIR)/libteams_presence_sync.so \
	  $(DESTDIR)$(LIBDIR)/libteams_presence_sync.a $(DESTDIR)$(INCLUDEDIR)/teams_presence_sync.h \
	  $(DESTDIR)$(INCLUDEDIR)/teams_presence_sync.hpp $(DESTDIR)$(LIBDIR)/pkgconfig/teams_presence_sync.pc \
	  $(DESTDIR)$(LIBDIR)/pkgconfig/teams_presence_sync-static.pc $(DESTDIR)$(BINDIR)/tps $(DESTDIR)$(MANDIR)/man1/tps.1
	rm -rf $(DESTDIR)$(LIBDIR)/cmake/TeamsPresenceSync $(DESTDIR)$(DOCDIR)
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

# Three packages: the library, what one compiles with, the command. lintian looks at them where it is installed; an error of its ends this.
deb: lib tool $(LICENCES)
	$(call need,dpkg-deb,this makes a Debian package and needs a Debian system)
	$(call need,readelf,apt-get install -y binutils)
	@sh packaging/deb.sh $(VERSION) $(ABI_MAJOR) $(ABI_MINOR)

# The same tree in another folder, of another length, gives the same bytes.
reproducible: lib
	@sh packaging/reproducible.sh

# Seconds: it compiles the header, not the library.
abidiff:
	@sh packaging/abi/abidiff.sh compare

# At a release; the file is committed with it.
abi-baseline:
	@sh packaging/abi/abidiff.sh baseline
