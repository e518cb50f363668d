"""The code of an exported network, the same for every network: what differs are its tables and sizes.

`$` stands for the prefix of the file's own names, `@` for the kind of processor that a function is written for. A
vector `$lanes@` holds `$real`s, a `$wide@` doubles; both are scalars where a compiler has no vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Processor(NamedTuple):
    """A kind of processor: what the preprocessor asks for it, what `$level` says, its vectors, gcc's name of it."""

    name: str
    condition: str
    features: str
    bytes: int


PROCESSORS = (
    Processor("_avx512", "$X86", "avx512f,avx512dq,avx512bw,avx512vl", 64),
    Processor("_avx2", "$X86", "avx2,fma", 32),
    Processor("_any", "", "", 16),
)
"""From wide vectors to narrow ones."""

_COMPILER = """\
#ifdef __FAST_MATH__
#error "compile this file without -ffast-math: it relies on the order of operations"
#endif
#ifdef __GNUC__
#define $ALIGNED __attribute__((aligned(64)))
#define $VECTOR(bytes) __attribute__((vector_size(bytes), may_alias))
#define $INLINE static inline __attribute__((always_inline))
#else
#define $ALIGNED
#define $VECTOR(bytes)
#define $INLINE static inline
#endif
#if defined(__GNUC__) && defined(__x86_64__)
#define $X86 1
#define $TARGET(features) __attribute__((target(features)))
#else
#define $X86 0
#define $TARGET(features)
#endif
"""

_VECTORS = """\
typedef $real $lanes@ $VECTOR(<BYTES>);
typedef double $wide@ $VECTOR(<BYTES>);
enum {
    $count@ = sizeof($lanes@) / sizeof($real),
    $doubles@ = sizeof($wide@) / sizeof(double),
    $block@ = 2 * $count@, /* rows that are computed at once */
    $chunks@ = $block@ / $doubles@
};
"""

_EXP = """
/* e^v by Taylor's series of v - n ln 2, and n in the exponent; |v| is taken for <LIMIT> where it is greater. */
$INLINE <TARGET> $<T>@ $exp_<T>@($<T>@ v)
{
#ifdef __GNUC__
    typedef unsigned <BITS> bits $VECTOR(sizeof($<T>@));
    const $<T>@ zero = {0}, most = zero + <LIMIT>, least = zero - <LIMIT>;
    const bits above = (bits)(v > most), below = (bits)(v < least);
    v = ($<T>@)(((bits)v & ~(above | below)) | ((bits)most & above) | ((bits)least & below));
    const $<T>@ shifted = v * <LOG2E> + <MAGIC>, n = shifted - <MAGIC>;
    const $<T>@ r = v - n * <LN2_HIGH> - n * <LN2_LOW>;
    $<T>@ p = zero + <FIRST>;
<SERIES>
    return p * ($<T>@)(((bits)shifted << <MANTISSA>) + <ONE>);
#else
    return <SCALAR>(v);
#endif
}
"""


def _exponential(lanes: str, single: bool) -> str:
    """The vector exponential of `$lanes@` or `$wide@`; a test holds its error below 2e-7 or 4e-16."""
    f = "f" if single else ""
    degree = 7 if single else 13
    factorial = 1.0
    terms = []
    for k in range(1, degree + 1):
        factorial *= k
        terms.append(f"{1 / factorial:.9g}" if single else f"{1 / factorial!r}")
    series = [*reversed(terms[:-1]), "1.0"]
    values = {
        "T": lanes,
        "BITS": "int" if single else "long long",
        "LIMIT": "87.0f" if single else "708.0",
        "LOG2E": "1.44269504f" if single else "1.4426950408889634",
        "MAGIC": "12582912.0f" if single else "6755399441055744.0",
        "LN2_HIGH": "0.693359375f" if single else "6.93147180369123816490e-01",
        "LN2_LOW": "-2.12194440e-4f" if single else "1.90821492927058770002e-10",
        "FIRST": terms[-1] + f,
        "SERIES": "\n".join(f"    p = p * r + {_dotted(term)}{f};" for term in series),
        "MANTISSA": "23" if single else "52",
        "ONE": "0x3f800000u" if single else "0x3ff0000000000000ull",
        "SCALAR": f"exp{f}",
    }
    text = _EXP
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text


