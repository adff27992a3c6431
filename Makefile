# Dockvault.  `make demo` shows it, `make check` tests it; README lists the rest.
#
#   make                    build everything into build/
#   make check              all quick tests          SANITIZE=address,undefined
#   make install            DESTDIR= PREFIX=/usr
#   make deb                a Debian package, in build/deb
#
# DEVELOPER=1 turns warnings into errors.  SANITIZE=... builds beside the
# ordinary build, so that both can be kept.

VERSION   := 0.1.0
PREFIX    ?= /usr
ifeq ($(origin CC),default)
CC        := gcc
endif
CFLAGS    ?= -O2 -g
SANITIZE  ?=
DEVELOPER ?=

comma := ,
BUILD := build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(filter clang%,$(CC)),-clang)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wformat=2 -Wundef -Wvla -Wwrite-strings -Wpointer-arith -Wcast-qual \
	-Wno-gnu-statement-expression -Wno-language-extension-token
ifneq ($(filter clang%,$(CC)),)
WARN += -Wno-gnu-auto-type -Wno-gnu-zero-variadic-macro-arguments
endif

PKGS := libusb-1.0 libuv libsodium libpq jansson libconfuse libcrypto libsystemd libcurl \
	libmicrohttpd libarchive pangocairo fontconfig xlsxwriter
# Silent where nothing is installed yet: tools/setup runs from this Makefile, too.
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

# libtsk's headers use names that are banned: daemon/lister/tsk.h bans them behind; so do
# libxlsxwriter's, and lib/report/xlsx.c.
BANNED = -include base/banned.h

DV_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' \
	-DLIBEXECDIR='"$(PREFIX)/libexec/dockvault"' -DDATADIR='"$(PREFIX)/share/dockvault"' \
	-Ilib $(BANNED) -fno-common -fstack-protector-strong -fPIE \
	$(WARN) $(if $(DEVELOPER),-Werror) $(PKG_CFLAGS)
DV_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifneq ($(SANITIZE),)
DV_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined -DSANITIZED
# umockdev's preload must not come before the sanitizer's run-time.
DV_LDFLAGS += -fsanitize=$(SANITIZE) $(if $(filter gcc%,$(CC)),$(if $(findstring address,$(SANITIZE)),-static-libasan))
else
DV_CFLAGS += -D_FORTIFY_SOURCE=2
endif

