#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
static uint8_t clip(int v) { return v < 0 ? 0 : v > UINT8_MAX ? UINT8_MAX : (uint8_t)v; }
static void report(const char *s) { fprintf(stderr, "%s\n", s); exit(EXIT_FAILURE); }
bool f(int x, int64_t y, uint_fast16_t z) {
    assert(x != INT_MIN);
    return clip(abs(x) * 100) + labs((long)y) > INT16_MAX % 7 + z % CHAR_BIT;
}
