#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/util.h"
#include "unit/suite.h"

/* Write text into a file of its own, load it, remove it. */
static int load(const char *text, struct conf *c, struct err *e)
{
	char path[] = "/tmp/check_conf.XXXXXX";
	int fd = mkstemp(path), r;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_write_all(fd, text, strlen(text)), 0);
	close(fd);
	r = conf_load(path, c, e);
	unlink(path);
	return r;
}

START_TEST(minimal_gets_the_defaults)
{
	struct conf c;
	struct err e = { 0 };

	ck_assert_int_eq(load("station = \"QH-01\"\nslot \"A1\" { port = \"1-1.4\" }\n", &c, &e), 0);
	ck_assert_str_eq(c.station, "QH-01");
	/* printf 'station = "QH-01"\nslot "A1" { port = "1-1.4" }\n' | sha256sum */
	ck_assert_str_eq(c.sha256,
			 "c01954b2ed6a12b2e24a39bf753abc917fdd783d301000eb7e93a7dd8e57114e");
	ck_assert_str_eq(c.vault, "/var/lib/dockvault/vault");
	ck_assert_str_eq(c.control, "/run/dockvault/control");
	ck_assert_str_eq(c.recorders, "/usr/share/dockvault/recorders.d:/etc/dockvault/recorders.d");
	ck_assert_uint_eq(c.lister_timeout_ms, 30000);
	ck_assert(c.vault_immutable);
	ck_assert_str_eq(c.log, "/var/lib/dockvault-custody/log");
	ck_assert_str_eq(c.log_origin, "");
	ck_assert_uint_eq(c.log_checkpoint_ms, 1000);
	ck_assert_uint_eq(c.n_authorities, 0);
	ck_assert_uint_eq(c.n_witnesses, 0);
	ck_assert_uint_eq(c.n_slots, 1);
	ck_assert_str_eq(c.slots[0].name, "A1");
	ck_assert_str_eq(c.slots[0].port, "1-1.4");
}
END_TEST

START_TEST(everything_can_be_said)
{
	struct conf c;
	struct err e = { 0 };

	ck_assert_int_eq(load("# a comment\n"
			      "station = X\nvault = \"/v\"\nstate = \"/s\"\n"
			      "database = \"host=/run/x dbname=y\"\ncontrol = \"/c\"\n"
			      "vault_immutable = false\nseal_key = \"/k\"\nlister = \"/l\"\nrecorders = \"/r:/s\"\nlister_timeout_ms = 1500\n"
			      "slot a { port = \"1-1\" }\nslot b { port = \"2-1\" }\n", &c, &e), 0);
	ck_assert_str_eq(c.vault, "/v");
	ck_assert_str_eq(c.state, "/s");
	ck_assert_str_eq(c.database, "host=/run/x dbname=y");
	ck_assert_str_eq(c.seal_key, "/k");
	ck_assert_str_eq(c.lister, "/l");
	ck_assert_str_eq(c.recorders, "/r:/s");
	ck_assert(!c.vault_immutable);
	ck_assert_uint_eq(c.lister_timeout_ms, 1500);
	ck_assert_uint_eq(c.n_slots, 2);
	ck_assert_str_eq(c.slots[1].name, "b");
}
END_TEST

START_TEST(copies_can_be_said)
{
	struct conf c;
	struct err e = { 0 };

	ck_assert_int_eq(load("station = X\ncopy second { path = \"/mnt/2\" }\ncopy \"third\" { path = \"/mnt/3\" }\n"
			      "scrub_bandwidth = 40\n", &c, &e), 0);
	ck_assert_uint_eq(c.n_copies, 2);
	ck_assert_str_eq(c.copies[0].name, "second");
	ck_assert_str_eq(c.copies[1].path, "/mnt/3");
	ck_assert_uint_eq(c.scrub_bandwidth, 40);
	ck_assert_int_eq(load("station = X\n", &c, &e), 0);
	ck_assert(c.n_copies == 0 && c.scrub_bandwidth == 0);
}
END_TEST

