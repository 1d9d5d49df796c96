# What a person types. `make` alone says what there is.

CARGO ?= cargo
PROFILE_DIR := target/debug
LIB := $(PROFILE_DIR)/libteams_presence_sync.so
CFLAGS := -std=c99 -pedantic -Wall -Wextra -Werror -O1 -g -Iinclude

.PHONY: help demo-parts demo demo-notify test test-build soak lint deny lib bench valgrind asan tsan test-peers test-network header docs clean-demo java test-asterisk asterisk-root test-java flood fuzz

help:
	@echo "make demo        a C program loads the library and shows a day of a small office in a minute"
	@echo "make demo-notify change notifications: a C program shows how soon each POST is told, and the same by polling (half a minute)"
	@echo "make test        everything that must pass (needs Rust and a C/C++ compiler)"
	@echo "make soak        ten minutes of a bad day: 2,000 users, outages, people, kills (SOAK_SECONDS shortens it)"
	@echo "make flood       100,000 garbage posts, endless and slow bodies, crowds: figures of the listener (FLOOD_POSTS)"
	@echo "make fuzz        libFuzzer with AddressSanitizer at what strangers send, a minute each (FUZZ_SECONDS, FUZZ_TARGETS)"
	@echo "make lint        rustfmt, clippy"
	@echo "make lib         the release: target/release/libteams_presence_sync.{so,a}"
	@echo "make java        the Java bindings: one jar with the release inside, sources and Javadoc, in target/java (needs a JDK)"
	@echo "make install     the release to PREFIX (/usr/local), below DESTDIR: library, headers, pkg-config, CMake, tps (make lib tool first)"
	@echo "make deb         Debian packages in target/deb           make reproducible   builds in another folder and compares"
	@echo "make abidiff     the header against the interface of the last release (needs abigail-tools)"
	@echo "make bench       figures, as ratios against a bare client in the same run"
	@echo "make valgrind    the C tests under memcheck          make asan, make tsan   under the sanitizers"
	@echo "make test-peers  third-party servers from npm on loopback (needs Node)"
	@echo "make test-network  real host names, a real proxy, IPv6, in network namespaces (needs root)"
	@echo "make test-asterisk  the module of examples/asterisk in Debian testing's Asterisk (needs root)"
	@echo "make test-java   the Java bindings on Java 8, 11, 17, 21 and 25, and the jar by Maven, from Debian unstable (needs a JDK, root)"
	@echo "make deny        licences, bans, sources of every dependency"
	@echo "make header, make docs   write the generated files anew"

# One line instead of a page of errors where something is missing.
need = @command -v $(1) >/dev/null 2>&1 || { echo "missing: $(1). Install it: $(2)"; exit 1; }

demo-parts:
	$(call need,$(CARGO),https://rustup.rs)
	$(call need,cc,apt-get install -y gcc)
	@echo "Building the library and the simulator; the first time takes some minutes."
	@$(CARGO) build --lib --package teams-presence-sync
	@$(CARGO) build --package teams-presence-simulator
	@mkdir -p target/demo

demo: demo-parts
	$(CC) $(CFLAGS) examples/c/plugin_host.c -o target/demo/plugin_host -ldl -lpthread
	@sh examples/demo.sh $(LIB) $(PROFILE_DIR)/teams-presence-simulator target/demo

demo-notify: demo-parts
	$(CC) $(CFLAGS) examples/c/notify_host.c $(PROFILE_DIR)/libteams_presence_sync.a -lgcc_s -lpthread -ldl -lm -o target/demo/notify_host
	@sh examples/demo_notify.sh $(PROFILE_DIR)/teams-presence-simulator target/demo/notify_host target/demo

# Most tests wait for clocks and sockets: three for each core, and the cores have something to do.
TEST := $(CARGO) test --workspace --features test-hooks
test test-java: export RUST_TEST_THREADS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores * 3 < 24 ? cores * 3 : 24)))
test: test-build
	$(TEST) --no-fail-fast

