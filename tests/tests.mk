# What tests need: their programs and the targets that run them.

TEST_PKGS := check glib-2.0
TEST_CFLAGS := $(shell pkg-config --cflags $(TEST_PKGS) 2>/dev/null) -Itests -Idaemon -Itools
UMOCK_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags umockdev-1.0 gio-unix-2.0 2>/dev/null))
TEST_LIBS := $(shell pkg-config --libs check 2>/dev/null)

# The device model (tests/emulator/model*.c and card*.c) without the programs around it.
MODEL_SRC := $(wildcard tests/emulator/model*.c tests/emulator/card*.c)
# Everything of the programs but their main().
DAEMON_PARTS := $(filter-out %/main.c,$(DOCKD_SRC) $(CLEAR_SRC) $(CUSTODYD_SRC) $(ALERTD_SRC) $(VAULTCTL_SRC))

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))
# Those that run for seconds begin first, or at the end one core waits for the other.
UNIT_LONG := $(patsubst %,$(BUILD)/unit/check_%,vault_partial inspect tlog_power tlog vault_local \
	vault_partial_faults bag_hostile package card disk mtp_faults)

$(BUILD)/tests/%.o: DV_CFLAGS += $(TEST_CFLAGS)
# Run once or twice: what -O2 saves is less than what it takes.
$(BUILD)/tests/unit/%.o $(BUILD)/tests/fuzz/%.o: CFLAGS := $(patsubst -O2,-O1,$(CFLAGS))