START_TEST(custody_can_be_said)
{
	struct conf c;
	struct err e = { 0 };

	ck_assert_int_eq(load("station = X\nlog = \"/l\"\nlog_origin = \"example.cn/证据/X\"\n"
			      "log_key = \"/k\"\nlog_checkpoint_ms = 200\n"
			      "authority \"tsa\" { url = \"http://a.example/ts\" ca = \"/ca.pem\" }\n"
			      "authority second {\n\turl = \"https://b.example\"\n\tca = \"/b.pem\"\n"
			      "\tinterval_s = 60\n}\n"
			      "witness jijian { url = \"http://127.0.0.1:7387\""
			      " key = \"example.cn/w+00000001+BAAA\" }\n", &c, &e), 0);
	ck_assert_str_eq(c.log, "/l");
	ck_assert_str_eq(c.log_origin, "example.cn/证据/X");
	ck_assert_str_eq(c.log_key, "/k");
	ck_assert_uint_eq(c.log_checkpoint_ms, 200);
	ck_assert_uint_eq(c.n_authorities, 2);
	ck_assert_str_eq(c.authorities[0].name, "tsa");
	ck_assert_str_eq(c.authorities[0].url, "http://a.example/ts");
	ck_assert_str_eq(c.authorities[0].ca, "/ca.pem");
	ck_assert_uint_eq(c.authorities[0].interval_s, 600);
	ck_assert_str_eq(c.authorities[1].name, "second");
	ck_assert_uint_eq(c.authorities[1].interval_s, 60);
	ck_assert_uint_eq(c.n_witnesses, 1);
	ck_assert_str_eq(c.witnesses[0].name, "jijian");
	ck_assert_str_eq(c.witnesses[0].url, "http://127.0.0.1:7387");
	ck_assert_str_eq(c.witnesses[0].key, "example.cn/w+00000001+BAAA");
}
END_TEST

START_TEST(finds_the_keys)
{
	struct conf c;
	struct err e = { 0 };

	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_int_eq(load("station = S\n", &c, &e), 0);
	ck_assert_str_eq(c.seal_key, "/etc/dockvault/seal.key");
	ck_assert_str_eq(c.log_key, "/etc/dockvault/custody.key");
	ck_assert_str_eq(c.export_key, "/etc/dockvault/export.key");
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/dockd.service", 1);
	ck_assert_int_eq(load("station = S\n", &c, &e), 0);
	ck_assert_str_eq(c.seal_key, "/run/credentials/dockd.service/seal.key");
	ck_assert_str_eq(c.log_key, "/run/credentials/dockd.service/custody.key");
	ck_assert_str_eq(c.export_key, "/run/credentials/dockd.service/export.key");
	ck_assert_int_eq(load("station = S\nseal_key = \"/k\"\n", &c, &e), 0);
	ck_assert_str_eq(c.seal_key, "/k");
}
END_TEST