LIB_SRC      := $(wildcard lib/*/*.c)
ifneq ($(findstring address,$(SANITIZE)),)
# In every program, so that its reports are where a scenario looks for them.
LIB_SRC      += tests/reports.c
DV_LDFLAGS   += -Wl,--undefined=reports_to_folder
endif
DOCKD_SRC    := $(wildcard daemon/dockd/*.c)
LISTER_SRC   := $(wildcard daemon/lister/*.c)
CLEAR_SRC    := $(wildcard daemon/clear/*.c)
CUSTODYD_SRC := $(wildcard daemon/custodyd/*.c)
ALERTD_SRC   := $(wildcard daemon/alertd/*.c)
VAULTCTL_SRC := $(wildcard tools/vaultctl/*.c)
EMULATOR_SRC := $(wildcard tests/emulator/*.c)
UNIT_SRC     := $(wildcard tests/unit/check_*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB := $(BUILD)/libdockvault.a

# A program is named after its folder; its main() is in main.c, the rest may be
# linked into unit tests.
PROGRAMS := $(patsubst %,$(BUILD)/%,dockd dock-lister dock-clear custodyd alertd vaultctl)

.PHONY: all
all: $(PROGRAMS)

$(call obj,lib/report/xlsx.c): BANNED =
$(LIB): $(call obj,$(LIB_SRC))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/dockd: $(call obj,$(DOCKD_SRC)) $(LIB)
$(BUILD)/dock-lister: $(call obj,$(LISTER_SRC)) $(LIB)
# libtsk for good, without the readers of image files: daemon/lister/formats.c.
$(BUILD)/dock-lister: LDLIBS += -l:libtsk.a -lstdc++ -lm -lz -lseccomp
$(call obj,$(wildcard daemon/lister/walk*.c daemon/lister/card.c daemon/lister/formats.c)): BANNED =
$(BUILD)/dock-clear: $(call obj,$(CLEAR_SRC)) $(LIB)
$(BUILD)/dock-clear: LDLIBS += -ludev
$(BUILD)/custodyd: $(call obj,$(CUSTODYD_SRC)) $(LIB)
$(BUILD)/alertd: $(call obj,$(ALERTD_SRC)) $(LIB)
$(BUILD)/vaultctl: $(call obj,$(VAULTCTL_SRC)) $(LIB)
$(PROGRAMS):
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(DV_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Not those of a Debian in it.
-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -type f -name '*.d' -print 2>/dev/null)

SYSCONFDIR ?= /etc
SHARE      := $(DESTDIR)$(PREFIX)/share
LIBEXEC    := $(DESTDIR)$(PREFIX)/libexec/dockvault
SYSTEMD    := $(DESTDIR)$(PREFIX)/lib

# Units and manuals name /usr; a configuration that is there is never replaced.
.PHONY: install
install: all
	install -d $(LIBEXEC) $(DESTDIR)$(PREFIX)/bin $(SHARE)/dockvault/sql $(SHARE)/dockvault/recorders.d \
		$(SHARE)/doc/dockvault $(DESTDIR)$(SYSCONFDIR)/dockvault/recorders.d \
		$(SHARE)/man/man5 $(SHARE)/man/man8 $(DESTDIR)$(SYSCONFDIR)/dockvault $(SYSTEMD)/systemd/system \
		$(SYSTEMD)/sysusers.d $(SYSTEMD)/tmpfiles.d $(SYSTEMD)/udev/rules.d $(SHARE)/dockvault/postgresql
	install -m 755 $(BUILD)/dockd $(BUILD)/dock-lister $(BUILD)/dock-clear \
		$(BUILD)/custodyd $(BUILD)/alertd $(LIBEXEC)
	install -m 755 $(BUILD)/vaultctl $(DESTDIR)$(PREFIX)/bin
	install -m 644 sql/*.sql $(SHARE)/dockvault/sql
	install -m 644 systemd/recorders.d/*.conf $(SHARE)/dockvault/recorders.d
	install -m 644 systemd/postgresql/*.conf $(SHARE)/dockvault/postgresql
	install -m 644 docs/man/*.5 $(SHARE)/man/man5
	install -m 644 docs/man/*.8 $(SHARE)/man/man8
	install -m 644 README.md README.zh-CN.md CHANGELOG.md LICENSE docs/*.md \
		systemd/dockvault.conf.minimal systemd/dockvault.conf.full $(SHARE)/doc/dockvault
	for unit in dockd.service dock-clear@.service custodyd.service alertd.service \
			dockvault-inbox.service dockvault-scrub.service dockvault-backup.service; do \
		sed -e 's|/usr/libexec|$(PREFIX)/libexec|' -e 's|/usr/bin|$(PREFIX)/bin|' systemd/$$unit > $(SYSTEMD)/systemd/system/$$unit; done
	install -m 644 systemd/dock-clear.socket systemd/dockvault-inbox.path systemd/dockvault-inbox.timer \
		systemd/dockvault-scrub.timer systemd/dockvault-backup.timer $(SYSTEMD)/systemd/system
	install -m 644 systemd/dockvault.sysusers $(SYSTEMD)/sysusers.d/dockvault.conf
	install -m 644 systemd/dockvault.tmpfiles $(SYSTEMD)/tmpfiles.d/dockvault.conf
	sed -e 's|/usr/bin|$(PREFIX)/bin|' systemd/dockvault-disposal.service \
		> $(SYSTEMD)/systemd/system/dockvault-disposal.service
	install -m 644 systemd/dockvault-disposal.timer $(SYSTEMD)/systemd/system
	install -m 644 systemd/70-dockvault.rules $(SYSTEMD)/udev/rules.d
	test -e $(DESTDIR)$(SYSCONFDIR)/dockvault/dockvault.conf || \
		install -m 644 systemd/dockvault.conf.minimal $(DESTDIR)$(SYSCONFDIR)/dockvault/dockvault.conf

# The Debian package, in build/deb.  DEB_VERSION and DEB_SCHEMA are for `make check-deb`.
DEB_VERSION ?= $(VERSION)
DEB_SCHEMA  ?=
.PHONY: deb
deb:
	@tools/debian/assemble $(DEB_VERSION) $(DEB_SCHEMA)
	cd build/deb/dockvault-$(DEB_VERSION) && DEB_BUILD_OPTIONS="parallel=$$(nproc) nocheck" dpkg-buildpackage -us -uc -b
	@ls -l build/deb/dockvault_$(DEB_VERSION)_*.deb

.PHONY: clean
clean:
	rm -rf build build-*

include tests/tests.mk