def _dotted(number: str) -> str:
    return number if any(c in number for c in ".e") else f"{number}.0"


TOWERS = """
/* z sigma(z) */
$INLINE <TARGET> $lanes@ $silu@($lanes@ v)
{
    return v / (($real)1 + $exp_lanes@(-v));
}

/* A layer of a block: out[h] = silu(b[h] + sum over k of w[k][h] in[k]). */
$INLINE <TARGET> void $layer@(const $real *w, const $real *b, int inputs, $lanes@ (*in)[2], $lanes@ (*out)[2])
{
    const $lanes@ zero = {0};
    for (int h = 0; h < $hidden; h += 4) {
        $lanes@ a0 = zero + b[h], a1 = a0, b0 = zero + b[h + 1], b1 = b0;
        $lanes@ c0 = zero + b[h + 2], c1 = c0, d0 = zero + b[h + 3], d1 = d0;
        for (int k = 0; k < inputs; ++k) {
            const $real *row = w + k * $hidden + h;
            const $lanes@ v0 = in[k][0], v1 = in[k][1];
            a0 += row[0] * v0, a1 += row[0] * v1;
            b0 += row[1] * v0, b1 += row[1] * v1;
            c0 += row[2] * v0, c1 += row[2] * v1;
            d0 += row[3] * v0, d1 += row[3] * v1;
        }
        out[h][0] = $silu@(a0), out[h][1] = $silu@(a1);
        out[h + 1][0] = $silu@(b0), out[h + 1][1] = $silu@(b1);
        out[h + 2][0] = $silu@(c0), out[h + 2][1] = $silu@(c1);
        out[h + 3][0] = $silu@(d0), out[h + 3][1] = $silu@(d1);
    }
}

$INLINE <TARGET> void $towers_many@(double (*z)[$block@], double (*y)[$block@])
{
    $lanes@ in[$read][2], one[$hidden][2], two[$hidden][2];
    for (int k = 0; k < $read; ++k)
        for (int r = 0; r < $block@; ++r) (($real *)in[k])[r] = ($real)z[$tower_input[k]][r];
    for (int t = 0; t < $towers; ++t) {
        $layer@($w1 + t * $read * $hidden, $b1 + t * $hidden, $read, in, one);
        $layer@($w2 + t * $hidden * $hidden, $b2 + t * $hidden, $hidden, one, two);
        const $real *w = $w3 + t * $hidden;
        const $lanes@ zero = {0};
        $lanes@ sum[2] = {zero, zero}, s0 = zero, s1 = zero;
        for (int h = 0; h < $hidden; h += 2) {
            sum[0] += w[h] * two[h][0], sum[1] += w[h] * two[h][1];
            s0 += w[h + 1] * two[h + 1][0], s1 += w[h + 1] * two[h + 1][1];
        }
        sum[0] += s0, sum[1] += s1;
        for (int r = 0; r < $block@; ++r) y[$tower_result[t]][r] += (($real *)sum)[r];
    }
}

/* A layer of one row, hidden units innermost. */
$INLINE <TARGET> void $layer_one@(const $real *w, const $real *b, int inputs, const $real *in, $lanes@ *out)
{
    enum { vectors = $hidden / $count@ };
    const $lanes@ zero = {0};
    int i = 0;
    for (; i + 8 <= vectors; i += 8) {
        const $lanes@ *bias = (const $lanes@ *)b + i;
        $lanes@ a0 = bias[0], a1 = bias[1], a2 = bias[2], a3 = bias[3];
        $lanes@ a4 = bias[4], a5 = bias[5], a6 = bias[6], a7 = bias[7];
        for (int k = 0; k < inputs; ++k) {
            const $lanes@ *row = (const $lanes@ *)w + k * vectors + i;
            a0 += in[k] * row[0], a1 += in[k] * row[1], a2 += in[k] * row[2], a3 += in[k] * row[3];
            a4 += in[k] * row[4], a5 += in[k] * row[5], a6 += in[k] * row[6], a7 += in[k] * row[7];
        }
        out[i] = $silu@(a0), out[i + 1] = $silu@(a1), out[i + 2] = $silu@(a2), out[i + 3] = $silu@(a3);
        out[i + 4] = $silu@(a4), out[i + 5] = $silu@(a5), out[i + 6] = $silu@(a6), out[i + 7] = $silu@(a7);
    }
    for (; i + 4 <= vectors; i += 4) {
        const $lanes@ *bias = (const $lanes@ *)b + i;
        $lanes@ a0 = bias[0], a1 = bias[1], a2 = bias[2], a3 = bias[3], b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        int k = 0;
        for (; k + 2 <= inputs; k += 2) {
            const $lanes@ *row = (const $lanes@ *)w + k * vectors + i, *next = row + vectors;
            a0 += in[k] * row[0], a1 += in[k] * row[1], a2 += in[k] * row[2], a3 += in[k] * row[3];
            b0 += in[k + 1] * next[0], b1 += in[k + 1] * next[1];
            b2 += in[k + 1] * next[2], b3 += in[k + 1] * next[3];
        }
        for (; k < inputs; ++k) {
            const $lanes@ *row = (const $lanes@ *)w + k * vectors + i;
            a0 += in[k] * row[0], a1 += in[k] * row[1], a2 += in[k] * row[2], a3 += in[k] * row[3];
        }
        out[i] = $silu@(a0 + b0), out[i + 1] = $silu@(a1 + b1);
        out[i + 2] = $silu@(a2 + b2), out[i + 3] = $silu@(a3 + b3);
    }
    for (; i < vectors; ++i) {
        $lanes@ a = ((const $lanes@ *)b)[i];
        for (int k = 0; k < inputs; ++k) a += in[k] * ((const $lanes@ *)w)[k * vectors + i];
        out[i] = $silu@(a);
    }
}

$INLINE <TARGET> void $towers_one@(const double *z, double *y)
{
    $real in[$read];
    $lanes@ one[$hidden / $count@], two[$hidden / $count@];
    for (int k = 0; k < $read; ++k) in[k] = ($real)z[$tower_input[k]];
    for (int t = 0; t < $towers; ++t) {
        $layer_one@($w1 + t * $read * $hidden, $b1 + t * $hidden, $read, in, one);
        $layer_one@($w2 + t * $hidden * $hidden, $b2 + t * $hidden, $hidden, (const $real *)one, two);
        $lanes@ sum = {0};
        for (int i = 0; i < $hidden / $count@; ++i) sum += ((const $lanes@ *)$w3)[t * ($hidden / $count@) + i] * two[i];
        double total = 0;
        for (int i = 0; i < $count@; ++i) total += ((const $real *)&sum)[i];
        y[$tower_result[t]] += total;
    }
}
"""