#define OK "station = \"S\"\n"
#define URL "url = \"http://h\""
#define MAIL(more) "channel C { kind = mail from = \"a@b\" to = \"a@b\" " more " }\n"
#define SYSLOG(n) "channel C" #n " { kind = syslog }\n"
static const struct { const char *text; const char *says; } bad[] = {
	{ "", "station is missing" },
	{ "station = \"a b\"\n", ":1: station \"a b\"" },
	{ "station = \"\"\n", ":1: station" },
	{ "station = \"012345678901234567890123456789012\"\n", ":1: station" },
	{ OK "vautl = \"/v\"\n", ":2: no such option 'vautl'" },
	{ OK "\n\nvault = \"v\"\n", ":4: vault \"v\": an absolute path" },
	{ OK "database = \"postgresql:///x\"\n", ":2: database \"postgresql:///x\": a URI" },
	{ OK "database = \"postgres://h/x\"\n", ":2: database \"postgres://h/x\": a URI" },
	{ OK "recorders = \"r\"\n", ":2: recorders \"r\": absolute paths" },
	{ OK "recorders = \"/r:\"\n", ":2: recorders \"/r:\": absolute paths" },
	{ OK "recorders = \"/r:s\"\n", ":2: recorders \"/r:s\": absolute paths" },
	{ OK "slot \"A\" { prot = \"1-1\" }\n", ":2: no such option 'prot'" },
	{ OK "slot \"A\" { }\n", ":2: slot \"A\": port" },
	{ OK "slot \"A/\" { port = \"1-1\" }\n", ":2: slot \"A/\"" },
	{ OK "slot \"A\" { port = \"1\" }\n", "is not a USB port path" },
	{ OK "slot \"A\" { port = \"1-\" }\n", "is not a USB port path" },
	{ OK "slot \"A\" { port = \"1-1.\" }\n", "is not a USB port path" },
	{ OK "slot \"A\" { port = \"1-1-2\" }\n", "is not a USB port path" },
	{ OK "slot \"A\" { port = \"../1-1\" }\n", "is not a USB port path" },
	{ OK "slot A { port = \"1-1\" }\nslot B { port = \"1-1\" }\n", ":3: slot \"B\": port 1-1 is" },
	{ OK "slot A { port = \"1-1\" }\nslot A { port = \"1-2\" }\n", ":3:" },
	{ OK "vault_immutable = perhaps\n", ":2:" },
	{ OK "lister_timeout_ms = 99\n", ":2: lister_timeout_ms 99" },
	{ OK "lister_timeout_ms = 600001\n", ":2: lister_timeout_ms 600001" },
	{ OK "lister_timeout_ms = soon\n", ":2:" },
	{ OK "bandwidth_slot = -1\n", ":2: bandwidth_slot -1" },
	{ OK "scrub_bandwidth = -1\n", ":2: scrub_bandwidth -1" },
	{ OK "copy vault { path = \"/x\" }\n", ":2: copy \"vault\": that is the vault itself" },
	{ OK "copy b { }\n", ":2: copy \"b\": path \"\"" },
	{ OK "copy b { path = \"x\" }\n", ":2: copy \"b\": path \"x\"" },
	{ OK "copy \"b c\" { path = \"/x\" }\n", ":2: copy \"b c\"" },
	{ OK "copy b { path = \"/x\" }\ncopy c { path = \"/x\" }\n",
	  ":3: copy \"c\": its path is the one of copy \"b\" already" },
	{ OK "vault = \"/v\"\ncopy b { path = \"/v\" }\n", "copy \"b\": its path is the vault's" },
	{ OK "copy a { path = \"/a\" }\ncopy b { path = \"/b\" }\ncopy c { path = \"/c\" }\n"
	  "copy d { path = \"/d\" }\ncopy e { path = \"/e\" }\n", ":6: copy \"e\": at most 4" },
	{ OK "bandwidth_total = 100001\n", ":2: bandwidth_total 100001" },
	{ OK "vault = \"/v\n", ":" },
	{ OK "log = \"l\"\n", ":2: log \"l\": an absolute path" },
	{ OK "log_key = \"k\"\n", ":2: log_key \"k\": an absolute path" },
	{ OK "log_origin = \"\"\n", ":2: log_origin \"\"" },
	{ OK "log_origin = \"a b\"\n", ":2: log_origin \"a b\"" },
	{ OK "log_origin = \"a+b\"\n", ":2: log_origin \"a+b\"" },
	{ OK "log_origin = \"a\tb\"\n", ":2: log_origin" },
	{ OK "log_checkpoint_ms = 9\n", ":2: log_checkpoint_ms 9" },
	{ OK "log_checkpoint_ms = 5001\n", ":2: log_checkpoint_ms 5001" },
	{ OK "authority \"a b\" { " URL " ca = \"/c\" }\n", ":2: authority \"a b\": 1 to 32" },
	{ OK "authority A { ca = \"/c\" }\n", ":2: authority \"A\": url" },
	{ OK "authority A { url = \"ftp://h\" ca = \"/c\" }\n", ":2: authority \"A\": url" },
	{ OK "authority A { url = \"http:///p\" ca = \"/c\" }\n", ":2: authority \"A\": url" },
	{ OK "authority A { url = \"http://h x\" ca = \"/c\" }\n", ":2: authority \"A\": url" },
	{ OK "authority A { " URL " }\n", ":2: authority \"A\": ca" },
	{ OK "authority A { " URL " ca = \"c\" }\n", ":2: authority \"A\": ca \"c\"" },
	{ OK "authority A { " URL " ca = \"/c\" interval_s = 0 }\n", "interval_s 0" },
	{ OK "authority A { " URL " ca = \"/c\" interval_s = 86401 }\n", "interval_s 86401" },
	{ OK "channel C { url = \"https://h/\" secret = \"/s\" }\n", ":2: channel \"C\": kind \"\"" },
	{ OK "channel C { kind = fax }\n", "kind \"fax\": mail, dingtalk" },
	{ OK "channel \"a b\" { kind = syslog }\n", ":2: channel \"a b\": 1 to 32" },
	{ OK MAIL("url = \"http://h\"") , "url: smtps" },
	{ OK MAIL("url = \"smtps://\"") , "url: smtps" },
	{ OK MAIL("url = \"smtps://h?token=x\"") , "url: smtps" },
	{ OK MAIL("url = \"smtps://h\" user = u"), "a name goes with" },
	{ OK MAIL("url = \"smtps://h\" secret = \"/s\""), "a name goes with" },
	{ OK MAIL("url = \"smtps://h\" user = u secret = \"s/s\""), "absolute path" },
	{ OK MAIL("url = \"smtps://h\" user = u secret = \"..\""), "absolute path" },
	{ OK MAIL("url = \"smtps://h\" ca = ca"), "ca: an absolute path" },
	{ OK MAIL("url = \"smtps://h\" language = de"), "language: zh or en" },
	{ OK MAIL("url = \"smtps://h\" unit = \"\""), "unit: the code" },
	{ OK MAIL("url = \"smtps://h\" at_once = info"), "at_once: violation" },
	{ OK MAIL("url = \"smtps://h\" digest = \"8:30\""), "digest: a time" },
	{ OK MAIL("url = \"smtps://h\" digest = \"24:00\""), "digest: a time" },
	{ OK MAIL("url = \"smtps://h\" digest = \"08:60\""), "digest: a time" },
	{ OK MAIL("url = \"smtps://h\" password = x"), ":2: no such option" },
	{ OK "channel C { kind = mail url = \"smtps://h\" to = \"a@b\" }\n", "from: the address" },
	{ OK "channel C { kind = mail url = \"smtps://h\" from = \"a@b\" }\n", "to: one address" },
	{ OK "channel C { kind = mail url = \"smtps://h\" from = \"a@b\" to = \"a@b, c\" }\n", "to: one" },
	{ OK "channel C { kind = mail url = \"smtps://h\" from = \"a@b\" to = \"<a@b>\" }\n", "to: one" },
	{ OK "channel C { kind = json url = \"https://h/\" }\n", "secret: the path" },
	{ OK "channel C { kind = json url = \"http://h/\" secret = \"/s\" }\n", "url: https" },
	{ OK "channel C { kind = json url = \"http://127.0.0.1.example/\" secret = \"/s\" }\n", "url: https" },
	{ OK "channel C { kind = wecom url = \"https://h/?key=topsecret\" secret = \"/s\" }\n",
	  "url: https://..., without" },
	{ OK "channel C { kind = wecom url = \"https://h/\" secret = \"/s\" to = \"a@b\" }\n", "are of kind" },
	{ OK "channel C { kind = syslog url = \"/dev/log\" }\n", "url: unix:/PATH" },
	{ OK SYSLOG(1) SYSLOG(2) SYSLOG(3) SYSLOG(4) SYSLOG(5) SYSLOG(6) SYSLOG(7) SYSLOG(8) SYSLOG(9),
	  ":10: channel \"C9\": at most 8" },
	{ OK "witness W { " URL " }\n", ":2: witness \"W\": key" },
	{ OK "witness W { " URL " key = \"\" }\n", ":2: witness \"W\": key" },
	{ OK "witness W { key = \"k\" }\n", ":2: witness \"W\": url" },
	{ OK "witness W { " URL " key = k }\nwitness U { " URL " key = l }\n"
	  "witness V { url = \"http://v\" key = k }\n",
	  ":4: witness \"V\": its key is the one of witness \"W\" already" },
	{ OK "witness W { " URL " key = k }\nwitness W { " URL " key = l }\n", ":3:" },
};

