/*
 * http-folder DIR - serve the files of a folder over HTTP on a port of loopback.  Prints the URL,
 * and ends with SIGTERM.
 */
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder;

static enum MHD_Result not_there(struct MHD_Connection *c)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result done = MHD_queue_response(c, MHD_HTTP_NOT_FOUND, r);

	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *piece,
				  size_t *len, void **request)
{
	struct MHD_Response *r;
	enum MHD_Result done;
	struct stat st;
	int fd;

	(void)data;
	(void)version;
	(void)piece;
	(void)len;
	(void)request;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 || strstr(url, "..") != NULL)
		return MHD_NO;
	fd = openat(folder, url[1] != '\0' ? url + 1 : ".", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return not_there(c);
	}
	r = MHD_create_response_from_fd((size_t)st.st_size, fd);
	done = MHD_queue_response(c, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return done;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *d;
	sigset_t set;
	int got;

	folder = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (folder < 0) {
		fprintf(stderr, "usage: http-folder DIR\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, NULL,
			     MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_END);
	info = d != NULL ? MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (info == NULL)
		return 1;
	printf("http://127.0.0.1:%u\n", info->port);
	fflush(stdout);
	sigwait(&set, &got);
	MHD_stop_daemon(d);
	return 0;
}