POLYNOMIAL = """
/* Sums of products of Chebyshev polynomials. Rows are numbers that are made of earlier ones: 1, the inputs, powers
   T_(i+j) = 2 T_i T_j - T_(i-j), then products of them. A group is a row times a sum of rows. */
$INLINE <TARGET> void $polynomial_one@(const double *z, double *y)
{
    double row[$poly_rows];
    int n = 1;
    row[0] = 1;
    for (int j = 0; j < $poly_read; ++j) row[n++] = z[$poly_input[j]];
    for (const int *of = $power; n < $first_product; of += 3) row[n++] = 2 * row[of[0]] * row[of[1]] - row[of[2]];
    for (const int *of = $product; n < $poly_rows; of += 2) row[n++] = row[of[0]] * row[of[1]];
    for (int g = 0, t = 0; g < $groups; ++g) {
        double sum = 0;
        for (; t < $end[g]; ++t) sum += $coefficient[t] * row[$term[t]];
        y[$group_result[g]] += sum * row[$group_row[g]];
    }
}

$INLINE <TARGET> void $polynomial_many@(double (*z)[$block@], double (*y)[$block@])
{
    const $wide@ zero = {0};
    $wide@ row[$poly_rows][2];
    for (int c = 0; c < $chunks@; c += 2) {
        int n = 1;
        row[0][0] = row[0][1] = zero + 1.0;
        for (int j = 0; j < $poly_read; ++j, ++n) {
            const $wide@ *v = (const $wide@ *)z[$poly_input[j]] + c;
            row[n][0] = v[0], row[n][1] = v[1];
        }
        for (const int *of = $power; n < $first_product; of += 3, ++n) {
            row[n][0] = 2.0 * row[of[0]][0] * row[of[1]][0] - row[of[2]][0];
            row[n][1] = 2.0 * row[of[0]][1] * row[of[1]][1] - row[of[2]][1];
        }
        for (const int *of = $product; n < $poly_rows; of += 2, ++n) {
            row[n][0] = row[of[0]][0] * row[of[1]][0];
            row[n][1] = row[of[0]][1] * row[of[1]][1];
        }
        for (int g = 0, t = 0; g < $groups; ++g) {
            $wide@ s0 = zero, s1 = zero, *to = ($wide@ *)y[$group_result[g]] + c;
            for (; t < $end[g]; ++t) {
                const $wide@ *v = row[$term[t]];
                s0 += $coefficient[t] * v[0], s1 += $coefficient[t] * v[1];
            }
            const $wide@ *v = row[$group_row[g]];
            to[0] += s0 * v[0], to[1] += s1 * v[1];
        }
    }
}
"""

