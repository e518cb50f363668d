"""What a function's missing headers would have said: which of its names are types, and which are macros to ignore."""

from __future__ import annotations

import re
from collections.abc import Callable

from cprograms.frontend.parse import Chunk, Unit

# Types of widely used libraries whose headers are seldom at hand, by what they are on x86-64 Linux.
_KNOWN = {
    "char": "gchar GLchar GLbyte",
    "signed char": "gint8 Int8 sint8 s8 int8 i8",
    "unsigned char": "guint8 guchar GLubyte UInt8 uint8 u8 BYTE Byte uchar JSAMPLE png_byte",
    "short": "gint16 gshort GLshort Int16 sint16 s16 int16 i16",
    "unsigned short": "guint16 gushort GLushort UInt16 uint16 u16 WORD ushort png_uint_16 gunichar2",
    "int": "gint gint32 gboolean GLint GLsizei Int32 sint32 s32 int32 i32 BOOL Bool Boolean INT32 int_fast32_t",
    "unsigned int": "guint guint32 GLuint GLenum GLbitfield UInt32 uint32 u32 DWORD uint png_uint_32 gunichar",
    "long": "glong gssize gint64 Int64 s64 int64 i64 ptrdiff_t Py_ssize_t npy_intp npy_int64 sf_count_t gintptr",
    "unsigned long": "gulong gsize guint64 UInt64 uint64 u64 ulong size_t XID Atom Time VALUE",
    "float": "gfloat GLfloat GLclampf float32 float32_t Float32 npy_float f32 LADSPA_Data t_float t_sample",
    "double": "gdouble GLdouble GLclampd float64 float64_t Float64 npy_double f64 lua_Number",
}
KNOWN = {name: kind for kind, names in _KNOWN.items() for name in names.split()}

MACROS = {
    "MIN": "-DMIN(a,b)=((a)<(b)?(a):(b))",
    "MAX": "-DMAX(a,b)=((a)>(b)?(a):(b))",
    "ABS": "-DABS(a)=((a)<0?-(a):(a))",
    "CLAMP": "-DCLAMP(x,a,b)=((x)<(a)?(a):(x)>(b)?(b):(x))",
    "TRUE": "-DTRUE=1",
    "FALSE": "-DFALSE=0",
    "NULL": "-DNULL=0",
    "G_PI": "-DG_PI=3.14159265358979323846",
    "G_LIKELY": "-DG_LIKELY(x)=(x)",
    "G_UNLIKELY": "-DG_UNLIKELY(x)=(x)",
    "G_BEGIN_DECLS": "-DG_BEGIN_DECLS=",
    "G_END_DECLS": "-DG_END_DECLS=",
    "G_GNUC_CONST": "-DG_GNUC_CONST=",
    "G_GNUC_UNUSED": "-DG_GNUC_UNUSED=",
    "G_TYPE_CHECK_INSTANCE_CAST": "-DG_TYPE_CHECK_INSTANCE_CAST(o,t,c)=((c*)(o))",
    "G_TYPE_CHECK_CLASS_CAST": "-DG_TYPE_CHECK_CLASS_CAST(k,t,c)=((c*)(k))",
    "G_TYPE_INSTANCE_GET_CLASS": "-DG_TYPE_INSTANCE_GET_CLASS(o,t,c)=((c*)(o))",
    "g_new": "-Dg_new(t,n)=((t*)(n))",
    "g_new0": "-Dg_new0(t,n)=((t*)(n))",
    "__builtin_va_arg": "-D__builtin_va_arg(a,t)=(*(t*)(a))",
}
"""Macros of missing headers, and those that the parser cannot read, as flags of the compiler."""
USES = re.compile(rf"\b(?:{'|'.join(MACROS)})\b")

