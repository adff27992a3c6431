/* Small things that every file may want. */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stddef.h>
#include <sys/param.h>		/* MIN, MAX; uv.h brings it, so that our own would clash */

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

#define container_of(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))

/*
 * AUTO(fn) type x: fn(&x) runs when x goes out of scope.  TAKE(p) hands a
 * pointer on and leaves NULL behind, so that the cleanup has nothing to do.
 */
#define AUTO(fn)	__attribute__((cleanup(fn)))
#define TAKE(p)		__extension__ ({ __auto_type take_ = (p); (p) = NULL; take_; })

/*
 * A fault that only our own code could have caused: log where, abort.  Stays
 * in release builds.  Nothing that a device, a network or an officer does may
 * reach one.
 */
#define BUG(...)	bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
