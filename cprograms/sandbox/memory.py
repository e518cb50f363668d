"""A checker of memory for programs with pointers: what the compiler's address sanitizer calls, in C.

A byte of `surrogate_shadow` stands for eight bytes of memory. It is 0 where all of them belong to an object, the number
of those that do where only the first ones do, and from 0x80 on where none does. The sanitizer keeps the marks of local
variables and of globals, between which it leaves gaps. The objects that a row's arguments point to lie in
`surrogate_arena`, between zones of ZONE bytes, with SIDE bytes on either side of all.
"""

from __future__ import annotations

from cprograms.sandbox.status import Status

ZONE, SIDE = 1 << 16, 1 << 23
OPTIONS = """
-Xclang -fsanitize=address -mllvm -asan-force-dynamic-shadow -mllvm -asan-use-after-return=never
"""
"""What the compiler is given besides, for programs with pointers."""
EXEMPT = """\
#pragma clang attribute push(__attribute__((no_sanitize("address"))), apply_to = any(function, variable(is_global)))
"""
"""What follows is not checked, up to EXEMPT_END."""
EXEMPT_END = "#pragma clang attribute pop\n"

_CHECKER = """
extern unsigned char __stack_high;
void __wasm_call_ctors(void);
static unsigned char surrogate_shadow[{shadow}];
unsigned char *__asan_shadow_memory_dynamic_address = surrogate_shadow;
static unsigned char surrogate_arena[{arena}] __attribute__((aligned(64)));
static struct {{ unsigned start, end; const char *name; }} surrogate_objects[{objects}];
static unsigned surrogate_object_count;
static struct surrogate_global {{
  unsigned start, size, whole; const char *name, *module; unsigned unused[3];
}} *surrogate_globals;
static unsigned surrogate_global_count;

static void surrogate_mark(unsigned start, unsigned size, int mark) {{
  __builtin_memset(surrogate_shadow + (start >> 3), mark, size >> 3);
}}
static void surrogate_mark_object(unsigned start, unsigned size) {{
  surrogate_mark(start, size, 0);
  if (size & 7) surrogate_shadow[(start + size) >> 3] = size & 7;
}}
static void surrogate_own(void *object, unsigned size, const char *name) {{
  unsigned start = (unsigned)object;
  surrogate_mark_object(start, size);
  surrogate_objects[surrogate_object_count].start = start;
  surrogate_objects[surrogate_object_count].end = start + size;
  surrogate_objects[surrogate_object_count++].name = name;
}}
/* Before rows. A trap leaves the marks of the local variables that there were, down to `low`. */
__attribute__((__export_name__("begin"))) void surrogate_begin(unsigned low) {{
  static int started;
  if (!started) {{
    started = 1;
    __wasm_call_ctors();
    surrogate_mark((unsigned)surrogate_in, sizeof surrogate_in, 0xff);
    surrogate_mark((unsigned)surrogate_out, sizeof surrogate_out, 0xff);
    surrogate_mark((unsigned)surrogate_arena, sizeof surrogate_arena, 0xff);
    surrogate_mark((unsigned)surrogate_shadow, sizeof surrogate_shadow, 0xff);
  }}
  surrogate_mark(low, (unsigned)&__stack_high - low, 0);
  surrogate_mark((unsigned)surrogate_arena + {side}, sizeof surrogate_arena - 2 * {side}, 0xff);
  surrogate_object_count = 0;
}}
static unsigned surrogate_distance(unsigned at, unsigned start, unsigned end) {{
  return at < start ? start - at : at < end ? 0 : at - end + 1;
}}
static const char *surrogate_nearest(unsigned at) {{
  unsigned k, best = {side};
  const char *name = 0;
  for (k = 0; k < surrogate_object_count; ++k) {{
    unsigned away = surrogate_distance(at, surrogate_objects[k].start, surrogate_objects[k].end);
    if (away < best) {{ best = away; name = surrogate_objects[k].name; }}
  }}
  for (k = 0; k < surrogate_global_count && !name; ++k)
    if (at - surrogate_globals[k].start < surrogate_globals[k].whole) name = surrogate_globals[k].name;
  return name;
}}
__attribute__((cold, noreturn)) static void surrogate_outside(unsigned at, int reason) {{
  surrogate_reason = reason;
  surrogate_subject = surrogate_nearest(at);
  __builtin_trap();
}}
static void surrogate_check(unsigned at, unsigned size, int reason) {{
  while (size) {{
    unsigned owned = surrogate_shadow[at >> 3], part = 8 - (at & 7);
    part = part < size ? part : size;
    if (owned && (owned > 8 || (at & 7) + part > owned)) surrogate_outside(at, reason);
    at += part; size -= part;
  }}
}}
void *__asan_memcpy(void *to, const void *from, unsigned size) {{
  surrogate_check((unsigned)from, size, {read});
  surrogate_check((unsigned)to, size, {write});
  return __builtin_memcpy(to, from, size);
}}
void *__asan_memmove(void *to, const void *from, unsigned size) {{
  surrogate_check((unsigned)from, size, {read});
  surrogate_check((unsigned)to, size, {write});
  return __builtin_memmove(to, from, size);
}}
void *__asan_memset(void *to, int value, unsigned size) {{
  surrogate_check((unsigned)to, size, {write});
  return __builtin_memset(to, value, size);
}}
void __asan_register_globals(struct surrogate_global *all, unsigned count) {{
  surrogate_globals = all; surrogate_global_count = count;
  for (unsigned k = 0; k < count; ++k) {{
    surrogate_mark(all[k].start, all[k].whole, 0xff);
    surrogate_mark_object(all[k].start, all[k].size);
  }}
}}
void __asan_alloca_poison(unsigned start, unsigned size) {{
  unsigned end = (start + size + 31) & ~31u;
  surrogate_mark(start - 32, 32, 0xff);
  surrogate_mark(start, end + 32 - start, 0xff);
  surrogate_mark_object(start, size);
}}
void __asan_allocas_unpoison(unsigned top, unsigned bottom) {{
  if (top && top <= bottom) surrogate_mark(top, bottom - top, 0);
}}
void __asan_init(void) {{}}
void __asan_version_mismatch_check_v8(void) {{}}
void __asan_unregister_globals(struct surrogate_global *all, unsigned count) {{}}
void __asan_handle_no_return(void) {{}}
int __cxa_atexit(void (*function)(void *), void *argument, void *handle) {{ return 0; }}
"""
_ACCESS = """\
void __asan_report_{kind}{size}(unsigned at) {{ surrogate_outside(at, {status}); }}
void __asan_{kind}{size}(unsigned at) {{ surrogate_check(at, {size}, {status}); }}"""
_ACCESS_OF_ANY_SIZE = """\
void __asan_report_{kind}_n(unsigned at, unsigned size) {{ surrogate_outside(at, {status}); }}
void __asan_{kind}N(unsigned at, unsigned size) {{ surrogate_check(at, size, {status}); }}"""
_SET_SHADOW = "void __asan_set_shadow_{mark}(void *at, unsigned size) {{ __builtin_memset(at, 0x{mark}, size); }}"
_ACCESSES = {"load": Status.READ, "store": Status.WRITE}

