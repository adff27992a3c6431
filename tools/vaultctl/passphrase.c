#include "passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "age/age.h"
#include "base/file.h"
#include "base/util.h"
#include "text.h"

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* One line of the terminal into p, which has AGE_PASSPHRASE_MAX + 1 bytes; what is longer is too long. */
static int read_line(int tty, uint8_t *p, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n;
	char c;

	for (;;) {
		n = read(tty, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 || c == '\n')
			break;
		if (len < AGE_PASSPHRASE_MAX)
			p[len] = (uint8_t)c;
		len++;
	}
	*ret_len = len;
	return len <= AGE_PASSPHRASE_MAX ? 0 : -E2BIG;
}

/*
 * Without echo.  Signals that end or stop the program wait until the terminal is as it was: they would leave a
 * shell that shows nothing of what is typed.
 */
static int ask(int tty, enum text_id question, uint8_t *p, size_t *ret_len)
{
	const char *words = text(question);
	struct termios before, silent;
	sigset_t block, old;
	int r;

	if (tcgetattr(tty, &before) < 0)
		return -errno;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	silent.c_lflag |= ECHONL | ICANON;
	sigfillset(&block);
	sigprocmask(SIG_BLOCK, &block, &old);
	r = tcsetattr(tty, TCSAFLUSH, &silent) < 0 ? -errno : 0;
	if (r == 0)
		r = file_write_all(tty, words, strlen(words));
	if (r == 0)
		r = read_line(tty, p, ret_len);
	tcsetattr(tty, TCSAFLUSH, &before);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

static int ask_for(bool is_new, struct secret *ret, struct err *e)
{
	AUTO(closep) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	uint8_t *again;
	size_t len = 0;
	int r;

	if (tty < 0)
		return err_set(e, -ENOTTY, "%s", text(T_PASSPHRASE_NOBODY));
	ret->p = sodium_malloc(AGE_PASSPHRASE_MAX + 1);
	again = sodium_malloc(AGE_PASSPHRASE_MAX + 1);
	if (ret->p == NULL || again == NULL) {
		sodium_free(again);
		return err_set(e, -ENOMEM, "no protected memory for a passphrase");
	}
	r = ask(tty, is_new ? T_PASSPHRASE_NEW : T_PASSPHRASE_OLD, ret->p, &ret->len);
	if (r == 0 && is_new)
		r = ask(tty, T_PASSPHRASE_AGAIN, again, &len);
	if (r == 0)
		ret->p[ret->len] = '\0';
	if (r == 0 && is_new && (len != ret->len || sodium_memcmp(again, ret->p, len) != 0))
		r = err_set(e, -EINVAL, "%s", text(T_PASSPHRASE_DIFFERS));
	else if (r < 0)
		err_set(e, r, "/dev/tty: %s", strerror(-r));
	sodium_free(again);
	return r;
}

int passphrase_take(const char *file, bool is_new, struct secret *ret, struct err *e)
{
	char said[240];
	int r;

	*ret = (struct secret){ .p = NULL };
	r = file != NULL ? secret_read(file, AGE_PASSPHRASE_MAX, ret, e) : ask_for(is_new, ret, e);
	if (r == 0 && ret->len < (is_new ? PASSPHRASE_MIN : 1))
		r = err_set(e, -EINVAL, "%s", text_fill(said, sizeof(said), T_PASSPHRASE_SHORT,
							is_new ? PASSPHRASE_MIN : 1));
	return r;
}