# What several unit tests share.
RIG_SRC := $(wildcard tests/unit/*_rig.c)

$(BUILD)/libparts.a: $(call obj,$(DAEMON_PARTS) $(MODEL_SRC) $(RIG_SRC))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libparts.a $(LIB)
	@mkdir -p $(@D)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS) $(PKG_LIBS)

# The lister's parts, for the tests that name them here.
$(BUILD)/liblister.a: $(call obj,$(filter-out %/main.c,$(LISTER_SRC)))
	@rm -f $@
	ar rcs $@ $^

LISTER_FUZZ := card exfat_dir partition mtp
LISTER_TESTS := $(patsubst %,$(BUILD)/unit/check_%,jail fat exfat_dir table link report walk_mtp) \
	$(patsubst %,$(BUILD)/replay_%,$(LISTER_FUZZ)) $(patsubst %,$(BUILD)/fuzz_%,$(LISTER_FUZZ))
$(LISTER_TESTS): $(BUILD)/liblister.a
$(LISTER_TESTS): LDLIBS += $(BUILD)/liblister.a $(LIB) -ltsk -lseccomp

$(BUILD)/unit/check_age_vectors: LDLIBS += -lz

# Objects that only a rule's chain names are kept, or each run would compile them anew.
.SECONDARY:

# Everything quick, all of it even when a part fails; each part closes with a line that counts.
CHECKS := check-layers check-headers check-clang check-unit check-sql check-fuzz check-scenarios

.PHONY: check
check:
	@tools/setup
	@$(MAKE) --no-print-directory -s -j$$(nproc) all
	@status=0; for part in $(CHECKS); do \
		$(MAKE) --no-print-directory -s -j$$(nproc) $$part || status=1; \
	done; exit $$status

.PHONY: check-unit check-layers
check-unit: $(UNIT)
	@tests/run-unit $(UNIT_LONG) $(filter-out $(UNIT_LONG),$(UNIT))

check-layers:
	@tests/layers.sh

# Not under valgrind: the jail, whose system calls valgrind does not know (Landlock, seccomp), and
# which forbids those that valgrind makes; and tests that need a process of their own.  A thread
# that waits for work still has its stack: no leak.
NO_VALGRIND := $(BUILD)/unit/check_jail

.PHONY: check-valgrind
check-valgrind: $(filter-out $(NO_VALGRIND),$(UNIT))
	@CK_FORK=no CK_EXCLUDE_TAGS=alone WRAPPER="valgrind -q --error-exitcode=9 \
		--leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite" \
		tests/run-unit $^

# Which lines these run, counted from the start, but not in children that end in _exit(), as those
# do whose system calls fail.  COVERAGE="$(CHECKS)" adds what takes long.
COVERAGE ?= check-unit check-fuzz

.PHONY: coverage
coverage:
	@find build-coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) --no-print-directory -s -j$$(nproc) CC=gcc BUILD=build-coverage LDFLAGS=--coverage \
		CFLAGS='-Og -g --coverage -fprofile-update=atomic' all $(COVERAGE)
	@tests/coverage build-coverage

# What is behind -- compiles each of what is before it.
HEADERS := $(wildcard lib/*/*.h daemon/*/*.h tools/*/*.h tests/*/*.h)

.PHONY: check-headers
check-headers: BANNED =
check-headers: DV_CFLAGS += $(TEST_CFLAGS) $(UMOCK_CFLAGS)
check-headers:
	@tests/headers.sh $(HEADERS) -- $(CC) $(DV_CFLAGS) $(CPPFLAGS) $(CFLAGS)

# A developer's tool a file of tests/tools.
TEST_TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/%,$(wildcard tests/tools/*.c))
$(BUILD)/list-device: $(call obj,tests/unit/mtp_rig.c)
$(BUILD)/smtpd: LDLIBS += -lssl
$(BUILD)/coverage-drive: $(call obj,daemon/alertd/coverage.c)
$(BUILD)/coverage-drive: LDLIBS += $(LIB)
$(BUILD)/age-drive: $(call obj,tools/vaultctl/sealed.c)
$(BUILD)/age-drive: LDLIBS += $(LIB)
$(TEST_TOOLS): $(BUILD)/%: $(BUILD)/tests/tools/%.o $(LIB)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# For LD_PRELOAD.
$(BUILD)/realclock.so: tests/clock/realclock.c | $(BUILD)
	$(CC) $(DV_CFLAGS) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $<

# Card images of recorders, and the recorder emulator.
EMULATOR := $(BUILD)/mkcard $(BUILD)/dock-emulator $(BUILD)/realclock.so
UMOCK_OBJ := $(call obj,tests/emulator/main.c $(wildcard tests/emulator/umock*.c))

$(BUILD)/mkcard: $(call obj,tests/emulator/mkcard.c $(wildcard tests/emulator/card*.c)) $(LIB)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(UMOCK_OBJ): DV_CFLAGS += $(UMOCK_CFLAGS)
$(BUILD)/dock-emulator: $(UMOCK_OBJ) $(call obj,$(filter-out %/model_io.c %/model_raw.c %/model_uas.c,$(wildcard tests/emulator/model*.c))) $(LIB)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(shell pkg-config --libs umockdev-1.0 gio-unix-2.0) $(PKG_LIBS)

# What tools/devstack runs.
.PHONY: devstack demo
devstack: all $(EMULATOR) $(TEST_TOOLS)

demo:
	@tools/setup
	@$(MAKE) --no-print-directory -s devstack
	@BUILD=$(BUILD) tools/demo

# Whole programs at work.  SCENARIOS=tests/scenario/20-sidecar-interop.sh selects.  Those that take long
# are apart: `make check-long` before what they are about is changed.
LONG_SCENARIOS := $(patsubst %,tests/scenario/%.sh,12-devstack 31-vault-resume 40-catalog-away 50-lister \
	60-kill-dockd 61-unplug 71-card-past 72-clear 73-import 86-custody-verify 87-bad-package 87-package \
	68-unlock 83-witness 88-tamper 89-custodyd 90-storm 91-crowd 99-inbox 106-backup-faults 110-retention-year)
SCENARIOS ?= $(filter-out $(LONG_SCENARIOS),$(sort $(wildcard tests/scenario/[0-9]*.sh)))

.PHONY: check-scenarios
check-scenarios: $(PROGRAMS) $(EMULATOR) $(TEST_TOOLS)
	@BUILD=$(BUILD) tests/run-scenarios $(SCENARIOS)

# What is apart, and the regulation article by article with each row of its checklists broken in each
# way: some minutes.
.PHONY: check-long check-articles
check-long: $(PROGRAMS) $(EMULATOR) $(TEST_TOOLS) check-articles
	@BUILD=$(BUILD) tests/run-scenarios $(LONG_SCENARIOS)

check-articles: $(PROGRAMS) $(EMULATOR) $(TEST_TOOLS)
	@BUILD=$(BUILD) ARTICLES=all SCENARIO_TIMEOUT=1200 tests/run-scenarios tests/scenario/95-articles.sh

# The Debian package in a Debian of its own: installed, upgraded from a version with an earlier schema, purged.
# Some minutes, root, and Debian's mirror.
.PHONY: check-deb
check-deb:
	@$(MAKE) --no-print-directory deb DEB_VERSION=0.0.9 DEB_SCHEMA=41 >$(BUILD)/deb-before.log 2>&1 || \
		{ tail -n 20 $(BUILD)/deb-before.log; exit 1; }
	@$(MAKE) --no-print-directory deb >$(BUILD)/deb.log 2>&1 || { tail -n 20 $(BUILD)/deb.log; exit 1; }
	@tests/check-deb build/deb/dockvault_0.0.9_*.deb build/deb/dockvault_$(VERSION)_*.deb

# Random recorders, faults, restarts and outages, STORMS of them from SEED on.
.PHONY: storm
storm: devstack
	@BUILD=$(BUILD) STORMS=$${STORMS:-200} tests/storm/run

# Fuzzing.  A tests/fuzz/fuzz_NAME.c is a target, tests/fuzz/corpus/NAME its inputs, named for
# their sin.  check-fuzz replays them with the compiler at hand; `make fuzz` looks for new ones,
# FUZZ_SECONDS for each of FUZZ, and leaves what it found in the build folder.
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ_PARTS := $(call obj,tests/fuzz/start.c tests/fuzz/disk_session.c) $(BUILD)/libparts.a $(LIB)

$(BUILD)/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(FUZZ_PARTS)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_PARTS)
	$(CC) -fsanitize=fuzzer $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

.PHONY: check-fuzz fuzz run-fuzz
check-fuzz: $(patsubst %,$(BUILD)/replay_%,$(FUZZ))
	@tests/run-corpus $^

fuzz:
	$(MAKE) CC=clang SANITIZE=fuzzer-no-link,address,undefined run-fuzz

run-fuzz: $(patsubst %,$(BUILD)/fuzz_%,$(FUZZ))
	@for name in $(FUZZ); do \
		echo "fuzz $$name for $(FUZZ_SECONDS) s"; \
		mkdir -p $(BUILD)/found/$$name && \
		$(BUILD)/fuzz_$$name -max_total_time=$(FUZZ_SECONDS) -max_len=20000 -print_final_stats=1 \
			-verbosity=0 -artifact_prefix=$(BUILD)/found/crash-$$name- \
			$(BUILD)/found/$$name tests/fuzz/corpus/$$name || exit 1; \
	done

# The catalog's SQL on a private PostgreSQL, by pgTAP.
.PHONY: check-sql
check-sql: $(BUILD)/catalog-drive
	@BUILD=$(BUILD) tests/run-sql $(sort $(wildcard tests/sql/*.sql))

# docs/REGULATION.md, of the rules in sql/; a scenario holds the two together.
.PHONY: regulation
regulation: $(BUILD)/catalog-drive $(BUILD)/vaultctl
	@BUILD=$(BUILD) tests/regulation >$(BUILD)/REGULATION.md
	@mv $(BUILD)/REGULATION.md docs/REGULATION.md

# From dock to catalog, against cp, b2sum and sync: docs/PERFORMANCE.md.
# Needs 16 GB of disk, and memory for 13 GB of cached files.
.PHONY: bench
bench: devstack $(BUILD)/bench/bench_ingest $(BUILD)/bench/lister_peak
	@BUILD=$(BUILD) tests/bench/run
	@BUILD=$(BUILD) tests/bench/run --recorders 16 --files 4 --mib 16
	@BUILD=$(BUILD) tests/bench/crowd

# BENCH_VAULT="-s 1 -b 1024" changes the run; needs 3 GB of disk.
.PHONY: bench-vault
bench-vault: $(BUILD)/bench/bench_vault
	$< $(BENCH_VAULT) $(BUILD)/bench

# Events into the custody log: docs/PERFORMANCE.md.  BENCH_CUSTODY="--events 100000" changes the run.
.PHONY: bench-custody
bench-custody: devstack
	@BUILD=$(BUILD) tests/bench/custody $(BENCH_CUSTODY)

# Questions to a catalog of 20 M segments; BENCH_CATALOG="--segments 2000000 --findings 200000" for a
# quick look.  Needs 20 GB of disk.
.PHONY: bench-catalog
bench-catalog: $(BUILD)/catalog-drive
	@BUILD=$(BUILD) tests/bench/catalog $(BENCH_CATALOG)

# A plan of disposal over ten million segments.  BENCH_PLAN="--segments 1000000" changes it.
.PHONY: bench-plan
bench-plan: $(BUILD)/catalog-drive
	@BUILD=$(BUILD) tests/bench/plan $(BENCH_PLAN)

# The custody log: leaves into its files, proofs out of them.  BENCH_TLOG="-r 9" changes the run; needs
# 2 GB of disk.
.PHONY: bench-log
bench-log: $(BUILD)/bench/bench_tlog
	@$(BUILD)/bench/bench_tlog $(BENCH_TLOG) $(BUILD)/bench

# An evidence package against sha256sum; needs 6 GB of disk.
.PHONY: bench-package
$(BUILD)/bench/bench_package: LDLIBS += $(TEST_LIBS)
bench-package: $(BUILD)/vaultctl $(BUILD)/bench/bench_package
	@BUILD=$(BUILD) tests/bench/bench-package

# A store read again, against b2sum -c; needs 13 GB of disk.  BENCH_SCRUB="--files 8 --any" changes the run.
.PHONY: bench-scrub
bench-scrub: $(BUILD)/vaultctl $(BUILD)/catalog-drive $(BUILD)/bench/bench_vault
	@BUILD=$(BUILD) tests/bench/scrub $(BENCH_SCRUB)

# A file sealed, against age; needs 4 GB of disk.  BENCH_SEAL="--mib 256" for a quick look.
.PHONY: bench-seal
bench-seal: $(BUILD)/age-drive
	@BUILD=$(BUILD) tests/bench/bench-seal $(BENCH_SEAL)

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/libparts.a $(LIB)
	@mkdir -p $(@D)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# In a virtual machine; tools/setup --vm installs what it needs.  VM_PARTS="cards clear" selects.
.PHONY: check-vm bench-vm
check-vm: devstack
	@BUILD=$(BUILD) tests/vm/check-vm $(VM_PARTS)

# In the same machine, how fast recorders are read, against dd, mtp-getfile and gphoto2.
bench-vm: devstack $(BUILD)/bench/bench_usb
	@BUILD=$(BUILD) CHECK_VM_TIMEOUT=1200 tests/vm/check-vm bench

# What gcc compiles is without a warning of clang's, too.  Nothing is made, so it is all looked at
# each time.
SOURCES := $(LIB_SRC) $(DOCKD_SRC) $(LISTER_SRC) $(CLEAR_SRC) $(CUSTODYD_SRC) $(ALERTD_SRC) $(VAULTCTL_SRC) \
	$(wildcard tests/*/*.c)

.PHONY: check-clang look-at-all
check-clang:
	@if $(MAKE) --no-print-directory -s -k -j$$(nproc) CC=clang DEVELOPER=1 SANITIZE= \
		BUILD=$(BUILD)/clang OFTEN=$(BUILD)/clang/often.pch CFLAGS='-O2 -fsyntax-only' look-at-all; \
	then echo "clang: 1 passed, 0 failed"; else echo "clang: 0 passed, 1 failed"; exit 1; fi

look-at-all: $(call obj,$(SOURCES))

# Half of the work is the same headers over and over.
ifneq ($(OFTEN),)
BANNED = -include-pch $(OFTEN)
$(call obj,$(SOURCES)): $(OFTEN)
$(OFTEN): BANNED = -include base/banned.h
$(OFTEN): DV_CFLAGS += $(TEST_CFLAGS)
$(OFTEN): tests/often.h lib/base/banned.h
	@mkdir -p $(@D)
	$(CC) $(DV_CFLAGS) $(CPPFLAGS) -O2 -x c-header -o $@ $<
endif