START_TEST(channels_are_told_apart)
{
	struct conf c;
	struct err e = { 0 };
	size_t len;
	const char *p;

	ck_assert_msg(load(OK "channel jiancha { kind = mail url = \"smtp://mail.example:587\" from = \"d@x\""
			      " to = \"a@x.cn,  b+c@y.cn\" user = u secret = \"/s\" ca = \"/ca\" unit = \"QH-2\""
			      " language = en at_once = warning digest = \"23:59\" }\n"
			      "channel ding { kind = dingtalk url = \"https://oapi.example/robot/send\""
			      " secret = \"/d\" digest = none at_once = none }\n"
			      "channel local { kind = json url = \"http://localhost:1/x?a=b\" secret = \"/j\" }\n"
			      SYSLOG(1), &c, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(c.n_channels, 4);
	ck_assert_str_eq(c.channels[0].url, "smtp://mail.example:587");
	ck_assert_str_eq(c.channels[0].unit, "QH-2");
	ck_assert(c.channels[0].english && !c.channels[1].english);
	ck_assert_int_eq(c.channels[0].at_once, CHANNEL_WARNING);
	ck_assert_int_eq(c.channels[0].digest_minute, 23 * 60 + 59);
	ck_assert_int_eq(c.channels[1].at_once, CHANNEL_NOTHING);
	ck_assert_int_eq(c.channels[1].digest_minute, -1);
	ck_assert_int_eq(c.channels[2].at_once, CHANNEL_VIOLATION);
	ck_assert_int_eq(c.channels[2].digest_minute, 8 * 60 + 30);
	ck_assert_str_eq(c.channels[3].url, "unix:/run/systemd/journal/socket");
	p = conf_next_address(c.channels[0].to, &len);
	ck_assert(len == 6 && strncmp(p, "a@x.cn", len) == 0);
	p = conf_next_address(p + len, &len);
	ck_assert(len == 8 && strncmp(p, "b+c@y.cn", len) == 0);
	ck_assert_ptr_null(conf_next_address(p + len, &len));
}
END_TEST

START_TEST(a_secret_by_its_name)
{
	static const char text[] = OK "channel own { kind = json url = \"https://h/\" secret = \"own.key\" }\n"
				      "channel path { kind = json url = \"https://h/\" secret = \"/own.key\" }\n";
	struct conf c;
	struct err e = { 0 };

	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_msg(load(text, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(c.channels[0].secret, "/etc/dockvault/own.key");
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/alertd.service", 1);
	ck_assert_msg(load(text, &c, &e) == 0, "%s", e.msg);
	unsetenv("CREDENTIALS_DIRECTORY");
	ck_assert_str_eq(c.channels[0].secret, "/run/credentials/alertd.service/own.key");
	ck_assert_str_eq(c.channels[1].secret, "/own.key");
}
END_TEST

static const struct { const char *text; bool good; } addresses[] = {
	{ "a@b", true }, { "a.b+c@d-e.f", true }, { "", false }, { "a", false }, { "@b", false },
	{ "a@", false }, { "a@b@c", false }, { ".a@b", false }, { "a.@b", false }, { "a..b@c", false },
	{ "a@.b", false }, { "a@b.", false }, { "a@b..c", false }, { "a b@c", false },
	{ "a@b\r\nBcc: c@d", false }, { "<a@b>", false }, { "\"a\"@b", false }, { "张@b", false },
	{ "a@[127.0.0.1]", false },
};

START_TEST(knows_addresses)
{
	ck_assert_msg(conf_is_address(addresses[_i].text, strlen(addresses[_i].text)) ==
		      addresses[_i].good, "%s", addresses[_i].text);
}
END_TEST

START_TEST(says_what_is_wrong_and_where)
{
	struct conf c = { .n_slots = 7 };
	struct err e = { 0 };

	ck_assert_int_eq(load(bad[_i].text, &c, &e), -EINVAL);
	ck_assert_msg(strstr(e.msg, bad[_i].says) != NULL, "%s does not say %s", e.msg,
		      bad[_i].says);
	ck_assert_uint_eq(c.n_slots, 7);	/* untouched on failure */
}
END_TEST

START_TEST(counts_the_slots)
{
	char text[8192] = OK;
	size_t len = strlen(text);
	struct conf c;
	struct err e = { 0 };
	int i;

	for (i = 0; i < CONF_SLOTS_MAX + _i; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"slot \"s%d\" { port = \"1-%d\" }\n", i, i + 1);
	ck_assert_int_eq(load(text, &c, &e), _i == 0 ? 0 : -EINVAL);
}
END_TEST

START_TEST(counts_the_witnesses)
{
	char text[2048] = OK;
	size_t len = strlen(text);
	struct conf c;
	struct err e = { 0 };
	int i;

	for (i = 0; i < CONF_PEERS_MAX + _i; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"witness w%d { " URL " key = k%d }\n", i, i);
	ck_assert_int_eq(load(text, &c, &e), _i == 0 ? 0 : -EINVAL);
}
END_TEST

START_TEST(missing_file_is_named)
{
	struct conf c;
	struct err e = { 0 };

	ck_assert_int_eq(conf_load("/nonexistent/dockvault.conf", &c, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/nonexistent/dockvault.conf"));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, minimal_gets_the_defaults);
	tcase_add_test(tc, everything_can_be_said);
	tcase_add_test(tc, copies_can_be_said);
	tcase_add_test(tc, custody_can_be_said);
	tcase_add_test(tc, finds_the_keys);
	tcase_add_test(tc, channels_are_told_apart);
	tcase_add_test(tc, a_secret_by_its_name);
	tcase_add_loop_test(tc, knows_addresses, 0, (int)COUNT(addresses));
	tcase_add_loop_test(tc, says_what_is_wrong_and_where, 0, (int)COUNT(bad));
	tcase_add_loop_test(tc, counts_the_slots, 0, 2);
	tcase_add_loop_test(tc, counts_the_witnesses, 0, 2);
	tcase_add_test(tc, missing_file_is_named);
}

int main(void)
{
	return suite_main("conf", fill);
}
