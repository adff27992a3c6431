/*
 * One line a message to standard error; under systemd with the "<N>" prefix
 * that journald reads as the priority.  Programs log, lib/ returns errors;
 * lib/ may log_debug.  Control characters in a message are replaced, so that
 * a name from a card cannot forge a line.
 *
 * Threads: any.  A line is written with one write(2).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

/* Name in front of each line; must outlive the program.  Level: the least urgent shown. */
void log_init(const char *program, enum log_level level);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...)	log_line(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...)	log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)	log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
