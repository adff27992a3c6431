/*
 * smtpd DIR [KEY.pem CERT.pem] - a mail server on a port of loopback, for scenarios; with a key it speaks TLS
 * from the first byte on.  Prints the port, as soon as it is listened to.  Ends with SIGTERM.
 *
 * Each mail that it was given whole is DIR/mail.N, N from 1 on, as it came, dots undoubled, with a line
 * "X-Envelope: FROM TO..." in front.  How it behaves is in DIR/mode, read for each connection; no such file: as
 * it should.
 *
 *	hang		takes the connection, and says nothing
 *	hang-data	takes the mail, and says nothing
 *	refuse		550 to each recipient
 *	later		451 to each recipient
 *	denied		535 to whoever gives a name and password
 *	drop		takes the mail, says 250, and hangs up
 *	lost		takes the mail, and hangs up
 *	long		a greeting of 1 MB without a line end
 */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"

enum { MAIL_MAX = 8 * 1024 * 1024, LINE_MAX_BYTES = 4096 };

static const char *dir;
static SSL_CTX *tls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_mails;

struct talk {
	int fd;
	SSL *ssl;
	char mode[32];
	char in[LINE_MAX_BYTES];
	size_t len;
	struct buf envelope, mail;
};

static ssize_t get(struct talk *t, void *p, size_t len)
{
	return t->ssl != NULL ? SSL_read(t->ssl, p, (int)len) : read(t->fd, p, len);
}

__attribute__((format(printf, 2, 3)))
static bool say(struct talk *t, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	return t->ssl != NULL ? SSL_write(t->ssl, line, n) == n :
				send(t->fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

/* One line without its end; false: there is none any more. */
static bool line(struct talk *t, char ret[LINE_MAX_BYTES])
{
	char *end;
	ssize_t n;
	size_t len;

	while ((end = memmem(t->in, t->len, "\r\n", 2)) == NULL) {
		if (t->len == sizeof(t->in))
			return false;
		n = get(t, t->in + t->len, sizeof(t->in) - t->len);
		if (n <= 0)
			return false;
		t->len += (size_t)n;
	}
	len = (size_t)(end - t->in);
	memcpy(ret, t->in, len);
	ret[len] = '\0';
	t->len -= len + 2;
	memmove(t->in, end + 2, t->len);
	return true;
}

static bool is(const struct talk *t, const char *mode)
{
	return strcmp(t->mode, mode) == 0;
}

/* Until the other side gives up. */
static void hang(struct talk *t)
{
	char byte;

	while (get(t, &byte, 1) > 0)
		continue;
}

static void keep(struct talk *t)
{
	AUTO(buf_clear) struct buf all = BUF_INIT(MAIL_MAX + 4096);
	char path[4096];

	buf_addf(&all, "X-Envelope:%s\r\n", buf_str(&t->envelope));
	buf_add(&all, t->mail.p, t->mail.len);
	pthread_mutex_lock(&lock);
	snprintf(path, sizeof(path), "%s/mail.%u", dir, ++n_mails);
	if (file_replace(path, all.p, all.len, 0644, NULL) < 0)
		fprintf(stderr, "smtpd: %s: %s\n", path, strerror(errno));
	pthread_mutex_unlock(&lock);
}

/* What is behind DATA; false: the conversation is over. */
static bool data(struct talk *t)
{
	char l[LINE_MAX_BYTES];

	if (!say(t, "354 go on\r\n"))
		return false;
	buf_reset(&t->mail);
	while (line(t, l)) {
		if (strcmp(l, ".") != 0) {
			buf_addf(&t->mail, "%s\r\n", l[0] == '.' ? l + 1 : l);
			continue;
		}
		keep(t);
		if (is(t, "hang-data"))
			hang(t);
		if (is(t, "hang-data") || is(t, "lost"))
			return false;
		return say(t, "250 2.0.0 queued as %u\r\n", n_mails) && !is(t, "drop");
	}
	return false;
}

static bool recipient(struct talk *t, const char *l)
{
	if (is(t, "refuse"))
		return say(t, "550 5.1.1 no such user here\r\n");
	if (is(t, "later"))
		return say(t, "451 4.7.1 greylisted, come back later\r\n");
	buf_addf(&t->envelope, " %s", l + strlen("RCPT TO:"));
	return say(t, "250 ok\r\n");
}

static void converse(struct talk *t)
{
	char l[LINE_MAX_BYTES];
	bool on = say(t, "220 test ESMTP\r\n");

	while (on && line(t, l)) {
		if (strncmp(l, "EHLO", 4) == 0)
			on = say(t, "250-test\r\n250 AUTH PLAIN\r\n");
		else if (strncmp(l, "AUTH", 4) == 0)
			on = is(t, "denied") ? say(t, "535 5.7.8 bad credentials\r\n") :
			     strlen(l) > 11 ? say(t, "235 ok\r\n") : say(t, "334 \r\n") && line(t, l) &&
								     say(t, "235 ok\r\n");
		else if (strncmp(l, "MAIL FROM:", 10) == 0)
			on = (buf_reset(&t->envelope), buf_addf(&t->envelope, " %s", l + 10),
			      say(t, "250 ok\r\n"));
		else if (strncmp(l, "RCPT TO:", 8) == 0)
			on = recipient(t, l);
		else if (strcmp(l, "DATA") == 0)
			on = data(t);
		else if (strcmp(l, "QUIT") == 0)
			on = say(t, "221 bye\r\n") && false;
		else
			on = say(t, "500 what?\r\n");
	}
}

static void *serve(void *arg)
{
	AUTO(buf_clear) struct buf mode = BUF_INIT(64);
	struct talk t = { .fd = (int)(intptr_t)arg, .envelope = BUF_INIT(4096), .mail = BUF_INIT(MAIL_MAX) };
	char path[4096], xs[1000];
	int i;

	snprintf(path, sizeof(path), "%s/mode", dir);
	if (file_read(path, &mode, NULL) == 0)
		snprintf(t.mode, sizeof(t.mode), "%.*s", (int)strcspn(buf_str(&mode), "\n"), buf_str(&mode));
	if (is(&t, "hang"))
		hang(&t);
	if (tls != NULL) {
		t.ssl = SSL_new(tls);
		SSL_set_fd(t.ssl, t.fd);
	}
	memset(xs, 'x', sizeof(xs));
	if (!is(&t, "hang") && (t.ssl == NULL || SSL_accept(t.ssl) == 1)) {
		for (i = 0; is(&t, "long") && i < 1000; i++)
			if (send(t.fd, xs, sizeof(xs), MSG_NOSIGNAL) < 0)
				break;
		converse(&t);
	}
	SSL_free(t.ssl);
	close(t.fd);
	buf_clear(&t.envelope);
	buf_clear(&t.mail);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	pthread_t thread;

	if (argc != 2 && argc != 4)
		return 2;
	dir = argv[1];
	signal(SIGPIPE, SIG_IGN);
	if (argc == 4) {
		tls = SSL_CTX_new(TLS_server_method());
		if (SSL_CTX_use_PrivateKey_file(tls, argv[2], SSL_FILETYPE_PEM) != 1 ||
		    SSL_CTX_use_certificate_file(tls, argv[3], SSL_FILETYPE_PEM) != 1)
			return 1;
	}
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(listener, 16) < 0 ||
	    getsockname(listener, (struct sockaddr *)&a, &len) < 0)
		return 1;
	printf("%u\n", (unsigned)ntohs(a.sin_port));
	fflush(stdout);
	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	return 1;
}