KERNEL = """
/* A covariance of squared distances s: its value, and -2 times its derivative in `first`. */
$INLINE <TARGET> $wide@ $radial@($wide@ s, int kind, $wide@ *first)
{
    if (kind == 0) return *first = $exp_wide@(-0.5 * s);
    $wide@ q;
    for (int i = 0; i < $doubles@; ++i) ((double *)&q)[i] = sqrt(5 * ((const double *)&s)[i]);
    const $wide@ e = $exp_wide@(-q);
    *first = 5.0 / 3 * (1.0 + q) * e;
    return (1.0 + q + q * q / 3.0) * e;
}

/* The mean of a Gaussian process, centres innermost; slopes are 0 where no derivatives were observed. */
$INLINE <TARGET> double $kernel_one@(const double *z, const int *input, const double *rate, const double *centre,
                                      const double *weight, const double *slope, int read, int width, int kind)
{
    $wide@ sum = {0};
    for (int m = 0; m < width; m += $doubles@) {
        $wide@ s = {0}, along = {0}, first;
        for (int j = 0; j < read; ++j) {
            const $wide@ d = z[input[j]] * rate[j] - *(const $wide@ *)(centre + j * width + m);
            s += d * d;
            if (slope) along += d * *(const $wide@ *)(slope + j * width + m);
        }
        sum += $radial@(s, kind, &first) * *(const $wide@ *)(weight + m);
        if (slope) sum += first * along;
    }
    double total = 0;
    for (int i = 0; i < $doubles@; ++i) total += ((const double *)&sum)[i];
    return total;
}

$INLINE <TARGET> void $kernel_many@(double (*z)[$block@], double *y, const int *input, const double *rate,
                                     const double *centre, const double *weight, const double *slope, int read,
                                     int width, int kind)
{
    for (int c = 0; c < $chunks@; ++c) {
        $wide@ sum = {0};
        for (int m = 0; m < width; ++m) {
            $wide@ s = {0}, along = {0}, first;
            for (int j = 0; j < read; ++j) {
                const $wide@ d = ((const $wide@ *)z[input[j]])[c] * rate[j] - centre[j * width + m];
                s += d * d;
                if (slope) along += d * slope[j * width + m];
            }
            sum += $radial@(s, kind, &first) * weight[m];
            if (slope) sum += first * along;
        }
        (($wide@ *)y)[c] += sum;
    }
}
"""

