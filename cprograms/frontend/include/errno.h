/* <errno.h> with a plain object for `errno`, which is 0 when a row starts; no function of our <math.h> sets it.
   All files have the same one, and the front end defines it: cprograms/frontend/scope.py. */
#ifndef SURROGATE_ERRNO_H
#define SURROGATE_ERRNO_H

#include_next <errno.h>

#undef errno
#define errno surrogate_errno
extern int surrogate_errno;

#endif
