# What tests need: their programs and the targets that run them.

TEST_PKGS := check glib-2.0
TEST_CFLAGS := $(shell pkg-config --cflags $(TEST_PKGS)) -Itests -Idaemon -Itools
TEST_LIBS := $(shell pkg-config --libs check)

# The device model (tests/emulator/model*.c and card*.c) without the programs around it.
MODEL_SRC := $(wildcard tests/emulator/model*.c tests/emulator/card*.c)
# Everything of the programs but their main().
DAEMON_PARTS := $(filter-out %/main.c,$(DOCKD_SRC) $(VAULTCTL_SRC)) $(wildcard daemon/lister/listing*.c)

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))

$(BUILD)/tests/%.o: DV_CFLAGS += $(TEST_CFLAGS)

$(BUILD)/libparts.a: $(call obj,$(DAEMON_PARTS) $(MODEL_SRC))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libparts.a $(LIB)
	@mkdir -p $(@D)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS) $(PKG_LIBS)

.PHONY: check-unit check-layers
check-unit: $(UNIT)
	@tests/run-unit $(UNIT)

check-layers:
	@tests/layers.sh

# A developer's tool a file of tests/tools.
TEST_TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/%,$(wildcard tests/tools/*.c))
$(TEST_TOOLS): $(BUILD)/%: $(BUILD)/tests/tools/%.o $(LIB)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)

# Card images of recorders, and the recorder emulator.
EMULATOR := $(BUILD)/mkcard
all: $(EMULATOR)

$(BUILD)/mkcard: $(call obj,tests/emulator/mkcard.c $(wildcard tests/emulator/card*.c)) $(LIB)
	$(CC) $(DV_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(PKG_LIBS)