test-build:
	$(call need,$(CARGO),https://rustup.rs)
	$(call need,cc,apt-get install -y gcc)
	$(call need,c++,apt-get install -y g++)
	$(call need,readelf,apt-get install -y binutils)
	$(TEST) --no-run

# The host gets a library of its own, so that a build meanwhile changes nothing.
soak:
	$(call need,$(CARGO),https://rustup.rs)
	$(call need,cc,apt-get install -y gcc)
	$(CARGO) build --quiet --lib --package teams-presence-sync
	@mkdir -p target/soak
	@cp $(LIB) target/soak/libteams_presence_sync.so.1
	$(CC) $(CFLAGS) -D_POSIX_C_SOURCE=200809L tests/soak/host.c -o target/soak/host target/soak/libteams_presence_sync.so.1 \
	  -Wl,-rpath,$(CURDIR)/target/soak -lpthread
	SOAK_HOST=$(CURDIR)/target/soak/host $(CARGO) bench --quiet --profile dev --bench soak

flood:
	$(call need,$(CARGO),https://rustup.rs)
	$(CARGO) bench --quiet --profile dev --bench flood

# Without cargo-fuzz, which would set the same flags; RUSTC_BOOTSTRAP as for the sanitizers below. What was learnt stays in target/fuzz/corpus,
# an input that broke something in target/fuzz/found: `target/fuzz/…/release/TARGET FILE` shows it again.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= body items content presence token key_set handshake
FUZZ_FLAGS := -Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
              -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
              -Cllvm-args=-sanitizer-coverage-trace-compares
FUZZERS = target/fuzz/$(TARGET)/release

fuzz:
	$(call need,$(CARGO),https://rustup.rs)
	@if ! command -v c++ >/dev/null 2>&1; then echo "SKIPPED: c++ is missing (apt-get install -y g++)"; else \
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="$(FUZZ_FLAGS)" $(CARGO) build --quiet --locked --release --manifest-path fuzz/Cargo.toml \
	  --target $(TARGET) --target-dir target/fuzz && \
	mkdir -p target/fuzz/found && $(FUZZERS)/seeds target/fuzz/corpus && \
	for target in $(FUZZ_TARGETS); do \
	  if $(FUZZERS)/$$target $$([ $$target != body ] || echo -max_len=4300000) -max_total_time=$(FUZZ_SECONDS) -timeout=60 -print_final_stats=1 \
	    -artifact_prefix=target/fuzz/found/$$target- target/fuzz/corpus/$$target >target/fuzz/$$target.log 2>&1; \
	  then echo "$$target: $$(grep '^stat::number_of_executed' target/fuzz/$$target.log | tr -s ' ')," \
	    "$$(grep -o 'cov: [0-9]* ft: [0-9]* corp: [^ ]*' target/fuzz/$$target.log | tail -1)"; \
	  else tail -40 target/fuzz/$$target.log; echo "$$target: FOUND SOMETHING, see target/fuzz/found"; exit 1; fi; \
	done; fi

# The C programs under memcheck: shared library, C99. Rounds are a tenth, patience is longer; a leak or a wrong access ends with 9.
VALGRIND := valgrind --quiet --leak-check=full --show-leak-kinds=definite,possible --errors-for-leak-kinds=definite \
            --error-exitcode=9 --child-silent-after-fork=yes
# Quick ones for CI; `make valgrind` takes all.
VALGRIND_TESTS ?= c99_shared

valgrind:
	$(call need,valgrind,apt-get install -y valgrind)
	TPS_C_WRAPPER="$(VALGRIND)" TPS_C_PATIENCE=10 TPS_C_SHARE=5 $(CARGO) test --workspace --features test-hooks --test c_abi -- $(VALGRIND_TESTS)

# The sanitizers ship with the stable toolchain; RUSTC_BOOTSTRAP lets this build, and no other, ask for them. Only the library and the C
# programs are built with them: the programs bring the runtime. gcc 12's allocator for ASan does not survive a fork in a busy process (its
# lock stays taken in the child), so forked.c runs without it.
TARGET = $(shell rustc -vV | sed -n 's/^host: //p')
SANITIZED = $(CARGO) build --quiet --lib --package teams-presence-sync --features test-hooks --target $(TARGET)

asan:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" $(SANITIZED) --target-dir target/asan
	TPS_LIBRARY_DIR=$(CURDIR)/target/asan/$(TARGET)/debug TPS_CFLAGS="-fsanitize=address" \
	ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:exitcode=9" TPS_C_PATIENCE=4 TPS_C_SHARE=20 \
	$(CARGO) test --workspace --features test-hooks --test c_abi -- c99_shared --skip forked

# gcc 12 and clang 14 lack a part of the runtime that the library asks for. To be read by a person, not by a lane: the prebuilt std is not
# instrumented, so its locks and Arc's last drop are not seen, and what stands behind them is reported although it is no race. It finds
# races of atomics; for the locks there is loom (tests/loom).
tsan:
	@if ! command -v clang-22 >/dev/null 2>&1; then echo "SKIPPED: clang-22 is missing (apt-get install -y clang-22 libclang-rt-22-dev)"; else \
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" $(SANITIZED) --target-dir target/tsan && \
	TPS_LIBRARY_DIR=$(CURDIR)/target/tsan/$(TARGET)/debug TPS_CC=clang-22 TPS_CXX=clang++-22 TPS_CFLAGS="-fsanitize=thread" \
	TSAN_OPTIONS="suppressions=$(CURDIR)/tests/c/tsan.supp:exitcode=9" TPS_C_PATIENCE=6 TPS_C_SHARE=10 \
	$(CARGO) test --workspace --features test-hooks --test c_abi -- c99_shared; fi

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features test-hooks -- -D warnings

deny:
	$(call need,cargo-deny,cargo install cargo-deny --locked)
	$(CARGO) fetch --locked --quiet
	$(CARGO) deny --offline check licenses bans sources

# Not more than the header's symbols may leave it: a build with `test-hooks` is thrown away. The library keeps the names that backtraces
# show; its size is promised without them, and measured so.
MOST_STRIPPED := 8000000
lib:
	$(call need,strip,apt-get install -y binutils)
	packaging/cargo.sh rustc --release --lib --crate-type cdylib,staticlib
	@if grep -q tps_test_panic target/release/libteams_presence_sync.so; then \
	  rm target/release/libteams_presence_sync.so target/release/libteams_presence_sync.a; \
	  echo "this was built with test-hooks, which is never a release"; exit 1; fi
	@ln -sf libteams_presence_sync.so target/release/libteams_presence_sync.so.1
	@ls -l target/release/libteams_presence_sync.so target/release/libteams_presence_sync.a
	@strip -o target/release/stripped.so target/release/libteams_presence_sync.so; \
	  size=$$(wc -c < target/release/stripped.so); rm target/release/stripped.so; \
	  echo "stripped, the shared library has $$size bytes; $(MOST_STRIPPED) are allowed"; \
	  [ "$$size" -le $(MOST_STRIPPED) ]

# NATIVES="linux-aarch64=DIRECTORY" adds the two files of another platform, built there (bindings/java/build.sh).
JAVA_SOURCES := bindings/java/src/main/java
java: lib
	$(call need,javac,apt-get install -y openjdk-17-jdk-headless)
	$(call need,cc,apt-get install -y gcc)
	@sh bindings/java/build.sh target/java target/release/libteams_presence_sync.so $(NATIVES)
	@javadoc -quiet -Xdoclint:all -Werror --release 8 -encoding UTF-8 -notimestamp -d target/java/javadoc -sourcepath $(JAVA_SOURCES) \
	  org.teamspresencesync
	@version=$$(basename target/java/teams-presence-sync-*.jar .jar); \
	  java -cp target/java/tools Pack target/java/$$version-javadoc.jar target/java/javadoc; \
	  java -cp target/java/tools Pack target/java/$$version-sources.jar $(JAVA_SOURCES)
	@ls -l target/java/*.jar

# With PART=engine (memory, callbacks, start, puts, sweep, day, notify) only that. The simulator runs as a process of its own.
bench:
	$(call need,$(CARGO),https://rustup.rs)
	$(CARGO) build --quiet --release --package teams-presence-simulator
	$(CARGO) bench --quiet --bench figures -- $(PART)

header:
	TPS_UPDATE_HEADER=1 $(CARGO) build --lib

docs:
	TPS_UPDATE_DOCS=1 $(CARGO) test --quiet --test generated_docs
	TPS_UPDATE_DOCS=1 $(CARGO) test --quiet --test java constants_are_those_of_the_header
	TPS_UPDATE_DOCS=1 $(CARGO) test --quiet --package tps --test troubleshooting

test-peers:
	$(call need,$(CARGO),https://rustup.rs)
	$(call need,cc,apt-get install -y gcc)
	$(CARGO) test --quiet --workspace --features test-hooks --test graph_directory --no-run
	$(CARGO) build --quiet --lib --package teams-presence-sync
	$(CARGO) build --quiet --package teams-presence-simulator
	@sh tests/peers/run.sh

test-network:
	$(call need,$(CARGO),https://rustup.rs)
	$(call need,cc,apt-get install -y gcc)
	$(CARGO) build --quiet --lib --package teams-presence-sync
	$(CARGO) build --quiet --package teams-presence-simulator
	@bash tests/network/run.sh

test-asterisk:
	$(call need,$(CARGO),https://rustup.rs)
	$(CARGO) build --quiet --lib --package teams-presence-sync
	$(CARGO) build --quiet --package teams-presence-simulator
	@bash tests/asterisk/run.sh

# For CI, beside the tests: what takes test-asterisk a minute before it begins.
asterisk-root:
	@bash tests/asterisk/run.sh root

test-java:
	$(call need,$(CARGO),https://rustup.rs)
	$(call need,cc,apt-get install -y gcc)
	$(TEST) --quiet --test java --no-run
	@bash tests/java_versions/run.sh

include packaging/packaging.mk
