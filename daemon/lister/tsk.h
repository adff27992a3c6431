/*
 * libtsk, whose headers speak of functions that are banned here; they are
 * banned again behind it.  (The Makefile leaves banned.h out in front of the
 * files that include this.)
 */
#ifndef LISTER_TSK_H
#define LISTER_TSK_H

#include <tsk/libtsk.h>

#include "base/banned.h"

#endif
