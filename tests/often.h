/*
 * The headers of others that most files here begin with, and what check-clang has clang read once
 * for all of them.  That each file includes what it needs itself is for gcc to say.
 */
#ifndef TESTS_OFTEN_H
#define TESTS_OFTEN_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <sodium.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#endif