FUNCTIONS = f"""
static unsigned surrogate_size(unsigned long long size) {{
  if (size >> 32) {{ surrogate_reason = {Status.MEMORY.value}; __builtin_trap(); }}
  return (unsigned)size;
}}
static void *surrogate_memcpy(void *to, const void *from, unsigned long long size) {{
  return __builtin_memcpy(to, from, surrogate_size(size));
}}
static void *surrogate_memmove(void *to, const void *from, unsigned long long size) {{
  return __builtin_memmove(to, from, surrogate_size(size));
}}
static void *surrogate_memset(void *to, int value, unsigned long long size) {{
  return __builtin_memset(to, value, surrogate_size(size));
}}
static int surrogate_memcmp(const void *first, const void *second, unsigned long long size) {{
  const unsigned char *a = first, *b = second;
  for (; size; --size, ++a, ++b) if (*a != *b) return *a < *b ? -1 : 1;
  return 0;
}}
"""
"""The functions of <string.h> that programs may call, with an LP64 `size_t`."""
RENAMED = {name: f"surrogate_{name}" for name in ("memcpy", "memmove", "memset", "memcmp")}
"""Their names in programs, and their own ones."""


def checker(memory: int, arena: int, objects: int) -> str:
    """The checker for programs that have `memory` bytes, and of their arguments' objects, with their zones, `arena`."""
    sizes = {"shadow": memory >> 3, "arena": arena + 2 * SIDE, "objects": objects + 1, "side": SIDE}
    parts = [_CHECKER.format(**sizes, read=Status.READ.value, write=Status.WRITE.value)]
    for kind, status in _ACCESSES.items():
        parts += [_ACCESS.format(kind=kind, size=size, status=status.value) for size in (1, 2, 4, 8, 16)]
        parts.append(_ACCESS_OF_ANY_SIZE.format(kind=kind, status=status.value))
    parts += [_SET_SHADOW.format(mark=mark) for mark in ("00", "f1", "f2", "f3", "f5", "f8")]
    return "\n".join(parts) + "\n"


def room(size: int) -> int:
    """Bytes of the arena that an object of `size` bytes and the zone behind it take."""
    return ZONE + (size + 63) // 64 * 64