ROWS = """
<TARGET> static void $row@(const double *restrict x, double *restrict y)
{
    double z[$inputs], unknown = 0; /* NaN where an argument is, or is infinite */
    for (int k = 0; k < $arguments; ++k) z[k] = (x[k] - $mid[k]) * $rate[k], unknown += 0 * z[k];
    <TAPS>
    for (int k = 0; k < $results; ++k) y[k] = $offset[k] + unknown;
<ONE>
    for (int k = 0; k < $results; ++k) y[k] = $mean[k] + $std[k] * y[k];
}

<TARGET> static void $rows@(const double *restrict x, double *restrict y, size_t n)
{
    double z[$inputs][$block@] $ALIGNED, found[$results][$block@] $ALIGNED, unknown[$block@];
    <TAPS_ROOM>
    for (; n >= 4; x += $block@ * $arguments, y += $block@ * $results) {
        const size_t rows = n < $block@ ? n : $block@;
        for (size_t r = 0; r < $block@; ++r) { /* the last block is filled up with its last row */
            const double *row = x + (r < rows ? r : rows - 1) * $arguments;
            unknown[r] = 0;
            for (int k = 0; k < $arguments; ++k) z[k][r] = (row[k] - $mid[k]) * $rate[k], unknown[r] += 0 * z[k][r];
            <BLOCK_TAPS>
        }
        for (int k = 0; k < $results; ++k)
            for (int r = 0; r < $block@; ++r) found[k][r] = $offset[k] + unknown[r];
<MANY>
        for (size_t r = 0; r < rows; ++r)
            for (int k = 0; k < $results; ++k) y[r * $results + k] = $mean[k] + $std[k] * found[k][r];
        n -= rows;
    }
    for (; n > 0; --n, x += $arguments, y += $results) $row@(x, y);
}
"""

_CHOICE = """
#if $X86
/* Which vectors the processor has. */
static int $level(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return 2;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

static void $one(const double *restrict x, double *restrict y)
{
#if $X86
    const int level = $level();
    if (level == 2) { $row_avx512(x, y); return; }
    if (level == 1) { $row_avx2(x, y); return; }
#endif
    $row_any(x, y);
}

static void $many(const double *restrict x, double *restrict y, size_t n)
{
#if $X86
    const int level = $level();
    if (level == 2) { $rows_avx512(x, y, n); return; }
    if (level == 1) { $rows_avx2(x, y, n); return; }
#endif
    $rows_any(x, y, n);
}
"""

LOOKUP = """
/* An input that is no integer is truncated; one outside the table reads the nearest point; of NaN all is NaN. */
static void $one(const double *restrict x, double *restrict y)
{
    size_t place = 0;
    int defined = 1;
    for (int k = 0; k < $arguments; ++k) {
        double step = trunc(x[k]) - $low[k];
        defined &= x[k] == x[k];
        step = step > 0 ? step < $sizes[k] - 1 ? step : $sizes[k] - 1 : 0;
        place = place * (size_t)$sizes[k] + (size_t)step;
    }
    for (int k = 0; k < $results; ++k) y[k] = defined ? $values[place * $results + k] : NAN;
}

static void $many(const double *restrict x, double *restrict y, size_t n)
{
    for (size_t i = 0; i < n; ++i) $one(x + i * $arguments, y + i * $results);
}
"""


def compiled_for_all(head: Sequence[str], functions: str, single: bool) -> str:
    """The tables, then the functions for every kind of processor, then which is taken."""
    exponentials = [_exponential("lanes", single)] if "$exp_lanes@" in functions else []
    exponentials += [_exponential("wide", False)] if "$exp_wide@" in functions else []
    parts = [_COMPILER, *head]
    for processor in PROCESSORS:
        target = f'$TARGET("{processor.features}")' if processor.features else ""
        text = "".join([_VECTORS.replace("<BYTES>", str(processor.bytes)), *exponentials, functions])
        text = text.replace("<TARGET> ", f"{target} " if target else "").replace("@", processor.name)
        parts.append(f"#if {processor.condition}\n{text}#endif" if processor.condition else text)
    return "\n".join([*parts, _CHOICE])
