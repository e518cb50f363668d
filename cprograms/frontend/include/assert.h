/* <assert.h>: an assertion that fails ends the row. Unlike other headers it may be included several times. */
#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
#define assert(condition) ((void)((condition) || (__assert_fail(), 0)))
#endif

#ifndef SURROGATE_ASSERT_H
#define SURROGATE_ASSERT_H
#if __STDC_VERSION__ < 202311L
#define static_assert _Static_assert
#endif
_Noreturn void __assert_fail(void);
#endif