_TOKEN = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_]\w*|\.?\d(?:[eEpP][+-]|[\w.])*|->|\S""")
_TYPES = frozenset("void char short int long float double signed unsigned _Bool _Complex struct union enum".split())
_OTHER_KEYWORDS = frozenset(
    """auto break case continue default do else extern for goto if inline register return sizeof static switch typedef
    while const volatile restrict _Thread_local typeof _Alignof _Generic _Static_assert _Noreturn _Alignas""".split()
)
_KEYWORDS = _TYPES | _OTHER_KEYWORDS


def assume(unit: Unit, chunk: Chunk) -> None:
    """Declare the types that a function names and no header does, and blank out macros around its declarations.

    What cannot be told from the way it stands is left to the parser to reject.
    """
    tokens = [(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(chunk.text)]
    words = [t for t, _, _ in tokens]
    types, junk = _guess(words, unit.is_type)
    for name in sorted(types):
        kind = KNOWN.get(name, f"struct {name}")
        unit.assume_type(name, f"typedef {kind} {name};")
    if junk:
        text = chunk.text
        for i in junk:
            _, start, end = tokens[i]
            text = text[:start] + " " * (end - start) + text[end:]
        unit.repair(chunk, text)


def _guess(words: list[str], is_type: Callable[[str], bool]) -> tuple[set[str], list[int]]:
    """The names that must be types, and the places of words that stand where no word can."""
    types: set[str] = set()
    junk: list[int] = []
    body = words.index("{") if "{" in words else len(words)
    i = 0
    while i < len(words):
        if not _is_name(words[i]):
            i += 1
            continue
        end = i
        while end < len(words) and _is_name(words[end]):
            end += 1
        before = words[i - 1] if i else ";"
        _run(words, i, end, before, i < body, is_type, types, junk)
        i = max(end, i + 1)
    return types, junk


def _run(
    words: list[str],
    start: int,
    end: int,
    before: str,
    in_head: bool,
    is_type: Callable[[str], bool],
    types: set[str],
    junk: list[int],
) -> None:
    """Judge words in a row: specifiers, a name, and macros before, between or after them."""
    run = [k for k in range(start, end) if words[k] not in _OTHER_KEYWORDS]
    if "struct" in words[start:end] or "union" in words[start:end] or "enum" in words[start:end]:
        return
    if words[start] in ("return", "goto", "case", "else", "do", "sizeof") and not in_head:
        return
    known = [k for k in run if words[k] in _TYPES or is_type(words[k]) or words[k] in types]
    plain = [k for k in run if k not in known]
    after = words[end] if end < len(words) else ";"
    if known:
        # int NAME, MACRO int NAME, int MACRO NAME (, int NAME MACRO
        extra = plain[:-1] if after == "(" else [k for k in plain[:-1] if k < known[0]] or plain[1:]
        junk += extra if len(plain) > 1 else []
        if len(plain) == 1 and plain[0] < known[0]:
            junk.append(plain[0])
    elif len(plain) == 2 and before in ";{}(,":
        types.add(words[plain[0]])
    elif len(plain) > 2 and before in ";{}(,":
        junk += plain[:-2] if after == "(" else plain[2:]
        types.add(words[plain[-2] if after == "(" else plain[0]])
    elif len(plain) == 1 and _is_pointer_type(words, plain[0], end, before, in_head):
        types.add(words[plain[0]])


def _is_pointer_type(words: list[str], at: int, end: int, before: str, in_head: bool) -> bool:
    """Whether a name alone must be a type: `T *x` where a declaration may stand, or the cast `(T *)` or `(T) x`."""
    stars = end
    while stars < len(words) and words[stars] == "*":
        stars += 1
    following = words[stars] if stars < len(words) else ""
    outer = words[at - 2] if at > 1 else ""
    if stars == end:
        is_cast = before == "(" and following == ")" and not _is_operand(outer) and _starts_operand(words, stars + 1)
        return is_cast or (in_head and before in "(," and following in ",)")
    if before == "(" and following == ")":
        return True
    declares = before in ";{}" or (in_head and before in "(,")
    beyond = words[stars + 1] if stars + 1 < len(words) else ""
    return declares and (_is_name(following) or following in ",)") and (in_head or beyond in ";=,[")


def _is_operand(word: str) -> bool:
    return word in (")", "]") or (_is_name(word) and word not in ("return", "case", "else"))


def _starts_operand(words: list[str], at: int) -> bool:
    return at < len(words) and (words[at][0].isalnum() or words[at][0] in "_.(")


def _is_name(word: str) -> bool:
    return word[:1].isalpha() or word[:1] == "_"
