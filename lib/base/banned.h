/*
 * Calls that are never right here refuse to compile.  The compiler is given
 * this header in front of every file (-include base/banned.h).
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/* Their own headers first, or their declarations would be poisoned too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Macros where the compiler has no builtins for _FORTIFY_SOURCE. */
#undef sprintf
#undef vsprintf

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll gmtime localtime ctime asctime tmpnam mktemp

#endif
