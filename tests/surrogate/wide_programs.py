"""Programs of many arguments and results, with arrays, structs and state, and what they compute in numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import dctn

_COSINES = (
    np.cos((2 * np.arange(8) + 1) * np.arange(8)[:, None] * np.pi / 16)
    * np.where(np.arange(8), 0.5, 0.125**0.5)[:, None]
)
_TABLE = ",\n".join("        {" + ", ".join(map(repr, row)) + "}" for row in _COSINES.tolist())
_TRANSFORM = f"""\
    static const double k[8][8] = {{
{_TABLE}}};
    double t[64];
    for (int i = 0; i < 8; i++)
        for (int u = 0; u < 8; u++) {{
            t[i * 8 + u] = 0;
            for (int n = 0; n < 8; n++)
                t[i * 8 + u] += k[u][n] * in[i * 8 + n];
        }}
    for (int v = 0; v < 8; v++)
        for (int u = 0; u < 8; u++) {{
            double s = 0;
            for (int n = 0; n < 8; n++)
                s += k[v][n] * t[n * 8 + u];
            out[v * 8 + u] = %s;
        }}
"""
DCT = (
    "#pragma surrogate range(in, -128, 127)\nvoid dct(const double in[64], double out[64])\n{\n"
    + _TRANSFORM % "s"
    + "}\n"
)
QUANTISED = f"""\
#include <math.h>
#pragma surrogate range(in, -128, 127)
void quantised(const double in[64], double out[64])
{{
{_TRANSFORM % "floor(s / (16 + v + u) + 0.5)"}}}
"""
FORTY = (
    "#include <math.h>\n"
    + "".join(f"#pragma surrogate range(x{k}, 0, 1)\n" for k in range(40))
    + f"double forty({', '.join(f'double x{k}' for k in range(40))})\n{{\n"
    + f"    return exp(-({' + '.join(f'x{k}' for k in range(40))}) / 20) + x7;\n}}\n"
)
SOBEL = """\
#include <math.h>
#pragma surrogate range(w, 0, 255)
#pragma surrogate range(gain, 0, 2)
double sobel(const double w[3][3], double gain)
{
    double gx = w[0][2] + 2 * w[1][2] + w[2][2] - w[0][0] - 2 * w[1][0] - w[2][0];
    double gy = w[2][0] + 2 * w[2][1] + w[2][2] - w[0][0] - 2 * w[0][1] - w[0][2];
    return gain * sqrt(gx * gx + gy * gy);
}
"""
FILTER = """\
struct filter { double b[3]; double z[2]; };
#pragma surrogate range(f.b, -1, 1)
#pragma surrogate range(f.z, -1, 1)
#pragma surrogate range(x, -1, 1)
double filter(struct filter *f, double x)
{
    double y = f->b[0] * x + f->z[0];
    f->z[0] = f->b[1] * x + f->z[1];
    f->z[1] = f->b[2] * x;
    return y;
}
"""
LOWPASS = """\
static double y1;
#pragma surrogate state(y1)
#pragma surrogate range(y1, -1, 1)
#pragma surrogate range(x, -1, 1)
#pragma surrogate range(a, 0, 1)
double lowpass(double x, double a)
{
    y1 = y1 + a * (x - y1);
    return 2 * y1;
}
"""
BLEND = """\
#pragma surrogate range(w, -1, 1)
#pragma surrogate fix(n, 5)
#pragma surrogate size(w, 5)
#pragma surrogate size(out, 2)
int blend(const double *w, int n, double *out)
{
    double s = 0;
    for (int i = 0; i < n; i++)
        s += w[i] * w[i];
    for (int k = 0; k < 2; k++)
        out[k] = s / (k + 1);
    return s > 2;
}
"""


def _sobel(x: np.ndarray) -> np.ndarray:
    w, gain = x[:, :9].reshape(-1, 3, 3), x[:, 9]
    smooth = np.array([1, 2, 1])
    gx = (w[:, :, 2] - w[:, :, 0]) @ smooth
    gy = (w[:, 2] - w[:, 0]) @ smooth
    return np.asarray((gain * np.hypot(gx, gy))[:, None])


def _filter(x: np.ndarray) -> np.ndarray:
    b, z, s = x[:, :3], x[:, 3:5], x[:, 5]
    return np.stack([b[:, 0] * s + z[:, 0], b[:, 1] * s + z[:, 1], b[:, 2] * s], axis=1)


def _lowpass(x: np.ndarray) -> np.ndarray:
    after = x[:, 2] + x[:, 1] * (x[:, 0] - x[:, 2])
    return np.stack([2 * after, after], axis=1)


def _blend(x: np.ndarray) -> np.ndarray:
    s = (x**2).sum(1)
    return np.stack([s > 2, s, s / 2], axis=1)


def _dct(x: np.ndarray) -> np.ndarray:
    return np.asarray(dctn(x.reshape(-1, 8, 8), axes=(1, 2), norm="ortho").reshape(-1, 64))


def _quantised(x: np.ndarray) -> np.ndarray:
    steps = 16 + np.arange(8)[:, None] + np.arange(8)
    return np.floor(_dct(x) / steps.ravel() + 0.5)


def _forty(x: np.ndarray) -> np.ndarray:
    return (np.exp(-x.sum(1) / 20) + x[:, 7])[:, None]


@dataclass(frozen=True)
class Wide:
    """A program, the names of its arguments and results as they are shown, and what it computes: [n, A] -> [n, R]."""

    source: str
    signature: str
    oracle: Callable[[np.ndarray], np.ndarray]


WIDE = {
    "dct": Wide(DCT, "{double out[0..63]} dct(double in[0..63])", _dct),
    "quantised": Wide(QUANTISED, "{double out[0..63]} quantised(double in[0..63])", _quantised),
    "forty": Wide(FORTY, "double forty(double x0..x39)", _forty),
    "sobel": Wide(SOBEL, "double sobel(double w[0..2][0..2], double gain)", _sobel),
    "filter": Wide(
        FILTER,
        "{double return, double f.z[0..1]} filter(double f.b[0..2], double f.z[0..1], double x)",
        _filter,
    ),
    "lowpass": Wide(LOWPASS, "{double return, double y1} lowpass(double x, double a, double y1)", _lowpass),
    "blend": Wide(BLEND, "{int return, double out[0..1]} blend(double w[0..4])", _blend),
}
